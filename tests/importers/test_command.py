"""``helpdesk import`` as somebody runs it: exit codes, stdout and stderr, pipes, Ctrl-C."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.importers.helping import article, chat, essence, thread
from tests.parts import REPOSITORY
from tests.world import create_database, drop_database

MAIN = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())"]


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HELPDESK_")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **more}


def helpdesk(*arguments: str, stdin: bytes = b"", **more: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*MAIN, "import", *arguments],
        input=stdin,
        capture_output=True,
        env=environment(**more),
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def tickets(tmp_path) -> Path:
    path = tmp_path / "a file of tickets"
    path.write_bytes(gzip.compress(b"".join(json.dumps(thread(number)).encode() + b"\n" for number in range(10))))
    return path


async def test_the_counts_at_the_end_agree_with_the_file(database, tickets):
    code, out, err = helpdesk("tickets", str(tickets), "--dsn", database.owner_dsn, "--department", "Forum")
    assert (code, err) == (0, "")
    assert re.search(r"^tickets +10 +10$", out, re.MULTILINE)
    assert re.search(r"^messages +30 +30$", out, re.MULTILINE)
    code, out, err = helpdesk("tickets", str(tickets), "--json", HELPDESK_OWNER_DSN=database.owner_dsn)
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["found"] == {"tickets": 10, "messages": 30}
    assert not any(answer["added"].values())
    assert answer["line"] == 10


async def test_articles_and_chats_come_from_stdin_too(database):
    for what, record in (("kb", article(1)), ("chats", chat(1))):
        code, out, err = helpdesk(what, "-", "--dsn", database.owner_dsn, "--json", stdin=json.dumps(record).encode())
        assert (code, err) == (0, "")
        assert json.loads(out)["found"]["articles" if what == "kb" else "chats"] == 1


async def test_a_broken_line_stops_with_its_number_or_is_left_out_as_asked(database, tmp_path):
    path = tmp_path / "tickets.jsonl"
    path.write_bytes(json.dumps(thread(1)).encode() + b"\n\n{broken\n" + json.dumps(thread(2)).encode())
    code, out, err = helpdesk("tickets", str(path), "--dsn", database.owner_dsn, "--json")
    assert code == 11
    assert "Line 3" in err
    assert json.loads(out)["added"]["tickets"] == 1
    code, out, err = helpdesk("tickets", str(path), "--dsn", database.owner_dsn, "--json", "--on-error", "skip")
    assert code == 8
    assert "Line 3 was left out" in err
    assert json.loads(out) | {"added": 0} == {
        "line": 4, "found": {"tickets": 2, "messages": 6}, "added": 0, "left_out": 1
    }  # fmt: skip


def test_checking_says_what_is_broken_without_a_database(tickets):
    code, out, _ = helpdesk("tickets", str(tickets), "--check")
    assert code == 0
    assert re.search(r"^tickets +10$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tickets", "{file}"], "HELPDESK_OWNER_DSN"),
        (["tickets", "/nowhere/file", "--check"], "No such file"),
        (["tickets", "/", "--check"], "directory"),
        (["tickets", "{file}", "--from-line", "0"], "counted from 1"),
        (["tickets", "{file}", "--on-error", "perhaps"], "invalid choice"),
        (["mail", "{file}"], "invalid choice"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(tickets, arguments, words):
    code, out, err = helpdesk(*(argument.format(file=tickets) for argument in arguments))
    assert (code, out) == (2, "")
    assert words in err


async def test_ctrl_c_leaves_whole_tickets_and_says_how_to_go_on(database, template):
    records = [json.dumps(thread(number)).encode() + b"\n" for number in range(700)]
    with subprocess.Popen(  # noqa: ASYNC220  (returns at once)
        [*MAIN, "import", "tickets", "-", "--dsn", database.owner_dsn],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write(b"".join(records[:650]))
        child.stdin.flush()
        deadline = time.monotonic() + 30
        while (await database.run("select count(*) from public.tickets"))[0][0] < 600:
            assert time.monotonic() < deadline
        child.send_signal(signal.SIGINT)
        err = child.stderr.read().decode()
        code = child.wait(30)
    assert code == 130
    assert "Traceback" not in err
    found = re.search(r"--from-line (\d+)", err)
    assert found
    assert await database.run("select count(*) from public.tickets") == [(int(found[1]) - 1,)]
    assert await database.run("select count(*) from public.ticket_messages") == [(3 * (int(found[1]) - 1),)]

    helpdesk("tickets", "-", "--dsn", database.owner_dsn, stdin=b"".join(records))
    other = create_database(database.server, f"{database.name}_whole", template.name)
    try:
        helpdesk("tickets", "-", "--dsn", other.owner_dsn, stdin=b"".join(records))
        assert await essence(database) == await essence(other)
    finally:
        drop_database(other)


async def test_a_bar_is_drawn_on_a_terminal(database, tickets):
    child = pexpect.spawn(
        MAIN[0],
        [*MAIN[1:], "import", "tickets", str(tickets), "--dsn", database.owner_dsn],
        env=environment(TERM="xterm-256color"),
        dimensions=(24, 80),
        timeout=30,
        encoding="utf-8",
    )
    child.expect("100%")
    child.expect("in the file")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize("where", [["--local"], ["--profile", "demo"]])
def test_the_demo_can_be_filled_by_an_import(open_directory, tickets, where):
    home = open_directory / f"home-{where[0]}"
    home.mkdir()
    places: dict[str, Any] = {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    code, out, err = helpdesk("tickets", str(tickets), "--json", *where, **places)
    assert (code, err) == (0, "")
    assert json.loads(out)["added"]["tickets"] == 10
