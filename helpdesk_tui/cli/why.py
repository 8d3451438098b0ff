"""``helpdesk why``: which clause lets somebody see a ticket, or what keeps it from them. For admins."""

from __future__ import annotations

import argparse
from typing import Any

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output
from helpdesk_tui.core.why import Why, sentences, why


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of this module's command."""
    parser = commands.add_parser(
        "why",
        help="as an admin: why somebody sees a ticket, or does not",
        description="For admins: which clause of the one rule lets a person see a ticket, or what keeps it from them.",
    )
    parser.add_argument("person", metavar="EMAIL", help="the address that the person signs in with")
    parser.add_argument("ticket", metavar="TICKET", help="its number or its id")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_why(args)))


async def _why(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        (answer,) = await here.database.fetch(why(args.person, args.ticket))
    if args.json:
        out.json(why_json(answer))
        return 0
    for sentence in sentences(answer):
        out.line(sentence)
    return 0


def why_json(answer: Why) -> dict[str, Any]:
    """One answer."""
    return {
        "sees": answer.sees,
        "notes": answer.notes,
        "reason": answer.reason,
        "clauses": list(answer.clauses),
        "words": " ".join(sentences(answer)),
        "person": {
            "id": str(answer.person_id),
            "name": answer.name,
            "email": answer.email,
            "role": answer.role,
            "department": answer.department,
        },
        "ticket": {
            "id": str(answer.ticket_id),
            "number": answer.number,
            "department": answer.ticket_department,
            "requester": answer.requester,
            "assignee": answer.assignee,
        },
    }
