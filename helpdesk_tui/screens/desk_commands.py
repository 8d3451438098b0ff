"""The desk's way out: a person's own commands, and the ticket through a pipe."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import App, SuspendNotSupported

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import harmless, safe_line
from helpdesk_tui.screens.at_desk import AtDesk
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.core.commands import Command
    from helpdesk_tui.core.model import Ticket

__all__ = ["OwnCommands"]

#: Names for the list of commands, one key each.
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class CommandDesk(AtDesk, Protocol):
    """A desk that a command can be run at.

    Attributes:
        app: lends the terminal.
    """

    @property
    def app(self) -> App[Any]:
        """The program."""

    @property
    def reading(self) -> bool:
        """Whether the keys are the open ticket's."""

    async def write_note(self, ticket: Ticket, words: str, told: str) -> None:
        """Begin a note to a ticket, and say so."""


class OwnCommands:
    """Runs a person's own commands on the ticket at hand.

    Args:
        desk: where they are.
    """

    def __init__(self, desk: CommandDesk) -> None:
        self._desk = desk
        self._commands = desk.link.settings.commands
        self._piped = ""

    def run(self, number: int) -> None:
        """Run one of them."""
        ticket, command = self._desk.subject, self._commands[number]
        reading = self._desk.reading
        if (command.context == "queue" and reading) or (command.context == "thread" and not reading):
            where = "the queue" if command.context == "queue" else "an open ticket"
            self._desk.say(f"“{safe_line(command.name, 40)}” is for {where}")
        elif ticket is None:
            self._desk.say("No ticket is selected")
        else:
            self._desk.app.run_worker(self._command(command, ticket))

    def choose(self) -> None:
        """Ask which of them to run."""
        ticket = self._desk.subject
        if not self._commands:
            self._desk.say("You have no commands of your own yet: [[command]] in the settings makes one")
        elif ticket is None:
            self._desk.say("No ticket is selected")
        else:
            self._desk.picker.ask(
                f"#{ticket.number} command",
                [
                    Choice(number, command.name, key)
                    for key, (number, command) in zip(LETTERS, enumerate(self._commands), strict=False)
                ],
                self.run,
            )

    def pipe(self) -> None:
        """Ask what to pipe the ticket to."""
        ticket = self._desk.subject
        if ticket is None:
            self._desk.say("No ticket is selected")
        else:
            self._desk.ask_words(
                f"#{ticket.number} |", lambda line: self._pipe(line, ticket), self._piped, placeholder="jq .title"
            )

    def _pipe(self, line: str, ticket: Ticket) -> None:
        from helpdesk_tui.core.commands import Command

        line = line.strip()
        if line:
            self._piped = line
            self._desk.app.run_worker(self._command(Command(line, line), ticket))

    async def _command(self, command: Command, ticket: Ticket) -> None:
        from helpdesk_tui.core.commands import run
        from helpdesk_tui.screens.command_output import CommandOutput

        try:
            given = await self._as_json(ticket)
        except HelpdeskError as error:
            self._desk.say(f"“{safe_line(command.name, 40)}” was not run: {error}", alarm=True)
            return
        if command.terminal:
            await self._lend_terminal(command, given, ticket.number)
            return
        screen = CommandOutput(command.name, f"#{ticket.number}")
        running = asyncio.ensure_future(run(command.run, given, ticket.number))
        closed = asyncio.get_running_loop().create_future()
        await self._desk.app.push_screen(screen, closed.set_result)
        try:
            await asyncio.wait({running, closed}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                return
            try:
                ran = running.result()
            except HelpdeskError as error:
                screen.fail(str(error))
                return
            if command.note and ran.code == 0 and ran.output.strip() and not closed.done():
                screen.dismiss("note")
            elif not closed.done():
                screen.show(ran)
            if await closed == "note":
                await self._desk.write_note(
                    ticket, _fenced(ran.output), "What it printed is in your note: nothing is sent yet"
                )
        finally:
            if not running.done():
                running.cancel()
                self._desk.say(f"“{safe_line(command.name, 40)}” was stopped")

    async def _as_json(self, ticket: Ticket) -> str:
        import json

        from helpdesk_tui.core.records import thread_json

        return json.dumps(thread_json(await self._desk.asked.thread(ticket.id)), ensure_ascii=False)

    async def _lend_terminal(self, command: Command, given: str, number: int) -> None:
        name = f"“{safe_line(command.name, 40)}”"
        try:
            # Nothing may paint meanwhile: the terminal is the command's.
            with self._desk.app.batch_update(), self._desk.app.suspend():
                code = await asyncio.to_thread(_in_terminal, command.run, given, number)
        except SuspendNotSupported:
            self._desk.say("This terminal cannot be lent to a command", alarm=True)
        except OSError as error:
            self._desk.say(f"{name} could not be run: {error.strerror}", alarm=True)
        else:
            self._desk.say(f"{name} ended with {code}" if code else f"{name} is done", bool(code))


def _in_terminal(line: str, given: str, number: int) -> int:
    with tempfile.NamedTemporaryFile("w", prefix="ticket-", suffix=".json", encoding="utf-8") as file:
        file.write(given)
        file.flush()
        env = {**os.environ, "HELPDESK_TICKET": str(number), "HELPDESK_TICKET_FILE": file.name}
        return subprocess.run(line, shell=True, env=env, check=False).returncode  # noqa: S602  (the person's own line)


def _fenced(output: str) -> str:
    fence = "```"
    while fence in output:
        fence += "`"
    return f"{fence}\n{harmless(output).rstrip()}\n{fence}"
