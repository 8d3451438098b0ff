"""A person's own commands: ``[[command]]`` in the settings, run by their shell with a ticket as JSON.

The shell line is the person's, from their own file; of a ticket nothing is ever put into it: that travels on standard
input, as JSON, and its number in the environment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from helpdesk_tui.actions import ACTIONS
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.keymap import Fault, Keymap, is_key, meant_key, named_key
from helpdesk_tui.core.setting_values import nearest

__all__ = ["MOST_BYTES", "Command", "Ran", "read", "run"]

#: What is kept of what a command prints, in bytes.
MOST_BYTES: Final = 1 << 20
#: How long a command that is stopped may take to go, in seconds.
GOING_SECONDS: Final = 2.0

_KEYS: Final = ("name", "key", "run", "context", "note", "terminal")
#: Where a command's key works, and the contexts of the actions that it would stand in the way of.
_CONTEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": ("queue", "thread", "anywhere"),
    "queue": ("queue", "anywhere"),
    "thread": ("thread", "anywhere"),
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        name: what people call it.
        run: the shell line.
        keys: what runs it, in Textual's names; may be none: then it is in the list of commands alone.
        context: ``ticket`` (queue and thread), ``queue`` or ``thread``.
        note: what it prints goes into a note, to be read before it is sent.
        terminal: it is lent the terminal, and finds the ticket in the file that ``HELPDESK_TICKET_FILE`` names.
    """

    name: str
    run: str
    keys: tuple[str, ...] = ()
    context: str = "ticket"
    note: bool = False
    terminal: bool = False


def read(tables: object, keymap: Keymap) -> tuple[tuple[Command, ...], list[Fault]]:
    """The commands of what TOML gave for ``command``, and everything that is wrong with it.

    Args:
        tables: an array of tables.
        keymap: the person's own keys of actions, for what clashes.
    """
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        return (), [Fault(("command",), "command must be tables: [[command]], then name, key and run.")]
    commands: list[Command] = []
    faults: list[Fault] = []
    for table in tables:
        wrong = list(_wrong(table))
        faults += wrong
        if wrong:
            continue
        wanted = table.get("key", [])
        keys = tuple(dict.fromkeys(named_key(key.strip()) for key in ([wanted] if isinstance(wanted, str) else wanted)))
        command = Command(
            table.get("name") or table["run"],
            table["run"],
            keys,
            table.get("context", "ticket"),
            table.get("note", False),
            table.get("terminal", False),
        )
        faults += [Fault(("command",), f"“{key}” is no key.", meant_key(key)) for key in keys if not is_key(key)]
        clashes = _clashes(command, keymap, commands)
        faults += [Fault(("command",), f"“{command.name}”: {words}") for words in clashes]
        commands.append(command)
    return tuple(commands), faults


def _wrong(table: Mapping[str, Any]) -> Iterator[Fault]:
    for key, value in table.items():
        if key not in _KEYS:
            yield Fault(("command", key), f"A command has no “{key}”.", nearest(key, _KEYS))
        elif key in ("note", "terminal"):
            if not isinstance(value, bool):
                yield Fault(("command", key), f"{key} must be true or false.")
        elif key == "key":
            if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(k, str) for k in value)):
                yield Fault(("command", key), 'The keys of a command are text, or a list of texts: ["f6", "ctrl+j"].')
        elif not isinstance(value, str) or not value.strip():
            yield Fault(("command", key), f"{key} must be text in quotes.")
    if "run" not in table:
        yield Fault(("command",), 'A command needs run: the shell line, such as "jq -r .requester.name".')
    context = table.get("context", "ticket")
    if isinstance(context, str) and context not in _CONTEXTS:
        words = f"There is no context “{context}”: a command's is {', '.join(_CONTEXTS)}."
        yield Fault(("command", "context"), words, nearest(context, _CONTEXTS))
    if table.get("note") is True and table.get("terminal") is True:
        yield Fault(("command", "note"), "A command that is lent the terminal prints there, and not into a note.")


def _clashes(command: Command, keymap: Keymap, others: list[Command]) -> Iterator[str]:
    for action in ACTIONS:
        if action.context in _CONTEXTS[command.context]:
            for key in sorted(set(command.keys) & set(keymap.get(action.id, action.keys))):
                yield f"“{key}” is the key of {action.id} too ({action.words})."
    for other in others:
        for key in sorted(set(command.keys) & set(other.keys)):
            if set(_CONTEXTS[command.context]) & set(_CONTEXTS[other.context]) - {"anywhere"}:
                yield f"“{key}” is the key of the command “{other.name}” too."


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command.

    Args:
        code: what it ended with; negative: the signal that ended it.
        output: what it printed, errors too, in the order they came.
        cut: whether it printed more than is kept.
    """

    code: int
    output: str
    cut: bool = False


async def run(line: str, given: str, number: int) -> Ran:
    """Run a shell line with a ticket on its standard input; when this is cancelled, it and what it started end.

    Args:
        line: the person's own.
        given: the ticket, as JSON.
        number: its number, in ``HELPDESK_TICKET``.

    Raises:
        HelpdeskError: no shell could be started.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_shell(
            line,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "HELPDESK_TICKET": str(number)},
            start_new_session=True,
        )
    )
    try:
        process = await asyncio.shield(starting)
    except OSError as error:
        raise HelpdeskError(f"The command could not be started: {error.strerror}.") from error
    except asyncio.CancelledError:
        # It runs before its start is told; cancelling that would end the shell and leave what it started.
        with suppress(OSError):
            await _end(await starting)
        raise
    try:
        feeding = asyncio.ensure_future(_feed(process, given.encode()))
        printed, cut = await _take(process)
        await feeding
        code = await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise
    return Ran(code, printed.decode(errors="replace"), cut)


async def _feed(process: asyncio.subprocess.Process, given: bytes) -> None:
    assert process.stdin is not None
    # A command that does not read what it is given is no mistake.
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def _take(process: asyncio.subprocess.Process) -> tuple[bytes, bool]:
    assert process.stdout is not None
    kept, cut = bytearray(), False
    while some := await process.stdout.read(1 << 16):
        room = MOST_BYTES - len(kept)
        cut = cut or len(some) > room
        kept += some[:room]
    return bytes(kept), cut


async def _end(process: asyncio.subprocess.Process) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GOING_SECONDS)
            return
