"""A list found by typing, and beside it what each choice would do: seen before it is done.

It lies in the screen as the picker does, takes the focus, and gives it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.markdown import COMPONENT_CLASSES, Line, Palette, lay_out
from helpdesk_tui.widgets.markdown import palette as markdown
from helpdesk_tui.widgets.question import Question
from helpdesk_tui.widgets.queue_lines import wrapped

__all__ = ["Item", "PreviewPicker"]

#: Lines above a preview at most.
HEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Item:
    """Something to choose.

    Args:
        value: what the messages carry.
        label: the words, found by typing; made safe here.
        head: what stands above the preview: what would be set, or to whom it goes.
        text: Markdown, as it would be sent; made safe here.
        note: whether it is a note for the team.
    """

    value: Any
    label: str
    head: str = ""
    text: str = ""
    note: bool = False


class PreviewPicker(Question):
    """The list and the preview. Hidden until :meth:`ask` or :meth:`wait`; one question at a time."""

    STYLE_PREFIX = "preview--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *COMPONENT_CLASSES,
        "preview--row",
        "preview--title",
        "preview--cursor",
        "preview--head",
        "preview--note",
        "preview--muted",
    }
    DEFAULT_CSS = (
        """
    PreviewPicker {
        display: none;
        height: 16;
        max-height: 50%;
        background: $panel;
        color: $foreground;
        &.asking { display: block; }
        & > .preview--row { color: $text; background: $panel; }
        & > .preview--title { color: $text-accent; background: $panel; text-style: bold; }
        & > .preview--cursor { color: $text; background: $primary 40%; text-style: bold; }
        & > .preview--head { color: $text-accent; text-style: bold; }
        & > .preview--note { color: $text-warning; text-style: bold; }
        & > .preview--muted { color: $text-muted; }
        &:nocolor > .preview--cursor { text-style: reverse; }
"""
        + markdown.CSS
        + "    }\n"
    )

    class Chosen(Message):
        """A choice was made by a key: ``enter`` or another one that :meth:`PreviewPicker.ask` was given."""

        def __init__(self, question: str, key: str, value: Any) -> None:
            super().__init__()
            self.question, self.key, self.value = question, key, value

    class Dismissed(Question.Dismissed):
        """Nothing was chosen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._question = self._title = self._keys_line = ""
        self._keys: tuple[str, ...] = ()
        self._items: tuple[Item, ...] = ()
        self._matches: list[Item] = []
        self._waiting: str | None = None
        self._filter = ""
        self._cursor = self._top = 0
        self._laid: tuple[object, list[Line]] | None = None

    def wait(self, question: str, title: str, words: str) -> None:
        """Say why there is nothing to choose from yet, or that there is nothing."""
        self._question, self._title, self._waiting = question, safe_line(title, 200), safe_line(words, 300)
        self._items, self._filter, self._keys, self._keys_line = (), "", (), ""
        self._open()

    def ask(self, question: str, title: str, items: Sequence[Item], keys: Sequence[tuple[str, str]]) -> None:
        """Put a question, or renew the one that is being asked.

        Args:
            question: which, for whoever handles the answer.
            title: the words above; made safe here.
            items: what there is to choose from.
            keys: Textual's name and words of each key that chooses, ``enter`` first.
        """
        if not (self.asking and self._question == question):
            self._filter = ""
            self._cursor = 0
        self._question, self._title, self._waiting = question, safe_line(title, 200), None
        self._keys = tuple(key for key, _ in keys)
        self._keys_line = "  ".join(words for _, words in keys)
        self._items = tuple(items)
        self._open()

    def _open(self) -> None:
        self._match()
        super()._open()

    def _match(self) -> None:
        wanted = self._filter.casefold().split()
        self._matches = [item for item in self._items if all(word in item.label.casefold() for word in wanted)]
        self._cursor = max(0, min(self._cursor, len(self._matches) - 1))
        rows = self._rows()
        self._top = max(min(self._top, self._cursor), self._cursor - rows + 1, 0)
        self._laid = None

    def _rows(self) -> int:
        return max(1, self.size.height - 2)

    @property
    def _chosen(self) -> Item | None:
        return self._matches[self._cursor] if self._matches else None

    # Drawing

    def render_line(self, y: int) -> LineStrip:
        """The title; choices, and right of them the preview; the keys."""
        width = self.size.width
        if y == 0:
            found = f"  / {self._filter}▏" if self._filter or self._waiting is None else ""
            return self._line(f" {self._title}{found}", "title", width)
        if y >= self.size.height - 1:
            find = "  type to find" if cell_len(self._keys_line) + 28 <= width else ""
            return self._line(f" {self._keys_line}  Esc leaves{find}", "row", width, "muted")
        if self._waiting is not None:
            return self._line(f"   {self._waiting}" if y == 1 else "", "row", width, "muted")
        left = max(20, min(40, width * 2 // 5))
        return LineStrip([*self._choice(y - 1, left), *self._preview(y - 1, width - left)], width)

    def _line(self, words: str, ground: str, width: int, name: str = "") -> LineStrip:
        return LineStrip([Segment(set_cell_size(words, width), self.line_style(ground, name))], width)

    def _choice(self, row: int, width: int) -> list[Segment]:
        index = self._top + row
        if index >= len(self._matches):
            words = "   nothing fits" if row == 0 and not self._matches else ""
            return [Segment(set_cell_size(words, width), self.line_style("row", "muted"))]
        here = index == self._cursor
        label = f"{'▌' if here else ' '} {safe_line(self._matches[index].label, 200)}"
        return [Segment(set_cell_size(label, width - 1) + " ", self.line_style("cursor" if here else "row"))]

    def _preview(self, row: int, width: int) -> list[Segment]:
        item = self._chosen
        edge = Segment("│ ", self.line_style("row", "muted"))
        room = max(4, width - 3)
        base = self.line_style("row")
        if item is None:
            return [edge, Segment(" " * (width - 2), base)]
        head = wrapped(safe_line(item.head, 300), room)
        if len(head) > HEAD:
            head[HEAD - 1 :] = [set_cell_size(f"{head[HEAD - 1]} {head[HEAD]}", room - 1).rstrip() + "…"]
        if row < len(head):
            return [edge, Segment(set_cell_size(head[row], width - 2), self.line_style("row", _HEADS[item.note]))]
        row -= len(head) - 1
        key = (item.text, room, self.style_epoch)
        if self._laid is None or self._laid[0] != key:
            self._laid = key, lay_out(item.text, room, Palette.of(self, "preview--row")).lines
        lines = self._laid[1]
        rows = self._rows() - len(head)
        if row > len(lines):
            return [edge, Segment(" " * (width - 2), base)]
        if row == rows and len(lines) > rows:
            words = f"… {len(lines) - rows + 1} more lines"
            return [edge, Segment(set_cell_size(words, width - 2), self.line_style("row", "muted"))]
        line = lines[row - 1]
        return [edge, *line.segments, Segment(" " * max(0, width - 2 - line.width), base)]

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Every key is the list's while it asks: none may reach what lies beneath."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            if self._filter:
                self._find("")
            else:
                self._dismiss(by_key=True)
        elif event.key in self._keys:
            item = self._chosen
            self.close()
            self.post_message(self.Chosen(self._question, event.key, item.value if item is not None else None))
        elif event.key in ("down", "ctrl+n"):
            self._step(1)
        elif event.key in ("up", "ctrl+p"):
            self._step(-1)
        elif event.key in ("pagedown", "pageup"):
            target = self._cursor + self._rows() * (1 if event.key == "pagedown" else -1)
            self._step(min(max(target, 0), len(self._matches) - 1) - self._cursor)
        elif event.key == "backspace":
            self._find(self._filter[:-1])
        elif event.is_printable and event.character and self._waiting is None:
            self._find(self._filter + event.character)

    def _find(self, words: str) -> None:
        self._filter, self._cursor, self._top = words, 0, 0
        self._match()
        self.refresh()

    def _step(self, delta: int) -> None:
        if self._matches:
            self._cursor = (self._cursor + delta) % len(self._matches)
            self._match()
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click selects: what it would do is seen before it is done."""
        index = self._top + event.y - 1
        if 0 < event.y < self.size.height - 1 and 0 <= index < len(self._matches):
            self._cursor = index
            self._match()
            self.refresh()

    def on_resize(self) -> None:
        """Another height, another first row."""
        self._match()


_HEADS: Final = {False: "head", True: "note"}
