"""``helpdesk outbox list``, ``send`` and ``drop``: what was done in the app and waits on this machine to be sent."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.connection import desk, door, login, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import NotFound, PartlyDone, Refused, SignInError, Unreachable
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from pathlib import Path

    from helpdesk_tui.core.outbox import Answer, Entry, Happened, Outbox, Perform


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "what you did in the app on this machine and waits to be sent"
    parser = commands.add_parser("outbox", help=words, description=f"{words.capitalize()}: see it, send it, drop it.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="what waits, and what was refused", description="In its order.")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    send = actions.add_parser(
        "send",
        help="send what waits, as the app does when it is open",
        description="Send what waits, in order and once, and say what became of each; exits with 4 if the database "
        "does not answer, and with 8 if some were refused.",
    )
    add_common(send, json=True)
    send.set_defaults(handler=lambda args: run(_send(args)))

    drop = actions.add_parser("drop", help="do one of them not", description="Take one of them out of the line.")
    drop.add_argument("id", metavar="ID", help="its id, or the first characters of it")
    add_common(drop)
    drop.set_defaults(handler=lambda args: run(_drop(args)))


def _kept() -> Path:
    from helpdesk_tui.core.settings import state_dir

    return state_dir() / "drafts.sqlite3"


async def _nobody(_entry: Entry, _uploads: Any) -> Answer:
    raise Unreachable("Nothing is sent.")


async def _opened(args: argparse.Namespace) -> Outbox:
    """The line of whoever is signed in; the database is not asked."""
    async with door(args) as entrance:
        session = await entrance.sign_in.restore()
        if session is None:
            raise SignInError("Nobody is signed in.", f"Sign in with `{login(entrance.settings.profile)}`.")
        return _outbox(f"{entrance.settings.profile}/{session.user_id}", _nobody, [])


def _outbox(owner: str, perform: Perform, happened: list[Happened]) -> Outbox:
    from helpdesk_tui.core.journal import Journal
    from helpdesk_tui.core.outbox import Outbox

    return Outbox(Journal.open(_kept()), owner, perform, happened.append)


def _record(entry: Entry, **more: object) -> dict[str, Any]:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "words": entry.words,
        "tickets": [str(each) for each in entry.tickets],
        "queued_at": time_json(entry.queued_at),
        "refused": entry.refused,
        **more,
    }


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    with closing(await _opened(args)) as outbox:
        entries = outbox.entries()
    if args.json:
        out.json([_record(entry) for entry in entries])
    elif entries:
        rows = [
            [str(entry.id)[:8], out.when(entry.queued_at), entry.words, entry.refused or "waits"] for entry in entries
        ]
        out.table([Column("Id"), Column("Since"), Column("What", least=20), Column("Refused", least=10)], rows)
    else:
        say("Nothing waits to be sent.")
    return 0


async def _send(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.outbox_kinds import performing

    out = Output(args)
    happened: list[Happened] = []
    async with desk(args) as here:
        perform = performing(Desk(here.database, here.me, (), ()))
        with closing(_outbox(f"{here.settings.profile}/{here.session.user_id}", perform, happened)) as outbox:
            through = await outbox.send()
            trouble = outbox.trouble
    told = [(each.entry, each.why or None) for each in happened if each.entry is not None]
    if args.json:
        out.json([_record(entry, done=why is None, why=why) for entry, why in told])
    for entry, why in told if not args.json else ():
        out.line(f"{entry.words}: {'done' if why is None else why}", None if why is None else "red")
    if not told and through:
        say("Nothing waits to be sent.")
    if not through:
        raise Unreachable(trouble or "Another window is sending it.", "What is left waits.")
    refused = sum(why is not None for _, why in told)
    return 0 if not refused else PartlyDone.exit_code if refused < len(told) else Refused.exit_code


async def _drop(args: argparse.Namespace) -> int:
    with closing(await _opened(args)) as outbox:
        found = [each for each in outbox.entries() if str(each.id).startswith(args.id.strip().lower())]
        if len(found) != 1 or len(args.id) < 4:
            raise NotFound(f"Nothing of that id waits: {args.id}", "`helpdesk outbox list` lists what does.")
        outbox.drop(found[0].id)
    say(f"Dropped: {found[0].words}")
    return 0
