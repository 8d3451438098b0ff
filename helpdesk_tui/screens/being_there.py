"""Presence on the desk: says which ticket the person has open, and shows who else has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.presence import Presences, Present, be_present, presence

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids

__all__ = ["BeingThere"]

#: Seconds between two looks at what the person does.
LOOK: Final = 1.0
#: Seconds that leaving takes at most to say so.
LEAVING: Final = 1.0


class BeingThere:
    """One person's presence while their desk is open.

    Args:
        desk: what is asked.
        here: answers which ticket the person has open before their eyes, and what stands in the field in which they
            write to it, and what stood there first.
        show: called with who else is at which ticket, when that has changed.
    """

    def __init__(
        self,
        desk: Desk,
        here: Callable[[], tuple[UUID | None, str | None, str]],
        show: Callable[[Mapping[UUID, tuple[Present, ...]]], None],
    ) -> None:
        self._desk = desk
        self._here = here
        self._show = show
        self._presences = Presences()
        self._shown: dict[UUID, tuple[tuple[UUID, str, bool], ...]] = {}
        self._gone = False

    async def run(self) -> None:
        """Say what changes, and again before it is forgotten, until cancelled or left."""
        while not self._gone:
            await self._look()
            if overdue := self._presences.overdue():
                # Nobody tells of somebody whose program was killed. Not known to be there is not there.
                self._presences.heard(overdue, ())
                with suppress(HelpdeskError):
                    await self.read(overdue)
                self._paint()
            await asyncio.sleep(LOOK)

    async def _look(self) -> None:
        state = self._presences.now(*self._here())
        if state is None:
            return
        try:
            await self._desk.database.run(be_present(*state), idempotent=True)
        except HelpdeskError:
            # Advice that nobody gets harms nobody; it is given again.
            self._presences.unsaid()

    async def read(self, changed: Ids) -> None:
        """Look who is at some tickets, or at any."""
        there = await self._desk.database.fetch(presence(None if changed is None else sorted(changed)))
        self._presences.heard(changed, there)
        self._paint()

    def _paint(self) -> None:
        tickets = self._presences.tickets
        looks = {
            ticket_id: tuple((each.person_id, each.name, each.writing) for each in there)
            for ticket_id, there in tickets.items()
        }
        if looks != self._shown:
            self._shown = looks
            self._show(tickets)

    async def leave(self) -> None:
        """The person goes: nobody is to wait for that to be forgotten."""
        self._gone = True
        if self._presences.now(None, None) is not None:
            with suppress(HelpdeskError, TimeoutError):
                async with asyncio.timeout(LEAVING):
                    await self._desk.database.run(be_present(None, False), idempotent=True)
