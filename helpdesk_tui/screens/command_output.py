"""What a command printed: read, copied, or taken into a note."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from helpdesk_tui.core.commands import Ran
from helpdesk_tui.core.text import harmless, safe_line
from helpdesk_tui.screens.scrolled_box import ScrolledBox

__all__ = ["CommandOutput"]

#: Characters of it that are laid out; all of it can be copied and taken into a note.
MOST_SHOWN = 100_000


class CommandOutput(ScrolledBox[Literal["note"] | None]):
    """Runs beside the desk, shows what came of it; answers "note" where it is to go into a note.

    Args:
        name: of the command.
        subject: what it was given, such as "#1042".
    """

    CSS = """
    CommandOutput {
        align: center middle;
        background: $background 60%;
        & > VerticalScroll {
            width: 96%;
            max-width: 120;
            height: auto;
            max-height: 90%;
            padding: 0 1;
            background: $panel;
            border: round $primary;
            border-subtitle-color: $text;
        }
        & Static { color: $text; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("n", "note", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, name: str, subject: str) -> None:
        super().__init__()
        self._title = safe_line(f"{name} · {subject}", 100)
        self.ran: Ran | None = None

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll() as box:
            box.border_title = self._title.replace("[", r"\[")
            box.border_subtitle = "Esc stops it"
            yield Static("Running …", markup=False)

    def show(self, ran: Ran) -> None:
        """It is over."""
        self.ran = ran
        words = harmless(ran.output[:MOST_SHOWN]).rstrip()
        self.query_one(Static).update(words or "(It printed nothing.)")
        ended = {0: "done"}.get(ran.code, f"ended with {ran.code}" if ran.code > 0 else f"ended by signal {-ran.code}")
        cut = " · cut" if ran.cut or len(ran.output) > MOST_SHOWN else ""
        self.box.border_subtitle = f"{ended}{cut} · n into a note · y copy · Esc close"

    def fail(self, words: str) -> None:
        """It could not even begin."""
        self.query_one(Static).update(safe_line(words, 500))
        self.box.border_subtitle = "Esc close"

    def action_note(self) -> None:
        """Take it into a note."""
        if self.ran is not None and self.ran.output.strip():
            self.dismiss("note")

    def action_copy(self) -> None:
        """Copy all of it."""
        if self.ran is not None:
            self.app.copy_to_clipboard(harmless(self.ran.output))
            self.box.border_subtitle = "copied · n into a note · Esc close"
