"""One signed-in person's desk: what the screens ask for, each answered in one network round trip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from helpdesk_tui.core import acts, attachments, macros, people, queues, thread, tickets, views
from helpdesk_tui.core.acts import Change, Kept, Undone
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import SignInError, TookTooLong
from helpdesk_tui.core.macros import Macro
from helpdesk_tui.core.model import Attachment, Department, Me, Person, Thread, Ticket
from helpdesk_tui.core.queues import Sort
from helpdesk_tui.core.thread import Also, Newest, Outgoing, ToOne
from helpdesk_tui.core.ticket_acts import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.filters import Condition, Vocabulary
    from helpdesk_tui.core.outbox import Outbox
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.core.views import Order, SavedView

Counts = dict[str, int]
Direction = Literal["first", "last", "before", "after", "again"]


class Desk:
    """What a person works with. Made by ``Desk.open``.

    Attributes:
        me: the person, as the database knew them at the last look.
        staff: whom tickets can be assigned to (nobody, for a customer).
        departments: where tickets can be sent.
        outbox: what puts down what is done before it is sent; None: nothing does (the command line).
    """

    def __init__(self, database: Database, me: Me, staff: Sequence[Person], departments: Sequence[Department]) -> None:
        self.database = database
        self.me = me
        self.staff = tuple(staff)
        self.departments = tuple(departments)
        self.outbox: Outbox | None = None

    @classmethod
    async def open(
        cls, settings: Settings, session: Session, *, renew: Callable[[], Awaitable[Session]] | None = None
    ) -> Desk:
        """Connects and learns who this is.

        Raises:
            SignInError: the account has no profile in this helpdesk, or owes a second factor.
            HelpdeskError: the database does not answer, does not fit, or refuses the login.
        """
        database, (mine, staff, departments) = await Database.connect_asking(
            settings, session, people.me(), people.staff(), people.departments(), renew=renew
        )
        if not mine or mine[0].owes_factor:
            await database.close()
            if mine:
                raise SignInError(
                    "This helpdesk asks its staff for a second factor.",
                    "Sign in again with a code.",
                    kind="second_factor",
                )
            raise SignInError("This account has no profile in this helpdesk.", "Ask an admin.", kind="signed_out")
        return cls(database, mine[0], staff, departments)

    async def page(
        self,
        view: str,
        sort: Sort,
        direction: Direction,
        limit: int,
        *,
        after: Ticket | None = None,
        before: Ticket | None = None,
        where: Condition | None = None,
    ) -> tuple[list[Ticket], bool]:
        """Rows of a queue, in its order, and whether there are more in the direction read.

        Args:
            view: the key of a built-in queue; with a query of its own ``queues.EVERYTHING``.
            where: only what a query holds.
        """
        backwards = direction in ("last", "before")
        last = direction == "last"
        page = tickets.page(self.me, view, sort, after=after, before=before, last=last, limit=limit + 1, where=where)
        (*_, rows) = await self.database.run(*([tickets.ALONG] if where is not None else []), page)
        more = len(rows) > limit
        return (rows[-limit:] if backwards else rows[:limit]), more

    async def first_look(
        self, view: str, sort: Sort, limit: int, *, after: Ticket | None = None, where: Condition | None = None
    ) -> tuple[list[Ticket], bool, Counts]:
        """The first page of a queue (or the one behind a ticket) and the counts of all, in one round trip."""
        counted, *_, rows = await self.database.run(
            tickets.counts(self.me),
            *([tickets.ALONG] if where is not None else []),
            tickets.page(self.me, view, sort, after=after, limit=limit + 1, where=where),
        )
        return rows[:limit], len(rows) > limit, counted[0]

    async def start(
        self, view: str, sort: Sort, limit: int, *, after: Ticket | None = None
    ) -> tuple[list[Ticket], bool, Counts, list[SavedView], Order]:
        """The first look of a session: besides, which saved views there are and in which order, in one round trip."""
        rows, counted, saved, orders = await self.database.run(
            tickets.page(self.me, view, sort, after=after, limit=limit + 1),
            tickets.counts(self.me),
            views.listed(),
            views.order(),
        )
        return rows[:limit], len(rows) > limit, counted[0], saved, orders[0]

    async def learn(self) -> tuple[list[SavedView], Order, Vocabulary]:
        """Which saved views there are, in which order, and the names that queries may use."""
        from helpdesk_tui.core.filters.reading import answered, asked

        saved, orders, *names = await self.database.run(views.listed(), views.order(), *asked())
        return saved, orders[0], answered(self.me, names)

    async def count_all(self, asked: Sequence[Condition]) -> list[int | None]:
        """How many tickets some queries hold, in one round trip.

        Returns:
            A number each, up to ``tickets.COUNT_CAP``; None for one that takes longer than a second to count.
        """
        try:
            _, *counted = await self.database.run(tickets.TYPING, *(tickets.count(self.me, where) for where in asked))
        except TookTooLong:
            if len(asked) == 1:
                return [None]
            # One of them: each by itself, then, so that it keeps no number from the others.
            return [await self.count(where) for where in asked]
        return [int(numbers[0]) for numbers in counted]

    async def counts(self) -> Counts:
        """How many tickets each view holds, up to ``tickets.COUNT_CAP``."""
        return (await self.database.fetch(tickets.counts(self.me)))[0]

    async def count(self, where: Condition | None, view: str = queues.EVERYTHING) -> int | None:
        """How many tickets a query holds, while it is being typed.

        Returns:
            The number, up to ``tickets.COUNT_CAP``; None: not counted within a second, so they are many to look
            through. A caller that is cancelled leaves nothing running on the server.
        """
        try:
            _, counted = await self.database.run(tickets.TYPING, tickets.count(self.me, where, view))
        except TookTooLong:
            return None
        return int(counted[0])

    async def categories(self, ids: Sequence[UUID]) -> tuple[list[Department], set[UUID | None]]:
        """The categories by name, and which of them (or None) some tickets have."""
        known, found = await self.database.run(people.categories(), tickets.categories_of(ids))
        return known, {category for (category,) in found}

    async def vocabulary(self) -> Vocabulary:
        """The names that a filter may use."""
        from helpdesk_tui.core.filters.reading import answered, asked

        return answered(self.me, await self.database.run(*asked()))

    async def name_tag(self, name: str) -> Department:
        """Makes a tag, unless there is one of that name already. Returns it, under its name.

        Raises:
            BadInput: the name is empty, or too long.
            Refused: only the team names tags.
        """
        tag: Department
        _, (tag,) = await self.database.run(*people.named_tag(name), idempotent=True)
        return tag

    async def look_again(
        self, view: str, ids: Sequence[UUID], where: Condition | None = None
    ) -> dict[UUID, Ticket | None]:
        """Tickets that changed, as they are now; None for one that is not in the view, or not for this person."""
        rows = await self.database.fetch(tickets.in_view(self.me, view, ids, where))
        found = {row.id: row for row in rows}
        return {ticket_id: found.get(ticket_id) for ticket_id in ids}

    async def ticket(self, reference: str) -> Ticket | None:
        """A ticket by number or id; None if there is none for this person."""
        rows = await self.database.fetch(tickets.find(reference))
        return rows[0] if rows else None

    async def thread(self, ticket_id: UUID) -> Thread:
        """A ticket opened.

        Raises:
            NotFound: there is no such ticket for this person.
        """
        return thread.assemble(await self.database.run(*thread.opened(ticket_id)))

    async def act(self, act_id: UUID, ids: Sequence[UUID], change: Change, words: str = "") -> list[Outcome]:
        """Changes tickets, one or many, in one statement; says of each what became of it.

        Args:
            act_id: drawn by the caller. Sent again under the same one, it is done once.
            words: what the person calls it, for the list of what can be taken back.

        Raises:
            Queued: there is no answer yet; it waits in the outbox.
            BadInput, NotFound: it can be given to no ticket, and none was changed.
            Unreachable: it is not known whether it was done: send it again under the same id.
        """
        statement = acts.act(act_id, ids, change, words)
        patience = acts.patience(len(ids))
        if self.outbox is None:
            (outcomes,) = await self.database.run(statement, idempotent=True, patience=patience)
            return outcomes
        from helpdesk_tui.core import outbox_kinds

        entry = outbox_kinds.act(self.outbox.owner, act_id, ids, change.json(), words or change.words)
        done: list[Outcome] = (await self.outbox.do(entry, patience=patience)).value
        return done

    async def undo(
        self,
        act_id: UUID | None,
        undoing: UUID,
        *,
        force: bool = False,
        ids: Sequence[UUID] = (),
        words: str = "",
    ) -> Undone:
        """Takes one's own act back; None: the latest. What somebody changed since is left and told, unless ``force``.

        Args:
            undoing: drawn by the caller. It can be taken back in turn by it; sent again, it is done once.
            ids: the tickets of the act, where they are known: then it waits in line behind what is done to them.
            words: what it is, for people.

        Raises:
            Queued: there is no answer yet; it waits in the outbox.
            NotFound: there is nothing to take back.
            BadInput: it was taken back already.
        """
        patience = acts.patience(len(ids) or acts.MOST)
        if self.outbox is not None and act_id is not None and ids:
            from helpdesk_tui.core import outbox_kinds

            entry = outbox_kinds.undo(self.outbox.owner, act_id, undoing, ids, force=force, words=words or "undo")
            return acts.undone((await self.outbox.do(entry, patience=patience)).value)
        statement = acts.undo(act_id, undoing, force=force)
        ((undone,),) = await self.database.run(statement, idempotent=True, patience=patience)
        found: Undone = undone
        return found

    async def my_acts(self, most: int = 50) -> list[Kept]:
        """One's own acts of the last thirty days that can be taken back, the latest first."""
        return await self.database.fetch(acts.my_acts(most))

    def keep(self, outbox: Outbox) -> None:
        """From now on what is done is put in line first: it is done also if the link or the program fails meanwhile."""
        self.outbox = outbox

    async def send(self, said: Outgoing, words: str = "") -> bool:
        """Sends a reply or a note with its files, by way of the outbox if there is one.

        Args:
            words: what it is, for people: "#1042 reply".

        Returns:
            Whether the ticket was changed as asked for; True where nothing was.

        Raises:
            Queued: there is no answer yet; it waits in the outbox.
            HelpdeskError: as ``send_now``.
        """
        if self.outbox is None:
            return await self.send_now(said)
        from helpdesk_tui.core import outbox_kinds

        entry = outbox_kinds.message(self.outbox.owner, said, words or ("note" if said.internal else "reply"))
        answer = await self.outbox.do(entry, said.files, patience=attachments.patience(said.files))
        return bool(answer.value)

    async def send_now(self, said: Outgoing) -> bool:
        """Sends a reply or a note with its files; sent again under the same ids, it is there once.

        Returns:
            Whether the ticket was changed as asked for; True where nothing was.

        Raises:
            Stale: the thread has moved on; nothing was sent.
            Refused, NotFound, Unreachable: nothing was sent, or it is not known: send it again.
        """
        patience = attachments.patience(said.files)
        answers = await self.database.run(*thread.send(said), idempotent=True, patience=patience)
        return not said.changes_ticket or all(outcome.done for outcome in answers[-1])

    async def used_macro(self, macro_id: UUID) -> None:
        """Counts that the person used a macro."""
        await self.database.fetch(macros.used(macro_id))

    async def newest(self, ids: Sequence[UUID]) -> dict[UUID, Newest]:
        """What was said last on some tickets, those that are there for the person."""
        return {each.ticket: each for each in await self.database.fetch(thread.newest(ids))}

    async def send_each(self, messages: Sequence[ToOne], *, internal: bool, also: Also) -> list[Outcome]:
        """Sends several messages at once, each by itself; says of each ticket what became of it. Sent again under
        the same ids, each is there once."""
        answers = await self.database.run(*thread.send_each(messages, internal=internal, also=also), idempotent=True)
        outcomes: list[Outcome] = answers[0]
        return outcomes

    async def macros(self) -> tuple[Macro, ...]:
        """The person's macros, what they use most first."""
        return tuple(await self.database.fetch(macros.listed()))

    async def save_macro(self, macro: Macro) -> None:
        """Keeps a macro, new or changed.

        Raises:
            BadInput: it could never be filled in.
            Refused: it is another's, or for a department that is not the person's.
        """
        await self.database.fetch(macros.save(macro), idempotent=True)

    async def remove_macro(self, macro_id: UUID) -> None:
        """Removes a macro."""
        await self.database.fetch(macros.remove(macro_id))

    async def file(self, attachment: Attachment) -> bytes:
        """What is in a file of a thread.

        Raises:
            NotFound: it is not there, or not for this person.
            Unreachable: it did not arrive whole.
        """
        return await attachments.fetch(self.database, attachment)

    async def close(self) -> None:
        """Closes the connections."""
        await self.database.close()
