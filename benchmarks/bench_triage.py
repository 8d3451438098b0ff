"""Sixty tickets triaged in the two-key rhythm over a link of 150 ms each way and back, and every act in the database.

    python -m benchmarks triage [--quick]

Two acts a ticket go by way of the outbox, one pair a second as a person presses them; measured is how long it takes
until the last one is confirmed, and how far behind the keys the confirmation is in the end. The reference is the clock:
sixty seconds. ``--quick`` does ten tickets in ten seconds.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.bench_sql import server
from benchmarks.report import Measure
from tests.live.outboxing import BadLink, Model, done_in, opened_window, tickets_of
from tests.opened import until
from tests.world import DeskDatabase, People, apply_files, create_database

TICKETS, SECONDS = 60, 60.0
ROUND_TRIP = 0.150


async def triage(database: DeskDatabase, tickets: int, rhythm: float) -> tuple[float, float]:
    """Seconds until all is confirmed, and seconds from the last key to that."""
    people = People(database)
    ana, cora = (
        await people.sign_up("ana@desk.test", "Ana", "agent", "Support"),
        await people.sign_up("cora@desk.test", "Cora"),
    )
    ids = await tickets_of(database, cora, tickets)
    model = Model()
    model.begin(ids)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            BadLink(database, 1, delay=ROUND_TRIP / 2) as link,
            opened_window(link, ana, Path(folder) / "drafts.sqlite3") as here,
        ):
            began = time.perf_counter()
            doing = []
            for place, ticket in enumerate(ids):
                doing += [asyncio.create_task(here.try_(model.act(ticket, name))) for name in ("priority", "status")]
                await asyncio.sleep(max(0.0, began + (place + 1) * rhythm - time.perf_counter()))
            pressed = time.perf_counter()
            await asyncio.gather(*doing)
            await until(lambda: here.outbox.entries() == (), 120)
            ended = time.perf_counter()
    if await done_in(database, ana, ids) != model.done:
        raise AssertionError("an act was lost or done twice")
    await people.close()
    return ended - began, ended - pressed


def run(*, quick: bool) -> list[Measure]:
    """Runs it on a server of its own."""
    tickets, rhythm = (10, 0.9) if quick else (TICKETS, (SECONDS - 1) / TICKETS)
    with server(None) as running:
        database = create_database(running, "bench_triage")
        apply_files(database.owner_dsn)
        whole, behind = asyncio.run(triage(database, tickets, rhythm))
    clock = SECONDS * tickets / TICKETS
    return [
        Measure(f"{tickets} tickets, two acts each, confirmed", whole, clock, "s", 1.0, "the clock"),
        Measure("last key → last confirmation", behind, ROUND_TRIP, "s", None, "one round trip"),
    ]
