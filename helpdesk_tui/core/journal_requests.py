"""Requests that are being written and not sent yet, kept in the journal beside the drafts of answers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_files, journal_outbox
from helpdesk_tui.core.journal_files import DraftFile

__all__ = ["SCHEMA", "Request", "forget", "of", "save"]

SCHEMA: Final = """
create table if not exists requests (
    id         text primary key,
    owner      text not null,
    title      text not null,
    content    text not null,
    category   text,
    updated_at text not null
) without rowid
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request being written. ``id`` will be the ticket's: drawn once, so that sending it again is harmless."""

    owner: str
    title: str = ""
    content: str = ""
    category: UUID | None = None
    files: tuple[DraftFile, ...] = ()
    id: UUID = field(default_factory=uuid4)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.title.strip() or self.content.strip() or self.files)


def save(connection: sqlite3.Connection, request: Request) -> Request:
    """Keeps a request as it stands; forgets an empty one."""
    if request.is_empty:
        forget(connection, request.id)
        return request
    connection.execute(
        "insert or replace into requests (id, owner, title, content, category, updated_at) values (?, ?, ?, ?, ?, ?)",
        (
            str(request.id),
            request.owner,
            _utf8(request.title),
            _utf8(request.content),
            str(request.category) if request.category else None,
            datetime.now(UTC).isoformat(),
        ),
    )
    return replace(request, files=journal_files.keep(connection, request.id, request.files, request.files))


def of(connection: sqlite3.Connection, owner: str) -> tuple[Request, ...]:
    """The requests of a person, newest first."""
    rows = connection.execute(
        "select id, title, content, category from requests where owner = ? order by updated_at desc, id", (owner,)
    ).fetchall()
    return tuple(
        Request(
            owner,
            title,
            content,
            UUID(category) if category else None,
            journal_files.of(connection, UUID(request_id)),
            UUID(request_id),
        )
        for request_id, title, content, category in rows
    )


def forget(connection: sqlite3.Connection, request_id: UUID) -> None:
    """Forgets a request and its files, but for what waits in line to be sent."""
    connection.execute("delete from requests where id = ?", (str(request_id),))
    journal_outbox.forget_refused(connection, request_id)
    journal_outbox.forget_files(connection, request_id)


def _utf8(text: str) -> str:
    """Text as SQLite stores it: half a surrogate pair, which a terminal can paste, would be an error."""
    return text.encode("utf-8", "replace").decode("utf-8")
