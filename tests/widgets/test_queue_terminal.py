"""The queue in a terminal: how many bytes a key costs, and what a person sees."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pytest

from benchmarks.bench_keys import DOWN, END, PAGE_DOWN, queue
from benchmarks.pty_driver import Program


@pytest.fixture(scope="module")
def desk() -> Iterator[Program]:
    """A queue of a million tickets at 80×24."""
    with Program(queue(1_000_000)) as program:
        program.wait_for("of 1,000,000")
        program.settle()
        yield program


def test_queue_is_painted_and_a_key_moves_the_selection(desk: Program) -> None:
    lines = desk.lines()
    assert "Status" in lines[0]
    assert lines[1].startswith("▌")
    assert "#1000000" in lines[1]
    desk.press(DOWN)
    lines = desk.lines()
    assert lines[2].startswith("▌")
    assert not lines[1].startswith("▌")
    assert lines[23].startswith(" 2 of 1,000,000")


def test_key_that_moves_in_view_costs_at_most_700_bytes_in_one_picture(desk: Program) -> None:
    presses = [desk.press(DOWN) for _ in range(30)]
    assert median(press.size for press in presses) < 700
    assert max(press.frames for press in presses) == 1


def test_held_key_costs_at_most_1200_bytes_on_average(desk: Program) -> None:
    presses = [desk.press(DOWN) for _ in range(44)]
    assert sum(press.size for press in presses) / len(presses) < 1200


def test_page_costs_at_most_6500_bytes(desk: Program) -> None:
    assert max(desk.press(PAGE_DOWN).size for _ in range(5)) < 6500


def test_end_of_a_million_tickets_is_one_key_away(desk: Program) -> None:
    desk.press(END)
    desk.settle(0.1)
    lines = desk.lines()
    assert lines[23].startswith(" 1,000,000 of 1,000,000")
    assert lines[22].startswith("▌")
    assert "#1 " in lines[22]


def test_nothing_is_painted_while_nothing_happens(desk: Program) -> None:
    desk.settle(0.3)
    before, spent = len(desk.output), desk.cpu()
    desk.settle(1.5)
    assert len(desk.output) == before
    assert desk.cpu() - spent < 0.15
