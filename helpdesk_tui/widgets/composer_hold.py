"""What was sent and can be taken back for some seconds: kept in the journal as it is, and out of the author's way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core import journal_held
from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.core.journal_held import Held
from helpdesk_tui.core.thread import Also
from helpdesk_tui.widgets.composer_drafts import Drafts, Slot

__all__ = ["GRACE", "Holding", "into_of"]

#: What another window holds, or held before it died, is taken for left behind so long after it was due.
GRACE: Final = timedelta(seconds=5)


def into_of(held: Held) -> UUID | None:
    """The ticket that it goes to where the one that it was written to was merged into that."""
    into = held.more.get("into")
    return None if into is None else UUID(into)


class Holding:
    """The answers of one person that are on their way in this window.

    Args:
        journal: keeps them; without one nothing is held: a hold that a crash would lose is none.
        owner: whose they are, as the journal has it.
        drafts: where their words come from and go back to.

    Attributes:
        seconds: how long; 0: sent at once.
    """

    def __init__(self, journal: Journal | None, owner: str, drafts: Drafts) -> None:
        self.seconds = 0.0
        self._journal = journal
        self._owner = owner
        self._drafts = drafts
        self._held: dict[UUID, tuple[Held, Draft]] = {}
        self._going: dict[UUID, tuple[Held, Draft, str | None]] = {}

    @property
    def waiting(self) -> tuple[Held, ...]:
        """What can be taken back, the first to go first."""
        return tuple(held for held, _ in self._held.values())

    def hold(self, slot: Slot, words: str, more: Mapping[str, Any]) -> Held | None:
        """Take what is written out of the author's way until it is due.

        Returns:
            What is held; None where it cannot be: then it is to be sent at once.
        """
        self._drafts.save(slot)
        if self._journal is None or slot.dirty or self.seconds <= 0:
            return None
        due = datetime.now(UTC) + timedelta(seconds=self.seconds)
        into = {} if slot.into is None else {"into": str(slot.into)}
        held = Held(slot.draft.message_id, due, words, {**more, **into})
        try:
            with self._journal.writing() as connection:
                journal_held.put(connection, self._owner, held)
        except JournalError as error:
            self._drafts.problem = error
            return None
        self._held[held.message_id] = held, slot.draft
        self._drafts.let_go(slot)
        return held

    def left_behind(self, now: datetime) -> list[tuple[Held, Draft]]:
        """What was held by a window that is gone: it is held here from now on. It was sent, to whoever wrote it."""
        if self._journal is None:
            return []
        try:
            with self._journal.reading() as connection:
                found = journal_held.of(connection, self._owner)
            words = {draft.message_id: draft for draft in self._journal.held_drafts(self._owner)}
        except JournalError as error:
            self._drafts.problem = error
            return []
        taken = []
        for held in found:
            draft = words.get(held.message_id)
            if held.message_id in self._held or held.message_id in self._going or held.due + GRACE > now:
                continue
            if draft is None:  # sent, or thrown away, by that window
                self._forget(held.message_id)
                continue
            self._held[held.message_id] = held, draft
            taken.append((held, draft))
        return taken

    def any_elsewhere(self) -> bool:
        """Whether another window holds something that may yet be left behind."""
        if self._journal is None:
            return False
        try:
            with self._journal.reading() as connection:
                found = journal_held.of(connection, self._owner)
        except JournalError:
            return False
        return any(held.message_id not in self._held and held.message_id not in self._going for held in found)

    def release(self, message_id: UUID) -> tuple[Held, Draft] | None:
        """It goes out now; None if it was taken back meanwhile. It stays kept until there is an answer."""
        found = self._held.pop(message_id, None)
        if found is None:
            return None
        held, draft = found
        sending = self._drafts.attempt(draft)
        self._going[message_id] = held, sending, draft.attempted
        return held, sending

    def take_back(self, message_id: UUID) -> Slot | None:
        """Its words are the author's again, before all else that they write to the ticket; None: it is too late."""
        found = self._held.pop(message_id, None)
        if found is None:
            return None
        self._forget(message_id)
        held, draft = found
        return self._drafts.put_first(draft, Also.of(held.more.get("also")), into_of(held))

    def answered(self, message_id: UUID, *, known: bool) -> bool:
        """There is an answer to what went out: not a yes. Its words are the author's again.

        Args:
            message_id: which.
            known: whether the server surely has not got it.

        Returns:
            Whether it stands where the author finds it at once; False where they write something else there.
        """
        found = self._going.pop(message_id, None)
        if found is None:
            return True
        self._forget(message_id)
        held, draft, before = found
        attempted = before if known else draft.attempted
        return self._drafts.bring_back(draft, attempted, Also.of(held.more.get("also")), into_of(held))

    def sent(self, message_id: UUID) -> None:
        """The server has it."""
        if self._going.pop(message_id, None) is not None:
            self._forget(message_id)

    def _forget(self, message_id: UUID) -> None:
        if self._journal is None:
            return
        try:
            with self._journal.writing() as connection:
                journal_held.drop(connection, message_id)
        except JournalError as error:
            self._drafts.problem = error
