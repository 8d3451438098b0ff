"""``helpdesk admin routing``: how each department gives out the tickets that come in."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.admin import back, counted, office, tell_back
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.core.routing import Agent, Routing


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "who is given the tickets that come in"
    parser = actions.add_parser("routing", help=words, description=f"{words.capitalize()}, by department.")
    doing = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, words: str, handler: Any) -> argparse.ArgumentParser:
        made = doing.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
        add_common(made, json=True)
        made.set_defaults(handler=lambda args: run(handler(args)))
        return made

    action("list", "how every department does it", _list)
    agents = action("agents", "the agents of a department: what they hold and may hold, and who is away", _agents)
    agents.add_argument("department", metavar="DEPARTMENT")
    setting = action("set", "say how a department does it", _set)
    setting.add_argument("department", metavar="DEPARTMENT")
    setting.add_argument("mode", metavar="MODE", help="manual, round-robin or least-loaded")
    setting.add_argument(
        "--capacity", type=_capacity, metavar="N", help="how many open tickets an agent may hold, or none (default)"
    )
    capacity = action("capacity", "give an agent a capacity of their own", _set_capacity)
    capacity.add_argument("who", metavar="WHO")
    capacity.add_argument("capacity", type=_capacity, metavar="N", help="a number, or none: as their department")


def _capacity(text: str) -> int | None:
    if text.casefold() == "none":
        return None
    if text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number, and not none")


def _number(capacity: int | None) -> str:
    return "any" if capacity is None else str(capacity)


def routing_json(row: Routing) -> dict[str, Any]:
    """One department."""
    return {
        "department": {"id": str(row.department_id), "name": row.name},
        "mode": row.mode,
        "capacity": row.capacity,
        "waiting": row.waiting,
        "agents": row.agents,
        "away": row.away,
    }


def agent_json(row: Agent) -> dict[str, Any]:
    """One agent."""
    return {
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "holds": row.holds,
        "capacity": row.capacity,
        "own_capacity": row.own,
        "away": row.away,
        "until": time_json(row.until),
        "note": row.note,
    }


async def _list(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import routing

    out = Output(args)
    async with office(args) as admin:
        rows = await admin.database.fetch(routing.departments())
    if args.json:
        out.json([routing_json(row) for row in rows])
        return 0
    columns = [Column("department", least=12), Column("mode", least=8), Column("capacity", right=True)]
    columns += [Column("waiting", right=True), Column("agents", right=True), Column("away", right=True)]
    out.table(
        columns,
        [[row.name, row.mode, _number(row.capacity), str(row.waiting), str(row.agents), str(row.away)] for row in rows],
    )
    return 0


async def _agents(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from helpdesk_tui.core import routing

    out = Output(args)
    async with office(args) as admin:
        department = await admin.item("departments", args.department)
        rows = await admin.database.fetch(routing.agents(department.id))
    if args.json:
        out.json([agent_json(row) for row in rows])
    elif not rows:
        say(f"{department.name} has no agents.")
    else:
        columns = [Column("agent", least=10), Column("holds", right=True), Column("capacity", right=True)]
        now = datetime.now(UTC)
        cells = [
            [
                row.name,
                str(row.holds),
                _number(row.capacity) + ("" if row.own is None else " (own)"),
                routing.until_words(row.until, now) if row.away else "",
                row.note or "",
            ]
            for row in rows
        ]
        out.table([*columns, Column("", least=5), Column("note", least=6)], cells)
    return 0


async def _set(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import routing

    async with office(args) as admin:
        department = await admin.item("departments", args.department)
        before = next(row for row in await admin.database.fetch(routing.departments()) if row.name == department.name)
        mode = routing.mode_of(args.mode)
        await routing.set_routing(admin.database, department.id, mode, args.capacity)
    words = f"{department.name}: {mode}"
    if mode != "manual":
        limit = "any number of tickets each" if args.capacity is None else f"{counted(args.capacity, 'ticket')} each"
        words += f", {limit}"
    again = ["routing", "set", department.name, before.mode.replace(" ", "-"), "--capacity"]
    undo = back(*again, "none" if before.capacity is None else str(before.capacity))
    changed = (before.mode, before.capacity) != (mode, args.capacity)
    return _done(args, words, undo if changed else None)


async def _set_capacity(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import routing

    async with office(args) as admin:
        person = await admin.person(args.who)
        before: int | None = None
        if person.department_id is not None:
            rows = await admin.database.fetch(routing.agents(person.department_id))
            before = next((row.own for row in rows if row.id == person.id), None)
        await routing.set_capacity(admin.database, person.id, args.capacity)
    limit = "as their department" if args.capacity is None else f"{counted(args.capacity, 'ticket')} at most"
    undo = back("routing", "capacity", person.email, "none" if before is None else str(before))
    return _done(args, f"{person.name}: {limit}", undo if before != args.capacity else None)


def _done(args: argparse.Namespace, words: str, undo: str | None) -> int:
    if args.json:
        Output(args).json({"words": words, "undo": undo})
    else:
        Output(args).line(words)
    tell_back(undo)
    return 0
