"""Business hours: what the database counts by spans, held against a calendar that is asked minute by minute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.brute_calendar import DAYS, Calendar, Window
from tests.db.sessions import Sync, owner
from tests.world import DeskDatabase

# Changes of the clocks at night, at midnight, by half an hour, on the other half of the globe, and none; and leap days.
PLACES = {
    "Europe/Berlin": ("2026-03-25", "2026-10-22", "2028-02-26"),
    "America/New_York": ("2026-03-05", "2026-10-29", "2024-02-27"),
    "America/Havana": ("2026-03-05", "2026-10-29"),
    "Australia/Lord_Howe": ("2026-04-02", "2026-10-01"),
    "Pacific/Auckland": ("2026-04-02", "2026-09-24", "2027-12-29"),
    "Asia/Kolkata": ("2026-05-01",),
    "UTC": ("2025-12-28",),
}
WINDOW = 12


def clock(minute: int) -> str:
    """Minutes from midnight as hours and minutes."""
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def spans(draw: st.DrawFn, *, past_midnight: bool) -> list[str]:
    """Up to three spans of a day, which may touch and overlap, in any order."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        first, last = draw(st.integers(0, 1439)), draw(st.integers(0, 1440))
        if first == last or (last < first and not past_midnight):
            first, last = min(first, 1439), 1440
        found.append(f"{clock(first)}-{clock(last)}")
    return found


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and when to look at it."""
    zone = draw(st.sampled_from(sorted(PLACES)))
    start = datetime.fromisoformat(draw(st.sampled_from(PLACES[zone]))).replace(tzinfo=UTC)
    hours = {day: draw(spans(past_midnight=True)) for day in DAYS}
    if not any(hours.values()):
        hours["sun"] = ["22:30-06:15"]
    days = draw(st.sets(st.integers(0, WINDOW), max_size=4))
    holidays = {f"{start + timedelta(days=n):%Y-%m-%d}": draw(spans(past_midnight=False)) for n in sorted(days)}
    return Calendar(zone, hours, holidays), start


instants = st.integers(0, WINDOW * 86400 - 1).map(lambda seconds: timedelta(seconds=seconds))
needs = st.one_of(st.integers(1, 60), st.integers(1, 6000))


@pytest.fixture(scope="module")
def asking(module_database: DeskDatabase) -> Iterator[Sync]:
    """The owner's connection."""
    with owner(module_database) as connection:
        yield connection


def put(connection: Sync, calendar: Calendar, name: str = "c") -> Any:
    """Saves a calendar; its id."""
    sql = "select private.put_sla_calendar(%s, %s, %s, %s)"
    given = [name, calendar.zone, json.dumps(calendar.hours), json.dumps(calendar.holidays)]
    row = connection.execute(sql.encode(), given).fetchone()
    assert row is not None
    return row[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=calendars(), pairs=st.lists(st.tuples(instants, instants, needs), min_size=12, max_size=12))
def test_business_time_is_that_of_a_calendar_asked_minute_by_minute(
    asking: Sync, drawn: tuple[Calendar, datetime], pairs: list[tuple[timedelta, timedelta, int]]
) -> None:
    calendar, start = drawn
    window = Window(calendar, start, WINDOW)
    known = put(asking, calendar)
    asked = [(start + min(a, b), start + max(a, b), need) for a, b, need in pairs]
    rows = asking.execute(
        "select u.microseconds - s.microseconds, d.due"
        " from unnest(%(since)s::timestamptz[], %(until)s::timestamptz[], %(need)s::integer[])"
        " with ordinality q(since, until, need, place)"
        " cross join lateral private.sla_elapsed(%(c)s, q.since) s"
        " cross join lateral private.sla_elapsed(%(c)s, q.until) u"
        " cross join lateral private.sla_deadline(%(c)s, q.since, s.microseconds, q.need * 60000000::bigint) d"
        " order by q.place",
        {
            "c": known,
            "since": [a for a, _, _ in asked],
            "until": [b for _, b, _ in asked],
            "need": [n for *_, n in asked],
        },
    ).fetchall()
    for (since, until, need), (elapsed, due) in zip(asked, rows, strict=True):
        assert timedelta(microseconds=elapsed) == window.elapsed(since, until)
        expected = window.deadline(since, timedelta(minutes=need))
        assert due == expected if expected else due >= start + timedelta(days=WINDOW)


def test_around_the_clock_is_every_minute(asking: Sync) -> None:
    at = datetime(2026, 3, 29, 0, 30, 5, tzinfo=UTC)
    row = asking.execute(
        "select d.due from private.sla_deadline(null, %s, 0, 90 * 60000000::bigint) d", [at]
    ).fetchone()
    assert row == (at + timedelta(minutes=90),)


@pytest.mark.parametrize(
    ("zone", "hours", "holidays", "words"),
    [
        ("Europe/Berln", {"mon": ["09:00-17:00"]}, {}, "no time zone 'Europe/Berln'"),
        ("EST", {"mon": ["09:00-17:00"]}, {}, "no time zone 'EST'"),
        ("UTC", {"mo": ["09:00-17:00"]}, {}, "'mo' is no day"),
        ("UTC", {"mon": ["9-17"]}, {}, "mon: '9-17' is no span of hours"),
        ("UTC", {"mon": ["09:00-09:00"]}, {}, "mon: '09:00-09:00' does not end after it begins"),
        ("UTC", {"mon": "09:00-17:00"}, {}, "mon: the hours are no list of spans"),
        ("UTC", [], {}, "no object of days"),
        ("UTC", {"mon": []}, {}, "'c' is never open"),
        ("UTC", {"mon": ["09:00-17:00"]}, {"2026-02-29": []}, "'2026-02-29' is no day"),
        ("UTC", {"mon": ["09:00-17:00"]}, {"2026-12-24": ["22:00-06:00"]}, "2026-12-24: '22:00-06:00' does not end"),
        ("UTC", {"mon": ["09:00-17:00"]}, [], "the holidays are no object"),
    ],
)
def test_calendar_that_cannot_be_is_refused_by_its_name(
    asking: Sync, zone: str, hours: Any, holidays: Any, words: str
) -> None:
    with pytest.raises(psycopg.Error, match=words) as refused:
        asking.execute(
            "select private.put_sla_calendar('c', %s, %s, %s)", [zone, json.dumps(hours), json.dumps(holidays)]
        )
    assert refused.value.sqlstate == "HD002"
