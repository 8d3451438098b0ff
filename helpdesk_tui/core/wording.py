"""Words that the app and the command line share: times, spans, sentences about tickets and of servers."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from helpdesk_tui.core.model import HistoryLine
from helpdesk_tui.core.text import safe_line

__all__ = ["ago", "ended", "history_words", "moment", "printable", "sentence", "stamp"]

#: Who did what nobody signed in has done: an import, a rule, the database itself.
NOBODY = "System"


def moment(when: datetime, zone: tzinfo | None = None, *, year: int | None = None) -> str:
    """A point in time for people: "Tue 3 Mar 14:05", with the year where it is not ``year``.

    Args:
        when: aware.
        zone: where the reader is; None asks the machine.
        year: the reader's year now; None always says the year.
    """
    local = when.astimezone(zone)
    day = f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if local.year == year else f"{day} {local.year} {local:%H:%M}"


def stamp(when: datetime) -> str:
    """A point in time for the command line: in this machine's time zone, to the minute, with the zone, since next to
    one of another machine's it matters."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M %Z").rstrip()


def ago(elapsed: timedelta) -> str:
    """A span of time in at most three characters ("now" under a minute, and for anything in the future)."""
    minutes = int(elapsed.total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 24 * 60:
        return f"{minutes // 60}h"
    days = minutes // (24 * 60)
    if days < 14:
        return f"{days}d"
    return f"{days // 7}w" if days < 365 else f"{min(days // 365, 99)}y"


def printable(text: str, limit: int = 500) -> str:
    """What a server says on one line, without control characters, cut where it runs long."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:limit].strip()


def ended(text: str, limit: int = 500) -> str:
    """What a server says, printable, with a full stop: for behind a colon."""
    said = printable(text, limit)
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def sentence(text: str, limit: int = 500) -> str:
    """What a server says, in its own style (no capital, no full stop), as a sentence; printable."""
    said = ended(text, limit)
    return said[:1].upper() + said[1:]


def history_words(line: HistoryLine, zone: tzinfo | None = None) -> str:
    """One change of a ticket as a sentence, without its time: "Mara set priority high → urgent". Safe to show."""
    who = safe_line(line.actor or NOBODY, 60)
    old, new = (safe_line(value, 120) if value else None for value in (line.old, line.new))
    kind: str = line.kind  # a newer database may record what this release has no words for
    match kind:
        case "created":
            return f"{who} opened the ticket"
        case "assignee":
            if new is None:
                return f"{who} took the ticket off {old}" if old else f"{who} left the ticket unassigned"
            if new == who:
                return f"{who} took the ticket" + (f" from {old}" if old else "")
            return f"{who} assigned the ticket to {new}" + (f" (was {old})" if old else "")
        case "department":
            return f"{who} moved the ticket" + (f" from {old}" if old else "") + f" to {new or 'no department'}"
        case "title":
            return f"{who} renamed the ticket from “{old or ''}” to “{new or ''}”"
        case "due_date":
            if new is None:
                return f"{who} removed the due date"
            return f"{who} set due date {_due(old, zone)} → {_due(new, zone)}"
        case "status" | "priority" | "category":
            return f"{who} set {kind} {old or 'none'} → {new or 'none'}"
        case "field":
            return f"{who} set {safe_line(line.field or 'a field', 60)} {old or 'none'} → {new or 'none'}"
        case "merged":
            return f"{who} merged the ticket into {new or 'another one'}"
        case "merged in":
            return f"{who} merged {new or 'another ticket'} in here"
        case "unmerged":
            return f"{who} took the ticket out of {new or 'another one'} again"
        case "unmerged from":
            return f"{who} took {new or 'another ticket'} out again"
        case _:
            return f"{who} changed {safe_line(kind, 40)} {old or 'none'} → {new or 'none'}"


def _due(value: str | None, zone: tzinfo | None) -> str:
    """A due date as the database wrote it down, for people."""
    if value is None:
        return "none"
    try:
        when = datetime.fromisoformat(value)
        return moment(when, zone) if when.tzinfo else value
    except (ValueError, OverflowError):  # infinity, and what is in no year of Python's over there
        return value
