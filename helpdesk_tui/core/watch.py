"""The watchdog: ends connections of people who signed in that burden the database more than the app ever does.

What PostgreSQL lets a session lift for itself (``statement_timeout``, ``idle_in_transaction_session_timeout``) or
cannot limit at all (locks, connections a person, who holds up the notification queue) is watched from outside, by a
login that people do not have. Only logins that the access token hook made (``hd_…``) are ever touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from helpdesk_tui.core import faults
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, Refused, Unreachable
from helpdesk_tui.core.owner import Connection, host_of, owner
from helpdesk_tui.core.text import safe_line

LONGEST_PAUSE: Final = 60.0
QUERY_SHOWN: Final = 120
_YOUNG: Final = 5.0
"""A transaction that just began is not what fills the notification queue. In seconds."""

_MAY: Final = """
  select pg_has_role('pg_read_all_stats', 'usage'), pg_has_role('pg_signal_backend', 'usage'), p.oid is not null,
         has_schema_privilege('private', 'usage') and has_function_privilege(p.oid, 'execute')
    from (values (1)) as one
    left join pg_proc p on p.proname = 'watched'
                       and p.pronamespace = (select n.oid from pg_namespace n where n.nspname = 'private')"""
# Held for as long as the connection is: where somebody has filled the table of locks, no new one is to be had, and
# looking and ending need these. A transaction that is idle in read committed holds no old rows.
_HOLD: Final = "select from pg_roles, pg_auth_members, pg_database limit 0"
_LOOK: Final = """
  select a.pid, a.backend_start, a.state_change, coalesce(a.usename::text, ''), a.datname = current_database(),
         coalesce(a.state, ''), coalesce(a.wait_event, ''),
         extract(epoch from clock_timestamp() - a.query_start)::float,
         extract(epoch from clock_timestamp() - a.state_change)::float,
         extract(epoch from clock_timestamp() - a.xact_start)::float, coalesce(l.locks, 0),
         left(coalesce(a.query, ''), 500), pg_notification_queue_usage() * 100
    from pg_stat_activity a
    left join (select l.pid, count(*) as locks from pg_locks l where l.granted group by l.pid) l on l.pid = a.pid
   where a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
     and (a.usename ~ '^hd_[0-9a-f]{32}$'
          or a.usename is null and a.usesysid is not null and a.datname = current_database())
   order by a.backend_start, a.pid"""
_WHOSE: Final = "select login, session, person, email, signed_in, most from private.watched(%s)"
_END: Final = """
  select pg_terminate_backend(a.pid) from pg_stat_activity a
   where a.pid = %s and a.backend_start = %s and (a.state_change is not distinct from %s or not %s)"""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a connection may. Times are in seconds.

    Args:
        statement: a statement that works. The app's own stop after 15; an admin's act on tens of thousands of tickets
            takes half a minute. One that waits for its client (a file over a slow line) counts as a transaction.
        idle: doing nothing in an open transaction. The app never does.
        transaction: open at all.
        locks: held at once; the app holds dozens, and the server has room for some thousands in all.
        queue: per cent of the notification queue in use, beyond which the oldest transaction is ended.
    """

    statement: float = 60.0
    idle: float = 15.0
    transaction: float = 300.0
    locks: int = 1000
    queue: float = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as the watchdog sees it; ``login`` is empty where it was dropped under it."""

    pid: int
    started: datetime
    changed: datetime | None
    login: str
    here: bool
    state: str
    wait: str
    statement: float | None
    still: float | None
    transaction: float | None
    locks: int
    query: str
    queue: float


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a login is, as far as the database knows."""

    login: str
    session: UUID
    person: UUID | None
    email: str | None
    signed_in: bool
    most: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection that was ended, or (``done`` is False) would be, or had left by itself."""

    at: datetime
    email: str | None
    session: UUID | None
    pid: int
    why: str
    query: str
    done: bool


@dataclass(frozen=True, slots=True)
class _Verdict:
    seen: Seen
    why: str
    passing: bool
    """Whether it is over once the connection does something else."""


async def watch(
    dsn: str,
    tell: Callable[[Ended], None],
    *,
    say: Callable[[str], None],
    allowed: Allowed | None = None,
    every: float = 5.0,
    once: bool = False,
    dry_run: bool = False,
) -> None:
    """Looks every so many seconds, until it is cancelled; goes on by itself when the server was away.

    Args:
        dsn: how to connect: as the owner, or as a login that may see and signal others.
        tell: is told of every connection that was ended.
        say: is told, in a sentence, when the server is away and back.
        once: looks once and returns.
        dry_run: ends nothing.

    Raises:
        Refused: the login may not see others' connections, or not end them.
        DatabaseNotReady: the database holds no helpdesk, or an older one.
        SettingsError: the connection string is no such thing, or is refused.
        Unreachable: the server is away; only with ``once``.
    """
    pause = 0.0

    def back() -> None:
        nonlocal pause
        if pause:
            say("The database is back.")
        pause = 0.0

    async def look(connection: Connection) -> None:
        for ended in await _round(connection, allowed or Allowed(), dry_run=dry_run):
            tell(ended)

    while True:
        try:
            async with _connected(dsn) as connection:
                back()
                await look(connection)
                while not once:
                    await asyncio.sleep(every)
                    await look(connection)
            return
        except Unreachable as error:
            failure: HelpdeskError = error
        except psycopg.OperationalError as error:
            failure = faults.answering(error, host=host_of(dsn))
        if once:
            raise failure
        pause = min(pause * 2, LONGEST_PAUSE) or 1.0
        say(f"{failure.message} Trying again in {pause:.0f} s.")
        await asyncio.sleep(pause)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    async with owner(dsn) as connection:
        await connection.set_autocommit(True)
        await connection.execute("set application_name = 'helpdesk db watch'")
        await connection.execute("set statement_timeout = '10s'")
        await connection.execute("set idle_in_transaction_session_timeout = 0")
        sees, signals, there, asks = (await (await connection.execute(_MAY)).fetchall())[0]
        if not there:
            raise DatabaseNotReady("This database holds no helpdesk, or an older one.", "Run `helpdesk db apply`.")
        lacking = [
            what
            for held, what in (
                (sees, "see others' statements (grant pg_monitor)"),
                (signals, "end others' connections (grant pg_signal_backend)"),
                (asks, "ask whose a login is (grant usage on schema private, execute on private.watched(text[]))"),
            )
            if not held
        ]
        if lacking:
            raise Refused(f"This login may not {', nor '.join(lacking)}.", "docs/operations.md has the grants.")
        await connection.execute("begin")
        await connection.execute(_HOLD)
        yield connection


async def _round(connection: Connection, allowed: Allowed, *, dry_run: bool) -> list[Ended]:
    """Looks once and ends what is to be ended."""
    # What a look locks, it lets go of at once.
    await connection.execute("savepoint look")
    await connection.execute("select pg_stat_clear_snapshot()")
    seen = [Seen(*row) for row in await (await connection.execute(_LOOK)).fetchall()]
    logins = sorted({each.login for each in seen if each.login})
    whose: dict[str, Whose] | None = None
    try:
        rows = await (await connection.execute(_WHOSE, [logins])).fetchall()
        whose = {row[0]: Whose(*row) for row in rows}
    except psycopg.errors.OutOfMemory:
        pass  # the table of locks is full: whoever filled it is ended all the same, and named by the login alone
    await connection.execute("rollback to savepoint look")
    told = []
    for verdict in judge(seen, whose, allowed):
        each = verdict.seen
        done = False
        if not dry_run:
            parameters = (each.pid, each.started, each.changed, verdict.passing)
            rows = await (await connection.execute(_END, parameters)).fetchall()
            done = bool(rows and rows[0][0])
        known = (whose or {}).get(each.login)
        told.append(
            Ended(
                datetime.now(UTC),
                known.email if known else None,
                UUID(hex=each.login[3:]) if each.login else None,
                each.pid,
                verdict.why,
                safe_line(each.query, QUERY_SHOWN),
                done,
            )
        )
    await connection.execute("rollback to savepoint look")
    await connection.execute("release savepoint look")
    return told


def judge(seen: Sequence[Seen], whose: dict[str, Whose] | None, allowed: Allowed) -> list[_Verdict]:
    """Which connections are to be ended, and why.

    Args:
        seen: the connections of logins that the hook made, the oldest first.
        whose: what the database knows of the logins; None: it could not be asked.
    """
    found: list[_Verdict] = []
    counted: dict[Any, int] = {}
    for each in seen:
        known = (whose or {}).get(each.login)
        if known is None and not each.here:
            continue  # of a helpdesk in another database of this server
        why, passing = _too_much(each, allowed), True
        if whose is not None and not (known and known.signed_in):
            why, passing = "its sign-in has ended", False
        elif why is None and each.locks > allowed.locks:
            why = f"{each.locks} locks"
        if why is None and known is not None:
            counted[known.person] = counted.get(known.person, 0) + 1
            if counted[known.person] > known.most:
                why, passing = f"more than {known.most} connections of one person", False
        if why is not None:
            found.append(_Verdict(each, why, passing))
    if not found and seen and seen[0].queue > allowed.queue:
        # Whoever listens and reads nothing of what they are sent holds it up as well, but they come last.
        holding = [
            (each.state != "idle", each.transaction, each)
            for each in seen
            if (each.transaction or 0.0) > _YOUNG and (each.state != "idle" or each.wait == "ClientWrite")
        ]
        if holding:
            oldest = max(holding, key=lambda each: each[:2])[2]
            found.append(_Verdict(oldest, f"holds up the notification queue ({oldest.queue:.0f} % full)", False))
    return found


def _too_much(each: Seen, allowed: Allowed) -> str | None:
    waits_for_client = each.wait.startswith("Client")
    if each.state == "active" and not waits_for_client and (each.statement or 0.0) > allowed.statement:
        return f"a statement of {each.statement:.0f} s"
    if each.state.startswith("idle in transaction") and (each.still or 0.0) > allowed.idle:
        return f"idle in a transaction for {each.still:.0f} s"
    # Whoever listens is told of a notification in a transaction that seems to have begun with their last statement.
    if each.state != "idle" and (each.transaction or 0.0) > allowed.transaction:
        return f"a transaction of {each.transaction:.0f} s"
    return None
