"""From sending a chat message to the other side's screen, against a bare notification of the same run.

    python -m benchmarks.bench_chat [--chats 100|all] [--listeners 0]

Two people hold real chats again (made-up ones where the shared data is absent), each with a connection that acts and
one that listens. Measured is the time from the call that sends a message until the other side holds it, read under row
security; what is drawn of it then, the screens' own benchmarks measure. The reference is the least it could be: one
row inserted and one notification sent in autocommit by one bare connection, until another has heard of it. The two
take turns, so that a busy machine is as busy for the one as for the other.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.on_server import server
from benchmarks.pty_driver import percentile
from benchmarks.report import Measure, table
from tests.live.chat_replay import Replay, real_chats, replayed
from tests.parts import find
from tests.world import DeskDatabase, apply_files, create_database

LIMIT = 25.0
"""How many times the bare notification the 95th percentile may be."""
BARE = 20
"""Bare notifications after each chat."""


@dataclass
class Found:
    """Seconds, of one kind and of the other."""

    replay: Replay
    bare: list[float] = field(default_factory=list)
    listeners: int = 0


def made_up(number: int) -> list[dict[str, Any]]:
    """Chats of fourteen messages, as the real ones have."""
    return [
        {
            "id": chat,
            "messages": [
                {"role": ("customer", "agent")[turn % 2], "text": f"Message {turn} of chat {chat}. " + "word " * turn}
                for turn in range(14)
            ],
        }
        for chat in range(number)
    ]


def chats(number: int | None) -> list[dict[str, Any]]:
    """So many chats to hold; None: all there are."""
    if find("data") is None:
        print("The shared data is absent: made-up chats.", file=sys.stderr)
        return made_up(100 if number is None else number)
    return real_chats(number)


class Bare:
    """One connection that writes and notifies, one that listens, nothing else."""

    def __init__(self, writer: psycopg.AsyncConnection[Any], listener: psycopg.AsyncConnection[Any]) -> None:
        self._writer, self._listener = writer, listener

    async def once(self, number: int) -> float:
        """Seconds from sending to hearing."""
        heard = asyncio.create_task(self._hear())
        await asyncio.sleep(0)
        began = time.perf_counter()
        await self._writer.execute(
            "with said as (insert into bare (n) values (%s) returning n) select pg_notify('bare', n::text) from said",
            [number],
        )
        return await heard - began

    async def _hear(self) -> float:
        async for _ in self._listener.notifies(timeout=5, stop_after=1):
            return time.perf_counter()
        raise TimeoutError


async def hold(database: DeskDatabase, said: list[dict[str, Any]], listeners: int) -> Found:
    """Holds the chats, with so many others who listen to something else meanwhile."""
    found = Found(Replay(), listeners=listeners)
    with ExitStack() as stack:
        for _ in range(listeners):
            other = stack.enter_context(psycopg.connect(database.owner_dsn, autocommit=True))
            other.execute("listen something_else")
        async with await database.connect() as writer, await database.connect() as listener:
            await writer.execute("create table if not exists bare (n integer)")
            await listener.execute("listen bare")
            bare = Bare(writer, listener)

            async def between(number: int) -> None:
                found.bare += [await bare.once(number) for _ in range(BARE)]

            found.replay = await replayed(database, said, after_each=between)
    return found


def measured(number: int | None, listeners: tuple[int, ...]) -> list[Found]:
    """Holds so many chats once for each number of listeners, on a server of its own."""
    with server(None) as running:
        found = []
        for count in listeners:
            database = create_database(running, f"bench_chat_{count}")
            apply_files(database.owner_dsn)
            found.append(asyncio.run(hold(database, chats(number), count)))
    return found


def measures(found: Found) -> list[Measure]:
    """As the report wants them, in milliseconds."""
    if found.replay.differences:
        raise AssertionError(f"not what was said: {', '.join(found.replay.differences[:5])}")
    sent, bare = ([each * 1000 for each in times] for times in (found.replay.seconds, found.bare))
    also = f", {found.listeners} listeners" if found.listeners else ""
    name, against = "chat message to the other's screen", "a bare notification"
    return [
        Measure(f"{name}, p50{also}", percentile(sent, 0.5), percentile(bare, 0.5), "ms", None, against),
        Measure(f"{name}, p95{also}", percentile(sent, 0.95), percentile(bare, 0.95), "ms", LIMIT, against),
    ]


def run(*, quick: bool = False) -> list[Measure]:
    """For ``python -m benchmarks``."""
    return [each for found in measured(10 if quick else 60, (0, 100)) for each in measures(found)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chats", default="100", help="how many of the real ones; or all")
    parser.add_argument("--listeners", type=int, default=0, help="so many others listen meanwhile")
    chosen = parser.parse_args()
    (found,) = measured(None if chosen.chats == "all" else int(chosen.chats), (chosen.listeners,))
    print(f"{found.replay.chats} chats, {found.replay.messages} messages, the same on both screens and in the database")
    print(table(measures(found)))


if __name__ == "__main__":
    main()
