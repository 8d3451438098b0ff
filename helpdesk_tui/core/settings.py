"""Settings: a TOML file, then the environment (``HELPDESK_*``), then flags, for one named profile; frozen.

No setting holds a database password: each sign-in is given a short-lived login of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpdesk_tui.core import setting_values as values
from helpdesk_tui.core import toml_lines
from helpdesk_tui.core.errors import SettingsError
from helpdesk_tui.core.settings_problems import (
    Problem,
    bad_toml,
    commands_of,
    keymap_of,
    problems_of,
    validate,
    validate_environment,
)
from helpdesk_tui.core.settings_record import APP_NAME, DEMO, ENV_PREFIX, KEYS, OTHER_VARIABLES, Settings

__all__ = [
    "APP_NAME",
    "DEMO",
    "KEYS",
    "Explained",
    "Problem",
    "Settings",
    "default_path",
    "explain",
    "load",
    "state_dir",
    "validate",
    "validate_environment",
]

# A local profile takes these from the local server, never from the file.
_OF_A_SERVER = (
    "auth_url",
    "api_key",
    "db_host",
    "db_port",
    "db_name",
    "db_user_suffix",
    "listen_host",
    "listen_port",
    "pooled",
    "sslmode",
    "sslrootcert",
)


@dataclass(frozen=True, slots=True)
class Explained:
    """Settings with the origin of each value (``default``, ``FILE:LINE``, ``environment …``, ``flag …``)."""

    settings: Settings
    origins: Mapping[str, str]
    path: Path
    file_exists: bool
    profiles: tuple[str, ...]
    missing: tuple[str, ...] = field(default=())


def default_path(env: Mapping[str, str] | None = None) -> Path:
    """Where the settings file is looked for: ``HELPDESK_CONFIG``, else this platform's usual place."""
    given = (os.environ if env is None else env).get("HELPDESK_CONFIG")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return platformdirs.user_config_path(APP_NAME, appauthor=False) / "config.toml"


def state_dir(env: Mapping[str, str] | None = None) -> Path:
    """The directory for what the program remembers between runs: ``HELPDESK_STATE_DIR``, else the usual place."""
    given = (os.environ if env is None else env).get("HELPDESK_STATE_DIR")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return platformdirs.user_state_path(APP_NAME, appauthor=False)


def load(
    flags: Mapping[str, str | None] | None = None,
    env: Mapping[str, str] | None = None,
    path: Path | None = None,
) -> Settings:
    """The settings of this run.

    Args:
        flags: values given on the command line by key (``profile`` too); None means not given.
        env: the environment; ``os.environ`` if None.
        path: the settings file; `default_path` if None. A missing default file is no error, a missing named one is.
    Raises: SettingsError, naming file and line (or variable, or flag), the key and the nearest valid one.
    """
    explained = explain(flags, env, path)
    if explained.missing:
        raise _incomplete(explained)
    return explained.settings


def explain(
    flags: Mapping[str, str | None] | None = None,
    env: Mapping[str, str] | None = None,
    path: Path | None = None,
) -> Explained:
    """As `load`, with where each value came from; settings may be incomplete (see ``missing``)."""
    env = os.environ if env is None else env
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    named = path is not None or bool(env.get("HELPDESK_CONFIG"))
    path = path or default_path(env)
    data, lines, exists = _read(path, must_exist=named)
    problems = list(problems_of(data, lines))
    _raise_first((p for p in problems if p.secret or len(p.path) == 1 or p.path[0] in ("keys", "command")), path)

    tables: dict[str, Any] = data["profile"] if isinstance(data.get("profile"), dict) else {}
    profiles = tuple(dict.fromkeys([*tables, DEMO]))
    profile = _choose(given.pop("profile", None), env, data, tables, path)
    _raise_first((p for p in problems if p.path[:2] == ("profile", profile)), path)

    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    own = tables.get(profile, {})
    for table, prefix in ((data, ()), (own, ("profile", profile))):
        for key in KEYS:
            if key in table:
                chosen[key] = values.check(key, table[key])
                origins[key] = f"{path}:{toml_lines.line_of(lines, (*prefix, key))}"
    for key, text, origin in (*_from_environment(env), *((k, v, f"flag {k}") for k, v in given.items())):
        try:
            chosen[key] = values.check(values.known(key, KEYS), text, text_only=True)
        except values.BadValue as error:
            raise SettingsError(f"{origin}: {error}") from error
        origins[key] = origin
    if profile == DEMO:
        chosen["local"], origins["local"] = True, f"profile {DEMO}"
    if chosen.get("local"):
        for key in _OF_A_SERVER:
            chosen.pop(key, None)
            origins[key] = "local mode"
    else:
        _infer(chosen, origins)
    settings = Settings(profile=profile, keys=keymap_of(data)[0], commands=commands_of(data)[0], **chosen)
    missing = () if settings.local else tuple(key for key in ("auth_url", "db_host") if not getattr(settings, key))
    for key in KEYS:
        origins.setdefault(key, "default")
    return Explained(settings, origins, path, exists, profiles, missing)


