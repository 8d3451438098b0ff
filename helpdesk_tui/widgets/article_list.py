"""A list of articles: what a search found, or what a category holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_row import Item, row_lines
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.paged_list import PagedList, State
from helpdesk_tui.widgets.queue_row import fit

__all__ = ["ArticleList", "State"]


class ArticleList(PagedList[Item]):
    """Articles below a line that says what they are.

    Args:
        staff: whether drafts and archived articles are told from others, and who wrote them.
        clock: tells the time that ages are counted from.
    """

    AHEAD = 20
    STYLE_PREFIX = "articles--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "articles--row",
        "articles--cursor",
        "articles--cursor-blurred",
        "articles--head",
        "articles--title",
        "articles--about",
        "articles--category",
        "articles--match",
        "articles--draft",
        "articles--archived",
        "articles--failed",
        "articles--empty",
        "articles--loading",
    }
    DEFAULT_CSS = """
    ArticleList {
        height: 1fr;
        background: $background;
        & > .articles--row { color: $foreground; background: $background; }
        & > .articles--cursor { color: $foreground; background: $primary 30%; }
        & > .articles--cursor-blurred { color: $foreground; background: $panel; }
        & > .articles--head { color: $text-muted; background: $panel; }
        & > .articles--title { color: $foreground; }
        & > .articles--about { color: $text-muted; }
        & > .articles--category { color: $text-secondary; }
        & > .articles--match { color: $text-accent; text-style: bold underline; }
        & > .articles--draft { color: $text-warning; text-style: bold; }
        & > .articles--archived { color: $text-secondary; text-style: bold; }
        & > .articles--failed { color: $text-error; text-style: bold; }
        & > .articles--empty { color: $foreground; }
        & > .articles--loading { color: $text-muted; text-style: italic; }
        &:nocolor > .articles--cursor { text-style: reverse; }
        &:nocolor > .articles--cursor-blurred { text-style: bold; }
        &:nocolor > .articles--head { text-style: bold; }
        &:ansi > .articles--cursor { background: ansi_default; text-style: reverse; }
        &:ansi > .articles--match { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moving("articles"), *bound("articles", open="open")]

    class Highlighted(Message):
        """The cursor stands on another article; None: on none."""

        def __init__(self, item: Item | None) -> None:
            super().__init__()
            self.item = item

    class Opened(Message):
        """An article is to be read."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    class NeedMore(Message):
        """The end of what is here comes near, and there is more."""

        def __init__(self, after: Item) -> None:
            super().__init__()
            self.after = after

    def __init__(
        self,
        *,
        staff: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._staff = staff
        self._clock = clock
        self._typed = ""
        self._passages = False
        #: Where one types and moves the cursor from: while it has the focus, the cursor looks as if it were here.
        self.field: Widget | None = None

    # What comes in

    def show(
        self, items: Sequence[Item], head: str, *, words: str = "", more: bool = False, keep: bool = False
    ) -> None:
        """Show some articles.

        Args:
            items: in their order; with none, say :meth:`show_empty` instead.
            head: what they are, on the line above them.
            words: what was searched for.
            more: whether there are more after them, see :class:`NeedMore`.
            keep: stay on the article that the cursor is on, if it is still there.
        """
        chosen = self.selected
        place = self.adopt(items, more=more)
        self._head, self._typed = safe_line(head), words
        self._passages = any(item.snippet for item in self.items)
        self.cursor = (place if place is not None else min(self.cursor, len(self.items) - 1)) if keep else 0
        if not keep:
            self.top = 0
        self.keep_in_sight()
        if self.selected != chosen:
            self.tell(self.Highlighted, self.selected)

    def update(self, *items: Item) -> None:
        """Articles that may be here look like this now."""
        known = {item.id: item for item in items}
        self.items = [
            replace(known[old.id], snippet=old.snippet, spans=old.spans) if old.id in known else old
            for old in self.items
        ]
        self.refresh()

    def show_loading(self, head: str, *, keep: bool = False) -> None:
        """Show that articles are on their way; with ``keep``, what is here stays readable meanwhile."""
        if keep and self.state == "ready":
            self._note = head
            self.refresh(self.head_region)
        else:
            self._leave("loading", head)

    def show_empty(self, head: str, *words: str) -> None:
        """Show that there are none, and the way on."""
        self._leave("empty", head, *words)

    def show_failed(self, head: str, message: str, hint: str) -> None:
        """Show that articles could not be read, why, and the way out. What is here stays readable."""
        if not self.keep_with_note(message):
            self._leave("failed", head, f"✗ {safe_line(message, 400)}", hint)

    def _leave(self, state: State, head: str, *words: str) -> None:
        had = self.selected
        self._head = safe_line(head)
        self.put_words(state, *words)
        if had is not None:
            self.tell(self.Highlighted, None)

    # What it says

    def open_item(self, item: Item) -> None:
        """An article is to be read."""
        self.tell(self.Opened, item)

    def want_more(self, last: Item) -> None:
        """There is more after the last article."""
        self.tell(self.NeedMore, last)

    def moved(self, elsewhere: bool) -> None:
        """The cursor stands on another article."""
        if elsewhere:
            self.tell(self.Highlighted, self.selected)

    # Painting

    @property
    def row_height(self) -> int:
        """A line, or two where passages are shown."""
        return 2 if self._passages else 1

    @property
    def cursor_ground(self) -> str:
        """While one types in the field beside it, the cursor looks as if the focus were here."""
        typing = self.field is not None and self.field.has_focus
        return "cursor" if typing else super().cursor_ground

    def render_line(self, y: int) -> LineStrip:
        """The line that says what is here, then the articles."""
        width = self.size.width
        if y == 0:
            return self.strip([(f" {fit(self._note or self._head, width - 1)}", "")], "head")
        index, row = divmod(y - 1, self.row_height)
        index += self.top
        if index < len(self.items):
            cursor = index == self.cursor
            lines = row_lines(
                self.items[index],
                width,
                self._clock(),
                staff=self._staff,
                passages=self._passages,
                words=self._typed,
                cursor=cursor,
            )
            return self.strip(lines[row], self.cursor_ground if cursor else "row")
        if not self.items and 0 <= (number := y - 2) < len(self._words):
            name = self.state if self.state in ("failed", "empty") and number == 0 else "about"
            return self.strip([(fit(f"  {self._words[number]}", width), name)], "row")
        return self.strip([(" " * width, "")], "row")
