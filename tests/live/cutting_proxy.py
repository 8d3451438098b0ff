"""A proxy that cuts connections to PostgreSQL where it hurts: in the middle of what is sent, and after the server has
done it and before the client is told.

    async with CuttingProxy("/run/postgresql/.s.PGSQL.5432", Random(1), chance=0.1) as proxy:
        ...connect to proxy.host, proxy.port...
        proxy.chance = 0.0       # from here on all is well
        assert proxy.cuts["unanswered"] > 0
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Final, Literal, Self

Cut = Literal["unsent", "half sent", "unanswered", "half answered"]

COMMITTED: Final = b"COMMIT\x00"
"""What a server's answer to a commit holds; whoever does not get it does not know what became of the transaction."""


class CuttingProxy:
    """Stands between clients and a server, and resets connections at random.

    ``cuts`` counts them by where they were:

    * ``unsent``: nothing of what the client sent has reached the server,
    * ``half sent``: some of its bytes have,
    * ``unanswered``: the server has committed, and the client gets not one byte of its answer,
    * ``half answered``: it gets some of the bytes.

    Args:
        target: the path of the server's Unix socket.
        random: where the cuts are drawn from.
        chance: how likely a piece of data is the last of its connection.
        unanswered: how likely a connection ends with the answer to a commit.
    """

    def __init__(self, target: str, random: Random, *, chance: float, unanswered: float = 0.0) -> None:
        self.target = target
        self.chance = chance
        self.unanswered = unanswered
        self.host, self.port = "127.0.0.1", 0
        self.cuts: Counter[Cut] = Counter()
        self._random = random
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def rest(self) -> None:
        """Cuts nothing any more."""
        self.chance = self.unanswered = 0.0

    def cut(self) -> None:
        """Resets every connection there is."""
        for task in tuple(self._tasks):
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server_writer: asyncio.StreamWriter | None = None
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self.target)
            pumps = [
                asyncio.create_task(self._pump(reader, server_writer, up=True)),
                asyncio.create_task(self._pump(server_reader, writer, up=False)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # nobody waits for this: it ends here
        finally:
            for each in (writer, server_writer):
                if each is not None:
                    _reset(each)
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        """Hands on until the connection ends or is cut."""
        with suppress(OSError):
            while data := await reader.read(65536):
                if not up and COMMITTED in data and self._random.random() < self.unanswered:
                    self.cuts["unanswered"] += 1
                    return
                if self._random.random() < self.chance:
                    part = data[: self._random.randrange(len(data))]
                    writer.write(part)
                    await writer.drain()
                    if up:
                        self.cuts["half sent" if part else "unsent"] += 1
                        # What was sent gets to the server before the connection is gone.
                        await asyncio.sleep(0.005)
                    else:
                        self.cuts["half answered"] += 1
                    return
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection as a network does that is gone: without a farewell."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
