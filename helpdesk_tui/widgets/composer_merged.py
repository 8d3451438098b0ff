"""A composer at a ticket that was merged, or that others were merged into: what was written there is offered here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from textual.message import Message
from textual.widgets import Static

from helpdesk_tui.core.journal import Draft, Kind
from helpdesk_tui.core.merged import Merged
from helpdesk_tui.widgets.composer_drafts import Slot
from helpdesk_tui.widgets.composer_files import Attaching

__all__ = ["Merging", "offered_words"]

KINDS: tuple[Kind, ...] = ("reply", "note")


def offered_words(drafts: Sequence[Draft], merged: Merged, how: str) -> str:
    """What is told of drafts to tickets that were merged into this one: in a line, with the key; "" for none.

    Args:
        drafts: those that are offered.
        merged: where tickets are.
        how: the key that shows them.
    """
    if not drafts:
        return ""
    if len(drafts) == 1:
        return f"✎ Your {drafts[0].kind} to {merged.called(drafts[0].ticket)}, merged in here, is not sent · {how}"
    named = ", ".join(dict.fromkeys(merged.called(draft.ticket) for draft in drafts))
    return f"✎ {len(drafts)} drafts of yours to {named}, merged in here, are not sent · {how}"


class Merging(Attaching):
    """A composer that knows of merges. What was written to a ticket stays that one's until it is sent."""

    #: What a merge has to do with the message, in a line.
    about_merge: Static

    class Follow(Message, namespace="composer"):
        """The author wants to go on where a message belongs by now.

        ``ticket_id`` is there, ``internal`` says whether it is a note, ``message_id`` which draft it is.
        """

        def __init__(self, ticket_id: UUID, internal: bool, message_id: UUID) -> None:
            super().__init__()
            self.ticket_id = ticket_id
            self.internal = internal
            self.message_id = message_id

    @property
    def _own_request(self) -> bool:
        raise NotImplementedError

    def _show(self, slot: Slot) -> None:
        raise NotImplementedError

    @property
    def merged(self) -> Merged:
        """Where tickets are that were merged."""
        return self._drafts.merged

    def offered(self, ticket: UUID) -> tuple[Draft, ...]:
        """What was written to tickets that were merged into this one, replies first."""
        if not self.merged.sources(ticket):
            return ()
        return tuple(draft for kind in KINDS for draft in self._drafts.offered(ticket, kind))

    def _elsewhere(self, slot: Slot) -> UUID | None:
        """The ticket that a message belongs to by now, if that is not the one before the author's eyes.

        What the requester writes follows its ticket by itself.
        """
        belongs = self._drafts.belongs(slot)
        return None if belongs == slot.ticket or self._own_request else belongs

    def _tell_of_merge(self, slot: Slot) -> None:
        """Say what a merge has to do with the message."""
        words = self._merge_words(slot)
        self.about_merge.display = bool(words)
        self.about_merge.update(words)

    def _merge_words(self, slot: Slot) -> str:
        belongs, source = self._elsewhere(slot), self.merged.called(slot.draft.ticket)
        if belongs is not None and slot.into is not None:
            return f"⚠ {source} was taken out of here again, and this {slot.draft.kind} with it · ^G goes there"
        if belongs is not None and not self.merged.is_known(belongs):
            return f"⚠ {source} was merged into a ticket that you do not see: this is kept, and cannot be sent"
        if belongs is not None:
            return f"⚠ {source} was merged into {self.merged.called(belongs)} · ^G goes on with this there"
        kind = slot.draft.kind
        if slot.into is not None and not slot.on_its_way:
            return f"✎ Your {kind} to {source}, merged in here · ^G puts it back"
        drafts = self.offered(slot.ticket)
        same = [draft for draft in drafts if draft.kind == kind]
        if same:
            return offered_words(same, self.merged, "^G shows it" if len(same) == 1 else "^G shows them")
        return offered_words(drafts, self.merged, "^O, then ^G")

    def _kept_from_sending(self, slot: Slot) -> bool:
        """Whether a message is not sent from here, which its author is told."""
        if self._elsewhere(slot) is None:
            return False
        self.notify(f"Not sent: {self._merge_words(slot).removeprefix('⚠ ')}", severity="warning", markup=False)
        return True

    def action_next_version(self) -> None:
        """Show another draft of the same message, of another window or a merged ticket; or go where it belongs."""
        slot = self._slot
        if slot is None:
            return
        self._take()
        belongs = self._elsewhere(slot)
        if belongs is None:
            self._show(self._drafts.next_version(slot))
        elif self.merged.is_known(belongs) and not slot.on_its_way:
            self._drafts.save(slot)
            self.post_message(self.Follow(belongs, slot.draft.kind == "note", slot.draft.message_id))

    def take(self, message_id: UUID) -> None:
        """Show a certain draft of what was merged into the ticket, if it is offered here."""
        if self._slot is not None:
            self._take()
            self._show(self._drafts.take(self._slot, message_id))
