"""What changed between two texts, as lines with a sign and a colour, changed words standing out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar, Final, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType

from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.widgets.keys import moving
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.markdown import Line
from helpdesk_tui.widgets.markdown.wrap import Span, joined, wrap

__all__ = ["DiffLine", "DiffView", "unified"]

Sign = Literal["+", "-", " ", "@"]

#: Unchanged lines that are shown around a change.
CONTEXT: Final = 2
#: In longer lines changed words are not looked for: that takes time that grows with the square of their number.
WORDS_LIMIT: Final = 4_000
#: More lines are not compared: nobody reads that, and it takes long.
LINES_LIMIT: Final = 20_000

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a difference: added, removed, unchanged, or where in the text the next ones stand. ``pieces`` are its
    text, each with whether it is what changed in the line."""

    sign: Sign
    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The line without its sign."""
        return "".join(text for text, _ in self.pieces)


def unified(old: str, new: str) -> list[DiffLine]:
    """What turned one text into the other; nothing where they are the same."""
    before, after = old.split("\n")[:LINES_LIMIT], new.split("\n")[:LINES_LIMIT]
    out: list[DiffLine] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=len(before) > 500)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        out.append(DiffLine("@", ((f"line {group[0][3] + 1}", False),)))
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                out += [DiffLine(" ", ((line, False),)) for line in before[i1:i2]]
            else:
                out += _changed(before[i1:i2], after[j1:j2])
    return out


def _changed(removed: Sequence[str], added: Sequence[str]) -> list[DiffLine]:
    """Lines that others took the place of: first all that are gone, then all that are new."""
    gone: list[DiffLine] = []
    new: list[DiffLine] = []
    for old, fresh in zip_longest(removed, added):
        pair = _words(old, fresh) if old is not None and fresh is not None else None
        if old is not None:
            gone.append(DiffLine("-", pair[0] if pair else ((old, False),)))
        if fresh is not None:
            new.append(DiffLine("+", pair[1] if pair else ((fresh, False),)))
    return [*gone, *new]


_Pieces = tuple[tuple[str, bool], ...]


def _words(old: str, new: str) -> tuple[_Pieces, _Pieces] | None:
    """Two lines in pieces, with what differs; None where they have too little in common for that to say anything."""
    if len(old) + len(new) > WORDS_LIMIT:
        return None
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.4:
        return None
    gone: list[tuple[str, bool]] = []
    fresh: list[tuple[str, bool]] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        gone.append(("".join(before[i1:i2]), kind != "equal"))
        fresh.append(("".join(after[j1:j2]), kind != "equal"))
    return tuple(one for one in gone if one[0]), tuple(one for one in fresh if one[0])


class DiffView(LineView):
    """A difference that one scrolls through."""

    STYLE_PREFIX = "diff--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--row",
        "diff--head",
        "diff--added",
        "diff--added-word",
        "diff--removed",
        "diff--removed-word",
        "diff--same",
        "diff--where",
        "diff--about",
    }
    DEFAULT_CSS = """
    DiffView {
        height: 1fr;
        background: $background;
        & > .diff--row { color: $foreground; background: $background; }
        & > .diff--head { color: $foreground; background: $panel; text-style: bold; }
        & > .diff--added { color: $text-success; }
        & > .diff--added-word { color: $text-success; text-style: bold underline; }
        & > .diff--removed { color: $text-error; }
        & > .diff--removed-word { color: $text-error; text-style: bold underline; }
        & > .diff--same { color: $text-muted; }
        & > .diff--where { color: $text-accent; text-style: italic; }
        & > .diff--about { color: $text-muted; text-style: italic; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = moving("versions")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._head = ""
        self._words = ""
        self._difference: Sequence[DiffLine] = ()
        self._lines: list[Line] = []
        self._made_for = (-1, -1)
        self._top = 0

    def show(self, head: str, difference: Sequence[DiffLine]) -> None:
        """Show a difference below a line that says what of."""
        self._head, self._difference = head, difference
        self._words = "" if difference else "The texts are the same."
        self._made_for = (-1, -1)
        self._top = 0
        self.refresh()

    def show_words(self, head: str, words: str) -> None:
        """Show that there is no difference to show, and why."""
        self.show(head, ())
        self._words = words

    # Keys

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._to(self._top + lines)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self._to(self._top + pages * max(self.size.height - 2, 1))

    def action_first(self) -> None:
        """To the beginning."""
        self._to(0)

    def action_last(self) -> None:
        """To the end."""
        self._to(len(self._lines))

    def _to(self, top: int) -> None:
        self._make()
        self._top = max(min(top, len(self._lines) - self.size.height + 1), 0)
        self.refresh()

    # Painting

    def _make(self) -> None:
        wanted = (self.size.width, self.style_epoch)
        if self._made_for == wanted:
            return
        self._made_for = wanted
        self._lines = []
        for one in self._difference:
            self._lines += self._made(one, max(self.size.width - 3, 8))

    def _made(self, one: DiffLine, width: int) -> list[Line]:
        if one.sign == "@":
            return [joined((f"   {safe_line(one.text, 80)}", self.line_style("row", "where")))]
        name = {"+": "added", "-": "removed", " ": "same"}[one.sign]
        style = self.line_style("row", name)
        word = style if one.sign == " " else self.line_style("row", f"{name}-word")
        spans: list[Span] = [
            (" ".join(safe_block(text).split("\n")), word if changed else style) for text, changed in one.pieces
        ]
        bold = style + Style(bold=True)
        return [
            joined((f" {one.sign if not number else ' '} ", bold), line)
            for number, line in enumerate(wrap([span for span in spans if span[0]] or [("", style)], width))
        ]

    def render_line(self, y: int) -> LineStrip:
        """The heading, then the difference."""
        width = self.size.width
        if y == 0:
            line = joined((f" {safe_line(self._head, 300)}", self.line_style("head")))
            return LineStrip(Segment.adjust_line_length(line.segments, width, self.line_style("head")), width)
        self._make()
        number = self._top + y - 1
        row = self.line_style("row")
        if number < len(self._lines):
            segments = self._lines[number].segments
        else:
            segments = [Segment(f"   {self._words}" if y == 2 else "", self.line_style("row", "about"))]
        return LineStrip(Segment.adjust_line_length(segments, width, row), width)

    def notify_style_update(self) -> None:
        """Other colours: what is drawn is drawn again."""
        super().notify_style_update()
        self.refresh()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_by(3)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_by(-3)
