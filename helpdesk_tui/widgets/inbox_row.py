"""What one line of the inbox says, at any width: pure text and the names of styles, free of Textual."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rich.cells import cell_len

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.notice_words import about, what
from helpdesk_tui.core.notices import Notice
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.queue_row import CURSOR_GLYPH, Part, exactly, fit, plain

__all__ = ["GLYPHS", "row_lines"]

#: Stands beside the words of the newest event.
GLYPHS: Final = {
    "assigned": "→",
    "reply": "↩",
    "mention": "@",
    "note": "✎",
    "chat": "»",
    "due": "!",
    "sla": "◕",
    "back": "◷",
    "status": "✓",
}
UNREAD_GLYPH: Final = "●"
_OF_TICKETS: Final = ("assigned", "reply", "mention", "note", "due", "sla", "back", "status")


def _style(kind: str) -> str:
    return {"mention": "mention", "due": "due", "sla": "due"}.get(kind, "kind")


def row_lines(notice: Notice, width: int, role: Role, now: datetime, *, cursor: bool = False) -> list[list[Part]]:
    """Two lines: what it is about and how long ago; what happened, and how the newest message begins.

    Args:
        width: cells, at least 20.
        role: the reader's.
        now: what ages are counted from.
        cursor: whether the list's cursor is on it.

    Returns:
        For each line its text and the names of the styles; each takes exactly ``width`` cells.
    """
    marker: Part = (f"{CURSOR_GLYPH} " if cursor else "  ", "cursor-mark")
    unread: Part = ("  ", "") if notice.read else (f"{UNREAD_GLYPH} ", "unread")
    glyph: Part = (f"{GLYPHS.get(notice.kind, '·')} ", _style(notice.kind))
    when = f" {ago(now - notice.updated_at).rjust(3)} "
    title = fit(plain(about(notice)), max(width - 6 - cell_len(when), 1))
    first = [marker, unread, glyph, (title, "read" if notice.read else "title"), (when, "muted")]

    words = what(notice, role, now)
    if not words and notice.kind in _OF_TICKETS:
        # About several at once: the way to them is all there is to say.
        way = f"Enter shows your {'requests' if role == 'customer' else 'queues'}"
        return [exactly(first, width), exactly([marker, ("    ", ""), (fit(way, width - 6), "muted")], width)]
    urgent = "due" if notice.kinds.keys() & {"due", "sla"} else "mention" if "mention" in notice.kinds else "what"
    second: list[Part] = [marker, ("    ", ""), (words, "muted" if notice.read else urgent)]
    excerpt = plain(notice.excerpt or "")
    room = width - 6 - cell_len(words)
    if excerpt and room >= 12:
        between = " · " if words else ""
        second.append((f"{between}{fit(f'“{excerpt}”', room - len(between))}", "muted"))
    elif room < 0:
        second[-1] = (fit(words, width - 6), second[-1][1])
    return [exactly(first, width), exactly(second, width)]
