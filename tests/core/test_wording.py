"""What the history says, what servers say, and how times are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from helpdesk_tui.core.model import HistoryLine
from helpdesk_tui.core.wording import ago, ended, history_words, moment, sentence

WHEN = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "kind,old,new,words",
    [
        ("created", None, "open", "Mara opened the ticket"),
        ("status", "open", "pending", "Mara set status open → pending"),
        ("priority", "high", "urgent", "Mara set priority high → urgent"),
        ("category", None, "Billing", "Mara set category none → Billing"),
        ("assignee", None, "Li", "Mara assigned the ticket to Li"),
        ("assignee", "Ada", "Li", "Mara assigned the ticket to Li (was Ada)"),
        ("assignee", None, "Mara", "Mara took the ticket"),
        ("assignee", "Ada", "Mara", "Mara took the ticket from Ada"),
        ("assignee", "Ada", None, "Mara took the ticket off Ada"),
        ("department", "Web", "Billing", "Mara moved the ticket from Web to Billing"),
        ("title", "a", "b", "Mara renamed the ticket from “a” to “b”"),
        (
            "due_date",
            None,
            "2026-03-05 09:00:00+00",
            "Mara set due date none → Thu 5 Mar 2026 09:00",
        ),
        ("due_date", "2026-03-05 09:00:00+00", None, "Mara removed the due date"),
        ("due_date", "soon", "later", "Mara set due date soon → later"),
        ("due_date", "infinity", None, "Mara removed the due date"),
        ("due_date", None, "infinity", "Mara set due date none → infinity"),
        ("weather", "rain", "sun", "Mara changed weather rain → sun"),
    ],
)
def test_every_kind_of_change_is_a_sentence(kind: str, old: str | None, new: str | None, words: str) -> None:
    line = HistoryLine(UUID(int=1), "Mara", kind, old, new, WHEN)  # type: ignore[arg-type]
    assert history_words(line, UTC) == words


def test_due_date_that_is_in_no_year_over_there_is_told_as_it_was_written() -> None:
    line = HistoryLine(UUID(int=1), "Mara", "due_date", None, "9999-12-31 23:59:59+00", WHEN)
    east = timezone(timedelta(hours=14))
    assert history_words(line, east) == "Mara set due date none → 9999-12-31 23:59:59+00"


def test_a_background_change_has_an_actor_too() -> None:
    line = HistoryLine(UUID(int=1), None, "status", "open", "closed", WHEN)
    assert history_words(line) == "System set status open → closed"


def test_hostile_names_and_values_are_made_safe() -> None:
    line = HistoryLine(UUID(int=1), "a\x1b[2J\nb", "title", "x\u202ey", "z\x07", WHEN)
    assert history_words(line) == "a b renamed the ticket from “xy” to “z␇”"


def test_a_moment_names_the_year_only_where_it_is_another() -> None:
    assert moment(WHEN, UTC, year=2026) == "Tue 3 Mar 14:05"
    assert moment(WHEN, UTC, year=2027) == "Tue 3 Mar 2026 14:05"


def test_what_a_server_says_becomes_a_sentence_without_control_characters() -> None:
    assert sentence("no \x1b[31mred\x1b[0m\nlines") == "No [31mred [0m lines."
    assert sentence("why?") == "Why?"
    assert ended("it failed", 5) == "it fa."
    assert sentence("") == ""


@pytest.mark.parametrize(
    "seconds, words",
    [
        *[(-5, "now"), (59, "now"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (86_400, "1d")],
        *[(13 * 86_400, "13d"), (14 * 86_400, "2w"), (364 * 86_400, "52w"), (365 * 86_400, "1y"), (10**11, "99y")],
    ],
)
def test_a_span_of_time_takes_three_characters_at_most(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words
