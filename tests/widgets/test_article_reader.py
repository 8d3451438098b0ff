"""Reading an article with keys: text, links, contents, finding, the way back, votes."""

from __future__ import annotations

import re
import time
from uuid import UUID

import pytest
from textual.pilot import Pilot

from helpdesk_tui.widgets.article_reader import ArticleReader
from tests.widgets.article_samples import HOSTILE, OTHER, ReaderApp, article, long_article


async def settled(pilot: Pilot[None]) -> None:
    app = pilot.app
    assert isinstance(app, ReaderApp)
    for _ in range(300):
        await pilot.pause(0.01)
        if app.view.prepared:
            return


# What is shown


async def test_an_article_has_its_tables_code_notes_and_links() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 70)) as pilot:
        await settled(pilot)
        text = "\n".join(app.lines())
        assert "When a lamp is offline" in text
        assert "● published · Lamps · by Mara Lindt · updated 5 Mar 2026 · version 2" in text
        assert "│ NOTE\n" in text
        assert "[!NOTE]" not in text
        assert "▌ What you need" in text
        assert "▎ Tools" in text
        assert "green │ all is well" in text
        assert "<br>" not in text
        assert "def reset(lamp: str) -> int:" in text
        assert "(article:" not in text, "an id says nothing to people"
        assert "Did this help?  + yes   - no   (3 of 4 said it helped)" in text


async def test_a_customer_is_told_nothing_that_only_staff_need() -> None:
    app = ReaderApp(article(), staff=False)
    async with app.run_test(size=(80, 70)) as pilot:
        await settled(pilot)
        text = "\n".join(app.lines())
        for word in ("published", "Mara", "version", "3 of 4"):
            assert word not in text
        assert "Lamps · updated 5 Mar 2026" in text


@pytest.mark.parametrize("width", [79, 80, 81])
async def test_no_line_is_wider_than_the_view_whatever_its_width(width: int) -> None:
    app = ReaderApp(article(content="one " * 200 + "\n\n" + "two " * 200))
    async with app.run_test(size=(width, 40)) as pilot:
        await settled(pilot)
        text = "\n".join(app.lines())
        assert (len(re.findall(r"\bone\b", text)), len(re.findall(r"\btwo\b", text))) == (200, 200)


async def test_a_view_that_is_painted_before_it_takes_another_width_shows_lines_that_there_are() -> None:
    app = ReaderApp(article(content="word " * 900))
    async with app.run_test(size=(40, 24)) as pilot:
        await settled(pilot)
        await pilot.press("G")
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert "word word" in "\n".join(app.lines())
        # A frame may come between the size and the news of it.
        rows = list(app.view._rows)
        app.view._size = app.view._size.with_width(300)
        for y in range(app.view.size.height):
            app.view.render_line(y)
        assert app.view._rows == rows


@pytest.mark.parametrize(("status", "label"), [("draft", "○ DRAFT "), ("archived", "■ ARCHIVED ")])
async def test_what_is_not_published_says_so_in_a_word_and_a_sign(status: str, label: str) -> None:
    app = ReaderApp(article(status=status))
    async with app.run_test(size=(80, 24)):
        assert label in "\n".join(app.lines())


async def test_loading_empty_failed_and_not_up_to_date_never_look_alike() -> None:
    app = ReaderApp()
    async with app.run_test(size=(80, 24)) as pilot:
        seen = ["\n".join(app.lines())]
        app.reader.show_loading("When a lamp is offline")
        seen.append("\n".join(app.lines()))
        app.reader.show_failed("The database does not answer.", "^R reads again.")
        seen.append("\n".join(app.lines()))
        app.reader.show(article(""))
        seen.append("\n".join(app.lines()))
        app.reader.show_failed("The database does not answer.")
        await pilot.pause()
        seen.append("\n".join(app.lines()))
        for text, words in zip(
            seen,
            ["No article is open.", "Loading When a lamp", "✗ The database", "has no text", "✗ Not up to date"],
            strict=True,
        ):
            assert words in text
        assert "When a lamp is offline" in seen[-1], "what was read stays readable"


async def test_hostile_text_stays_text() -> None:
    app = ReaderApp(article(HOSTILE, title="\x1b]0;owned\x07 \u202etitle", category="\x1b[2Jcat", author="\u202ea"))
    async with app.run_test(size=(60, 24)) as pilot:
        await settled(pilot)
        for y in range(24):
            strip = app.view.render_line(y)
            assert not set("\x1b\x07\u202e\u202c") & set(strip.text)
            assert strip.cell_length == app.view.size.width
            shown = strip.render(app.console)
            assert "]52;" not in shown.replace("␛]52;", "")
            targets = [one.partition(";")[2] for one in re.findall(r"\x1b]8;([^\x1b]*)", shown)]
            assert all(target.startswith("http://evil.example") for target in targets if target)
        assert "⚠ leads to" in "\n".join(app.lines())


# Moving


