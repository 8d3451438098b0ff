"""``helpdesk macros``: list, show, keep, remove and run macros."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from helpdesk_tui.cli.connection import Desk, desk, on_interrupt, run
from helpdesk_tui.cli.given import file_text
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.cli.reply import one
from helpdesk_tui.core import fields, macro_text, macros, people, thread
from helpdesk_tui.core.editor import editor_command
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Stale
from helpdesk_tui.core.macros import Macro
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.ticket_acts import Outcome


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``macros``."""
    parser = commands.add_parser("macros", help="answers and changes that are written once")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="your macros, what you use most first")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    showing = actions.add_parser("show", help="a macro as it is written")
    showing.add_argument("name", metavar="NAME", help="its name or its id")
    add_common(showing, json=True)
    showing.set_defaults(handler=lambda args: run(_show(args)))

    saving = actions.add_parser("save", help="keep a macro; without --file your editor opens")
    saving.add_argument("name", metavar="NAME", nargs="?", help="which one to change; left out: a new one")
    saving.add_argument("-F", "--file", metavar="FILE", help="read it from a file; - reads stdin")
    add_common(saving, json=True)
    saving.set_defaults(handler=lambda args: run(_save(args)))

    removing = actions.add_parser("remove", help="remove a macro")
    removing.add_argument("name", metavar="NAME", help="its name or its id")
    add_common(removing, json=True)
    removing.set_defaults(handler=lambda args: run(_remove(args)))

    running = actions.add_parser(
        "run",
        help="send a macro and set what it sets, on each of some tickets",
        description="Send a macro and set what it sets. A reply needs --to-newest: you say that you have read them.",
    )
    running.add_argument("name", metavar="NAME", help="its name or its id")
    running.add_argument("tickets", metavar="TICKET", nargs="+", help="their numbers or ids")
    running.add_argument("--dry-run", action="store_true", help="show what would be sent and set, and do nothing")
    running.add_argument("--to-newest", action="store_true", help="reply whatever was written before this")
    add_common(running, json=True)
    running.set_defaults(handler=lambda args: run(_run(args)))


async def _listed(here: Desk) -> list[Macro]:
    return await here.database.fetch(macros.listed())


async def _named(here: Desk, name: str) -> Macro:
    """The macro of a name or id.

    Raises:
        NotFound: there is none for this person.
        BadInput: there are several.
    """
    found = [each for each in await _listed(here) if name in (str(each.id), each.name)]
    if not found:
        raise NotFound(f"There is no macro {name!r} for you.", "`helpdesk macros list` names them.")
    if len(found) > 1:
        raise BadInput(f"There are {len(found)} macros {name!r}.", "Give one's id: `helpdesk macros list --json`.")
    return found[0]


def macro_json(macro: Macro) -> dict[str, Any]:
    """A macro, for programs."""
    return {
        "id": str(macro.id),
        "name": macro.name,
        "kind": "note" if macro.internal else "reply",
        "body": macro.body,
        "change": dict(macro.change),
        "shared": macro.department if macro.shared == "department" else macro.shared,
        "author": macro.author,
        "mine": macro.mine,
        "uses": macro.uses,
    }


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        found = await _listed(here)
    if args.json:
        out.json([macro_json(each) for each in found])
    elif not found:
        say("You have no macros; `helpdesk macros save` writes one.")
    else:
        columns = [Column("name", least=12), Column("kind"), Column("shared"), Column("used", right=True)]
        rows = [
            [
                each.name,
                "note" if each.internal else "reply" if each.body.strip() else "-",
                (each.department if each.shared == "department" else each.shared) or "-",
                str(each.uses),
                each.sets,
            ]
            for each in found
        ]
        out.table([*columns, Column("sets", least=10)], rows)
    return 0


