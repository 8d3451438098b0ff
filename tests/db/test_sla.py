"""Promises to requesters: who is told of them, in which order, once, and what an import or a new policy brings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.filters import Vocabulary, condition
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.statement import Statement
from tests.db.sessions import Sync, connect_as, owner, with_people
from tests.world import DeskDatabase, People, Person


@dataclass
class Desk:
    """Tickets of Support and Billing, due from three days ago to three days ahead; and who looks at them."""

    free: Sync
    people: dict[str, Person]
    at: dict[str, Sync]
    due: dict[UUID, datetime]
    department: dict[UUID, str]
    holder: dict[UUID, str | None]
    own: UUID | None = None

    def me(self, name: str) -> Me:
        """As the client knows the person."""
        person = self.people[name]
        return Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]

    def run(self, name: str, statement: Statement[Any]) -> list[Any]:
        """The rows that a person gets."""
        cursor = self.at[name].cursor(row_factory=statement.row)  # type: ignore[arg-type]
        return cursor.execute(statement.sql.encode(), statement.params or None).fetchall()

    def one(self, name: str, sql: str, *params: Any) -> Any:
        """The one value that a person gets."""
        row = self.at[name].execute(sql.encode(), params or None).fetchone()
        assert row is not None
        return row[0]

    def expected(self, name: str, view: str) -> list[UUID]:
        """The tickets of a view in its order, by what is written above."""
        now = datetime.now(UTC)
        first, last = {
            "breached": (None, now),
            "soon": (now, now + timedelta(hours=1)),
            "any": (None, now + timedelta(days=9)),
        }[view]
        sees = {"ada": ("Support", "ada"), "bo": ("Billing", "bo")}.get(name)
        found = [
            ticket
            for ticket, due in self.due.items()
            if (first is None or first <= due)
            and due <= last
            and (sees is None or self.department[ticket] == sees[0] or self.holder[ticket] == sees[1])
        ]
        return sorted(found, key=lambda ticket: (self.due[ticket], ticket))


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """It."""

    async def sign_up(people: People) -> dict[str, Person]:
        return {
            "cora": await people.sign_up("cora@desk.test", "Cora"),
            "ada": await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            "bo": await people.sign_up("bo@desk.test", "Bo", "agent", "Billing"),
            "ann": await people.sign_up("ann@desk.test", "Ann", "admin"),
        }

    people = with_people(module_database, sign_up)
    with owner(module_database) as free:
        free.execute("select private.put_sla_policy('All', '{\"first\": 4320, \"next\": 30}')")
        free.execute("select private.sla_go_on(1)")
        made = Desk(free, people, {n: connect_as(module_database, p) for n, p in people.items()}, {}, {}, {})
        for n in range(-24, 25):
            hours = n * 3 if n % 4 else n / 24
            department = "Support" if n % 2 else "Billing"
            holder = (None, "ada", "bo", None, "bo")[n % 5]
            row = free.execute(
                "insert into public.tickets (title, customer_id, department_id, assignee_id, created_at)"
                " values (%s, %s, (select id from public.departments where name = %s), %s,"
                " now() - interval '3 days' + make_interval(secs => %s)) returning id, created_at + interval '3 days'",
                [f"T{n}", people["cora"].id, department, people[holder].id if holder else None, hours * 3600],
            ).fetchone()
            assert row is not None
            made.due[row[0]], made.department[row[0]], made.holder[row[0]] = row[1], department, holder
        # An agent's own request, due already: it is nobody's business of theirs.
        row = free.execute(
            "insert into public.tickets (title, customer_id, department_id, assignee_id, created_at)"
            " select 'own', id, department_id, id, now() - interval '9 days' from public.profiles where id = %s"
            " returning id",
            [people["bo"].id],
        ).fetchone()
        assert row is not None
        made.own = row[0]
        made.free.execute("delete from public.notifications where id is not null")
        yield made
        for connection in made.at.values():
            connection.close()


@pytest.mark.parametrize("view", ["breached", "soon"])
@pytest.mark.parametrize("name", ["ada", "bo", "ann"])
def test_views_page_in_the_order_in_which_things_are_due_and_count_the_same(desk: Desk, name: str, view: str) -> None:
    expected = desk.expected(name, view)
    if (name, view) == ("ann", "breached"):
        assert desk.own is not None
        expected.insert(0, desk.own)
    me = desk.me(name)
    pages: list[UUID] = []
    after: Ticket | None = None
    while rows := desk.run(name, tickets.page(me, view, after=after, limit=4)):
        pages += [row.id for row in rows]
        after = rows[-1]
        assert [row.more.sla.due for row in rows] == sorted(row.more.sla.due for row in rows)
    assert pages == expected
    back = desk.run(name, tickets.page(me, view, last=True, limit=3))
    assert [row.id for row in back] == expected[-3:]
    before = desk.run(name, tickets.page(me, view, before=back[0], limit=3))
    assert [row.id for row in before] == expected[:-3][-3:]
    (counts,) = desk.run(name, tickets.counts(me))
    assert counts[view] == len(expected)
    there = {row.id for row in desk.run(name, tickets.in_view(me, view, list(desk.due)))}
    assert there == set(desk.due) & set(expected)
    where = condition(f"sla:{view}", Vocabulary(me=me))
    assert {row.id for row in desk.run(name, tickets.page(me, queues.EVERYTHING, where=where))} == set(expected)


@pytest.mark.parametrize("name", ["ada", "bo", "ann"])
def test_least_time_left_comes_first_and_what_is_promised_nothing_last(desk: Desk, name: str) -> None:
    me = desk.me(name)
    promised = desk.expected(name, "any")
    free = desk.own and [desk.own]
    if name == "ann":
        promised = sorted([*promised, *(free or [])], key=lambda ticket: (ticket != desk.own, desk.due.get(ticket)))
        free = []
    expected = promised + (free if name == "bo" and free else [])
    assert [row.id for row in desk.run(name, tickets.page(me, queues.EVERYTHING, "left", limit=99))] == expected
    where = condition("sort:left is:open", Vocabulary(me=me))
    found: list[Ticket] = []
    while page := desk.run(name, tickets.page(me, "open", where=where, after=found[-1] if found else None, limit=7)):
        found += page
    assert [row.id for row in found] == expected
    back: list[Ticket] = []
    while page := desk.run(
        name, tickets.page(me, "open", "left", before=back[0] if back else None, last=not back, limit=7)
    ):
        back = page + back
    assert [row.id for row in back] == expected
    assert desk.run(name, tickets.count(me, where)) == [len(expected)]


def test_query_for_the_time_left_counts_what_is_broken_too(desk: Desk) -> None:
    me = desk.me("bo")
    where = condition("sla<1h", Vocabulary(me=me))
    found = {row.id for row in desk.run("bo", tickets.page(me, queues.EVERYTHING, where=where))}
    assert found == {*desk.expected("bo", "breached"), *desk.expected("bo", "soon")}
    without = condition("sla:none is:open", Vocabulary(me=me))
    assert [row.id for row in desk.run("bo", tickets.page(me, queues.EVERYTHING, where=without))] == [desk.own]


def test_requester_learns_nothing_of_promises(desk: Desk) -> None:
    ticket = next(iter(desk.due))
    assert desk.one("cora", "select more from helpdesk.ticket(%s)", ticket) == {}
    assert desk.one("cora", "select count(*) from helpdesk.sla_queue('any', null, null, null, false, 99)") == 0
    assert desk.one("bo", "select more from helpdesk.ticket(%s)", desk.own) == {}
    listed = "select id from helpdesk.sla_queue('any', null, null, null, false, 99)"
    assert {row[0] for row in desk.at["bo"].execute(listed.encode())} == set(desk.expected("bo", "any"))


def test_assignee_is_warned_once_before_and_once_after(desk: Desk) -> None:
    tell = "select helpdesk.notice_due()"
    breached, soon = (
        [ticket for ticket in desk.expected("bo", view) if desk.holder[ticket] == "bo"] for view in ("breached", "soon")
    )
    assert [desk.one("bo", tell) for _ in range(2)] == [len(breached) + len(soon), 0]
    kept = "select type, title, kinds from public.notifications where user_id = %s"
    line = desk.free.execute(kept.encode(), [desk.people["bo"].id]).fetchone()
    number = len(breached) + len(soon)
    assert line == ("sla", f"{number} of your tickets are due", {"sla": number})
    # What was due soon is late by now.
    desk.free.execute(
        "update private.ticket_sla set first_due = now() - interval '1 minute' where ticket_id = %s", [soon[0]]
    )
    assert [desk.one("bo", tell) for _ in range(2)] == [1, 0]
    title = "select title from public.notifications where user_id = %s and ticket_id = %s"
    row = desk.free.execute(title.encode(), [desk.people["bo"].id, soon[0]]).fetchone()
    assert row is not None
    assert row[0].startswith("Reply overdue: T")
    assert desk.one("cora", tell) == 0
    desk.free.execute("select private.sla_keep(array[%s::uuid])", [soon[0]])


def test_report_counts_what_was_kept_within_ones_sight(desk: Desk) -> None:
    since, until = datetime.now(UTC) - timedelta(days=30), datetime.now(UTC) + timedelta(days=1)
    report = "select sum(in_time), sum(late), sum(broken) from helpdesk.sla_report(%s, %s)"
    before = desk.at["ada"].execute(report.encode(), [since, until]).fetchone()
    assert before is not None
    late = next(t for t in desk.expected("ada", "breached") if desk.department[t] == "Support" and not desk.holder[t])
    with desk.free.transaction(force_rollback=True):
        desk.free.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'at last')",
            [late, desk.people["ada"].id],
        )
        told = "select target, due_at < met_at, assignee_id from private.sla_results where ticket_id = %s"
        assert desk.free.execute(told.encode(), [late]).fetchall() == [("first", True, None)]
    assert before[2] == len(desk.expected("ada", "breached"))
    everything = desk.at["ann"].execute(report.encode(), [since, until]).fetchone()
    assert everything is not None
    assert everything[2] > before[2]


def test_new_policy_works_open_tickets_out_anew_and_tells_the_team_once(desk: Desk) -> None:
    listening = owner_of(desk)
    try:
        (channel,) = listening.execute("select private.channel('staff')").fetchone() or ("",)
        listening.execute(f"listen {channel}".encode())
        rule = json.dumps({"priority": "medium", "resolution": 1})
        desk.one("ann", "select helpdesk.set_sla_policy('Quick', %s)", rule)
        lines = "select count(*), sum(times) from public.notifications"
        before = desk.free.execute(lines.encode()).fetchone()
        assert [desk.one("ann", "select helpdesk.sla_refresh()") for _ in range(2)] == [True, True]
        counted = desk.free.execute(
            "select count(*) from private.ticket_sla where resolution_due < now() and first_due is null"
        ).fetchone()
        assert counted == (len([at for at in desk.due.values() if at < datetime.now(UTC) + timedelta(days=3)]) + 1,)
        # Late by another rule than a moment ago is no news to those who hold them.
        assert desk.one("bo", "select helpdesk.notice_due()") == 0
        assert desk.free.execute(lines.encode()).fetchone() == before
        listening.execute("select 1")
        assert [note.payload for note in listening.notifies(timeout=0.5)] == ['{"people": []}']
    finally:
        listening.close()
        desk.one("ann", "select helpdesk.remove_sla('policy', 'quick')")
        desk.one("ann", "select helpdesk.sla_refresh()")


def owner_of(desk: Desk) -> Sync:
    """Another connection of the owner's."""
    import psycopg

    return psycopg.connect(desk.free.info.dsn, password=desk.free.info.password or None, autocommit=True)


