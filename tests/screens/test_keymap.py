"""Keys that a person has given to actions: pressed, shown, and the old ones free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk_tui import actions
from tests.screens.opened import Team, opened, ticket_id


@pytest.fixture(autouse=True)
def usual_keys() -> Iterator[None]:
    """Other tests have the usual keys."""
    yield
    actions.remap({})


async def test_own_keys_run_their_actions_and_are_shown_everywhere(team: Team, tmp_path: Path) -> None:
    own = {"desk.priority": ("f8", "P"), "queue.down": ("e",), "thread.next": ("f6",), "composer.leave": ("f9",)}
    settings = replace(team.database.settings, keys=own)
    async with opened(team.database, team.agent, tmp_path, size=(160, 60), settings=settings) as seen:
        assert "F8 priority" in seen.text().splitlines()[-1]
        await seen.press("p")
        await seen.pilot.pause(0.2)
        assert not seen.desk.picker.asking
        for key in ("f8", "P"):
            await seen.press(key)
            await seen.until(lambda: seen.desk.picker.asking, "the question")
            await seen.press("escape")
        await seen.press("e")
        await seen.until(lambda: seen.desk.queue.selected and seen.desk.queue.selected.id == ticket_id(1002), "down")
        await seen.press("r")
        await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
        await seen.press("f9")
        await seen.until(lambda: not seen.desk.pane.writing, "left")
        await seen.press("question_mark")
        await seen.until(lambda: seen.shows("Every key"), "the help")
        assert seen.shows("F8 P")
        await seen.press("escape", "ctrl+p", *"set the prio")
        await seen.until(lambda: seen.shows("F8 P"), "the palette")
