"""The files of drafts, kept beside them in the journal as they were when they were attached."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID, uuid4

from helpdesk_tui.core.attachments import Upload

__all__ = ["SCHEMA", "DraftFile", "anew", "content", "forget", "keep", "of"]

SCHEMA: Final = """
create table if not exists files (
    id         text primary key,
    message_id text not null,
    place      integer not null,
    name       text not null,
    size       integer not null,
    data       blob not null
)
"""
INDEX: Final = "create index if not exists files_of on files (message_id, place)"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that goes with a draft. ``data`` is None where the journal has it; ``size`` is in bytes."""

    id: UUID
    name: str
    size: int
    data: bytes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, upload: Upload) -> DraftFile:
        """A file that was just read."""
        return cls(upload.id, upload.name, upload.size, upload.data)


def anew(files: Sequence[DraftFile]) -> tuple[DraftFile, ...]:
    """The same files for another message: under an id there is one of them in the database."""
    return tuple(replace(each, id=uuid4()) for each in files)


def keep(
    connection: sqlite3.Connection, message_id: UUID, files: Sequence[DraftFile], before: Sequence[DraftFile]
) -> tuple[DraftFile, ...]:
    """Keeps the files of a draft, and those alone.

    Args:
        connection: in a transaction.
        message_id: the draft's.
        files: its files.
        before: the same files under the ids that they had until now.

    Returns:
        The files as they are kept; one whose content is nowhere any more is not among them.
    """
    for place, (old, each) in enumerate(zip(before, files, strict=True)):
        if each.data is not None:
            connection.execute(
                "insert or ignore into files (id, message_id, place, name, size, data) values (?, ?, ?, ?, ?, ?)",
                (str(each.id), str(message_id), place, each.name, each.size, each.data),
            )
        elif old.id != each.id:
            connection.execute(
                "insert into files (id, message_id, place, name, size, data)"
                " select ?, ?, ?, name, size, data from files where id = ?",
                (str(each.id), str(message_id), place, str(old.id)),
            )
    wanted = {str(each.id) for each in files}
    there = {row[0] for row in connection.execute("select id from files where message_id = ?", (str(message_id),))}
    connection.executemany("delete from files where id = ?", [(gone,) for gone in there - wanted])
    return tuple(replace(each, data=None) for each in files if str(each.id) in there)


def of(connection: sqlite3.Connection, message_id: UUID) -> tuple[DraftFile, ...]:
    """The files of a draft, in the order they were attached."""
    rows = connection.execute(
        "select id, name, size from files where message_id = ? order by place, id", (str(message_id),)
    )
    return tuple(DraftFile(UUID(file_id), name, size) for file_id, name, size in rows)


def content(connection: sqlite3.Connection, file_id: UUID) -> bytes | None:
    """What is in a file; None where it is not there any more."""
    row = connection.execute("select data from files where id = ?", (str(file_id),)).fetchone()
    return bytes(row[0]) if row else None


def forget(connection: sqlite3.Connection, message_id: UUID) -> None:
    """Forgets the files of a draft."""
    connection.execute("delete from files where message_id = ?", (str(message_id),))
