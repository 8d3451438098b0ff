"""A random session of acts, by two people, one or many tickets at a time, taken back and done again in between: each
undoing gives back exactly what was there before, and when all is undone the database is as it was, but for its history.

History is what says that something was: events, the history of statuses, notices, the audit, and ``updated_at``, which
tells when a ticket was last touched, be it to put it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.db.sessions import Sync, connect_as, owner, with_people
from tests.world import DeskDatabase, People, Person

EXAMPLES, STEPS = 12, 14
TICKETS: Final = 6
STATE: Final = """
select jsonb_agg(to_jsonb(t) - 'updated_at' || jsonb_build_object(
         'tags', array(select tag_id from public.ticket_tag_relations r where r.ticket_id = t.id order by 1),
         'snooze', (select to_jsonb(s) from private.ticket_snoozes s where s.ticket_id = t.id),
         'followers', array(select person from private.followers f where f.ticket_id = t.id order by 1),
         'links', (select jsonb_agg(to_jsonb(l) order by l.other_id) from private.links l where l.ticket_id = t.id),
         'merged', (select m.into_id from private.merges m where m.ticket_id = t.id and m.undone_at is null),
         'messages', array(select m.id from public.ticket_messages m where m.ticket_id = t.id and not exists (
                             select from private.merges g where g.note = m.id) order by 1)) order by t.number)
  from public.tickets t
