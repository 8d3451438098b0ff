"""Many tickets answered at once: each one's text is seen before, and each is sent or refused by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from helpdesk_tui.core.errors import HelpdeskError, Unreachable
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.desk_macros import DeskMacros
from helpdesk_tui.screens.triage import reasons

if TYPE_CHECKING:
    from helpdesk_tui.core.macros import Macro
    from helpdesk_tui.core.thread import Also, ToOne
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.bulk_writer import BulkWriter
    from helpdesk_tui.widgets.preview_picker import PreviewPicker

__all__ = ["DeskMany"]

MANY = "many"
#: Tickets that are answered at once at most: each one's text is to be seen before.
MOST = 200


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is sent to many: seen, and not sent yet."""

    tickets: tuple[Ticket, ...]
    messages: tuple[ToOne, ...]
    internal: bool
    also: Also
    written: bool

    @property
    def words(self) -> str:
        """What it is, for people: "5 replies"."""
        kind = ("note", "notes") if self.internal else ("reply", "replies")
        return f"{len(self.messages)} {kind[len(self.messages) != 1]}"


class DeskMany(DeskMacros):
    """A ticket or many, and what is written to them.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._batch: _Batch | None = None
        self._writer: BulkWriter | None = None
        self._many: tuple[Ticket, ...] = ()

    @property
    def _marked(self) -> tuple[Ticket, ...]:
        return () if self.pane.has_focus_within else self.queue.marked

    # Macros on many

    async def action_macro(self) -> None:
        """Ask for a macro for what is marked, else for the ticket at hand."""
        self._many = self._marked
        if len(self._many) < 2 or self.desk is None:
            self._many = ()
            await super().action_macro()
        elif self._few_enough(self._many):
            await self.ask_macro(self._many[0], f"Macro for {len(self._many)} tickets, shown for the first")

    def _few_enough(self, tickets: Sequence[Ticket]) -> bool:
        if len(tickets) > MOST:
            self.say(f"{len(tickets)} tickets are too many to answer at once: at most {MOST}", alarm=True)
        return len(tickets) <= MOST

    async def use_macro(self, macro: Macro, ticket: Ticket, *, at_once: bool) -> None:
        """Use a macro on what was marked when it was asked for; each one's text is shown before."""
        tickets, self._many = self._many, ()
        if not tickets:
            await super().use_macro(macro, ticket, at_once=at_once)
        elif not macro.body.strip():
            await self.change_by(macro, tickets)
            self.queue.unmark()
        else:
            try:
                _, also = self.filled(macro, tickets[0])
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                return
            await self._preview_many(tickets, macro.body, macro.internal, also, written=False)

    # Written for many

    async def action_reply_to_many(self) -> None:
        """Write one reply to all that are marked."""
        from helpdesk_tui.widgets.bulk_writer import BulkWriter

        tickets = self._marked
        if not tickets or self.desk is None:
            self.say("Nothing is marked: Space marks, * marks all")
            return
        if not self._few_enough(tickets):
            return
        self._many = tickets
        await self.pane.prepare()
        if self._writer is None:
            self._writer = BulkWriter(self.pane.journal, self.link.drafts_owner, id="bulk")
            await self.mount(self._writer, before=self.status)
        self._writer.open(len(tickets))

    def on_bulk_writer_written(self, message: BulkWriter.Written) -> None:
        """It is written: show what it is for each."""
        from helpdesk_tui.core.thread import Also

        self.spawn(self._preview_many(self._many, message.text, False, Also(uuid4(), {}, ""), written=True))

    def on_bulk_writer_wrong(self, message: BulkWriter.Wrong) -> None:
        """Say what is wrong with it."""
        self.say(message.words, alarm=True)

    def on_bulk_writer_left(self) -> None:
        """Not now; what was written is kept."""
        self.queue.focus()
        self.refresh_hints()

    async def leave(self) -> None:
        """Keep what was written for many."""
        if self._writer is not None:
            self._writer.close()
        await super().leave()

    # Seen, then sent

    async def _preview_many(
        self, tickets: tuple[Ticket, ...], body: str, internal: bool, also: Also, *, written: bool
    ) -> None:
        from helpdesk_tui.core.macros import fill
        from helpdesk_tui.core.thread import ToOne

        try:
            newest = await self.asked.newest([ticket.id for ticket in tickets])
        except HelpdeskError as error:
            self.say(f"Nothing was sent: {error}", alarm=True)
            return
        me = self.asked.me
        messages = []
        for ticket in tickets:
            seen = newest.get(ticket.id)
            after = seen.message if seen is not None else None
            messages.append(ToOne(ticket.id, fill(body, ticket, me).text, after))
        self._batch = _Batch(tickets, tuple(messages), internal, also, written)
        said = {each.ticket: each.content or "" for each in newest.values()}
        await self._show_batch(said)

    async def _show_batch(self, said: dict[UUID, str]) -> None:
        from helpdesk_tui.widgets.preview_picker import Item

        batch = self._batch
        if batch is None:
            return
        items = []
        for ticket, message in zip(batch.tickets, batch.messages, strict=True):
            last = said.get(ticket.id, "")
            to = "Internal note" if batch.internal else f"Reply to {ticket.requester}"
            head = " · ".join(filter(None, (to, f"after “{safe_line(last, 60)}”" if last else "")))
            items.append(Item(batch, f"#{ticket.number} {ticket.title}", head, message.content, batch.internal))
        picker = await self.preview_picker()
        sets = f", {batch.also.words}" if batch.also.change else ""
        picker.ask(MANY, f"Nothing is sent yet: {batch.words}{sets}", items, (("ctrl+s", f"^S sends {batch.words}"),))

    def preview_chosen(self, message: PreviewPicker.Chosen) -> None:
        """A key was pressed over a choice."""
        if message.question == MANY:
            self.queue.focus()
            self.refresh_hints()
            if self._batch is not None:
                self.spawn(self._send_batch(self._batch))
            return
        super().preview_chosen(message)

    def preview_dismissed(self, message: PreviewPicker.Dismissed) -> None:
        """Nothing was sent; what was written for many is there again."""
        batch, self._batch = self._batch, None
        if message.by_key and batch is not None and batch.written and self._writer is not None:
            self._writer.open(len(batch.tickets))
            return
        super().preview_dismissed(message)

    async def _send_batch(self, batch: _Batch) -> None:
        self.say(f"Sending {batch.words} …")
        try:
            outcomes = await self.asked.send_each(batch.messages, internal=batch.internal, also=batch.also)
        except Unreachable as error:
            self.say(
                f"It is not known whether they were sent: {error.message} ^S sends the same again, once", alarm=True
            )
            await self._show_batch({})
            return
        except HelpdeskError as error:
            self._batch = None
            self.say(f"Nothing was sent: {error}", alarm=True)
            self.link.look_at_myself()
            return
        self._batch = None
        numbers = {ticket.id: ticket.number for ticket in batch.tickets}
        sent = [each.id for each in outcomes if each.done]
        refused = [(each.why or "it was refused", numbers.get(each.id)) for each in outcomes if not each.done]
        if sent and batch.also.change:
            self.triage.did(batch.also.act, f"{len(sent)} tickets {batch.also.words}", sent)
        if batch.written and self._writer is not None and sent:
            self._writer.sent()
        self.queue.unmark()
        if refused:
            # What was refused stays marked, to be looked at.
            left = {ticket.id for ticket in batch.tickets} - set(sent)
            self.queue.mark([ticket for ticket in batch.tickets if ticket.id in left])
            self.say(f"{len(sent)} of {len(outcomes)} sent. Refused: {reasons(refused)}", alarm=True)
        else:
            self.say(f"{batch.words} sent" + (f", {batch.also.words} · u undoes that" if batch.also.change else ""))
        self.link.mark(frozenset(numbers))
