"""How what was written in the composer goes out: at once, or after some seconds in which it can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from textual.message import Message

from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.core.journal_held import Held
from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.model import Status
from helpdesk_tui.core.thread import Also, Outgoing
from helpdesk_tui.widgets.composer_drafts import Drafts, Slot
from helpdesk_tui.widgets.composer_hold import GRACE, Holding, into_of
from helpdesk_tui.widgets.writing import Writing

__all__ = ["Sending"]


class Sending(Writing):
    """The composer's way out.

    Args:
        journal: keeps what is written; None: it lives as long as this window, and nothing is held.
        owner: whose it is, as the journal has it.
        me: the author's id.
        merged: which tickets were merged, and into which.
    """

    class Send(Message, namespace="composer"):
        """Send this. What is sent again comes under the same ``message_id``."""

        def __init__(self, outgoing: Outgoing) -> None:
            super().__init__()
            self.outgoing = outgoing

    class Holds(Message, namespace="composer"):
        """What was sent and can be taken back is other than before: see :attr:`Composer.holding`."""

    def __init__(
        self,
        journal: Journal | None,
        owner: str,
        me: UUID | None,
        merged: Merged | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._drafts = Drafts(journal, owner, me, merged)
        self.holding = Holding(journal, owner, self._drafts)

    def failed(self, message_id: UUID, why: str) -> None:
        """It was not sent, or nobody knows."""
        raise NotImplementedError

    def _send(
        self, draft: Draft, then_status: Status | None, also: Also | None, into: UUID | None = None
    ) -> Outgoing | None:
        """What a draft says; None where its files are lost, which its author is told."""
        try:
            files = self._drafts.uploads(draft)
        except JournalError as error:
            self.failed(draft.message_id, str(error))
            return None
        internal = draft.kind == "note"
        return Outgoing(
            into or draft.ticket, draft.message_id, draft.content, internal, draft.after_id, then_status, files, also
        )

    # What was sent and can be taken back

    def _time(self, held: Held) -> None:
        def due() -> None:
            outgoing = self.send_held(held.message_id)
            if outgoing is not None:
                self.post_message(self.Send(outgoing))

        self.set_timer(max(0.0, (held.due - datetime.now(UTC)).total_seconds()), due)

    def send_held(self, message_id: UUID) -> Outgoing | None:
        """What is held goes out now: whoever owns this sends it. None if it was taken back, or its files are lost."""
        found = self.holding.release(message_id)
        if found is None:
            return None
        self.post_message(self.Holds())
        held, draft = found
        return self._send(draft, held.more.get("then_status"), Also.of(held.more.get("also")), into_of(held))

    def take_over(self) -> int:
        """Send what a window that is gone had sent and still held; how many that are."""
        left = self.holding.left_behind(datetime.now(UTC))
        for held, _ in left:
            outgoing = self.send_held(held.message_id)
            if outgoing is not None:
                self.post_message(self.Send(outgoing))
        if self.holding.any_elsewhere():
            self.set_timer(GRACE.total_seconds() + 1, self.take_over)
        return len(left)

    def take_back(self, message_id: UUID) -> Slot | None:
        """Take back what was sent: its words are the author's again. None: it is too late."""
        slot = self.holding.take_back(message_id)
        self.post_message(self.Holds())
        return slot
