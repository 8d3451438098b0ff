"""A customer's home: their requests, one of them open, and what they can do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from helpdesk_tui.actions import Context, key_of
from helpdesk_tui.core.errors import HelpdeskError, Queued
from helpdesk_tui.core.model import Status, Ticket
from helpdesk_tui.core.plain import RATINGS, stars
from helpdesk_tui.core.requests import Rating
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.customer_request import CustomerRequest

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.comment_field import CommentField

__all__ = ["CustomerScreen"]

OPEN: Final = ("open", "pending")


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to a request, to be taken back."""

    before: Ticket
    after: Status


class CustomerScreen(CustomerRequest):
    """My requests: ask, answer, say that it is solved, open again, rate.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "customer.tcss"
    LIST = "#requests"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("customer", "thread")
    BINDINGS: ClassVar[list[BindingType]] = bindings("customer")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._comment: CommentField | None = None
        self._done: list[Done] = []

    def body(self) -> ComposeResult:
        """The list and the request."""
        with Horizontal(id="panes"):
            yield self.requests
            yield self.pane

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.status.plain = True
        self.requests.focus()

    def on_screen_resume(self) -> None:
        """Back from somewhere: a request may have been begun there."""
        super().on_screen_resume()
        if self._complete:
            self.requests.show_draft(self._unsent())

    async def complete(self) -> None:
        """Make what the first picture does not show."""
        await super().complete()
        self.requests.show_draft(self._unsent())

    def link_unsent(self, waiting: int, refused: int) -> None:
        """What waits is another: in the list, too."""
        super().link_unsent(waiting, refused)
        self.requests.show_queued(self.link.keeping.requests if self.link.keeping is not None else ())
        if self._complete:
            self.requests.show_draft(self._unsent())

    def _unsent(self) -> str | None:
        """The title of the request that is not sent yet."""
        from helpdesk_tui.core.journal import Journal, JournalError

        if self.link.drafts is None:
            return None
        try:
            journal = Journal.open(self.link.drafts)
        except JournalError as error:
            self.say(str(error), alarm=True)
            return None
        try:
            found = journal.requests(self.link.drafts_owner)
        except JournalError as error:
            self.say(str(error), alarm=True)
            return None
        finally:
            journal.close()
        return (found[0].title.strip() or "(no title yet)") if found else None

    # Solved, and not solved after all

    def action_solved(self) -> None:
        """The request at hand is solved, or of no interest any more."""
        ticket = self.subject
        if ticket is None:
            self.say("Choose a request first")
        elif self._was_merged(ticket):
            return
        elif ticket.status == "closed":
            self.say("It is closed already; o opens it again")
        else:
            self.spawn(self._set(ticket, "closed", "Closed. u takes it back; 1 to 5 says how we did"))

    def action_reopen(self) -> None:
        """It is not solved after all."""
        ticket = self.subject
        if ticket is None:
            self.say("Choose a request first")
        elif self._was_merged(ticket):
            return
        elif ticket.status in OPEN:
            self.say("It is open; r writes to us")
        else:
            self.spawn(self._set(ticket, "open", "Opened again. u takes it back; r writes to us"))

    def _was_merged(self, ticket: Ticket) -> bool:
        """Whether a request goes on in another one: nothing is done to it, and that is said."""
        into = ticket.more.merged_into
        if into is not None:
            self.say(f"It was merged into {self._called(into)}: {key_of('customer.merged')} opens that one")
        return into is not None

    def action_undo(self) -> None:
        """Take the last of these back."""
        if not self._done:
            self.say("There is nothing to take back")
            return
        done = self._done[-1]
        now = self.requests.find(done.before.id) or done.before
        if now.status != done.after:
            self._done.pop()
            self.say("It has changed since: nothing is taken back")
            return
        self.spawn(self._undo(done, now))

    async def _undo(self, done: Done, now: Ticket) -> None:
        if await self._set(now, done.before.status, "Taken back", undoing=True) and done in self._done:
            self._done.remove(done)

    async def _set(self, ticket: Ticket, status: Status, words: str, *, undoing: bool = False) -> bool:
        """Gives a request a status: on the screen at once, then in the database, or rolled back aloud."""
        after = replace(ticket, status=status, updated_at=datetime.now(UTC))
        self._flying.add(ticket.id)
        self._looks(after)
        self.say(words)
        failure: HelpdeskError | None = None
        try:
            await self.asked.set_status(ticket.id, status, self._outbox)
        except Queued:
            self.say("No answer yet: it is kept, and done as soon as we can be reached")
        except HelpdeskError as error:
            failure = error
        self._flying.discard(ticket.id)
        if failure is not None:
            self._looks(ticket)
            self.say(f"Not done: {failure}", alarm=True)
            return False
        if not undoing:
            self._done.append(Done(ticket, status))
        self.link.mark(frozenset([ticket.id]))
        return True

    def _looks(self, ticket: Ticket) -> None:
        self.requests.looks(ticket)
        self.pane.show_ticket(ticket)

    # How it went

    async def action_rate(self, rating: int) -> None:
        """Say how it went."""
        ticket = self.subject
        if ticket is None:
            self.say("Choose a request first")
        elif self._was_merged(ticket):
            return
        elif ticket.status in OPEN:
            self.say("Say how we did once it is solved; x says that it is")
        else:
            self.spawn(self._rate(ticket, rating, None))
            await self._ask_why(ticket.id, rating)  # within the key: what is typed behind it is the comment

    async def _ask_why(self, ticket_id: UUID, rating: int) -> None:
        from helpdesk_tui.widgets.comment_field import CommentField

        if self._comment is None:
            self._comment = CommentField(id="comment")
            await self.mount(self._comment, before=self.status)
        self._comment.ask(ticket_id, rating)

    async def _rate(self, ticket: Ticket, rating: int, comment: str | None) -> None:
        shown = self.pane.ticket is not None and self.pane.ticket.id == ticket.id
        if shown:
            self.pane.about.show_rating(Rating(rating, comment))
        self.say(f"{stars(rating)} {RATINGS[rating]}. Thank you!")
        try:
            await self.asked.rate(ticket.id, rating, comment)
        except HelpdeskError as error:
            self.say(f"Not kept: {error}", alarm=True)
        if shown:
            await self.load(ticket.id)

    def on_comment_field_written(self, message: CommentField.Written) -> None:
        """The words beside the rating, or none."""
        self._focus_back()
        ticket = self.requests.find(message.ticket_id) or self.pane.ticket
        if message.words and ticket is not None:
            self.spawn(self._rate(ticket, message.rating, message.words))

    def _focus_back(self) -> None:
        if self.has_class("reading"):
            self.pane.focus_thread()
        else:
            self.requests.focus()

    # Words

    def on_descendant_focus(self) -> None:
        """Other keys matter now; and whoever goes to the list beside a request has done with reading it."""
        if self.requests.has_focus and not self.narrow:
            self.remove_class("reading")
        self.refresh_hints()

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first."""
        return ("composer", "customer", "thread") if self.pane.composer_has_focus else ("customer", "thread")

    def hints(self) -> tuple[str, ...]:
        """What can be done about the request at hand."""
        if self.pane.composer_has_focus:
            return ()  # it names its keys itself
        if self._comment is not None and self._comment.has_focus:
            return ()  # so does this one
        ticket = self.subject
        reading = self.pane.has_focus_within
        first = ("customer.back",) if reading else ("customer.new",)
        about: tuple[str, ...] = ()
        if ticket is not None and ticket.more.merged_into is not None:
            about = ("customer.merged",)
        elif ticket is not None and ticket.status in OPEN:
            about = ("customer.answer", "customer.solved")
        elif ticket is not None:
            about = ("customer.rate", "customer.reopen", "customer.answer")
        places = tuple(name for name in ("place.knowledge", "place.chats", "place.inbox") if self._has(name))
        opening = () if reading or ticket is None else ("requests.open",)
        return (*first, *opening, *about, "app.help", *places)

    def _has(self, action: str) -> bool:
        from helpdesk_tui.screens.places import PLACES

        entry = PLACES.get(action.removeprefix("place."))
        return entry is not None and "customer" in entry.roles
