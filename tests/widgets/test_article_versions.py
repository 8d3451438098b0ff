"""What changed between versions: signs, words, hostile and very long texts; choosing and restoring."""

from __future__ import annotations

import time
from uuid import UUID

from textual.app import App, ComposeResult

from helpdesk_tui.core.knowledge import Version
from helpdesk_tui.widgets.article_diff import DiffView, unified
from helpdesk_tui.widgets.article_drafts import Written
from helpdesk_tui.widgets.article_versions import ArticleVersions
from tests.widgets.article_samples import HOSTILE, NOW


def version(number: int, content: str, who: str | None = "Ada") -> Version:
    return Version(UUID(int=number), number, "Title", content, who, NOW)


def test_a_difference_has_signs_places_and_the_words_that_changed() -> None:
    old = "one\ntwo\nthree\nfour\nfive\nsix\nseven lamps\nend"
    found = unified(old, old.replace("seven lamps", "seven looms\nand more"))
    assert [(line.sign, line.text) for line in found] == [
        ("@", "line 5"),
        (" ", "five"),
        (" ", "six"),
        ("-", "seven lamps"),
        ("+", "seven looms"),
        ("+", "and more"),
        (" ", "end"),
    ]
    assert found[3].pieces == (("seven ", False), ("lamps", True))
    assert found[4].pieces == (("seven ", False), ("looms", True))
    assert unified(old, old) == []


def test_long_texts_are_compared_in_no_time() -> None:
    began = time.perf_counter()
    same = "\n".join(["same"] * 5_000)
    unified(same, same + "\nmore")
    unified("\n".join(map(str, range(5_000))), "\n".join(map(str, range(1, 5_001))))
    unified("word " * 50_000, "wort " * 50_000)
    assert time.perf_counter() - began < 20


class VersionsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.pane = ArticleVersions(zone=NOW.tzinfo, clock=lambda: NOW)
        self.restored: list[int] = []
        self.left = 0

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_article_versions_restore(self, event: ArticleVersions.Restore) -> None:
        self.restored.append(event.version.number)

    def on_article_versions_left(self, event: ArticleVersions.Left) -> None:
        self.left += 1


async def test_versions_that_are_on_their_way_failed_or_of_another_article() -> None:
    app = VersionsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show_loading(UUID(int=1), "Title")
        assert "Loading …" in app.pane.list.render_line(1).text
        app.pane.show(UUID(int=2), [version(1, "of another")])
        assert "Loading …" in app.pane.list.render_line(1).text
        app.pane.show_failed(UUID(int=1), "The database does not answer.")
        assert "✗ The database does not answer. Esc goes back." in app.pane.list.render_line(1).text
        app.pane.show(UUID(int=1), [version(2, "two"), version(1, "one", None)])
        app.pane.list.focus()
        await pilot.press("R")
        assert "nothing to restore" in app.pane.diff.render_line(2).text
        await pilot.press("j", "R", "escape")
        await pilot.pause()
        assert (app.restored, app.left) == ([1], 1)
        assert "an import or a script" in app.pane.list.render_line(2).text


async def test_hostile_versions_stay_text_and_in_their_lines() -> None:
    app = VersionsApp()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.show_loading(UUID(int=1), HOSTILE)
        app.pane.show(UUID(int=1), [version(2, HOSTILE + "\n\u202enew", HOSTILE), version(1, HOSTILE)])
        await pilot.pause()
        for widget in (app.pane.list, app.pane.diff):
            assert isinstance(widget, DiffView | type(app.pane.list))
            for y in range(widget.size.height):
                strip = widget.render_line(y)
                assert strip.cell_length == widget.size.width
                assert not set("\x1b\x07\u202e\n") & set(strip.text)


def test_a_kept_draft_that_is_none_is_no_draft() -> None:
    for kept in ("", "{}", "[]", "null", '{"title": 1}', '{"title": "", "content": "", "category_id": "x", "base": 1}'):
        assert Written.unpacked(kept) is None
    written = Written("A", "b\n", UUID(int=3), 4)
    assert Written.unpacked(written.packed()) == written
    assert Written(" ", "\n").packed() == ""
