"""The helpdesk's database in the local server: made whole, with the demo's content, and brought up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
from psycopg import sql

from helpdesk_tui.core import schema
from helpdesk_tui.core.errors import HelpdeskError, LocalError, NewerDatabase
from helpdesk_tui.local import cluster, stamp
from helpdesk_tui.local.server import LocalServer
from helpdesk_tui.local.stamp import AUTH_FILE, DATABASE

_BUILDING = "helpdesk_building"
_LOCK = "select pg_advisory_lock(hashtextextended('helpdesk demo', 0))"


async def ensure(server: LocalServer, *, content: bool = True) -> None:
    """Makes the database if there is none, and applies this release's files if they are others than the last ones.

    Several programs may do this at once, and each may be killed at any moment: the database gets its name when it is
    complete.

    Args:
        server: started.
        content: with the demo's people, tickets, articles and chats.

    Raises:
        NewerDatabase: a newer release made it.
        LocalError: it cannot be made or brought up to date.
    """
    if stamp.is_current(server):
        return
    try:
        async with await psycopg.AsyncConnection.connect(server.dsn(), autocommit=True) as connection:
            await connection.execute(_LOCK)
            cursor = await connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if await cursor.fetchone():
                await _apply(server.dsn(DATABASE))
            else:
                await _make(connection, server, content=content)
    except NewerDatabase as error:
        raise NewerDatabase(
            error.message, "Upgrade helpdesk-tui, or start over with `helpdesk demo --reset`."
        ) from error
    except (psycopg.Error, HelpdeskError) as error:
        reason = cluster.why(str(error), server.places.home)
        raise LocalError(
            f"The demo's database could not be set up: {reason}", "`helpdesk demo --reset` starts over."
        ) from error
    stamp.put(server)


async def _make(connection: psycopg.AsyncConnection[tuple[object, ...]], server: LocalServer, *, content: bool) -> None:
    building, final = sql.Identifier(_BUILDING), sql.Identifier(DATABASE)
    await connection.execute(sql.SQL("drop database if exists {} with (force)").format(building))
    await connection.execute(sql.SQL("create database {}").format(building))
    await _apply(server.dsn(_BUILDING))
    if content:
        from helpdesk_tui.local.demo import fill

        await asyncio.to_thread(fill, server.dsn(_BUILDING))
    await connection.execute(sql.SQL("alter database {} rename to {}").format(building, final))


async def _apply(dsn: str) -> None:
    """Runs this release's files, each as often as one likes."""
    await schema.apply(dsn)
    await asyncio.to_thread(_run, dsn, AUTH_FILE)


def _run(dsn: str, file: Path) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(file.read_bytes())
