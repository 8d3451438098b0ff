"""One round trip: who is asking, the statements and the end of the transaction, sent in one go and answered in one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from helpdesk_tui.core import connecting, faults
from helpdesk_tui.core.connecting import Connection
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, Unreachable
from helpdesk_tui.core.pool import Line
from helpdesk_tui.core.statement import Statement

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

__all__ = ["IDENTITY", "PLANS", "READ", "WRITE", "Exchange", "Job", "Limits", "RoleUnknown", "looks_writing"]

READ = "begin isolation level repeatable read read only"
WRITE = "begin"
# Left to itself the server takes a general plan up after five runs, by a guess at what it costs: at 200,000 tickets one
# that read a page in 43 ms for one made for the page, in 4. A general plan that was looked at takes 1: see Statement.
PLANS = {True: "set plan_cache_mode = force_generic_plan", False: "set plan_cache_mode = force_custom_plan"}

_PATIENCE = "select set_config('statement_timeout', %s, true)"

# The role comes last: the settings before it are the login's own to make. An older setting that `auth.uid()` would
# believe first is emptied. Nothing is compiled: what is asked for here is done before a compiler is (a search of
# articles took 7.8 s of PostgreSQL 15 with, and 1.6 without).
IDENTITY = """select
  set_config('request.jwt.claims', %(claims)s, %(local)s),
  set_config('request.jwt.claim.sub', '', %(local)s),
  set_config('TimeZone', 'UTC', %(local)s),
  set_config('statement_timeout', %(statement)s, %(local)s),
  set_config('lock_timeout', %(lock)s, %(local)s),
  set_config('plan_cache_mode', 'force_custom_plan', %(local)s),
  set_config('jit', 'off', %(local)s),
  set_config('role', 'helpdesk_member', %(local)s)"""


# What only a statement that writes begins with or holds. A function that writes is found out by the database.
_WRITING = re.compile(
    r"^\s*(?:call|comment|copy|listen|lock|notify|refresh|truncate|unlisten)\b|\b(?:insert|update|delete|merge)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=512)
def looks_writing(sql: str) -> bool:
    """Whether a statement changes something, by its words."""
    return _WRITING.search(_QUOTED.sub(" ", sql)) is not None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how many. Times are in seconds."""

    connections: int = 3
    """At most; one of them is never used for reading."""
    statement: float = 15.0
    """The server stops a statement after this."""
    lock: float = 5.0
    """The server stops waiting for somebody else's transaction after this."""
    answer: float = 20.0
    """A server that has not answered after this is given up; the connection is closed."""
    cancelling: float = 2.0
    """A query that nobody waits for any more is stopped on the server; after this its connection is closed."""
    prepare_after: int = 3
    """A statement run more often than this on a connection is prepared there (never behind a pooler)."""
    collisions: int = 3
    """How often a transaction that lost against another one is run again."""


class RoleUnknown(DatabaseNotReady):
    """The login may not become ``helpdesk_member``, or there is no such role."""


@dataclass(eq=False, slots=True)
class Job:
    """One call of ``Database.run`` on its way."""

    statements: tuple[Statement[Any], ...]
    writes: bool
    idempotent: bool
    line: Line | None = None
    sent: bool = False
    left: bool = False
    overdue: bool = False
    unknown: bool = False
    stopped: asyncio.Event | None = None
    rows: list[list[Any]] = field(default_factory=list)
    patience: float | None = None


class Exchange:
    """What is said on a line.

    Args:
        settings: where the database is.
        limits: how long.

    Attributes:
        round_trips: how many there were.
    """

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.round_trips = 0
        self._settings = settings
        self._limits = limits

    async def send(self, line: Line, job: Job, session: Session) -> None:
        """Runs a job as somebody, and takes its rows.

        Raises:
            psycopg.Error: it was not done, or nobody knows; ``explain`` says it in words.
        """
        connection = line.connection
        seconds = max(self._limits.answer, job.patience or 0)
        alarm = asyncio.get_running_loop().call_later(seconds, self._overdue, line, job)
        cursors: list[psycopg.AsyncCursor[Any]] = []
        who: psycopg.AsyncCursor[Any] | None = None
        general = line.general
        try:
            self.round_trips += 1
            async with connection.pipeline():
                await connection.execute(WRITE if job.writes else READ, prepare=False)
                if self._settings.pooled or line.told is not session:
                    who = await connection.execute(IDENTITY, self._identity(session), prepare=False)
                    general = False
                if job.patience is not None:
                    await connection.execute(_PATIENCE, [f"{seconds * 1000:.0f}ms"], prepare=False)
                job.sent = True
                for statement in job.statements:
                    # Behind a pooler nothing is prepared, and every statement planned for what it asks.
                    if statement.general is not general and not self._settings.pooled:
                        general = statement.general
                        await connection.execute(PLANS[general], prepare=False)
                    cursor = connection.cursor(row_factory=statement.row) if statement.row else connection.cursor()
                    cursors.append(cursor)
                    await cursor.execute(statement.sql, statement.params or None)
                await connection.execute("commit", prepare=False)
            line.told, line.general = session, general
        except psycopg.Error as error:
            if faults.statement_forgotten(error):
                line.spent = True
            job.unknown = who is not None and who.pgresult is None and error.sqlstate in {"22023", "42501", "42704"}
            await self._roll_back(connection)
            raise
        finally:
            alarm.cancel()
        job.rows = [await cursor.fetchall() if cursor.description is not None else [] for cursor in cursors]

    async def _roll_back(self, connection: Connection) -> None:
        if connection.pgconn.status == pq.ConnStatus.OK:
            self.round_trips += 1
            try:
                await connection.rollback()
            except psycopg.Error:
                connecting.hang_up(connection)

    def _overdue(self, line: Line, job: Job) -> None:
        job.overdue = True
        connecting.hang_up(line.connection)

    def _identity(self, session: Session) -> dict[str, Any]:
        return {
            # Behind a transaction pooler nothing may outlive the transaction.
            "local": self._settings.pooled,
            "claims": connecting.claims(session),
            "statement": f"{self._limits.statement * 1000:.0f}ms",
            "lock": f"{self._limits.lock * 1000:.0f}ms",
        }

    def explain(self, failure: psycopg.Error, job: Job) -> HelpdeskError:
        """What to tell the caller."""
        host = connecting.place(self._settings)
        if job.overdue:
            return Unreachable(
                f"The database at {host} did not answer for {max(self._limits.answer, job.patience or 0):.0f} seconds.",
                faults.TRY_AGAIN,
            )
        if job.unknown:
            return RoleUnknown(
                f"The database at {host} does not know the role of people who sign in.",
                "Its owner can see what it lacks with `helpdesk db check`.",
            )
        return faults.answering(failure, host=host)
