"""What one line of the queue says, at any width: pure text and the names of styles, free of Textual.

A line is a list of (text, style name) parts that together take exactly the width asked for, whatever the ticket's
texts hold. The style names are the queue's component classes without their ``queue--``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from uuid import UUID

from rich.cells import cell_len, set_cell_size

from helpdesk_tui.core.model import Priority, Status, Ticket
from helpdesk_tui.core.sla import State
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.wording import ago, moment
from helpdesk_tui.widgets.queue_sort import Sort

__all__ = [
    "PRIORITY_GLYPHS",
    "STATUS_GLYPHS",
    "Columns",
    "Mark",
    "Part",
    "back_words",
    "columns",
    "due_date_words",
    "due_words",
    "exactly",
    "fit",
    "headings",
    "plain",
    "row_parts",
]

#: A piece of a line: its text and the name of its style ("" is the row's own).
Part = tuple[str, str]

STATUS_GLYPHS: Final[dict[Status, str]] = {"open": "○", "pending": "◐", "resolved": "✓", "closed": "■"}
PRIORITY_GLYPHS: Final[dict[Priority, str]] = {"low": "▽", "medium": "◇", "high": "△", "urgent": "▲"}
#: Four letters at most, for where there is no room for more.
STATUS_SHORT: Final[dict[Status, str]] = {"open": "open", "pending": "pend", "resolved": "reso", "closed": "clos"}
PRIORITY_SHORT: Final[dict[Priority, str]] = {"low": "low", "medium": "med", "high": "high", "urgent": "urg"}
#: Stands before the selected row, so that the selection shows without any colour.
CURSOR_GLYPH: Final = "▌"
FRESH_GLYPH: Final = "•"
MARK_GLYPH: Final = "*"
PENDING_GLYPH: Final = "…"
DRAFT_GLYPH: Final = "✎"
HERE_GLYPH: Final = "◎"
WRITING_GLYPH: Final = "◉"
BACK_GLYPH: Final = "◷"
UNKNOWN: Final = "—"

_SOON: Final = timedelta(hours=24)

# Terminals disagree about the width of joined and modified emoji; each part alone has one width everywhere.
_JOINING: Final = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")


@lru_cache(4096)
def plain(text: str) -> str:
    """Somebody's text as one safe line whose width in cells every terminal agrees on."""
    safe = safe_line(text)
    return safe if safe.isascii() else _JOINING.sub("", safe)


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """Text in exactly so many cells: padded (before it, if ``right``), or cut with "…". A wide character is never cut
    in half."""
    if cells <= 0:
        return ""
    length = cell_len(text)
    if length > cells:
        text = "…" if cells == 1 else set_cell_size(text, cells - 1).rstrip() + "…"
        length = cell_len(text)
    padding = " " * (cells - length)
    return padding + text if right else text + padding


_PROMISED: Final[dict[State, str]] = {"breached": "overdue", "soon": "soon"}


def due_words(ticket: Ticket, now: datetime) -> Part:
    """When a ticket is due, in at most twelve characters: what it is promised, or its date where that comes sooner.
    Nothing for one that has neither or is done with."""
    if ticket.status in ("resolved", "closed"):
        return "", "muted"
    promise = ticket.more.sla.next if ticket.more.sla is not None else None
    if promise is not None and not (promise.due and ticket.due_date and ticket.due_date < promise.due):
        return promise.short(now), _PROMISED.get(promise.state(now), "muted")
    return _until(ticket.due_date, now)


def due_date_words(ticket: Ticket, now: datetime, zone: tzinfo | None = None) -> Part:
    """When a ticket is due, whatever it is promised besides, with the moment: "due in 3d, Fri 27 Nov 09:00"."""
    if ticket.due_date is None:
        return "", "muted"
    when = moment(ticket.due_date, zone, year=now.astimezone(zone).year)
    if ticket.status in ("resolved", "closed"):
        return f"due {when}", "muted"
    words, style = _until(ticket.due_date, now)
    return f"{'due ' if words.startswith('in ') else ''}{words}, {when}", style


