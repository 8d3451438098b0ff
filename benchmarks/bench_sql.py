"""What row level security costs: queue pages, counts and threads as a person, against the same rows read by the owner.

    python -m benchmarks.bench_sql [--tickets 200000] [--only WORDS] [--plans] [--strict]

The owner is held by no policy, so the difference is the price of the guard. Both answer the same rows, which is
checked: ``plain_sql`` has what the owner runs, joins where the person's statement calls a function that guards.

Each statement is prepared as the app prepares it and executed over a Unix socket, owner and person in turn. The time is
the one that the server's process works for it (elsewhere than on Linux: that the client waits), sending included, less
that of an empty statement: what a tenth of the runs keep below, since a machine's other work only ever adds.

It is the steady state of a connection that has run the statement before, on both sides. The person's statements are
planned as the app has them planned; the owner's both ways, by a general plan and anew each time, and the quicker of the
two counts. (A first run plans on either side, which takes 1-4 ms more: a fresh connection, or one behind a pooler in
transaction mode, where nothing stays prepared.)
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks import plain_sql
from benchmarks.on_server import Connection, Side, server, sign_in
from benchmarks.report import Measure
from benchmarks.scale import Sample, fill
from helpdesk_tui.core import people, queues, thread, tickets
from helpdesk_tui.core.filters import condition, reading
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.statement import Statement
from tests.world import DATABASE_FILES, DeskDatabase, apply_files, create_database

RATIO: Final = 1.25
SLACK: Final = 0.5
"""Milliseconds. The bound is the ratio, or this much more than the owner where that is larger."""
TOLD_APART: Final = 0.01
"""Milliseconds. What takes less is not told from an empty statement."""
PAGE: Final = 61
"""Rows of a first page: what fills a tall terminal, and one more to know whether there are more."""

QUERIES: Final = (
    "status:open priority>=high",
    "assignee:none waiting>4h",
    "priority:urgent status:closed",
    "due<1d is:open",
    "tag:tag-59",
    "-tag:tag-59 updated>1y",
    "sort:due is:open",
)
"""Of the language of queries what asks for other indexes than the queues do; planned each time, as the app has them."""


@dataclass
class Case:
    """Something a person reads in one round trip."""

    what: str
    role: str
    statements: Sequence[Statement[Any]]
    references: Sequence[Statement[Any]]
    owners: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """By whether the plans are general."""
    persons: list[float] = field(default_factory=list)
    plan: str = ""
    """By which kinds of nodes the person's first statement is planned, the indexes of the tickets by name."""

    @property
    def owner(self) -> float:
        """What it takes the owner, the quicker way."""
        return min(_undisturbed(times) for times in self.owners.values())

    @property
    def person(self) -> float:
        """What it takes the person."""
        return _undisturbed(self.persons)

    @property
    def bound(self) -> float:
        """What it may take the person."""
        return max(RATIO * self.owner, self.owner + SLACK)

    @property
    def over(self) -> bool:
        """Whether it takes more."""
        return self.person > self.bound


def _undisturbed(times: Sequence[float]) -> float:
    return max(statistics.quantiles(times, n=10)[0], TOLD_APART)


def rows_of(connection: Connection, statement: Statement[Any]) -> list[Any]:
    """The rows of a statement, made as the app makes them."""
    cursor = connection.cursor(row_factory=statement.row) if statement.row else connection.cursor()
    return list(cursor.execute(statement.sql.encode(), statement.params or None).fetchall())


