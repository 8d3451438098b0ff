"""One app's hold on the local Postgres.

Each open app shares a lock. The first one starts a supervisor, which starts the server and stops it when the lock is
shared by nobody any more; see supervisor.py. So nothing has to be done at exit, and nothing is left behind by an app
that had no chance to do anything at exit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import helpdesk_tui
from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.local import cluster
from helpdesk_tui.local.account import server_account
from helpdesk_tui.local.binaries import find_postgres, usable_by
from helpdesk_tui.local.locks import Lock
from helpdesk_tui.local.places import PORT, Places, default_home
from helpdesk_tui.local.supervisor import PATIENCE, Orders, is_ready, wait_for

RESTARTS = 5
"""How many supervisors an app replaces before it stops believing in the next one."""


class LocalServer:
    """A server in ``home``, shared with every other app that names the same home.

    Args:
        home: a directory for it; None for the user's own.
        postgres: which Postgres to run, see :func:`helpdesk_tui.local.binaries.find_postgres`.
        options: server settings that come on top, effective if it is this app that starts the server.

    Raises:
        LocalError: there is no Postgres, or no account to run it as.
    """

    def __init__(
        self, home: Path | None = None, *, postgres: str | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        account = server_account()
        self.binaries = usable_by(find_postgres(postgres), account)
        home = (home or default_home(account)).expanduser().absolute()
        self.places = Places(home, self.binaries.major, account)
        self._options = dict(options or {})
        self._starting = Lock(self.places.instance / "start.lock")
        self._app = Lock(self.places.instance / "apps.lock")
        self._supervisor = Lock(self.places.instance / "supervisor.lock")
        self._open = False

    @property
    def host(self) -> str:
        """The socket's directory, which is what libpq calls a host here."""
        return str(self.places.socket_dir)

    @property
    def identity(self) -> int:
        """The cluster's own number, drawn when it was made. Known without a connection; 0 if there is no cluster."""
        control = self.places.data / "global" / "pg_control"
        return int.from_bytes(control.read_bytes()[:8], sys.byteorder) if control.exists() else 0

    def dsn(self, database: str = "postgres") -> str:
        """How this system account connects as the owner."""
        quoted = self.host.replace("\\", r"\\").replace("'", r"\'")
        return f"host='{quoted}' port={PORT} user={cluster.OWNER} dbname={database} sslmode=disable connect_timeout=10"

    def start(self) -> None:
        """Makes sure that the server runs, and that it goes on running until :meth:`close`.

        The first start makes the cluster (about half a second), a later one takes 0.1 s, and joining a server that
        runs a few milliseconds.

        Raises:
            LocalError: it cannot be made or started; the message says why.
        """
        try:
            self.places.make()
            with self._starting:
                # Waits out a supervisor that is just stopping the server.
                self._app.share()
                self._ensure()
        except BaseException as error:
            self._app.release()
            if isinstance(error, OSError):
                reason = cluster.why(error.strerror or str(error), self.places.home)
                raise LocalError(f"The local Postgres in {self.places.home} could not be started.", reason) from error
            raise
        self._open = True
        threading.Thread(target=self._guard, name="local-postgres", daemon=True).start()

    def close(self) -> None:
        """Lets go of the server. It stops a second later unless another app holds it."""
        self._open = False
        self._app.release()

    def wait_stopped(self, within: float = 20.0) -> bool:
        """Waits until the server and its supervisor are gone. False if they are not in time."""
        return self._supervisor.is_free(within)

    def erase(self) -> None:
        """Throws the cluster away, with everything in it.

        Raises:
            LocalError: an app has it open.
        """
        self.places.make()
        with self._starting:
            # Nobody can join now. Apps share their lock; a supervisor that is stopping the server holds it alone.
            if self._app.is_shared():
                raise LocalError("Another helpdesk has the demo open.", "Close it first.")
            if not self.wait_stopped():
                raise LocalError(f"The server in {self.places.home} does not stop.", f"See {self.places.log}.")
            shutil.rmtree(self.places.data, ignore_errors=True)

    def _ensure(self) -> None:
        """A supervisor with a server that answers. The caller holds the start lock."""
        for _ in range(RESTARTS):
            if self._supervisor.is_free():
                cluster.create(self.places, self.binaries, self._starting)
                self._spawn()
            if not wait_for(lambda: is_ready(self.places.data) or self._supervisor.is_free(), PATIENCE):
                break
            if not self._supervisor.is_free():
                return
            # It was on its way out, because it was told to stop or its server would not stay up: another one.
        raise LocalError("The local Postgres does not start.", f"See {self.places.log}.")

    def _spawn(self) -> None:
        """Starts a supervisor and hears what it says."""
        places = self.places
        places.make_private(places.socket_dir)
        orders = Orders(
            instance=str(places.instance),
            socket_dir=self.host,
            command=cluster.command(places, self.binaries, self._options),
            uid=places.account.uid if places.account else None,
            gid=places.account.gid if places.account else None,
        )
        with places.log.open("w") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "helpdesk_tui.local.supervisor", orders.to_json()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                cwd=Path(helpdesk_tui.__file__).parents[1],
                env=cluster.ENVIRONMENT | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            )
        assert supervisor.stdout is not None
        said = supervisor.stdout.read().decode(errors="replace")
        supervisor.stdout.close()
        supervisor.wait()
        if said.strip() != "ready":
            raise LocalError(
                "The local Postgres does not start.", cluster.why(said, places.home) or f"See {places.log}."
            )

    def _guard(self) -> None:
        """Waits, in a thread, for the supervisor to die before its time, and replaces it."""
        for attempt in range(RESTARTS):
            # If it fails there is another attempt, and the app finds the database away and says so.
            with contextlib.suppress(LocalError, OSError):
                death = Lock(self._supervisor.path)
                death.share()
                death.release()
                time.sleep(attempt * 0.2)
                # Another thread of this process may hold self._starting: a lock belongs to its object.
                with Lock(self._starting.path):
                    if not self._open:
                        return
                    if self._supervisor.is_free():
                        self._spawn()
