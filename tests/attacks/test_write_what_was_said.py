"""Write: words kept out of a ticket, chats taken back from whoever answers in them, and what becomes of them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from psycopg import sql

from tests.attacks.asking import code, rows
from tests.db.signed_in import new, ticket_of
from tests.world import Connection, People


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def chat_of(customer: Connection, agent: Connection, words: str = "help") -> UUID:
    """A chat that the one opened and the other took."""
    chat = uuid4()
    await customer.execute("select helpdesk.chat_open(%s, null, %s, %s)", [chat, uuid4(), words])
    await agent.execute("select helpdesk.chat_accept(%s)", [chat])
    return chat


async def say(connection: Connection, chat: UUID, content: str, message: UUID | None = None) -> UUID:
    """Says something in a chat; the message's id."""
    message = message or uuid4()
    await connection.execute(
        "insert into public.chat_messages (id, session_id, content) values (%s, %s, %s)", [message, chat, content]
    )
    return message


async def test_nobody_keeps_what_was_said_in_a_chat_out_of_its_ticket(people: People) -> None:
    """By writing something else under its id before."""
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    own = await ticket_of(people, cora)
    write = "insert into public.ticket_messages (id, ticket_id, content) values (%s, %s, 'nothing')"
    early = uuid4()
    await customer.execute(write.encode(), [early, own])
    chat = await chat_of(customer, agent, "I owe you 500")
    await say(agent, chat, "You owe us 500")
    for (message,) in await rows(customer, "select id from public.chat_messages where session_id = %s", chat):
        await customer.execute(write.encode(), [message, own])
    await say(customer, chat, "So I do", early)
    for _ in range(2):
        ((ticket, _),) = await rows(agent, "select * from helpdesk.chat_to_ticket(%s)", chat)
        told = await rows(agent, "select sender_id, content from helpdesk.messages(%s)", ticket)
        assert told == [(cora.id, "I owe you 500"), (ada.id, "You owe us 500"), (cora.id, "So I do")]


async def test_message_is_told_of_whatever_its_id(people: People) -> None:
    """What was said in a chat is not told twice; what only bears the id of that is told."""
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    chat = await chat_of(customer, agent)
    ticket = await ticket_of(people, cora)
    said = await say(agent, chat, "x")
    await people.database.run(
        "insert into public.ticket_messages (id, ticket_id, sender_id, content) values (%s, %s, %s, 'an answer')",
        [said, ticket, ada.id],
    )
    told = "select title from public.notifications where user_id = %s and ticket_id = %s"
    assert await people.database.run(told, [cora.id, ticket]) == [("Answer on: t",)]


async def test_chat_that_somebody_answers_is_not_taken_back_from_them(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bo = await new(people, "bo", "agent", "Billing")
    customer, agent, other = [await people.connect_as(person) for person in (cora, ada, bo)]
    chat = await chat_of(customer, agent)
    hand = "select helpdesk.chat_transfer(%s, %s, null)"
    await agent.execute(hand.encode(), [chat, bo.id])
    assert await code(agent, hand, chat, ada.id) is None
    await say(other, chat, "I am here now")
    assert await code(agent, hand, chat, ada.id) == "HD004"
    assert await rows(agent, "select * from helpdesk.chat_messages(%s, null)", chat) == []


async def test_ticket_of_a_chat_that_is_out_of_sight_is_not_told_by_way_of_the_chat(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    chat = await chat_of(customer, agent)
    ((ticket, _),) = await rows(agent, "select * from helpdesk.chat_to_ticket(%s)", chat)
    assert await code(agent, "select helpdesk.chat_to_ticket(%s)", chat) is None
    billing = await people.department("Billing")
    await people.database.run(
        "update public.tickets set department_id = %s, assignee_id = null where id = %s", [billing, ticket]
    )
    await say(customer, chat, "one more thing")
    assert await code(agent, "select helpdesk.chat_to_ticket(%s)", chat) == "HD003"


async def test_ticket_is_made_of_a_chat_whose_agent_has_left(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    chat = await chat_of(customer, agent)
    await agent.execute("select helpdesk.chat_end(%s)", [chat])
    await people.database.run("update public.profiles set deactivated_at = now() where id = %s", [ada.id])
    ((ticket, _),) = await rows(admin, "select * from helpdesk.chat_to_ticket(%s)", chat)
    assert await rows(admin, "select assignee_id from public.tickets where id = %s", ticket) == [(None,)]


async def test_typing_of_the_past_is_not_told(people: People) -> None:
    """In an older snapshot the chat is still one's own."""
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bo = await new(people, "bo", "agent", "Support")
    customer, agent, again = await people.connect_as(cora), await people.connect_as(ada), await people.connect_as(ada)
    chat = await chat_of(customer, agent)
    for (channel,) in await rows(customer, "select channel from helpdesk.channels()"):
        await customer.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    await agent.execute("begin isolation level repeatable read, read only")
    await rows(agent, "select 1 from helpdesk.me()")
    await again.execute("select helpdesk.chat_transfer(%s, %s, null)", [chat, bo.id])
    await customer.execute("select 1")
    before = [note.payload async for note in customer.notifies(timeout=0.05)]
    assert before
    assert not any("typing" in payload for payload in before)
    await agent.execute("select helpdesk.chat_typing(%s)", [chat])
    await agent.execute("commit")
    await customer.execute("select 1")
    assert [note.payload async for note in customer.notifies(timeout=0.05)] == []
