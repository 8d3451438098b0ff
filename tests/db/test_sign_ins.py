"""Sign-ins are listed and ended: one's own by each person, anybody's by an admin, with all access and at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.servers import Place
from tests.db.sessions import anonymous_claims, anonymous_visitor, gateway
from tests.db.signed_in import address, me, new, sees, sign_in_with, ticket_of
from tests.world import Connection, DeskDatabase, People

LIST = "select id, this, connections, ip, user_agent, aal from helpdesk.sessions(%s)"
END = "select helpdesk.end_session(%s)"


@pytest.fixture
async def people(any_database: DeskDatabase) -> AsyncIterator[People]:
    """People on each version of Postgres."""
    people = People(any_database)
    yield people
    await people.close()


async def rows(connection: Connection, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    return await (await connection.execute(statement.encode(), parameters)).fetchall()


async def refusal(connection: Connection, statement: str, *parameters: Any) -> tuple[str | None, str | None]:
    """SQLSTATE and words of a statement that fails."""
    with pytest.raises(psycopg.Error) as refused:
        await connection.execute(statement.encode(), parameters)
    return refused.value.sqlstate, refused.value.diag.message_primary


async def is_gone(connection: Connection) -> bool:
    """Whether the server closed a connection."""
    try:
        await asyncio.wait_for(connection.execute("select 1"), 30)
    except psycopg.OperationalError:
        return connection.broken
    return False


async def test_people_list_their_own_sign_ins_and_an_admin_anybodys(people: People) -> None:
    cora, ada, ann = await new(people, "cora"), await new(people, "ada", "agent"), await new(people, "ann", "admin")
    again = await people.sign_in(cora, aal="aal2")
    await people.database.run(
        "update auth.sessions set ip = '192.0.2.7', user_agent = 'psql', refreshed_at = now() at time zone 'utc'"
        " + interval '1 minute' where id = %s",
        [again.session_id],
    )
    customer, agent, admin = [await people.connect_as(person) for person in (cora, ada, ann)]
    ended = await people.sign_in(cora)
    await people.database.run(
        "update auth.sessions set not_after = now() - interval '1 second' where id = %s", [ended.session_id]
    )
    both = [
        (again.session_id, False, 0, "192.0.2.7", "psql", "aal2"),
        (cora.session_id, True, 1, None, None, "aal1"),
    ]
    assert await rows(customer, LIST, None) == both
    assert await rows(customer, LIST, cora.id) == both
    assert await rows(admin, LIST, cora.id) == [both[0], (both[1][0], False, *both[1][2:])]
    assert [row[0] for row in await rows(agent, LIST, None)] == [ada.session_id]
    # Others' are not told, nor whether there is anybody of that id.
    for who in (customer, agent):
        assert (
            await refusal(who, LIST, ann.id)
            == await refusal(who, LIST, uuid4())
            == (
                "HD004",
                "there is no such person",
            )
        )
    assert (await refusal(admin, LIST, uuid4()))[0] == "HD004"


async def test_nobody_in_particular_lists_and_ends_nothing(people: People) -> None:
    cora = await new(people, "cora")
    out = await people.connect_as(await people.sign_in(cora))
    await people.database.run(
        "delete from auth.sessions where id = %s", [UUID(hex=(await rows(out, "select session_user"))[0][0][3:])]
    )
    for statement, parameter in (
        (LIST, None),
        (LIST, cora.id),
        (END, cora.session_id),
        ("select helpdesk.end_sessions(%s, false)", cora.id),
    ):
        assert (await refusal(out, statement, parameter))[0] == "HD003"
        with gateway(people.database, anonymous_claims(anonymous_visitor(people.database))) as anonymous:
            with pytest.raises(psycopg.Error) as refused:
                anonymous.execute(statement.encode(), [parameter])
            assert refused.value.sqlstate == "HD003"
    assert await me(await people.connect_as(cora)) == (cora.id, "customer")


@pytest.mark.parametrize("by", ["themselves", "an admin"])
async def test_access_of_an_ended_sign_in_ends_within_a_second(people: People, by: str) -> None:
    """On connections that read, listen, are idle, and hold a transaction with their own login in it."""
    quickest = 60.0
    for _ in range(3):  # the machine may be busy with something else
        ada = await new(people, "ada", "agent", "Support")
        ticket = await ticket_of(people, await new(people, "cora"))
        ender = await people.connect_as(
            await people.sign_in(ada) if by == "themselves" else await new(people, "ann", "admin")
        )
        reading, listening, holding = [await people.connect_as(ada) for _ in range(3)]
        assert await sees(reading, ticket)
        for (channel,) in await rows(listening, "select channel from helpdesk.channels()"):
            await listening.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        await holding.execute("reset role")
        await holding.execute("begin")
        await holding.execute(sql.SQL("alter role {} password 'mine'").format(sql.Identifier(ada.db_user)))
        begun = time.monotonic()
        assert await rows(ender, END, ada.session_id) == [(3,)]
        assert [await is_gone(each) for each in (reading, listening, holding)] == [True] * 3
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            await people.login(ada)
        quickest = min(quickest, time.monotonic() - begun)
        assert await refusal(ender, END, ada.session_id) == ("HD004", "there is no such sign-in")
        assert (await me(ender)) is not None
        if quickest < 1:
            return
    assert quickest < 1


async def test_others_sign_ins_cannot_be_ended_nor_found_out(people: People) -> None:
    cora, otto = await new(people, "cora"), await new(people, "otto")
    ada, ann = await new(people, "ada", "agent", "Support"), await new(people, "ann", "admin")
    victim = await people.connect_as(otto)
    for person in (cora, ada):
        connection = await people.connect_as(person)
        nobodys = await refusal(connection, END, uuid4())
        assert nobodys == ("HD004", "there is no such sign-in")
        assert await refusal(connection, END, otto.session_id) == nobodys
        assert await refusal(connection, END, ann.session_id) == nobodys
        for whose in (otto.id, uuid4()):
            assert await refusal(connection, "select helpdesk.end_sessions(%s, false)", whose) == (
                "HD004",
                "there is no such person",
            )
        # What anybody may call touches nobody who is signed in.
        await connection.execute("select helpdesk.hang_up()")
    assert await me(victim) == (otto.id, "customer")


async def test_all_sign_ins_but_this_one_are_ended_or_all(people: People) -> None:
    cora, otto = await new(people, "cora"), await new(people, "otto")
    others = [await people.connect_as(await people.sign_in(cora)) for _ in range(2)]
    this, bystander = await people.connect_as(cora), await people.connect_as(otto)
    assert await rows(this, "select helpdesk.end_sessions(null, true)") == [(2,)]
    assert [await is_gone(each) for each in others] == [True, True]
    assert [row[0] for row in await rows(this, LIST, None)] == [cora.session_id]
    another = await people.connect_as(cora)
    assert await rows(this, "select helpdesk.end_sessions(null, false)") == [(1,)]
    assert await is_gone(another)
    # The connection that asked is answered, and is nobody's from then on.
    assert await me(this) is None
    assert await me(bystander) == (otto.id, "customer")


async def test_whoever_connects_while_their_sign_in_ends_is_hung_up_on(people: People) -> None:
    ada, ann = await new(people, "ada", "agent", "Support"), await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    async with admin.transaction():
        await admin.execute(END.encode(), [ada.session_id])
        between = await people.connect_as(ada)
        await between.execute("listen something")
    assert await me(between) is None
    await admin.execute("select helpdesk.hang_up()")
    assert await is_gone(between)


async def test_owner_who_may_not_end_sign_ins_says_so(people: People, any_place: Place) -> None:
    cora = await new(people, "cora")
    connection = await people.connect_as(cora)
    if any_place.kind == "plain":
        # Here the owner made the table, and nothing that is revoked binds the owner of a server.
        assert len(await rows(connection, LIST, None)) == 1
        return
    any_place.run("revoke delete on auth.sessions from desk_owner", superuser=True)
    try:
        code, words = await refusal(connection, END, cora.session_id)
        assert (code, words) == ("HD003", "the helpdesk may not end sign-ins in this database")
        assert (await refusal(connection, "select helpdesk.end_sessions(null, false)"))[0] == "HD003"
    finally:
        any_place.run("grant delete on auth.sessions to desk_owner", superuser=True)
    assert await me(connection) == (cora.id, "customer")


async def test_eleventh_sign_in_of_a_person_ends_the_least_used_one(people: People) -> None:
    person = await people.add(address("cora"), "Cora")
    first = await people.sign_in(person)
    oldest = await people.connect_as(first)  # in use: it is not the one to go
    signed_in = [await people.sign_in(person) for _ in range(9)]
    otto = await people.connect_as(await new(people, "otto"))
    newest = await people.sign_in(person)
    left = {row[0] for row in await rows(oldest, LIST, None)}
    assert left == {each.session_id for each in (first, *signed_in[1:], newest)}
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        await people.login(signed_in[0])
    # A token renewed ends nobody's sign-in.
    assert signed_in[1].session_id is not None
    await sign_in_with(people, signed_in[1], signed_in[1].session_id)
    assert len(await rows(oldest, LIST, None)) == 10
    assert await me(otto) is not None
