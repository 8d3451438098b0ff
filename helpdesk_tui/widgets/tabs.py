"""The line above a list: what there is to list, as tabs with their counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.jumping import Target
from helpdesk_tui.widgets.lines import LineStrip, LineView

__all__ = ["Tabs"]

#: What a label is shortened to where there is no room for all of them, but for the current one's.
SHORT: Final = 14
#: And that one, so that its count stays in sight.
LONG: Final = 40
#: Tabs with a key of their own.
KEYS: Final = 9


@dataclass(frozen=True, slots=True)
class Tab:
    """One queue: its words, how many tickets (None: not counted yet)."""

    label: str
    count: str | None


class Tabs(LineView, can_focus=False):
    """The queues in a row. Where they do not fit they are shortened, and then the current one and its neighbours shown.

    Labels may be anybody's words: they are made safe here.
    """

    STYLE_PREFIX = "tabs--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--row", "tabs--current", "tabs--count", "tabs--key"}
    DEFAULT_CSS = """
    Tabs {
        height: 1;
        background: $panel;
        & > .tabs--row { color: $text-muted; background: $panel; }
        & > .tabs--current { color: $text; background: $primary 40%; text-style: bold; }
        & > .tabs--count { color: $text; }
        & > .tabs--key { color: $text-accent; }
        &:nocolor > .tabs--current { text-style: bold reverse; }
    }
    """

    class Picked(Message):
        """A queue was clicked on."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tabs: Sequence[Tab] = ()
        self._current = 0
        self._spans: list[tuple[int, int, int]] = []

    def show(self, labels: Sequence[str], counts: Mapping[int, str], current: int) -> None:
        """Show these queues, with their counts by index, one of them current."""
        tabs = [Tab(safe_line(label, 80), counts.get(n)) for n, label in enumerate(labels)]
        if (tabs, current) != (list(self._tabs), self._current):
            self._tabs, self._current = tabs, current
            self.refresh()

    def _parts(self, n: int, longest: int) -> list[tuple[str, str]]:
        tab = self._tabs[n]
        label = tab.label
        if cell_len(label) > longest:
            label = set_cell_size(label, longest - 1).rstrip() + "…"
        key = f" {n + 1} " if n < KEYS else " "
        return [(key, "key"), (label, ""), (f" {tab.count}" if tab.count else "", "count"), (" ", "")]

    def _fitted(self, width: int) -> dict[int, list[tuple[str, str]]]:
        """What is shown of which tabs, in their order."""
        parts = {n: self._parts(n, LONG) for n in range(len(self._tabs))}
        if sum(cell_len(words) for each in parts.values() for words, _ in each) > width:
            parts = {n: self._parts(n, LONG if n == self._current else SHORT) for n in parts}
        cells = {n: sum(cell_len(words) for words, _ in each) for n, each in parts.items()}
        # The current one, and outwards from it whatever fits, with room for the marks that there is more.
        room = width - cells.get(self._current, 0) - 2 * (sum(cells.values()) > width)
        first = last = self._current
        sides = {-1, 1}
        while sides:
            side = min(sides, key=lambda way: (self._current - first if way < 0 else last - self._current, way))
            n = (first if side < 0 else last) + side
            if n not in cells or cells[n] > room:
                sides.remove(side)
                continue
            room -= cells[n]
            first, last = min(first, n), max(last, n)
        return {n: parts[n] for n in range(first, last + 1) if n in parts}

    def render_line(self, y: int) -> LineStrip:  # noqa: ARG002  (there is one line)
        """The one line."""
        width = self.size.width
        fitted = self._fitted(width)
        shown = list(fitted)
        segments: list[Segment] = []
        self._spans = []
        x = 0
        # There are more queues on a side than fit: said, not left to be guessed.
        more = ("‹" if shown and shown[0] > 0 else "", "›" if shown and shown[-1] < len(self._tabs) - 1 else "")
        if more[0]:
            segments.append(Segment(more[0], self.line_style("row", "key")))
            x += 1
        for n, parts in fitted.items():
            ground = "current" if n == self._current else "row"
            start = x
            for words, name in parts:
                if words:
                    segments.append(Segment(words, self.line_style(ground, name)))
                    x += cell_len(words)
            self._spans.append((start, x, n))
        segments.append(Segment(" " * max(0, width - x - len(more[1])), self.line_style("row")))
        if more[1]:
            segments.append(Segment(more[1], self.line_style("row", "key")))
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style("row")), width)

    def jump_targets(self) -> Iterable[Target]:
        """The queues in sight."""
        return [Target(start, 0, partial(self.post_message, self.Picked(n))) for start, _, n in self._spans]

    def on_click(self, event: events.Click) -> None:
        """A click picks a queue."""
        for start, end, n in self._spans:
            if start <= event.x < end:
                self.post_message(self.Picked(n))
