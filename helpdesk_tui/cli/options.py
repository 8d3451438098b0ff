"""What every command takes: which profile, which settings file, colour or none."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.errors import BadInput

if TYPE_CHECKING:
    from helpdesk_tui.core.settings import Settings


def add_common(parser: argparse.ArgumentParser, *, json: bool = False) -> None:
    """Add the options that are allowed before and behind the command.

    Args:
        json: also add ``--json``, for commands that answer with data.
    """
    group = parser.add_argument_group("where and how")
    # Suppressed defaults: what was given before the command is not undone by the command's own parser.
    group.add_argument("--profile", default=argparse.SUPPRESS, metavar="NAME", help="which helpdesk of the settings")
    group.add_argument("--config", default=argparse.SUPPRESS, metavar="FILE", help="another settings file")
    group.add_argument(
        "--no-color", action="store_true", default=argparse.SUPPRESS, help="no colours (as with NO_COLOR set)"
    )
    if json:
        group.add_argument("--json", action="store_true", default=False, help="answer as JSON")


def an_id(text: str) -> UUID:
    """The type of an option that takes an id."""
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no id") from None


def flags_of(args: argparse.Namespace) -> dict[str, str | None]:
    """The settings given on the command line, by key."""
    flags: dict[str, str | None] = {"profile": getattr(args, "profile", None)}
    for given in getattr(args, "set", []):
        key, equals, value = given.partition("=")
        if not equals or not key:
            raise BadInput(f"--set takes KEY=VALUE, not “{given}”.")
        flags[key.strip().replace("-", "_")] = value
    return flags


def path_of(args: argparse.Namespace) -> Path | None:
    """The settings file given on the command line, or None."""
    given = getattr(args, "config", None)
    return Path(given).expanduser() if given else None


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings of this run. Raises SettingsError."""
    from helpdesk_tui.core import settings

    return settings.load(flags_of(args), path=path_of(args))