def back_words(ticket: Ticket, now: datetime) -> str:
    """When a ticket that sleeps is back, in a few words: "back in 2h". Empty for one that is awake."""
    if ticket.more.snoozed is None or not ticket.asleep(now):
        return ""
    from helpdesk_tui.core.when import time_left

    return f"back in {time_left(ticket.more.snoozed, now).split()[0]}"


def _until(due: datetime | None, now: datetime) -> Part:
    if due is None:
        return "", "muted"
    left = due - now
    if left < timedelta():
        span = ago(-left)
        return ("overdue" if span == "now" else f"overdue {span}"), "overdue"
    span = ago(left)
    return ("due now" if span == "now" else f"in {span}"), ("soon" if left < _SOON else "muted")


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide each column is, in cells without the gap behind it; 0 for one that is not shown.

    ``words`` says whether status and priority are spelled out, ``short`` whether in few letters; else they stand as
    their glyphs alone. ``margin`` is what stands before them: the selection's marker, the row's sign, and a gap where
    there is room.
    """

    width: int
    words: bool
    short: bool
    margin: int
    status: int
    priority: int
    number: int
    title: int
    requester: int
    assignee: int
    due: int
    when: int


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


@lru_cache(64)
def columns(width: int, number: int) -> Columns:
    """The columns for a line of ``width`` cells; ``number`` is how many the longest "#123" takes."""
    words = width >= 60
    short = not words and width >= 44
    status, priority = (10, 8) if words else (6, 6) if short else (1, 1 if width >= 20 else 0)
    requester = _clamp(width // 8, 12, 20) if width >= 76 else 0
    assignee = _clamp(width // 9, 11, 16) if width >= 98 else 0
    due = 12 if width >= 99 else 0
    when = 7 if width >= 118 else (3 if width >= 28 else 0)
    number = number if width >= 36 else 0
    margin = 3 if words else 2
    taken = sum(part + 1 for part in (status, priority, number, requester, assignee, due, when) if part)
    title = max(0, width - margin - taken)
    return Columns(width, words, short, margin, status, priority, number, title, requester, assignee, due, when)


def headings(layout: Columns, sort: Sort) -> str:
    """The line above the rows, exactly as wide as they are."""
    when = "Age" if sort == "age" else ("Updated" if layout.when > 3 else "Upd")
    words = [
        ("Status" if layout.words or layout.short else "", layout.status, False),
        ("Priority" if layout.words else "Prio" if layout.short else "", layout.priority, False),
        ("#", layout.number, True),
        ("Title", layout.title, False),
        ("Requester", layout.requester, False),
        ("Assignee", layout.assignee, False),
        ("Due", layout.due, False),
        (when, layout.when, True),
    ]
    line = " " * layout.margin + " ".join(fit(word, cells, right=right) for word, cells, right in words if cells)
    return fit(line, layout.width)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a row is apart from its ticket.

    Attributes:
        cursor: it is the selected one.
        fresh: it changed since it was last opened.
        pending: an act on it waits for the server's word.
        draft: the person has begun an answer or a note to it.
        there: who else has it open, in a word; ``writing`` whether they write to it.
        marked: the next act is about it.
    """

    cursor: bool = False
    fresh: bool = False
    pending: bool = False
    draft: bool = False
    there: str = ""
    writing: bool = False
    marked: bool = False


