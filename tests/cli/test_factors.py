"""Second factors from the command line: demanded by an admin, added and removed by oneself, taken away by the owner."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys

import pexpect
import pyotp
import pytest

from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.sign_in.mail import Outbox
from tests.parts import REPOSITORY

EMAIL, PASSWORD = "ada@example.com", "correct horse 1"
HELPDESK = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())"]
STDIN = ("login", "--email", EMAIL, "--password-stdin")


@pytest.fixture
async def account(auth, cli, people, database):
    """An agent's account, and the command line told where to sign in."""
    cli.env["HELPDESK_AUTH_URL"] = auth.url
    session = await SignIn(Settings(auth_url=auth.url), MemoryStore()).sign_up(EMAIL, PASSWORD, "Ada Agent")
    assert session is not None
    billing = await people.department("Billing")
    await database.run(
        "update public.profiles set role = 'agent', department_id = %s where id = %s", [billing, session.user_id]
    )
    return EMAIL


def talk(cli, *argv: str) -> pexpect.spawn:
    """A command on a terminal of 80 by 24, with the sign-in of ``cli.run(None, …)``."""
    state = {"HELPDESK_STATE_DIR": str(cli.directory / "nobody"), "TERM": "xterm-256color"}
    env = {**os.environ, **cli.env, **state}
    return pexpect.spawn(HELPDESK[0], [*HELPDESK[1:], *argv], env=env, cwd=REPOSITORY, timeout=30, dimensions=(24, 80))


