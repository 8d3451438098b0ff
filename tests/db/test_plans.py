"""The desk's statements at 20,000 tickets: along an index, nothing sorted whole, who asks asked once.

By the general plan that the client has them run by, and planned anew, as behind a pooler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from helpdesk_tui.core import notices, people, queues, since, thread, tickets
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.desk import Desk
from helpdesk_tui.core.exchange import PLANS
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.statement import Statement
from tests.db.many import LONG_THREAD, TICKETS, Many
from tests.db.sessions import Sync, connect_as, owner
from tests.world import Person

PAGE: Final = 60
LARGE: Final = (
    "tickets",
    "ticket_messages",
    "ticket_status_history",
    "ticket_events",
    "ticket_tag_relations",
    "profiles",
    "chat_sessions",
    "chat_messages",
    "ticket_sla",
)
Node = dict[str, Any]


@pytest.fixture(scope="module")
def desk(many_tickets: Many) -> Many:
    """Twenty thousand tickets."""
    return many_tickets


@pytest.fixture(scope="module")
def connections(desk: Many) -> Iterator[dict[str, Sync]]:
    """One a role."""
    opened = {name: connect_as(desk.database, getattr(desk, name)) for name in ("agent", "admin", "customer")}
    for connection in opened.values():
        # As is right for everything but spinning disks, and usual where Postgres is rented.
        connection.execute("set random_page_cost = 1.1")
    yield opened
    for connection in opened.values():
        connection.close()


# Lists, one chat with what was said in it, and one that is not theirs.
CHATS: Final = (
    Statement("select * from helpdesk.chats(null, 20)"),
    Statement("select * from helpdesk.chats((select array_agg(id) from helpdesk.chats(null, 1)), 0)"),
    Statement("select m.* from helpdesk.chats(null, 1) c cross join lateral helpdesk.chat_messages(c.id, null) m"),
    Statement("select * from helpdesk.chats(array[gen_random_uuid()], 0)"),
    Statement("select * from helpdesk.chat_messages(gen_random_uuid(), null)"),
)


def me(person: Person) -> Me:
    """As the client knows the person."""
    return Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]


def nodes(plan: Node) -> Iterator[Node]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def explained(connection: Sync, statement: Statement[Any], *, general: bool) -> list[Node]:
    """The nodes of the plan with which a statement ran: one for any parameters, or one made for these."""
    params = statement.params
    assert isinstance(params, dict)
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.sql)))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement.sql)
    values = psycopg.ClientCursor(connection).mogrify(", ".join(["%s"] * len(names)), [params[name] for name in names])
    given = f"({values})" if names else ""
    connection.execute(PLANS[general].encode())
    connection.execute(f"prepare asked as {text}".encode())
    try:
        sql = f"explain (analyze, timing off, summary off, format json) execute asked{given}"
        row = connection.execute(sql.encode()).fetchone()
        counted = "select generic_plans, custom_plans from pg_prepared_statements where name = 'asked'"
        seen = connection.execute(counted).fetchone()
    finally:
        connection.execute("deallocate asked")
    assert row is not None
    # Without parameters there is one plan only.
    assert seen == ((1, 0) if general or not names else (0, 1))
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return list(nodes(plan[0]["Plan"]))


def touched(node: Node) -> float:
    """How many rows a node has looked at."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def check(found: Sequence[Node], *, most: int) -> None:
    """No table is read whole, nothing is sorted whole, and whoever asks is asked once a mention."""
    for node in found:
        large = node.get("Relation Name") in LARGE
        assert not (large and node["Node Type"] == "Seq Scan"), node["Relation Name"]
        if large:
            assert touched(node) <= most, (node["Relation Name"], node.get("Index Name"), touched(node))
        if node["Node Type"] in {"Sort", "Incremental Sort"}:
            (below,) = [each for each in node["Plans"] if each["Parent Relationship"] == "Outer"]
            assert below["Actual Rows"] * below["Actual Loops"] <= most, "sorted whole"
        if node.get("Parent Relationship") == "InitPlan":
            assert node["Actual Loops"] <= 1


def indexes(found: Sequence[Node]) -> set[str]:
    """Those of the indexes on tickets that a plan reads, beyond looking a ticket up by id."""
    names = {node["Index Name"] for node in found if str(node.get("Index Name", "")).startswith("tickets_")}
    return names - {"tickets_pkey"}


