"""Queues of any length, made up: each ticket is computed from its number when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Ticket
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_sort import Sort, sort_key

#: What "now" is for made-up tickets, so that a picture of them is the same tomorrow.
NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

_SUBJECTS: Final = (
    "Cannot print from the third floor since the update",
    "Invoice 4471 was charged twice",
    "VPN drops every twenty minutes",
    "New laptop for a colleague starting Monday",
    "Passwort läuft ab, Link in der Mail führt ins Leere",
    "How do I export last quarter's report?",
    "発注書のPDFが文字化けしています",
    "Shared mailbox is missing after the migration",
    "Two-factor code never arrives",
    "The dashboard is blank in Safari 🙈",
    "Refund for order 20931",
    "Access to the finance folder, please, it is needed for the audit that starts on Thursday",
)
_PEOPLE: Final = (
    "Ada Okafor",
    "Jürgen Großmann",
    "Lin Wei",
    "Marta Kowalczyk",
    "Sam O'Neill",
    "田中 美咲",
    "Priya Raghunathan",
    "Tom Baker",
)
_AGENTS: Final = (None, "Noor Haddad", "Ben Fischer", "Chloé Martin")
_TAGS: Final = ((), ("billing",), ("vpn", "remote"), (), ("vip",), ("printer", "floor-3"))


def ticket(index: int) -> Ticket:
    """The ticket at a place of the queue "last updated first". The times spread out as they do in life."""
    number = 1_000_000 - index
    status = STATUSES[0 if index % 7 < 4 else index % 4]
    due = None if index % 3 else NOW + timedelta(hours=(index * 7) % 211 - 40)
    updated = NOW - timedelta(seconds=25 + index * 40 + min(index, 40) ** 4 // 3)
    requester = _PEOPLE[index * 5 % len(_PEOPLE)]
    assignee = _AGENTS[index * 3 // 2 % len(_AGENTS)]
    return Ticket(
        id=UUID(int=(1 << 100) - index),
        number=number,
        title=_SUBJECTS[index % len(_SUBJECTS)],
        status=status,
        priority=PRIORITIES[(index * 11 // 3) % 4],
        customer_id=UUID(int=index % len(_PEOPLE) + 1),
        requester=requester,
        assignee_id=None if assignee is None else UUID(int=100 + index % 3),
        assignee=assignee,
        department_id=UUID(int=1000),
        department="Support",
        due_date=due,
        created_at=updated - timedelta(hours=index % 90 + 1),
        updated_at=updated,
        tags=_TAGS[index % len(_TAGS)],
    )


class Source(Protocol):
    """Where the rows of one queue come from."""

    async def page(
        self, *, after: Ticket | None = None, before: Ticket | None = None, last: bool = False, limit: int
    ) -> tuple[Sequence[Ticket], bool]:
        """A page of at most ``limit`` tickets.

        It starts behind ``after``; or leads to ``before``; or is the ``last`` one; or, with nothing given, the first.

        Returns:
            The tickets, always in the queue's order, and whether there are more in the direction read (for the last
            page: before it).
        """


async def answer(request: Queue.NeedRows, source: Source) -> None:
    """Answer a queue's request from a source; what the source cannot do is shown where the rows would be."""
    wanted = request.request
    try:
        rows, more = await source.page(
            after=wanted.after, before=wanted.before, last=wanted.kind == "last", limit=wanted.limit
        )
    except HelpdeskError as error:
        request.queue.fail(wanted, str(error))
    else:
        request.queue.feed(wanted, rows, more)


class Endless:
    """A queue of ``total`` made-up tickets, last updated first, none of them kept in memory."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.asked = 0

    async def page(
        self, *, after: Ticket | None = None, before: Ticket | None = None, last: bool = False, limit: int
    ) -> tuple[Sequence[Ticket], bool]:
        """See ``Source.page``."""
        self.asked += 1
        if after is not None:
            start = self._index(after) + 1
            stop = min(self.total, start + limit)
            return [ticket(index) for index in range(start, stop)], stop < self.total
        if before is not None or last:
            stop = self.total if before is None else self._index(before)
            start = max(0, stop - limit)
            return [ticket(index) for index in range(start, stop)], start > 0
        stop = min(self.total, limit)
        return [ticket(index) for index in range(stop)], stop < self.total

    @staticmethod
    def _index(row: Ticket) -> int:
        return (1 << 100) - row.id.int


class Listed:
    """A queue over tickets in memory, which may change: what a small database answers."""

    def __init__(self, tickets: Iterable[Ticket], sort: Sort = "updated") -> None:
        self.tickets = {row.id: row for row in tickets}
        self.sort: Sort = sort
        self.asked = 0

    @property
    def rows(self) -> list[Ticket]:
        """All tickets in the queue's order."""
        return sorted(self.tickets.values(), key=sort_key(self.sort))

    async def page(
        self, *, after: Ticket | None = None, before: Ticket | None = None, last: bool = False, limit: int
    ) -> tuple[Sequence[Ticket], bool]:
        """See ``Source.page``."""
        self.asked += 1
        return self.read(after=after, before=before, last=last, limit=limit)

    def read(
        self, *, after: Ticket | None = None, before: Ticket | None = None, last: bool = False, limit: int
    ) -> tuple[Sequence[Ticket], bool]:
        """The same, without waiting."""
        key = sort_key(self.sort)
        rows = self.rows
        if after is not None:
            rows = [row for row in rows if key(row) > key(after)]
        if before is not None:
            rows = [row for row in rows if key(row) < key(before)]
        if before is not None or last:
            return rows[-limit:], len(rows) > limit
        return rows[:limit], len(rows) > limit
