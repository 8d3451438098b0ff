"""What the triggers write into inboxes: never of one's own act, one line a ticket, one a person for many tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.noticing import inbox, say, set_preferences, shown, ticket_of
from tests.db.signed_in import new
from tests.world import Connection, DeskDatabase, People, apply_files


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def value(connection: Connection, statement: str, *parameters: Any) -> Any:
    """The single value that a statement answers."""
    row = await (await connection.execute(statement.encode(), parameters)).fetchone()
    assert row is not None
    return row[0]


async def read_all(connection: Connection) -> None:
    """Marks everything as read, as the person."""
    await connection.execute("update public.notifications set read = true where not read")


# -- one line ---------------------------------------------------------------------------------------------------------


async def test_never_again_the_same_told_twice(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bea = await new(people, "bea", "agent", "Support")
    ticket = await ticket_of(people, cora)
    requester, agent, other = [await people.connect_as(each) for each in (cora, ada, bea)]
    await other.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
    for _ in range(3):
        await say(requester, ticket)
    await say(other, ticket, "look, @bea and @ada", note=True)
    kinds = {"assigned": 1, "reply": 3, "mention": 1}
    assert await inbox(people, ada) == [("mention", "You were mentioned in: t", 5, kinds, False)]
    # Read, it is opened again by what comes next, and counts from there.
    await read_all(agent)
    await say(requester, ticket)
    assert await inbox(people, ada) == [("reply", "Reply on: t", 1, {"reply": 1}, False)]
    await read_all(agent)
    await agent.execute("update public.notifications set read = false where read")
    assert await inbox(people, ada) == [("reply", "Reply on: t", 1, {"reply": 1}, False)]


async def test_never_again_told_of_ones_own_act(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    agent, requester = await people.connect_as(ada), await people.connect_as(cora)
    await agent.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
    await say(agent, ticket, f"@{ada.email.split('@')[0]} does it")
    await say(agent, ticket, note=True)
    await agent.execute("update public.tickets set due_date = now() where id = %s", [ticket])
    assert await inbox(people, ada) == []
    assert await inbox(people, cora) == [("reply", "Answer on: t", 1, {"reply": 1}, False)]
    await requester.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    await say(requester, ticket)  # which opens it again
    assert await inbox(people, cora) == [("reply", "Answer on: t", 1, {"reply": 1}, False)]


async def test_customers_are_told_that_their_request_was_resolved_closed_or_opened_again(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    agent = await people.connect_as(ada)
    for status, title, times in (
        ("pending", None, 0),
        ("resolved", "Solved: t", 1),
        ("closed", "Closed: t", 2),
        ("open", "Opened again: t", 3),
        ("pending", "Opened again: t", 3),
    ):
        await agent.execute("update public.tickets set status = %s where id = %s", [status, ticket])
        assert [line[1:3] for line in await inbox(people, cora)] == ([(title, times)] if title else [])
    # By a message that came some other way, a mail say, nobody signed in.
    await people.database.run("update public.tickets set status = 'closed' where id = %s", [ticket])
    await people.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x')", [ticket, cora.id]
    )
    assert [line[1:3] for line in await inbox(people, cora)] == [("Closed: t", 4)]
    assert [line[1] for line in await inbox(people, ada)] == []


async def test_requester_hears_of_no_note_and_of_no_mention(people: People) -> None:
    """Also where the requester is one of the team, and the one who works on it."""
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    cora = await new(people, "cora")
    own, other = await ticket_of(people, ada, assignee_id=ada.id), await ticket_of(people, cora)
    agent = await people.connect_as(bea)
    for ticket, name in ((own, ada.name), (other, cora.name)):
        await say(agent, ticket, f"@{name} must not know", note=True)
    assert await inbox(people, ada) == await inbox(people, cora) == []
    await say(agent, own, f"@{ada.name}, and so on")
    assert await inbox(people, ada) == [("reply", "Answer on: t", 1, {"reply": 1}, False)]


# -- bulk -------------------------------------------------------------------------------------------------------------


async def test_bulk_act_sends_one_line_a_person(people: People) -> None:
    cora, bo = await new(people, "cora"), await new(people, "bo")
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    tickets = [await ticket_of(people, cora, department_id=ada.department_id) for _ in range(3)]
    single = await ticket_of(people, bo, "single", department_id=ada.department_id)
    agent = await people.connect_as(ada)
    await agent.execute("select helpdesk.assign(%s, %s)", [[*tickets, single], bea.id])
    assert await inbox(people, bea) == [("assigned", "4 tickets were assigned to you", 4, {"assigned": 4}, False)]
    await agent.execute("update public.tickets set status = 'closed' where id = any(%s)", [[*tickets, single]])
    assert await inbox(people, cora) == [("status", "3 of your requests were changed", 3, {"status": 3}, False)]
    assert await inbox(people, bo) == [("status", "Closed: single", 1, {"status": 1}, False)]
    await agent.execute(
        "insert into public.ticket_messages (ticket_id, content, after_id) select id, '@' || %s, null from"
        " unnest(%s::uuid[]) id",
        [bea.email.split("@")[0], [*tickets, single]],
    )
    assert (await inbox(people, bea))[-1] == ("mention", "News on 4 tickets", 4, {"mention": 4}, False)
    assert len(await inbox(people, bea)) == len(await inbox(people, cora)) == 2
    assert await inbox(people, bo) == [("reply", "Answer on: single", 2, {"reply": 1, "status": 1}, False)]


async def test_bulk_close_of_500_tickets_sends_at_most_one_line_a_person(people: People) -> None:
    ann, ada = await new(people, "ann", "admin"), await new(people, "ada", "agent", "Full")
    customers = [await people.add(f"bulk-{n}@desk.test", f"Bulk {n}") for n in range(10)]
    await people.database.run(
        """insert into public.tickets (title, customer_id, department_id)
           select 't' || n, (%s::uuid[])[1 + n %% 10], %s from generate_series(1, 500) n""",
        [[each.id for each in customers], ada.department_id],
    )
    admin = await people.connect_as(ann)
    ids = [row[0] for row in await people.database.run("select id from public.tickets where title ~ '^t[0-9]'")]
    assert len(ids) == 500
    await admin.execute("update public.tickets set status = 'closed' where id = any(%s)", [ids])
    for customer in customers:
        assert [line[1:3] for line in await inbox(people, customer)] == [("50 of your requests were changed", 50)]
    assert await inbox(people, ada) == []


async def test_muted_background_job_notifies_nobody(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    async with await people.database.connect() as owner:
        await owner.execute("set helpdesk.mute = 'on'")
        await owner.execute(
            "update public.tickets set assignee_id = %s, status = 'closed' where id = %s", [ada.id, ticket]
        )
        await owner.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, %s)",
            [ticket, cora.id, "x"],
        )
        await owner.execute(
            "insert into public.chat_sessions (customer_id, agent_id, status) values (%s, %s, 'active')",
            [cora.id, ada.id],
        )
        await owner.execute(
            "insert into public.chat_messages (session_id, sender_id, content) select id, customer_id, 'x'"
            " from public.chat_sessions where customer_id = %s",
            [cora.id],
        )
    assert await inbox(people, ada) == await inbox(people, cora) == []


# -- due --------------------------------------------------------------------------------------------------------------


async def test_due_tickets_are_told_once_for_each_due_date(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent = await people.connect_as(ada)
    tell = "select helpdesk.notice_due()"
    ticket = await ticket_of(people, cora, "near", assignee_id=ada.id)
    assert await value(agent, tell) == 0
    await agent.execute("update public.tickets set due_date = now() + interval '3 hours' where id = %s", [ticket])
    assert await value(agent, tell) == 0
    await agent.execute("update public.tickets set due_date = now() + interval '1 hour' where id = %s", [ticket])
    assert [await value(agent, tell) for _ in range(3)] == [1, 0, 0]
    assert await inbox(people, ada) == [("due", "Due soon: near", 1, {"due": 1}, False)]
    await read_all(agent)
    assert await value(agent, tell) == 0
    await agent.execute("update public.tickets set due_date = now() - interval '1 hour' where id = %s", [ticket])
    assert [await value(agent, tell) for _ in range(2)] == [1, 0]
    assert await inbox(people, ada) == [("due", "Overdue: near", 1, {"due": 1}, False)]
    # Closed ones are not due, many at once are one line, and other people's are nobody's business.
    await agent.execute("update public.tickets set status = 'closed', due_date = now() where id = %s", [ticket])
    assert await value(agent, tell) == 0
    await people.database.run(
        "insert into public.tickets (title, customer_id, assignee_id, due_date)"
        " select 'many', %s, %s, now() from generate_series(1, 30)",
        [cora.id, ada.id],
    )
    bea = await people.connect_as(await new(people, "bea", "agent", "Support"))
    assert [await value(connection, tell) for connection in (bea, agent, agent)] == [0, 30, 0]
    assert (await inbox(people, ada))[-1] == ("due", "30 of your tickets are due", 30, {"due": 30}, False)
    assert await value(await people.connect_as(cora), tell) == 0


async def test_owners_job_tells_everybody_of_due_tickets_and_waits_for_nobody(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bea, cat = await new(people, "bea", "agent", "Support"), await new(people, "cat", "agent", "Support")
    await set_preferences(people, cat, '{"notices": {"due": {"on": false}}}')
    tickets = [await ticket_of(people, cora, assignee_id=each.id) for each in (ada, bea, cat)]
    await people.database.run("update public.tickets set due_date = now() where id = any(%s)", [tickets])
    holding = await people.connect_as(ada)
    await holding.execute("begin")
    await holding.execute("select helpdesk.notice_due()")
    assert (await people.database.run("select helpdesk.notice_due() >= 1"))[0][0]
    assert [len(await inbox(people, each)) for each in (ada, bea, cat)] == [0, 1, 0]
    await holding.execute("rollback")
    await people.database.run("select helpdesk.notice_due()")
    assert [len(await inbox(people, each)) for each in (ada, bea, cat)] == [1, 1, 0]


# -- back from a snooze -----------------------------------------------------------------------------------------------


async def test_return_of_a_snoozed_ticket_is_told_once_to_who_sent_it_to_sleep_and_who_holds_it(people: People) -> None:
    """Whatever windows they have, and whenever they look again: what says so is in the database."""
    cora = await new(people, "cora")
    ada, bea = await new(people, "ada", "agent", "Back"), await new(people, "bea", "agent", "Back")
    cat, bo = await new(people, "cat", "agent", "Back"), await new(people, "bo", "agent", "Not back")
    agent, window, other, third, stranger, requester, admin = [
        await people.connect_as(each) for each in (ada, ada, bea, cat, bo, cora, await new(people, "root", "admin"))
    ]
    here: dict[str, Any] = {"department_id": ada.department_id}
    ticket = await ticket_of(people, cora, "sleepy", assignee_id=bea.id, **here)
    own = await ticket_of(people, ada, "ada's own", assignee_id=bea.id, **here)
    tell = "select helpdesk.notice_due()"
    waking = "select at, seconds, back from helpdesk.waking(%s)"

    async def woken(connection: Connection, since: Any = "-infinity") -> list[tuple[Any, ...]]:
        return [
            (seconds is not None, [each for each in back if each[0] in (str(ticket), str(own))])
            for _, seconds, back in await (await connection.execute(waking.encode(), [since])).fetchall()
        ]

    async def sleep(until: str, by: Any = ada) -> None:
        await people.database.run(
            f"insert into private.ticket_snoozes (ticket_id, until, by_id) select t, {until}, %s"
            " from unnest(%s::uuid[]) t"
            " on conflict (ticket_id) do update set until = excluded.until, by_id = excluded.by_id",
            [by.id, [ticket, own]],
        )

    # It sleeps: in how long the next is back is told to who works on it; of their own request to nobody.
    await sleep("now() + interval '1 hour'")
    row = await (await agent.execute(waking.encode(), [None])).fetchone()
    assert row is not None
    assert 3500 < row[1] <= 3600
    assert row[2] == []
    assert await woken(third) == await woken(admin) == [(True, [])]
    assert await woken(stranger) == [(False, [])]
    assert await woken(requester) == []
    assert [await value(each, tell) for each in (agent, other, third)] == [0, 0, 0]

    await sleep("now() - interval '1 second'")
    mine, theirs = [[str(ticket), 1, "sleepy", own_] for own_ in (True, False)]
    number = (await people.database.run("select number from public.tickets where id = %s", [ticket]))[0][0]
    mine[1] = theirs[1] = number
    assert await woken(agent, row[0] - timedelta(minutes=1)) == [(False, [mine])]
    assert [each[0] for each in (await woken(other))[0][1]] == [str(ticket), str(own)]
    assert await woken(third) == [(False, [theirs, (await woken(third))[0][1][1]])]
    assert await woken(stranger) == [(False, [])]
    assert await woken(requester) == []
    assert await woken(agent, "infinity") == [(False, [])]

    # Each once, also from two windows and again later; who has nothing to do with it is not told.
    assert [await value(each, tell) for each in (agent, window, agent, other, other, third, stranger, requester)] == [
        1, 0, 0, 2, 0, 0, 0, 0
    ]  # fmt: skip
    assert await inbox(people, ada) == [("back", "Back: sleepy", 1, {"back": 1}, False)]
    assert await inbox(people, bea) == [("back", "2 tickets that slept are back", 2, {"back": 2}, False)]
    assert await inbox(people, cat) == await inbox(people, bo) == await inbox(people, cora) == []

    # Sent to sleep again it is told again; not what is closed meanwhile, nor who works on it no more, nor what is old.
    await sleep("now() - interval '30 minutes'")
    assert [await value(agent, tell) for _ in range(2)] == [1, 0]
    await sleep("now() - interval '8 days'")
    assert await value(agent, tell) == 0
    await people.database.run("update public.tickets set status = 'resolved' where id = %s", [ticket])
    await sleep("now() - interval '20 minutes'")
    assert await value(agent, tell) == 0
    await people.database.run("update public.tickets set status = 'open' where id = %s", [ticket])
    await sleep("now() - interval '10 minutes'", bo)
    assert await value(stranger, tell) == 0
    # Turned off it is not told, and not made up for.
    await sleep("now() - interval '5 minutes'")
    await set_preferences(people, ada, '{"notices": {"back": {"on": false}}}')
    before = await inbox(people, ada)
    await agent.execute(tell.encode())
    await set_preferences(people, ada, "{}")
    await agent.execute(tell.encode())
    assert await inbox(people, ada) == before


# -- chats ------------------------------------------------------------------------------------------------------------


async def test_chat_is_one_line_for_whoever_does_not_look(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bea, bo = await new(people, "bea", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    customer, agent, stranger = [await people.connect_as(each) for each in (cora, ada, bo)]
    chat = uuid4()
    waiting = "select waiting from helpdesk.badges()"
    before = await value(agent, waiting), await value(stranger, waiting)
    await customer.execute("select helpdesk.chat_open(%s, 'Help', %s, 'hello')", [chat, uuid4()])
    # A waiting chat writes no line: it is counted, for those who may take it.
    await people.database.run(
        "update public.chat_sessions set department_id = %s where id = %s", [ada.department_id, chat]
    )
    assert (await value(agent, waiting), await value(stranger, waiting)) == (before[0] + 1, before[1])
    assert await value(customer, waiting) == 0
    assert await inbox(people, ada) == []

    async def write(connection: Connection) -> Any:
        return await value(
            connection,
            "insert into public.chat_messages (id, session_id, content) values (%s, %s, 'x') returning id",
            uuid4(),
            chat,
        )

    async def a_minute_passes() -> None:
        async with await people.database.connect() as owner:
            await owner.execute("set session_replication_role = 'replica'")
            for table, column in (("public.chat_messages", "created_at"), ("private.chat_seen", "seen_at")):
                await owner.execute(
                    f"update {table} set {column} = {column} - interval '1 minute' where session_id = %s".encode(),
                    [chat],
                )

    await agent.execute("select helpdesk.chat_accept(%s)", [chat])
    assert [line[1] for line in await inbox(people, cora)] == ["Your chat was answered"]
    assert await value(agent, waiting) == before[0]
    newest = None
    for _ in range(3):
        newest = await write(customer)
    assert await inbox(people, ada) == [("chat", "New message in your chat", 1, {"chat": 1}, False)]
    # Read to its end, its line is read too; and they who have just read or written there are looking.
    await agent.execute("select helpdesk.chat_seen(%s, %s)", [chat, newest])
    assert [line[4] for line in await inbox(people, ada)] == [True]
    await write(customer)
    await customer.execute("update public.notifications set read = true where not read")
    await write(agent)
    assert [line[4] for line in await inbox(people, ada) + await inbox(people, cora)] == [True, True]
    await a_minute_passes()
    await write(customer)
    assert [line[4] for line in await inbox(people, ada) + await inbox(people, cora)] == [False, True]

    await agent.execute("select helpdesk.chat_transfer(%s, %s, null)", [chat, bea.id])
    assert [line[1] for line in await inbox(people, bea)] == ["A chat was handed to you"]
    # It went out of the first agent's sight, and the line with it.
    assert await shown(agent) == []
    assert await value(agent, "select count(*) from public.notifications") == 0
    assert await value(agent, "select unread from helpdesk.badges()") == 0


async def test_chat_that_becomes_a_ticket_is_not_told_once_more(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    chat = uuid4()
    await customer.execute("select helpdesk.chat_open(%s, 'Help', %s, 'hello')", [chat, uuid4()])
    await agent.execute("select helpdesk.chat_accept(%s)", [chat])
    await agent.execute("insert into public.chat_messages (session_id, content) values (%s, 'x')", [chat])
    await agent.execute("select helpdesk.chat_to_ticket(%s)", [chat])
    assert [line[0] for line in await inbox(people, cora) + await inbox(people, ada)] == ["chat"]


# -- preferences ------------------------------------------------------------------------------------------------------


async def test_kind_that_is_turned_off_is_not_written(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora, assignee_id=ada.id)
    requester = await people.connect_as(cora)
    await set_preferences(people, ada, '{"notices": {"reply": {"on": false, "bell": true}}}')
    await say(requester, ticket)
    assert await inbox(people, ada) == []
    await set_preferences(people, ada, '{"notices": {"reply": {"on": true}}}')
    await say(requester, ticket)
    assert await inbox(people, ada) == [("reply", "Reply on: t", 1, {"reply": 1}, False)]


@pytest.mark.parametrize(
    "garbage",
    [
        "null",
        "3",
        '"on"',
        "[]",
        '["notices"]',
        '{"notices": 7}',
        '{"notices": [1, 2]}',
        '{"notices": {"reply": "off"}}',
        '{"notices": {"reply": {"on": "false"}}}',
        '{"notices": {"reply": {"on": null}}}',
        '{"notices": {"reply": [false]}}',
    ],
)
async def test_garbage_in_preferences_stops_no_message_and_no_notification(people: People, garbage: str) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora, assignee_id=ada.id)
    agent = await people.connect_as(ada)
    await agent.execute("update public.profiles set preferences = %s::jsonb where id = %s", [garbage, ada.id])
    await say(await people.connect_as(cora), ticket)
    assert len(await inbox(people, ada)) == 1
    settings = await value(agent, "select settings from helpdesk.badges()")
    assert settings is None or isinstance(settings, dict)


# -- what is shown ----------------------------------------------------------------------------------------------------


async def test_notification_of_a_ticket_out_of_sight_is_neither_shown_nor_counted(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Sight")
    ticket = await ticket_of(people, cora, "Seen", assignee_id=ada.id, department_id=ada.department_id)
    await say(await people.connect_as(cora), ticket, "words of hers")
    agent = await people.connect_as(ada)
    assert await shown(agent) == [("reply", {"reply": 1}, "Seen", ticket, "words of hers", False)]
    assert await value(agent, "select unread from helpdesk.badges()") == 1
    await people.database.run("update public.tickets set assignee_id = null, department_id = %s where id = %s",
                              [await people.department("Elsewhere"), ticket])  # fmt: skip
    assert await shown(agent) == []
    for count in ("select unread from helpdesk.badges()", "select count(*) from public.notifications"):
        assert await value(agent, count) == 0


async def test_line_shows_how_the_newest_message_begins_that_its_reader_may_read(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bea = await new(people, "bea", "agent", "Support")
    ticket = await ticket_of(people, cora, assignee_id=ada.id)
    requester, agent, other = [await people.connect_as(each) for each in (cora, ada, bea)]
    await say(other, ticket, "for everybody")
    await say(other, ticket, "SECRET", note=True)
    assert [line[4] for line in await shown(requester)] == ["for everybody"]
    assert [line[4] for line in await shown(agent)] == ["SECRET"]


async def test_badges_say_what_is_new_since_the_last_look(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    first = await ticket_of(people, cora, "first", assignee_id=ada.id)
    second = await ticket_of(people, cora, "second", assignee_id=ada.id)
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    await say(requester, first)
    ask = "select unread, tickets, newest, news from helpdesk.badges(%s)"
    unread, tickets, newest, news = (await (await agent.execute(ask, [None])).fetchall())[0]
    assert (unread, tickets, news) == (1, [first], None)
    assert (await (await agent.execute(ask, [newest])).fetchall())[0][3] is None
    await say(requester, second)
    assert (await (await agent.execute(ask, [newest])).fetchall())[0][3] == [["reply", "Reply on: second"]]


async def test_people_write_no_notifications_and_change_nothing_but_whether_theirs_are_read(people: People) -> None:
    """The rest of it is in the write matrix."""
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"), assignee_id=ada.id)
    await say(await people.connect_as(bea), ticket)
    hostile = await people.connect_as(bea)
    for statement in (
        "insert into public.notifications (user_id, type, title) values (%(ada)s, 'reply', 'forged')",
        "update public.notifications set user_id = %(ada)s",
        "update public.notifications set ticket_id = %(ticket)s",
        "update public.notifications set kinds = '{}'",
        "insert into private.due_told values (%(ticket)s, %(ada)s, now())",
        "insert into private.back_told values (%(ticket)s, %(ada)s, now())",
        "select private.notice_back(%(ada)s, true)",
        "select private.deliver(null, null)",
        "select private.deliver_chat(%(ticket)s, %(ada)s, 'forged', null)",
        "select * from private.inbox(%(ada)s, 'admin', null, null, false, null, null, 100)",
        "select * from private.mentioned(%(ticket)s, '@ada')",
        "select private.wants('{}', 'reply')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await hostile.execute(statement.encode(), {"ada": ada.id, "ticket": ticket})
    changed = await hostile.execute("update public.notifications set read = true")
    assert changed.rowcount == 0
    assert [line[4] for line in await inbox(people, ada)] == [False]


async def test_lines_of_an_older_database_are_made_one_a_ticket(database: DeskDatabase) -> None:
    people = People(database)
    cora = await new(people, "cora")
    tickets = [await ticket_of(people, cora) for _ in range(2)]
    await database.run("drop index public.notifications_one_line")
    for ticket, kind, times, read in (
        (tickets[0], "reply", 2, True),
        (tickets[0], "reply", 3, False),
        (tickets[0], "status", 1, False),
        (tickets[1], "reply", 4, True),
        (tickets[1], "status", 1, True),
        (None, "news", 1, False),
        (None, "news", 1, False),
    ):
        await database.run(
            "insert into public.notifications (user_id, type, title, ticket_id, times, read, updated_at)"
            " values (%s, %s, 'x', %s, %s, %s, clock_timestamp())",
            [cora.id, kind, ticket, times, read],
        )
    apply_files(database.owner_dsn)
    assert [(line[0], *line[2:]) for line in await inbox(people, cora)] == [
        ("status", 4, {"reply": 3, "status": 1}, False),
        ("status", 1, {"status": 1}, True),
        ("news", 1, {"news": 1}, False),
        ("news", 1, {"news": 1}, False),
    ]


# -- since I left -----------------------------------------------------------------------------------------------------


async def test_since_i_left_tells_what_others_did_to_my_tickets_a_line_a_ticket(people: People) -> None:
    name = f"Team {uuid4().hex[:6]}"
    cora, ada, bo = (
        await new(people, "cora"),
        await new(people, "ada", "agent", name),
        await new(people, "bo", "agent", name),
    )
    requester, agent, other = [await people.connect_as(each) for each in (cora, ada, bo)]
    stranger = await people.connect_as(await new(people, "otto", "agent", f"Not {name}"))
    here: dict[str, Any] = {"department_id": ada.department_id}
    mine, given, taken, done, untouched = [await ticket_of(people, cora, **here) for _ in range(5)]
    await agent.execute("select helpdesk.assign(%s, %s)", [[mine, taken, done, untouched], ada.id])
    assert await value(agent, "select helpdesk.here(true)") is None  # the first time
    moment = await value(agent, "select clock_timestamp()")
    await say(requester, mine)
    await say(requester, mine)
    await say(other, mine, f"look, @{ada.email.split('@')[0]}", note=True)
    await other.execute("select helpdesk.assign(array[%s], %s)", [given, ada.id])
    await other.execute("select helpdesk.assign(array[%s], %s)", [taken, bo.id])
    await other.execute("update public.tickets set status = 'resolved' where id = %s", [done])
    fresh = await ticket_of(people, cora, **here)
    await say(agent, untouched)  # of one's own acts nothing is told
    await agent.execute("update public.tickets set priority = 'low' where id = %s", [untouched])

    lines = await (await agent.execute("select id, what from helpdesk.since(%s, 100)", [moment])).fetchall()
    assert [ticket for ticket, _ in lines] == [fresh, done, taken, given, mine]
    told = {ticket: {(kind, times): who for kind, times, who in what} for ticket, what in lines}
    assert told[fresh] == {("new", 1): "Cora"}
    assert told[done] == {("resolved", 1): "Bo"}
    assert told[taken] == {("taken", 1): "Bo"}
    assert told[given] == {("given", 1): "Bo"}
    assert told[mine] == {("reply", 2): "Cora", ("note", 1): "Bo", ("mention", 1): None}
    assert len(await (await agent.execute("select id from helpdesk.since(%s, 2)", [moment])).fetchall()) == 2
    # Nobody else is told, and what has gone out of sight by now is not.
    for connection in (stranger, requester):
        assert await (await connection.execute("select * from helpdesk.since('-infinity', 100)")).fetchall() == []
    await people.database.run(
        "update public.tickets set department_id = (select id from public.departments where name = %s) where id = %s",
        [f"Not {name}", fresh],
    )
    lines = await (await agent.execute("select id from helpdesk.since(%s, 100)", [moment])).fetchall()
    assert (fresh,) not in lines


async def test_when_somebody_was_last_here_survives_a_crash_and_is_their_own(people: People) -> None:
    ada, cora = await new(people, "ada", "agent", "Support"), await new(people, "cora")
    agent, requester = await people.connect_as(ada), await people.connect_as(cora)
    here = "select helpdesk.here(%s)"
    assert await value(agent, here, True) is None
    assert await value(agent, here, False) is None  # once a minute, as long as the desk is open
    earlier = (
        "update private.last_here set here_at = here_at - interval '1 hour' where person_id = %s returning here_at"
    )
    (last,) = (await people.database.run(earlier, [ada.id]))[0]
    # It ended without a word; the next one knows when it was last heard of, until the one after it.
    assert await value(agent, here, True) == last
    assert await value(agent, here, False) == last
    assert await value(agent, here, True) == last  # opened again at once: nothing was left
    await people.database.run(earlier, [ada.id])
    assert await value(agent, here, True) > last
    assert await value(requester, here, True) is None
    assert await people.database.run("select from private.last_here where person_id = %s", [cora.id]) == []