# Whose pages are read along which index. Another one in the same order will do: where a department's tickets are a
# good part of all, everybody's are read instead and the others passed over; few rows are sorted.
PAGES: Final[dict[tuple[str, str, queues.Sort], str]] = {
    ("agent", "department", "updated"): "queue_updated",
    ("agent", "department", "due"): "queue_due",
    ("agent", "department", "priority"): "queue_priority",
    ("agent", "department", "age"): "queue_age",
    ("agent", "open", "updated"): "queue_updated",
    ("agent", "open", "due"): "queue_due",
    ("agent", "open", "priority"): "queue_priority",
    ("agent", "open", "age"): "queue_age",
    ("agent", "mine", "updated"): "assigned",
    ("agent", "unassigned", "updated"): "queue_unassigned",
    ("agent", "waiting", "updated"): "queue_pending",
    ("agent", "overdue", "due"): "queue_due",
    ("agent", "closed", "updated"): "queue_ended",
    ("admin", "mine", "updated"): "assigned",
    ("admin", "open", "updated"): "all_updated",
    ("admin", "open", "due"): "all_due",
    ("admin", "open", "priority"): "all_priority",
    ("admin", "open", "age"): "all_age",
    ("admin", "unassigned", "updated"): "all_unassigned",
    ("admin", "waiting", "updated"): "all_pending",
    ("admin", "overdue", "due"): "all_due",
    ("admin", "closed", "updated"): "all_ended",
    ("customer", "open", "updated"): "requested",
    ("customer", "closed", "updated"): "requested",
}


