"""The knowledge base's panes: categories, what is found or listed, the article; one at a time on a narrow screen."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from helpdesk_tui.core.errors import HelpdeskError, NotFound
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.knowledge_lists import ArticleLists
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.article_list import ArticleList
from helpdesk_tui.widgets.article_reader import ArticleReader
from helpdesk_tui.widgets.article_row import of_article
from helpdesk_tui.widgets.article_search import ArticleSearch
from helpdesk_tui.widgets.category_tree import CategoryTree

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.knowledge import Article, Knowledge
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.screens.link import Link

__all__ = ["KnowledgeReading"]

Pane = Literal["tree", "list", "page"]
PANES: Final[tuple[Pane, ...]] = ("tree", "list", "page")

#: Columns from which all three panes are side by side, and from which list and article are.
WIDE, MEDIUM = 130, 100
#: So long the cursor rests on something before it is looked at.
PREVIEW_SECONDS: Final = 0.08
#: Articles that are shown at once when they are opened again, and then read anew.
HELD: Final = 50
#: Seconds between two readings of what has changed, at least, and up to so many more: lists are long.
GAP, JITTER = 0.5, 0.5


class KnowledgeReading(Place):
    """Finding and reading articles.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        #: Whether the person may write: then drafts are told from others, and what is not published is there at all.
        self.staff = link.me is None or link.me.role != "customer"
        self.shelves = CategoryTree(staff=self.staff, id="tree")
        way_on = "Other or fewer words may find it; N writes it." if self.staff else "Other or fewer words may find it."
        self.search = ArticleSearch(staff=self.staff, clock=link.clock, way_on=way_on, id="search")
        self.reader = ArticleReader(zone=link.zone, staff=self.staff, id="reader")
        self.page = Vertical(self.reader, id="page")
        self.knowledge: Knowledge | None = None
        self.pane: Pane = "list"
        self.lists = ArticleLists(
            self.search,
            self.shelves,
            lambda: self.knowledge,
            lambda: None if self.reader.article is None else self.reader.article.id,
            self.categories_read,
            self.say,
            staff=self.staff,
        )
        self._opening = 0
        #: The article that is to be on the page; None: none.
        self._wanted: UUID | None = None
        self._held: OrderedDict[UUID, Article] = OrderedDict()
        self._flying: Counter[UUID] = Counter()
        self._rest: Timer | None = None  # until the article under the cursor is looked at
        self._turning: Timer | None = None  # until the category under the cursor is

    def body(self) -> ComposeResult:
        """The panes."""
        with Horizontal(id="panes"):
            yield self.shelves
            yield self.search
            yield self.page

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.search.list.show_loading("Loading the articles …")
        self.reader.show_nothing("Choose an article, or press / and search.")
        self.go("list")

    # What the link tells

    @property
    def asked(self) -> Knowledge:
        """What is asked, where it is known to be there."""
        if self.knowledge is None:
            raise RuntimeError("the database has not answered yet")
        return self.knowledge

    def opened(self, desk: Desk) -> None:
        """The database can be asked."""
        from helpdesk_tui.core.knowledge import Knowledge

        self.knowledge = Knowledge(self.link.database, desk.me)
        self.follow("articles", self.read_again, gap=GAP, jitter=JITTER)
        self.spawn(self.lists.read_tree())
        self.spawn(self.lists.show())
        if self._wanted is not None:
            self.spawn(self._read(self._wanted))
        self.link.listen()

    def me_changed(self, me: Me) -> None:
        """Another role or department: another knowledge base, perhaps."""
        if self.knowledge is not None:
            self.knowledge.me = me
            self.spawn(self.read_again(None))

    def connection_changed(self, name: str, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.knowledge is None:
            self.search.list.show_failed("Not connected", why, "It is tried again by itself.")
            self.shelves.show_failed("Not connected.")

    def show(self, about: UUID) -> None:
        """Somebody came here for this article."""
        self.open_article(about)

    async def read_again(self, changed: Ids) -> None:
        """Read again what is shown."""
        await self.lists.read_tree()
        if self.search.searching:
            self.search.ask_again()
        else:
            await self.lists.show(keep=True)
        shown = self._wanted
        if shown is not None and (changed is None or shown in changed) and not self._flying[shown]:
            await self._read(shown)

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()
        if self.knowledge is not None:
            self.spawn(self.read_again(None))

    # Categories and lists

    def categories_read(self) -> None:
        """The categories are there, or others now."""

    @on(CategoryTree.Picked)
    def _picked(self, message: CategoryTree.Picked) -> None:
        self.status.hush()
        self.lists.shelf = message.shelf
        self.search.clear()
        for timer in (self._rest, self._turning):
            if timer is not None:
                timer.stop()
        if message.entered:
            self.go("list")
            self.spawn(self.lists.show())
        else:
            self._turning = self.set_timer(PREVIEW_SECONDS, lambda: self.spawn(self.lists.show()))

    @on(ArticleList.NeedMore)
    def _more_wanted(self, message: ArticleList.NeedMore) -> None:
        self.spawn(self.lists.more(message.after.id))

    # Searching

    @on(ArticleSearch.Asked)
    def _search_asked(self, message: ArticleSearch.Asked) -> None:
        if message.words:
            self.spawn(self.lists.find(message.number, message.words))
        else:
            self.spawn(self.lists.show())

    @on(ArticleSearch.Left)
    def _search_left(self) -> None:
        self.search.list.focus()

    def action_search(self) -> None:
        """Type what to find."""
        self.go("list")
        self.search.field.focus()

    # Articles

    @on(ArticleList.Highlighted)
    def _highlighted(self, message: ArticleList.Highlighted) -> None:
        self.status.hush()
        if self._rest is not None:
            self._rest.stop()
        if message.item is not None and self._previewing:
            self._rest = self.set_timer(PREVIEW_SECONDS, self._look_at_selected)

    @property
    def _previewing(self) -> bool:
        """Whether the page follows the list's cursor: never away from under somebody who reads or writes in it."""
        return not (self.has_class("narrow") or self.busy or self.page.has_focus_within)

    @property
    def busy(self) -> bool:
        """Whether something else than an article is on the page."""
        return self.has_class("editing") or self.has_class("comparing")

    def _look_at_selected(self) -> None:
        item = self.search.list.selected
        if item is not None and self._previewing:
            self._want(item.id, item.title)

    @on(ArticleList.Opened)
    def _opened(self, message: ArticleList.Opened) -> None:
        self.open_article(message.item.id, message.item.title)

    def open_article(self, article_id: UUID, title: str = "the article", *, followed: bool = False) -> None:
        """Show an article, and give it the keys."""
        if not followed:
            self.reader.forget_trail()
        self.leave_page()
        self._want(article_id, title)
        self.go("page")

    def leave_page(self) -> None:
        """Close whatever else than an article is on the page; nothing written is lost."""

    def _want(self, article_id: UUID, title: str) -> None:
        shown = self.reader.article
        self._wanted = article_id
        if shown is None or shown.id != article_id:
            held = self._held.get(article_id)
            if held is not None:
                self.reader.show(held)
            else:
                self.reader.show_loading(safe_line(title, 100))
        if self.knowledge is not None:
            self.spawn(self._read(article_id))

    async def _read(self, article_id: UUID) -> None:
        self._opening = number = self._opening + 1
        try:
            article = await self.asked.article(article_id)
        except NotFound as error:
            self._held.pop(article_id, None)
            if number == self._opening and self._wanted == article_id:
                self.reader.show_loading()  # what is not there any more is not shown any more
                self.reader.show_failed(str(error))
            return
        except HelpdeskError as error:
            if number == self._opening and self._wanted == article_id:
                self.reader.show_failed(str(error), "^R reads again.")
            return
        # What an act that is on its way has changed already is newer than this.
        if not self._flying[article_id]:
            self.hold(article)
            if number == self._opening and self._wanted == article_id:
                self.reader.show(article)
                self.article_shown(article)

    def article_shown(self, article: Article) -> None:
        """An article is on the page, for the first time or as it is now."""

    def hold(self, article: Article) -> None:
        """Remember an article as it is now."""
        self._held[article.id] = article
        self._held.move_to_end(article.id)
        while len(self._held) > HELD:
            self._held.popitem(last=False)

    def looks(self, article: Article) -> None:
        """An article looks like this now, wherever it is shown."""
        self.hold(article)
        if self.reader.article is not None and self.reader.article.id == article.id:
            self.reader.show(article)
        self.search.list.update(of_article(article))

    async def at_hand(self) -> Article | None:
        """The article that acts are about: the one on the page when that has the keys, else the one in the list."""
        item = self.search.list.selected
        if (self.page.has_focus_within or item is None) and self.reader.article is not None:
            return self.reader.article
        if item is None or self.knowledge is None:
            self.say("No article is chosen")
            return None
        held = self._held.get(item.id)
        if held is not None:
            return held
        try:
            article = await self.knowledge.article(item.id)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return None
        self.hold(article)
        return article

    @on(ArticleReader.Wanted)
    def _link_followed(self, message: ArticleReader.Wanted) -> None:
        self.open_article(message.article_id, followed=True)

    @on(ArticleReader.Returned)
    def _returned(self, message: ArticleReader.Returned) -> None:
        self._want(message.article.id, message.article.title)

    # Panes

    def go(self, pane: Pane) -> None:
        """Give the keys to a pane."""
        self._turn_to(pane)
        if pane == "tree":
            self.shelves.focus()
        elif pane == "list":
            self.search.list.focus()
        else:
            self.focus_page()

    def focus_page(self) -> None:
        """The keys are the page's."""
        self.reader.focus_text()

    def _turn_to(self, pane: Pane) -> None:
        self.pane = pane
        for name in PANES:
            self.set_class(name == pane, f"at-{name}")

    def action_step(self, by: int) -> None:
        """To the next pane, or the one before."""
        self.go(PANES[(PANES.index(self.pane) + by) % len(PANES)])

    def action_home(self) -> None:
        """A step back: from the article or the categories to the list, from what was found to all, then home."""
        if self.pane != "list":
            self.go("list")
        elif self.search.searching:
            self.search.clear()
            self.search.list.focus()
        else:
            super().action_home()

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        for pane, widget in (("tree", self.shelves), ("list", self.search), ("page", self.page)):
            if widget.has_focus_within:
                self._turn_to(pane)  # type: ignore[arg-type]
        self.refresh_hints()

    def on_resize(self, event: events.Resize) -> None:
        """Panes side by side where there is room."""
        width = event.size.width
        self.set_class(width < MEDIUM, "narrow")
        self.set_class(MEDIUM <= width < WIDE, "medium")
