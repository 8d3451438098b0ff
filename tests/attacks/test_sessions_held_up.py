"""Others' sessions: rung for nothing, and held up by a transaction that is left open."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from psycopg import sql

from tests.attacks.asking import code, rows
from tests.db.signed_in import new, ticket_of
from tests.world import People


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


# -- ringing for nothing ---------------------------------------------------------------------------------------------


async def test_statement_that_changes_nothing_rings_nobody(people: People) -> None:
    cora, gone, bo = await new(people, "cora"), await new(people, "gone"), await new(people, "bo", "agent")
    ear = await people.connect_as(await new(people, "ada", "agent", "Support"))
    for (channel,) in await rows(ear, "select channel from helpdesk.channels()"):
        await ear.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    signed_out = await people.connect_as(gone)
    await people.database.run("delete from auth.sessions where id = %s", [gone.session_id])
    for connection in (await people.connect_as(cora), signed_out, await people.connect_as(bo)):
        for statement in (
            "update public.departments set name = name",
            "update public.categories set name = 'x' where false",
            "update public.ticket_tags set name = name",
            "update public.tickets set status = status",
            "update public.kb_articles set title = title where false",
            "update public.notifications set read = true",
            "insert into public.chat_messages (session_id, content) select id, 'x' from public.chat_sessions",
            "insert into public.ticket_messages (ticket_id, content) select id, 'x' from public.tickets",
        ):
            await connection.execute(statement.encode())
    await ear.execute("select 1")
    assert [note.payload async for note in ear.notifies(timeout=0.1)] == []


# -- holding up ------------------------------------------------------------------------------------------------------


CHANGE = "select helpdesk.change_person(%s, %s, %s, 'hand over', null)"


async def test_agent_who_sorts_articles_holds_up_no_admin(people: People) -> None:
    agent = await people.connect_as(await new(people, "ada", "agent", "Support"))
    admin = await people.connect_as(await new(people, "ann", "admin"))
    await agent.execute("begin")
    await agent.execute(
        """with above as (insert into public.kb_categories (id, name) values (gen_random_uuid(), 'above') returning id)
           select id from above"""
    )
    await agent.execute(
        "insert into public.kb_categories (name, parent_id)"
        " select 'below', id from public.kb_categories where name = 'above'"
    )
    await admin.execute("set lock_timeout = '1s'")
    cora = await new(people, "cora")
    assert await code(admin, CHANGE, uuid4(), cora.id, '{"role": "agent"}') is None
    await agent.execute("rollback")


async def test_nobody_holds_up_their_own_deactivation(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    admin = await people.connect_as(await new(people, "ann", "admin"))
    ticket = await ticket_of(people, await new(people, "cora"))
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    holding = [await people.connect_as(ada) for _ in range(3)]
    for connection, statement in zip(
        holding,
        (
            "update public.profiles set full_name = 'Still here' where id = private_id",
            "update public.tickets set priority = 'high'",
            "insert into public.kb_articles (title, content, author_id, status) values ('t', 'c', private_id, 'draft')",
        ),
        strict=True,
    ):
        await connection.execute("begin")
        await connection.execute(statement.replace("private_id", f"'{ada.id}'").encode())
    async with asyncio.timeout(5):
        await admin.execute(CHANGE.encode(), [uuid4(), ada.id, '{"active": false}'])
    found = "select deactivated_at is not null from public.profiles where id = %s"
    assert await people.database.run(found, [ada.id]) == [(True,)]


async def test_act_that_somebody_holds_up_is_given_up_with_words_before_long(people: People) -> None:
    """And keeps no other admin from acting."""
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    admin = await people.connect_as(await new(people, "ann", "admin"))
    ticket = await ticket_of(people, cora)
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    customer = await people.connect_as(cora)
    await customer.execute("begin")
    await customer.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    async with asyncio.timeout(10):
        support, billing = await people.department("Support"), await people.department("Billing")
        reassign = "select helpdesk.reassign(%s, array[%s]::uuid[], %s, %s, '')"
        assert await code(admin, reassign, uuid4(), ticket, support, billing) == "55P03"
    await customer.execute("rollback")
