"""``helpdesk db watch``: the watchdog, for a login that may see and end others' connections."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import signal
import sys
from typing import TYPE_CHECKING, Final

from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.db import owner_dsn
from helpdesk_tui.cli.given import a_number
from helpdesk_tui.cli.output import say
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.core.watch import Ended

_UNITS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_COUNT: Final = a_number(10**9 - 1)


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the parser of ``helpdesk db watch``; returns it, without the options that all of ``helpdesk db`` have."""
    parser = actions.add_parser(
        "watch",
        help="end connections that burden the database",
        description="Watch over the connections of people who signed in, and end those that burden the database more "
        "than the app ever does. Goes on until it is stopped. Times are in seconds, or like 500ms, 30s, 5m.",
    )
    parser.add_argument("--every", type=_span, default=5.0, metavar="TIME", help="how often to look (default: 5s)")
    parser.add_argument("--statement", type=_span, default=60.0, metavar="TIME", help="a statement's (default: 60s)")
    parser.add_argument(
        "--idle", type=_span, default=15.0, metavar="TIME", help="doing nothing in a transaction (default: 15s)"
    )
    parser.add_argument(
        "--transaction", type=_span, default=300.0, metavar="TIME", help="a transaction's (default: 5m)"
    )
    parser.add_argument("--locks", type=_COUNT, default=1000, metavar="N", help="held at once (default: 1000)")
    parser.add_argument(
        "--queue",
        type=_COUNT,
        default=10,
        metavar="N",
        help="per cent of the notification queue (default: 10)",
    )
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be ended")
    parser.set_defaults(handler=lambda args: run(_watch(args)))
    return parser


async def _watch(args: argparse.Namespace) -> int:
    from helpdesk_tui.core import watch

    allowed = watch.Allowed(args.statement, args.idle, args.transaction, args.locks, args.queue)
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    stopping = False

    def stop() -> None:
        nonlocal stopping
        stopping = True
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # on Windows
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        async with owner_dsn(args) as dsn:
            await watch.watch(
                dsn,
                lambda ended: _tell(ended, json_=args.json, dry_run=args.dry_run),
                say=say,
                allowed=allowed,
                every=args.every,
                once=args.once,
                dry_run=args.dry_run,
            )
    except asyncio.CancelledError:
        if not stopping:
            raise
        task.uncancel()
        say("Stopped.")
    return 0


def _tell(ended: Ended, *, json_: bool, dry_run: bool) -> None:
    """One line for each: for a journal on stderr, for a program on stdout."""
    if json_:
        answer = {
            "at": time_json(ended.at),
            "email": ended.email,
            "session": str(ended.session) if ended.session else None,
            "pid": ended.pid,
            "why": ended.why,
            "query": ended.query,
            "ended": ended.done,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        return
    did = "would end" if dry_run else "ended" if ended.done else "left by itself"
    who = ended.email or "somebody"
    session = ended.session or "of a login that is gone"
    say(f"{time_json(ended.at)} {did}: {who}, session {session}, pid {ended.pid}: {ended.why}: {ended.query}")


def _span(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 500ms, 30s or 5m")
    return float(found[1]) * _UNITS[found[2]]
