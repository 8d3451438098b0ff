"""What the desk offers to those who ask a person something there and do what they choose."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from helpdesk_tui.core.acts import Change
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.model import Ticket
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.picker import Picker

__all__ = ["AtDesk"]


class AtDesk(Protocol):
    """A desk.

    Attributes:
        link: the person's link to the database.
        picker: asks for one of several choices.
        asked_about: the tickets that the last question is about.
    """

    link: Link
    picker: Picker
    asked_about: tuple[Ticket, ...]

    @property
    def asked(self) -> Desk:
        """What is asked, where it is known to be there."""

    @property
    def subject(self) -> Ticket | None:
        """The ticket at hand."""

    def about(self) -> tuple[Ticket, ...]:
        """The tickets that are at hand; none, and that was said, where there is none or no database."""

    def asked_of(self, question: str) -> str:
        """What a question about them is called."""

    def still_asked(self, tickets: tuple[Ticket, ...]) -> bool:
        """Whether a question for which something had to be read is still wanted."""

    def do(self, change: Change, tickets: tuple[Ticket, ...]) -> None:
        """Change tickets, and select the next one."""

    def ask_words(
        self,
        words: str,
        use: Callable[[str], None],
        text: str = "",
        placeholder: str = "",
        means: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for some words."""

    def say(self, words: str, alarm: bool = False) -> None:
        """Say what happened."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the interface."""
