"""What waits to be sent, kept in the journal beside the drafts: in order, each under the id that it will have there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_files
from helpdesk_tui.core.attachments import Upload

__all__ = [
    "SCHEMA",
    "Entry",
    "What",
    "done",
    "drop",
    "entries",
    "files",
    "forget_files",
    "forget_refused",
    "put",
    "refuse",
    "take_drafts",
    "try_again",
]

What = Literal["act", "undo", "reply", "note", "request"]

SCHEMA: Final = """
create table if not exists outbox (
    place      integer primary key autoincrement,
    id         text not null unique,
    owner      text not null,
    kind       text not null,
    tickets    text not null,
    words      text not null,
    payload    text not null,
    queued_at  text not null,
    refused    text
)
"""
_COLUMNS: Final = "place, id, owner, kind, tickets, words, payload, queued_at, refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did and that the database has not confirmed.

    ``id`` was drawn when it was done: an act's or a message's, so that sending it again is harmless. ``owner`` is whose
    it is, as drafts have it. ``words`` say for people what it is. ``payload`` is what it is sent with, as JSON has it.
    ``queued_at`` is in UTC. ``refused`` is why the database will not have it, None while it waits. ``place`` is its
    place in line, 0 before it has one.
    """

    id: UUID
    owner: str
    kind: What
    tickets: tuple[UUID, ...]
    words: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    queued_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    refused: str | None = None
    place: int = 0

    @property
    def is_message(self) -> bool:
        """Whether it is a reply or a note: words to a ticket that is there."""
        return self.kind in ("reply", "note")

    @property
    def has_words(self) -> bool:
        """Whether somebody wrote it, and files may go with it: a message, or a new request."""
        return self.is_message or self.kind == "request"


def put(connection: sqlite3.Connection, entry: Entry, uploads: Sequence[Upload] = ()) -> Entry:
    """Puts something at the end of the line; what was refused under this id takes its old place again.

    Args:
        connection: in a transaction.
        entry: what.
        uploads: the files that go with it; those that a draft has brought along are there already.
    """
    for place, each in enumerate(uploads):
        connection.execute(
            "insert or ignore into files (id, message_id, place, name, size, data) values (?, ?, ?, ?, ?, ?)",
            (str(each.id), str(entry.id), place, each.name, each.size, each.data),
        )
    place_in_line = connection.execute(
        "insert into outbox (id, owner, kind, tickets, words, payload, queued_at) values (?, ?, ?, ?, ?, ?, ?)"
        " on conflict (id) do update set words = excluded.words, payload = excluded.payload, refused = null"
        " returning place",
        (
            str(entry.id),
            entry.owner,
            entry.kind,
            json.dumps([str(each) for each in entry.tickets]),
            entry.words,
            json.dumps(dict(entry.payload)),
            entry.queued_at.isoformat(),
        ),
    ).fetchone()
    return replace(entry, refused=None, place=place_in_line[0])


def entries(connection: sqlite3.Connection, owner: str) -> tuple[Entry, ...]:
    """What a person has in line, in order, what was refused too."""
    rows = connection.execute(f"select {_COLUMNS} from outbox where owner = ? order by place", (owner,))  # noqa: S608
    return tuple(
        Entry(
            UUID(entry_id),
            whose,
            kind,
            _ids(tickets),
            words,
            json.loads(payload),
            datetime.fromisoformat(queued_at),
            refused,
            place,
        )
        for place, entry_id, whose, kind, tickets, words, payload, queued_at, refused in rows
    )


@lru_cache(maxsize=64)
def _ids(told: str) -> tuple[UUID, ...]:
    """Ids from JSON. The line is read again and again, and an act may be about thousands."""
    return tuple(UUID(each) for each in json.loads(told))


def files(connection: sqlite3.Connection, entry: Entry) -> tuple[Upload, ...]:
    """The files that go with a message, with what is in them."""
    return tuple(
        Upload(each.name, journal_files.content(connection, each.id) or b"", each.id)
        for each in journal_files.of(connection, entry.id)
    )