def ended(child: pexpect.spawn) -> tuple[int | None, str]:
    """Its exit code and what it said last."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before.decode()


async def test_an_admin_demands_a_second_factor_and_takes_it_back(cli, desk, people, database):
    refused = await cli.run(desk.admin, "admin", "two-factors", "on")
    assert (refused.code, refused.out) == (5, "")
    assert "shut yourself out" in refused.err
    assert "helpdesk factors add" in refused.err
    admin = await people.sign_in(desk.admin, aal="aal2")
    shown = await cli.run(admin, "admin", "two-factors")
    assert (shown.code, shown.out) == (0, "a second factor is not demanded of staff\n")
    done = await cli.run(admin, "admin", "two-factors", "on", "--json")
    undo = "helpdesk admin two-factors off"
    words = "a second factor is demanded of staff"
    assert done.json == {"demanded": True, "changed": True, "words": words, "undo": undo}
    assert undo in done.err
    again = await cli.run(admin, "admin", "two-factors", "on")
    assert (again.out, again.err) == (f"{words}\n", "Nothing was changed.\n")
    back = await cli.run(admin, *undo.split()[1:])
    assert (back.code, back.out) == (0, "a second factor is not demanded of staff\n")
    agent = await people.sign_in(desk.agent, aal="aal2")
    assert (await cli.run(agent, "admin", "two-factors")).code == 5


async def test_the_owner_takes_factors_away(cli, desk, database):
    dsn = {"HELPDESK_OWNER_DSN": database.owner_dsn}
    nobody = await cli.run(None, "db", "forget-factors", "nobody@desk.test", **dsn)
    assert (nobody.code, nobody.out) == (6, "")
    assert "no account with this address" in nobody.err
    done = await cli.run(None, "db", "forget-factors", desk.agent.email, "--json", **dsn)
    assert done.json == {"email": desk.agent.email, "removed": 0}
    left = await database.run("select user_id from auth.sessions where user_id = %s", [desk.agent.id])
    assert left == [], "what rested on them has ended"


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
async def test_signing_in_leads_an_agent_through_adding_the_factor_that_is_demanded(cli, account, database):
    await database.run("update private.settings set staff_need_two_factors = true where only_row")

    def add() -> tuple[str, int | None, str]:
        with talk(cli, "login", "--email", EMAIL) as child:
            child.expect("Password of")
            child.waitnoecho()
            child.sendline(PASSWORD)
            child.expect("asks its staff for a second factor")
            child.expect("The six digits it shows now: ")
            shown = child.before.decode()
            found = re.search(r"^ +((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})\r?$", shown, re.MULTILINE)
            assert found, shown
            codes = pyotp.TOTP(found[1].replace(" ", ""))
            child.sendline("000000" if codes.now() != "000000" else "111111")
            child.expect("The code is wrong")
            child.expect("The six digits it shows now: ")
            child.sendline(codes.now())
            return shown, *ended(child)

    shown, code, said = await asyncio.to_thread(add)
    assert code == 0, said
    assert "Ada Agent (agent, Billing)" in said
    assert "█▀▀▀▀▀█" in shown, "the QR code"
    assert f"otpauth://totp/helpdesk:{EMAIL}?secret=" in shown
    drawn = [line for line in shown.splitlines() if "\x1b[38;5;16;48;5;231m" in line]
    assert 0 < len(drawn) < 24
    who = await cli.run(None, "whoami", "--json")
    assert (who.json["aal"], who.json["role"]) == ("aal2", "agent")
    assert (await cli.run(None, "tickets", "list")).code == 0


async def test_without_a_terminal_whoever_owes_a_factor_is_told_how_to_add_it(cli, account, database, auth):
    await database.run("update private.settings set staff_need_two_factors = true where only_row")
    entered = await cli.run(None, *STDIN, "--json", stdin=PASSWORD + "\n")
    assert (entered.code, entered.json["aal"], entered.json["role"]) == (0, "aal1", None)
    assert "helpdesk factors add" in entered.err
    for argv in (("tickets", "list"), ("admin", "acts")):
        refused = await cli.run(None, *argv)
        assert (refused.code, refused.out) == (3, ""), "no empty list"
        assert "asks its staff for a second factor" in refused.err
        assert "helpdesk login" in refused.err
    assert "none before you give a second factor" in (await cli.run(None, "whoami")).out
    assert "You have no second factor" in (await cli.run(None, "factors", "list")).err

    def add() -> tuple[dict, int | None]:
        with talk(cli, "factors", "add", "my phone", "--json") as child:
            child.expect(r"\{[^}]*\}")
            shown = json.loads(child.after)
            child.expect("The six digits")
            child.sendline(pyotp.TOTP(shown["secret"]).now())
            return shown, ended(child)[0]

    shown, code = await asyncio.to_thread(add)
    assert (shown["name"], code) == ("my phone", 0)
    assert shown["uri"].endswith(shown["secret"])
    assert (await cli.run(None, "tickets", "list")).code == 0
    (listed,) = (await cli.run(None, "factors", "list", "--json")).json
    assert (listed["name"], listed["id"]) == ("my phone", shown["id"])
    assert (await cli.run(None, "factors", "remove", "another")).code == 6
    removed = await cli.run(None, "factors", "remove", "my phone", "--json")
    assert (removed.code, removed.json["aal"]) == (0, "aal1"), removed.err
    assert (await cli.run(None, "tickets", "list")).code == 3


async def test_a_code_by_e_mail_in_the_passwords_place(cli, account, auth):
    argv = ("login", "--email", EMAIL, "--mail-code")
    sent = await cli.run(None, *argv)
    assert (sent.code, sent.out) == (2, "")
    unknown = await cli.run(None, "login", "--email", "no@example.com", "--mail-code")
    assert unknown.err == sent.err.replace(EMAIL, "no@example.com"), "nobody learns who has an account"
    ((to, _, text),) = Outbox(auth.transport.outbox).messages()
    code = re.findall(r"\d{6}", text)[0]
    assert to == EMAIL
    assert (await cli.run(None, *argv, "000000" if code != "000000" else "111111")).code == 3
    entered = await cli.run(None, *argv, code, "--json")
    assert (entered.code, entered.json["aal"], entered.json["role"]) == (0, "aal1", "agent")
    assert "a code by e-mail" in (await cli.run(None, "whoami")).out
    assert (await cli.run(None, *argv, code)).code == 3, "used up"
