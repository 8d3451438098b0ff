"""Queries on a real database: each finds what a plain reading of it finds, for an agent, an admin and a customer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.filters import Condition, FilterError, Vocabulary, condition, printed
from helpdesk_tui.core.filters.reading import answered, asked
from helpdesk_tui.core.filters.tree import And, Node, Not, Or, Term, Value, Words
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Me, Ticket
from helpdesk_tui.core.statement import Statement
from tests.db.saying import says
from tests.db.sessions import Sync, connect_as, owner, with_people
from tests.world import DeskDatabase, People, Person

ROLES: Final = ("agent", "admin", "customer")
NOW: Final = datetime.now(UTC)
HOUR: Final = timedelta(hours=1)


SAID: Final = (
    "Please REFUND my money",
    "refunds: nothing back yet",
    "Le colis est arrivé abîmé.",
    "ランプが点きません",
    "x100 a-b, a_b",
    "money  back\nplease",
)
"""What is written in messages and notes."""


def later(hours: int) -> datetime:
    """Half an hour beside the ages that are asked for, so that the time between drawing and asking decides nothing."""
    return NOW + (hours + 0.5) * HOUR


@dataclass
class Row:
    """A ticket as the reading sees it."""

    id: UUID
    number: int
    title: str
    status: str
    priority: str
    customer: UUID
    assignee: UUID | None
    department: str
    category: str | None
    due: datetime | None
    created: datetime
    updated: datetime
    waiting: datetime | None
    metadata: Mapping[str, str]
    tags: set[str] = field(default_factory=set)
    asleep: bool = False
    followed: set[str] = field(default_factory=set)
    asked: str | None = None
    said: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


@dataclass
class World:
    """Sixty tickets, and who looks at them."""

    database: DeskDatabase
    people: dict[str, Person]
    rows: list[Row]
    connections: dict[str, Sync]
    names: dict[str, Vocabulary]

    def ask(self, name: str, statement: Statement[Any]) -> list[Any]:
        """The rows of a statement, as somebody."""
        cursor = self.connections[name].cursor(row_factory=statement.row)  # type: ignore[arg-type]
        return cursor.execute(statement.sql.encode(), statement.params or None).fetchall()

    def me(self, name: str) -> Me:
        """Somebody, as the client knows them."""
        return self.names[name].me

    def condition(self, name: str, query: str) -> Condition:
        """What a query asks, typed by somebody."""
        return condition(query, self.names[name], zone=UTC)


def _made(database: DeskDatabase) -> dict[str, Person]:
    async def sign_up(people: People) -> dict[str, Person]:
        return {
            "agent": await people.sign_up("ada@desk.test", "Ada Agent", "agent", "Support"),
            "admin": await people.sign_up("ann@desk.test", "Ann Admin", "admin", "Support"),
            "customer": await people.sign_up("cora@desk.test", "Cora Customer"),
            "other": await people.add("otto@shop.test", "Otto Customer"),
            "colleague": await people.add("bo@desk.test", "Bo Agent", "agent", "Billing"),
        }

    return with_people(database, sign_up)


@pytest.fixture(scope="module")
def world(module_database: DeskDatabase) -> Iterator[World]:
    """Drawn once, the same each time."""
    people = _made(module_database)
    draw = random.Random(5)
    rows: list[Row] = []
    with owner(module_database) as run:
        run.execute("insert into public.categories (name) values ('Broken parcels'), ('Invoices')")
        run.execute("insert into public.ticket_tags (name) values ('vip'), ('late')")
        run.execute("alter table public.tickets disable trigger user")
        for number in range(1, 61):
            row = Row(
                uuid4(), number, draw.choice(["no power", "Refund 100%", "a_b", "late parcel"]),
                draw.choice(STATUSES), draw.choice(PRIORITIES),
                people[draw.choice(["customer", "other", "agent"])].id,
                draw.choice([None, people["agent"].id, people["admin"].id, people["colleague"].id]),
                draw.choice(["Support", "Billing"]), draw.choice([None, "Broken parcels", "Invoices"]),
                draw.choice([None, later(draw.randrange(-100, 100))]),
                later(-draw.randrange(1, 100)), later(-draw.randrange(1, 50)),
                draw.choice([None, later(-draw.randrange(1, 60))]),
                draw.choice(
                    [{}, {"plan": "Gold"}, {"plan": "silver", "seats": "12"}, {"seats": "9.5"}, {"seats": "x"}]
                ),
            )  # fmt: skip
            rows.append(row)
            run.execute(
                "insert into public.tickets (id, number, title, status, priority, customer_id, assignee_id,"
                " department_id, category_id, due_date, created_at, updated_at, waiting_since, metadata)"
                " select %s, %s, %s, %s, %s, %s, %s, d.id, c.id, %s, %s, %s, %s, %s from public.departments d"
                " left join public.categories c on c.name = %s where d.name = %s",
                [row.id, number, row.title, row.status, row.priority, row.customer, row.assignee, row.due,
                 row.created, row.updated, row.waiting, Jsonb(row.metadata), row.category, row.department],
            )  # fmt: skip
            row.asleep = draw.random() < 0.15
            if row.asleep:
                run.execute("insert into private.ticket_snoozes values (%s, now() + interval '1 day')", [row.id])
            # The customer too, who was of the team once perhaps: it tells them nothing.
            row.followed = {role for role in ROLES if draw.random() < 0.3}
            for role in row.followed:
                run.execute(
                    "insert into private.followers (ticket_id, person) values (%s, %s)", [row.id, people[role].id]
                )
            row.tags = {tag for tag in ("vip", "late") if draw.random() < 0.3}
            run.execute(
                "insert into public.ticket_tag_relations (ticket_id, tag_id)"
                " select %s, id from public.ticket_tags where name = any(%s)",
                [row.id, list(row.tags)],
            )
        run.execute("alter table public.tickets enable trigger user")
        for row in rows:
            row.asked = draw.choice([None, "It smokes. Money back, please!", "Où est mon colis?"])
            row.said = draw.sample(SAID, draw.randrange(3))
            row.noted = draw.sample(SAID, draw.randrange(2))
            run.execute("update public.tickets set description = %s where id = %s", [row.asked, row.id])
            for text, note in [*((text, False) for text in row.said), *((text, True) for text in row.noted)]:
                run.execute(
                    "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at)"
                    " values (%s, %s, %s, %s, %s)",
                    [row.id, row.customer if not note else people["admin"].id, text, note, row.created],
                )
        run.execute("alter table public.tickets disable trigger user")
        for row in rows:
            run.execute("update public.tickets set status = %s, updated_at = %s, waiting_since = %s where id = %s",
                        [row.status, row.updated, row.waiting, row.id])  # fmt: skip
            if row.asleep:
                run.execute("insert into private.ticket_snoozes values (%s, now() + interval '1 day')"
                            " on conflict do nothing", [row.id])  # fmt: skip
        run.execute("alter table public.tickets enable trigger user")
        run.execute("select private.index_tickets()")
        run.execute("analyze")
    connections = {name: connect_as(module_database, people[name]) for name in ROLES}
    made = World(module_database, people, rows, connections, {})
    for name, connection in connections.items():
        person = people[name]
        me = Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]
        made.names[name] = answered(me, [
            connection.cursor(row_factory=each.row).execute(each.sql.encode()).fetchall()  # type: ignore[arg-type]
            for each in asked()
        ])  # fmt: skip
    yield made
    for connection in connections.values():
        connection.close()


# -- the plain reading ------------------------------------------------------------------------------------------------

SPANS: Final = {"h": HOUR, "d": 24 * HOUR, "w": 168 * HOUR}


def compared(operator: str, one: Any, other: Any) -> bool:
    """Whether one compares to another; nothing compares to None."""
    if one is None or other is None:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other, ":": one == other}[operator]


def on_or_by(term: Term, value: str, time: datetime | None) -> bool:
    """A time compared to a day."""
    if time is None:
        return False
    day = {"yesterday": -1, "today": 0, "tomorrow": 1}
    wanted = (
        datetime.now(UTC).date() + timedelta(days=day[value]) if value in day else date.fromisoformat(value)
    )  # fmt: skip
    return compared(term.operator, time.date(), wanted)


def seen_as(world: World, name: str, node: Node, row: Row) -> bool:
    """Whether a query holds a ticket, read word by word."""
    match node:
        case And(parts):
            return all(seen_as(world, name, part, row) for part in parts)
        case Or(parts):
            return any(seen_as(world, name, part, row) for part in parts)
        case Not(of):
            return not seen_as(world, name, of, row)
        case Words(value):
            texts = [
                f"{row.title} {row.asked or ''}",
                *row.said,
                *(row.noted if row.customer != me_id(world, name) else []),
            ]
            return value.text.lower() in row.title.lower() or any(says(text, value.text) for text in texts)
        case Term():
            return any(term_holds(world, name, node, value.text, row) for value in node.values)


def me_id(world: World, name: str) -> UUID:
    """Who looks."""
    return world.people[name].id


def term_holds(world: World, name: str, term: Term, value: str, row: Row) -> bool:
    """Whether one value of a field is a ticket's."""
    me, people = world.people[name], world.people
    addresses = {each.email: each.id for each in people.values()} | {"@me": me.id, "none": None}
    is_open = row.status in ("open", "pending")
    asleep = row.asleep and row.customer != me.id
    tags = row.tags if row.customer != me.id else set()
    aged = re.fullmatch(r"(-?\d+)([hdw])", value)
    span = int(aged[1]) * SPANS[aged[2]] if aged else None
    match term.name.text:
        case "status":
            return row.status == value
        case "priority":
            return compared(term.operator, PRIORITIES.index(row.priority), PRIORITIES.index(value))
        case "assignee":
            return row.assignee == addresses[value]
        case "department":
            return row.department == value
        case "category":
            return (row.category or "none") == value
        case "tag":
            return value in tags or (value == "none" and not tags)
        case "updated" | "created":
            time = row.updated if term.name.text == "updated" else row.created
            return compared(term.operator, NOW - time, span) if span is not None else on_or_by(term, value, time)
        case "from":
            customer = next(each for each in people.values() if each.id == row.customer)
            known = customer.email.startswith(f"{value}@") or value.lower() in customer.name.lower()
            return row.customer == addresses.get(value) or (
                known if value[0] != "@" else customer.email.endswith(value)
            )
        case "waiting":
            return row.status == "open" and row.waiting is not None and compared(term.operator, NOW - row.waiting, span)
        case "due":
            if value == "none":
                return row.due is None
            if span is not None:
                return row.due is not None and compared(term.operator, row.due - NOW, span)
            return on_or_by(term, value, row.due)
        case "is":
            return {
                "open": is_open,
                "closed": not is_open,
                "overdue": is_open and row.due is not None and row.due < NOW,
                "snoozed": asleep,
                "unassigned": row.assignee is None,
                "waiting": row.status == "open" and row.waiting is not None,
                "mine": row.assignee == me.id,
                "followed": name in row.followed and row.customer != me.id,
            }[value]
        case "number":
            return compared(term.operator, row.number, int(value))
        case "field.plan":
            # Who asked for help is told of no fields, not even one of the team.
            metadata = row.metadata if row.customer != me.id else {}
            return compared(term.operator, metadata.get("plan", "none").lower(), value)
    raise AssertionError(term.name.text)


