"""What the knowledge base looks like as a whole, and articles beside a ticket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.knowledge import KnowledgeScreen
from tests.screens.opened import make_team, patiently
from tests.screens.shelves import fill
from tests.screens.test_snapshots import SIZES, app_for, look, ready
from tests.world import DeskDatabase, People, Person

__all__ = ["look"]  # a fixture

Compare = Callable[..., bool]


@pytest.fixture(scope="module")
def agent(module_database: DeskDatabase) -> Person:
    """An agent, with tickets and articles in the helpdesk."""

    async def make() -> Person:
        team = await make_team(People(module_database))
        await fill(module_database, team.agent)
        return team.agent

    return asyncio.run(make())


def in_the_knowledge_base(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Opens it, waits for what is in it, and presses keys."""

    async def play(pilot: Pilot[Any]) -> None:
        await ready()(pilot)
        await pilot.press("K")

        def filled() -> bool:
            shown = pilot.app.screen
            return (
                isinstance(shown, KnowledgeScreen)
                and shown.search.list.state == "ready"
                and bool(shown.shelves.categories)
            )

        await patiently(pilot, filled, "the list and the categories")
        await pilot.pause(0.4)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.4)

    return play


@pytest.mark.parametrize("size", SIZES)
def test_the_knowledge_base(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str, look: str
) -> None:
    app = app_for(module_database, agent, look)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=in_the_knowledge_base("j", "j"))


def test_an_article_at_80_columns(snap_compare: Compare, module_database: DeskDatabase, agent: Person) -> None:
    app = app_for(module_database, agent)
    assert snap_compare(app, terminal_size=SIZES["80x24"], run_before=in_the_knowledge_base("j", "j", "enter"))
