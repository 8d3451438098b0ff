"""Opening connections: what a settings file and a sign-in make of libpq's parameters. Used by Database and by Live."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Loader

from helpdesk_tui.core import faults
from helpdesk_tui.core.errors import SignInError, Unreachable

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Renew = Callable[[], Awaitable["Session"]]
"""Makes a fresh sign-in of an expired one: ``SignIn.refresh``."""

APPLICATION_NAME = "helpdesk"
CONNECT_SECONDS = 5
# Where a shared pooler has just been told of a login, its first connection may be refused once: see docs of Supavisor.
POOLER_PAUSE = 2.0
# A server that was just restarted says "starting up" for a moment.
STARTING_PATIENCE = 3.0
STARTING_PAUSE = 0.2


# What the driver has to say goes into our errors; it must not be written over the screen.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class NoConnectionLeft(Unreachable):
    """The server grants this login no further connection."""


# A day from the ends: what is shown somewhere else than in UTC is up to fourteen hours away.
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


class UtcLoader(Loader):
    """``timestamptz`` → an aware datetime in UTC, whatever time zone the connection is in at that moment."""

    def load(self, data: Buffer) -> datetime:
        """``data`` is the server's ISO text, such as ``2024-01-21 12:00:00.25+01``."""
        text = bytes(data).decode()
        try:
            return min(max(datetime.fromisoformat(text).astimezone(UTC), _FIRST), _LAST)
        except (ValueError, OverflowError):
            # Years beyond 9999, BC, infinity: shown as the end or the beginning of what Python can count.
            return _FIRST if text.endswith("BC") or text.startswith("-") else _LAST


def place(settings: Settings, *, listening: bool = False) -> str:
    """The host that people are told of, with the port where it is not the usual one."""
    host, port = address(settings, listening=listening)
    if host.startswith("/"):
        return "this computer"
    return host if port == 5432 else f"{host}:{port}"


def address(settings: Settings, *, listening: bool = False) -> tuple[str, int]:
    """Host and port to connect to; ``listening``: the direct address for live changes, where there is one."""
    if listening and settings.listen_host is not None:
        return settings.listen_host, settings.listen_port or 5432
    return settings.db_host, settings.listen_port or settings.db_port if listening else settings.db_port


def parameters(settings: Settings, session: Session, *, listening: bool = False) -> dict[str, Any]:
    """The connection parameters, in libpq's words, for this sign-in."""
    host, port = address(settings, listening=listening)
    found: dict[str, Any] = {
        "host": host,
        "port": port,
        "dbname": settings.db_name,
        "user": session.db_user + settings.db_user_suffix,
        "password": session.db_password,
        "application_name": APPLICATION_NAME,
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 8000,
        # Kerberos would cost a round trip for a login that always has a password.
        "gssencmode": "disable",
        "sslmode": "disable" if host.startswith("/") else settings.sslmode,
    }
    if settings.sslrootcert:
        found["sslrootcert"] = settings.sslrootcert
    if pq.version() >= 160000:
        # Whoever poses as the server must not be able to ask for the password in clear text.
        found["require_auth"] = "!password"
    return found


def claims(session: Session) -> str:
    """What ``request.jwt.claims`` is set to: the token's claims without the one that holds the credential."""
    kept: Mapping[str, object] = {name: value for name, value in session.claims.items() if name != "helpdesk_key"}
    return json.dumps(kept, default=str, separators=(",", ":"))


async def connect(
    settings: Settings, session: Session, *, listening: bool = False, prepare_after: int | None = None
) -> Connection:
    """A new connection, in autocommit, as the sign-in's own login.

    Args:
        settings: where the database is.
        session: who asks.
        listening: use the direct address for live changes.
        prepare_after: a statement run more often than this is prepared; None: never.

    Raises:
        SignInError: the login is refused (kind ``expired``).
        Unreachable: nothing answers, or there is no connection left.
        SettingsError: there is no such database.
    """
    known = parameters(settings, session, listening=listening)
    loop = asyncio.get_running_loop()
    patience = loop.time() + STARTING_PATIENCE
    behind_pooler = bool(settings.pooled or settings.db_user_suffix) and not listening
    while True:
        try:
            connection: Connection = await psycopg.AsyncConnection.connect(
                autocommit=True, prepare_threshold=prepare_after, **known
            )
        except asyncio.CancelledError as stopped:
            # Its traceback would keep the half-made connection open as long as somebody keeps the error.
            raise stopped.with_traceback(None)  # noqa: B904
        except psycopg.Error as error:
            code = faults.reason(error)
            failure = faults.connecting(error, host=place(settings, listening=listening))
            if code == "53300":
                failure = NoConnectionLeft(failure.message, failure.hint)
        else:
            connection.adapters.register_loader("timestamptz", UtcLoader)
            return connection
        if code in {"28000", "28P01"} and behind_pooler:
            behind_pooler = False
            await asyncio.sleep(POOLER_PAUSE)
        elif code == "57P03" and loop.time() < patience:
            await asyncio.sleep(STARTING_PAUSE)
        else:
            raise failure


async def connect_renewed(
    open_with: Callable[[Session], Awaitable[Connection]], session: Session, renew: Renew | None
) -> tuple[Connection, Session]:
    """Connects; a login that has expired is renewed once.

    Returns:
        The connection, and the session it was made with.
    """
    try:
        return await open_with(session), session
    except SignInError as refused:
        if renew is None or refused.kind != "expired":
            raise
    fresh = await renew()
    return await open_with(fresh), fresh


def is_alive(connection: Connection) -> bool:
    """Whether an unused connection still stands, told without a word to the server.

    An unused connection has nothing to read. If there is something, it is a notice, or the server's goodbye.
    """
    pgconn = connection.pgconn
    if pgconn.status != pq.ConnStatus.OK or pgconn.transaction_status != pq.TransactionStatus.IDLE:
        return False
    look = select.poll()
    look.register(pgconn.socket, select.POLLIN)
    with suppress(psycopg.Error):
        while pgconn.status == pq.ConnStatus.OK and look.poll(0):
            pgconn.consume_input()
    return bool(pgconn.status == pq.ConnStatus.OK)


def hang_up(connection: Connection) -> None:
    """Ends the connection under whoever is waiting on it: that one sees a lost connection, at once.

    Closing the descriptor instead would leave the waiting task watching a number that the next connection may get.
    """
    if connection.pgconn.status != pq.ConnStatus.OK:
        return
    with suppress(OSError):
        line = socket.socket(fileno=os.dup(connection.pgconn.socket))
        try:
            line.shutdown(socket.SHUT_RDWR)
        finally:
            line.close()


async def discard(connection: Connection) -> None:
    """Closes a connection that is in whatever state."""
    hang_up(connection)
    with suppress(psycopg.Error):
        await connection.close()
