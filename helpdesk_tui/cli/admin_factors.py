"""``helpdesk admin two-factors``: whether a second factor is demanded of staff."""

from __future__ import annotations

import argparse

from helpdesk_tui.cli.admin import back, office, tell_back
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of this module's command."""
    words = "whether a second factor is demanded of agents and admins"
    parser = actions.add_parser(
        "two-factors",
        help=words,
        description=f"{words.capitalize()}. It counts with everybody's next statement: whoever signed in without one "
        "is led to adding one, and has no access as staff until then.",
    )
    parser.add_argument("wanted", nargs="?", choices=("on", "off"), help="demand it, or no more; alone: what is set")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(_two_factors(args)))


async def _two_factors(args: argparse.Namespace) -> int:
    out = Output(args)
    wanted: bool | None = None if args.wanted is None else args.wanted == "on"
    async with office(args) as admin:
        before = await (admin.two_factors() if wanted is None else admin.demand_two_factors(wanted))
    demanded = before if wanted is None else wanted
    undo = back("two-factors", "on" if before else "off") if before is not demanded else None
    words = f"a second factor is {'demanded' if demanded else 'not demanded'} of staff"
    if args.json:
        out.json({"demanded": demanded, "changed": undo is not None, "words": words, "undo": undo})
    else:
        out.line(words)
    if wanted is not None and undo is None:
        say("Nothing was changed.")
    tell_back(undo)
    return 0
