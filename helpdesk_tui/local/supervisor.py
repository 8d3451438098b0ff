"""Owns the local Postgres: starts it, starts it again when it dies, stops it when no app is left.

Run detached as ``python -m helpdesk_tui.local.supervisor ORDERS``, the orders being JSON (see :class:`Orders`). It
says ``ready`` on its standard output once people can connect, or why that will not happen. Standard library only, so
that it starts in some 20 ms and needs nothing of the app.

Nothing here trusts a number in a file to be a living process. Every fact is a lock that the kernel drops with its
holder (all in the instance directory):

- ``apps.lock`` is shared by each open app; whoever can take it alone knows that no app is left;
- ``supervisor.lock`` is held by the one supervisor;
- ``server.lock`` is handed down to Postgres and all its processes: while it is taken the data directory is in use,
  once it is free every pid file still lying there is stale.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from helpdesk_tui.local.locks import Lock

LINGER = 1.0
"""Seconds that the server outlives the last app, so that one command after the other finds it warm."""

LOOK = 0.25
"""Seconds between two looks at ``apps.lock``."""

PATIENCE = 120.0
"""Seconds that a starting server gets: after a crash it replays its log first."""

CRASHES = 3
"""Deaths of the server within a minute after which the supervisor gives up (a full disk, most likely)."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the app tells the supervisor: the instance directory, the socket's, and what to run as whom."""

    instance: str
    socket_dir: str
    command: list[str]
    uid: int | None = None
    gid: int | None = None

    def to_json(self) -> str:
        """As the supervisor's one argument."""
        return json.dumps(asdict(self))


def is_ready(data: Path) -> bool:
    """Whether the server of this data directory says that it accepts connections."""
    with contextlib.suppress(OSError):
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready"
    return False


class Supervisor:
    """The one process that owns one server."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.instance = Path(orders.instance)
        self.data = self.instance / "data"
        self.log = self.instance / "server.log"
        self.server_lock = Lock(self.instance / "server.lock")
        self.server: subprocess.Popen[bytes] | None = None
        self.told_to_stop = False
        self._wake, waker = os.pipe()
        for end in (self._wake, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._stop_soon)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def run(self) -> int:
        """Until no app is left. Returns an exit code."""
        alone = Lock(self.instance / "supervisor.lock")
        # An app that looks whether a supervisor lives holds this lock for an instant, so one look is not enough.
        if not alone.try_hold(within=2.0):
            say("another supervisor is at work")
            return 1
        failure = self._start()
        if failure is not None:
            say(failure)
            return 1
        say("ready")
        apps = Lock(self.instance / "apps.lock")
        self._watch(apps, alone)
        self._stop()
        if not Path(self.orders.socket_dir).is_relative_to(self.instance):
            # A short one elsewhere, which nobody would find and clear away with the rest.
            with contextlib.suppress(OSError):
                Path(self.orders.socket_dir).rmdir()
        # In this order: an app that is let in must not take us for one that still looks after the server.
        alone.release()
        apps.release()
        return 0

    def _watch(self, apps: Lock, alone: Lock) -> None:
        """Keeps the server alive. Returns holding ``apps`` alone when none is left, or when told to stop, or when the
        whole place was removed: what is there afterwards is somebody else's.
        """
        deaths: list[float] = []
        idle_since: float | None = None
        while not self.told_to_stop:
            self._sleep(LOOK)
            if not alone.is_in_place():
                return
            if self.server is None or self.server.poll() is not None:
                deaths = [at for at in deaths if at > time.monotonic() - 60] + [time.monotonic()]
                if len(deaths) > CRASHES or self._start() is not None:
                    return
            if not apps.try_hold():
                idle_since = None
                continue
            idle_since = idle_since or time.monotonic()
            if time.monotonic() - idle_since >= LINGER:
                return
            apps.release()

    def _start(self) -> str | None:
        """Starts the server and waits until it is ready. Returns None, or what its log says about why not."""
        if not self.server_lock.try_hold(within=3.0):
            self._retire_orphans()
            if not self.server_lock.try_hold(within=1.0):
                return f"another server uses {self.data} and does not stop"
        # Holding server.lock proves that no process of this data directory lives, whatever these files say.
        for stale in (self.data / "postmaster.pid", *Path(self.orders.socket_dir).glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        log_from = self.log.stat().st_size
        uid, gid = self.orders.uid, self.orders.gid
        self.server = subprocess.Popen(
            self.orders.command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            cwd="/",
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            pass_fds=[self.server_lock.fileno()],
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (there is one thread)
        )
        self.server_lock.release()
        wait_for(lambda: is_ready(self.data) or self._server_died() or self.told_to_stop, PATIENCE)
        if is_ready(self.data) and not self._server_died():
            return None
        self._stop()
        with self.log.open(errors="replace") as log:
            log.seek(log_from)
            return log.read(4000) or "the server did not start and did not say why"

    def _server_died(self) -> bool:
        return self.server is None or self.server.poll() is not None

    def _stop(self) -> None:
        """Stops the server: first kindly, then not."""
        for sent, patience in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self._server_died():
                break
            assert self.server is not None
            self.server.send_signal(sent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(patience)
        self.server_lock.is_free(within=5.0)

    def _retire_orphans(self) -> None:
        """Stops what is left of a server that was killed, or whose supervisor was (on Linux that stops by itself)."""
        for sent, patience in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            for pid in _processes_in(self.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sent)
            if self.server_lock.is_free(within=patience):
                return

    def _stop_soon(self, *_: object) -> None:
        self.told_to_stop = True

    def _sleep(self, seconds: float) -> None:
        """Sleeps, but not through a signal."""
        select.select([self._wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 1024)


def say(words: str) -> None:
    """Tells the app that started us, once; afterwards nobody holds the other end."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{words}\n".encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def wait_for(happened: Callable[[], bool], seconds: float) -> bool:
    """Looks every few milliseconds until it has happened. False if it has not in time."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.004)
    return True


_ON_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Runs in the child: on Linux, Postgres shuts down (SIGINT) when its supervisor dies, even by ``kill -9``."""
    if _ON_LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _processes_in(data: Path) -> list[int]:
    """The server at work in this directory and its backends, or those that outlived it. Never a number used again."""
    if _ON_LINUX:
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry / "cwd", data)]
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return []
    command = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return [pid] if str(data) in command.stdout else []


def _works_in(cwd: Path, data: Path) -> bool:
    try:
        return cwd.samefile(data)
    except OSError:
        return False


def main(argv: list[str]) -> int:
    """The process: leaves the app's session for good, then supervises."""
    if os.fork():
        # Whoever started us need not wait for us; init will.
        os._exit(0)
    os.chdir("/")
    return Supervisor(Orders(**json.loads(argv[1]))).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
