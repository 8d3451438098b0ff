"""Every key, from the one table of actions: first those of where one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from helpdesk_tui.actions import ACTIONS, Context, key_words, keys_of
from helpdesk_tui.screens.places import PLACES, offered
from helpdesk_tui.screens.scrolled_box import ScrolledBox
from helpdesk_tui.widgets.queue_row import (
    CURSOR_GLYPH,
    DRAFT_GLYPH,
    FRESH_GLYPH,
    HERE_GLYPH,
    PENDING_GLYPH,
    PRIORITY_GLYPHS,
    STATUS_GLYPHS,
    WRITING_GLYPH,
)

if TYPE_CHECKING:
    from helpdesk_tui.core.model import Role

__all__ = ["HelpScreen"]

#: The sections, in their order where no other is nearer.
TITLES: Mapping[Context, str] = {
    "anywhere": "Anywhere",
    "queue": "Queue",
    "filter": "Filter line",
    "thread": "Open ticket",
    "composer": "Writing",
    "customer": "My requests",
    "request": "A new request",
    "new ticket": "A ticket for somebody",
    "finder": "Articles for a ticket",
    "knowledge": "Knowledge base",
    "article": "Reading an article",
    "articles": "Lists of articles",
    "search": "Searching",
    "categories": "Categories of articles",
    "versions": "Versions of an article",
    "editor": "Writing an article",
    "chats": "Chats",
    "my chat": "Chat with us",
    "chat field": "Writing in a chat",
    "inbox": "Inbox",
    "admin": "Administration",
    "sign in": "Signing in",
}


class HelpScreen(ScrolledBox[None]):
    """The keys by place, as they are bound now.

    Args:
        here: the contexts of where the person is, the nearest first.
        role: of the person; None: of nobody yet. What they cannot open is left out.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "dismiss", "Close"),
    ]

    def __init__(
        self,
        here: Sequence[Context] = (),
        role: Role | None = None,
    ) -> None:
        super().__init__()
        self._here = tuple(here)
        self._role = role

    def compose(self) -> ComposeResult:
        """A scrolling list, its name and the way out in the frame."""
        with VerticalScroll(id="keys") as box:
            box.border_title = "Every key"
            box.border_subtitle = "Esc closes · j k g G scroll"
            yield from self._sections()

    def _sections(self) -> Iterator[Static]:
        for context in dict.fromkeys((*self._here, *TITLES)):
            title = TITLES.get(context)
            if title is None or (context in PLACES and self._role not in PLACES[context].roles):
                continue
            actions = [a for a in ACTIONS if a.context == context and a.listed and offered(a, self._role)]
            if not actions:
                continue
            yield Static(f"{title} – here" if context in self._here[:1] else title, classes="title", markup=False)
            table = Table.grid(padding=(0, 2))
            table.add_column(min_width=16)
            table.add_column()
            for action in actions:
                keys = keys_of(action.id)
                words = "  " + " ".join(key_words(k) for k in keys) if keys else "  by the palette"
                table.add_row(Text(words, "bold"), Text(action.words))
            yield Static(table)
            if context == "queue":
                yield Static("Signs in the queue", classes="title", markup=False)
                yield Static(_signs())


def _signs() -> Table:
    """What the signs of a row stand for, also where there is no room for their words."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=16)
    table.add_column()
    for name, glyphs in (("Status", STATUS_GLYPHS), ("Priority", PRIORITY_GLYPHS)):
        table.add_row(Text(f"  {name}", "bold"), Text("   ".join(f"{sign} {word}" for word, sign in glyphs.items())))
    for sign, words in (
        (CURSOR_GLYPH, "the selected ticket"),
        (FRESH_GLYPH, "changed since you opened it"),
        (PENDING_GLYPH, "what you did waits for the database"),
        (DRAFT_GLYPH, "you have begun to write to it; the draft is kept on this machine"),
        (HERE_GLYPH, "a colleague has it open"),
        (WRITING_GLYPH, "a colleague is writing to it"),
    ):
        table.add_row(Text(f"  {sign}", "bold"), Text(words))
    return table
