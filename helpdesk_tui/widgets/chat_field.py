"""Where a chat message is written, and the lines around it that say how things are."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import fit

__all__ = ["ChatField", "ChatLine"]


class ChatField(ComposerText):
    """A field that grows with its text, from one line to six. Enter sends it."""

    DEFAULT_CSS = """
    ChatField {
        height: auto;
        min-height: 1;
        max-height: 6;
        border: none;
        padding: 0 1;
        background: $panel;
        &:focus { border: none; background: $panel; }
        &.-hidden { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bound("chat_field", priority=True, send="send", line="new_line"),
        *bound("chat_field", leave="leave"),
    ]

    class Send(Message):
        """What stands in the field is to be sent."""

    class Left(Message):
        """The person is done writing for now; the text stays."""

    def action_send(self) -> None:
        """Send."""
        self.post_message(self.Send())

    def action_new_line(self) -> None:
        """Go on in a new line."""
        if not self.read_only:
            self.put("\n")

    def action_leave(self) -> None:
        """Give the keys back."""
        self.post_message(self.Left())

    async def _on_key(self, event: events.Key) -> None:
        """Enter is the binding's; Tab goes on to the next pane."""
        if event.key in ("enter", "tab"):
            event.prevent_default()
        await super()._on_key(event)


class ChatLine(LineView, can_focus=False):
    """One line of words. Hidden while there are none.

    Args:
        always: stays when there are no words.
    """

    STYLE_PREFIX = "chat-line--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chat-line--plain",
        "chat-line--quiet",
        "chat-line--notable",
        "chat-line--alarm",
    }
    DEFAULT_CSS = """
    ChatLine {
        height: 1;
        background: $background;
        & > .chat-line--plain { color: $foreground; text-style: bold; }
        & > .chat-line--quiet { color: $text-muted; text-style: italic; }
        & > .chat-line--notable { color: $text-accent; text-style: bold; }
        & > .chat-line--alarm { color: $text-error; text-style: bold; }
        &:nocolor > .chat-line--alarm { text-style: bold reverse; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.words = ""
        self._look = "quiet"

    def say(self, words: str, name: str = "quiet") -> None:
        """Show these words, made safe here.

        Args:
            words: on one line.
            name: how they look: ``plain``, ``quiet``, ``notable`` or ``alarm``.
        """
        words = safe_line(words, 400)
        if (words, name) != (self.words, self._look):
            self.words, self._look = words, name
            self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """The line."""
        del y
        width = self.size.width
        return LineStrip([Segment(fit(f" {self.words}", width), self.line_style(self._look))], width)
