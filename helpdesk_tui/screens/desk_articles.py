"""Articles beside the desk's ticket: suggested and searched, read, and put into the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.screens.at_desk import AtDesk

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.knowledge import Knowledge
    from helpdesk_tui.core.model import Ticket
    from helpdesk_tui.widgets.article_finder import ArticleFinder
    from helpdesk_tui.widgets.article_row import Item
    from helpdesk_tui.widgets.ticket_pane import TicketPane

__all__ = ["Articles"]


class ArticleDesk(AtDesk, Protocol):
    """A desk with a ticket that articles are shown beside.

    Attributes:
        pane: the ticket.
    """

    pane: TicketPane

    @property
    def desk(self) -> Desk | None:
        """What is asked; None until the database has answered."""

    @property
    def narrow(self) -> bool:
        """Whether one pane is shown at a time."""

    def show_ticket_beside(self, ticket: Ticket) -> None:
        """Open a ticket, unless it is."""

    async def show_finder(self, finder: ArticleFinder) -> None:
        """Put the pane of articles beside the ticket, or over it."""

    def hide_finder(self) -> None:
        """Take it away."""

    def refresh_hints(self) -> None:
        """Other keys matter now."""


class Articles:
    """A pane of articles, made when it is needed first.

    Args:
        desk: where the person is.

    Attributes:
        finder: the pane; None as long as it was not needed.
    """

    def __init__(self, desk: ArticleDesk) -> None:
        self._desk = desk
        self.finder: ArticleFinder | None = None

    @property
    def have_keys(self) -> bool:
        """Whether the keys are those of the pane of articles."""
        return self.finder is not None and self.finder.has_focus_within

    @property
    def ticket_id(self) -> UUID | None:
        """The ticket that they are for."""
        return self.finder.ticket_id if self.finder is not None else None

    def _knowledge(self) -> Knowledge:
        from helpdesk_tui.core.knowledge import Knowledge

        return Knowledge(self._desk.link.database, self._desk.asked.me)

    def _made(self) -> ArticleFinder:
        from helpdesk_tui.widgets.article_finder import ArticleFinder

        if self.finder is None:
            link, staff = self._desk.link, self._desk.asked.me.role != "customer"
            self.finder = ArticleFinder(zone=link.zone, staff=staff, clock=link.clock, id="finder")
        return self.finder

    async def find(self) -> None:
        """Show articles for the ticket at hand; asked again, the keys go back and forth."""
        finder = await self._open()
        ticket = self._desk.pane.ticket
        if finder is not None and ticket is not None:
            finder.open(ticket.id, f"#{ticket.number}")
            self._desk.refresh_hints()

    async def follow(self, article_id: UUID) -> None:
        """Read an article that the thread links to, beside the ticket."""
        finder = await self._open()
        ticket = self._desk.pane.ticket
        if finder is not None and ticket is not None:
            finder.open(ticket.id, f"#{ticket.number}")
            finder.read(article_id)

    async def _open(self) -> ArticleFinder | None:
        ticket = self._desk.subject
        if ticket is None or self._desk.desk is None:
            self._desk.say("No ticket is selected")
            return None
        self._desk.show_ticket_beside(ticket)
        finder = self._made()
        await self._desk.show_finder(finder)
        return finder

    def close(self) -> None:
        """Take the articles away; the keys are the ticket's."""
        self._desk.hide_finder()
        if self._desk.pane.writing:
            self._desk.pane.composer.text.focus()
        else:
            self._desk.pane.focus_thread()
        self._desk.refresh_hints()

    # What the pane asks

    def asked_for(self, message: ArticleFinder.Asked) -> None:
        """Articles are wanted."""
        self._desk.spawn(self._answer_finder(message.ticket_id, message.number, message.words))

    async def _answer_finder(self, ticket_id: UUID, number: int, words: str) -> None:
        finder = self._made()
        try:
            if words:
                finder.found(number, await self._knowledge().search(words))
            else:
                finder.suggest(ticket_id, await self._knowledge().suggest(ticket_id))
        except HelpdeskError as error:
            finder.failed(ticket_id, number, str(error))

    def wanted(self, message: ArticleFinder.Wanted) -> None:
        """An article is to be read."""
        self._desk.spawn(self._read_article(message.article_id))

    async def _read_article(self, article_id: UUID) -> None:
        finder = self._made()
        try:
            article = await self._knowledge().article(article_id)
        except HelpdeskError as error:
            finder.reader.show_failed(str(error), "Esc goes back to the list.")
            return
        if finder.reading:
            finder.show(article)

    def put(self, message: ArticleFinder.Put) -> None:
        """An article is to go into the answer."""
        self._desk.spawn(self._put(message.item, as_text=message.as_text))

    async def _put(self, item: Item, *, as_text: bool) -> None:
        from helpdesk_tui.widgets.article_finder import link_to

        ticket = self._desk.pane.ticket
        if ticket is None:
            return
        internal = self._desk.pane.writing and self._desk.pane.composer.internal
        if item.status != "published" and not internal:
            self._desk.say(
                f"This article is {_A[item.status]}: requesters cannot read it. It can go into a note", alarm=True
            )
            return
        # With a space after it: what is typed next would be part of its address to whoever reads it.
        words = link_to(item.id, item.title) + " "
        if as_text:
            try:
                words = (await self._knowledge().article(item.id)).content
            except HelpdeskError as error:
                self._desk.say(str(error), alarm=True)
                return
        if not self._desk.pane.writing:
            await self._desk.pane.write(ticket, internal=False)
        if self._desk.pane.ticket is not None and self._desk.pane.ticket.id == ticket.id and self._desk.pane.writing:
            self._desk.pane.composer.insert(words, block=as_text)
            self.close()
            self._desk.say(
                "The article's text is in your answer" if as_text else "A link to the article is in your answer"
            )

    def left(self, message: ArticleFinder.Left) -> None:
        """The keys are the ticket's again."""
        if message.close or self._desk.narrow:
            self.close()
        else:
            self._desk.pane.focus_thread()
            self._desk.refresh_hints()


_A = {"draft": "a draft", "archived": "archived", "published": "published"}
