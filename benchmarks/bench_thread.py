"""From choosing a ticket to its thread on the screen, by how long the thread is; and keys in a long one.

Cold: messages never seen before. Warm: a thread opened before in the same run. The 20-message thread is the reference,
and each round opens all of them in turn, so that a busy machine is as busy for the one as for the other.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.bench_keys import HELLO
from benchmarks.pty_driver import Press, Program, percentile
from benchmarks.report import Measure

THREADS: Final = ("python", "-m", "benchmarks.thread_app")
KEYS: Final = {20: b"a", 200: b"e", 2_000: b"c"}
DOWN, PAGE_UP, HOME, END = b"j", b"b", b"g", b"G"
#: First picture: what comes after a longer silence is preparation going on behind it.
QUIET: Final = 0.012


def _middle(presses: list[Press]) -> float:
    return percentile([press.seconds * 1000 for press in presses], 0.5)


def _late(presses: list[Press]) -> float:
    return percentile([press.seconds * 1000 for press in presses], 0.95)


def run(*, quick: bool = False) -> list[Measure]:
    """Measure; ``quick`` opens fewer."""
    rounds = 8 if quick else 30
    found: list[Measure] = []
    for columns, rows in ((80, 24), (160, 48)):
        size = f"{columns}×{rows}"
        cold: dict[int, list[Press]] = {messages: [] for messages in KEYS}
        warm: dict[int, list[Press]] = {messages: [] for messages in KEYS}
        with (
            Program(HELLO, columns=columns, rows=rows) as hello,
            Program(THREADS, columns=columns, rows=rows) as desk,
        ):
            hello.wait_for("Hello")
            desk.wait_for("No ticket is open")
            for program in (hello, desk):
                program.settle()
                program.press(DOWN)
            for turn in range(rounds + 2):  # the first two import what is imported once
                desk.press(b"x", quiet=0.05)
                for presses, upper in ((cold, False), (warm, True)):
                    for messages, key in KEYS.items():
                        press = desk.press(key.upper() if upper else key, quiet=QUIET)
                        desk.settle(0.1 if messages < 1_000 else 0.6)
                        if turn >= 2:
                            presses[messages].append(press)
                        desk.press(b"X", quiet=0.03)
            floor = [hello.press(DOWN) for _ in range(rounds * 4)]
            desk.press(KEYS[2_000])
            busy = [desk.press(b"k") for _ in range(rounds * 2)]
            time.sleep(8)  # by now all of it has been measured
            desk.settle()
            lines = [desk.press(b"k") for _ in range(rounds * 4)]
            pages = [desk.press(PAGE_UP) for _ in range(rounds * 2)]
            ends = [desk.press(key) for _ in range(rounds // 2) for key in (HOME, END)]
            memory, memory_floor = desk.memory() / 1e6, hello.memory() / 1e6
        for name, presses in (("cold", cold), ("warm", warm)):
            for messages in KEYS:
                limit = 2.0 if messages == 200 else None
                found.append(
                    Measure(
                        f"open {messages:,} messages, {name}, p50, {size}",
                        _middle(presses[messages]),
                        _middle(presses[20]),
                        "ms",
                        limit,
                        against="20 messages",
                    )
                )
        for name, presses_of in (
            ("k while preparing", busy),
            ("k", lines),
            ("page", pages),
            ("beginning and end", ends),
        ):
            found.append(Measure(f"{name}, 2,000 messages, p50, {size}", _middle(presses_of), _middle(floor), "ms"))
            found.append(Measure(f"{name}, 2,000 messages, p95, {size}", _late(presses_of), _late(floor), "ms"))
        found.append(Measure(f"resident memory, {size}", memory, memory_floor, "MB"))
    return found
