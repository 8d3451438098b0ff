"""Presence: who of the team has a ticket open is shown to who sees all of that ticket, and to nobody else."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.sessions import anonymous_claims, anonymous_visitor, gateway
from tests.db.signed_in import new, ticket_of
from tests.db.test_live_leaks import channels, heard, listen
from tests.world import Connection, People

FIND = "select ticket_id, name, writing from helpdesk.presence(%s)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def there(connection: Connection, *tickets: UUID | None) -> list[tuple[UUID, str, bool]]:
    """Who is at some tickets, or at any, as somebody is told."""
    wanted = None if not tickets else list(tickets)
    return await (await connection.execute(FIND, [wanted])).fetchall()


async def be(connection: Connection, ticket: UUID | None, writing: bool = False) -> None:
    """Say that one has a ticket open."""
    await connection.execute("select helpdesk.be_present(%s, %s)", [ticket, writing])


async def test_who_views_and_who_writes_is_shown_to_the_team_of_the_ticket(people: People) -> None:
    cora = await new(people, "cora")
    mara, bo = await new(people, "mara", "agent", "Desk"), await new(people, "bo", "agent", "Desk")
    ann = await new(people, "ann", "admin")
    ticket = await ticket_of(people, cora, "Desk")
    writer, reader, admin = [await people.connect_as(each) for each in (mara, bo, ann)]
    assert await there(reader, ticket) == []
    await be(writer, ticket)
    assert await there(reader, ticket) == await there(admin) == [(ticket, "Mara", False)]
    await be(writer, ticket, writing=True)
    assert await there(reader) == [(ticket, "Mara", True)]
    # Oneself, on whatever device, is no news.
    assert await there(writer, ticket) == []
    assert await there(await people.connect_as(await people.sign_in(mara)), ticket) == []
    await be(writer, None)
    assert await there(reader, ticket) == []


async def test_a_person_is_at_one_ticket_per_sign_in_and_named_once(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "One")
    one, two = [await ticket_of(people, cora, "One") for _ in range(2)]
    reader = await people.connect_as(await new(people, "bo", "agent", "One"))
    writer, elsewhere = await people.connect_as(mara), await people.connect_as(await people.sign_in(mara))
    await be(writer, one)
    await be(writer, two)
    assert await there(reader) == [(two, "Mara", False)]
    await be(elsewhere, two, writing=True)
    assert await there(reader) == [(two, "Mara", True)]


async def test_never_again_presence_shown_to_those_without_access(people: People) -> None:
    """Section 8: not to the requester, not to other departments, not to customers, not to whoever lost access."""
    cora, other = await new(people, "cora"), await new(people, "otto")
    mara = await new(people, "mara", "agent", "Closed")
    gone = await new(people, "gone", "agent", "Closed")
    ida, bea = await new(people, "ida", "agent"), await new(people, "bea", "agent", "Elsewhere")
    ticket = await ticket_of(people, cora, "Closed")
    left = await people.connect_as(gone)
    await be(await people.connect_as(mara), ticket, writing=True)
    assert await there(left, ticket) == [(ticket, "Mara", True)]
    await people.database.run(
        "update public.profiles set department_id = %s where id = %s", [await people.department("Elsewhere"), gone.id]
    )
    for connection in [left, *[await people.connect_as(each) for each in (cora, other, ida, bea)]]:
        assert await there(connection, ticket) == []
        assert await there(connection) == []
        # They are not there either, though they know its id.
        await be(connection, ticket)
        # And nothing of the table itself, nor by the functions behind.
        for statement in (
            "select * from private.presence",
            f"select private.announce_presence(array['{ticket}'::uuid])",
            "delete from private.presence",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
    visitor = anonymous_visitor(people.database)
    with gateway(people.database, anonymous_claims(visitor)) as stranger:
        assert stranger.execute(FIND, [None]).fetchall() == []
        stranger.execute("select helpdesk.be_present(%s, true)", [ticket])
    with gateway(people.database, None, "anon") as nobody, pytest.raises(psycopg.errors.InsufficientPrivilege):
        nobody.execute(FIND, [None])
    assert await people.database.run("select person_id from private.presence where ticket_id = %s", [ticket]) == [
        (mara.id,)
    ]


async def test_the_requester_is_neither_shown_nor_told_of_it_also_where_it_is_assigned_to_them(people: People) -> None:
    mara, bo = await new(people, "mara", "agent", "Own"), await new(people, "bo", "agent", "Own")
    ticket = await ticket_of(people, bo, "Elsewhere")
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [bo.id, ticket])
    ann = await new(people, "ann", "admin")
    requester, admin = await people.connect_as(bo), await people.connect_as(ann)
    await listen(requester, *await channels(requester))
    await be(admin, ticket, writing=True)
    assert await there(requester, ticket) == []
    assert await heard(requester) == []
    await be(requester, ticket, writing=True)
    assert await there(admin, ticket) == []
    # Nor who may not see it: they are nowhere.
    await be(await people.connect_as(mara), ticket)
    assert await there(admin, ticket) == []


async def test_whoever_is_there_and_loses_the_ticket_is_there_no_more(people: People) -> None:
    cora = await new(people, "cora")
    mara, bo = await new(people, "mara", "agent", "Losing"), await new(people, "bo", "agent", "Losing")
    ticket = await ticket_of(people, cora, "Losing")
    await be(await people.connect_as(mara), ticket)
    reader = await people.connect_as(bo)
    assert await there(reader, ticket) != []
    await people.database.run("update public.profiles set department_id = null where id = %s", [mara.id])
    assert await there(reader, ticket) == []


async def test_it_ends_with_the_sign_in_and_within_30_seconds_of_the_last_word(people: People) -> None:
    cora = await new(people, "cora")
    mara, bo = await new(people, "mara", "agent", "Ending"), await new(people, "bo", "agent", "Ending")
    ticket = await ticket_of(people, cora, "Ending")
    reader = await people.connect_as(bo)
    await be(await people.connect_as(mara), ticket)
    ((left,),) = await (await reader.execute("select ends_in from helpdesk.presence(null)")).fetchall()
    assert 15 < left <= 25
    await people.sign_out(mara)
    assert await there(reader, ticket) == []
    tom = await new(people, "tom", "agent", "Ending")
    await be(await people.connect_as(tom), ticket)
    assert await there(reader, ticket) != []
    await people.database.run(
        "update private.presence set seen_at = seen_at - interval '25 seconds' where person_id = %s", [tom.id]
    )
    assert await there(reader, ticket) == []


async def test_only_a_change_is_told_and_only_ids_to_the_team_of_the_ticket(people: People) -> None:
    cora = await new(people, "cora")
    mara, bo = await new(people, "mara", "agent", "Told"), await new(people, "bo", "agent", "Told")
    one, two = [await ticket_of(people, cora, "Told") for _ in range(2)]
    writer = await people.connect_as(mara)
    ears = [await people.connect_as(each) for each in (bo, await new(people, "ann", "admin"))]
    deaf = [await people.connect_as(each) for each in (cora, await new(people, "bea", "agent", "Elsewhere"))]
    for ear in (*ears, *deaf):
        await listen(ear, *await channels(ear))

    async def told(ticket: UUID | None, writing: bool = False) -> list[set[str]]:
        await be(writer, ticket, writing)
        assert [await heard(each) for each in deaf] == [[], []]
        payloads = [[json.loads(payload) for _, payload in await heard(ear)] for ear in ears]
        assert all(list(each) == ["presence"] for seen in payloads for each in seen)
        return [{ticket for each in seen for ticket in each["presence"]} for seen in payloads]

    assert await told(one) == [{str(one)}] * 2
    assert await told(one) == [set()] * 2  # a beat
    assert await told(one, True) == [{str(one)}] * 2
    assert await told(two) == [{str(one), str(two)}] * 2
    assert await told(None) == [{str(two)}] * 2
    assert await told(None) == [set()] * 2
    assert await told(uuid4()) == [set()] * 2


async def test_a_session_says_nothing_of_another_and_an_open_transaction_keeps_nobody_waiting(people: People) -> None:
    cora = await new(people, "cora")
    mara, bo = await new(people, "mara", "agent", "Held"), await new(people, "bo", "agent", "Held")
    ticket = await ticket_of(people, cora, "Held")
    holding = await people.login(mara)
    await holding.execute("set role helpdesk_member")
    await holding.execute("begin")
    await holding.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": str(bo.id)})])
    await be(holding, ticket, True)
    other = await people.connect_as(bo)
    async with asyncio.timeout(10):
        await be(other, ticket)
        await people.database.run("update public.tickets set title = 'x' where id = %s", [ticket])
    await holding.execute("commit")
    assert await there(other, ticket) == [(ticket, "Mara", True)]
    # An older snapshot says nothing.
    await holding.execute("begin isolation level repeatable read read only")
    await be(holding, None)
    await holding.execute("commit")
    assert await there(other, ticket) == [(ticket, "Mara", True)]


async def test_a_beat_writes_one_unlogged_row_and_fires_no_trigger(people: People) -> None:
    found = await people.database.run(
        "select c.relpersistence::text, (select count(*) from pg_trigger g where g.tgrelid = c.oid)"
        " from pg_class c where c.oid = 'private.presence'::regclass"
    )
    assert found == [("u", 0)]
