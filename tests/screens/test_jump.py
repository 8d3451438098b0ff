"""Jump mode: every place on the screen has a letter, and the letter goes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from helpdesk_tui.screens.jump import LETTERS, JumpScreen, labels
from tests.screens.opened import Opened, Team, opened, ticket_id


@pytest.mark.parametrize("count", [0, 1, 26, 27, 60, 200, 26 * 26])
def test_labels_are_as_many_as_wanted_and_none_begins_another(count: int) -> None:
    found = labels(count)
    assert len(found) == len(set(found)) == count
    assert not any(one != other and other.startswith(one) for one in found for other in found)
    assert set("".join(found)) <= set(LETTERS)


def label_at(desk: Opened, x: int, y: int) -> str:
    """The label on a cell of the screen."""
    return next(
        (sign.id or "").removeprefix("to-")
        for sign in desk.app.screen.query(Static)
        if (sign.region.x, sign.region.y) == (x, y)
    )


async def test_a_letter_goes_to_a_ticket_to_a_queue_and_to_a_pane(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, (160, 48)) as desk:

        async def jump(x: int, y: int) -> None:
            await desk.press("semicolon")
            await desk.until(lambda: isinstance(desk.app.screen, JumpScreen), "the labels")
            await desk.until(lambda: any(sign.region.area for sign in desk.app.screen.query(Static)), "their places")
            assert desk.shows("Waiting on customer")  # what lies under them is still to be seen
            await desk.press(*label_at(desk, x, y))
            await desk.until(lambda: not isinstance(desk.app.screen, JumpScreen), "gone again")

        top = desk.desk.queue.region.y
        row = next(y for y, line in enumerate(desk.text().splitlines()) if "How to reset" in line[:72])
        assert row > top
        await jump(0, row)
        await desk.until(lambda: desk.desk.queue.selected and desk.desk.queue.selected.id == ticket_id(1004), "it")
        words = next(line for line in desk.text().splitlines() if "Waiting on customer" in line)
        await jump(words.index("Waiting") - 3, 0)
        await desk.until(lambda: desk.desk.view_key == "waiting", "another queue")
        thread = desk.desk.pane.thread.region
        await jump(thread.x, thread.y)
        await desk.until(lambda: desk.desk.pane.has_focus_within, "the ticket's pane")
        await desk.press("semicolon")
        await desk.until(lambda: isinstance(desk.app.screen, JumpScreen), "the labels")
        await desk.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, JumpScreen), "nothing was wanted")
        assert desk.desk.view_key == "waiting"
