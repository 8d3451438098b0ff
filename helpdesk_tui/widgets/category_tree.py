"""The categories of the knowledge base, with how many articles each holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from rich.cells import cell_len
from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_style import STATUS_GLYPHS
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit, plain
from helpdesk_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import ArticleStatus, Category

__all__ = ["CategoryTree", "Shelf", "arranged"]

#: A tree of no more categories than this is shown whole at first.
OPEN_BELOW: Final = 60
#: Nothing is indented any further.
DEEPEST: Final = 6
FLOORS: Final = 100


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be chosen: a category, all articles, or all of one status.

    ``here`` is how many articles it holds itself, None where that is not counted; ``below`` how many the categories
    below it hold.
    """

    name: str
    category: UUID | None = None
    status: ArticleStatus | None = None
    depth: int = 0
    here: int | None = None
    below: int = 0
    parent: UUID | None = None
    children: bool = False
    description: str = ""

    @property
    def key(self) -> tuple[UUID | None, ArticleStatus | None]:
        """Which one it is."""
        return self.category, self.status


def arranged(categories: Sequence[Category]) -> list[Shelf]:
    """Categories as a tree, each below its parent, in the order they came in. One whose parent is not there, or is
    below itself, stands at the top."""
    known = {category.id: category for category in categories}
    children: dict[UUID | None, list[Category]] = defaultdict(list)
    for category in categories:
        children[category.parent_id if category.parent_id in known else None].append(category)
    found: list[Shelf] = []
    seen: set[UUID] = set()

    def add(category: Category, depth: int) -> int:
        seen.add(category.id)
        place = len(found)
        found.append(Shelf(""))
        # What lies deeper than anybody keeps a shelf stands at the top, by way of the loop at the end.
        inner = children[category.id] if depth < FLOORS else []
        below = sum(add(child, depth + 1) for child in inner if child.id not in seen)
        found[place] = Shelf(
            safe_line(category.name, 200) or "(no name)",
            category.id,
            None,
            depth,
            category.articles,
            below,
            category.parent_id if depth else None,
            len(found) > place + 1,
            category.description or "",
        )
        return category.articles + below

    for category in children[None]:
        add(category, 0)
    for category in categories:  # those that no way down led to, such as those in a circle
        if category.id not in seen:
            add(category, 0)
    return found


