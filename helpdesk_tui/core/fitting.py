"""Whether a ticket fits a query, judged from what is on the screen: so that nothing has to wait for the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from helpdesk_tui.core.filters import FilterError, Vocabulary, parse
from helpdesk_tui.core.filters.tree import And, Node, Not, Or, Term, Words
from helpdesk_tui.core.model import PRIORITIES, Me, Ticket

__all__ = ["fits"]

_OPEN: Final = ("open", "pending")


def fits(query: str, ticket: Ticket, names: Vocabulary, now: datetime) -> bool | None:
    """Whether a ticket fits a query; None where that cannot be told here (words, ages, categories, custom fields).

    Args:
        query: the filter.
        names: what people and departments are called.
        now: the time, for what is overdue.
    """
    if not _sees(names.me, ticket):
        return False
    try:
        tree = parse(query)
    except FilterError:
        return None
    told = _of(tree, ticket, names, now)
    if told and ticket.status in _OPEN and ticket.asleep(now) and "snoozed" not in query.casefold():
        return False  # What sleeps is in no query that does not speak of it.
    return told


def _sees(me: Me, ticket: Ticket) -> bool:
    if me.role == "customer":
        return ticket.customer_id == me.id
    own_department = ticket.department_id is not None and ticket.department_id == me.department_id
    return me.role == "admin" or own_department or ticket.assignee_id == me.id


def _of(node: Node, ticket: Ticket, names: Vocabulary, now: datetime) -> bool | None:
    match node:
        case And(parts) | Or(parts):
            told = [_of(part, ticket, names, now) for part in parts]
            decides = isinstance(node, Or)
            if decides in told:
                return decides
            return None if None in told else not decides
        case Not(of):
            found = _of(of, ticket, names, now)
            return None if found is None else not found
        case Words():
            return None
        case Term():
            return _term(node, ticket, names, now)


def _term(term: Term, ticket: Ticket, names: Vocabulary, now: datetime) -> bool | None:
    wanted = [value.text.casefold() for value in term.values]
    try:
        match term.name.text:
            case "status":
                return ticket.status in wanted
            case "priority":
                return _priority(term.operator, wanted, ticket)
            case "assignee":
                return _named(wanted, ticket.assignee_id, names.people())
            case "department":
                known = [(each.id, each.name) for each in names.departments]
                return _named(wanted, ticket.department_id, known)
            case "tag":
                tags = [tag.casefold() for tag in ticket.tags]
                return any(tag in wanted for tag in tags) or ("none" in wanted and not tags)
            case "is":
                told = [_state(word, ticket, names, now) for word in wanted]
                return True if True in told else None if None in told else False
            case "sort":
                return True  # it is the order, and excludes nothing
    except ValueError:
        return None
    return None


def _priority(operator: str, wanted: Sequence[str], ticket: Ticket) -> bool:
    if operator == ":":
        return ticket.priority in wanted
    ranks = [str(each) for each in PRIORITIES]
    mine, other = ranks.index(ticket.priority), ranks.index(wanted[0])
    return {"<": mine < other, "<=": mine <= other, ">": mine > other, ">=": mine >= other}[operator]


def _named(wanted: Sequence[str], is_now: UUID | None, known: Iterable[tuple[UUID, str]]) -> bool:
    if is_now is None:
        return "none" in wanted
    return any(identity == is_now and name.casefold() in wanted for identity, name in known)


def _state(word: str, ticket: Ticket, names: Vocabulary, now: datetime) -> bool | None:
    is_open = ticket.status in _OPEN
    match word:
        case "open":
            return is_open
        case "closed":
            return not is_open
        case "overdue":
            return is_open and ticket.due_date is not None and ticket.due_date < now
        case "snoozed":
            return ticket.asleep(now)
        case "unassigned":
            return ticket.assignee_id is None
        case "mine":
            return ticket.assignee_id == names.me.id
    return None
