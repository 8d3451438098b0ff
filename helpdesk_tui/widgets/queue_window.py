"""The part of a queue that is loaded: a contiguous run of tickets in sort order, free of Textual.

A queue of a million tickets is never loaded whole. The window holds the rows around what is on the screen, knows
whether there are more on either side, takes pages (keyset paging: "the rows after this one") and live changes, and
keeps the selection on its ticket whatever moves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.queue_sort import Sort, SortKey, sort_key

__all__ = ["Changes", "QueueWindow"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What live changes did to a window.

    Attributes:
        inserted: tickets that were not loaded before and now are.
        moved: loaded tickets whose place changed.
        changed: loaded tickets that differ from before, whether or not they moved.
        left: tickets that were loaded and no longer are.
        before: tickets that now lie somewhere before the loaded rows.
    """

    inserted: frozenset[UUID] = frozenset()
    moved: frozenset[UUID] = frozenset()
    changed: frozenset[UUID] = frozenset()
    left: frozenset[UUID] = frozenset()
    before: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.inserted or self.moved or self.changed or self.left or self.before)


class QueueWindow:
    """A contiguous run of a queue's tickets, in order, without gaps between its first and its last loaded row.

    Args:
        sort: the queue's order.
        limit: the most rows kept; what lies farthest from a newly loaded page is dropped first.

    Attributes:
        has_before, has_after: whether the queue goes on beyond the loaded rows.
        total: how many tickets the queue has, if known.
        at_least: how many it has at least, where counting stopped.
        offset: how many tickets lie before the loaded rows, if known.
        offset_exact: False once live changes have made ``offset`` a good guess only.
    """

    def __init__(self, sort: Sort = "updated", limit: int = 2000) -> None:
        if limit < 1:
            raise ValueError("a window holds at least one row")
        self.sort: Sort = sort
        self.limit = limit
        self._key = sort_key(sort)
        self._rows: list[Ticket] = []
        self._keys: list[SortKey] = []
        self._key_of: dict[UUID, SortKey] = {}
        # The ends of what is known, as the tickets were when they were loaded: rows beyond them are left out, and the
        # next page starts there, even after those very tickets have moved elsewhere.
        self._first_edge: Ticket | None = None
        self._last_edge: Ticket | None = None
        self._selected: Ticket | None = None
        self._loaded = False
        self.has_before = False
        self.has_after = False
        self.total: int | None = None
        self.at_least = 0
        self.offset: int | None = None
        self.offset_exact = True

    # What is there

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Ticket:
        return self._rows[index]

    @property
    def rows(self) -> Sequence[Ticket]:
        """The loaded tickets in order. Read only: the list is the window's own."""
        return self._rows

    @property
    def edge_before(self) -> Ticket | None:
        """Where the page before the loaded rows ends: give it as ``before`` when asking for that page."""
        return self._first_edge

    @property
    def edge_after(self) -> Ticket | None:
        """Where the page after the loaded rows starts: give it as ``after`` when asking for that page."""
        return self._last_edge

    def __contains__(self, ticket_id: object) -> bool:
        return ticket_id in self._key_of

    def index_of(self, ticket_id: UUID) -> int | None:
        """The index of a ticket among the loaded rows, None if it is not loaded."""
        key = self._key_of.get(ticket_id)
        return None if key is None else bisect_left(self._keys, key)

    def get(self, ticket_id: UUID) -> Ticket | None:
        """A loaded ticket by id."""
        index = self.index_of(ticket_id)
        return None if index is None else self._rows[index]

    # The selection

    @property
    def selected(self) -> Ticket | None:
        """The selected ticket as last seen. It may have been dropped from the loaded rows: then ``cursor`` is None."""
        return self._selected

    @property
    def cursor(self) -> int | None:
        """The index of the selected ticket among the loaded rows."""
        return None if self._selected is None else self.index_of(self._selected.id)

    def select(self, index: int) -> Ticket | None:
        """Select by index, or the nearest one if out of range; returns the selected ticket, None if there is none."""
        self._selected = self._rows[max(0, min(index, len(self._rows) - 1))] if self._rows else None
        return self._selected

    def select_id(self, ticket_id: UUID) -> bool:
        """Select a ticket by id; False (and nothing changes) if it is not loaded."""
        ticket = self.get(ticket_id)
        if ticket is None:
            return False
        self._selected = ticket
        return True

    # Pages

    def replace(
        self,
        rows: Iterable[Ticket],
        *,
        has_before: bool = False,
        has_after: bool = False,
        offset: int | None = None,
    ) -> None:
        """Start over with these rows.

        The selection stays on its ticket if that is among them, else goes to the row that now stands at its place (the
        next one in order, else the last); with nothing selected, to the first row.

        Args:
            rows: a run of the queue, in order.
            has_before, has_after: whether the queue goes on beyond them.
            offset: how many tickets lie before them, if known; 0 is understood when there is nothing before.
        """
        wanted = self._selected
        place = None if wanted is None else self._key_of.get(wanted.id, self._key(wanted))
        self._loaded = True
        self._rows, self._keys, self._key_of = [], [], {}
        self._first_edge = self._last_edge = None
        for row in rows:
            self._put(row)
        self.has_before, self.has_after = has_before, has_after
        if self._rows:
            self._first_edge, self._last_edge = self._rows[0], self._rows[-1]
        self._trim_end()
        self.offset, self.offset_exact = offset, True
        if offset is None and self.total is not None and not self.has_after:
            self.offset = max(0, self.total - len(self._rows))
        self._settle()
        if wanted is None or not self.select_id(wanted.id):
            self.select(0 if place is None else bisect_left(self._keys, place))

    def extend_after(self, rows: Iterable[Ticket], more: bool) -> int:
        """Take the page that follows ``edge_after``.

        Args:
            rows: the page, in order. What is loaded already is not loaded twice.
            more: whether the queue goes on after it.

        Returns:
            How many rows were dropped from the start to keep within the limit.
        """
        page = list(rows)
        self._merge(page, lambda key: self._last_edge is None or key > self._key(self._last_edge))
        self.has_after = more
        self._last_edge = max([*self._ends(), *page], key=self._key, default=None)
        if self._first_edge is None and self._rows:
            self._first_edge = self._rows[0]
        excess = self._trim_start()
        self._settle()
        return excess

    def extend_before(self, rows: Iterable[Ticket], more: bool) -> int:
        """Take the page that leads to ``edge_before``.

        Args:
            rows: the page, in order. What is loaded already is not loaded twice.
            more: whether the queue goes on before it.

        Returns:
            How many rows were dropped from the end to keep within the limit.
        """
        page = list(rows)
        before = len(self._rows)
        self._merge(page, lambda key: self._first_edge is None or key < self._key(self._first_edge))
        self.has_before = more
        self._first_edge = min([*self._ends(), *page], key=self._key, default=None)
        if self._last_edge is None and self._rows:
            self._last_edge = self._rows[-1]
        if self.offset is not None:
            # If there are more, there is at least one.
            self.offset = max(1, self.offset - (len(self._rows) - before))
        excess = self._trim_end()
        self._settle()
        return excess

    def set_total(self, total: int | None, *, at_least: int = 0) -> None:
        """Say how many tickets the queue has; None if that is not known, then perhaps how many at least."""
        self.total, self.at_least = total, at_least
        if total is not None and self._loaded and not self.has_after:
            self.offset, self.offset_exact = max(0, total - len(self._rows)), True
        self._settle()

    # Live changes

    def apply_changes(self, updated: Mapping[UUID, Ticket | None]) -> Changes:
        """Take tickets that changed: None for one that is no longer in this view.

        Rows move to their new place. One whose place lies beyond the loaded rows is left out (a page will bring it).
        If the selected ticket leaves, the next one that stayed where it was is selected, else the one before.

        Returns:
            What changed among the loaded rows.
        """
        if not updated:
            return Changes()
        cursor = self.cursor
        affected = self._selected is not None and self._selected.id in updated
        before = self._rows.copy() if affected else self._rows
        old = {ticket_id: row for ticket_id in updated if (row := self.get(ticket_id)) is not None}
        new = {
            ticket.id: ticket for ticket in updated.values() if ticket is not None and self._covers(self._key(ticket))
        }
        for ticket_id in old:
            self._take(ticket_id)
        for ticket in new.values():
            self._put(ticket)

        if affected and self._selected is not None and not self.select_id(self._selected.id):
            if cursor is not None:
                self._select_neighbour(before, cursor, updated)
            else:
                self._selected = updated[self._selected.id]
        left = frozenset(old.keys() - new.keys())
        changed = frozenset(key for key in old.keys() & new.keys() if old[key] != new[key])
        moved = frozenset(key for key in changed if self._key(old[key]) != self._key(new[key]))
        if self.total is not None:
            self.total -= sum(1 for ticket_id in left if updated[ticket_id] is None)
        ahead = self._ahead(updated)
        self._guess_offset(updated, ahead, old)
        self._trim_far_from_cursor()
        self._settle()
        return Changes(frozenset(new.keys() - old.keys()), moved, changed, left, ahead)

    def _select_neighbour(self, old_rows: Sequence[Ticket], cursor: int, updated: Mapping[UUID, Ticket | None]) -> None:
        """Select the nearest row that did not itself change: the next one first, then the one before."""
        for index in (*range(cursor + 1, len(old_rows)), *range(cursor - 1, -1, -1)):
            if old_rows[index].id not in updated and self.select_id(old_rows[index].id):
                return
        self.select(cursor)

    def _covers(self, key: SortKey) -> bool:
        """Whether a place lies within what is loaded, open ends included."""
        if self.has_before and (self._first_edge is None or key < self._key(self._first_edge)):
            return False
        return not (self.has_after and (self._last_edge is None or key > self._key(self._last_edge)))

    def _ahead(self, updated: Mapping[UUID, Ticket | None]) -> frozenset[UUID]:
        """Those whose place is now before the loaded rows."""
        if not self.has_before or self._first_edge is None:
            return frozenset()
        first = self._key(self._first_edge)
        return frozenset(key for key, ticket in updated.items() if ticket is not None and self._key(ticket) < first)

    def _guess_offset(
        self, updated: Mapping[UUID, Ticket | None], ahead: frozenset[UUID], old: Mapping[UUID, Ticket]
    ) -> None:
        """Count tickets that moved from the loaded rows to a place before them. Where others came from is unknown."""
        if not self.has_before or self.offset is None:
            return
        self.offset += len(ahead & old.keys())
        if ahead - old.keys() or any(ticket is None and key not in old for key, ticket in updated.items()):
            self.offset_exact = False

    # Inside

    def _put(self, ticket: Ticket) -> None:
        """Add a row at its place, instead of an older one of the same ticket."""
        if ticket.id in self._key_of:
            self._take(ticket.id)
        key = self._key(ticket)
        index = bisect_left(self._keys, key)
        self._rows.insert(index, ticket)
        self._keys.insert(index, key)
        self._key_of[ticket.id] = key

    def _take(self, ticket_id: UUID) -> None:
        index = bisect_left(self._keys, self._key_of.pop(ticket_id))
        del self._rows[index]
        del self._keys[index]

    def _drop(self, start: int, stop: int) -> None:
        for row in self._rows[start:stop]:
            del self._key_of[row.id]
        del self._rows[start:stop]
        del self._keys[start:stop]

    def _trim_start(self) -> int:
        """Drop what is beyond the limit from the start; returns how many rows."""
        excess = max(0, len(self._rows) - self.limit)
        if excess:
            self._drop(0, excess)
            self.has_before = True
            self._first_edge = self._rows[0]
            if self.offset is not None:
                self.offset += excess
        return excess

    def _trim_end(self) -> int:
        """Drop what is beyond the limit from the end; returns how many rows."""
        excess = max(0, len(self._rows) - self.limit)
        if excess:
            self._drop(self.limit, len(self._rows))
            self.has_after = True
            self._last_edge = self._rows[-1]
        return excess

    def _trim_far_from_cursor(self) -> None:
        """Keep a queue in which new tickets come in all day from growing without end."""
        if (self.cursor or 0) > len(self._rows) // 2:
            self._trim_start()
        else:
            self._trim_end()

    def _merge(self, page: Iterable[Ticket], beyond: Callable[[SortKey], bool]) -> None:
        """Add the rows of a page that lie beyond an edge; of a ticket that is there already, the one changed last."""
        for row in page:
            known = self.get(row.id)
            if beyond(self._key(row)) and (known is None or row.updated_at > known.updated_at):
                self._put(row)
        if self._selected is not None:
            self.select_id(self._selected.id)

    def _ends(self) -> list[Ticket]:
        """The tickets that mark how far is known."""
        return [edge for edge in (self._first_edge, self._last_edge) if edge is not None]

    def _settle(self) -> None:
        """What is loaded says the total when nothing lies beyond it, and bounds it from below otherwise."""
        if not self._loaded:
            return
        if not self.has_before:
            self.offset, self.offset_exact = 0, True
        if not self.has_before and not self.has_after:
            self.total = len(self._rows)
        elif self.total is not None:
            before = int(self.has_before) if self.offset is None else self.offset
            self.total = max(self.total, before + len(self._rows) + int(self.has_after))
