"""What a person, department, category, tag, act or ticket says in an admin's list: pure text and names of styles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.queue_row import (
    CURSOR_GLYPH,
    PENDING_GLYPH,
    PRIORITY_GLYPHS,
    STATUS_GLYPHS,
    Part,
    fit,
    plain,
)

if TYPE_CHECKING:
    from helpdesk_tui.core.administration_model import ActRow, Candidate, Item, PersonRow
    from helpdesk_tui.core.fields import CustomField
    from helpdesk_tui.core.sla_rules import Calendar, Policy

__all__ = ["LOOKS", "Column", "Look", "head_text", "row_parts", "widths"]

_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Args:
        title: the word above it.
        least: cells it takes at least.
        worth: its share of what is left; 0: it stays at ``least``.
        above: shown only where the list is wider than this.
    """

    title: str
    least: int
    worth: int = 0
    right: bool = False
    above: int = 0


Cells = Sequence[tuple[str, str]]
"""A text and the name of its style for each column."""


@dataclass(frozen=True, slots=True)
class Look:
    """How rows of a kind look."""

    columns: tuple[Column, ...]
    cells: Callable[[Any, datetime], Cells]


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """Cells for each column, 0 for one that there is no room for."""
    shown = [column for column in columns if width > column.above]
    left = width - 2 - sum(column.least for column in shown) - _GAP * (len(shown) - 1)
    worth = sum(column.worth for column in shown)
    found = []
    for column in columns:
        if column not in shown:
            found.append(0)
            continue
        more = max(left, 0) * column.worth // worth if worth else 0
        found.append(column.least + more)
    return found


def head_text(columns: Sequence[Column], width: int) -> str:
    """The titles over the columns."""
    titles = [
        fit(column.title, cells, right=column.right)
        for column, cells in zip(columns, widths(columns, width), strict=True)
        if cells
    ]
    return fit("  " + (" " * _GAP).join(titles), width)


def row_parts(look: Look, row: Any, width: int, now: datetime, *, cursor: bool, pending: bool) -> list[Part]:
    """A row, in exactly ``width`` cells.

    Args:
        row: None: it is on its way.
        pending: whether something done to it has not been confirmed yet.
    """
    mark = PENDING_GLYPH if pending else CURSOR_GLYPH if cursor else " "
    if row is None:
        return [(fit(f"{mark} {PENDING_GLYPH}", width), "muted")]
    parts: list[Part] = [(f"{mark} ", "mark")]
    used = 2
    for column, cells, (text, style) in zip(
        look.columns, widths(look.columns, width), look.cells(row, now), strict=True
    ):
        if not cells:
            continue
        if used > 2:
            parts.append((" " * _GAP, ""))
            used += _GAP
        parts.append((fit(plain(text), cells, right=column.right), style))
        used += cells
    if used < width:
        parts.append((" " * (width - used), ""))
    return parts


def _number(value: int) -> str:
    return str(value) if value else "·"


def _person(row: PersonRow, _now: datetime) -> Cells:
    off = not row.active
    return (
        (row.name, "off" if off else "title"),
        (row.email, "muted"),
        ("deactivated" if off else row.role, "off" if off else row.role),
        (row.department or "-", "off" if off else ""),
        (_number(row.holds) if row.role != "customer" else "", "muted"),
    )


def _department(row: Item, _now: datetime) -> Cells:
    return (
        (row.name, "title"),
        ("default" if row.is_default else "", "agent"),
        (_number(row.people), ""),
        (_number(row.tickets), ""),
        (_number(row.categories), "muted"),
        (row.description or "", "muted"),
    )


def _category(row: Item, _now: datetime) -> Cells:
    return (
        (row.name, "title"),
        (row.department or "the default", "" if row.department else "muted"),
        (_number(row.tickets), ""),
        (row.description or "", "muted"),
    )


def _tag(row: Item, _now: datetime) -> Cells:
    return (row.name, "title"), (_number(row.tickets), ""), (row.color or "", "muted"), (row.description or "", "muted")


def _field(row: CustomField, _now: datetime) -> Cells:
    off = not row.active
    count = len(row.categories)
    return (
        (row.label, "off" if off else "title"),
        (row.key, "muted"),
        (row.type, "off" if off else ""),
        ("out of use" if off else "", "muted"),
        (f"{count} {'category' if count == 1 else 'categories'}" if count else "all", "" if count else "muted"),
        (", ".join(row.choices), "muted"),
    )


