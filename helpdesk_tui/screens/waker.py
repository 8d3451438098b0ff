"""Tickets that slept are back on the screen by themselves, and whoever sent them to sleep or holds them is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from helpdesk_tui.core.waking import back_words, waking

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.screens.link import Link

__all__ = ["Waker"]

#: Seconds between two looks, and up to so many more.
GAP, JITTER = 2.0, 0.5
#: So much later than the database says is looked: by then it is back in every reading.
LATER_SECONDS: Final = 0.05


class Waker:
    """Waits for the next return, with one timer, and asks again whenever tickets change.

    What came back is asked of since the last look, by the database's clock: so each is told once by a window, however
    late its timer is, and nothing is told that has been sent to sleep again meanwhile. That nobody is told in the inbox
    twice, by whatever windows and after whatever restart, is the database's to see to.

    Args:
        link: the person's link.
        desk: what is asked.
        told: called when something of the person's own is back.
    """

    def __init__(self, link: Link, desk: Desk, told: Callable[[], object]) -> None:
        self._link = link
        self._desk = desk
        self._told = told
        self._since: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch = link.hearing.watch("tickets", self._look, gap=GAP, jitter=JITTER)
        self._watch.mark()

    async def _look(self, changed: Ids) -> None:  # noqa: ARG002  (which ones tells nothing of what sleeps)
        if self._desk.me.role == "customer":
            return
        for found in await self._desk.database.fetch(waking(self._since)):
            self._since = found.at
            self._wait(found.seconds)
            if found.back:
                self._link.mark(frozenset(ticket.id for ticket in found.back))
            if mine := [ticket for ticket in found.back if ticket.mine]:
                self._link.say(back_words(mine))
                self._told()

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds + LATER_SECONDS, self._watch.mark)