ASKED: Final = (
    "refund", "100%", "a_b", "parcel", "A", "money back", "back money", "colis", "arrive", "ABÎM", "fund",
    "ランプ", "点き", "mon colis", "smo", "->", "x",
)  # fmt: skip
AGES: Final = ("90min", "5h", "1d", "2d", "3w")
DAYS: Final = ("today", "yesterday", "tomorrow", (NOW - 50 * HOUR).date().isoformat())
COMPARED: Final = ("<", "<=", ">", ">=")
TEAM: Final = ("assignee", "tag", "field.plan", "from")
TEAM_ALONE: Final = ("snoozed", "unassigned", "mine", "followed")
VALUES: Final[Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]] = {
    "status": (((":",), STATUSES),),
    "priority": (((":",), PRIORITIES), (COMPARED, PRIORITIES)),
    "assignee": (((":",), ("@me", "none", "bo@desk.test", "ada@desk.test")),),
    "department": (((":",), ("Support", "Billing")),),
    "category": (((":",), ("Broken parcels", "Invoices", "none")),),
    "tag": (((":",), ("vip", "late", "none")),),
    "from": (((":",), ("cora@desk.test", "@shop.test", "customer", "ada", "@me", "nobody@x.test", "%")),),
    "waiting": ((COMPARED, ("5h", "1d", "0h")),),
    "updated": ((COMPARED, ("5h", "1d", "2d", *DAYS)), ((":",), DAYS)),
    "created": ((COMPARED, ("5h", "1d", "3w", *DAYS)), ((":",), DAYS)),
    "due": ((COMPARED, ("5h", "-1d", "2d", *DAYS)), ((":",), (*DAYS, "none"))),
    "is": (((":",), ("open", "closed", "overdue", "waiting", *TEAM_ALONE)),),
    "number": (((":", *COMPARED), ("7", "30", "61")),),
    "field.plan": (((":",), ("gold", "silver", "none")),),
}


