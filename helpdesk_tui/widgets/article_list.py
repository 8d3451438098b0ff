"""A list of articles: what a search found, or what a category holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, Literal
from uuid import UUID

from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_row import Item, row_lines
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["ArticleList", "State"]

State = Literal["loading", "empty", "failed", "ready"]

#: Rows below the cursor when more of a long list is asked for.
AHEAD = 20


class ArticleList(RowList):
    """Articles below a line that says what they are. It asks nobody for anything: it says what it wants.

    Args:
        staff: whether drafts and archived articles are told from others, and who wrote them.
        clock: tells the time that ages are counted from.
    """

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
        self.items: list[Item] = []
        self.state: State = "loading"
        self._head = ""
        self._note = ""
        self._words: tuple[str, ...] = ()
        self._typed = ""
        self._passages = False
        self._more = False
        self._asked_after: UUID | None = None
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
        self.items = list(items)
        self.state, self._head, self._note, self._words = "ready", safe_line(head), "", ()
        self._typed, self._more, self._asked_after = words, more, None
        self._passages = any(item.snippet for item in self.items)
        place = next((n for n, item in enumerate(self.items) if chosen and item.id == chosen.id), None)
        self.cursor = (place if place is not None else min(self.cursor, len(self.items) - 1)) if keep else 0
        if not keep:
            self.top = 0
        self.keep_in_sight()
        if self.selected != chosen:
            self.tell(self.Highlighted, self.selected)

    def add(self, items: Sequence[Item], *, more: bool) -> None:
        """What comes after the last article."""
        known = {item.id for item in self.items}
        self.items += [item for item in items if item.id not in known]
        self._more, self._asked_after = more, None
        self.refresh()

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
            self.refresh(self._head_region)
        else:
            self._leave("loading", head)

    def show_empty(self, head: str, *words: str) -> None:
        """Show that there are none, and the way on."""
        self._leave("empty", head, *words)

    def show_failed(self, head: str, message: str, hint: str) -> None:
        """Show that articles could not be read, why, and the way out. What is here stays readable."""
        if self.state == "ready":
            self._note = f"✗ not up to date: {safe_line(message, 200)}"
            self.refresh(self._head_region)
        else:
            self._leave("failed", head, f"✗ {safe_line(message, 400)}", hint)

    def _leave(self, state: State, head: str, *words: str) -> None:
        had = self.selected
        self.state, self._head, self._words, self._note = state, safe_line(head), tuple(map(safe_line, words)), ""
        self.items, self.cursor, self.top, self._more = [], 0, 0, False
        self.refresh()
        if had is not None:
            self.tell(self.Highlighted, None)

    # What is there

    @property
    def selected(self) -> Item | None:
        """The article that the cursor is on."""
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    def select(self, article_id: UUID) -> bool:
        """Put the cursor on an article; False if it is not here."""
        place = next((n for n, item in enumerate(self.items) if item.id == article_id), None)
        if place is not None:
            self.go_to(place)
        return place is not None

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in place of articles."""
        return self._words

    # Keys

    def action_open(self) -> None:
        """Read the article."""
        if self.selected is not None:
            self.tell(self.Opened, self.selected)

    def go_to(self, place: int) -> None:
        """Put the cursor on an article, or on the nearest that there is."""
        before = self.cursor
        super().go_to(place)
        if self.cursor != before:
            self.tell(self.Highlighted, self.selected)

    def moved(self) -> None:
        """Where the end comes near, there may be more."""
        last = self.items[-1]
        if self._more and self.cursor >= len(self.items) - AHEAD and self._asked_after != last.id:
            self._asked_after = last.id
            self.tell(self.NeedMore, last)

    # Painting

    @property
    def count(self) -> int:
        """How many articles are here."""
        return len(self.items)

    @property
    def _row_height(self) -> int:
        return 2 if self._passages else 1

    @property
    def fits(self) -> int:
        """How many articles the widget has room for."""
        return max((self.size.height - 1) // self._row_height, 1)

    @property
    def _head_region(self) -> Region:
        return Region(0, 0, self.size.width, 1)

    def row_at(self, y: int) -> int | None:
        """The article that is drawn on a line."""
        place = self.top + (y - 1) // self._row_height
        return place if y > 0 and place < self.count else None

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
        index, row = divmod(y - 1, self._row_height)
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
