"""core/notice_words.py: what a line of the inbox says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.notice_words import about, waiting, what
from helpdesk_tui.core.notices import Notice

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
LINE = Notice(
    UUID(int=1), "reply", {"reply": 1}, "Lamp \x1b[31mflickers", UUID(int=2), 1042, "open", None, None, None, None, 1,
    False, NOW, NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "role", "words"),
    [
        ({"reply": 3, "mention": 1}, "agent", "1 mention, 3 replies"),
        ({"note": 2, "assigned": 1}, "agent", "assigned to you, 2 notes"),
        ({"reply": 1}, "customer", "1 answer"),
        ({"reply": 2, "status": 1}, "customer", "2 answers, solved"),
        ({"status": 1}, "agent", "resolved"),
        ({"due": 1}, "agent", "due in 40 min"),
        ({"sla\x1b[2J": 2}, "agent", "sla ×2"),
    ],
)
def test_kinds_are_counted_in_words(kinds: dict[str, int], role: Role, words: str) -> None:
    line = replace(LINE, kinds=kinds, status="resolved", due_date=NOW + timedelta(minutes=40))
    assert what(line, role, NOW) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [(-200, "overdue for 3 h"), (0, "due now"), (90, "due in 1 h"), (5000, "due in 3 d"), (None, "was due")],
)
def test_due_dates_are_said_as_they_are_now(due: int | None, words: str) -> None:
    date = None if due is None else NOW + timedelta(minutes=due)
    assert what(replace(LINE, kinds={"due": 1}, due_date=date), "agent", NOW) == words


def test_line_names_its_ticket_its_chat_or_what_happened() -> None:
    assert about(LINE) == "#1042 Lamp flickers"
    chat = replace(LINE, ticket_id=None, chat_id=UUID(int=3), other="Carol\x07 Diaz", kinds={"chat": 1})
    assert (about(chat), what(chat, "agent", NOW)) == ("Chat with Carol␇ Diaz", "new in your chat")
    many = replace(LINE, ticket_id=None, title="12 tickets were assigned to you", kinds={"assigned": 12})
    assert (about(many), what(many, "agent", NOW)) == ("12 tickets were assigned to you", "")


def test_waiting_chats_are_said_with_how_long() -> None:
    assert waiting(1, NOW - timedelta(seconds=30), NOW) == "A chat is waiting for less than a minute"
    assert waiting(3, NOW - timedelta(minutes=4), NOW) == "3 chats are waiting, the oldest for 4 min"
    assert waiting(1, None, NOW) == "A chat is waiting"
