"""The loaded part of a queue: order, pages, live changes, and a selection that stays on its ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from benchmarks.synthetic import NOW, Endless, Listed, ticket
from helpdesk_tui.core.model import PRIORITIES, More, Ticket
from helpdesk_tui.core.sla import Promise, Sla
from helpdesk_tui.widgets.queue_lines import position
from helpdesk_tui.widgets.queue_sort import SORTS, Sort, sort_key
from helpdesk_tui.widgets.queue_window import QueueWindow


def tickets(start: int, stop: int) -> list[Ticket]:
    return [ticket(index) for index in range(start, stop)]


def touched(row: Ticket, seconds: float = 0) -> Ticket:
    """The ticket, changed ``seconds`` after the made-up now."""
    return replace(row, updated_at=NOW + timedelta(seconds=seconds))


def filled(start: int, stop: int, *, before: bool = False, after: bool = False, limit: int = 2000) -> QueueWindow:
    window = QueueWindow("updated", limit)
    window.replace(tickets(start, stop), has_before=before, has_after=after, offset=start)
    return window


# Order


def test_sort_by_update_puts_the_last_changed_first() -> None:
    rows = sorted(tickets(0, 50), key=sort_key("updated"))
    assert [row.updated_at for row in rows] == sorted((row.updated_at for row in rows), reverse=True)


def test_sort_by_due_puts_the_soonest_first_and_none_last() -> None:
    rows = [row.due_date for row in sorted(tickets(0, 50), key=sort_key("due"))]
    dated = [due for due in rows if due is not None]
    assert dated == sorted(dated)
    assert rows == [*dated, *[None] * (len(rows) - len(dated))]


def test_sort_by_priority_puts_urgent_first_then_the_last_changed() -> None:
    rows = sorted(tickets(0, 50), key=sort_key("priority"))
    assert [(-PRIORITIES.index(row.priority), NOW - row.updated_at) for row in rows] == sorted(
        (-PRIORITIES.index(row.priority), NOW - row.updated_at) for row in rows
    )
    assert rows[0].priority == "urgent"


def test_sort_by_age_puts_the_oldest_first() -> None:
    rows = [row.created_at for row in sorted(tickets(0, 50), key=sort_key("age"))]
    assert rows == sorted(rows)


def promised(due: datetime) -> More:
    """A reply that is due then."""
    return More(sla=Sla((Promise("first", due),)))


@pytest.mark.parametrize("sort", SORTS)
def test_order_is_total_and_exact_to_the_microsecond(sort: Sort) -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
    base = replace(
        ticket(3), due_date=moment, created_at=moment, updated_at=moment, priority="high", more=promised(moment)
    )
    later = moment + timedelta(microseconds=1)
    other = replace(base, id=UUID(int=7), due_date=later, created_at=later, updated_at=later, more=promised(later))
    key = sort_key(sort)
    newest_first = sort in ("updated", "priority")
    assert (key(other) < key(base)) is newest_first
    same_time = replace(base, id=UUID(int=base.id.int + 1))
    assert (key(same_time) < key(base)) is newest_first  # the tie goes the way of the main column


# Pages


async def test_pages_forward_and_back_again_cover_the_queue_without_gaps() -> None:
    source = Endless(1000)
    window = QueueWindow("updated", limit=300)
    rows, more = await source.page(limit=100)
    window.replace(rows, has_after=more)
    window.set_total(1000)
    while window.has_after:
        rows, more = await source.page(after=window.edge_after, limit=100)
        window.extend_after(rows, more)
        assert list(window.rows) == tickets(window.offset or 0, (window.offset or 0) + len(window))
    assert window.offset == 700
    assert window[len(window) - 1] == ticket(999)
    while window.has_before:
        rows, more = await source.page(before=window.edge_before, limit=100)
        window.extend_before(rows, more)
        assert list(window.rows) == tickets(window.offset or 0, (window.offset or 0) + len(window))
    assert window.offset == 0
    assert (len(window), window.total) == (300, 1000)


def test_window_never_holds_more_than_its_limit() -> None:
    window = filled(0, 100, after=True, limit=150)
    assert window.extend_after(tickets(100, 200), True) == 50
    assert list(window.rows) == tickets(50, 200)
    assert window.has_before
    assert window.offset == 50
    assert window.extend_before(tickets(20, 50), True) == 30
    assert list(window.rows) == tickets(20, 170)
    assert window.has_after
    window.replace(tickets(0, 400))
    assert len(window) == 150
    assert window.has_after


def test_page_with_rows_that_are_loaded_already_adds_them_once() -> None:
    window = filled(0, 50, after=True)
    window.extend_after(tickets(40, 80), False)
    assert list(window.rows) == tickets(0, 80)
    assert window.total == 80


def test_page_does_not_bring_back_an_older_version() -> None:
    window = filled(0, 50, after=True)
    fresh = touched(ticket(60), 1)
    window.apply_changes({fresh.id: fresh})
    window.extend_after(tickets(50, 70), True)
    assert window[0] == fresh
    assert window.get(fresh.id) == fresh
    assert len(window) == 69 + 1


def test_page_after_still_starts_at_the_edge_when_the_row_there_has_moved() -> None:
    window = filled(0, 50, after=True)
    edge = window.edge_after
    assert edge == ticket(49)
    window.apply_changes({edge.id: touched(edge, 1)})
    assert window.edge_after == edge
    window.extend_after(tickets(50, 60), True)
    assert [row.id for row in window.rows] == [row.id for row in (ticket(49), *tickets(0, 49), *tickets(50, 60))]


def test_page_whose_rows_are_all_known_still_moves_the_edge_on() -> None:
    window = filled(0, 50, after=True)
    window.apply_changes({ticket(index).id: touched(ticket(index), index) for index in (50, 51)})
    window.extend_after(tickets(50, 52), True)
    assert window.edge_after == ticket(51)


def test_rows_in_disorder_are_put_in_order() -> None:
    window = QueueWindow()
    window.replace(reversed(tickets(0, 30)))
    assert list(window.rows) == tickets(0, 30)


def test_replace_of_the_last_page_knows_its_place_by_the_total() -> None:
    window = filled(0, 100, after=True)
    window.set_total(1_000_000)
    window.replace(tickets(999_900, 1_000_000), has_before=True)
    assert window.offset == 999_900


def test_replace_with_nothing_is_empty() -> None:
    window = filled(0, 10, after=True)
    window.replace([])
    assert len(window) == 0
    assert window.total == 0
    assert window.selected is None
    assert window.edge_after is None


def test_total_said_before_the_first_page_is_kept() -> None:
    window = QueueWindow()
    window.set_total(1000)
    window.replace(tickets(0, 100), has_after=True)
    assert (window.total, window.offset) == (1000, 0)


# Live changes


def test_changed_row_moves_to_its_new_place() -> None:
    window = filled(0, 20)
    changes = window.apply_changes({ticket(7).id: touched(ticket(7))})
    assert window[0].id == ticket(7).id
    assert changes.moved == changes.changed == {ticket(7).id}
    assert len(window) == 20


def test_new_row_within_the_loaded_rows_comes_in() -> None:
    window = filled(0, 20, before=True, after=True)
    new = replace(ticket(10), id=UUID(int=5), updated_at=ticket(10).updated_at + timedelta(microseconds=1))
    assert window.apply_changes({new.id: new}).inserted == {new.id}
    assert window[10] == new


@pytest.mark.parametrize("place", [3, 30])
def test_new_row_beyond_the_loaded_edge_is_left_out(place: int) -> None:
    window = filled(10, 20, before=True, after=True)
    new = replace(ticket(place), id=UUID(int=5))
    changes = window.apply_changes({new.id: new})
    assert not changes.inserted
    assert changes.before == ({new.id} if place == 3 else frozenset())
    assert list(window.rows) == tickets(10, 20)


def test_row_that_moves_beyond_the_loaded_edge_leaves_the_window_and_is_still_counted() -> None:
    window = filled(10, 20, before=True, after=True)
    window.set_total(100)
    assert window.apply_changes({ticket(12).id: touched(ticket(12))}).left == {ticket(12).id}
    assert (window.total, window.offset, window.offset_exact) == (100, 11, True)


def test_row_no_longer_in_the_view_goes() -> None:
    window = filled(0, 20, after=True)
    window.set_total(100)
    assert window.apply_changes({ticket(4).id: None, UUID(int=1): None}).left == {ticket(4).id}
    assert [row.number for row in window.rows] == [row.number for row in tickets(0, 20) if row != ticket(4)]
    assert window.total == 99


def test_change_elsewhere_makes_the_offset_a_guess() -> None:
    window = filled(10, 20, before=True, after=True)
    window.apply_changes({ticket(500).id: touched(ticket(500))})
    assert (window.offset, window.offset_exact) == (10, False)
    window.extend_before(tickets(0, 10), False)
    assert (window.offset, window.offset_exact) == (0, True)


def test_total_is_known_when_everything_is_loaded() -> None:
    window = filled(0, 20)
    assert window.total == 20
    window.apply_changes({ticket(3).id: None, ticket(30).id: ticket(30), ticket(31).id: ticket(31)})
    assert window.total == 21


# Selection


def test_selection_stays_on_its_ticket_when_rows_move() -> None:
    window = filled(0, 20, after=True)
    window.select(5)
    window.apply_changes({ticket(9).id: touched(ticket(9)), ticket(2).id: None})
    assert (window.cursor, window.selected) == (5, ticket(5))
    window.apply_changes({ticket(5).id: touched(ticket(5), 5)})
    assert (window.cursor, window.selected) == (0, touched(ticket(5), 5))


def test_selection_goes_to_the_next_row_when_its_ticket_leaves() -> None:
    window = filled(0, 20)
    window.select(5)
    window.apply_changes({ticket(5).id: None})
    assert window.selected == ticket(6)
    # Rows that left or moved in the same moment are not "the next one".
    window.apply_changes({ticket(6).id: None, ticket(7).id: touched(ticket(7)), ticket(8).id: None})
    assert window.selected == ticket(9)


def test_selection_goes_to_the_row_before_when_the_last_one_leaves() -> None:
    window = filled(0, 3)
    window.select(2)
    window.apply_changes({ticket(2).id: None})
    assert window.selected == ticket(1)
    window.apply_changes({ticket(1).id: None, ticket(0).id: None})
    assert window.selected is None
    assert window.cursor is None


def test_selection_survives_being_read_anew() -> None:
    window = filled(0, 20)
    window.select(5)
    window.replace([touched(ticket(5)), *tickets(0, 5), *tickets(6, 20)])
    assert (window.cursor, window.selected) == (0, touched(ticket(5)))
    window.replace(tickets(6, 20))
    assert window.selected == ticket(6)  # what stood at 5's new place is first now
    window.select(4)
    window.replace([row for row in tickets(6, 20) if row.number != ticket(10).number])
    assert window.selected == ticket(11)


def test_selection_of_a_row_dropped_by_the_limit_is_remembered_but_has_no_place() -> None:
    window = filled(0, 100, after=True, limit=100)
    window.select(5)
    window.extend_after(tickets(100, 150), True)
    assert window.selected == ticket(5)
    assert window.cursor is None
    assert window.select(0) == ticket(50)


def test_select_id_of_a_ticket_that_is_not_loaded_changes_nothing() -> None:
    window = filled(0, 10)
    window.select(3)
    assert not window.select_id(ticket(50).id)
    assert window.selected == ticket(3)


# All of it against a list that is simply sorted


class WindowAgainstList(RuleBasedStateMachine):
    """Whatever happens in whatever order, the window is the sorted list between its edges, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.truth = Listed(tickets(0, 60))
        self.window = QueueWindow("updated", limit=25)
        self.clock = 0
        self.reread(10)

    @rule(limit=st.integers(1, 30))
    def reread(self, limit: int) -> None:
        rows, more = self.truth.read(limit=limit)
        self.window.replace(rows, has_after=more)

    @rule(limit=st.integers(1, 30))
    def jump_to_the_end(self, limit: int) -> None:
        rows, more = self.truth.read(last=True, limit=limit)
        self.window.replace(rows, has_before=more)

    @rule(limit=st.integers(1, 12))
    def page_after(self, limit: int) -> None:
        if self.window.has_after:
            self.window.extend_after(*self.truth.read(after=self.window.edge_after, limit=limit))

    @rule(limit=st.integers(1, 12))
    def page_before(self, limit: int) -> None:
        if self.window.has_before:
            self.window.extend_before(*self.truth.read(before=self.window.edge_before, limit=limit))

    @rule(indices=st.lists(st.integers(0, 79), min_size=1, max_size=5), back=st.integers(0, 4000), data=st.data())
    def change(self, indices: list[int], back: int, data: st.DataObject) -> None:
        updated: dict[UUID, Ticket | None] = {}
        for index in indices:
            row = ticket(index)
            self.clock += 1
            if data.draw(st.booleans()):
                updated[row.id] = touched(row, self.clock - back)
            else:
                updated[row.id] = None
        selected, followers = self.window.selected, list(self.window.rows)
        cursor = self.window.cursor
        for ticket_id, changed in updated.items():
            if changed is None:
                self.truth.tickets.pop(ticket_id, None)
            else:
                self.truth.tickets[ticket_id] = changed
        self.window.apply_changes(updated)
        if selected is not None and cursor is not None:
            after = self.window.selected
            if selected.id in self.window:
                assert after is not None
                assert after.id == selected.id
            else:
                following = [row for row in followers[cursor + 1 :] if row.id not in updated]
                if following:
                    assert after == following[0]

    @rule(index=st.integers(0, 24))
    def select(self, index: int) -> None:
        self.window.select(index)

    @invariant()
    def is_a_run_of_the_sorted_list(self) -> None:
        truth = self.truth.rows
        window = self.window
        assert len(window) <= window.limit
        key = sort_key("updated")
        low = key(window.edge_before) if window.has_before and window.edge_before else None
        high = key(window.edge_after) if window.has_after and window.edge_after else None
        expected = [row for row in truth if (low is None or key(row) >= low) and (high is None or key(row) <= high)]
        assert list(window.rows) == expected
        for index, row in enumerate(window.rows):
            assert window.index_of(row.id) == index
        if not window.has_before and not window.has_after:
            assert window.total == len(truth)


WindowAgainstList.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWindowAgainstList = WindowAgainstList.TestCase


# Where the selection is, in words


def test_position_is_told_from_the_end_where_it_is_known_from_there_alone() -> None:
    window = QueueWindow("updated")
    window.replace(tickets(900, 1000), has_before=True)
    window.set_total(None, at_least=1000)
    window.select(99)
    assert position(window).startswith(" last of 1,000+")
    window.select(87)
    assert position(window).startswith(" last −12 of 1,000+")
    window.set_total(4000)
    assert position(window).startswith(" 3,988 of 4,000")
