"""Articles beside the desk's ticket: suggested and searched, read, and put into the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens.desk_many import DeskMany
from helpdesk_tui.widgets.article_row import Item
from helpdesk_tui.widgets.thread_links import ArticleLink

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.core.knowledge import Knowledge
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.article_finder import ArticleFinder

__all__ = ["DeskArticles"]


class DeskArticles(DeskMany):
    """The ticket, and a pane of articles beside it or over it.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._finder: ArticleFinder | None = None
        self._making = asyncio.Lock()

    @property
    def finding(self) -> bool:
        """Whether the keys are those of the pane of articles."""
        return self._finder is not None and self._finder.has_focus_within

    @property
    def subject(self) -> Ticket | None:
        """The ticket that acts are about: that of the articles while they have the keys."""
        return self.pane.ticket if self.finding else super().subject

    def _knowledge(self) -> Knowledge:
        from helpdesk_tui.core.knowledge import Knowledge

        return Knowledge(self.link.database, self.asked.me)

    async def _made(self) -> ArticleFinder:
        """The pane, made when it is needed first."""
        from helpdesk_tui.widgets.article_finder import ArticleFinder

        async with self._making:
            if self._finder is None:
                staff = self.asked.me.role != "customer"
                finder = ArticleFinder(zone=self.link.zone, staff=staff, clock=self.link.clock, id="finder")
                await self.query_one("#panes", Horizontal).mount(finder)
                self._finder = finder
            return self._finder

    async def action_find_article(self) -> None:
        """Show articles for the ticket at hand; asked again, the keys go back and forth."""
        finder = await self._open_finder()
        if finder is not None and self.pane.ticket is not None:
            ticket = self.pane.ticket
            finder.open(ticket.id, f"#{ticket.number}")
            self.refresh_hints()

    async def _open_finder(self) -> ArticleFinder | None:
        ticket = self.subject
        if ticket is None or self.desk is None:
            self.say("No ticket is selected")
            return None
        if self.pane.ticket is None or self.pane.ticket.id != ticket.id or not self.has_class("reading"):
            self.open_ticket(ticket)
        finder = await self._made()
        self.add_class("finding")
        return finder

    def close_finder(self) -> None:
        """Take the articles away; the keys are the ticket's."""
        self.remove_class("finding")
        if self.pane.writing:
            self.pane.composer.text.focus()
        else:
            self.pane.focus_thread()
        self.refresh_hints()

    def open_ticket(self, ticket: Ticket) -> None:
        """Open a ticket; articles for another one go."""
        if self._finder is not None and self._finder.ticket_id != ticket.id:
            self.remove_class("finding")
        super().open_ticket(ticket)

    def action_back(self) -> None:
        """From the ticket to the queue."""
        self.remove_class("finding")
        super().action_back()

    @on(ArticleLink)
    async def _article_linked(self, message: ArticleLink) -> None:
        """A link to an article in the thread: it is read beside the ticket."""
        finder = await self._open_finder()
        if finder is not None and self.pane.ticket is not None:
            finder.open(self.pane.ticket.id, f"#{self.pane.ticket.number}")
            finder.read(message.article_id)

    # What the pane asks; its messages are named here, since its module is imported when it is needed

    def on_article_finder_asked(self, message: ArticleFinder.Asked) -> None:
        """Articles are wanted."""
        self.spawn(self._answer_finder(message.ticket_id, message.number, message.words))

    async def _answer_finder(self, ticket_id: UUID, number: int, words: str) -> None:
        finder = await self._made()
        try:
            if words:
                finder.found(number, await self._knowledge().search(words))
            else:
                finder.suggest(ticket_id, await self._knowledge().suggest(ticket_id))
        except HelpdeskError as error:
            finder.failed(ticket_id, number, str(error))

    def on_article_finder_wanted(self, message: ArticleFinder.Wanted) -> None:
        """An article is to be read."""
        self.spawn(self._read_article(message.article_id))

    async def _read_article(self, article_id: UUID) -> None:
        finder = await self._made()
        try:
            article = await self._knowledge().article(article_id)
        except HelpdeskError as error:
            finder.reader.show_failed(str(error), "Esc goes back to the list.")
            return
        if finder.reading:
            finder.show(article)

    def on_article_finder_put(self, message: ArticleFinder.Put) -> None:
        """An article is to go into the answer."""
        self.spawn(self._put(message.item, as_text=message.as_text))

    async def _put(self, item: Item, *, as_text: bool) -> None:
        from helpdesk_tui.widgets.article_finder import link_to

        ticket = self.pane.ticket
        if ticket is None:
            return
        internal = self.pane.writing and self.pane.composer.internal
        if item.status != "published" and not internal:
            self.say(f"This article is {_A[item.status]}: requesters cannot read it. It can go into a note", alarm=True)
            return
        # With a space after it: what is typed next would be part of its address to whoever reads it.
        words = link_to(item.id, item.title) + " "
        if as_text:
            try:
                words = (await self._knowledge().article(item.id)).content
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                return
        if not self.pane.writing:
            await self.pane.write(ticket, internal=False)
        if self.pane.ticket is not None and self.pane.ticket.id == ticket.id and self.pane.writing:
            self.pane.composer.insert(words, block=as_text)
            self.close_finder()
            self.say("The article's text is in your answer" if as_text else "A link to the article is in your answer")

    def on_article_finder_left(self, message: ArticleFinder.Left) -> None:
        """The keys are the ticket's again."""
        if message.close or self.narrow:
            self.close_finder()
        else:
            self.pane.focus_thread()
            self.refresh_hints()


_A = {"draft": "a draft", "archived": "archived", "published": "published"}