def leaves(team: bool) -> st.SearchStrategy[Node]:
    """Words and fields that somebody may ask for."""
    terms: list[st.SearchStrategy[Node]] = [st.sampled_from(ASKED).map(
        lambda text: Words(Value(text)))]  # fmt: skip
    for name, kinds in VALUES.items():
        if team or name not in TEAM:
            for operators, values in kinds:
                some = values if team else tuple(each for each in values if each not in TEAM_ALONE)
                most = 3 if operators == (":",) else 1
                terms.append(st.builds(
                    Term, st.just(Value(name)), st.sampled_from(operators),
                    st.lists(st.sampled_from(some).map(Value), min_size=1, max_size=most).map(tuple),
                ))  # fmt: skip
    return st.one_of(terms)


def trees(team: bool) -> st.SearchStrategy[Node]:
    """Queries of them."""
    return st.recursive(
        leaves(team),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=5,
    )


def wakes(node: Node) -> bool:
    """Whether a query speaks of what is snoozed, or names a ticket."""
    match node:
        case And(parts) | Or(parts):
            return any(wakes(part) for part in parts)
        case Not(of):
            return wakes(of)
        case Term(Value("is"), _, values):
            return any(value.text == "snoozed" for value in values)
        case Term(Value("number"), operator):
            return operator == ":"
    return False


