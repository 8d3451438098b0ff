"""What the triggers see to, whoever writes: history, routing, deletion, versions, the inbox."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.signed_in import address, new
from tests.world import Connection, People, Person


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def one(people: People, statement: str, *parameters: Any) -> Any:
    """The single value that the owner's statement answers."""
    rows = await people.database.run(statement, parameters)
    assert len(rows) == 1, rows
    return rows[0][0]


async def ticket_of(people: People, customer: Person, **columns: Any) -> UUID:
    """A ticket of theirs, made by the owner."""
    names = ", ".join(["title", "customer_id", *columns])
    found = await one(
        people,
        f"insert into public.tickets ({names}) values ({', '.join(['%s'] * (2 + len(columns)))}) returning id",
        "t",
        customer.id,
        *columns.values(),
    )
    assert isinstance(found, UUID)
    return found


async def refused(people: People, statement: str, *parameters: Any) -> str:
    """The SQLSTATE with which the owner's statement is refused."""
    with pytest.raises(psycopg.Error) as error:
        await people.database.run(statement, parameters)
    return str(error.value.sqlstate)


# -- history ----------------------------------------------------------------------------------------------------------


async def test_history_has_a_first_row_at_creation_and_one_for_every_change(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    cursor = await requester.execute(
        "insert into public.tickets (title, customer_id) values ('t', %s) returning id, created_at", [cora.id]
    )
    ((ticket, created),) = await cursor.fetchall()
    await agent.execute("update public.tickets set status = 'pending' where id = %s", [ticket])
    await agent.execute("update public.tickets set status = 'pending', title = 'u' where id = %s", [ticket])
    await requester.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    history = await people.database.run(
        "select status::text, changed_by, created_at = %s from public.ticket_status_history where ticket_id = %s"
        " order by created_at",
        [created, ticket],
    )
    assert history == [("open", cora.id, True), ("pending", ada.id, False), ("closed", cora.id, False)]


async def test_background_change_is_recorded_with_nobody_named_and_is_no_error(people: People) -> None:
    ticket = await ticket_of(people, await new(people, "cora"))
    await people.database.run("update public.tickets set status = 'closed', priority = 'low' where id = %s", [ticket])
    assert await people.database.run(
        "select status::text, changed_by from public.ticket_status_history where ticket_id = %s order by created_at",
        [ticket],
    ) == [("open", None), ("closed", None)]
    assert await people.database.run(
        "select kind, actor_id, old_value, new_value from public.ticket_events where ticket_id = %s", [ticket]
    ) == [("priority", None, "medium", "low")]


async def test_every_other_change_is_an_event_in_one_way_of_writing(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    connection = await people.connect_as(ada)
    await connection.execute("set datestyle = 'German, DMY'")
    await connection.execute("set timezone = 'Asia/Kolkata'")
    await connection.execute(
        "update public.tickets set title = 'u', priority = 'high', due_date = '2030-02-01 00:00Z' where id = %s",
        [ticket],
    )
    await connection.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
    events = await people.database.run(
        "select kind, old_value, new_value from public.ticket_events where ticket_id = %s and actor_id = %s"
        " order by kind",
        [ticket, ada.id],
    )
    assert events == [
        ("assignee", None, str(ada.id)),
        ("due_date", None, "2030-02-01 00:00:00+00"),
        ("priority", "medium", "high"),
        ("title", "t", "u"),
    ]


# -- what a row may look like -----------------------------------------------------------------------------------------


async def test_status_priority_and_rating_are_not_null_and_titles_not_empty(people: People) -> None:
    cora = await new(people, "cora")
    ticket = await ticket_of(people, cora)
    for column in ("status", "priority", "title", "department_id", "created_at", "updated_at"):
        expected = "23502"
        if column in {"department_id", "updated_at"}:
            continue  # routed, and set, whatever is written
        assert await refused(people, f"update public.tickets set {column} = null where id = %s", ticket) == expected
    for title in ("", "  ", "\n\t"):
        assert await refused(people, "update public.tickets set title = %s where id = %s", title, ticket) == "23514"
    assert (
        await refused(
            people, "insert into public.ticket_feedback (ticket_id, customer_id) values (%s, %s)", ticket, cora.id
        )
        == "23502"
    )


async def test_assignee_is_staff(people: People) -> None:
    cora = await new(people, "cora")
    ticket = await ticket_of(people, cora)
    for nobody in (cora.id, uuid4()):
        assert (
            await refused(people, "update public.tickets set assignee_id = %s where id = %s", nobody, ticket) == "HD002"
        )


async def test_ticket_is_never_in_no_department(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Fittings")
    fittings = await people.department("Fittings")
    category = await one(
        people, "insert into public.categories (name, department_id) values ('Taps', %s) returning id", fittings
    )
    default = await one(people, "select id from public.departments where is_default")
    department = "select department_id from public.tickets where id = %s"
    assert await one(people, department, await ticket_of(people, cora)) == default
    assert await one(people, department, await ticket_of(people, cora, category_id=category)) == fittings
    ticket = await ticket_of(people, cora, department_id=fittings)
    await people.database.run("update public.tickets set department_id = null where id = %s", [ticket])
    assert await one(people, department, ticket) == default
    # Written down by an agent for a customer it stays with the agent, or it would go out of sight.
    connection = await people.connect_as(ada)
    cursor = await connection.execute(
        "insert into public.tickets (title, customer_id) values ('t', %s) returning department_id", [cora.id]
    )
    assert await cursor.fetchone() == (fittings,)


async def test_staff_send_requests_of_their_own_like_everybody(people: People) -> None:
    ada = await new(people, "ada", "agent", "Fittings")
    connection = await people.connect_as(ada)
    cursor = await connection.execute(
        "insert into public.tickets (title, customer_id) values ('My chair', %s) returning id, department_id", [ada.id]
    )
    ((ticket, department),) = await cursor.fetchall()
    assert department == await one(people, "select id from public.departments where is_default")
    await connection.execute("insert into public.ticket_messages (ticket_id, content) values (%s, 'x')", [ticket])
    with pytest.raises(psycopg.Error) as error:
        await connection.execute("update public.tickets set priority = 'urgent' where id = %s", [ticket])
    assert error.value.sqlstate == "HD003"


async def test_resolved_and_closed_leave_their_times_and_reopening_takes_them(people: People) -> None:
    ticket = await ticket_of(people, await new(people, "cora"))
    times = "select array[resolved_at is not null, closed_at is not null] from public.tickets where id = %s"
    for status, expected in (
        ("resolved", [True, False]),
        ("closed", [True, True]),
        ("open", [False, False]),
        ("closed", [True, True]),
    ):
        await people.database.run("update public.tickets set status = %s where id = %s", [status, ticket])
        assert await one(people, times, ticket) == expected


# -- people who leave -------------------------------------------------------------------------------------------------


async def test_customer_who_leaves_takes_their_tickets_chats_and_messages_along(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    requester = await people.connect_as(cora)
    ticket = await ticket_of(people, cora, assignee_id=ada.id)
    await requester.execute("insert into public.ticket_messages (ticket_id, content) values (%s, 'x')", [ticket])
    await requester.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    await requester.execute(
        "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%s, %s, 5)", [ticket, cora.id]
    )
    chat = await one(
        people, "insert into public.chat_sessions (customer_id, status) values (%s, 'active') returning id", cora.id
    )
    await people.database.run(
        "insert into public.chat_messages (session_id, sender_id, content) values (%s, %s, 'x')", [chat, cora.id]
    )
    await people.database.run("delete from auth.users where id = %s", [cora.id])
    for table, column, value in (
        ("profiles", "id", cora.id),
        ("tickets", "id", ticket),
        ("ticket_messages", "ticket_id", ticket),
        ("ticket_status_history", "ticket_id", ticket),
        ("ticket_feedback", "ticket_id", ticket),
        ("notifications", "ticket_id", ticket),
        ("chat_messages", "session_id", chat),
    ):
        assert await one(people, f"select count(*) from public.{table} where {column} = %s", value) == 0, table


async def test_staff_who_wrote_stay_on_record_and_others_let_go_of_their_tickets(people: People) -> None:
    cora, ada, bea = (
        await new(people, "cora"),
        await new(people, "ada", "agent", "Support"),
        await new(people, "bea", "agent", "Support"),
    )
    ticket = await ticket_of(people, cora, assignee_id=bea.id)
    await (await people.connect_as(ada)).execute(
        "insert into public.ticket_messages (ticket_id, content) values (%s, 'x')", [ticket]
    )
    assert await refused(people, "delete from auth.users where id = %s", ada.id) == "23503"
    await people.database.run("delete from auth.users where id = %s", [bea.id])
    assert await one(people, "select assignee_id from public.tickets where id = %s", ticket) is None


async def test_who_is_taken_off_the_team_holds_no_tickets(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"), assignee_id=ada.id)
    ann = await people.connect_as(await new(people, "ann", "admin"))
    await ann.execute("select helpdesk.set_person(%s, 'customer', null)", [ada.id])
    assert await one(people, "select assignee_id from public.tickets where id = %s", ticket) is None
    assert await one(people, "select kind from public.ticket_events where ticket_id = %s", ticket) == "assignee"


async def test_nobody_is_taken_off_the_team_while_being_given_a_ticket(people: People) -> None:
    ada = await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"))
    async with await people.database.connect() as giving, await people.database.connect() as demoting:
        await giving.execute("begin")
        await giving.execute("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
        demotion = asyncio.create_task(
            demoting.execute("update public.profiles set role = 'customer' where id = %s", [ada.id])
        )
        await asyncio.sleep(0.1)
        assert not demotion.done()
        await giving.execute("commit")
        await demotion
    assert await one(people, "select assignee_id from public.tickets where id = %s", ticket) is None


async def test_department_with_tickets_and_the_default_one_stay(people: People) -> None:
    ann = await people.connect_as(await new(people, "ann", "admin"))
    full = await people.department("Full")
    ada = await new(people, "ada", "agent", "Gone")
    await ticket_of(people, await new(people, "cora"), department_id=full)
    for department in (full, await one(people, "select id from public.departments where is_default")):
        with pytest.raises(psycopg.Error) as error:
            await ann.execute("select helpdesk.remove('department', %s)", [department])
        assert error.value.sqlstate == "HD002"
    await ann.execute("select helpdesk.remove('department', %s)", [ada.department_id])
    assert await one(people, "select department_id from public.profiles where id = %s", ada.id) is None
    for what, code in (("ticket", "HD002"), ("category", "HD004")):
        with pytest.raises(psycopg.Error) as error:
            await ann.execute("select helpdesk.remove(%s, %s)", [what, uuid4()])
        assert error.value.sqlstate == code


# -- the knowledge base -----------------------------------------------------------------------------------------------


async def test_article_keeps_a_version_of_everything_that_was_read(people: People) -> None:
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    first, second = await people.connect_as(ada), await people.connect_as(bea)
    cursor = await first.execute(
        "insert into public.kb_articles (title, content, status) values ('A', 'one', 'draft') returning id, author_id"
    )
    ((article, author),) = await cursor.fetchall()
    assert author == ada.id
    before = await one(people, "select updated_at from public.kb_articles where id = %s", article)
    await second.execute("update public.kb_articles set content = 'two' where id = %s", [article])
    await second.execute("update public.kb_articles set status = 'published' where id = %s", [article])
    await people.database.run("update public.kb_articles set title = 'B' where id = %s", [article])
    assert await people.database.run(
        "select title, content, changed_by from public.kb_article_versions where article_id = %s order by created_at",
        [article],
    ) == [("A", "one", ada.id), ("A", "two", bea.id), ("B", "two", None)]
    state = await people.database.run(
        "select updated_at > %s, published_at is not null from public.kb_articles where id = %s", [before, article]
    )
    assert state == [(True, True)]
    published = await one(people, "select published_at from public.kb_articles where id = %s", article)
    await second.execute("update public.kb_articles set status = 'archived' where id = %s", [article])
    await second.execute("update public.kb_articles set status = 'published' where id = %s", [article])
    assert await one(people, "select published_at from public.kb_articles where id = %s", article) == published


async def category(people: People, parent: UUID | None = None) -> UUID:
    """An article category."""
    found = await one(
        people, "insert into public.kb_categories (name, parent_id) values ('c', %s) returning id", parent
    )
    assert isinstance(found, UUID)
    return found


async def test_no_category_is_below_itself(people: People) -> None:
    top = await category(people)
    middle = await category(people, top)
    bottom = await category(people, middle)
    move = "update public.kb_categories set parent_id = %s where id = %s"
    for parent in (top, middle, bottom):
        assert await refused(people, move, parent, top) == "HD002"
    own = uuid4()
    assert (
        await refused(people, "insert into public.kb_categories (id, name, parent_id) values (%s, 'c', %s)", own, own)
        == "HD002"
    )
    other = await category(people)
    both = (
        "update public.kb_categories c set parent_id = v.parent"
        " from (values (%s::uuid, %s::uuid), (%s::uuid, %s::uuid)) v (id, parent) where c.id = v.id"
    )
    assert await refused(people, both, other, bottom, top, other) == "HD002"
    await people.database.run(move, [None, middle])
    await people.database.run(move, [bottom, top])


async def test_two_moves_at_once_close_no_circle(people: People) -> None:
    for _ in range(3):
        a, b = await category(people), await category(people)
        move = "update public.kb_categories set parent_id = %s where id = %s"
        outcomes = await asyncio.gather(
            people.database.run(move, [b, a]), people.database.run(move, [a, b]), return_exceptions=True
        )
        failed = [each for each in outcomes if isinstance(each, BaseException)]
        assert [getattr(each, "sqlstate", None) for each in failed] == ["HD002"]


async def test_profile_follows_the_accounts_address(people: People) -> None:
    cora = await new(people, "cora")
    other = address("cora")
    await people.database.run("update auth.users set email = %s where id = %s", [other, cora.id])
    assert await one(people, "select email from public.profiles where id = %s", cora.id) == other
    before = await one(people, "select updated_at from public.profiles where id = %s", cora.id)
    await (await people.connect_as(cora)).execute("update public.profiles set full_name = 'C' where id = %s", [cora.id])
    assert await one(people, "select updated_at > %s from public.profiles where id = %s", before, cora.id)


async def test_requester_takes_their_closing_and_reopening_back_within_the_hour_and_nothing_else(
    people: People,
) -> None:
    customer, agent = (
        await people.sign_up("tina@desk.test", "Tina"),
        await people.sign_up("tom@desk.test", "Tom", "admin"),
    )
    requester, team = await people.connect_as(customer), await people.connect_as(agent)
    ((ticket,),) = await people.database.run(
        "insert into public.tickets (title, customer_id) values ('t', %s) returning id", [customer.id]
    )

    async def set_status(connection: Connection, status: str) -> str:
        try:
            await connection.execute("update public.tickets set status = %s where id = %s", [status, ticket])
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "done"

    assert await set_status(requester, "pending") == "HD003"
    assert await set_status(team, "pending") == "done"
    assert await set_status(requester, "closed") == "done"
    assert await set_status(requester, "resolved") == "HD003", "that it was not"
    assert await set_status(requester, "pending") == "done", "taken back"
    assert await set_status(team, "resolved") == "done"
    assert await set_status(requester, "pending") == "HD003", "the team's change, not theirs"
    assert await set_status(requester, "open") == "done"
    await people.database.run(
        "update public.ticket_status_history set created_at = created_at - interval '2 hours' where ticket_id = %s",
        [ticket],
    )
    assert await set_status(requester, "resolved") == "HD003", "too late"
