"""The desk's way to Postgres: every call is one network round trip and one transaction, as the person signed in.

A call is sent in one go (``begin``, who is asking, the statements, ``commit``, one sync) and answered in one go. What
only reads runs in a read-only, repeatable-read transaction, so that the panes of one call agree with each other and
no query changes anything by mistake. What writes waits its turn on a connection that reading never takes: acts are
done in the order they were given, and a slow search never holds one up.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg

from helpdesk_tui.core import connecting, faults, schema_version
from helpdesk_tui.core.connecting import Connection, Renew
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, SignInError, Unreachable
from helpdesk_tui.core.exchange import Exchange, Job, Limits, RoleUnknown, looks_writing
from helpdesk_tui.core.pool import Line, Pool
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

__all__ = ["Database", "Limits", "Statement", "only", "positional"]

T = TypeVar("T")

_VERSION = Statement("select helpdesk.version()", row=only(int))


class Database:
    """The database as one signed-in person sees it. Made by ``Database.connect``."""

    def __init__(
        self, settings: Settings, session: Session, *, renew: Renew | None = None, limits: Limits | None = None
    ) -> None:
        self._settings = settings
        self._session = session
        self._renew = renew
        self._limits = limits or Limits()
        self._exchange = Exchange(settings, self._limits)
        self._pool = Pool(self._open, self._limits.connections)
        # Both let callers in first come, first served.
        self._acting = asyncio.Lock()
        self._reading = asyncio.Semaphore(max(1, self._limits.connections - 1))
        self._writers: set[str] = set()
        self._jobs: dict[asyncio.Task[Any], Job] = {}
        self._closed = False

    @property
    def round_trips(self) -> int:
        """The network round trips of all calls, without those that opening a connection takes."""
        return self._exchange.round_trips

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
            except (RoleUnknown, SignInError, Unreachable):
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
        except RoleUnknown:
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
        job = Job(statements, any(self._judge(each) for each in statements), idempotent, patience=patience)
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
        return looks_writing(statement.sql)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._jobs.pop(task, None)
        if not task.cancelled():
            task.exception()  # seen: a caller that has left does not ask for it

    def _leave(self, job: Job, task: asyncio.Task[Any]) -> None:
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

    async def _perform(self, job: Job) -> list[list[Any]]:
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
            raise self._exchange.explain(failure, job)
        return job.rows

    async def _attempts(self, job: Job) -> psycopg.Error | None:
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
                await self._exchange.send(line, job, self._session)
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

    def _may_retry(self, failure: psycopg.Error, job: Job) -> bool:
        if faults.statement_forgotten(failure):
            return True
        return faults.connection_lost(failure) and (job.idempotent or not job.writes or not job.sent)

    async def _open(self) -> Line:
        asked = self._session
        connection, session = await connecting.connect_renewed(self._connect_as, asked, self._renew)
        if session is not asked:
            self._session = session
        return Line(connection, user=session.db_user)

    async def _connect_as(self, session: Session) -> Connection:
        prepare_after = None if self._settings.pooled else self._limits.prepare_after
        return await connecting.connect(self._settings, session, prepare_after=prepare_after)
