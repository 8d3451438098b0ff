"""From starting a program to its painted picture, against a hello-world app.

Measured are the queue alone and ``helpdesk demo`` (signed in, live rows, its server running already, as after the first
start of the day). ``HELPDESK_BENCH_APP`` names another command instead of the demo, ``HELPDESK_BENCH_PAINTED`` the
words that are on its screen once it is painted.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench_keys import HELLO, queue
from benchmarks.pty_driver import Program, percentile
from benchmarks.report import Measure

DEMO = ("python", "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())", "demo", "--as", "agent")
#: The first row of a queue is selected once there are rows.
PAINTED = " 1 of "


@dataclass
class Starts:
    """What several starts took: milliseconds until painted and of processor time, resident megabytes."""

    waits: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def start(command: tuple[str, ...], painted: str, times: int, env: Mapping[str, str] | None = None) -> Starts:
    """Start a program so many times. A first start, which may compile, does not count."""
    found = Starts()
    for turn in range(times + 1):
        with Program(command, columns=160, rows=48, env=env) as program:
            waited = program.wait_for(painted)
            program.settle(0.2)
            if turn:
                found.waits.append(waited * 1000)
                found.work.append(program.cpu() * 1000)
                found.memory.append(program.memory() / 1e6)
    return found


@contextmanager
def running_demo() -> Iterator[dict[str, str]]:
    """A demo of its own that keeps its server running; gives the environment in which another one finds it."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # the server may run as another account
        env = {"HOME": place} | {
            f"XDG_{kind}_HOME": f"{place}/{kind.lower()}" for kind in ("DATA", "CONFIG", "STATE", "CACHE")
        }
        with Program(DEMO, columns=160, rows=48, env=env) as program:
            program.wait_for(PAINTED, timeout=120)
            yield env


def run(*, quick: bool = False) -> list[Measure]:
    """Measure; ``quick`` starts fewer times."""
    times = 3 if quick else 10
    hello = start(HELLO, "Hello", times)
    found = _against(hello, "queue alone", start(queue(), PAINTED, times))
    if app := os.environ.get("HELPDESK_BENCH_APP"):
        painted = os.environ.get("HELPDESK_BENCH_PAINTED", PAINTED)
        return found + _against(hello, app, start(tuple(shlex.split(app)), painted, times))
    with running_demo() as env:
        return found + _against(hello, "helpdesk demo", start(DEMO, PAINTED, times, env))


def _against(hello: Starts, name: str, measured: Starts) -> list[Measure]:
    return [
        Measure(f"start to painted, {name}", percentile(measured.waits, 0.5), percentile(hello.waits, 0.5), "ms", 2.5),
        Measure(f"processor time, {name}", percentile(measured.work, 0.5), percentile(hello.work, 0.5), "ms"),
        Measure(f"resident memory, {name}", percentile(measured.memory, 0.5), percentile(hello.memory, 0.5), "MB", 2.0),
    ]
