"""What hangs below the filter line: what is wrong with the query, and what could stand at the caret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_lines import wrapped

__all__ = ["FilterOffers", "Offered"]

#: Suggestions in sight.
MOST: Final = 8
#: Cells that a suggestion with its words is at least given.
LEAST: Final = 34


@dataclass(frozen=True, slots=True)
class Offered:
    """Something that could stand there, and some words about it."""

    text: str
    about: str


class FilterOffers(LineView, can_focus=False):
    """Lies over what is below it, and takes no room of it."""

    STYLE_PREFIX = "offers--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "offers--row",
        "offers--cursor",
        "offers--muted",
        "offers--wrong",
        "offers--hint",
    }
    DEFAULT_CSS = """
    FilterOffers {
        display: none;
        width: 1fr;
        overlay: screen;
        constrain: none inside;
        background: $surface;
        & > .offers--row { color: $text; background: $surface; }
        & > .offers--cursor { color: $text; background: $primary 40%; text-style: bold; }
        & > .offers--muted { color: $text-muted; }
        & > .offers--wrong { color: $text-error; background: $surface; text-style: bold; }
        & > .offers--hint { color: $text; background: $surface; }
        &:nocolor > .offers--cursor { text-style: reverse; }
    }
    """

    class Picked(Message):
        """A suggestion was clicked on."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self._offered: Sequence[Offered] = ()
        self._chosen: int | None = None
        self._indent = self._caret = 0
        self._wrong: list[tuple[str, str]] = []

    def show(
        self,
        offered: Sequence[Offered],
        chosen: int | None,
        *,
        indent: int,
        wrong: tuple[str, str, str] | None = None,
        caret: int = 0,
        width: int = 80,
    ) -> None:
        """Show what could stand there.

        Args:
            chosen: which of them the arrows are at.
            indent: cells before the suggestions.
            wrong: what is wrong: a sentence, a line with a caret under the word, and the way out or "".
            caret: cells before that line.
            width: cells that there is room for: the way out goes on in the next line.
        """
        self._offered, self._chosen = offered[:MOST], chosen
        self._indent, self._caret = indent, caret
        self._wrong = []
        if wrong is not None:
            what, mark, hint = wrong
            self._wrong = [(" " * max(0, caret) + mark[max(0, -caret) :], "wrong"), (f" ✗ {safe_line(what)}", "wrong")]
            self._wrong += [(f"   {line}", "hint") for line in wrapped(safe_line(hint), width - 4)] if hint else []
        height = len(self._wrong) + len(self._offered)
        self.display = height > 0
        if height:
            self.styles.height = height
        self.refresh()

    def choose(self, chosen: int) -> None:
        """The arrows are at another one now."""
        self._chosen = chosen
        self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """What is wrong, then a suggestion a line."""
        width = self.size.width
        if y < len(self._wrong):
            words, style = self._wrong[y]
            return LineStrip([Segment(set_cell_size(words, width), self.line_style(style))], width)
        index = y - len(self._wrong)
        if index >= len(self._offered):
            return LineStrip([Segment(" " * width, self.line_style("row"))], width)
        ground = "cursor" if index == self._chosen else "row"
        offered = self._offered[index]
        indent = max(1, min(self._indent, width - LEAST))
        longest = max(cell_len(each.text) for each in self._offered)
        column = max(8, min(longest, width - indent - 16))
        text = set_cell_size(safe_line(offered.text, 200), column)
        marker = "▌" if index == self._chosen else " "
        about = set_cell_size(f"  {safe_line(offered.about, 200)}", max(0, width - indent - column))
        segments = [
            Segment(" " * (indent - 1) + marker + text, self.line_style(ground)),
            Segment(about, self.line_style(ground, "muted")),
        ]
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style(ground)), width)

    def on_click(self, event: events.Click) -> None:
        """A click takes a suggestion."""
        event.stop()
        index = event.y - len(self._wrong)
        if 0 <= index < len(self._offered):
            self.post_message(self.Picked(index))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The focus stays in the line."""
        event.stop()
        event.prevent_default()
