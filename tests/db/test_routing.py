"""Routing: who is given what comes in, and who is away. docs/routing.md"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.noticing import inbox
from tests.db.signed_in import new
from tests.world import Connection, People, Person

ARRIVE = "insert into public.tickets (id, title, customer_id, category_id) values (%s, 't', %s, %s)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; every test has a department of its own."""
    return module_people


class Team:
    """A department with its agents, a customer, an admin, and a category that sends tickets there."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.name = f"Team {uuid4().hex[:8]}"
        self.agents: list[Person] = []

    async def made(self, agents: int, mode: str = "round robin", capacity: int | None = None) -> Team:
        """With so many agents, told how tickets are given out. The agents stand in the order of their turns."""
        self.department = await self.people.department(self.name)
        found = [await new(self.people, f"agent{n}", "agent", self.name) for n in range(agents)]
        self.agents = sorted(found, key=lambda person: person.id)
        self.customer = await new(self.people, "cora")
        self.admin = await self.people.connect_as(await new(self.people, "ann", "admin"))
        self.category = (
            await self.people.database.run(
                "insert into public.categories (name, department_id) values (%s, %s) returning id",
                [self.name, self.department],
            )
        )[0][0]
        await self.route(mode, capacity)
        return self

    async def route(self, mode: str, capacity: int | None = None) -> None:
        """Says how tickets are given out."""
        await self.admin.execute("select helpdesk.set_routing(%s, %s, %s)", [self.department, mode, capacity])

    async def arrive(self, number: int = 1, connection: Connection | None = None) -> list[UUID]:
        """So many tickets of the customer, each in a transaction of its own, or all by one connection."""
        ids = [uuid4() for _ in range(number)]
        connection = connection or await self.people.connect_as(self.customer)
        for ticket in ids:
            await connection.execute(ARRIVE, [ticket, self.customer.id, self.category])
        return ids

    async def held(self, tickets: list[UUID]) -> list[int | None]:
        """Who holds each of the tickets, as the place among the agents; None: nobody."""
        rows = dict(
            await self.people.database.run("select id, assignee_id from public.tickets where id = any(%s)", [tickets])
        )
        places = {person.id: place for place, person in enumerate(self.agents)}
        return [places[rows[ticket]] if rows[ticket] else None for ticket in tickets]

    async def time_passes(self) -> None:
        """Until everybody's absence is over by the clock."""
        await self.people.database.run("update private.away set until = now() - interval '1 second'")

    async def agent(self, place: int) -> Connection:
        """A connection of one of the agents."""
        return await self.people.connect_as(self.agents[place])


async def refused(connection: Connection, statement: str, *parameters: Any) -> str:
    """How a statement is refused: its SQLSTATE."""
    with pytest.raises(psycopg.Error) as caught:
        await connection.execute(statement.encode(), parameters)
    return caught.value.sqlstate or ""


async def resolve(connection: Connection, ticket: UUID) -> None:
    """Resolves a ticket."""
    await connection.execute("update public.tickets set status = 'resolved' where id = %s", [ticket])


# -- who is given what ------------------------------------------------------------------------------------------------


async def test_round_robin_gives_each_agent_the_next_and_skips_those_away(people: People) -> None:
    team = await Team(people).made(3)
    assert await team.held(await team.arrive(5)) == [0, 1, 2, 0, 1]
    away = await team.agent(2)
    await away.execute("select helpdesk.set_away(null, null, 'ill')")
    assert await team.held(await team.arrive(3)) == [0, 1, 0]
    await away.execute("select helpdesk.set_back(null)")
    assert await team.held(await team.arrive(3)) == [1, 2, 0]
    # An absence that is over by the clock is none.
    await away.execute("select helpdesk.set_away(null, clock_timestamp() + interval '1 hour', null)")
    await team.time_passes()
    assert await team.held(await team.arrive(2)) == [1, 2]