async def test_the_reader_moves_by_keys_and_stays_where_it_is_when_the_width_changes() -> None:
    app = ReaderApp(long_article(20))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("space", "j", "j", "ctrl+d", "k")
        assert app.view.place != (0, 0)
        for _ in range(9):
            await pilot.press("right_curly_bracket")
        before = app.view.current_heading
        await pilot.resize_terminal(50, 24)
        assert app.view.current_heading == before
        await pilot.press("G")
        assert "Did this help?" in "\n".join(app.lines())
        assert app.lines()[0].endswith("100%")
        await pilot.press("g")
        assert app.view.place == (0, 0)


async def test_the_contents_list_jumps_to_a_heading() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.press("o")
        assert app.reader.picker.asking
        picker = [app.reader.picker.render_line(y).text.strip() for y in range(app.reader.picker.size.height)]
        assert picker[2].endswith("2 · Tools")
        await pilot.press("3")
        await pilot.pause()
        assert not app.reader.picker.asking
        assert app.lines()[0].startswith(" When a lamp is offline › The table")
        assert "▌ The table" in app.lines()[1]
        assert app.focused is app.view


async def test_a_long_article_opens_and_moves_at_once() -> None:
    app = ReaderApp()
    async with app.run_test(size=(80, 24)) as pilot:
        long = long_article(400)
        assert len(long.content) > 250_000  # a hundred pages
        began = time.process_time()
        app.reader.show(long)
        assert time.process_time() - began < 0.4
        began = time.process_time()
        app.view.action_last()
        assert time.process_time() - began < 0.2
        await pilot.pause()
        assert "Did this help?" in "\n".join(app.lines())


# Links


async def test_a_link_to_an_article_is_followed_and_one_comes_back_to_where_one_was() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "l")
        place = app.view.place
        await pilot.press("enter")
        await pilot.pause()
        wanted = app.told.pop()
        assert isinstance(wanted, ArticleReader.Wanted)
        assert wanted.article_id == OTHER
        app.reader.show_loading()
        app.reader.show(article("Hold the pin.", id=OTHER, title="Pairing a lamp"))
        assert "Hold the pin." in "\n".join(app.lines())
        await pilot.press("backspace")
        returned = app.told.pop()
        assert isinstance(returned, ArticleReader.Returned)
        assert returned.article.id == UUID(int=7001)
        assert app.view.place == place
        assert not app.reader.can_go_back


async def test_a_link_to_nothing_says_how_to_come_back() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", "enter")
        await pilot.pause()
        app.reader.show_loading()
        app.reader.show_failed("There is no such article.")
        assert "Backspace goes back" in "\n".join(app.lines())
        await pilot.press("ctrl+o")
        assert app.reader.article is not None


async def test_a_link_to_a_heading_goes_there_and_a_web_link_says_where_it_leads() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("l", "l", "enter")
        assert "▌ The table" in app.lines()[1]
        await pilot.press("g", "l")
        assert app.lines()[0].startswith(" → https://help.example.org/very/long/path")


# Finding


async def test_find_in_page_marks_counts_and_goes_round() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("slash", *"RESET", "enter")
        await settled(pilot)
        assert app.focused is app.view
        assert app.lines()[0].endswith("“RESET” 1 of 5")
        marked = [
            (segment.text, bool(segment.style and segment.style.bgcolor))
            for y in range(1, app.view.size.height)
            for segment in app.view.render_line(y)
            if segment.text.lower() == "reset"
        ]
        assert marked
        await pilot.press("n", "n")
        assert app.lines()[0].endswith("3 of 5")
        await pilot.press("N", "N", "N")
        assert app.lines()[0].endswith("5 of 5")
        await pilot.press("escape")
        assert "of 5" not in app.lines()[0]


async def test_what_is_found_may_stand_in_two_lines() -> None:
    app = ReaderApp(article("one " * 17 + "broken words here"))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("slash", *"broken words", "enter")
        await settled(pilot)
        assert app.lines()[0].endswith("1 of 1")
        marks = [app.view.find.marks(1, line) for line in (1, 2)] if app.view.find else []
        assert all(marks)


async def test_a_resize_keeps_what_was_found() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("slash", *"reset", "enter", "n")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert app.lines()[0].endswith("“reset” 2 of 5")


async def test_words_that_are_not_there_are_said_not_to_be() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("slash", *"zebra")
        await settled(pilot)
        assert app.lines()[0].endswith("“zebra” not found")
        await pilot.press("escape")
        assert app.view.find is None
        assert app.focused is app.view


# Votes


async def test_votes_are_said_and_shown() -> None:
    app = ReaderApp(article())
    async with app.run_test(size=(80, 70)) as pilot:
        await pilot.press("minus", "plus")
        await pilot.pause()
        votes = [(event.article.id.int, event.helpful) for event in app.told if isinstance(event, ArticleReader.Voted)]
        assert votes == [(7001, False), (7001, True)]
        app.reader.show(article(my_vote=True))
        assert "✓ You found it helpful. - says the opposite" in "\n".join(app.lines())
