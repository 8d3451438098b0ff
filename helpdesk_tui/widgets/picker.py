"""A short list to choose from with one key: the second key of "two keys per ticket".

It lies in the screen, not over it (a modal screen takes ten times as long to come up), takes the focus, and gives it
back when something is chosen or Esc is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.question import Question
from helpdesk_tui.widgets.queue_row import fit

__all__ = ["Choice", "Picker", "do_it"]

_DIGITS = "123456789"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose.

    Args:
        value: what the asker is given.
        label: the words; text from the database is made safe here.
        key: the key that chooses it at once; empty: a digit, as long as there are some.
        current: whether it is what is so already.
    """

    value: Any
    label: str
    key: str = ""
    current: bool = False


def do_it(value: Callable[[], object]) -> None:
    """For :meth:`Picker.ask` where each choice is what is done at it."""
    value()


class Picker(Question):
    """The list. Hidden until :meth:`ask`; one question at a time."""

    STYLE_PREFIX = "picker--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "picker--row",
        "picker--title",
        "picker--cursor",
        "picker--key",
        "picker--current",
        "picker--muted",
    }
    DEFAULT_CSS = """
    Picker {
        display: none;
        height: auto;
        max-height: 14;
        background: $panel;
        &.asking { display: block; }
        & > .picker--row { color: $text; background: $panel; }
        & > .picker--title { color: $text-accent; background: $panel; text-style: bold; }
        & > .picker--cursor { color: $text; background: $primary 40%; text-style: bold; }
        & > .picker--key { color: $text-accent; text-style: bold; }
        & > .picker--current { color: $text-muted; }
        & > .picker--muted { color: $text-muted; }
        &:nocolor > .picker--cursor { text-style: reverse; }
    }
    """

    class Chosen(Message):
        """A choice was made: whoever owns the picker gives the focus back, and calls :meth:`answer`."""

        def __init__(self, choice: Choice, then: Callable[[Any], object]) -> None:
            super().__init__()
            self.choice = choice
            self._then = then

        def answer(self) -> None:
            """Tell whoever asked."""
            self._then(self.choice.value)

    class Dismissed(Question.Dismissed):
        """Nothing was chosen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._then: Callable[[Any], object] = do_it
        self._title = ""
        self._choices: list[Choice] = []
        self._matches: list[tuple[str, Choice]] = []
        self._filter: str | None = None
        self._cursor = 0
        self._top = 0
        self._leaving = False
        self._written: Callable[[str], Choice] | None = None
        self._named: Callable[[str], Choice | None] | None = None
        self._why = ""

    def ask(
        self,
        title: str,
        choices: Sequence[Choice],
        then: Callable[[Any], object],
        *,
        leaving: bool = False,
        written: Callable[[str], Choice] | None = None,
        named: Callable[[str], Choice | None] | None = None,
    ) -> None:
        """Put a question.

        Args:
            title: the words above the choices; made safe here, as what the choices are called is.
            choices: what there is to choose from; a key each for the first ones.
            then: what is done with the value of the choice.
            leaving: a key that chooses nothing is a no.
            written: the choice that words stand for which find none, where one may also write a time. It may raise
                BadInput, whose message is shown.
            named: the choice that words stand for as a name for something new, offered behind those that fit; None:
                there is that already.
        """
        self._leaving, self._written, self._named = leaving, written, named
        self._then, self._title = then, safe_line(title, 200)
        self._choices = list(choices)
        self._filter = None
        self._match()
        current = next((n for n, (_, choice) in enumerate(self._matches) if choice.current), 0)
        self._cursor, self._top = current, 0
        self._open()
        self._fit()

    def _match(self) -> None:
        digits = iter(_DIGITS)
        wanted = (self._filter or "").casefold()
        matches = [
            # While letters find, they choose nothing.
            ("" if self._filter is not None else choice.key or next(digits, ""), choice)
            for choice in self._choices
            if wanted in choice.label.casefold()
        ]
        # Enter takes the first: where a word begins with the letters it is meant more likely.
        begins = re.compile(rf"\b{re.escape(wanted)}")
        self._matches = sorted(matches, key=lambda match: begins.search(match[1].label.casefold()) is None)
        self._why = "nothing fits" if wanted or self._named is None else "there are none yet"
        if not matches and self._written is not None and wanted.strip():
            try:
                self._matches = [("", self._written(self._filter or ""))]
            except BadInput as error:
                self._why = error.message
        if self._named is not None and wanted.strip() and (new := self._named(self._filter or "")) is not None:
            self._matches.append(("", new))
        self._cursor = max(0, min(self._cursor, len(self._matches) - 1))

    def _fit(self) -> None:
        self.styles.height = min(14, max(2, len(self._matches) + 1))
        self.refresh()

    def _rows(self) -> int:
        return max(1, self.size.height - 1)

    def render_line(self, y: int) -> LineStrip:
        """The title, then a choice a line."""
        width = self.size.width
        if y == 0:
            finds = "type to find"
            if self._written is not None:
                finds = "or type a time"
            elif self._named is not None:
                finds = "type to find or to name a new one"
            help_ = f"Esc leaves · {finds} " if self._finds and self._filter is None else "Esc leaves "
            room = max(0, width - cell_len(help_) - 1)
            title = fit(f" {self._title}", room)
            if self._filter is not None:
                # Where one writes is in sight, however long the title is and what is written.
                written = f"  / {self._filter}▏"[-room:]
                title = fit(f" {self._title}", min(room - cell_len(written), cell_len(self._title) + 1)) + written
            room += 1
            return LineStrip(
                [
                    Segment(set_cell_size(title, room), self.line_style("title")),
                    Segment(set_cell_size(help_, width - room), self.line_style("title", "muted")),
                ],
                width,
            )
        index = self._top + y - 1
        if not self._matches and y == 1:
            why = set_cell_size(f"   {safe_line(self._why, 200)}", width)
            return LineStrip([Segment(why, self.line_style("row", "muted"))], width)
        if index >= len(self._matches):
            return LineStrip([Segment(" " * width, self.line_style("row"))], width)
        key, choice = self._matches[index]
        ground = "cursor" if index == self._cursor else "row"
        marker = "▌" if index == self._cursor else " "
        label = safe_line(choice.label, 200) + ("  (as it is)" if choice.current else "")
        return LineStrip(
            [
                Segment(f"{marker} {set_cell_size(key, 2)}", self.line_style(ground, "key")),
                Segment(
                    set_cell_size(label, max(0, width - 4)),
                    self.line_style(ground, "current" if choice.current else ""),
                ),
            ],
            width,
        )

    def on_key(self, event: events.Key) -> None:
        """Every key is the picker's while it asks: none may reach what lies beneath."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            if self._filter is not None:
                self._filter = None
                self._match()
                self._fit()
            else:
                self._dismiss(by_key=True)
        elif event.key == "enter":
            if self._matches:
                self._choose(self._matches[self._cursor][1])
        elif event.key in ("down", "ctrl+n") or (event.key == "j" and self._filter is None and not self._bound("j")):
            self._step(1)
        elif event.key in ("up", "ctrl+p") or (event.key == "k" and self._filter is None and not self._bound("k")):
            self._step(-1)
        elif event.key in ("pagedown", "pageup"):
            self._page(1 if event.key == "pagedown" else -1)
        elif self._filter is None and event.character == "/":
            self._filter = ""
            self._refilter()
        elif self._filter is not None and event.key == "backspace":
            self._filter = self._filter[:-1]
            self._refilter()
        elif self._filter is not None and event.is_printable and event.character:
            self._filter += event.character
            self._refilter()
        elif event.character:
            for key, choice in self._matches:
                if key == event.character:
                    self._choose(choice)
                    return
            # A digit that chooses nothing is meant for nothing, unless a time may begin with it.
            if self._finds and event.is_printable and (self._written is not None or not event.character.isdigit()):
                self._filter = event.character
                self._refilter()
            elif self._leaving:
                self._dismiss(by_key=True)

    @property
    def _finds(self) -> bool:
        """Whether letters that choose nothing find: there are many choices, or one may name another."""
        return len(self._choices) > 4 or self._named is not None

    def _bound(self, key: str) -> bool:
        return any(key == bound for bound, _ in self._matches)

    def _refilter(self) -> None:
        self._cursor = self._top = 0
        self._match()
        self._fit()

    def _step(self, delta: int) -> None:
        if self._matches:
            self._cursor = (self._cursor + delta) % len(self._matches)
            self._top = max(min(self._top, self._cursor), self._cursor - self._rows() + 1)
            self.refresh()

    def _page(self, direction: int) -> None:
        """As far as is shown at once; unlike a step not round the end."""
        target = min(max(self._cursor + direction * self._rows(), 0), len(self._matches) - 1)
        self._step(target - self._cursor)

    def _choose(self, choice: Choice) -> None:
        self.close()
        self.post_message(self.Chosen(choice, self._then))

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        index = self._top + event.y - 1
        if event.y > 0 and 0 <= index < len(self._matches):
            self._choose(self._matches[index][1])
