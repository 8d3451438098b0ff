"""``helpdesk admin reassign|undo|acts``: many tickets at once, and taking back."""

from __future__ import annotations

import argparse

from helpdesk_tui.cli.admin import as_json, counted, office, tell_back, undo_of
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import PRIORITY_COLOURS, STATUS_COLOURS, Column, Output, say
from helpdesk_tui.core.errors import BadInput, PartlyDone, Stale
from helpdesk_tui.core.records import time_json

SHOWN = 100


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    reassign = actions.add_parser(
        "reassign",
        help="send the tickets of a department to another",
        description="Send the tickets of a department that a filter holds to another department: all in one statement, "
        "one history row each, one live event for each audience. An assignee who does not work there loses the ticket.",
    )
    reassign.add_argument("--from", dest="source", required=True, metavar="DEPARTMENT", help="a name or an id")
    reassign.add_argument("--to", required=True, metavar="DEPARTMENT", help="a name or an id")
    reassign.add_argument(
        "--query",
        default="status:open|pending",
        metavar="FILTER",
        help="which tickets, as in 'status:open -tag:vip updated>2d'; '' for all (default: status:open|pending)",
    )
    reassign.add_argument("--dry-run", action="store_true", help="only show which")
    add_common(reassign, json=True)
    reassign.set_defaults(handler=lambda args: run(_reassign(args)))

    undo = actions.add_parser(
        "undo",
        help="take an act back",
        description="Take an act back: the person and exactly those tickets that nobody has changed since. The others "
        "are named; exits with 8 if there are any, with 7 if nothing could be put back.",
    )
    undo.add_argument("act", nargs="?", type=_number, metavar="ACT", help="its number (default: your latest)")
    add_common(undo, json=True)
    undo.set_defaults(handler=lambda args: run(_undo(args)))

    acts = actions.add_parser(
        "acts", help="the latest acts", description="The latest acts of all admins, the newest first."
    )
    acts.add_argument("--limit", type=_number, default=20, metavar="N", help="how many at most (default: 20)")
    add_common(acts, json=True)
    acts.set_defaults(handler=lambda args: run(_acts(args)))


async def _reassign(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.administration import find
    from helpdesk_tui.core.filters import condition

    out = Output(args)
    async with office(args) as admin:
        names = await admin.vocabulary()
        source, target = (find(given, names.departments, "department") for given in (args.source, args.to))
        if source.id == target.id:
            raise BadInput(f"The tickets are in {target.name} already.")
        wanted = condition(args.query, names)
        if args.dry_run:
            preview = await admin.preview(source.id, target.id, wanted, limit=SHOWN)
            if args.json:
                tickets = [
                    {
                        "number": each.number,
                        "title": each.title,
                        "status": each.status,
                        "priority": each.priority,
                        "assignee": each.assignee,
                        "updated_at": time_json(each.updated_at),
                    }
                    for each in preview.first
                ]
                shown = {"total": preview.total, "dropped": preview.dropped, "numbers": [], "tickets": tickets}
                out.json(as_json(None, "", dry_run=True, **shown))
            elif preview.first:
                columns = [
                    Column("number", right=True),
                    Column("status", colours=STATUS_COLOURS),
                    Column("priority", colours=PRIORITY_COLOURS),
                    Column("updated", right=True),
                    Column("assignee", least=8),
                    Column("title", least=20, worth=3),
                ]
                rows = [
                    [
                        f"#{each.number}",
                        each.status,
                        each.priority,
                        out.when(each.updated_at),
                        each.assignee or "-",
                        each.title,
                    ]
                    for each in preview.first
                ]
                out.table(columns, rows)
            if preview.total > len(preview.first):
                say(f"These are the first {len(preview.first)}.")
            would = f"{counted(preview.total, 'ticket')} would go from {source.name} to {target.name}"
            say(f"{would}{_dropped(preview.dropped, 'would lose')}. Nothing was changed.")
            return 0
        moved = await admin.reassign(source.id, target.id, wanted, query=args.query)
    if args.json:
        numbers = list(moved.numbers)
        out.json(
            as_json(moved.act, moved.words, dry_run=False, total=len(numbers), dropped=moved.dropped, numbers=numbers)
        )
    elif moved.act is not None:
        out.line(moved.words)
    if moved.act is None:
        say(f"No ticket of {source.name} fits; nothing was changed.")
    elif moved.dropped:
        say(f"Of them {moved.dropped} lost their assignee, who does not work in {target.name}.")
    tell_back(undo_of(moved.act))
    return 0


def _dropped(number: int, lose: str) -> str:
    return f"; {number} of them {lose} their assignee" if number else ""


async def _undo(args: argparse.Namespace) -> int:
    out = Output(args)
    async with office(args) as admin:
        undone = await admin.undo(args.act)
    if args.json:
        left = [
            {"id": str(each.id), "number": each.number, "title": each.title, "why": each.why} for each in undone.left
        ]
        more = {"of": undone.of, "person": undone.person, "restored": list(undone.restored), "left": left}
        out.json(as_json(undone.act, undone.words, **more))
    else:
        if undone.act is not None:
            out.line(f"took back act {undone.of}: {undone.words}")
        for each in undone.left:
            name = f"#{each.number} {each.title}" if each.number else each.title or f"ticket {each.id}"
            out.line(f"not put back: {name}: {each.why}", "red")
    if undone.act is None:
        say(f"Nothing was put back of act {undone.of} ({undone.words}): all of it was changed since.")
        return Stale.exit_code
    tell_back(undo_of(undone.act))
    if undone.left:
        say(f"{counted(len(undone.left), 'thing')} changed since stayed as they are.")
        return PartlyDone.exit_code
    return 0


async def _acts(args: argparse.Namespace) -> int:
    out = Output(args)
    async with office(args) as admin:
        acts = await admin.acts(args.limit)
    if args.json:
        out.json(
            [
                {
                    "act": each.number,
                    "actor": each.actor,
                    "kind": each.kind,
                    "words": each.words,
                    "at": time_json(each.at),
                    "undone_by": each.undone_by,
                }
                for each in acts
            ]
        )
    elif acts:
        columns = [Column("act", right=True), Column("when", right=True), Column("who", least=8)]
        rows = [
            [
                str(each.number),
                out.when(each.at),
                each.actor or "-",
                each.words,
                f"taken back by {each.undone_by}" if each.undone_by else "",
            ]
            for each in acts
        ]
        out.table([*columns, Column("what", least=20, worth=3), Column("")], rows)
    else:
        say("There are no acts yet.")
    return 0


def _number(text: str) -> int:
    text = text.removeprefix("#")
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**31:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number")
