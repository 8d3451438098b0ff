"""``helpdesk away`` and ``helpdesk back``: routing gives nothing to whoever is away."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Refused
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.cli.connection import Desk
    from helpdesk_tui.core.model import Person
    from helpdesk_tui.core.routing import Handing


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "you are away: routing gives you nothing"
    parser = commands.add_parser("away", help=words, description="You are away: routing gives you nothing.")
    parser.add_argument(
        "--until", metavar="WHEN", help="17:00, 2h, tomorrow, fri 9:00 …; without it until you are back"
    )
    parser.add_argument("--note", metavar="TEXT", help="what colleagues read beside it")
    parser.add_argument(
        "--hand-over",
        metavar="WHO",
        help="what becomes of your open tickets and chats: a colleague; `next`: whoever routing gives them to;"
        " `queue`: nobody's again. Without it you keep them",
    )
    parser.add_argument("--of", metavar="WHO", help="somebody else, as an admin")
    parser.add_argument("--list", action="store_true", help="who is away, and nothing else")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_list(args) if args.list else _away(args)))

    parser = commands.add_parser("back", help="you are back", description="You are back: routing gives to you again.")
    parser.add_argument("--of", metavar="WHO", help="somebody else, as an admin")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_back(args)))


async def _team(here: Desk) -> list[Person]:
    from helpdesk_tui.core import people

    if here.me.role == "customer":
        raise Refused("Only agents and admins are away.")
    return await here.database.fetch(people.staff())


def _colleague(team: Sequence[Person], reference: str) -> Person:
    wanted = reference.strip().casefold()
    found = [p for p in team if wanted in (str(p.email).casefold(), str(p.id))]
    found = found or [p for p in team if wanted == p.name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"“{reference}” is the name of several people.", "Give the e-mail address.")
    raise NotFound(f"There is nobody called “{reference}” on the team.")


async def _list(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.routing import until_words

    out = Output(args)
    async with desk(args) as here:
        found = [person for person in await _team(here) if person.away]
    if args.json:
        out.json([{"id": str(p.id), "name": p.name, "email": p.email, "until": time_json(p.until)} for p in found])
    elif not found:
        say("Nobody is away.")
    else:
        now = datetime.now(UTC)
        out.table([Column("who", least=10), Column("until")], [[p.name, until_words(p.until, now)] for p in found])
    return 0


async def _away(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import routing
    from helpdesk_tui.core.when import parse

    now = datetime.now(UTC)
    until = parse(args.until, now) if args.until else None
    if args.of and args.hand_over:
        raise BadInput("What somebody else holds is handed over by `helpdesk admin people set`.")
    out = Output(args)
    async with desk(args) as here:
        team = await _team(here)
        other = _colleague(team, args.of) if args.of else None
        left = routing.Left(None, (), 0, 0)
        if args.hand_over is None:
            await routing.set_away(here.database, until, args.note, other.id if other else None)
        else:
            how, heir = _handing(team, args.hand_over)
            left = await routing.leave(here.database, until, args.note, how, heir)
    words = f"{other.name if other else here.me.name}: {routing.until_words(until, now)}{left.words}"
    if args.json:
        known: dict[str, Any] = {"words": words, "until": time_json(until), "handed": list(left.tickets)}
        out.json({**known, "chats": left.chats, "left": left.kept})
    else:
        out.line(words)
    say("To take it back: helpdesk back" + (f" --of {args.of}" if args.of else ""))
    return PartlyDone.exit_code if left.kept else 0


def _handing(team: Sequence[Person], whom: str) -> tuple[Handing, UUID | None]:
    if whom.casefold() == "next":
        return "next", None
    if whom.casefold() == "queue":
        return "queue", None
    return "person", _colleague(team, whom).id


async def _back(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import routing

    out = Output(args)
    async with desk(args) as here:
        team = await _team(here)
        person = _colleague(team, args.of) if args.of else None
        await routing.set_back(here.database, person.id if person else None)
        words = f"{person.name if person else here.me.name} is back"
    if args.json:
        out.json({"words": words})
    else:
        out.line(words)
    return 0
