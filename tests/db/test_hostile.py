"""What somebody with a login and psql may try: to hold others up, to ring for nothing, to hide words, to read more."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.signed_in import new, ticket_of
from tests.world import Connection, People


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def rows(connection: Connection, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    return await (await connection.execute(statement.encode(), parameters or None)).fetchall()


async def code(connection: Connection, statement: str, *parameters: Any) -> str | None:
    """The SQLSTATE that a statement fails with, none where it does not; nothing of it stays."""
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(statement.encode(), parameters or None)
    except psycopg.Error as error:
        return error.sqlstate
    return None


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


# -- a chat and the ticket made of it --------------------------------------------------------------------------------


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


# -- drafts, versions and votes --------------------------------------------------------------------------------------


async def told(connection: psycopg.AsyncConnection[Any], statement: str, parameters: dict[str, Any]) -> str:
    """All that a statement tells, an error's words too; nothing of it stays."""
    try:
        async with connection.transaction(force_rollback=True):
            cursor = await connection.execute(statement.encode(), parameters)
            return str(await cursor.fetchall())
    except psycopg.Error as error:
        diag = error.diag
        return str((diag.sqlstate, diag.message_primary, diag.message_detail, diag.message_hint, diag.constraint_name))


OF_AN_ARTICLE = (
    "select * from helpdesk.article(%(article)s)",
    "select * from helpdesk.article_versions(%(article)s)",
    "select * from helpdesk.vote(%(article)s, true, 'x')",
    "select * from helpdesk.vote(%(article)s, null, null)",
    "select * from helpdesk.save_article(%(article)s, 't', 'c', null, null)",
    "select * from helpdesk.save_article(%(article)s, 't', 'c', null, 1)",
    "select * from helpdesk.set_article_status(%(article)s, 'published')",
    "select * from helpdesk.restore_article(%(article)s, 1)",
    "insert into public.kb_article_feedback (article_id, user_id, helpful) values (%(article)s, %(me)s, true)",
    (
        "insert into public.kb_articles (id, title, content, author_id, status)"
        " values (%(article)s, 't', 'c', %(me)s, 'draft') on conflict (id) do update set title = excluded.title"
    ),
    "update public.kb_articles set title = title where id = %(article)s returning title",
)
WITH_WORDS = (
    "select * from helpdesk.articles(null, 'draft', 100, null, null)",
    "select * from helpdesk.articles(null, 'archived', null, '', '00000000-0000-0000-0000-000000000000')",
    "select * from helpdesk.articles(%(category)s, null, 100, null, null)",
    "select * from helpdesk.article_categories()",
    "select * from helpdesk.search_articles('zyzzyva')",
    "select * from helpdesk.search_articles('zyzzyv', null, %(category)s, null)",
    "select * from helpdesk.search_articles('zyzzvya printer')",
    "select * from helpdesk.search_articles('Z', 1000000)",
    "select * from helpdesk.search_articles(''' | !zyzzyva:* \\ & <->', -1, null, false)",
    "select * from helpdesk.suggest_articles(%(ticket)s, 100)",
)