def in_queues(world: World, name: str, row: Row) -> bool:
    """Whether a ticket is in a person's queues at all."""
    me = world.people[name].id
    if name == "customer":
        return row.customer == me
    return name == "admin" or row.department == "Support" or row.assignee == me


@pytest.mark.parametrize("name", ROLES)
def test_query_finds_what_a_plain_reading_of_it_finds(world: World, name: str) -> None:
    me = world.me(name)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(trees(name != "customer"), st.sampled_from(list(queues.SORTS)), st.integers(7, 40))
    def agrees(tree: Node, sort: queues.Sort, size: int) -> None:
        where = world.condition(name, printed(tree))
        read = [row for row in world.rows if in_queues(world, name, row) and seen_as(world, name, tree, row)]
        if name != "customer" and not wakes(tree):
            mine, open_ = world.people[name].id, ("open", "pending")
            read = [row for row in read if not row.asleep or row.customer == mine or row.status not in open_]
        found: list[Ticket] = []
        while not found or len(found) % size == 0:
            after = found[-1] if found else None
            page = world.ask(name, tickets.page(me, "all", sort, where=where, after=after, limit=size))
            found += page
            if not page:
                break
        assert [row.id for row in found] == list(dict.fromkeys(row.id for row in found))
        assert {row.number for row in found} == {row.number for row in read}
        assert world.ask(name, tickets.count(me, where)) == [len(read)]
        assert world.ask(name, tickets.count(me, where, most=3)) == [min(3, len(read))]
        ids = [row.id for row in world.rows[::2]]
        again = world.ask(name, tickets.in_view(me, "all", ids, where))
        assert {row.id for row in again} == {row.id for row in read} & set(ids)
        last = world.ask(name, tickets.page(me, "all", sort, where=where, last=True, limit=size))
        assert [row.id for row in last] == [row.id for row in found][-size:]

    agrees()


@pytest.mark.parametrize("name", ROLES)
def test_query_narrows_a_built_in_queue(world: World, name: str) -> None:
    me = world.me(name)
    where = world.condition(name, "priority>=high")
    for view in queues.views_for(me):
        whole = world.ask(name, tickets.page(me, view.key, limit=100))
        wanted = {row.id for row in whole if row.priority in ("high", "urgent")}
        assert {row.id for row in world.ask(name, tickets.page(me, view.key, where=where))} == wanted
        assert world.ask(name, tickets.count(me, where, view.key)) == [len(wanted)]
        assert world.ask(name, tickets.count(me, None, view.key)) == [len(whole)]
        found = world.ask(name, tickets.in_view(me, view.key, [row.id for row in world.rows], where))
        assert {row.id for row in found} == wanted


