"""``helpdesk tickets list``: the tickets of a queue, or of a query (docs/queries.md)."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.cli.connection import Desk, desk, run
from helpdesk_tui.cli.given import a_number
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.cli.records import list_tickets
from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.records import listed_json
from helpdesk_tui.core.statement import Statement

if TYPE_CHECKING:
    from helpdesk_tui.core.filters import Condition, Vocabulary

PAGE = 500
_MANY = 1_000_000


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser."""
    listing = actions.add_parser(
        "list", help="the tickets of a queue or a query", description="The tickets of a queue, or of a query."
    )
    keys = ", ".join(view.key for view in queues.VIEWS)
    listing.add_argument(
        "queue",
        nargs="*",
        metavar="QUEUE or QUERY",
        help=f"{keys} (default: open); a saved view's name; or a query, as in 'status:open -tag:vip waiting>4h'",
    )
    listing.add_argument("--sort", choices=list(queues.SORTS), help="(default: updated, or what the query says)")
    listing.add_argument(
        "--limit",
        type=a_number(_MANY, everything=True),
        default=50,
        metavar="N",
        help="how many at most (default: 50); or all",
    )
    listing.add_argument("--count", action="store_true", help="only how many they are")
    listing.add_argument("--lines", action="store_true", help="with --json: one object a line, as they come")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))


async def meant(
    here: Desk, words: Sequence[str], *, default: str, me: Me | None = None
) -> tuple[str, Condition | None, Vocabulary | None]:
    """What queue and query some words stand for.

    Args:
        words: a queue's key, the name of a saved view, or a query in one word or several; none: ``default``.
        me: who asks; None: who signed in.

    Returns:
        The queue; for a query ``queues.EVERYTHING``, what it asks, and the names that it may use.

    Raises:
        BadInput: the queue is none of theirs, or the query cannot be understood.
    """
    me = me or here.me
    query = " ".join(words).strip() if words else default
    if query in {view.key for view in queues.VIEWS}:
        theirs = [view.key for view in queues.views_for(me)] if me.role == "customer" else [query]
        if query not in theirs:
            raise BadInput(f"There is no queue called {query!r}.", f"The queues are {', '.join(theirs)}.")
        return query, None, None
    from helpdesk_tui.core import views
    from helpdesk_tui.core.filters import condition
    from helpdesk_tui.core.filters.reading import answered, asked

    saved, *told = await here.database.run(views.listed(), *asked())
    names = answered(me, told)
    view = views.called(saved, query)
    if view is None:
        return queues.EVERYTHING, condition(query, names), names
    where = condition(view.query, names)
    return queues.EVERYTHING, replace(where, sort=queues.order_of(queues.EVERYTHING, view.sort, where)), names


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        view, where, _ = await meant(here, args.queue, default="open")
        if where is not None and args.sort:
            where = replace(where, sort=None)
        if args.count:
            counted = tickets.count(here.me, where, view, most=_MANY)
            (*_, (number,)) = await here.database.run(tickets.ALONG, counted)
            if args.json:
                out.json({"count": number})
            else:
                out.line(str(number))
            return 0
        found: list[Ticket] = []
        lines: list[dict[str, Any]] = []
        more = False
        async for page, beyond in _pages(here, view, where, args.sort or "updated", args.limit):
            if args.json:
                told = await listed_as_json(here, page)
                for each in told if args.lines else ():
                    out.json_line(each)
                lines += told
            found += page
            more = beyond
    if args.json and not args.lines:
        out.json(lines)
    elif found and not args.json:
        list_tickets(out, found)
    elif not found:
        say(_nothing(here.me, view, args.queue))
    if more:
        say(f"The first {len(found)}; more with --limit.")
    return 0


def _nothing(me: Me, view: str, words: Sequence[str]) -> str:
    """What to say of an empty list. A word may have been meant to name a queue."""
    empty = {each.key: each.empty for each in queues.views_for(me)}
    if view in empty:
        return empty[view]
    import difflib

    near = difflib.get_close_matches(words[0], empty, n=1) if len(words) == 1 and words[0].isalpha() else []
    return f"No ticket fits. Did you mean the queue “{near[0]}”?" if near else "No ticket fits."


async def listed_as_json(here: Desk, found: Sequence[Ticket]) -> list[dict[str, Any]]:
    """Tickets for programs, with what is not in the rows of a queue: their category and fields."""
    categories, rows = await here.database.run(
        Statement("select id, name from public.categories", writes=False), _beside([each.id for each in found])
    )
    names = dict(categories)
    beside = {identity: (category, fields) for identity, category, fields in rows}
    told = []
    for each in found:
        category, fields = beside.get(each.id, (None, None))
        named = None if category is None else {"id": str(category), "name": names.get(category)}
        told.append(listed_json(each, named, fields or {}))
    return told


def _beside(ids: Sequence[UUID]) -> Statement[tuple[UUID, UUID | None, dict[str, Any]]]:
    return tickets.details(ids, ())


async def _pages(
    here: Desk, view: str, where: Condition | None, sort: queues.Sort, limit: int
) -> AsyncIterator[tuple[list[Ticket], bool]]:
    """The tickets of a queue page by page, and whether there are more behind."""
    after: Ticket | None = None
    left = limit
    while left > 0:
        size = min(PAGE, left + 1)
        page = tickets.page(here.me, view, sort, after=after, limit=size, where=where)
        (*_, rows) = await here.database.run(*([tickets.ALONG] if where is not None else []), page)
        full = len(rows) == size
        rows = rows[:left]
        left -= len(rows)
        if not rows:
            return
        after = rows[-1]
        yield rows, full and left == 0
        if not full:
            return
