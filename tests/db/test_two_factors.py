"""A second factor demanded of staff: who may demand it, what an agent without one is left with, live changes too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.sessions import anonymous_claims, anonymous_visitor, gateway
from tests.db.signed_in import me, new, sees, ticket_of
from tests.db.test_live_leaks import channels, heard, listen
from tests.world import Connection, DeskDatabase, People, Person


@pytest.fixture
async def people(module_people: People) -> AsyncIterator[People]:
    """The module shares a database; afterwards nothing is demanded there."""
    yield module_people
    await module_people.database.run("update private.settings set staff_need_two_factors = false where only_row")


async def ask(connection: Connection, statement: str, *parameters: Any) -> list[Any]:
    """The first value of each row."""
    cursor = await connection.execute(statement.encode(), parameters or None)
    return [row[0] for row in await cursor.fetchall()]


async def refused(connection: Connection, statement: str, *parameters: Any) -> str:
    """The SQLSTATE that a statement is refused with."""
    with pytest.raises(psycopg.Error) as caught:
        await connection.execute(statement.encode(), parameters or None)
    return str(caught.value.sqlstate)


async def demanded(people: People) -> bool:
    """What the setting says."""
    ((found,),) = await people.database.run("select staff_need_two_factors from private.settings")
    return bool(found)


async def demand(people: People) -> None:
    """As the owner of the database does it."""
    await people.database.run("update private.settings set staff_need_two_factors = true where only_row")


async def gave(people: People, person: Person) -> None:
    """The session of this person has given a second factor: what the sign-in server writes down of it."""
    await people.database.run("update auth.sessions set aal = 'aal2' where id = %s", [person.session_id])


async def test_only_admins_read_and_set_whether_a_second_factor_is_demanded(people: People) -> None:
    for role, department in (("customer", None), ("agent", "Support")):
        connection = await people.connect_as(await new(people, "eve", role, department, aal="aal2"))
        assert await refused(connection, "select helpdesk.two_factors()") == "HD003"
        for wanted in (True, False):
            assert await refused(connection, "select helpdesk.demand_two_factors(%s)", wanted) == "HD003"
        assert await refused(connection, "select staff_need_two_factors from private.settings") == "42501"
        assert await refused(connection, "update private.settings set staff_need_two_factors = true") == "42501"
        assert await refused(connection, "select private.forget_factors('ann@desk.test')") == "42501"
    with gateway(people.database, anonymous_claims(anonymous_visitor(people.database))) as stranger:
        for statement in ("select helpdesk.two_factors()", "select helpdesk.demand_two_factors(true)"):
            with pytest.raises(psycopg.Error) as caught:
                stranger.execute(statement.encode())
            assert caught.value.sqlstate == "HD003"
    assert not await demanded(people)
    admin = await people.connect_as(await new(people, "ann", "admin", aal="aal2"))
    assert await ask(admin, "select helpdesk.demand_two_factors(true)") == [False]
    assert await ask(admin, "select helpdesk.two_factors()") == [True]
    assert await refused(admin, "select helpdesk.demand_two_factors(null)") == "HD002"
    assert await ask(admin, "select helpdesk.demand_two_factors(false)") == [True]
    assert await ask(admin, "select helpdesk.two_factors()") == [False]


async def test_an_admin_without_a_second_factor_cannot_demand_it_and_is_told_why(people: People) -> None:
    ann = await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    await admin.execute("select set_config('request.jwt.claims', %s, false)", ['{"aal": "aal2"}'])
    with pytest.raises(psycopg.Error, match="would shut yourself out") as caught:
        await admin.execute("select helpdesk.demand_two_factors(true)")
    assert (caught.value.sqlstate, "helpdesk factors add" in str(caught.value.diag.message_hint)) == ("HD003", True)
    assert not await demanded(people)
    await gave(people, ann)
    assert await ask(admin, "select helpdesk.demand_two_factors(true)") == [False]
    # Another admin, who signed in with a password alone, is none from now on and cannot lift it.
    other = await people.connect_as(await new(people, "abe", "admin"))
    assert await refused(other, "select helpdesk.demand_two_factors(false)") == "HD003"
    assert await demanded(people)


async def test_an_agent_without_the_second_factor_sees_what_a_requester_sees(people: People) -> None:
    """At the next statement of an open connection, by every path; customers and whoever gave one notice nothing."""
    database = people.database
    once, twice = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support", aal="aal2")
    customer = await new(people, "cora")
    theirs, own = await ticket_of(people, customer), await ticket_of(people, once)
    for ticket, sender in ((theirs, customer), (own, once)):
        await database.run(
            "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'zebra')",
            [ticket, sender.id],
        )
        await database.run(
            "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal)"
            " values (%s, %s, 'a note', true)",
            [ticket, twice.id],
        )
    held = await ticket_of(people, customer, "Billing")
    await database.run("update public.tickets set assignee_id = %s where id = %s", [once.id, held])
    await database.run(
        "insert into public.chat_sessions (customer_id, status, topic) values (%s, 'waiting', 'zebra')", [customer.id]
    )
    await database.run(
        "insert into public.kb_articles (title, content, author_id, status) values ('zebra', 'zebra', %s, 'draft'),"
        " ('zebra', 'zebra', %s, 'published')",
        [twice.id, twice.id],
    )
    one, two, third = [await people.connect_as(person) for person in (once, twice, customer)]
    assert await sees(one, theirs)
    assert await sees(one, held)
    before = await ask(third, "select count(*) from public.tickets"), await ask(two, "select count(*) from tickets")

    await demand(people)
    assert await me(one) == (once.id, None)
    assert await ask(one, "select id from public.tickets") == [own]
    assert await ask(one, "select content from public.ticket_messages") == ["zebra"]
    assert await ask(one, "select id from public.profiles") == [once.id]
    assert await ask(one, "select distinct status::text from public.kb_articles") == ["published"]
    for table in ("chat_sessions", "departments", "ticket_tags", "ticket_events", "kb_article_versions"):
        assert await ask(one, f"select count(*) from public.{table}") == [0], table
    for statement in (
        "select * from helpdesk.messages(%s)",
        "select * from helpdesk.ticket(%s)",
        "select * from helpdesk.dressed(array[%s], null)",
        "select * from helpdesk.history(%s)",
        "select * from helpdesk.suggest_articles(%s)",
    ):
        cursor = await one.execute(statement.encode(), [theirs])
        assert await cursor.fetchall() == [], statement
    assert await ask(one, "select sum(tickets) from helpdesk.counts(100) where queue in ('department', 'mine')") in (
        [None],
        [0],
    )
    assert await ask(one, "select name from helpdesk.names(%s)", [customer.id]) == []
    assert await ask(one, "select id from helpdesk.chats(null, 10)") == []
    assert await ask(one, "with u as (update public.tickets set status = 'closed' returning id) select id from u") in (
        [],
        [own],
    )
    assert await refused(one, "select helpdesk.assign(array[%s::uuid], %s)", theirs, once.id) == "HD003"
    assert await refused(one, "select helpdesk.change_person(%s, %s, '{}', 'keep', null)", uuid4(), once.id) == "HD003"
    assert (await database.run("select status::text from public.tickets where id = %s", [theirs])) == [("open",)]

    assert before == (
        await ask(third, "select count(*) from public.tickets"),
        await ask(two, "select count(*) from tickets"),
    )
    assert await me(two) == (twice.id, "agent")
    assert await me(third) == (customer.id, "customer")
    # The same connection is let in again by the same session's second factor.
    await gave(people, once)
    assert await sees(one, theirs)
    assert await me(one) == (once.id, "agent")
    # And shut out when it is removed.
    await database.run("update auth.sessions set aal = 'aal1' where id = %s", [once.session_id])
    assert await me(one) == (once.id, None)


async def test_live_changes_are_told_nobody_who_owes_a_second_factor(people: People) -> None:
    once, admin = await new(people, "ada", "agent", "Support"), await new(people, "abe", "admin")
    twice = await new(people, "bea", "agent", "Support", aal="aal2")
    customer = await new(people, "cora")
    ears = [await people.connect_as(person) for person in (once, admin, twice, customer)]
    before = [await channels(ear) for ear in ears]
    for ear, names in zip(ears, before, strict=True):
        await listen(ear, *names)
    await demand(people)
    told = [{payload for _, payload in await heard(ear)} for ear in ears]
    assert told == [{"!"}, {"!"}, {"!"}, set()], "who is of the team looks the channels up again"
    assert [await channels(ear) for ear in ears[:2]] == [[], []]
    after = await channels(ears[2])
    assert len(after) == len(before[2])
    assert not set(after) & set(before[2])
    await listen(ears[2], *after)
    ticket = await ticket_of(people, customer)
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [once.id, ticket])
    assert [await heard(ear) for ear in ears[:2]] == [[], []]
    assert any(str(ticket) in payload for _, payload in await heard(ears[2]))
    assert any(str(ticket) in payload for _, payload in await heard(ears[3]))


async def test_the_owner_takes_the_factors_of_a_lost_telephone_away(database: DeskDatabase) -> None:
    people = People(database)
    ada = await new(people, "ada", "agent", "Support", aal="aal2")
    other = await new(people, "bea", "agent", "Support", aal="aal2")
    for person in (ada, other):
        await database.run(
            "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, secret, created_at,"
            " updated_at) values (gen_random_uuid(), %s, 'phone', 'totp', 'verified', 'X', now(), now())",
            [person.id],
        )
    connection = await people.connect_as(ada)
    assert await database.run("select private.forget_factors(%s)", [ada.email.upper()]) == [(1,)]
    assert await database.run("select user_id from auth.mfa_factors") == [(other.id,)]
    assert await database.run("select user_id from auth.sessions") == [(other.id,)], "what rested on it has ended"
    with pytest.raises(psycopg.Error):
        await me(connection)
    with pytest.raises(psycopg.Error, match="no account with this address"):
        await database.run("select private.forget_factors('nobody@desk.test')")
    await people.close()