def page_of(desk: Many, connection: Sync, name: str, view: str, sort: queues.Sort, place: str) -> Statement[Any]:
    """The first or last page of a queue, or one from the middle of the first."""
    person = me(getattr(desk, name))
    if place != "middle":
        return tickets.page(person, view, sort, last=place == "last", limit=PAGE)
    first = tickets.page(person, view, sort, limit=PAGE)
    rows = connection.cursor(row_factory=first.row).execute(first.sql.encode(), first.params).fetchall()  # type: ignore[arg-type]
    return tickets.page(person, view, sort, after=rows[len(rows) // 2] if rows else None, limit=PAGE)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize(("name", "view", "sort"), PAGES, ids=["-".join(key) for key in PAGES])
def test_page_of_a_queue_is_read_along_one_index(
    desk: Many, connections: dict[str, Sync], name: str, view: str, sort: queues.Sort, place: str
) -> None:
    statement = page_of(desk, connections[name], name, view, sort, place)
    best = PAGES[name, view, sort]
    other = {"assigned": "assignee_id", "requested": "customer_id"}.get(best, best.replace("queue_", "all_"))
    for general in (True, False):
        found = explained(connections[name], statement, general=general)
        check(found, most=15 * PAGE)
        assert any(index.startswith((f"tickets_{best}", f"tickets_{other}")) for index in indexes(found)), general


@pytest.mark.parametrize("name", ["agent", "admin", "customer"])
def test_nothing_that_the_desk_reads_scans_a_table_also_inside_functions(
    desk: Many, connections: dict[str, Sync], name: str
) -> None:
    """EXPLAIN does not look into functions; the server's own counters do."""
    person, connection = me(getattr(desk, name)), connections[name]
    counters = (
        "select relname, seq_tup_read from pg_stat_user_tables"
        " where schemaname in ('public', 'private') and relname = any(%s) order by relname"
    )
    statements: list[Statement[Any]] = [
        *(tickets.page(person, view.key, limit=PAGE) for view in queues.views_for(person)),
        tickets.counts(person),
        tickets.in_view(person, "open", [LONG_THREAD, uuid4()]),
        tickets.find("17"),
        *thread.opened(LONG_THREAD),
        people.me(),
        notices.page(limit=PAGE),
        notices.page(unread_only=True, limit=PAGE),
        notices.badges(),
        since.since(datetime(2001, 1, 1, tzinfo=UTC)),
        Statement("select channel from helpdesk.channels()"),
        *CHATS,
    ]
    with owner(desk.database) as counting:
        connection.execute("select pg_stat_force_next_flush()")
        before = counting.execute(counters, [list(LARGE)]).fetchall()
        for statement in statements:
            connection.execute(statement.sql.encode(), statement.params or None)
        connection.execute("select pg_stat_force_next_flush()")
        assert counting.execute(counters, [list(LARGE)]).fetchall() == before


@pytest.mark.parametrize("name", ["agent", "admin", "customer"])
def test_counts_and_pages_count_as_the_lists_do(desk: Many, connections: dict[str, Sync], name: str) -> None:
    person, connection = me(getattr(desk, name)), connections[name]
    counted = tickets.counts(person)
    (numbers,) = connection.execute(counted.sql.encode(), counted.params).fetchall()
    for view, number in zip(queues.views_for(person), numbers, strict=True):
        statement = tickets.page(person, view.key, limit=tickets.COUNT_CAP)
        listed = connection.execute(f"select count(*) from ({statement.sql}) l".encode(), statement.params).fetchone()
        assert listed == (number,), view.key


def test_thread_read_at_once_costs_little_more_than_the_owners(desk: Many, connections: dict[str, Sync]) -> None:
    """The policy looks the ticket up for each of 200 messages; the function once. Counted in pages, not in time."""

    def pages_read(connection: Sync, sql: str) -> int:
        asked = f"explain (analyze, buffers, timing off, format json) {sql}"
        row = connection.execute(asked.encode(), [LONG_THREAD]).fetchone()
        assert row is not None
        return int(row[0][0]["Plan"]["Shared Hit Blocks"])

    joined = (
        "select * from public.ticket_messages m join public.profiles p on p.id = m.sender_id where ticket_id = %s"
        " order by m.created_at, m.id"
    )
    with owner(desk.database) as free:
        least = pages_read(free, joined)
    for name in ("agent", "admin", "customer"):
        at_once = "select * from helpdesk.messages(%s)"
        for _ in range(3):
            pages_read(connections[name], at_once)
        assert pages_read(connections[name], at_once) <= least + 60
        count = connections[name].execute("select count(*) from helpdesk.messages(%s)", [LONG_THREAD]).fetchone()
        assert count is not None
        assert count[0] >= 150


def test_predicate_is_written_into_the_query(connections: dict[str, Sync]) -> None:
    """A function that the planner cannot look into would be called for every row, and reach no index."""
    row = connections["agent"].execute("explain (costs off) select id from public.tickets").fetchall()
    plan = "\n".join(line for (line,) in row)
    assert "works_on" not in plan
    assert "department_id = ANY" in plan


@pytest.mark.parametrize("name", ["agent", "admin"])
@pytest.mark.parametrize("view", queues.SLA_VIEWS)
def test_page_of_promises_reads_little_more_than_it_shows(
    desk: Many, connections: dict[str, Sync], name: str, view: str
) -> None:
    """Out of thousands that are late, those of a page: of the department, and of what the agent holds elsewhere."""
    person, connection = me(getattr(desk, name)), connections[name]
    counters = (
        "select (select seq_tup_read from pg_stat_user_tables where relname = 'ticket_sla'),"
        " (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'ticket_sla'"
        " and indexrelname <> 'ticket_sla_pkey')::integer"
    )
    first = tickets.page(person, view, limit=PAGE)
    rows = connection.cursor(row_factory=first.row).execute(first.sql.encode(), first.params).fetchall()  # type: ignore[arg-type]
    pages = (
        first,
        tickets.page(person, view, after=rows[-1], limit=PAGE),
        tickets.page(person, view, last=True, limit=PAGE),
    )
    with owner(desk.database) as counting:
        for statement in pages:
            connection.execute("select pg_stat_force_next_flush()")
            before = counting.execute(counters).fetchone()
            connection.execute(statement.sql.encode(), statement.params)
            connection.execute("select pg_stat_force_next_flush()")
            after = counting.execute(counters).fetchone()
            assert before is not None
            assert after is not None
            assert after[0] == before[0], "read whole"
            assert after[1] - before[1] <= 3 * PAGE
    assert view == "soon" or len(rows) == PAGE


def test_desk_is_as_large_as_it_says(desk: Many) -> None:
    with owner(desk.database) as counting:
        assert counting.execute("select count(*) from public.tickets").fetchone() == (TICKETS + 1,)


@pytest.mark.parametrize("name", ["agent", "admin", "customer"])
async def test_statements_are_those_of_the_client(
    desk: Many, connections: dict[str, Sync], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody looks at plans of statements that nobody runs: what the client sends for the same questions."""
    person = me(getattr(desk, name))
    sent: list[Statement[Any]] = []
    run = Database.run

    async def listened(self: Database, *statements: Statement[Any], **how: Any) -> list[list[Any]]:
        sent.extend(statements)
        return await run(self, *statements, **how)

    monkeypatch.setattr(Database, "run", listened)
    client = await Desk.open(desk.database.settings, getattr(desk, name).session)
    try:
        sent.clear()
        for who, view, sort in PAGES:
            if who == name:
                rows, _ = await client.page(view, sort, "first", PAGE - 1)
                await client.page(view, sort, "after", PAGE - 1, after=rows[len(rows) // 2] if rows else None)
                await client.page(view, sort, "last", PAGE - 1)
        await client.counts()
        await client.thread(LONG_THREAD)
        await client.look_again("open", [LONG_THREAD])
        await client.ticket("17")
    finally:
        await client.close()
    looked_at = {
        page_of(desk, connections[name], *key, place).sql
        for key in PAGES if key[0] == name for place in ("first", "middle", "last")
    }  # fmt: skip
    looked_at |= {tickets.in_view(person, "open", []).sql, tickets.find("17").sql, tickets.counts(person).sql}
    looked_at |= {statement.sql for statement in thread.opened(LONG_THREAD)}
    assert {statement.sql for statement in sent} == looked_at
    assert all(statement.general for statement in sent)
