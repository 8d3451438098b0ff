"""Lists of articles: what stands on a shelf, what was found, and the categories that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.widgets.article_row import Item, of_row
from helpdesk_tui.widgets.category_tree import CategoryTree, Shelf

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import ArticleRow, Knowledge
    from helpdesk_tui.widgets.article_search import ArticleSearch

__all__ = ["ArticleLists"]

#: Articles of one reading of a list.
PAGE_ROWS: Final = 200


class ArticleLists:
    """Reads lists and shows them.

    Args:
        search: shows one list at a time.
        shelves: shows the categories.
        knowledge: what is asked; None until the database has answered.
        open_article: the article that is on the page, to be found in the list again.
        categories_read: told that the categories are there, or others now.
        say: says what happened; with ``alarm``, that something went wrong.
        staff: whether the person may write.

    Attributes:
        shelf: what is listed as long as nothing is searched for.
    """

    def __init__(
        self,
        search: ArticleSearch,
        shelves: CategoryTree,
        knowledge: Callable[[], Knowledge | None],
        open_article: Callable[[], UUID | None],
        categories_read: Callable[[], None],
        say: Callable[..., None],
        *,
        staff: bool,
    ) -> None:
        self._search = search
        self._shelves = shelves
        self._knowledge = knowledge
        self._open_article = open_article
        self._categories_read = categories_read
        self._say = say
        self._staff = staff
        self.shelf = Shelf("All articles")
        self._rows: dict[UUID, ArticleRow] = {}
        self._listing = 0

    @property
    def _asked(self) -> Knowledge:
        knowledge = self._knowledge()
        if knowledge is None:
            raise RuntimeError("the database has not answered yet")
        return knowledge

    async def read_tree(self) -> None:
        """Read the categories."""
        try:
            categories = await self._asked.tree()
        except HelpdeskError as error:
            self._shelves.show_failed(str(error))
            return
        first = not self._shelves.categories
        self._shelves.show(categories)
        if first and not self._search.searching:
            # The list may have been there first, and not known what its categories are called.
            self._search.list.update(*self._items(list(self._rows.values())))
        self._categories_read()

    async def show(self, *, keep: bool = False) -> None:
        """Show the articles of the shelf, unless something is searched for meanwhile; with ``keep`` those that are
        there stay till then."""
        shelf = self.shelf
        if self._knowledge() is None or self._search.searching:
            return
        self._listing = number = self._listing + 1
        shown = self._search.list
        if not keep:
            shown.show_loading(f"Loading {shelf.name} …")
        try:
            rows = await self._asked.listed(shelf.category, shelf.status, PAGE_ROWS)
        except HelpdeskError as error:
            if number == self._listing and not self._search.searching:
                shown.show_failed(shelf.name, str(error), "^R reads again.")
            return
        if number < self._listing or self._search.searching:
            return
        self._rows = {row.id: row for row in rows}
        more = len(rows) == PAGE_ROWS
        if rows:
            count = f"{len(rows)}+" if more else str(len(rows))
            shown.show(self._items(rows), f"{shelf.name} · {count}", more=more, keep=keep)
            article_id = self._open_article()
            if not keep and article_id is not None:
                shown.select(article_id)
        else:
            shown.show_empty(shelf.name, *self._nothing_in(shelf))

    def _items(self, rows: list[ArticleRow]) -> list[Item]:
        return [of_row(row, self._shelves.name_of(row.category_id)) for row in rows]

    def _nothing_in(self, shelf: Shelf) -> tuple[str, ...]:
        if shelf.status is not None:
            return (f"No article is {'a draft' if shelf.status == 'draft' else 'archived'}.",)
        write = ("N writes one.",) if self._staff else ()
        if shelf.below:
            return ("No article stands here itself.", "Those below are a step down: Tab, then l and j.")
        if shelf.category is not None:
            return ("There is no article in this category yet.", *write)
        return ("There are no articles yet.", *write)

    async def more(self, after_id: UUID) -> None:
        """Read what comes after an article of the list, the last one that is here."""
        shelf, after = self.shelf, self._rows.get(after_id)
        if after is None:
            return
        number = self._listing
        try:
            rows = await self._asked.listed(shelf.category, shelf.status, PAGE_ROWS, after)
        except HelpdeskError as error:
            self._say(f"The rest of the list could not be read: {error}", alarm=True)
            return
        if number == self._listing and not self._search.searching:
            self._rows |= {row.id: row for row in rows}
            self._search.list.add(self._items(rows), more=len(rows) == PAGE_ROWS)

    async def find(self, number: int, words: str) -> None:
        """Search for words; ``number`` is the question's, as :class:`ArticleSearch` has it."""
        knowledge = self._knowledge()
        if knowledge is None:
            self._search.failed(number, "Not connected yet.")
            return
        try:
            hits = await knowledge.search(words)
        except HelpdeskError as error:
            self._search.failed(number, str(error))
            return
        self._search.answer(number, hits)
