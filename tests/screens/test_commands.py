"""The desk's own commands and its pipe: what they are given, what becomes of what they print."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from helpdesk_tui.core.commands import Command
from helpdesk_tui.screens.command_output import CommandOutput
from tests.screens.opened import Team, opened


async def test_the_ticket_goes_through_a_pipe_and_what_comes_out_into_a_note(team: Team, tmp_path: Path) -> None:
    given = tmp_path / "given"
    async with opened(team.database, team.agent, tmp_path, (80, 24)) as desk:
        await desk.press("vertical_line")
        await desk.until(lambda: desk.shows("#1001 |"), "the question")
        line = f"tee {given}; printf '\\033]0;owned\\007[red]found 1 order'"
        desk.desk.prompt.field.value = line
        await desk.press("enter")
        await desk.until(lambda: desk.shows("done · n into a note"), "the output")
        assert json.loads(given.read_text())["title"] == "Lamp flickers"
        await desk.until(lambda: desk.shows("[red]found 1 order"), "what it printed, as it is")
        await desk.press("n")
        await desk.until(lambda: desk.desk.pane.composer_has_focus, "a note")
        assert desk.desk.pane.composer.internal
        assert "[red]found 1 order" in desk.desk.pane.composer.text.text
        assert "\x1b" not in desk.desk.pane.composer.text.text
        assert await team.value("select count(*) from public.ticket_messages where content like '%%order%%'") == 0
        await desk.press("escape", "escape", "vertical_line")
        await desk.until(lambda: desk.shows("tee"), "the last one stands there")
        await desk.press("escape")
        await desk.until(lambda: desk.desk.queue.has_focus, "the queue again")


async def test_own_commands_have_keys_a_list_and_a_place_in_the_palette(team: Team, tmp_path: Path) -> None:
    own = (
        Command("Look up the order", "echo order 17", ("f6",), note=True),
        Command("Wait", "sleep 1000", ("f7",)),
        Command("Fail", "echo no shop; exit 4", context="thread", keys=("f8",)),
    )
    settings = replace(team.database.settings, commands=own)
    async with opened(team.database, team.agent, tmp_path, (80, 24), settings=settings) as desk:
        await desk.press("f8")
        await desk.until(lambda: desk.shows("“Fail” is for an open ticket"), "no command of the queue")
        await desk.press("f6")
        await desk.until(lambda: desk.shows("order 17"), "the note")
        assert desk.desk.pane.composer.internal
        await desk.press("escape", "f8")
        await desk.until(lambda: desk.shows("ended with 4"), "how it ended")
        assert desk.shows("no shop")
        await desk.press("escape", "exclamation_mark")
        await desk.until(lambda: desk.shows("Wait"), "the list")
        await desk.press("b")
        await desk.until(lambda: desk.shows("Running …"), "it runs")
        await desk.press("escape")
        await desk.until(lambda: desk.shows("“Wait” was stopped"), "stopped")
        assert not isinstance(desk.app.screen, CommandOutput)
        await desk.press("ctrl+p", *"look up")
        await desk.until(lambda: desk.shows("Look up the order"), "the palette")
