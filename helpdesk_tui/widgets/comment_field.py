"""A line for a few words beside a rating."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from helpdesk_tui.core.plain import stars

__all__ = ["CommentField"]


class CommentField(Input):
    """Asks for a comment. Hidden until it is asked for."""

    DEFAULT_CSS = """
    CommentField {
        display: none;
        height: 3;
        border: round $primary;
        padding: 0 1;
        background: $panel;
        &.asking { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "nothing", "No comment", show=False)]

    class Written(Message):
        """These are the words, or none."""

        def __init__(self, ticket_id: UUID, rating: int, words: str) -> None:
            super().__init__()
            self.ticket_id = ticket_id
            self.rating = rating
            self.words = words

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder="", max_length=5000, id=id)
        self.cursor_blink = False
        self._about: tuple[UUID, int] | None = None

    def ask(self, ticket_id: UUID, rating: int) -> None:
        """Ask for words beside this rating."""
        self._about = (ticket_id, rating)
        self.value = ""
        self.placeholder = "Anything to add? Enter sends, Esc leaves it at that"
        self.border_title = stars(rating)
        self.add_class("asking")
        self.focus()

    async def action_submit(self) -> None:
        """These are the words."""
        self._answer(self.value.strip())

    def action_nothing(self) -> None:
        """None."""
        self._answer("")

    def on_blur(self) -> None:
        """The focus was taken elsewhere: what was written is not thrown away."""
        if self.has_class("asking"):
            self._answer(self.value.strip())

    def _answer(self, words: str) -> None:
        self.remove_class("asking")
        if self._about is not None:
            (ticket_id, rating), self._about = self._about, None
            self.post_message(self.Written(ticket_id, rating, words))
