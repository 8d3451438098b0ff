"""The desk: queues left, the ticket right (one at a time on a narrow screen), what is live below."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from helpdesk_tui import collecting
from helpdesk_tui.actions import BY_ID, key_words
from helpdesk_tui.core import tickets
from helpdesk_tui.core.acts import Act
from helpdesk_tui.core.errors import HelpdeskError, NotFound, Stale
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.choices import choices, sort_choices
from helpdesk_tui.screens.link import Link
from helpdesk_tui.screens.triage import Triage
from helpdesk_tui.widgets.number_field import NumberField
from helpdesk_tui.widgets.picker import Picker
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_window import PageRequest
from helpdesk_tui.widgets.status_line import Connection, StatusLine, Tabs
from helpdesk_tui.widgets.ticket_header import Clock, utc_now
from helpdesk_tui.widgets.ticket_pane import TicketPane

if TYPE_CHECKING:
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Tickets
    from helpdesk_tui.core.session import SignIn
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.widgets.composer import Composer

__all__ = ["DeskScreen"]

#: Columns from which the ticket is shown beside the queue.
WIDE = 130
#: Rows of the first page: what a tall terminal shows, and a little more.
FIRST_ROWS = 60
#: So long the cursor rests on a ticket before it is previewed.
PREVIEW_SECONDS = 0.08
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
#: What requesters cannot do.
TEAM_ACTIONS = ("desk.assign", "desk.priority", "desk.note", "desk.move")
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


class DeskScreen(Screen[None]):
    """Where an agent works all day.

    Args:
        settings: where the database is.
        sign_in: renews the session.
        session: who is signed in.
        drafts: the file that drafts rest in; None: on the screen alone.
        clock: tells the time that ages are counted from.
        zone: where the person is; None: where this machine is.
    """

    class SignedOut(Message):
        """Somebody has to sign in again at this desk, and why."""

        def __init__(self, desk: DeskScreen, why: str) -> None:
            super().__init__()
            self.desk = desk
            self.why = why

    CSS_PATH = "desk.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue", "thread")

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        session: Session,
        drafts: Path | None,
        *,
        clock: Clock = utc_now,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__()
        self._profile = settings.profile
        self.link = Link(settings, sign_in, session, self, spawn=self._spawn, later=self.set_timer)
        self.queue = Queue(id="queue", me=session.user_id, page_size=FIRST_ROWS, clock=clock)
        owner = f"{settings.profile}/{session.user_id}"
        self.pane = TicketPane(drafts, owner, clock=clock, zone=zone, id="ticket")
        self.picker = Picker(id="picker")
        self.number = NumberField(id="goto")
        self.status = StatusLine(id="status")
        self.tabs = Tabs(id="tabs")
        self.triage = Triage(self.queue, lambda: self.view_key, self._known, self.pane.show_ticket, self._tell)
        self.desk: Desk | None = None
        self.view_key = "open"
        self.sort: tickets.Sort = "updated"
        self._labels: tuple[tickets.View, ...] = tickets.VIEWS
        self._counts: dict[str, int] = {}
        self._ready = asyncio.Event()
        self._completing = asyncio.Lock()
        self._unanswered: list[PageRequest] = []
        self._begun = False
        self._preview: Timer | None = None
        self._subject: Ticket | None = None
        self._reading = 0

    def compose(self) -> ComposeResult:
        """Tabs, panes, question, status."""
        yield self.tabs
        with Horizontal(id="panes"):
            yield self.queue
            yield self.pane
        yield self.picker
        yield self.status

    # Coming up, and going

    def on_mount(self) -> None:
        """The first paint shows the desk loading; connecting begins behind it."""
        self.queue.focus()
        self._show_tabs()
        self._hints()
        self.call_after_refresh(self.link.begin)

    async def _complete(self) -> None:
        """Make what the first picture does not show, once that is painted."""
        self.link.listen()
        await self._late(self.number)
        await self.pane.prepare()
        collecting.resume()

    async def _late(self, widget: Widget) -> None:
        """Put in place what a start does not wait for."""
        async with self._completing:
            if not widget.is_attached:
                await self.mount(widget, before=self.status)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the interface; what fails unforeseen ends the program loudly."""
        self.run_worker(work)

    def opened(self, desk: Desk) -> None:
        """The desk can be asked."""
        self.desk = desk
        self._labels = tickets.views_for(desk.me)
        if self.view_key not in {view.key for view in self._labels}:
            self.view_key = self._labels[0].key
        self._name_myself()
        self.status.calm()
        self._show_tabs()
        self._ready.set()
        if self.queue.state == "failed":
            self._change_view(self.view_key)

    def _name_myself(self) -> None:
        me = self._desk.me
        who = " · ".join(filter(None, (me.name, me.department, me.role, self._profile)))
        self.status.set_who(who, f"{(me.name.split() or [me.email])[0]} · {self._profile}")

    async def leave(self) -> None:
        """Keep what was written, stop what runs, close the connections."""
        self.pane.keep_draft()
        await self.link.close()
        self.workers.cancel_node(self)

    # What the link tells

    def connection_changed(self, name: Connection, why: str) -> None:
        """How live the screen is."""
        self.status.set_connection(name)
        if name == "down" and self.desk is None:
            # Waiting must not look like loading.
            for request in self._unanswered:
                self.queue.fail(request, why)
        if why:
            self.say(why, alarm=True)
        elif name in ("live", "polling"):
            self.status.calm()

    def me_changed(self, me: Me) -> None:
        """Another role or department: other queues."""
        self._name_myself()
        self._labels = tickets.views_for(me)
        self.say(f"You are now: {me.role}, {me.department or 'no department'}")
        self._change_view(self._labels[0].key)

    def trouble(self, error: HelpdeskError) -> None:
        """Something could not be read."""
        self.say(str(error), alarm=True)

    def crashed(self, fault: BaseException) -> None:
        """A fault of the program's own: it ends loudly rather than show old tickets as live."""
        self._spawn(_raised(fault))

    def signed_out(self, why: str) -> None:
        """Back to the sign-in; what was written is kept."""
        self.pane.keep_draft()
        self.post_message(self.SignedOut(self, why))

    async def read_queue(self, changed: Tickets) -> None:
        """Read again what the queue shows."""
        if changed is None:
            self.queue.reread()
            return
        ids = [ticket_id for ticket_id in changed if not self.triage.flying(ticket_id)]
        if not ids:
            return
        view = self.view_key
        found = await self._desk.look_again(view, ids)
        if view == self.view_key:
            self.queue.apply_changes(
                {k: v for k, v in found.items() if not self.triage.flying(k)},
                own=[k for k in found if self.triage.echoes(k)],
            )

    async def read_counts(self, changed: Tickets) -> None:  # noqa: ARG002  (every ticket counts)
        """Count again."""
        self._take_counts(await self._desk.counts())

    async def read_thread(self, changed: Tickets) -> None:
        """Read the open ticket again."""
        shown = self.pane.ticket
        if shown is not None and (changed is None or shown.id in changed):
            await self._load_thread(shown.id)

    @property
    def _desk(self) -> Desk:
        if self.desk is None:
            raise RuntimeError("the desk is not open yet")
        return self.desk

    # The queue's questions

    @on(Queue.NeedRows)
    def _rows_wanted(self, message: Queue.NeedRows) -> None:
        self._spawn(self._answer(message.request, self.view_key, self.sort))

    async def _answer(self, request: PageRequest, view: str, sort: tickets.Sort) -> None:
        self._unanswered.append(request)
        await self._ready.wait()
        self._unanswered.clear()
        try:
            await self._look(self._desk, request, view, sort)
        finally:
            if not self._begun:
                self._begun = True
                self.call_after_refresh(lambda: self._spawn(self._complete()))

    async def _look(self, desk: Desk, request: PageRequest, view: str, sort: tickets.Sort) -> None:
        try:
            if request.kind == "first":
                rows, more, counts = await desk.first_look(view, sort, request.limit)
                self._take_counts(counts)
            else:
                rows, more = await desk.page(
                    view, sort, request.kind, request.limit, after=request.after, before=request.before
                )
        except HelpdeskError as error:
            self.queue.fail(request, str(error))
            return
        self.queue.feed(request, rows, more)

    def _take_counts(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._show_tabs()
        total = counts.get(self.view_key, 0)
        capped = total >= tickets.COUNT_CAP
        self.queue.set_total(None if capped else total, at_least=total if capped else 0)

    def _show_tabs(self) -> None:
        keys = [view.key for view in self._labels]
        counts = {
            n: (f"{tickets.COUNT_CAP - 1}+" if self._counts[key] >= tickets.COUNT_CAP else str(self._counts[key]))
            for n, key in enumerate(keys)
            if key in self._counts
        }
        self.tabs.show([view.label for view in self._labels], counts, keys.index(self.view_key))

    def _change_view(self, key: str) -> None:
        view = next(view for view in self._labels if view.key == key)
        self.view_key = key
        self._show_tabs()
        self.queue.reset(tickets.order_of(key, self.sort), empty=view.empty)
        if key in self._counts:
            self._take_counts(self._counts)

    def action_view(self, index: int) -> None:
        """Show one of the queues."""
        if index < len(self._labels):
            self.action_back()
            self._change_view(self._labels[index].key)

    def action_view_step(self, step: int) -> None:
        """The next queue, or the one before."""
        keys = [view.key for view in self._labels]
        self.action_view((keys.index(self.view_key) + step) % len(keys))

    @on(Tabs.Picked)
    def _tab_picked(self, message: Tabs.Picked) -> None:
        self.action_view(message.index)

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()

    # One ticket

    @property
    def narrow(self) -> bool:
        """Whether one pane is shown at a time."""
        return self.size.width < WIDE

    def on_resize(self, event: events.Resize) -> None:
        """Panes side by side where there is room."""
        self.set_class(event.size.width < WIDE, "narrow")

    @on(Queue.Highlighted)
    def _highlighted(self, message: Queue.Highlighted) -> None:
        self.status.hush()
        if self._preview is not None:
            self._preview.stop()
        if not self._previewing:
            return
        if message.ticket is None:
            self.pane.clear()
        else:
            self._preview = self.set_timer(PREVIEW_SECONDS, self._look_at_selected)

    @property
    def _previewing(self) -> bool:
        """Whether the ticket's pane follows the cursor: never away from under somebody who reads or writes in it."""
        return not (self.narrow or self.pane.writing or self.has_class("reading") or self.pane.has_focus_within)

    def _look_at_selected(self) -> None:
        if self._previewing and self.queue.selected is not None:
            self._look_at(self.queue.selected)

    def _look_at(self, ticket: Ticket) -> None:
        if self.pane.ticket is None or self.pane.ticket.id != ticket.id:
            self.pane.show_loading(ticket)
            self._spawn(self._load_thread(ticket.id))

    @on(Queue.Opened)
    def _opened(self, message: Queue.Opened) -> None:
        self.open_ticket(message.ticket)

    def open_ticket(self, ticket: Ticket) -> None:
        """Open a ticket: now it counts as read, and the keys are the thread's."""
        self.add_class("reading")
        if self._preview is not None:
            self._preview.stop()
        if self.pane.ticket is not None and self.pane.ticket.id != ticket.id:
            self.pane.stop_writing()
        self._look_at(ticket)
        self.pane.focus_thread()
        self._hints()

    async def _load_thread(self, ticket_id: UUID) -> None:
        self._reading = reading = self._reading + 1
        try:
            thread = await self._desk.thread(ticket_id)
        except NotFound as error:
            self.pane.show_failed(ticket_id, str(error))
            return
        except HelpdeskError as error:
            self.pane.show_failed(ticket_id, f"{error} ^R reads again.")
            return
        if reading < self._reading:
            return  # a later reading is on its way, or there: this one is older
        shown = self.pane.ticket
        if shown is not None and shown.id == ticket_id and self.triage.flying(ticket_id):
            thread = replace(thread, ticket=shown)
        self.pane.show_thread(thread)

    def action_back(self) -> None:
        """From the ticket to the queue. A draft stays where it is."""
        self.remove_class("reading")
        self.queue.focus()
        self._hints()

    def action_other_pane(self) -> None:
        """Queue to ticket and back."""
        if self.queue.has_focus:
            if self.queue.selected is not None:
                self.open_ticket(self.queue.selected)
        else:
            self.action_back()

    async def action_goto(self) -> None:
        """Ask for a ticket's number."""
        await self._late(self.number)
        self.number.ask()

    @on(NumberField.Asked)
    def _go_to(self, message: NumberField.Asked) -> None:
        self.queue.focus()
        if message.reference and self.desk is None:
            self.say("Not connected yet", alarm=True)
        elif message.reference:
            self._spawn(self._find(message.reference))

    async def _find(self, reference: str) -> None:
        try:
            ticket = await self._desk.ticket(reference)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if ticket is None:
            self.say(f"There is no ticket {reference} for you", alarm=True)
        else:
            self.queue.select(ticket.id)
            self.open_ticket(ticket)

    # Acts

    def _known(self, ticket_id: UUID) -> Ticket | None:
        """A ticket as the screen has it now."""
        shown = self.pane.ticket
        return shown if shown is not None and shown.id == ticket_id else self.queue.window.get(ticket_id)

    @property
    def subject(self) -> Ticket | None:
        """The ticket that acts are about: the open one when its pane has the focus, else the selected one."""
        if self.pane.has_focus_within and self.pane.ticket is not None:
            return self.pane.ticket
        return self.queue.selected

    def action_pick(self, question: str) -> None:
        """Ask for the second key."""
        if question == "sort":
            self.picker.ask("sort", "Sort by", sort_choices(self.sort))
            return
        ticket, desk = self.subject, self.desk
        if ticket is None or desk is None:
            self.say("No ticket is selected")
        elif desk.me.role == "customer" and question != "status":
            self.say(f"The {question} of a ticket is the team's to set")
        else:
            self._subject = ticket
            self.picker.ask(question, f"#{ticket.number} {question}", choices(question, ticket, desk))

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        self._focus_back()
        if message.question == "sort":
            self.sort = message.choice.value
            self._change_view(self.view_key)
            return
        ticket = self._subject
        if ticket is not None:
            self._spawn(self._act(cast("Act", message.choice.value), ticket))
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
        if not await self.triage.do(self._desk, act, ticket):
            self.link.look_at_myself()
        self.link.mark(frozenset([ticket.id]))

    def action_undo(self) -> None:
        """Take the last act back."""
        if self.desk is not None:
            self._spawn(self._undo())

    async def _undo(self) -> None:
        ticket_id = await self.triage.undo(self._desk)
        if ticket_id is not None:
            self.link.mark(frozenset([ticket_id]))

    # Writing

    async def action_compose(self, internal: bool, quote: bool = False) -> None:
        """Write a reply or a note to the ticket at hand, if asked with the chosen message quoted."""
        ticket = self.subject
        if ticket is None or self.desk is None:
            self.say("No ticket is selected")
            return
        if internal and self.desk.me.id == ticket.customer_id:
            self.say("This ticket is your own request: its notes are not shown to you")
            return
        self.open_ticket(ticket)
        await self.pane.write(ticket, internal=internal, quote=quote)
        self._hints()

    def on_composer_send(self, message: Composer.Send) -> None:
        """Send what was written."""
        self._spawn(self._deliver(message))

    async def _deliver(self, message: Composer.Send) -> None:
        desk = self._desk
        word = "Note" if message.internal else "Reply"
        try:
            status_set = await desk.send(
                message.ticket_id,
                message.message_id,
                message.content,
                internal=message.internal,
                after_id=message.after_id,
                then_status=message.then_status,
            )
        except Stale as error:
            await self._load_thread(message.ticket_id)
            self.pane.composer.refused_stale(message.message_id, error.unseen)
            self.say(f"Not sent: {error.message}", alarm=True)
            return
        except HelpdeskError as error:
            self.pane.composer.failed(message.message_id, str(error))
            self.link.look_at_myself()
            self.say(f"Not sent: {error.message}", alarm=True)
            return
        self.pane.composer.sent(message.message_id)
        if status_set:
            self.say(f"{word} sent" + (f", status → {message.then_status}" if message.then_status else ""))
        else:
            self.say(f"{word} sent, but the status could not be set to {message.then_status}", alarm=True)
        await self._load_thread(message.ticket_id)
        self.link.mark(frozenset([message.ticket_id]))

    def on_composer_left(self) -> None:
        """Writing is over; the focus goes to the thread, unless the person has gone elsewhere meanwhile."""
        here = self.pane.composer_has_focus
        self.pane.stop_writing()
        if here:
            self.pane.focus_thread()
        self._hints()

    # Words

    def say(self, words: str, alarm: bool = False) -> None:
        """Say what happened on the status line."""
        self.status.say(words, alarm=alarm)

    def _tell(self, words: str, alarm: bool) -> None:
        """Say what became of an act; one that was refused also where the next word does not replace it."""
        self.say(words, alarm)
        if alarm:
            self.notify(safe_line(words, 300), severity="error", markup=False)

    def on_descendant_focus(self) -> None:
        """Other keys matter now; and whoever goes to the queue beside a ticket has done with reading it."""
        if self.queue.has_focus and not self.narrow:
            self.remove_class("reading")
        self._hints()

    def _hints(self) -> None:
        if self.pane.composer_has_focus:
            wanted: tuple[str, ...] = ()  # it names its keys itself
        elif self.pane.has_focus_within:
            wanted = READING_HINTS
        else:
            wanted = QUEUE_HINTS
        if self.desk is not None and self.desk.me.role == "customer":
            wanted = tuple(name for name in wanted if name not in TEAM_ACTIONS)
        self.status.set_hints([(key_words(BY_ID[name].keys[0]), BY_ID[name].hint) for name in wanted])


async def _raised(fault: BaseException) -> None:
    raise fault
