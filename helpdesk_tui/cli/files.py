"""``helpdesk tickets attachments`` and ``save``: the files of a ticket."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpdesk_tui.cli import reply
from helpdesk_tui.cli.connection import Desk, desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core import attachments
from helpdesk_tui.core.errors import NotFound
from helpdesk_tui.core.model import Attachment, Ticket
from helpdesk_tui.core.records import attachment_json


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "the files of a ticket"
    listing = actions.add_parser("attachments", help=words, description=f"{words.capitalize()}.")
    listing.add_argument("ticket", metavar="TICKET", help="its number or its id")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    saving = actions.add_parser(
        "save",
        help="save files of a ticket in a folder",
        description="Save files of a ticket, all of them where none is named. Nothing is written over: a second file "
        "of a name gets a number. Says where each one is.",
    )
    saving.add_argument("ticket", metavar="TICKET", help="its number or its id")
    saving.add_argument("files", nargs="*", metavar="FILE", help="ids or names, as `tickets attachments` has them")
    saving.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where to (default: here)")
    add_common(saving, json=True)
    saving.set_defaults(handler=lambda args: run(_save(args)))


async def _found(here: Desk, reference: str) -> tuple[Ticket, list[Attachment]]:
    ticket = await reply.one(here, reference)
    return ticket, await here.database.fetch(attachments.listed(ticket.id))


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        ticket, found = await _found(here, args.ticket)
    if args.json:
        out.json([attachment_json(each) for each in found])
    elif found:
        columns = [Column("name", least=12, worth=3), Column("size", right=True), Column("type", least=8), Column("id")]
        rows = [
            [attachments.safe_name(each.name), attachments.size_words(each.size), each.content_type, str(each.id)]
            for each in found
        ]
        out.table(columns, rows)
    else:
        say(f"#{ticket.number} has no files.")
    return 0


async def _save(args: argparse.Namespace) -> int:
    out = Output(args)
    saved: list[tuple[Attachment, Path]] = []
    async with desk(args) as here:
        ticket, found = await _found(here, args.ticket)
        wanted = _chosen(args.files, found, ticket)
        for each in wanted:
            data = await attachments.fetch(here.database, each)
            saved.append((each, attachments.save(each.name, data, args.to)))
    if args.json:
        out.json([{**attachment_json(each), "saved": str(path)} for each, path in saved])
    else:
        for _, path in saved:
            out.line(str(path))
    return 0


def _chosen(named: list[str], found: list[Attachment], ticket: Ticket) -> list[Attachment]:
    """The files that are meant, in the order they came."""
    if not found:
        raise NotFound(f"#{ticket.number} has no files.")
    for name in named:
        if all(name not in (str(each.id), each.name, attachments.safe_name(each.name)) for each in found):
            raise NotFound(
                f"#{ticket.number} has no file {name}.", f"See `helpdesk tickets attachments {ticket.number}`."
            )
    return [
        each for each in found if not named or {str(each.id), each.name, attachments.safe_name(each.name)} & set(named)
    ]
