"""The desk: queues left, the ticket right (one at a time on a narrow screen), what is live below."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from helpdesk_tui.actions import Context
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens import desk_outbox, desk_since
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.choices import sort_choices
from helpdesk_tui.screens.desk_acts import DeskActs
from helpdesk_tui.screens.desk_words import Words
from helpdesk_tui.widgets.picker import Picker
from helpdesk_tui.widgets.prompt import Prompt
from helpdesk_tui.widgets.thread_links import ArticleLink

if TYPE_CHECKING:
    from helpdesk_tui.core.model import Ticket
    from helpdesk_tui.screens.desk_articles import Articles
    from helpdesk_tui.screens.desk_commands import OwnCommands
    from helpdesk_tui.screens.desk_details import Details
    from helpdesk_tui.screens.desk_relations import Relations
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.article_finder import ArticleFinder

__all__ = ["DeskScreen"]

#: The keys worth knowing, the first ones where there is little room.
QUEUE_HINTS = (
    "queue.open",
    "app.help",
    "desk.status",
    "desk.assign",
    "desk.priority",
    "desk.reply",
    "desk.undo",
    "desk.move",
)
READING_HINTS = (
    "desk.back",
    "app.help",
    "desk.reply",
    "desk.note",
    "desk.status",
    "desk.assign",
    "thread.next",
    "desk.undo",
)
FILTER_HINTS = ("filter.apply", "filter.take", "filter.leave", "filter.down", "filter.up")
FINDER_HINTS = ("finder.back", "app.help", "articles.open", "finder.link", "finder.text", "finder.search")


class DeskScreen(DeskActs):
    """Where an agent works all day: queues, a ticket, and acts on it in two keys.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "desk.tcss"
    LIST = "#queue"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("queue", "filter", "thread", "finder")
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue", "thread")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.prompt = Prompt(id="pipe")
        self._words_asked = Words(self.prompt, self.say, self._focus_back)
        self._articles: Articles | None = None
        for number, command in enumerate(link.settings.commands):
            for key in command.keys:
                self._bindings.bind(key, f"screen.command({number})", safe_line(command.name, 60), show=False)

    def body(self) -> ComposeResult:
        """Tabs, panes, question."""
        yield self.tabs
        with Horizontal(id="panes"):
            yield self.queue
            yield self.pane
        yield self.picker

    def on_mount(self) -> None:
        """The keys are the queue's."""
        self.queue.focus()
        self._show_tabs()

    async def complete(self) -> None:
        """Make what the first picture does not show."""
        await super().complete()
        await self._late(self.prompt)

    # Asking

    def action_pick(self, question: str) -> None:
        """Ask for the second key."""
        if question == "sort":
            self.picker.ask("Sort by", sort_choices(self.queue.window.sort), self.sort_by)
        else:
            self.ask_of(question)

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        # First: what is chosen may take the focus on, or ask more.
        self._focus_back()
        message.answer()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self._focus_back()

    def _focus_back(self) -> None:
        """The keys go where they were before a question."""
        if self.has_class("reading"):
            self.pane.focus_thread()
        else:
            self.queue.focus()

    def ask_words(
        self,
        words: str,
        use: Callable[[str], None],
        text: str = "",
        placeholder: str = "",
        means: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for some words, see :meth:`Words.ask`."""
        self._words_asked.ask(words, use, text, placeholder, means)

    @on(Prompt.Typed)
    def _words_typed(self, message: Prompt.Typed) -> None:
        self._words_asked.typed(message)

    @on(Prompt.Answered)
    def _words_answered(self, message: Prompt.Answered) -> None:
        self._words_asked.answered(message)

    @cached_property
    def _details(self) -> Details:
        from helpdesk_tui.screens.desk_details import Details

        return Details(self)

    def action_snooze(self) -> None:
        """Ask until when the ticket is to sleep."""
        self._details.snooze()

    def action_due(self) -> None:
        """Ask by when the ticket is due."""
        self._details.due()

    def action_fields(self) -> None:
        """Ask which custom field to fill in."""
        self._details.fields()

    def action_away(self) -> None:
        """Go away, or come back."""
        from helpdesk_tui.screens.desk_away import Away

        Away(self).ask()

    @property
    def _relations(self) -> Relations:
        from helpdesk_tui.screens.desk_relations import Relations  # few tickets have any

        return Relations(self)

    def action_merge(self) -> None:
        """Ask which ticket to merge into."""
        self._relations.merge()

    def action_split(self) -> None:
        """Ask how much of the thread becomes a ticket of its own."""
        self._relations.split()

    def action_links(self) -> None:
        """Ask what the ticket is to which other one."""
        self._relations.links()

    def action_follow(self) -> None:
        """Follow the tickets, or follow them no more where all are followed."""
        self._relations.follow()

    def action_since(self) -> None:
        """List what changed since the person was last here."""
        desk_since.ask(self)

    def action_unsent(self) -> None:
        """List what waits to be sent, or was refused."""
        desk_outbox.ask(self)

    # A person's own commands

    @cached_property
    def _commands(self) -> OwnCommands:
        from helpdesk_tui.screens.desk_commands import OwnCommands

        return OwnCommands(self)

    @property
    def reading(self) -> bool:
        """Whether the keys are the open ticket's."""
        return self.pane.has_focus_within

    def action_command(self, number: int) -> None:
        """Run one of them on the ticket at hand."""
        self._commands.run(number)

    def action_commands(self) -> None:
        """Choose one of them."""
        self._commands.choose()

    async def action_pipe(self) -> None:
        """Ask what to pipe the ticket to."""
        await self._late(self.prompt)
        self._commands.pipe()

    # Articles beside the ticket

    @property
    def articles(self) -> Articles:
        """Those for the ticket."""
        from helpdesk_tui.screens.desk_articles import Articles

        if self._articles is None:
            self._articles = Articles(self)
        return self._articles

    @property
    def finding(self) -> bool:
        """Whether the keys are those of the pane of articles."""
        return self._articles is not None and self._articles.have_keys

    @property
    def subject(self) -> Ticket | None:
        """The ticket that acts are about: that of the articles while they have the keys."""
        return self.pane.ticket if self.finding else super().subject

    async def action_find_article(self) -> None:
        """Show articles for the ticket at hand."""
        await self.articles.find()

    @on(ArticleLink)
    async def _article_linked(self, message: ArticleLink) -> None:
        await self.articles.follow(message.article_id)

    def show_ticket_beside(self, ticket: Ticket) -> None:
        """Open a ticket, unless it is."""
        if self.pane.ticket is None or self.pane.ticket.id != ticket.id or not self.has_class("reading"):
            self.open_ticket(ticket)

    async def show_finder(self, finder: ArticleFinder) -> None:
        """Put the pane of articles beside the ticket, or over it."""
        async with self._completing:  # whoever asks again meanwhile waits until it is there
            if not finder.is_attached:
                await self.query_one("#panes", Horizontal).mount(finder)
        self.add_class("finding")

    def hide_finder(self) -> None:
        """Take it away."""
        self.remove_class("finding")

    def open_ticket(self, ticket: Ticket) -> None:
        """Open a ticket; articles for another one go."""
        if self._articles is not None and self._articles.ticket_id != ticket.id:
            self.hide_finder()
        super().open_ticket(ticket)

    def action_back(self) -> None:
        """From the ticket to the queue."""
        self.hide_finder()
        super().action_back()

    # Named here, since the pane's module is imported when it is needed

    def on_article_finder_asked(self, message: ArticleFinder.Asked) -> None:
        """Articles are wanted."""
        self.articles.asked_for(message)

    def on_article_finder_wanted(self, message: ArticleFinder.Wanted) -> None:
        """An article is to be read."""
        self.articles.wanted(message)

    def on_article_finder_put(self, message: ArticleFinder.Put) -> None:
        """An article is to go into the answer."""
        self.articles.put(message)

    def on_article_finder_left(self, message: ArticleFinder.Left) -> None:
        """The keys are the ticket's again."""
        self.articles.left(message)

    # Words

    def on_descendant_focus(self) -> None:
        """Other keys matter now; and whoever goes to the queue beside a ticket has done with reading it."""
        if self.queue.has_focus and not self.narrow:
            self.remove_class("reading")
        self.refresh_hints()

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first: filter line, articles, composer, ticket, queue."""
        if self.filtering:
            return ("filter", "queue")
        if self.finding:
            return ("finder", "articles", "article", "queue")
        if self.pane.composer_has_focus:
            return ("composer", "thread", "queue")
        return ("thread", "queue") if self.pane.has_focus_within else ("queue", "thread")

    def hints(self) -> tuple[str, ...]:
        """Of the pane that has the keys."""
        if self.pane.composer_has_focus or self.choosing:
            return ()  # it names its keys itself
        if self.filtering:
            return FILTER_HINTS
        if self.finding:
            return FINDER_HINTS
        return READING_HINTS if self.pane.has_focus_within else QUEUE_HINTS
