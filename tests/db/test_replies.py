"""Replies: sent once however often they are sent, and never over a message their author has not seen."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.signed_in import new
from tests.parts import REPOSITORY
from tests.world import Connection, People, Person


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def ticket_of(people: People, customer: Person, **columns: Any) -> UUID:
    """A ticket of theirs, made by the owner, in Support."""
    names = ", ".join(["title", "customer_id", *columns])
    rows = await people.database.run(
        f"insert into public.tickets ({names}) values ({', '.join(['%s'] * (2 + len(columns)))}) returning id",
        ["t", customer.id, *columns.values()],
    )
    found = rows[0][0]
    assert isinstance(found, UUID)
    return found


async def send(
    connection: Connection, ticket: UUID, *, after: UUID | None = None, note: bool = False, id_: UUID | None = None
) -> UUID:
    """Sends a message as the client does and gives its id."""
    message = id_ or uuid4()
    await connection.execute(
        "insert into public.ticket_messages (id, ticket_id, content, is_internal, after_id)"
        " values (%s, %s, 'x', %s, %s) on conflict (id) do nothing",
        [message, ticket, note, after],
    )
    return message


async def unseen(connection: Connection, ticket: UUID, **more: Any) -> list[UUID]:
    """The ids that a refused reply is told of."""
    with pytest.raises(psycopg.Error) as stale:
        await send(connection, ticket, **more)
    assert stale.value.sqlstate == "HD001"
    return [UUID(each) for each in json.loads(stale.value.diag.message_detail or "[]")]


async def count(people: People, ticket: UUID) -> int:
    """How many messages are in the thread."""
    rows = await people.database.run("select count(*) from public.ticket_messages where ticket_id = %s", [ticket])
    return int(rows[0][0])


async def test_reply_over_messages_that_were_not_seen_is_refused_and_told_which(people: People) -> None:
    cora, ada, bea = (
        await new(people, "cora"),
        await new(people, "ada", "agent", "Support"),
        await new(people, "bea", "agent", "Support"),
    )
    ticket = await ticket_of(people, cora)
    requester, first, second = [await people.connect_as(person) for person in (cora, ada, bea)]
    asked = await send(requester, ticket)
    assert await unseen(first, ticket) == [asked]
    answered = await send(first, ticket, after=asked)
    noted = await send(first, ticket, note=True)
    assert await unseen(second, ticket, after=asked) == [answered, noted]
    assert await count(people, ticket) == 3
    # Read them; to send all the same, after_id is the newest one.
    await send(second, ticket, after=noted)
    # What one wrote oneself, on another screen, one has seen.
    await send(second, ticket, after=noted)


async def test_notes_requesters_and_background_are_never_refused(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    await send(requester, ticket)
    await send(agent, ticket, note=True)
    await send(requester, ticket)
    await people.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x')", [ticket, ada.id]
    )
    assert await count(people, ticket) == 4


async def test_message_of_another_ticket_counts_for_nothing_seen(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket, other = await ticket_of(people, cora), await ticket_of(people, cora)
    asked = await send(requester, ticket)
    elsewhere = await send(requester, other)
    for after in (elsewhere, uuid4()):
        assert await unseen(agent, ticket, after=after) == [asked]


async def test_never_again_one_message_sent_twice_or_more(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket = await ticket_of(people, cora)
    asked = await send(requester, ticket)
    answer = await send(agent, ticket, after=asked)
    await send(requester, ticket)
    for _ in range(3):
        await send(agent, ticket, after=asked, id_=answer)
    assert await count(people, ticket) == 3
    # Whoever did not say that a conflict is fine is told of it.
    with pytest.raises(psycopg.errors.UniqueViolation):
        await agent.execute(
            "insert into public.ticket_messages (id, ticket_id, content) values (%s, %s, 'x')", [answer, ticket]
        )


async def test_never_again_a_requester_answered_twice(people: People) -> None:
    cora = await new(people, "cora")
    requester = await people.connect_as(cora)
    agents = [await people.connect_as(await new(people, name, "agent", "Support")) for name in ("ada", "bea", "cleo")]
    for _ in range(5):
        ticket = await ticket_of(people, cora)
        asked = await send(requester, ticket)
        outcomes = await asyncio.gather(*(send(agent, ticket, after=asked) for agent in agents), return_exceptions=True)
        assert sorted(getattr(each, "sqlstate", "sent") for each in outcomes) == ["HD001", "HD001", "sent"]


async def test_same_message_twice_at_once_is_there_once(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    first, second = await people.connect_as(ada), await people.connect_as(ada)
    for _ in range(5):
        ticket, message = await ticket_of(people, cora), uuid4()
        await asyncio.gather(*(send(each, ticket, id_=message) for each in (first, second)))
        assert await count(people, ticket) == 1


async def test_messages_have_one_order_even_at_the_same_instant(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    connections = [await people.connect_as(person) for person in (cora, ada, cora)]
    await asyncio.gather(*(send(each, ticket, note=each is connections[1]) for each in connections))
    rows = await people.database.run(
        "select count(*) = count(distinct created_at) from public.ticket_messages where ticket_id = %s", [ticket]
    )
    assert rows == [(True,)]
    # One that an import dated into the future does not come after those that are written next.
    await people.database.run(
        "update public.ticket_messages set created_at = now() + interval '1 day' where ticket_id = %s", [ticket]
    )
    newest = await send(connections[0], ticket)
    rows = await people.database.run(
        "select id from public.ticket_messages where ticket_id = %s order by created_at desc, id desc limit 1", [ticket]
    )
    assert rows == [(newest,)]


async def test_requesters_message_opens_the_ticket_again_and_the_teams_does_not(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    for status in ("pending", "resolved", "closed"):
        ticket = await ticket_of(people, cora, status=status)
        for connection, expected in ((agent, status), (requester, "open")):
            await send(connection, ticket)
            rows = await people.database.run("select status::text from public.tickets where id = %s", [ticket])
            assert rows == [(expected,)]


async def test_first_response_is_the_teams_first_public_answer(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket = await ticket_of(people, cora)
    response = "select first_response_at from public.tickets where id = %s"
    await send(agent, ticket, note=True)
    asked = await send(requester, ticket)
    assert await people.database.run(response, [ticket]) == [(None,)]
    await send(agent, ticket, after=asked)
    first = await people.database.run(response, [ticket])
    assert first != [(None,)]
    await send(agent, ticket, after=asked)
    assert await people.database.run(response, [ticket]) == first


async def test_requester_waits_since_their_first_message_that_nobody_has_answered(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket, other = await ticket_of(people, cora), await ticket_of(people, cora)
    run = people.database.run

    async def since() -> datetime | None:
        row = await run("select waiting_since, private.waiting_since(id) from public.tickets where id = %s", [ticket])
        assert row[0][0] == row[0][1], "what is kept is not what the messages say"
        found: datetime | None = row[0][0]
        return found

    async def written(message: UUID) -> datetime:
        at: datetime = (await run("select created_at from public.ticket_messages where id = %s", [message]))[0][0]
        return at

    came = (await run("select created_at from public.tickets where id = %s", [ticket]))[0][0]
    assert await since() == came
    newest = await send(requester, ticket)
    assert await since() == came, "asking again begins nothing anew"
    await send(agent, ticket, note=True)
    assert await since() == came, "a note answers nothing"
    answer = await send(agent, ticket, after=newest)
    assert await since() is None
    first = await send(requester, ticket)
    second = await send(requester, ticket)
    assert await since() == await written(first)
    await requester.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    await requester.execute("update public.tickets set status = 'open' where id = %s", [ticket])
    assert await since() == await written(first), "a status answers nothing"
    # Whoever merges and splits tickets moves messages: both tickets follow.
    await run("update public.ticket_messages set ticket_id = %s where id = %s", [other, first])
    assert await since() == await written(second)
    await run("update public.ticket_messages set ticket_id = %s where id = %s", [other, answer])
    assert await since() == came
    assert await run("select waiting_since = private.waiting_since(id) from public.tickets where id = %s", [other]) == [
        (True,)
    ]
    # And one that is brought forward from before there was the column.
    await run("alter table public.tickets drop column waiting_since")
    await run((REPOSITORY / "db" / "schema.sql").read_text())
    assert await since() == came


async def test_note_leaves_the_ticket_untouched(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    row = "select t::text, xmin::text from public.tickets t where id = %s"
    before = await people.database.run(row, [ticket])
    await send(await people.connect_as(ada), ticket, note=True)
    assert await people.database.run(row, [ticket]) == before


async def test_writing_waits_for_nobody_but_the_same_ticket(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket, other = await ticket_of(people, cora), await ticket_of(people, cora)
    await requester.execute("begin")
    await send(requester, ticket)
    await asyncio.wait_for(send(agent, other), 2)
    await agent.execute("set lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        await send(agent, ticket)
    await requester.execute("rollback")
