"""The owner's own connection to a database: for setting it up and looking it over, never for a desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from helpdesk_tui.core import faults
from helpdesk_tui.core.errors import HelpdeskError, SettingsError

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@asynccontextmanager
async def owner(dsn: str) -> AsyncIterator[Connection]:
    """A connection as the owner, closed at the end; what was not committed is taken back.

    Raises:
        SettingsError: the connection string is no such thing, or the login is refused.
        Unreachable: nothing answers.
    """
    try:
        conninfo = make_conninfo(dsn, connect_timeout="10", application_name="helpdesk db", client_encoding="utf8")
    except psycopg.ProgrammingError:
        conninfo = None
    if conninfo is None:
        raise SettingsError(
            "That is no address of a database.",
            "It looks like postgresql://user@host:5432/database or “host=… dbname=…”.",
        )
    try:
        connection: Connection = await psycopg.AsyncConnection.connect(conninfo)
    except psycopg.Error as error:
        failure = _not_connected(error, dsn)
    else:
        try:
            yield connection
        finally:
            await connection.close()
        return
    raise failure


async def version(connection: Connection) -> int | None:
    """The version of the helpdesk in the database, None if it holds none."""
    cursor = await connection.execute("select to_regclass('private.schema_version') is not null")
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return None
    cursor = await connection.execute("select max(version) from private.schema_version")
    row = await cursor.fetchone()
    return None if row is None else row[0]


def _not_connected(error: psycopg.Error, dsn: str) -> HelpdeskError:
    code = faults.reason(error)
    host = host_of(dsn)
    if code in ("28000", "28P01"):
        return SettingsError(f"The database at {host} refuses this login.", "Check its name and password.")
    return faults.connecting(error, host=host)


def host_of(dsn: str) -> str:
    """The host of a connection string, in words for people."""
    host = str(conninfo_to_dict(dsn).get("host") or "")
    return "this computer" if not host or host.startswith("/") else host
