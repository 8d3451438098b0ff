"""A handful of connections, opened when they are needed and never handed out in a bad state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from psycopg import pq

from helpdesk_tui.core import connecting
from helpdesk_tui.core.connecting import Connection
from helpdesk_tui.core.errors import Unreachable

#: Connections that stay open though they are not used, and seconds after which more than were needed in them are
#: closed: a sign-in has a few in all, for its other windows and its command line, too.
KEPT, REST_SECONDS = 2, 10.0


@dataclass(eq=False, slots=True)
class Line:
    """One connection of the pool.

    Args:
        connection: the connection itself.
        user: the login it was made with.
        told: the session whose claims the server was last told; None: nothing yet.
        general: statements are run by plans for any parameters, as it was last told.
        spent: it is to be closed when it comes back.
    """

    connection: Connection
    user: str
    told: object | None = None
    general: bool = False
    spent: bool = False

    @property
    def usable(self) -> bool:
        """Whether the next caller may have it."""
        return (
            not self.spent
            and self.connection.pgconn.pipeline_status == pq.PipelineStatus.OFF
            and connecting.is_alive(self.connection)
        )


class Pool:
    """At most ``limit`` connections, the one used last handed out first.

    A server that grants fewer connections than ``limit`` is content with fewer: callers then wait for one another.

    Args:
        open_one: makes a connection.
        limit: how many there may be.
    """

    def __init__(self, open_one: Callable[[], Awaitable[Line]], limit: int) -> None:
        self._open_one = open_one
        self._limit = limit
        self._granted = limit
        self._idle: list[Line] = []
        self._busy: set[Line] = set()
        self._opening = 0
        self._returned = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._most = 0  # in use at once, since it was looked last
        self._closed = False

    @property
    def size(self) -> int:
        """How many connections there are, those being opened included."""
        return len(self._idle) + len(self._busy) + self._opening

    async def take(self) -> Line:
        """A connection that works as far as this end can tell.

        Raises:
            HelpdeskError: none could be made.
        """
        while True:
            if self._closed:
                raise Unreachable("The connection to the database has been closed.")
            while self._idle:
                line = self._idle.pop()
                if line.usable:
                    return self._hand_out(line)
                self._drop(line)
            if self.size < self._granted:
                found = await self._add()
                if found is not None:
                    return self._hand_out(found)
            self._returned.clear()
            await self._returned.wait()

    def _hand_out(self, line: Line) -> Line:
        self._busy.add(line)
        self._most = max(self._most, len(self._busy))
        return line

    def _rest(self) -> None:
        """Closes what was not needed for a while."""
        self._resting = None
        while self._idle and self.size > max(KEPT, self._most):
            self._drop(self._idle.pop(0))
        self._most = len(self._busy)
        self._rest_later()

    def _rest_later(self) -> None:
        if self._resting is None and self.size > KEPT and not self._closed:
            self._resting = asyncio.get_running_loop().call_later(REST_SECONDS, self._rest)

    async def spare(self) -> None:
        """Sees that there is a second connection, if the server grants one."""
        if self.size < min(2, self._granted):
            line = await self._add()
            if line is not None:
                self._idle.insert(0, line)
                self._returned.set()

    def give(self, line: Line) -> None:
        """Takes a connection back; one in a bad state is closed."""
        self._busy.discard(line)
        if self._closed or not line.usable:
            self._drop(line)
        else:
            self._idle.append(line)
            self._rest_later()
        self._returned.set()

    def retire(self) -> None:
        """Closes what is unused, and what is in use when it comes back."""
        for line in self._busy:
            line.spent = True
        while self._idle:
            self._drop(self._idle.pop())
        self._returned.set()

    async def close(self) -> None:
        """Closes every connection, those in use too."""
        self._closed = True
        if self._resting is not None:
            self._resting.cancel()
        self.retire()
        for line in tuple(self._busy):
            connecting.hang_up(line.connection)
            self._busy.discard(line)
            self._drop(line)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _add(self) -> Line | None:
        """A new connection; None if the server grants no more and there are others to wait for."""
        self._opening += 1
        try:
            line = await self._open_one()
        except Unreachable as failure:
            others = len(self._idle) + len(self._busy)
            if not (isinstance(failure, connecting.NoConnectionLeft) and others):
                raise
            self._granted = others
            return None
        finally:
            self._opening -= 1
            # Whoever waits may open one of its own, or be told why there is none.
            self._returned.set()
        if self._closed:
            self._drop(line)
            raise Unreachable("The connection to the database has been closed.")
        return line

    def _drop(self, line: Line) -> None:
        # What the server refused before it may grant again.
        self._granted = self._limit
        task = asyncio.create_task(connecting.discard(line.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