async def test_drafts_archived_articles_and_their_versions_tell_outsiders_nothing(people: People) -> None:
    cora, gone = await new(people, "cora"), await new(people, "gone")
    ada = await new(people, "ada", "agent", "Support")
    ticket, category = await ticket_of(people, cora), uuid4()
    await people.database.run("update public.tickets set title = 'zyzzyva printer' where id = %s", [ticket])
    staff = await people.connect_as(ada)
    await staff.execute("insert into public.kb_categories (id, name) values (%s, 'Zyzzyva layoffs')", [category])
    hidden = [uuid4(), uuid4()]
    for article in hidden:
        await staff.execute(
            "select helpdesk.save_article(%s, 'Zyzzyva ' || %s::text, 'zyzzyva zyzzyvas', %s, null)",
            [article, article, category],
        )
    await staff.execute("select helpdesk.set_article_status(%s, 'published')", [hidden[1]])
    await staff.execute("select helpdesk.vote(%s, true, 'good')", [hidden[1]])
    await staff.execute("select helpdesk.set_article_status(%s, 'archived')", [hidden[1]])
    signed_out = await people.connect_as(gone)
    await people.database.run("delete from auth.sessions where id = %s", [gone.session_id])
    for connection, person in ((await people.connect_as(cora), cora), (signed_out, gone)):
        ids = {"me": person.id, "ticket": ticket, "category": category}
        for statement in OF_AN_ARTICLE:
            nothing = await told(connection, statement, {**ids, "article": uuid4()})
            if not statement.startswith("insert into public.kb_articles "):
                answers = [await told(connection, statement, {**ids, "article": article}) for article in hidden]
                assert answers == [nothing, nothing], statement
            else:
                assert "42501" in nothing
        for statement in WITH_WORDS:
            answer = (await told(connection, statement, ids)).lower()
            assert "zyzzyva" not in answer, statement
    assert "zyzzyva" in (await told(staff, WITH_WORDS[4], {})).lower()


async def test_order_and_scores_of_what_is_published_are_the_same_whatever_drafts_say(people: People) -> None:
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    customer = await people.connect_as(await new(people, "cora"))
    for title in ("Quokka feeding", "Quokka photography"):
        article = uuid4()
        await staff.execute(
            "select helpdesk.save_article(%s, %s, 'quokka quokka eats leaves', null, null)", [article, title]
        )
        await staff.execute("select helpdesk.set_article_status(%s, 'published')", [article])
    searches = ("quokka", "quokk", "quoka leaf", "qokka", "quok", "quokkafeeding", "leaves quokkafication")
    search = "select article_id, score, snippet, marks from helpdesk.search_articles(%s)"
    before = [await rows(customer, search, words) for words in searches]
    for _ in range(3):
        await staff.execute(
            "select helpdesk.save_article(%s, 'Quokkafication', 'quokka feeding leaf qokka quok', null, null)",
            [uuid4()],
        )
    assert [await rows(customer, search, words) for words in searches] == before
    assert all(before[:2])


async def test_votes_are_counted_and_named_to_the_team_alone(people: People) -> None:
    cora, otto = await new(people, "cora"), await new(people, "otto")
    customer, other = await people.connect_as(cora), await people.connect_as(otto)
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    article = uuid4()
    await staff.execute("select helpdesk.save_article(%s, 'Wombats', 'dig', null, null)", [article])
    await staff.execute("select helpdesk.set_article_status(%s, 'published')", [article])
    await customer.execute("select helpdesk.vote(%s, false, 'rubbish')", [article])
    await other.execute("select helpdesk.vote(%s, true, null)", [article])
    await other.execute("select helpdesk.vote(%s, null, null)", [article])
    votes = "select user_id, comment from public.kb_article_feedback where article_id = %s"
    assert await rows(other, votes, article) == []
    assert await rows(staff, votes, article) == [(cora.id, "rubbish")]
    assert await rows(other, "select not_helpful, my_vote from helpdesk.article(%s)", article) == [(1, None)]
    assert await code(other, "update public.kb_article_feedback set helpful = true") is None
    assert await rows(customer, "select helpful from public.kb_article_feedback") == [(False,)]


async def test_due_dates_are_told_to_staff_who_ask_and_of_their_own_tickets_alone(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    await people.database.run(
        "update public.tickets set assignee_id = %s, due_date = now() where id = %s", [ada.id, ticket]
    )
    for person in (cora, await new(people, "bo", "agent", "Support"), await new(people, "ann", "admin")):
        assert await rows(await people.connect_as(person), "select helpdesk.notice_due()") == [(0,)]
    assert await rows(await people.connect_as(ada), "select helpdesk.notice_due()") == [(1,)]
