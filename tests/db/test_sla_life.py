"""What becomes of a ticket's promises over a random life, held against a replay that walks it minute by minute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.brute_calendar import MINUTE, Calendar, Window
from tests.db.sessions import Sync, owner, with_people
from tests.world import DeskDatabase, People, Person

#: The clocks go forward in the night after the third day.
START: Final = datetime(2026, 3, 26, 6, 0, tzinfo=UTC)
DAYS: Final = 6
OFFICE: Final = Calendar(
    "Europe/Berlin",
    {
        "thu": ["09:00-12:00", "13:00-17:00"],
        "fri": ["09:00-17:00"],
        "sat": ["22:00-04:30"],
        "mon": ["00:00-24:00"],
        "tue": ["08:15-18:45"],
    },
    {"2026-03-27": ["10:00-11:00"], "2026-03-30": []},
)
#: What a priority is promised: calendar, and minutes to the first response, the next one and the resolution.
PROMISES: Final[dict[str, tuple[Calendar | None, dict[str, int]]]] = {
    "urgent": (None, {"first": 30, "next": 45, "resolution": 600}),
    "high": (OFFICE, {"first": 60, "next": 120, "resolution": 900}),
    "medium": (OFFICE, {"resolution": 480}),
    "low": (OFFICE, {}),
}


@dataclass
class Life:
    """What happened to a ticket, and what is therefore to be expected, without any of the database's shortcuts."""

    priority: str
    statuses: list[tuple[datetime, str]] = field(default_factory=list)
    first: datetime | None = None
    waiting: datetime | None = None
    results: dict[tuple[str, datetime], bool] = field(default_factory=dict)

    def happens(self, what: str, at: datetime) -> None:
        """One event, and what it settles."""
        if what == "ask":
            if self.statuses[-1][1] != "open":
                self.statuses.append((at, "open"))
            self.waiting = self.waiting or at
        elif what == "reply":
            standing = self.standing()
            if self.waiting and "next" in standing:
                due = standing["next"].get("due")
                self.results["next", self.waiting] = due is not None and due < at
            self.first, self.waiting = self.first or at, None
        elif what in PROMISES:
            self.priority = what
        elif what != "note" and self.statuses[-1][1] != what:
            self.statuses.append((at, what))
        standing = self.standing()
        for target in ("first", "resolution"):
            if "met" in standing.get(target, {}):
                due, met = standing[target].get("due"), standing[target]["met"]
                self.results.setdefault((target, self.statuses[0][0]), due is not None and due < met)
        if self.resolved is None:
            self.results.pop(("resolution", self.statuses[0][0]), None)

    @property
    def resolved(self) -> datetime | None:
        """Since when it has been over without a break."""
        since = None
        for at, status in self.statuses:
            since = None if status in ("open", "pending") else since or at
        return since

    def standing(self) -> dict[str, dict[str, Any]]:
        """Of each promise when it is due, when it was met, and how long is left while time stands still."""
        found: dict[str, dict[str, Any]] = {}
        minutes = PROMISES[self.priority][1]
        begins = {"first": self.statuses[0][0], "resolution": self.statuses[0][0]}
        if self.first and self.waiting and self.waiting > self.first:
            begins["next"] = self.waiting
        met = {"first": self.first, "resolution": self.resolved}
        for target in minutes.keys() & begins.keys():
            due, left = self._due(begins[target], minutes[target])
            each: dict[str, Any] = {"due": due, "met": met.get(target)}
            if due is None and met.get(target) is None:
                each["left"] = left * 60
            found[target] = {key: value for key, value in each.items() if value is not None}
        return found

    def _due(self, since: datetime, need: int) -> tuple[datetime | None, int]:
        """Walks until so many minutes have been open, in the ticket and in its calendar."""
        window = WINDOWS[self.priority]
        changes = iter([*self.statuses, (None, "")])
        status, (change, following) = "", next(changes)
        for n, is_open in enumerate(window.minutes):
            minute = window.start + n * MINUTE
            while change is not None and change <= minute:
                status, (change, following) = following, next(changes)
            if minute < since or status != "open":
                if change is None and minute >= since:
                    return None, need
                continue
            if need == 0:
                return minute, 0
            need -= is_open
            if need == 0 and (change is None or change > minute + MINUTE):
                return minute + MINUTE, 0
        raise AssertionError("the window is too short")


WINDOWS: Final = {name: Window(calendar, START, 4 * DAYS) for name, (calendar, _) in PROMISES.items()}


