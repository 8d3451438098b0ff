"""What is written in a chat and has not reached the database yet: kept in the journal, sent in order, sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from helpdesk_tui.core.errors import HelpdeskError, Unreachable
from helpdesk_tui.core.journal import Draft, Journal, JournalError

__all__ = ["ChatOutbox"]

#: Seconds until a message that did not get through is sent again, and at most so many.
AGAIN_FIRST: Final = 0.5
AGAIN_MOST: Final = 8.0


class ChatOutbox:
    """The messages of one person in one chat that are being written or sent.

    A message keeps its id from the first letter on, so that sending it again is harmless. It leaves the journal when
    the database has confirmed it, not before.

    Args:
        path: the journal's file; None: nothing is kept but in memory.
        owner: whose journal it is.
        chat: which chat; for one that is not open yet, whatever stands for it.
        told: called when what waits, or what stops it, has changed.
    """

    def __init__(self, path: Path | None, owner: str, chat: UUID, told: Callable[[], None]) -> None:
        self._owner = owner
        self.chat = chat
        self._told = told
        self._journal: Journal | None = None
        self.problem = ""
        #: What is being written.
        self.draft = Draft(owner, chat, "chat")
        #: What is on its way, in order.
        self.waiting: list[Draft] = []
        #: Why the first of them has not got through; it is tried again.
        self.trouble = ""
        self._sending = False
        self._wake = asyncio.Event()
        if path is not None:
            try:
                self._journal = Journal.open(path)
                self._take_up(self._journal.versions(owner, chat, "chat"))
            except JournalError as error:
                self.problem = str(error)

    def _take_up(self, kept: tuple[Draft, ...]) -> None:
        """Go on where this account of this machine stopped: what was being sent is sent again, under its id."""
        self.waiting = [draft for draft in reversed(kept) if draft.attempted is not None]
        self.draft = next((draft for draft in kept if draft.attempted is None), self.draft)

    def write(self, text: str) -> None:
        """This stands in the field now."""
        if text == self.draft.content:
            return
        self.draft = replace(self.draft, content=text)
        self._keep()

    def _keep(self) -> None:
        if self._journal is not None:
            try:
                self.draft = self._journal.save(self.draft)
                self.problem = ""
            except JournalError as error:
                self.problem = str(error)
                self._told()

    def post(self) -> Draft:
        """What stands in the field is finished: it is put in line, and the field is for the next one."""
        draft = self.draft
        if self._journal is not None:
            try:
                draft = self._journal.attempt(draft)
            except JournalError as error:
                self.problem = str(error)
        self.waiting.append(draft)
        self.draft = Draft(self._owner, self.chat, "chat")
        self._wake.set()
        return draft

    async def send(
        self, deliver: Callable[[Draft], object], *, refused: Callable[[Draft, HelpdeskError], None]
    ) -> None:
        """Send what waits, in order, until nothing does. A second call while one is at it does nothing.

        Args:
            deliver: an async function that sends one.
            refused: told of one that the database will not take: it was not sent, and is not in line any more.
        """
        if self._sending:
            return
        self._sending = True
        pause = AGAIN_FIRST
        try:
            while self.waiting:
                draft = self.waiting[0]
                try:
                    await deliver(draft)  # type: ignore[misc]
                except Unreachable as error:
                    self.trouble = str(error)
                    self._told()
                    self._wake.clear()
                    try:
                        await asyncio.wait_for(self._wake.wait(), pause)
                    except TimeoutError:
                        pause = min(pause * 2, AGAIN_MOST)
                    continue
                except HelpdeskError as error:
                    self._done(draft)
                    refused(draft, error)
                    continue
                pause = AGAIN_FIRST
                self._done(draft)
        finally:
            self._sending = False

    def try_now(self) -> None:
        """The connection is back: do not wait any longer."""
        self._wake.set()

    def put_back(self, text: str) -> None:
        """A text that was refused is the field's again, before what was written since, as a message of its own."""
        joined = "\n".join(filter(None, (text, self.draft.content)))
        self.draft = replace(
            self.draft, content=joined, message_id=self.draft.message_id if self.draft.content else uuid4()
        )
        self._keep()

    def _done(self, draft: Draft) -> None:
        self.trouble = ""
        self.waiting = [each for each in self.waiting if each.message_id != draft.message_id]
        if self._journal is not None:
            try:
                self._journal.drop(draft.message_id)
            except JournalError as error:
                self.problem = str(error)
        self._told()

    def close(self) -> None:
        """Let the journal go; what is in it stays."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