def _read(path: Path, *, must_exist: bool) -> tuple[dict[str, Any], Mapping[toml_lines.KeyPath, int], bool]:
    try:
        data, lines = toml_lines.read(path)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"There is no settings file {path}.", "Check --config and HELPDESK_CONFIG.") from None
        return {}, {}, False
    except toml_lines.BadToml as error:
        raise SettingsError(f"{path}:{error.line}: {bad_toml(error)}") from error
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    return data, lines, True


def _raise_first(problems: Iterator[Problem], path: Path) -> None:
    first = min(problems, key=lambda problem: problem.line, default=None)
    if first is not None:
        raise SettingsError(f"{path}:{first.line}: {first.key}: {first}" if first.key else f"{path}: {first}")


def _choose(
    flag: str | None, env: Mapping[str, str], data: Mapping[str, Any], tables: Mapping[str, Any], path: Path
) -> str:
    """The profile's name: flag, environment, ``default_profile``, the only one there is, else ``default``."""
    only = next(iter(tables)) if len(tables) == 1 and not data.get("auth_url") else None
    name = flag or env.get("HELPDESK_PROFILE") or data.get("default_profile") or only or "default"
    if name in tables or name == DEMO:
        return str(name)
    if name == "default":
        if tables and not data.get("auth_url") and not env.get("HELPDESK_AUTH_URL"):
            raise SettingsError(
                f"{path} has several profiles ({', '.join(tables)}) and none is chosen.",
                'Give --profile NAME, or write default_profile = "NAME" at the top of the file.',
            )
        return "default"
    nearest = values.nearest(str(name), (*tables, DEMO))
    meant = f" Did you mean “{nearest}”?" if nearest else ""
    raise SettingsError(f"There is no profile “{name}” in {path}.{meant}", f"There is: {', '.join([*tables, DEMO])}.")


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, text in env.items():
        if not name.startswith(ENV_PREFIX) or name in OTHER_VARIABLES:
            continue
        key = name.removeprefix(ENV_PREFIX).lower()
        if key in KEYS:
            if text != "":
                yield key, text, f"environment {name}"
        elif values.looks_secret(key):
            raise SettingsError(f"environment {name}: {values.NO_SECRETS}")


def _infer(chosen: dict[str, Any], origins: dict[str, str]) -> None:
    """Defaults that follow from other values."""
    if "sslmode" not in chosen:
        chosen["sslmode"] = values.default_sslmode(chosen.get("db_host", ""))
        origins["sslmode"] = "default for this host"
    if "pooled" not in chosen and chosen.get("db_port") == 6543:
        chosen["pooled"], origins["pooled"] = True, "default for port 6543"


def _incomplete(explained: Explained) -> SettingsError:
    settings = explained.settings
    if not explained.file_exists and len(explained.missing) == 2:
        return SettingsError(
            f"No helpdesk is set up: there is no settings file {explained.path}.",
            "Write one (see docs/settings.md), or try the demo: helpdesk demo.",
        )
    lacking = " and ".join(explained.missing)
    return SettingsError(
        f"The profile “{settings.profile}” has no {lacking}.",
        f"Add it to {explained.path}; `helpdesk config show` tells what is set.",
    )
