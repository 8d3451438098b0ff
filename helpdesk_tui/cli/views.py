"""``helpdesk views list|save|share|remove``: queries with a name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from helpdesk_tui.cli.connection import Desk, desk, run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core import people, queues
from helpdesk_tui.core.errors import BadInput, NotFound, Refused
from helpdesk_tui.core.filters import condition
from helpdesk_tui.core.filters.reading import answered, asked
from helpdesk_tui.core.views import Order, SavedView, Views, arranged, called

WHOM: Final = ("me", "department", "team")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "queries with a name, your own and shared ones"
    parser = commands.add_parser("views", help=words, description=f"Saved views: {words}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="which there are", description="The saved views that you can use.")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    save = actions.add_parser(
        "save", help="save a query under a name", description="Save a query under a name; over your own of that name."
    )
    save.add_argument("name", metavar="NAME")
    save.add_argument("query", metavar="QUERY", help="as in the filter line: 'status:open priority>=high'")
    save.add_argument("--sort", choices=list(queues.SORTS), help="its order (default: updated)")
    _whom(save, "for whom it is (default: me)")
    add_common(save, json=True)
    save.set_defaults(handler=lambda args: run(_save(args)))

    share = actions.add_parser("share", help="for whom a view is", description="Say for whom a view is.")
    share.add_argument("name", metavar="NAME", help="its name or its id")
    _whom(share, "for whom it is from now on")
    add_common(share, json=True)
    share.set_defaults(handler=lambda args: run(_share(args)))

    remove = actions.add_parser("remove", help="remove a view", description="Remove a view.")
    remove.add_argument("name", metavar="NAME", help="its name or its id")
    add_common(remove, json=True)
    remove.set_defaults(handler=lambda args: run(_remove(args)))


def _whom(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("--for", dest="whom", choices=WHOM, help=words)
    parser.add_argument("--department", metavar="NAME", help="which department (default: your own)")


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        saved, order = await _read(here)
        hidden = {tab.key for tab in arranged(here.me, saved, order) if tab.hidden}
    if args.json:
        out.json([view_json(view, hidden=view.key in hidden) for view in saved])
    elif saved:
        columns = [
            Column("name", least=8),
            Column("for", least=8),
            Column("by", least=8),
            Column("", colours={"hidden": "dim"}),
            Column("sort"),
            Column("query", least=20, worth=3),
        ]
        out.table(
            columns,
            [
                [
                    view.name,
                    view.whose,
                    "you" if view.mine else view.author or "-",
                    "hidden" if view.key in hidden else "",
                    view.sort,
                    view.query,
                ]
                for view in saved
            ],
        )
    else:
        say("There is no saved view yet.")
    return 0


async def _save(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        saved, _ = await _read(here)
        names = answered(here.me, await here.database.run(*asked()))
        condition(args.query, names)  # what cannot be understood is not saved
        mine = [view for view in saved if view.mine]
        old = called(mine, args.name)
        view = old or SavedView(uuid4(), args.name.strip(), "")
        view = replace(view, query=args.query, sort=args.sort or view.sort)
        if old is None or args.whom is not None:
            view = await _meant(here, view, args.whom or ("department" if args.department else "me"), args.department)
        await Views(here.database).save(view)
    _tell(out, args, view, f"Saved “{view.name}” for {view.whose}")
    return 0


async def _share(args: argparse.Namespace) -> int:
    out = Output(args)
    whom = args.whom or ("department" if args.department else None)
    if whom is None:
        raise BadInput("For whom is it?", "Give --for me, department or team.")
    async with desk(args) as here:
        view = _found((await _read(here))[0], args.name)
        view = await _meant(here, view, whom, args.department)
        await Views(here.database).save(view)
    _tell(out, args, view, f"“{view.name}” is for {view.whose} now")
    return 0


async def _remove(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        view = _found((await _read(here))[0], args.name)
        await Views(here.database).remove(view.id)
    _tell(out, args, view, f"Removed “{view.name}”")
    return 0


async def _read(here: Desk) -> tuple[list[SavedView], Order]:
    if here.me.role == "customer":
        raise Refused("Only the team has views.")
    return await Views(here.database).read()


def _found(saved: Sequence[SavedView], name: str) -> SavedView:
    view = called(saved, name)
    if view is None:
        raise NotFound(f"There is no view “{name}”.", "`helpdesk views list` shows them.")
    return view


async def _meant(here: Desk, view: SavedView, whom: str, department: str | None) -> SavedView:
    """The view for whom it is to be."""
    if whom == "me":
        return replace(view, audience="me", department_id=None, department=None)
    if whom == "team":
        return replace(view, audience="team", department_id=None, department=None)
    known = await here.database.fetch(people.departments())
    wanted = (department or "").strip().casefold()
    fits = [each for each in known if (each.name.casefold() == wanted if wanted else each.id == here.me.department_id)]
    if not fits:
        if wanted:
            raise NotFound(f"There is no department “{department}”.")
        raise BadInput("You are in no department.", "Give --department NAME.")
    return replace(view, audience="department", department_id=fits[0].id, department=fits[0].name)


def _tell(out: Output, args: argparse.Namespace, view: SavedView, words: str) -> None:
    if args.json:
        out.json(view_json(view))
    else:
        out.line(words)


def view_json(view: SavedView, *, hidden: bool = False) -> dict[str, Any]:
    """One view."""
    department = None
    if view.department_id is not None:
        department = {"id": str(view.department_id), "name": view.department}
    return {
        "id": view.key,
        "name": view.name,
        "query": view.query,
        "sort": view.sort,
        "for": view.audience,
        "department": department,
        "author": view.author,
        "mine": view.mine,
        "changeable": view.changeable,
        "hidden": hidden,
    }
