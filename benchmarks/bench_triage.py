"""Sixty tickets triaged by keys on the real screen, two keys each, over a link of 150 ms there and back.

    python -m benchmarks triage [--quick]

The app runs in a terminal of its own, its database behind a proxy that holds every packet up. The keys come as a quick
person presses them, two a second, whatever the screen does meanwhile. Measured is how long it takes until the database
has the last act, how far it is behind the last key then, and how soon a key is seen on the screen: no act waits for the
link. That every act is in the database, once and on the ticket it was meant for, is held; else there are no figures.
``--quick`` does twelve tickets in twelve seconds.
"""

from __future__ import annotations

import asyncio
import pickle
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.on_server import server
from benchmarks.pty_driver import Program, percentile
from benchmarks.report import Measure
from tests.live.outboxing import done_in
from tests.opened import proxied, through, until
from tests.triaging import keys, tickets_to_triage, wanted
from tests.world import DeskDatabase, People, apply_files, create_database

TICKETS, SECONDS = 60, 60.0
ROUND_TRIP = 0.150
#: Ahead of the clock, so that the last act can be confirmed within it.
EARLY = 1.0


def press_all(program: Program, pressed: list[str], seconds: float) -> list[float]:
    """Press keys at an even pace; seconds from each to its picture."""
    began = time.perf_counter()
    seen = []
    for place, key in enumerate(pressed):
        program.watch(began + place * seconds / len(pressed) - time.perf_counter())
        seen.append(program.press(key.encode()).seconds)
    program.watch(began + seconds - time.perf_counter())
    return seen


async def triage(database: DeskDatabase, number: int, seconds: float) -> tuple[float, float, list[float]]:
    """Seconds until all is done, seconds from the last key to that, and from each key to its picture."""
    people = People(database)
    ana = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    cora = await people.sign_up("cora@desk.test", "Cora")
    tickets = await tickets_to_triage(database, cora, number)
    acts = "select count(*) from private.ticket_acts"

    async def all_done() -> bool:
        return bool(await database.run(acts) == [(number,)])

    async with proxied(database) as proxy:
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "told"
            settings = through(database.settings, proxy)
            told.write_bytes(pickle.dumps((settings, ana.session, Path(folder) / "drafts.sqlite3")))
            command = ("python", "-m", "benchmarks.triage_app", str(told))
            with Program(command, columns=160, rows=48, env={"HOME": folder}) as program:
                await asyncio.to_thread(program.wait_for, f"1 of {number}")
                await asyncio.to_thread(program.wait_for, "● live")
                await asyncio.to_thread(program.settle)
                proxy.delay = ROUND_TRIP / 2
                began = time.perf_counter()
                pressing = asyncio.create_task(asyncio.to_thread(press_all, program, keys(number), seconds))
                last = began + seconds * (1 - 0.5 / number)
                await until(all_done, seconds + 60)
                ended = time.perf_counter()
                seen = await pressing
    if await done_in(database, ana, tickets) != wanted(tickets, ana):
        raise AssertionError("an act was lost, done twice, or done to another ticket")
    await people.close()
    return ended - began, max(ended - last, 0.0), seen


def run(*, quick: bool) -> list[Measure]:
    """Runs it on a server of its own."""
    number = 12 if quick else TICKETS
    clock = SECONDS * number / TICKETS
    with server(None) as running:
        database = create_database(running, "bench_triage")
        apply_files(database.owner_dsn)
        whole, behind, seen = asyncio.run(triage(database, number, clock - EARLY))
    return [
        Measure(f"{number} tickets, two keys each, all done", whole, clock, "s", 1.0, "the clock"),
        Measure("last key → last act done", behind * 1000, ROUND_TRIP * 1000, "ms", None, "one round trip"),
        Measure("key → painted, p50", median(seen) * 1000, ROUND_TRIP * 1000, "ms", None, "one round trip"),
        Measure("key → painted, p95", percentile(seen, 0.95) * 1000, ROUND_TRIP * 1000, "ms", None, "one round trip"),
    ]