def asleep(world: World, name: str, row: Row) -> bool:
    """Whether a ticket sleeps out of a person's sight."""
    mine = name == "customer" or row.customer == world.people[name].id
    return row.asleep and row.status in ("open", "pending") and not mine


@pytest.mark.parametrize("name", ["agent", "admin"])
def test_what_is_snoozed_is_in_no_open_queue_until_it_wakes(world: World, name: str) -> None:
    me = world.me(name)
    sleeping = {row.id for row in world.rows if in_queues(world, name, row) and asleep(world, name, row)}
    assert sleeping
    counted = dict(zip([v.key for v in queues.views_for(me)], [len(world.ask(name, tickets.page(me, v.key, limit=100)))
                   for v in queues.views_for(me)], strict=True))  # fmt: skip
    assert world.ask(name, tickets.counts(me)) == [counted]
    for view in queues.views_for(me):
        for sort in queues.SORTS:
            found = {row.id for row in world.ask(name, tickets.page(me, view.key, sort, limit=100))}
            assert (found == sleeping) if view.key == "snoozed" else not found & sleeping, (view.key, sort)
        again = {row.id for row in world.ask(name, tickets.in_view(me, view.key, list(sleeping)))}
        assert again == (sleeping if view.key == "snoozed" else set())
    assert "snoozed" not in {view.key for view in queues.views_for(world.me("customer"))}
    with owner(world.database) as run:
        run.execute("update private.ticket_snoozes set until = now()")
        try:
            assert world.ask(name, tickets.page(me, "snoozed")) == []
            assert sleeping <= {row.id for row in world.ask(name, tickets.page(me, "open", limit=100))}
        finally:
            run.execute("update private.ticket_snoozes set until = now() + interval '1 day'")


ANYTHING: Final = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(
        [*(f"{name}{operator}" for name in VALUES for operator in (":", "<", ">=")), "field.seats>", *AGES, *DAYS,
         "none", "gold", "high", "open", "me", " ", " ", " or ", "-", "(", ")", ",", "#1", "'", ";--", "%", "%s", "\\",
         "9999-12-31", "0001-01-01", "99999y", "1000y", "999999999999999999", "1e9", "\x01", "\U0001f600"]
    ), max_size=12).map("".join),
)  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_whatever_is_typed_runs_or_is_refused_with_its_place(world: World, name: str) -> None:
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ANYTHING)
    def runs(query: str) -> None:
        try:
            where = world.condition(name, query)
        except FilterError as refused:
            place = range(refused.start, refused.end)
        else:
            world.ask(name, tickets.count(world.me(name), where))
            return
        assert place
        assert 0 <= place.start <= len(query)

    runs()


@pytest.mark.parametrize("name", ROLES)
def test_query_shows_nobody_more_than_they_may_see(world: World, name: str) -> None:
    """Not through what it finds, and not through an error that depends on a row out of sight."""
    me = world.me(name)
    with owner(world.database) as run:
        run.execute(
            'update public.tickets set metadata = \'{"seats": "99999999999999999999999999999999"}\' where number = 1'
        )
    for query in ("", "-status:open or status:open", '-"x" or x', "number>0"):
        where = world.condition(name, query)
        wanted = {row.id for row in world.rows if in_queues(world, name, row) and not asleep(world, name, row)}
        assert {row.id for row in world.ask(name, tickets.page(me, "all", where=where))} == wanted
    if name != "customer":
        world.ask(name, tickets.count(me, world.condition(name, "field.seats>3 or -field.seats<=12")))


def test_count_that_takes_too_long_is_told_as_many(world: World) -> None:
    """The server stops it by a timeout of its own, which ends with the call."""
    connection = world.connections["agent"]
    with connection.transaction():
        world.ask("agent", tickets.TYPING)
        with pytest.raises(psycopg.errors.QueryCanceled), connection.transaction():
            connection.execute("select pg_sleep(5)")
    assert connection.execute("show statement_timeout").fetchone() != ("1s",)
