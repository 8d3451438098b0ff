"""For whom a ticket is written: typed by name or address, with those offered whose address one knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.written_down import Known
from helpdesk_tui.widgets.filter_line import FilterField
from helpdesk_tui.widgets.filter_offers import FilterOffers, Offered

__all__ = ["CallerField"]

#: So long after a key people are looked for, in seconds.
ASK_SECONDS: Final = 0.12


class CallerField(Vertical):
    """The field. It asks nobody: it posts what is typed, and is told who that may be."""

    DEFAULT_CSS = """
    CallerField {
        height: 3;
        border: round $panel;
        &:focus-within { border: round $primary; }
        & > Horizontal { height: 1; padding: 0 1; }
        & FilterField { width: 1fr; height: 1; border: none; padding: 0; background: $background; }
        & FilterField:focus { border: none; }
        & Static { width: auto; max-width: 50%; height: 1; color: $text-muted; }
        & .who { color: $text-success; }
        & .who.wrong { color: $text-warning; }
    }
    """

    class Typed(Message):
        """Who may this be? Answer with :meth:`CallerField.offer`."""

        def __init__(self, begun: str) -> None:
            super().__init__()
            self.begun = begun

    class Changed(Message):
        """Another address stands there; ``name`` is whose it was said to be, or ""."""

        def __init__(self, address: str, name: str) -> None:
            super().__init__()
            self.address, self.name = address, name

    class Done(Message):
        """On to the next field."""

    class Left(Message):
        """Esc, while nothing was offered."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.field = FilterField()
        self.field.placeholder = "Who is it for? A name, or the whole address"
        self._who = Static("", classes="who", markup=False)
        self._offers = FilterOffers()
        self._known: Sequence[Known] = ()
        self._chosen: int | None = None
        self._asking: Timer | None = None
        self._asked = self._name = ""

    def compose(self) -> ComposeResult:
        """The field, whose address it is, and who is offered."""
        with Horizontal():
            yield Static("For ", markup=False)
            yield self.field
            yield self._who
        yield self._offers

    @property
    def offered(self) -> Sequence[Known]:
        """Those who are offered now."""
        return self._known

    def put(self, address: str, name: str) -> None:
        """Show whom it is for; made safe here."""
        with self.field.prevent(Input.Changed):
            self.field.value = safe_line(address, 320)
        self.field.cursor_position = len(self.field.value)
        self._take_as(name)

    def offer(self, begun: str, found: Sequence[Known]) -> None:
        """Those who fit what was typed; nothing, if something else stands there by now."""
        if begun != self.field.value or not self.field.has_focus:
            return
        # An address that would not look like what it is cannot be taken.
        self._known = [each for each in found if safe_line(each.email) == each.email]
        self._chosen = 0 if self._known else None
        exact = next((each for each in self._known if each.email.casefold() == begun.strip().casefold()), None)
        if exact is not None and len(self._known) == 1:
            self._known = ()
            self._take_as(exact.name, tell=True)
        elif not self._known:
            self._say("nobody you know; the whole address finds them" if "@" not in begun else "")
        self._show()

    def refuse(self, begun: str, words: str) -> None:
        """Say why nobody can be looked for now."""
        if begun == self.field.value:
            self._say(words, wrong=True)

    def _take_as(self, name: str, *, tell: bool = False) -> None:
        self._name = name
        self._say(name)
        if tell:
            self.post_message(self.Changed(self.field.value, name))

    def _say(self, words: str, *, wrong: bool = False) -> None:
        self._who.set_class(wrong, "wrong")
        self._who.update(safe_line(words, 60))

    def _show(self) -> None:
        self._offers.show([Offered(each.email, each.name) for each in self._known], self._chosen, indent=6)

    def _drop(self) -> None:
        self._known, self._chosen = (), None
        self._show()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._take_as("", tell=True)
        self._drop()
        if self._asking is not None:
            self._asking.stop()
        self._asking = self.set_timer(ASK_SECONDS, self._ask)

    def _ask(self) -> None:
        if self.field.value.strip():
            self.post_message(self.Typed(self.field.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        if self.app.app_focus:
            self._drop()

    @on(FilterField.Pass)
    def _passed(self, event: FilterField.Pass) -> None:
        event.stop()
        if event.what in ("down", "up"):
            if self._known and self._chosen is not None:
                self._chosen = (self._chosen + (1 if event.what == "down" else -1)) % len(self._known)
                self._offers.choose(self._chosen)
        elif event.what == "leave":
            if self._known:
                self._drop()
            else:
                self.post_message(self.Left())
        else:
            self._take()

    @on(FilterOffers.Picked)
    def _picked(self, event: FilterOffers.Picked) -> None:
        event.stop()
        self._chosen = event.index
        self._take()

    def _take(self) -> None:
        if self._known and self._chosen is not None:
            taken = self._known[self._chosen]
            self.put(taken.email, taken.name)
            self.post_message(self.Changed(taken.email, taken.name))
        self._drop()
        self.post_message(self.Done())
