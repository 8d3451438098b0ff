"""From a key to the picture it changes, in a queue of 1,000,000 tickets, against a hello-world app.

Both programs run at once and take turns, so that a busy machine is as busy for the one as for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from benchmarks.pty_driver import Press, Program, percentile
from benchmarks.report import Measure

ROWS: Final = 1_000_000
BLOCK: Final = 50
HELLO: Final = ("python", "-m", "benchmarks.hello")
DOWN, UP, PAGE_DOWN, END, HOME = b"j", b"k", b"\x1b[6~", b"G", b"g"


def queue(rows: int = ROWS) -> tuple[str, ...]:
    """The command that opens a queue of so many made-up tickets."""
    return ("python", "-m", "benchmarks.queue_app", str(rows))


def _times(presses: Iterable[Press]) -> list[float]:
    return [press.seconds * 1000 for press in presses]


def p95(presses: Sequence[Press]) -> float:
    """The 95th percentile in milliseconds: the median of those of each fifty keys, so that a moment in which the
    machine was busy elsewhere counts once."""
    blocks = [presses[start : start + BLOCK] for start in range(0, len(presses), BLOCK)]
    return median(percentile(_times(block), 0.95) for block in blocks)


def run(*, quick: bool = False) -> list[Measure]:
    """Measure; ``quick`` presses fewer keys."""
    found: list[Measure] = []
    for columns, rows in ((80, 24), (160, 48)):
        found += _run(columns, rows, BLOCK * (3 if quick else 10))
    return found


def _run(columns: int, rows: int, keys: int) -> list[Measure]:
    size = f"{columns}×{rows}"
    with (
        Program(HELLO, columns=columns, rows=rows) as hello,
        Program(queue(), columns=columns, rows=rows) as desk,
        Program(queue(1000), columns=columns, rows=rows) as short,
    ):
        hello.wait_for("Hello")
        desk.wait_for("of 1,000,000")
        short.wait_for("of 1,000")
        for program in (hello, desk, short):
            program.settle()
            for _ in range(5):
                program.press(DOWN)
        floor: list[Press] = []
        held: list[Press] = []
        held_short: list[Press] = []
        work = [-hello.cpu(), -desk.cpu()]
        for _ in range(keys):
            floor.append(hello.press(DOWN))
            held.append(desk.press(DOWN))
            held_short.append(short.press(DOWN))
        work = [work[0] + hello.cpu(), work[1] + desk.cpu()]
        pages = [desk.press(PAGE_DOWN) for _ in range(BLOCK)]
        ends = [desk.press(key) for _ in range(BLOCK // 2) for key in (END, HOME)]
        memory, memory_floor = desk.memory() / 1e6, hello.memory() / 1e6
    base50, base95 = percentile(_times(floor), 0.5), p95(floor)
    found: list[Measure] = []
    for name, presses, limit in (
        ("j held, 1,000,000 tickets", held, 1.5),
        ("j held, 1,000 tickets", held_short, None),
        ("page down", pages, None),
        ("to the end and back", ends, None),
    ):
        found.append(Measure(f"{name}, p50, {size}", percentile(_times(presses), 0.5), base50, "ms"))
        found.append(Measure(f"{name}, p95, {size}", p95(presses), base95, "ms", limit))
    sizes, floor_size = [press.size for press in held], percentile([press.size for press in floor], 0.5)
    return [
        *found,
        Measure(f"processor time a key, {size}", work[1] / keys * 1000, work[0] / keys * 1000, "ms"),
        Measure(f"bytes a key, median, {size}", percentile(sizes, 0.5), floor_size, "B"),
        Measure(f"bytes a key, mean while held, {size}", sum(sizes) / len(sizes), floor_size, "B"),
        Measure(f"resident memory, {size}", memory, memory_floor, "MB", 2.0),
    ]
