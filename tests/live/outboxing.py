"""An agent's outbox on a link that is made bad on purpose, and what the database has of it in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

from helpdesk_tui.core import outbox_kinds
from helpdesk_tui.core.database import Database, Limits
from helpdesk_tui.core.desk import Desk
from helpdesk_tui.core.errors import HelpdeskError, Queued
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.outbox import Entry, Happened, Outbox
from helpdesk_tui.core.thread import Outgoing
from tests.chatting import me_of
from tests.live.cutting_proxy import CuttingProxy
from tests.proxy import Proxy
from tests.world import DeskDatabase, Person

OWNER: Final = "desk/ana"
QUICK: Final = Limits(statement=2.0, lock=1.0, answer=1.0, cancelling=0.2)
TURNS: Final = {
    "priority": ("low", "medium", "high", "urgent"),
    "status": ("open", "pending", "resolved", "closed"),
}


class BadLink:
    """Two proxies one behind the other: one drops, delays and freezes, the other cuts within messages and commits."""

    def __init__(self, database: DeskDatabase, seed: int, *, delay: float = 0.0) -> None:
        self.random = Random(seed)
        self._database = database
        self._delay = delay
        self.cutting = CuttingProxy(f"{database.server.host}/.s.PGSQL.5432", self.random, chance=0.0)
        self.proxy = Proxy("127.0.0.1", 0, delay=delay)

    async def __aenter__(self) -> BadLink:
        await self.cutting.__aenter__()
        self.proxy.target = (self.cutting.host, self.cutting.port)
        await self.proxy.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.proxy.__aexit__()
        await self.cutting.__aexit__()

    @property
    def settings(self) -> Any:
        """The way through it."""
        return replace(self._database.settings, db_host=self.proxy.host, db_port=self.proxy.port)

    async def up(self) -> None:
        """All is well."""
        self.proxy.thaw()
        self.cutting.rest()
        self.proxy.refuse()
        await self.proxy.start()

    def down(self) -> None:
        """Nothing gets through, and nothing is told to have."""
        self.proxy.refuse()
        self.proxy.cut()

    def cuts(self, chance: float = 0.01, unanswered: float = 0.1) -> None:
        """Connections end within what is sent, and with the server's answer to a commit."""
        self.cutting.chance, self.cutting.unanswered = chance, unanswered

    async def flap(self) -> None:
        """Something else every moment, until cancelled."""
        while True:
            self.cuts()
            await asyncio.sleep(self.random.uniform(0.1, 0.4))
            match self.random.choice(("down", "freeze", "swallow", "cut", "fine")):
                case "down":
                    self.down()
                    await asyncio.sleep(self.random.uniform(0.02, 0.1))
                    await self.proxy.start()
                case "freeze":
                    self.proxy.freeze()
                    await asyncio.sleep(self.random.uniform(0.02, 0.1))
                    self.proxy.thaw()
                case "swallow":
                    self.proxy.swallow()
                    await asyncio.sleep(0.05)
                    # What has vanished is gone: so is its connection, or it would wait for an answer for ever.
                    self.proxy.cut()
                    self.proxy.thaw()
                case "cut":
                    self.proxy.cut()


@dataclass
class Window:
    """One window of the agent: an outbox that sends by way of a link, and stops without a word."""

    outbox: Outbox
    running: asyncio.Task[None]
    happened: list[Happened]
    database: Database

    async def end(self) -> None:
        """As a program ends that is killed: what it was about to write down is not."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        self.outbox.close()
        await self.database.close()

    async def try_(self, entry: Entry) -> str:
        """Does something; whether it was "done", "queued" or "refused"."""
        try:
            await self.outbox.do(entry, patience=5)
        except Queued:
            return "queued"
        except HelpdeskError:
            return "refused"
        return "done"


async def window(link: BadLink, person: Person, path: Path) -> Window:
    """Opens one, however bad the link is."""
    database = Database(link.settings, person.session, limits=QUICK)
    happened: list[Happened] = []
    desk = Desk(database, me_of(person), (), ())
    outbox = Outbox(Journal.open(path), OWNER, outbox_kinds.performing(desk), happened.append, again=(0.02, 0.2))
    return Window(outbox, asyncio.create_task(outbox.run()), happened, database)


@asynccontextmanager
async def opened_window(link: BadLink, person: Person, path: Path) -> AsyncIterator[Window]:
    """One that ends with the block."""
    made = await window(link, person, path)
    try:
        yield made
    finally:
        await made.end()


@dataclass
class Model:
    """What was done to some tickets, in order: what there has to be in the end."""

    now: dict[UUID, dict[str, str]] = field(default_factory=dict)
    done: dict[UUID, list[tuple[str, str]]] = field(default_factory=dict)

    def begin(self, tickets: list[UUID]) -> None:
        """Tickets as they are made."""
        self.now = {ticket: {"priority": "medium", "status": "open"} for ticket in tickets}
        self.done = {ticket: [] for ticket in tickets}

    def act(self, ticket: UUID, name: str) -> Entry:
        """The next value of a field, which is another one each time."""
        turns = TURNS[name]
        value = turns[(turns.index(self.now[ticket][name]) + 1) % len(turns)]
        self.now[ticket][name] = value
        self.done[ticket].append((name, value))
        return outbox_kinds.act(OWNER, uuid4(), [ticket], {name: value}, f"{name} → {value}")

    def message(self, ticket: UUID, *, internal: bool) -> Entry:
        """The next message."""
        message_id = uuid4()
        content = f"{'note' if internal else 'reply'} {len(self.done[ticket])}"
        self.done[ticket].append(("note" if internal else "reply", content))
        return outbox_kinds.message(OWNER, Outgoing(ticket, message_id, content, internal, None), content)


async def tickets_of(database: DeskDatabase, customer: Person, number: int) -> list[UUID]:
    """New tickets in Support."""
    rows = await database.run(
        "insert into public.tickets (title, customer_id, department_id)"
        " select 'T', %s, (select id from public.departments where name = 'Support') from generate_series(1, %s)"
        " returning id",
        [customer.id, number],
    )
    return [row[0] for row in rows]


async def done_in(database: DeskDatabase, person: Person, tickets: list[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """What the person has done to tickets, by the database, in the order in which it was done."""
    rows = await database.run(
        """
        select ticket_id, kind, value from (
          select e.ticket_id, e.kind, e.new_value as value, e.created_at from public.ticket_events e
           where e.actor_id = %(me)s
          union all
          select h.ticket_id, 'status', h.status::text, h.created_at from public.ticket_status_history h
           where h.changed_by = %(me)s
          union all
          select m.ticket_id, case when m.is_internal then 'note' else 'reply' end, m.content, m.created_at
            from public.ticket_messages m where m.sender_id = %(me)s) x
         where ticket_id = any(%(tickets)s) order by created_at
        """,
        {"me": person.id, "tickets": tickets},  # type: ignore[arg-type]
    )
    found: dict[UUID, list[tuple[str, str]]] = {ticket: [] for ticket in tickets}
    for ticket, kind, value in rows:
        found[ticket].append((kind, value))
    return found
