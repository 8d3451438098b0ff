"""Which rows a queue asks for, and what becomes of the answers: free of Textual.

Answers come late, twice, out of order or not at all. A new *turn* (another view, a jump to an end, everything read
anew) makes answers to older questions void, so a page never lands in rows that it does not belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.queue_sort import Sort
from helpdesk_tui.widgets.queue_window import Changes, QueueWindow

__all__ = ["PageRequest", "Pager", "State"]

State = Literal["loading", "empty", "failed", "ready"]

#: The next page is asked for when fewer rows than this (or two screens) are left.
MARGIN: Final = 60


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Rows that a queue wants.

    Attributes:
        kind: "first" and "last" ends of the queue, the page "before" or "after" what is loaded, or "again": what is
            on the screen, read anew.
        after, before: the ticket next to which the page lies, as it was when it was loaded.
        limit: how many rows at most.
        turn: which question this is; an answer to an old one is not taken.
    """

    kind: Literal["first", "last", "before", "after", "again"]
    after: Ticket | None
    before: Ticket | None
    limit: int
    turn: int


class Pager:
    """The questions of one queue and its loaded rows.

    Args:
        sort: the queue's order.
        page_size: how many rows to ask for at a time.

    Attributes:
        window: the loaded rows.
        failure: why the last question was not answered, in words for people; None if all is well.
        fed: whether there was an answer at all since the start.
    """

    def __init__(self, sort: Sort, page_size: int = 100) -> None:
        self.page_size = page_size
        self.window = QueueWindow(sort)
        self.failure: str | None = None
        self.fed = False
        self._turn = 0
        self._asked: dict[str, PageRequest] = {}
        self._failed: PageRequest | None = None
        self._meanwhile: dict[UUID, Ticket | None] = {}
        self._jump_moves = 0

    @property
    def state(self) -> State:
        """What there is to show: rows, or which words instead of them."""
        if len(self.window):
            return "ready"
        if self.failure is not None:
            return "failed"
        return "loading" if self._asked or not self.fed else "empty"

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._asked)

    @property
    def jumping(self) -> bool:
        """Whether the first or the last page is awaited."""
        return "first" in self._asked or "last" in self._asked

    def start(self, sort: Sort | None = None, *, after: Ticket | None = None) -> PageRequest:
        """Begin anew, with nothing loaded and nothing selected; returns the question to ask.

        Args:
            after: begin behind this ticket and not at the queue's first.
        """
        if self.fed or sort not in (None, self.window.sort):
            self.window = QueueWindow(sort or self.window.sort)
        self.fed = False
        self._next_turn()
        return self._ask("first", after=after)

    def jump(self, end: Literal["first", "last"]) -> PageRequest:
        """The question for the first or the last page, instead of all others."""
        self._next_turn()
        return self._ask(end)

    def stay(self) -> None:
        """Forget a jump that is awaited: the person went elsewhere."""
        if self.fed and self.jumping:
            self._next_turn()

    def move_after_jump(self, delta: int) -> None:
        """Remember a move made while a jump is awaited, counted from where it will land."""
        self._jump_moves += delta

    def want(self, top: int, height: int) -> list[PageRequest]:
        """The pages that are about to be needed when ``height`` rows from ``top`` are on the screen."""
        window = self.window
        if self.jumping or self.failure is not None or not self.fed:
            return []
        margin = max(MARGIN, 2 * height)
        wanted = []
        if window.has_after and "after" not in self._asked and len(window) - (top + height) < margin:
            wanted.append(self._ask("after"))
        if window.has_before and "before" not in self._asked and top < margin:
            wanted.append(self._ask("before"))
        return wanted

    def again(self, first: int, last: int) -> PageRequest:
        """The question that reads the rows from ``first`` to ``last`` anew, and some around them."""
        window = self.window
        if self.jumping or not self.fed:
            moves, asked = self._jump_moves, self._asked.get("first")
            end: Literal["first", "last"] = "last" if "last" in self._asked else "first"
            self._next_turn()
            self._jump_moves = moves
            return self._ask(end, after=asked.after if asked is not None else None)
        start = max(0, first - MARGIN)
        rows = max(self.page_size, last + MARGIN - start)
        if start == 0 and window.has_before:
            start = 1  # there is no keyset for "from this very row on"; the page before brings it back
        after = window[start - 1] if 0 < start <= len(window) else None
        self._failed = self.failure = None
        return self._ask("again", after=after, limit=rows)

    def retry(self) -> PageRequest | None:
        """The question that failed, once more."""
        request = self._failed
        if request is None:
            return None
        self._failed = self.failure = None
        if request.kind in ("first", "last"):
            self._next_turn()
        return self._ask(request.kind, after=request.after, before=request.before, limit=request.limit)

    def feed(self, request: PageRequest, rows: Sequence[Ticket], more: bool) -> bool:
        """Take an answer.

        Args:
            request: what was asked.
            rows: the tickets, in the queue's order.
            more: whether there are more in the direction asked.

        Returns:
            Whether it was taken; an answer to an old question is not.
        """
        if self._asked.get(request.kind) != request:
            return False
        del self._asked[request.kind]
        window = self.window
        self.fed = True
        self._failed = self.failure = None
        if request.kind == "after":
            window.extend_after(rows, more)
        elif request.kind == "before":
            window.extend_before(rows, more)
        elif request.kind == "again":
            before = request.after is not None
            place = None if request.after is None else window.index_of(request.after.id)
            offset = None if place is None or window.offset is None else window.offset + place + 1
            window.replace(rows, has_before=before, has_after=more, offset=offset)
            self._next_turn()
        else:
            last = request.kind == "last"
            behind = request.after is not None
            window.replace(rows, has_before=behind or (last and more), has_after=more and not last)
            window.select((len(window) - 1 if last else 0) + self._jump_moves)
            self._jump_moves = 0
        self._catch_up()
        return True

    def fail(self, request: PageRequest, why: str) -> bool:
        """Take the news that a question will not be answered; returns whether it still mattered."""
        if self._asked.get(request.kind) != request:
            return False
        del self._asked[request.kind]
        self._failed, self.failure = request, why
        self._jump_moves = 0
        return True

    def apply_changes(self, updated: Mapping[UUID, Ticket | None]) -> Changes:
        """Take live changes, also for pages that are on their way and were read before them."""
        if self._asked:
            self._meanwhile.update(updated)
        return self.window.apply_changes(updated)

    def _catch_up(self) -> None:
        """Changes that came while a page was on its way are newer than its rows, unless those say otherwise."""
        stale: dict[UUID, Ticket | None] = {}
        for ticket_id, ticket in self._meanwhile.items():
            row = self.window.get(ticket_id)
            if ticket != row and (row is None or ticket is None or ticket.updated_at >= row.updated_at):
                stale[ticket_id] = ticket
        if stale:
            self.window.apply_changes(stale)
        if not self._asked:
            self._meanwhile.clear()

    def _next_turn(self) -> None:
        self._turn += 1
        self._asked.clear()
        self._failed = self.failure = None
        self._jump_moves = 0

    def _ask(
        self,
        kind: Literal["first", "last", "before", "after", "again"],
        *,
        after: Ticket | None = None,
        before: Ticket | None = None,
        limit: int | None = None,
    ) -> PageRequest:
        if kind == "after":
            after = self.window.edge_after
        elif kind == "before":
            before = self.window.edge_before
        request = PageRequest(kind, after, before, limit or self.page_size, self._turn)
        self._asked[kind] = request
        return request
