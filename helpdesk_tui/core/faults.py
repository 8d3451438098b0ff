"""What the database driver raises → our errors, in plain words that name no row, no policy and nobody else's data.

Only four SQLSTATEs carry words meant for people, those that our own functions and triggers raise (HD001 to HD004).
Everything else the server says stays out: a constraint's detail quotes the row, a policy's name tells the rules.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import psycopg

from helpdesk_tui.core.errors import (
    BadInput,
    DatabaseNotReady,
    HelpdeskError,
    NotFound,
    Refused,
    SettingsError,
    SignInError,
    Stale,
    TookTooLong,
    Unreachable,
)
from helpdesk_tui.core.wording import sentence

TRY_AGAIN = "Try again in a moment."

# A connection that is refused carries no SQLSTATE, only the server's or the pooler's sentence. These are the sentences
# of PostgreSQL, pgbouncer and Supabase's pooler; what none of them matches is judged by whether a password was asked.
_CONNECT_SENTENCES: tuple[tuple[str, str], ...] = (
    ("53300", r"too many connections|remaining connection slots|no more connections allowed|max client connections"),
    ("57P03", r"database system is (?:starting up|shutting down|in recovery|not accepting|not yet accepting)"),
    ("3D000", r"database \S+ does not exist|no such database"),
    (
        "28000",
        (
            r"(?:password|SASL|SCRAM|login|ident|peer) authentication failed|auth(?:entication)? failed|no such user"
            r"|role \S+ does not exist|not permitted to log in|tenant or user not found|wrong password"
            r"|error received from server in SCRAM exchange"
        ),
    ),
    ("pg_hba", r"no pg_hba\.conf entry|pg_hba\.conf rejects"),
    (
        "name",
        r"name or service not known|could not translate host name|nodename nor servname|temporary failure in name",
    ),
    ("refused", r"connection refused"),
    ("timeout", r"timed out|timeout expired"),
    ("08006", r"server closed the connection|connection reset|broken pipe|network is unreachable|no route to host"),
    ("socket", r"no such file or directory"),
    ("tls", r"\bSSL\b|\bTLS\b|certificate"),
)
_CONNECT = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _CONNECT_SENTENCES)

_LOST = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "08000", "08003", "08006", "08P01"})
_FORGOTTEN = frozenset({"26000", "0A000"})
_ROLLED_BACK = frozenset({"40001", "40P01"})


def reason(error: psycopg.Error) -> str | None:
    """The SQLSTATE of an error or, where a connection was refused without one, the SQLSTATE its sentence stands for.

    Also ``timeout``, ``name``, ``refused``, ``socket``, ``tls`` and ``pg_hba`` for a connection that was not made;
    None if nothing tells.
    """
    if error.sqlstate is not None:
        return error.sqlstate
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return "timeout"
    text = str(error)
    for code, pattern in _CONNECT:
        if pattern.search(text):
            return code
    if error.pgconn is not None and error.pgconn.used_password and "connection failed" in text:
        return "28000"
    return None


def connection_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, so that what was sent may or may not have arrived."""
    if error.sqlstate is not None:
        return error.sqlstate in _LOST or error.sqlstate.startswith("08")
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def statement_forgotten(error: psycopg.Error) -> bool:
    """Whether a prepared statement no longer fits (the schema changed, a pooler swapped servers); nothing was done."""
    return error.sqlstate in _FORGOTTEN


def rolled_back(error: psycopg.Error) -> bool:
    """Whether the transaction lost against another one and can simply be run again; nothing was done."""
    return error.sqlstate in _ROLLED_BACK


def connecting(error: psycopg.Error, *, host: str) -> HelpdeskError:
    """Why a connection to ``host`` was not made."""
    code = reason(error)
    match code:
        case "28000" | "28P01":
            return SignInError(
                "The database no longer accepts this sign-in: it has expired or was signed out.",
                "Sign in again with `helpdesk login`.",
                kind="expired",
            )
        case "53300":
            return Unreachable(f"The database at {host} has no connection left for this sign-in.", TRY_AGAIN)
        case "57P03":
            return Unreachable(f"The database at {host} is starting up or shutting down.", TRY_AGAIN)
        case "3D000":
            return SettingsError(f"There is no database of that name at {host}.", "Check `db_name` in the settings.")
        case "pg_hba":
            return Unreachable(
                f"The database at {host} does not admit this computer or asks for encryption.",
                "Check `sslmode` in the settings, and the server's pg_hba.conf.",
            )
        case "name":
            return Unreachable(f"There is no host called {host}.", "Check `db_host`, and your network connection.")
        case "refused" | "socket":
            return Unreachable(f"Nothing answers at {host}.", "Is the database running? Check `db_host` and `db_port`.")
        case "timeout":
            return Unreachable(f"{host} did not answer in time.", "Check your network connection, then try again.")
        case "tls":
            return Unreachable(
                f"No encrypted connection to {host} could be made.",
                "Check `sslmode` and `sslrootcert` in the settings.",
            )
    return Unreachable(f"The connection to the database at {host} could not be made.", TRY_AGAIN)


