"""Articles for a ticket: suggested, searched, read, and put into what is being written, as a link or as text.

It asks nobody for anything: it says what it wants, and whoever owns it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_list import ArticleList
from helpdesk_tui.widgets.article_reader import ArticleReader
from helpdesk_tui.widgets.article_row import Item, of_article, of_hit
from helpdesk_tui.widgets.article_search import ArticleSearch
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import fit

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article, Hit

__all__ = ["ArticleFinder", "link_to"]


def link_to(article_id: UUID, title: str) -> str:
    """A link to an article, as Markdown."""
    words = safe_line(title, 200) or "article"
    for mark in "\\[]":
        words = words.replace(mark, f"\\{mark}")
    return f"[{words}](article:{article_id})"


class _Head(LineView, can_focus=False):
    """What the pane is for, and its keys."""

    STYLE_PREFIX = "finder--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"finder--row", "finder--keys"}
    DEFAULT_CSS = """
    _Head {
        height: 1;
        background: $panel;
        & > .finder--row { color: $foreground; background: $panel; text-style: bold; }
        & > .finder--keys { color: $text-accent; text-style: bold; }
    }
    """
    words = ""
    keys = ""

    def render_line(self, y: int) -> LineStrip:  # noqa: ARG002  (there is one line)
        width = self.size.width
        keys = f" {self.keys} " if len(self.keys) + 20 < width else ""
        left = fit(f" {self.words}", width - len(keys))
        return LineStrip([Segment(left, self.line_style("row")), Segment(keys, self.line_style("row", "keys"))], width)


class ArticleFinder(Vertical):
    """The pane.

    Args:
        zone: where the reader is; None: where this machine is.
        staff: whether drafts and archived articles are told from others.
        clock: tells the time that ages are counted from.
    """

    DEFAULT_CSS = """
    ArticleFinder {
        background: $background;
        & ArticleReader { display: none; }
        &.-reading ArticleReader { display: block; }
        &.-reading ArticleSearch { display: none; }
    }
    """
    # Ahead of the keys of what is inside, where `l` would choose a link; in a text field a letter is a letter.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bound("finder", priority=True, link="put(False)", text="put(True)"),
        *bound("finder", search="search", other_pane="leave(False)", back="back"),
    ]

    class Asked(Message):
        """Articles are wanted: those that fit some words, or with no words those that may help with the ticket. Answer
        with :meth:`ArticleFinder.found`, :meth:`~ArticleFinder.suggest` or :meth:`~ArticleFinder.failed`."""

        def __init__(self, ticket_id: UUID, number: int, words: str) -> None:
            super().__init__()
            self.ticket_id = ticket_id
            self.number = number
            self.words = words

    class Wanted(Message):
        """An article is to be read. Answer with :meth:`ArticleFinder.show`, or by the reader's ``show_failed``."""

        def __init__(self, article_id: UUID) -> None:
            super().__init__()
            self.article_id = article_id

    class Put(Message):
        """An article is to go into what is being written to the ticket."""

        def __init__(self, item: Item, as_text: bool) -> None:
            super().__init__()
            self.item = item
            self.as_text = as_text

    class Left(Message):
        """The keys are the ticket's again; ``close``: the pane may go."""

        def __init__(self, close: bool) -> None:
            super().__init__()
            self.close = close

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        staff: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._head = _Head()
        self.search = ArticleSearch(staff=staff, clock=clock, placeholder="Search all articles: press /")
        self.reader = ArticleReader(zone=zone, staff=staff, votes=False)
        self.ticket_id: UUID | None = None
        self._name = ""
        self._suggested: tuple[UUID, list[Item]] | None = None

    def compose(self) -> ComposeResult:
        """What the pane is for; search; the article being read."""
        yield self._head
        yield self.search
        yield self.reader

    # What comes in

    def open(self, ticket_id: UUID, name: str) -> None:
        """Show what may help with a ticket, called by a short name such as its number; what was typed for the same
        ticket before is still there."""
        if ticket_id != self.ticket_id:
            self.ticket_id, self._name, self._suggested = ticket_id, name, None
            self.search.clear()
            self.reader.forget_trail()
        self._turn(reading=False)
        if not self.search.searching:
            self._ask_for_suggestions()
        self.search.list.focus()

    def found(self, number: int, hits: Sequence[Hit]) -> None:
        """What a search found."""
        self.search.answer(number, hits)

    def suggest(self, ticket_id: UUID, hits: Sequence[Hit]) -> None:
        """What may help with the ticket."""
        if ticket_id != self.ticket_id:
            return
        self._suggested = (ticket_id, [of_hit(hit) for hit in hits])
        self._show_suggestions()

    def failed(self, ticket_id: UUID, number: int, message: str) -> None:
        """What was asked for could not be read; ``number`` as in :class:`Asked`."""
        if number:
            self.search.failed(number, message)
        elif ticket_id == self.ticket_id and not self.search.searching:
            self.search.list.show_failed(f"Suggested for {self._name}", message, "/ searches, Esc and f tries again.")

    def show(self, article: Article) -> None:
        """Show an article that was wanted."""
        self.reader.show(article)

    def read(self, article_id: UUID, title: str = "the article") -> None:
        """Have an article read here."""
        self._turn(reading=True)
        self.reader.show_loading(title)
        self.reader.focus_text()
        self._tell(lambda: self.Wanted(article_id))

    # What is there

    @property
    def reading(self) -> bool:
        """Whether an article is shown, not the list."""
        return self.has_class("-reading")

    @property
    def item(self) -> Item | None:
        """The article at hand: the one being read, else the one that the cursor is on."""
        if self.reading:
            return of_article(self.reader.article) if self.reader.article is not None else None
        return self.search.list.selected

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """In a text field a letter is a letter."""
        return not (action == "put" and isinstance(self.app.focused, Input))

    def action_put(self, as_text: bool) -> None:
        """Put the article into what is being written."""
        if self.item is not None:
            self.post_message(self.Put(self.item, as_text))

    def action_search(self) -> None:
        """Type what to find."""
        self._turn(reading=False)
        self.search.field.focus()

    def action_back(self) -> None:
        """From the article to the list, from what was found to what is suggested, then out."""
        if self.reading:
            self._turn(reading=False)
            self.search.list.focus()
        elif self.search.searching:
            self.search.clear()
            self.search.list.focus()
        else:
            self.action_leave(True)

    def action_leave(self, close: bool) -> None:
        """To the ticket."""
        self.post_message(self.Left(close))

    # The inside

    @on(ArticleSearch.Asked)
    def _asked(self, message: ArticleSearch.Asked) -> None:
        message.stop()
        if message.words and self.ticket_id is not None:
            self.post_message(self.Asked(self.ticket_id, message.number, message.words))
        else:
            self._ask_for_suggestions()

    def _ask_for_suggestions(self) -> None:
        if self.ticket_id is None:
            return
        if self._suggested is not None:
            self._show_suggestions()
        else:
            self.search.list.show_loading(f"Looking for what may help with {self._name} …")
        ticket_id = self.ticket_id
        self._tell(lambda: self.Asked(ticket_id, 0, ""))

    def _show_suggestions(self) -> None:
        if self._suggested is None or self.search.searching:
            return
        items = self._suggested[1]
        if items:
            self.search.list.show(items, f"Suggested for {self._name}", keep=True)
        else:
            self.search.list.show_empty(
                f"Suggested for {self._name}", "No article fits this ticket.", "/ searches all."
            )

    @on(ArticleSearch.Left)
    def _search_left(self, message: ArticleSearch.Left) -> None:
        message.stop()
        self.search.list.focus()

    @on(ArticleList.Opened)
    def _opened(self, message: ArticleList.Opened) -> None:
        message.stop()
        self.reader.forget_trail()
        self.read(message.item.id, message.item.title)

    @on(ArticleList.Highlighted)
    @on(ArticleList.NeedMore)
    def _not_told(self, message: Message) -> None:
        message.stop()

    @on(ArticleReader.Wanted)
    def _followed(self, message: ArticleReader.Wanted) -> None:
        message.stop()
        self.read(message.article_id)

    @on(ArticleReader.Returned)
    def _returned(self, message: ArticleReader.Returned) -> None:
        message.stop()

    def _tell(self, message: Callable[[], Message]) -> None:
        """Say something as this widget, also where its owner's handler asked for it: Textual lets no message reach the
        one whose handler made it."""
        self.call_later(lambda: self.post_message(message()))

    def _turn(self, *, reading: bool) -> None:
        self.set_class(reading, "-reading")
        self._head.words = f"An article for {self._name}" if reading else f"Articles for {self._name}"
        self._head.keys = "l link  t text  Esc list" if reading else "Enter read  l link  t text  / search  Esc close"
        self._head.refresh()