"""
"""The note that says what was merged in is written anew, so that nobody answers over it unseen."""


@dataclass
class Place:
    """The desk, its people and what there is to give tickets."""

    boss: Sync
    actors: dict[str, Sync]
    tickets: list[UUID]
    departments: list[UUID]
    staff: list[UUID]
    categories: list[UUID]
    tags: list[UUID]


@pytest.fixture(scope="module")
def place(module_database: DeskDatabase) -> Iterator[Place]:
    """An admin, two agents of one department, and tickets of a customer."""

    async def make(people: People) -> dict[str, Person]:
        return {
            "ann": await people.sign_up("ann@desk.test", "Ann", "admin"),
            "ada": await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            "bea": await people.sign_up("bea@desk.test", "Bea", "agent", "Billing"),
            "cora": await people.sign_up("cora@desk.test", "Cora"),
        }

    people = with_people(module_database, make)
    with owner(module_database) as boss:

        def ids(statement: str, *parameters: Any) -> list[UUID]:
            return [row[0] for row in boss.execute(statement.encode(), parameters or None).fetchall()]

        made = Place(
            boss,
            {name: connect_as(module_database, people[name]) for name in ("ann", "ada")},
            ids(
                "insert into public.tickets (title, customer_id, status, department_id) select 'Ticket ' || n, %s,"
                " (array['open', 'pending', 'resolved', 'closed'])[1 + n %% 4]::public.ticket_status, d.id"
                " from generate_series(1, %s) n, public.departments d where d.name = 'Support' returning id",
                people["cora"].id, TICKETS,
            ),
            ids("select id from public.departments order by name"),
            [people[name].id for name in ("ann", "ada", "bea")],
            ids("insert into public.categories (name) values ('Lamps'), ('Looms') returning id"),
            ids("insert into public.ticket_tags (name) values ('vip'), ('wool') returning id"),
        )  # fmt: skip
        ids(
            "insert into public.ticket_messages (ticket_id, sender_id, content) select id, customer_id, 'x'"
            " from public.tickets where number % 2 = 0 returning id"
        )
        for key, kind in (("a", "text"), ("b", "number"), ("c", "yes/no")):
            made.actors["ann"].execute("select helpdesk.set_field(%s, %s)", [key, json.dumps({"type": kind})])
        yield made
        for connection in made.actors.values():
            connection.close()


class Session(RuleBasedStateMachine):
    """What was done and not taken back, with the state before and after each; and what was taken back last."""

    place: ClassVar[Place]

    def __init__(self) -> None:
        super().__init__()
        self.first = self.now = self.state()
        self.done: list[tuple[str, UUID, Any]] = []
        self.undone: list[tuple[str, UUID, Any]] = []

    def state(self) -> Any:
        """Everything about the tickets but their history."""
        row = self.place.boss.execute(STATE.encode()).fetchone()
        assert row is not None
        return row[0]

    def ask(self, who: str, statement: str, *parameters: Any) -> list[Any]:
        """Somebody does something, which may be refused: with an act's id, and these."""
        before, act = self.now, uuid4()
        try:
            rows = self.place.actors[who].execute(statement.encode(), [act, *parameters]).fetchall()
        except psycopg.Error as error:
            if error.sqlstate not in ("HD002", "HD003", "HD004"):
                raise
            rows = []
        self.now = self.state()
        if self.now != before:
            self.done.append((who, act, before))
            self.undone.clear()
        return rows

    def ids(self, which: set[int]) -> list[UUID]:
        """The tickets that are meant."""
        return [self.place.tickets[n] for n in which]

    def act(self, who: str, which: set[int], change: dict[str, Any]) -> None:
        """Somebody changes tickets."""
        statement = "select done from helpdesk.act(%s, %s, %s, 'x')"
        assert len(self.ask(who, statement, self.ids(which), json.dumps(change, default=str))) in (len(which), 0)

    @rule(
        who=st.sampled_from(["ann", "ada"]),
        which=st.sets(st.integers(0, TICKETS - 1), min_size=1),
        status=st.sampled_from([None, "open", "pending", "resolved", "closed"]),
        priority=st.sampled_from([None, "low", "urgent"]),
        tags=st.lists(st.sampled_from(["add", "remove", ""]), min_size=2, max_size=2),
        category=st.sampled_from(["keep", None, 0, 1]),
        fields=st.fixed_dictionaries(
            {},
            optional={
                "a": st.sampled_from(["x", "y", None]),
                "b": st.sampled_from([1, 2.5, None]),
                "c": st.booleans(),
            },
        ),
    )
    def change(self, **drawn: Any) -> None:
        """Fields that nobody's sight depends on, several at once."""
        change = {key: drawn[key] for key in ("status", "priority") if drawn[key]}
        if any(drawn["tags"]):
            pairs = list(zip(drawn["tags"], self.place.tags, strict=True))
            change["tags"] = {way: [tag for how, tag in pairs if how == way] for way in ("add", "remove")}
        if drawn["category"] != "keep":
            change["category"] = None if drawn["category"] is None else self.place.categories[drawn["category"]]
        if drawn["fields"]:
            change["fields"] = drawn["fields"]
        if change:
            self.act(drawn["who"], drawn["which"], change)

    @rule(
        who=st.sampled_from(["ann", "ada"]),
        which=st.sets(st.integers(0, TICKETS - 1), min_size=1),
        day=st.sampled_from([None, "2098-01-01", "2099-12-31"]),
        due=st.booleans(),
    )
    def moments(self, who: str, which: set[int], day: str | None, due: bool) -> None:
        """Sleep, and due dates."""
        moment = None if day is None else f"{day}T12:00:00+02:00"
        self.act(who, which, {"snooze": moment, **({"due_date": moment} if due else {})})

    @rule(
        which=st.sets(st.integers(0, TICKETS - 1), min_size=1),
        department=st.integers(-1, 1),
        assignee=st.integers(-2, 2),
    )
    def move(self, which: set[int], department: int, assignee: int) -> None:
        """The admin sends tickets elsewhere, to a department, to somebody or both."""
        change: dict[str, Any] = {}
        if department >= 0:
            change["department"] = self.place.departments[department]
        if assignee >= -1:
            change["assignee"] = None if assignee == -1 else self.place.staff[assignee]
        if change:
            self.act("ann", which, change)

    @rule(
        who=st.sampled_from(["ann", "ada"]),
        pair=st.lists(st.integers(0, TICKETS - 1), min_size=2, max_size=2, unique=True),
        kind=st.sampled_from(["duplicate of", "caused by", "related to"]),
    )
    def link(self, who: str, pair: list[int], kind: str) -> None:
        """A ticket is something to another."""
        one, other = (self.place.tickets[n] for n in pair)
        self.ask(who, "select helpdesk.link(%s, %s, %s, %s)", one, kind, other)

    @rule(
        who=st.sampled_from(["ann", "ada"]),
        which=st.sets(st.integers(0, TICKETS - 1), min_size=1),
        following=st.booleans(),
    )
    def follow(self, who: str, which: set[int], following: bool) -> None:
        """Somebody follows tickets, or follows them no more: then those in sight, as no others are followed again."""
        statement = "select array_agg(id) from public.tickets where id = any(%s)"
        row = self.place.actors[who].execute(statement.encode(), [self.ids(which)]).fetchone()
        assert row is not None
        self.ask(who, "select done from helpdesk.follow(%s, %s, %s)", row[0], following)

    @rule(
        who=st.sampled_from(["ann", "ada"]),
        which=st.sets(st.integers(0, TICKETS - 1), min_size=1, max_size=3),
        last=st.integers(0, TICKETS - 1),
    )
    def merge(self, who: str, which: set[int], last: int) -> None:
        """Tickets go into another one, which may be merged on."""
        self.ask(who, "select done from helpdesk.merge(%s, %s, %s, 'x')", self.ids(which), self.place.tickets[last])

    @rule(who=st.sampled_from(["ann", "ada"]), which=st.integers(0, TICKETS - 1))
    def part(self, who: str, which: int) -> None:
        """One of those that are linked or merged is so no more."""
        linked = [link for ticket in self.now for link in ticket["links"] or ()]
        merged = [ticket["id"] for ticket in self.now if ticket["merged"]]
        if which < len(linked):
            link = linked[which]
            self.ask(who, "select helpdesk.unlink(%s, %s, %s)", link["other_id"], link["ticket_id"])
        elif merged:
            self.ask(who, "select helpdesk.unmerge(%s, %s)", merged[which % len(merged)])

    def take_back(self, who: str, act: UUID) -> tuple[UUID, Any]:
        """``helpdesk.undo_act``: its id, and its answer."""
        undoing = uuid4()
        row = self.place.actors[who].execute("select helpdesk.undo_act(%s, %s, false)", [act, undoing]).fetchone()
        assert row is not None
        return undoing, row[0]

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        """The last act is taken back."""
        who, act, before = self.done.pop()
        after = self.now
        undoing, answer = self.take_back(who, act)
        assert (answer["changed"], answer["refused"]) == ([], [])
        self.now = self.state()
        assert self.now == before
        self.undone.append((who, undoing, after))

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        """What was taken back last is done again."""
        who, undoing, after = self.undone.pop()
        before = self.now
        act, answer = self.take_back(who, undoing)
        assert (answer["changed"], answer["refused"]) == ([], [])
        self.now = self.state()
        assert self.now == after
        self.done.append((who, act, before))

    def teardown(self) -> None:
        """All is undone."""
        while self.done:
            self.undo()
        assert self.now == self.first


def test_random_session_all_undone_leaves_the_database_as_it_was(place: Place) -> None:
    Session.place = place
    run_state_machine_as_test(
        Session,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Each act left its history, and each undoing its own.
    with place.boss.cursor() as cursor:
        found = cursor.execute("select count(*), count(undoes) from private.ticket_acts").fetchone()
        kinds = cursor.execute(
            "select array_agg(distinct a.kind order by a.kind) from private.ticket_acts a"
            " where a.undone_by is not null and a.kind not in ('undo', 'redo')"
        ).fetchone()
    assert found is not None
    assert found[0] > 2 * EXAMPLES
    assert found[1] > EXAMPLES
    assert kinds is not None
    assert {"change", "follow", "link", "merge"} <= set(kinds[0])
    assert {"unlink", "unmerge"} & set(kinds[0])