def _policy(row: Policy, _now: datetime) -> Cells:
    from helpdesk_tui.core.sla_rules import duration

    times = ((duration(time), "") if time else ("·", "muted") for time in (row.first, row.next, row.resolution))
    whom = (row.whom, "muted" if row.for_all else "")
    return (
        (row.name, "title"),
        whom,
        *times,
        (row.calendar or "around the clock", "" if row.calendar else "muted"),
        (_number(row.tickets), "muted"),
    )


def _calendar(row: Calendar, now: datetime) -> Cells:
    from helpdesk_tui.core.sla_rules import hours_words

    ahead = sum(day >= f"{now:%Y-%m-%d}" for day in row.holidays)
    return (
        (row.name, "title"),
        (row.zone, ""),
        (hours_words(row.hours), ""),
        (_number(ahead), "" if ahead else "muted"),
        (_number(row.policies), "" if row.policies else "muted"),
    )


def _act(row: ActRow, now: datetime) -> Cells:
    gone = row.undone_by is not None
    return (
        (str(row.number), "muted"),
        (ago(now - row.at), "muted"),
        (row.actor or "-", ""),
        (row.words, "off" if gone else "title"),
        (f"taken back by {row.undone_by}" if gone else "", "muted"),
    )


def _candidate(row: Candidate, now: datetime) -> Cells:
    return (
        (f"#{row.number}", "muted"),
        (f"{STATUS_GLYPHS.get(row.status, ' ')} {row.status}", ""),  # type: ignore[call-overload]
        (f"{PRIORITY_GLYPHS.get(row.priority, ' ')} {row.priority}", ""),  # type: ignore[call-overload]
        (ago(now - row.updated_at), "muted"),
        (row.assignee or "-", ""),
        (row.title, "title"),
    )


LOOKS: Final[dict[str, Look]] = {
    "people": Look(
        (
            Column("name", 14, 3),
            Column("e-mail", 16, 3, above=72),
            Column("role", 11),
            Column("department", 10, 1),
            Column("holds", 5, right=True),
        ),
        _person,
    ),
    "departments": Look(
        (
            Column("name", 14, 2),
            Column("", 7),
            Column("people", 6, right=True),
            Column("open", 6, right=True),
            Column("categories", 10, right=True, above=60),
            Column("description", 10, 3, above=90),
        ),
        _department,
    ),
    "categories": Look(
        (
            Column("name", 14, 2),
            Column("goes to", 11, 1),
            Column("tickets", 7, right=True),
            Column("description", 10, 3, above=90),
        ),
        _category,
    ),
    "tags": Look(
        (
            Column("name", 14, 2),
            Column("tickets", 7, right=True),
            Column("colour", 8, above=60),
            Column("description", 10, 3, above=90),
        ),
        _tag,
    ),
    "fields": Look(
        (
            Column("label", 14, 3),
            Column("key", 10, 2),
            Column("type", 6),
            Column("", 10),
            Column("tickets", 12),
            Column("choices", 12, 4, above=90),
        ),
        _field,
    ),
    "policies": Look(
        (
            Column("policy", 12, 2),
            Column("for", 12, 3),
            Column("first", 7, right=True),
            Column("next", 7, right=True),
            Column("solve", 7, right=True),
            Column("hours", 16, 1, above=76),
            Column("open", 4, right=True, above=60),
        ),
        _policy,
    ),
    "calendars": Look(
        (
            Column("calendar", 12, 2),
            Column("time zone", 13, 1),
            Column("week", 19, 3),
            Column("holidays", 8, right=True, above=70),
            Column("policies", 8, right=True),
        ),
        _calendar,
    ),
    "acts": Look(
        (
            Column("act", 4, right=True),
            Column("when", 4, right=True),
            Column("who", 8, 1, above=60),
            Column("what", 20, 4),
            Column("", 16, above=90),
        ),
        _act,
    ),
    "move": Look(
        (
            Column("number", 7, right=True),
            Column("status", 10),
            Column("priority", 8),
            Column("age", 4, right=True, above=60),
            Column("assignee", 8, 1, above=60),
            Column("title", 16, 4),
        ),
        _candidate,
    ),
}
