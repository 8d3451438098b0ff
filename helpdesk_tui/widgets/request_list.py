"""A customer's requests: what each is about, how it stands, when it last changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, Literal
from uuid import UUID

from rich.cells import cell_len
from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.plain import ago, stands
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import Part, fit, plain
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["RequestList", "State"]

State = Literal["loading", "failed", "ready"]
Row = tuple[Literal["head", "draft", "queued", "title", "about", "words"], object]

AGE_SECONDS = 30.0
UNSENT = UUID(int=0)
"""Stands for the request that is being written and not sent yet."""


class RequestList(RowList):
    """The list. It asks nobody for anything: whoever owns it brings the requests.

    Args:
        clock: tells the time that ages are counted from.
        zone: where the reader is; None: where this machine is.
    """

    STYLE_PREFIX = "requests--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "requests--row",
        "requests--cursor",
        "requests--cursor-blurred",
        "requests--head",
        "requests--title",
        "requests--about",
        "requests--draft",
        "requests--loading",
        "requests--empty",
        "requests--failed",
        *(f"requests--{mood}" for mood in ("waiting", "working", "yours", "solved", "closed")),
    }
    DEFAULT_CSS = """
    RequestList {
        height: 1fr;
        background: $background;
        & > .requests--row { color: $foreground; background: $background; }
        & > .requests--cursor { color: $foreground; background: $primary 30%; }
        & > .requests--cursor-blurred { color: $foreground; background: $panel; }
        & > .requests--head { color: $text-muted; background: $panel; text-style: bold; }
        & > .requests--title { text-style: bold; }
        & > .requests--about { color: $text-muted; }
        & > .requests--draft { color: $text-accent; text-style: bold; }
        & > .requests--waiting { color: $text; }
        & > .requests--working { color: $text-primary; }
        & > .requests--yours { color: $text-warning; text-style: bold; }
        & > .requests--solved { color: $text-success; }
        & > .requests--closed { color: $text-muted; }
        & > .requests--loading { color: $text-muted; text-style: italic; }
        & > .requests--empty { color: $text-muted; }
        & > .requests--failed { color: $text-error; text-style: bold; }
        &:nocolor > .requests--cursor { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moving("requests"), *bound("requests", open="open")]

    class Highlighted(Message):
        """Another request is chosen; None: none, or the one that is not sent yet."""

        def __init__(self, ticket: Ticket | None) -> None:
            super().__init__()
            self.ticket = ticket

    class Opened(Message):
        """A request is to be opened; None: the one that is not sent yet."""

        def __init__(self, ticket: Ticket | None) -> None:
            super().__init__()
            self.ticket = ticket

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        zone: tzinfo | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._zone = zone
        self.state: State = "loading"
        self._words = "Looking for your requests …"
        self._open: tuple[Ticket, ...] = ()
        self._ended: tuple[Ticket, ...] = ()
        self._more = False
        self._draft: str | None = None
        self._queued: tuple[str, ...] = ()
        self._chosen: UUID | None = None
        self._rows: list[Row] = []
        self._painted: tuple[str, ...] = ()

    # What comes in

    def show(self, opened: Sequence[Ticket], ended: Sequence[Ticket], *, more: bool = False) -> None:
        """These are the requests."""
        self.state = "ready"
        self._open, self._ended, self._more = tuple(opened), tuple(ended), more
        self._rebuild()

    def show_draft(self, title: str | None) -> None:
        """A request is written and not sent yet; None: none is."""
        if title != self._draft:
            self._draft = title
            self._rebuild()

    def show_queued(self, titles: Sequence[str]) -> None:
        """These were sent and have not reached the database yet."""
        if tuple(titles) != self._queued:
            self._queued = tuple(titles)
            self._rebuild()

    def show_failed(self, why: str) -> None:
        """They could not be read. What was there stays readable."""
        if self.state != "ready":
            self.state, self._words = "failed", f"✗ {safe_line(why, 400)}"
            self._rebuild()

    def looks(self, ticket: Ticket) -> None:
        """A request looks like this now."""
        rest = [each for each in (*self._open, *self._ended) if each.id != ticket.id]
        if self.state == "ready":
            both = sorted((*rest, ticket), key=lambda each: (each.updated_at, each.id), reverse=True)
            self._open = tuple(each for each in both if each.status in ("open", "pending"))
            self._ended = tuple(each for each in both if each.status not in ("open", "pending"))
            self._rebuild()

    # What is there

    @property
    def selected(self) -> Ticket | None:
        """The chosen request; None where there is none, or it is the one that is not sent yet."""
        return next((each for each in (*self._open, *self._ended) if each.id == self._chosen), None)

    def find(self, ticket_id: UUID) -> Ticket | None:
        """A request by its id, if it is listed."""
        return next((each for each in (*self._open, *self._ended) if each.id == ticket_id), None)

    def choose(self, ticket_id: UUID) -> None:
        """Choose a request, if it is listed."""
        if ticket_id in self._order() and ticket_id != self._chosen:
            self._chosen = ticket_id
            self.keep_in_sight()
            self.post_message(self.Highlighted(self.selected))

    def _order(self) -> list[UUID]:
        drafts = [UNSENT] if self._draft is not None else []
        return [*drafts, *(each.id for each in (*self._open, *self._ended))]

    def _rebuild(self) -> None:
        rows: list[Row] = []
        if self._draft is not None:
            rows += [("head", "Not sent yet"), ("draft", self._draft)]
        if self._queued:
            rows += [("head", "Sent as soon as we can be reached"), *(("queued", each) for each in self._queued)]
        if self.state != "ready":
            rows.append(("words", self._words))
        elif not self._open and not self._ended and not self._queued:
            rows.append(("words", "You have not asked us anything yet. n writes a request."))
        for head, tickets in (("Your requests", self._open), ("Solved and closed", self._ended)):
            if tickets:
                rows.append(("head", head))
                rows += [row for each in tickets for row in (("title", each), ("about", each))]
        if self._more:
            rows.append(("words", "Older ones are not listed here."))
        self._rows = rows
        before = self._chosen
        order = self._order()
        if self._chosen not in order:
            self._chosen = order[0] if order else None
        self.keep_in_sight()
        if self._chosen != before or self.selected is not None:
            self.post_message(self.Highlighted(self.selected))

    def _lines_of(self, chosen: UUID | None) -> tuple[int, int]:
        """The first and the last line of a request."""
        at = [n for n, (_, about) in enumerate(self._rows) if isinstance(about, Ticket) and about.id == chosen]
        if chosen == UNSENT:
            at = [n for n, (kind, _) in enumerate(self._rows) if kind == "draft"]
        return (at[0], at[-1]) if at else (0, 0)

    def keep_in_sight(self) -> None:
        """Bring the chosen one into view, with the head above it where that is the first line of all."""
        height = max(self.size.height, 1)
        order = self._order()
        self.cursor = order.index(self._chosen) if self._chosen in order else 0
        first, last = self._lines_of(self._chosen)
        if order and self._chosen == order[0]:
            first = 0  # with what cannot be chosen above it
        self.top = max(min(self.top, first), last - height + 1, 0)
        self.top = min(self.top, max(len(self._rows) - height, 0))
        self.refresh()

    # Painting

    def render_line(self, y: int) -> LineStrip:
        """A line."""
        width = self.size.width
        index = self.top + y
        parts: list[Part] = []
        ground = "row"
        if index < len(self._rows):
            kind, about = self._rows[index]
            chosen = about.id == self._chosen if isinstance(about, Ticket) else self._chosen == UNSENT
            marker = "▌" if chosen and kind in ("title", "about", "draft") else " "
            if marker == "▌":
                ground = self.cursor_ground
            if isinstance(about, Ticket):
                parts = [(marker, ""), *self._about(about, kind, width - 1)]
            elif kind == "head":
                ground, parts = "head", [(f" {about}", "")]
            elif kind == "draft":
                parts = [(marker, ""), (f" ✎ {fit(plain(str(about)), max(width - 4, 0))}", "draft")]
            elif kind == "queued":
                parts = [(f" ◌ {fit(plain(str(about)), max(width - 4, 0))}", "about")]
            else:
                name = {"loading": "loading", "failed": "failed"}.get(self.state, "empty")
                parts = [(f" {fit(str(about), max(width - 1, 0))}", name)]
        return self.strip(parts, ground)

    def _about(self, ticket: Ticket, kind: str, width: int) -> list[Part]:
        if kind == "title":
            return [(f" {fit(plain(ticket.title), max(width - 1, 0))}", "title")]
        standing = stands(ticket)
        words = f" {standing.glyph} {standing.words}"
        when = ago(ticket.updated_at, self._clock(), self._zone)
        return [(words if cell_len(words) <= width else fit(words, width), standing.mood), (f"  ·  {when}", "about")]

    def _ages(self) -> tuple[str, ...]:
        """How long ago the requests on the screen changed, in words."""
        now = self._clock()
        shown = self._rows[self.top : self.top + self.size.height]
        return tuple(ago(about.updated_at, now, self._zone) for _, about in shown if isinstance(about, Ticket))

    def _age(self) -> None:
        """Time has passed: paint where that changed a word, and nothing where it did not."""
        ages = self._ages()
        if ages != self._painted:
            self._painted = ages
            self.refresh()

    def on_mount(self) -> None:
        """From now on time passes."""
        self._rebuild()
        self.set_interval(AGE_SECONDS, self._age)

    # Keys and mouse

    @property
    def count(self) -> int:
        """How many requests there are, the one that is not sent yet too."""
        return len(self._order())

    @property
    def fits(self) -> int:
        """By how many requests a page moves: one stays in sight."""
        return max(self.size.height // 2 - 1, 1)

    def go_to(self, place: int) -> None:
        """Choose a request by its place, or the nearest that there is."""
        order = self._order()
        if order:
            self._go(order[min(max(place, 0), len(order) - 1)])

    def row_at(self, y: int) -> int | None:
        """The request that is drawn on a line, by its place."""
        kind, about = self._rows[self.top + y] if self.top + y < len(self._rows) else ("head", None)
        drawn = about.id if isinstance(about, Ticket) else UNSENT if kind == "draft" else None
        return self._order().index(drawn) if drawn is not None else None

    def action_open(self) -> None:
        """Open the chosen one."""
        if self._chosen is not None:
            self.post_message(self.Opened(self.selected))

    def _go(self, chosen: UUID) -> None:
        if chosen != self._chosen:
            self._chosen = chosen
            self.keep_in_sight()
            self.post_message(self.Highlighted(self.selected))
