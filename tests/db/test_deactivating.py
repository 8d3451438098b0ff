"""Deactivating a person ends their access within a second, on open connections too; their history stays readable."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.sessions import gateway
from tests.db.signed_in import me, new, sees, ticket_of
from tests.world import Connection, DeskDatabase, People, Person


@pytest.fixture
async def people(any_database: DeskDatabase) -> AsyncIterator[People]:
    """People on each version of Postgres."""
    people = People(any_database)
    yield people
    await people.close()


async def change(admin: Connection, person: UUID, heir: UUID | None = None, **change: Any) -> dict[str, Any]:
    """``helpdesk.change_person``, by an admin; whoever leaves hands over what they hold."""
    cursor = await admin.execute(
        "select helpdesk.change_person(%s, %s, %s, 'hand over', %s)", [uuid4(), person, json.dumps(change), heir]
    )
    row = await cursor.fetchone()
    assert row is not None
    answer: dict[str, Any] = row[0]
    return answer


async def code(doing: Any) -> str | None:
    """The SQLSTATE that something fails with."""
    with pytest.raises(psycopg.Error) as refused:
        await doing
    return refused.value.sqlstate


async def is_gone(connection: Connection) -> bool:
    """Whether the server closed a connection."""
    try:
        await asyncio.wait_for(connection.execute("select 1"), 30)
    except psycopg.OperationalError:
        return connection.broken
    return False


async def admin_of(people: People) -> tuple[Person, Connection]:
    """An admin, connected."""
    ann = await new(people, "ann", "admin")
    return ann, await people.connect_as(ann)


async def assigned(people: People, holder: Person, **columns: Any) -> UUID:
    """A ticket that the person holds."""
    ticket = await ticket_of(people, await new(people, "cora"))
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [holder.id, ticket])
    for name, value in columns.items():
        await people.database.run(f"update public.tickets set {name} = %s where id = %s", [value, ticket])
    return ticket


async def test_access_of_a_deactivated_person_ends_within_a_second_on_open_connections_too(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    _, admin = await admin_of(people)
    ticket = await assigned(people, ada)
    reading, listening, idle = [await people.connect_as(ada) for _ in range(3)]
    cursor = await listening.execute("select channel from helpdesk.channels()")
    channels = [row[0] for row in await cursor.fetchall()]
    for channel in channels:
        await listening.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    assert await sees(reading, ticket)
    begun = time.monotonic()
    await change(admin, ada.id, active=False)
    for connection in (reading, listening, idle):
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("select from public.tickets")
        assert connection.broken
    with pytest.raises(psycopg.OperationalError):
        await people.login(ada)
    assert time.monotonic() - begun < 1
    # Nor does anybody who knows the old channels hear on.
    ear = await people.connect_as(await new(people, "otto"))
    for channel in channels:
        await ear.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    await people.database.run("update public.tickets set priority = 'urgent' where id = %s", [ticket])
    await ear.execute("select 1")
    assert [note async for note in ear.notifies(timeout=0.05)] == []


async def test_nobody_keeps_themselves_in_by_holding_locks(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    _, admin = await admin_of(people)
    ticket = await ticket_of(people, await new(people, "cora"))
    shelf = (await people.database.run("insert into public.kb_categories (name) values ('Shelf') returning id"))[0][0]
    holding = await people.connect_as(ada)
    await holding.execute("begin")
    await holding.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
    other = await people.connect_as(ada)
    await other.execute("begin")
    await other.execute("insert into public.kb_categories (name, parent_id) values ('Below', %s)", [shelf])
    begun = time.monotonic()
    await change(admin, ada.id, active=False)
    assert time.monotonic() - begun < 1
    assert await people.database.run("select assignee_id from public.tickets where id = %s", [ticket]) == [(None,)]


async def test_open_transactions_of_others_do_not_keep_an_agent_in(people: People) -> None:
    """A requester's, a customer's in a chat, a colleague's; whoever holds nothing stays connected."""
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    cora, dora, otto = [await new(people, name) for name in ("cora", "dora", "otto")]
    _, admin = await admin_of(people)
    ticket, chat = await ticket_of(people, cora), uuid4()
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    await people.database.run(
        "insert into public.chat_sessions (id, customer_id, agent_id, status) values (%s, %s, %s, 'active')",
        [chat, dora.id, ada.id],
    )
    holding = [await people.connect_as(person) for person in (cora, dora, bea)]
    for connection, statement, parameters in (
        (holding[0], "update public.tickets set status = 'closed' where id = %s", [ticket]),
        (holding[1], "select helpdesk.chat_seen(%s, null), helpdesk.chat_end(%s)", [chat, chat]),
        (holding[2], "select helpdesk.assign(array[%s], %s)", [await ticket_of(people, otto), ada.id]),
    ):
        await connection.execute("begin")
        await connection.execute(statement.encode(), parameters)
    reading = await people.connect_as(otto)
    await reading.execute("begin")
    assert await me(reading) == (otto.id, "customer")
    victim = await people.connect_as(ada)
    begun = time.monotonic()
    answer = await change(admin, ada.id, bea.id, active=False)
    assert time.monotonic() - begun < 10  # half a second of patience, and the act; the machine may be busy
    assert len(answer["handed"]) == 1
    for connection in (victim, *holding):
        assert await is_gone(connection)
    assert await me(reading) == (otto.id, "customer")
    assert await people.database.run("select status, agent_id from public.chat_sessions where id = %s", [chat]) == [
        ("waiting", None)
    ]


