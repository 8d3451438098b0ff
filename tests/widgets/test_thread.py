"""An open ticket: where it opens, where it stays, what is chosen, and what each thing looks like in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import process_time
from uuid import UUID

import pytest
from rich.cells import cell_len
from rich.console import Console
from textual import events
from textual.pilot import Pilot

from helpdesk_tui.core.model import Unsent
from helpdesk_tui.widgets import thread_links
from helpdesk_tui.widgets.thread import ThreadView
from helpdesk_tui.widgets.thread_entries import build
from tests.widgets.thread_samples import HOSTILE, ThreadApp, change, long, message, sample, thread, with_more


async def idle(pilot: Pilot[None], view: ThreadView) -> None:
    """Wait until everything has been prepared."""
    for _ in range(400):
        await pilot.pause(0.01)
        if not view._work_left():
            return
    raise AssertionError("it never ends")


def escape(view: ThreadView) -> str:
    """What is sent to the terminal for the lines on the screen."""
    console = Console(color_system="truecolor", force_terminal=True)
    return "\n".join(view.render_line(y).render(console) for y in range(view.size.height))


# Where it opens


async def test_it_opens_at_the_newest_message() -> None:
    app = ThreadApp(long(50))
    async with app.run_test(size=(60, 20)):
        assert app.lines()[-1].startswith("┃ and a third")
        assert any("Message 49:" in line for line in app.lines())
        assert app.view.at_end
        assert app.view.current_message == long(50).messages[-1]


async def test_it_opens_at_the_first_unread_message() -> None:
    shown = long(50)
    app = ThreadApp(shown, first_unread=shown.messages[30].id)
    async with app.run_test(size=(60, 20)):
        lines = app.lines()
        top = next(at for at, line in enumerate(lines) if "New since you last looked" in line)
        assert top <= 1
        assert "Message 30:" in lines[top + 2]
        assert app.view.current_message == shown.messages[30]


async def test_a_thread_that_has_become_shorter_out_of_sight_is_drawn_as_it_is() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.display = False
        await pilot.pause()
        app.view.update_thread(replace(shown, messages=shown.messages[:1]))
        # A screen may be drawn before its parts have heard of their size.
        assert all(app.view.render_line(y).text for y in range(20))
        app.view.display = True
        await pilot.pause()
        assert any("Message 0:" in line for line in app.lines())


async def test_a_merge_and_its_end_are_two_lines() -> None:
    merged = change(1, "merged in", None, "#7", timedelta(0), "Mara Lind")
    shown = replace(sample(), history=(merged, replace(merged, kind="unmerged from")))
    app = ThreadApp(shown)
    async with app.run_test(size=(80, 60)):
        lines = "\n".join(app.lines())
        assert "merged #7 in here" in lines
        assert "took #7 out again" in lines


async def test_a_newest_message_longer_than_the_screen_is_read_from_its_beginning() -> None:
    app = ThreadApp(thread([message(1, "short"), message(2, "\n\n".join(f"line {n}" for n in range(80)), "mara")]))
    async with app.run_test(size=(60, 20)):
        assert "Mara Lindt · staff" in app.lines()[0]
        assert "line 0" in app.lines()[1]


async def test_opening_200_messages_takes_no_longer_than_20() -> None:
    """To the first paint, in processor time; `make bench` measures it through a terminal."""
    app = ThreadApp()
    async with app.run_test(size=(80, 24)) as pilot:

        def opened(count: int, words: str) -> float:
            app.view.show_nothing()
            started = process_time()
            app.view.set_thread(long(count, words))
            app.lines()
            return process_time() - started

        opened(20, "x")
        best = {count: min(opened(count, f"*{n}* {'word ' * 80}") for n in range(5)) for count in (20, 200)}
        await pilot.pause()
        assert best[200] < 2 * best[20] + 0.01


# What it says


async def test_an_internal_note_is_unmistakable_in_words_colour_and_shape() -> None:
    app = ThreadApp(thread([message(1, "Hello"), message(2, "Careful here", "note"), message(3, "Bye", "mara")]))
    async with app.run_test(size=(80, 24)):
        lines = app.lines()
        head = next(at for at, line in enumerate(lines) if "Mara Lindt" in line)
        assert lines[head].startswith("█  INTERNAL NOTE  Mara Lindt")
        assert "the requester never sees this" in lines[head]
        assert lines[head + 1].startswith("█ Careful here")
        body, customer = (
            {segment.style.bgcolor for segment in app.view.render_line(y) if segment.style}
            for y in (head + 1, head - 2)
        )
        assert not body & customer


async def test_who_speaks_is_said_in_words() -> None:
    shown = thread([message(1, "a"), message(2, "b", "mara"), message(3, "c", "else")], description="It broke")
    app = ThreadApp(shown)
    async with app.run_test(size=(80, 30)):
        text = "\n".join(app.lines())
        assert text.count("Ada Byron · requester") == 2
        assert "Mara Lindt · staff" in text
        assert "Bob · customer" in text


def test_words_that_the_team_wrote_down_are_told_as_theirs_to_both_sides() -> None:
    told = sample()
    for name in ("Mara Lindt", told.ticket.requester):
        ticket = replace(told.ticket, more=replace(told.ticket.more, written_by=name))
        shown = replace(told, ticket=ticket, description="It smokes")
        opening = [build(shown, plain=plain)[1] for plain in (False, True)]
        assert [(each.kind, each.words) for each in opening] == [("staff", "It smokes")] * 2
        assert [each.who for each in opening] == [f"{name} for Ada Byron", f"{name} for you"]
    assert build(replace(told, description="It smokes"))[1].kind == "requester"


async def test_history_days_and_ages_are_told() -> None:
    app = ThreadApp(sample())
    async with app.run_test(size=(100, 60)):
        text = "\n".join(app.lines())
        assert "── Monday 2 March 2026 ──" in text
        assert "· Mara Lindt set priority high → urgent · 12:06 · 3h ago" in text
        assert "· System set status open → pending · 13:00 · 3h ago" in text
        assert "Ada Byron opened" not in text  # the description's header says so already


async def test_loading_empty_and_failed_never_look_alike() -> None:
    app = ThreadApp()
    async with app.run_test(size=(60, 10)) as pilot:
        seen = []
        for show in (
            lambda: app.view.show_loading("#7"),
            lambda: app.view.show_failed(
                "The database does not answer, and nobody knows when it will again.", "Press ^R."
            ),
            lambda: app.view.set_thread(thread([])),
            app.view.show_nothing,
        ):
            show()
            await pilot.pause()
            seen.append(" ".join(line.strip() for line in app.lines() if line))
        assert seen == [
            "Loading #7 …",
            "✗ The database does not answer, and nobody knows when it will again. Press ^R.",
            "No messages yet.",
            "No ticket is open.",
        ]


async def test_a_thread_that_cannot_be_read_again_stays_readable() -> None:
    app = ThreadApp(long(5))
    async with app.run_test(size=(70, 20)) as pilot:
        app.view.show_failed("The database does not answer.")
        await pilot.pause()
        assert "✗ Not up to date: The database does not answer." in app.lines()[0]
        assert "Message 4:" in "\n".join(app.lines())
        app.view.update_thread(long(5))
        await pilot.pause()
        assert "Not up to date" not in "\n".join(app.lines())


async def test_a_message_without_text_says_so() -> None:
    app = ThreadApp(thread([message(1, " \n ")]))
    async with app.run_test(size=(60, 10)):
        assert "(no text)" in "\n".join(app.lines())


async def test_times_move_on_and_only_their_lines_are_painted() -> None:
    app = ThreadApp(thread([message(1, "old", ago=timedelta(hours=5)), message(2, "new", ago=timedelta(0))]))
    async with app.run_test(size=(60, 12)) as pilot:
        assert "· now" in "\n".join(app.lines())
        painted: list[int] = []
        app.view.refresh_lines = lambda *lines: painted.extend(y for y, _ in lines)  # type: ignore[method-assign]
        app.now += timedelta(minutes=3)
        app.view._age()
        await pilot.pause()
        assert [app.lines()[y].split(" · ")[-1] for y in painted] == ["3m ago"]
        painted.clear()
        app.view._age()
        assert painted == []


# Hostile text


async def test_hostile_text_reaches_no_terminal_and_breaks_no_row() -> None:
    name = "\x1b[31mEvil\u202e\n" + "日" * 200
    evil = replace(message(1, HOSTILE), sender=name)
    lines = [change(1, "title", HOSTILE, HOSTILE, timedelta(hours=2), name)]
    for width in (12, 37, 80):
        app = ThreadApp(
            thread([evil, replace(evil, id=UUID(int=2), internal=True)], history=lines, description=HOSTILE)
        )
        async with app.run_test(size=(width, 60)) as pilot:
            await pilot.pause()
            for y in range(60):
                strip = app.view.render_line(y)
                assert strip.cell_length == width
                assert sum(cell_len(segment.text) for segment in strip) == width
            sent = escape(app.view)
            for raw in ("\x1b[2J", "\x1b]0;", "\x1b]52", "\u202e", "\x07", "\x9b"):
                assert raw not in sent


async def test_a_customer_cannot_imitate_a_note() -> None:
    app = ThreadApp(thread([message(1, "x\n\n█  INTERNAL NOTE  Mara Lindt"), message(2, "y")]))
    async with app.run_test(size=(60, 20)):
        line = next(line for line in app.lines() if "INTERNAL NOTE" in line)
        assert line.startswith("▎ ")


async def test_hyperlinks_are_sent_for_web_addresses_only() -> None:
    text = "https://example.org/a [x](ftp://h/f) [y](http://evil.example/%1b) [z](javascript:alert)"
    app = ThreadApp(thread([message(1, text)]))
    async with app.run_test(size=(100, 10)):
        sent = escape(app.view)
        assert sent.count("\x1b]8;id=") == 3  # the bare address, y, and where y leads
        assert ";https://example.org/a\x1b\\" in sent
        assert ";ftp:" not in sent
        assert ";javascript" not in sent


# Moving


async def test_keys_page_and_jump() -> None:
    app = ThreadApp(long(100))
    async with app.run_test(size=(60, 21)) as pilot:
        end = app.lines()
        await pilot.press("k")
        assert [line[:58] for line in app.lines()[1:]] == [line[:58] for line in end[:-1]]
        await pilot.press("j")
        assert app.view.at_end
        before = app.view._scroll.top
        await pilot.press("ctrl+u")
        assert before - app.view._scroll.top == 10
        await pilot.press("b")
        assert before - app.view._scroll.top == 30
        await pilot.press("space", "ctrl+d")
        assert app.view.at_end
        await pilot.press("g")
        assert "Message 0:" in "\n".join(app.lines())
        await pilot.press("G")
        assert app.view.at_end


async def test_n_and_capital_n_choose_messages_and_show_them_whole() -> None:
    shown = long(30)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        for number in (28, 27, 26, 25, 24):
            await pilot.press("N")
            assert app.view.current_message == shown.messages[number]
            text = "\n".join(app.lines())
            assert f"Message {number}:" in text
        marked = [line for line in app.lines() if line.startswith("▶")]
        assert len(marked) == 1
        await pilot.press("n")
        assert app.view.current_message == shown.messages[25]


async def test_what_is_chosen_is_always_on_the_screen() -> None:
    app = ThreadApp(long(60))
    async with app.run_test(size=(60, 20)) as pilot:
        for key in ("b", "b", "ctrl+u", "k", "space", "g", "ctrl+d", "G"):
            await pilot.press(key)
            assert any(line.startswith(("▶", "┃")) for line in app.lines())


async def test_the_wheel_scrolls() -> None:
    app = ThreadApp(long(60))
    async with app.run_test(size=(60, 20)) as pilot:
        top = app.view._scroll.top
        await pilot._post_mouse_events([events.MouseScrollUp], app.view, (5, 5))
        assert app.view._scroll.top == top - 3


async def test_a_click_chooses_a_message_and_the_scroll_bar_moves() -> None:
    app = ThreadApp(long(60))
    async with app.run_test(size=(60, 20)) as pilot:
        y = next(at for at, line in enumerate(app.lines()) if "Message 57:" in line)
        await pilot.click(app.view, offset=(10, y))
        current = app.view.current_message
        assert current is not None
        assert current.content.startswith("Message 57:")
        await pilot.mouse_down(app.view, offset=(59, 0))
        await pilot.mouse_up(app.view, offset=(59, 0))
        assert "Message 0:" in "\n".join(app.lines())


# Changes


async def test_new_messages_are_told_and_nothing_moves_when_scrolled_up() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("g")
        before = app.lines()
        shown = with_more(shown, message(60, "new one", ago=timedelta(0)))
        app.view.update_thread(shown)
        shown = with_more(shown, message(61, "new two", ago=timedelta(0)))
        app.view.update_thread(shown)
        await pilot.pause()
        after = app.lines()
        assert [line[:58] for line in after[:-1]] == [line[:58] for line in before[:-1]]
        assert "+2 new ↓" in after[-1]
        assert app.view.new_count == 2
        await pilot.press("G")
        assert "new two" in "\n".join(app.lines())
        assert "new ↓" not in "\n".join(app.lines())
        assert app.view.new_count == 0


async def test_at_the_end_new_messages_come_into_view() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.update_thread(with_more(shown, message(60, "a new one", ago=timedelta(0))))
        await pilot.pause()
        assert "a new one" in app.lines()[-1]
        assert app.view.new_count == 0


async def test_more_than_a_screen_of_new_messages_begins_at_the_first() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        more = [message(60 + n, f"fresh {n}\n\nx\n\ny", ago=timedelta(0)) for n in range(20)]
        app.view.update_thread(with_more(shown, *more))
        await pilot.pause()
        assert any("fresh 0" in line for line in app.lines()[:4])
        assert 0 < app.view.new_count < 20


async def test_what_is_read_stays_when_something_comes_in_above() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("b", "b")
        before = [line[:58].rstrip() for line in app.lines()]
        above = [change(n, "priority", "low", "high", timedelta(minutes=49.5), "Mara") for n in range(7)]
        app.view.update_thread(replace(shown, history=tuple(above)))
        await pilot.pause()
        assert [line[:58].rstrip() for line in app.lines()] == before


async def test_what_is_read_stays_when_its_neighbour_vanishes() -> None:
    shown = long(50)
    app = ThreadApp(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("b", "b")
        first = app.view._entries[app.view._scroll.index].message
        assert first is not None
        app.view.update_thread(replace(shown, messages=tuple(one for one in shown.messages if one != first)))
        await pilot.pause()
        number = int(first.content.split()[1].rstrip(":"))
        assert f"Message {number + 1}:" in "\n".join(app.lines())


async def test_the_same_ticket_set_again_is_an_update() -> None:
    app = ThreadApp(long(50))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("g")
        app.view.set_thread(long(50))
        await pilot.pause()
        assert "Message 0:" in "\n".join(app.lines())


async def test_another_width_keeps_the_reader_in_the_same_message() -> None:
    app = ThreadApp(long(80, "word " * 60))
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.press("b", "b", "b", "b")
        key = app.view._entries[app.view._scroll.index].key
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert app.view._entries[app.view._scroll.index].key == key
        await pilot.press("G")
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        assert app.view.at_end


async def test_preparing_in_idle_time_moves_nothing_and_ends() -> None:
    app = ThreadApp(long(300, "word " * 70))
    async with app.run_test(size=(60, 20)) as pilot:
        before = [line[:58] for line in app.lines()]
        assert app.view._work_left()
        await idle(pilot, app.view)
        assert [line[:58] for line in app.lines()] == before
        assert app.view._idle is None


async def test_2000_messages_are_no_trouble() -> None:
    app = ThreadApp(long(2_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("g")
        assert "Message 0:" in "\n".join(app.lines())
        await pilot.press("G")
        assert "Message 1999:" in "\n".join(app.lines())


async def test_code_gets_its_colours_in_idle_time_without_moving() -> None:
    code = "```python\ndef f():\n    return 'x'\n```"
    app = ThreadApp(thread([message(1, code)]))
    async with app.run_test(size=(60, 12)) as pilot:
        before = app.lines()
        y = next(at for at, line in enumerate(before) if "def f" in line)

        def colours() -> set[object]:
            return {segment.style.color for segment in app.view.render_line(y) if segment.style}

        plain = colours()
        await idle(pilot, app.view)
        assert app.lines() == before
        assert len(colours()) > len(plain)


async def test_focus_costs_no_layout_and_another_theme_does() -> None:
    app = ThreadApp(long(20))
    async with app.run_test(size=(60, 20)) as pilot:
        await idle(pilot, app.view)
        laid = dict(app.view._painter._laid)
        app.view.blur()
        await pilot.pause()
        app.lines()
        assert all(app.view._painter._laid[key] is value for key, value in laid.items())
        app.theme = "helpdesk-light"
        await pilot.pause()
        app.lines()
        assert not any(app.view._painter._laid.get(key) is value for key, value in laid.items())


# Quoting, copying, links


async def test_a_quotation_is_ready_to_be_answered() -> None:
    app = ThreadApp(thread([message(1, "first\n\nsecond\x1b[31m", "mara")]))
    async with app.run_test(size=(60, 12)):
        assert app.view.quote_text() == "Mara Lindt wrote on Thu 5 Mar 2026 15:00:\n> first\n>\n> second\n\n"


async def test_copying_takes_the_message_as_it_was_written() -> None:
    app = ThreadApp(thread([message(1, "a *b* `c`\n")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("y")
        assert app.clipboard == "a *b* `c`\n"


async def test_links_are_chosen_copied_and_opened_by_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ThreadApp, "open_url", lambda self, url, **_: opened.append(url))
    monkeypatch.setattr(thread_links, "has_browser", lambda: True)
    app = ThreadApp(thread([message(1, "https://one.example/ and [two](https://two.example/x)")]))
    async with app.run_test(size=(70, 12)) as pilot:
        await pilot.press("l", "y")
        assert app.clipboard == "https://one.example/"
        await pilot.press("l", "enter")
        assert opened == ["https://two.example/x"]
        await pilot.press("L", "y")
        assert app.clipboard == "https://one.example/"


async def test_without_a_screen_for_a_browser_a_link_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_links, "has_browser", lambda: False)
    app = ThreadApp(thread([message(1, "see https://one.example/")]))
    async with app.run_test(size=(70, 12)) as pilot:
        await pilot.press("enter")
        assert app.clipboard == "https://one.example/"


# What its reader has written and the database has not got


async def test_a_reply_that_waits_stands_at_the_end_and_is_replaced_without_doubling_or_moving() -> None:
    shown = long(30)
    reply = message(500, "It is on its way\n", "mara", timedelta())
    app = ThreadApp(shown)
    async with app.run_test(size=(80, 24)) as pilot:
        await idle(pilot, app.view)
        app.view.show_unsent((Unsent(reply),))
        await pilot.pause()
        assert app.view.at_end
        assert [line.strip("┃▶▌█ ") for line in app.lines()[-2:]] == [
            "Mara Lindt · ◌ waiting to be sent · 16:00 · now",
            "It is on its way",
        ]
        app.view.action_first()
        before = app.lines()
        # What was sent is in its place, under the same key: nothing is new, and nothing moves.
        app.view.update_thread(with_more(shown, reply))
        await pilot.pause()
        assert (app.lines(), app.view.new_count) == (before, 0)
        app.view.action_last()
        assert any("Mara Lindt · staff · 16:00 · now" in line for line in app.lines()[-4:])
        assert sum("It is on its way" in line for line in app.lines()) == 1
        assert "waiting" not in "".join(app.lines())


async def test_what_was_refused_says_why_and_a_note_that_waits_is_a_note() -> None:
    note, refused = message(1, "Careful", "note"), message(2, "Done!", "mara")
    app = ThreadApp(thread([message(3, "Hello")]))
    why = "The thread has moved on: one message was written that you have not seen yet. \x1b[2J Read it, then send it."
    async with app.run_test(size=(60, 20)):
        app.view.show_unsent((Unsent(note), Unsent(refused, why)))
        text = "\n".join(app.lines())
        assert "█  INTERNAL NOTE  Mara Lindt · ◌ waiting to be sent" in text
        assert "Mara Lindt · ✖ NOT sent" in text
        assert "✖ NOT sent: The thread has moved on: one message was" in text
        assert "written that you have not seen yet." in text
        assert "\x1b[2J" not in escape(app.view)
        # It stays the newest of the thread that an author can have seen which the database has.
        assert app.view.thread is not None
        assert app.view.thread.newest_message == message(3, "Hello").id
