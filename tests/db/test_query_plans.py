"""Queries at 20,000 tickets, and as if there were 200,000: whatever is asked, no table is read whole, and what is
counted while one types is little.

benchmarks/bench_sql.py measures some of them at 200,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Final

import pytest

from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.filters import FIELDS, Vocabulary, condition
from helpdesk_tui.core.filters.reading import answered, asked
from tests.db.many import TICKETS, Many
from tests.db.sessions import Sync, connect_as, owner
from tests.db.test_plans import LARGE, PAGE, check, explained, indexes, me, touched

EXAMPLE: Final = (
    'status:open priority>=high assignee:@me -tag:"tag 3" department:support waiting>4h updated<90d due<1d'
    ' from:c1999@many.test "refund"'
)
# Which index of the tickets a query reads, where one is better than the order of the queue; and at most how many rows
# are looked at: a page is 60.
ASKED: Final[dict[str, tuple[str | None, int]]] = {
    EXAMPLE: (None, PAGE),
    "status:open": (None, 30 * PAGE),
    "status:pending": (None, 30 * PAGE),
    "status:closed": (None, 30 * PAGE),
    "priority:urgent": (None, 30 * PAGE),
    "assignee:@me": (None, 30 * PAGE),
    "assignee:none": (None, 30 * PAGE),
    "department:support": (None, 30 * PAGE),
    "category:none": (None, 30 * PAGE),
    'tag:"tag 3"': (None, 200 * PAGE),
    "tag:none": (None, 2 * TICKETS),
    '-tag:"tag 3"': (None, 200 * PAGE),
    "from:c1999@many.test": ("requested|customer_id", 20 * PAGE),
    "waiting>4h": (None, 60 * PAGE),
    "waiting>700d": ("waits", 10 * PAGE),
    "updated<1h": (None, 10 * PAGE),
    "created<2d": (None, 60 * PAGE),
    "due<-190h status:open": ("due", 10 * PAGE),
    "sla:breached": (None, 60 * PAGE),
    "sla<-90h": (None, 30 * PAGE),
    "sla:none is:open": (None, 100 * PAGE),
    "sort:left is:open": (None, TICKETS),
    "is:open": (None, 30 * PAGE),
    "is:overdue": (None, 60 * PAGE),
    "is:followed": (None, 30 * PAGE),
    "#17": ("number", 5 * PAGE),
    "field.plan:gold": (None, 2 * TICKETS),
    '"no such words"': (None, PAGE),
    "status:open (assignee:none or waiting>4h)": (None, 120 * PAGE),
    "sort:due is:open": ("due", 30 * PAGE),
}


@pytest.fixture(scope="module")
def desk(many_tickets: Many) -> Many:
    """Twenty thousand tickets."""
    return many_tickets


@pytest.fixture(scope="module")
def connections(desk: Many) -> Iterator[dict[str, tuple[Sync, Vocabulary]]]:
    """One a role, with what can be named."""
    opened = {}
    for name in ("agent", "admin", "customer"):
        connection = connect_as(desk.database, getattr(desk, name))
        connection.execute("set random_page_cost = 1.1")
        rows = [connection.cursor(row_factory=each.row).execute(each.sql.encode()).fetchall() for each in asked()]  # type: ignore[arg-type]
        opened[name] = connection, answered(me(getattr(desk, name)), rows)
    yield opened
    for connection, _ in opened.values():
        connection.close()


def test_every_field_is_looked_at() -> None:
    named = " ".join(ASKED).replace("#", "number:")
    assert [field for field in FIELDS if f"{field}:" not in named and f"{field}<" not in named
            and f"{field}>" not in named] == []  # fmt: skip


@pytest.mark.parametrize("query", ASKED)
@pytest.mark.parametrize("name", ["agent", "admin"])
def test_query_reads_no_table_whole(
    desk: Many, connections: dict[str, tuple[Sync, Vocabulary]], name: str, query: str
) -> None:
    connection, names = connections[name]
    person, (best, most) = me(getattr(desk, name)), ASKED[query]
    where = condition(query, names, zone=UTC)
    page = tickets.page(person, queues.EVERYTHING, "updated", where=where, limit=PAGE)
    with connection.transaction():
        connection.execute(tickets.ALONG.sql.encode())
        found = explained(connection, page, general=False)
    # What bears a tag asks its ticket, by a policy; a desk as small as this one is looked up in whole for that.
    found = [node for node in found if "tag:" not in query or node.get("Parent Relationship") != "SubPlan"]
    check(found, most=most)
    if best is not None:
        assert any(part in index for index in indexes(found) for part in best.split("|")), indexes(found)
    with connection.transaction():
        connection.execute(tickets.TYPING.sql.encode(), tickets.TYPING.params)
        counted = explained(connection, tickets.count(person, where), general=False)
    rows = [node for node in counted if node.get("Relation Name") == "tickets"]
    rows = [node for node in rows if "tag:" not in query or node.get("Parent Relationship") != "SubPlan"]
    assert [node for node in rows if node["Node Type"] == "Seq Scan"] == []
    assert sum(touched(node) for node in rows) <= max(most, 12 * tickets.COUNT_CAP)


@pytest.fixture
def as_if_two_hundred_thousand(desk: Many) -> Iterator[None]:
    """The planner is told of ten times the rows in as many pages: to read a table whole looks cheaper than it is."""
    told = "update pg_class set reltuples = reltuples %s where oid = any(%%s::regclass[])"
    with owner(desk.database) as run:
        large = [name for (name,) in run.execute(
            "select oid::regclass::text from pg_class where relnamespace in ('public'::regnamespace,"
            " 'private'::regnamespace) and reltuples >= %s", [TICKETS // 10]).fetchall()]  # fmt: skip
        assert {"tickets", "private.ticket_sla"} <= {name.removeprefix("public.") for name in large}
        run.execute((told % "* 10").encode(), [large])
        yield
        run.execute((told % "/ 10").encode(), [large])


@pytest.mark.usefixtures("as_if_two_hundred_thousand")
@pytest.mark.parametrize("name", ["agent", "admin"])
def test_planner_reads_no_table_whole_of_its_own_accord(
    desk: Many, connections: dict[str, tuple[Sync, Vocabulary]], name: str
) -> None:
    """The app switches that off for queries (``tickets.ALONG``); they must not live on it."""
    connection, names = connections[name]
    person = me(getattr(desk, name))
    for query in ASKED:
        where = condition(query, names, zone=UTC)
        for statement in (
            tickets.page(person, queues.EVERYTHING, "updated", where=where, limit=PAGE),
            tickets.count(person, where),
        ):
            found = explained(connection, statement, general=False)
            # By the policy of what bears a tag: see above.
            found = [node for node in found if "tag:" not in query or node.get("Parent Relationship") != "SubPlan"]
            whole = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"} & set(LARGE)
            assert whole == set(), (query, statement.sql)


def test_customers_query_reads_their_own_tickets_alone(
    desk: Many, connections: dict[str, tuple[Sync, Vocabulary]]
) -> None:
    connection, names = connections["customer"]
    connection.execute("set enable_seqscan = off")
    for query in ("", "is:open", "waiting>4h due<1d", '"no such words"', "status:closed or number:17"):
        where = condition(query, names, zone=UTC)
        for statement in (
            tickets.page(me(desk.customer), queues.EVERYTHING, where=where, limit=PAGE),
            tickets.count(me(desk.customer), where),
        ):
            check(explained(connection, statement, general=False), most=10 * PAGE)


def test_words_of_tickets_and_messages_are_found_by_their_indexes(desk: Many) -> None:
    reading = (
        "select coalesce(sum(seq_tup_read), 0)::integer from pg_stat_xact_user_tables"
        " where relname in ('tickets', 'ticket_messages', 'ticket_words')"
    )
    with owner(desk.database) as connection, connection.transaction():
        connection.execute(
            "select set_config('request.jwt.claims', json_build_object('sub', %s::text)::text, true)",
            [str(desk.agent.id)],
        )
        connection.execute("set local random_page_cost = 1.1")
        for words, least in (("Ticket 1999", 1), ("nowhere at all", 0), ("cket 19998", 0), ("ürgent", 0)):
            found = connection.execute("select helpdesk.tickets_saying(%s)", [words]).fetchall()
            assert len(found) >= least
            assert connection.execute(reading).fetchone() == (0,), words


def test_query_for_a_field_reads_what_holds_the_value_alone(
    desk: Many, connections: dict[str, tuple[Sync, Vocabulary]]
) -> None:
    """A query does not tell what the function in it reads; the server's counters do."""
    connection, _ = connections["agent"]
    holding = {("plan", ":", "GOLD"): "Gold", ("plan", "any", ""): "%", ("plan", ":", "none"): "none"}
    counters = (
        "select (select seq_tup_read from pg_stat_user_tables where relid = 'public.tickets'::regclass),"
        " (select idx_tup_read from pg_stat_user_indexes where indexrelname = 'tickets_fields_idx')"
    )
    seen = (
        "select t.id from public.tickets t where t.metadata ->> 'plan' like %s"
        " and (t.department_id = %s or t.assignee_id = %s)"
    )
    with owner(desk.database) as counting:
        for asked, like in holding.items():
            connection.execute("select pg_stat_force_next_flush()")
            before = counting.execute(counters).fetchone()
            found = connection.execute("select helpdesk.with_field(%s, %s, %s, false)", asked).fetchall()
            connection.execute("select pg_stat_force_next_flush()")
            after = counting.execute(counters).fetchone()
            everybody = counting.execute(
                "select count(*) from public.tickets where metadata ->> 'plan' like %s", [like]
            )
            (most,) = everybody.fetchone() or (0,)
            assert before is not None
            assert after is not None
            assert after[0] - before[0] == 0, asked
            assert after[1] - before[1] == most, asked
            expected = counting.execute(seen.encode(), [like, desk.agent.department_id, desk.agent.id]).fetchall()
            assert sorted(found) == sorted(expected)
