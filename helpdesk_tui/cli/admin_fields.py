"""``helpdesk admin fields``: which custom fields tickets have."""

from __future__ import annotations

import argparse
from typing import Any

from helpdesk_tui.cli.admin import office
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core import fields
from helpdesk_tui.core.administration import Administration
from helpdesk_tui.core.errors import BadInput, NotFound


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    about = "what the team fills in about a ticket besides"
    parser = actions.add_parser("fields", help=about, description=f"Fields: {about}.")
    doing = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, words: str, handler: Any) -> argparse.ArgumentParser:
        about = f"{words[:1].upper()}{words[1:]}."
        made: argparse.ArgumentParser = doing.add_parser(name, help=words, description=about)
        add_common(made, json=True)
        made.set_defaults(handler=lambda args: run(handler(args)))
        return made

    action("list", "the fields in their order", _list)
    adding = action("add", "set a field up", _add)
    adding.add_argument("key", metavar="KEY", help="what queries and scripts call it: small letters, digits and _")
    adding.add_argument("--type", choices=fields.TYPES, default="text", help="(default: text)")
    changing = action("change", "change a field; its type stays", _change)
    changing.add_argument("key", metavar="KEY")
    for each in (adding, changing):
        each.add_argument("--label", metavar="TEXT", help="what people call it")
        each.add_argument("--choice", action="append", metavar="WORD", help="of the type choice; may be given again")
        each.add_argument(
            "--category", action="append", metavar="NAME", help="for its tickets alone; may be given again; or all"
        )
        each.add_argument("--position", type=int, metavar="N", help="small ones come first")
    for name, words in (("on", "put a field in use again"), ("off", "put a field out of use; what it holds stays")):
        action(name, words, lambda args, on=name == "on": _switch(args, on)).add_argument("key", metavar="KEY")


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with office(args) as admin:
        known = await admin.database.fetch(fields.every())
        names = {each.id: each.name for each in await admin.items("categories")}
    if args.json:
        out.json(
            [
                {
                    "key": each.key,
                    "label": each.label,
                    "type": each.type,
                    "choices": list(each.choices),
                    "categories": [names.get(category, str(category)) for category in each.categories],
                    "position": each.position,
                    "active": each.active,
                }
                for each in known
            ]
        )
    elif not known:
        say("There are no fields.")
    else:
        rows = [
            [
                each.key,
                each.label,
                each.type,
                "" if each.active else "out of use",
                ", ".join(names.get(category, "?") for category in each.categories) or "all",
                ", ".join(each.choices),
            ]
            for each in known
        ]
        columns = [Column("key", least=8), Column("label", least=10), Column("type"), Column("")]
        out.table([*columns, Column("categories", least=8), Column("choices", least=10)], rows)
    return 0


async def _put(args: argparse.Namespace, change: dict[str, Any], words: str, *, new: bool) -> int:
    out = Output(args)
    async with office(args) as admin:
        there = {each.key for each in await admin.database.fetch(fields.every())}
        if new and args.key in there:
            change_it = f"Change it with `helpdesk admin fields change {args.key}`."
            raise BadInput(f"There is a field {args.key} already.", change_it)
        if not new and args.key not in there:
            known = f"The fields are {', '.join(sorted(there))}." if there else None
            raise NotFound(f"There is no field {args.key}.", known)
        if getattr(args, "category", None):
            change["categories"] = await _categories(admin, args.category)
        await admin.database.fetch(fields.set_up(args.key, change))
    if args.json:
        out.json({"key": args.key, **change})
    else:
        out.line(words)
    return 0


async def _categories(admin: Administration, names: list[str]) -> list[str]:
    if any(name.casefold() == "all" for name in names):
        return []
    return [str((await admin.item("categories", name)).id) for name in names]


def _given(args: argparse.Namespace) -> dict[str, Any]:
    given = {"label": args.label, "choices": args.choice, "position": args.position}
    return {name: value for name, value in given.items() if value is not None}


async def _add(args: argparse.Namespace) -> int:
    return await _put(args, {"type": args.type, **_given(args)}, f"added the field {args.key}", new=True)


async def _change(args: argparse.Namespace) -> int:
    change = _given(args)
    if not change and not args.category:
        raise BadInput("There is nothing to change.", "Give --label, --choice, --category or --position.")
    return await _put(args, change, f"changed the field {args.key}", new=False)


async def _switch(args: argparse.Namespace, on: bool) -> int:
    return await _put(args, {"active": on}, f"{args.key} is {'in' if on else 'out of'} use", new=False)