def answering(error: psycopg.Error, *, host: str) -> HelpdeskError:
    """Why the database at ``host`` did not do what it was asked."""
    code = error.sqlstate
    if code is None:
        return Unreachable(f"The connection to the database at {host} was lost.", TRY_AGAIN)
    ours = _ours(code, error)
    if ours is not None:
        return ours
    exact = _EXACT.get(code)
    if exact is not None:
        kind, message, hint = exact
        return _noted(kind(message.format(host=host), hint), code)
    return _noted(_by_class(code, host), code)


def _ours(code: str, error: psycopg.Error) -> HelpdeskError | None:
    """HD001 to HD004: raised by the database's own functions and triggers with words for people."""
    message = sentence(error.diag.message_primary or "")
    hint = sentence(error.diag.message_hint or "") or None
    match code:
        case "HD001":
            return Stale(
                message or "The thread has moved on; nothing was sent.", hint, unseen=_ids(error.diag.message_detail)
            )
        case "HD002":
            return BadInput(message or "The database cannot use that.", hint)
        case "HD003":
            return Refused(message or "You may not do that.", hint)
        case "HD004":
            return NotFound(message or "There is no such thing, or not for you.", hint)
    return None


_Exact = tuple[type[HelpdeskError], str, str | None]
_EXACT: dict[str, _Exact] = {
    "42501": (Refused, "The rules of this helpdesk do not allow you to do that.", None),
    "57014": (TookTooLong, "The database took too long and stopped; nothing was changed.", "Narrow it, or try again."),
    "55P03": (Unreachable, "Somebody else is changing the same thing just now; nothing was changed.", TRY_AGAIN),
    "40001": (Unreachable, "Somebody else changed the same thing at the same time; nothing was changed.", TRY_AGAIN),
    "40P01": (Unreachable, "Somebody else changed the same thing at the same time; nothing was changed.", TRY_AGAIN),
    "25006": (
        Unreachable,
        "The database at {host} is read-only at the moment; nothing was changed.",
        "It may be under maintenance, or a copy of the real one.",
    ),
    "53100": (Unreachable, "The disk of the database at {host} is full; nothing was changed.", "Tell its operator."),
    "53200": (Unreachable, "The database at {host} is out of memory; nothing was changed.", TRY_AGAIN),
    "53300": (Unreachable, "The database at {host} has no connection left for this sign-in.", TRY_AGAIN),
    "57P03": (Unreachable, "The database at {host} is starting up or shutting down.", TRY_AGAIN),
    "23502": (BadInput, "Something required was left empty; nothing was changed.", None),
    "23503": (BadInput, "Something it refers to does not exist, or is still in use; nothing was changed.", None),
    "23505": (BadInput, "That exists already; nothing was changed.", None),
    "23514": (BadInput, "A value is not one of those allowed; nothing was changed.", None),
    "3D000": (SettingsError, "There is no database of that name at {host}.", "Check `db_name` in the settings."),
}
_NOT_READY = frozenset({"42P01", "42883", "42703", "3F000", "42704"})


def _by_class(code: str, host: str) -> HelpdeskError:
    if code in _NOT_READY:
        return DatabaseNotReady(
            f"The database at {host} lacks a part of the helpdesk.",
            "Its owner can see what with `helpdesk db check` and add it with `helpdesk db apply`.",
        )
    match code[:2]:
        case "28":
            return SignInError(
                "The database no longer accepts this sign-in: it has expired or was signed out.",
                "Sign in again with `helpdesk login`.",
                kind="expired",
            )
        case "08" | "57":
            return Unreachable(f"The connection to the database at {host} was lost.", TRY_AGAIN)
        case "53" | "54":
            return Unreachable(f"The database at {host} is at its limits; nothing was changed.", TRY_AGAIN)
        case "58" | "XX":
            return Unreachable(f"The database at {host} has a fault of its own.", "Tell its operator.")
        case "22" | "23":
            return BadInput("The database cannot use a value that was given; nothing was changed.")
        case "P0" | "44":
            return Refused("The database refused it; nothing was changed.")
    return HelpdeskError("The database did not understand the request; nothing was changed.", "The fault is ours.")


def _noted(error: HelpdeskError, code: str) -> HelpdeskError:
    """For whoever reads a traceback: the SQLSTATE, which quotes nobody."""
    error.add_note(f"SQLSTATE {code}")
    return error


def _ids(detail: str | None) -> tuple[UUID, ...]:
    """The message ids of HD001's detail, a JSON array; none if it is anything else."""
    try:
        found: Any = json.loads(detail or "[]")
        return tuple(UUID(each) for each in found) if isinstance(found, list) else ()
    except (ValueError, TypeError, AttributeError):
        return ()
