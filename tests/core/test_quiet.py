"""Quiet hours, digests, and the program that is told: core/quiet.py and core/hook.py."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk_tui import bell
from helpdesk_tui.core import hook
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.quiet import Quiet, days_from, digest_from, digest_of, digest_words, quiet_from, quiet_of

NIGHT = Quiet(time(22), time(7), frozenset({4}))
"""From Friday evening to Saturday morning."""


@pytest.mark.parametrize(
    ("when", "quiet"),
    [
        ("2026-11-20 21:59", False),
        ("2026-11-20 22:00", True),
        ("2026-11-21 06:59", True),
        ("2026-11-21 07:00", False),
        ("2026-11-21 22:00", False),  # Saturday's night is none
        ("2026-11-20 06:00", False),  # nor is what came before Friday's
    ],
)
def test_quiet_hours_over_midnight_belong_to_the_day_they_begin_on(when: str, quiet: bool) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moment = datetime.fromisoformat(when).replace(tzinfo=berlin)
    assert NIGHT.holds(moment.astimezone(UTC), berlin) is quiet
    assert Quiet(time(9), time(9)).holds(moment, berlin)  # the whole day


def test_hours_and_minutes_are_understood_as_people_write_them_and_what_is_not_is_named() -> None:
    for text in ("22:00-07:00 fri", "22:00 to 7:00, fri", " 22:00 – 07:00,fri ", NIGHT.words):
        assert quiet_of(text) == NIGHT
    assert quiet_of("9:00-9:00") == Quiet(time(9), time(9))
    assert quiet_of("off") is None
    assert [digest_of(text) for text in ("15", "15 min", "off", digest_words(240))] == [15, 15, 0, 240]
    for wrong, words in (
        ("noon", "“noon” are no hours"),
        ("22:00-noon", "“noon” is no time of day"),
        ("25:00-07:00", "“25:00” is no time of day"),
        ("22:00-07:00 someday", "“someday” are no days"),
    ):
        with pytest.raises(BadInput, match=words):
            quiet_of(wrong)
    for wrong, words in (("soon", "“soon” is no number of minutes"), ("241", "240 minutes at most")):
        with pytest.raises(BadInput, match=words):
            digest_of(wrong)


def test_what_the_preferences_hold_is_read_back_and_what_makes_no_sense_says_nothing() -> None:
    assert quiet_from({"quiet": NIGHT.as_json()}) == NIGHT
    assert NIGHT.words == "22:00 to 07:00, fri"
    wrongs: list[object] = [
        None,
        1,
        [],
        {"from": "25:00", "to": "07:00"},
        {"from": "22:00"},
        {"from": 1, "to": 2, "days": "x"},
    ]
    for wrong in wrongs:
        assert quiet_from({"quiet": wrong}) is None
    assert quiet_from(None) is None
    assert [digest_from({"digest": value}) for value in (15, 0, 241, True, "15", None)] == [15, 0, 0, 0, 0, 0]
    assert days_from("mon-fri") == frozenset(range(5))
    assert days_from("Sat, Sun") == frozenset({5, 6})
    assert days_from("fri-mon") == frozenset({4, 5, 6, 0})
    assert days_from("someday") is None


async def test_a_program_is_told_on_its_standard_input_and_never_by_its_words(tmp_path: Path) -> None:
    told = tmp_path / "told"
    event = {"words": "$(touch /tmp/owned); `id`", "events": []}
    program = f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read() + '|' + str(len(sys.argv)))"
    assert await hook.run([sys.executable, "-c", program], event) is None
    text, _, words = told.read_text().rpartition("|")
    assert (json.loads(text), words) == (event, "1")


async def test_a_program_that_fails_is_missing_or_never_ends_is_told_and_not_waited_for() -> None:
    assert (
        await hook.run([sys.executable, "-c", "import sys; sys.exit(3)"], {})
        == f"{Path(sys.executable).name} ended with 3"
    )
    assert (await hook.run(["/nonexistent/program"], {}) or "").startswith("program cannot be started")
    slow = await hook.run([sys.executable, "-c", "import time; time.sleep(60)"], {}, seconds=0.3)
    assert slow == f"{Path(sys.executable).name} took longer than 0.3 s and was ended"


def test_notifications_hold_no_control_character_and_go_through_tmux() -> None:
    sent = bell.sequence("osc777", "a\x1b]0;owned\x07;b")
    assert sent.startswith("\x1b]777;notify;Helpdesk;a")
    assert sent.endswith("\x1b\\")
    assert sent.count("\x1b") == 2
    assert sent.count(";") == 3  # titles begin no field of their own
    assert bell.through_tmux("\x1b]9;x\x1b\\") == "\x1bPtmux;\x1b\x1b]9;x\x1b\x1b\\\x1b\\"
