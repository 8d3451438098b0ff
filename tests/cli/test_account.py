"""``helpdesk login``, ``logout``, ``whoami`` through a real sign-in over HTTP, to a real database."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import pexpect
import pytest

from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from tests.authenticator import enroll
from tests.parts import REPOSITORY

EMAIL, PASSWORD = "ada@example.com", "correct horse 1"
HELPDESK = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())"]


@pytest.fixture
async def account(auth, cli, people, database):
    """An agent's account, and the command line told where to sign in."""
    cli.env["HELPDESK_AUTH_URL"] = auth.url
    sign_in = SignIn(Settings(auth_url=auth.url), MemoryStore())
    session = await sign_in.sign_up(EMAIL, PASSWORD, "Ada Agent")
    assert session is not None
    billing = await people.department("Billing")
    await database.run(
        "update public.profiles set role = 'agent', department_id = %s where id = %s returning id",
        [billing, session.user_id],
    )
    return EMAIL


async def login(cli, *more: str, password: str = PASSWORD):
    return await cli.run(None, "login", "--email", EMAIL, "--password-stdin", *more, stdin=password + "\n")


async def test_login_whoami_logout(cli, account):
    entered = await login(cli, "--json")
    assert entered.code == 0, entered.err
    assert entered.json["email"] == EMAIL
    assert (entered.json["role"], entered.json["department"]) == ("agent", "Billing")
    kept = Path(entered.json["kept_in"])
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text() + entered.out + entered.err
    who = await cli.run(None, "whoami", "--json")
    assert who.json["name"] == "Ada Agent"
    left = await cli.run(None, "logout")
    assert (left.code, left.out, left.err) == (0, "", "Signed out on this machine.\n")
    assert not kept.exists()
    assert (await cli.run(None, "whoami")).code == 3
    again = await cli.run(None, "logout")
    assert (again.code, again.err) == (0, "Nobody was signed in.\n")


async def test_login_with_a_wrong_password(cli, account):
    result = await login(cli, password="wrong")
    assert (result.code, result.out) == (3, "")
    assert "password is wrong" in result.err


async def test_somebody_deactivated_is_told_so_and_let_in_again_when_active(cli, account, database):
    await database.run("update public.profiles set deactivated_at = now() where email = %s", [account])
    result = await login(cli)
    assert (result.code, result.out) == (3, "")
    assert result.err == ("helpdesk: This account was deactivated in the helpdesk.\n  Ask an admin of the helpdesk.\n")
    await database.run("update public.profiles set deactivated_at = null where email = %s", [account])
    assert (await login(cli)).code == 0


async def test_login_with_the_second_factor(cli, account, auth):
    code = await enroll(auth.transport, f"{auth.url}/auth/v1", EMAIL, PASSWORD)
    without = await login(cli)
    assert without.code == 2, without.err
    assert "--code" in without.err
    wrong = await login(cli, "--code", "000000" if code.now() != "000000" else "111111")
    assert wrong.code == 3
    assert (await cli.run(None, "whoami")).code == 3, "half a sign-in is none"
    right = await login(cli, "--code", code.now(), "--json")
    assert right.code == 0, right.err
    assert right.json["aal"] == "aal2"
    assert "password and code" in (await cli.run(None, "whoami")).out


async def test_logout_forgets_the_tokens_even_if_the_server_is_down(cli, account, auth):
    kept = Path((await login(cli, "--json")).json["kept_in"])
    auth.down = True
    result = await cli.run(None, "logout")
    assert result.code == 0
    assert "could not be told" in result.err
    assert not kept.exists()


async def test_login_to_a_server_that_is_down_exits_with_4(cli, account, auth):
    auth.down = True
    result = await login(cli)
    assert result.code == 4
    assert "HTTP 503" in result.err


async def test_login_needs_a_terminal_or_stdin(cli, account):
    assert (await cli.run(None, "login", "--email", EMAIL)).code == 2
    assert (await cli.run(None, "login")).code == 2
    assert (await cli.run(None, "login", "--email", EMAIL, "--password-stdin", stdin="")).code == 3


async def test_tokens_that_others_could_read_are_refused_and_can_be_ended(cli, account):
    kept = Path((await login(cli, "--json")).json["kept_in"])
    kept.chmod(0o644)
    refused = await cli.run(None, "whoami")
    assert refused.code == 2
    assert "mode 644" in refused.err
    assert (await cli.run(None, "logout")).err == "Signed out on this machine.\n"
    assert not kept.exists()


