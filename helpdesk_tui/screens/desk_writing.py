"""The desk's answers: written, sent, and taken back while that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.actions import key_of
from helpdesk_tui.core.errors import HelpdeskError, Queued, Stale
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.desk_ticket import DeskTicket
from helpdesk_tui.widgets.hold_bar import HoldBar

if TYPE_CHECKING:
    from helpdesk_tui.core.model import Ticket
    from helpdesk_tui.core.thread import Outgoing
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.composer import Composer
    from helpdesk_tui.widgets.thread import ThreadView

__all__ = ["DeskWriting"]


class DeskWriting(DeskTicket):
    """A ticket, and what is written to it.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.holds = HoldBar(id="holds")

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
        self.refresh_hints()

    async def write_note(self, ticket: Ticket, words: str, told: str) -> None:
        """Begin a note to a ticket with some words on lines of their own, or go on with it, and say so."""
        if self.link.user_id == ticket.customer_id:
            self.say("This ticket is your own request: its notes are not shown to you")
            return
        self.open_ticket(ticket)
        await self.pane.write(ticket, internal=True)
        self.pane.composer.insert(words, block=True)
        self.refresh_hints()
        self.say(told)

    def on_composer_send(self, message: Composer.Send) -> None:
        """Send what was written."""
        self.forget_view_undo()
        self.spawn(self._deliver(message.outgoing))

    async def _deliver(self, message: Outgoing) -> str:
        """Send it; why it was not sent, "" where it was or surely will be."""
        desk = self.asked
        word = self._title(message)
        self.triage.echo([message.ticket_id])
        try:
            words = self._words(message.ticket_id, "note" if message.internal else "reply")
            status_set = await desk.send(message, words)
        except Queued as error:
            # It is the outbox's now, and goes out by itself.
            self.pane.composer.sent(message.message_id)
            self._mark_drafts()
            self.say(error.message, alarm=True)
            return ""
        except Stale as error:
            await self._load_thread(message.ticket_id)
            self.pane.composer.refused_stale(message.message_id, error.unseen)
            return self._not_sent(message, error)
        except HelpdeskError as error:
            self.pane.composer.failed(message.message_id, str(error))
            self.link.look_at_myself()
            return self._not_sent(message, error)
        self.pane.composer.sent(message.message_id)
        self._mark_drafts()
        sets = message.sets
        more = sets.words if sets is not None else ""
        if status_set:
            self.say(f"{word} sent" + (f", {more} · u undoes that" if more else ""))
        else:
            self.say(f"{word} sent, but this could not be done: {more}", alarm=True)
        await self._load_thread(message.ticket_id)
        if status_set and sets is not None:
            self.triage.did(sets.act, f"{self._words(message.ticket_id, 'ticket')} {more}", [message.ticket_id])
        self.triage.echo([message.ticket_id])
        self.link.mark(frozenset([message.ticket_id]))
        return ""

    def _title(self, message: Outgoing) -> str:
        """What to call a message: "Reply", and whose where another ticket is before the person's eyes."""
        word = "Note" if message.internal else "Reply"
        shown, ticket = self.pane.ticket, self.known(message.ticket_id)
        if ticket is None or (shown is not None and shown.id == ticket.id):
            return word
        return f"{word} to #{ticket.number}"

    def _not_sent(self, message: Outgoing, error: HelpdeskError) -> str:
        """Say aloud that something was not sent; its words are in the composer again."""
        self._mark_drafts()
        shown, ticket = self.pane.ticket, self.known(message.ticket_id)
        why = f"Not sent: {error.message}"
        if ticket is not None and not (shown is not None and shown.id == ticket.id and self.pane.writing):
            key = key_of("desk.note" if message.internal else "desk.reply")
            why = f"{self._words(ticket.id, 'note' if message.internal else 'reply')} NOT sent: {error.message}"
            told = safe_line(f"{why} Its words are kept: {key} on it shows them.", 300)
            self.notify(told, severity="error", markup=False)
        self.say(why, alarm=True)
        return why

    # Taking back

    async def complete(self) -> None:
        """What an earlier window had sent and held goes out first of all."""
        await super().complete()
        await self._late(self.holds)
        composer = self.pane.composer
        composer.holding.seconds = self.link.settings.send_delay
        left = composer.take_over()
        if left:
            self.say("Sending what you sent before: " + ("1 message" if left == 1 else f"{left} messages"))

    def on_composer_holds(self) -> None:
        """Show what can be taken back, and for how long."""
        self.holds.show(self.pane.composer.holding.waiting)

    def take_back_sent(self) -> bool:
        """Take back what was sent last, if that can be and nothing was done since; whether there was such a thing."""
        waiting = self.pane.composer.holding.waiting if self.pane.ready else ()
        if not waiting or waiting[-1].due.timestamp() - self.link.settings.send_delay < self.triage.acted_at:
            return False
        slot = self.pane.composer.take_back(waiting[-1].message_id)
        if slot is not None:
            told = "Taken back: nothing was sent, its words are here"
            self.spawn(self._go_on_with(slot.ticket, told, internal=slot.draft.kind == "note"))
        return slot is not None

    def on_composer_follow(self, message: Composer.Follow) -> None:
        """Go on with a message at the ticket that it belongs to, since a merge or the end of one."""
        told = "It goes on here"
        self.spawn(self._go_on_with(message.ticket_id, told, internal=message.internal, draft=message.message_id))

    async def _go_on_with(self, ticket_id: UUID, told: str, *, internal: bool, draft: UUID | None = None) -> None:
        """Show a ticket with what is written to it, if asked with a certain draft of it."""
        shown = self.pane.ticket
        ticket = shown if shown is not None and shown.id == ticket_id else self.known(ticket_id)
        if ticket is None:
            await self._find(str(ticket_id))
            ticket = self.pane.ticket
        if ticket is None or ticket.id != ticket_id:
            return
        self.open_ticket(ticket)
        await self.pane.write(ticket, internal=internal)
        if draft is not None:
            self.pane.composer.take(draft)
        self._mark_drafts()
        self.say(told)
        self.refresh_hints()

    async def leave(self) -> None:
        """Whoever leaves has sent what they sent: nothing is taken back any more, and what fails is told at the end."""
        await super().leave()
        if not self.pane.ready:
            return
        composer = self.pane.composer
        held = composer.holding.waiting
        if not held:
            return
        if self.desk is None:
            self.link.parting.append(f"{len(held)} not sent yet: sent when the program is next started.")
            return
        messages = [composer.send_held(each.message_id) for each in held]
        for message in messages:
            if message is not None and (why := await self._deliver(message)):
                self.link.parting.append(f"{why} Its words are kept as a draft.")

    def _words(self, ticket_id: UUID, word: str) -> str:
        """What to call a message to a ticket where it is listed: "#1042 reply"."""
        ticket = self.known(ticket_id)
        return word if ticket is None else f"#{ticket.number} {word}"

    def on_thread_view_save_files(self, message: ThreadView.SaveFiles) -> None:
        """Ask where to, and save."""
        from helpdesk_tui.screens.saving import save_files

        save_files(self, message.files)

    def on_composer_left(self, message: Composer.Left) -> None:
        """Writing is over; the focus goes to the thread, unless the person has gone elsewhere meanwhile."""
        here = self.pane.composer_has_focus
        self.pane.stop_writing()
        self._mark_drafts()
        if here and not message.sent and not self.pane.composer.is_empty:
            keys = {True: "desk.note", False: "desk.reply"}[self.pane.composer.internal]
            self.say(f"Draft kept · {key_of(keys)} goes on with it")
        if here:
            self.pane.focus_thread()
        self.refresh_hints()
