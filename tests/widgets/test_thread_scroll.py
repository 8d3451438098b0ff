"""The view's place, against brute force: whatever is estimated, what is seen is exact."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.widgets.thread_scroll import Scroll

heights = st.lists(st.integers(1, 12), min_size=1, max_size=12)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("by"), st.integers(-30, 30)),
        st.tuples(st.just("to_line"), st.integers(-5, 200)),
        st.tuples(st.just("show"), st.integers(0, 11)),
        st.tuples(st.just("end"), st.just(0)),
        st.tuples(st.just("measure"), st.integers(0, 11)),
    ),
    max_size=12,
)


def move(scroll: Scroll, what: str, how_far: int) -> None:
    match what:
        case "by":
            scroll.by(how_far)
        case "to_line":
            scroll.to_line(how_far)
        case "show":
            scroll.show(how_far % len(scroll))
        case "end":
            scroll.to_end()
        case "measure":
            scroll.exact(how_far % len(scroll))


@given(heights, st.integers(1, 20), moves, st.data())
@settings(max_examples=300, deadline=None)
def test_what_is_on_the_screen_is_exact_and_filled(
    real: list[int], height: int, moved: list[tuple[str, int]], data: st.DataObject
) -> None:
    estimates = data.draw(st.lists(st.integers(1, 12), min_size=len(real), max_size=len(real)))
    scroll = Scroll(estimates, real.__getitem__)
    scroll.height = height
    every = [(index, line) for index, lines in enumerate(real) for line in range(lines)]
    for what, how_far in moved:
        before = scroll.rows()
        move(scroll, what, how_far)
        rows = scroll.rows()
        assert len(rows) == min(height, len(every))
        first = every.index(rows[0])
        assert rows == every[first : first + height]
        if what == "by":
            start = every.index(before[0])
            assert first == min(max(start + how_far, 0), max(0, len(every) - height))
        elif what == "measure":
            assert rows == before
        elif what == "show":
            index = how_far % len(real)
            assert sum(entry == index for entry, _ in rows) >= min(real[index], height)
        elif what == "end":
            assert scroll.at_end
        assert scroll.at_end == (rows[-1] == every[-1])


def test_only_what_is_walked_over_is_measured() -> None:
    asked: list[int] = []

    def measure(index: int) -> int:
        asked.append(index)
        return 5

    scroll = Scroll([3] * 2_000, measure)
    scroll.height = 20
    scroll.to_end()
    scroll.rows()
    assert len(asked) <= 6
    scroll.by(-10)
    assert len(asked) <= 8
    assert scroll.nearest_estimate() == 1_993


def test_measuring_elsewhere_moves_the_bar_and_not_the_view() -> None:
    scroll = Scroll([1] * 100, lambda _: 4)
    scroll.height = 10
    scroll.to_end()
    rows, top = scroll.rows(), scroll.top
    while (index := scroll.nearest_estimate()) is not None:
        scroll.exact(index)
    assert scroll.rows() == rows
    assert scroll.top > top
    assert scroll.total == 400


def test_an_empty_view_stays_empty() -> None:
    scroll = Scroll([], lambda _: 1)
    scroll.height = 5
    for what in ("by", "to_line", "end"):
        move(scroll, what, 3)
    assert scroll.rows() == []
    assert scroll.at_end


@given(heights, moves, st.data())
@settings(max_examples=100, deadline=None)
def test_a_hidden_view_stands_on_an_entry_that_there_is(
    real: list[int], moved: list[tuple[str, int]], data: st.DataObject
) -> None:
    scroll = Scroll([1] * len(real), real.__getitem__)
    for what, how_far in moved:
        scroll.height = data.draw(st.integers(0, 2))
        move(scroll, what, how_far)
        assert 0 <= scroll.index < len(real)
        assert 0 <= scroll.offset < scroll.exact(scroll.index)
