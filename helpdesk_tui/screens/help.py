"""Every key, from the one table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from helpdesk_tui.actions import ACTIONS, key_words

__all__ = ["HelpScreen"]

_TITLES: Mapping[str, str] = {
    "anywhere": "Anywhere",
    "queue": "Queue",
    "thread": "Open ticket",
    "composer": "Writing",
    "sign in": "Signing in",
}


class HelpScreen(ModalScreen[None]):
    """The keys by place, as they are bound now.

    Args:
        keys: the keys of each action's id, where a keymap has changed them.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "dismiss", "Close"),
        Binding("j,down", "scroll('down')", show=False),
        Binding("k,up", "scroll('up')", show=False),
        Binding("g,home", "scroll('home')", show=False),
        Binding("G,end", "scroll('end')", show=False),
    ]

    def __init__(self, keys: Mapping[str, tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self._keys = keys or {}

    def compose(self) -> ComposeResult:
        """A scrolling list."""
        with VerticalScroll(id="keys"):
            yield Static("Every key · Esc closes, j and k scroll", classes="foot", markup=False)
            for context, title in _TITLES.items():
                actions = [action for action in ACTIONS if action.context == context and action.listed]
                if not actions:
                    continue
                yield Static(title, classes="title", markup=False)
                table = Table.grid(padding=(0, 2))
                table.add_column(min_width=16)
                table.add_column()
                for action in actions:
                    keys = self._keys.get(action.id, action.keys)
                    table.add_row(
                        Text("  " + " ".join(key_words(k) for k in keys) or "  –", "bold"), Text(action.words)
                    )
                yield Static(table)

    def action_scroll(self, way: str) -> None:
        """Scroll by a line, or to an end."""
        box = self.query_one(VerticalScroll)
        ways = {"down": box.scroll_down, "up": box.scroll_up, "home": box.scroll_home, "end": box.scroll_end}
        ways[way](animate=False)
