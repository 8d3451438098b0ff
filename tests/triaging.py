"""A scripted triage: two keys a ticket on the desk's own screen, and what the database has to hold then."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from tests.world import DeskDatabase, Person

#: What is pressed on one ticket after the other, in turn: urgent, to me, pending, resolved.
ACTS: Final = (("p", "u"), ("a", "a"), ("s", "p"), ("s", "r"))


async def tickets_to_triage(database: DeskDatabase, customer: Person, number: int) -> list[UUID]:
    """New tickets in Support, in the order in which the queue shows them: the latest first, ahead of all that is older
    than some minutes."""
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        rows = await owner.execute(
            "insert into public.tickets (title, customer_id, department_id, created_at, updated_at)"
            " select 'Ticket ' || n, %s, (select id from public.departments where name = 'Support'),"
            "        now() - n * interval '1 second', now() - n * interval '1 second' from generate_series(1, %s) n"
            " returning id, updated_at",
            [customer.id, number],
        )
        found = await rows.fetchall()
    return [ticket for ticket, _ in sorted(found, key=lambda row: row[1], reverse=True)]


def keys(number: int) -> list[str]:
    """The keys for so many tickets."""
    return [key for place in range(number) for key in ACTS[place % len(ACTS)]]


def wanted(tickets: list[UUID], agent: Person) -> dict[UUID, list[tuple[str, str]]]:
    """What there has to be done to each of them, as ``tests.live.outboxing.done_in`` tells it: one thing, once."""
    done = (("priority", "urgent"), ("assignee", str(agent.id)), ("status", "pending"), ("status", "resolved"))
    return {ticket: [done[place % len(done)]] for place, ticket in enumerate(tickets)}
