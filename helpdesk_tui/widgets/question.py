"""A list that asks: it lies in the screen, takes the focus, and goes away with an answer, with Esc, or with the
focus."""

from __future__ import annotations

from textual.message import Message

from helpdesk_tui.widgets.lines import LineView

__all__ = ["Question"]


class Question(LineView):
    """What pickers have in common. Hidden until something is asked; one question at a time."""

    class Dismissed(Message):
        """Nothing was chosen; ``by_key`` is False where the focus was taken elsewhere."""

        def __init__(self, by_key: bool) -> None:
            super().__init__()
            self.by_key = by_key

    _arriving = 0

    @property
    def asking(self) -> bool:
        """Whether a question is on the screen."""
        return self.has_class("asking")

    def close(self) -> None:
        """Take the question away."""
        self.remove_class("asking")

    def _open(self) -> None:
        self.add_class("asking")
        self.refresh()
        self.focus()
        # Whoever answers one question with another has just given the focus back. That it goes is told before that it
        # comes again, and is no answer to the new question.
        self._arriving += 1
        self.app.call_later(self.call_later, self._arrived)

    def _arrived(self) -> None:
        self._arriving -= 1

    def _dismiss(self, *, by_key: bool) -> None:
        self.close()
        self.post_message(self.Dismissed(by_key))

    def on_blur(self) -> None:
        """Focus taken elsewhere (by the mouse) is a no. From another window the focus comes back."""
        if self.asking and not self._arriving and self.app.app_focus:
            self._dismiss(by_key=False)
