"""``helpdesk db`` from end to end."""

import asyncio
import os
import sys

import pexpect
import pytest

from tests.parts import REPOSITORY


async def test_no_database_named_is_wrong_usage(plain_cli, monkeypatch):
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT", "PGUSER"):
        monkeypatch.delenv(name, raising=False)
    for action in ("apply", "check"):
        result = await plain_cli.run(None, "db", action)
        assert result.code == 2
        assert "HELPDESK_OWNER_DSN" in result.err


async def test_apply_shows_what_it_will_do_and_does_it_only_when_told(plain_cli, empty_database):
    dsn = {"HELPDESK_OWNER_DSN": empty_database.owner_dsn}
    shown = await plain_cli.run(None, "db", "apply", "--dry-run", **dsn)
    assert shown.code == 0, shown.err
    assert "a database without a helpdesk → version 1" in shown.out
    assert "public.tickets" in shown.out
    unasked = await plain_cli.run(None, "db", "apply", **dsn)
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert (await plain_cli.run(None, "db", "check", **dsn)).code == 9
    done = await plain_cli.run(None, "db", "apply", "--yes", "--json", **dsn)
    assert done.code == 0, done.err
    assert (done.json["before"], done.json["after"], done.json["applied"]) == (None, 1, True)
    assert {"kind": "table", "name": "public.tickets", "done": "added"} in done.json["changes"]
    checked = await plain_cli.run(None, "db", "check", "--json", **dsn)
    assert checked.code == 0, checked.out
    assert all(set(finding) == {"level", "subject", "message", "hint"} for finding in checked.json)
    again = await plain_cli.run(None, "db", "apply", "--yes", "--json", **dsn)
    assert (again.json["before"], again.json["changes"]) == (1, [])


async def test_apply_names_the_first_admin(plain_cli, empty_database):
    dsn = {"HELPDESK_OWNER_DSN": empty_database.owner_dsn}
    done = await plain_cli.run(None, "db", "apply", "--yes", "--admin", "Ann@desk.test", "--json", **dsn)
    assert done.json["admin"] == "ann@desk.test will be the admin once signed up, with the address confirmed"
    checked = await plain_cli.run(None, "db", "check", **dsn)
    assert "Nobody is an admin yet: ann@desk.test" in checked.out
    await empty_database.run(
        "insert into auth.users (id, email, email_confirmed_at)"
        " select gen_random_uuid(), n || '@desk.test', now() from unnest(array['ann', 'bob']) n"
    )
    refused = await plain_cli.run(None, "db", "apply", "--yes", "--admin", "bob@desk.test", **dsn)
    assert (refused.code, refused.out) == (5, "")
    assert "helpdesk admin people set bob@desk.test --role admin" in refused.err
    again = await plain_cli.run(None, "db", "apply", "--yes", "--admin", "ann@desk.test", **dsn)
    assert (again.code, again.out.splitlines()[-1]) == (0, "admin: ann@desk.test is an admin")


async def test_a_newer_database_is_refused_with_9(plain_cli, database):
    await database.run("update private.schema_version set version = 1000000 returning version")
    for argv in (["apply", "--yes"], ["apply", "--dry-run"]):
        result = await plain_cli.run(None, "db", *argv, "--dsn", database.owner_dsn)
        assert result.code == 9
        assert "othing was changed" in result.err


async def test_a_client_meets_a_newer_or_an_empty_database_with_9(cli, desk, database):
    await database.run("update private.schema_version set version = 1000000 returning version")
    result = await cli.run(desk.agent, "tickets", "list")
    assert result.code == 9
    assert "Upgrade" in result.err


async def test_no_password_of_the_owner_is_shown_or_kept(plain_cli, tmp_path):
    dsn = "postgresql://owner:hunter2@127.0.0.1:9/desk"
    result = await plain_cli.run(None, "db", "check", HELPDESK_OWNER_DSN=dsn)
    assert result.code == 4
    assert "hunter2" not in result.out + result.err
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
async def test_on_a_terminal_it_asks(plain_cli, empty_database):
    env = {**os.environ, **plain_cli.env, "HELPDESK_OWNER_DSN": empty_database.owner_dsn, "TERM": "xterm"}
    argv = ["-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())", "db", "apply"]

    def talk(answer: str) -> str:
        with pexpect.spawn(sys.executable, argv, env=env, cwd=REPOSITORY, timeout=30) as child:
            child.expect(r"Apply this\? \[y/N\] ")
            child.sendline(answer)
            child.expect(pexpect.EOF)
            return child.before.decode()

    assert "Nothing was changed." in await asyncio.to_thread(talk, "")
    assert (await plain_cli.run(None, "db", "check", HELPDESK_OWNER_DSN=empty_database.owner_dsn)).code == 9
    assert "Done." in await asyncio.to_thread(talk, "y")
