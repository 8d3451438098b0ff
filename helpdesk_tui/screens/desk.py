"""The desk: queues left, the ticket right (one at a time on a narrow screen), what is live below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from helpdesk_tui.actions import Context
from helpdesk_tui.screens import desk_outbox, desk_since
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.choices import sort_choices
from helpdesk_tui.screens.desk_details import DeskDetails
from helpdesk_tui.widgets.picker import Picker

if TYPE_CHECKING:
    from helpdesk_tui.screens.desk_relations import Relations

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


class DeskScreen(DeskDetails):
    """Where an agent works all day: queues, a ticket, and acts on it in two keys.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "desk.tcss"
    LIST = "#queue"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("queue", "filter", "thread", "finder")
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue", "thread")

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
