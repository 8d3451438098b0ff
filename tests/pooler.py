"""pgbouncer in transaction mode before the test server. Tests that need it are skipped where it is absent."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from helpdesk_tui.core.settings import Settings
from helpdesk_tui.local.account import server_account
from tests.parts import require
from tests.world import DeskDatabase, Person

CONFIG = """\
[databases]
* = host={host} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
logfile = {log}
"""


@dataclass(frozen=True)
class Pooler:
    """A running pgbouncer."""

    port: int

    def settings(self, database: DeskDatabase, *, pooled: bool) -> Settings:
        """How a client comes to ``database`` through it; ``pooled``: whether its settings say that it is a pooler."""
        return replace(database.settings, db_host="127.0.0.1", db_port=self.port, pooled=pooled)


@asynccontextmanager
async def pooler(database: DeskDatabase, directory: Path, *people: Person) -> AsyncIterator[Pooler]:
    """Starts pgbouncer for the logins of ``people``; ``directory`` must be open to the account Postgres runs as."""
    program = require("pgbouncer")
    account = server_account()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = directory / f"pooler-{port}"
    home.mkdir()
    # The same SCRAM secret on both sides: pgbouncer passes the login on without ever seeing a password.
    secrets = await database.run(
        "select rolname, rolpassword from pg_authid where rolname = any(%s)", [[person.db_user for person in people]]
    )
    users, config, log = home / "users", home / "pgbouncer.ini", home / "log"
    users.write_text("".join(f'"{name}" "{secret}"\n' for name, secret in secrets))
    config.write_text(CONFIG.format(host=database.server.host, port=port, users=users, log=log))
    for path in (home, users, config):
        if account is not None:
            os.chown(path, account.uid, account.gid)
    process = subprocess.Popen(  # noqa: ASYNC220  (returns at once)
        [program, "-q", config],
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        cwd="/",
    )
    try:
        deadline = time.monotonic() + 5
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)  # noqa: ASYNC251  (nothing else goes on)
        yield Pooler(port)
    finally:
        process.terminate()
        process.wait(5)