def row_parts(
    ticket: Ticket,
    layout: Columns,
    now: datetime,
    *,
    mark: Mark = Mark(),
    sort: Sort = "updated",
    me: UUID | None = None,
) -> list[Part]:
    """The parts of a ticket's line, ``layout.width`` cells in all.

    Args:
        ticket: the row; none of its texts is trusted.
        layout: the columns, see :func:`columns`.
        now: what ages and due dates are measured from.
        mark: what else the row is.
        sort: decides whether the last column tells the last update or the age.
        me: the person signed in, shown as "you" where assigned.
    """
    sign, sign_style = (
        (PENDING_GLYPH, "muted")
        if mark.pending
        else (MARK_GLYPH, "marked")
        if mark.marked
        else (FRESH_GLYPH, "fresh")
        if mark.fresh
        else (" ", "")
    )
    parts: list[Part] = [((CURSOR_GLYPH if mark.cursor else " "), "marker"), (fit(sign, layout.margin - 1), sign_style)]
    status, priority = STATUS_GLYPHS[ticket.status], PRIORITY_GLYPHS[ticket.priority]
    if layout.words:
        status, priority = f"{status} {ticket.status}", f"{priority} {ticket.priority}"
    elif layout.short:
        status, priority = f"{status} {STATUS_SHORT[ticket.status]}", f"{priority} {PRIORITY_SHORT[ticket.priority]}"
    parts.append((fit(status, layout.status) + " ", f"status-{ticket.status}"))
    if layout.priority:
        parts.append((fit(priority, layout.priority) + " ", f"priority-{ticket.priority}"))
    if layout.number:
        parts.append((fit(f"#{ticket.number}", layout.number, right=True) + " ", "muted"))

    due, due_style = due_words(ticket, now)
    # Where there is no column for it, what is late is said before the title, and so is a promise that soon will be.
    promised = bool(due) and not due.startswith(("overdue", "due", "in "))
    warning = due if not layout.due and (due_style == "overdue" or (promised and due_style == "soon")) else ""
    parts += _title(ticket, layout, (warning, due_style), mark, back_words(ticket, now))
    if layout.requester:
        parts.append((fit(plain(ticket.requester) or UNKNOWN, layout.requester) + " ", "muted"))
    if layout.assignee:
        mine = me is not None and ticket.assignee_id == me
        name = "you" if mine else plain(ticket.assignee or "") or UNKNOWN
        parts.append((fit(name, layout.assignee) + " ", "you" if mine else "muted"))
    if layout.due:
        parts.append((fit(due, layout.due) + " ", due_style))
    if layout.when:
        since = ticket.created_at if sort == "age" else ticket.updated_at
        parts.append((fit(ago(now - since), layout.when, right=True) + " ", "muted"))
    if mark.pending:
        parts = [parts[0], *((text, "pending") for text, _ in parts[1:])]
    return exactly(parts, layout.width)


def _title(ticket: Ticket, layout: Columns, warning: Part, mark: Mark, back: str) -> list[Part]:
    """The title, after when it is back, who else has it open, a draft's mark and a warning for which there is no
    column, before as many tags as there is room for."""
    room = layout.title
    parts: list[Part] = []
    if back and room >= 12:
        words = f"{back} " if room >= 30 else f"{BACK_GLYPH} {back.removeprefix('back in ')} "
        parts.append((words, "there"))
        room -= len(words)
    if mark.there and room >= 6:
        glyph = WRITING_GLYPH if mark.writing else HERE_GLYPH
        words = f"{glyph} {plain(mark.there)} " if room >= 30 else f"{glyph} "
        parts.append((words, "there"))
        room -= cell_len(words)
    if mark.draft and room >= 6:
        words = f"{DRAFT_GLYPH} draft " if room >= 30 else f"{DRAFT_GLYPH} "
        parts.append((words, "draft"))
        room -= len(words)
    words, style = warning
    if words and room >= 6:
        if words.startswith("overdue"):
            words = "overdue" if room >= 24 else "!"
        elif room < 32:
            words = words[0]  # the sign of a promise
        parts.append((f"{words} ", style))
        room -= len(words) + 1
    title = plain(ticket.title) or "(no title)"
    length = cell_len(title)
    tags = ""
    if layout.assignee:
        for tag in ticket.tags:
            more = f"{tags} #{plain(tag)}"
            if length + 1 + cell_len(more) > room:
                break
            tags = more
    if tags:
        parts += [(f"{title} ", ""), (fit(tags, room - length - 1) + " ", "tag")]
    else:
        parts.append((fit(title, room) + " ", ""))
    return parts


def exactly(parts: list[Part], width: int) -> list[Part]:
    """Neighbours of one style joined, nothing beyond the width (the last gap, and everything on a very narrow line)."""
    joined: list[Part] = []
    left = width
    for text, style in parts:
        kept = text if cell_len(text) <= left else set_cell_size(text, left)
        left -= cell_len(kept)
        if not kept:
            continue
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + kept, joined[-1][1])
        else:
            joined.append((kept, style))
    if left > 0:
        joined.append((" " * left, ""))
    return joined
