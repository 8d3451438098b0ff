"""A link's drafts go to the person's other devices, and theirs come here, behind everything that somebody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from helpdesk_tui.core.draft_sync import DraftSync
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.journal import Journal

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

__all__ = ["Syncing"]

#: Seconds between two looks at what was written.
LOOK: Final = 2.0
#: So many looks in a row at which more was written put it off, and no more.
PATIENCE: Final = 8
#: Seconds that leaving waits at most.
LEAVING: Final = 2.0


class Syncing:
    """One person's drafts between this machine and the database.

    Args:
        path: the journal.
        owner: whose drafts, as the journal has it.
        database: that person's.

    Attributes:
        changed: called when drafts have come in.

    Raises:
        JournalError: the journal cannot be opened.
    """

    def __init__(self, path: Path, owner: str, database: Database) -> None:
        self.changed: Callable[[], object] = lambda: None
        self._journal = Journal.open(path)
        self._sync = DraftSync(self._journal, owner, database)
        self._one = asyncio.Lock()
        self._left = False

    async def run(self) -> None:
        """Take in what there is, then send what is written once that has come to rest, until left or cancelled."""
        try:
            await self._run()
        finally:
            self._left = True
            self._journal.close()

    async def _run(self) -> None:
        await self.opened(None)
        before: object = None
        put_off = 0
        while True:
            await asyncio.sleep(LOOK)
            if self._left:
                return
            # A link or a disk that fails is told elsewhere; what was not sent is sent the next time.
            with suppress(HelpdeskError):
                now = (self._sync.unsent(), self._sync.gone())
                if not any(now):
                    continue
                if now != before and put_off < PATIENCE:
                    before, put_off = now, put_off + 1
                    continue
                put_off = 0
                async with self._one:
                    await self._sync.push()

    async def opened(self, ticket_id: UUID | None) -> None:
        """Somebody opens a ticket (None: the program): take in what was written to it elsewhere."""
        with suppress(HelpdeskError):
            async with self._one:
                if not self._left and await self._sync.pull(ticket_id):
                    self.changed()

    async def leave(self) -> None:
        """The person goes: what was written last is sent, if that can be soon."""
        with suppress(HelpdeskError, TimeoutError):
            async with asyncio.timeout(LEAVING), self._one:
                if self._left:
                    return
                await self._sync.push()
        self._left = True