async def test_transactions_that_take_turns_do_not_keep_an_agent_in(people: People) -> None:
    """Each shorter than the patience of the act, and always one of them there."""
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    _, admin = await admin_of(people)
    tickets = [await ticket_of(people, await new(people, "cora")) for _ in range(3)]

    async def hold(ticket: UUID, first: float) -> None:
        connection = await people.connect_as(await people.sign_in(bea))
        await asyncio.sleep(first)
        with contextlib.suppress(psycopg.OperationalError):
            while not done.is_set():
                async with connection.transaction(force_rollback=True):
                    await connection.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
                    held.set()
                    await asyncio.sleep(0.3)

    done, held = asyncio.Event(), asyncio.Event()
    holders = [asyncio.create_task(hold(ticket, 0.1 * n)) for n, ticket in enumerate(tickets)]
    await held.wait()
    try:
        await change(admin, ada.id, active=False)
    finally:
        done.set()
        await asyncio.gather(*holders, return_exceptions=True)
    assert await people.database.run(
        "select deactivated_at is not null from public.profiles where id = %s", [ada.id]
    ) == [(True,)]


async def test_whoever_connects_while_they_are_deactivated_is_hung_up_on(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    _, admin = await admin_of(people)
    async with admin.transaction():
        await change(admin, ada.id, active=False)
        between = await people.connect_as(ada)
    assert await me(between) is None
    await admin.execute("select helpdesk.hang_up()")
    assert await is_gone(between)


async def test_what_is_neither_true_nor_false_deactivates_nobody(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    _, admin = await admin_of(people)
    agent = await people.connect_as(ada)
    foresee = "select helpdesk.foresee(%s, %s)"
    for active in (None, "no", "false", 0, {"x": 1}):
        assert await code(change(admin, ada.id, active=active)) == "HD002"
        assert await code(admin.execute(foresee, [ada.id, json.dumps({"active": active})])) == "HD002"
    assert await me(agent) == (ada.id, "agent")


async def test_deactivated_person_is_nobody_even_where_the_session_stays(people: People) -> None:
    """Where the owner may not remove sessions, and to PostgREST, whose token lives on."""
    ada = await new(people, "ada", "admin")
    _, admin = await admin_of(people)
    ticket = await ticket_of(people, await new(people, "cora"))
    await change(admin, ada.id, active=False)
    await people.database.run(
        "insert into auth.sessions (id, user_id, created_at, aal) values (%s, %s, now(), 'aal1')",
        [ada.session_id, ada.id],
    )
    for claims in (ada.claims, {**ada.claims, "session_id": None}):
        through = gateway(people.database, claims)
        assert through.execute("select * from helpdesk.me()").fetchall() == []
        assert through.execute("select from public.tickets where id = %s", [ticket]).fetchall() == []
        through.close()


async def test_hook_refuses_a_deactivated_person_with_words_and_lets_them_in_again_when_active(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    _, admin = await admin_of(people)
    await change(admin, ada.id, active=False)
    event = {"claims": {**ada.claims, "session_id": str(uuid4())}}
    async with await people.database.connect() as owner, owner.transaction():
        await owner.execute("set local role supabase_auth_admin")
        row = await (await owner.execute("select helpdesk.access_token_hook(%s)", [json.dumps(event)])).fetchone()
    assert row is not None
    assert row[0] == {"error": {"http_code": 403, "message": "This account was deactivated in the helpdesk."}}
    await change(admin, ada.id, active=True)
    again = await people.sign_in(ada)
    assert await me(await people.connect_as(again)) == (ada.id, "agent")


async def test_what_a_deactivated_person_holds_is_handed_over_and_their_history_stays_readable(people: People) -> None:
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    _, admin = await admin_of(people)
    one, two, over = [await assigned(people, ada) for _ in range(3)]
    agent = await people.connect_as(ada)
    await agent.execute("insert into public.ticket_messages (ticket_id, content) values (%s, 'From Ada')", [one])
    await agent.execute("update public.tickets set status = 'closed' where id = %s", [over])
    answer = await change(admin, ada.id, bea.id, active=False)
    assert len(answer["handed"]) == 2
    colleague = await people.connect_as(bea)
    held = await colleague.execute("select id from public.tickets where assignee_id = %s", [bea.id])
    assert {row[0] for row in await held.fetchall()} == {one, two}
    said = await (
        await colleague.execute("select sender, by_staff, content from helpdesk.messages(%s)", [one])
    ).fetchall()
    assert said == [("Ada", True, "From Ada")]
    # What was done stays theirs; opened again it is nobody's.
    assert await people.database.run("select assignee_id from public.tickets where id = %s", [over]) == [(ada.id,)]
    await colleague.execute("update public.tickets set status = 'open' where id = %s", [over])
    assert await people.database.run("select assignee_id from public.tickets where id = %s", [over]) == [(None,)]
    for statement in (
        "select helpdesk.assign(array[%s], %s)",
        f"insert into public.tickets (title, customer_id, id, assignee_id) values ('x', '{bea.id}', %s, %s)",
    ):
        assert await code(admin.execute(statement.encode(), [one, ada.id])) == "HD002"
    # Undone: active, and holds what nobody has changed since.
    await colleague.execute("update public.tickets set priority = 'high' where id = %s", [two])
    row = await (await admin.execute("select helpdesk.undo(%s, %s)", [uuid4(), answer["act"]])).fetchone()
    assert row is not None
    assert row[0]["person"]["done"]
    assert [each["id"] for each in row[0]["others"]] == [str(two)]
    held = await admin.execute("select id from public.tickets where assignee_id = %s and is_open", [ada.id])
    assert await held.fetchall() == [(one,)]
    assert await me(await people.connect_as(await people.sign_in(ada))) == (ada.id, "agent")


async def test_nobody_takes_away_their_own_access_and_the_last_admin_stays(people: People) -> None:
    ann, admin = await admin_of(people)
    for wanted in ({"active": False}, {"role": "agent"}, {"role": "customer"}):
        assert await code(change(admin, ann.id, **wanted)) == "HD003"
    # The owner, who may do anything, is told too, also about several at once.
    for statement in (
        "update public.profiles set role = 'agent' where role = 'admin'",
        "update public.profiles set deactivated_at = now() where role = 'admin'",
    ):
        assert await code(people.database.run(statement)) == "HD003"
    assert await me(admin) == (ann.id, "admin")


async def test_two_admins_who_demote_each_other_leave_one(people: People) -> None:
    await people.database.run("update public.profiles set role = 'admin' where email like 'keep%'")
    ann, first = await admin_of(people)
    bob, second = await admin_of(people)
    await people.database.run(
        "update public.profiles set role = 'agent' where role = 'admin' and id <> all(%s)", [[ann.id, bob.id]]
    )
    async with first.transaction():
        await change(first, bob.id, role="agent")
        demoting = asyncio.create_task(change(second, ann.id, role="agent"))
        await _until_waiting(people)
    assert await code(demoting) == "HD003"
    rows = await people.database.run("select id from public.profiles where role = 'admin' and deactivated_at is null")
    assert rows == [(ann.id,)]


async def _until_waiting(people: People) -> None:
    """Until some session waits for another's lock."""
    for _ in range(200):
        rows = await people.database.run("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
        if rows:
            return
        await asyncio.sleep(0.01)
    pytest.fail("nobody waits")
