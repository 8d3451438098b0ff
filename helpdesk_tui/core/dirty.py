"""What a pane has to read again, and when: at once, then not too often, and never lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError

Ids = frozenset[UUID] | None
"""Ids of things of one kind that changed; None: any may have."""
Tickets = Ids
"""Ids of tickets that changed; None: anything may have."""

PANE = 0.1
#: Counting again is for the whole of a view, so not at every change: seconds between two, and up to so many more.
COUNTERS = 2.0
COUNTERS_JITTER = 0.5


class Dirty:
    """Collects what changed for one pane and has it read again.

    The first mark is acted on at once. Marks that come while that goes on, or within ``gap`` after it began, are put
    together into one more reading. Reading never overlaps itself.

    Args:
        refresh: reads again what changed. If it fails, what it should have read stays marked, for the next mark.
        gap: seconds between the beginnings of two readings, at least (``PANE``, or ``COUNTERS`` for numbers).
        jitter: up to so many seconds more, at random, so that many clients do not ask at the same moment.
        failed: told why a reading failed.
        crashed: told of a fault of the program in a reading, any exception but a HelpdeskError; None: it is raised
            in the event loop's exception handler. What should have been read stays marked then too.
        clock: seconds, for tests.
        sleep: waits, for tests.
    """

    def __init__(
        self,
        refresh: Callable[[Tickets], Awaitable[None]],
        *,
        gap: float = PANE,
        jitter: float = 0.0,
        failed: Callable[[HelpdeskError], None] | None = None,
        crashed: Callable[[BaseException], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._refresh = refresh
        self._gap = gap
        self._jitter = jitter
        self._failed = failed
        self._crashed = crashed
        self._clock = clock
        self._sleep = sleep
        self._ids: set[UUID] = set()
        self._everything = False
        self._muted = 0
        self._next = float("-inf")
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> bool:
        """Whether something is marked that has not been read again."""
        return self._everything or bool(self._ids)

    def mark(self, tickets: Tickets = None) -> None:
        """These tickets changed; None: anything may have. Must be called on the event loop."""
        if tickets is None:
            self._everything = True
        else:
            self._ids.update(tickets)
        self._start()

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Marks are collected meanwhile and acted on once at the end: for an import, or a bulk act."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def pause(self) -> None:
        """Marks are collected and not acted on until :meth:`resume`: for a pane that nobody sees."""
        self._muted += 1

    def resume(self) -> None:
        """Undoes one :meth:`pause`."""
        self._muted -= 1
        self._start()

    async def settled(self) -> None:
        """Returns when nothing is being read and nothing waits to be, or a reading has failed."""
        while self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> None:
        """Reads no more."""
        self._muted += 1
        if self._task is not None:
            self._task.cancel()

    def _wanted(self) -> bool:
        return self.pending and not self._muted

    def _start(self) -> None:
        if self._wanted() and self._task is None:
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None  # cancelled before it began
        if task.cancelled() or (fault := task.exception()) is None:
            return
        # A fault in a refresh is a fault of the program: it must not pass unseen.
        if self._crashed is None:
            raise fault
        self._crashed(fault)

    async def _work(self) -> None:
        try:
            while self._wanted():
                if (wait := self._next - self._clock()) > 0:
                    await self._sleep(wait)
                if self._wanted() and not await self._read():
                    return
        finally:
            # In the same breath as the last look at what is pending: a mark a moment later starts the next task.
            self._task = None

    async def _read(self) -> bool:
        """Has what is marked read again; False if that failed, and it is still marked."""
        tickets: Tickets = None if self._everything else frozenset(self._ids)
        self._everything, self._ids = False, set()
        self._next = self._clock() + self._gap + random.uniform(0, self._jitter)  # noqa: S311  (not a secret)
        done = False
        try:
            await self._refresh(tickets)
            done = True
        except HelpdeskError as error:
            if self._failed is not None:
                self._failed(error)
        finally:
            if not done:
                self._everything = self._everything or tickets is None
                self._ids.update(tickets or ())
        return done
