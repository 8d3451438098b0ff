"""Sets a database up, or brings it up to date: what psql does with the files of ``db/``, with a look at it before.

Everything happens in one transaction, on the owner's own connection. Looking at what would be done does it and takes
it back, so what is shown is what happens.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg

from helpdesk_tui.core import faults
from helpdesk_tui.core.errors import (
    BadInput,
    DatabaseNotReady,
    HelpdeskError,
    NewerDatabase,
    NotFound,
    Refused,
    Unreachable,
)
from helpdesk_tui.core.owner import Connection, host_of, owner, version
from helpdesk_tui.core.schema_check import Finding, check
from helpdesk_tui.core.schema_files import POLICIES, SCHEMA, find_db_dir, migrations
from helpdesk_tui.core.schema_inventory import Change, difference, inventory
from helpdesk_tui.core.schema_version import VERSION
from helpdesk_tui.core.wording import printable, sentence

__all__ = ["VERSION", "Applied", "Change", "Finding", "apply", "check", "find_db_dir", "forget_factors"]

# Two who apply at once do it one after the other.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('helpdesk db apply', 0))"
LOCK_SECONDS = 10
"""A table that a running transaction holds is waited for so long; then nothing is done."""
_PLURALS = {"index": "indexes", "policy": "policies"}


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, or would be.

    Args:
        before: the version that the database was at; None: it held no helpdesk.
        after: the version it is at now.
        files: the names of the files that were run, in their order.
        changes: what is another than before.
        warnings: what the database had to say.
        dry_run: True: it was taken back.
        admin: what became of the first admin that was named; "" if none was.
    """

    before: int | None
    after: int
    files: tuple[str, ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    dry_run: bool
    admin: str = ""

    def lines(self) -> list[str]:
        """The same in words, a line each."""
        first = "a database without a helpdesk" if self.before is None else f"a helpdesk at version {self.before}"
        said = [f"{first} → version {self.after}", f"files: {', '.join(self.files)}"]
        counted = Counter((change.done, change.kind) for change in self.changes)
        for (done, kind), number in sorted(counted.items()):
            names = sorted(change.name for change in self.changes if (change.done, change.kind) == (done, kind))
            words = kind if number == 1 or kind == "grants" else _PLURALS.get(kind, f"{kind}s")
            said.append(f"{done}: {number} {words}: {', '.join(names)}")
        if not self.changes:
            said.append("nothing changes")
        if self.admin:
            said.append(f"admin: {self.admin}")
        return said + [f"warning: {warning}" for warning in self.warnings]


async def apply(dsn: str, *, dry_run: bool = False, admin: str | None = None) -> Applied:
    """Sets the database up or brings it up to date, in one transaction; can be done again and again.

    Args:
        dsn: how to connect as the owner: a libpq connection string or URI.
        dry_run: only look at what would be done. Waits for nobody: a database that is busy says so.
        admin: the address of the first admin, for a helpdesk that has none: at once if it has a confirmed account,
            else as soon as somebody signs up with it and confirms it.

    Raises:
        NewerDatabase: the database was set up by a newer release; nothing was changed.
        DatabaseNotReady: a file could not be run; the message names the line. Nothing was changed.
        Refused: this login may not do it, or there is an admin already. Nothing was changed.
        BadInput: ``admin`` is no e-mail address. Nothing was changed.
        Unreachable: the database does not answer, or somebody else holds what is to be changed.
        SettingsError: the connection string is no such thing, or is refused.
    """
    directory = find_db_dir()
    async with owner(dsn) as connection:
        warnings: list[str] = []
        connection.add_notice_handler(lambda notice: _hear(notice, warnings))
        try:
            await connection.execute(
                "select set_config('lock_timeout', %s, true), set_config('statement_timeout', '0', true)",
                ["1s" if dry_run else f"{LOCK_SECONDS}s"],
            )
            await connection.execute(_LOCK)
            before = await version(connection)
            if before is not None and before > VERSION:
                raise newer(before)
            steps = [] if before is None else migrations(directory / "migrations", since=before)
            files = [*steps, directory / SCHEMA, directory / POLICIES]
            earlier = await inventory(connection)
            for file in files:
                await _run(connection, file)
            named = await _first_admin(connection, admin) if admin is not None else ""
            later = await inventory(connection)
            after = await version(connection) or 0
            await (connection.rollback() if dry_run else connection.commit())
        except psycopg.Error as error:
            failure = _plainly(error, dsn)
        else:
            names = tuple(file.name for file in files)
            return Applied(before, after, names, difference(earlier, later), tuple(warnings), dry_run, named)
    raise failure


async def forget_factors(dsn: str, email: str) -> int:
    """Takes all second factors of an account away, and ends its sign-ins. Returns how many there were.

    Args:
        dsn: how to connect as the owner: a libpq connection string or URI.
        email: the address of the account.

    Raises:
        NotFound: there is no account with this address.
        DatabaseNotReady, Refused, SettingsError, Unreachable: as ``apply``.
    """
    async with owner(dsn) as connection:
        try:
            cursor = await connection.execute("select private.forget_factors(%s)", [email])
            row = await cursor.fetchone()
            await connection.commit()
        except psycopg.Error as error:
            failure = _plainly(error, dsn)
        else:
            return int(row[0]) if row is not None else 0
    raise failure


async def _first_admin(connection: Connection, email: str) -> str:
    cursor = await connection.execute("select private.first_admin(%s)", [email])
    row = await cursor.fetchone()
    return printable(row[0]) if row is not None else ""


def newer(found: int) -> NewerDatabase:
    """What to say of a database that is too new."""
    return NewerDatabase(
        f"The database is at version {found}, this helpdesk-tui only knows up to version {VERSION}."
        " Nothing was changed.",
        "Upgrade helpdesk-tui, then apply again.",
    )


class _InFile(psycopg.Error):
    """An error with the place in the file where it arose."""

    def __init__(self, cause: psycopg.Error, place: str) -> None:
        super().__init__(str(cause))
        self.cause, self.place = cause, place


async def _run(connection: Connection, file: Path) -> None:
    text = await asyncio.to_thread(file.read_text, "utf-8")
    cursor = await connection.execute("select pg_current_xact_id()::text")
    transaction = await cursor.fetchone()
    try:
        # Without parameters psycopg sends it as one simple query, as psql -f would, statement after statement.
        await connection.execute(text.encode())
    except psycopg.Error as error:
        raise _InFile(error, _place(error, file, text)) from None
    cursor = await connection.execute("select pg_current_xact_id()::text")
    if await cursor.fetchone() != transaction:
        raise DatabaseNotReady(f"{file.name} ends the transaction it is run in.", "The fault is ours.")


def _place(error: psycopg.Error, file: Path, text: str) -> str:
    """The file and the line, counted from 1; the line only where the server tells the position."""
    position = error.diag.statement_position
    return f"{file.name}, line {text.count(chr(10), 0, int(position) - 1) + 1}" if position else file.name


def _plainly(error: psycopg.Error, dsn: str) -> HelpdeskError:
    """Whoever applies is the owner: they are told what the server said, and where."""
    cause, where = (error.cause, f"{error.place}: ") if isinstance(error, _InFile) else (error, "")
    said = f"{where}{sentence(cause.diag.message_primary or '')}"
    hint = sentence(cause.diag.message_hint or "")
    if cause.sqlstate == "HD009":
        return NewerDatabase(said, hint or None)
    if cause.sqlstate in ("HD002", "HD003"):
        kind = BadInput if cause.sqlstate == "HD002" else Refused
        return kind(f"{said} Nothing was changed.", hint or None)
    if cause.sqlstate == "HD004":
        return NotFound(f"{said} Nothing was changed.", hint or None)
    if cause.sqlstate == "42501":
        return Refused(
            f"This login may not set up the helpdesk; nothing was changed. {said}",
            "Use the login that owns the database and may create roles.",
        )
    if cause.sqlstate in ("55P03", "57014"):
        return Unreachable(
            "Somebody else holds what is to be changed; nothing was changed.", "Try again when the desk is quieter."
        )
    if cause.sqlstate is None or cause.sqlstate.startswith(("08", "57", "53")):
        return faults.answering(cause, host=host_of(dsn))
    return DatabaseNotReady(f"{said} Nothing was changed.", hint or None)


def _hear(notice: psycopg.errors.Diagnostic, warnings: list[str]) -> None:
    if notice.severity_nonlocalized == "WARNING" and notice.message_primary:
        warnings.append(printable(notice.message_primary))
