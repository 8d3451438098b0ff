"""``helpdesk admin people list|show|set|deactivate|activate`` and ``helpdesk admin move``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.cli.admin import as_json, ask, counted, interactive, office, tell_back, undo_of
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.given import a_number
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.records import time_json
from helpdesk_tui.core.wording import stamp

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration
    from helpdesk_tui.core.administration_model import Held, Outlook, PersonChange, PersonRow

ROLES = ("customer", "agent", "admin")
MOST = 100_000
_PAGE = 1000


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    people = actions.add_parser("people", help="list, show and change people", description="People and their roles.")
    doing = people.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = doing.add_parser("list", help="people by name", description="People by name.")
    listing.add_argument("words", nargs="*", metavar="WORD", help="only those with every word in name or address")
    listing.add_argument("--role", choices=[*ROLES, "staff"], help="staff: agents and admins")
    listing.add_argument("--department", metavar="NAME", help="who works there")
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--deactivated", action="store_true", help="only those who were deactivated")
    which.add_argument("--all", action="store_true", help="those too")
    listing.add_argument(
        "--limit",
        type=a_number(MOST, everything=True),
        default=100,
        metavar="N",
        help="how many at most (default: 100); or all",
    )
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    show = doing.add_parser("show", help="one person", description="One person.")
    show.set_defaults(handler=lambda args: run(_show(args)))
    change = doing.add_parser(
        "set", help="change role or department", description="Change a person's role or department, or both."
    )
    change.add_argument("--role", choices=ROLES)
    change.add_argument("--department", metavar="NAME", help="a department's name or id, or none")
    change.set_defaults(handler=lambda args: run(_set(args)))
    off = doing.add_parser(
        "deactivate",
        help="end a person's access",
        description="End a person's access, at once, on open connections too. What they wrote stays, and what they "
        "hold is handed over. `activate` lets them in again.",
    )
    off.set_defaults(handler=lambda args: run(_deactivate(args)))
    on = doing.add_parser("activate", help="let a person in again", description="Let a person in again.")
    on.set_defaults(handler=lambda args: run(_activate(args)))

    move = actions.add_parser(
        "move",
        help="move a person to another department",
        description="Move a person to another department. Says what they lose sight of, and offers to hand over the "
        "open tickets they hold elsewhere.",
    )
    move.add_argument("--to", required=True, metavar="DEPARTMENT", help="a department's name or id, or none")
    move.set_defaults(handler=lambda args: run(_move(args)))

    for each in (show, change, off, on, move):
        each.add_argument("person", metavar="WHO", help="an e-mail address, a whole name or an id")
        if each in (change, off, move):
            held = each.add_mutually_exclusive_group()
            held.add_argument("--hand-over", metavar="WHO", help="who gets the open tickets they hold; or none")
            if each is not off:
                held.add_argument("--keep", action="store_true", help="they keep them")
            each.add_argument("--dry-run", action="store_true", help="only say what it would mean")
        add_common(each, json=True)


def person_json(person: PersonRow) -> dict[str, Any]:
    """One person."""
    return {
        "id": str(person.id),
        "email": person.email,
        "name": person.full_name,
        "role": person.role,
        "department": {"id": str(person.department_id), "name": person.department} if person.department_id else None,
        "active": person.active,
        "deactivated_at": time_json(person.deactivated_at),
        "created_at": time_json(person.created_at),
        "holds": person.holds,
    }


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    found: list[PersonRow] = []
    active = False if args.deactivated else None if args.all else True
    async with office(args) as admin:
        department = (await admin.item("departments", args.department)).id if args.department else None
        total = 1
        while len(found) < min(total, args.limit):
            page = await admin.people(
                " ".join(args.words),
                role=args.role,
                department=department,
                active=active,
                skip=len(found),
                limit=min(_PAGE, args.limit - len(found)),
            )
            found += page.rows
            if not page.rows:
                break
            total = page.total
    if args.json:
        out.json([person_json(person) for person in found])
    elif found:
        columns = [
            Column("role", colours={"admin": "magenta", "agent": "cyan", "customer": "dim"}),
            Column("department", least=8),
            Column("holds", right=True),
            Column("name", least=12),
            Column("e-mail", least=16, worth=2),
            Column("", colours={"deactivated": "red"}),
        ]
        out.table(
            columns,
            [
                [
                    person.role,
                    person.department or "-",
                    str(person.holds) if person.role != "customer" else "",
                    person.full_name or "-",
                    person.email,
                    "" if person.active else "deactivated",
                ]
                for person in found
            ],
        )
    else:
        say("Nobody fits.")
    if found and total > len(found):
        say(f"The first {len(found)} of {total}; more with --limit.")
    return 0


async def _show(args: argparse.Namespace) -> int:
    out = Output(args)
    async with office(args) as admin:
        person = await admin.person(args.person)
    if args.json:
        out.json(person_json(person))
        return 0
    out.line(person.name, "bold")
    out.pairs(
        [
            ("e-mail", person.email),
            ("role", person.role),
            ("department", person.department or "-"),
            ("holds", counted(person.holds, "open ticket")),
            ("since", stamp(person.created_at)),
            ("active", "yes" if person.deactivated_at is None else f"no, since {stamp(person.deactivated_at)}"),
            ("id", str(person.id)),
        ]
    )
    return 0


async def _set(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.administration_model import SAME, PersonChange

    if not args.role and not args.department:
        raise BadInput("There is nothing to set.", "Give --role or --department.")
    async with office(args) as admin:
        department = await _department(admin, args.department) if args.department else SAME
        return await _change(admin, args, PersonChange(args.role, department))


async def _move(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.administration_model import PersonChange

    async with office(args) as admin:
        return await _change(admin, args, PersonChange(department=await _department(admin, args.to)))


async def _deactivate(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.administration_model import PersonChange

    async with office(args) as admin:
        return await _change(admin, args, PersonChange(active=False))


async def _activate(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.administration_model import PersonChange

    async with office(args) as admin:
        args.keep, args.hand_over, args.dry_run = True, None, False
        return await _change(admin, args, PersonChange(active=True))


async def _department(admin: Administration, given: str) -> UUID | None:
    return None if given.casefold() == "none" else (await admin.item("departments", given)).id


async def _change(admin: Administration, args: argparse.Namespace, change: PersonChange) -> int:
    """Says what it would mean, asks what becomes of what they hold, does it."""
    out = Output(args)
    person = await admin.person(args.person)
    outlook = await admin.outlook(person.id, change)
    leaving = change.active is False or (change.role == "customer" and person.role != "customer")
    sentences = _meaning(person, outlook, leaving=leaving)
    if args.dry_run:
        if args.json:
            out.json(as_json(None, "", dry_run=True, loses=outlook.loses, held=outlook.holds, handed=[]))
        for sentence in sentences if not args.json else []:
            out.line(sentence)
        say("Nothing was changed.")
        return 0
    held, heir = await _what_they_hold(admin, args, outlook, leaving=leaving)
    done = await admin.change(person.id, change, held=held, heir=heir)
    if args.json:
        out.json(
            as_json(done.act, done.words, dry_run=False, loses=done.loses, held=done.held, handed=list(done.handed))
        )
    elif done.act is None:
        say(f"{person.name}: nothing to change.")
        return 0
    else:
        out.line(done.words)
    for sentence in _meaning(person, outlook, leaving=leaving, handed=len(done.handed)) if done.act else []:
        say(sentence)
    if held == "keep" and not leaving and outlook.holds and not getattr(args, "keep", False):
        say("To hand them over after all, say the same again with --hand-over WHO, or none.")
    tell_back(undo_of(done.act))
    return 0


def _meaning(person: PersonRow, outlook: Outlook, *, leaving: bool, handed: int | None = None) -> list[str]:
    """What a change means for the person: before it is made, or (``handed``) after."""
    of = f" of {person.department}" if person.role == "agent" and person.department else ""
    said = []
    if outlook.loses:
        loses = "lose" if handed is None else "lost"
        would = "would " if handed is None else ""
        said.append(f"{person.name} {would}{loses} sight of {counted(outlook.loses, 'open ticket')}{of}.")
    if outlook.holds and handed is None:
        way = "would be handed over" if leaving else "can be handed over or kept"
        said.append(f"{person.name} holds {counted(outlook.holds, 'open ticket')} there, which {way}.")
    elif outlook.holds and not handed and not leaving:
        said.append(f"{person.name} keeps {counted(outlook.holds, 'open ticket')} there.")
    if not said and handed is None:
        said.append(f"{person.name} loses sight of nothing and holds nothing there.")
    return said


async def _what_they_hold(
    admin: Administration, args: argparse.Namespace, outlook: Outlook, *, leaving: bool
) -> tuple[Held, UUID | None]:
    """What becomes of it, by the options or by asking."""
    given = args.hand_over
    if getattr(args, "keep", False) or (outlook.holds == 0 and given is None):
        return ("hand over" if leaving else "keep"), None
    if given is None:
        if not interactive():
            return ("hand over" if leaving else "keep"), None
        rest = "Enter for nobody" if leaving else "none for nobody, Enter to keep them"
        given = ask(f"Hand over {counted(outlook.holds, 'open ticket')} to (an e-mail address; {rest}): ")
        if not given:
            return ("hand over" if leaving else "keep"), None
    if given.casefold() == "none":
        return "hand over", None
    return "hand over", (await admin.person(given)).id
