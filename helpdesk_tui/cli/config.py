"""``helpdesk config show|validate|path``."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from helpdesk_tui.cli.options import add_common, flags_of, path_of
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core import settings
from helpdesk_tui.core.errors import SettingsError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    config = commands.add_parser(
        "config", help="show and check the settings", description="Show and check the settings."
    )
    actions = config.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="every setting of a profile, and where its value comes from")
    add_common(show, json=True)
    show.set_defaults(handler=_show)
    validate = actions.add_parser("validate", help="name everything that is wrong, with line and nearest valid key")
    validate.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a settings file, if not the usual one")
    add_common(validate, json=True)
    validate.set_defaults(handler=_validate)
    path = actions.add_parser("path", help="where the settings file is looked for")
    add_common(path)
    path.set_defaults(handler=_path)


def _show(args: argparse.Namespace) -> int:
    out = Output(args)
    explained = settings.explain(flags_of(args), path=path_of(args))
    values = asdict(explained.settings)
    if args.json:
        out.json(
            {
                "profile": explained.settings.profile,
                "profiles": list(explained.profiles),
                "file": str(explained.path),
                "file_exists": explained.file_exists,
                "missing": list(explained.missing),
                "settings": {key: {"value": values[key], "from": explained.origins[key]} for key in settings.KEYS},
            }
        )
        return 0
    there = "" if explained.file_exists else " (not there)"
    say(f"Profile {explained.settings.profile} of {', '.join(explained.profiles)}; file {explained.path}{there}")
    rows = [[key, _shown(values[key]), explained.origins[key]] for key in settings.KEYS]
    out.table([Column("setting"), Column("value", least=12), Column("from", least=12)], rows)
    if explained.missing:
        say(f"Missing: {', '.join(explained.missing)}.")
    return 0


def _validate(args: argparse.Namespace) -> int:
    out = Output(args)
    path = args.file or path_of(args) or settings.default_path()
    if args.file and not path.exists():
        raise SettingsError(f"There is no settings file {path}.")
    problems = [(str(path), problem) for problem in settings.validate(path)]
    problems += [("environment", problem) for problem in settings.validate_environment(os.environ)]
    if args.json:
        out.json(
            [
                {"where": where, "line": p.line or None, "key": p.key, "message": p.message, "nearest": p.nearest}
                for where, p in problems
            ]
        )
    for where, problem in problems if not args.json else []:
        line = f":{problem.line}" if problem.line else ""
        out.line(f"{where}{line}: {problem.key + ': ' if problem.key else ''}{problem}")
    if problems:
        return SettingsError.exit_code
    say(f"{path} is sound." if path.exists() else f"There is no settings file {path}, and nothing wrong without it.")
    return 0


def _path(args: argparse.Namespace) -> int:
    Output(args).line(str(path_of(args) or settings.default_path()))
    return 0


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or "-"
