"""What a ticket is, above its thread: number and title, then status, priority, people, department, due date, tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment

from helpdesk_tui.core.model import NOTHING_MORE, More, Ticket
from helpdesk_tui.core.sla import State
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import DRAFT_GLYPH, PRIORITY_GLYPHS, STATUS_GLYPHS, Part, due_date_words, fit, plain

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


TICK_SECONDS: Final = 20.0
_PROMISED: Final[dict[State, str]] = {"breached": "overdue", "soon": "soon", "late": "overdue", "met": "met"}


def relations(more: More, now: datetime) -> list[Part]:
    """What else is to be said of a ticket in a line: where it went, when it is back, what it is to others."""
    parts: list[Part] = []
    if more.merged_into is not None:
        number = more.merged_into.number
        parts.append((f"   merged into {f'#{number}' if number else 'another ticket'}", "soon"))
    if more.snoozed is not None and more.snoozed > now:
        from helpdesk_tui.core.when import time_left

        parts.append((f"   asleep, back in {time_left(more.snoozed, now)}", "soon"))
    if more.following:
        parts.append(("   followed", "tag"))
    if more.merged:
        parts.append((f"   with {', '.join(f'#{each.number}' for each in more.merged)}", "muted"))
    for link in more.links:
        parts.append((f"   {link.kind} ", "muted"))
        parts.append((f"#{link.number} {link.status}", f"status-{link.status}"))
    return parts


def filled(more: More) -> list[Part]:
    """The custom fields that hold something, in a line."""
    parts: list[Part] = []
    if not more.fields:
        return parts
    from helpdesk_tui.core.fields import words_of

    for field in more.fields:
        parts += [(f"   {plain(field.label)} ", "muted"), (fit(plain(words_of(field.value)), 40).rstrip(), "")]
    return parts


class TicketHeader(Header):
    """Three lines about the ticket that is shown; more where something is promised, or there is more to say.

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
        "header--met",
        *(f"header--status-{status}" for status in ("open", "pending", "resolved", "closed")),
        *(f"header--priority-{priority}" for priority in ("low", "medium", "high", "urgent")),
    }
    DEFAULT_CSS = """
    TicketHeader {
        height: 3;
        &.promised { height: 4; }
        background: $panel;
        & > .header--row { color: $text; background: $panel; }
        & > .header--title { color: $text; text-style: bold; }
        & > .header--number { color: $text-accent; text-style: bold; }
        & > .header--muted { color: $text-muted; }
        & > .header--tag { color: $text-secondary; }
        & > .header--draft { color: $text-accent; }
        & > .header--overdue { color: $text-error; text-style: bold; }
        & > .header--soon { color: $text-warning; }
        & > .header--met { color: $text-success; }
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
        self._more: list[list[Part]] = []
        self._promised = False
        self._said = ""

    def on_mount(self) -> None:
        """From now on time passes."""
        self.set_interval(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Paint what is said of time anew, if that is something else by now."""
        if self._ticket is not None and self._said and self._words_of_time() != self._said:
            self.refresh()

    def _words_of_time(self) -> str:
        return repr([self._line(y) for y in (1, 3)])

    def show(self, ticket: Ticket | None, *, draft: bool = False) -> None:
        """Show a ticket, or none; with a draft's mark if the reader has begun to write to it."""
        if (ticket, draft) != (self._ticket, self._draft):
            self._ticket, self._draft = ticket, draft
            self._promised = ticket is not None and ticket.more.sla is not None
            self.set_class(self._promised, "promised")
            more = NOTHING_MORE if ticket is None else ticket.more
            self._more = [parts for parts in (relations(more, self._clock()), filled(more)) if parts]
            self.styles.height = 3 + self._promised + len(self._more)
            self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """The lines."""
        width = self.size.width
        ticket = self._ticket
        if ticket is None:
            return LineStrip([Segment(" " * width, self.line_style("row"))], width)
        self._said = self._words_of_time()
        segments = [Segment(text, self.line_style("row", name)) for text, name in self._line(y) if text]
        if Segment.get_line_length(segments) > width:  # what there is no room for is there all the same
            segments = [*Segment.adjust_line_length(segments, width - 1), Segment("…", self.line_style("row", "muted"))]
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style("row")), width)

    def _line(self, y: int) -> list[Part]:
        ticket, width = self._ticket, self.size.width
        if ticket is None:
            return []
        if y == 0:
            number = f" #{ticket.number} "
            draft = f" {DRAFT_GLYPH} draft kept " if self._draft else ""
            return [
                (number, "number"),
                (fit(plain(ticket.title), max(0, width - cell_len(number) - cell_len(draft))), "title"),
                (draft, "draft"),
            ]
        if y >= 3 + self._promised:
            at = y - 3 - self._promised
            said = self._more[at] if at < len(self._more) else []
            return [(text.removeprefix("  ") if n == 0 else text, style) for n, (text, style) in enumerate(said)]
        if y == 1:
            due, style = due_date_words(ticket, self._clock(), self._zone)
            return [
                (f" {STATUS_GLYPHS[ticket.status]} {ticket.status}", f"status-{ticket.status}"),
                (f"   {PRIORITY_GLYPHS[ticket.priority]} {ticket.priority}", f"priority-{ticket.priority}"),
                (f"   {plain(ticket.department or 'no department')}", "muted"),
                (f"   {due}" if due else "", style),
                ("".join(f"  {plain(tag)}" for tag in ticket.tags), "tag"),
            ]
        if y == 2:
            return [
                (" from ", "muted"),
                (plain(ticket.requester), ""),
                ("   assigned to ", "muted"),
                (plain(ticket.assignee) if ticket.assignee else "nobody", "" if ticket.assignee else "muted"),
                (f"   since {ticket.created_at.astimezone(self._zone):%d %b %Y %H:%M}", "muted"),
            ]
        return self._promises(ticket, width)

    def _promises(self, ticket: Ticket, width: int) -> list[Part]:
        """Each in words, or in short ones where there is no room."""
        now, sla = self._clock(), ticket.more.sla
        promises = sla.promises if sla is not None else ()
        whole = sum(cell_len(promise.words(now)) + 3 for promise in promises) <= width
        return [
            (f" {promise.words(now) if whole else promise.short(now)}  ", _PROMISED.get(promise.state(now), "muted"))
            for promise in promises
        ]
