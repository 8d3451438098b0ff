"""What articles look like, read, found, compared and written: small and large, dark, light, and without colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot

from helpdesk_tui.core.knowledge import Version
from helpdesk_tui.themes import DARK, LIGHT
from helpdesk_tui.widgets.article_editor import ArticleEditor
from helpdesk_tui.widgets.article_finder import ArticleFinder
from helpdesk_tui.widgets.article_versions import ArticleVersions
from helpdesk_tui.widgets.category_tree import CategoryTree
from tests.widgets.article_samples import NOW, TEXT, ReaderApp, article
from tests.widgets.test_article_search import SearchApp, categories, hit

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
LOOKS = {"dark": DARK.name, "light": LIGHT.name, "nocolor": DARK.name, "ansi": "ansi-dark"}
Compare = Callable[..., bool]


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


@pytest.fixture(params=["dark", "light", "nocolor"])
def theme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param == "nocolor":
        monkeypatch.setenv("NO_COLOR", "1")
    return LOOKS[request.param]


async def prepared(pilot: Pilot[None]) -> None:
    """Until nothing is left to prepare."""
    app = pilot.app
    for _ in range(300):
        await pilot.pause(0.01)
        if not isinstance(app, ReaderApp) or app.view.prepared:
            return


def test_an_article(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    async def read(pilot: Pilot[None]) -> None:
        await pilot.press("l")
        await prepared(pilot)

    assert snap_compare(ReaderApp(article(), theme), terminal_size=size, run_before=read)


def test_a_draft_with_words_found_in_it(snap_compare: Compare, theme: str) -> None:
    async def find(pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"lamp", "enter", "n")
        await prepared(pilot)

    assert snap_compare(ReaderApp(article(status="draft"), theme), terminal_size=(80, 24), run_before=find)


def test_the_contents_of_an_article(snap_compare: Compare) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await pilot.press("o")
        await prepared(pilot)

    assert snap_compare(ReaderApp(article()), terminal_size=(80, 24), run_before=ask)


def test_what_a_search_found(snap_compare: Compare, theme: str) -> None:
    app = SearchApp(theme)

    async def search(pilot: Pilot[None]) -> None:
        await pilot.press(*"reset")
        await pilot.pause(0.1)
        hits = [hit(1), hit(2, "Goodwill: reset what may be promised", status="draft"), hit(3, status="archived")]
        for number, _ in list(app.asked):
            app.search.answer(number, hits)
        await pilot.press("down")
        await pilot.pause(0.2)
        for number, _ in list(app.asked):
            app.search.answer(number, hits)
        await pilot.pause()

    assert snap_compare(app, terminal_size=(80, 24), run_before=search)


class Bench(App[None]):
    """One of the other panes alone, with categories beside it."""

    def __init__(self, pane: ArticleVersions | ArticleEditor | ArticleFinder, theme: str) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.shelves = CategoryTree()
        self.shelves.styles.width = 30
        self.pane = pane

    def compose(self) -> ComposeResult:
        with Horizontal():
            if not isinstance(self.pane, ArticleFinder):
                yield self.shelves
            yield self.pane

    def on_mount(self) -> None:
        rows = [(1, "Devices", None, 1), (2, "Hub", 1, 4), (3, "Lamp", 1, 2), (4, "Account", None, 12)]
        self.shelves.show(categories(*rows))


def version(number: int, content: str, who: str | None) -> Version:
    return Version(UUID(int=number), number, "When a lamp is offline", content, who, NOW)


CHANGED = TEXT.replace("within ten metres", "within twelve metres").replace("Press reset until", "Hold reset until")


def test_versions(snap_compare: Compare, theme: str) -> None:
    pane = ArticleVersions(zone=NOW.tzinfo, clock=lambda: NOW)

    async def compare(pilot: Pilot[None]) -> None:
        pane.show_loading(UUID(int=7001), "When a lamp is offline")
        pane.show(UUID(int=7001), [version(2, CHANGED, "Tomás Vega"), version(1, TEXT, None)])
        pane.list.focus()
        await pilot.pause()

    assert snap_compare(Bench(pane, theme), terminal_size=(100, 30), run_before=compare)


def test_an_editor_whose_article_somebody_else_saved(snap_compare: Compare, theme: str) -> None:
    pane = ArticleEditor(None, "demo/me")

    async def write(pilot: Pilot[None]) -> None:
        pane.edit(article())
        await pilot.press(*"Mine. ", "ctrl+s")
        pane.refused_stale(UUID(int=7001), version(3, CHANGED, "Tomás Vega"), version(2, TEXT, None))
        await pilot.pause()

    assert snap_compare(Bench(pane, theme), terminal_size=(110, 36), run_before=write)


@pytest.mark.parametrize("look", ["dark", "ansi"])
def test_articles_for_a_ticket(snap_compare: Compare, look: str) -> None:
    pane = ArticleFinder(zone=NOW.tzinfo, clock=lambda: NOW)

    async def suggest(pilot: Pilot[None]) -> None:
        pane.open(UUID(int=5), "#1042")
        await pilot.pause()
        pane.suggest(UUID(int=5), [hit(1), replace(hit(2), title="Pairing a lamp")])
        await pilot.pause()

    assert snap_compare(Bench(pane, LOOKS[look]), terminal_size=(80, 24), run_before=suggest)