def raw_rows(connection: Connection, statement: Statement[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement as they come."""
    return connection.execute(statement.sql.encode(), statement.params or None).fetchall()


def cases(owner: Connection, who: Mapping[str, Me]) -> Iterator[Case]:
    """Everything that is measured."""
    for name, me in who.items():
        views = queues.views_for(me)
        first = views[0].key if me.role == "customer" else "open"

        def page(what: str, view: str, name: str = name, me: Me = me, **more: Any) -> Case:
            statement = tickets.page(me, view, limit=PAGE, **more)
            return Case(f"page: {what}", name, [statement], [plain_sql.page(statement, me)])

        for view in views:
            if not view.aside:
                yield page(view.key, view.key)
        for sort in ("due", "priority", "age"):
            yield page(f"{first} by {sort}", first, sort=sort)
        far = _far_down(owner, me, first)
        if far is not None:
            yield page(f"{first}, far down", first, after=far)
        if me.role != "customer":
            names = reading.answered(me, [rows_of(owner, each) for each in reading.asked()])
            for query in QUERIES:
                yield page(f"query: {query}", tickets.EVERYTHING, where=condition(query, names, zone=UTC))
        yield Case("counts", name, [tickets.counts(me)], [plain_sql.counts(me)])
        for words, length in (("short", 4), ("long", 200)):
            ticket = _thread_of(owner, me, length)
            if ticket is not None:
                asked = thread.opened(ticket)
                plain = [put(ticket, me) for put in plain_sql.THREAD]
                yield Case(f"thread: {words} ({length})", name, asked, plain)


def _far_down(owner: Connection, me: Me, view: str) -> Ticket | None:
    rows = rows_of(owner, plain_sql.page(tickets.page(me, view, limit=4000), me))
    return rows[len(rows) * 3 // 4] if rows else None


def _thread_of(owner: Connection, me: Me, length: int) -> UUID | None:
    mine = {"customer": "t.customer_id = %(me)s", "agent": "t.department_id = %(department)s", "admin": "true"}[me.role]
    row = owner.execute(
        f"""select t.id from public.tickets t where {mine}
              and (select count(*) from public.ticket_messages m where m.ticket_id = t.id) = %(length)s
             order by t.is_open desc, t.number desc limit 1""".encode(),
        {"me": me.id, "department": me.department_id, "length": length},
    ).fetchone()
    return row[0] if row else None


def kinds(connection: Connection, statement: Statement[Any]) -> str:
    """The kinds of nodes of a statement's plan, made for its parameters; of scans what they read."""
    sql = f"explain (format json) {statement.sql}"
    row = psycopg.ClientCursor(connection).execute(sql.encode(), statement.params or None).fetchone()
    found: list[str] = []

    def walk(node: Mapping[str, Any]) -> None:
        read = node.get("Index Name") or node.get("Relation Name") or node.get("Function Name")
        found.append(f"{node['Node Type']} {read}" if read else node["Node Type"])
        for below in node.get("Plans", ()):
            walk(below)

    assert row is not None
    walk(row[0][0]["Plan"])
    return ", ".join(dict.fromkeys(each for each in found if each not in ("Limit", "Result", "CTE Scan", "Append")))


def measure(case: Case, owner: Connection, person: Connection, rounds: int) -> None:
    """Runs a case as both, in turn, and checks that they read the same."""
    for statement, reference in zip(case.statements, case.references, strict=True):
        if raw_rows(person, statement) != raw_rows(owner, reference):
            raise RuntimeError(f"{case.what} as {case.role}: the owner reads other rows")
    (general,) = {each.general for each in case.statements}
    as_owner = {mode: Side(owner, case.references, general=mode) for mode in case.owners}
    as_person = Side(person, case.statements, general=general)
    case.plan = kinds(person, case.statements[0])
    for _ in range(3):  # the first runs plan
        as_person.time()
        for side in as_owner.values():
            side.time()
    for _ in range(rounds):
        for mode, side in as_owner.items():
            case.owners[mode].append(side.time())
        case.persons.append(as_person.time())


def compare(
    database: DeskDatabase,
    sample: Sample,
    *,
    rounds: int = 60,
    only: str = "",
    quiet: bool = False,
    plans: bool = False,
) -> list[Case]:
    """Measures every case whose words and role contain ``only``; prints each as it comes."""
    found = []
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        logins = {
            "agent": sign_in(database, sample.agent),
            "customer": sign_in(database, sample.customer),
            "busy customer": sign_in(database, sample.busy_customer),
            "admin": sign_in(database, sample.admin),
        }
        who = {name: rows_of(connection, people.me())[0] for name, connection in logins.items()}
        if not quiet:
            print(f"{'query':42}{'as':16}{'owner ms':>10}{'role ms':>10}{'ratio':>8}{'more':>9}   verdict")
        for case in cases(owner, who):
            if only not in f"{case.what} {case.role}":
                continue
            measure(case, owner, logins[case.role], rounds)
            found.append(case)
            if not quiet:
                print(line(case), flush=True)
                if plans:
                    print(f"    {case.plan}", flush=True)
        for connection in logins.values():
            connection.close()
    return found


def line(case: Case) -> str:
    """A line of the table."""
    verdict = f"OVER {case.bound:.2f}" if case.over else "ok"
    return (
        f"{case.what:42}{case.role:16}{case.owner:10.2f}{case.person:10.2f}{case.person / case.owner:8.2f}"
        f"{case.person - case.owner:+9.2f}   {verdict}"
    )


def on_a_desk_of(
    tickets: int,
    *,
    rounds: int,
    only: str = "",
    postgres: str | None = None,
    quiet: bool = False,
    plans: bool = False,
) -> list[Case]:
    """Makes a desk of so many tickets on a server of its own and measures there."""
    with server(postgres) as running:
        database = create_database(running, "bench")
        apply_files(database.owner_dsn)
        began = time.monotonic()
        sample = fill(database.owner_dsn, tickets, schema=DATABASE_FILES[0])
        print(f"{tickets:,} tickets made in {time.monotonic() - began:.0f} s", file=sys.stderr)
        return compare(database, sample, rounds=rounds, only=only, quiet=quiet, plans=plans)


def run(*, quick: bool) -> list[Measure]:
    """For ``python -m benchmarks``."""
    found = on_a_desk_of(20_000 if quick else 200_000, rounds=20 if quick else 60, quiet=True)
    return [
        Measure(
            f"{case.what} as {case.role}",
            case.person,
            case.owner,
            "ms",
            case.bound / case.owner,
            "the owner",
        )
        for case in found
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only", default="", help="measure only what has these words in its line")
    parser.add_argument("--postgres", default=None, help="a directory of binaries, or the name of a wheel")
    parser.add_argument("--strict", action="store_true", help="fail if a limit is exceeded")
    parser.add_argument("--plans", action="store_true", help="print the nodes of each plan, too")
    chosen = parser.parse_args()
    found = on_a_desk_of(
        chosen.tickets, rounds=chosen.rounds, only=chosen.only, postgres=chosen.postgres, plans=chosen.plans
    )
    over = sum(case.over for case in found)
    print(f"{len(found) - over} of {len(found)} within {RATIO} x the owner's time or {SLACK} ms more")
    return 1 if over and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
