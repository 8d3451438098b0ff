"""Hostile text through the command line: what every command reads, and what every error quotes.

Into a file nothing but text; on a terminal our own colours beside it; as JSON nothing but printable ASCII.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from wcwidth import wcswidth

from helpdesk_tui.core import journal_outbox, outbox_kinds
from helpdesk_tui.core.journal import Journal
from tests.attacks.hostile_text import HOSTILE, LINES, breaches, mark
from tests.attacks.hostile_world import HostileWorld, hostile_world
from tests.cli.conftest import Cli, Result
from tests.importers.helping import thread
from tests.world import DeskDatabase, Person

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: What a file's name and a command line's argument may hold: anything but NUL.
ARGUMENTS = [text for text in LINES.values() if "\0" not in text]
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def world(module_database: DeskDatabase) -> HostileWorld:
    """One for all: nothing here changes it but what says so."""
    return hostile_world(module_database)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: HostileWorld) -> Cli:
    """The command line, with settings of the test's own."""
    for name in ("NO_COLOR", "COLUMNS", "HELPDESK_PROFILE", "HELPDESK_CONFIG", "HELPDESK_OWNER_DSN", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Cli(tmp_path, monkeypatch, world.database)


def sound(result: Result, what: object) -> None:
    """Hold that neither stdout nor stderr holds what no terminal may be given."""
    for stream in (result.out, result.err):
        assert not breaches(COLOURS.sub("", stream)), f"{what}: {ascii(stream)[:400]}"


def reads(world: HostileWorld) -> dict[str, tuple[Person, list[list[str]]]]:
    """Everything that is read, by whom."""
    ticket, chat, article = str(world.number), str(world.chat), str(world.article)
    anybody = [
        ["whoami"],
        ["acts"],
        ["tickets", "list", "--limit", "all"],
        ["tickets", "show", ticket],
        ["tickets", "attachments", ticket],
        ["chats", "list"],
        ["chats", "show", chat],
        ["chats", "transcript", chat],
        ["notices", "list"],
        ["kb", "list"],
        ["kb", "search", "bank", "example"],
        ["kb", "show", article],
        ["config", "show"],
        ["sessions"],
    ]
    return {
        "agent": (
            world.agent,
            [*anybody, ["kb", "versions", article], ["kb", "diff", article], ["views", "list"], ["macros", "list"]],
        ),
        "customer": (world.customer, anybody),
        "admin": (
            world.admin,
            [
                ["admin", "departments", "list"],
                ["admin", "categories", "list"],
                ["admin", "tags", "list"],
                ["admin", "people", "list", "--limit", "all"],
                ["admin", "people", "show", "s1@desk.test"],
                ["admin", "acts"],
                ["admin", "fields", "list"],
                ["admin", "sla", "list"],
                ["admin", "calendars", "list"],
                ["admin", "routing", "list"],
                ["sla", "report"],
                ["sessions", "--of", "s1@desk.test"],
                ["audit", "ticket", ticket],
                ["why", "s1@desk.test", ticket],
            ],
        ),
    }


@pytest.mark.parametrize("who", ["agent", "customer", "admin"])
async def test_no_command_that_reads_gives_a_terminal_anything_hostile(cli: Cli, world: HostileWorld, who: str) -> None:
    person, commands = reads(world)[who]
    shown = ""
    for command in commands:
        piped = await cli.run(person, *command)
        assert piped.code == 0, (command, piped.err)
        assert "\x1b" not in piped.out, command
        sound(piped, command)
        terminal = await cli.run(person, *command, terminal=True, COLUMNS="80")
        sound(terminal, command)
        if command[1:2] in (["list"], ["attachments"]):
            assert all(wcswidth(COLOURS.sub("", line)) <= 100 for line in terminal.out.splitlines()), command
        shown += piped.out
        if command[:2] != ["chats", "transcript"]:
            answer = await cli.run(person, *command, "--json")
            assert answer.code == 0, (command, answer.err)
            assert answer.out.isascii(), command
            assert answer.out.replace("\n", "").isprintable(), command
            json.loads(answer.out)
            sound(answer, command)
    texts = LINES if who == "admin" else HOSTILE
    missing = [name for number, name in enumerate(texts) if mark(number) not in shown]
    assert not missing, f"not even shown: {missing}"


QUOTING = [
    ["{}"],
    ["tickets", "{}"],
    ["tickets", "list", "{}"],
    ["tickets", "list", "--limit", "{}"],
    ["tickets", "list", "--{}"],
    ["tickets", "show", "{}"],
    ["tickets", "show", "1", "{}"],
    ["tickets", "set", "1", "--priority", "{}"],
    ["tickets", "set", "1", "--assignee", "{}"],
    ["tickets", "set", "1", "--department", "{}"],
    ["tickets", "reply", "1", "-m", "x", "--to-newest", "--attach", "/none/{}"],
    ["tickets", "save", "1", "{}"],
    ["tickets", "snooze", "1", "--until", "{}"],
    ["tickets", "snooze", "{}", "--until", "2h"],
    ["tickets", "fields", "1", "--set", "{}=x"],
    ["tickets", "fields", "1", "--set", "{}"],
    ["tickets", "merge", "{}", "--into", "1"],
    ["tickets", "merge", "1", "--into", "{}"],
    ["tickets", "split", "1", "{}"],
    ["tickets", "link", "1", "{}", "2"],
    ["tickets", "follow", "{}"],
    ["views", "save", "{}", "status:{}"],
    ["views", "share", "no {}", "--for", "team"],
    ["views", "remove", "no {}"],
    ["macros", "show", "{}"],
    ["macros", "remove", "{}"],
    ["macros", "save", "--file", "/none/{}"],
    ["macros", "run", "{}", "1"],
    ["away", "--until", "{}"],
    ["away", "--of", "{}"],
    ["undo", "{}"],
    ["chats", "show", "{}"],
    ["kb", "show", "{}"],
    ["sessions", "end", "{}"],
    ["sessions", "--of", "{}"],
    ["factors", "remove", "{}"],
    ["audit", "ticket", "{}"],
    ["why", "{}", "1"],
    ["why", "s1@desk.test", "{}"],
    ["kb", "list", "--category", "{}"],
    ["kb", "save", "{}", "--file", "/none/{}"],
    ["admin", "people", "show", "{}"],
    ["admin", "tags", "remove", "{}"],
    ["admin", "departments", "add", "{}", "--{}"],
    ["--set", "{}=x", "config", "show"],
    ["--set", "theme={}", "config", "show"],
    ["--set", "keys.{}=x", "config", "show"],
    ["--config", "/none/{}", "config", "show"],
    ["config", "validate", "/none/{}"],
    ["config", "show", "--profile", "{}"],
    ["import", "tickets", "/none/{}", "--dsn", "postgresql://none.invalid/x"],
    ["db", "check", "--dsn", "postgresql://none.invalid/{}"],
]

#: A query may be any text, a negated one too, and a view's name most.
NO_ERRORS = [["tickets", "list", "{}"], ["tickets", "list", "--{}"], ["views", "save", "{}", "number:1"]]


@pytest.mark.parametrize("command", [*QUOTING, NO_ERRORS[-1]], ids=" ".join)
async def test_error_that_quotes_an_argument_quotes_it_harmlessly(
    cli: Cli, world: HostileWorld, command: list[str]
) -> None:
    # All tricks in one argument, and the ones that are no words at all alone.
    for text in ("".join(ARGUMENTS[:33]), f"none {ARGUMENTS[20]}", "\u202e\x1b]0;owned\x07", "\udcff\x9b2J"):
        argv = [part.replace("{}", text) for part in command]
        result = await cli.run(world.agent, *argv, stdin="x")
        sound(result, command)
        assert result.code or "show" in command or command in NO_ERRORS, (command, result.out)


async def test_what_is_applied_and_undone_is_told_harmlessly(cli: Cli, world: HostileWorld) -> None:
    """Lines of a pipe that are none, changes that are none, the words of an act."""
    lines = [text.replace("\n", " ") for text in LINES.values()]
    told = 0
    for given in (
        lines,
        [json.dumps({"number": world.number, text: text}) for text in lines],
        [json.dumps({"number": text, "status": text}) for text in lines],
        [json.dumps({"number": world.number, "fields": {text: text}, "tags": [text]}) for text in lines],
    ):
        for line in (*given[::4], "\n".join(given)):
            for more in ([], ["--json"]):
                result = await cli.run(world.agent, "tickets", "apply", "-", "--dry-run", *more, stdin=line)
                sound(result, line)
                told += len(result.err)
    assert told > 1_000
    for more in ([], ["--json"]):
        result = await cli.run(world.agent, "undo", *more)
        assert result.code == 0, result.err
        assert mark(42 - len(more)) in result.out + result.err
        sound(result, "undo")


async def test_what_waits_and_what_was_refused_is_told_harmlessly(cli: Cli, world: HostileWorld) -> None:
    """What stands in the journal was written by a program once, in words of others."""
    journal = Journal.open(Path(cli.use(world.agent)["HELPDESK_STATE_DIR"]) / "drafts.sqlite3")
    with journal.writing() as connection:
        for number, text in enumerate(LINES.values()):
            words = text.replace("\ud800", "")
            nowhere = outbox_kinds.act(f"default/{world.agent.id}", uuid4(), [uuid4()], {"status": "open"}, words)
            kept = journal_outbox.put(connection, nowhere)
            if number % 2:
                journal_outbox.refuse(connection, kept, words)
    journal.close()
    shown = ""
    for command in (["outbox", "list"], ["outbox", "drop", "0"], ["outbox", "send"], ["outbox", "list"]):
        for more in ([], ["--json"]):
            result = await cli.run(world.agent, *command, *more)
            sound(result, command)
            assert not more or result.out.isascii()
            shown += result.out
    assert not [name for number, name in enumerate(LINES) if mark(number) not in shown]


async def test_settings_files_are_read_aloud_harmlessly(cli: Cli, world: HostileWorld, tmp_path: Path) -> None:
    path = tmp_path / "\x1b]0;owned\x07\u202e.toml"
    for text in (
        (
            'theme = "\\u001b]0;owned\\u0007\\u202e"\n"\\u001b[2J" = 1\n'
            '[profile."\\u009b2J"]\nauth_url = "\\u001b]52;c;AA\\u0007"\n'
        ),
        "\x1b]0;owned\x07 = \x9b2J\n",
        'auth_url = "\x1b[2J"\n',
    ):
        path.write_text(text)
        for command in (["config", "show"], ["config", "validate"], ["config", "path"]):
            for more in ([], ["--json"]) if command[1] != "path" else ([],):
                result = await cli.run(world.agent, *command, "--config", str(path), *more)
                sound(result, (text, command))
                assert not more or result.out.isascii()


async def test_lines_of_an_import_that_are_refused_are_told_harmlessly(
    cli: Cli, world: HostileWorld, tmp_path: Path
) -> None:
    path = tmp_path / "\x1b]0;owned\x07\u202e.jsonl"
    lines = [json.dumps({text: text}) for text in LINES.values()]
    lines += [text.replace("\n", " ") for text in LINES.values()]
    for number, text in enumerate(LINES.values()):
        broken = thread(number)
        broken[[*broken][number % len(broken)]] = text
        lines.append(json.dumps(broken))
    path.write_text("\n".join(lines), errors="replace")
    for kind in ("tickets", "kb", "chats"):
        for more in ([], ["--json"]):
            result = await cli.run(None, "import", kind, str(path), "--dsn", world.database.owner_dsn, *more)
            sound(result, kind)
            assert result.err, kind
            assert not more or result.out.isascii()


async def test_files_of_a_ticket_are_saved_where_they_were_meant_to_and_told_harmlessly(
    cli: Cli, world: HostileWorld, tmp_path: Path
) -> None:
    folder = tmp_path / "chosen"
    folder.mkdir()
    before = {path for path in tmp_path.rglob("*") if folder not in (path, *path.parents)}
    saved = await cli.run(world.agent, "tickets", "save", str(world.number), "--to", str(folder))
    assert saved.code == 0, saved.err
    sound(saved, "save")
    paths = [Path(line) for line in saved.out.splitlines()]
    assert sorted(paths) == sorted(folder.iterdir())
    assert len(paths) > 90
    assert all(path.is_file() and not path.is_symlink() for path in paths)
    after = {path for path in tmp_path.rglob("*") if folder not in (path, *path.parents)}
    assert {path for path in after - before if not path.is_relative_to(tmp_path / f"state-{world.agent.id}")} == set()
