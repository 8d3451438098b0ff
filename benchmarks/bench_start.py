"""From starting a program to its painted picture, against a hello-world app.

Measured are the queue alone, and ``helpdesk`` as a person starts it most often: signed in since earlier, the session
kept and not run out, the server running (here another desk holds it). Beside it, without a limit, the start that does
everything: the demo's server stopped, and somebody signing in with a password. All with bytecode present.

``HELPDESK_BENCH_APP`` names another command instead, ``HELPDESK_BENCH_PAINTED`` the words that are on its screen once
it is painted.
"""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.bench_keys import HELLO, queue
from benchmarks.pty_driver import Program, percentile
from benchmarks.report import Measure

HELPDESK = ("python", "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())")
EVERYDAY = (*HELPDESK, "--profile", "demo")
COLD = (*HELPDESK, "demo", "--as", "agent")
#: The first row of a queue is selected once there are rows.
PAINTED = " 1 of "
#: What a desk makes after its first rows counts towards its processor time and memory: it is there when nothing was
#: painted for so many seconds.
QUIET = 0.6
#: The demo's server stops a second after the last desk.
STOPPED_WITHIN = 20.0


@dataclass
class Starts:
    """What several starts took: milliseconds until painted and of processor time, resident megabytes."""

    waits: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """A program to start: its name in the table, its command, the words it paints and variables of its environment."""

    name: str
    command: tuple[str, ...]
    painted: str = PAINTED
    env: Mapping[str, str] | None = None


def start(*programs: Start, times: int, before: Callable[[], object] = lambda: None) -> list[Starts]:
    """Start programs so many times, in turn, since the machine's load changes; ``before`` is called ahead of each.

    A first start, which may compile, does not count.
    """
    found = [Starts() for _ in programs]
    for turn in range(times + 1):
        for one, starts in zip(programs, found, strict=True):
            before()
            with Program(one.command, columns=160, rows=48, env=one.env) as program:
                waited = program.wait_for(one.painted)
                program.settle(QUIET)
                if turn:
                    starts.waits.append(waited * 1000)
                    starts.work.append(program.cpu() * 1000)
                    starts.memory.append(program.memory() / 1e6)
    return found


@contextmanager
def own_place() -> Iterator[tuple[Path, dict[str, str]]]:
    """A place for a demo of its own, and the environment in which it is found."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)  # the server may run as another account
        env = {"HOME": name} | {
            f"XDG_{kind}_HOME": f"{name}/{kind.lower()}" for kind in ("DATA", "CONFIG", "STATE", "CACHE")
        }
        yield place, env


def stopped(place: Path) -> None:
    """Wait until no server runs in ``place``.

    Raises:
        TimeoutError: one does not stop.
    """
    end = time.monotonic() + STOPPED_WITHIN
    while any(place.glob("data/**/postmaster.pid")):
        if time.monotonic() > end:
            raise TimeoutError(f"the server in {place} does not stop")
        time.sleep(0.1)


def run(*, quick: bool = False) -> list[Measure]:
    """Measure; ``quick`` starts fewer times."""
    times = 3 if quick else 10
    hello, alone = Start("hello-world", HELLO, "Hello"), Start("queue alone", queue())
    if app := os.environ.get("HELPDESK_BENCH_APP"):
        other = Start(app, tuple(shlex.split(app)), os.environ.get("HELPDESK_BENCH_PAINTED", PAINTED))
        return _against((hello, alone, other), start(hello, alone, other, times=times))
    with own_place() as (place, env):
        everyday = Start("helpdesk", EVERYDAY, env=env)
        # The first desk signs in, which the next ones find kept, and holds the server.
        with Program(EVERYDAY, columns=160, rows=48, env=env) as first:
            first.wait_for(PAINTED, timeout=120)
            found = _against((hello, alone, everyday), start(hello, alone, everyday, times=times))
        cold = Start("server and sign-in too", COLD, env=env)
        starts = start(hello, cold, times=times, before=partial(stopped, place))
        return found + _against((hello, cold), starts, limits=(None, None))


def _against(
    programs: Sequence[Start], starts: Sequence[Starts], limits: tuple[float | None, float | None] = (2.5, 2.0)
) -> list[Measure]:
    """What the programs after the first one took, against the first one."""

    def measure(what: str, values: list[float], reference: list[float], unit: str, limit: float | None) -> Measure:
        return Measure(what, percentile(values, 0.5), percentile(reference, 0.5), unit, limit)

    hello = starts[0]
    return [
        found
        for program, measured in list(zip(programs, starts, strict=True))[1:]
        for found in (
            measure(f"start to painted, {program.name}", measured.waits, hello.waits, "ms", limits[0]),
            measure(f"processor time, {program.name}", measured.work, hello.work, "ms", None),
            measure(f"resident memory, {program.name}", measured.memory, hello.memory, "MB", limits[1]),
        )
    ]