async def test_least_loaded_gives_to_whoever_holds_least_up_to_a_capacity(people: People) -> None:
    team = await Team(people).made(2, "least loaded", 3)
    first = await team.arrive(2)
    assert await team.held(first) == [0, 1]
    await team.admin.execute("select helpdesk.assign(%s, %s)", [first, team.agents[1].id])
    assert await team.held(await team.arrive(4)) == [0, 0, 1, 0]  # whose turn is next, where two hold the same
    waiting = await team.arrive(2)
    assert await team.held(waiting) == [None, None]  # both hold three
    # One's own capacity counts before the department's; with none at all they are given nothing.
    await team.admin.execute("select helpdesk.set_capacity(%s, 4)", [team.agents[1].id])
    assert await team.held(waiting) == [1, None]
    await team.admin.execute("select helpdesk.set_capacity(%s, 0)", [team.agents[1].id])
    await resolve(await team.agent(1), first[0])
    await team.admin.execute("select helpdesk.set_capacity(%s, null)", [team.agents[0].id])
    assert await team.held(waiting) == [1, None]
    await team.route("least loaded", None)
    assert await team.held(waiting) == [1, 0]


async def test_what_nobody_was_free_for_is_given_out_when_somebody_is_the_most_urgent_first(people: People) -> None:
    team = await Team(people).made(1, "least loaded", 1)
    agent = await team.agent(0)
    held, old, older, urgent = await team.arrive(4)
    await people.database.run("update public.tickets set priority = 'urgent' where id = %s", [urgent])
    assert await team.held([held, old, older, urgent]) == [0, None, None, None]
    # Not in the order of their ids, but of their coming.
    await resolve(agent, held)
    assert await team.held([old, older, urgent]) == [None, None, 0]
    await resolve(agent, urgent)
    assert await team.held([old, older]) == [0, None]
    # Given to somebody else, closed by its requester, taken away: there is room for another one.
    await agent.execute("select helpdesk.set_away(null, null, null)")
    await resolve(agent, old)
    assert await team.held([older]) == [None]
    await agent.execute("select helpdesk.set_back(null)")
    assert await team.held([older]) == [0]


async def test_whoever_became_free_by_the_clock_is_given_what_waits_by_the_next_look(people: People) -> None:
    team = await Team(people).made(1)
    agent = await team.agent(0)
    await agent.execute("select helpdesk.set_away(null, clock_timestamp() + interval '1 hour', null)")
    tickets = await team.arrive(1)
    assert await team.held(tickets) == [None]
    await team.time_passes()
    stranger = await people.connect_as(team.customer)
    other = await people.connect_as(await new(people, "bo", "agent", "Billing"))
    for nobody in (stranger, other):
        assert (await (await nobody.execute("select helpdesk.route()")).fetchall()) == [(0,)]
    assert (await (await agent.execute("select helpdesk.route()")).fetchall()) == [(1,)]
    assert await team.held(tickets) == [0]


async def test_a_ticket_arrives_by_a_move_and_opened_again_with_nobody(people: People) -> None:
    team = await Team(people).made(1)
    elsewhere = await Team(people).made(1, "manual")
    moved, closed = await elsewhere.arrive(2)
    assert await elsewhere.held([moved, closed]) == [None, None]
    await team.admin.execute("select helpdesk.move(array[%s], %s)", [moved, team.department])
    assert await team.held([moved]) == [0]
    await people.database.run(
        "update public.tickets set department_id = %s, status = 'closed' where id = %s", [team.department, closed]
    )
    assert await team.held([closed]) == [None]
    requester = await people.connect_as(elsewhere.customer)
    await requester.execute(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'again')",
        [closed, elsewhere.customer.id],
    )
    assert await team.held([closed]) == [0]