def done(connection: sqlite3.Connection, entry: Entry) -> None:
    """The database has it: it is in line no more, and no draft either, unless that was written on."""
    connection.execute("delete from outbox where id = ?", (str(entry.id),))
    _take_draft(connection, entry)
    forget_files(connection, entry.id)


def drop(connection: sqlite3.Connection, entry_id: UUID) -> None:
    """Its author does not want it any more. A draft that was made of it stays."""
    connection.execute("delete from outbox where id = ?", (str(entry_id),))
    forget_files(connection, entry_id)


def refuse(connection: sqlite3.Connection, entry: Entry, why: str, tickets: Sequence[UUID] | None = None) -> None:
    """The database will not have it: it stays in line as refused, and words that were written are a draft again.

    Args:
        connection: in a transaction.
        entry: what.
        why: in words for people.
        tickets: for an act that was done to some tickets, those to which it was not. What is tried again is then
            another act: the first one has its answer.
    """
    if tickets is None:
        connection.execute("update outbox set refused = ? where id = ?", (why, str(entry.id)))
    else:
        connection.execute(
            "update outbox set refused = ?, id = ?, tickets = ? where id = ?",
            (why, str(uuid4()), json.dumps([str(each) for each in tickets]), str(entry.id)),
        )
    if entry.kind == "request":
        connection.execute(
            "insert or ignore into requests (id, owner, title, content, category, updated_at)"
            " values (?, ?, ?, ?, ?, ?)",
            (
                str(entry.id),
                entry.owner,
                entry.payload["title"],
                entry.payload["content"],
                entry.payload["category"],
                datetime.now(UTC).isoformat(),
            ),
        )
        if entry.payload.get("caller") is not None:
            connection.execute(
                "insert or ignore into requests_for (id, told) values (?, ?)",
                (str(entry.id), json.dumps(entry.payload["caller"])),
            )
    elif entry.is_message:
        # Under the same id: the database has answered that it has no such message.
        connection.execute(
            "insert or ignore into drafts"
            " (message_id, owner, ticket, kind, content, after_id, revision, updated_at, attempted)"
            " values (?, ?, ?, ?, ?, ?, 1, ?, null)",
            (
                str(entry.id),
                entry.owner,
                str(entry.tickets[0]),
                entry.kind,
                entry.payload["content"],
                entry.payload.get("after_id"),
                datetime.now(UTC).isoformat(),
            ),
        )


def try_again(connection: sqlite3.Connection, entry_id: UUID) -> None:
    """What was refused waits again, where it was in line."""
    connection.execute("update outbox set refused = null where id = ?", (str(entry_id),))


def take_drafts(connection: sqlite3.Connection, owner: str) -> None:
    """What waits in line is no draft besides: a program that was killed may have left it both."""
    for entry in entries(connection, owner):
        if entry.refused is None:
            _take_draft(connection, entry)


def _take_draft(connection: sqlite3.Connection, entry: Entry) -> None:
    if entry.is_message:
        connection.execute(
            "delete from drafts where message_id = ? and content = ?", (str(entry.id), entry.payload["content"])
        )
    elif entry.kind == "request":
        connection.execute(
            "delete from requests where id = ? and title = ? and content = ?",
            (str(entry.id), entry.payload["title"], entry.payload["content"]),
        )
        connection.execute(
            "delete from requests_for where id = ?1 and not exists (select 1 from requests where id = ?1)",
            (str(entry.id),),
        )


def forget_refused(connection: sqlite3.Connection, entry_id: UUID) -> None:
    """Words that were refused and are thrown away now, or sent otherwise, are explained no longer."""
    connection.execute("delete from outbox where id = ? and refused is not null", (str(entry_id),))


def forget_files(connection: sqlite3.Connection, message_id: UUID) -> None:
    """Forgets the files of a message or a request that is neither in line nor a draft."""
    connection.execute(
        "delete from files where message_id = ?1 and not exists (select 1 from outbox where id = ?1)"
        " and not exists (select 1 from drafts where message_id = ?1)"
        " and not exists (select 1 from requests where id = ?1)",
        (str(message_id),),
    )
