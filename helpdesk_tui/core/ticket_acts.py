"""What is done to tickets one field at a time, as statements for ``Database.run``; and how a ticket is made.

What can be taken back is done by ``core.acts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Priority, Status
from helpdesk_tui.core.statement import Statement, positional


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ticket of an act: done, or why not in words for people."""

    id: UUID
    done: bool
    why: str | None


_OUTCOME_ROW: Final = positional(Outcome)


def _set(ids: Sequence[UUID], column: str, cast: str, value: object) -> Statement[Outcome]:
    sql = f"""
with changed as (
  update public.tickets t set {column} = %(value)s::{cast} where t.id = any(%(ids)s) returning t.id
)
select asked.id, c.id is not null, case when c.id is null then 'there is no such ticket' end
  from (select distinct a.id from unnest(%(ids)s::uuid[]) as a(id)) asked left join changed c on c.id = asked.id
"""  # noqa: S608
    return Statement(sql, {"ids": list(ids), "value": value}, _OUTCOME_ROW, writes=True)


def set_status(ids: Sequence[UUID], status: Status) -> Statement[Outcome]:
    """Give tickets a status: one row per ticket asked for, saying what became of it."""
    if status not in STATUSES:
        raise BadInput(f"There is no status {status!r}.", f"The statuses are {', '.join(STATUSES)}.")
    return _set(ids, "status", "public.ticket_status", status)


def set_priority(ids: Sequence[UUID], priority: Priority) -> Statement[Outcome]:
    """Give tickets a priority."""
    if priority not in PRIORITIES:
        raise BadInput(f"There is no priority {priority!r}.", f"The priorities are {', '.join(PRIORITIES)}.")
    return _set(ids, "priority", "public.ticket_priority", priority)


def assign(ids: Sequence[UUID], assignee: UUID | None) -> Statement[Outcome]:
    """Give tickets to an agent or an admin, or to nobody."""
    return Statement(
        "select id, done, why from helpdesk.assign(%s::uuid[], %s)", (list(ids), assignee), _OUTCOME_ROW, writes=True
    )


def move(ids: Sequence[UUID], department: UUID) -> Statement[Outcome]:
    """Send tickets to another department. An assignee who does not work there loses them."""
    return Statement(
        "select id, done, why from helpdesk.move(%s::uuid[], %s)", (list(ids), department), _OUTCOME_ROW, writes=True
    )


def create(
    ticket_id: UUID, title: str, description: str, customer: UUID, *, category: UUID | None = None
) -> Statement[tuple[int]]:
    """Send a new ticket under an id drawn by the client: sent twice, it is there once. Answers its number."""
    return Statement(
        """
with made as (
  insert into public.tickets (id, title, description, customer_id, category_id) values (%(id)s, %(title)s, %(text)s,
    %(customer)s, %(category)s)
  on conflict (id) do nothing returning number
)
select number from made union all select number from public.tickets where id = %(id)s limit 1
""",
        {"id": ticket_id, "title": title, "text": description, "customer": customer, "category": category},
        writes=True,
    )