async def test_what_is_nobodys_on_purpose_is_left_alone(people: People) -> None:
    team = await Team(people).made(2)
    agent, mine = await team.agent(0), uuid4()
    # A member of the team who asks something, for themselves.
    await agent.execute(ARRIVE, [mine, team.agents[0].id, team.category])
    # One that was given at once, and one that was put back.
    given = uuid4()
    await team.admin.execute(
        "insert into public.tickets (id, title, customer_id, department_id, assignee_id) values (%s, 't', %s, %s, %s)",
        [given, team.customer.id, team.department, team.agents[1].id],
    )
    (back,) = await team.arrive(1)
    await team.admin.execute("select helpdesk.assign(array[%s], null)", [back])
    # An import, and what lay there before.
    imported = uuid4()
    async with await people.database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        await owner.execute(ARRIVE, [imported, team.customer.id, team.category])
    await team.route("manual")
    (before,) = await team.arrive(1)
    await team.route("round robin")
    await team.admin.execute("select helpdesk.route()")
    assert await team.held([mine, given, back, imported, before]) == [None, 1, None, None, None]
    assert await team.held(await team.arrive(1)) == [1]


# -- what is told of it -----------------------------------------------------------------------------------------------


async def test_the_history_names_routing_and_the_assignee_is_told_also_of_what_they_made_room_for(
    people: People,
) -> None:
    team = await Team(people).made(1, "least loaded", 1)
    first, second = await team.arrive(2)
    agent = await team.agent(0)
    assert await inbox(people, team.agents[0]) == [("assigned", "Assigned to you: t", 1, {"assigned": 1}, False)]
    await resolve(agent, first)
    assert len(await inbox(people, team.agents[0])) == 2
    history = await (await agent.execute("select actor, kind, old, new from helpdesk.history(%s)", [second])).fetchall()
    assert history[-1] == ("Routing", "assignee", None, team.agents[0].name)
    events = await people.database.run(
        "select actor_id, routed from public.ticket_events where ticket_id = %s and kind = 'assignee'", [second]
    )
    assert events == [(None, True)]
    # What a person does afterwards is theirs.
    await agent.execute("select helpdesk.assign(array[%s], null)", [second])
    (actor,) = (
        await people.database.run(
            "select actor_id from public.ticket_events where ticket_id = %s and kind = 'assignee' and not routed",
            [second],
        )
    )[0]
    assert actor == team.agents[0].id


async def test_an_arrival_tells_each_audience_once(people: People) -> None:
    team = await Team(people).made(1)
    agent = await team.agent(0)
    for (channel,) in await (await agent.execute("select channel from helpdesk.channels()")).fetchall():
        await agent.execute(f'listen "{channel}"'.encode())
    (ticket,) = await team.arrive(1)
    told = [note async for note in agent.notifies(timeout=5, stop_after=3)]
    payloads = Counter((note.channel, note.payload) for note in told)
    assert all(times == 1 for times in payloads.values()), payloads
    assert sorted(note.payload for note in told) == sorted([f'["{ticket}"]', f'["{ticket}"]', '{"notices": []}'])


async def test_an_admins_move_is_taken_back_although_routing_has_given_it_out(people: People) -> None:
    team, source = await Team(people).made(2), await Team(people).made(1, "manual")
    tickets = await source.arrive(3)
    await team.admin.execute("select helpdesk.assign(%s, %s)", [tickets, source.agents[0].id])
    await team.admin.execute(
        "select helpdesk.reassign(%s, %s, %s, %s, '')", [uuid4(), tickets, source.department, team.department]
    )
    assert await team.held(tickets) in ([0, 1, 0], [0, 0, 1], [1, 0, 0])
    await team.admin.execute("select helpdesk.assign(%s, %s)", [tickets[2:], team.agents[0].id])
    await team.admin.execute("select helpdesk.assign(%s, %s)", [tickets[2:], team.agents[1].id])
    (answer,) = await (await team.admin.execute("select helpdesk.undo(%s, null)", [uuid4()])).fetchone() or ({},)
    assert len(answer["restored"]) == 2
    assert [other["why"] for other in answer["others"]] == ["was changed since"]
    assert await source.held(tickets[:2]) == [0, 0]


# -- many at once -----------------------------------------------------------------------------------------------------


