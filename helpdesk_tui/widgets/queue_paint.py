"""The queue's lines as the strips that are sent for them, each drawn once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from rich.cells import cell_len
from rich.segment import Segment

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_lines import Blank, Foot, Heading, Line, Look, Row, Words
from helpdesk_tui.widgets.queue_row import Columns, Mark, Part, exactly, fit, headings, row_parts
from helpdesk_tui.widgets.queue_sort import Sort

__all__ = ["Painter"]

THUMB_GLYPH: Final = "▐"
#: How many tickets' lines are kept: some screens up and down, whatever the queue's length.
CACHED_ROWS: Final = 400


class Painter:
    """Draws a queue's lines.

    Args:
        view: the widget whose styles are used.
        me: the person signed in, shown as "you"; may change.
    """

    def __init__(self, view: LineView, me: UUID | None = None) -> None:
        self._view = view
        self.me = me
        self._rows: dict[UUID, tuple[Ticket, dict[Look, LineStrip]]] = {}
        self._rows_for: tuple[object, ...] = ()

    def strip(self, line: Line, layout: Columns, now: datetime, sort: Sort) -> LineStrip:
        """A line as it is sent, one cell wider than ``layout`` (the last one is for the thumb)."""
        match line:
            case Row(ticket, look):
                return self._row(ticket, look, layout, now, sort)
            case Heading():
                return self._strip("heading", [(headings(layout, sort) + " ", "")])
            case Foot(place, news, order):
                return self._foot([(place, ""), *news], layout.width + 1, order)
            case Words(text, style):
                return self._words(text, style, layout.width + 1)
            case Blank():
                return self._strip("row", [(" " * (layout.width + 1), "")])

    def _row(self, ticket: Ticket, look: Look, layout: Columns, now: datetime, sort: Sort) -> LineStrip:
        valid = (layout, sort, self.me, self._view.style_epoch)
        if valid != self._rows_for:
            self._rows.clear()
            self._rows_for = valid
        known = self._rows.get(ticket.id)
        if known is None or known[0] is not ticket:
            while len(self._rows) >= CACHED_ROWS:
                del self._rows[next(iter(self._rows))]
            known = self._rows[ticket.id] = (ticket, {})
        strip = known[1].get(look)
        if strip is None:
            mark = Mark(look.ground != "row", look.fresh, look.pending, look.draft, *look.there, look.marked)
            parts = row_parts(ticket, layout, now, mark=mark, sort=sort, me=self.me)
            edge = (THUMB_GLYPH, "thumb") if look.thumb else (" ", "")
            strip = known[1][look] = self._strip(look.ground, [*parts, edge])
        return strip

    def _foot(self, parts: list[Part], width: int, order: str) -> LineStrip:
        room = width - sum(cell_len(text) for text, _ in parts) - 1
        tail = fit(order, room, right=True) if cell_len(order) + 2 <= room else " " * max(0, room)
        return self._strip("foot", exactly([*parts, (tail + " ", "")], width))

    def _words(self, text: str, style: str, width: int) -> LineStrip:
        text = fit(text, min(cell_len(text), max(0, width - 2)))
        left = (width - cell_len(text)) // 2
        return self._strip("row", [(" " * left, ""), (text, style), (" " * (width - left - cell_len(text)), "")])

    def _strip(self, ground: str, parts: Iterable[Part]) -> LineStrip:
        """Parts on one ground, in as few segments as show the same: each costs 40 bytes on the way to the terminal."""
        joined: list[Part] = []
        for text, name in parts:
            if joined and (name == joined[-1][1] or not text.strip(" ")):
                joined[-1] = (joined[-1][0] + text, joined[-1][1])
            elif len(joined) == 1 and not joined[0][0].strip(" "):
                joined[0] = (joined[0][0] + text, name)
            elif text:
                joined.append((text, name))
        segments = [Segment(text, self._view.line_style(ground, name)) for text, name in joined]
        return LineStrip(segments, sum(cell_len(segment.text) for segment in segments))
