"""The desk's way out: a person's own commands, and the ticket through a pipe."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from textual import on
from textual.app import SuspendNotSupported

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import harmless, safe_line
from helpdesk_tui.screens.desk_articles import DeskArticles
from helpdesk_tui.widgets.picker import Choice, Picker
from helpdesk_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from helpdesk_tui.core.commands import Command, Ran
    from helpdesk_tui.core.model import Ticket
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskCommands"]

#: Names for the list of commands, one key each.
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class DeskCommands(DeskArticles):
    """A desk from which a ticket goes to other programs.

    Args:
        link: the person's link to the database.
    """

    picker: Picker

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.prompt = Prompt(id="pipe")
        self._piped = ""
        self._piping: Ticket | None = None
        for number, command in enumerate(link.settings.commands):
            for key in command.keys:
                self._bindings.bind(key, f"screen.command({number})", safe_line(command.name, 60), show=False)

    @property
    def _commands(self) -> tuple[Command, ...]:
        return self.link.settings.commands

    def action_command(self, number: int) -> None:
        """Run one of the person's own commands on the ticket at hand."""
        ticket, command = self.subject, self._commands[number]
        reading = self.pane.has_focus_within
        if (command.context == "queue" and reading) or (command.context == "thread" and not reading):
            where = "the queue" if command.context == "queue" else "an open ticket"
            self.say(f"“{safe_line(command.name, 40)}” is for {where}")
        elif ticket is None:
            self.say("No ticket is selected")
        else:
            self.app.run_worker(self._command(command, ticket))

    def action_commands(self) -> None:
        """Choose one of them."""
        ticket = self.subject
        if not self._commands:
            self.say("No commands of your own yet: [[command]] in the settings")
        elif ticket is None:
            self.say("No ticket is selected")
        else:
            self.picker.ask(
                f"#{ticket.number} command",
                [
                    Choice(number, command.name, key)
                    for key, (number, command) in zip(LETTERS, enumerate(self._commands), strict=False)
                ],
                self.action_command,
            )

    async def action_pipe(self) -> None:
        """Ask what to pipe the ticket to."""
        self._piping = self.subject
        if self._piping is None:
            self.say("No ticket is selected")
            return
        await self._late(self.prompt)
        self.prompt.ask("pipe", f"#{self._piping.number} |", self._piped, placeholder="jq .title")

    @on(Prompt.Answered)
    def _pipe_answered(self, message: Prompt.Answered) -> None:
        if message.question != "pipe":
            return
        if message.by_key:
            (self.pane.focus_thread if self.has_class("reading") else self.queue.focus)()
        line = (message.text or "").strip()
        if line and self._piping is not None:
            from helpdesk_tui.core.commands import Command

            self._piped = line
            self.app.run_worker(self._command(Command(line, line), self._piping))

    async def _command(self, command: Command, ticket: Ticket) -> None:
        from helpdesk_tui.core.commands import run
        from helpdesk_tui.screens.command_output import CommandOutput

        try:
            given = await self._as_json(ticket)
        except HelpdeskError as error:
            self.say(f"“{safe_line(command.name, 40)}” was not run: {error}", alarm=True)
            return
        if command.terminal:
            await self._lend_terminal(command, given, ticket.number)
            return
        screen = CommandOutput(command.name, f"#{ticket.number}")
        running = asyncio.ensure_future(run(command.run, given, ticket.number))
        closed = asyncio.get_running_loop().create_future()
        await self.app.push_screen(screen, closed.set_result)
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
                await self._into_note(ticket, ran)
        finally:
            if not running.done():
                running.cancel()
                self.say(f"“{safe_line(command.name, 40)}” was stopped")

    async def _as_json(self, ticket: Ticket) -> str:
        import json

        from helpdesk_tui.core.records import thread_json

        return json.dumps(thread_json(await self.asked.thread(ticket.id)), ensure_ascii=False)

    async def _into_note(self, ticket: Ticket, ran: Ran) -> None:
        if self.link.user_id == ticket.customer_id:
            self.say("This ticket is your own request: its notes are not shown to you")
            return
        self.open_ticket(ticket)
        await self.pane.write(ticket, internal=True)
        fence = "```"
        while fence in ran.output:
            fence += "`"
        self.pane.composer.insert(f"{fence}\n{harmless(ran.output).rstrip()}\n{fence}", block=True)
        self.refresh_hints()
        self.say("What it printed is in your note: nothing is sent yet")

    async def _lend_terminal(self, command: Command, given: str, number: int) -> None:
        try:
            # Nothing may paint meanwhile: the terminal is the command's.
            with self.app.batch_update(), self.app.suspend():
                code = await asyncio.to_thread(_in_terminal, command.run, given, number)
        except SuspendNotSupported:
            self.say("This terminal cannot be lent to a command", alarm=True)
        except OSError as error:
            self.say(f"“{safe_line(command.name, 40)}” could not be run: {error.strerror}", alarm=True)
        else:
            self.say(f"“{safe_line(command.name, 40)}” " + (f"ended with {code}" if code else "is done"), bool(code))


def _in_terminal(line: str, given: str, number: int) -> int:
    with tempfile.NamedTemporaryFile("w", prefix="ticket-", suffix=".json", encoding="utf-8") as file:
        file.write(given)
        file.flush()
        env = {**os.environ, "HELPDESK_TICKET": str(number), "HELPDESK_TICKET_FILE": file.name}
        return subprocess.run(line, shell=True, env=env, check=False).returncode  # noqa: S602  (the person's own line)
