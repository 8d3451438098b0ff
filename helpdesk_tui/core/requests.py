"""What a customer does with their own tickets, each act one network round trip. Statements say whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from helpdesk_tui.core import attachments, thread, ticket_acts, tickets
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import BadInput, Refused
from helpdesk_tui.core.model import Me, Status, Thread, Ticket
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.outbox import Outbox

__all__ = ["LONGEST_TITLE", "MOST_LISTED", "Listed", "Opened", "Rating", "Requests", "Sent", "Topic", "checked"]

#: So many open requests are listed, and as many that are over.
MOST_LISTED: Final = 200
#: Characters of a title; the database refuses more.
LONGEST_TITLE: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer's requests, each part the latest change first; ``more``: there are older ones that are over."""

    open: tuple[Ticket, ...]
    ended: tuple[Ticket, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """What a requester thought of the help: 1 to 5, and their words if they said any."""

    rating: int
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A request with its thread, and its rating if there is one."""

    thread: Thread
    rating: Rating | None


@dataclass(frozen=True, slots=True)
class Topic:
    """What a request can be about; decides who gets it."""

    id: UUID
    name: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that the database has. ``same`` is False where it had it before, with other words: those were kept."""

    number: int
    same: bool


def checked(title: str) -> str:
    """A title as it is kept.

    Raises:
        BadInput: it is empty, or too long.
    """
    title = " ".join(title.split())
    if not title:
        raise BadInput("Say in a few words what it is about.", "The first line is still empty.")
    if len(title) > LONGEST_TITLE:
        raise BadInput(f"The first line has more than {LONGEST_TITLE} characters.", "Put the rest below it.")
    return title


_TOPICS: Final = Statement(
    "select id, name, description from public.categories order by lower(name), id", (), positional(Topic), writes=False
)


class Requests:
    """One customer's requests.

    Args:
        database: as the customer.
        me: the customer.
    """

    def __init__(self, database: Database, me: Me) -> None:
        self._database = database
        self._me = me

    async def listed(self) -> Listed:
        """The newest of them."""
        found, ended = await self._database.run(
            tickets.page(self._me, "open", limit=MOST_LISTED), tickets.page(self._me, "closed", limit=MOST_LISTED + 1)
        )
        return Listed(tuple(found), tuple(ended[:MOST_LISTED]), len(ended) > MOST_LISTED)

    async def look_again(self, ids: Sequence[UUID]) -> dict[UUID, Ticket]:
        """Those of some tickets that are this customer's, as they are now."""
        if not ids:
            return {}
        found = await self._database.run(*(tickets.in_view(self._me, view, ids) for view in ("open", "closed")))
        return {ticket.id: ticket for each in found for ticket in each}

    async def opened(self, ticket_id: UUID) -> Opened:
        """One of them with its thread.

        Raises:
            NotFound: it is not there, or not theirs.
        """
        *rows, ratings = await self._database.run(*thread.opened(ticket_id), self._rating(ticket_id))
        return Opened(thread.assemble(rows), ratings[0] if ratings else None)

    async def topics(self) -> list[Topic]:
        """What a request can be about, by name."""
        return await self._database.fetch(_TOPICS)

    async def line_up(
        self,
        outbox: Outbox | None,
        request_id: UUID,
        title: str,
        content: str,
        topic: UUID | None,
        files: Sequence[Upload] = (),
    ) -> Sent:
        """Sends a new request by way of the outbox, if there is one: see ``send``.

        Raises:
            Queued: there is no answer yet; it waits in the outbox.
            BadInput: it has no title, or too long a one.
        """
        if outbox is None:
            return await self.send(request_id, title, content, topic, files)
        from helpdesk_tui.core import outbox_kinds

        checked(title)
        entry = outbox_kinds.request(outbox.owner, request_id, title, content, topic)
        sent: Sent = (await outbox.do(entry, files, patience=attachments.patience(files))).value
        return sent

    async def send(
        self, request_id: UUID, title: str, content: str, topic: UUID | None, files: Sequence[Upload] = ()
    ) -> Sent:
        """Sends a new request with its files; sent again under the same ids it is there once.

        Raises:
            BadInput: it has no title, or too long a one.
        """
        title, content = checked(title), content.strip()
        statements: list[Statement[Any]] = [ticket_acts.create(request_id, title, content, self._me.id, category=topic)]
        statements += [attachments.add(request_id, None, each) for each in files]
        statements.append(
            Statement(
                "select number, title = %s and coalesce(description, '') = %s from public.tickets"
                " where id = %s and customer_id = %s",
                (title, content, request_id, self._me.id),
                positional(Sent),
                writes=False,
            )
        )
        *_, sent = await self._database.run(*statements, idempotent=True, patience=attachments.patience(files))
        if not sent:
            raise BadInput("This request could not be sent under its id.", "Copy it into a new one.")
        found: Sent = sent[0]
        return found

    async def set_status(self, ticket_id: UUID, status: Status, outbox: Outbox | None = None) -> None:
        """Closes a request, opens it again, or takes that back; by way of the outbox, if there is one.

        Raises:
            Queued: there is no answer yet; it waits in the outbox.
            Refused: it is not theirs to do, or no more.
        """
        if outbox is None:
            outcomes = await self._database.fetch(ticket_acts.set_status([ticket_id], status), idempotent=True)
        else:
            from helpdesk_tui.core import outbox_kinds

            words = "your request closed" if status == "closed" else "your request opened again"
            entry = outbox_kinds.act(outbox.owner, uuid4(), [ticket_id], {"status": status}, words)
            outcomes = (await outbox.do(entry)).value
        if not all(outcome.done for outcome in outcomes):
            raise Refused("This request could not be changed.")

    async def rate(self, ticket_id: UUID, rating: int, comment: str | None = None) -> None:
        """Says how it went, once it is over; said again, it replaces what was said.

        Args:
            ticket_id: which.
            rating: 1 (bad) to 5 (good).
            comment: None leaves what there is.

        Raises:
            Refused: it is not over yet, or not theirs.
        """
        await self._database.fetch(
            Statement(
                """
insert into public.ticket_feedback as f (ticket_id, customer_id, rating, comment)
values (%(ticket)s, %(me)s, %(rating)s, nullif(%(comment)s::text, ''))
on conflict (ticket_id, customer_id) do update
   set rating = excluded.rating, comment = case when %(comment)s::text is null then f.comment else excluded.comment end
returning rating
""",
                {"ticket": ticket_id, "me": self._me.id, "rating": rating, "comment": comment},
                only(int),
                writes=True,
            ),
            idempotent=True,
        )

    def _rating(self, ticket_id: UUID) -> Statement[Rating]:
        return Statement(
            "select rating, comment from public.ticket_feedback where ticket_id = %s and customer_id = %s",
            (ticket_id, self._me.id),
            positional(Rating),
            writes=False,
        )
