"""What is wrong in a settings file or in the environment, with the line and the nearest that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_tui.core import setting_values as values
from helpdesk_tui.core import toml_lines
from helpdesk_tui.core.settings_record import DEMO, ENV_PREFIX, KEYS, OTHER_VARIABLES

if TYPE_CHECKING:
    from helpdesk_tui.core import keymap
    from helpdesk_tui.core.commands import Command

__all__ = ["Problem", "bad_toml", "commands_of", "keymap_of", "problems_of", "validate", "validate_environment"]

_PROFILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_TOP_LEVEL = (*KEYS, "default_profile", "profile", "keys", "command")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a settings file. ``line`` is 1-based; 0 for the environment and flags."""

    line: int
    key: str
    message: str
    nearest: str | None = None
    path: tuple[str, ...] = ()
    secret: bool = False

    def __str__(self) -> str:
        return f"{self.message} Did you mean “{self.nearest}”?" if self.nearest else self.message


def validate(path: Path) -> list[Problem]:
    """Everything wrong in a settings file, top to bottom; an empty list for a sound or absent one."""
    try:
        data, lines = toml_lines.read(path)
    except FileNotFoundError:
        return []
    except toml_lines.BadToml as error:
        return [Problem(error.line, "", bad_toml(error))]
    except OSError as error:
        return [Problem(1, "", f"the file cannot be read: {error.strerror}.")]
    return sorted([*problems_of(data, lines), *_themes(data, lines)], key=lambda problem: problem.line)


def keymap_of(data: Mapping[str, Any]) -> tuple[keymap.Keymap, list[keymap.Fault]]:
    """The person's own keys, and what is wrong with them."""
    if "keys" not in data:
        return {}, []
    from helpdesk_tui.core import keymap  # few people have keys of their own

    return keymap.read(data["keys"])


def commands_of(data: Mapping[str, Any]) -> tuple[tuple[Command, ...], list[keymap.Fault]]:
    """The person's own commands, and what is wrong with them."""
    if "command" not in data:
        return (), []
    from helpdesk_tui.core import commands  # few people have commands of their own

    return commands.read(data["command"], keymap_of(data)[0])


def _themes(data: Mapping[str, Any], lines: Mapping[toml_lines.KeyPath, int]) -> Iterator[Problem]:
    """Themes that there are none of. Not a problem to start with: the command line does without."""
    profiles = data.get("profile")
    tables: dict[tuple[str, ...], Any] = {(): data}
    if isinstance(profiles, dict):
        tables |= {("profile", name): table for name, table in profiles.items()}
    for prefix, table in tables.items():
        theme = table.get("theme") if isinstance(table, dict) else None
        if words := values.unknown_theme(theme):
            path = (*prefix, "theme")
            near = values.nearest(str(theme), values.THEMES)
            yield Problem(toml_lines.line_of(lines, path), "theme", words, near, path)


def validate_environment(env: Mapping[str, str]) -> list[Problem]:
    """Variables that hold a bad value or a secret, or that look like a misspelt setting."""
    known = [ENV_PREFIX + key.upper() for key in KEYS] + list(OTHER_VARIABLES)
    problems = []
    for name in sorted(name for name in env if name.startswith(ENV_PREFIX)):
        if name in OTHER_VARIABLES:
            continue
        key = name.removeprefix(ENV_PREFIX).lower()
        if name in known:
            try:
                values.check(key, env[name], text_only=True)
            except values.BadValue as error:
                problems.append(Problem(0, name, str(error)))
            if key == "theme" and (words := values.unknown_theme(env[name])):
                problems.append(Problem(0, name, words, values.nearest(env[name], values.THEMES)))
        elif values.looks_secret(key):
            problems.append(Problem(0, name, values.NO_SECRETS, secret=True))
        elif nearest := values.nearest(key, [other.removeprefix(ENV_PREFIX) for other in known]):
            problems.append(Problem(0, name, f"{name} is no setting.", ENV_PREFIX + nearest))
    return problems


def bad_toml(error: toml_lines.BadToml) -> str:
    """That something is no TOML, in words."""
    column = f" (column {error.column})" if error.column else ""
    return f"this is not TOML: {error.message}{column}."


def problems_of(data: Mapping[str, Any], lines: Mapping[toml_lines.KeyPath, int]) -> Iterator[Problem]:
    """Everything wrong in what a settings file holds, but for themes.

    Args:
        data: what it holds.
        lines: where each key stands.
    """
    profiles = data.get("profile", {})
    yield from _table_problems(data, (), _TOP_LEVEL, lines)
    if not isinstance(profiles, dict):
        yield Problem(
            toml_lines.line_of(lines, ("profile",)),
            "profile",
            "profile must be tables: [profile.NAME]; the one to start with is default_profile.",
            path=("profile",),
        )
        profiles = {}
    for name, table in profiles.items():
        path = ("profile", name)
        line = toml_lines.line_of(lines, path)
        if not isinstance(table, dict):
            near = values.nearest(name, KEYS)
            yield Problem(line, name, f"profile.{name} must be a table: [profile.{name}].", near, path)
            continue
        if not _PROFILE_NAME.fullmatch(name):
            message = "A profile's name is made of letters, digits, dot, dash and underscore, at most 64."
            yield Problem(line, name, message, path=path)
        if name == DEMO and table.get("local", True) is not True:
            yield Problem(
                toml_lines.line_of(lines, (*path, "local")),
                "local",
                f"The profile {DEMO} is always local; name your own otherwise.",
                path=(*path, "local"),
            )
        yield from _table_problems(table, path, KEYS, lines)
    for fault in (*keymap_of(data)[1], *commands_of(data)[1]):
        line = toml_lines.line_of(lines, fault.path)
        yield Problem(line, ".".join(fault.path), fault.message, fault.nearest, fault.path)
    default = data.get("default_profile")
    if isinstance(default, str) and default not in (*profiles, DEMO, "default"):
        yield Problem(
            toml_lines.line_of(lines, ("default_profile",)),
            "default_profile",
            f"default_profile names “{default}”, and there is no [profile.{default}].",
            values.nearest(default, (*profiles, DEMO)),
            ("default_profile",),
        )
    elif default is not None and not isinstance(default, str):
        line = toml_lines.line_of(lines, ("default_profile",))
        yield Problem(line, "default_profile", "default_profile must be text.", path=("default_profile",))


def _table_problems(
    table: Mapping[str, Any], prefix: tuple[str, ...], allowed: tuple[str, ...], lines: Mapping[toml_lines.KeyPath, int]
) -> Iterator[Problem]:
    for key, value in table.items():
        path = (*prefix, key)
        line = toml_lines.line_of(lines, path)
        if key in KEYS:
            try:
                values.check(key, value)
            except values.BadValue as error:
                yield Problem(line, key, str(error), path=path, secret=error.secret)
        elif key not in allowed:
            if values.looks_secret(key):
                yield Problem(line, key, values.NO_SECRETS, path=path, secret=True)
            else:
                yield Problem(line, key, f"There is no setting “{key}”.", values.nearest(key, allowed), path)
