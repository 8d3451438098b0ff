"""Requests that are being written and not sent yet, kept in the journal beside the drafts of answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_files, journal_outbox
from helpdesk_tui.core.journal_files import DraftFile

__all__ = ["FOR_OTHERS", "SCHEMA", "Caller", "Request", "forget", "keep_caller", "of", "save"]

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

#: For whom a request is written, where that is not its author.
FOR_OTHERS: Final = """
create table if not exists requests_for (
    id   text primary key,
    told text not null
) without rowid
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a ticket is written down, and what is set with it.

    ``address`` is what is typed or was taken; ``name`` whose it was said to be, "" where that is not known.
    ``priority`` is one of ``model.PRIORITIES``. ``department`` and ``assignee`` are ids as texts, "" for none given.
    """

    address: str = ""
    name: str = ""
    priority: str = "medium"
    department: str = ""
    assignee: str = ""

    def json(self) -> dict[str, str]:
        """As the journal keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Caller | None:
        """What :meth:`json` made; None for nothing."""
        return None if kept is None else cls(**{name: str(kept.get(name, "")) for name in cls.__slots__})

    @property
    def words(self) -> str:
        """Who it is, for people."""
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Request:
    """A request being written. ``id`` will be the ticket's: drawn once, so that sending it again is harmless.

    ``caller`` is for whom somebody of the team writes it; None: it is its author's own.
    """

    owner: str
    title: str = ""
    content: str = ""
    category: UUID | None = None
    files: tuple[DraftFile, ...] = ()
    id: UUID = field(default_factory=uuid4)
    caller: Caller | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        named = self.caller is not None and self.caller.address.strip()
        return not (self.title.strip() or self.content.strip() or self.files or named)


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
    if request.caller is not None:
        keep_caller(connection, request.id, request.caller.json())
    return replace(request, files=journal_files.keep(connection, request.id, request.files, request.files))


def keep_caller(connection: sqlite3.Connection, request_id: UUID, caller: Mapping[str, str]) -> None:
    """Keeps for whom a request is written."""
    told = _utf8(json.dumps(dict(caller)))
    connection.execute("insert or replace into requests_for (id, told) values (?, ?)", (str(request_id), told))


def of(connection: sqlite3.Connection, owner: str, *, for_others: bool = False) -> tuple[Request, ...]:
    """The requests that a person is writing, their own or those for others, newest first."""
    rows = connection.execute(
        "select r.id, r.title, r.content, r.category, f.told from requests r left join requests_for f on f.id = r.id"
        " where r.owner = ? and (f.id is not null) = ? order by r.updated_at desc, r.id",
        (owner, for_others),
    ).fetchall()
    return tuple(
        Request(
            owner,
            title,
            content,
            UUID(category) if category else None,
            journal_files.of(connection, UUID(request_id)),
            UUID(request_id),
            Caller.of(json.loads(told)) if told else None,
        )
        for request_id, title, content, category, told in rows
    )


def forget(connection: sqlite3.Connection, request_id: UUID) -> None:
    """Forgets a request and its files, but for what waits in line to be sent."""
    connection.execute("delete from requests where id = ?", (str(request_id),))
    connection.execute("delete from requests_for where id = ?", (str(request_id),))
    journal_outbox.forget_refused(connection, request_id)
    journal_outbox.forget_files(connection, request_id)


def _utf8(text: str) -> str:
    """Text as SQLite stores it: half a surrogate pair, which a terminal can paste, would be an error."""
    return text.encode("utf-8", "replace").decode("utf-8")
