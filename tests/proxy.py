"""A small TCP proxy that makes a network bad on purpose: delay, cut, refuse, freeze, swallow; and counts what passes.

    async with Proxy("127.0.0.1", 5432, delay=0.03) as proxy:
        ...connect to proxy.host, proxy.port...
        proxy.swallow()          # packets vanish, nobody is told
        assert proxy.turnarounds == 1

The target may be the path of a Unix socket. Counting of ``syncs`` reads PostgreSQL's protocol, so it needs a
connection without TLS; everything else works for any protocol.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Literal, Self

Direction = Literal["up", "down"]

_SSL_REQUEST, _GSS_REQUEST, _CANCEL_REQUEST = 80877103, 80877104, 80877102


class FrontendCounter:
    """Counts what a PostgreSQL client waits for an answer to: each Sync, and each simple query."""

    def __init__(self) -> None:
        self.syncs = 0
        self._buffer = b""
        self._started = False

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while True:
            if not self._started:
                if len(self._buffer) < 8:
                    return
                length, code = struct.unpack("!II", self._buffer[:8])
                if len(self._buffer) < length:
                    return
                self._buffer = self._buffer[length:]
                self._started = code not in (_SSL_REQUEST, _GSS_REQUEST, _CANCEL_REQUEST)
                continue
            if len(self._buffer) < 5:
                return
            kind = self._buffer[:1]
            (length,) = struct.unpack("!I", self._buffer[1:5])
            if len(self._buffer) < 1 + length:
                return
            self._buffer = self._buffer[1 + length :]
            if kind in (b"S", b"Q"):
                self.syncs += 1


class _Passage:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.client_reader, self.client_writer = reader, writer
        self.server_writer: asyncio.StreamWriter | None = None
        self.counter = FrontendCounter()
        self.last: Direction | None = None
        self.turnarounds = 0

    async def run(self) -> None:
        try:
            if isinstance(self.proxy.target, str):
                server_reader, self.server_writer = await asyncio.open_unix_connection(self.proxy.target)
            else:
                server_reader, self.server_writer = await asyncio.open_connection(*self.proxy.target)
        except OSError:
            self.abort()
            return
        tasks = [
            asyncio.create_task(self._pump("up", self.client_reader, self.server_writer)),
            asyncio.create_task(self._pump("down", server_reader, self.client_writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # The side that still has something to say may say it.
            await asyncio.wait(tasks, timeout=self.proxy.delay + 0.05)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.client_writer.close()
            self.server_writer.close()

    async def _pump(self, way: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(way, line, writer))
        clock = asyncio.get_running_loop().time
        try:
            while True:
                data = await reader.read(65536)
                if way == "up":
                    self._count(data)
                await line.put((clock() + self.proxy.delay, data))
                if not data:
                    await delivering
                    return
        except OSError:
            return
        finally:
            delivering.cancel()

    async def _deliver(
        self, way: Direction, line: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        with suppress(OSError):
            while True:
                due, data = await line.get()
                if (wait := due - clock()) > 0:
                    await asyncio.sleep(wait)
                await self.proxy.flowing.wait()
                if self.proxy.swallowing:
                    continue
                if not data:
                    return
                if way == "down":
                    self.last = "down"
                self.proxy.bytes[way] += len(data)
                writer.write(data)
                await writer.drain()

    def _count(self, data: bytes) -> None:
        if data and self.last == "down":
            self.turnarounds += 1
        self.last = "up"
        self.counter.feed(data)

    def abort(self) -> None:
        for writer in (self.client_writer, self.server_writer):
            if writer is not None:
                sock = writer.get_extra_info("socket")
                if sock is not None and sock.family != socket.AF_UNIX:
                    with suppress(OSError):
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()


class Proxy:
    """Stands between a client and a server.

    Args:
        host: the server's host, or the path of its Unix socket.
        port: the server's port.
        delay: seconds that every packet is under way, each direction.
    """

    def __init__(self, host: str, port: int = 5432, *, delay: float = 0.0) -> None:
        self.target: str | tuple[str, int] = host if host.startswith("/") else (host, port)
        self.delay = delay
        self.host, self.port = "127.0.0.1", 0
        self.bytes: dict[Direction, int] = {"up": 0, "down": 0}
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.swallowing = False
        self.connections = 0
        self._passages: dict[_Passage, asyncio.Task[None]] = {}
        self._gone_turnarounds = self._gone_syncs = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> Self:
        """Listens; on the same port as before if it listened before."""
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        self.cut()
        self.flowing.set()
        for task in tuple(self._passages.values()):
            task.cancel()
        await asyncio.gather(*self._passages.values(), return_exceptions=True)

    # -- what can go wrong --------------------------------------------------------------------------------------------

    def refuse(self) -> None:
        """New connections are refused; those there stay. ``start`` ends it."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Resets every connection."""
        for passage in tuple(self._passages):
            passage.abort()

    def freeze(self) -> None:
        """Holds everything back until ``thaw``, then delivers it. Connections can be made, and hang."""
        self.flowing.clear()

    def thaw(self) -> None:
        self.swallowing = False
        self.flowing.set()

    def swallow(self) -> None:
        """Everything sent from now on vanishes without a word, in both directions, until ``thaw``."""
        self.swallowing = True

    # -- what was counted ---------------------------------------------------------------------------------------------

    @property
    def turnarounds(self) -> int:
        """How often a client sent something after it had been sent something: the network round trips waited for."""
        return self._gone_turnarounds + sum(passage.turnarounds for passage in self._passages)

    @property
    def syncs(self) -> int:
        """How many Sync messages and simple queries passed: PostgreSQL's own unit of asking and waiting."""
        return self._gone_syncs + sum(passage.counter.syncs for passage in self._passages)

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._passages)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        passage = _Passage(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._passages[passage] = task
        try:
            await passage.run()
        except asyncio.CancelledError:
            passage.abort()
        finally:
            self._gone_turnarounds += passage.turnarounds
            self._gone_syncs += passage.counter.syncs
            del self._passages[passage]
