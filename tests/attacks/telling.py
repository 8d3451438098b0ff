"""Everything that a database says to whoever asks: rows, errors in all their fields, notices, notifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.pq import ExecStatus

from tests.db.sessions import Sync

OF_AN_ERROR: Final = (
    "sqlstate",
    "severity",
    "message_primary",
    "message_detail",
    "message_hint",
    "internal_query",
    "context",
    "schema_name",
    "table_name",
    "column_name",
    "datatype_name",
    "constraint_name",
)


@dataclass
class Told:
    """What somebody was told."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    changed: int = 0
    error: dict[str, str | None] | None = None
    notices: list[dict[str, str | None]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def code(self) -> str | None:
        """The SQLSTATE it failed with; none where it did not."""
        return self.error["sqlstate"] if self.error else None

    @property
    def words(self) -> str:
        """What the error says to people: its message and its hint."""
        return " ".join(filter(None, (self.error["message_primary"], self.error["message_hint"]))) if self.error else ""

    @property
    def messages(self) -> list[str]:
        """What notices said; not what the server warned of besides."""
        return [each["message_primary"] or "" for each in self.notices if each["severity"] == "NOTICE"]

    def __str__(self) -> str:
        return str((self.rows, self.changed, self.error, self.notices, self.notes))


def _fields(diag: psycopg.errors.Diagnostic) -> dict[str, str | None]:
    return {name: getattr(diag, name) for name in OF_AN_ERROR}


def tell(connection: Sync, script: str, parameters: dict[str, Any], *, stays: bool = False) -> Told:
    """Runs a script (several statements only where ``connection`` makes client cursors) and gives all that it said.

    ``%(name)s`` in it are ``parameters``. What it did is rolled back unless it ``stays``. A COPY to stdout is read.
    """
    told = Told()

    def notice(diag: psycopg.errors.Diagnostic) -> None:
        told.notices.append(_fields(diag))

    def note(notify: psycopg.Notify) -> None:
        told.notes.append((notify.channel, notify.payload))

    connection.add_notice_handler(notice)
    connection.add_notify_handler(note)
    try:
        if stays:
            _run(connection, script, parameters, told)
        else:
            connection.execute("begin")
            try:
                _run(connection, script, parameters, told)
            finally:
                if not connection.closed:
                    connection.execute("rollback")
    except psycopg.Error as error:
        told.error = _fields(error.diag)
        if error.sqlstate is None:
            told.error["message_primary"] = str(error)
    finally:
        connection.remove_notice_handler(notice)
        connection.remove_notify_handler(note)
    return told


def _run(connection: Sync, script: str, parameters: dict[str, Any], told: Told) -> None:
    values = parameters if "%" in script else None
    with connection.cursor() as cursor:
        if script.lstrip().lower().startswith("copy") and " to stdout" in script.lower():
            with cursor.copy(script.encode(), values) as copy:
                told.rows += [(bytes(block),) for block in copy]
            return
        cursor.execute(script.encode(), values)
        while True:
            if cursor.pgresult is not None and cursor.pgresult.status == ExecStatus.TUPLES_OK:
                told.rows += cursor.fetchall()
            else:
                told.changed += max(cursor.rowcount, 0)
            if not cursor.nextset():
                return
