"""A person's own commands: read from the settings with what is wrong, and run."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from helpdesk_tui.core import commands, settings
from helpdesk_tui.core.commands import MOST_BYTES, Command, run
from helpdesk_tui.core.errors import SettingsError


def load(tmp_path: Path, text: str) -> tuple[Command, ...]:
    path = tmp_path / "config.toml"
    path.write_text('default_profile = "demo"\n' + text)
    return settings.load(env={}, path=path).commands


def test_commands_are_read_from_the_settings(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '[[command]]\nname = "Shop"\nkey = ["f6", "ctrl+j"]\nrun = "shop-cli"\nnote = true\n'
        '[[command]]\nrun = "less $HELPDESK_TICKET_FILE"\nterminal = true\ncontext = "thread"\n',
    )
    assert found == (
        Command("Shop", "shop-cli", ("f6", "ctrl+j"), note=True),
        Command("less $HELPDESK_TICKET_FILE", "less $HELPDESK_TICKET_FILE", context="thread", terminal=True),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('command = "x"', "command must be tables"),
        ('[[command]]\nname = "x"', "needs run"),
        ('[[command]]\nrun = "x"\nkeey = "f6"', "no “keey”. Did you mean “key”?"),
        ('[[command]]\nrun = ""', "run must be text"),
        ('[[command]]\nrun = "x"\nkey = 3', "keys of a command are text"),
        ('[[command]]\nrun = "x"\nkey = "hyperspace"', "“hyperspace” is no key"),
        ('[[command]]\nrun = "x"\ncontext = "tickets"', "no context “tickets”"),
        ('[[command]]\nrun = "x"\nnote = "yes"', "note must be true or false"),
        ('[[command]]\nrun = "x"\nnote = true\nterminal = true', "prints there"),
        ('[[command]]\nname = "Look up"\nrun = "x"\nkey = "s"', "“Look up”: “s” is the key of desk.status too"),
        ('[keys]\n"desk.status" = "f6"\n[[command]]\nrun = "x"\nkey = "f6"', "“f6” is the key of desk.status too"),
        ('[[command]]\nrun = "x"\nkey = "f6"\n[[command]]\nrun = "y"\nkey = "f6"', "of the command “x” too"),
    ],
)
def test_what_is_wrong_with_a_command_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words.replace("?", r"\?")) as told:
        load(tmp_path, text)
    assert ":2:" in str(told.value) or ":3:" in str(told.value) or ":4:" in str(told.value)
    assert any(words in str(each) for each in settings.validate(tmp_path / "config.toml"))


async def test_a_command_is_given_the_ticket_and_its_number_and_nothing_of_it_in_the_shell_line() -> None:
    title = "$(touch /tmp/owned) `id` '; echo owned; '"
    ran = await run('cat; echo " $HELPDESK_TICKET"; echo oops >&2; exit 3', json.dumps({"title": title}), 1042)
    assert ran.code == 3
    assert json.loads(ran.output.splitlines()[0].removesuffix(" 1042"))["title"] == title
    assert ran.output.endswith("oops\n")


async def test_a_command_that_reads_nothing_or_prints_no_end_is_no_trouble() -> None:
    assert (await run("true", "x" * (1 << 22), 1)).code == 0
    ran = await run("head -c 3000000 /dev/zero | tr '\\0' x", "", 1)
    assert (len(ran.output), ran.cut, ran.code) == (MOST_BYTES, True, 0)


async def test_stopping_a_command_ends_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    running = asyncio.ensure_future(run(f"sleep 1000 & echo $! > {file}; wait", "{}", 1))
    while not (file.exists() and file.read_text().strip()):  # noqa: ASYNC110  (a file tells nobody)
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await gone(int(file.read_text()))
    assert commands.GOING_SECONDS > 0


async def test_stopping_a_command_that_is_being_started_ends_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    running = asyncio.ensure_future(run(f"sleep 1000 & echo $! > {file}; wait", "{}", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    # It runs, and nobody here has been told of it.
    while not (file.exists() and file.read_text().strip()):
        time.sleep(0.01)  # noqa: ASYNC251
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await gone(int(file.read_text()))


async def gone(pid: int) -> None:
    for _ in range(500):
        if not alive(pid):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{pid} still runs")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Somebody may have to collect it yet.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
