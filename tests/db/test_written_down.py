"""Tickets that somebody of the team writes down for whoever rang up: whose they are, who may, who is said to have."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.noticing import say
from tests.db.signed_in import Row, new, sees
from tests.world import Connection, People, Person

WRITE = "select number, name, same from helpdesk.write_ticket(%s, %s, %s, %s, %s, %s, %s, %s)"
KNOWN = "select email from helpdesk.known_people(%s, %s)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def write(
    connection: Connection, address: str, ticket: UUID | None = None, text: str = "It smokes.", **more: Any
) -> Row:
    """Writes a ticket down."""
    given = [more.get(name) for name in ("priority", "category", "department", "assignee")]
    answer = await connection.execute(WRITE, [ticket or uuid4(), address, "Smoke", text, *given])
    (row,) = await answer.fetchall()
    return row


async def refused(connection: Connection, address: str, ticket: UUID | None = None, **more: Any) -> str | None:
    """The SQLSTATE that it is refused with."""
    with pytest.raises(psycopg.Error) as caught:
        await write(connection, address, ticket, **more)
    return caught.value.sqlstate


async def one(connection: Connection, sql: str, *parameters: Any) -> Any:
    """The first value of the first row; None where there is none."""
    row = await (await connection.execute(sql.encode(), parameters)).fetchone()
    return row[0] if row else None


class Call:
    """A customer whom nobody has seen yet, and those who may take the call."""

    async def make(self, people: People) -> Call:
        self.cora = await new(people, "cora")
        self.ada = await new(people, "ada", "agent", "Support")
        self.bo = await new(people, "bo", "agent", "Billing")
        self.ida = await new(people, "ida", "agent")
        self.ann = await new(people, "ann", "admin")
        self.support, self.billing = await people.department("Support"), await people.department("Billing")
        self.customer, self.agent, self.other, self.loose, self.admin = [
            await people.connect_as(each) for each in (self.cora, self.ada, self.bo, self.ida, self.ann)
        ]
        return self


async def test_ticket_written_for_a_caller_is_theirs_once_and_says_who_wrote_it(people: People) -> None:
    call, ticket = await Call().make(people), uuid4()
    await people.database.run("select private.put_sla_policy(%s, '{\"first\": 60}')", [str(ticket)])
    number, name, same = await write(call.agent, call.cora.email.upper(), ticket, priority="high")
    assert (name, same) == ("Cora", True)
    # An answer was lost, and the words are changed meanwhile: what arrived first stays.
    assert await write(call.agent, call.cora.email, ticket) == (number, "Cora", True)
    assert await write(call.agent, call.cora.email, ticket, "It burns!") == (number, "Cora", False)
    kept = "select row(customer_id, department_id, priority, status, description, first_response_at, waiting_since"
    told = await one(call.admin, f"{kept} = created_at)::text from public.tickets where id = %s", ticket)
    assert told == f'({call.cora.id},{call.support},high,open,"It smokes.",,t)'
    # Its requester has it as any of theirs: they see it, hear of it, may close it; the promises and the routing run.
    for connection in (call.customer, call.agent):
        about = await one(connection, "select more from helpdesk.ticket(%s)", ticket)
        assert about["written_by"] == "Ada"
        assert await one(connection, "select actor from helpdesk.history(%s) where kind = 'created'", ticket) == "Ada"
    assert not await sees(call.other, ticket)
    assert (await one(call.agent, "select more -> 'sla' from helpdesk.ticket(%s)", ticket))["first"]
    await say(call.agent, ticket, "It is on its way.")
    assert await one(call.customer, "select kinds ->> 'reply' from helpdesk.notices(true, 5)") == "1"
    # What they send themselves says nothing of the kind; and nobody changes what a request began with.
    own = await one(call.customer, "insert into public.tickets (title, description, customer_id) values"
                    " ('Own', 'x', %s) returning id", call.cora.id)  # fmt: skip
    assert "written_by" not in await one(call.agent, "select more from helpdesk.ticket(%s)", own)
    for connection in (call.agent, call.admin, call.customer):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("update public.tickets set description = 'my words' where id = %s", [own])
    # Not even of whoever takes the requester's name is it said otherwise.
    await call.agent.execute("update public.profiles set full_name = 'Cora' where id = %s", [call.ada.id])
    assert (await one(call.customer, "select more from helpdesk.ticket(%s)", ticket))["written_by"] == "Cora"


async def test_agents_write_for_their_own_department_admins_for_all_and_nobody_else_for_others(people: People) -> None:
    call = await Call().make(people)
    ((category,),) = await people.database.run(
        "insert into public.categories (name, department_id) values ('Bills' || %s, %s) returning id",
        [str(uuid4()), call.billing],
    )
    where = "select department_id from public.tickets where number = %s"
    cora = call.cora.email
    # An agent's stays with them whatever it is about, or it would go out of their sight; an admin's goes as any does.
    assert await one(call.agent, where, (await write(call.agent, cora, category=category))[0]) == call.support
    assert await one(call.admin, where, (await write(call.admin, cora, category=category))[0]) == call.billing
    assert await one(call.admin, where, (await write(call.admin, cora, department=call.billing))[0]) == call.billing
    # Elsewhere an agent keeps it in their own hands.
    assert await refused(call.agent, cora, department=call.billing) == "HD003"
    mine = (await write(call.agent, cora, department=call.billing, assignee=call.ada.id))[0]
    assert await one(call.agent, where, mine) == call.billing
    assert await refused(call.loose, cora) == "HD003"
    assert await refused(call.loose, cora, department=call.billing) == "HD003"
    await write(call.loose, cora, assignee=call.ida.id)
    # A colleague, but not oneself, nor somebody who is not there, or is no more.
    assert (await write(call.agent, call.bo.email))[1] == "Bo"
    assert await refused(call.agent, call.ada.email) == "HD002"
    gone = await new(people, "gone")
    await people.database.run("update public.profiles set deactivated_at = now() where id = %s", [gone.id])
    for address in (gone.email, "nobody@desk.test", "", "%", "Cora"):
        assert await refused(call.admin, address) == "HD004"
    assert await refused(call.agent, cora, assignee=call.cora.id) == "HD002"
    assert await refused(call.customer, call.bo.email) == "HD003"
    assert await refused(call.customer, cora) == "HD003"
    # Under an id that is in use: another's ticket, one's own that was not written so, another act.
    number = (await write(call.agent, cora, there := uuid4()))[0]
    for connection in (call.other, call.admin):
        assert await refused(connection, cora, there) == "HD002"
    own = await one(
        call.agent, "insert into public.tickets (title, customer_id) values ('o', %s) returning id", call.ada.id
    )
    assert await refused(call.agent, cora, own) == "HD002"
    # What is moved out of sight by then tells nothing more to whom sends it again.
    await call.admin.execute("select helpdesk.move(array[%s::uuid], %s)", [there, call.billing])
    await call.admin.execute("update public.tickets set title = 'Renamed' where id = %s", [there])
    assert await write(call.agent, cora, there) == (number, "Cora", True)


async def test_forged_ticket_for_another_names_its_author_and_no_other_time(people: People) -> None:
    """By SQL, as the app never does."""
    call = await Call().make(people)
    insert = "insert into public.tickets (id, title, description, customer_id{}) values (%s, 't', 'x', %s{})"
    ticket = uuid4()
    await call.agent.execute(insert.format("", "").encode(), [ticket, call.cora.id])
    assert (await one(call.customer, "select more from helpdesk.ticket(%s)", ticket))["written_by"] == "Ada"
    for column, value in (("created_at", "'2001-01-01'"), ("metadata", "'{}'"), ("first_response_at", "now()")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await call.agent.execute(insert.format(f", {column}", f", {value}").encode(), [uuid4(), call.cora.id])
    # Neither a customer for another, nor an agent into another department.
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await call.customer.execute(insert.format("", "").encode(), [uuid4(), call.bo.id])
    elsewhere = insert.format(", department_id", ", %s").encode()
    with pytest.raises(psycopg.Error, match="set by the team"):
        await call.agent.execute(elsewhere, [uuid4(), call.bo.id, call.billing])
    # Nor the first words of the thread, as the requester's.
    for sender in (call.cora.id, call.bo.id):
        with pytest.raises(psycopg.Error):
            await call.agent.execute(
                "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x')",
                [ticket, sender],
            )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await call.agent.execute(
            "insert into public.ticket_status_history (ticket_id, status, changed_by) values (%s, 'open', %s)",
            [ticket, call.cora.id],
        )


async def test_people_are_offered_to_those_who_know_their_address_anyway(people: People) -> None:
    call = await Call().make(people)
    otto: Person = await new(people, "otto")
    for connection in (call.agent, call.other, call.loose, call.customer):
        assert await one(connection, KNOWN, "otto", 10) is None
    assert await one(call.admin, KNOWN, otto.email[:9], 10) == otto.email
    await write(call.agent, otto.email)
    for begun in ("Ott", "ott", otto.email[:9], otto.email.upper()):
        assert await one(call.agent, KNOWN, begun, 10) == otto.email
    for begun in ("", "  ", "%", "_tto", "desk.test"):
        assert (otto.email,) not in await (await call.agent.execute(KNOWN, [begun, 50])).fetchall()
    assert await one(call.other, KNOWN, "otto", 10) is None
    assert await one(call.customer, KNOWN, "bo", 10) is None
    assert await one(call.other, KNOWN, call.ada.email, 10) == call.ada.email
    assert await one(call.agent, KNOWN, call.ada.email, 10) is None  # oneself
    assert len(await (await call.admin.execute(KNOWN, ["o", 2])).fetchall()) == 2
    # Whoever leads a chat knows its customer.
    await people.database.run(
        "insert into public.chat_sessions (customer_id, agent_id, status) values (%s, %s, 'ended')",
        [call.cora.id, call.bo.id],
    )
    assert await one(call.other, KNOWN, call.cora.email, 10) == call.cora.email
    await people.database.run("update public.profiles set deactivated_at = now() where id = %s", [otto.id])
    assert await one(call.admin, KNOWN, otto.email, 10) is None


async def test_ticket_written_by_mistake_is_taken_back_as_long_as_nothing_came_of_it(people: People) -> None:
    call = await Call().make(people)
    undo, ticket = "select helpdesk.undo_act(%s, %s, false)", uuid4()
    # Whom routing gives it to has done nothing to it yet.
    await call.admin.execute("select helpdesk.set_routing(%s, 'round robin', 50)", [call.support])
    (number, *_) = await write(call.agent, call.cora.email, ticket)
    assert await one(call.agent, "select words from helpdesk.my_acts(1)") == f"#{number} written for Cora"
    assert await one(call.agent, "select assignee_id from public.tickets where id = %s", ticket) is not None
    await call.admin.execute("select helpdesk.set_routing(%s, 'manual', 50)", [call.support])
    with pytest.raises(psycopg.Error) as caught:
        await call.other.execute(undo, [ticket, uuid4()])
    assert caught.value.sqlstate == "HD004"
    assert (await one(call.agent, undo, ticket, uuid4()))["undone"] == [number]
    assert not await sees(call.customer, ticket)
    # What came too late does not bring it back.
    assert await write(call.agent, call.cora.email, ticket) == (number, "Cora", True)
    assert not await sees(call.agent, ticket)

    for done in (
        (call.customer, "insert into public.ticket_messages (ticket_id, content) values (%s, 'And now it burns')"),
        (call.customer, "update public.tickets set status = 'closed' where id = %s"),
        (call.admin, "update public.tickets set priority = 'urgent' where id = %s"),
        (call.admin, "select helpdesk.save_draft(gen_random_uuid(), %s, 'reply', 'half an hour', null, 0)"),
    ):
        (number, *_) = await write(call.agent, call.cora.email, kept := uuid4())
        await done[0].execute(done[1].encode(), [kept])
        answer = await one(call.agent, undo, kept, uuid4())
        assert (answer["undone"], answer["refused"][0]["why"]) == (
            [],
            f"#{number} has moved on since: close it instead",
        )
        assert await sees(call.customer, kept)
    # Nor what is in other hands by now.
    await write(call.agent, call.cora.email, away := uuid4())
    await call.admin.execute("select helpdesk.move(array[%s::uuid], %s)", [away, call.billing])
    assert (await one(call.agent, undo, away, uuid4()))["refused"][0]["why"] == "there is no such ticket"
    assert await sees(call.customer, away)
