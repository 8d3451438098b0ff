"""``helpdesk keys``: every action with its name and its keys, as the settings have them."""

from __future__ import annotations

import argparse

from helpdesk_tui.actions import ACTIONS, key_words, keys_of, remap
from helpdesk_tui.cli.options import add_common, flags_of, path_of
from helpdesk_tui.cli.output import Column, Output
from helpdesk_tui.core import settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser."""
    keys = commands.add_parser(
        "keys",
        help="every action with its keys",
        description="Every action with its name, as [keys] in the settings file knows it, and its keys.",
    )
    add_common(keys, json=True)
    keys.set_defaults(handler=_keys)


def _keys(args: argparse.Namespace) -> int:
    out = Output(args)
    remap(settings.explain(flags_of(args), path=path_of(args)).settings.keys)
    if args.json:
        out.json(
            [
                {"action": each.id, "words": each.words, "context": each.context, "keys": list(keys_of(each.id))}
                for each in ACTIONS
            ]
        )
        return 0
    rows = [[each.id, " ".join(map(key_words, keys_of(each.id))), each.words, each.context] for each in ACTIONS]
    out.table([Column("action"), Column("keys"), Column("what it does", least=20), Column("where")], rows)
    return 0
