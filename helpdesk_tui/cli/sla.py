"""``helpdesk sla report``: how what was promised was kept."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput, Refused
from helpdesk_tui.core.records import time_json


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "how what was promised to requesters was kept"
    parser = commands.add_parser("sla", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    report = actions.add_parser(
        "report",
        help="kept and broken promises by department and assignee",
        description="Promises met in time, met late, and broken and not met yet, by who had them then. Of the tickets "
        "that you work on; an admin of all.",
    )
    report.add_argument("--since", metavar="DATE", help="from this day on (default: thirty days ago)")
    report.add_argument("--until", metavar="DATE", help="before this day (default: now)")
    add_common(report, json=True)
    report.set_defaults(handler=lambda args: run(_report(args)))


def _day(words: str, flag: str) -> datetime:
    try:
        return datetime.fromisoformat(words).astimezone()
    except ValueError:
        raise BadInput(f"{flag}: {words!r} is no date.", "A date is 2026-01-31.") from None


async def _report(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.sla import TARGET_WORDS
    from helpdesk_tui.core.sla_rules import report

    until = _day(args.until, "--until") if args.until else datetime.now(UTC)
    since = _day(args.since, "--since") if args.since else until - timedelta(days=30)
    if since >= until:
        raise BadInput("A report is from one day to a later one.", "Give --since an earlier date than --until.")
    out = Output(args)
    async with desk(args) as here:
        if here.me.role not in ("agent", "admin"):
            raise Refused("Only agents and admins do this.")
        rows = await here.database.fetch(report(since, until))
    if args.json:
        out.json(
            {
                "since": time_json(since),
                "until": time_json(until),
                "rows": [
                    {
                        "department": row.department,
                        "assignee": row.assignee,
                        "target": row.target,
                        "in_time": row.in_time,
                        "late": row.late,
                        "broken": row.broken,
                    }
                    for row in rows
                ],
            }
        )
    elif rows:
        columns = [
            Column("department", least=10),
            Column("assignee", least=10),
            Column("promise"),
            Column("in time", right=True),
            Column("late", right=True),
            Column("broken", right=True),
        ]
        words: dict[str, str] = {str(target): said for target, said in TARGET_WORDS.items()}
        out.table(
            columns,
            [
                [row.department or "", row.assignee or "nobody", words.get(row.target, row.target)]
                + [str(number) for number in (row.in_time, row.late, row.broken)]
                for row in rows
            ],
        )
    else:
        say("Nothing was promised in that time, or nothing that you work on.")
    return 0
