"""A line that asks for a ticket's number."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from helpdesk_tui.widgets.hidden_field import HiddenField

__all__ = ["NumberField"]


class NumberField(HiddenField):
    """Hidden until :meth:`ask`; goes away with Enter, Esc, or when the focus leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    class Asked(Message):
        """What was typed; empty if nothing is wanted any more."""

        def __init__(self, reference: str) -> None:
            super().__init__()
            self.reference = reference

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("Ticket number, then Enter (Esc leaves)", id=id)

    def ask(self) -> None:
        """Ask."""
        self.value = ""
        self.add_class("asking")
        self.focus()

    def action_leave(self) -> None:
        """Nothing is wanted."""
        self._done("")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._done(event.value.strip())

    @on(Input.Blurred)
    def _left(self) -> None:
        if self.app.app_focus:  # from another window the focus comes back
            self.remove_class("asking")

    def _done(self, reference: str) -> None:
        self.remove_class("asking")
        self.post_message(self.Asked(reference))
