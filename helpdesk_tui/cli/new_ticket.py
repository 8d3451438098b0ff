"""``helpdesk tickets new``: a request of one's own, or a ticket written down for somebody else; there once however
often it is run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from helpdesk_tui.cli.connection import Desk, desk, on_interrupt, run
from helpdesk_tui.cli.given import add_message
from helpdesk_tui.cli.options import add_common, an_id
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.cli.reply import given_text
from helpdesk_tui.core import attachments, people, written_down
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import BadInput, Unreachable
from helpdesk_tui.core.journal_requests import Caller, Request
from helpdesk_tui.core.model import PRIORITIES, Department
from helpdesk_tui.core.requests import Requests

if TYPE_CHECKING:
    from helpdesk_tui.core.statement import Statement

__all__ = ["register"]


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    words = "send a request of your own, or write a ticket down for somebody"
    parser = actions.add_parser("new", help=words, description=f"{words.capitalize()}.")
    parser.add_argument("--for", dest="whom", metavar="EMAIL", help="whose ticket it is; without it, your own request")
    parser.add_argument("--subject", required=True, metavar="TEXT", help="what it is about, in a line")
    add_message(parser)
    parser.add_argument("--category", metavar="NAME", help="what it is about: a category's name or id")
    parser.add_argument("--priority", choices=PRIORITIES, help="with --for (default: medium)")
    parser.add_argument(
        "--department",
        metavar="NAME",
        help="with --for: a name or an id (default: an agent's own, else its category's)",
    )
    parser.add_argument("--assign", metavar="WHO", help="with --for: an e-mail address, a name, an id, or me")
    parser.add_argument(
        "--id", type=an_id, metavar="UUID", help="the ticket's id: sent again under the same id it is there once"
    )
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_new(args)))


async def _new(args: argparse.Namespace) -> int:
    out = Output(args)
    if args.whom is None and any((args.priority, args.department, args.assign)):
        raise BadInput(
            "Priority, department and assignee of your own request are the team's to set.", "Leave them out."
        )
    if args.message is None and args.file is None and sys.stdin.isatty():
        raise BadInput("There is no text.", "Give --message or --file; - reads it from stdin.")
    if args.message is None and args.file in (None, Path("-")):
        args.message, args.file = "-", None
    with on_interrupt():
        text = given_text(args) or ""
        files = [attachments.read(path) for path in args.attach]
    ticket: UUID = args.id or uuid4()
    # Sent again with the same --id, a file has the same id too.
    files = [replace(each, id=uuid5(ticket, f"{n} {each.sha256}")) for n, each in enumerate(files)]
    async with desk(args) as here:
        request, names = await _request(here, args, Request("", args.subject, text, id=ticket))
        try:
            number, same = await _send(here, request, files)
        except Unreachable:
            say(f"It may have arrived or not; with --id {ticket} the same command cannot send it twice.")
            raise
    if not same:
        say("It was there already, with other words: those were kept.")
    say(f"#{number} written for {request.caller.address}." if request.caller else f"Sent as #{number}.")
    if args.json:
        out.json({"id": str(ticket), "number": number, "for": args.whom, "same": same, **names})
    else:
        out.line(f"#{number}")
    return 0


async def _request(here: Desk, args: argparse.Namespace, request: Request) -> tuple[Request, dict[str, str | None]]:
    """The request with what is set with it, and the names of that as they were understood."""
    from helpdesk_tui.cli.tickets import one_of, person_of

    asked: list[Statement[Any]] = [people.categories(), people.departments(), people.staff()]
    categories, departments, staff = await here.database.run(*asked)

    def named(given: str | None, known: Sequence[Department], what: str) -> tuple[UUID | None, str | None]:
        return one_of(given, [(each.id, each.name, None) for each in known], what) if given else (None, None)

    category, its_name = named(args.category, categories, "category")
    request = replace(request, category=category)
    if args.whom is None:
        return request, {"category": its_name}
    department, called = named(args.department, departments, "department")
    assignee, agent = person_of(args.assign, here.me, staff) if args.assign else (None, None)
    caller = Caller(
        args.whom,
        priority=args.priority or "medium",
        department=str(department or ""),
        assignee=str(assignee or ""),
    )
    names = {"category": its_name, "priority": caller.priority, "department": called, "assignee": agent}
    return replace(request, caller=caller), names


async def _send(here: Desk, request: Request, files: Sequence[Upload]) -> tuple[int, bool]:
    if request.caller is not None:
        written = await written_down.send(here.database, request, files)
        return written.number, written.same
    asked = Requests(here.database, here.me)
    sent = await asked.send(request.id, request.title, request.content, request.category, files)
    return sent.number, sent.same
