"""``helpdesk factors``: one's own second factors."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.connection import door, login, on_interrupt, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import SignInError
from helpdesk_tui.core.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from helpdesk_tui.core.factors import Enrolment, Factor
    from helpdesk_tui.core.session import Session, SignIn

TRIES = 3
_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of ``helpdesk factors``."""
    words = "your second factors: authenticators whose codes you sign in with"
    parser = commands.add_parser("factors", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, help_: str, more: str, handler: Callable[[argparse.Namespace, SignIn], Awaitable[int]]
    ) -> Any:
        made = actions.add_parser(name, help=help_, description=f"{help_.capitalize()}.{more}")
        add_common(made, json=True)
        made.set_defaults(handler=lambda args: run(_signed_in(args, handler)))
        return made

    action("list", "the second factors of your account", "", _list)
    adding = action(
        "add",
        "add a second factor",
        " Shows a secret for an authenticator app, also as a QR code, and asks for the first code, on the terminal or "
        "as a line of stdin. From then on signing in asks for a code, and your other devices sign in again.",
        _add,
    )
    adding.add_argument("name", nargs="?", default="", metavar="NAME", help="what you call it; authenticator")
    removing = action("remove", "remove a second factor", " Only after signing in with a code of one of them.", _remove)
    removing.add_argument("name", metavar="NAME", help="its name or id")


async def _signed_in(args: argparse.Namespace, handler: Callable[[argparse.Namespace, SignIn], Awaitable[int]]) -> int:
    async with door(args) as entrance:
        if await entrance.sign_in.restore() is None:
            name = entrance.settings.profile
            raise SignInError(
                f"Nobody is signed in to the profile “{name}”.", f"Sign in with `{login(name)}`.", kind="signed_out"
            )
        return await handler(args, entrance.sign_in)


def _json(factor: Factor) -> dict[str, str]:
    return {"id": factor.id, "name": factor.name, "created_at": factor.created_at.isoformat(timespec="seconds")}


async def _list(args: argparse.Namespace, sign_in: SignIn) -> int:
    out, found = Output(args), await sign_in.factors()
    if args.json:
        out.json([_json(factor) for factor in found])
    elif not found:
        say("You have no second factor. `helpdesk factors add` adds one.")
    else:
        columns = [Column("name", least=12), Column("added"), Column("id")]
        out.table(columns, [[each.name, out.when(each.created_at), each.id] for each in found])
    return 0


async def _add(args: argparse.Namespace, sign_in: SignIn) -> int:
    enrolment = await sign_in.enroll(args.name)
    if args.json:
        facts = {"id": enrolment.factor_id, "name": enrolment.name}
        Output(args).json({**facts, "secret": enrolment.secret, "uri": enrolment.uri})
        sys.stdout.flush()
    await finish(sign_in, enrolment, shown=args.json)
    return 0


async def _remove(args: argparse.Namespace, sign_in: SignIn) -> int:
    factor, session = await sign_in.unenroll(args.name)
    if args.json:
        Output(args).json(_json(factor) | {"aal": session.aal})
    say(f"Removed the second factor “{safe_line(factor.name)}”.")
    if session.aal == "aal1":
        say("This sign-in has given none any more; where your helpdesk demands one of staff, add another.")
    return 0


async def add(sign_in: SignIn) -> Session:
    """Walk somebody who is signed in through adding a factor, on their terminal."""
    return await finish(sign_in, await sign_in.enroll())


async def finish(sign_in: SignIn, enrolment: Enrolment, *, shown: bool = False) -> Session:
    """Ask for the first code of a factor that is being added, as often as one may mistype it.

    Args:
        shown: the secret was told already.

    Raises: SignInError of the kind ``second_factor`` after so many wrong codes; KeyboardInterrupt.
    """
    if not shown:
        for line in _instructions(enrolment):
            sys.stderr.write(f"{line}\n")
    for left in range(TRIES - 1, -1, -1):
        sys.stderr.write("The six digits it shows now: ")
        sys.stderr.flush()
        with on_interrupt():
            line = sys.stdin.readline()
        if not line:
            raise SignInError("No code was given: the second factor was not added.", kind="second_factor")
        try:
            session = await sign_in.finish(enrolment, line)
        except SignInError as error:
            if error.kind != "second_factor" or not left:
                raise
            say(str(error))
        else:
            say(f"Added the second factor “{safe_line(enrolment.name)}”. From now on you sign in with a code, too.")
            return session
    raise AssertionError


def _instructions(enrolment: Enrolment) -> list[str]:
    """What an authenticator needs, on stderr: it is no answer for a script to keep. The QR code comes last, so that a
    terminal of 24 lines shows all of it above the question."""
    drawn = Output(stream=sys.stderr).colour  # black on white takes colours
    words = "Type this key into an authenticator app on your telephone"
    lines = [f"{words}, or scan the code below:" if drawn else f"{words}:", ""]
    lines += [f"  {safe_line(enrolment.grouped)}", f"  {safe_line(enrolment.uri, 1000)}", ""]
    if drawn:
        from helpdesk_tui.core.qr import half_blocks

        lines += [f"  {_BLACK_ON_WHITE}{line}{_PLAIN}" for line in half_blocks(enrolment.uri)]
    return lines
