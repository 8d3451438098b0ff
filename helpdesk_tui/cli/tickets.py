"""``helpdesk tickets list|show|new|set|reply|note|attachments|save``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from helpdesk_tui.cli import apply, files, listing, new_ticket, relations, reply
from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.cli.records import show_thread
from helpdesk_tui.core import acts, people, thread, ticket_acts, tickets
from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Refused
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Me
from helpdesk_tui.core.records import thread_json
from helpdesk_tui.core.ticket_acts import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.cli.connection import Desk
    from helpdesk_tui.core.statement import Statement


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "list, show, answer and change tickets"
    parser = commands.add_parser("tickets", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing.register(actions)

    show = actions.add_parser("show", help="one ticket with its thread", description="One ticket with its thread.")
    show.add_argument("ticket", metavar="TICKET", help="its number or its id")
    show.add_argument("--no-history", action="store_true", help="messages alone, without the lines about changes")
    add_common(show, json=True)
    show.set_defaults(handler=lambda args: run(_show(args)))

    new_ticket.register(actions)

    change = actions.add_parser(
        "set",
        help="change status, priority, assignee or department",
        description="Change tickets, one or many at once: all that is given in one transaction. Says for each what "
        "was done and what was refused; exits with 8 if some of it was refused.",
    )
    change.add_argument("tickets", nargs="+", metavar="TICKET", help="numbers or ids")
    change.add_argument("--status", choices=STATUSES)
    change.add_argument("--priority", choices=PRIORITIES)
    change.add_argument("--assignee", metavar="WHO", help="an e-mail address, a name, an id, me, or none")
    change.add_argument("--department", metavar="NAME", help="a department's name or id")
    add_common(change, json=True)
    change.set_defaults(handler=lambda args: run(_set(args)))

    apply.register_apply(actions)
    reply.register(actions)
    files.register(actions)
    relations.register(actions)


async def _show(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        ticket = await reply.one(here, args.ticket)
        opened = thread.assemble(await here.database.run(*thread.opened(ticket.id)))
    if args.json:
        out.json(thread_json(opened))
    else:
        show_thread(out, opened, history=not args.no_history)
    return 0


async def _set(args: argparse.Namespace) -> int:
    out = Output(args)
    if not any((args.status, args.priority, args.assignee, args.department)):
        raise BadInput("There is nothing to set.", "Give --status, --priority, --assignee or --department.")
    async with desk(args) as here:
        lookups: list[Statement[Any]] = [tickets.find(reference) for reference in args.tickets]
        rows = await here.database.run(*lookups, people.staff(), people.departments())
        *found, staff, departments = rows
        known = {reference: row[0] for reference, row in zip(args.tickets, found, strict=True) if row}
        numbers = {ticket.id: ticket.number for ticket in known.values()}
        change = Change(status=args.status, priority=args.priority)
        wanted = {key: value for key, value in (("status", args.status), ("priority", args.priority)) if value}
        if args.assignee:
            person, wanted["assignee"] = person_of(args.assignee, here.me, staff)
            change = replace(change, assignee=person, names={} if person is None else {person: wanted["assignee"]})
        if args.department:
            department = one_of(args.department, [(each.id, each.name, None) for each in departments], "department")
            change = replace(change, department=department[0], names={**change.names, department[0]: department[1]})
            wanted["department"] = department[1]
        outcomes = await _change(here, numbers, change) if numbers else {}
    lines = []
    for field, value in wanted.items():
        became = outcomes.get(field, outcomes.get("", {}))
        for reference in args.tickets:
            ticket = known.get(reference)
            outcome = became.get(ticket.id) if ticket else None
            done = outcome is not None and outcome.done
            why = None if done else (outcome.why if outcome else None) or "there is no such ticket"
            number = ticket.number if ticket else None
            lines.append(
                {"ticket": reference, "number": number, "field": field, "value": value, "done": done, "why": why}
            )
    if args.json:
        out.json(lines)
    for line in lines if not args.json else []:
        name = f"#{line['number']}" if line["number"] else line["ticket"]
        if line["done"]:
            out.line(f"{name} {line['field']} {line['value']}")
        else:
            out.line(f"{name} {line['field']} not set: {line['why']}", "red")
    return _verdict(lines, missing=not known)


async def _change(here: Desk, numbers: Mapping[UUID, int], change: Change) -> dict[str, dict[UUID, Outcome]]:
    """What became of each ticket, by the field; under "" of all fields: they are one act, which can be taken back.

    Customers have no acts: they close their requests and open them again, each by itself.
    """
    ids = list(numbers)
    if here.me.role != "customer":
        name = f"#{numbers[ids[0]]}" if len(ids) == 1 else f"{len(ids):,} tickets"
        act = acts.act(uuid4(), ids, change, f"{name} {change.words}")
        (answers,) = await here.database.run(act, idempotent=True, patience=acts.patience(len(ids)))
        return {"": {each.id: each for each in answers}}
    statements = {}
    if change.status is not None:
        statements["status"] = ticket_acts.set_status(ids, change.status)
    if change.priority is not None:
        statements["priority"] = ticket_acts.set_priority(ids, change.priority)
    if isinstance(change.assignee, UUID) or change.assignee is None:
        statements["assignee"] = ticket_acts.assign(ids, change.assignee)
    if change.department is not None:
        statements["department"] = ticket_acts.move(ids, change.department)
    rows = await here.database.run(*statements.values(), idempotent=True)
    return {field: {each.id: each for each in answers} for field, answers in zip(statements, rows, strict=True)}


def _verdict(lines: Sequence[dict[str, Any]], *, missing: bool) -> int:
    """The exit code: all done, partly, nothing."""
    refused = sum(not line["done"] for line in lines)
    if not refused:
        return 0
    if refused < len(lines):
        say(f"{len(lines) - refused} of {len(lines)} changes done, {refused} refused.")
        return PartlyDone.exit_code
    say("Nothing was changed.")
    return NotFound.exit_code if missing else Refused.exit_code


def person_of(given: str, me: Me, staff: Sequence[Any]) -> tuple[UUID | None, str]:
    """Who is meant by ``me``, ``none``, an e-mail address, a name or an id."""
    if given == "none":
        return None, "nobody"
    if given == "me":
        return me.id, me.name
    return one_of(given, [(person.id, person.name, person.email) for person in staff], "assignee")


def one_of(given: str, known: Sequence[tuple[UUID, str, str | None]], what: str) -> tuple[UUID, str]:
    """The one with this id, e-mail address or name, whatever the case of its letters."""
    wanted = given.strip().casefold()
    fits = [
        (identity, name)
        for identity, name, email in known
        if wanted in (str(identity), (email or "").casefold(), name.casefold())
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise BadInput(f"“{given}” is the name of several people.", "Give the e-mail address.")
    import difflib

    near = difflib.get_close_matches(given, [word for _, name, email in known for word in (name, email) if word], n=1)
    hint = f"Did you mean “{near[0]}”?" if near else None
    raise NotFound(f"There is no {what} “{given}”.", hint)
