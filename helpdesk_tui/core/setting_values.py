"""What each setting may hold: checked values, in words for people where they do not fit."""

from __future__ import annotations

import base64
import binascii
import difflib
import json
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
#: What the app can look like: Textual's themes and ours. The app says the same, so that the command line need not
#: load it.
THEMES = (
    "helpdesk-dark", "helpdesk-light", "helpdesk-contrast-dark", "helpdesk-contrast-light", "ansi-dark", "ansi-light",
    "atom-one-dark", "atom-one-light", "catppuccin-frappe", "catppuccin-latte", "catppuccin-macchiato",
    "catppuccin-mocha", "dracula", "flexoki", "gruvbox", "monokai", "nord", "rose-pine", "rose-pine-dawn",
    "rose-pine-moon", "solarized-dark", "solarized-light", "textual-dark", "textual-light", "tokyo-night",
)  # fmt: skip
TOKEN_STORES = ("auto", "keyring", "file")
SPACINGS = ("standard", "compact")
GLYPHS = ("auto", "unicode", "ascii")
MOTIONS = ("full", "reduced")
WAYS_TO_NOTIFY = ("bell", "osc9", "osc777", "command", "off")
NO_SECRETS = (
    "No password or secret belongs into the settings: each sign-in is given a short-lived database login of its own, "
    "and tokens rest in the system keyring. Remove it, and change it if others could read it."
)
_SECRET = re.compile(
    r"pass(wd|word|phrase)?$|(^|_)pw(d)?$|secret|(^|_)dsn$|service_(role|key)|private_key|jwt|(^|_)tokens?$|credential",
    re.IGNORECASE,
)
_LOOPBACK = re.compile(r"127(\.\d+){3}")
_TEXT = (
    "auth_url",
    "api_key",
    "db_host",
    "db_name",
    "db_user_suffix",
    "sslmode",
    "token_store",
    "notify",
    "spacing",
    "glyphs",
    "motion",
)
_OPTIONAL_TEXT = ("listen_host", "sslrootcert", "theme", "postgres", "notify_command")
_FLAGS = ("pooled", "local")
_PORTS = ("db_port", "listen_port")
_SECONDS = {"poll_seconds": (0.2, 3600), "send_delay": (0, 60)}
_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


class BadValue(ValueError):
    """A value does not fit its key. ``secret`` is true where the value is one that must not lie in a file."""

    def __init__(self, message: str, *, secret: bool = False) -> None:
        super().__init__(message)
        self.secret = secret