def test_ticket_that_somebody_is_changing_is_worked_out_later(desk: Desk) -> None:
    ticket = desk.expected("ann", "soon")[0]
    holding = owner_of(desk)
    try:
        with holding.transaction(force_rollback=True):
            holding.execute("select from private.ticket_sla where ticket_id = %s for update", [ticket])
            desk.one("ann", 'select helpdesk.set_sla_policy(\'Quick\', \'{"priority": "medium", "resolution": 1}\')')
            desk.one("ann", "select helpdesk.sla_refresh()")
            left = desk.free.execute("select after_id, skipped from private.sla_refresh").fetchone()
            assert left == (None, [ticket])
        desk.one("ann", "select helpdesk.sla_refresh()")
        told = "select told ? 'resolution' from private.ticket_sla where ticket_id = %s"
        assert desk.free.execute(told.encode(), [ticket]).fetchone() == (True,)
    finally:
        holding.close()
        desk.one("ann", "select helpdesk.remove_sla('policy', 'Quick')")
        desk.one("ann", "select helpdesk.sla_refresh()")


def test_import_promises_nothing_for_what_was_before_it(desk: Desk) -> None:
    free = desk.free
    with free.transaction(force_rollback=True):
        free.execute("set local helpdesk.mute = 'on'")
        row = free.execute(
            "insert into public.tickets (title, customer_id, created_at, waiting_since)"
            " values ('old', %s, '2020-01-01', '2020-01-01') returning id",
            [desk.people["cora"].id],
        ).fetchone()
        assert row is not None
        say = "insert into public.ticket_messages (ticket_id, sender_id, content, created_at) values (%s, %s, 'x', %s)"
        free.execute(say.encode(), [row[0], desk.people["cora"].id, "2020-01-02"])
        free.execute("set local helpdesk.mute = 'off'")
        told = "select told, due_at, next_since is null from private.ticket_sla where ticket_id = %s"
        assert free.execute(told.encode(), [row[0]]).fetchone() == ({}, None, True)
        free.execute("update private.sla_refresh set after_id = null, skipped = %s", [[row[0]]])
        free.execute("select private.sla_go_on(10)")
        assert free.execute(told.encode(), [row[0]]).fetchone() == ({}, None, True)
        # What the requester writes now is another matter, though they have been waiting all the time.
        free.execute(say.encode(), [row[0], desk.people["cora"].id, datetime.now(UTC) + timedelta(seconds=1)])
        promised = (
            "select told ? 'next', next_since > now(), (select waiting_since from public.tickets where id = ticket_id)"
            " = '2020-01-01' from private.ticket_sla where ticket_id = %s"
        )
        assert free.execute(promised.encode(), row).fetchone() == (True, True, True)
        free.execute(say.encode(), [row[0], desk.people["ada"].id, datetime.now(UTC) + timedelta(seconds=2)])
        met = "select target, started_at > now(), met_at > started_at from private.sla_results where ticket_id = %s"
        assert free.execute(met.encode(), row).fetchall() == [("next", True, True)]
        assert free.execute(promised.encode(), row).fetchone() == (False, None, None)
