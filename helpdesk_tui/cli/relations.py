"""``helpdesk tickets merge|unmerge|split|link|unlink|follow|unfollow|snooze|fields``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from helpdesk_tui.cli.connection import Desk, desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.cli.reply import one
from helpdesk_tui.core import acts, fields, relations, thread, tickets, when
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Refused
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.core.ticket_acts import Outcome
from helpdesk_tui.core.wording import stamp


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""

    def action(name: str, words: str, handler: Any, more: str = "") -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.{more}")
        add_common(made, json=True)
        made.set_defaults(handler=lambda args: run(handler(args)))
        return made

    merging = action(
        "merge",
        "merge tickets into another one of the same requester",
        _merge,
        " Their messages are its own from then on, and they are closed. Exits with 8 if some were refused.",
    )
    merging.add_argument("tickets", nargs="+", metavar="TICKET", help="numbers or ids")
    merging.add_argument("--into", required=True, metavar="TICKET", help="the one that stays")
    action("unmerge", "take the merge of a ticket back", _unmerge).add_argument(
        "ticket", metavar="TICKET", help="the one that was merged"
    )
    splitting = action("split", "make a new ticket of a message and those after it", _split)
    splitting.add_argument("ticket", metavar="TICKET", help="its number or its id")
    splitting.add_argument("message", metavar="MESSAGE", help="its id, or which it is, counted from 1")
    splitting.add_argument("--only", action="store_true", help="this message alone")
    splitting.add_argument("--title", default="", metavar="TEXT", help="(default: the title of the ticket)")
    linking = action("link", "say what a ticket is to another", _link)
    linking.add_argument("ticket", metavar="TICKET", help="its number or its id")
    linking.add_argument("kind", metavar="KIND", help="duplicate-of, caused-by or related-to")
    linking.add_argument("other", metavar="OTHER", help="its number or its id")
    unlinking = action("unlink", "take the link between two tickets away", _unlink)
    unlinking.add_argument("ticket", metavar="TICKET", help="its number or its id")
    unlinking.add_argument("other", metavar="OTHER", help="its number or its id")
    for name, words in (("follow", "be told what the assignee is told"), ("unfollow", "follow tickets no more")):
        action(name, words, lambda args, name=name: _follow(args, name == "follow")).add_argument(
            "tickets", nargs="+", metavar="TICKET", help="numbers or ids"
        )
    sleeping = action("snooze", "send tickets to sleep until a time, for the whole team", _snooze)
    sleeping.add_argument("tickets", nargs="+", metavar="TICKET", help="numbers or ids")
    until = sleeping.add_mutually_exclusive_group(required=True)
    until.add_argument("--until", metavar="WHEN", help="2h, tomorrow 14:00, fri, next monday, 2026-12-24 9:00 …")
    until.add_argument("--wake", action="store_true", help="wake them up now")
    filling = action("fields", "fill in custom fields", _fields)
    filling.add_argument("tickets", nargs="+", metavar="TICKET", help="numbers or ids")
    filling.add_argument(
        "--set", action="append", required=True, metavar="KEY=VALUE", dest="values", help="no value takes it away"
    )


async def _several(here: Desk, references: Sequence[str]) -> dict[str, Ticket]:
    """Those of the tickets that are there for this person, by what they were called."""
    lookups: list[Statement[Any]] = [tickets.find(reference) for reference in references]
    rows = await here.database.run(*lookups)
    return {reference: found[0] for reference, found in zip(references, rows, strict=True) if found}


def _tell(args: argparse.Namespace, known: dict[str, Ticket], answers: Sequence[Outcome], words: str) -> int:
    """Says of each ticket what became of it; the exit code."""
    out = Output(args)
    became = {outcome.id: outcome for outcome in answers}
    lines = []
    for reference in args.tickets:
        ticket = known.get(reference)
        outcome = became.get(ticket.id) if ticket else None
        done = outcome is not None and outcome.done
        why = None if done else (outcome.why if outcome else None) or "there is no such ticket"
        lines.append({"ticket": reference, "number": ticket.number if ticket else None, "done": done, "why": why})
    if args.json:
        out.json(lines)
    for line in lines if not args.json else []:
        name = f"#{line['number']}" if line["number"] else str(line["ticket"])
        if line["done"]:
            out.line(f"{name} {words}")
        else:
            out.line(f"{name} not {words}: {line['why']}", "red")
    refused = sum(not line["done"] for line in lines)
    if refused and refused < len(lines):
        say(f"{len(lines) - refused} of {len(lines)} done, {refused} refused.")
        return PartlyDone.exit_code
    if refused:
        say("Nothing was changed.")
        return NotFound.exit_code if not known else Refused.exit_code
    return 0


async def _merge(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        target = await one(here, args.into)
        known = await _several(here, args.tickets)
        words = f"merged into #{target.number}"
        ids = [ticket.id for ticket in known.values()]
        statement = relations.merge(uuid4(), ids, target.id, words)
        answers = await here.database.fetch(statement, idempotent=True) if ids else []
    return _tell(args, known, answers, words)


async def _unmerge(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        ticket = await one(here, args.ticket)
        (number,) = await here.database.fetch(relations.unmerge(uuid4(), ticket.id), idempotent=True)
    words = f"#{ticket.number} is no longer merged into #{number}"
    return _done(args, words, {"number": ticket.number, "from": number})


async def _split(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        ticket = await one(here, args.ticket)
        messages = await here.database.fetch(thread.messages(ticket.id))
        message = _message(args.message, [each.id for each in messages])
        made = uuid4()
        statement = relations.split(uuid4(), ticket.id, message, made, args.title, later=not args.only)
        (number,) = await here.database.fetch(statement, idempotent=True)
    record = {"id": str(made), "number": number, "from": ticket.number}
    return _done(args, f"#{number} split off #{ticket.number}", record)


def _message(given: str, ids: Sequence[UUID]) -> UUID:
    """The message that is meant by its id, or by its place."""
    if given.isascii() and given.isdigit() and len(given) < 9:
        if 1 <= int(given) <= len(ids):
            return ids[int(given) - 1]
        raise NotFound(f"There is no message {given}.", f"There are {len(ids)}, counted from 1.")
    try:
        return UUID(given)
    except ValueError:
        raise BadInput(f"{given!r} is not a message.", "Give its id, or which it is, counted from 1.") from None


async def _link(args: argparse.Namespace) -> int:
    kind = relations.link_kind(args.kind)
    async with desk(args) as here:
        ticket, other = await one(here, args.ticket), await one(here, args.other)
        await here.database.fetch(relations.link(uuid4(), ticket.id, kind, other.id), idempotent=True)
    words = f"#{ticket.number} is {kind} #{other.number}"
    return _done(args, words, {"number": ticket.number, "kind": kind, "other": other.number})


async def _unlink(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        ticket, other = await one(here, args.ticket), await one(here, args.other)
        await here.database.fetch(relations.unlink(uuid4(), ticket.id, other.id), idempotent=True)
    words = f"#{ticket.number} and #{other.number} are not linked any more"
    return _done(args, words, {"number": ticket.number, "other": other.number})


async def _follow(args: argparse.Namespace, following: bool) -> int:
    async with desk(args) as here:
        known = await _several(here, args.tickets)
        ids = [ticket.id for ticket in known.values()]
        statement = relations.follow(uuid4(), ids, following)
        answers = await here.database.fetch(statement, idempotent=True) if ids else []
    return _tell(args, known, answers, "followed" if following else "no longer followed")


async def _change(args: argparse.Namespace, here: Desk, change: acts.Change, words: str) -> int:
    known = await _several(here, args.tickets)
    ids = [ticket.id for ticket in known.values()]
    answers = await here.database.fetch(acts.act(uuid4(), ids, change), idempotent=True) if ids else []
    return _tell(args, known, answers, words)


async def _snooze(args: argparse.Namespace) -> int:
    until = None if args.wake else when.parse(args.until, datetime.now(UTC))
    async with desk(args) as here:
        words = f"asleep until {stamp(until)}" if until else "awake"
        return await _change(args, here, acts.Change(snooze=until), words)


async def _fields(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        known = await here.database.fetch(fields.every())
        values = {}
        for given in args.values:
            name, sign, text = given.partition("=")
            if not sign:
                raise BadInput(f"“{given}” fills nothing in.", "Write KEY=VALUE.")
            field = fields.named(name, known)
            values[field.key] = fields.value_of(field, text)
        words = ", ".join(f"{key} {fields.words_of(value) or 'empty'}" for key, value in values.items())
        return await _change(args, here, acts.Change(fields=values), words)


def _done(args: argparse.Namespace, words: str, record: dict[str, Any]) -> int:
    out = Output(args)
    if args.json:
        out.json(record)
    else:
        out.line(words)
    return 0
