"""What a line of the inbox says, for the app and the command line. Safe to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.notices import Notice
from helpdesk_tui.core.text import safe_line

__all__ = ["about", "span", "waiting", "what"]


def _times(one: str, many: str) -> Callable[[int], str]:
    return lambda times: f"1 {one}" if times == 1 else f"{times} {many}"


# In the order in which they are said: what asks for an answer comes first.
_TEAM: Final[Mapping[str, Callable[[int], str]]] = {
    "mention": _times("mention", "mentions"),
    "assigned": lambda _: "assigned to you",
    "reply": _times("reply", "replies"),
    "note": _times("note", "notes"),
    "chat": lambda _: "new in your chat",
    "sla": _times("SLA warning", "SLA warnings"),
    "back": lambda _: "back from its snooze",
}
_CUSTOMER: Final[Mapping[str, Callable[[int], str]]] = {
    "reply": _times("answer", "answers"),
    "chat": lambda _: "new in your chat",
}
_STATUS: Final = {"open": "open again", "resolved": "resolved", "closed": "closed"}
_PLAIN_STATUS: Final = {**_STATUS, "resolved": "solved"}


def about(notice: Notice) -> str:
    """What a line is about: "#1042 Printer on fire", "Chat with Carol Diaz", "12 tickets were assigned to you"."""
    title = safe_line(notice.title, 200)
    if notice.ticket_id is not None:
        return f"#{notice.ticket_number} {title}"
    if notice.chat_id is not None and notice.other:
        return f"Chat with {safe_line(notice.other, 60)}"
    return title


def what(notice: Notice, role: Role, now: datetime | None = None) -> str:
    """What happened since it was last read: "3 replies, 1 mention, due in 40 min". Empty where ``about`` says it all.

    Args:
        role: the reader's.
        now: aware; None: now.
    """
    if notice.ticket_id is None and notice.chat_id is None:
        return ""
    words, stands = (_CUSTOMER, _PLAIN_STATUS) if role == "customer" else (_TEAM, _STATUS)
    said = [make(notice.kinds[kind]) for kind, make in words.items() if kind in notice.kinds]
    for kind, times in notice.kinds.items():
        if kind == "status":
            said.append(stands.get(notice.status or "", "changed"))
        elif kind == "due":
            said.append(_due(notice.due_date, now or datetime.now(UTC)))
        elif kind not in words:
            said.append(safe_line(kind, 30) + (f" ×{times}" if times > 1 else ""))
    return ", ".join(said)


def waiting(chats: int, since: datetime | None, now: datetime | None = None) -> str:
    """How many chats wait: "3 chats are waiting, the oldest for 4 min"."""
    how_long = span((now or datetime.now(UTC)) - since) if since else ""
    if chats == 1:
        return f"A chat is waiting for {how_long}" if how_long else "A chat is waiting"
    return f"{chats} chats are waiting" + (f", the oldest for {how_long}" if how_long else "")


def span(length: timedelta) -> str:
    """A length of time in its largest unit: "4 min", "3 h", "2 d"."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def _due(date: datetime | None, now: datetime) -> str:
    if date is None:
        return "was due"
    if date <= now:
        return "overdue for " + span(now - date) if now - date >= timedelta(minutes=1) else "due now"
    return "due in " + span(date - now)
