"""Live changes: LISTEN asks nobody for rights, so what is sent holds ids alone, on channels that cannot be guessed."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from helpdesk_tui.core.live_events import Typing, parse
from tests.db.signed_in import address, new
from tests.world import Connection, People, Person

IDS = re.compile(r'\[("[0-9a-f-]{36}"(, )?)+\]|\*|!')
NOTICES = '{"notices": []}'


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def channels(connection: Connection) -> list[str]:
    """The channels that a connection is told of."""
    return [row[0] for row in await (await connection.execute("select channel from helpdesk.channels()")).fetchall()]


async def listen(connection: Connection, *names: str) -> Connection:
    """The same connection, listening."""
    for name in names:
        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(name)))
    return connection


async def heard(connection: Connection) -> list[tuple[str, str]]:
    """What has come by now: (channel, payload)."""
    # Everything that was committed before has been handed over before the answer to this.
    await connection.execute("select 1")
    return [(note.channel, note.payload) async for note in connection.notifies(timeout=0.05)]


async def ticket_of(people: People, customer: Person, department: str, assignee: Person | None = None) -> UUID:
    """A ticket of theirs."""
    rows = await people.database.run(
        "insert into public.tickets (title, customer_id, department_id, assignee_id) values (%s, %s, %s, %s)"
        " returning id",
        ["SECRET", customer.id, await people.department(department), assignee.id if assignee else None],
    )
    found = rows[0][0]
    assert isinstance(found, UUID)
    return found


async def every_kind_of_change(people: People, ticket: UUID, author: Person) -> None:
    """Whatever can happen to a ticket, by the owner and by somebody who works on it."""
    connection = await people.connect_as(author)
    tag = uuid4()
    await connection.execute("insert into public.ticket_tags (id, name) values (%s, %s)", [tag, str(tag)])
    for statement in (
        "update public.tickets set status = 'pending', priority = 'urgent', title = 'SECRET two' where id = %(id)s",
        "insert into public.ticket_messages (ticket_id, content) values (%(id)s, 'SECRET')",
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(id)s, 'SECRET note', true)",
        "insert into public.ticket_tag_relations values (%(id)s, %(tag)s)",
        "select helpdesk.untag(array[%(id)s], %(tag)s)",
        "select helpdesk.assign(array[%(id)s], %(author)s)",
        """select helpdesk.act(%(tag)s, array[%(id)s], '{"snooze": "2099-01-01Z", "status": "open"}', 'SECRET')""",
        "select helpdesk.undo_act(%(tag)s, gen_random_uuid(), true)",
    ):
        await connection.execute(statement.encode(), {"id": ticket, "tag": tag, "author": author.id})


async def test_other_departments_hear_nothing_on_any_channel_they_can_know(people: People) -> None:
    otto, bo = await new(people, "otto"), await new(people, "bo", "agent", "Billing")
    strangers = [
        await new(people, "cora"),
        await new(people, "ada", "agent", "Support"),
        await new(people, "ida", "agent"),
    ]
    billing = await people.department("Billing")
    ticket = await ticket_of(people, otto, "Billing")
    guesses = ["tickets", "ticket_messages", "helpdesk", "admins", "support", "billing", f"department:{billing}"]
    guesses += [f"person:{bo.id}", f"person:{otto.id}", str(ticket), str(billing), str(bo.id), bo.db_user, "hd_", "*"]
    ears = []
    for stranger in strangers:
        connection = await people.connect_as(stranger)
        ears.append(await listen(connection, *guesses, *await channels(connection)))
    await every_kind_of_change(people, ticket, bo)
    await people.database.run("delete from public.tickets where id = %s", [ticket])
    assert [await heard(ear) for ear in ears] == [[], [], []]


async def test_those_who_work_on_it_hear_ids_and_nothing_else(people: People) -> None:
    otto, bo, ann = (
        await new(people, "otto"),
        await new(people, "bo", "agent", "Shipping"),
        await new(people, "ann", "admin"),
    )
    ticket = await ticket_of(people, otto, "Shipping")
    ears = []
    for person in (await new(people, "bea", "agent", "Shipping"), ann, otto):
        connection = await people.connect_as(person)
        ears.append(await listen(connection, *await channels(connection)))
    await every_kind_of_change(people, ticket, bo)
    for ear in ears:
        told = await heard(ear)
        assert told
        assert all(IDS.fullmatch(payload) and str(ticket) in payload for _, payload in told if payload != NOTICES)


async def test_never_again_private_notes_in_live_payloads(people: People) -> None:
    otto, bo = await new(people, "otto"), await new(people, "bo", "agent", "Returns")
    ticket = await ticket_of(people, otto, "Returns")
    requester, agent = await people.connect_as(otto), await people.connect_as(bo)
    await listen(requester, *await channels(requester))
    tag = uuid4()
    await agent.execute("insert into public.ticket_tags (id, name) values (%s, %s)", [tag, str(tag)])
    await agent.execute("insert into public.ticket_tag_relations values (%s, %s)", [ticket, tag])
    await agent.execute(
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'x', true)", [ticket]
    )
    await agent.execute("select helpdesk.untag(array[%s], %s)", [ticket, tag])
    await agent.execute(
        "select helpdesk.act(gen_random_uuid(), array[%s], jsonb_build_object('snooze', '2099-01-01Z', 'tags',"
        " jsonb_build_object('add', jsonb_build_array(%s::uuid))), '')",
        [ticket, tag],
    )
    assert await heard(requester) == []
    await agent.execute(
        "insert into public.ticket_messages (ticket_id, content, after_id) values (%s, 'x', null)", [ticket]
    )
    assert {payload for _, payload in await heard(requester)} == {f'["{ticket}"]', NOTICES}


async def test_inbox_is_told_live_to_its_owner_once_a_statement_and_to_nobody_else(people: People) -> None:
    otto, bo, bea = (
        await new(people, "otto"),
        await new(people, "bo", "agent", "Inn"),
        await new(people, "bea", "agent", "Inn"),
    )
    tickets = [await ticket_of(people, otto, "Inn") for _ in range(20)]
    acting, ear, other = [await people.connect_as(each) for each in (bo, bea, bo)]
    requester = await people.connect_as(otto)
    for connection in (ear, other, requester):
        await listen(connection, *await channels(connection))
    await acting.execute("select helpdesk.assign(%s, %s)", [tickets, bea.id])
    mine, *rest = [channel for channel, payload in await heard(ear) if payload == NOTICES]
    assert rest == []
    assert NOTICES not in {payload for connection in (other, requester) for _, payload in await heard(connection)}
    # Read on another device.
    await (await people.connect_as(bea)).execute("update public.notifications set read = true where not read")
    assert await heard(ear) == [(mine, NOTICES)]
    # A mention in a note is told to whom it mentions, and nothing of it to the requester.
    handle = "@" + bea.email.split("@")[0]
    await acting.execute(
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, %s, true)",
        [tickets[0], handle],
    )
    assert (mine, NOTICES) in await heard(ear)
    assert await heard(requester) == []


async def test_requester_who_works_on_the_ticket_hears_of_no_note(people: People) -> None:
    ina = await new(people, "ina", "agent", "Exchange")
    bo, bea = await new(people, "bo", "agent", "Warranty"), await new(people, "bea", "agent", "Warranty")
    ticket = await ticket_of(people, ina, "Warranty", ina)
    requester, colleague = await people.connect_as(ina), await people.connect_as(bea)
    for ear in (requester, colleague):
        await listen(ear, *await channels(ear))
    author = await people.connect_as(bo)
    note = "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'x', true)"
    await author.execute(note, [ticket])
    assert await heard(requester) == [], "assigned to them, it is still their own request"
    assert [payload for _, payload in await heard(colleague)] == [f'["{ticket}"]']
    # Where somebody else asks, the assignee hears of it.
    theirs = await ticket_of(people, await new(people, "otto"), "Warranty", ina)
    await heard(requester)
    await author.execute(note, [theirs])
    assert f'["{theirs}"]' in [payload for _, payload in await heard(requester)]


async def test_never_again_a_bulk_act_that_tells_and_counts_per_ticket(people: People) -> None:
    otto, bo = await new(people, "otto"), await new(people, "bo", "agent", "Repairs")
    for _ in range(20):
        await ticket_of(people, otto, "Repairs")
    connection = await people.connect_as(bo)
    ear = await people.connect_as(await new(people, "bea", "agent", "Repairs"))
    await listen(ear, *await channels(ear))
    await connection.execute("update public.tickets set status = 'pending' where is_open")
    (told,) = await heard(ear)
    assert told[1].count('"') == 40
    await people.database.run(
        "insert into public.tickets (title, customer_id, department_id)"
        " select 't', %s, %s from generate_series(1, 300)",
        [otto.id, await people.department("Repairs")],
    )
    assert [payload for _, payload in await heard(ear)] == ["*"]


async def test_import_notifies_nobody(people: People) -> None:
    otto, bo = await new(people, "otto"), await new(people, "bo", "agent", "Imports")
    ear = await people.connect_as(bo)
    await listen(ear, *await channels(ear))
    async with await people.database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        department = await people.department("Imports")
        await owner.execute(
            "insert into public.tickets (id, title, customer_id, department_id, assignee_id)"
            " values (%s, 't', %s, %s, %s)",
            [ticket := uuid4(), otto.id, department, bo.id],
        )
        await owner.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x')", [ticket, otto.id]
        )
    assert await heard(ear) == []
    assert await people.database.run("select from public.notifications where user_id = %s", [bo.id]) == []
    # A client who says the same is not believed.
    customer = await people.connect_as(otto)
    await customer.execute("set helpdesk.mute = 'on'")
    await customer.execute("insert into public.ticket_messages (ticket_id, content) values (%s, 'x')", [ticket])
    assert await heard(ear)


@pytest.mark.parametrize("leaving", ["moved", "demoted", "banned", "deleted"])
async def test_who_leaves_a_department_hears_no_more_of_it_on_the_channels_they_knew(
    people: People, leaving: str
) -> None:
    department = f"Left by the {leaving}"
    bo, bea = await new(people, "bo", "agent", department), await new(people, "bea", "agent", department)
    otto = await new(people, "otto")
    ear, stays = await people.connect_as(bo), await people.connect_as(bea)
    await listen(ear, *(known := await channels(ear)))
    before = await channels(stays)
    await listen(stays, *before)
    statement = {
        "moved": "update public.profiles set department_id = null where id = %s",
        "demoted": "update public.profiles set role = 'customer' where id = %s",
        "banned": "update auth.users set banned_until = now() + interval '1 day' where id = %s",
        "deleted": "delete from auth.users where id = %s",
    }[leaving]
    await people.database.run(statement, [bo.id])
    # Both are told to look their channels up again; one of them is given the new name.
    for each in (ear, stays):
        assert {payload for _, payload in await heard(each)} - {'{"people": []}'} == {"!"}
    after = await channels(stays)
    assert set(after) != set(before)
    # Who was only moved is told what the whole team is told, as before.
    assert len(set(await channels(ear)) & set(known)) == (1 if leaving == "moved" else 0)
    await listen(stays, *after)
    await ticket_of(people, otto, department)
    assert await heard(ear) == []
    assert len(await heard(stays)) == 1


async def test_old_admin_hears_no_more_of_everything(people: People) -> None:
    ann, otto = await new(people, "ann", "admin"), await new(people, "otto")
    ear = await people.connect_as(ann)
    await listen(ear, *await channels(ear))
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [ann.id])
    await heard(ear)
    await ticket_of(people, otto, "Support")
    assert await heard(ear) == []


async def test_ticket_that_moves_away_is_told_to_both_sides_once(people: People) -> None:
    bo, bea = await new(people, "bo", "agent", "North"), await new(people, "bea", "agent", "South")
    ticket = await ticket_of(people, await new(people, "otto"), "North", bo)
    ears = []
    for person in (bo, bea):
        connection = await people.connect_as(person)
        ears.append(await listen(connection, *await channels(connection)))
    mover = await people.connect_as(bo)
    await mover.execute("select helpdesk.move(array[%s], %s)", [ticket, await people.department("South")])
    for ear in ears:
        assert {payload for _, payload in await heard(ear)} == {f'["{ticket}"]'}
    await people.database.run("update public.tickets set priority = 'low' where id = %s", [ticket])
    assert [len(await heard(ear)) for ear in ears] == [0, 1]


async def test_channels_are_unguessable_and_ones_own(people: People) -> None:
    people_ = [await new(people, "cora"), await new(people, "bo", "agent", "East"), await new(people, "ann", "admin")]
    found = [await channels(await people.connect_as(person)) for person in people_]
    assert [len(names) for names in found] == [1, 3, 3]
    names = [name for each in found for name in each]
    # One of them is the whole team's.
    assert len(set(names)) == len(names) - 1
    assert len(set(found[1]) & set(found[2])) == 1
    assert all(re.fullmatch(r"hd_[0-9a-f]{40}", name) for name in names)
    connection = await people.connect_as(people_[0])
    for statement in ("select private.channel('admins')", "select * from private.audiences"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement.encode())
    await people.sign_out(people_[0])
    assert await channels(connection) == []


async def test_notification_is_sent_with_the_commit_and_not_before(people: People) -> None:
    bo = await new(people, "bo", "agent", "West")
    ear = await people.connect_as(bo)
    await listen(ear, *await channels(ear))
    otto = await people.add(address("otto"), "Otto")
    async with await people.database.connect() as owner, owner.transaction(force_rollback=True):
        await owner.execute(
            "insert into public.tickets (title, customer_id, department_id) values ('t', %s, %s)",
            [otto.id, bo.department_id],
        )
        assert await heard(ear) == []
    assert await heard(ear) == []


# -- chats ------------------------------------------------------------------------------------------------------------


async def ears_of(people: People, **persons: Person) -> dict[str, Connection]:
    """A connection for each, that listens to what its person may hear."""
    ears = {}
    for name, person in persons.items():
        connection = await people.connect_as(person)
        ears[name] = await listen(connection, *await channels(connection))
    return ears


async def told(ears: dict[str, Connection]) -> dict[str, list[str]]:
    """Who heard what of chats, as far as they heard anything; once what several of their channels say."""
    found = {}
    for name, ear in ears.items():
        notes = await heard(ear)
        assert len(set(notes)) == len(notes), "a channel says it twice"
        found[name] = list(dict.fromkeys(payload for _, payload in notes if payload != '{"notices": []}'))
    return {name: payloads for name, payloads in found.items() if payloads}


async def test_chat_is_heard_of_by_its_two_sides_and_by_those_it_waits_for(people: People) -> None:
    cora, otto, ann = await new(people, "cora"), await new(people, "otto"), await new(people, "ann", "admin")
    ada, bo = await new(people, "ada", "agent", "Chat one"), await new(people, "bo", "agent", "Chat two")
    ears = await ears_of(people, cora=cora, otto=otto, ann=ann, ada=ada, bo=bo)
    act = {name: await people.connect_as(person) for name, person in (("cora", cora), ("ada", ada), ("bo", bo))}
    ids = {"chat": uuid4(), "one": uuid4(), "two": uuid4(), "ada": ada.id, "bo": bo.id, "there": bo.department_id}
    word = [f'{{"chats": ["{ids["chat"]}"]}}']

    async def hear(who: str, statement: str) -> dict[str, list[str]]:
        await act[who].execute(statement.encode(), ids)
        return await told(ears)

    assert await hear("cora", "select helpdesk.chat_open(%(chat)s, 'SECRET', %(one)s, 'SECRET')") == dict.fromkeys(
        ("cora", "ann", "ada", "bo"), word
    )
    assert await hear("ada", "select helpdesk.chat_accept(%(chat)s)") == dict.fromkeys(
        ("cora", "ann", "ada", "bo"), word
    )
    say = "insert into public.chat_messages (session_id, content) values (%(chat)s, 'SECRET')"
    assert await hear("cora", say) == dict.fromkeys(("cora", "ada", "ann"), word)
    assert await hear("ada", say) == dict.fromkeys(("cora", "ada", "ann"), word)
    # Whoever hands it over hears that it is gone, and nothing of it after.
    assert await hear("ada", "select helpdesk.chat_transfer(%(chat)s, null, %(there)s)") == dict.fromkeys(
        ("cora", "ada", "ann", "bo"), word
    )
    assert await hear("cora", say) == dict.fromkeys(("cora", "ann", "bo"), word)
    assert await hear("bo", "select helpdesk.chat_accept(%(chat)s)") == dict.fromkeys(("cora", "ann", "bo"), word)
    assert await hear("cora", "select helpdesk.chat_seen(%(chat)s, %(one)s)") == {}
    assert await hear("cora", "select helpdesk.chat_end(%(chat)s)") == dict.fromkeys(("cora", "ann", "bo"), word)


async def test_typing_and_presence_are_heard_by_the_other_side_alone_and_written_nowhere(people: People) -> None:
    cora, otto, ann = await new(people, "cora"), await new(people, "otto"), await new(people, "ann", "admin")
    ada, bea = await new(people, "ada", "agent", "Chat one"), await new(people, "bea", "agent", "Chat one")
    ((chat,),) = await people.database.run(
        "insert into public.chat_sessions (customer_id, agent_id, status) values (%s, %s, 'active') returning id",
        [cora.id, ada.id],
    )
    persons = {"cora": cora, "otto": otto, "ann": ann, "ada": ada, "bea": bea}
    ears = await ears_of(people, **persons)
    acts = {name: await people.connect_as(person) for name, person in persons.items()}
    for statement, word in (
        ("select helpdesk.chat_typing(%s)", "typing"),
        ("select helpdesk.chat_present(%s, true)", "here"),
        ("select helpdesk.chat_present(%s, false)", "away"),
    ):
        for name, other in (("cora", "ada"), ("ada", "cora")):
            # Where nothing can be written, it can be told.
            async with acts[name].transaction():
                await acts[name].execute("set transaction read only")
                await acts[name].execute(statement.encode(), [chat])
            ((listener, payloads),) = (await told(ears)).items()
            assert listener == other
            assert [parse(payload) for payload in payloads] == [Typing(chat, persons[name].id, word)]  # type: ignore[arg-type]
        await acts["ann"].execute(statement.encode(), [chat])  # sees the chat, and is no side of it
        for name in ("otto", "bea"):
            with pytest.raises(psycopg.Error) as refused:
                await acts[name].execute(statement.encode(), [chat])
            assert refused.value.sqlstate == "HD004"
        assert await told(ears) == {}
    await people.database.run("update public.chat_sessions set status = 'ended' where id = %s", [chat])
    await told(ears)
    await acts["cora"].execute("select helpdesk.chat_typing(%s)", [chat])
    assert await told(ears) == {}


async def test_those_further_back_hear_that_the_waiting_list_has_moved(people: People) -> None:
    waiting = [await new(people, f"w{number}") for number in range(3)]
    ada = await new(people, "ada", "agent", "Chat one")
    chats = [uuid4() for _ in waiting]
    for person, chat in zip(waiting, chats, strict=True):
        connection = await people.connect_as(person)
        await connection.execute("select helpdesk.chat_open(%s, null, null, null)", [chat])
    ears = await ears_of(people, **{str(number): person for number, person in enumerate(waiting)})
    await (await people.connect_as(ada)).execute("select helpdesk.chat_accept(%s)", [chats[1]])
    assert await told(ears) == {
        "1": [f'{{"chats": ["{chats[1]}"]}}'],
        "2": [f'{{"chats": ["{chats[2]}"]}}'],
    }


async def test_chats_of_an_import_are_told_to_nobody(people: People) -> None:
    otto, bo = await new(people, "otto"), await new(people, "bo", "agent", "Chat imports")
    ears = await ears_of(people, otto=otto, bo=bo)
    async with await people.database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        chat = uuid4()
        await owner.execute(
            "insert into public.chat_sessions (id, customer_id, agent_id, status) values (%s, %s, %s, 'active')",
            [chat, otto.id, bo.id],
        )
        await owner.execute(
            "insert into public.chat_messages (session_id, sender_id, content) values (%s, %s, 'x')", [chat, otto.id]
        )
    assert await told(ears) == {}
