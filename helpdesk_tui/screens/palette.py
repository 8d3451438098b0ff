"""The command palette: what can be done here first, then what can be done anywhere, each with its keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from helpdesk_tui.actions import ACTIONS, Action, key_words, keys_of
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.places import offered

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

__all__ = ["Commands"]

#: What there is where nobody has signed in yet.
SIGNED_OUT = ("app.help", "app.dark", "app.quit")
#: Columns that the keys stand behind.
WORDS_WIDTH = 44

Command = tuple[str, str, Callable[[], Awaitable[None] | None]]


class Commands(Provider):
    """What the table of actions holds for the screen below the palette, and the themes."""

    async def discover(self) -> Hits:
        """Everything, in the order of the help."""
        for words, keys, run in self._commands():
            yield DiscoveryHit(_line(words, keys), run, text=words)

    async def search(self, query: str) -> Hits:
        """What fits some letters."""
        matcher = self.matcher(query)
        for words, keys, run in self._commands():
            if (score := matcher.match(words)) > 0:
                yield Hit(score, _line(words, keys), run, text=words)

    def _commands(self) -> Iterator[Command]:
        app = cast("HelpdeskApp", self.app)
        for action in self._actions(app):
            yield action.words, " ".join(map(key_words, keys_of(action.id))), partial(self._run, action.action)
        if isinstance(self.screen, DeskScreen):
            for number, command in enumerate(self.screen.link.settings.commands):
                keys = " ".join(map(key_words, command.keys))
                yield safe_line(command.name, WORDS_WIDTH), keys, partial(self._run, f"screen.command({number})")
        for name in sorted(app.available_themes):
            yield f"Theme: {name}", "", partial(app.choose_theme, name)

    def _actions(self, app: HelpdeskApp) -> Iterator[Action]:
        here = self.screen
        if not isinstance(here, Place):
            yield from (action for action in ACTIONS if action.id in SIGNED_OUT)
            return
        for context in dict.fromkeys((*here.contexts(), *here.CONTEXTS, "anywhere")):
            for action in ACTIONS:
                if action.context == context and action.palette and action.action and offered(action, app.role):
                    yield action

    async def _run(self, action: str) -> None:
        await self.app.run_action(action, default_namespace=self.screen)


def _line(words: str, keys: str) -> Text:
    return Text.assemble(words.ljust(WORDS_WIDTH if keys else 0), (f"  {keys}" if keys else "", "bold"))
