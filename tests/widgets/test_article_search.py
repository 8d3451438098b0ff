"""Searching as one types: what is asked, which answers are shown, and lists that are loading, empty or failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from helpdesk_tui.core.knowledge import Category, Hit
from helpdesk_tui.themes import DARK, LIGHT
from helpdesk_tui.widgets.article_list import ArticleList
from helpdesk_tui.widgets.article_row import Item, of_hit, row_lines
from helpdesk_tui.widgets.article_search import ArticleSearch, Questions
from helpdesk_tui.widgets.category_tree import CategoryTree, Shelf, arranged
from tests.widgets.article_samples import HOSTILE, NOW


def hit(number: int, title: str = "Reset a lamp", **values: object) -> Hit:
    snippet = "Press the button to reset the lamp for good"
    made = Hit(UUID(int=number), title, snippet, ((20, 25),), "Lamps", "published", NOW - timedelta(days=3), 1.0)
    return replace(made, **values)  # type: ignore[arg-type]


class SearchApp(App[None]):
    """A search and a tree side by side, nobody behind them."""

    def __init__(self, theme: str = DARK.name, staff: bool = True) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.search = ArticleSearch(staff=staff, clock=lambda: NOW)
        self.asked: list[tuple[int, str]] = []
        self.opened: list[Item] = []
        self.wanted: list[Item] = []

    def compose(self) -> ComposeResult:
        yield self.search

    def on_mount(self) -> None:
        self.search.field.focus()

    def on_article_search_asked(self, event: ArticleSearch.Asked) -> None:
        self.asked.append((event.number, event.words))

    def on_article_list_opened(self, event: ArticleList.Opened) -> None:
        self.opened.append(event.item)

    def on_article_list_need_more(self, event: ArticleList.NeedMore) -> None:
        self.wanted.append(event.after)

    def lines(self) -> list[str]:
        shown = self.search.list
        return [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]


async def typed(pilot: Pilot[None], words: str) -> None:
    await pilot.press(*words)
    await pilot.pause(0.15)


async def answered(pilot: Pilot[None], hits: Sequence[Hit]) -> None:
    """Answer until nothing more is asked."""
    app = pilot.app
    assert isinstance(app, SearchApp)
    done = 0
    while done < len(app.asked):
        app.search.answer(app.asked[done][0], hits)
        done += 1
        await pilot.pause(0.1)


# Answers


def test_an_older_answer_never_takes_the_place_of_a_newer_one() -> None:
    questions = Questions()
    first, second, third = questions.ask(), questions.ask(), questions.ask()
    assert questions.take(second)
    assert not questions.take(first)
    assert not questions.answered
    assert questions.take(third)
    assert questions.answered
    fourth = questions.ask()
    questions.forget()
    assert not questions.take(fourth)


async def test_answers_that_come_out_of_order_are_not_shown_over_newer_ones() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "la")
        await typed(pilot, "mp")
        (one, _), (two, words) = app.asked[0], app.asked[-1]
        assert one < two
        assert app.search.answer(two, [hit(2, "The newer one")])
        assert not app.search.answer(one, [hit(1, "The older one")])
        await pilot.pause()
        assert "The newer one" in app.lines()[1]
        assert "The older one" not in "\n".join(app.lines())
        assert words != "lamp" or app.lines()[0].startswith(" 1 article for “lamp”")


async def test_typing_waits_for_no_answer_and_asks_only_a_few_times_at_once() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "loom weaving")
        assert app.search.field.value == "loom weaving"
        assert len(app.asked) == 2, "no answer has come: no third question is on its way"
        assert "Searching" in app.lines()[0]
        app.search.answer(app.asked[0][0], [])
        await pilot.pause(0.1)
        assert app.asked[-1][1] == "loom weaving"
        app.search.answer(app.asked[-1][0], [hit(1, "Weaving")])
        await pilot.pause()
        assert app.lines()[0] == " 1 article for “loom weaving”"


async def test_nothing_typed_wants_the_list_back_and_late_answers_do_not_show() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "a")
        await pilot.press("backspace")
        await pilot.pause()
        assert app.asked[-1][1] == ""
        assert not app.search.answer(app.asked[0][0], [hit(1)])


# States


async def test_loading_empty_and_failed_never_look_alike_and_name_the_way_on() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "x")
        loading = "\n".join(app.lines())
        app.search.answer(app.asked[-1][0], [])
        empty = "\n".join(app.lines())
        app.search.ask_again()
        await pilot.pause()
        app.search.failed(app.asked[-1][0], "The database does not answer.")
        failed = "\n".join(app.lines())
        assert "Searching for “x” …" in loading
        assert "No article fits “x”." in empty
        assert "Other or fewer words may find it." in empty
        assert "✗ The database does not answer." in failed
        assert "Enter asks again." in failed
        before = len(app.asked)
        await pilot.press("enter")
        await pilot.pause()
        assert len(app.asked) == before + 1


async def test_what_was_found_stays_readable_when_the_next_search_fails() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "la")
        for number, _ in list(app.asked):
            app.search.answer(number, [hit(1)])
        await typed(pilot, "m")
        app.search.failed(app.asked[-1][0], "The database does not answer.")
        await pilot.pause()
        assert app.lines()[0] == " ✗ not up to date: The database does not answer."
        assert "Reset a lamp" in app.lines()[1]


# Results


async def test_the_arrows_move_in_the_results_while_one_types_and_enter_opens() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "la")
        app.search.answer(app.asked[-1][0], [hit(n, f"Article {n}") for n in range(1, 30)])
        await pilot.press("down", "down", "up", "enter")
        await pilot.pause()
        assert [item.title for item in app.opened] == ["Article 2"]
        assert app.focused is app.search.field
        await pilot.press("pagedown")
        assert app.lines()[1] != "  Article 1"


async def test_matched_words_stand_out_without_colours_too() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        await typed(pilot, "reset")
        await answered(pilot, [hit(1)])
        await pilot.pause()
        marked = [
            segment.text
            for y in (1, 2)
            for segment in app.search.list.render_line(y)
            if segment.style is not None and segment.style.underline and segment.style.bold
        ]
        assert marked == ["Reset", "reset"]


async def test_drafts_and_archived_articles_say_so_to_staff_alone() -> None:
    for staff in (True, False):
        app = SearchApp(staff=staff)
        async with app.run_test(size=(80, 12)) as pilot:
            await typed(pilot, "x")
            app.search.answer(app.asked[-1][0], [hit(1, status="draft"), hit(2, status="archived"), hit(3)])
            text = "\n".join(app.lines())
            assert ("○ draft Reset" in text, "■ archived Reset" in text) == (staff, staff)


async def test_more_is_asked_for_once_when_the_end_comes_near() -> None:
    app = SearchApp()
    async with app.run_test(size=(80, 12)) as pilot:
        items = [of_hit(hit(n, f"Article {n}", snippet="", spans=())) for n in range(60)]
        app.search.list.focus()
        app.search.list.show(items, "All articles", more=True)
        await pilot.press("G", "k", "j")
        assert [item.id.int for item in app.wanted] == [59]
        app.search.list.add([items[-1], of_hit(hit(99, snippet="", spans=()))], more=False)
        assert len(app.search.list.items) == 61


def test_rows_are_exactly_as_wide_as_asked_whatever_they_hold() -> None:
    from rich.cells import cell_len

    hostile = hit(1, HOSTILE, snippet=HOSTILE, spans=((3, 9), (5, 7), (10, 9999), (40, 60)), category=HOSTILE)
    for item in (
        of_hit(hostile),
        of_hit(hit(1)),
        of_hit(hit(2, status="draft", snippet="x " * 90, spans=((170, 171),))),
    ):
        for width in (10, 24, 40, 80, 160):
            for lines in (row_lines(item, width, NOW, staff=True, passages=p, words="re( [") for p in (False, True)):
                for line in lines:
                    assert sum(cell_len(text) for text, _ in line) == width
                    assert not set("\x1b\n\u202e") & set("".join(text for text, _ in line))


def test_a_passage_begins_late_enough_to_show_what_was_found() -> None:
    far = hit(1, snippet="nothing to see here " * 10 + "the needle", spans=((204, 210),))
    _, line = row_lines(of_hit(far), 60, NOW, staff=True, passages=True)
    assert ("needle", "match") in line


# Categories


def categories(*rows: tuple[int, str, int | None, int]) -> list[Category]:
    return [Category(UUID(int=n), name, UUID(int=up) if up else None, None, count) for n, name, up, count in rows]


def shown(shelves: Sequence[Shelf]) -> list[tuple[str, int, int | None, int]]:
    return [(shelf.name, shelf.depth, shelf.here, shelf.below) for shelf in shelves]


def test_categories_are_a_tree_whatever_their_order_and_circles() -> None:
    found = arranged(categories((2, "Hub", 1, 4), (1, "Devices", None, 1), (3, "Lamp", 1, 2), (4, "Orphan", 9, 1)))
    assert shown(found) == [("Devices", 0, 1, 6), ("Hub", 1, 4, 0), ("Lamp", 1, 2, 0), ("Orphan", 0, 1, 0)]
    circle = arranged(categories((1, "A", 2, 1), (2, "B", 1, 1), (3, "C", 3, 1)))
    assert {shelf.name for shelf in circle} == {"A", "B", "C"}
    deep = arranged(categories(*((n, str(n), n - 1 or None, 1) for n in range(1, 3000))))
    assert len(deep) == 2999


async def test_the_tree_folds_counts_and_says_what_is_chosen() -> None:
    tree = CategoryTree()
    picked: list[tuple[str, bool]] = []

    class TreeApp(App[None]):
        def compose(self) -> ComposeResult:
            yield tree

        def on_category_tree_picked(self, event: CategoryTree.Picked) -> None:
            picked.append((event.shelf.name, event.entered))

    async with TreeApp().run_test(size=(30, 12)) as pilot:
        tree.show(categories((1, "Devices", None, 1), (2, "Hub", 1, 4), (3, "Lamp", 1, 2)))
        tree.focus()
        await pilot.press("j", "j", "j", "h")
        lines = [tree.render_line(y).text.rstrip() for y in range(8)]
        assert lines[1:5] == ["  All articles", "  ○ Drafts", "  ■ Archived", "▌ ▸ Devices              1 +6"]
        await pilot.press("l", "j", "enter")
        assert picked[-2:] == [("Hub", False), ("Hub", True)]
        tree.show(categories((1, "Devices", None, 1), (2, "Hub", 1, 5), (3, "Lamp", 1, 2)))
        assert tree.current.name == "Hub"
        await pilot.press("h")
        assert tree.current.name == "Devices"
        # Read again without it, the cursor is somewhere that is there.
        tree.show([])
        assert tree.current.name == "All articles"
