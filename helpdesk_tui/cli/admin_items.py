"""``helpdesk admin departments|categories|tags``."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.admin import as_json, back, counted, office, sure, tell_back
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput

if TYPE_CHECKING:
    from helpdesk_tui.core.administration_model import Item, Kind

Doing = Callable[[argparse.Namespace, "Kind"], Awaitable[int]]
_ONE: dict[Kind, str] = {"departments": "department", "categories": "category", "tags": "tag"}
_ABOUT: dict[Kind, str] = {
    "departments": "the parts of the team, each with a queue of its own",
    "categories": "what tickets are about, and which department each goes to",
    "tags": "words on tickets, for the team alone",
}


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    for kind, about in _ABOUT.items():
        parser = actions.add_parser(kind, help=about, description=f"{kind.capitalize()}: {about}.")
        doing = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
        one = _ONE[kind]

        def action(name: str, words: str, handler: Doing, kind: Kind = kind, doing: Any = doing) -> Any:
            made = doing.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
            add_common(made, json=True)
            made.set_defaults(handler=lambda args: run(_to_the_end(handler(args, kind))))
            return made

        action("list", f"{kind} with what hangs on each", _list)
        adding = action("add", f"add a {one}", _add)
        adding.add_argument("name", metavar="NAME")
        adding.add_argument("--description", metavar="TEXT")
        renaming = action("rename", f"give a {one} another name", _rename)
        renaming.add_argument("name", metavar="NAME", help="its name or id")
        renaming.add_argument("new", metavar="NEW")
        if kind == "departments":
            default = action("default", "send tickets here that no category sends elsewhere", _default)
            default.add_argument("name", metavar="NAME", help="its name or id")
        if kind == "categories":
            adding.add_argument("--department", metavar="NAME", help="where its tickets go")
            route = action("route", "set where the tickets of a category go from now on", _route)
            route.add_argument("name", metavar="NAME", help="its name or id")
            route.add_argument("--to", required=True, metavar="DEPARTMENT", help="a department, or none")
        if kind == "tags":
            adding.add_argument("--color", metavar="COLOR")
            merging = action("merge", "put one tag in the place of another, which is no more", _merge)
            merging.add_argument("name", metavar="GONE", help="the tag that is no more")
            merging.add_argument("into", metavar="KEPT", help="the one that stands for both")
            merging.add_argument("--yes", action="store_true", help="do not ask")
        removing = action("remove", f"remove a {one}; what hangs on it is let go of", _remove)
        removing.add_argument("name", metavar="NAME", help="its name or id")
        removing.add_argument("--yes", action="store_true", help="do not ask, though it is in use")


async def _to_the_end(doing: Awaitable[int]) -> int:
    return await doing


def item_json(kind: Kind, item: Item) -> dict[str, Any]:
    """One department, category or tag."""
    known: dict[str, Any] = {"id": str(item.id), "name": item.name, "description": item.description}
    if kind == "departments":
        return {
            **known,
            "default": item.is_default,
            "people": item.people,
            "open_tickets": item.tickets,
            "categories": item.categories,
        }
    if kind == "categories":
        department = {"id": str(item.department_id), "name": item.department} if item.department_id else None
        return {**known, "department": department, "tickets": item.tickets}
    return {**known, "color": item.color, "tickets": item.tickets}


def _say_done(args: argparse.Namespace, item: str, words: str, command: str | None) -> int:
    """What was done and how to take it back, for people and programs."""
    if args.json:
        Output(args).json({**as_json(None, words), "id": item, "undo": command})
    else:
        Output(args).line(words)
    tell_back(command)
    return 0


async def _list(args: argparse.Namespace, kind: Kind) -> int:
    out = Output(args)
    async with office(args) as admin:
        items = await admin.items(kind)
    if args.json:
        out.json([item_json(kind, item) for item in items])
    elif not items:
        say(f"There are no {kind}.")
    elif kind == "departments":
        columns = [Column("name", least=12), Column("people", right=True), Column("open", right=True)]
        columns += [Column("categories", right=True), Column(""), Column("description", least=10)]
        rows = [
            [
                each.name,
                str(each.people),
                str(each.tickets),
                str(each.categories),
                "default" if each.is_default else "",
                each.description or "",
            ]
            for each in items
        ]
        out.table(columns, rows)
    else:
        second = "department" if kind == "categories" else "color"
        columns = [Column("name", least=12), Column("tickets", right=True), Column(second, least=8)]
        rows = [
            [each.name, str(each.tickets), (each.department if kind == "categories" else each.color) or "-"]
            for each in items
        ]
        out.table([*columns, Column("description", least=10)], [
            [*row, each.description or ""] for row, each in zip(rows, items, strict=True)
        ])  # fmt: skip
    return 0


async def _add(args: argparse.Namespace, kind: Kind) -> int:
    if not args.name.strip():
        raise BadInput("A name needs a letter.")
    async with office(args) as admin:
        department = None
        if getattr(args, "department", None):
            department = (await admin.item("departments", args.department)).id
        made = await admin.add(
            kind, args.name, description=args.description, department=department, color=getattr(args, "color", None)
        )
    name = args.name.strip()
    return _say_done(args, str(made), f"added the {_ONE[kind]} {name}", back(kind, "remove", name))


async def _rename(args: argparse.Namespace, kind: Kind) -> int:
    if not args.new.strip():
        raise BadInput("A name needs a letter.")
    async with office(args) as admin:
        item = await admin.item(kind, args.name)
        await admin.set_fields(kind, item.id, name=args.new.strip())
    words = f"renamed the {_ONE[kind]} {item.name} to {args.new.strip()}"
    return _say_done(args, str(item.id), words, back(kind, "rename", args.new.strip(), item.name))


async def _default(args: argparse.Namespace, kind: Kind) -> int:
    async with office(args) as admin:
        items = await admin.items(kind)
        item = await admin.item(kind, args.name)
        await admin.set_default(item.id)
    was = next((each.name for each in items if each.is_default), None)
    words = f"tickets that no category sends elsewhere go to {item.name} now"
    return _say_done(args, str(item.id), words, back(kind, "default", was) if was and was != item.name else None)


async def _route(args: argparse.Namespace, kind: Kind) -> int:
    async with office(args) as admin:
        item = await admin.item(kind, args.name)
        to = None if args.to.casefold() == "none" else await admin.item("departments", args.to)
        await admin.set_fields(kind, item.id, department_id=to.id if to else None)
    words = f"new tickets about {item.name} go to {to.name if to else 'the default department'} now"
    return _say_done(args, str(item.id), words, back(kind, "route", item.name, "--to", item.department or "none"))


async def _merge(args: argparse.Namespace, kind: Kind) -> int:
    async with office(args) as admin:
        gone, kept = await admin.item(kind, args.name), await admin.item(kind, args.into)
        if gone.id == kept.id:
            raise BadInput("That is one tag.", "Give two.")
        bearing = f"{counted(gone.tickets, 'ticket')} with “{gone.name}” would have “{kept.name}” instead."
        if gone.tickets and not sure(args, bearing):
            return 0
        number = await admin.merge_tags(gone.id, kept.id)
    words = f"merged the tag {gone.name} into {kept.name}, on {counted(number, 'ticket')}"
    return _say_done(args, str(kept.id), words, None if number else back(kind, "add", gone.name))


async def _remove(args: argparse.Namespace, kind: Kind) -> int:
    async with office(args) as admin:
        item = await admin.item(kind, args.name)
        hangs = _hangs(kind, item)
        if hangs and not sure(args, hangs):
            return 0
        await admin.remove(kind, item.id)
    more = ["--description", item.description] if item.description else []
    again = back(kind, "add", item.name, *more, *_rest(kind, item))
    return _say_done(args, str(item.id), f"removed the {_ONE[kind]} {item.name}", None if hangs else again)


def _rest(kind: Kind, item: Item) -> list[str]:
    if kind == "categories" and item.department:
        return ["--department", item.department]
    return ["--color", item.color] if kind == "tags" and item.color else []


def _hangs(kind: Kind, item: Item) -> str | None:
    """What would be let go of, as a sentence; None: nothing. A department with tickets is refused by the database."""
    if kind == "departments":
        if not item.people and not item.categories:
            return None
        people, categories = (
            counted(item.people, "person", "people"),
            counted(item.categories, "category", "categories"),
        )
        return f"{people} and {categories} would have no department."
    words = "have no category" if kind == "categories" else f"lose “{item.name}”"
    return f"{counted(item.tickets, 'ticket')} would {words}." if item.tickets else None
