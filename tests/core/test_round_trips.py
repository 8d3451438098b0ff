"""What the desk asks for takes one network round trip each, counted on the wire, as agent, admin and customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.desk import Desk
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.core.thread import Outgoing
from tests.opened import proxied, through
from tests.proxy import Proxy
from tests.world import DeskDatabase, People, Person

TICKETS, MESSAGES = 120, 60


@dataclass(frozen=True)
class Wire:
    """A desk and the wire it is on."""

    desk: Desk
    proxy: Proxy
    ticket: UUID

    async def cost(self, question: Awaitable[Any]) -> tuple[int, int, int]:
        """What a question takes: turnarounds of the connection, sync messages, and as the database counts them."""
        database = self.desk.database
        before = (self.proxy.turnarounds, self.proxy.syncs, database.round_trips)
        await question
        return (
            self.proxy.turnarounds - before[0],
            self.proxy.syncs - before[1],
            database.round_trips - before[2],
        )


@asynccontextmanager
async def on_the_wire(database: DeskDatabase, person: Person, ticket: UUID) -> AsyncIterator[Wire]:
    async with proxied(database) as proxy:
        desk = await Desk.open(through(database.settings, proxy), person.session)
        try:
            yield Wire(desk, proxy, ticket)
        finally:
            await desk.close()


@pytest.fixture(params=["agent", "admin", "customer"])
async def wire(request: pytest.FixtureRequest, database: DeskDatabase, people: People) -> AsyncIterator[Wire]:
    """Somebody of each role, with a queue of more than a page and a long thread."""
    cora = await people.sign_up("cora@shop.test", "Cora")
    staff = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    boss = await people.sign_up("boss@desk.test", "Boss", "admin")
    person = {"agent": staff, "admin": boss, "customer": cora}[request.param]
    ticket = uuid4()
    await database.run(
        "insert into public.tickets (id, title, customer_id) values (%s, 'the long one', %s)", [ticket, cora.id]
    )
    await database.run(
        "insert into public.tickets (title, customer_id) select 'ticket ' || n, %s from generate_series(1, %s) n",
        [cora.id, TICKETS],
    )
    await database.run(
        """insert into public.ticket_messages (ticket_id, sender_id, content)
           select %s, case n %% 2 when 0 then %s::uuid else %s end, repeat('a line of text ', 100)
             from generate_series(1, %s) n""",
        [ticket, cora.id, staff.id, MESSAGES],
    )
    async with on_the_wire(database, person, ticket) as wire:
        yield wire


Question = Callable[[Wire], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "a queue page": lambda wire: wire.desk.page("open", "updated", "first", 100),
    "the last queue page": lambda wire: wire.desk.page("open", "priority", "last", 100),
    "the counts": lambda wire: wire.desk.counts(),
    "the first look": lambda wire: wire.desk.first_look("open", "updated", 100),
    "a thread": lambda wire: wire.desk.thread(wire.ticket),
    "what changed": lambda wire: wire.desk.look_again("open", [wire.ticket]),
    "a ticket by its number": lambda wire: wire.desk.ticket("1"),
    "a message": lambda wire: wire.desk.send(
        Outgoing(wire.ticket, uuid4(), "Hello", wire.desk.me.role != "customer", None)
    ),
}


async def test_queue_page_thread_and_counts_take_one_network_round_trip_each(wire: Wire) -> None:
    for _ in range(5):  # before and after the statements are prepared
        for name, ask in QUESTIONS.items():
            assert await wire.cost(ask(wire)) == (1, 1, 1), name


async def test_what_is_asked_for_is_there(wire: Wire) -> None:
    """Counting the round trips of empty answers would prove little."""
    rows, more, counts = await wire.desk.first_look("open", "updated", 100)
    assert (len(rows), more, counts["open"]) == (100, True, TICKETS + 1)
    assert len((await wire.desk.thread(wire.ticket)).messages) == MESSAGES


async def test_an_act_takes_one_network_round_trip(wire: Wire) -> None:
    if wire.desk.me.role == "customer":
        changes = [Change(status="closed")]
    else:
        changes = [Change(priority="high"), Change(assignee=wire.desk.me.id)]
        changes.append(Change(status="pending", snooze=datetime(2099, 1, 1, tzinfo=UTC)))
    for change in changes:
        act_id = uuid4()
        assert await wire.cost(wire.desk.act(act_id, [wire.ticket], change)) == (1, 1, 1), change.words
        assert await wire.cost(wire.desk.my_acts()) == (1, 1, 1)
        assert await wire.cost(wire.desk.undo(act_id, uuid4())) == (1, 1, 1), change.words


async def test_opening_the_desk_takes_one_once_connected(database: DeskDatabase, people: People) -> None:
    ana = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    async with on_the_wire(database, ana, uuid4()) as wire:
        assert wire.desk.database.round_trips == 1
        assert wire.proxy.syncs == 1


async def test_each_statement_is_planned_as_it_says_in_the_same_round_trip(wire: Wire) -> None:
    """Whatever order they come in, and also after a failure, which takes back what was set in its transaction."""
    asked = "select current_setting('plan_cache_mode')"
    anew, general = Statement(asked), Statement(asked, general=True)
    fails = Statement("select 1 / %(zero)s::integer", {"zero": 0}, general=True)
    database = wire.desk.database

    async def mixed() -> None:
        found = await database.run(general, anew, anew, general)
        assert [rows[0][0].split("_")[1] for rows in found] == ["generic", "custom", "custom", "generic"]

    for _ in range(2):
        assert await wire.cost(mixed()) == (1, 1, 1)
        with pytest.raises(BadInput):
            await database.run(anew, fails)
        assert (await database.fetch(general), await database.fetch(anew)) == (
            [("force_generic_plan",)],
            [("force_custom_plan",)],
        )
