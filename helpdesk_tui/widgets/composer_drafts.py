"""What is being written, on the way, or came back: one slot for each ticket and kind, in memory and in the journal.

No text is ever dropped here but one that the server has: by its own word, or by showing the message in the thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from uuid import UUID, uuid4

from helpdesk_tui.core.attachments import MOST, Upload
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.journal import Draft, DraftFile, Journal, JournalError
from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.model import Message, Thread
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.thread import Also
from helpdesk_tui.widgets.composer_versions import Slot, Status, Versions

__all__ = ["Drafts", "Slot", "Status"]


class Drafts(Versions):
    """Every message that one person is writing in this window.

    Args:
        journal: keeps them on this machine; None: they live as long as this window.
        owner: whose they are, as the journal has it.
        me: the author's id, whose own messages are no news to them.
        merged: which tickets were merged, and into which.
    """

    def __init__(
        self, journal: Journal | None, owner: str, me: UUID | None = None, merged: Merged | None = None
    ) -> None:
        super().__init__(journal, owner, merged)
        self._me = me

    # Writing

    def write(self, slot: Slot, text: str) -> bool:
        """Take what the author has written; whether that is anything new."""
        if slot.on_its_way or text == slot.draft.content:
            return False
        self._change(slot, replace(slot.draft, content=text))
        return True

    def attach(self, slot: Slot, upload: Upload) -> None:
        """Take a file along.

        Raises:
            BadInput: there are as many as a message may have.
        """
        if len(slot.draft.files) >= MOST:
            raise BadInput(f"A message has {MOST} files at most.", "Send the rest with another one.")
        if not slot.on_its_way:
            self._change(slot, replace(slot.draft, files=(*slot.draft.files, DraftFile.of(upload))))
            self.save(slot)

    def detach_last(self, slot: Slot) -> DraftFile | None:
        """Leave the last file out after all; None where there is none."""
        if slot.on_its_way or not slot.draft.files:
            return None
        *files, last = slot.draft.files
        self._change(slot, replace(slot.draft, files=tuple(files)))
        self.save(slot)
        return last

    def uploads(self, draft: Draft) -> tuple[Upload, ...]:
        """The files of a draft with what is in them.

        Raises:
            JournalError: the journal has lost one.
        """
        return tuple(Upload(each.name, self._content(each), each.id) for each in draft.files)

    def _content(self, file: DraftFile) -> bytes:
        if file.data is not None:
            return file.data
        if self._journal is None:
            raise JournalError(f"The file {safe_line(file.name, 100)} is not kept here any more.", "Attach it again.")
        return self._journal.content(file)

    def _change(self, slot: Slot, draft: Draft) -> None:
        """Something was written or attached: from the first of it on, it is known what its author had seen."""
        begun = slot.is_empty
        slot.draft = draft
        if begun and not slot.is_empty:
            slot.draft = replace(slot.draft, after_id=slot.newest if slot.shown else None)
            slot.anchored, slot.unseen = slot.shown, 0
        slot.dirty = True
        slot.notice = ""
        if slot.status in ("failed", "stale"):
            slot.status = "writing"

    def flush(self) -> None:
        """Keep everything."""
        for slot in list(self._slots.values()):
            self.save(slot)

    def settle(self) -> None:
        """Ask the disk to hold what was kept. Slow; may be called from any thread.

        Raises:
            JournalError: it does not.
        """
        if self._journal is not None:
            self._journal.settle()

    # What the thread shows

    def see(self, thread: Thread) -> None:
        """Take the thread as the author sees it now: what is new in it since they began, and what of theirs arrived."""
        for slot in self._of(thread.ticket.id):
            arrived = next((one for one in thread.messages if one.id == slot.draft.message_id), None)
            if arrived is not None and slot.status != "sending":
                self._arrived(slot, arrived, {one.id for one in thread.attachments})
            slot.shown, slot.newest = True, thread.newest_message
            if slot.is_empty:
                slot.unseen = 0
                continue
            if not slot.anchored:
                slot.draft = replace(slot.draft, after_id=thread.newest_message)
                slot.anchored = True
            slot.unseen = sum(1 for _ in self._since(thread, slot.draft.after_id))
            if slot.status == "confirming":  # the server has it, and this reading is older than that
                continue
            if slot.status == "stale" and not slot.unseen:
                slot.status = "writing"

    def _since(self, thread: Thread, after_id: UUID | None) -> Iterator[Message]:
        """What others wrote after a message."""
        place = next((at for at, one in enumerate(thread.messages) if one.id == after_id), -1)
        return (one for one in thread.messages[place + 1 :] if one.sender_id != self._me)

    def _arrived(self, slot: Slot, message: Message, files: Set[UUID]) -> None:
        """The server has a message with this draft's id: with these words and files, or with earlier ones."""
        same = message.content.strip() == slot.draft.content.strip()
        missing = tuple(each for each in slot.draft.files if each.id not in files)
        if slot.is_empty or (same and not missing):
            told = slot.status in ("sending", "confirming")
            self._clear(slot)
            slot.notice = "" if told else "This had been sent already."
            return
        content = "" if same else slot.draft.content
        try:
            missing = tuple(replace(each, id=uuid4(), data=self._content(each)) for each in missing)
        except JournalError as error:
            self.problem, missing = error, ()
        slot.draft = replace(slot.draft, content=content, message_id=uuid4(), revision=0, attempted=None, files=missing)
        slot.status, slot.dirty = "writing", True
        slot.notice = "An earlier version of this was sent; what you have changed since is still here, not sent."
        if self._journal is not None:
            try:
                self._journal.drop(message.id)
            except JournalError as error:
                self.problem = error
        self.save(slot)

    # Sending

    def may_send(self, slot: Slot) -> bool:
        """Whether a text can go now: there is one, it is not on its way, and nothing new stands above it."""
        if slot.is_empty or slot.on_its_way:
            return False
        if slot.draft.kind == "reply" and slot.unseen:
            slot.status = "stale"
            return False
        return True

    def accept_new(self, slot: Slot, thread: Thread | None) -> None:
        """The author has seen what is new and sends all the same."""
        if thread is not None:
            slot.draft = replace(slot.draft, after_id=thread.newest_message)
            slot.anchored, slot.dirty = True, True
        slot.unseen, slot.status = 0, "writing"

    def sending(self, slot: Slot) -> Draft:
        """Mark a text as on its way, and return what to send."""
        self.save(slot)
        slot.earlier = slot.draft.attempted
        slot.draft = self.attempt(slot.draft)
        slot.status, slot.words, slot.notice = "sending", "", ""
        return slot.draft

    def attempt(self, draft: Draft) -> Draft:
        """Put down that a draft is being sent, so that it is known also after the program was killed."""
        if self._journal is not None:
            try:
                return self._journal.attempt(draft)
            except JournalError as error:
                self.problem = error
        return draft.attempt()

    def sent(self, message_id: UUID) -> Slot | None:
        """The server has the message; the slot it was in."""
        slot = self._with(message_id)
        if slot is None:
            self._drop(message_id)
            return None
        if slot.draft.attempted is not None and slot.draft.attempted != slot.draft.content:
            # Sent twice with other words: under one id the server keeps the first. The thread tells which that was.
            slot.status = "confirming"
        else:
            self._clear(slot)
        return slot

    def failed(self, message_id: UUID, words: str) -> Slot | None:
        """It was not sent, or nobody knows: the text is the author's again."""
        slot = self._with(message_id)
        if slot is not None:
            slot.status, slot.words = "failed", words
        return slot

    def refused(self, message_id: UUID, unseen: int) -> Slot | None:
        """It was not sent, since the thread has moved on by so many messages."""
        slot = self._with(message_id)
        if slot is not None:
            slot.status, slot.unseen = "stale", max(unseen, 1)
            # An answer: the server has not got this text.
            slot.draft, slot.dirty = replace(slot.draft, attempted=slot.earlier), True
            self.save(slot)
        return slot

    # What is on its way and can be taken back

    def let_go(self, slot: Slot) -> None:
        """What is written here was sent: it stays kept, and the author goes on with nothing."""
        slot.draft, slot.into = Draft(slot.draft.owner, slot.ticket, slot.draft.kind), None
        slot.status, slot.words, slot.notice = "writing", "", ""
        slot.dirty, slot.anchored, slot.unseen, slot.also = False, False, 0, None

    def put_first(self, draft: Draft, also: Also | None = None, into: UUID | None = None) -> Slot:
        """Words that come back; what was begun after them stays kept as another draft."""
        key = (into or draft.ticket, draft.kind)
        there = self._slots.get(key)
        if there is not None:
            self.save(there)
        self._slots[key] = Slot(draft, anchored=True, also=also, into=into)
        if there is not None and not there.is_empty:
            self._slots[key].notice = "What you began to write after it is kept too: ^G."
        return self._slots[key]

    def bring_back(
        self, draft: Draft, attempted: str | None, also: Also | None = None, into: UUID | None = None
    ) -> bool:
        """Words that could not be sent, with what the server may have of them; whether they stand in their place, and
        not beside what is being written there by now."""
        there = self._slots.setdefault((into or draft.ticket, draft.kind), Slot(draft))
        free = there.is_empty and not there.on_its_way
        if free or there.draft.message_id == draft.message_id:
            there.draft, there.anchored, there.dirty = replace(draft, attempted=attempted), True, True
            there.also, there.into = also, into
            self.save(there)
            return True
        there.notice = "Your answer before this one was NOT sent. ^G shows it."
        return False

    def _with(self, message_id: UUID) -> Slot | None:
        return next((slot for slot in self._slots.values() if slot.draft.message_id == message_id), None)

    def _clear(self, slot: Slot) -> None:
        """Begin anew after a message has gone."""
        gone = slot.draft
        slot.draft, slot.into = Draft(gone.owner, slot.ticket, gone.kind), None
        slot.status, slot.words, slot.notice = "writing", "", ""
        slot.dirty, slot.anchored, slot.unseen, slot.also = False, False, 0, None
        self._drop(gone.message_id)

    def _drop(self, message_id: UUID) -> None:
        if self._journal is not None:
            try:
                self._journal.drop(message_id)
            except JournalError as error:
                self.problem = error
