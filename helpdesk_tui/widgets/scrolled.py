"""A view of entries one below the other, which one moves through by lines and pages, with a scroll bar to drag."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.timer import Timer

from helpdesk_tui.widgets.lines import LineView
from helpdesk_tui.widgets.thread_scroll import Scroll

__all__ = ["ScrolledView"]

WHEEL_LINES: Final = 3
#: A pause for keys between two slices of what is prepared in idle time, in seconds.
PAUSE_SECONDS: Final = 0.012


class ScrolledView(LineView):
    """Where the reader is in some entries, and what a key or the mouse makes of that.

    A subclass fills the scroll with its entries, draws them, and gives :meth:`_work_left` and :meth:`_slice`.
    """

    #: Lines above those that are scrolled.
    HEAD: ClassVar[int] = 0

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self._scroll = Scroll([], lambda _: 1)
        #: What is on the screen: of each line the entry, and which line of it.
        self._rows: list[tuple[int, int]] = []
        self._bars = ""
        self._idle: Timer | None = None
        self._dragging = False

    # Moving

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._move(lines)

    def action_page(self, pages: float) -> None:
        """Scroll by pages; a line of the last page stays, to read on from."""
        lines = max(1, int(self._scroll.height * abs(pages)) - (abs(pages) >= 1))
        self._move(lines if pages > 0 else -lines)

    def action_first(self) -> None:
        """To the beginning."""
        self._scroll.to(0)
        self._changed()

    def action_last(self) -> None:
        """To the end."""
        self._scroll.to_end()
        self._changed()

    def _move(self, lines: int) -> None:
        before = self._scroll.index, self._scroll.offset
        self._scroll.by(lines)
        if (self._scroll.index, self._scroll.offset) != before:
            self._changed()

    # Painting

    def _changed(self) -> None:
        """The view has moved, or what it shows has changed."""
        self._paint()
        self._prepare()

    def _paint(self) -> None:
        """Work out what is on the screen, and paint it."""
        self._rows = self._scroll.rows()
        self._bars = self._bar()
        self.refresh()

    def _bar(self) -> str:
        """The scroll bar: a character for each line, nothing where all is on the screen."""
        height, total = self._scroll.height, self._scroll.total
        if height < 2 or total <= height:
            return ""
        size = max(1, round(height * height / total))
        free = height - size
        start = free if self._scroll.at_end else round(free * self._scroll.top / max(total - height, 1))
        return "│" * start + "█" * size + "│" * (free - start)

    def notify_style_update(self) -> None:
        """Other colours: what is drawn is drawn again."""
        super().notify_style_update()
        self.refresh()

    # In idle time

    def _prepare(self) -> None:
        """Begin to prepare what is not in view, unless that is going on."""
        if self._idle is None and self._work_left():
            self._idle = self.set_timer(PAUSE_SECONDS, self._slice)

    def _work_left(self) -> bool:
        """Whether there is something to prepare."""
        raise NotImplementedError

    def _slice(self) -> None:
        """Prepare for a few milliseconds."""
        raise NotImplementedError

    # The mouse

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._move(WHEEL_LINES)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._move(-WHEEL_LINES)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the scroll bar."""
        if event.x == self.size.width - 1 and self._bars:
            self._dragging = True
            self.capture_mouse()
            self._drag(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move with the scroll bar."""
        if self._dragging:
            self._drag(event.y)

    def on_mouse_up(self) -> None:
        """Let the scroll bar go."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _drag(self, y: int) -> None:
        height = max(self._scroll.height - 1, 1)
        share = min(max(y - self.HEAD, 0), height) / height
        self._scroll.to_line(round(self._scroll.total * share - self._scroll.height / 2))
        self._changed()
