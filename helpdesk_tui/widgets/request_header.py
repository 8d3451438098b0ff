"""A customer's request above its thread: what it is about, how it stands, who is on it, how it went."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment

from helpdesk_tui.actions import key_of
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.plain import stands, stars
from helpdesk_tui.core.requests import Rating
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import Part, fit, plain
from helpdesk_tui.widgets.ticket_header import Clock, Header, utc_now

__all__ = ["RequestHeader"]


class RequestHeader(Header):
    """Three lines about the request that is shown.

    Args:
        clock: tells the time.
        zone: where the reader is; None: where this machine is.
    """

    STYLE_PREFIX = "request--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "request--row",
        "request--title",
        "request--muted",
        "request--ask",
        *(f"request--{mood}" for mood in ("waiting", "working", "yours", "solved", "closed")),
    }
    DEFAULT_CSS = """
    RequestHeader {
        height: 3;
        background: $panel;
        & > .request--row { color: $text; background: $panel; }
        & > .request--title { color: $text; text-style: bold; }
        & > .request--muted { color: $text-muted; }
        & > .request--ask { color: $text-accent; text-style: bold; }
        & > .request--waiting { color: $text; }
        & > .request--working { color: $text-primary; }
        & > .request--yours { color: $text-warning; text-style: bold; }
        & > .request--solved { color: $text-success; }
        & > .request--closed { color: $text-muted; }
    }
    """

    def __init__(self, *, clock: Clock = utc_now, zone: tzinfo | None = None, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._zone = zone
        self._ticket: Ticket | None = None
        self._draft = False
        self._rating: Rating | None = None
        self._rating_known = False

    def show(self, ticket: Ticket | None, *, draft: bool = False) -> None:
        """Show a request, or none; with a mark if an answer is begun."""
        if (ticket, draft) != (self._ticket, self._draft):
            self._draft = draft
            if ticket is None or self._ticket is None or ticket.id != self._ticket.id:
                self._rating, self._rating_known = None, False
            self._ticket = ticket
            self.refresh()

    def show_rating(self, rating: Rating | None) -> None:
        """What its sender said of the help, None where they have said nothing."""
        self._rating, self._rating_known = rating, True
        self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """The lines."""
        width = self.size.width
        ticket = self._ticket
        parts: list[Part] = []
        if ticket is not None and y == 0:
            parts = [(f" {fit(plain(ticket.title), max(0, width - 1))}", "title")]
        elif ticket is not None and y == 1:
            standing = stands(ticket)
            parts = [(f" {standing.glyph} {standing.words}", standing.mood)]
            if ticket.assignee and ticket.status in ("open", "pending"):
                parts.append((f"   {plain(ticket.assignee)} is helping you", "muted"))
            if self._draft:
                parts.append(("   ✎ your answer is not sent yet", "ask"))
        elif ticket is not None:
            sent = ticket.created_at.astimezone(self._zone)
            about = f" Number {ticket.number}, sent {sent.day} {sent:%b %Y %H:%M}"
            asked = self._asked(ticket)
            if cell_len(about) + cell_len(asked) + 3 > width and asked:
                about = f" Number {ticket.number}"
            parts = [(about, "muted"), (f"   {asked}" if asked else "", "ask")]
        segments = [Segment(text, self.line_style("row", name)) for text, name in parts if text]
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style("row")), width)

    def _asked(self, ticket: Ticket) -> str:
        """The rating, or the question for it; of what was merged, how to get where it goes on."""
        into = ticket.more.merged_into
        if into is not None:
            return f"It goes on there: {key_of('customer.merged')} opens it" if into.id is not None else ""
        if not self._rating_known or ticket.status in ("open", "pending"):
            return ""
        if self._rating is None:
            return "How did we do? 1 bad … 5 good"
        return f"You said {stars(self._rating.rating)}  1–5 changes it"
