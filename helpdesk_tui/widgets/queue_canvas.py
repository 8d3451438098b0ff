"""How a queue gets onto the screen: it holds what each line shows, and has only those painted that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from textual.geometry import Region, Size
from textual.strip import Strip

from helpdesk_tui.actions import key_of
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_lines import Blank, Foot, Line, Situation
from helpdesk_tui.widgets.queue_pager import Pager
from helpdesk_tui.widgets.queue_paint import Painter
from helpdesk_tui.widgets.queue_row import columns
from helpdesk_tui.widgets.queue_sort import Sort
from helpdesk_tui.widgets.queue_style import COMPONENT_CLASSES
from helpdesk_tui.widgets.queue_view import View
from helpdesk_tui.widgets.queue_window import QueueWindow

__all__ = ["QueueCanvas"]

#: Cells for the shortest column of numbers.
LEAST_NUMBER: Final = 5
#: How long it takes until a picture is sent, more or less.
SENDING_SECONDS: Final = 0.012


class QueueCanvas(LineView):
    """Draws the rows of a pager. What is done with them is the subclass's business.

    Args:
        sort: the order of the rows.
        me: the person signed in, shown as "you" where assigned.
        empty: what to say when there is no ticket.
        page_size: how many rows to ask for at a time.
        clock: tells the time.
    """

    STYLE_PREFIX: ClassVar[str] = "queue--"
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES

    def __init__(
        self,
        *,
        sort: Sort,
        me: UUID | None,
        empty: str,
        page_size: int,
        clock: Callable[[], datetime],
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._pager = Pager(sort, page_size)
        self._view = View()
        self._empty = empty
        self._fresh: set[UUID] = set()
        #: Whether a change of the ticket is most likely the person's own: that is no news.
        self.own: Callable[[UUID], bool] = lambda _: False
        self._pending: frozenset[UUID] = frozenset()
        self._drafts: frozenset[UUID] = frozenset()
        self._there: Mapping[UUID, tuple[str, bool]] = {}
        self._news: set[UUID] = set()
        self._clock = clock
        self._now = clock()
        self._painter = Painter(self, me)
        self._number = LEAST_NUMBER  # cells for the longest "#123" seen
        self._columns = columns(0, LEAST_NUMBER)
        self._extent = Size(0, 0)
        self._has_heading = self._has_foot = False
        self._shown: list[Line] = []  # what each line of the screen shows, as last asked to be painted
        self._shown_for: object = None
        self._ahead: object = None
        self._strips: dict[int, tuple[Line, LineStrip]] = {}
        self._strips_for: object = None

    @property
    def window(self) -> QueueWindow:
        """The loaded rows. Change them through the queue only."""
        return self._pager.window

    @property
    def me(self) -> UUID | None:
        """The person signed in, shown as "you" where assigned."""
        return self._painter.me

    @me.setter
    def me(self, person: UUID | None) -> None:
        self._painter.me = person
        self._paint()

    def _make_room(self, rows: Iterable[Ticket | None]) -> None:
        """Widen the column of numbers for these rows."""
        longest = max((len(str(row.number)) + 1 for row in rows if row is not None), default=0)
        if longest > self._number:
            self._number = longest
            self._measure()

    def _measure(self) -> None:
        """Take the widget's size (reading it is not cheap, so it is not done for each line), and keep the selection on
        the screen if it was there."""
        followed = self._view.shows(self.window.cursor) or not self._view.height
        width, height = self._extent = self.size
        self._has_heading, self._has_foot = height >= 6, height >= 3
        self._view.height = max(0, height - self._has_heading - self._has_foot)
        self._columns = columns(max(0, width - 1), self._number)
        if followed:
            self._view.follow(self.window, "line")
        else:
            self._view.scroll(self.window)

    def _line_of_row(self, y: int) -> int:
        """The row's line for a line of the widget: from 0 up to the view's height, or beyond if it is none."""
        return y - self._has_heading

    def _pass_time(self) -> None:
        """Have those lines painted whose words about time are others now."""
        self._now = self._clock()
        self._paint()

    def set_pending(self, ids: Iterable[UUID]) -> None:
        """Show these tickets, and no others, as waiting for the server's word on an act."""
        self._pending = frozenset(ids)
        self._paint()

    def set_drafts(self, ids: Iterable[UUID]) -> None:
        """Show these tickets, and no others, as having a draft of the person's."""
        self._drafts = frozenset(ids)
        self._paint()

    def set_there(self, there: Mapping[UUID, tuple[str, bool]]) -> None:
        """Show who else has which tickets open: who, in a word, and whether they write."""
        self._there = dict(there)
        self._paint()

    def seen(self, ids: Iterable[UUID]) -> None:
        """Take the mark of having changed off these tickets. Opening one does that by itself."""
        self._fresh.difference_update(ids)
        self._paint()

    def _paint(self) -> None:
        """Have those lines painted that do not show what they should."""
        lines = self._wanted()
        old_lines, self._shown = self._shown, lines
        valid = (self._extent, self._columns, self.window.sort, self.me, self.style_epoch)
        if valid != self._shown_for or len(lines) != len(old_lines):
            self._shown_for = valid
            self.refresh()
            return
        changed = []
        for y, (old, new) in enumerate(zip(old_lines, lines, strict=True)):
            if old == new:
                lines[y] = old  # the same object, so its strip is found at once
            else:
                # Where only the place differs, the rest of the last line can stay.
                short = isinstance(old, Foot) and isinstance(new, Foot) and old[1:] == new[1:]
                changed.append((y, len(new.position) if short and isinstance(new, Foot) else self._extent.width))
        self.refresh_lines(*changed)

    def _situation(self) -> Situation:
        return Situation(
            self._pager,
            self._view,
            self._now,
            width=self._extent.width,
            heading=self._has_heading,
            foot=self._has_foot,
            focus=self.has_focus,
            empty=self._empty,
            fresh=self._fresh,
            pending=self._pending,
            drafts=self._drafts,
            there=self._there,
            news=len(self._news),
            key=key_of,
        )

    def _wanted(self) -> list[Line]:
        return self._situation().lines()

    def _look_ahead(self, down: bool) -> None:
        """Draw the rows that going on would show, once this is on the screen: a key held down then finds them ready."""
        ahead = (self._view.top, down, self._shown_for)
        if ahead != self._ahead:
            self._ahead = ahead
            # Not at once: the thread that writes to the terminal would wait for this one.
            self.set_timer(SENDING_SECONDS, lambda: self._draw_ahead(down))

    def _draw_ahead(self, down: bool) -> None:
        for row in self._situation().coming(down):
            self.prepare(self._painter.strip(row, self._columns, self._now, self.window.sort))

    def render_line(self, y: int) -> LineStrip:
        """A line of the queue."""
        line = self._shown[y] if y < len(self._shown) else Blank()
        known = self._strips.get(y)
        if known is None or known[0] is not line:
            known = self._strips[y] = (line, self._painter.strip(line, self._columns, self._now, self.window.sort))
        return known[1]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in a region. Textual may paint before it tells of a new size."""
        if self.size != self._extent:
            self._measure()
            self._shown = self._wanted()
        valid = (self._columns, self.window.sort, self.me, self.style_epoch)
        if valid != self._strips_for:
            self._strips.clear()
            self._strips_for = valid
        return super().render_lines(crop)
