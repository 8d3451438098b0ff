"""A server of a benchmark's own, connections of people to it, and the time that the server works for a statement."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import pq

from helpdesk_tui.core.exchange import IDENTITY, PLANS, READ
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.local.places import PORT
from helpdesk_tui.local.server import LocalServer
from tests.world import DeskDatabase, People

Connection = psycopg.Connection[Any]
_NAMED: Final = re.compile(r"%\((\w+)\)s")
_numbers = count()


@contextmanager
def server(postgres: str | None) -> Iterator[LocalServer]:
    """A server of this run's own."""
    directory = Path(tempfile.mkdtemp(prefix="helpdesk-bench-"))
    directory.chmod(0o755)
    options = {
        "fsync": "off",
        "shared_buffers": "512MB",
        "max_wal_size": "4GB",
        "autovacuum": "off",
        "max_connections": "150",
        # As is right for everything but spinning disks, and usual where Postgres is rented.
        "random_page_cost": "1.1",
    }
    running = LocalServer(directory / "server", postgres=postgres, options=options)
    try:
        running.start()
        yield running
    finally:
        running.close()
        running.wait_stopped()
        shutil.rmtree(directory, ignore_errors=True)


def sign_in(database: DeskDatabase, user: UUID) -> Connection:
    """A connection of somebody, as the app makes it."""
    login, password = asyncio.run(People(database).mint(user))
    connection = psycopg.connect(
        host=database.server.host,
        port=PORT,
        dbname=database.name,
        user=login,
        password=password,
        sslmode="disable",
        autocommit=True,
    )
    told = {"claims": "{}", "statement": "60s", "lock": "5s", "local": False}
    connection.execute(IDENTITY.encode(), told)
    return connection


class Prepared:
    """A statement prepared on a connection, as the app has it after a few calls, to be executed without the driver."""

    def __init__(self, connection: Connection, statement: Statement[Any]) -> None:
        params = statement.params
        assert isinstance(params, Mapping), "statements of the desk name their parameters"
        names = list(dict.fromkeys(_NAMED.findall(statement.sql)))
        text = _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", statement.sql)
        self._pgconn = connection.pgconn
        self._name = f"bench_{next(_numbers)}".encode()
        # psycopg names a narrower type than it takes.
        self._values: Any = [_text(params[name]) for name in names]
        self._succeeded(self._pgconn.prepare(self._name, text.encode()), pq.ExecStatus.COMMAND_OK)

    def __call__(self) -> None:
        """One execution."""
        self._succeeded(self._pgconn.exec_prepared(self._name, self._values), pq.ExecStatus.TUPLES_OK)

    @staticmethod
    def _succeeded(result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
        if result.status != status:
            raise RuntimeError(result.get_error_message())


def _text(value: object) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, list):
        return ("{" + ",".join(str(item) for item in value) + "}").encode()
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()


class Clock:
    """The time that the server's process of a connection works: its own, on Linux, so that nobody else's counts."""

    def __init__(self, connection: Connection) -> None:
        self._path = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        self.is_own = os.access(self._path, os.R_OK)

    def __call__(self) -> float:
        """Milliseconds since whenever."""
        if self.is_own:
            return int(self._path.read_bytes().split()[0]) / 1e6
        return time.perf_counter() * 1000


class Side:
    """One of the two who read the same."""

    def __init__(self, connection: Connection, statements: Sequence[Statement[Any]], *, general: bool) -> None:
        self._mode = PLANS[general].encode()
        self._prepared = [Prepared(connection, each) for each in statements]
        self._nothing = Prepared(connection, Statement("select 1 where false", {}))
        self._pgconn = connection.pgconn
        self._clock = Clock(connection)

    def time(self, repeat: int = 3) -> float:
        """Milliseconds of one reading, in a transaction as the app reads, less what as many empty statements take."""
        self._pgconn.exec_(self._mode)
        began = self._clock()
        for _ in range(repeat):
            self._transaction([self._nothing] * len(self._prepared))
        between = self._clock()
        for _ in range(repeat):
            self._transaction(self._prepared)
        return max(self._clock() - between - (between - began), 0.0) / repeat

    def _transaction(self, statements: Sequence[Prepared]) -> None:
        self._pgconn.exec_(READ.encode())
        for each in statements:
            each()
        self._pgconn.exec_(b"commit")
