"""A request in words for its sender."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from helpdesk_tui.core.model import HistoryLine, Status
from helpdesk_tui.core.plain import ago, change_words, stands, stars
from tests.widgets.thread_samples import ticket

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "assigned", "words"),
    [
        ("open", False, "○ We have received it"),
        ("open", True, "● We are working on it"),
        ("pending", True, "◐ Waiting for your answer"),
        ("resolved", True, "✓ Solved"),
        ("closed", False, "■ Closed"),
    ],
)
def test_how_a_request_stands(status: Status, assigned: bool, words: str) -> None:
    standing = stands(ticket(status=status, assignee_id=uuid4() if assigned else None))
    assert f"{standing.glyph} {standing.words}" == words


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("created", None, "open", "Mira sent the request"),
        ("status", "open", "pending", "Mira is waiting for your answer"),
        ("status", "open", "resolved", "Mira marked it as solved"),
        ("status", "resolved", "closed", "Mira closed it"),
        ("status", "closed", "open", "Mira opened it again"),
        ("status", "pending", "open", ""),
        ("priority", "low", "urgent", ""),
        ("assignee", None, "Mira", ""),
        ("department", "Support", "Billing", ""),
    ],
)
def test_a_change_is_told_or_is_no_news(kind: Any, old: str | None, new: str, words: str) -> None:
    assert change_words(HistoryLine(uuid4(), "Mira", kind, old, new, NOW)) == words


def test_hostile_names_are_made_safe_and_nobody_is_named_for_what_nobody_did() -> None:
    line = HistoryLine(uuid4(), "Mi\x1b[31mra\u202e", "status", "open", "closed", NOW)
    assert change_words(line) == "Mira closed it"
    assert change_words(HistoryLine(uuid4(), None, "status", "open", "closed", NOW)) == "The helpdesk closed it"


def test_times_are_for_people() -> None:
    spans = [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=11), "11 hours ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=30), "2 Feb"),
        (timedelta(days=100), "24 Nov 2025"),
        (timedelta(seconds=-5), "just now"),
    ]
    assert [ago(NOW - span, NOW, UTC) for span, _ in spans] == [words for _, words in spans]
    assert stars(4) == "★★★★☆"
