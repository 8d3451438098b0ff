"""What there is to choose from: the second key of "two keys per ticket"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from helpdesk_tui.core.acts import Act
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Person, Ticket
from helpdesk_tui.core.routing import until_words
from helpdesk_tui.core.tickets import SORTS, Sort
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk

__all__ = ["choices", "sort_choices"]


def sort_choices(now: Sort) -> list[Choice]:
    """The orders of a queue."""
    keys: dict[Sort, str] = {"updated": "u", "due": "d", "priority": "p", "age": "a"}
    return [Choice(sort, label, keys[sort], sort == now) for sort, label in SORTS.items()]


def _with_department(person: Person, desk: Desk) -> str:
    where = next((each.name for each in desk.departments if each.id == person.department_id), None)
    away = until_words(person.until, datetime.now(UTC)) if person.away else None
    return " · ".join(filter(None, (person.name, where or (person.role if person.role == "admin" else None), away)))


def choices(field: str, ticket: Ticket, desk: Desk) -> list[Choice]:
    """The acts that give one field of a ticket another value, each with its key.

    Args:
        field: ``status``, ``priority``, ``assignee`` or ``department``.
        ticket: as it is now, so that its present value can be marked.
        desk: knows me, my colleagues and the departments.
    """
    if field == "status":
        return [Choice(Act("status", s, s), s, s[0], s == ticket.status) for s in STATUSES]
    if field == "priority":
        return [Choice(Act("priority", p, p), p, p[0], p == ticket.priority) for p in PRIORITIES]
    if field == "department":
        return [
            Choice(Act("department", d.id, d.name), d.name, "", d.id == ticket.department_id) for d in desk.departments
        ]
    me = desk.me
    # Who works in the ticket's department comes first: those are the likely ones, and the digits go to them.
    colleagues = sorted(desk.staff, key=lambda p: (p.department_id != ticket.department_id, p.name.casefold()))
    return [
        Choice(Act("assignee", me.id, me.name), f"me ({me.name})", "a", ticket.assignee_id == me.id),
        Choice(Act("assignee", None, "nobody"), "nobody", "0", ticket.assignee_id is None),
        *(
            Choice(Act("assignee", p.id, p.name), _with_department(p, desk), "", p.id == ticket.assignee_id)
            for p in colleagues
            if p.id != me.id
        ),
    ]