async def _show(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        macro = await _named(here, args.name)
    if args.json:
        out.json(macro_json(macro))
    else:
        out.block(macro_text.write(macro))
    return 0


async def _save(args: argparse.Namespace) -> int:
    if args.file is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput("There is no text, and no terminal to open an editor on.", "Give --file.")
    with on_interrupt():
        given = None if args.file is None else file_text(args.file)
    async with desk(args) as here:
        before = await _named(here, args.name) if args.name is not None else None
        text = given if given is not None else _edited(macro_text.EMPTY if before is None else macro_text.write(before))
        macro_id = before.id if before is not None and before.mine else uuid4()
        departments, known = await here.database.run(people.departments(), fields.every())
        macro = macro_text.read(text, macro_id, departments, known, datetime.now(UTC))
        await here.database.fetch(macros.save(macro), idempotent=True)
    if args.json:
        Output(args).json(macro_json(macro))
    else:
        Output(args).line(f"kept the macro {macro.name}")
    return 0


def _edited(text: str) -> str:
    command = editor_command()
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as directory:
        path = Path(directory) / "macro.md"
        path.write_text(text, encoding="utf-8")
        try:
            with on_interrupt(lambda *_: None):  # Ctrl-C is the editor's while it runs
                code = subprocess.run([*command, str(path)], check=False).returncode
        except OSError as error:
            raise BadInput(f"The editor {command[0]!r} cannot be started: {error.strerror}.", "Set EDITOR.") from error
        written = path.read_text(encoding="utf-8", errors="replace")
    if code != 0 or written.strip() in ("", text.strip()):
        raise BadInput("Nothing was kept: " + ("the editor failed." if code else "nothing was changed."))
    return written


async def _remove(args: argparse.Namespace) -> int:
    async with desk(args) as here:
        macro = await _named(here, args.name)
        await here.database.fetch(macros.remove(macro.id))
    if args.json:
        Output(args).json({"removed": str(macro.id)})
    else:
        Output(args).line(f"removed the macro {macro.name}")
    return 0


async def _run(args: argparse.Namespace) -> int:
    out, now = Output(args), datetime.now(UTC)
    async with desk(args) as here:
        macro = await _named(here, args.name)
        found = [await one(here, reference) for reference in dict.fromkeys(args.tickets)]
        asked = list({ticket.id: ticket for ticket in found}.values())
        says = bool(macro.body.strip())
        if says and not (macro.internal or args.dry_run or args.to_newest):
            raise BadInput(
                "Say that you have read them, so that nobody is answered over a message you have not seen.",
                "Give --to-newest; --dry-run shows what would be sent.",
            )
        texts = {ticket.id: macros.fill(macro.body, ticket, here.me).text for ticket in asked}
        if args.dry_run:
            macros.for_ticket(macro, here.me, now)  # or it says why it cannot be used
            _show_run(out, macro, asked, texts, now, json=args.json)
            return 0
        outcomes = await _do(here, macro, asked, texts if says else None, now)
    return _told(out, macro, asked, outcomes, json=args.json)


async def _do(
    here: Desk, macro: Macro, asked: Sequence[Ticket], texts: dict[UUID, str] | None, now: datetime
) -> list[Outcome]:
    change = macros.for_ticket(macro, here.me, now)
    also = thread.Also(uuid4(), change, macro.sets or macro.name, macro.id)
    ids = [ticket.id for ticket in asked]
    outcomes: list[Outcome]
    if texts is None:
        outcomes, _ = await here.database.run(thread.changed(ids, also), macros.used(macro.id), idempotent=True)
        return outcomes
    last = {each.ticket: each.message for each in await here.database.fetch(thread.newest(ids))}
    messages = [thread.ToOne(ticket, text, last.get(ticket)) for ticket, text in texts.items()]
    outcomes, *_ = await here.database.run(
        *thread.send_each(messages, internal=macro.internal, also=also), idempotent=True
    )
    return outcomes


def _show_run(
    out: Output, macro: Macro, asked: Sequence[Ticket], texts: dict[UUID, str], now: datetime, *, json: bool
) -> None:
    if json:
        out.json(
            [
                {"ticket": each.number, "kind": "note" if macro.internal else "reply", "text": texts[each.id],
                 "change": dict(macro.change)}
                for each in asked
            ]
        )  # fmt: skip
        return
    for ticket in asked:
        out.line(f"#{ticket.number} {ticket.title}", "bold")
        if macro.change:
            out.line(f"    {macro.preview(now)}")
        if texts[ticket.id].strip():
            out.block(texts[ticket.id], "    ")


def _told(out: Output, macro: Macro, asked: Sequence[Ticket], outcomes: Sequence[Outcome], *, json: bool) -> int:
    numbers = {ticket.id: ticket.number for ticket in asked}
    refused = [each for each in outcomes if not each.done]
    if json:
        out.json([{"ticket": numbers[each.id], "done": each.done, "why": each.why} for each in outcomes])
    else:
        for each in sorted(outcomes, key=lambda each: numbers[each.id]):
            out.line(f"#{numbers[each.id]} " + ("done" if each.done else f"refused: {each.why}"))
    if refused and len(refused) < len(outcomes):
        raise PartlyDone(f"{macro.name}: {len(refused)} of {len(outcomes)} were refused.")
    if refused:
        why = refused[0].why or "it was refused"
        kind = Stale if "moved on" in why else NotFound
        raise kind(f"{macro.name}: {why}.", "Nothing was sent or changed.")
    return 0
