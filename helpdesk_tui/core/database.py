"""The desk's way to Postgres: every call is one network round trip and one transaction, as the person signed in.

A call is sent in one go (``begin``, who is asking, the statements, ``commit``, one sync) and answered in one go. What
only reads runs in a read-only, repeatable-read transaction, so that the panes of one call agree with each other and
no query changes anything by mistake. What writes waits its turn on a connection that reading never takes: acts are
done in the order they were given, and a slow search never holds one up.
"""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import pq

from helpdesk_tui.core import connecting, faults, schema_version
from helpdesk_tui.core.connecting import Connection, Renew
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, SignInError, Unreachable
from helpdesk_tui.core.pool import Line, Pool
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

__all__ = ["Database", "Limits", "Statement", "only", "positional"]

T = TypeVar("T")

_VERSION = Statement("select helpdesk.version()", row=only(int))
READ = "begin isolation level repeatable read read only"
WRITE = "begin"
# Left to itself the server takes a general plan up after five runs, by a guess at what it costs: at 200,000 tickets one
# that read a page in 43 ms for one made for the page, in 4. A general plan that was looked at takes 1: see Statement.
PLANS = {True: "set plan_cache_mode = force_generic_plan", False: "set plan_cache_mode = force_custom_plan"}

# What only a statement that writes begins with or holds. A function that writes is found out by the database.
_WRITING = re.compile(
    r"^\s*(?:call|comment|copy|listen|lock|notify|refresh|truncate|unlisten)\b|\b(?:insert|update|delete|merge)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=512)
def _looks_writing(sql: str) -> bool:
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


class _RoleUnknown(DatabaseNotReady):
    """The login may not become ``helpdesk_member``, or there is no such role."""


@dataclass(eq=False, slots=True)
class _Job:
    """One call of ``run`` on its way."""

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


class Database:
    """The database as one signed-in person sees it. Made by ``Database.connect``.

    ``round_trips`` counts the network round trips of all calls (not those that opening a connection takes).
    """

    def __init__(
        self, settings: Settings, session: Session, *, renew: Renew | None = None, limits: Limits | None = None
    ) -> None:
        self.round_trips = 0
        self._settings = settings
        self._session = session
        self._renew = renew
        self._limits = limits or Limits()
        self._pool = Pool(self._open, self._limits.connections)
        # Both let callers in first come, first served.
        self._acting = asyncio.Lock()
        self._reading = asyncio.Semaphore(max(1, self._limits.connections - 1))
        self._writers: set[str] = set()
        self._jobs: dict[asyncio.Task[Any], _Job] = {}
        self._closed = False

    @classmethod
    async def connect(
        cls, settings: Settings, session: Session, *, renew: Renew | None = None, limits: Limits | None = None
    ) -> Self:
        """Opens a first connection and sees that the database fits this release.

        Args:
            settings: where the database is.
            session: who asks.
            renew: called when the login has expired; what it returns is used from then on (``SignIn.refresh``).
            limits: times and numbers other than the usual ones.

        Raises:
            SignInError: the database refuses the sign-in (kind ``expired``).
            Unreachable: the database does not answer.
            NewerDatabase: it was set up by a newer release.
            DatabaseNotReady: it holds no helpdesk, or an older one.
        """
        database, _ = await cls.connect_asking(settings, session, renew=renew, limits=limits)
        return database

    @classmethod
    async def connect_asking(
        cls,
        settings: Settings,
        session: Session,
        *statements: Statement[Any],
        renew: Renew | None = None,
        limits: Limits | None = None,
    ) -> tuple[Self, list[list[Any]]]:
        """As ``connect``, and asks a first question in the same round trip.

        Returns:
            The database, and the rows of each statement.

        Raises:
            HelpdeskError: as ``connect``; that the database does not fit comes before what it says to the statements.
        """
        database = cls(settings, session, renew=renew, limits=limits)
        try:
            try:
                found, *rows = await database.run(_VERSION, *statements)
            except (_RoleUnknown, SignInError, Unreachable):
                raise
            except HelpdeskError:
                # Perhaps since it is another version's; if not, it is what was asked.
                schema_version.require(await database.version())
                raise
            schema_version.require(found[0] if found else None)
        except BaseException:
            await database.close()
            raise
        return database, rows

    async def version(self) -> int | None:
        """The version of the helpdesk that the database holds, None if it holds none."""
        try:
            found = await self.fetch(_VERSION)
        except _RoleUnknown:
            raise
        except DatabaseNotReady:
            return None
        return found[0] if found else None

    async def fetch(self, statement: Statement[T], *, idempotent: bool = False) -> list[T]:
        """The rows of one statement. See ``run``."""
        rows: list[list[T]] = await self.run(statement, idempotent=idempotent)
        return rows[0]

    async def run(
        self, *statements: Statement[Any], idempotent: bool = False, patience: float | None = None
    ) -> list[list[Any]]:
        """Runs statements in one transaction and one network round trip: all of them are done, or none.

        If the connection is lost, reading is tried once more on a new one. Writing is not, since it may have been
        done: unless ``idempotent``, for what changes nothing when it is sent twice.

        A caller that is cancelled leaves no connection behind in a bad state: a query that only reads is stopped, an
        act that was sent is let finish.

        Args:
            statements: what to run; each one's row factory makes its rows.
            idempotent: sending twice does no harm.
            patience: seconds that it may take, on the server too, where it carries files; None: as everything.

        Returns:
            A list of rows for each statement; empty for one that returns none.

        Raises:
            HelpdeskError: whichever class fits, in plain words; see ``core.errors``.
        """
        if not statements:
            return []
        if self._closed:
            raise Unreachable("The connection to the database has been closed.")
        job = _Job(statements, any(self._judge(each) for each in statements), idempotent, patience=patience)
        task = asyncio.create_task(self._perform(job))
        self._jobs[task] = job
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._leave(job, task)
            raise

    async def warm(self) -> None:
        """Opens the connection that acts will use, so that the first act need not wait for it.

        That this fails is no news: whoever acts will be told.
        """
        with suppress(HelpdeskError):
            await self._pool.spare()

    async def use(self, session: Session) -> None:
        """From now on connects as ``session`` and tells open connections its claims.

        Connections of the same login outlive a refresh; those of another login are closed.
        """
        other = session.db_user != self._session.db_user
        self._session = session
        if other:
            self._pool.retire()

    async def close(self) -> None:
        """Lets acts that were sent finish, stops what reads, and closes every connection."""
        self._closed = True
        for task, job in tuple(self._jobs.items()):
            if not job.writes:
                self._leave(job, task)
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=self._limits.cancelling)
        for task in tuple(self._jobs):
            task.cancel()
        await self._pool.close()

    # -- one call -----------------------------------------------------------------------------------------------------

    def _judge(self, statement: Statement[Any]) -> bool:
        """Whether a statement writes, as far as is known before it is run."""
        if statement.writes is not None:
            return statement.writes
        if statement.sql in self._writers:
            return True
        return _looks_writing(statement.sql)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._jobs.pop(task, None)
        if not task.cancelled():
            task.exception()  # seen: a caller that has left does not ask for it

    def _leave(self, job: _Job, task: asyncio.Task[Any]) -> None:
        """The caller is gone."""
        if job.left:
            return
        job.left = True
        if job.line is None or not job.sent:
            task.cancel()
        elif not job.writes:
            job.stopped = asyncio.Event()
            stopping = asyncio.create_task(self._stop(job.line.connection, task, job.stopped))
            self._jobs[stopping] = job
            stopping.add_done_callback(self._done)

    async def _stop(self, connection: Connection, task: asyncio.Task[Any], stopped: asyncio.Event) -> None:
        """Has the server stop a query; a server that does not is hung up on."""
        seconds = self._limits.cancelling
        try:
            await connection.cancel_safe(timeout=seconds)
        except psycopg.Error:
            connecting.hang_up(connection)
        finally:
            stopped.set()
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            connecting.hang_up(connection)

    async def _perform(self, job: _Job) -> list[list[Any]]:
        failure: psycopg.Error | None = None
        if not job.writes:
            async with self._reading:
                failure = await self._attempts(job)
            unmarked = [each.sql for each in job.statements if each.writes is None]
            if failure is not None and failure.sqlstate == "25006" and unmarked and not job.left:
                # A function that writes, in a read-only transaction: nothing was done. It is known from now on.
                self._writers.update(unmarked)
                job.writes = True
        if job.writes:
            async with self._acting:
                failure = await self._attempts(job)
        if failure is not None:
            raise self._explain(failure, job)
        return job.rows

    async def _attempts(self, job: _Job) -> psycopg.Error | None:
        """Tries until it is done or may not be tried again.

        Returns:
            None when it is done, else what came between.
        """
        retries, collisions = 1, self._limits.collisions
        while True:
            line = await self._pool.take()
            job.line, job.sent, job.overdue = line, False, False
            failure: psycopg.Error | None = None
            try:
                await self._exchange(line, job)
            except psycopg.Error as error:
                failure = error.with_traceback(None)
            finally:
                job.line = None
                if job.stopped is not None:
                    # A request to stop that is still under way would stop what the connection does next.
                    await job.stopped.wait()
                self._pool.give(line)
            if failure is None or job.left or job.overdue:
                return failure
            if faults.rolled_back(failure) and collisions:
                collisions -= 1
                await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311  (not a secret)
            elif retries and self._may_retry(failure, job):
                retries -= 1
            else:
                return failure

    def _may_retry(self, failure: psycopg.Error, job: _Job) -> bool:
        if faults.statement_forgotten(failure):
            return True
        return faults.connection_lost(failure) and (job.idempotent or not job.writes or not job.sent)

    async def _exchange(self, line: Line, job: _Job) -> None:
        """The one round trip."""
        connection = line.connection
        session = self._session
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
                    who = await connection.execute(_IDENTITY, self._identity(session), prepare=False)
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

    def _overdue(self, line: Line, job: _Job) -> None:
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

    def _explain(self, failure: psycopg.Error, job: _Job) -> HelpdeskError:
        """What to tell the caller."""
        host = connecting.place(self._settings)
        if job.overdue:
            return Unreachable(
                f"The database at {host} did not answer for {max(self._limits.answer, job.patience or 0):.0f} seconds.",
                faults.TRY_AGAIN,
            )
        if job.unknown:
            return _RoleUnknown(
                f"The database at {host} does not know the role of people who sign in.",
                "Its owner can see what it lacks with `helpdesk db check`.",
            )
        return faults.answering(failure, host=host)

    async def _open(self) -> Line:
        asked = self._session
        connection, session = await connecting.connect_renewed(self._connect_as, asked, self._renew)
        if session is not asked:
            self._session = session
        return Line(connection, user=session.db_user)

    async def _connect_as(self, session: Session) -> Connection:
        prepare_after = None if self._settings.pooled else self._limits.prepare_after
        return await connecting.connect(self._settings, session, prepare_after=prepare_after)


_PATIENCE = "select set_config('statement_timeout', %s, true)"

# The role comes last: the settings before it are the login's own to make. An older setting that `auth.uid()` would
# believe first is emptied.
_IDENTITY = """select
  set_config('request.jwt.claims', %(claims)s, %(local)s),
  set_config('request.jwt.claim.sub', '', %(local)s),
  set_config('TimeZone', 'UTC', %(local)s),
  set_config('statement_timeout', %(statement)s, %(local)s),
  set_config('lock_timeout', %(lock)s, %(local)s),
  set_config('plan_cache_mode', 'force_custom_plan', %(local)s),
  set_config('role', 'helpdesk_member', %(local)s)"""
