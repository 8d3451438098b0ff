"""The command line as a program: what it imports, how it ends, what goes where."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from helpdesk_tui import cli as package
from helpdesk_tui.core import errors
from tests.core.auth_server import jwt
from tests.parts import REPOSITORY

HELPDESK = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())"]
HEAVY = {"textual", "psycopg", "supabase_auth", "httpx", "pydantic", "keyring", "rich", "jwt", "cryptography"}


def imported(*argv: str, env: dict[str, str] | None = None) -> set[str]:
    """The heavy packages that a command line imports, whatever its exit code."""
    script = f"""
    import sys
    from helpdesk_tui.cli import main
    try:
        main({list(argv)!r})
    except SystemExit:
        pass
    sys.stderr.write("\\n" + " ".join(sorted({HEAVY!r} & set(sys.modules))))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        env={**os.environ, **(env or {})},
    )
    return set(done.stderr.splitlines()[-1].split())


def test_help_imports_nothing_heavy():
    assert imported("--help") == set()
    for command in ("login", "tickets", "config", "db", "whoami"):
        assert imported(command, "--help") == set(), command


def test_settings_import_nothing_heavy():
    assert imported("config", "path") == set()
    assert imported("config", "validate") == set()


async def test_tickets_list_imports_neither_textual_nor_the_sign_in_client(cli, desk):
    await desk.ticket()
    env = cli.use(desk.agent)
    assert imported("tickets", "list", env=env) == {"psycopg", "rich"}
    assert imported("tickets", "list", "--json", env=env) == {"psycopg"}
    assert imported("whoami", env=env) == {"psycopg"}


def test_every_command_of_the_table_is_there(plain_cli):
    for name, (_, module) in package.COMMANDS.items():
        assert (
            name in ("login", "logout", "whoami", "acts", "undo", "back")
            or module.removeprefix("helpdesk_tui.cli.").rstrip("_") == name
        )


async def test_wrong_usage_exits_with_2(plain_cli):
    for argv in (
        ["nonsense"],
        ["tickets"],
        ["tickets", "list", "--limit", "0"],
        ["tickets", "set", "1", "--status", "x"],
    ):
        assert (await plain_cli.run(None, *argv)).code == 2, argv
    result = await plain_cli.run(None, "--set", "db_host", "whoami")
    assert (result.code, "KEY=VALUE" in result.err) == (2, True)


async def test_nobody_signed_in_exits_with_3(cli):
    result = await cli.run(None, "whoami")
    assert (result.code, result.out) == (3, "")
    assert "Sign in with `helpdesk login`" in result.err


async def test_an_unreachable_database_exits_with_4(cli, desk):
    result = await cli.run(desk.agent, "--set", "db_host=127.0.0.1", "--set", "db_port=9", "tickets", "list")
    assert result.code == 4
    assert "127.0.0.1" in result.err
    assert "Traceback" not in result.err


async def test_options_may_stand_before_or_behind_the_command(plain_cli, tmp_path):
    (tmp_path / "other.toml").write_text('[profile.a]\ntheme = "x"\n')
    for argv in (["--config", "FILE", "config", "show"], ["config", "show", "--config", "FILE"]):
        result = await plain_cli.run(
            None, *[str(tmp_path / "other.toml") if a == "FILE" else a for a in argv], "--json"
        )
        assert result.json["profile"] == "a"


async def test_whoami(cli, desk):
    result = await cli.run(desk.agent, "whoami", "--json")
    facts = result.json
    assert (facts["name"], facts["role"], facts["department"]) == ("Ada Agent", "agent", "Billing")
    assert (facts["email"], facts["profile"], facts["aal"]) == ("ada@desk.test", "default", "aal1")
    assert facts["kept_in"].endswith("default.json")
    text = await cli.run(desk.agent, "whoami")
    assert "ada@desk.test" in text.out
    for secret in (desk.agent.db_password, jwt(desk.agent.claims)[-40:]):
        assert secret not in text.out + text.err + result.out


async def test_alone_it_opens_the_desk_for_whoever_is_signed_in(cli, desk, monkeypatch):
    app = pytest.importorskip("helpdesk_tui.app")
    opened: list[tuple] = []

    def run(*given) -> int:
        opened.append(given)
        return 5

    monkeypatch.setattr(app, "run", run)
    assert (await cli.run(desk.agent)).code == 5
    assert (await cli.run(None)).code == 5
    (settings, sign_in, session), (_, _, nobody) = opened
    assert (settings.profile, session.email, nobody) == ("default", "ada@desk.test", None)
    assert sign_in.session == session


async def test_an_ended_session_is_said_and_exits_with_3(cli, desk, people):
    await people.sign_out(desk.agent)
    result = await cli.run(desk.agent, "tickets", "list")
    assert result.code == 3
    assert "helpdesk login" in result.err


def test_a_closed_pipe_ends_quietly(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("".join(f"key_{number} = 1\n" for number in range(20_000)))
    with subprocess.Popen(
        [*HELPDESK, "config", "validate", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == package.BROKEN_PIPE


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_ctrl_c_exits_with_130_quietly(tmp_path):
    """While the password is waited for on stdin."""
    env = {**os.environ, "HELPDESK_AUTH_URL": "https://desk.test", "HELPDESK_DB_HOST": "db.test"}
    with subprocess.Popen(
        [*HELPDESK, "tickets", "reply", "1", "-m", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**env, "HELPDESK_STATE_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdin
        # It reads stdin only once everything is imported.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == package.INTERRUPTED
        assert process.stdout
        assert process.stderr
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")


def test_exit_codes_are_those_that_the_manual_names():
    text = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HelpdeskError)
    ]
    for code in {kind.exit_code for kind in classes} | {package.INTERRUPTED, package.BROKEN_PIPE}:
        assert f"| {code} |" in text, code


def test_the_manual_names_every_command_and_option():
    import argparse

    text = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")

    def walk(parser: argparse.ArgumentParser, path: str) -> None:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, sub in action.choices.items():
                    walk(sub, f"{path} {name}")
            else:
                for option in action.option_strings:
                    assert option in ("-h", "--help") or option in text, f"{path} {option}"
        if path:
            assert f"helpdesk{path}" in text, path

    for command in ("login", "tickets", "outbox", "config", "db"):
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers()
        __import__(package.COMMANDS[command][1], fromlist=["x"]).register(commands)
        walk(parser, "")


def test_the_manual_names_every_setting():
    from helpdesk_tui.core.settings import KEYS

    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"`{key}`" in text, key


def test_the_way_to_sign_in_names_the_profile():
    from helpdesk_tui.cli.connection import login

    assert login("default") == "helpdesk login"
    assert login("demo") == "helpdesk --profile demo login"


def test_times_in_text_name_their_zone(monkeypatch):
    import time
    from datetime import UTC, datetime

    from helpdesk_tui.core.wording import stamp

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert stamp(datetime(2026, 3, 4, 12, 0, tzinfo=UTC)) == "2026-03-04 21:00 JST"
    finally:
        monkeypatch.undo()
        time.tzset()
