"""The field that a message is written in."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import harmless
from helpdesk_tui.widgets.keys import bound

__all__ = ["ComposerText", "in_editor"]


def in_editor(text: str, command: list[str]) -> str:
    """Let the author go on in their editor; the terminal must be theirs meanwhile. Waits for them: for a thread.

    Returns:
        What they saved.

    Raises:
        HelpdeskError: the editor could not be started or gave up; nothing has changed then.
    """
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as directory:  # 0700: drafts are nobody else's business
        path = Path(directory) / "message.md"
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            subprocess.run([*command, str(path)], check=True)
        except FileNotFoundError as error:
            raise HelpdeskError(f"There is no editor {command[0]}.", "Set EDITOR to the one you use.") from error
        except (OSError, subprocess.CalledProcessError) as error:
            raise HelpdeskError(f"{command[0]} gave up; the text is as it was before.") from error
        written = path.read_text(encoding="utf-8", errors="replace")
    return harmless(written.removesuffix("\n"))


class ComposerText(TextArea):
    """A text field without syntax colours, that takes no control characters."""

    BINDINGS: ClassVar[list[BindingType]] = bound(
        "composer",
        editor="request('editor')",
        file="request('file')",
        send_anyway="request('send_anyway')",
        redo="redo",
    )

    class Request(Message):
        """A key was pressed that is the composer's business: ``what`` names its action."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            "", soft_wrap=True, show_line_numbers=False, tab_behavior="focus", highlight_cursor_line=False, id=id
        )
        # A cursor that blinks paints twice a second for nobody: felt over a slow link, seen on a battery.
        self.cursor_blink = False
        #: Asks for a file. Called within the key, not told of it: what is typed behind it is the path, not the message.
        self.ask_file: Callable[[], Awaitable[None]] | None = None
        #: Takes the keys that are for what is offered beside the text; whether it has. Within the key, as above.
        self.on_offer_key: Callable[[events.Key], bool] = lambda _: False

    async def action_request(self, what: str) -> None:
        """Pass a key on."""
        if what == "file" and self.ask_file is not None:
            await self.ask_file()
            return
        self.post_message(self.Request(what))

    async def _on_key(self, event: events.Key) -> None:
        """Leave keys with Alt to the bindings: many terminals send them with the letter, which is not meant."""
        if self.on_offer_key(event):
            event.stop()
            event.prevent_default()
            return
        if event.key.startswith("alt+"):
            event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        """Take from the clipboard what may stand in a message."""
        event.stop()
        event.prevent_default()
        if not self.read_only:
            self.put(event.text)

    def put(self, text: str) -> None:
        """Insert text at the cursor, in place of what is selected, as one step that can be undone."""
        result = self.replace(harmless(text), *self.selection, maintain_selection_offset=False)
        self.move_cursor(result.end_location)

    def put_all(self, text: str) -> None:
        """Put another text in place of all of it, as one step that can be undone."""
        result = self.replace(text, self.document.start, self.document.end, maintain_selection_offset=False)
        self.move_cursor(result.end_location)