async def race(team: Team, writers: int, each: int) -> list[UUID]:
    """Tickets that come in by so many connections at once."""
    connections = [await team.people.connect_as(await new(team.people, "writer")) for _ in range(writers)]

    async def write(connection: Connection) -> list[UUID]:
        (row,) = await (await connection.execute("select id from helpdesk.me()")).fetchall()
        ids = [uuid4() for _ in range(each)]
        for ticket in ids:
            await connection.execute(ARRIVE, [ticket, row[0], team.category])
        return ids

    made = await asyncio.gather(*(write(connection) for connection in connections))
    return [ticket for ids in made for ticket in ids]


async def test_eight_writers_at_once_skip_nobody_and_assign_nothing_twice(people: People) -> None:
    team = await Team(people).made(4)
    tickets = await race(team, 8, 6)
    held = await team.held(tickets)
    assert Counter(held) == {0: 12, 1: 12, 2: 12, 3: 12}
    events = await people.database.run(
        "select ticket_id, new_value from public.ticket_events where ticket_id = any(%s) and kind = 'assignee'"
        " order by created_at",
        [tickets],
    )
    assert len(events) == len({ticket for ticket, _ in events}) == 48  # each was given once
    order = [str(person.id) for person in team.agents]
    assert [who for _, who in events] == [order[n % 4] for n in range(48)]  # and in turn


@pytest.mark.parametrize("mode", ["round robin", "least loaded"])
async def test_eight_writers_at_once_exceed_no_capacity(people: People, mode: str) -> None:
    team = await Team(people).made(3, mode, 5)
    agent = await team.agent(0)

    async def work() -> None:
        for _ in range(12):
            found = await (
                await agent.execute(
                    "select id from public.tickets where assignee_id = %s and is_open limit 1", [team.agents[0].id]
                )
            ).fetchone()
            if found:
                await resolve(agent, found[0])
            (most,) = (
                await people.database.run(
                    "select max(n) from (select count(*) as n from public.tickets"
                    " where assignee_id = any(%s) and is_open group by assignee_id) c",
                    [[person.id for person in team.agents]],
                )
            )[0]
            assert most is None or most <= 5

    tickets, _ = await asyncio.gather(race(team, 8, 5), work())
    open_ones = Counter(
        who
        for (who,) in await people.database.run(
            "select assignee_id from public.tickets where id = any(%s) and is_open", [tickets]
        )
    )
    waits = open_ones.pop(None, 0)
    assert waits > 0
    assert set(open_ones.values()) == {5}  # everybody holds as much as they may, and nobody more


async def test_whoever_holds_a_departments_turn_keeps_no_ticket_from_coming_in(people: People) -> None:
    team = await Team(people).made(1)
    hostile = await people.connect_as(team.customer)
    mine = uuid4()
    await hostile.execute("begin")
    await hostile.execute(ARRIVE, [mine, team.customer.id, team.category])
    await hostile.execute("set constraints all immediate")
    (other,) = await team.arrive(1)  # waits for less than a second, and is there
    assert await team.held([other]) == [None]
    await team.route("round robin", 7)  # nor an admin from the settings
    assert await team.held([other]) == [None]
    await hostile.execute("commit")
    assert await team.held([mine]) == [0]
    await team.admin.execute("select helpdesk.route()")
    assert await team.held([other]) == [0]


# -- whose it is to say -----------------------------------------------------------------------------------------------


