"""Drafts in the database, for one's other devices: one's own alone, the newest revision over the one it knew."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.sessions import anonymous_claims, anonymous_visitor, gateway
from tests.db.signed_in import new, ticket_of
from tests.world import Connection, People

SAVE = "select helpdesk.save_draft(%s, %s, %s, %s, null, %s)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def save(
    connection: Connection, message: UUID, ticket: UUID, text: str, base: int = 0, kind: str = "reply"
) -> int | None:
    row = await (await connection.execute(SAVE, [message, ticket, kind, text, base])).fetchone()
    assert row is not None
    found: int | None = row[0]
    return found


async def kept(connection: Connection, ticket: UUID | None = None) -> list[tuple[str, str, int]]:
    rows = await connection.execute("select kind, content, revision from helpdesk.drafts(%s)", [ticket])
    return await rows.fetchall()


async def test_what_is_written_here_is_found_there(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "Desk")
    ticket, other = await ticket_of(people, cora, "Desk"), await ticket_of(people, cora, "Desk")
    here, there = await people.connect_as(mara), await people.connect_as(await people.sign_in(mara))
    reply, note = uuid4(), uuid4()
    assert await save(here, reply, ticket, "Try") == 1
    assert await save(here, note, ticket, "Angry", kind="note") == 1
    assert await save(here, uuid4(), other, "Hm") == 1
    assert await kept(there, ticket) == [("note", "Angry", 1), ("reply", "Try", 1)]
    assert len(await kept(there)) == 3
    assert await save(there, reply, ticket, "Try again", 1) == 2
    assert ("reply", "Try again", 2) in await kept(here, ticket)
    # A customer's other device, too.
    theirs = await people.connect_as(cora)
    assert await save(theirs, uuid4(), ticket, "And now?") == 1
    assert await kept(theirs) == [("reply", "And now?", 1)]


async def test_a_conflicting_text_is_never_written_over(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "Over")
    ticket = await ticket_of(people, cora, "Over")
    here = await people.connect_as(mara)
    message = uuid4()
    await save(here, message, ticket, "one")
    assert await save(here, message, ticket, "two", 1) == 2
    assert await save(here, message, ticket, "from an older one", 1) is None
    assert await save(here, message, ticket, "from none") is None
    assert await save(here, message, ticket, "a note", 2, kind="note") is None  # never swapped
    assert await save(here, message, await ticket_of(people, cora, "Over"), "elsewhere", 2) is None
    assert await kept(here, ticket) == [("reply", "two", 2)]
    await here.execute("select helpdesk.drop_drafts(%s, %s)", [[message], [1]])
    assert await kept(here, ticket) == [("reply", "two", 2)]
    await here.execute("select helpdesk.drop_drafts(%s, %s)", [[message], [2]])
    assert await kept(here, ticket) == []
    assert await save(here, message, ticket, "gone on with", 2) is None


async def test_nobody_reads_or_writes_another_s_draft_an_admin_neither(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "Mine")
    bo, ann = await new(people, "bo", "agent", "Mine"), await new(people, "ann", "admin")
    ticket = await ticket_of(people, cora, "Mine")
    message = uuid4()
    await save(await people.connect_as(mara), message, ticket, "SECRET")
    for person in (cora, bo, ann, await new(people, "ida", "agent")):
        connection = await people.connect_as(person)
        # What one says one is changes nothing.
        await connection.execute("select set_config('request.jwt.claim.sub', %s, false)", [str(mara.id)])
        assert await kept(connection) == await kept(connection, ticket) == []
        await connection.execute("select helpdesk.drop_drafts(%s, %s)", [[message], [1]])
        for statement in (
            "select * from private.drafts",
            "update private.drafts set content = 'x'",
            "delete from private.drafts",
            "truncate private.drafts",
            "copy private.drafts to stdout",
            "explain select * from private.drafts where content like 'S%'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
    # Under the same id it is a draft of one's own.
    admin = await people.connect_as(ann)
    assert await save(admin, message, ticket, "mine") == 1
    assert await kept(admin) == [("reply", "mine", 1)]
    assert await people.database.run(
        "select content from private.drafts where message_id = %s order by content", [message]
    ) == [("SECRET",), ("mine",)]
    assert await people.database.run("select count(*) from private.audit where table_name like '%drafts'") == [(0,)]
    with gateway(people.database, anonymous_claims(anonymous_visitor(people.database))) as visitor:
        assert visitor.execute("select * from helpdesk.drafts(null)").fetchall() == []
        with pytest.raises(psycopg.Error, match="no such ticket"):
            visitor.execute(SAVE, [uuid4(), ticket, "reply", "x", 0])


@pytest.mark.parametrize(
    ("who", "kind", "text", "state"),
    [
        ("stranger", "reply", "x", "HD004"),
        ("requester", "note", "x", "HD003"),
        ("agent", "article", "x", "HD002"),
        ("agent", "reply", "x" * 100_001, "HD002"),
        ("agent", "reply", None, "HD002"),
    ],
    ids=["not in sight", "a note of the requester's", "no message", "too long", "nothing"],
)
async def test_only_to_tickets_in_sight_and_in_sizes_that_are_written(
    people: People, who: str, kind: str, text: str | None, state: str
) -> None:
    cora = await new(people, "cora")
    writers = {
        "stranger": await new(people, "bea", "agent", "Elsewhere"),
        "requester": cora,
        "agent": await new(people, "mara", "agent", "Sizes"),
    }
    ticket = await ticket_of(people, cora, "Sizes")
    connection = await people.connect_as(writers[who])
    with pytest.raises(psycopg.Error) as refused:
        await connection.execute(SAVE, [uuid4(), ticket, kind, text, 0])
    assert refused.value.sqlstate == state
    assert await kept(connection) == []


async def test_drafts_fill_no_disk(people: People) -> None:
    mara = await new(people, "mara", "agent", "Disk")
    ticket = await ticket_of(people, await new(people, "cora"), "Disk")
    connection = await people.connect_as(mara)
    for _ in range(20):
        assert await save(connection, uuid4(), ticket, "x" * 100_000) == 1
    with pytest.raises(psycopg.Error, match="too many drafts"):
        await save(connection, uuid4(), ticket, "x")
    await people.database.run("update private.drafts set content = 'x' where person_id = %s", [mara.id])
    async with connection.pipeline():
        for _ in range(180):
            await connection.execute(SAVE, [uuid4(), ticket, "reply", "x", 0])
    with pytest.raises(psycopg.Error, match="too many drafts"):
        await save(connection, uuid4(), ticket, "x")


async def test_what_was_sent_is_no_draft_any_more_but_for_words_that_were_changed_elsewhere(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "Sent")
    ticket = await ticket_of(people, cora, "Sent")
    connection = await people.connect_as(mara)
    same, changed = uuid4(), uuid4()
    await save(connection, same, ticket, "Done. ")
    await save(connection, changed, ticket, "Done, and one more thing")
    insert = "insert into public.ticket_messages (id, ticket_id, content, is_internal) values (%s, %s, 'Done.', true)"
    for message in (same, changed):
        await connection.execute(insert, [message, ticket])
    assert await kept(connection) == [("reply", "Done, and one more thing", 1)]
    # Under that id there is nothing to write on.
    assert await save(connection, changed, ticket, "Done, and two", 1) == 0


async def test_drafts_stay_one_s_own_when_the_ticket_goes_out_of_sight_and_end_with_the_sign_in(people: People) -> None:
    cora, mara = await new(people, "cora"), await new(people, "mara", "agent", "Moves")
    ticket = await ticket_of(people, cora, "Moves")
    connection = await people.connect_as(mara)
    message = uuid4()
    await save(connection, message, ticket, "half a thought")
    await people.database.run(
        "update public.tickets set department_id = %s where id = %s", [await people.department("Billing"), ticket]
    )
    assert await kept(connection) == [("reply", "half a thought", 1)]
    with pytest.raises(psycopg.Error, match="no such ticket"):
        await save(connection, message, ticket, "more", 1)
    await people.sign_out(mara)
    assert await kept(connection) == []
