"""A line that asks for some words: a name, what to search for, a filter."""

from __future__ import annotations

from typing import ClassVar, Final, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from helpdesk_tui.core.text import safe_line

__all__ = ["Prompt"]

#: Characters of what stands in the field at first.
LONGEST: Final = 10_000


class _Field(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def action_leave(self) -> None:
        """Nothing is wanted."""
        cast("Prompt", self.parent).leave()


class Prompt(Horizontal):
    """Hidden until :meth:`ask`; goes away with Enter, Esc, or when the focus leaves it."""

    DEFAULT_CSS = """
    Prompt {
        display: none;
        height: auto;
        background: $panel;
        &.asking { display: block; layout: horizontal; }
        & > Static { width: auto; height: 1; padding: 0 1; color: $text-accent; text-style: bold; }
        & > .told { color: $text-success; text-style: none; }
        & > .told.wrong { color: $text-warning; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
        & > Input:focus { border: none; }
    }
    """

    class Typed(Message):
        """What stands there now."""

        def __init__(self, question: str, text: str) -> None:
            super().__init__()
            self.question, self.text = question, text

    class Answered(Message):
        """What was given with Enter; None: nothing is wanted. ``by_key`` is False where the focus went elsewhere."""

        def __init__(self, question: str, text: str | None, by_key: bool = True) -> None:
            super().__init__()
            self.question, self.text, self.by_key = question, text, by_key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._question = ""

    def compose(self) -> ComposeResult:
        """The words, and where to write."""
        yield Static("", markup=False)
        field = _Field()
        field.cursor_blink = False
        field.select_on_focus = False
        yield field
        yield Static("", classes="told", markup=False)

    @property
    def asking(self) -> bool:
        """Whether a question is on the screen."""
        return self.has_class("asking")

    @property
    def field(self) -> Input:
        """Where one writes."""
        return self.query_one(_Field)

    def ask(self, question: str, words: str, text: str = "", *, placeholder: str = "") -> None:
        """Put a question.

        Args:
            question: which, for whoever handles the answer.
            words: what is asked for.
            text: what stands there already. Both may hold anybody's words: they are made safe here.
        """
        self._question = question
        text = safe_line(text, LONGEST)
        # Without colours the words would run into the example that stands in the empty field.
        words = safe_line(words, 200)
        self.query(Static).first().update(words if words.endswith(("?", ":", "|", ")")) else f"{words}:")
        self.tell("")
        self.field.placeholder = placeholder
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.cursor_position = len(text)
        self.add_class("asking")
        self.field.focus()

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say behind the field what is made of what stands there.

        Args:
            words: empty: nothing is said.
            wrong: that it is not understood.
        """
        told = self.query_one(".told", Static)
        told.update(safe_line(words, 60))
        told.set_class(wrong, "wrong")
        told.display = bool(words)

    def leave(self) -> None:
        """Esc: nothing is wanted."""
        self._done(None)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking:
            self.post_message(self.Typed(self._question, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._done(event.value)

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        # Whoever asks again at once has the focus back before this is told; from another window it comes back, too.
        if self.asking and self.app.app_focus and self.screen.focused is not self.field:
            self._done(None, by_key=False)

    def _done(self, text: str | None, by_key: bool = True) -> None:
        self.remove_class("asking")
        self.post_message(self.Answered(self._question, text, by_key))
