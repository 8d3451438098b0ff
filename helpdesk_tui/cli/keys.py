"""``helpdesk keys``: every action with its name and its keys, as the settings have them."""

from __future__ import annotations

import argparse
import sys

from helpdesk_tui.actions import ACTIONS, key_words, keys_of, remap
from helpdesk_tui.cli.options import add_common, flags_of, path_of
from helpdesk_tui.cli.output import Column, Output
from helpdesk_tui.core import settings
from helpdesk_tui.core.errors import BadInput


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser."""
    keys = commands.add_parser(
        "keys",
        help="every action with its keys; test them",
        description="Every action with its name, as [keys] in the settings file knows it, and its keys. "
        "`keys test` shows what this terminal sends for each key pressed, and what that does.",
    )
    keys.add_argument("test", nargs="?", choices=["test"], help="press keys and see")
    add_common(keys, json=True)
    keys.set_defaults(handler=_keys)


def _keys(args: argparse.Namespace) -> int:
    out = Output(args)
    found = settings.explain(flags_of(args), path=path_of(args)).settings
    remap(found.keys)
    if args.test:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise BadInput("There is no terminal whose keys could be tested.", "Run it in one, without a pipe.")
        from helpdesk_tui.app import try_keys

        return try_keys(found.commands)
    if args.json:
        out.json(
            [
                {"action": each.id, "words": each.words, "context": each.context, "keys": list(keys_of(each.id))}
                for each in ACTIONS
            ]
            + [
                {"action": "command", "words": each.name, "context": each.context, "keys": list(each.keys)}
                for each in found.commands
            ]
        )
        return 0
    rows = [[each.id, " ".join(map(key_words, keys_of(each.id))), each.words, each.context] for each in ACTIONS]
    rows += [["command", " ".join(map(key_words, each.keys)), each.name, each.context] for each in found.commands]
    out.table([Column("action"), Column("keys"), Column("what it does", least=20), Column("where")], rows)
    return 0