def looks_secret(key: str) -> bool:
    """Whether a key's name is that of a password or another secret."""
    return _SECRET.search(key.replace("-", "_")) is not None


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like ``word``, or None if none is."""
    candidates = {candidate.lower(): candidate for candidate in allowed}
    found = difflib.get_close_matches(word.lower().replace("-", "_"), candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else None


def known(key: str, allowed: tuple[str, ...]) -> str:
    """The key itself; raises BadValue naming the nearest one, or why a secret is refused."""
    if key in allowed:
        return key
    if looks_secret(key):
        raise BadValue(NO_SECRETS, secret=True)
    near = nearest(key, allowed)
    raise BadValue(f"There is no setting “{key}”." + (f" Did you mean “{near}”?" if near else ""))


def unknown_theme(value: object) -> str | None:
    """Why a theme is none, in words; None where it is one or is not named."""
    if not isinstance(value, str) or not value.isprintable() or value.strip() in ("", *THEMES):
        return None
    return f"There is no theme “{value}”."


def default_sslmode(host: str) -> str:
    """``disable`` on a Unix socket, ``prefer`` to this machine, ``require`` over a network."""
    if host.startswith(("/", "@")):
        return "disable"
    return "prefer" if _is_loopback(host) else "require"


def check(key: str, value: Any, *, text_only: bool = False) -> Any:
    """The value as the program uses it.

    Args:
        key: a known key.
        value: what TOML gave; text where ``text_only`` (environment and flags).
    Raises: BadValue.
    """
    if key in _FLAGS:
        return _flag(key, value, text_only)
    if key in _PORTS:
        return _port(key, value, text_only)
    if key in _SECONDS:
        return _seconds(key, value, text_only)
    if not isinstance(value, str):
        raise BadValue(f"{key} must be text in quotes.")
    value = value.strip()
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise BadValue(f"{key} holds control characters.")
    if key in _OPTIONAL_TEXT:
        return value or None
    if key in _TEXT:
        return _CHECKS.get(key, _as_it_is)(value)
    raise BadValue(f"There is no setting “{key}”.")


def _flag(key: str, value: Any, text_only: bool) -> bool:
    if text_only:
        word = str(value).strip().lower()
        if word in _YES + _NO:
            return word in _YES
    elif isinstance(value, bool):
        return value
    raise BadValue(f"{key} must be true or false.")


def _port(key: str, value: Any, text_only: bool) -> int:
    if text_only and str(value).strip().isascii() and str(value).strip().isdigit():
        value = int(str(value).strip())
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    raise BadValue(f"{key} must be a port, 1 to 65535.")


def _seconds(key: str, value: Any, text_only: bool) -> float:
    if text_only:
        try:
            value = float(str(value))
        except ValueError:
            value = None
    least, most = _SECONDS[key]
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    raise BadValue(f"{key} must be a number of seconds, {least} to {most}.")


def _as_it_is(value: str) -> str:
    return value


def _auth_url(value: str) -> str:
    if not value:
        return value
    example = "auth_url must be an address such as https://project.supabase.co."
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise BadValue(example) from error
    if not host or url.scheme not in ("http", "https") or port == 0:
        raise BadValue(example)
    if url.username or url.password:
        raise BadValue(NO_SECRETS, secret=True)
    if url.query or url.fragment:
        raise BadValue("auth_url must have neither ? nor # in it.")
    if url.scheme == "http" and not _is_loopback(host):
        raise BadValue("auth_url must begin with https://: over http, passwords would travel readable.")
    return value.rstrip("/")


def _api_key(value: str) -> str:
    if value.startswith("sb_secret_") or _claimed_role(value) not in (None, "anon"):
        raise BadValue(
            "This is a secret key, which opens the whole database to whoever has it. Use the publishable (anon) key, "
            "and replace the secret one if others could read this.",
            secret=True,
        )
    return value


def _claimed_role(value: str) -> str | None:
    parts = value.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None


def _db_host(value: str) -> str:
    if "://" in value:
        if "@" in value:
            raise BadValue(NO_SECRETS, secret=True)
        raise BadValue("db_host must be the host's name alone; the port goes into db_port, the database into db_name.")
    if not value.startswith("/") and ":" in value and value.count(":") == 1:
        raise BadValue("db_host must be the host's name alone; the port goes into db_port.")
    return value


def _db_user_suffix(value: str) -> str:
    if value and not value.startswith("."):
        raise BadValue(f"db_user_suffix must begin with a dot: “.{value}”.")
    return value


def _one_of(key: str, allowed: tuple[str, ...], value: str) -> str:
    if value not in allowed:
        near = nearest(value, allowed)
        meant = f" Did you mean “{near}”?" if near else ""
        raise BadValue(f"{key} must be one of {', '.join(allowed)}.{meant}")
    return value


def _words_of_a_command(value: str) -> str:
    try:
        shlex.split(value)
    except ValueError as error:
        raise BadValue(f"notify_command cannot be split into words: {error}.") from error
    return value


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.endswith(".localhost") or _LOOPBACK.fullmatch(host) is not None


_CHECKS: dict[str, Callable[[str], str]] = {
    "auth_url": _auth_url,
    "api_key": _api_key,
    "db_host": _db_host,
    "db_user_suffix": _db_user_suffix,
    "sslmode": lambda value: _one_of("sslmode", SSL_MODES, value),
    "token_store": lambda value: _one_of("token_store", TOKEN_STORES, value),
    "spacing": lambda value: _one_of("spacing", SPACINGS, value),
    "glyphs": lambda value: _one_of("glyphs", GLYPHS, value),
    "motion": lambda value: _one_of("motion", MOTIONS, value),
    "notify": lambda value: _one_of("notify", WAYS_TO_NOTIFY, value),
    "notify_command": _words_of_a_command,
}