async def test_nobody_but_an_admin_sets_how_tickets_are_given_out_or_anothers_absence(people: People) -> None:
    team = await Team(people).made(2)
    agent, customer = await team.agent(0), await people.connect_as(team.customer)
    other = team.agents[1].id
    for connection in (agent, customer):
        assert await refused(connection, "select helpdesk.set_routing(%s, 'manual', null)", team.department) == "HD003"
        assert await refused(connection, "select helpdesk.set_capacity(%s, 100)", team.agents[0].id) == "HD003"
        assert await refused(connection, "select * from helpdesk.routing()") == "HD003"
        assert await refused(connection, "select * from helpdesk.routing_agents(%s)", team.department) == "HD003"
        assert await refused(connection, "select helpdesk.set_away(%s, null, null)", other) == "HD003"
        assert await refused(connection, "select helpdesk.set_back(%s)", other) == "HD003"
        for table in ("routing", "capacities", "away", "routing_queue", "routing_turns", "routing_now"):
            assert await refused(connection, f"select from private.{table}") == "42501"
            assert await refused(connection, f"delete from private.{table}") == "42501"
        assert await refused(connection, "select private.route(%s)", team.department) == "42501"
        assert await refused(connection, "update public.ticket_events set routed = true") == "42501"
    assert await refused(customer, "select helpdesk.set_away(null, null, null)") == "HD003"
    assert await refused(customer, "select helpdesk.set_back(null)") == "HD003"


async def test_who_is_away_is_told_to_the_team_and_to_no_customer(people: People) -> None:
    team = await Team(people).made(2)
    agent, customer = await team.agent(0), await people.connect_as(team.customer)
    await team.admin.execute(
        "select helpdesk.set_away(%s, clock_timestamp() + interval '1 hour', ' at the dentist ')", [team.agents[1].id]
    )
    asked = "select person, until > now(), note from helpdesk.away() where person = %s"
    told = await (await agent.execute(asked, [team.agents[1].id])).fetchall()
    assert told == [(team.agents[1].id, True, "at the dentist")]
    assert await (await customer.execute(asked, [team.agents[1].id])).fetchall() == []
    rows = await (
        await team.admin.execute(
            "select name, holds, own, capacity, away, note from helpdesk.routing_agents(%s)", [team.department]
        )
    ).fetchall()
    assert rows == [
        (team.agents[0].name, 0, None, None, False, None),
        (team.agents[1].name, 0, None, None, True, "at the dentist"),
    ]
    (row,) = await (
        await team.admin.execute(
            "select name, mode, capacity, waiting, agents, away from helpdesk.routing() where department = %s",
            [team.department],
        )
    ).fetchall()
    assert row == (team.name, "round robin", None, 0, 2, 1)
    for statement, parameters in (
        ("select helpdesk.set_away(null, now() - interval '1 s', null)", ()),
        ("select helpdesk.set_away(null, null, repeat('x', 201))", ()),
    ):
        assert await refused(agent, statement, *parameters) == "HD002"
    assert await refused(team.admin, "select helpdesk.set_away(%s, null, null)", team.customer.id) == "HD004"
    assert await refused(team.admin, "select helpdesk.set_routing(%s, 'by luck', null)", team.department) == "HD002"
    assert await refused(team.admin, "select helpdesk.set_routing(%s, 'manual', 0)", team.department) == "HD002"
    assert await refused(team.admin, "select helpdesk.set_routing(%s, 'manual', 1)", uuid4()) == "HD004"
    assert await refused(team.admin, "select helpdesk.set_capacity(%s, -1)", team.agents[0].id) == "HD002"
    assert await refused(team.admin, "select helpdesk.set_capacity(%s, 1)", team.customer.id) == "HD004"


# -- handing over -----------------------------------------------------------------------------------------------------


async def leave(connection: Connection, handing: str, heir: UUID | None = None, act: UUID | None = None) -> Any:
    """Away until one is back, handing over; what the database answers."""
    row = await (
        await connection.execute("select helpdesk.leave(%s, null, null, %s, %s)", [act or uuid4(), handing, heir])
    ).fetchone()
    assert row is not None
    return row[0]


async def take_back(connection: Connection) -> Any:
    """Takes one's last act back; what the database answers."""
    row = await (await connection.execute("select helpdesk.undo_act(null, %s, false)", [uuid4()])).fetchone()
    assert row is not None
    return row[0]


