"""``helpdesk db apply|check|forget-factors``: for the owner of the database, on the owner's own connection."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from helpdesk_tui.cli.connection import on_interrupt, run
from helpdesk_tui.cli.options import add_common, flags_of, path_of
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.core.errors import BadInput, DatabaseNotReady

if TYPE_CHECKING:
    from helpdesk_tui.core.schema import Applied

OWNER_DSN = "HELPDESK_OWNER_DSN"
# One of these tells libpq which database is meant; PGPASSWORD alone does not.
_LIBPQ = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT", "PGUSER")
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    from helpdesk_tui.cli import watch

    words = "set up, check and watch the database, as its owner"
    parser = commands.add_parser("db", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    apply = actions.add_parser(
        "apply",
        help="set the database up, or bring it up to date",
        description="Set the database up, or bring it up to date, in one transaction. Shows what it will do and asks. "
        "May be done again and again; data stays.",
    )
    apply.add_argument("--dry-run", action="store_true", help="only show what would be done")
    apply.add_argument("--yes", action="store_true", help="do not ask")
    apply.add_argument(
        "--admin",
        metavar="EMAIL",
        help="the first admin, where there is none: has signed up, or will with that address",
    )
    apply.set_defaults(handler=lambda args: run(_apply(args)))
    check = actions.add_parser(
        "check",
        help="say what the database lacks",
        description="Say what the database lacks, or has that it should not. Changes nothing.",
    )
    check.set_defaults(handler=lambda args: run(_check(args)))
    forget = actions.add_parser(
        "forget-factors",
        help="take somebody's second factors away, whose authenticator is lost",
        description="Take somebody's second factors away, whose authenticator is lost, and end their sign-ins. They "
        "sign in with the password and add another one. See to it that it is them who asks.",
    )
    forget.add_argument("email", metavar="EMAIL", help="the address of their account")
    forget.set_defaults(handler=lambda args: run(_forget_factors(args)))
    watching = watch.register(actions)
    for action in (apply, check, forget, watching):
        action.add_argument(
            "--dsn", metavar="DSN", help=f"the database, as its owner; {OWNER_DSN} keeps it out of the process list"
        )
        add_common(action, json=True)


@contextlib.asynccontextmanager
async def owner_dsn(args: argparse.Namespace) -> AsyncIterator[str]:
    """The owner's address of the database; the local one's where a local profile is asked for, which is then up.

    Raises: BadInput where none is named.
    """
    if args.dsn:
        yield args.dsn
        return
    flags = flags_of(args)
    if flags.get("profile"):
        from helpdesk_tui.core import settings

        asked = settings.explain(flags, path=path_of(args)).settings
        if asked.local:
            from helpdesk_tui.local.desk import open_local

            local = await open_local(settings=asked)
            try:
                yield local.owner_dsn
            finally:
                await local.close()
            return
    if from_environment := os.environ.get(OWNER_DSN):
        yield from_environment
    elif any(os.environ.get(name) for name in _LIBPQ):
        yield ""  # libpq finds the rest by itself
    else:
        raise BadInput(
            "This is done as the owner of the database, and none is named.",
            f"Set {OWNER_DSN}, or libpq's PGHOST, PGDATABASE and so on, or give --dsn.",
        )


async def _apply(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import schema

    out = Output(args)
    async with owner_dsn(args) as dsn:
        planned = await schema.apply(dsn, dry_run=True, admin=args.admin)
        if args.dry_run:
            _show(planned, out, json=args.json)
            return 0
        if not args.yes:
            for line in planned.lines():
                say(line)
            if not _agreed():
                say("Nothing was changed.")
                return 0
        done = await schema.apply(dsn, admin=args.admin)
    _show(done, out, json=args.json)
    say("Done.")
    return 0


async def _forget_factors(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import schema

    async with owner_dsn(args) as dsn:
        gone = await schema.forget_factors(dsn, args.email)
    if args.json:
        Output(args).json({"email": args.email, "removed": gone})
    else:
        Output(args).line(f"removed {gone} second factor{'' if gone == 1 else 's'} of {args.email}")
    say("Their sign-ins have ended." if gone else "There was none. Their sign-ins have ended all the same.")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise BadInput(
            "Nothing was changed: there is no terminal to ask on.", "Give --yes to apply without being asked."
        )
    sys.stderr.write("Apply this? [y/N] ")
    sys.stderr.flush()
    with on_interrupt():
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def _show(applied: Applied, out: Output, *, json: bool) -> None:
    if json:
        out.json(
            {
                "before": applied.before,
                "after": applied.after,
                "applied": not applied.dry_run,
                "files": list(applied.files),
                "changes": [asdict(change) for change in applied.changes],
                "warnings": list(applied.warnings),
                "admin": applied.admin or None,
            }
        )
        return
    for line in applied.lines():
        out.line(line)


async def _check(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import schema

    out = Output(args)
    async with owner_dsn(args) as dsn:
        findings = await schema.check(dsn)
    if args.json:
        out.json([asdict(finding) for finding in findings])
    for finding in findings if not args.json else []:
        hint = f" {finding.hint}" if finding.hint else ""
        out.line(f"{finding.level}: {finding.subject}: {finding.message}{hint}", _COLOURS.get(finding.level))
    if any(finding.level == "error" for finding in findings):
        return DatabaseNotReady.exit_code
    say("The database is in order." if not findings else "The helpdesk works on this database.")
    return 0
