"""What people keep and share, hostile: views, macros, fields, acts, absences, relations; put there past the rules."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from tests.world import Person

__all__ = ["hostile_day"]

#: How many custom fields the ticket shows: its header has room for a few.
FIELDS = 6


def hostile_day(
    owner: psycopg.Connection[Any], agent: Person, customer: Person, ticket: UUID, texts: list[str], lines: list[str]
) -> None:
    """Puts it in, as the owner.

    Args:
        owner: their connection.
        agent: who walks, and did the acts.
        customer: whose the ticket is.
        ticket: which is linked, merged into, and filled in.
        texts: what a long text may be.
        lines: what a name may be.
    """

    def many(statement: str, rows: list[tuple[Any, ...]]) -> None:
        with owner.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)

    colleagues = [row[0] for row in owner.execute("select id from public.profiles where role = 'agent'").fetchall()]
    many(
        "insert into private.saved_views (id, owner_id, audience, name, query, sort)"
        " values (gen_random_uuid(), %s, 'team', %s, %s, 'due')",
        [(colleagues[n % len(colleagues)], text[:60], text[:2000]) for n, text in enumerate(lines)],
    )
    many(
        "insert into private.macros (id, name, body, internal, change, author_id, shared)"
        " values (gen_random_uuid(), %s, %s, false, %s, %s, 'all')",
        [
            (lines[n % len(lines)][:80], text[:20_000], Jsonb({"fields": {"f0": line[:100]}}), colleagues[n % 3])
            for n, (text, line) in enumerate(zip(texts, cycle(lines), strict=False))
        ],
    )
    many(
        "insert into private.fields (key, label, type, choices, position) values (%s, %s, 'choice', %s, %s)",
        [(f"f{n}", text[:60], [each[:100] for each in lines], n) for n, text in enumerate(lines)],
    )
    filled = {f"f{n}": lines[-n] for n in range(FIELDS)}
    owner.execute("update public.tickets set metadata = %s where id = %s", [Jsonb(filled), ticket])
    many(
        "insert into public.ticket_events (ticket_id, actor_id, kind, field, old_value, new_value)"
        " values (%s, %s, 'field', %s, %s, %s)",
        [(ticket, colleagues[0], text, text, text) for text in lines[:8]],
    )
    others = owner.execute(
        "select id from public.tickets where customer_id = %s and id <> %s order by number", [customer.id, ticket]
    ).fetchall()
    many(
        "insert into private.links (ticket_id, other_id, kind) values (%s, %s, 'related to')",
        [(ticket, each) for (each,) in others[:5]],
    )
    owner.execute(
        "insert into private.merges (ticket_id, into_id, note, moved) values (%s, %s, gen_random_uuid(), '{}')",
        [others[5][0], ticket],
    )
    many(
        "insert into private.away (person_id, note, until) values (%s, %s, %s)",
        [
            (each, lines[n % len(lines)][:200], None if n % 2 else "2099-01-01")
            for n, each in enumerate(colleagues)
            if n % 3 and each != agent.id
        ],
    )
    many(
        "insert into private.ticket_acts (id, actor_id, kind, words, way, before, answer)"
        " values (%s, %s, 'change', %s, %s, %s, '{}')",
        [
            (uuid4(), agent.id, text[:500], text[:60], Jsonb([{"id": str(others[n % len(others)][0]), "number": n}]))
            for n, text in enumerate(lines)
        ],
    )
    owner.execute(
        "insert into private.last_here (person_id, here_at) values (%s, now() - interval '1 day')"
        " on conflict (person_id) do update set here_at = excluded.here_at, left_at = excluded.here_at",
        [agent.id],
    )
    # What was promised is named by an admin.
    for n, text in enumerate(lines[:8]):
        rule = {"first": n + 1, "category": text}
        owner.execute("select private.put_sla_policy(%s, %s)", [text[:100], Jsonb(rule)])
        owner.execute("select private.put_sla_calendar(%s, 'UTC', '{\"mon\": [\"09:00-17:00\"]}', '{}')", [text[:100]])
