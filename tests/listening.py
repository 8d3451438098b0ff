"""Somebody who listens: Live on a real connection, with short times, and everything that it said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

from helpdesk_tui.core.live import Changed, Event, Live, Pace, State
from helpdesk_tui.core.settings import Settings
from tests.opened import until
from tests.world import DeskDatabase, Person

QUICK = Pace(idle=0.3, answer=0.2, probe=0.3, safety=60, retry_first=0.05, retry_most=0.2, down_after=0.5)


class Heard:
    """What a Live said, in order."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.events: list[Event] = []
        live.subscribe(self.events.append)

    @property
    def states(self) -> list[str]:
        return [event.name for event in self.events if isinstance(event, State)]

    @property
    def reasons(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, Changed)]

    @property
    def tickets(self) -> set[UUID]:
        """The tickets that were named."""
        return {each for event in self.events if isinstance(event, Changed) for each in event.tickets or ()}

    async def state(self, name: str, seconds: float = 30.0) -> float:
        """Waits for a state; how many seconds it took."""
        return await until(lambda: self.live.state.name == name, seconds)

    async def ticket(self, ticket: UUID, seconds: float = 30.0) -> float:
        """Waits until a ticket was named; how many seconds it took."""
        return await until(lambda: ticket in self.tickets, seconds)


@asynccontextmanager
async def listening(
    settings: Settings, person: Person, pace: Pace = QUICK, *, wait_for: str | None = "live", **more: Any
) -> AsyncIterator[Heard]:
    """A Live of ``person`` that runs, once it is in the state ``wait_for``."""
    live = Live(settings, more.pop("provider", lambda: person.session), pace=pace, **more)
    heard = Heard(live)
    running = asyncio.create_task(live.run())
    try:
        if wait_for is not None:
            await heard.state(wait_for)
        yield heard
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def open_ticket(database: DeskDatabase, customer: Person, title: str = "Help") -> UUID:
    """A new ticket of ``customer``, written by the owner."""
    ticket = uuid4()
    await database.run(
        "insert into public.tickets (id, title, customer_id) values (%s, %s, %s)", [ticket, title, customer.id]
    )
    return ticket
