"""What a ticket is, above its thread: number and title, then status, priority, people, department, due date, tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import DRAFT_GLYPH, PRIORITY_GLYPHS, STATUS_GLYPHS, Part, due_words, fit, plain

__all__ = ["Clock", "Header", "TicketHeader", "utc_now"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Header(LineView, can_focus=False):
    """What is said of a ticket above its thread."""

    def show(self, ticket: Ticket | None, *, draft: bool = False) -> None:
        """Show a ticket, or none; with a draft's mark if the reader has begun to write to it."""
        raise NotImplementedError


class TicketHeader(Header):
    """Three lines about the ticket that is shown.

    Args:
        clock: tells the time that due dates are counted from.
        zone: where the reader is; None: where this machine is.
    """

    STYLE_PREFIX = "header--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--row",
        "header--title",
        "header--number",
        "header--muted",
        "header--tag",
        "header--draft",
        "header--overdue",
        "header--soon",
        *(f"header--status-{status}" for status in ("open", "pending", "resolved", "closed")),
        *(f"header--priority-{priority}" for priority in ("low", "medium", "high", "urgent")),
    }
    DEFAULT_CSS = """
    TicketHeader {
        height: 3;
        background: $panel;
        & > .header--row { color: $text; background: $panel; }
        & > .header--title { color: $text; text-style: bold; }
        & > .header--number { color: $text-accent; text-style: bold; }
        & > .header--muted { color: $text-muted; }
        & > .header--tag { color: $text-secondary; }
        & > .header--draft { color: $text-accent; }
        & > .header--overdue { color: $text-error; text-style: bold; }
        & > .header--soon { color: $text-warning; }
        & > .header--status-open { color: $text; }
        & > .header--status-pending { color: $text-warning; }
        & > .header--status-resolved { color: $text-success; }
        & > .header--status-closed { color: $text-muted; }
        & > .header--priority-low { color: $text-muted; }
        & > .header--priority-medium { color: $text; }
        & > .header--priority-high { color: $text-warning; }
        & > .header--priority-urgent { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, *, clock: Clock = utc_now, zone: tzinfo | None = None, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._zone = zone
        self._ticket: Ticket | None = None
        self._draft = False

    def show(self, ticket: Ticket | None, *, draft: bool = False) -> None:
        """Show a ticket, or none; with a draft's mark if the reader has begun to write to it."""
        if (ticket, draft) != (self._ticket, self._draft):
            self._ticket, self._draft = ticket, draft
            self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """The lines."""
        width = self.size.width
        ticket = self._ticket
        if ticket is None:
            return LineStrip([Segment(" " * width, self.line_style("row"))], width)
        if y == 0:
            number = f" #{ticket.number} "
            draft = f" {DRAFT_GLYPH} draft kept " if self._draft else ""
            parts: list[Part] = [
                (number, "number"),
                (fit(plain(ticket.title), max(0, width - cell_len(number) - cell_len(draft))), "title"),
                (draft, "draft"),
            ]
        elif y == 1:
            due, style = due_words(ticket, self._clock())
            parts = [
                (f" {STATUS_GLYPHS[ticket.status]} {ticket.status}", f"status-{ticket.status}"),
                (f"   {PRIORITY_GLYPHS[ticket.priority]} {ticket.priority}", f"priority-{ticket.priority}"),
                (f"   {plain(ticket.department or 'no department')}", "muted"),
                (f"   due {due}" if due.startswith("in ") else f"   {due}" if due else "", style),
                ("".join(f"  {plain(tag)}" for tag in ticket.tags), "tag"),
            ]
        else:
            parts = [
                (" from ", "muted"),
                (plain(ticket.requester), ""),
                ("   assigned to ", "muted"),
                (plain(ticket.assignee) if ticket.assignee else "nobody", "" if ticket.assignee else "muted"),
                (f"   since {ticket.created_at.astimezone(self._zone):%d %b %Y %H:%M}", "muted"),
            ]
        segments = [Segment(text, self.line_style("row", name)) for text, name in parts if text]
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style("row")), width)
