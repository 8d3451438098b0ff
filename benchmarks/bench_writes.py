"""What writing costs beside the rows: a change of 1,000 tickets and of one, against the same without our triggers.

The time is the one that the server's process works for it, the least of several, each rolled back.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.on_server import Clock, Connection, server
from benchmarks.report import Measure
from benchmarks.scale import fill
from tests.world import DATABASE_FILES, apply_files, create_database

MANY: Final = 1000
#: Whose cost is told: those of the triggers on tickets and messages whose names begin so.
PARTS: Final = {"audit": "audit_%", "promises": "%sla%", "live changes": "%announce%"}
ACTS: Final = {
    "title": "update public.tickets set title = title || ' ' where id = any(%(ids)s)",
    "priority": "update public.tickets set priority = (case priority when 'low' then 'high' else 'low' end)"
    "::public.ticket_priority where id = any(%(ids)s)",
    "status": "update public.tickets set status = 'resolved' where id = any(%(ids)s)",
    "assignee": "update public.tickets set assignee_id = %(staff)s where id = any(%(ids)s)",
    "reply": "insert into public.ticket_messages (ticket_id, sender_id, content)"
    " select unnest(%(ids)s), %(staff)s, 'Some words about it'",
}


def _promise(owner: Connection) -> None:
    """A policy a priority, in business hours, and every open ticket worked out by it."""
    week = {day: ["09:00-12:30", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    owner.execute("select private.put_sla_calendar('Office', 'Europe/Berlin', %s, '{}')", [Jsonb(week)])
    for priority, minutes in {"urgent": 60, "high": 240, "medium": 480, "low": 960}.items():
        rule = {
            "priority": priority,
            "calendar": "Office",
            "first": minutes,
            "next": minutes,
            "resolution": 9 * minutes,
        }
        owner.execute("select private.put_sla_policy(%s, %s)", [priority, Jsonb(rule)])
    while owner.execute("select private.sla_go_on(1000)").fetchone() != (True,):
        pass


def _triggers(owner: Connection, like: str) -> list[tuple[str, str]]:
    return owner.execute(
        "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal and tgname like %s"
        " and tgrelid in ('public.tickets'::regclass, 'public.ticket_messages'::regclass)",
        [like],
    ).fetchall()


def _cost(owner: Connection, sql: str, staff: UUID, batches: list[list[UUID]], without: str | None) -> float:
    """Milliseconds of the quickest of several runs, with the triggers off that are named so."""
    clock, spent = Clock(owner), []
    off = [] if without is None else _triggers(owner, without)
    for table, name in off:
        owner.execute(f'alter table {table} disable trigger "{name}"'.encode())
    try:
        for ids in batches:
            with owner.transaction(force_rollback=True):
                began = clock()
                owner.execute(sql.encode(), {"ids": ids, "staff": staff}, prepare=True)
                spent.append(clock() - began)
            if len(ids) > 1:
                # What was rolled back is in the way of the next.
                owner.execute("vacuum public.tickets, private.ticket_sla, private.audit")
    finally:
        for table, name in off:
            owner.execute(f'alter table {table} enable trigger "{name}"'.encode())
    # The first one plans.
    return min(spent[1:])


def measured(owner: Connection, rounds: int) -> list[Measure]:
    """The figures of a desk that is filled and promises something."""
    rows: Any = owner.execute(
        "select id from public.tickets where status = 'open' order by number desc limit %s", [MANY]
    )
    ids = [row[0] for row in rows.fetchall()]
    rows = owner.execute("select id from public.profiles where role = 'agent' order by id limit 1")
    staff: UUID = rows.fetchone()[0]
    found = []
    for act, sql in ACTS.items():
        for words, batches in (
            (f"{len(ids)} tickets", [ids] * (rounds // 8 + 1)),
            ("one ticket", [[one] for one in ids[:rounds]]),
        ):
            if act == "reply" and len(batches[0]) > 1:
                continue  # they are sent one by one
            bare = _cost(owner, sql, staff, batches, "%")
            whole = _cost(owner, sql, staff, batches, None)
            found.append(Measure(f"{act} of {words}", whole, bare, "ms", against="no triggers"))
            for part, like in PARTS.items():
                rest = _cost(owner, sql, staff, batches, like)
                found.append(Measure(f"  of that, {part}", max(whole - rest, 0.0), whole, "ms", against="all of it"))
    return found


def run(*, quick: bool) -> list[Measure]:
    """For ``python -m benchmarks``."""
    with server(None) as running:
        database = create_database(running, "bench")
        apply_files(database.owner_dsn)
        fill(database.owner_dsn, 20_000, schema=DATABASE_FILES[0])
        with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
            _promise(owner)
            owner.execute("vacuum analyze")
            return measured(owner, 16 if quick else 60)
