"""What there is to choose from: the second key of "two keys per ticket"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Department, Person, Ticket
from helpdesk_tui.core.queues import SORTS, Sort
from helpdesk_tui.core.routing import until_words
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.core.acts import Kept
    from helpdesk_tui.core.desk import Desk

__all__ = ["act_choices", "category_choices", "choices", "sort_choices", "tag_choices"]


def sort_choices(now: Sort) -> list[Choice]:
    """The orders of a queue."""
    keys: dict[Sort, str] = {"updated": "u", "due": "d", "priority": "p", "age": "a", "left": "l"}
    return [Choice(sort, label, keys[sort], sort == now) for sort, label in SORTS.items()]


def _with_department(person: Person, desk: Desk) -> str:
    where = next((each.name for each in desk.departments if each.id == person.department_id), None)
    away = until_words(person.until, datetime.now(UTC)) if person.away else None
    return " · ".join(filter(None, (person.name, where or (person.role if person.role == "admin" else None), away)))


def choices(field: str, tickets: Sequence[Ticket], desk: Desk) -> list[Choice]:
    """The changes that give one field of tickets another value, each with its key.

    Args:
        field: ``status``, ``priority``, ``assignee`` or ``department``.
        tickets: as they are now, so that what all of them have can be marked.
        desk: knows me, my colleagues and the departments.
    """
    if field == "status":
        return [Choice(Change(status=s), s, s[0], all(t.status == s for t in tickets)) for s in STATUSES]
    if field == "priority":
        return [Choice(Change(priority=p), p, p[0], all(t.priority == p for t in tickets)) for p in PRIORITIES]
    if field == "department":
        return [
            Choice(
                Change(department=d.id, names={d.id: d.name}), d.name, "", all(t.department_id == d.id for t in tickets)
            )
            for d in desk.departments
        ]
    me = desk.me
    here = {ticket.department_id for ticket in tickets}
    # Who works in the tickets' department comes first: those are the likely ones, and the digits go to them.
    colleagues = sorted(desk.staff, key=lambda p: (p.department_id not in here, p.name.casefold()))

    def given(person_id: UUID | None, name: str, label: str, key: str) -> Choice:
        names = {} if person_id is None else {person_id: name}
        current = all(ticket.assignee_id == person_id for ticket in tickets)
        return Choice(Change(assignee=person_id, names=names), label, key, current)

    return [
        given(me.id, me.name, f"me ({me.name})", "a"),
        given(None, "nobody", "nobody", "0"),
        *(given(p.id, p.name, _with_department(p, desk), "") for p in colleagues if p.id != me.id),
    ]


def tag_choices(tickets: Sequence[Ticket], tags: Sequence[Department]) -> list[Choice]:
    """Tags to put on or take off, those that are on first: "[x]" on all of the tickets, "[-]" on some."""

    def choice(tag: Department) -> Choice:
        bearing = sum(tag.name in ticket.tags for ticket in tickets)
        names = {tag.id: tag.name}
        if bearing == len(tickets):
            return Choice(Change(remove=(tag.id,), names=names), f"[x] {tag.name}")
        return Choice(Change(add=(tag.id,), names=names), f"[{'-' if bearing else ' '}] {tag.name}")

    # In the order that the letters would have: "[x]" and "[-]" before "[ ]".
    return sorted(map(choice, tags), key=lambda c: ({"x": 0, "-": 1}.get(c.label[1], 2), c.label[4:].casefold()))


def category_choices(categories: Sequence[Department], current: set[UUID | None]) -> list[Choice]:
    """Categories to give tickets.

    Args:
        current: those that the tickets have now.
    """
    return [
        *(Choice(Change(category=c.id, names={c.id: c.name}), c.name, "", current == {c.id}) for c in categories),
        Choice(Change(category=None), "none", "0", current == {None}),
    ]


def act_choices(acts: Sequence[Kept], now: datetime) -> list[Choice]:
    """What can be undone: when, what, of how many tickets, and by which way."""

    def label(act: Kept) -> str:
        # The words of one ticket name it; of many, some are named here.
        named = ", ".join(f"#{number}" for number in act.numbers[:3]) + (" …" if act.tickets > 3 else "")
        many = f"{act.tickets} changed: {named}" if act.tickets > 1 else ""
        when = ago(now - act.at)
        return " · ".join(filter(None, ("now" if when == "now" else f"{when} ago", act.words, many, act.way)))

    return [Choice(act, label(act)) for act in acts]
