"""Live changes: one connection that listens, notices when it is no longer told anything, and comes back by itself.

A notification is a hint to read again, never data: there are ids in it and nothing else, and what is read again is
read under row security. So a forged one costs a reading and shows nothing.

At each (re)connect the order is: listen, then tell the panes to read. The other way round, whatever happened between
would be missed.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import sql

from helpdesk_tui.core import connecting, faults
from helpdesk_tui.core.connecting import Connection, Renew
from helpdesk_tui.core.dirty import Dirty
from helpdesk_tui.core.errors import HelpdeskError, Unreachable
from helpdesk_tui.core.live_events import ACCESS, MANY, Changed, Event, Kind, Name, Pace, State, Typing, gathered

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

__all__ = ["Changed", "Dirty", "Event", "Kind", "Live", "Pace", "State", "Typing"]

T = TypeVar("T")


class _Lost(Exception):
    """The connection is of no use any more; says why, for people."""


class Live:
    """Tells when something changed, and whether one would be told.

    Args:
        settings: where the database is; ``listen_host`` is a second, direct address for listening.
        session_provider: who asks, looked up at every connect; may be async.
        pace: times other than the usual ones.
        renew: makes a fresh sign-in of an expired one (``SignIn.refresh``).
    """

    def __init__(
        self,
        settings: Settings,
        session_provider: Callable[[], Session | Awaitable[Session]],
        *,
        pace: Pace | None = None,
        renew: Renew | None = None,
    ) -> None:
        self.state = State("connecting", time.time())
        """The state at this moment."""
        self._settings = settings
        self._provider = session_provider
        self._pace = pace or Pace()
        self._renew = renew
        self._callbacks: list[Callable[[Event], None]] = []
        self._channels: frozenset[str] = frozenset()
        # Whether the usual address is known to pass no notifications on.
        self._deaf = settings.pooled
        self._looked = float("-inf")
        self._look_due = False
        self._heard = time.time()
        self._hurry = asyncio.Event()

    # -- for whoever wants to know ------------------------------------------------------------------------------------

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Has ``callback`` called with every event from now on, on the event loop.

        Returns:
            What ends it.
        """
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    async def events(self) -> AsyncIterator[Event]:
        """Every event from now on, the present state first."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        queue.put_nowait(self.state)
        unsubscribe = self.subscribe(queue.put_nowait)
        try:
            while True:
                yield await queue.get()
        finally:
            unsubscribe()

    def retry(self) -> None:
        """Tries to connect now rather than when the time has come; while connected, does nothing."""
        self._hurry.set()

    async def run(self) -> None:
        """Listens until cancelled. Never raises because of the network or the server."""
        failures, lost_at = 0, time.monotonic()
        while True:
            began = time.monotonic()
            why = ""
            try:
                await self._connected()
            except _Lost as lost:
                why = str(lost)
            except HelpdeskError as error:
                why = error.message
            except psycopg.Error as error:
                why = faults.answering(error, host=self._place()).message
            now = time.monotonic()
            if not why:
                continue  # only another way to listen is wanted
            if self.state.name in ("live", "polling"):
                lost_at = now
                # A server that takes the connection and drops it at once is not hurried.
                failures = 0 if now - began > self._pace.idle else failures
                self._become("stale", why)
            elif self.state.name == "connecting" or now - lost_at > self._pace.down_after:
                self._become("down", why)
            await self._pause(failures)
            failures += 1

    # -- one connection -----------------------------------------------------------------------------------------------

    async def _connected(self) -> None:
        """Connects and tells what happens, until the connection is lost.

        Raises:
            _Lost, HelpdeskError, psycopg.Error: it is lost or could not be made. Returns if it should be made anew
                in another way.
        """
        direct = self._deaf and self._settings.listen_host is not None
        try:
            connection = await self._connect(direct=direct)
        except Unreachable:
            if not direct:
                raise
            # No way to the direct address from here; then at least by asking.
            direct = False
            connection = await self._connect(direct=False)
        try:
            # A known pooler without another address is not listened to at all: the channel would stay behind on a
            # connection that others are given.
            if direct or not self._deaf:
                probe = f"hd_probe_{secrets.token_hex(16)}"
                shared = await self._listen(connection, probe)
                self._emit(Changed(None, "connected"))
                if await self._hears(connection, probe, direct=direct, shared=shared):
                    await self._watch(connection)
                self._deaf = True
                if not direct and self._settings.listen_host is not None:
                    return
                await self._ask(connection, connection.execute("unlisten *"))
            self._emit(Changed(None, "connected"))
            await self._poll(connection)
            self._deaf = self._settings.pooled
        finally:
            await connecting.discard(connection)

    async def _connect(self, *, direct: bool) -> Connection:
        found = self._provider()
        session = await found if isawaitable(found) else found

        async def open_with(session: Session) -> Connection:
            return await connecting.connect(self._settings, session, listening=direct)

        connection, _ = await connecting.connect_renewed(open_with, session, self._renew)
        self._heard = time.time()
        return connection

    async def _listen(self, connection: Connection, probe: str) -> bool:
        """Listens to one's channels and to ``probe``; whether a pooler of some kind is between here and the server."""
        self._channels, backend = await self._ask(connection, _look_up(connection))
        await self._ask(connection, _listen(connection, self._channels | {probe}, frozenset()))
        return backend != connection.info.backend_pid

    async def _hears(self, connection: Connection, probe: str, *, direct: bool, shared: bool) -> bool:
        """Whether notifications pass. Behind a pooler that shares connections, LISTEN succeeds and nothing comes."""
        nonce = secrets.token_hex(16)
        notify = ("select pg_notify(%s, %s)", (probe, nonce))
        if shared:
            # A pooler hands the echo of one's own NOTIFY through even where it hands nothing else through, so the
            # probe must come from somebody else.
            other = await self._connect(direct=direct)
            try:
                await self._ask(other, other.execute(*notify))
            finally:
                await connecting.discard(other)
        else:
            await self._ask(connection, connection.execute(*notify))
        deadline = time.monotonic() + self._pace.probe
        late = False
        while not late:
            left = deadline - time.monotonic()
            # What came while this machine was busy with something else has come in time: one look after the end.
            late = left <= 0
            batch = await self._next(connection, max(0.0, left))
            heard = any(each.channel == probe and each.payload == nonce for each in batch)
            self._told(batch)
            if heard:
                await self._ask(connection, _listen(connection, frozenset(), frozenset({probe})))
                return True
        return False

    async def _watch(self, connection: Connection) -> None:
        """Tells what is notified, as long as the server is there."""
        pace = self._pace
        self._become("live")
        heard = time.monotonic()
        safety = heard + _about(pace.safety)
        while True:
            until = min(heard + pace.idle, safety)
            if self._look_due:
                until = min(until, self._looked + pace.access_again)
            batch = await self._next(connection, max(0.0, until - time.monotonic()))
            now = time.monotonic()
            if batch:
                heard = now
                self._told(batch)
            elif now >= heard + pace.idle:
                await self._ask(connection, connection.execute("select 1"))
                heard = time.monotonic()
            if self._look_due and now >= self._looked + pace.access_again:
                await self._look_again(connection)
            if now >= safety:
                safety = now + _about(pace.safety)
                await self._look_again(connection)
                self._emit(Changed(None, "safety"))

    async def _poll(self, connection: Connection) -> None:
        """Where nothing is told: asks. Returns when it is time to try listening again."""
        self._become("polling", "This way to the database passes no live changes on.")
        until = time.monotonic() + _about(self._pace.polling_again)
        while time.monotonic() < until:
            await asyncio.sleep(_about(self._settings.poll_seconds))
            await self._ask(connection, connection.execute("select 1"))
            self._emit(Changed(None, "polled"))

    async def _next(self, connection: Connection, seconds: float) -> list[psycopg.Notify]:
        """What is notified next, all that comes in one go; nothing if ``seconds`` pass."""
        batch = [each async for each in connection.notifies(timeout=seconds, stop_after=1)]
        if batch:
            self._heard = time.time()
        return batch

    def _told(self, batch: list[psycopg.Notify]) -> None:
        """Passes on what is worth passing on; ignores what is on no channel of ours or makes no sense."""
        payloads = {each.payload for each in batch if each.channel in self._channels}
        self._look_due = self._look_due or ACCESS in payloads
        if MANY in payloads:
            self._emit(Changed(None, "many"))
            return
        for each in gathered(payloads):
            self._emit(each)

    async def _look_again(self, connection: Connection) -> None:
        """Looks up one's channels; if they are others, what this person may see is another too."""
        self._looked, self._look_due = time.monotonic(), False
        channels, _ = await self._ask(connection, _look_up(connection))
        if channels != self._channels:
            await self._ask(connection, _listen(connection, channels - self._channels, self._channels - channels))
            self._channels = channels
            self._emit(Changed(None, "access"))

    async def _ask(self, connection: Connection, question: Awaitable[T]) -> T:
        """The answer, if it comes in time.

        Cancelling what waits for a frozen server takes the driver many seconds; hanging up takes none.

        Raises:
            _Lost: it does not come.
        """
        task = asyncio.ensure_future(question)
        try:
            await asyncio.wait({task}, timeout=self._pace.answer)
            if task.done():
                self._heard = time.time()
                return task.result()
            raise _Lost(f"The database at {self._place()} has not answered for a while.")
        finally:
            if not task.done():
                connecting.hang_up(connection)
                await asyncio.wait({task}, timeout=1.0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    # -- what is told -------------------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        for callback in tuple(self._callbacks):
            callback(event)

    def _become(self, name: Name, why: str = "") -> None:
        if (name, why) != (self.state.name, self.state.why):
            since = self._heard if name in ("stale", "down") else time.time()
            self.state = State(name, since, why)
            self._emit(self.state)

    async def _pause(self, failures: int) -> None:
        if failures:
            pace = self._pace
            longest = min(pace.retry_most, pace.retry_first * 2.0 ** min(failures - 1, 20))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), random.uniform(longest / 2, longest))  # noqa: S311
        self._hurry.clear()

    def _place(self) -> str:
        return connecting.place(self._settings, listening=self._deaf)


async def _look_up(connection: Connection) -> tuple[frozenset[str], int]:
    """The names of this person's channels and the server process that answers, asked in one round trip and in a
    transaction of its own that leaves nothing behind.
    """
    async with connection.pipeline():
        await connection.execute("begin read only")
        await connection.execute("select set_config('role', 'helpdesk_member', true)")
        names = await connection.execute("select channel from helpdesk.channels()")
        process = await connection.execute("select pg_backend_pid()")
        await connection.execute("commit")
    row = await process.fetchone()
    return frozenset(str(name) for (name,) in await names.fetchall()), row[0] if row else 0


async def _listen(connection: Connection, begin: frozenset[str], end: frozenset[str]) -> None:
    async with connection.pipeline():
        for channel in begin:
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        for channel in end:
            await connection.execute(sql.SQL("unlisten {}").format(sql.Identifier(channel)))


def _about(seconds: float) -> float:
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311  (so that many clients do not ask at the same moment)
