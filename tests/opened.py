"""Opens what tests look through: a Database of a person, a proxy before the server, both together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from helpdesk_tui.core.database import Database
from helpdesk_tui.core.settings import Settings
from tests.proxy import Proxy
from tests.world import DeskDatabase, Person


def through(settings: Settings, proxy: Proxy) -> Settings:
    """The same settings, by way of the proxy."""
    return replace(settings, db_host=proxy.host, db_port=proxy.port)


@asynccontextmanager
async def opened(
    database: DeskDatabase, person: Person, *, proxy: Proxy | None = None, **more: Any
) -> AsyncIterator[Database]:
    """A Database of ``person``, by way of ``proxy`` if there is one; ``more`` goes to ``Database.connect``."""
    settings = database.settings if proxy is None else through(database.settings, proxy)
    desk = await Database.connect(settings, person.session, **more)
    try:
        yield desk
    finally:
        await desk.close()


@asynccontextmanager
async def proxied(database: DeskDatabase, **more: Any) -> AsyncIterator[Proxy]:
    """A proxy before the server of ``database``; ``more`` goes to ``Proxy``."""
    async with Proxy(f"{database.server.host}/.s.PGSQL.5432", **more) as proxy:
        yield proxy


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 30.0) -> float:
    """Waits for something to become true; how many seconds it took."""
    began = time.monotonic()
    while True:
        found = condition()
        if await found if not isinstance(found, bool) else found:
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, "it did not come to that"
        await asyncio.sleep(0.01)
