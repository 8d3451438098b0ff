"""``helpdesk keys test``: what this terminal sends for a key, and what the key would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from helpdesk_tui.actions import ACTIONS, key_words, keys_of
from helpdesk_tui.core.commands import Command
from helpdesk_tui.escape import read_with

if TYPE_CHECKING:
    from textual.driver import Driver

__all__ = ["KeysTest", "meanings"]


def meanings(key: str, commands: Sequence[Command] = ()) -> list[str]:
    """What a key does, by where one is, as the settings have it; with what it is the beginning of, and the person's own
    commands."""
    found = [f"{action.context}: {action.words} ({action.id})" for action in ACTIONS if key in keys_of(action.id)]
    begun = [
        f"{action.context}: begins {key_words(chord)}, {action.words} ({action.id})"
        for action in ACTIONS
        for chord in keys_of(action.id)
        if " " in chord and chord.split()[0] == key
    ]
    own = [f"{each.context}: {each.name} (a command of yours)" for each in commands if key in each.keys]
    return found + begun + own


class KeysTest(App[int]):
    """Shows each key that is pressed.

    Args:
        commands: the person's own.
    """

    CSS = "Static { height: auto; padding: 0 1; } #head { background: $panel; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "leave", show=False, priority=True)]

    def __init__(self, commands: Sequence[Command] = ()) -> None:
        super().__init__()
        self._commands = commands

    def get_driver_class(self) -> type[Driver]:
        """What reads the terminal, as in the app."""
        driver = super().get_driver_class()
        read_with(driver)
        return driver

    def compose(self) -> ComposeResult:
        """What to do, and the keys."""
        yield Static("Press keys: here is what the terminal sends and what it does. Ctrl-C leaves.", id="head")
        yield VerticalScroll(can_focus=False)

    async def on_event(self, event: events.Event) -> None:
        """Every key, before anything else of Textual's takes it."""
        if isinstance(event, events.Key) and event.key != "ctrl+c":
            if not event.is_forwarded:
                self._show(event)
            return
        await super().on_event(event)

    def _show(self, event: events.Key) -> None:
        name = f'{key_words(event.key)}   in the settings: "{event.key}"'
        lines = meanings(event.key, self._commands) or ["nothing"]
        log = self.query_one(VerticalScroll)
        log.mount(Static(Text.assemble((name, "bold"), *(f"\n    {line}" for line in lines))))
        log.scroll_end(animate=False)

    def action_leave(self) -> None:
        """Enough."""
        self.exit(0)