async def test_profiles_keep_their_own_sign_in(cli, account):
    with (cli.directory / "config.toml").open("a") as file:
        file.write("[profile.one]\n[profile.two]\n")
    assert (await cli.run(None, "--profile", "one", "logout")).code == 0
    result = await cli.run(
        None, "login", "--profile", "one", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert result.code == 0, result.err
    assert (await cli.run(None, "--profile", "one", "whoami")).code == 0
    assert (await cli.run(None, "--profile", "two", "whoami")).code == 3


async def test_a_database_that_is_down_does_not_undo_the_sign_in(cli, account):
    result = await cli.run(
        None,
        *("--set", "db_host=127.0.0.1", "--set", "db_port=9", "login", "--email", EMAIL, "--password-stdin"),
        stdin=PASSWORD + "\n",
    )
    assert result.code == 0
    assert "does not let you in yet" in result.err
    assert (await cli.run(None, "whoami")).code == 0


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
async def test_on_a_terminal_everything_is_asked_for_and_nothing_is_echoed(cli, account, auth):
    code = await enroll(auth.transport, f"{auth.url}/auth/v1", EMAIL, PASSWORD)
    env = {**os.environ, **cli.env, "HELPDESK_STATE_DIR": str(cli.directory / "terminal"), "TERM": "xterm"}

    def talk() -> str:
        with pexpect.spawn(HELPDESK[0], [*HELPDESK[1:], "login"], env=env, cwd=REPOSITORY, timeout=20) as child:
            child.expect("E-mail address: ")
            child.sendline(EMAIL)
            child.expect(f"Password of {EMAIL}: ")
            child.waitnoecho()
            child.sendline(PASSWORD)
            child.expect("Code of phone: ")
            child.sendline("12345")
            child.expect("six digits")
            child.expect("Code of phone: ")
            child.sendline(code.now())
            child.expect(pexpect.EOF)
            child.close()
            assert child.exitstatus == 0
            return child.before.decode()

    said = await asyncio.to_thread(talk)
    assert f"Signed in as {EMAIL}" in said
    assert "Ada Agent (agent, Billing)" in said
    assert PASSWORD not in said


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
async def test_ctrl_c_at_a_prompt_exits_with_130(cli, account):
    env = {**os.environ, **cli.env, "HELPDESK_STATE_DIR": str(cli.directory / "terminal"), "TERM": "xterm"}

    def talk(prompt: str, *argv: str) -> tuple[int | None, str]:
        with pexpect.spawn(HELPDESK[0], [*HELPDESK[1:], *argv], env=env, cwd=REPOSITORY, timeout=20) as child:
            child.expect(prompt)
            child.sendintr()
            child.expect(pexpect.EOF)
            child.close()
            return child.exitstatus, child.before.decode()

    for prompt, argv in (("E-mail address: ", ["login"]), ("Password of", ["login", "--email", EMAIL])):
        code, said = await asyncio.to_thread(talk, prompt, *argv)
        assert code == 130, said
        assert "Traceback" not in said


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
async def test_a_reply_written_in_the_editor(cli, desk, tmp_path):
    """With the thread below the line; refused as stale, the text is kept and goes on from there."""
    ticket = await desk.ticket()
    await desk.message(ticket, desk.customer, "Is it still burning?")
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import os, pathlib, subprocess, sys\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "text = path.read_text()\n"
        "assert 'Is it still burning?' in text\n"
        "pathlib.Path(os.environ['SEEN']).write_text(text)\n"
        "while os.path.exists(os.environ['HOLD']): pass\n"
        "path.write_text(text if 'Not any more' in text.split('# ----')[0] else 'Not any more.\\n' + text)\n"
    )
    hold, seen = tmp_path / "hold", tmp_path / "seen"
    env = {**os.environ, **cli.use(desk.agent), "TERM": "xterm", "SEEN": str(seen), "HOLD": str(hold)}
    env["EDITOR"] = f"{sys.executable} '{editor}'"
    argv = [*HELPDESK[1:], "tickets", "reply", str(ticket), "--status", "resolved"]

    def run() -> tuple[int | None, str]:
        with pexpect.spawn(HELPDESK[0], argv, env=env, cwd=REPOSITORY, timeout=20) as child:
            child.expect(pexpect.EOF)
            child.close()
            return child.exitstatus, child.before.decode()

    hold.touch()
    running = asyncio.create_task(asyncio.to_thread(run))
    while not seen.exists():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await desk.message(ticket, desk.colleague, "I took care of it.")
    hold.unlink()
    code, said = await running
    assert code == 7, said
    assert "I took care of it." in said
    drafts = Path(cli.use(desk.agent)["HELPDESK_STATE_DIR"]) / "drafts"
    kept = drafts / "default" / str(desk.agent.id) / f"reply-{ticket}.md"
    assert kept.read_text() == "Not any more.\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    code, said = await asyncio.to_thread(run)
    assert code == 0, said
    assert seen.read_text().startswith("Not any more.")
    assert not kept.exists()
    assert (await desk.messages(ticket))[-1][0] == "Not any more."
    assert (await desk.row(ticket))[0] == "resolved"
