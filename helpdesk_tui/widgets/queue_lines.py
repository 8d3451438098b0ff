"""What each line of the queue says at a moment, free of Textual. Lines that compare equal look the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from rich.cells import cell_len

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.queue_pager import Pager
from helpdesk_tui.widgets.queue_row import MARK_GLYPH, Part, back_words, due_words, plain
from helpdesk_tui.widgets.queue_sort import SORT_WORDS
from helpdesk_tui.widgets.queue_view import View
from helpdesk_tui.widgets.queue_window import QueueWindow

__all__ = ["Blank", "Foot", "Heading", "Line", "Look", "Row", "Situation", "Words", "position", "thumb", "wrapped"]


Ground = Literal["row", "cursor", "cursor-blurred"]


class Look(NamedTuple):
    """Everything but the ticket that decides how its line looks. Times are the words they are shown as, so a line is
    drawn anew when its words change and not before."""

    ground: Ground
    fresh: bool
    pending: bool
    draft: bool
    there: tuple[str, bool]
    marked: bool
    thumb: bool
    when: str
    due: str


class Row(NamedTuple):
    """A line that shows a ticket."""

    ticket: Ticket
    look: Look


class Heading(NamedTuple):
    """The line above the rows."""

    kind: Literal["heading"] = "heading"


class Foot(NamedTuple):
    """The line below the rows: where the selection is, news, and at the right, if there is room, the order."""

    position: str
    news: tuple[Part, ...]
    order: str


class Words(NamedTuple):
    """A line in the middle, instead of rows."""

    text: str
    style: str


class Blank(NamedTuple):
    """An empty line."""

    kind: Literal["blank"] = "blank"


Line = Row | Heading | Foot | Words | Blank


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides what the queue shows.

    Attributes:
        pager, view: the rows, and which of them are on the screen.
        now: what ages are told from.
        width: how many cells a line has.
        heading, foot: whether there is room for the lines above and below the rows.
        focus: whether keys go to the queue.
        empty: what to say when there is no ticket.
        fresh, pending, drafts: tickets that changed unseen, that wait for the server, that have a draft.
        there: who else has a ticket open, in a word, and whether they write to it.
        news: how many tickets came in above the screen.
        key: tells the key of an action by its binding's id.
        marked: tickets that the next act is about.
        ranging: whether a range of them reaches to wherever one goes.
    """

    pager: Pager
    view: View
    now: datetime
    width: int
    heading: bool
    foot: bool
    focus: bool
    empty: str
    fresh: Collection[UUID]
    pending: Collection[UUID]
    drafts: Collection[UUID]
    there: Mapping[UUID, tuple[str, bool]]
    news: int
    key: Callable[[str], str]
    marked: Collection[UUID] = ()
    ranging: bool = False

    def lines(self) -> list[Line]:
        """One for every line of the widget."""
        height = self.view.height
        lines: list[Line] = [Heading()] if self.heading else []
        end = len(lines) + height
        if self.pager.state == "ready":
            lines += self._rows()
        else:
            words = self._words()[:height]
            lines += [Blank()] * ((height - len(words)) // 2)
            lines += words
        lines += [Blank()] * (end - len(lines))
        if self.foot:
            lines.append(self._foot())
        return lines

    def _rows(self) -> Iterable[Row]:
        view, window = self.view, self.pager.window
        bar = thumb(window, view.top, view.height)
        cursor = window.cursor
        for line, ticket in enumerate(view.rows(window)):
            ground: Ground = "row"
            if view.top + line == cursor:
                ground = "cursor" if self.focus else "cursor-blurred"
            yield self._row(ticket, ground, at_thumb=line in bar)

    def _row(self, ticket: Ticket, ground: Ground, *, at_thumb: bool) -> Row:
        since = ticket.created_at if self.pager.window.sort == "age" else ticket.updated_at
        when, due = ago(self.now - since), due_words(ticket, self.now)[0] + back_words(ticket, self.now)
        fresh, pending, draft = (ticket.id in ids for ids in (self.fresh, self.pending, self.drafts))
        there = self.there.get(ticket.id, ("", False))
        marked = ticket.id in self.marked
        return Row(ticket, Look(ground, fresh, pending, draft, there, marked, at_thumb, when, due))

    def coming(self, down: bool) -> Iterable[Row]:
        """The rows that half a page further would bring onto the screen."""
        top, height, window = self.view.top, self.view.height, self.pager.window
        half = height // 2 + 1
        start = top + height if down else max(0, top - half)
        for ticket in window.rows[start : start + half if down else top]:
            yield self._row(ticket, "row", at_thumb=False)

    def _words(self) -> list[Line]:
        """What stands instead of rows. The three states differ in words, glyph and colour."""
        if self.pager.state == "loading":
            return [Words("⋯ Loading tickets", "loading")]
        if self.pager.state == "empty":
            return [
                Words("✓ Nothing here", "empty"),
                *(Words(line, "") for line in wrapped(plain(self.empty), self.width - 4)),
            ]
        return [
            Words("✗ Could not load the tickets", "failed"),
            *(Words(line, "") for line in wrapped(plain(self.pager.failure or ""), self.width - 4)),
            Words(f"{self.key('queue.retry')} tries again", "muted"),
        ]

    def _foot(self) -> Foot:
        pager, window, view = self.pager, self.pager.window, self.view
        order = SORT_WORDS[window.sort]
        if pager.state != "ready":
            return Foot("", (), order)
        news: list[Part] = []
        if self.marked:
            end = f"{self.key('queue.range')} ends the range, " if self.ranging else ""
            unmark = f"{end}{self.key('queue.unmark')} unmarks"
            news.append((f"{MARK_GLYPH} {len(self.marked):,} marked ({unmark}) ", "marked"))
        at_edge = (window.has_after and view.top + view.height >= len(window)) or (window.has_before and not view.top)
        if pager.failure is not None:
            news.append((f"✗ {self.key('queue.retry')} tries again: {plain(pager.failure)} ", "failed"))
        elif pager.jumping or (pager.asking and at_edge):
            news.append(("⋯ loading ", "loading"))
        if self.news:
            news.append((f"↑ {self.news:,} new ({self.key('queue.first')}) ", "news"))
        return Foot(position(window), tuple(news), order)


def wrapped(text: str, width: int) -> list[str]:
    """Words in lines of at most so many cells; a word that is longer is left for the painter to cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def position(window: QueueWindow) -> str:
    """Where the selection is: "12 of 1,024", "~12 of 1,024" when that is a good guess, "12 of 1,000+" when the queue's
    length is not known, and then "last −3" when it is told from the end alone. As long whatever the row, so that only
    its digits change."""
    loaded = (window.offset or 0) + len(window)
    total = f"{window.total:,}" if window.total is not None else f"{max(window.at_least, loaded):,}+"
    cursor = window.cursor
    place = "—"
    if cursor is not None and window.offset is not None:
        place = f"{'' if window.offset_exact else '~'}{window.offset + cursor + 1:,}"
    elif cursor is not None and not window.has_after:
        behind = len(window) - 1 - cursor
        place = f"last −{behind:,}" if behind else "last"
    return f" {place} of {total} ".ljust(2 * len(total) + 7)


def thumb(window: QueueWindow, top: int, height: int) -> range:
    """The screen lines (of the rows' ``height``) that show where in the queue the view is; none if all of it shows."""
    total = window.total
    if total is None or window.offset is None or height < 2 or total <= height:
        return range(0)
    size = max(1, min(height - 1, height * height // total))
    start = round((height - size) * min(1.0, (window.offset + top) / (total - height)))
    return range(start, start + size)
