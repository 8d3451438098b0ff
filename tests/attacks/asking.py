"""What a statement answers to an asynchronous connection, and what it fails with."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.world import Connection


async def rows(connection: Connection, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    return await (await connection.execute(statement.encode(), parameters or None)).fetchall()


async def code(connection: Connection, statement: str, *parameters: Any) -> str | None:
    """The SQLSTATE that a statement fails with, none where it does not; nothing of it stays."""
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(statement.encode(), parameters or None)
    except psycopg.Error as error:
        return error.sqlstate
    return None


async def told(connection: psycopg.AsyncConnection[Any], statement: str, parameters: dict[str, Any]) -> str:
    """All that a statement tells, an error's words too; nothing of it stays."""
    try:
        async with connection.transaction(force_rollback=True):
            cursor = await connection.execute(statement.encode(), parameters)
            return str(await cursor.fetchall())
    except psycopg.Error as error:
        diag = error.diag
        return str((diag.sqlstate, diag.message_primary, diag.message_detail, diag.message_hint, diag.constraint_name))
