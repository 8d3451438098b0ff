"""A customer's list: loading, empty and failed never look alike; hostile titles do no harm; the cursor stays put."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from textual.app import App, ComposeResult

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.request_list import RequestList
from tests.widgets.thread_samples import ticket


class ListApp(App[None]):
    """The list alone."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = RequestList()
        self.opened: list[Ticket | None] = []

    def compose(self) -> ComposeResult:
        yield self.requests

    def on_request_list_opened(self, message: RequestList.Opened) -> None:
        self.opened.append(message.ticket)

    def text(self) -> str:
        return "\n".join(self.requests.render_line(y).text.rstrip() for y in range(self.requests.size.height))


def some(number: int) -> list[Ticket]:
    one = ticket()
    return [
        replace(one, id=uuid4(), title=f"Request {n}", status="open", updated_at=one.updated_at - timedelta(hours=n))
        for n in range(number)
    ]


async def test_loading_empty_and_failed_never_look_alike() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 12)):
        loading = app.text()
        app.requests.show_failed("Nothing answers.")
        failed = app.text()
        app.requests.show([], [])
        empty = app.text()
        assert "Looking for your requests" in loading
        assert "✗ Nothing answers." in failed
        assert "You have not asked us anything yet" in empty
        app.requests.show(some(1), [])
        app.requests.show_failed("Nothing answers.")
        assert "Request 0" in app.text(), "what was there stays readable"


async def test_keys_move_and_the_chosen_one_stays_chosen_whatever_comes_above_it() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        tickets = some(30)
        app.requests.show(tickets, [])
        app.requests.focus()
        await pilot.press("j", "j", "k")
        assert app.requests.selected == tickets[1]
        await pilot.press("G")
        assert "▌ Request 29" in app.text()
        newest = replace(ticket(), id=uuid4(), status="open", title="Newest")
        app.requests.looks(replace(newest, updated_at=tickets[0].updated_at + timedelta(hours=1)))
        assert app.requests.selected == tickets[29]
        assert "▌ Request 29" in app.text()
        await pilot.press("enter", "g")
        assert app.opened == [tickets[29]]
        assert app.requests.selected is not None
        assert app.requests.selected.title == "Newest"
        # Solved, it goes below, and stays chosen.
        app.requests.looks(replace(newest, status="resolved"))
        await pilot.pause()
        assert app.requests.selected.title == "Newest"
        assert "Solved and closed" in app.text()


async def test_a_request_not_sent_yet_is_first_and_opened_as_such() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.requests.show(some(2), [])
        app.requests.show_draft("Half a \x1b[31msentence\u202e")
        app.requests.focus()
        await pilot.press("g")
        assert "▌ ✎ Half a sentence" in app.text()
        await pilot.press("enter")
        assert app.opened == [None]


async def test_hostile_titles_and_no_room_break_no_line() -> None:
    app = ListApp()
    titles = ("a\nb\x1b]0;x\x07", "\u202e\u2066exe", "灯" * 100, "👩‍👩‍👧‍👦" * 30, "[bold]x[/]")
    shown = [replace(each, title=title) for each, title in zip(some(5), titles, strict=True)]
    for width in (3, 10, 40, 200):
        async with app.run_test(size=(width, 14)):
            app.requests.show(shown[:3], shown[3:])
            for y in range(14):
                strip = app.requests.render_line(y)
                assert strip.cell_length == width
                assert not {"\x1b", "\x07", "\n", "\u202e", "\u2066"} & set(strip.text)
        app = ListApp()
