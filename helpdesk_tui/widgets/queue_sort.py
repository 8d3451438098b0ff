"""The orders of a queue: the same as its pages come in from the database, to the microsecond and the last tie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from helpdesk_tui.core.model import PRIORITIES, Ticket

__all__ = ["SORTS", "SORT_WORDS", "Sort", "SortKey", "sort_key"]

Sort = Literal["updated", "due", "priority", "age", "left"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)

#: For people.
SORT_WORDS: Final[Mapping[Sort, str]] = {
    "updated": "latest update first",
    "due": "soonest due first",
    "priority": "most urgent first",
    "age": "oldest first",
    "left": "least time left first",
}

#: Compared ascending; the ticket's id is the last part, so no two tickets of a queue have the same key.
SortKey = tuple[int, ...]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RANK: Final = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def _instant(moment: datetime) -> int:
    """Whole microseconds since 1970, exact as Postgres is (a float is not)."""
    return (moment - _EPOCH) // _MICROSECOND


def _by_update(ticket: Ticket) -> SortKey:
    return (-_instant(ticket.updated_at), -ticket.id.int)


def _by_due(ticket: Ticket) -> SortKey:
    if ticket.due_date is None:
        return (1, 0, ticket.id.int)
    return (0, _instant(ticket.due_date), ticket.id.int)


def _by_priority(ticket: Ticket) -> SortKey:
    return (-_RANK[ticket.priority], -_instant(ticket.updated_at), -ticket.id.int)


def _by_age(ticket: Ticket) -> SortKey:
    return (_instant(ticket.created_at), ticket.id.int)


def _by_time_left(ticket: Ticket) -> SortKey:
    due = ticket.more.sla.due if ticket.more.sla is not None else None
    return (1, 0, ticket.id.int) if due is None else (0, _instant(due), ticket.id.int)


_KEYS: Final[Mapping[Sort, Callable[[Ticket], SortKey]]] = {
    "updated": _by_update,
    "due": _by_due,
    "priority": _by_priority,
    "age": _by_age,
    "left": _by_time_left,
}


def sort_key(sort: Sort) -> Callable[[Ticket], SortKey]:
    """The key that puts tickets in a queue's order.

    "updated": the last changed first. "due": the soonest first, those without a date last. "priority": urgent first,
    the last changed first among equals. "age": the oldest first. "left": the
    promise that is due soonest first. Ties go by id, in the direction of the main column,
    as a keyset in SQL (``(updated_at, id) < (…)``) wants it.
    """
    return _KEYS[sort]
