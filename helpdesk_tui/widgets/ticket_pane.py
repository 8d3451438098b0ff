"""A ticket: what it is, its thread, and the composer below while somebody writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.model import Person, Thread, Ticket, Unsent
from helpdesk_tui.widgets.thread import ThreadView
from helpdesk_tui.widgets.ticket_header import Clock, Header, TicketHeader, utc_now

if TYPE_CHECKING:
    from helpdesk_tui.core.journal import Journal
    from helpdesk_tui.widgets.composer import Composer

__all__ = ["TicketPane"]


class TicketPane(Vertical):
    """Shows one ticket at a time. It asks nobody for anything: whoever owns it brings tickets and threads.

    Args:
        drafts: the file that drafts rest in; None: on the screen alone.
        owner: whose drafts, as the journal has it.
        clock: tells the time that ages are counted from.
        zone: where the reader is; None: where this machine is.
    """

    DEFAULT_CSS = """
    TicketPane {
        & > ThreadView { height: 1fr; }
        & > Composer { display: none; }
        & > .there { height: 1; padding: 0 1; display: none; color: $text-warning; background: $panel; }
        & > .there.-told { display: block; }
        &.writing > Composer { display: block; }
    }
    """

    #: Whether it is for the requester: words without a trade's.
    PLAIN: ClassVar[bool] = False

    def __init__(
        self,
        drafts: Path | None,
        owner: str,
        *,
        clock: Clock = utc_now,
        zone: tzinfo | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.header = self.make_header(clock, zone)
        self.thread = ThreadView(plain=self.PLAIN, clock=clock, zone=zone, id="thread")
        self.there = Static("", classes="there", markup=False)
        self.offered = Static("", classes="there", markup=False)
        #: Where tickets are that were merged, as far as this pane has seen.
        self.merged = Merged()
        self._drafts = drafts
        self._owner = owner
        self._composer: Composer | None = None
        self._journal: Journal | None = None
        self._drafted: frozenset[UUID] = frozenset()
        self._preparing = asyncio.Lock()
        self.ticket: Ticket | None = None
        #: What stood in the composer when it was last opened.
        self.begun = ""
        #: Those who can be named in a note.
        self.staff: Callable[[], Sequence[Person]] = lambda: ()
        #: What its reader has written to a ticket and the database has not got yet.
        self.unsent: Callable[[UUID], tuple[Unsent, ...]] = lambda _: ()

    def make_header(self, clock: Clock, zone: tzinfo | None) -> Header:
        """What is above the thread."""
        return TicketHeader(clock=clock, zone=zone)

    def compose(self) -> ComposeResult:
        """Header and thread; the composer comes with :meth:`prepare`."""
        yield self.header
        yield self.thread
        yield self.there
        yield self.offered

    async def prepare(self) -> None:
        """Make the composer, if that is still to do. No start waits for it: a text field costs 40 ms."""
        from helpdesk_tui.core.journal import Journal, JournalError
        from helpdesk_tui.widgets.composer import Composer

        async with self._preparing:
            if self._composer is None:
                problem = None
                try:
                    self._journal = Journal.open(self._drafts) if self._drafts is not None else None
                except JournalError as error:
                    problem = str(error)
                composer = Composer(self._journal, self._owner, merged=self.merged, journal_problem=problem)
                composer.staff = self.staff
                await self.mount(composer)
                self._composer = composer

    @property
    def composer(self) -> Composer:
        """The composer, which there is after :meth:`prepare`."""
        if self._composer is None:
            raise RuntimeError("nobody has begun to write")
        return self._composer

    @property
    def journal(self) -> Journal | None:
        """What keeps drafts, after :meth:`prepare`; None where nothing does."""
        return self._journal

    @property
    def ready(self) -> bool:
        """Whether there is a composer."""
        return self._composer is not None

    @property
    def composer_has_focus(self) -> bool:
        """Whether the keys are the composer's."""
        return self._composer is not None and self._composer.has_focus_within

    @property
    def written(self) -> str | None:
        """What stands in the composer while the keys are its; None where they are not."""
        return self.composer.text.text if self.composer_has_focus else None

    @property
    def writing(self) -> bool:
        """Whether the composer is open: then nothing may put another ticket in its place."""
        return self.has_class("writing")

    # The ticket

    def _head(self) -> None:
        ticket = self.ticket
        self.header.show(ticket, draft=ticket is not None and ticket.id in self._drafted and not self.writing)
        words = "" if ticket is None or self.writing else self._offer(ticket.id)
        self.offered.set_class(bool(words), "-told")
        self.offered.update(words)

    def _offer(self, ticket: UUID) -> str:
        """What is told of drafts to tickets that were merged into one."""
        drafts = self._composer.offered(ticket) if self._composer is not None else ()
        if not drafts:
            return ""
        from helpdesk_tui.actions import key_of
        from helpdesk_tui.widgets.composer_merged import offered_words

        names = {"reply": "customer.answer" if self.PLAIN else "desk.reply", "note": "desk.note"}
        keys = " or ".join(dict.fromkeys(key_of(names[draft.kind]) for draft in drafts))
        return offered_words(drafts, self.merged, f"{keys}, then ^G")

    def learn(self, ticket: Ticket, *, whole: bool = False) -> None:
        """Take in where a ticket is, for what is written to it; ``whole``: as an opened one tells it."""
        own = str(ticket.customer_id) == self._owner.rpartition("/")[2]
        if self.merged.learn(ticket, whole=whole and not own):
            self.kept_drafts()
            if self._composer is not None:
                self._composer.repaint()

    def show_ticket(self, ticket: Ticket) -> None:
        """The ticket looks like this now; another one than is shown is ignored."""
        if self.ticket is not None and self.ticket.id == ticket.id:
            # A line of the queue is not told of these.
            held = self.ticket.more
            if held.links or held.fields or held.merged:
                more = replace(ticket.more, links=held.links, fields=held.fields, merged=held.merged)
                ticket = replace(ticket, more=more)
            self.ticket = ticket
            self._head()

    def show_there(self, words: str) -> None:
        """Say who else has the ticket open; "": nobody."""
        self.there.set_class(bool(words), "-told")
        self.there.update(words)

    def show_loading(self, ticket: Ticket) -> None:
        """Show a ticket whose thread is on its way."""
        self.ticket = ticket
        self._head()
        self.thread.show_loading(f"#{ticket.number}")

    def show_thread(self, thread: Thread) -> None:
        """The thread has come, for the first time or again; one for another ticket than is shown is ignored."""
        if self.ticket is None or thread.ticket.id != self.ticket.id:
            return
        self.ticket = thread.ticket
        self.learn(thread.ticket, whole=True)
        self._head()
        self.thread.unsent = self.unsent(thread.ticket.id)
        held = self.thread.thread
        if self.thread.state == "ready" and held is not None and held.ticket.id == thread.ticket.id:
            self.thread.update_thread(thread)
        else:
            self.thread.set_thread(thread)
        if self._composer is not None:
            self._composer.update_thread(thread)

    def show_unsent(self) -> None:
        """What waits to be sent is another than before."""
        if self.ticket is not None:
            self.thread.show_unsent(self.unsent(self.ticket.id))

    def show_failed(self, ticket_id: UUID, why: str, hint: str | None = None) -> None:
        """The thread could not be read. What was loaded before stays readable."""
        if self.ticket is not None and self.ticket.id == ticket_id:
            self.thread.show_failed(why, hint)

    def clear(self) -> None:
        """Show no ticket."""
        self.ticket = None
        self._head()
        self.thread.show_nothing()

    def focus_thread(self) -> None:
        """The keys are the thread's."""
        self.thread.focus()

    # Writing

    async def write(self, ticket: Ticket, *, internal: bool, quote: bool = False) -> None:
        """Open the composer for the ticket that is shown, with its draft if there is one.

        Args:
            ticket: which; if another one is shown by the time the composer is there, nothing is opened.
            internal: a note rather than a reply.
            quote: begin with the message that is chosen in the thread.
        """
        self.add_class("writing")
        self._head()
        await self.prepare()
        if self.ticket is None or self.ticket.id != ticket.id:
            self.remove_class("writing")
            return
        held = self.thread.thread if self.thread.state == "ready" else None
        self.composer.open(self.ticket, internal=internal, thread=held)
        self.begun = self.composer.text.text
        if quote:
            chosen = self.thread.current_message
            self.composer.insert_quote(self.thread.quote_text(), internal=chosen is not None and chosen.internal)

    def stop_writing(self) -> None:
        """Close the composer; a draft is kept."""
        self.keep_draft()
        self.remove_class("writing")
        self._head()

    def kept_drafts(self) -> frozenset[UUID]:
        """The tickets to which something is written and not sent; looks anew, and marks the one that is shown."""
        self._drafted = self._composer.tickets if self._composer is not None else frozenset()
        self._head()
        return self._drafted

    def on_unmount(self) -> None:
        """The composer has kept its last words by now; the journal is needed no more."""
        if self._composer is not None and self._journal is not None:
            self._composer.release(self._journal.close)

    def keep_draft(self) -> None:
        """See to it that what was written is in the journal."""
        if self._composer is not None:
            self._composer.flush()
