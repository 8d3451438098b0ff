"""Apps in processes of their own, to kill; and a look at what is still running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from helpdesk_tui.local.server import LocalServer
from tests.parts import REPOSITORY

_APP = """
import sys
from pathlib import Path
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.local.server import LocalServer
try:
    server = LocalServer(Path(sys.argv[1]))
    server.start()
except HelpdeskError as error:
    print("refused", error.exit_code, error, flush=True)
else:
    print("open", server.dsn(), flush=True)
    sys.stdin.read()
"""


class App:
    """A program that opens the local server in ``home`` and keeps it open."""

    def __init__(
        self, home: Path, *, uid: int | None = None, gid: int | None = None, python: str = sys.executable
    ) -> None:
        packages = Path(psycopg.__file__).parents[1]
        self.process = subprocess.Popen(
            [python, "-c", _APP, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{packages}"},
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        self._said = ""

    @property
    def said(self) -> str:
        """Its one line: ``open DSN``, or ``refused CODE WHY``. Waits for it."""
        if not self._said:
            assert self.process.stdout is not None
            self._said = self.process.stdout.readline().strip()
        return self._said

    @property
    def dsn(self) -> str:
        """How it would connect."""
        word, _, dsn = self.said.partition(" ")
        assert word == "open", self.said
        return dsn

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.wait()

    def quit(self) -> None:
        """Ends it properly."""
        self.process.communicate(timeout=20)


@contextlib.contextmanager
def app(home: Path, *, uid: int | None = None, gid: int | None = None, python: str = sys.executable) -> Iterator[App]:
    """An app that is open, and killed at the end if it still is."""
    running = App(home, uid=uid, gid=gid, python=python)
    try:
        assert running.dsn
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()
        for stream in (running.process.stdin, running.process.stdout):
            if stream is not None:
                stream.close()


def processes(home: Path) -> dict[int, str]:
    """The processes of a server in ``home``, alive, by their pid; Postgres' own by what it calls them."""
    found = {}
    told = json.dumps(str(home))[1:-1]  # as it stands in the supervisor's orders
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            inside = str((entry / "cwd").readlink()).startswith(str(home))
            if inside or (told in words and "supervisor" in words):
                found[int(entry.name)] = words
    return found


def supervisor_of(home: Path) -> int:
    """The pid of the supervisor."""
    (pid,) = [pid for pid, words in processes(home).items() if "helpdesk_tui.local.supervisor" in words]
    return pid


def postmaster_of(server: LocalServer) -> int:
    """The pid of the server."""
    return int((server.places.data / "postmaster.pid").read_text().split()[0])


def kill_9(*pids: int) -> None:
    """All at once."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def soon(happens: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether it happens in time."""
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def hurry(home: Path) -> None:
    """Has a supervisor that is only lingering stop at once."""
    for pid, name in processes(home).items():
        if "helpdesk_tui.local.supervisor" in name:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def gone(home: Path) -> bool:
    """Whether no process of the server is left within a few seconds; names them in the failure otherwise."""
    left = soon(lambda: not processes(home))
    assert left, processes(home)
    return left


def answers(dsn: str) -> bool:
    """Whether one can connect."""
    try:
        with psycopg.connect(dsn, connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def write(dsn: str, word: str) -> None:
    """Keeps a word in the database."""
    with psycopg.connect(dsn) as connection:
        connection.execute("create table if not exists words (word text)")
        connection.execute("insert into words values (%s)", [word])


def words(dsn: str) -> list[str]:
    """The words that were kept."""
    with psycopg.connect(dsn) as connection:
        return [word for (word,) in connection.execute("select word from words order by word")]
