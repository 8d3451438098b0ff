"""Files of messages: whole, once, together with their message, and what they are by what is in them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.test_replies import send, ticket_of
from tests.world import Connection, DeskDatabase, People, Person

ATTACH = (
    "insert into public.ticket_attachments (id, ticket_id, message_id, name, sha256, data)"
    " values (%s, %s, %s, %s, %s, %s) on conflict (id) do nothing"
)


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def customer_with_ticket(people: People) -> tuple[Person, Connection, UUID]:
    """Somebody new, their connection and their request."""
    person = await people.sign_up(f"{uuid4()}@desk.test", "Cora")
    return person, await people.connect_as(person), await ticket_of(people, person)


async def attach(
    connection: Connection,
    ticket: UUID,
    message: UUID | None,
    data: bytes = b"x",
    *,
    name: str = "a.txt",
    id_: UUID | None = None,
    sha256: str | None = None,
) -> UUID:
    """Sends a file as the client does and gives its id."""
    given = id_ or uuid4()
    await connection.execute(ATTACH, [given, ticket, message, name, sha256 or hashlib.sha256(data).hexdigest(), data])
    return given


async def with_message(connection: Connection, ticket: UUID, data: bytes, **more: Any) -> UUID:
    """A message with one file."""
    async with connection.transaction():
        return await attach(connection, ticket, await send(connection, ticket), data, **more)


async def refused(sqlstate: str, connection: Connection, ticket: UUID, data: bytes = b"x", **more: Any) -> str:
    """What the database says to a message with such a file."""
    with pytest.raises(psycopg.Error) as error:
        await with_message(connection, ticket, data, **more)
    assert error.value.sqlstate == sqlstate, error.value
    return str(error.value)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"MZ\x90\x00", "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF\x02", "application/x-elf"),
        ("<html><script>Grüße".encode(), "text/plain"),
        (b"", "text/plain"),
        (b"\x00\x01\x02\xff", "application/octet-stream"),
        (b"caf\xe9 in Latin-1", "application/octet-stream"),
    ],
)
async def test_type_is_what_the_bytes_say(people: People, data: bytes, content_type: str) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    file = await with_message(connection, ticket, data, name="innocent.png")
    row = await (
        await connection.execute(
            "select content_type, size, sha256, data from public.ticket_attachments where id = %s", [file]
        )
    ).fetchone()
    assert row == (content_type, len(data), hashlib.sha256(data).hexdigest(), data)


async def test_file_that_does_not_arrive_whole_is_refused_with_its_message(people: People) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    assert "whole" in await refused("HD002", connection, ticket, b"half", sha256=hashlib.sha256(b"all").hexdigest())
    assert await people.database.run("select from public.ticket_messages where ticket_id = %s", [ticket]) == []


async def test_ten_megabytes_arrive_and_one_byte_more_does_not(people: People) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    await with_message(connection, ticket, b"\xff" * 10_485_760)
    assert "10 MB" in await refused("HD002", connection, ticket, b"\xff" * 10_485_761)


async def test_message_has_ten_files_at_most(people: People) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    async with connection.transaction():
        message = await send(connection, ticket)
        for _ in range(10):
            await attach(connection, ticket, message)
        with pytest.raises(psycopg.Error, match="ten files"):
            async with connection.transaction():
                await attach(connection, ticket, message)


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../../.ssh/authorized_keys", "a/b", "a\\b", "a\nb", "a\x1b[2Jb", "a\x7fb", "a\x9bb",
     "exe\u202efdp.txt", "a\u200bb", "a\u2066b", "\ufeffa", "a\u2028b", "n" * 256],
)  # fmt: skip
async def test_name_is_a_name_and_nothing_else(people: People, name: str) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    await refused("23514", connection, ticket, name=name)


async def test_file_sent_twice_is_there_once_and_its_id_is_nobody_elses(people: People) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    message, file = uuid4(), uuid4()
    for _ in range(3):
        async with connection.transaction():
            await send(connection, ticket, id_=message)
            await attach(connection, ticket, message, b"once", id_=file)
    count = "select count(*), max(attachments::text) from public.ticket_messages m where m.id = %s"
    ((messages, listed),) = await people.database.run(count, [message])
    assert messages == 1
    assert listed.count(str(file)) == 1
    assert '"size": 4' in listed
    assert "taken" in await refused("HD002", connection, ticket, b"other", id_=file)


async def test_file_comes_with_its_message_and_never_after(people: People) -> None:
    person = await people.sign_up(f"{uuid4()}@desk.test", "Cora")
    connection, ticket = await people.connect_as(person), uuid4()
    await connection.execute(
        "insert into public.tickets (id, title, customer_id) values (%s, 't', %s)", [ticket, person.id]
    )
    message = await send(connection, ticket)
    for where in (message, None):
        with pytest.raises(psycopg.Error, match="together with its message"):
            await attach(connection, ticket, where)


async def test_files_go_with_the_request_that_is_sent_with_them(people: People) -> None:
    person = await people.sign_up(f"{uuid4()}@desk.test", "Cora")
    connection, ticket = await people.connect_as(person), uuid4()
    for _ in range(2):
        async with connection.transaction():
            await connection.execute(
                "insert into public.tickets (id, title, customer_id) values (%s, 't', %s) on conflict (id) do nothing",
                [ticket, person.id],
            )
            await attach(connection, ticket, None, id_=ticket)
    found = await (await connection.execute("select id from helpdesk.attachments(%s)", [ticket])).fetchall()
    assert found == [(ticket,)]


async def test_nobody_adds_a_file_to_somebody_elses_words(people: People) -> None:
    person, _, ticket = await customer_with_ticket(people)
    agent = await people.sign_up(f"{uuid4()}@desk.test", "Ada", "agent", "Support")
    connection = await people.connect_as(agent)
    other = await people.connect_as(person)
    # Even while the message is being sent, which nobody else sees.
    async with other.transaction():
        message = await send(other, ticket)
        with pytest.raises(psycopg.Error, match="no such message"):
            await attach(connection, ticket, message)
    for where in (message, None):
        with pytest.raises(psycopg.Error, match="only the author"):
            await attach(connection, ticket, where)


async def test_never_again_attachments_by_id(people: People) -> None:
    _, requester, ticket = await customer_with_ticket(people)
    agent = await people.connect_as(await people.sign_up(f"{uuid4()}@desk.test", "Ada", "agent", "Support"))
    async with agent.transaction():
        file = await attach(agent, ticket, await send(agent, ticket, note=True), b"NOTE")
    looks = (
        "select data from public.ticket_attachments where id = %(file)s",
        "select count(*) filter (where ticket_id = %(ticket)s) from public.ticket_attachments having count(*) > 0",
        "select name from helpdesk.attachments(%(ticket)s)",
        "select attachments from public.ticket_messages where ticket_id = %(ticket)s",
    )
    for look in looks:
        parameters = {"file": file, "ticket": ticket}
        assert await (await requester.execute(look.encode(), parameters)).fetchall() == [], look
        assert len(await (await agent.execute(look.encode(), parameters)).fetchall()) == 1, look


async def test_files_go_when_their_ticket_or_requester_goes(people: People) -> None:
    person, connection, ticket = await customer_with_ticket(people)
    await with_message(connection, ticket, b"mine")
    await people.database.run("delete from auth.users where id = %s", [person.id])
    assert await people.database.run("select from public.ticket_attachments where ticket_id = %s", [ticket]) == []


async def test_statistics_tell_nothing_of_what_is_in_files(people: People) -> None:
    _, connection, ticket = await customer_with_ticket(people)
    await with_message(connection, ticket, b"SECRET", name="SECRET.txt")
    await people.database.run("analyze public.ticket_attachments")
    stranger = await people.connect_as(await people.sign_up(f"{uuid4()}@desk.test", "Eve"))
    await asyncio.sleep(0)
    look = "select s::text from pg_stats s where tablename = 'ticket_attachments'"
    assert await (await stranger.execute(look)).fetchall() == []


def test_function_that_sniffs_is_nobody_elses_to_call(module_database: DeskDatabase) -> None:
    with psycopg.connect(module_database.owner_dsn) as owner:
        row = owner.execute(
            "select has_function_privilege('helpdesk_member', 'private.content_type(bytea)', 'execute')"
        ).fetchone()
    assert row == (False,)