async def test_handing_over_to_a_colleague_is_one_act_with_tickets_and_chats_and_is_taken_back_whole(
    people: People,
) -> None:
    team = await Team(people).made(2, "manual")
    agent, act = await team.agent(0), uuid4()
    tickets = await team.arrive(2)
    await agent.execute("select helpdesk.assign(%s, %s)", [tickets, team.agents[0].id])
    chat = "insert into public.chat_sessions (customer_id, agent_id, status) values (%s, %s, 'active') returning id"
    (chat_id,) = (await people.database.run(chat, [team.customer.id, team.agents[0].id]))[0]
    leads = "select agent_id from public.chat_sessions where id = %s"
    assert (await (await agent.execute("select * from helpdesk.my_load()")).fetchall()) == [(2, 1, False)]
    told = len(await inbox(people, team.agents[1]))

    answer = await leave(agent, "person", team.agents[1].id, act)
    assert (answer["act"], len(answer["tickets"]), answer["chats"], answer["kept"]) == (str(act), 2, 1, 0)
    assert await leave(agent, "person", team.agents[1].id, act) == answer  # sent again, it is done once
    assert await team.held(tickets) == [1, 1]
    assert await people.database.run(leads, [chat_id]) == [(team.agents[1].id,)]
    assert (await (await agent.execute("select away from helpdesk.badges()")).fetchall()) == [(True,)]
    lines = await inbox(people, team.agents[1])
    assert len(lines) - told == 2  # one for all tickets, one for the chat
    (row,) = await (await agent.execute("select kind, words, tickets from helpdesk.my_acts(1)")).fetchall()
    assert row == ("away", f"away, to {team.agents[1].name}", 2)

    answer = await take_back(agent)
    assert (len(answer["undone"]), answer["changed"], answer["refused"]) == (2, [], [])
    assert await team.held(tickets) == [0, 0]
    assert await people.database.run(leads, [chat_id]) == [(team.agents[0].id,)]
    assert (await (await agent.execute("select away from helpdesk.badges()")).fetchall()) == [(False,)]


async def test_handing_over_to_whoever_is_next_and_taking_it_back_from_them(people: People) -> None:
    team = await Team(people).made(3)
    agent = await team.agent(0)
    tickets = await team.arrive(4)
    assert await team.held(tickets) == [0, 1, 2, 0]
    await leave(agent, "next")
    assert await team.held(tickets) == [1, 1, 2, 2]
    # Somebody gives one on: that one is left, and told.
    await team.admin.execute("select helpdesk.assign(array[%s], %s)", [tickets[3], team.agents[1].id])
    answer = await take_back(agent)
    assert [change["field"] for change in answer["changed"]] == ["assignee"]
    assert await team.held(tickets) == [0, 1, 2, 1]
    # To the queue: nobody's, and left alone, though others are free.
    await leave(agent, "queue")
    assert await team.held(tickets) == [None, 1, 2, 1]
    await take_back(agent)
    assert await team.held(tickets) == [0, 1, 2, 1]


async def test_an_act_that_routing_followed_is_taken_back_to_what_was_before(people: People) -> None:
    team, source = await Team(people).made(2), await Team(people).made(1, "manual")
    agent = await source.agent(0)
    held, free = await source.arrive(2)
    await agent.execute("select helpdesk.assign(array[%s], %s)", [held, source.agents[0].id])
    change = f'{{"department": "{team.department}"}}'
    await agent.execute("select * from helpdesk.act(%s, %s, %s, 'moved')", [uuid4(), [held, free], change])
    assert sorted(str(who) for who in await team.held([held, free])) == ["0", "1"]
    answer = await take_back(agent)
    assert (len(answer["undone"]), answer["changed"], answer["refused"]) == (2, [], [])
    assert await source.held([held, free]) == [0, None]
    for refuse in (
        "select helpdesk.leave(gen_random_uuid(), null, null, 'next', null)",
        "select helpdesk.leave(gen_random_uuid(), null, null, 'person', null)",
        "select helpdesk.leave(gen_random_uuid(), null, null, 'keep', null)",
    ):
        assert await refused(agent, refuse) == "HD002"
