"""What only holes bored into the database showed to be asked by no other test: see ``make mutate``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
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


async def test_staff_see_no_tags_on_their_own_request_in_any_list(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Support")
    ticket = await ticket_of(people, ada)
    await people.database.run(
        "with tag as (insert into public.ticket_tags (name) values ('moody') returning id)"
        " insert into public.ticket_tag_relations (ticket_id, tag_id) select %s, id from tag",
        [ticket],
    )
    listed = (
        "select count(*) from (select array_agg(id) as ids, array_agg(ctid) as places from public.tickets"
        " where id = %s) t, helpdesk.dressed(t.ids, t.places) d where d.tags = %s"
    )
    assert await count(await people.connect_as(bo), listed, ticket, ["moody"]) == 1
    own = await people.connect_as(ada)
    assert await count(own, listed, ticket, []) == 1
    # Nor take any off it.
    untag = "select count(*) from public.ticket_tags g, helpdesk.untag(array[%s::uuid], g.id) u where u.done"
    assert await count(own, untag, ticket) == 0
    assert await count(await people.connect_as(bo), untag, ticket) == 1


async def test_staff_without_a_name_are_support_to_requesters_and_an_address_to_the_team(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    await people.database.run("update public.profiles set full_name = null where id = %s", [ada.id])
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    await people.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x')", [ticket, ada.id]
    )
    for person, name in ((cora, "Support"), (ada, ada.email)):
        connection = await people.connect_as(person)
        assert (
            await count(connection, "select count(*) from helpdesk.ticket(%s) where assignee = %s", ticket, name) == 1
        )
        assert (
            await count(connection, "select count(*) from helpdesk.messages(%s) where sender = %s", ticket, name) == 1
        )


async def test_every_count_of_an_agent_leaves_other_departments_out(people: People) -> None:
    """Each of what is open, waits, is overdue or closed there."""
    cora, bo = await new(people, "cora"), await new(people, "bo", "agent", "Sales")
    for status, due in (("open", "now()"), ("pending", "now()"), ("closed", "null")):
        other = await ticket_of(people, cora, "Billing")
        await people.database.run(
            f"update public.tickets set status = '{status}', due_date = {due} where id = %s", [other]
        )
    agent = await people.connect_as(bo)
    counts = "select coalesce(sum(tickets), 0) from helpdesk.counts(100)"
    assert await count(agent, counts) == 0
    mine = await ticket_of(people, cora, "Sales")
    await people.database.run("update public.tickets set status = 'pending', due_date = now() where id = %s", [mine])
    # Unassigned, department, open, waiting and overdue.
    assert await count(agent, counts) == 5


async def test_tree_of_articles_counts_for_customers_what_is_published(people: People) -> None:
    article = await published(people, "Numbats")
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    shelf = uuid4()
    await staff.execute("insert into public.kb_categories (id, name) values (%s, 'Marsupials')", [shelf])
    await staff.execute("update public.kb_articles set category_id = %s where id = %s", [shelf, article])
    await staff.execute("select helpdesk.save_article(%s, 'Quolls', 'draft', %s, null)", [uuid4(), shelf])
    customer = await people.connect_as(await new(people, "cora"))
    held = "select articles from helpdesk.article_categories() where id = %s"
    assert await count(staff, held, shelf) == 2
    assert await count(customer, held, shelf) == 1


async def test_mistyped_word_is_taken_for_no_form_that_only_drafts_have(people: People) -> None:
    """Though its stem is published in another form."""
    article = await published(people, "Hopping kangaroos")
    customer = await people.connect_as(await new(people, "cora"))
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    search = "select count(*) from helpdesk.search_articles('hoppedd') where article_id = %s"
    await staff.execute("select helpdesk.save_article(%s, 'They hopped', 'draft', null, null)", [uuid4()])
    assert await count(staff, search, article) == 1
    assert await count(customer, search, article) == 0


async def test_account_of_a_visitor_makes_no_profile_even_with_an_address(people: People) -> None:
    visitor = uuid4()
    make = (
        "insert into auth.users (id, aud, role, email, is_anonymous)"
        " values (%s, 'authenticated', 'authenticated', %s, %s)"
    )
    await people.database.run(make, [visitor, "visitor@desk.test", True])
    profiles = "select count(*) from public.profiles where id = %s"
    assert await people.database.run(profiles, [visitor]) == [(0,)]
    await people.database.run("update auth.users set is_anonymous = false where id = %s", [visitor])
    assert await people.database.run(profiles, [visitor]) == [(1,)]


async def test_admin_named_by_address_is_not_whom_another_organisation_says_to_have_it(people: People) -> None:
    """As Supabase marks such accounts; nobody is an admin here yet."""
    async with await people.database.connect() as owner, owner.transaction(force_rollback=True):
        await owner.execute(
            "alter table auth.users add column if not exists is_sso_user boolean not null default false"
        )
        await owner.execute("delete from public.profiles where role = 'admin'")
        await owner.execute("select private.first_admin('ann@desk.test')")
        named = "select p.role from public.profiles p where p.email like 'ann%%@desk.test' order by p.email"
        make = (
            "insert into auth.users (id, aud, role, email, email_confirmed_at, is_sso_user)"
            " values (gen_random_uuid(), 'authenticated', 'authenticated', 'ann@desk.test', now(), %s)"
        )
        await owner.execute(make, [True])
        assert await (await owner.execute(named)).fetchall() == [("customer",)]
        await owner.execute("delete from auth.users where email = 'ann@desk.test'")
        await owner.execute(make, [False])
        assert await (await owner.execute(named)).fetchall() == [("admin",)]


async def test_admin_takes_no_role_from_themselves_though_another_is_left(people: People) -> None:
    ann, eve = await new(people, "ann", "admin"), await new(people, "eve", "admin")
    admin = await people.connect_as(ann)
    own = (
        ("select helpdesk.set_person(%s, 'agent', null)", [ann.id]),
        ("select helpdesk.change_person(gen_random_uuid(), %s, '{\"role\": \"agent\"}', 'keep', null)", [ann.id]),
        ("select helpdesk.change_person(gen_random_uuid(), %s, '{\"active\": false}', 'keep', null)", [ann.id]),
    )
    for statement, parameters in own:
        with pytest.raises(psycopg.Error) as refused:
            await admin.execute(statement.encode(), parameters)
        assert refused.value.sqlstate == "HD003"
    await admin.execute("select helpdesk.set_person(%s, 'agent', null)", [eve.id])


async def test_last_admin_stays_one_whoever_would_change_it(people: People) -> None:
    ann = await new(people, "ann", "admin")
    async with await people.database.connect() as owner, owner.transaction(force_rollback=True):
        await owner.execute("update public.profiles set role = 'agent' where role = 'admin' and id <> %s", [ann.id])
        for change in ("role = 'agent'", "deactivated_at = now()"):
            with pytest.raises(psycopg.Error) as refused:
                async with owner.transaction():
                    await owner.execute(f"update public.profiles set {change} where id = %s".encode(), [ann.id])
            assert refused.value.sqlstate == "HD003"


async def test_channel_names_follow_from_nothing_but_a_secret(people: People) -> None:
    ann = await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    named = "select array_agg(channel) from helpdesk.channels()"
    before = (await people_rows(admin, named))[0][0]
    guessed = {
        f"hd_{sha256(f'{a} {epoch}'.encode()).hexdigest()[:40]}" for a in ("admins", "staff") for epoch in range(3)
    }
    assert guessed.isdisjoint(before)
    async with await people.database.connect() as owner, owner.transaction(force_rollback=True):
        of_admins = "select private.channel('admins')"
        row = await (await owner.execute(of_admins)).fetchone()
        assert row is not None
        assert row[0] in before
        await owner.execute("update private.secrets set value = value || 'x' where name = 'channel'")
        assert await (await owner.execute(of_admins)).fetchone() != row


async def people_rows(connection: Connection, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """All that is answered."""
    return await (await connection.execute(statement.encode(), parameters)).fetchall()


async def test_chat_that_another_handed_on_is_not_taken_back(people: People) -> None:
    cora = await new(people, "cora")
    ada, bo, eve = [await new(people, name, "agent", "Support") for name in ("ada", "bo", "eve")]
    hand = "select helpdesk.chat_transfer(%s, %s, null)"
    customer = await people.connect_as(cora)
    chat = uuid4()
    await customer.execute("select helpdesk.chat_open(%s, 'topic', %s, 'hello')", [chat, uuid4()])
    first, second = await people.connect_as(ada), await people.connect_as(bo)
    await first.execute("select * from helpdesk.chat_accept(%s)", [chat])
    await first.execute(hand, [chat, bo.id])
    await second.execute(hand, [chat, eve.id])
    with pytest.raises(psycopg.Error) as refused:
        await first.execute(hand, [chat, ada.id])
    assert refused.value.sqlstate == "HD004"
    # Whoever did hand it over has it back.
    await second.execute(hand, [chat, bo.id])


async def test_whoever_was_deactivated_is_written_no_notifications(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent = await people.connect_as(ada)
    lines = "select count(*) from public.notifications where user_id = %s"
    for expected in (1, 1):
        ticket = await ticket_of(people, cora)
        await agent.execute("insert into public.ticket_messages (ticket_id, content) values (%s, 'x')", [ticket])
        assert await people.database.run(lines, [cora.id]) == [(expected,)]
        await people.database.run("update public.profiles set deactivated_at = now() where id = %s", [cora.id])