class CategoryTree(RowList):
    """All articles, for staff those of each status, then the categories.

    Args:
        staff: whether drafts and archived articles have a line each.
    """

    STYLE_PREFIX = "tree--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tree--row",
        "tree--cursor",
        "tree--current",
        "tree--head",
        "tree--name",
        "tree--count",
        "tree--mark",
        "tree--empty",
        "tree--loading",
        "tree--failed",
    }
    DEFAULT_CSS = """
    CategoryTree {
        height: 1fr;
        background: $background;
        & > .tree--row { color: $foreground; background: $background; }
        & > .tree--cursor { color: $foreground; background: $primary 30%; }
        & > .tree--current { color: $foreground; background: $panel; }
        & > .tree--head { color: $text-muted; background: $panel; }
        & > .tree--name { color: $foreground; }
        & > .tree--count { color: $text-muted; }
        & > .tree--mark { color: $text-accent; }
        & > .tree--empty { color: $foreground; }
        & > .tree--loading { color: $text-muted; text-style: italic; }
        & > .tree--failed { color: $text-error; text-style: bold; }
        &:nocolor > .tree--cursor { text-style: reverse; }
        &:nocolor > .tree--current { text-style: bold; }
        &:nocolor > .tree--head { text-style: bold; }
        &:ansi > .tree--cursor { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("categories"),
        *bound("categories", open="open", close="close", pick="pick"),
    ]

    class Picked(Message):
        """The articles of this one are wanted; ``entered`` if by Enter, else the cursor has only come to it."""

        def __init__(self, shelf: Shelf, entered: bool) -> None:
            super().__init__()
            self.shelf = shelf
            self.entered = entered

    def __init__(self, *, staff: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        fixed = [Shelf("All articles")]
        if staff:
            fixed += [
                Shelf(f"{STATUS_GLYPHS['draft']} Drafts", status="draft"),
                Shelf(f"{STATUS_GLYPHS['archived']} Archived", status="archived"),
            ]
        self._fixed = fixed
        #: As they came in.
        self.categories: tuple[Category, ...] = ()
        self._shelves: list[Shelf] = []
        self._folded: set[UUID] = set()
        self._lines: list[Shelf] = list(fixed)
        self._words = ("Loading …", "loading")
        self._shown_before = False

    # What comes in

    def show(self, categories: Sequence[Category]) -> None:
        """Show these categories; the cursor and what is folded away stay as they are."""
        self.categories = tuple(categories)
        self._shelves = arranged(categories)
        self._words = ("", "") if categories else ("There are no categories yet.", "empty")
        if not self._shown_before:
            self._shown_before = True
            if len(self._shelves) > OPEN_BELOW:
                self._folded = {one.category for one in self._shelves if one.children and one.category}
        self._fold(self.current.key)

    def show_failed(self, message: str) -> None:
        """The categories could not be read. Those that are here stay."""
        if not self._shelves:
            self._words = (f"✗ {safe_line(message, 300)}", "failed")
            self.refresh()

    @property
    def current(self) -> Shelf:
        """What the cursor is on."""
        return self._lines[min(self.cursor, len(self._lines) - 1)]

    @property
    def failed(self) -> bool:
        """Whether there are no categories because they could not be read."""
        return self._words[1] == "failed"

    def name_of(self, category: UUID | None) -> str | None:
        """A category's name."""
        return next((one.name for one in self._shelves if one.category == category), None) if category else None

    def select(self, key: tuple[UUID | None, ArticleStatus | None]) -> None:
        """Put the cursor on one, opening what hides it. Says nothing to anybody."""
        parents = {one.category: one.parent for one in self._shelves}
        above = parents.get(key[0])
        while above is not None and above in parents:
            self._folded.discard(above)
            above = parents[above]
        self._fold(key)

    # Keys

    def action_open(self) -> None:
        """Show what is below; where that is shown or nothing is, its articles."""
        shelf = self.current
        if shelf.children and shelf.category in self._folded:
            self._folded.discard(shelf.category)
            self._fold(shelf.key)
        else:
            self.action_pick()

    def action_close(self) -> None:
        """Hide what is below; where that is hidden or nothing is, go to what it is below of."""
        shelf = self.current
        if shelf.children and shelf.category and shelf.category not in self._folded:
            self._folded.add(shelf.category)
            self._fold(shelf.key)
        elif shelf.parent is not None:
            self.go_to(next((n for n, one in enumerate(self._lines) if one.category == shelf.parent), self.cursor))

    def action_pick(self) -> None:
        """Its articles."""
        self.post_message(self.Picked(self.current, entered=True))

    def moved(self, elsewhere: bool) -> None:
        """The articles of another category are wanted."""
        if elsewhere:
            self.post_message(self.Picked(self.current, entered=False))

    def _fold(self, key: tuple[UUID | None, ArticleStatus | None]) -> None:
        """Work out which lines there are, and keep the cursor on the same one."""
        self._lines = list(self._fixed)
        hidden: int | None = None
        for shelf in self._shelves:
            if hidden is not None and shelf.depth > hidden:
                continue
            hidden = shelf.depth if shelf.category in self._folded else None
            self._lines.append(shelf)
        self.cursor = next((n for n, one in enumerate(self._lines) if one.key == key), 0)
        self.keep_in_sight()

    # Painting

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def cursor_ground(self) -> str:
        """What the line with the cursor stands on."""
        return "cursor" if self.has_focus else "current"

    def render_line(self, y: int) -> LineStrip:
        """A heading, then a category a line."""
        width = self.size.width
        if y == 0:
            return self.strip([(fit(" Categories", width), "")], "head")
        index = self.top + y - 1
        if index >= len(self._lines):
            words = self._words[0] if index == len(self._lines) else ""
            return self.strip([(fit(f"  {words}", width), self._words[1] or "count")], "row")
        shelf = self._lines[index]
        ground = self.cursor_ground if index == self.cursor else "row"
        marker = "▌" if index == self.cursor else " "
        folded = shelf.category in self._folded
        mark = "▸ " if folded else "▾ " if shelf.children else "  " if shelf.category else ""
        # Of one that holds none itself but stands above others, only what is below it says something.
        count = "" if shelf.here is None or (not shelf.here and shelf.below) else str(shelf.here)
        if folded and shelf.below:
            count = f"{count} +{shelf.below}".strip()
        lead = marker + " " * (2 * min(shelf.depth, DEEPEST)) + " "
        room = width - cell_len(lead) - cell_len(mark) - cell_len(count) - 2
        name = fit(plain(shelf.name), max(room, 1))
        return self.strip([(lead, ""), (mark, "mark"), (name, "name"), (f" {count} ", "count")], ground)

    def clicked(self, place: int) -> None:
        """A click shows the articles."""
        self.go_to(place)
        self.action_pick()
