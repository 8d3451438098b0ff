"""A list with a cursor: moving it by rows and pages, keeping it in sight, the mouse. A subclass says what rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.widgets.jumping import Target
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import Part

__all__ = ["RowList"]


class RowList(LineView):
    """Rows below one another, one of which the cursor is on.

    A subclass gives :attr:`count`, :meth:`render_line` and :meth:`action_open`; where a row has more lines than one or
    stands under a heading, :attr:`fits`, :meth:`row_at` and :meth:`keep_in_sight` too; and :meth:`moved`.

    Attributes:
        cursor: the row that the cursor is on, from 0.
        top: the first row in sight (or the first line, where a subclass counts lines).
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cursor = 0
        self.top = 0

    # What a subclass gives

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    @property
    def fits(self) -> int:
        """How many rows there is room for below the head."""
        return max(self.size.height - 1, 1)

    def row_at(self, y: int) -> int | None:
        """The row that is drawn on a line of the widget; None: none is."""
        place = self.top + y - 1
        return place if y > 0 and place < self.count else None

    def moved(self, elsewhere: bool) -> None:
        """The cursor was put on a row; ``elsewhere``: on another than it was on."""

    def action_open(self) -> None:
        """Open the row that the cursor is on."""
        raise NotImplementedError

    # Keys

    def action_by(self, step: int) -> None:
        """Move by rows."""
        self.go_to(self.cursor + step)

    def action_page(self, pages: float) -> None:
        """Move by pages."""
        self.go_to(self.cursor + int(pages * max(self.fits, 2)))

    def action_first(self) -> None:
        """To the first."""
        self.go_to(0)

    def action_last(self) -> None:
        """To the last that is here."""
        self.go_to(self.count - 1)

    def go_to(self, place: int) -> None:
        """Put the cursor on a row, or on the nearest that there is."""
        if self.count:
            before = self.cursor
            self.cursor = min(max(place, 0), self.count - 1)
            self.keep_in_sight()
            self.moved(self.cursor != before)

    def tell(self, message: Callable[[Any], Message], about: object) -> None:
        """Say something as this widget, also where a key was passed on by a widget above: Textual lets no message reach
        the one whose handler made it."""
        self.call_later(lambda: self.post_message(message(about)))

    # Painting

    def keep_in_sight(self) -> None:
        """Move what is in sight so that the cursor is, and leave no room empty below while there is something above."""
        if self.size.height:
            self.top = max(min(self.top, self.cursor), self.cursor - self.fits + 1, 0)
            self.top = min(self.top, max(self.count - self.fits, 0))
        self.refresh()

    def strip(self, parts: Iterable[Part], ground: str) -> LineStrip:
        """A line of parts on a ground, as wide as the widget."""
        segments = [Segment(text, self.line_style(ground, name)) for text, name in parts if text]
        width = self.size.width
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style(ground)), width)

    @property
    def cursor_ground(self) -> str:
        """What the row with the cursor stands on."""
        return "cursor" if self.has_focus else "cursor-blurred"

    def on_resize(self) -> None:
        """Another size has room for others."""
        self.keep_in_sight()

    def on_focus(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    # The mouse

    def jump_targets(self) -> Iterable[Target]:
        """The rows in sight, at the first line of each."""
        first: dict[int, int] = {}
        for y in range(self.size.height):
            row = self.row_at(y)
            if row is not None:
                first.setdefault(row, y)
        return [Target(0, y, partial(self._jump, row)) for row, y in first.items()]

    def _jump(self, row: int) -> None:
        self.focus()
        self.go_to(row)

    def on_click(self, event: events.Click) -> None:
        """A row is clicked, or none."""
        place = self.row_at(event.y)
        if place is not None:
            self.clicked(place)

    def clicked(self, place: int) -> None:
        """A click chooses; on the chosen one it opens."""
        if place == self.cursor:
            self.action_open()
        else:
            self.go_to(place)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_by(1)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_by(-1)
