"""The audit: who changed what, when and from which session; sealed and verified by the owner of the database.

The rows are written by triggers and chained by hashes in the database (docs/audit.md). An admin reads those of a ticket
by the person's own connection; sealing and verifying is the owner's, on the owner's connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar, cast
from uuid import UUID

import psycopg

from helpdesk_tui.core import faults, schema_version, tickets
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import HelpdeskError, NotFound
from helpdesk_tui.core.owner import Connection, host_of, owner, version
from helpdesk_tui.core.statement import Statement, positional

T = TypeVar("T")
Op = Literal["insert", "update", "delete", "truncate"]
PAGE: Final = 500
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that was changed.

    Args:
        at: when.
        chain: which chain it is written in.
        seq: its number in the chain, from 1.
        actor: the person; None: a job of the owner's.
        name: what they are called now; None where they are gone, or were nobody.
        session: the sign-in; None for such a job.
        login: the database login, where it is not the session's own.
        op: what was done.
        table: with its schema.
        key: the row's primary key.
        old: column → value before: of an update those that changed, of a delete all; else None.
        new: column → value after, likewise.
        names: id → what people call it, of ids in ``old`` and ``new``.
    """

    at: datetime
    chain: int
    seq: int
    actor: UUID | None
    name: str | None
    session: UUID | None
    login: str | None
    op: Op
    table: str
    key: str | None
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    names: Mapping[str, str] | None

    def changes(self) -> list[tuple[str, Any, Any]]:
        """Column, before, after; in the order of the columns' names. What is empty before and after is left out."""
        old, new = self.old or {}, self.new or {}
        return [
            (column, old.get(column), new.get(column))
            for column in sorted({*old, *new})
            if (old.get(column), new.get(column)) != (None, None)
        ]


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal.

    Args:
        number: from 1.
        at: when it was made.
        hash: in hexadecimal digits; kept elsewhere, it proves what the audit was then.
    """

    number: int
    at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong with the audit: ``what`` in words, and where, as far as it is at one row."""

    what: str
    chain: int | None
    seq: int | None
    table: str | None
    key: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found.

    Args:
        wrong: everything that is wrong; empty: the audit is whole.
        rows: how many rows there are.
        chains: how many chains they are in.
        seal: the newest seal; None where there is none.
    """

    wrong: tuple[Wrong, ...]
    rows: int
    chains: int
    seal: Seal | None


def page(ticket: UUID, after: Entry | None = None, *, limit: int = PAGE) -> Statement[Entry]:
    """What changed about a ticket, oldest first, behind an entry. For admins."""
    mark = (None, None, None) if after is None else (after.at, after.chain, after.seq)
    return Statement(
        "select * from helpdesk.audit_of(%s, %s, %s, %s, %s)", (ticket, *mark, limit), positional(Entry), writes=False
    )


async def of_ticket(database: Database, reference: str) -> list[Entry]:
    """Everything that changed about a ticket, oldest first.

    Args:
        database: as an admin.
        reference: the ticket's number, or its id: also of one that was removed.

    Raises:
        NotFound: there is no such ticket, and nothing recorded of it.
        Refused: whoever asks is no admin.
        BadInput: that is no number and no id.
    """
    try:
        ticket = UUID(reference.strip())
    except ValueError:
        found = await database.fetch(tickets.find(reference))
        if not found:
            raise NotFound("There is no such ticket.", "Of one that was removed, give the id.") from None
        ticket = found[0].id
    entries: list[Entry] = []
    while True:
        more = await database.fetch(page(ticket, entries[-1] if entries else None))
        entries += more
        if len(more) < PAGE:
            break
    if not entries and not await database.fetch(tickets.find(str(ticket))):
        raise NotFound("There is no such ticket, and nothing is recorded of it.")
    return entries


async def seal(dsn: str) -> Seal | None:
    """Seals what was written since the last seal. Waits for no transaction of anybody's.

    Args:
        dsn: how to connect as the owner.

    Returns: the newest seal; None where nothing was ever recorded.

    Raises: as ``verify``.
    """
    return await _as_owner(dsn, seal_on, read_only=False)


async def seal_on(connection: Connection) -> Seal | None:
    """The same on the owner's open connection, in its transaction."""
    cursor = await connection.execute("select seal, at, encode(hash, 'hex') from private.audit_seal()")
    row = await cursor.fetchone()
    return None if row is None else Seal(*row)


async def verify(dsn: str, *, expect: str | None = None) -> Verdict:
    """Goes through all of the audit and says what is wrong with it. Changes nothing.

    Args:
        dsn: how to connect as the owner.
        expect: the hash of a seal that was kept elsewhere: one of the seals must bear it.

    Raises:
        DatabaseNotReady, NewerDatabase: the database does not fit this release.
        Refused: the login is not the owner's.
        SettingsError: the connection string is no such thing, or is refused.
        Unreachable: the database does not answer.
    """

    async def look(connection: Connection) -> Verdict:
        cursor = await connection.execute("select * from private.audit_verify()")
        wrong = [Wrong(*row) for row in await cursor.fetchall()]
        cursor = await connection.execute("select count(*), count(distinct chain) from private.audit")
        rows, chains = cast("tuple[int, int]", await cursor.fetchone())
        cursor = await connection.execute("select seal, at, encode(hash, 'hex') from private.audit_seals order by seal")
        seals = [Seal(*row) for row in await cursor.fetchall()]
        if expect is not None and expect.strip().lower() not in {each.hash for each in seals}:
            wrong.append(Wrong("no seal has the hash that was expected", None, None, None, None, None))
        return Verdict(tuple(wrong), rows, chains, seals[-1] if seals else None)

    return await _as_owner(dsn, look, read_only=True)


async def _as_owner(dsn: str, do: Callable[[Connection], Awaitable[T]], *, read_only: bool) -> T:
    failure: HelpdeskError
    async with owner(dsn) as connection:
        try:
            schema_version.require(await version(connection))
            await connection.rollback()
            if read_only:
                # One look at one moment, while others write on.
                await connection.execute("set transaction isolation level repeatable read read only")
            await connection.execute("set local statement_timeout = 0")
            done = await do(connection)
            await connection.commit()
        except psycopg.Error as error:
            failure = faults.answering(error, host=host_of(dsn))
        else:
            return done
    raise failure
