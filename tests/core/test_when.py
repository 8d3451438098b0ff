"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.when import FARTHEST, parse, presets, time_left

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Apia")])
TIMES = st.integers(0, 6 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
WEDNESDAY = "2026-03-04 10:30"


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("2h", WEDNESDAY, "2026-03-04 12:30"),
        ("in 90 min", WEDNESDAY, "2026-03-04 12:00"),
        ("1h30m", WEDNESDAY, "2026-03-04 12:00"),
        ("in an hour", WEDNESDAY, "2026-03-04 11:30"),
        ("a week", WEDNESDAY, "2026-03-11 10:30"),
        ("in 3 days", WEDNESDAY, "2026-03-07 10:30"),
        ("1d 2h", WEDNESDAY, "2026-03-05 12:30"),
        ("tomorrow", WEDNESDAY, "2026-03-05 09:00"),
        ("Tomorrow 14:00", WEDNESDAY, "2026-03-05 14:00"),
        ("tomorrow at 2pm", WEDNESDAY, "2026-03-05 14:00"),
        ("today 17:00", WEDNESDAY, "2026-03-04 17:00"),
        ("tonight", WEDNESDAY, "2026-03-04 18:00"),
        ("noon", WEDNESDAY, "2026-03-04 12:00"),
        ("12am", WEDNESDAY, "2026-03-05 00:00"),
        ("9:00", WEDNESDAY, "2026-03-05 09:00"),
        ("11:00", WEDNESDAY, "2026-03-04 11:00"),
        ("fri", WEDNESDAY, "2026-03-06 09:00"),
        ("wed", WEDNESDAY, "2026-03-11 09:00"),
        ("wednesday 11:00", WEDNESDAY, "2026-03-04 11:00"),
        ("next fri", WEDNESDAY, "2026-03-13 09:00"),
        ("next monday", WEDNESDAY, "2026-03-09 09:00"),
        ("next monday", "2026-03-08 10:00", "2026-03-09 09:00"),
        ("next monday", "2026-03-09 08:00", "2026-03-16 09:00"),
        ("next week", WEDNESDAY, "2026-03-09 09:00"),
        ("2026-12-24 9:00", WEDNESDAY, "2026-12-24 09:00"),
        ("2026-12-24", WEDNESDAY, "2026-12-24 09:00"),
        ("24.12.", WEDNESDAY, "2026-12-24 09:00"),
        ("24 dec", WEDNESDAY, "2026-12-24 09:00"),
        ("dec 24 2027 8:15", WEDNESDAY, "2027-12-24 08:15"),
        ("1 march", WEDNESDAY, "2027-03-01 09:00"),
        ("29 feb", WEDNESDAY, "2028-02-29 09:00"),
        # Over a change of the clocks: a day keeps the time of day, hours are those that pass.
        ("1d", "2026-03-28 12:00", "2026-03-29 12:00"),
        ("24h", "2026-03-28 12:00", "2026-03-29 13:00"),
        ("24h", "2026-10-24 12:00", "2026-10-25 11:00"),
        # A time that the clocks leave out, and one that comes twice.
        ("tomorrow 2:30", "2026-03-28 12:00", "2026-03-29 03:30"),
        ("tomorrow 2:30", "2026-10-24 12:00", "2026-10-25 02:30"),
    ],
)
def test_what_is_meant(text: str, now: str, meant: str) -> None:
    found = parse(text, datetime.fromisoformat(now).replace(tzinfo=BERLIN), BERLIN)
    assert f"{found:%Y-%m-%d %H:%M}" == meant
    if meant == "2026-10-25 02:30":
        assert found.utcoffset() == timedelta(hours=2), "the first of the two"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "today", "25:00", "13pm", "2026-02-30", "2026-13-01", "31 feb", "m", "t", "ju 1", "2x", "3 days ago",
     "in", "next", "9", "99999w", "2020-01-01", "today 9:00", "0h", "99999999999999999999d", "\0", "١h2"],
)  # fmt: skip
def test_what_is_no_time_to_come_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text, datetime.fromisoformat(WEDNESDAY).replace(tzinfo=BERLIN), BERLIN)
    assert str(caught.value)


@given(st.text(max_size=30) | st.from_regex(r"(in |next )?[a-z0-9:. -]{1,20}"), TIMES, ZONES)
def test_anything_is_a_moment_to_come_or_refused(text: str, now: datetime, zone: ZoneInfo) -> None:
    try:
        found = parse(text, now, zone)
    except BadInput:
        return
    assert now < found <= now + FARTHEST
    assert found.utcoffset() == found.astimezone(zone).utcoffset()


@given(st.integers(1, 400), TIMES, ZONES)
def test_days_keep_the_time_of_day_and_hours_pass(number: int, now: datetime, zone: ZoneInfo) -> None:
    here = now.astimezone(zone)
    days, hours = parse(f"in {number} days", now, zone), parse(f"{number}h", now, zone)
    assert hours - now == timedelta(hours=number)
    wanted = (here.replace(tzinfo=None) + timedelta(days=number)).replace(tzinfo=zone)
    assert days.timestamp() == wanted.timestamp()


@given(TIMES, ZONES)
def test_presets_are_to_come_in_their_order_and_each_once(now: datetime, zone: ZoneInfo) -> None:
    moments = [moment for _, moment in presets(now, zone)]
    assert moments[0] > now
    assert len({moment.date() for moment in moments}) >= len(moments) - 1
    assert {words for words, _ in presets(now, zone)} >= {"tomorrow 9:00", "in a week"}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-5, "now"), (0, "now"), (1, "1m"), (59, "59m"), (60, "1h"), (200, "3h 20m"), (1500, "1d 1h"), (7200, "5d")],
)
def test_time_left(minutes: int, words: str) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert time_left(now + timedelta(minutes=minutes), now) == words
