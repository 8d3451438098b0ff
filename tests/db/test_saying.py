"""What tickets say, for a query's words: what is found besides what tests/db/test_queries.py reads, and how."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import pytest

from tests.db.signed_in import new, ticket_of
from tests.world import Connection, DeskDatabase, People

SAYING: Final = "select helpdesk.tickets_saying(%s)"
WRITE: Final = "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, %s, %s)"


@pytest.fixture(scope="module")
async def people(module_database: DeskDatabase) -> AsyncIterator[People]:
    """One helpdesk for all; each test has words of its own."""
    people = People(module_database)
    yield people
    await people.close()


async def saying(connection: Connection, words: str) -> set[UUID]:
    """The tickets that are found."""
    return {row[0] for row in await (await connection.execute(SAYING, [words])).fetchall()}


async def test_requester_finds_nothing_by_a_note_though_they_work_on_the_ticket(people: People) -> None:
    """An agent's own request, in their own department and assigned to themselves."""
    ada, bo = [await new(people, name, "agent", "Support") for name in ("ada", "bo")]
    ticket = await ticket_of(people, ada)
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    own, colleague = await people.connect_as(ada), await people.connect_as(bo)
    await colleague.execute(WRITE, [ticket, "She is about to quokka", True])
    await colleague.execute(WRITE, [ticket, "Dear Ada, numbat", False])
    assert await saying(own, "quokka") == set()
    assert await saying(own, "numbat") == {ticket}
    assert await saying(colleague, "quokka") == {ticket}


async def test_what_a_text_says_is_found_by_nobody_who_may_not_read_it(people: People) -> None:
    """Nor by whoever could a moment ago."""
    cora, otto = await new(people, "cora"), await new(people, "otto")
    ada, billy = await new(people, "ada", "agent", "Support"), await new(people, "billy", "agent", "Billing")
    ticket = await ticket_of(people, cora)
    sessions = {each.id: await people.connect_as(each) for each in (cora, otto, ada, billy)}
    await sessions[cora.id].execute(WRITE, [ticket, "The wombat is stuck", False])

    async def finders() -> list[UUID]:
        return [each for each, connection in sessions.items() if await saying(connection, "wombat")]

    assert await finders() == [cora.id, ada.id]
    department = "(select id from public.departments where name = 'Billing')"
    await people.database.run(f"update public.tickets set department_id = {department} where id = %s", [ticket])
    assert await finders() == [cora.id, billy.id]
    await people.database.run(
        "update public.profiles set role = 'customer', department_id = null where id = %s", [billy.id]
    )
    await people.sign_out(cora)
    assert await finders() == []


async def test_words_follow_the_text_and_the_ticket_that_holds_it(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    one, other = await ticket_of(people, cora), await ticket_of(people, cora)
    run = people.database.run
    staff = await people.connect_as(ada)
    await staff.execute(WRITE, [one, "echidna", False])
    await run("update public.tickets set title = 'Platypus 4711', description = 'It bites' where id = %s", [other])
    assert [await saying(staff, words) for words in ("typus 47", "platy", "bites")] == [{other}] * 3
    await run("update public.tickets set title = 'Sorry', description = null where id = %s", [other])
    assert [await saying(staff, words) for words in ("typus 47", "platy", "bites")] == [set()] * 3
    await staff.execute("select helpdesk.merge(gen_random_uuid(), array[%s]::uuid[], %s, '')", [one, other])
    assert await saying(staff, "echidna") == {other}
    await run("delete from public.tickets where id = any(%s)", [[one, other]])
    assert await saying(staff, "echidna") == set()


@pytest.mark.parametrize(
    "words",
    ["", " ", "%", "_", "\\", "'", "'; drop table x --", "a&b|!c:*", ":*", "\x01", "é" * 600, "w" * 400, "ラ", "<->",
     "a" * 70 + " b", "½ ﬁ İ ǅ"],
)  # fmt: skip
async def test_whatever_is_looked_for_is_answered(people: People, words: str) -> None:
    cora = await new(people, "cora")
    customer = await people.connect_as(cora)
    ticket = await ticket_of(people, cora)
    await customer.execute(WRITE, [ticket, f"before {words} after", False])
    found = await saying(customer, words)
    assert found <= {ticket}
    if sum(letter.isalnum() for letter in words) > 1:
        assert found == {ticket}


async def test_message_that_is_too_long_for_an_index_is_written_and_found_by_its_beginning(people: People) -> None:
    customer = await people.connect_as(cora := await new(people, "cora"))
    ticket = await ticket_of(people, cora)
    await customer.execute(WRITE, [ticket, "bilby " + " ".join(f"ü{n}" for n in range(60_000)), False])
    await customer.execute(WRITE, [ticket, "dunnart" * 60_000, False])
    assert await saying(customer, "bilby") == await saying(customer, "dunnart") == {ticket}
