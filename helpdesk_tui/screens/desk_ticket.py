"""The desk's one ticket: looked at, opened, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from textual import events, on
from textual.timer import Timer
from textual.widget import Widget

from helpdesk_tui import collecting
from helpdesk_tui.core.errors import HelpdeskError, NotFound
from helpdesk_tui.core.model import Ticket, Unsent
from helpdesk_tui.screens.desk_queries import DeskQueries
from helpdesk_tui.widgets.number_field import NumberField
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_row import DRAFT_GLYPH, HERE_GLYPH, WRITING_GLYPH
from helpdesk_tui.widgets.ticket_pane import TicketPane

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Tickets
    from helpdesk_tui.core.presence import Present
    from helpdesk_tui.screens.being_there import BeingThere
    from helpdesk_tui.screens.link import Link

__all__ = ["WIDE", "DeskTicket"]

#: Columns from which the ticket is shown beside the queue.
WIDE = 130
#: So long the cursor rests on a ticket before it is previewed.
PREVIEW_SECONDS = 0.08


class DeskTicket(DeskQueries):
    """Queues, and one ticket beside them or instead of them.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.pane = TicketPane(link.drafts, link.drafts_owner, clock=link.clock, zone=link.zone, id="ticket")
        self.number = NumberField(id="goto")
        self._completing = asyncio.Lock()
        self._preview: Timer | None = None
        self._reading = 0
        self.pane.unsent = self._unsent
        self.pane.staff = lambda: self.desk.staff if self.desk is not None else ()
        self._pulling: UUID | None = None  # the ticket that was opened, until its drafts elsewhere are read
        self.being_there: BeingThere | None = None
        self._there: Mapping[UUID, tuple[Present, ...]] = {}

    def opened(self, desk: Desk) -> None:
        """The desk can be asked."""
        super().opened(desk)
        self.follow("tickets", self.read_thread)
        self.link.looking = self._looking
        self.link.did = self.triage.did

    def _looking(self) -> UUID | None:
        """The ticket that is open before the person's eyes."""
        here = self.is_current and self.app.app_focus and self.has_class("reading")
        return self.pane.ticket.id if here and self.pane.ticket is not None else None

    async def complete(self) -> None:
        """Hear of changes, and make what the first picture does not show."""
        self.link.listen()
        await self._late(self.number)
        await self.pane.prepare()
        kept = len(self._mark_drafts())
        if kept:
            self.say(f"{kept} draft{'' if kept == 1 else 's'} kept, marked {DRAFT_GLYPH} in the queue")
        self._be_there(self.asked)
        if self.link.syncing is not None:
            self.link.syncing.changed = self._mark_drafts
        self.spawn(self._learn_merged(None))
        collecting.resume()
        await super().complete()

    def _be_there(self, desk: Desk) -> None:
        """Say from now on which ticket is open here, and show who else has one open."""
        from helpdesk_tui.screens.being_there import BeingThere

        self.being_there = BeingThere(
            desk, lambda: (self._looking(), self.pane.written, self.pane.begun), self._show_there
        )
        self.follow("presence", self.being_there.read)
        self.link.spawn(self.being_there.run())
        self.link.leaving.append(self.being_there.leave)

    def _show_there(self, there: Mapping[UUID, tuple[Present, ...]]) -> None:
        self._there = there
        self.queue.set_there(
            {
                ticket_id: (those[0].first_name if len(those) == 1 else f"{len(those)} here", those[0].writing)
                for ticket_id, those in there.items()
            }
        )
        self._tell_there()

    def _tell_there(self) -> None:
        """Above where one writes: who else does, or looks."""
        from helpdesk_tui.core.presence import said

        shown = self.pane.ticket
        there = self._there.get(shown.id, ()) if shown is not None else ()
        glyph = WRITING_GLYPH if there and there[0].writing else HERE_GLYPH
        self.pane.show_there(f"{glyph} {said(there)}" if there else "")

    def _mark_drafts(self) -> frozenset[UUID]:
        """Mark the tickets that the person has begun to write to."""
        kept = self.pane.kept_drafts()
        self.queue.set_drafts(kept)
        return kept

    async def _learn_merged(self, changed: Tickets) -> None:
        """Look where the tickets are that something is written to: it is offered where they were merged into."""
        from helpdesk_tui.core.tickets import several

        ids = self.pane.kept_drafts()
        ids = ids if changed is None else ids & changed
        seen: set[UUID] = set()
        try:
            while self.desk is not None and (ids := ids - seen):
                seen |= ids
                for ticket in await self.desk.database.fetch(several(list(ids), ())):
                    self.pane.learn(ticket)
                # What one was merged into may have been merged, too.
                ids = frozenset(self.pane.merged.target(ticket) for ticket in seen)
        except HelpdeskError as error:
            self.link_trouble(error)
        if seen:
            self._mark_drafts()

    async def _late(self, widget: Widget) -> None:
        """Put in place what a start does not wait for."""
        async with self._completing:
            if not widget.is_attached:
                await self.mount(widget, before=self.status)

    async def leave(self) -> None:
        """Keep what was written, and where one was."""
        await super().leave()
        self.pane.keep_draft()

    def show(self, about: UUID) -> None:
        """Somebody came here for this ticket."""
        self.spawn(self._find(str(about)))

    def known(self, ticket_id: UUID) -> Ticket | None:
        """A ticket as the screen has it now."""
        shown = self.pane.ticket
        return shown if shown is not None and shown.id == ticket_id else super().known(ticket_id)

    def ticket_looks(self, ticket: Ticket) -> None:
        """The open ticket looks like this now."""
        self.pane.show_ticket(ticket)

    @property
    def subject(self) -> Ticket | None:
        """The ticket that acts are about: the open one when its pane has the focus, else the selected one."""
        if self.pane.has_focus_within and self.pane.ticket is not None:
            return self.pane.ticket
        return self.queue.selected

    async def read_thread(self, changed: Tickets) -> None:
        """Read the open ticket again."""
        shown = self.pane.ticket
        if shown is not None and (changed is None or shown.id in changed):
            await self._load_thread(shown.id)
        if self.pane.ready:
            await self._learn_merged(changed)

    # Looking

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
            self._tell_there()
            self.spawn(self._load_thread(ticket.id))

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
            self._mark_drafts()
        self._look_at(ticket)
        self.pane.focus_thread()
        self.refresh_hints()
        if self.link.syncing is not None:
            self._pulling = ticket.id
            self.spawn(self.link.syncing.opened(ticket.id))
        if self.link.attention is not None:
            self.link.attention.opened(ticket.id)

    async def _load_thread(self, ticket_id: UUID) -> None:
        self._reading = reading = self._reading + 1
        try:
            thread = await self.asked.thread(ticket_id)
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
        if self.link.keeping is not None:
            self.link.keeping.seen(thread)
        self.pane.show_thread(thread)
        if self.link.syncing is not None and self._pulling == ticket_id:
            # What was written elsewhere to what was merged into it.
            self._pulling = None
            for source in self.pane.merged.sources(ticket_id):
                self.spawn(self.link.syncing.opened(source))

    def _unsent(self, ticket_id: UUID) -> tuple[Unsent, ...]:
        return self.link.keeping.unsent(ticket_id) if self.link.keeping is not None else ()

    def link_unsent(self, waiting: int, refused: int) -> None:
        """What waits is another: in the thread, too."""
        super().link_unsent(waiting, refused)
        self.pane.show_unsent()

    def action_back(self) -> None:
        """From the ticket to the queue. A draft stays where it is."""
        self.remove_class("reading")
        self.queue.focus()
        self.refresh_hints()

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
            self.spawn(self._find(message.reference))

    async def _find(self, reference: str) -> None:
        try:
            ticket = await self.asked.ticket(reference)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if ticket is None:
            self.say(f"There is no ticket {reference} for you", alarm=True)
        else:
            self.queue.select(ticket.id)
            self.open_ticket(ticket)
