"""Settings: a TOML file, then the environment (``HELPDESK_*``), then flags, for one named profile; frozen.

No setting holds a database password: each sign-in is given a short-lived login of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_tui.core import setting_values as values
from helpdesk_tui.core import toml_lines
from helpdesk_tui.core.errors import SettingsError

if TYPE_CHECKING:
    from helpdesk_tui.core import keymap
    from helpdesk_tui.core.commands import Command

APP_NAME = "helpdesk-tui"
DEMO = "demo"
ENV_PREFIX = "HELPDESK_"
# Variables that are no settings of a profile.
OTHER_VARIABLES = ("HELPDESK_PROFILE", "HELPDESK_CONFIG", "HELPDESK_STATE_DIR", "HELPDESK_OWNER_DSN")
_PROFILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of the program works with. Each field but ``profile`` is a key of the settings file; ``keys`` is
    a table, ``commands`` an array of them."""

    profile: str = "default"
    auth_url: str = ""
    """Supabase Auth: the project's address, or the full one ending in ``/auth/v1``."""
    api_key: str = ""
    """The publishable (anon) key. Public by design; the secret keys are refused."""
    db_host: str = ""
    """Host name, address, or the directory of a Unix socket."""
    db_port: int = 5432
    db_name: str = "postgres"
    db_user_suffix: str = ""
    """``.project-ref`` where a pooler wants it after the user name."""
    listen_host: str | None = None
    """A second, direct address for live changes where ``db_host`` is a transaction pooler. None: the same."""
    listen_port: int | None = None
    pooled: bool = False
    """True when ``db_host`` is a pooler in transaction mode."""
    sslmode: str = "require"
    sslrootcert: str | None = None
    """A file of certificates for ``verify-ca`` and ``verify-full``."""
    local: bool = False
    """True: the embedded Postgres and the local sign-in, nothing over the network."""
    theme: str | None = None
    spacing: str = "standard"
    """``standard``, or ``compact``: no empty lines between messages."""
    glyphs: str = "auto"
    """``unicode``, ``ascii``, or ``auto``: what the locale and the terminal's name say."""
    motion: str = "full"
    """``full``, or ``reduced``: nothing blinks."""
    notify: str = "bell"
    """How something is told while the terminal's window is not in front: ``bell``, ``osc9``, ``osc777``, ``command`` or
    ``off``."""
    notify_command: str | None = None
    """The program, with its arguments, that ``notify = "command"`` starts; without a shell."""
    send_delay: float = 10.0
    """Seconds for which an answer can be taken back after it was sent; 0: it goes out at once."""
    poll_seconds: float = 2.0
    """Seconds between two looks at the database where live changes cannot be had."""
    token_store: str = "auto"  # noqa: S105  (where, not what)
    """Where the sign-in rests: ``auto`` (the system keyring, else a file), ``keyring`` or ``file``."""
    postgres: str | None = None
    """The directory with the local mode's PostgreSQL programs. None: looked for."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of actions that were given others than the usual ones."""
    commands: tuple[Command, ...] = ()
    """The person's own commands: ``[[command]]``."""

    @property
    def auth_endpoint(self) -> str:
        """The base address of the Supabase Auth API, without a slash at its end."""
        from urllib.parse import urlsplit

        url = self.auth_url.rstrip("/")
        return url if urlsplit(url).path.strip("/") else f"{url}/auth/v1"


KEYS: tuple[str, ...] = tuple(f.name for f in fields(Settings) if f.name not in ("profile", "keys", "commands"))
_TOP_LEVEL = (*KEYS, "default_profile", "profile", "keys", "command")
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
    problems = list(_problems(data, lines))
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
    settings = Settings(profile=profile, keys=_keymap(data)[0], commands=_commands(data)[0], **chosen)
    missing = () if settings.local else tuple(key for key in ("auth_url", "db_host") if not getattr(settings, key))
    for key in KEYS:
        origins.setdefault(key, "default")
    return Explained(settings, origins, path, exists, profiles, missing)


def validate(path: Path) -> list[Problem]:
    """Everything wrong in a settings file, top to bottom; an empty list for a sound or absent one."""
    try:
        data, lines = toml_lines.read(path)
    except FileNotFoundError:
        return []
    except toml_lines.BadToml as error:
        return [Problem(error.line, "", _bad_toml(error))]
    except OSError as error:
        return [Problem(1, "", f"the file cannot be read: {error.strerror}.")]
    return sorted([*_problems(data, lines), *_themes(data, lines)], key=lambda problem: problem.line)


def _keymap(data: Mapping[str, Any]) -> tuple[keymap.Keymap, list[keymap.Fault]]:
    if "keys" not in data:
        return {}, []
    from helpdesk_tui.core import keymap  # few people have keys of their own

    return keymap.read(data["keys"])


def _commands(data: Mapping[str, Any]) -> tuple[tuple[Command, ...], list[keymap.Fault]]:
    if "command" not in data:
        return (), []
    from helpdesk_tui.core import commands  # few people have commands of their own

    return commands.read(data["command"], _keymap(data)[0])


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


def _read(path: Path, *, must_exist: bool) -> tuple[dict[str, Any], Mapping[toml_lines.KeyPath, int], bool]:
    try:
        data, lines = toml_lines.read(path)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"There is no settings file {path}.", "Check --config and HELPDESK_CONFIG.") from None
        return {}, {}, False
    except toml_lines.BadToml as error:
        raise SettingsError(f"{path}:{error.line}: {_bad_toml(error)}") from error
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    return data, lines, True


def _bad_toml(error: toml_lines.BadToml) -> str:
    column = f" (column {error.column})" if error.column else ""
    return f"this is not TOML: {error.message}{column}."


def _problems(data: Mapping[str, Any], lines: Mapping[toml_lines.KeyPath, int]) -> Iterator[Problem]:
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
    for fault in (*_keymap(data)[1], *_commands(data)[1]):
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
