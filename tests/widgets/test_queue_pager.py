"""What a queue asks for, and which answers it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from benchmarks.synthetic import NOW, Listed, ticket
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.queue_pager import Pager, PageRequest


def loaded(total: int = 1000, page_size: int = 100) -> tuple[Pager, Listed]:
    source = Listed(ticket(index) for index in range(total))
    pager = Pager("updated", page_size)
    answer(pager, source, pager.start())
    return pager, source


def answer(pager: Pager, source: Listed, request: PageRequest) -> bool:
    rows, more = source.read(
        after=request.after, before=request.before, last=request.kind == "last", limit=request.limit
    )
    return pager.feed(request, rows, more)


def ids(pager: Pager) -> list[int]:
    return [1_000_000 - row.number for row in pager.window.rows]


def changed(index: int, seconds: float = 1) -> Ticket:
    return replace(ticket(index), updated_at=NOW + timedelta(seconds=seconds))


def test_loading_failed_empty_and_ready_are_told_apart() -> None:
    pager = Pager("updated")
    states = [pager.state]
    request = pager.start()
    states.append(pager.state)
    pager.fail(request, "The server cannot be reached.")
    states.append(pager.state)
    again = pager.retry()
    assert again is not None
    states.append(pager.state)
    pager.feed(again, [], False)
    states.append(pager.state)
    answer(pager, Listed([ticket(1)]), pager.start())
    states.append(pager.state)
    assert states == ["loading", "loading", "failed", "loading", "empty", "ready"]


def test_next_page_is_asked_for_before_the_rows_run_out_and_once_only() -> None:
    pager, source = loaded()
    assert pager.want(0, 20) == []
    (request,) = pager.want(30, 20)
    assert request.kind == "after"
    assert pager.want(40, 20) == []
    answer(pager, source, request)
    assert ids(pager) == list(range(200))


def test_both_sides_are_asked_for_in_the_middle() -> None:
    pager, source = loaded(page_size=30)
    answer(pager, source, pager.jump("last"))
    (before,) = pager.want(10, 10)
    assert before.kind == "before"
    answer(pager, source, before)
    assert ids(pager) == list(range(940, 1000))


def test_answer_to_an_older_question_is_not_taken() -> None:
    pager, source = loaded()
    (after,) = pager.want(90, 10)
    last = pager.jump("last")
    assert not answer(pager, source, after)
    assert answer(pager, source, last)
    assert not answer(pager, source, last)
    assert ids(pager) == list(range(900, 1000))
    old = pager.jump("first")
    new = pager.start("updated")
    assert not answer(pager, source, old)
    assert answer(pager, source, new)


def test_failure_of_an_older_question_does_not_matter() -> None:
    pager, _ = loaded()
    (after,) = pager.want(90, 10)
    pager.jump("last")
    assert not pager.fail(after, "gone")
    assert pager.failure is None


def test_after_a_failure_nothing_more_is_asked_until_tried_again() -> None:
    pager, source = loaded()
    (after,) = pager.want(90, 10)
    pager.fail(after, "The server cannot be reached.")
    assert pager.want(90, 10) == []
    request = pager.retry()
    assert request is not None
    assert request.kind == "after"
    assert answer(pager, source, request)
    assert pager.failure is None
    assert len(pager.window) == 200


def test_moves_made_while_a_jump_is_awaited_count_from_where_it_lands() -> None:
    pager, source = loaded()
    request = pager.jump("last")
    pager.move_after_jump(-1)
    pager.move_after_jump(-1)
    answer(pager, source, request)
    assert pager.window.selected == ticket(997)


def test_page_on_its_way_does_not_undo_a_change_that_came_meanwhile() -> None:
    pager, source = loaded()
    (request,) = pager.want(90, 10)
    rows, more = source.read(after=request.after, limit=request.limit)  # read before the changes
    pager.apply_changes({ticket(150).id: None, ticket(160).id: changed(160)})
    pager.feed(request, rows, more)
    assert 150 not in ids(pager)
    assert ids(pager)[0] == 160
    assert ids(pager).count(160) == 1


def test_page_on_its_way_that_is_newer_than_a_change_counts() -> None:
    pager, source = loaded()
    (request,) = pager.want(90, 10)
    pager.apply_changes({ticket(150).id: changed(150, 1)})
    source.tickets[ticket(150).id] = newer = changed(150, 2)
    source.tickets[ticket(5).id] = changed(5, 3)
    pager.feed(request, [newer, *source.read(after=request.after, limit=10)[0]], True)
    assert pager.window.get(newer.id) in (newer, changed(150, 1))  # never older than what was told
    request = pager.again(0, 20)
    pager.apply_changes({ticket(5).id: changed(5, 2)})
    answer(pager, source, request)
    assert pager.window.get(ticket(5).id) == changed(5, 3)


def test_new_ticket_told_while_everything_is_read_anew_is_not_lost() -> None:
    pager, source = loaded()
    request = pager.again(0, 20)
    rows, more = source.read(limit=request.limit)
    new = replace(ticket(0), id=UUID(int=9), updated_at=NOW + timedelta(seconds=9))
    pager.apply_changes({new.id: new})
    pager.feed(request, rows, more)
    assert pager.window[0] == new


def test_reading_anew_keeps_the_place_deep_in_the_queue() -> None:
    pager, source = loaded()
    for top in (90, 190, 290):
        for request in pager.want(top, 10):
            answer(pager, source, request)
    pager.window.select(300)
    source.tickets[ticket(305).id] = changed(305)
    request = pager.again(295, 315)
    assert request.after == ticket(295 - 60 - 1)
    answer(pager, source, request)
    assert ids(pager) == [index for index in range(235, 235 + len(ids(pager)) + 1) if index != 305]
    assert pager.window.selected == ticket(300)
    assert pager.window.has_before
    assert pager.window.offset == 235


def test_page_asked_before_everything_was_read_anew_does_not_leave_a_gap() -> None:
    pager, source = loaded()
    (request,) = pager.want(90, 10)
    answer(pager, source, request)
    again = pager.again(0, 10)
    (late,) = pager.want(190, 10)
    assert answer(pager, source, again)
    assert not answer(pager, source, late)
    assert ids(pager) == list(range(len(ids(pager))))


def test_reading_anew_while_the_first_page_is_awaited_asks_for_it_again() -> None:
    pager, source = loaded()
    first = pager.jump("first")
    again = pager.again(0, 10)
    assert again.kind == "first"
    assert not answer(pager, source, first)
    assert answer(pager, source, again)


def test_start_keeps_a_total_that_is_known_already() -> None:
    pager = Pager("updated")
    pager.window.set_total(1000)
    answer(pager, Listed(ticket(index) for index in range(300)), pager.start())
    assert pager.window.total == 1000


def test_going_to_the_loaded_start_forgets_an_awaited_jump_but_not_the_first_load() -> None:
    pager, source = loaded()
    last = pager.jump("last")
    pager.stay()
    assert not answer(pager, source, last)
    fresh = Pager("updated")
    first = fresh.start()
    fresh.stay()
    assert answer(fresh, source, first)
