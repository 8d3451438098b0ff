"""The file that drafts are kept in: made, opened beside other windows, brought forward; its errors in plain words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from helpdesk_tui.core import draft_sync, journal_files, journal_held, journal_outbox, journal_requests
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_line

__all__ = ["BUSY_SECONDS", "JournalError", "opened", "plain_words"]

VERSION: Final = 8
#: How long a save waits for another window's, in seconds. Theirs takes less than a millisecond.
BUSY_SECONDS: Final = 0.3
#: How long opening tries, in seconds, while other windows open a new journal too.
OPEN_SECONDS: Final = 2.0

_SCHEMA: Final = """
create table drafts (
    message_id text primary key,
    owner      text not null,
    ticket     text not null,
    kind       text not null,
    content    text not null,
    after_id   text,
    revision   integer not null,
    updated_at text not null,
    attempted  text
) without rowid
"""
_INDEX: Final = "create index if not exists drafts_of on drafts (owner, ticket, kind, updated_at)"
#: What brings an older file forward: from version 1, then from versions 2 and 3, which knew of replies and notes alone.
_ATTEMPTED: Final = ("alter table drafts add column attempted text",)
_ORDER: Final = "message_id, owner, ticket, kind, content, after_id, revision, updated_at, attempted"
_ANY_KIND: Final = (
    "drop index if exists drafts_of",
    "alter table drafts rename to older_drafts",
    _SCHEMA,
    f"insert into drafts ({_ORDER}) select {_ORDER} from older_drafts",  # noqa: S608 (a constant)
    "drop table older_drafts",
    _INDEX,
)
_FORWARD: Final = {0: (_SCHEMA, _INDEX), 1: (*_ATTEMPTED, *_ANY_KIND), 2: _ANY_KIND, 3: _ANY_KIND}
#: What the later versions added: tables of their own, made where they are not there.
_ADDED: Final = (
    journal_files.SCHEMA,
    journal_files.INDEX,
    journal_requests.SCHEMA,
    journal_requests.FOR_OTHERS,
    journal_outbox.SCHEMA,
    journal_held.SCHEMA,
    draft_sync.SCHEMA,
)


class JournalError(HelpdeskError):
    """Drafts cannot be kept on this machine for now; what is being written stays in memory."""


def opened(path: Path) -> sqlite3.Connection:
    """A connection to the file at ``path``, which is made (0600) with its directory (0700) where it is not there.

    Raises:
        JournalError: it cannot be used.
    """
    with plain_words(path):
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made by us before SQLite does, so that at no moment can anybody else read it; SQLite gives the
        # write-ahead log the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _prepare_patiently(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare_patiently(connection: sqlite3.Connection, path: Path) -> None:
    """Prepare the file while other windows do the same: changing to write-ahead logging does not wait by itself."""
    deadline = monotonic() + OPEN_SECONDS
    while True:
        try:
            return _prepare(connection, path)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            if connection.in_transaction:
                connection.execute("rollback")
            sleep(0.01)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a new or known file to what this release reads and writes."""
    connection.execute("pragma journal_mode = wal")  # a network drive may refuse; then it is slower and as safe
    connection.execute("pragma synchronous = normal")
    version: int = connection.execute("pragma user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(
            f"The drafts in {path} were written by a newer release than this one.",
            "Update helpdesk-tui to see and keep them.",
        )
    if version < VERSION:
        connection.execute("begin immediate")
        # Another window may have been first.
        version = connection.execute("pragma user_version").fetchone()[0]
        for statement in (*_FORWARD.get(version, ()), *_ADDED):
            connection.execute(statement)
        connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")
    # A damaged file often opens well and fails later, in the middle of a sentence: look now.
    problem: str = connection.execute("pragma quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem)


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Turn the errors of the file system and of SQLite into a JournalError."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"Drafts cannot be kept in {path}: {error.strerror or error}.",
            "What you write stays in this window; copy it before you close it.",
        ) from error
    except sqlite3.ProgrammingError:
        raise  # a fault of ours, such as using a closed journal
    except (sqlite3.Error, ValueError) as error:
        raise _from_sqlite(path, error) from error


def _from_sqlite(path: Path, error: Exception) -> JournalError:
    stays = "What you write stays in this window; copy it before you close it."
    match getattr(error, "sqlite_errorname", "SQLITE_CORRUPT").split("_")[1]:
        case "FULL":
            return JournalError(f"The disk is full: drafts are not being kept in {path}.", f"Make room. {stays}")
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return JournalError(f"Drafts cannot be written to {path}: {error}.", stays)
        case "BUSY" | "LOCKED":
            return JournalError(f"Another program holds {path}: the draft is not kept yet.", stays)
        case "CORRUPT" | "NOTADB" | "ERROR":
            return JournalError(
                f"The drafts in {path} are damaged: {safe_line(str(error), 120)}.",
                f"Move the file away to start a new one. {stays}",
            )
        case _:
            return JournalError(f"Drafts cannot be kept in {path}: {error}.", stays)
