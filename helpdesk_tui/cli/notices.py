"""``helpdesk notices list|read``: the inbox."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.given import a_number
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone
from helpdesk_tui.core.notice_words import about, waiting, what
from helpdesk_tui.core.notices import Notice, Notices
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.core.quiet import Quiet

MOST = 500


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "what happened while you looked elsewhere"
    parser = commands.add_parser("notices", help=words, description="The inbox: " + words + ".")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser(
        "list", help="the lines of the inbox", description="The lines of the inbox, newest first."
    )
    listing.add_argument("--unread", action="store_true", help="those alone that are not read")
    listing.add_argument(
        "--limit", type=a_number(MOST), default=50, metavar="N", help=f"how many at most (default: 50; {MOST})"
    )
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    read = actions.add_parser(
        "read", help="mark lines as read", description="Mark lines as read, by their ids; or all, or back to unread."
    )
    read.add_argument("notices", nargs="*", metavar="ID", help="as `list` shows them")
    read.add_argument("--all", action="store_true", help="everything that is unread")
    read.add_argument("--unread", action="store_true", help="mark as unread instead")
    add_common(read, json=True)
    read.set_defaults(handler=lambda args: run(_read(args)))

    bells = actions.add_parser(
        "bell",
        help="quiet hours, and how long bells are held",
        description="When a bell may ring, on every device of yours; alone: what is set. The inbox fills all the same.",
    )
    bells.add_argument("--quiet", metavar="FROM-TO", help="hours in which nothing rings, as 22:00-07:00; or off")
    bells.add_argument("--days", metavar="DAYS", help="on which they begin: mon-fri, sat,sun (all, if not given)")
    bells.add_argument(
        "--digest", metavar="MINUTES", help="hold bells for so long and tell once how many things happened; or off"
    )
    add_common(bells, json=True)
    bells.set_defaults(handler=lambda args: run(_bell(args)))


def _quiet(args: argparse.Namespace, before: Quiet | None) -> Quiet | None:
    """The hours that are wanted."""
    from dataclasses import replace

    from helpdesk_tui.core.quiet import days_from, quiet_of

    wanted = before if args.quiet is None else quiet_of(args.quiet)
    if args.days is not None:
        days = days_from(args.days)
        if days is None or wanted is None:
            raise BadInput(f"“{args.days}” are no days of quiet hours.", "Such as mon-fri, with --quiet 22:00-07:00.")
        wanted = replace(wanted, days=days)
    return wanted


async def _bell(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.quiet import digest_of, digest_words

    out = Output(args)
    digest_wanted = None if args.digest is None else digest_of(args.digest)
    async with desk(args) as here:
        inbox = Notices(here.database, here.me)
        told = await inbox.told()
        quiet, digest = _quiet(args, told.quiet), told.digest if digest_wanted is None else digest_wanted
        if (quiet, digest) != (told.quiet, told.digest):
            await inbox.set_bell_hours(quiet, digest)
    if args.json:
        out.json({"quiet": None if quiet is None else quiet.as_json(), "digest": digest})
    else:
        out.line(f"quiet hours: {'none' if quiet is None else quiet.words}")
        out.line(f"bells are held: {digest_words(digest)}")
    return 0


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        inbox = Notices(here.database, here.me)
        found, more, badges = await inbox.look(args.unread, args.limit)
    if badges.waiting:
        say(waiting(badges.waiting, badges.waiting_since) + ".")
    if args.json:
        out.json([notice_json(notice) for notice in found])
    elif found:
        columns = [
            Column("id", least=8, worth=0.5),
            Column("", colours={"unread": "bold"}),
            Column("when", right=True),
            Column("about", least=20, worth=3),
            Column("what", least=12),
        ]
        rows = [
            [
                str(notice.id),
                "" if notice.read else "unread",
                out.when(notice.updated_at),
                about(notice),
                what(notice, here.me.role),
            ]
            for notice in found
        ]
        out.table(columns, rows)
    else:
        say("Nothing unread." if args.unread else "Nothing has happened yet.")
    if more:
        say(f"The first {len(found)}; more with --limit.")
    return 0


async def _read(args: argparse.Namespace) -> int:
    if bool(args.notices) == args.all:
        raise BadInput("Which ones?", "Give their ids, or --all.")
    if args.all and args.unread:
        raise BadInput("Not everything can be marked as unread at once.", "Give the ids.")
    ids = [_id(given) for given in args.notices]
    out = Output(args)
    async with desk(args) as here:
        inbox = Notices(here.database, here.me)
        done = await (inbox.mark_all() if args.all else inbox.mark_ids(ids, not args.unread))
    if args.json:
        out.json({"changed": [str(each) for each in done]})
    elif not args.all or done:
        out.line(f"{len(done)} marked as {'unread' if args.unread else 'read'}")
    missing = len(set(ids) - set(done))
    if missing:
        # Some may have been so already, which is as good; those that are not there are not told from them.
        say(f"{missing} of {len(set(ids))} not changed: read already, or not there.")
    return NotFound.exit_code if ids and not done else PartlyDone.exit_code if missing else 0


def notice_json(notice: Notice) -> dict[str, Any]:
    """One line of the inbox."""
    ticket = None
    if notice.ticket_id is not None:
        ticket = {"id": str(notice.ticket_id), "number": notice.ticket_number, "status": notice.status}
    return {
        "id": str(notice.id),
        "kind": notice.kind,
        "kinds": dict(notice.kinds),
        "title": notice.title,
        "ticket": ticket,
        "chat": {"id": str(notice.chat_id), "with": notice.other} if notice.chat_id else None,
        "excerpt": notice.excerpt,
        "times": notice.times,
        "read": notice.read,
        "created_at": time_json(notice.created_at),
        "updated_at": time_json(notice.updated_at),
    }


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise BadInput(f"{given!r} is no id.", "`helpdesk notices list` shows them.") from None
