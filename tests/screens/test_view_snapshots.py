"""What the filter line and saved views look like, small and large."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import patiently, text_on
from tests.screens.test_snapshots import SIZES, Compare, agent, app_for
from tests.world import DeskDatabase, Person

__all__ = ["agent"]

SAVED = {"Stuck": "status:pending", "Worth a look before lunch": "priority>=high is:open", "[b]Lamp[/b]": "lamp"}


@pytest.fixture(scope="module")
def views(module_database: DeskDatabase, agent: Person) -> Person:
    """The agent, with a few saved views."""

    async def make() -> None:
        for n, (name, query) in enumerate(SAVED.items()):
            await module_database.run(
                "insert into private.saved_views (id, owner_id, audience, name, query, sort, created_at)"
                " values (gen_random_uuid(), %s, 'me', %s, %s, 'updated', now() + %s * interval '1 second')",
                [agent.id, name, query, n],
            )

    asyncio.run(make())
    return agent


def playing(keys: str, *shown: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Waits until the tabs are counted, types, and waits for what is to be seen then."""

    async def play(pilot: Pilot[Any]) -> None:
        def ready() -> bool:
            desk = pilot.app.screen
            if not isinstance(desk, DeskScreen) or desk.queue.state != "ready":
                return False
            counted = desk.counts.knows({tab.key for tab in desk.shown})
            return desk.status.connection == "live" and counted and len(desk.saved) == len(SAVED)

        await patiently(pilot, ready, "the desk, live, and everything counted")
        await pilot.pause(0.4)
        for key in keys:
            await pilot.press({"/": "slash", " ": "space", ":": "colon"}.get(key, key))
        await patiently(pilot, lambda: all(words in text_on(pilot.app) for words in shown), f"{shown}")
        desk = pilot.app.screen
        assert isinstance(desk, DeskScreen)
        desk.link.deafen()
        await pilot.pause(0.3)

    return play


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("/status:open assi", ["0 tickets", "who works on it"]),
        ("/stutus:open x", ["There is no field", "Did you mean"]),
        ("9", ["9 Worth a look before lunch 1"]),
        ("8V", ["change what it asks for"]),
    ],
    ids=["completion", "error", "tabs", "menu"],
)
def test_queries_and_views(
    snap_compare: Compare, module_database: DeskDatabase, views: Person, size: str, keys: str, shown: list[str]
) -> None:
    app = app_for(module_database, views)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=playing(keys, *shown))
