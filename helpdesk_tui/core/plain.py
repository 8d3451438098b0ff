"""A ticket in words for whoever sent it: no statuses, no queues, nobody's trade."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final, Literal, NamedTuple

from helpdesk_tui.core.model import HistoryLine, Ticket
from helpdesk_tui.core.text import safe_line

__all__ = ["RATINGS", "Mood", "Standing", "ago", "change_words", "stands", "stars"]

Mood = Literal["waiting", "working", "yours", "solved", "closed"]

#: What each number of a rating says.
RATINGS: Final = ("", "very unhappy", "unhappy", "neither", "happy", "very happy")


class Standing(NamedTuple):
    """How a request stands: a glyph, a sentence, and a mood for its colour."""

    glyph: str
    words: str
    mood: Mood


def stands(ticket: Ticket) -> Standing:
    """How a request stands, for its sender."""
    into = ticket.more.merged_into
    if into is not None:
        number = f"#{into.number}" if into.number is not None else "another one"
        return Standing("→", f"Merged into {number}", "closed")
    match ticket.status:
        case "pending":
            return Standing("◐", "Waiting for your answer", "yours")
        case "resolved":
            return Standing("✓", "Solved", "solved")
        case "closed":
            return Standing("■", "Closed", "closed")
    if ticket.assignee_id is None:
        return Standing("○", "We have received it", "waiting")
    return Standing("●", "We are working on it", "working")


def change_words(line: HistoryLine) -> str:
    """One change of a request for its sender, without its time; empty for what is no news to them. Safe to show."""
    who = safe_line(line.actor or "The helpdesk", 60)
    if line.kind == "created":
        return f"{who} sent the request"
    if line.kind != "status":
        return ""
    match line.new:
        case "pending":
            return f"{who} is waiting for your answer"
        case "resolved":
            return f"{who} marked it as solved"
        case "closed":
            return f"{who} closed it"
        case "open" if line.old in ("resolved", "closed"):
            return f"{who} opened it again"
    return ""


def stars(rating: int) -> str:
    """A rating as stars: ``★★★★☆``."""
    return "★" * rating + "☆" * (5 - rating)


def ago(when: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """How long ago something was: "just now", "5 minutes ago", "yesterday", "3 Mar 2026"."""
    seconds = (now - when).total_seconds()
    if seconds < 60:
        return "just now"
    for name, length, until in (("minute", 60, 3600), ("hour", 3600, 86400)):
        if seconds < until:
            number = int(seconds // length)
            return f"{number} {name}{'' if number == 1 else 's'} ago"
    local, today = when.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days <= 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"
