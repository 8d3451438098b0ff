"""An agent's day at the keys of a real terminal: the program in tmux, what it says read from the screen."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts import REPOSITORY, require
from tests.screens.opened import Team
from tests.screens.signed_in_before import set_up

PATIENCE = 60
"""Seconds until something is given up for: the machine may be busy with much else."""

PRIORITIES = "select string_agg(number || ' ' || priority, ', ' order by number) from tickets"


@dataclass
class Window:
    """A window of tmux with the program in it."""

    tmux: tuple[str, ...]

    def run(self, *argv: str, **environment: str) -> str:
        """What a command of tmux prints."""
        done = subprocess.run(
            [*self.tmux, *argv],
            capture_output=True,
            text=True,
            check=True,
            cwd=REPOSITORY,
            env=os.environ | environment,
        )
        return done.stdout

    def text(self) -> str:
        """What the screen shows."""
        return self.run("capture-pane", "-p")

    async def keys(self, *keys: str) -> None:
        """Press keys, by tmux' names, or type a text that is no name of a key."""
        for key in keys:
            self.run("send-keys", key)
            await asyncio.sleep(0.02)

    async def until(self, told: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something, and say what the screen showed where it never came."""
        for _ in range(PATIENCE * 10):
            if await told():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(self.text())

    async def shows(self, *words: str, no: str | None = None) -> None:
        """Wait until the screen shows all of these, and ``no`` no longer."""

        async def told() -> bool:
            text = self.text()
            return all(word in text for word in words) and (no is None or no not in text)

        await self.until(told)


@pytest.fixture(params=["80x24", "160x48"])
async def window(request: pytest.FixtureRequest, team: Team, tmp_path: Path) -> AsyncIterator[Window]:
    """The agent's desk, just opened."""
    tmux = str(require("tmux"))
    config = set_up(team, tmp_path)
    width, height = request.param.split("x")
    program = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main(sys.argv[1:]))"]
    told = tmp_path / "exit"
    line = f"{shlex.join([*program, '--config', str(config)])}; echo $? > {shlex.quote(str(told))}; sleep 600"
    window = Window((tmux, "-f", "/dev/null", "-u", "-S", str(tmp_path / "tmux")))
    state = {"HELPDESK_STATE_DIR": str(tmp_path / "state"), "TERM": "xterm-256color", "NO_COLOR": "", "TMUX": ""}
    window.run("new-session", "-d", "-x", width, "-y", height, "sh", "-c", line, **state)
    try:
        await window.shows("● live", "#1001")
        yield window
        await window.keys("q")

        async def left() -> bool:
            return told.exists() and told.read_text() == "0\n"

        await window.until(left)
    finally:
        window.run("kill-server")


def holds(team: Team, query: str, value: object) -> Callable[[], Awaitable[bool]]:
    """Whether the team's database answers so."""

    async def told() -> bool:
        return bool(await team.value(query) == value)

    return told


@pytest.mark.timeout(600)
async def test_an_agents_day_in_tmux(window: Window, team: Team) -> None:
    before = await team.value(PRIORITIES)
    # Esc and the key behind it in one read are both: out of the one question, into the other, and out again.
    await window.keys("s")
    await window.shows("status", "pending", "resolved")
    window.run("send-keys", "-H", "1b", "70")
    await window.shows("priority", "urgent", no="resolved")
    await window.keys("Escape")
    await window.shows("#1003", no="Esc leaves")
    # Triage: asked for, marked, set at once for all, taken back as one.
    await window.keys("/", "status:open lamp")
    await window.shows("2 tickets")
    await window.keys("Enter")
    await window.shows("/ status:open lamp")
    await window.keys("*")
    await window.shows("2 marked")
    await window.keys("p")
    await window.shows("urgent")
    await window.keys("u")
    await window.shows("2 tickets priority → urgent ·", "u undoes")
    await window.keys("u")
    await window.shows("Undone: 2 tickets priority → urgent")
    await window.until(holds(team, PRIORITIES, before))
    # Esc leads back to the queue before; a snooze, taken back as well.
    await window.keys("Escape")
    await window.shows("#1003", "#1004")
    await window.keys("g", "z")
    await window.shows("snooze until", "tomorrow 9:00")
    await window.keys("2")
    await window.shows("snoozed until", "· u undoes")
    await window.keys("u")
    await window.shows("Undone: #", "snoozed until")
    # A reply is sent, taken back in time, and sent for good.
    await window.keys("Enter")
    await window.shows("Please help with: ")
    await window.keys("r", "On and off?")
    await window.shows("REPLY TO CUSTOMER", "On and off?")
    await window.keys("C-s")
    await window.shows("reply: sending in", "u takes it back")
    await window.keys("u")
    await window.shows("Taken back: nothing was sent", "On and off?")
    await window.keys(" Thanks.", "C-s")
    await window.shows("reply: sending in")
    # A due date in words, in one burst.
    await window.keys("D", "w", "friday 9:00", "Enter")
    await window.shows("due → Fri")
    await window.until(holds(team, "select count(*) from tickets where due_date is not null", 1))
    # What was done can be listed.
    await window.keys("U")
    await window.shows("Undo which", "due → Fri")
    await window.keys("Escape")
    await window.shows("#1002", no="Undo which")


async def test_leaving_sends_what_was_held(window: Window, team: Team) -> None:
    await window.keys("Enter")
    await window.shows("Please help with: ")
    await window.keys("i", "Looks like the lot of last week.")
    await window.shows("INTERNAL NOTE", "last week.")
    await window.keys("C-s")
    await window.shows("sending in")
    await window.keys("q")
    await window.until(
        holds(team, "select count(*) from ticket_messages where is_internal and content like '%last week.'", 1)
    )
