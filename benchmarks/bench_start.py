"""From starting a program to its painted picture, against a hello-world app.

``HELPDESK_BENCH_APP`` is the command to measure (``helpdesk demo``, say), ``HELPDESK_BENCH_PAINTED`` the words that are
on the screen once it is painted. Without the first, the queue alone is measured.
"""

from __future__ import annotations

import os
import shlex

from benchmarks.bench_keys import HELLO, queue
from benchmarks.pty_driver import Program, percentile
from benchmarks.report import Measure

#: Below the rows of a queue alone.
PAINTED = " of 1,000,000"


def start(command: tuple[str, ...], painted: str, times: int) -> tuple[list[float], list[float], list[float]]:
    """Start a program so many times; returns the milliseconds until painted, those of processor time, and the
    resident megabytes. A first start, which may compile, does not count."""
    waits, work, memory = [], [], []
    for turn in range(times + 1):
        with Program(command, columns=160, rows=48) as program:
            waited = program.wait_for(painted)
            program.settle(0.2)
            if turn:
                waits.append(waited * 1000)
                work.append(program.cpu() * 1000)
                memory.append(program.memory() / 1e6)
    return waits, work, memory


def run(*, quick: bool = False) -> list[Measure]:
    """Measure; ``quick`` starts fewer times."""
    times = 3 if quick else 10
    name, command, painted = "queue alone", queue(), PAINTED
    if app := os.environ.get("HELPDESK_BENCH_APP"):
        name, command = app, tuple(shlex.split(app))
        painted = os.environ.get("HELPDESK_BENCH_PAINTED", PAINTED)
    hello = start(HELLO, "Hello", times)
    desk = start(command, painted, times)
    return [
        Measure(f"start to painted, {name}", percentile(desk[0], 0.5), percentile(hello[0], 0.5), "ms", 2.5),
        Measure(f"processor time, {name}", percentile(desk[1], 0.5), percentile(hello[1], 0.5), "ms"),
        Measure(f"resident memory, {name}", percentile(desk[2], 0.5), percentile(hello[2], 0.5), "MB", 2.0),
    ]