@dataclass
class Clock:
    """The desk, where it is any time the test wants."""

    connection: Sync
    customer: Person
    agent: Person

    def happens(self, ticket: UUID, what: str, at: datetime) -> None:
        """The same event in the database: its triggers do what they do, at that time."""
        run = self.connection.execute
        run("select set_config('test.now', %s, false)", [at.isoformat()])
        if what in ("ask", "reply", "note"):
            sender = self.customer if what == "ask" else self.agent
            run(
                "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at)"
                " values (%s, %s, 'words', %s, %s)",
                [ticket, sender.id, what == "note", at],
            )
        elif what in PROMISES:
            run("update public.tickets set priority = %s where id = %s", [what, ticket])
        else:
            run(
                "update public.tickets set status = %s,"
                " resolved_at = coalesce(resolved_at, case when %s in ('resolved', 'closed') then %s::timestamptz end)"
                " where id = %s",
                [what, what, at, ticket],
            )

    def told(self, ticket: UUID) -> tuple[dict[str, Any], datetime | None]:
        """What the team is told, with times for times."""
        row = self.connection.execute(
            "select told, due_at from private.ticket_sla where ticket_id = %s", [ticket]
        ).fetchone()
        told, due = row or ({}, None)
        told = {
            key: datetime.fromisoformat(value) if key == "due" else {
                name: value if name == "left" else datetime.fromisoformat(value) for name, value in value.items()
            }
            for key, value in told.items()
        }  # fmt: skip
        return told, due


@pytest.fixture(scope="module")
def clock(module_database: DeskDatabase) -> Iterator[Clock]:
    """A desk with a policy a priority, and a history that is written at the test's time."""

    async def people(people: People) -> tuple[Person, Person]:
        return await people.add("c@desk.test", "C"), await people.add("a@desk.test", "A", "agent", "Support")

    customer, agent = with_people(module_database, people)
    with owner(module_database) as connection:
        connection.execute(
            "create function public.test_now() returns trigger language plpgsql as"
            " $$begin new.created_at := current_setting('test.now')::timestamptz; return new; end$$;"
            " create trigger test_now before insert on public.ticket_status_history"
            " for each row execute function public.test_now()"
        )
        connection.execute(
            "select private.put_sla_calendar('Office', %s, %s, %s)",
            [OFFICE.zone, json.dumps(OFFICE.hours), json.dumps(OFFICE.holidays)],
        )
        for priority, (calendar, minutes) in PROMISES.items():
            if minutes:
                rule = {"priority": priority, "calendar": calendar and "Office", **minutes}
                connection.execute("select private.put_sla_policy(%s, %s)", [priority, json.dumps(rule)])
        yield Clock(connection, customer, agent)


events = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "reply", "note", "pending", "open", "resolved", "closed", "urgent", "high", "medium", "low"]
        ),
        st.one_of(st.integers(1, 90), st.integers(1, 900)),
    ),
    max_size=9,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(priority=st.sampled_from(sorted(PROMISES)), first=st.integers(0, 600), life=events)
def test_random_life_of_a_ticket_keeps_the_promises_of_a_replay(
    clock: Clock, priority: str, first: int, life: list[tuple[str, int]]
) -> None:
    ticket, at = uuid4(), START + first * MINUTE
    replay = Life(priority, [(at, "open")])
    run = clock.connection.execute
    run("select set_config('test.now', %s, false)", [at.isoformat()])
    run(
        "insert into public.tickets (id, title, customer_id, priority, created_at) values (%s, 't', %s, %s, %s)",
        [ticket, clock.customer.id, priority, at],
    )
    for what, minutes in [("note", 1), *life]:
        at = min(at + minutes * MINUTE, START + timedelta(days=DAYS) - MINUTE)
        replay.happens(what, at)
        clock.happens(ticket, what, at)
        expected = replay.standing()
        told, due = clock.told(ticket)
        soonest = min((each["due"] for each in expected.values() if "due" in each and "met" not in each), default=None)
        is_open = replay.statuses[-1][1] in ("open", "pending")
        assert due == (soonest if is_open else None), (what, at)
        assert told == ({"due": soonest} if is_open and soonest else {}) | expected, (what, at)
        results = run(
            "select target, started_at, coalesce(due_at < met_at, false) from private.sla_results where ticket_id = %s",
            [ticket],
        ).fetchall()
        assert {(target, started): late for target, started, late in results} == replay.results, (what, at)

    # Worked out anew from what is written, nothing is another than by and by.
    kept = "select to_jsonb(s) from private.ticket_sla s where ticket_id = %s"
    before = run(kept, [ticket]).fetchone()
    run("update private.sla_refresh set after_id = null, skipped = %s", [[ticket]])
    assert run("select private.sla_go_on(1000)").fetchone() == (True,)
    after = run(kept, [ticket]).fetchone()
    assert after == before or before is None or (before[0]["told"], before[0]["due_at"]) == ({}, None)
