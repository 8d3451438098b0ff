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


async def test_chords_run_what_they_are_bound_to_and_never_take_what_is_being_written(
    team: Team, tmp_path: Path
) -> None:
    own = {
        "desk.priority": ("x p", "comma p"),
        "desk.note": ("x x n",),
        "queue.last": ("g g",),
        "queue.first": ("home",),
    }
    settings = replace(team.database.settings, keys=own)
    async with opened(team.database, team.agent, tmp_path, size=(160, 48), settings=settings) as seen:
        assert "xp priority" in seen.text().splitlines()[-1]
        await seen.press("x", "p")
        await seen.until(lambda: seen.desk.picker.asking, "the question")
        await seen.press("escape", "comma")
        await seen.until(lambda: seen.shows(",p Set the priority"), "what may follow")
        await seen.press("p")
        await seen.until(lambda: seen.desk.picker.asking, "the question, by the other chord")
        await seen.press("escape", "g", "g")
        await seen.until(lambda: seen.desk.queue.selected and seen.desk.queue.selected.id == ticket_id(1004), "last")
        await seen.press("x", "j")
        await seen.until(lambda: seen.shows("xj is no key"), "told")
        assert seen.desk.queue.selected is not None
        assert seen.desk.queue.selected.id == ticket_id(1004)
        await seen.press("x", "escape", "j", "comma", "s")
        await seen.until(lambda: seen.app.compact, "a chord of the program's own")
        await seen.press("x", "x", "n")
        await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
        await seen.press(*"xp,s")
        await seen.until(lambda: seen.desk.pane.composer.text.text == "xp,s", "letters in a text")
        assert seen.app.compact
