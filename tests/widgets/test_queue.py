"""The queue in an app: keys, mouse, live changes, the three states, and what is painted for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from textual.theme import BUILTIN_THEMES

from benchmarks.synthetic import NOW, Endless, Listed, ticket
from helpdesk_tui.actions import remap
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.lines import CONTRAST, contrast
from helpdesk_tui.widgets.queue import Queue
from tests.widgets.queue_desk import QueueDesk, Watched, places

FOOT = 23
SIZE = (80, 24)  # 22 rows


def touched(index: int, seconds: float = 1, **changes: object) -> Ticket:
    return replace(ticket(index), updated_at=NOW + timedelta(seconds=seconds), **changes)  # type: ignore[arg-type]


def changes(*rows: Ticket) -> dict[UUID, Ticket | None]:
    return {row.id: row for row in rows}


# Keys


async def test_vim_keys_and_arrows_and_page_keys_move() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        seen = []
        for key in ("j", "down", "k", "up", "ctrl+d", "ctrl+u", "pagedown", "pageup", "G", "g", "end", "home"):
            await pilot.press(key)
            await pilot.pause()
            seen.append(queue.place)
        assert seen == [1, 2, 1, 0, 11, 0, 21, 0, 299, 0, 299, 0]


async def test_every_key_can_be_remapped_to_several() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        app.set_keymap({"queue.down": "n,x"})
        await pilot.press("n", "x", "j")
        assert app.queue.place == 2


async def test_enter_opens_the_selected_ticket() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "enter")
        assert app.opened == [ticket(1)]


async def test_retry_key_is_free_while_nothing_has_failed() -> None:
    class Desk(QueueDesk):
        BINDINGS: ClassVar = [("r", "reply", "Reply")]
        replies = 0

        def action_reply(self) -> None:
            self.replies += 1

    app = Desk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("r")
        assert app.replies == 1


async def test_selection_does_not_leave_the_queue_at_its_ends() -> None:
    app = QueueDesk(Listed(ticket(index) for index in range(3)))
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(-1)
        assert queue.place == 0
        queue.move(50)
        assert queue.place == 2
        queue.move(-50, view=True)
        assert queue.place == 0
        await pilot.pause()
        assert queue.rows == [0, 1, 2]


@pytest.mark.parametrize("step, top", [("line", 1), ("half", 11)])
async def test_view_follows_by_a_line_or_by_half_a_page(step: str, top: int) -> None:
    app = QueueDesk(scroll_step=step)
    async with app.run_test(size=SIZE):
        queue = app.queue
        queue.move(21)
        assert queue.rows[0] == 0
        queue.move(1)
        assert queue.rows[0] == top
        assert queue.place == 22


async def test_held_key_moves_the_view_by_half_a_page_and_a_single_one_by_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter([0.0, 10.0, 20.0, 20.03, 20.06])
    monkeypatch.setattr("helpdesk_tui.widgets.queue.monotonic", lambda: next(moments))
    app = QueueDesk()
    async with app.run_test(size=SIZE):
        queue = app.queue
        queue.move(21)
        queue.move(1)
        assert queue.rows[0] == 1
        queue.move(1)
        assert queue.rows[0] == 2
        queue.move(1)
        assert queue.rows[0] == 13
        queue.move(1)
        assert queue.rows[0] == 13


# A queue of a million


async def test_million_tickets_to_the_end_and_back_asks_for_a_page_each() -> None:
    source = Endless(1_000_000)
    app = QueueDesk(source)
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.set_total(1_000_000)
        await pilot.pause()
        assert source.asked == 1
        await pilot.press("G")
        await pilot.pause()
        assert queue.place == 999_999
        assert source.asked == 2
        assert queue.text(FOOT).startswith(" 1,000,000 of 1,000,000 ")
        await pilot.press("k", "g")
        await pilot.pause()
        assert queue.place == 0
        assert source.asked == 3
        assert queue.text(FOOT).startswith(" 1 of 1,000,000 ")


async def test_paging_through_loads_ahead_and_keeps_a_bounded_number_of_rows() -> None:
    app = QueueDesk(Endless(1_000_000))
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.window.limit = 300
        for turn in range(1, 31):
            queue.action_page(1)
            await pilot.pause()
            assert queue.place == turn * 21
            assert queue.rows == list(range(turn * 21, turn * 21 + 22))
        assert len(queue.window) == 300
        assert len(app.asked) < 10


async def test_moves_made_while_the_end_is_awaited_count_from_there() -> None:
    app = QueueDesk(Endless(1_000_000))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.hold = True
        app.queue.action_last()
        app.queue.move(-1)
        app.queue.move(-1)
        await pilot.pause()
        assert "loading" in app.queue.text(FOOT)
        rows, more = await app.source.page(last=True, limit=100)
        app.queue.feed(app.asked[-1], rows, more)
        assert app.queue.place == 999_997


# The mouse


async def test_click_selects_and_a_double_click_opens() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(Watched, offset=(20, 6))
        assert app.queue.place == 5
        assert not app.opened
        await pilot.click(Watched, offset=(20, 8), times=2)
        assert app.opened == [ticket(7)]


async def test_click_beside_the_rows_does_nothing() -> None:
    app = QueueDesk(Listed(ticket(index) for index in range(3)))
    async with app.run_test(size=SIZE) as pilot:
        for line in (0, 10, FOOT):
            await pilot.click(Watched, offset=(20, line))
        assert app.queue.place == 0


async def test_wheel_moves_the_view_and_not_the_selection() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        for _ in range(10):
            await pilot._post_mouse_events(  # there is no public way to turn the wheel
                [_wheel()], widget=queue, offset=(10, 5)
            )
        await pilot.pause()
        assert queue.rows[0] == 30
        assert queue.place == 0
        queue.move(1)  # from off the screen it comes onto it
        assert queue.place == 30
        queue.move(1)
        assert queue.place == 31


def _wheel() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


# What is painted


async def test_move_in_view_paints_two_rows_and_the_position() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.painted.clear()
        queue.move(1)
        regions = [region for region in queue.painted if region is not None]
        assert queue.painted_lines == [1, 2, FOOT]
        assert [region.width for region in sorted(regions, key=lambda region: region.y)][:2] == [80, 80]
        assert max(region.width for region in regions if region.y == FOOT) < 20
        queue.move(1)
        assert queue.painted_lines == [2, 3, FOOT]
        queue.move(-1)
        assert queue.painted_lines == [2, 3, FOOT]


async def test_live_change_paints_only_the_line_that_changed() -> None:
    app = QueueDesk(Listed((ticket(index) for index in range(300)), "age"), sort="age")
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.painted.clear()
        row = queue.on_screen[6]
        queue.apply_changes(changes(replace(row, status="pending", updated_at=NOW)))
        assert queue.painted_lines == [7]
        assert "◐ pending" in queue.text(7)


async def test_change_off_the_screen_or_of_nothing_paints_nothing() -> None:
    app = QueueDesk(Listed((ticket(index) for index in range(300)), "age"), sort="age")
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.painted.clear()
        queue.apply_changes(changes(replace(queue.window[60], title="Another title")))
        queue.apply_changes({UUID(int=1): None})
        queue.apply_changes(changes(queue.on_screen[3]))
        assert queue.painted_lines == []


async def test_passing_of_time_paints_only_lines_whose_words_change() -> None:
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    app = QueueDesk(clock=clock)
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.painted.clear()
        queue._pass_time()
        assert queue.painted_lines == []
        before = [queue.text(y) for y in range(24)]
        now[0] += timedelta(minutes=1)
        queue._pass_time()
        after = [queue.text(y) for y in range(24)]
        differing = [y for y in range(24) if before[y] != after[y]]
        assert 0 < len(differing) < 22
        assert queue.painted_lines == differing


async def test_rows_are_drawn_once_however_often_they_are_shown() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        first = [queue.render_line(y) for y in range(1, 23)]
        queue.action_page(1)
        queue.action_page(-1)
        assert all(old is queue.render_line(y) for y, old in enumerate(first, 1))


async def test_resize_keeps_the_selection_on_the_screen_at_any_size() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(20)
        for size in ((160, 48), (40, 6), (20, 3), (3, 2), (1, 1), (100, 10), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert queue.place == 20
            assert 20 in queue.rows
            for y in range(size[1]):
                assert queue.render_line(y).cell_length == size[0]


# Live changes


async def test_selection_stays_on_its_ticket_when_rows_move() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(5)
        await pilot.pause()
        app.highlighted.clear()
        queue.apply_changes(changes(touched(8), touched(9)))
        await pilot.pause()
        assert queue.place == 5
        assert queue.rows[:3] == [8, 9, 0]
        assert app.highlighted == []


async def test_scrolled_view_stays_and_tells_how_many_are_new() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        rows = queue.rows
        new = replace(touched(0), id=UUID(int=1), number=1_000_001)
        queue.painted.clear()
        queue.apply_changes(changes(new, touched(200)))
        assert queue.rows == rows
        assert "↑ 2 new (g)" in queue.text(FOOT)
        assert queue.painted_lines == [FOOT]
        assert queue.text(FOOT).startswith(" 43 of ")
        queue.action_first()
        assert "new" not in queue.text(FOOT)
        assert queue.rows[:3] == [200, -1, 0]


async def test_click_on_the_news_goes_to_the_first_row() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        queue.apply_changes(changes(touched(200)))
        await pilot.click(Watched, offset=(16, FOOT))
        assert queue.place == 200


async def test_at_the_top_new_tickets_come_into_view() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        queue = app.queue
        queue.apply_changes(changes(touched(200)))
        assert queue.rows[:2] == [200, 0]
        assert queue.place == 0
        assert "new" not in queue.text(FOOT)


async def test_news_counts_what_comes_in_before_the_loaded_rows() -> None:
    app = QueueDesk(Endless(100_000))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        queue = app.queue
        queue.action_last()
        await pilot.pause()
        queue.apply_changes(changes(touched(5)))
        assert "↑ 1 new (g)" in queue.text(FOOT)


async def test_next_ticket_is_selected_on_the_same_line_when_the_selected_one_leaves() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        line = queue.rows.index(40)
        app.highlighted.clear()
        queue.apply_changes({ticket(40).id: None})
        await pilot.pause()
        assert queue.place == 41
        assert queue.rows.index(41) == line
        assert app.highlighted == [ticket(41)]


async def test_changed_row_is_marked_until_it_is_opened_and_not_by_passing_over_it() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.apply_changes(changes(touched(3), touched(4)), own=[ticket(4).id])
        marks = {row.id: queue.text(y)[1] for y, row in enumerate(queue.on_screen, 1)}
        assert marks[ticket(3).id] == "•"
        assert marks[ticket(4).id] == " "
        queue.select(ticket(3).id)
        queue.move(1)
        queue.select(ticket(3).id)
        line = queue.on_screen.index(touched(3)) + 1
        assert queue.text(line)[1] == "•"
        queue.action_open()
        assert queue.text(line)[1] == " "


async def test_own_changes_are_no_news() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        queue.apply_changes(changes(touched(2)), own=[ticket(2).id])
        assert "new" not in queue.text(FOOT)


async def test_row_that_waits_for_the_server_is_marked() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.painted.clear()
        queue.set_pending([ticket(2).id])
        assert queue.text(3)[1] == "…"
        assert queue.painted_lines == [3]
        queue.set_pending([])
        assert queue.text(3)[1] == " "


async def test_reading_anew_keeps_selection_and_place_and_marks_what_changed() -> None:
    source = Listed(ticket(index) for index in range(300))
    app = QueueDesk(source)
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        rows = queue.rows
        source.tickets |= {ticket(200).id: touched(200), ticket(35).id: replace(ticket(35), title="Renamed")}
        del source.tickets[ticket(10).id]
        queue.reread()
        await pilot.pause()
        assert queue.rows == rows
        assert queue.place == 40
        assert "Renamed" in queue.text(1 + rows.index(35))
        assert "↑ 1 new" in queue.text(FOOT)


async def test_highlighted_is_said_when_another_ticket_is_selected_and_only_then() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.highlighted == [ticket(0)]
        app.queue.move(-1)
        app.queue.apply_changes(changes(replace(ticket(0), status="pending")))
        await pilot.pause()
        assert app.highlighted == [ticket(0)]
        app.queue.move(1)
        app.queue.move(1)
        await pilot.pause()
        assert app.highlighted[-1] == ticket(2)


async def test_other_view_starts_over() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        queue.move(40)
        await pilot.pause()
        app.source = source = Listed((ticket(index) for index in range(50, 60)), "age")
        queue.reset("age", empty="none")
        assert queue.state == "loading"
        await pilot.pause()
        assert queue.rows == places(source.rows)
        assert queue.window.cursor == 0
        assert "oldest first" in queue.text(FOOT)


async def test_who_is_signed_in_may_be_said_later() -> None:
    app = QueueDesk()
    async with app.run_test(size=(160, 24)) as pilot:
        queue = app.queue
        await pilot.pause()
        assert "Noor Haddad" in queue.text(2)
        queue.me = ticket(1).assignee_id
        queue.render_lines(queue.size.region)
        assert "Noor Haddad" not in queue.text(2)
        assert " you " in queue.text(2)


# The three states


async def test_loading_empty_and_failed_never_look_alike() -> None:
    app = QueueDesk(hold=True, empty="Every open ticket has an assignee. Press v for another view.")
    async with app.run_test(size=SIZE) as pilot:
        queue = app.queue
        await pilot.pause()
        shown = {"loading": screen(queue)}
        queue.fail(app.asked[-1], "The server cannot be reached.")
        shown["failed"] = screen(queue)
        await pilot.press("r")
        assert queue.state == "loading"
        assert screen(queue) == shown["loading"]
        queue.feed(app.asked[-1], [], False)
        shown["empty"] = screen(queue)
    assert "Loading" in shown["loading"]
    assert "Nothing here" in shown["empty"]
    assert "Every open ticket has an assignee. Press v for another view." in shown["empty"]
    assert "The server cannot be reached." in shown["failed"]
    assert "r tries again" in shown["failed"]
    assert len(set(shown.values())) == 3
    assert [next(char for char in text if char in "⋯✓✗") for text in shown.values()] == ["⋯", "✗", "✓"]


def screen(queue: Watched) -> str:
    return "\n".join(queue.text(y) for y in range(1, 23))


@pytest.fixture
def mapped() -> Iterator[None]:
    """The key to try again is another one than usual, as the app tells the table when it starts."""
    remap({"queue.retry": ("t",)})
    yield
    remap({})


async def test_key_named_to_try_again_is_the_one_that_is_mapped(mapped: None) -> None:
    app = QueueDesk(hold=True)
    async with app.run_test(size=SIZE) as pilot:
        app.set_keymap({"queue.retry": "t"})
        await pilot.pause()
        app.queue.fail(app.asked[-1], "No.")
        assert "t tries again" in screen(app.queue)
        await pilot.press("t")
        assert app.queue.state == "loading"


async def test_failure_of_a_later_page_leaves_the_rows_and_says_so_below_them() -> None:
    class Breaking(Listed):
        async def page(
            self, *, after: Ticket | None = None, before: Ticket | None = None, last: bool = False, limit: int
        ) -> tuple[Sequence[Ticket], bool]:
            if after is not None:
                raise HelpdeskError("The server cannot be reached.")
            return self.read(before=before, last=last, limit=limit)

    app = QueueDesk(Breaking(ticket(index) for index in range(300)))
    async with app.run_test(size=(100, 24)) as pilot:
        queue = app.queue
        await pilot.pause()
        queue.move(90)
        await pilot.pause()
        assert queue.state == "ready"
        assert queue.place == 90
        assert "✗ r tries again: The server cannot be reached." in queue.text(FOOT)
        app.source = Listed(ticket(index) for index in range(300))
        await pilot.press("r")
        await pilot.pause()
        assert "✗" not in queue.text(FOOT)
        assert len(queue.window) == 200


async def test_long_words_of_a_failure_are_wrapped() -> None:
    app = QueueDesk(hold=True)
    async with app.run_test(size=(40, 24)) as pilot:
        await pilot.pause()
        why = "The server at db.example.org cannot be reached: connection refused. Is the network up?"
        app.queue.fail(app.asked[-1], why)
        assert " ".join(screen(app.queue).split()) == f"✗ Could not load the tickets {why} r tries again"


async def test_hostile_words_of_a_failure_are_safe() -> None:
    app = QueueDesk(hold=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.queue.fail(app.asked[-1], "no\x1b[2J\nroute \u202eto host")
        assert "\x1b" not in screen(app.queue)
        assert "\u202e" not in screen(app.queue)


# Colours


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
async def test_every_text_can_be_read_on_every_ground_in_every_theme(theme: str) -> None:
    from textual.color import Color

    app = QueueDesk()
    app.theme = theme
    async with app.run_test(size=SIZE):
        names = {name.removeprefix("queue--") for name in Queue.COMPONENT_CLASSES}
        for ground in ("row", "cursor", "cursor-blurred", "heading", "foot"):
            for name in names - {"row", "cursor", "cursor-blurred", "heading", "foot"}:
                style = app.queue.line_style(ground, name)
                assert style.color is not None
                assert style.bgcolor is not None
                if style.color.is_default or style.bgcolor.is_default or BUILTIN_THEMES[theme].ansi:
                    continue
                colors = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                assert contrast(*colors) >= CONTRAST - 0.1, (ground, name)


async def test_another_theme_is_taken_at_once() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = app.queue.render_line(1)
        app.theme = "textual-light"
        await pilot.pause()
        app.queue.render_lines(app.queue.size.region)
        assert app.queue.render_line(1) != before


async def test_selection_shows_with_no_color_by_marker_and_reverse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        selected, other = app.queue.render_line(1), app.queue.render_line(2)
        assert selected.text.startswith("▌")
        assert all(segment.style is not None and segment.style.reverse for segment in selected)
        assert len({(segment.style.color, segment.style.bgcolor) for segment in selected if segment.style}) == 1
        assert not any(segment.style is not None and segment.style.reverse for segment in other)


async def test_selection_without_focus_still_shows() -> None:
    app = QueueDesk()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        focused = app.queue.render_line(1)
        app.set_focus(None)
        await pilot.pause()
        blurred = app.queue.render_line(1)
        assert blurred.text.startswith("▌")
        assert blurred != focused
