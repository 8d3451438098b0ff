"""``helpdesk audit ticket|verify|seal``: who changed what, for admins; whether the record is whole, for the owner."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from helpdesk_tui.cli.admin import PATIENCE, counted
from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.db import OWNER_DSN, owner_dsn
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.core.records import time_json
from helpdesk_tui.core.text import clip, safe_line

if TYPE_CHECKING:
    from helpdesk_tui.core.audit import Entry, Seal, Wrong

BROKEN: Final = 1
_SHOWN: Final = 100
_DID: Final = {
    "insert": "added to",
    "update": "changed in",
    "delete": "removed from",
    "truncate": "emptied",
}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "who changed what, and whether the record of it is whole"
    parser = commands.add_parser("audit", help=words, description=f"The audit: {words}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    ticket = actions.add_parser(
        "ticket",
        help="as an admin: what changed about a ticket",
        description="For admins: everything that changed about a ticket, oldest first: when, by whom, from which "
        "session, what it was and is.",
    )
    ticket.add_argument("ticket", metavar="TICKET", help="its number or its id; of one that was removed, its id")
    ticket.set_defaults(handler=lambda args: run(_ticket(args)))
    verify = actions.add_parser(
        "verify",
        help="as the owner: whether the audit is whole",
        description="Go through all of the audit and say what is missing from it or was edited: exit code 1 if "
        "anything is. If it is whole, what is new in it is sealed. Keep the seal that is printed somewhere else.",
    )
    verify.add_argument("--expect", metavar="HASH", help="one of the seals must have this hash")
    verify.set_defaults(handler=lambda args: run(_verify(args)))
    seal = actions.add_parser(
        "seal",
        help="as the owner: seal what is new",
        description="Seal what was recorded since the last seal, without verifying it, and print the newest seal.",
    )
    seal.set_defaults(handler=lambda args: run(_seal(args)))
    for action in (verify, seal):
        action.add_argument(
            "--dsn", metavar="DSN", help=f"the database, as its owner; {OWNER_DSN} keeps it out of the process list"
        )
    for action in (ticket, verify, seal):
        add_common(action, json=True)


async def _ticket(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import audit

    out = Output(args)
    async with desk(args, patience=PATIENCE) as here:
        entries = await audit.of_ticket(here.database, args.ticket)
    if args.json:
        out.json([_entry_json(entry) for entry in entries])
        return 0
    for entry in entries:
        where = f"session {entry.session}" if entry.session else f"login {entry.login}"
        did = f"{_DID[entry.op]} {entry.table.removeprefix('public.')}"
        out.line(f"{_moment(entry.at)} · {_who(entry)} · {did} · {where}", "bold")
        for column, old, new in entry.changes():
            was, is_now = (_value(value, entry.names or {}) for value in (old, new))
            change = f"{was} → {is_now}" if entry.op == "update" else was if entry.old else is_now
            out.block(safe_line(f"{column}: {change}", 1000), "    ")
    if not entries:
        say("Nothing of it is recorded: it is older than the audit, and nobody changed it since.")
    return 0


async def _verify(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import audit

    out = Output(args)
    async with owner_dsn(args) as dsn:
        verdict = await audit.verify(dsn, expect=args.expect)
        seal = verdict.seal if verdict.wrong else await audit.seal(dsn)
    if args.json:
        out.json(
            {
                "whole": not verdict.wrong,
                "rows": verdict.rows,
                "chains": verdict.chains,
                "seal": _seal_json(seal),
                "wrong": [_wrong_json(each) for each in verdict.wrong],
            }
        )
        return BROKEN if verdict.wrong else 0
    for each in verdict.wrong[:_SHOWN]:
        out.line(_wrong_words(each), "red")
    if len(verdict.wrong) > _SHOWN:
        say(f"… and {len(verdict.wrong) - _SHOWN} more; all of them with --json.")
    looked = f"{counted(verdict.rows, 'row')} in {counted(verdict.chains, 'chain')}"
    if verdict.wrong:
        say(f"The audit is not whole: {counted(len(verdict.wrong), 'thing is', 'things are')} wrong in {looked}.")
        return BROKEN
    _show_seal(seal, out)
    say(f"The audit is whole: {looked}.")
    return 0


async def _seal(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import audit

    out = Output(args)
    async with owner_dsn(args) as dsn:
        seal = await audit.seal(dsn)
    if args.json:
        out.json(_seal_json(seal))
    else:
        _show_seal(seal, out)
    return 0


def _show_seal(seal: Seal | None, out: Output) -> None:
    if seal is None:
        say("Nothing was recorded yet.")
        return
    out.line(f"seal {seal.number} {_moment(seal.at)} {seal.hash}")


def _moment(when: datetime) -> str:
    """To the second, in the local time zone."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _who(entry: Entry) -> str:
    if entry.name:
        return entry.name
    return f"somebody who is gone ({entry.actor})" if entry.actor else "a job of the owner's"


def _value(value: Any, names: Mapping[str, str]) -> str:
    """A value in a line. What is long is cut: --json has it whole."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return names.get(value) or clip(value, 200)
    if isinstance(value, dict) and set(value) == {"sha256", "length"}:
        return f"{value['length']} characters, SHA-256 {value['sha256']}"
    return clip(json.dumps(value, ensure_ascii=False), 200)


def _wrong_words(wrong: Wrong) -> str:
    if wrong.chain is None:
        return wrong.what
    of = f" of {wrong.table} {wrong.key or ''}".rstrip() if wrong.table else ""
    at = f", {_moment(wrong.at)}" if wrong.at else ""
    row = f", row {wrong.seq}{of}{at}" if wrong.seq is not None else ""
    return f"chain {wrong.chain}{row}: {wrong.what}"


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "at": time_json(entry.at),
        "actor": {"id": str(entry.actor), "name": entry.name} if entry.actor else None,
        "session": str(entry.session) if entry.session else None,
        "login": entry.login,
        "op": entry.op,
        "table": entry.table,
        "key": entry.key,
        "old": entry.old,
        "new": entry.new,
        "names": entry.names or {},
        "chain": entry.chain,
        "seq": entry.seq,
    }


def _seal_json(seal: Seal | None) -> dict[str, Any] | None:
    return None if seal is None else {"number": seal.number, "at": time_json(seal.at), "hash": seal.hash}


def _wrong_json(wrong: Wrong) -> dict[str, Any]:
    return {
        "what": wrong.what,
        "chain": wrong.chain,
        "seq": wrong.seq,
        "table": wrong.table,
        "key": wrong.key,
        "at": time_json(wrong.at),
    }
