"""The desk: queues left, the ticket right (one at a time on a narrow screen), what is live below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from helpdesk_tui.actions import Context
from helpdesk_tui.core.acts import Act
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens import desk_outbox
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.choices import choices, sort_choices
from helpdesk_tui.screens.desk_commands import DeskCommands
from helpdesk_tui.widgets.picker import Picker

if TYPE_CHECKING:
    from helpdesk_tui.screens.link import Link

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
FINDER_HINTS = ("finder.back", "app.help", "articles.open", "finder.link", "finder.text", "finder.search")


class DeskScreen(DeskCommands):
    """Where an agent works all day: queues, a ticket, and acts on it in two keys.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "desk.tcss"
    LIST = "#queue"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("queue", "thread", "finder")
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue", "thread")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.picker = Picker(id="picker")
        self._subject: Ticket | None = None

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

    # Acts

    def action_pick(self, question: str) -> None:
        """Ask for the second key."""
        if question == "sort":
            self.picker.ask("sort", "Sort by", sort_choices(self.sort))
            return
        ticket, desk = self.subject, self.desk
        if ticket is None or desk is None:
            self.say("No ticket is selected")
        else:
            self._subject = ticket
            self.picker.ask(question, f"#{ticket.number} {question}", choices(question, ticket, desk))

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        if message.question in (desk_outbox.LIST, desk_outbox.WHAT):
            if desk_outbox.chosen(self, message.question, message.choice.value):
                self._focus_back()
            return
        self._focus_back()
        if message.question == "command":
            self.action_command(message.choice.value)
            return
        if message.question == "sort":
            self.sort = message.choice.value
            self._change_view(self.view_key)
            return
        ticket = self._subject
        if ticket is not None:
            self.spawn(self._act(cast("Act", message.choice.value), ticket))
            in_queue = self.queue.selected
            if not self.pane.has_focus_within and in_queue is not None and in_queue.id == ticket.id:
                self.queue.move(1)

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self._focus_back()

    def _focus_back(self) -> None:
        if self.has_class("reading"):
            self.pane.focus_thread()
        else:
            self.queue.focus()

    async def _act(self, act: Act, ticket: Ticket) -> None:
        if not await self.triage.do(self.asked, act, ticket):
            self.link.look_at_myself()
        self.link.mark(frozenset([ticket.id]))

    def action_unsent(self) -> None:
        """List what waits to be sent, or was refused."""
        desk_outbox.ask(self)

    def action_undo(self) -> None:
        """Take back what was done last: an answer that was sent and has not gone out yet, or an act."""
        if self.desk is not None and not self.take_back_sent():
            self.spawn(self._undo())

    async def _undo(self) -> None:
        ticket_id = await self.triage.undo(self.asked)
        if ticket_id is not None:
            self.link.mark(frozenset([ticket_id]))

    # Words

    def on_descendant_focus(self) -> None:
        """Other keys matter now; and whoever goes to the queue beside a ticket has done with reading it."""
        if self.queue.has_focus and not self.narrow:
            self.remove_class("reading")
        self.refresh_hints()

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first: articles, composer, ticket, queue."""
        if self.finding:
            return ("finder", "articles", "article", "queue")
        if self.pane.composer_has_focus:
            return ("composer", "thread", "queue")
        return ("thread", "queue") if self.pane.has_focus_within else ("queue", "thread")

    def hints(self) -> tuple[str, ...]:
        """Of the pane that has the keys."""
        if self.pane.composer_has_focus:
            return ()  # it names its keys itself
        if self.finding:
            return FINDER_HINTS
        return READING_HINTS if self.pane.has_focus_within else QUEUE_HINTS
