"""Where one left off at the desk: gone to at the start, and written down as one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_tui.core.left_off import LeftOff, remember, remembered

if TYPE_CHECKING:
    from textual.timer import Timer

    from helpdesk_tui.screens.desk_views import DeskViews
    from helpdesk_tui.screens.link import Link

__all__ = ["WhereLeftOff"]

#: So long the cursor rests on a ticket before it is written down as where one is.
RESTING_SECONDS = 2.0


class WhereLeftOff:
    """A person's place at the desk.

    Args:
        screen: the desk.
        link: the person's link to the database.

    Attributes:
        left: where they left off the last time; where nobody knows, the beginning of all that is open.
    """

    def __init__(self, screen: DeskViews, link: Link) -> None:
        self._screen = screen
        self._link = link
        self.left = remembered(link.remembering, link.drafts_owner) or LeftOff("open")
        self._there = False
        self._resting: Timer | None = None

    def reach(self) -> None:
        """The rows are there: select the ticket, the first time."""
        there, self._there = self._there, True
        if not there and self.left.ticket is not None and self.left.view == self._screen.view_key:
            self._screen.queue.select(self.left.ticket)

    def give_up(self) -> None:
        """That view is gone."""
        self._there = True

    def rest(self) -> None:
        """The cursor came to a ticket: if it rests there, that is where one is."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self._screen.set_timer(RESTING_SECONDS, self.write_down)

    def write_down(self) -> None:
        """Keep where one is now for the next start."""
        if not self._there:
            return
        screen = self._screen
        selected = screen.queue.selected
        ticket = None if selected is None else selected.id
        place = LeftOff(screen.view_key, screen.found, screen.sort, ticket, screen.queue.above, tuple(screen.history))
        remember(self._link.remembering, self._link.drafts_owner, place)
