"""The line below the desk on which words are asked for: a time, a number, what a field holds, a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk_tui.core.errors import BadInput, HelpdeskError

if TYPE_CHECKING:
    from helpdesk_tui.widgets.prompt import Prompt

__all__ = ["Words"]

QUESTION = "words"


@dataclass(frozen=True, slots=True)
class _Written:
    """What is to be done with what is written; it may refuse it."""

    words: str
    use: Callable[[str], None]
    means: Callable[[str], str] | None = None
    """What a text is taken for, while it is being typed."""


class Words:
    """Asks for words, and gives them to whoever asked.

    Args:
        prompt: the line.
        say: says why words were refused.
        focus_back: gives the keys back to where they were before.
    """

    def __init__(self, prompt: Prompt, say: Callable[..., None], focus_back: Callable[[], None]) -> None:
        self._prompt = prompt
        self._say = say
        self._focus_back = focus_back
        self._written: _Written | None = None

    def ask(
        self,
        words: str,
        use: Callable[[str], None],
        text: str = "",
        placeholder: str = "",
        means: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for some words. Where ``use`` refuses them, they are asked for again; ``means`` tells what they are taken
        for while they are typed."""
        if self._prompt.is_attached:
            self._written = _Written(words, use, means)
            self._prompt.ask(QUESTION, words, text, placeholder=placeholder)
            self._tell_meaning(text)
        else:
            self._say("Still starting: try again")

    def typed(self, message: Prompt.Typed) -> None:
        """Something stands on the line."""
        if message.question == QUESTION:
            self._tell_meaning(message.text)

    def _tell_meaning(self, text: str) -> None:
        means = self._written.means if self._written is not None else None
        if means is None or not text.strip():
            self._prompt.tell("")
            return
        try:
            self._prompt.tell(means(text))
        except BadInput as error:
            self._prompt.tell(error.message, wrong=True)

    def answered(self, message: Prompt.Answered) -> None:
        """The line was left, with words or without."""
        if message.question != QUESTION:
            return
        written, self._written = self._written, None
        if written is not None and message.text is not None:
            try:
                written.use(message.text)
            except HelpdeskError as error:
                # The focus stays where it is: what leaves the field closes it.
                self._say(str(error), alarm=True)
                self.ask(written.words, written.use, message.text, means=written.means)
                return
        if message.by_key:
            self._focus_back()
