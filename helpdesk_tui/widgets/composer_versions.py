"""Which drafts of a message there are: in this window, in the journal, and of tickets that were merged into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.journal import Draft, Journal, JournalError, Kind
from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.thread import Also

__all__ = ["Slot", "Status", "Versions"]

#: ``confirming``: the server says it has the message; whether with these words, the thread will show.
Status = Literal["writing", "sending", "failed", "stale", "confirming"]


@dataclass(slots=True)
class Slot:
    """A message of one kind to one ticket.

    ``words`` say why it failed. ``unseen`` counts the messages that came since it was begun, which is the first key
    that makes it more than nothing. ``anchored`` is whether it is known what its author had seen then. ``shown`` is
    whether the thread has been seen since the slot was opened, ``newest`` its newest message. ``notice`` is something
    to tell once. ``earlier`` is what the draft's ``attempted`` was before it was sent. ``also`` is what a macro does
    with it. ``into`` is the ticket that it goes to where that is not the one that it was written to, since that one was
    merged: the draft stays that one's until it is sent, so that it is there again when the merge is taken back.
    """

    draft: Draft
    status: Status = "writing"
    words: str = ""
    unseen: int = 0
    anchored: bool = False
    shown: bool = False
    newest: UUID | None = None
    notice: str = ""
    earlier: str | None = None
    dirty: bool = False
    also: Also | None = None
    into: UUID | None = None

    @property
    def on_its_way(self) -> bool:
        """Whether the text may not be changed for the moment."""
        return self.status in ("sending", "confirming")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return self.draft.is_empty

    @property
    def ticket(self) -> UUID:
        """The ticket that it goes to."""
        return self.into or self.draft.ticket


class Versions:
    """The drafts that there are of one person's messages.

    Args:
        journal: keeps them on this machine; None: they live as long as this window.
        owner: whose they are, as the journal has it.
        merged: which tickets were merged, and into which.
    """

    def __init__(self, journal: Journal | None, owner: str, merged: Merged | None = None) -> None:
        self._journal = journal
        self._owner = owner
        self._slots: dict[tuple[UUID, Kind], Slot] = {}
        self.merged = merged if merged is not None else Merged()
        #: Why the journal could not keep the last text; None while it does.
        self.problem: JournalError | None = None

    def slot(self, ticket: UUID, kind: Kind) -> Slot:
        """What is written to a ticket: in this window, else as the journal has it, else nothing yet."""
        slot = self._found(ticket, kind)
        if slot.is_empty and not slot.on_its_way:
            slot.anchored, slot.shown, slot.unseen = False, False, 0
        return slot

    def _found(self, ticket: UUID, kind: Kind) -> Slot:
        slot = self._slots.get((ticket, kind))
        parted = slot is not None and slot.into is not None and (slot.is_empty or self.belongs(slot) != ticket)
        if slot is not None and parted and not slot.on_its_way:
            # Its ticket was taken out of this one again, and it is kept there; or nothing is left of it.
            self.save(slot)
            if not slot.dirty or slot.is_empty:
                del self._slots[(ticket, kind)]
                slot = None
        if slot is not None and (slot.dirty or slot.on_its_way):
            return slot
        kept = self._kept(slot.draft.ticket if slot is not None else ticket, kind)
        if slot is not None and not slot.is_empty:
            # Another window may have gone on with it meanwhile.
            newer = next((draft for draft in kept if draft.message_id == slot.draft.message_id), slot.draft)
            if newer.revision > slot.draft.revision:
                slot.draft = newer
            return slot
        if slot is None or kept:
            slot = self._slots[(ticket, kind)] = Slot(Draft(self._owner, ticket, kind))
        if kept:
            slot.draft, slot.anchored = kept[0], True
            slot.notice = f"Your draft of {kept[0].updated_at.astimezone():%d %b %H:%M}."
            if len(kept) > 1:
                slot.notice += f" There are {len(kept)}: another window wrote to this ticket too."
        return slot

    def save(self, slot: Slot) -> None:
        """Keep a text in the journal, if it is not there already."""
        if not slot.dirty or self._journal is None:
            return
        before = slot.draft
        try:
            slot.draft = self._journal.save(before)
        except JournalError as error:
            self.problem = error
            return
        self.problem = None
        slot.dirty = False
        if slot.draft.message_id != before.message_id and not slot.is_empty:
            slot.notice = "Another window changed or sent this draft too: both texts are kept, this is yours."

    def _kept(self, ticket: UUID, kind: Kind) -> tuple[Draft, ...]:
        if self._journal is None:
            return ()
        try:
            return self._journal.versions(self._owner, ticket, kind)
        except JournalError as error:
            self.problem = error
            return ()

    # Of tickets that were merged

    def offered(self, ticket: UUID, kind: Kind) -> tuple[Draft, ...]:
        """What was written to tickets that are merged into this one by now, and is not shown there: newest first."""
        here = self._slots.get((ticket, kind))
        found: list[Draft] = []
        for source in self.merged.sources(ticket):
            slot = self._slots.get((source, kind))
            if slot is not None and slot.on_its_way:
                continue
            kept = {draft.message_id: draft for draft in self._kept(source, kind)}
            if slot is not None and not slot.is_empty:
                kept[slot.draft.message_id] = slot.draft
            found += kept.values()
        if here is not None:
            found = [draft for draft in found if draft.message_id != here.draft.message_id]
        return tuple(sorted(found, key=lambda draft: draft.updated_at, reverse=True))

    def next_version(self, slot: Slot) -> Slot:
        """The next draft of the same message in this one's place; both stay kept.

        After those of other windows come those to tickets that were merged into this one; where this one's own message
        is not begun, it is among them, so that there is a way back.
        """
        if not self._may_leave(slot):
            return slot
        ticket, kind = slot.ticket, slot.draft.kind
        shown = (slot.draft,) if slot.into is not None and not slot.is_empty else ()
        foreign = sorted((*self.offered(ticket, kind), *shown), key=lambda draft: draft.updated_at, reverse=True)
        own = self._kept(ticket, kind)
        if not own and foreign:
            own = (slot.draft if slot.into is None else Draft(self._owner, ticket, kind),)
        kept = [*own, *foreign]
        ids = [draft.message_id for draft in kept]
        if len(kept) < 2:
            slot.notice = "There is no other draft of this message."
            return slot
        place = ids.index(slot.draft.message_id) if slot.draft.message_id in ids else -1
        chosen = (place + 1) % len(kept)
        draft = kept[chosen]
        other = Slot(draft, anchored=not draft.is_empty, notice=f"Draft {chosen + 1} of {len(kept)}.")
        if draft.ticket != ticket:
            other = self._brought(draft, ticket, other)
        self._slots[(ticket, kind)] = other
        return other

    def _brought(self, draft: Draft, ticket: UUID, slot: Slot) -> Slot:
        """The draft of a merged ticket, to be gone on with at the other: there is one text, and not two."""
        left = self._slots.pop((draft.ticket, draft.kind), None)
        if left is not None and left.draft.message_id == draft.message_id:
            self.save(left)
            slot.draft, slot.dirty, slot.also = left.draft, left.dirty, left.also
        elif left is not None:
            self._slots[(draft.ticket, draft.kind)] = left
        slot.into = ticket
        return slot

    def _may_leave(self, slot: Slot) -> bool:
        """Whether another draft may stand in a slot's place: not where that would lose what is in it."""
        self.save(slot)
        if slot.dirty and not slot.is_empty:
            slot.notice = "What is written here is not kept on this machine: send it first."
            return False
        return not slot.on_its_way

    def take(self, slot: Slot, message_id: UUID) -> Slot:
        """Show a certain draft of a merged ticket in this one's place, if it is offered; both stay kept."""
        ticket, kind = slot.ticket, slot.draft.kind
        draft = next((each for each in self.offered(ticket, kind) if each.message_id == message_id), None)
        if draft is None or not self._may_leave(slot):
            return slot
        notice = "" if slot.is_empty else "What you had begun here is kept, too: ^G."
        self._slots[(ticket, kind)] = other = self._brought(draft, ticket, Slot(draft, anchored=True, notice=notice))
        return other

    def belongs(self, slot: Slot) -> UUID:
        """The ticket that it is to be sent to by now; another than it is shown at where that was merged, or parted."""
        return self.merged.target(slot.draft.ticket)

    # All of them

    def tickets(self) -> frozenset[UUID]:
        """Those that something is written to and not sent, in this window or as the journal has it; of one that was
        merged, both."""
        here = {slot.draft.ticket for slot in self._slots.values() if not slot.is_empty}
        if self._journal is not None:
            try:
                here |= {draft.ticket for draft in self._journal.list(self._owner) if draft.kind in ("reply", "note")}
            except JournalError as error:
                self.problem = error
        return frozenset(here | {self.merged.target(ticket) for ticket in here})

    def _of(self, ticket: UUID) -> Iterator[Slot]:
        """What is shown at a ticket."""
        return iter([slot for (shown, _), slot in self._slots.items() if shown == ticket])
