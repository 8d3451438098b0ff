"""``helpdesk admin sla`` and ``helpdesk admin calendars``: what requesters are promised, and in which hours."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.admin import counted, office
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import PRIORITIES

if TYPE_CHECKING:
    from helpdesk_tui.core.sla_rules import Calendar

Doing = Callable[[argparse.Namespace], Awaitable[int]]


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "what is promised to which tickets, and within which time"
    sla = actions.add_parser("sla", help=words, description=f"{words.capitalize()}.")
    doing = sla.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(doing, "list", "the policies", _policies)
    setting = _action(doing, "set", "make a policy, or change what is given of one", _set_policy)
    setting.add_argument("name", metavar="NAME")
    setting.add_argument("--priority", choices=(*PRIORITIES, "any"), help="only tickets of this priority")
    setting.add_argument("--category", metavar="NAME", help="only tickets of this category; any: of all")
    setting.add_argument("--department", metavar="NAME", help="only tickets of this department; any: of all")
    setting.add_argument("--calendar", metavar="NAME", help="whose hours count; none: around the clock")
    for flag, about in (
        ("--first", "until the first public reply"),
        ("--next", "until each reply to a message after that"),
        ("--resolution", "until it is resolved or closed"),
    ):
        setting.add_argument(flag, metavar="TIME", help=f"{about}: 30m, 4h, 1h30m, or none")
    removing = _action(doing, "remove", "remove a policy; its tickets are promised what the next one says", _remove)
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(what="policy")

    words = "the hours in which time counts"
    calendars = actions.add_parser("calendars", help=words, description=f"{words.capitalize()}, and holidays.")
    doing = calendars.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(doing, "list", "the calendars", _calendars)
    setting = _action(doing, "set", "make a calendar, or change what is given of one", _set_calendar)
    setting.add_argument("name", metavar="NAME")
    setting.add_argument("--file", type=Path, metavar="FILE", help="all of it, as TOML: zone, [hours], [holidays]")
    setting.add_argument("--zone", metavar="ZONE", help="a time zone, such as Europe/Berlin")
    setting.add_argument(
        "--hours",
        action="append",
        metavar="DAYS=SPANS",
        help="such as mon-fri=09:00-12:30,13:00-17:00 (repeatable)",
    )
    setting.add_argument(
        "--holiday", action="append", metavar="DATE", help="closed then; with =09:00-12:00, open then (again for more)"
    )
    setting.add_argument("--no-holiday", action="append", metavar="DATE", help="a day like any other again")
    removing = _action(doing, "remove", "remove a calendar that no policy counts by", _remove)
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(what="calendar")


def _action(doing: Any, name: str, words: str, handler: Doing) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = doing.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
    add_common(made, json=True)
    made.set_defaults(handler=lambda args: run(_to_the_end(handler(args))))
    return made


async def _to_the_end(doing: Awaitable[int]) -> int:
    return await doing


async def _policies(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla_rules import Rules, duration

    out = Output(args)
    async with office(args) as admin:
        found = await Rules(admin.database).policies()
    if args.json:
        out.json([{"name": each.name, **each.rule, "open_tickets": each.tickets} for each in found])
        return 0
    if not found:
        say("There is no policy: nothing is promised. helpdesk admin sla set NAME --first 4h makes one.")
        return 0
    titles = ("policy", "for", "counted in", "first reply", "next reply", "resolution", "open")
    columns = [Column(title, right=title == "open", least={"policy": 8, "for": 8}.get(title)) for title in titles]
    out.table(
        columns,
        [
            [
                each.name,
                each.whom,
                each.calendar or "around the clock",
                *(duration(time) if time else "" for time in (each.first, each.next, each.resolution)),
                str(each.tickets),
            ]
            for each in found
        ],
    )
    return 0


async def _set_policy(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla_rules import Policy, Rules, minutes, named

    given: dict[str, Any] = {}
    for key in ("priority", "category", "department"):
        if (value := getattr(args, key)) is not None:
            given[key] = None if value.casefold() == "any" else value
    if args.calendar is not None:
        given["calendar"] = None if args.calendar.casefold() == "none" else args.calendar
    for key in ("first", "next", "resolution"):
        if (value := getattr(args, key)) is not None:
            given[key] = minutes(value)
    async with office(args) as admin:
        rules = Rules(admin.database)
        before = named(await rules.policies(), args.name)
        await rules.set_policy(replace(before or Policy(args.name), **given))
        saved = named(await rules.policies(), args.name)
    return _done(args, f"{'changed' if before else 'made'} the policy {args.name}", {"name": args.name, **saved.rule})


async def _calendars(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla_rules import Rules

    out = Output(args)
    async with office(args) as admin:
        found = await Rules(admin.database).calendars()
    if args.json:
        out.json([_calendar_json(each) for each in found])
        return 0
    if not found:
        say("There is no calendar: policies count around the clock.")
    for each in found:
        out.line(f"{each.name} · {each.zone} · {counted(each.policies, 'policy', 'policies')}", "bold")
        for day, spans in each.hours.items():
            out.line(f"  {day}  {', '.join(spans) or 'closed'}")
        for day, spans in sorted(each.holidays.items()):
            out.line(f"  {day}  {', '.join(spans) or 'closed'}")
    return 0


async def _set_calendar(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla_rules import Calendar, Rules, calendar_of, holidays_of, hours_of, must_be, named

    hours, holidays = hours_of(args.hours or ()), holidays_of(args.holiday or ())
    gone = holidays_of(args.no_holiday or ())
    whole: Calendar | None = None
    if args.file is not None:
        if hours or holidays or gone or args.zone:
            raise BadInput("A file holds all of a calendar.", "Give it alone, or the flags alone.")
        try:
            whole = calendar_of(args.name, args.file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{str(args.file)!r} cannot be read: {error}.") from None
    async with office(args) as admin:
        rules = Rules(admin.database)
        before = named(await rules.calendars(), args.name)
        if whole is None:
            old = before or Calendar(args.name, "UTC")
            kept = {day: spans for day, spans in old.holidays.items() if day not in gone}
            whole = replace(
                old, zone=args.zone or old.zone, hours={**old.hours, **hours}, holidays={**kept, **holidays}
            )
        await rules.set_calendar(whole)
        saved = must_be(named(await rules.calendars(), args.name), "calendar", args.name)
    return _done(args, f"{'changed' if before else 'made'} the calendar {args.name}", _calendar_json(saved))


async def _remove(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla_rules import Rules

    async with office(args) as admin:
        await Rules(admin.database).remove(args.what, args.name)
    return _done(args, f"removed the {args.what} {args.name}", {"name": args.name})


def _calendar_json(calendar: Calendar) -> dict[str, Any]:
    return {
        "name": calendar.name,
        "zone": calendar.zone,
        "hours": dict(calendar.hours),
        "holidays": dict(calendar.holidays),
        "policies": calendar.policies,
    }


def _done(args: argparse.Namespace, words: str, told: dict[str, Any]) -> int:
    if args.json:
        Output(args).json(told)
    else:
        Output(args).line(words)
    return 0
