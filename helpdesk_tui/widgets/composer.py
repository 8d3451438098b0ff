"""Where a reply or an internal note is written.

The composer sends nothing itself: it posts :class:`Composer.Send`, and whoever owns it answers with
:meth:`Composer.sent`, :meth:`Composer.failed` or :meth:`Composer.refused_stale`. Text leaves it only when the server
has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from helpdesk_tui.core.attachments import patience
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.macros import Filled
from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.model import Status, Thread, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.thread import Also
from helpdesk_tui.widgets.composer_drafts import Slot
from helpdesk_tui.widgets.composer_mentions import Mentioning
from helpdesk_tui.widgets.composer_preview import BESIDE, ComposerPreview
from helpdesk_tui.widgets.composer_style import CSS
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.composer_words import keys, last_id, recipient, state
from helpdesk_tui.widgets.file_bar import FileBar
from helpdesk_tui.widgets.keys import bound

__all__ = ["Composer"]

#: An answer that takes longer than this may never come; sending again is harmless.
ANSWER_SECONDS: Final = 20.0


class Composer(Mentioning):
    """Writes a reply to the requester, or a note for colleagues.

    Args:
        journal: keeps drafts on this machine; None: they live as long as this window.
        owner: whose drafts, as the journal has it.
        me: the author, whose own messages are no news to them.
        merged: which tickets were merged, as whoever owns this learns.
        journal_problem: why there is no journal, to be told once.
    """

    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = bound(
        "composer",
        send="send",
        send_pending="send('pending')",
        send_resolved="send('resolved')",
        switch="switch",
        preview="look",
        leave_fields="leave_fields",
        next_version="next_version",
        leave="leave",
    )

    class Left(Message):
        """The author is done here: ``sent`` if by sending, else for now. The draft is kept."""

        def __init__(self, sent: bool = False) -> None:
            super().__init__()
            self.sent = sent

    def __init__(
        self,
        journal: Journal | None,
        owner: str,
        *,
        me: UUID | None = None,
        merged: Merged | None = None,
        journal_problem: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        self._me = me or last_id(owner)
        super().__init__(journal, owner, self._me, merged, id=id)
        self._journal_problem = journal_problem
        self.text = ComposerText(id="composer-text")
        self.text.ask_file = self.action_file
        self.files = FileBar(id="composer-files")
        self.preview = ComposerPreview(id="composer-preview")
        self._mode = Static("", id="composer-mode", markup=False)
        self._to = Static("", id="composer-to", markup=False)
        self.about_merge = Static("", id="composer-merge", markup=False)
        self._told = Static("", id="composer-state", markup=False)
        self._keys = Static("", id="composer-keys", markup=False)
        self.ticket: Ticket | None = None
        self._thread: Thread | None = None
        self._slot: Slot | None = None
        self._then_status: Status | None = None

    def compose(self) -> ComposeResult:
        """What is written to whom; the text; its files; what became of it; the keys."""
        with Horizontal(id="composer-head"):
            yield self._mode
            yield self._to
        with Horizontal(id="composer-body"):
            yield self.text
            yield self.preview
        yield self._offer_by()
        yield self.files
        yield self.about_merge
        yield self._told
        yield self._keys

    # What comes in

    def open(self, ticket: Ticket, *, internal: bool, thread: Thread | None = None) -> None:
        """Begin a message to a ticket, or go on with it.

        Args:
            ticket: which; its requester is named.
            internal: a note for colleagues rather than a reply.
            thread: the ticket's thread as it is on the screen; None while it is loading, see :meth:`update_thread`.
        """
        self._take()
        self.ticket = ticket
        self._thread = thread if thread is not None and thread.ticket.id == ticket.id else None
        self.files.close()
        self._show(self._drafts.slot(ticket.id, "note" if internal else "reply"))
        self.text.focus()

    def update_thread(self, thread: Thread) -> None:
        """Take the thread as it is on the screen now, whichever ticket's it is."""
        if self.ticket is not None and thread.ticket.id == self.ticket.id:
            self._take()
            self._thread, self.ticket = thread, thread.ticket
        before = self._slot.draft.content if self._slot else ""
        confirming = self._slot is not None and self._slot.status == "confirming"
        self._drafts.see(thread)
        if self._slot is not None:
            self._refresh(reload=self._slot.draft.content != before)
            if confirming and self._slot.is_empty:
                self.post_message(self.Left(sent=True))

    def sent(self, message_id: UUID) -> None:
        """The server has the message."""
        self.holding.sent(message_id)
        slot = self._drafts.sent(message_id)
        if slot is not None and slot is self._slot:
            self._refresh(reload=True)
            if slot.status != "confirming":
                self.post_message(self.Left(sent=True))

    def failed(self, message_id: UUID, why: str) -> None:
        """The message was not sent, or nobody knows whether it was: everything is back as it was before."""
        self.holding.answered(message_id, known=False)
        if self._drafts.failed(message_id, safe_line(why, 300)) is self._slot:
            self._refresh(reload=True)

    def refused_stale(self, message_id: UUID, unseen: Sequence[UUID]) -> None:
        """The message was not sent: others have written meanwhile. The thread should show what, see
        :meth:`update_thread`."""
        self.holding.answered(message_id, known=True)
        if self._drafts.refused(message_id, len(unseen)) is self._slot:
            self._refresh(reload=True)

    def insert_quote(self, quote: str, *, internal: bool = False) -> None:
        """Insert a quotation at the cursor. One of an internal note goes into no reply."""
        slot = self._slot
        if slot is None or slot.on_its_way or not quote:
            return
        if internal and slot.draft.kind == "reply":
            self.notify("That is an internal note: it is not quoted to the requester.", severity="warning")
            return
        self.text.put(quote if self.text.cursor_location[1] == 0 else "\n" + quote)

    def insert_macro(self, filled: Filled, also: Also | None) -> bool:
        """Put a macro's text at the cursor, and what it sets beside it for when this is sent.

        Returns:
            Whether there was nothing before it: then it is the macro's whole text, and nothing else.
        """
        slot = self._slot
        if slot is None or slot.on_its_way:
            return False
        self._take()
        alone = slot.is_empty
        start = self.text.selection.start
        self.text.put(filled.text)
        if filled.cursor is not None:
            before = filled.text[: filled.cursor]
            row, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
            self.text.move_cursor((start[0] + row, column + (start[1] if row == 0 else 0)))
        self._take()
        slot.also = also if also is not None and also.change else slot.also
        self._refresh()
        return alone

    def action_look(self) -> None:
        """Show how it will look, beside the text or, where there is no room, in its place; again: no more."""
        self.toggle_class("-preview")
        self._look()
        if self.has_class("-preview") and not self.has_class("-beside"):
            self.preview.focus()
        else:
            self.text.focus()

    def _look(self) -> None:
        self.set_class(self.size.width >= BESIDE, "-beside")
        if self.has_class("-preview"):
            self.preview.show(self.text.text, follow=self.text.cursor_at_last_line)

    def on_resize(self) -> None:
        """There may be room beside the text now, or none any more; and for more keys, or fewer."""
        self._look()
        self._refresh()

    def action_leave_fields(self) -> None:
        """Set nothing with it after all."""
        if self._slot is not None and not self._slot.on_its_way:
            self._slot.also = None
            self._refresh()

    def insert(self, words: str, *, block: bool = False) -> None:
        """Insert words at the cursor; as a ``block``, on lines of their own."""
        slot = self._slot
        if slot is None or slot.on_its_way or not words:
            return
        if block:
            words = words.strip("\n") + "\n"
            words = words if self.text.cursor_location[1] == 0 else "\n" + words
        self.text.put(words)

    def flush(self) -> None:
        """Keep everything in the journal now."""
        self._take()
        self._drafts.flush()

    def settle(self) -> None:
        """Ask the disk to hold the drafts."""
        self._drafts.settle()

    def repaint(self) -> None:
        """Show the message's state."""
        self._refresh()

    def left(self) -> Left:
        """The author is done for now."""
        return self.Left()

    # What is there

    @property
    def internal(self) -> bool:
        """Whether a note is being written."""
        return self._slot is not None and self._slot.draft.kind == "note"

    @property
    def tickets(self) -> frozenset[UUID]:
        """Those that have a draft of this author's."""
        return self._drafts.tickets()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return self._slot is None or not (self.text.text.strip() or self._slot.draft.files)

    # Keys

    def action_send(self, then_status: Status | None = None) -> None:
        """Send what is written."""
        slot = self._slot
        if slot is None or (then_status is not None and self._own_request) or self.files.unfinished():
            return
        self._take()
        if self._kept_from_sending(slot):
            return
        if slot.is_empty:
            self.notify("There is nothing to send yet.")
            return
        self._then_status = then_status
        if self._drafts.may_send(slot):
            also = slot.also.json() if slot.also is not None else None
            held = self.holding.hold(slot, self._called, {"then_status": then_status, "also": also})
            if held is not None:
                self._time(held)
                self.post_message(self.Holds())
                self.post_message(self.Left(sent=True))
            else:
                outgoing = self._send(self._drafts.sending(slot), then_status, slot.also, slot.into)
                if outgoing is not None:
                    self.post_message(self.Send(outgoing))
                    self._wait(outgoing.message_id, patience(outgoing.files) or ANSWER_SECONDS)
        self._refresh(reload=True)

    @property
    def _called(self) -> str:
        """What to call the message where others are told of, too."""
        number = f"#{self.ticket.number} " if self.ticket is not None else ""
        return number + ("note" if self.internal else "reply")

    def action_send_anyway(self) -> None:
        """Send although others have written meanwhile; with nothing to decide, redo what was undone."""
        slot = self._slot
        if slot is None or slot.status != "stale":
            self.text.action_redo()
            return
        self._drafts.accept_new(slot, self._thread)
        self.action_send(self._then_status)

    def action_switch(self) -> None:
        """Go over to the note from the reply, or back. Each keeps its own text."""
        if self.ticket is not None and not self._own_request:
            self.open(self.ticket, internal=not self.internal, thread=self._thread)

    def action_editor(self) -> None:
        """Go on in the author's own editor."""
        slot = self._slot
        if slot is None or slot.on_its_way:
            return

        def written(text: str) -> None:
            if slot is self._slot and self.is_attached:
                self.text.put_all(text)
                self.flush()
            else:
                self._drafts.write(slot, text)
                self._drafts.flush()

        self.edit_outside(self.text.text, written)

    @on(ComposerText.Request)
    def _request(self, message: ComposerText.Request) -> None:
        message.stop()
        if message.what == "editor":
            self.action_editor()
        else:
            self.action_send_anyway()

    # Keeping

    @on(ComposerText.Changed)
    def _changed(self, message: ComposerText.Changed) -> None:
        message.stop()
        if self._take():
            self._refresh()
        self._look()

    def _take(self) -> bool:
        """Take what the field holds now into its draft, and see to it that it is kept; whether it was anything new."""
        if self._slot is None or not self._drafts.write(self._slot, self.text.text):
            return False
        self.keep_soon(failing=self._drafts.problem is not None)
        return True

    # Showing

    def _show(self, slot: Slot) -> None:
        """Put another message in the field."""
        self._slot = slot
        if self._thread is not None:
            self._drafts.see(self._thread)
        self._refresh(reload=True)

    def _refresh(self, *, reload: bool = False) -> None:
        """Show the message's state, and its text if that was changed elsewhere."""
        slot = self._slot
        if slot is None:
            return
        if reload and self.text.text != slot.draft.content:
            self.text.load_text(slot.draft.content)
            self.text.move_cursor(self.text.document.end)
        self.text.read_only = slot.on_its_way
        note = slot.draft.kind == "note"
        self.set_class(note, "-note")
        self.set_class(not note, "-reply")
        own = self._own_request
        self.files.list_files(slot.draft.files)
        self._mode.update(" INTERNAL NOTE " if note else " MESSAGE TO THE TEAM " if own else " REPLY TO CUSTOMER ")
        self._to.update(recipient(self.ticket, slot.draft.kind, own=own))
        problem = str(self._drafts.problem) if self._drafts.problem else self._journal_problem
        status, words = state(slot, problem)
        if status == "notice" and (unheard := self._unheard()):
            status, words = "stale", unheard
        for name in ("sending", "failed", "stale"):
            self.set_class(name == status, f"-{name}")
        self.set_class(bool(words), "-told")
        self._told.update(words)
        self._tell_of_merge(slot)
        self._keys.update(keys(note=note, own=own, width=self.size.width - 2))

    @property
    def _own_request(self) -> bool:
        """Whether the author is the ticket's requester: then there are no notes, and the status is the team's."""
        return self.ticket is not None and self.ticket.customer_id == self._me
