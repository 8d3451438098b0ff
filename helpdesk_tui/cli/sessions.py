"""``helpdesk sessions`` and ``helpdesk sessions end``."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.cli.connection import Desk
    from helpdesk_tui.core.sign_ins import SignedIn

_SHOWN = 8


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    parser = commands.add_parser(
        "sessions",
        help="where one is signed in, and end that",
        description="Where you are signed in: since when, from where, with how many connections. `helpdesk sessions "
        "end` ends it. An admin sees and ends anybody's.",
    )
    parser.add_argument("--of", metavar="WHO", help="as an admin: somebody else's; an e-mail address, name or id")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_list(args)))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    end = actions.add_parser(
        "end",
        help="end one, the others or all",
        description="End a sign-in: its access to the database ends at once, on open connections too.",
    )
    which = end.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="its id, or the first characters of it")
    which.add_argument("--others", action="store_true", help="all but this one")
    which.add_argument("--all", action="store_true", help="all, this one too")
    # Not to undo what stands before the action.
    end.add_argument("--of", default=argparse.SUPPRESS, metavar="WHO", help="as an admin: somebody else's")
    add_common(end, json=True)
    end.set_defaults(handler=lambda args: run(_end(args)))


async def _list(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import sign_ins

    out = Output(args)
    async with desk(args) as here:
        found = await sign_ins.listed(here.database, await _whose(here, args))
    if args.json:
        out.json([_json(each) for each in found])
        return 0
    if not found:
        say("There is no sign-in.")
        return 0
    columns = [
        Column("id"),
        Column("signed in"),
        Column("renewed"),
        Column("from", least=9),
        Column("program", least=10),
        Column("connections", right=True),
        Column(""),
    ]
    out.table(
        columns,
        [
            [
                each.id.hex[:_SHOWN],
                out.when(each.signed_in_at),
                out.when(each.refreshed_at),
                each.ip or "-",
                each.program or "-",
                str(each.connections),
                "this one" if each.this else "",
            ]
            for each in found
        ],
    )
    return 0


async def _end(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import sign_ins

    async with desk(args) as here:
        person = await _whose(here, args)
        among = await sign_ins.listed(here.database, person)
        if args.id is None:
            ended = await sign_ins.end_all(here.database, person, but_this=args.others)
            gone = [each for each in among if not (each.this and args.others)]
        else:
            gone = [sign_ins.meant(args.id, among)]
            await sign_ins.end(here.database, gone[0])
            ended = 1
        here_too = any(each.this for each in gone)
        if here_too:
            # Its tokens are worth nothing any more.
            async with here.store.lock():
                await asyncio.to_thread(here.store.forget)
    if args.json:
        Output(args).json({"ended": ended, "here_too": here_too})
    say(f"Ended {ended} {'sign-in' if ended == 1 else 'sign-ins'}{', this one too' if here_too else ''}.")
    return 0


async def _whose(here: Desk, args: argparse.Namespace) -> UUID | None:
    """Whose sign-ins are meant; None: one's own."""
    if args.of is None:
        return None
    from helpdesk_tui.core.administration import Administration

    found = (await Administration(here.database, here.me).person(args.of)).id
    return None if found == here.me.id else found


def _json(each: SignedIn) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "signed_in_at": time_json(each.signed_in_at),
        "refreshed_at": time_json(each.refreshed_at),
        "ip": each.ip,
        "program": each.program,
        "aal": each.aal,
        "this": each.this,
        "connections": each.connections,
    }
