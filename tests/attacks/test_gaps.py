"""What only holes bored into the database showed to be asked by no other test: see ``make mutate``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.signed_in import new, ticket_of
from tests.world import Connection, DeskDatabase, People


@pytest.fixture
async def people(module_database: DeskDatabase) -> AsyncIterator[People]:
    """One helpdesk for all; nobody here minds the others."""
    people = People(module_database)
    yield people
    await people.close()


async def published(people: People, title: str) -> UUID:
    """An article that everybody may read."""
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    article = uuid4()
    await staff.execute("select helpdesk.save_article(%s, %s, 'text', null, null)", [article, title])
    await staff.execute("select helpdesk.set_article_status(%s, 'published')", [article])
    return article


async def count(connection: Connection, statement: str, *parameters: object) -> int:
    """The one number that is answered."""
    row = await (await connection.execute(statement.encode(), parameters)).fetchone()
    assert row is not None
    return int(row[0])


async def test_whoever_signed_out_reads_no_article_either(people: People) -> None:
    article = await published(people, "Wombats")
    cora = await new(people, "cora")
    customer = await people.connect_as(cora)
    questions = (
        "select count(*) from public.kb_articles where id = %s",
        "select count(*) from helpdesk.article(%s)",
        "select count(*) from helpdesk.search_articles('wombats') where article_id = %s",
        "select count(*) from helpdesk.articles(null, null, 100, null, null) where id = %s",
    )
    assert [await count(customer, question, article) for question in questions] == [1, 1, 1, 1]
    await people.sign_out(cora)
    assert [await count(customer, question, article) for question in questions] == [0, 0, 0, 0]


async def test_note_names_nobody_to_the_requester_whatever_its_author_is_by_now(people: People) -> None:
    """A customer's name is not everybody's to know, and who wrote a note was of the team then."""
    cora, gone = await new(people, "cora"), await new(people, "gone", "agent", "Support")
    ticket = await ticket_of(people, cora)
    staff, customer = await people.connect_as(gone), await people.connect_as(cora)
    write = "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'x', %s)"
    await staff.execute(write, [ticket, True])
    await people.database.run(
        "update public.profiles set role = 'customer', department_id = null where id = %s", [gone.id]
    )
    named = "select count(*) from helpdesk.names(array[%s::uuid])"
    assert await count(customer, named, gone.id) == 0
    # What they answered names them.
    await people.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'y')", [ticket, gone.id]
    )
    assert await count(customer, named, gone.id) == 1


async def test_ticket_is_rated_once_by_its_requester(people: People) -> None:
    cora = await new(people, "cora")
    ticket = await ticket_of(people, cora)
    await people.database.run("update public.tickets set status = 'closed' where id = %s", [ticket])
    customer = await people.connect_as(cora)
    rate = "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%s, %s, %s)"
    await customer.execute(rate, [ticket, cora.id, 1])
    with pytest.raises(psycopg.errors.UniqueViolation):
        await customer.execute(rate, [ticket, cora.id, 5])
    assert await count(customer, "select sum(rating) from public.ticket_feedback where ticket_id = %s", ticket) == 1


async def test_agent_without_a_department_writes_no_ticket_down_for_others(people: People) -> None:
    """It would be sent where they do not work, and they would never see it."""
    cora = await new(people, "cora")
    write = "insert into public.tickets (title, customer_id) values ('for another', %s)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await (await people.connect_as(await new(people, "bo", "agent"))).execute(write, [cora.id])
    await (await people.connect_as(await new(people, "ada", "agent", "Support"))).execute(write, [cora.id])
    customer = await people.connect_as(cora)
    assert await count(customer, "select count(*) from public.tickets") == 1
