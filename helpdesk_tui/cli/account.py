"""``helpdesk login``, ``logout``, ``whoami``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.connection import connected, desk, door, on_interrupt, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.core.errors import BadInput, HelpdeskError, SignInError
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.wording import stamp

if TYPE_CHECKING:
    from helpdesk_tui.core.session import SecondFactor, Session, SignIn

_TRIES = 3


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    login = commands.add_parser(
        "login",
        help="sign in with e-mail address and password",
        description="Sign in. The password is asked for, or read from stdin; it is kept nowhere. Where the helpdesk "
        "asks its staff for a second factor, whoever has none is led through adding one.",
    )
    login.add_argument("--email", metavar="ADDRESS", help="whose account; asked for if not given")
    login.add_argument("--password-stdin", action="store_true", help="read the password from stdin, one line")
    login.add_argument("--code", metavar="DIGITS", help="the second factor's code; asked for if not given")
    login.add_argument(
        "--mail-code",
        nargs="?",
        const="",
        metavar="DIGITS",
        help="a code by e-mail instead of the password: alone it has one sent and asks for it",
    )
    add_common(login, json=True)
    login.set_defaults(handler=lambda args: run(_login(args)))
    logout = commands.add_parser(
        "logout",
        help="sign out on this machine",
        description="Sign out on this machine: database access ends at once, other machines stay signed in.",
    )
    add_common(logout)
    logout.set_defaults(handler=lambda args: run(_logout(args)))
    whoami = commands.add_parser(
        "whoami", help="show who is signed in, and where", description="Show who is signed in, and where."
    )
    add_common(whoami, json=True)
    whoami.set_defaults(handler=lambda args: run(_whoami(args)))


async def _login(args: argparse.Namespace) -> int:
    from helpdesk_tui.cli import factors
    from helpdesk_tui.core import people

    async with door(args) as entrance:
        answer = await (_by_password if args.mail_code is None else _by_mail)(args, entrance.sign_in)
        session = await _with_code(entrance.sign_in, answer, args.code)
        facts = {**_facts(session), "profile": entrance.settings.profile, "kept_in": entrance.store.where}
        say(f"Signed in as {session.email}. The sign-in rests in {entrance.store.where}.")
        try:
            async with connected(entrance, session, owing=True) as (database, found):
                me = found
                if me.owes_factor:
                    say("This helpdesk asks its staff for a second factor, and your account has none yet.")
                    if sys.stdin.isatty():
                        session = await factors.add(entrance.sign_in)
                        await database.use(session)
                        (me,) = await database.fetch(people.me())
                        facts |= _facts(session)
                    else:
                        say("Add one with `helpdesk factors add`: until then you have no access as staff.")
                facts |= {"name": me.name, "role": me.role, "department": me.department}
                where = f", {me.department}" if me.department else ""
                if not me.owes_factor:
                    say(f"You are {me.name} ({me.role}{where}).")
        except HelpdeskError as error:
            if isinstance(error, SignInError) and error.kind == "second_factor":
                raise
            # The sign-in is good all the same; what the desk will meet is better known now.
            say(f"The database does not let you in yet: {error}")
        if args.json:
            Output(args).json(facts)
    return 0


async def _by_password(args: argparse.Namespace, sign_in: SignIn) -> Session | SecondFactor:
    with on_interrupt():
        email = args.email or _ask("E-mail address: ")
        password = _password(args, email)
    return await sign_in.password(email, password)


async def _by_mail(args: argparse.Namespace, sign_in: SignIn) -> Session | SecondFactor:
    """With a code by e-mail, sent now unless it is given."""
    with on_interrupt():
        email = args.email or _ask("E-mail address: ")
    if args.mail_code:
        return await sign_in.enter(email, args.mail_code)
    await sign_in.send_code(email)
    say(f"If there is an account of {email}, a code is on its way to it: one a minute at most.")
    if sign_in.mailbox is not None:
        say(f"There is no mail server here: look into {sign_in.mailbox}.")
    if not sys.stdin.isatty():
        raise BadInput("There is no terminal to ask for the code on.", "Give it with --mail-code DIGITS.")
    for left in range(_TRIES - 1, -1, -1):
        with on_interrupt():
            code = _ask("Code from the e-mail: ")
        try:
            return await sign_in.enter(email, code)
        except SignInError as error:
            if error.kind != "code" or not left:
                raise
            say(str(error))
    raise AssertionError


async def _with_code(sign_in: SignIn, answer: Session | SecondFactor, given: str | None) -> Session:
    """The session, after the second factor where one is asked for."""
    from helpdesk_tui.core.session import SecondFactor

    if not isinstance(answer, SecondFactor):
        return answer
    try:
        for left in range(_TRIES - 1, -1, -1):
            with on_interrupt():
                code = given or _ask(f"Code of {safe_line(answer.friendly_name)}: ")
            try:
                return await sign_in.second_factor(answer, code)
            except SignInError as error:
                if error.kind != "second_factor" or given or not left:
                    raise
                say(str(error))
        raise AssertionError
    except BaseException:
        await sign_in.abandon()
        raise


async def _logout(args: argparse.Namespace) -> int:
    async with door(args) as entrance:
        record = await asyncio.to_thread(entrance.store.read, checked=False)
        await entrance.sign_in.sign_out()
        say("Signed out on this machine." if record else "Nobody was signed in.")
    return 0


async def _whoami(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args, owing=True) as here:
        me = here.me
        facts = {
            **_facts(here.session),
            "name": me.name,
            "role": me.role,
            "department": me.department,
            "profile": here.settings.profile,
            "kept_in": here.store.where,
        }
        if args.json:
            out.json(facts)
            return 0
        out.pairs(
            [
                ("name", me.name),
                ("e-mail", me.email),
                ("role", "none before you give a second factor" if me.owes_factor else me.role),
                ("department", me.department or "none"),
                ("signed in with", _given(here.session)),
                ("until", f"{stamp(datetime.fromtimestamp(here.session.expires_at, UTC))}, renewed by itself"),
                ("profile", here.settings.profile),
                ("kept in", here.store.where),
            ]
        )
    return 0


def _facts(session: Session) -> dict[str, Any]:
    return {
        "id": str(session.user_id),
        "email": session.email,
        "aal": session.aal,
        "expires_at": datetime.fromtimestamp(session.expires_at, UTC).isoformat(timespec="seconds"),
    }


def _given(session: Session) -> str:
    """What somebody signed in with, as the sign-in server tells it in its token."""
    methods = session.claims.get("amr")
    by_mail = isinstance(methods, list) and any(
        isinstance(each, dict) and each.get("method") == "otp" for each in methods
    )
    first = "a code by e-mail" if by_mail else "password"
    return f"{first} and code" if session.aal == "aal2" else first


def _password(args: argparse.Namespace, email: str) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadInput("There is no terminal to ask for the password on.", "Give it with --password-stdin.")
    from getpass import getpass

    return getpass(f"Password of {safe_line(email, 200)}: ")


def _ask(question: str) -> str:
    """A line from the terminal. The question goes to stderr: stdout is data."""
    if not sys.stdin.isatty():
        raise BadInput(
            f"There is no terminal to ask on: “{question.rstrip(': ')}”.", "Give --email, --password-stdin and --code."
        )
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip()
