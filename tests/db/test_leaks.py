"""An agent may not see another department's ticket by any path; nor may another customer, nor a requester a note."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import astuple
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.model import Me
from tests.db.scene import SECRET, STRANGERS, Scene, scene
from tests.world import Connection, DeskDatabase, People

# Where any ticket of a small desk lies.
EVERY_PLACE = (
    "array(select format('(%%s,%%s)', page, line)::tid from generate_series(0, 9) page, generate_series(1, 90) line)"
)


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Scene:
    """The two departments, shared: nothing here changes them for good."""
    return scene(module_database)


@pytest.fixture
async def people(desk: Scene) -> AsyncIterator[People]:
    """Makes connections for the people of the scene."""
    people = People(desk.database)
    yield people
    await people.close()


@pytest.fixture(params=STRANGERS)
async def stranger(request: pytest.FixtureRequest, desk: Scene, people: People) -> Connection:
    """The connection of somebody whom Otto's ticket is none of the business of."""
    return await people.connect_as(desk.people[request.param])


async def rows(connection: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    return await (await connection.execute(statement.encode(), parameters)).fetchall()


async def answer(connection: Connection, statement: str, parameters: dict[str, Any]) -> str:
    """Everything a statement tells, an error's every field too; nothing of it stays."""
    try:
        async with connection.transaction(force_rollback=True):
            cursor = await connection.execute(statement.encode(), parameters)
            told: Any = await cursor.fetchall() if cursor.description else cursor.rowcount
    except psycopg.Error as error:
        diag = error.diag
        fields = ("sqlstate", "message_primary", "message_detail", "message_hint", "context", "schema_name")
        told = [getattr(diag, name) for name in (*fields, "table_name", "column_name", "constraint_name")]
    return str(told)


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_nothing_of_the_ticket_is_in_anything_that_can_be_read(stranger: Connection, desk: Scene) -> None:
    """Every row of every relation and every function that answers, looked through for the ticket."""
    relations = await rows(
        stranger,
        """select format('select row(%s)::text from %I.%I', string_agg(quote_ident(attname), ', '), n.nspname, relname)
             from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute a on attrelid = c.oid
            where relkind in ('r', 'v', 'm', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
              and attnum > 0 and not attisdropped
              and has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, attnum, 'select')
            group by n.nspname, relname""",
    )
    assert len(relations) == 18
    secrets = ["foreign", "message", "note", "otto", "rated", "file", "note_file"]
    secrets += ["olga", "chat", "waiting", "said", "asked"]
    marks = [SECRET, SECRET.encode().hex(), *(str(desk.ids[name]) for name in secrets)]
    readings = [reading for (reading,) in relations]
    readings += [
        "select m::text from helpdesk.me() m",
        "select n::text from helpdesk.names(%(everybody)s) n where id <> all(%(everybody)s) or name ~ 'SECRET'",
        "select m::text from helpdesk.messages(%(foreign)s) m",
        "select h::text from helpdesk.history(%(foreign)s) h",
        "select a::text from helpdesk.attachments(%(foreign)s) a",
        "select data from public.ticket_attachments where id in (%(file)s, %(note_file)s)",
        "select t::text from helpdesk.ticket(%(foreign)s) t",
        f"select d::text from helpdesk.dressed(array[%(foreign)s, %(own)s], {EVERY_PLACE}) d",
        "select c::text from helpdesk.counts(1000) c",
        "select r::text from helpdesk.requesters(array['SECRET', 'o', '@desk.test', 'otto-SECRET@desk.test']) r",
        "select c::text from helpdesk.channels() c",
        "select n::text from helpdesk.notices(false, 500) n",
        "select b::text from helpdesk.badges('-infinity') b",
        "select c::text from helpdesk.chats(null, 100) c",
        "select c::text from helpdesk.chats(array[%(chat)s, %(waiting)s], 0) c",
        "select m::text from helpdesk.chat_messages(%(chat)s, null) m",
        "select m::text from helpdesk.chat_messages(%(waiting)s, %(said)s) m",
        "select s::text from helpdesk.search_articles('secret title text message note comment otto', 200) s",
        "select s::text from helpdesk.suggest_articles(%(foreign)s, 200) s",
        "select c::text from helpdesk.article_categories() c",
        "select t::text from public.tickets t tablesample bernoulli (100)",
        "update public.tickets set status = status returning tickets::text",
        "select t::text from public.tickets t where id = %(foreign)s for update",
        "select s::text from pg_stats s where schemaname = 'public'",
        "select most_common_vals::text from pg_stats where tablename = 'tickets'",
    ]
    everybody = [person.id for person in desk.people.values()]
    for reading in readings:
        told = await answer(stranger, reading, {**desk.ids, "everybody": everybody})
        assert not [mark for mark in marks if mark in told], reading


@pytest.mark.parametrize("name", STRANGERS)
async def test_never_again_subjects_or_counts_of_forbidden_tickets(people: People, desk: Scene, name: str) -> None:
    person = desk.people[name]
    connection = await people.connect_as(person)
    me = Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]
    for view in queues.views_for(me):
        for sort in queues.SORTS:
            statement = tickets.page(me, view.key, sort)
            found = await rows(connection, statement.sql, statement.params or None)
            assert desk.ticket not in {row[0] for row in found}, (view, sort)
    by_number, by_id = tickets.find(str(desk.ids["number"])), tickets.find(str(desk.ticket))
    for asked in (by_number, by_id, tickets.described(desk.ticket)):
        assert await rows(connection, asked.sql, asked.params) == []
    counted = tickets.counts(me)
    (numbers,) = await rows(connection, counted.sql, counted.params or None)
    assert sum(numbers) <= 3 * len(numbers)
    for condition in (
        "title ilike '%%secret%%'",
        "title ~ 'SECRET'",
        "number = %(number)s",
        "customer_id = %(otto)s",
        "id in (select ticket_id from public.ticket_messages where content ~ 'SECRET')",
    ):
        assert await rows(connection, f"select count(*) from public.tickets where {condition}", desk.ids) == [(0,)]
    own = {"cora": 1, "ada": 1, "ida": 0}[name]
    assert await rows(connection, "select count(*) from public.tickets") == [(own,)]


async def test_condition_that_betrays_what_it_is_asked_is_not_asked_about_the_ticket(stranger: Connection) -> None:
    for condition in (
        "1 / (case when title like 'SECRET%' then 0 else 1 end) = 1",
        "case when title ~ 'SECRET' then title::uuid is not null else true end",
    ):
        # Asked about Otto's ticket too, this would fail.
        found = await rows(stranger, f"select title from public.tickets where {condition}")
        assert {title for (title,) in found} <= {"Paper jam"}


@pytest.mark.parametrize("table", ["ticket_messages", "ticket_status_history", "ticket_events"])
async def test_copy_and_cursors_follow_the_same_rule(stranger: Connection, table: str) -> None:
    async with (
        stranger.cursor() as cursor,
        cursor.copy(b"copy (select id, title from public.tickets) to stdout") as copy,
    ):
        assert SECRET.encode() not in b"".join([bytes(block) async for block in copy])
    async with (
        stranger.cursor() as cursor,
        cursor.copy(f"copy (select * from public.{table}) to stdout".encode()) as copy,
    ):
        told = b"".join([bytes(block) async for block in copy])
    assert SECRET.encode() not in told
    async with stranger.transaction():
        await stranger.execute(f"declare c cursor for select t::text from public.{table} t".encode())
        assert SECRET not in str(await rows(stranger, "fetch all from c"))


async def test_name_and_address_of_a_requester_are_for_those_who_work_on_the_ticket(
    people: People, desk: Scene
) -> None:
    ask = "select name from helpdesk.names(array[%(otto)s])"
    for name, told in (("cora", []), ("ada", []), ("ida", []), ("bo", [("Otto SECRET",)]), ("ann", [("Otto SECRET",)])):
        connection = await people.connect_as(desk.people[name])
        assert await rows(connection, ask, desk.ids) == told
        seen = await rows(connection, "select email from public.profiles where id = %(otto)s", desk.ids)
        assert len(seen) == len(told)


async def test_customers_learn_of_staff_a_display_name_and_nothing_else(people: People, desk: Scene) -> None:
    connection = await people.connect_as(desk.people["cora"])
    everybody = [person.id for person in desk.people.values()]
    told = await rows(connection, "select name, is_staff from helpdesk.names(%s) order by name", [everybody])
    assert told == [("Ada", True), ("Ann", True), ("Bo", True), ("Cora", False), ("Ida", True)]
    assert await rows(connection, "select email from public.profiles") == [("cora@desk.test",)]
    async with connection.transaction(force_rollback=True):
        await people.database.run("update public.profiles set full_name = null where id = %s", [desk.ids["ada"]])
        assert await rows(connection, "select name from helpdesk.names(array[%(ada)s])", desk.ids) == [("Support",)]
    await people.database.run("update public.profiles set full_name = 'Ada' where id = %s", [desk.ids["ada"]])


EVERYBODY = ("cora", "otto", "ada", "bo", "ida", "ann")


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("ticket", ["own", "foreign"])
async def test_never_again_the_list_rule_and_the_open_rule_disagreeing(
    people: People, desk: Scene, name: str, ticket: str
) -> None:
    connection = await people.connect_as(desk.people[name])
    parameters = {"ticket": desk.ids[ticket]}
    by_policy = await rows(
        connection,
        """select m.id, sender_id, n.name, n.is_staff, is_internal, content, created_at
             from public.ticket_messages m cross join lateral helpdesk.names(array[sender_id]) n
            where ticket_id = %(ticket)s order by created_at, m.id""",
        parameters,
    )
    at_once = await rows(connection, "select * from helpdesk.messages(%(ticket)s)", parameters)
    assert at_once == by_policy
    entitled = {"own": {"cora": 1, "ada": 2, "ann": 2}, "foreign": {"otto": 1, "bo": 2, "ann": 2}}[ticket]
    assert len(at_once) == entitled.get(name, 0)

    by_policy = await rows(
        connection,
        """select id from public.ticket_status_history where ticket_id = %(ticket)s
           union select id from public.ticket_events where ticket_id = %(ticket)s order by 1""",
        parameters,
    )
    assert await rows(connection, "select id from helpdesk.history(%(ticket)s) order by 1", parameters) == by_policy

    by_policy = await rows(
        connection,
        """select id, message_id, name, size, content_type, sha256 from public.ticket_attachments
            where ticket_id = %(ticket)s order by created_at, id""",
        parameters,
    )
    assert await rows(connection, "select * from helpdesk.attachments(%(ticket)s)", parameters) == by_policy
    described = tickets.described(desk.ids[ticket])
    cursor = connection.cursor(row_factory=described.row)  # type: ignore[arg-type]
    found = await (await cursor.execute(described.sql.encode(), parameters)).fetchall()
    assert [astuple(file) for _, _, files in found for file in files] == by_policy
    entitled = {"own": {"ada": 1, "ann": 1}, "foreign": {"otto": 1, "bo": 2, "ann": 2}}[ticket]
    assert len(by_policy) == entitled.get(name, 0)


@pytest.mark.parametrize("name", EVERYBODY)
async def test_words_around_tickets_are_what_the_policies_show(people: People, desk: Scene, name: str) -> None:
    connection = await people.connect_as(desk.people[name])
    tickets_ = [desk.ids["own"], desk.ids["foreign"], uuid4()]
    places = await people.database.run(
        "select array_agg(ctid::text) from public.tickets where id = any(%s)", [tickets_]
    )
    assert len(places[0][0]) == 2
    by_policy = await rows(
        connection,
        """select t.id, (select n.name from helpdesk.names(array[t.customer_id]) n),
                  (select n.name from helpdesk.names(array[t.assignee_id]) n), d.name,
                  array(select g.name from public.ticket_tag_relations x join public.ticket_tags g on g.id = x.tag_id
                         where x.ticket_id = t.id order by g.name)
             from public.tickets t left join public.departments d on d.id = t.department_id
            where t.id = any(%s) order by t.id""",
        [tickets_],
    )
    at_once = "select id, requester, assignee, department, tags from helpdesk.dressed(%s, %s::tid[]) order by id"
    assert await rows(connection, at_once, [tickets_, places[0][0]]) == by_policy
    # Wherever somebody says that a ticket lies.
    everywhere = f"""select id, requester, assignee, department, tags from helpdesk.dressed(%s, {EVERY_PLACE})
                      where id = any(%s) order by id"""
    assert await rows(connection, everywhere, [tickets_, tickets_]) == by_policy
    singly = """select t.id, t.requester, t.assignee, t.department, t.tags from unnest(%s) as asked(id),
                       lateral helpdesk.ticket(asked.id) t order by t.id"""
    assert await rows(connection, singly, [tickets_]) == by_policy


@pytest.mark.parametrize("name", EVERYBODY)
async def test_inbox_read_at_once_and_its_badges_are_what_the_policies_show(
    people: People, desk: Scene, name: str
) -> None:
    """Everybody is told of both tickets and of the chat, though half of them may see neither."""
    person = desk.people[name]
    connection = await people.connect_as(person)
    async with await people.database.connect() as owner:
        await owner.execute(
            """insert into public.notifications (user_id, type, ticket_id, chat_id, title, kinds)
               values (%(me)s, 'note', %(own)s, null, 'SECRET', '{"note": 1}'),
                      (%(me)s, 'note', %(foreign)s, null, 'SECRET', '{"note": 1}'),
                      (%(me)s, 'chat', null, %(chat)s, 'SECRET', '{"chat": 1}')
               on conflict do nothing""",
            {**desk.ids, "me": person.id},
        )
    try:
        by_policy = await rows(connection, "select id from public.notifications order by updated_at desc, id desc")
        assert await rows(connection, "select id from helpdesk.notices(false, 500)") == by_policy
        pages = await rows(connection, "select id, updated_at from helpdesk.notices(false, 1)")
        if pages:
            pages += await rows(
                connection, "select id, updated_at from helpdesk.notices(false, 9, %s, %s)", [pages[0][1], pages[0][0]]
            )
        assert [row[:1] for row in pages] == by_policy
        unread = await rows(connection, "select count(*) from public.notifications where not read")
        assert await rows(connection, "select unread from helpdesk.badges()") == unread
        told = str(await rows(connection, "select n::text from helpdesk.notices(false, 500) n"))
        assert (SECRET in told) is (name in ("otto", "bo", "ann"))
        # Of those who read the notes, whoever did not write them.
        assert ("NOTE" in told) is ("SECRET note" in told) is (name == "ann")
    finally:
        await people.database.run(
            "delete from public.notifications where user_id = %s and title = 'SECRET'", [person.id]
        )


@pytest.mark.parametrize("name", EVERYBODY)
async def test_counts_are_those_of_the_lists(people: People, desk: Scene, name: str) -> None:
    person = desk.people[name]
    connection = await people.connect_as(person)
    me = Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]
    counted = tickets.counts(me)
    (numbers,) = await rows(connection, counted.sql, counted.params)
    for view, number in zip(queues.views_for(me), numbers, strict=True):
        page = tickets.page(me, view.key)
        assert len(await rows(connection, page.sql, page.params)) == number, view.key


@pytest.mark.parametrize(("name", "own"), [("cora", 1), ("ada", 1), ("ida", 0)])
async def test_update_without_a_condition_reaches_only_what_may_be_changed(
    people: People, desk: Scene, name: str, own: int
) -> None:
    """It reads no column, so that the policies for reading are not asked."""
    connection = await people.connect_as(desk.people[name])
    for table, columns, expected in (
        ("tickets", "status = 'open'", own),
        ("ticket_feedback", "rating = 1", 0),
        ("profiles", "full_name = 'Eve'", 1),
        ("departments", "name = 'Eve'", 0),
        ("categories", "description = 'Eve'", 0),
        ("ticket_tags", "color = 'red'", 0),
        ("kb_article_feedback", "helpful = false", 0),
    ):
        assert await answer(connection, f"update public.{table} set {columns}", {}) == str(expected), table


# -- answers to writing -----------------------------------------------------------------------------------------------

ATTEMPTS = {
    "message": "insert into public.ticket_messages (ticket_id, content) values (%(ticket)s, 'x')",
    "note": "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(ticket)s, 'x', true)",
    "status": "update public.tickets set status = 'open' where id = %(ticket)s",
    "empty title": "update public.tickets set title = '' where id = %(ticket)s returning title",
    "tag": "insert into public.ticket_tag_relations values (%(ticket)s, %(tag)s)",
    "tag again": "insert into public.ticket_tag_relations values (%(ticket)s, %(tag)s) on conflict do nothing",
    "untag": "select done, why from helpdesk.untag(array[%(ticket)s], %(tag)s)",
    "assign": "select done, why from helpdesk.assign(array[%(ticket)s], %(ada)s)",
    "unassign": "select done, why from helpdesk.assign(array[%(ticket)s], null)",
    "move": "select done, why from helpdesk.move(array[%(ticket)s], %(support)s)",
    "act": "select done, why from helpdesk.act(gen_random_uuid(), array[%(ticket)s], '{\"status\": \"closed\"}', '')",
    "act on all": "select done, why from helpdesk.act(gen_random_uuid(), array[%(ticket)s], jsonb_build_object("
    "'status', 'closed', 'assignee', %(ada)s, 'department', %(support)s, 'priority', 'low', 'fields',"
    " '{\"a\": 1}'::jsonb, 'tags', jsonb_build_object('add', jsonb_build_array(%(tag)s)), 'snooze', '2099-1-1Z'), '')",
    "feedback": "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(ticket)s, %(me)s, 1)",
    "feedback of the requester": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
    " values (%(ticket)s, %(otto)s, 1)",
    "attach": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
    " values (%(ticket)s, %(message)s, 'x', encode(sha256('x'), 'hex'), 'x')",
    "attach to the request": "insert into public.ticket_attachments (ticket_id, name, sha256, data)"
    " values (%(ticket)s, 'x', encode(sha256('x'), 'hex'), 'x')",
    "attach across": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
    " values (%(own)s, %(message)s, 'x', encode(sha256('x'), 'hex'), 'x')",
    "files": "select * from helpdesk.attachments(%(ticket)s)",
    "thread": "select * from helpdesk.messages(%(ticket)s)",
    "lock": "select from public.tickets where id = %(ticket)s for update",
    "seen": "insert into public.ticket_messages (ticket_id, content, after_id) values (%(own)s, 'x', %(message)s)",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("name", STRANGERS)
async def test_forbidden_ticket_answers_as_one_that_does_not_exist(
    people: People, desk: Scene, name: str, attempt: str
) -> None:
    connection = await people.connect_as(desk.people[name])
    told = []
    for ticket, message in ((desk.ticket, desk.ids["message"]), (uuid4(), uuid4())):
        parameters = {**desk.ids, "ticket": ticket, "message": message, "me": desk.ids[name]}
        text = await answer(connection, ATTEMPTS[attempt], parameters)
        told.append(text.replace(str(ticket), "TICKET").replace(str(message), "MESSAGE"))
    assert told[0] == told[1]
    assert SECRET not in told[0]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.tickets (id, title, customer_id) values (%(foreign)s, 'x', %(me)s)",
        "insert into public.ticket_messages (id, ticket_id, content) values (%(message)s, %(own)s, 'x')",
        "insert into public.ticket_messages (id, ticket_id, content) values (%(note)s, %(own)s, '')",
        "update public.tickets set title = repeat('x', 501) where true",
        "update public.tickets set category_id = %(foreign)s where true",
    ],
)
async def test_no_error_quotes_a_row(stranger: Connection, desk: Scene, statement: str) -> None:
    """That an id which somebody knows is in use can be found out: ids are drawn by clients. What it is, cannot."""
    (me,) = await rows(stranger, "select id from helpdesk.me()")
    told = await answer(stranger, statement, {**desk.ids, "me": me[0]})
    assert SECRET not in told
    assert "Failing row" not in told


async def test_message_under_the_id_of_anothers_is_refused_and_not_lost_without_a_word(
    people: People, desk: Scene
) -> None:
    connection = await people.connect_as(desk.people["cora"])
    send = (
        "insert into public.ticket_messages (id, ticket_id, content) values (%s, %s, 'x') on conflict (id) do nothing"
    )
    for taken in ("message", "note", "own_note"):
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(send, [desk.ids[taken], desk.ids["own"]])
        assert refused.value.sqlstate == "HD002"


CHAT_ATTEMPTS = {
    "message": "insert into public.chat_messages (session_id, content) values (%(chat)s, 'x')",
    "message of the customer": "insert into public.chat_messages (session_id, sender_id, content)"
    " values (%(chat)s, %(otto)s, 'x')",
    "accept": "select * from helpdesk.chat_accept(%(chat)s)",
    "to oneself": "select helpdesk.chat_transfer(%(chat)s, %(me)s, null)",
    "to a department": "select helpdesk.chat_transfer(%(chat)s, null, %(support)s)",
    "put back": "select helpdesk.chat_transfer(%(chat)s, null, null)",
    "end": "select helpdesk.chat_end(%(chat)s)",
    "reopen": "select helpdesk.chat_reopen(%(chat)s)",
    "rate": "select helpdesk.chat_rate(%(chat)s, 1, 'x')",
    "seen": "select helpdesk.chat_seen(%(chat)s, %(said)s)",
    "typing": "select helpdesk.chat_typing(%(chat)s)",
    "here": "select helpdesk.chat_present(%(chat)s, true)",
    "ticket": "select * from helpdesk.chat_to_ticket(%(chat)s)",
    "look": "select * from helpdesk.chats(array[%(chat)s], 100)",
    "read": "select * from helpdesk.chat_messages(%(chat)s, null)",
    "read on": "select * from helpdesk.chat_messages(%(chat)s, %(said)s)",
    "lock": "select from public.chat_sessions where id = %(chat)s for update",
    "name": "select * from helpdesk.names(array[%(olga)s])",
}


@pytest.mark.parametrize("attempt", CHAT_ATTEMPTS)
@pytest.mark.parametrize("name", STRANGERS)
async def test_forbidden_chat_answers_as_one_that_does_not_exist(
    people: People, desk: Scene, name: str, attempt: str
) -> None:
    connection = await people.connect_as(desk.people[name])
    told = []
    for chat, said in (
        (desk.ids["chat"], desk.ids["said"]),
        (desk.ids["waiting"], desk.ids["asked"]),
        (uuid4(), uuid4()),
    ):
        parameters = {**desk.ids, "chat": chat, "said": said, "me": desk.ids[name]}
        text = await answer(connection, CHAT_ATTEMPTS[attempt], parameters)
        told.append(text.replace(str(chat), "CHAT").replace(str(said), "MESSAGE"))
    assert told[0] == told[1] == told[2]
    assert SECRET not in told[0]


@pytest.mark.parametrize("name", ["cora", "otto", "olga", "ada", "bo", "ida", "ann"])
async def test_chats_read_at_once_are_what_the_policies_show_row_by_row(people: People, desk: Scene, name: str) -> None:
    connection = await people.connect_as(desk.people[name])
    sessions = await rows(connection, "select id from public.chat_sessions order by 1")
    assert await rows(connection, "select id from helpdesk.chats(null, 100) order by 1") == sessions
    entitled = {"otto": {"chat"}, "olga": {"waiting"}, "bo": {"chat", "waiting"}, "ann": {"chat", "waiting"}}
    assert {chat for (chat,) in sessions} == {desk.ids[chat] for chat in entitled.get(name, ())}
    by_policy = await rows(connection, "select id, session_id, sender_id, content from public.chat_messages order by 1")
    at_once = await rows(
        connection,
        "select m.id, m.session_id, m.sender_id, m.content"
        " from unnest(%s::uuid[]) s cross join lateral helpdesk.chat_messages(s, null) m order by 1",
        [[desk.ids["chat"], desk.ids["waiting"]]],
    )
    assert at_once == by_policy
    # No address of staff reaches a customer, and no place in the waiting list anybody but whoever waits.
    told = str(await rows(connection, "select c::text from helpdesk.chats(null, 100) c"))
    assert "bo@desk.test" not in told
    places = await rows(connection, "select customer_id from helpdesk.chats(null, 100) where place is not null")
    assert places == ([(desk.ids["olga"],)] if name == "olga" else [])


# -- what a requester is not told -------------------------------------------------------------------------------------


async def test_never_again_private_notes_told_to_the_requester(people: People, desk: Scene) -> None:
    """Not from the thread, nor the ticket's times, its history, what answers refer to, or the inbox."""
    cora, ada = desk.people["cora"], desk.people["ada"]
    requester, agent = await people.connect_as(cora), await people.connect_as(ada)
    looks = (
        "select row(title, status, updated_at, due_date, assignee_id)::text from public.tickets where id = %(own)s",
        "select m::text from public.ticket_messages m where ticket_id = %(own)s",
        "select a::text from public.ticket_attachments a where ticket_id = %(own)s",
        "select a::text from helpdesk.attachments(%(own)s) a",
        "select h::text from public.ticket_status_history h where ticket_id = %(own)s",
        "select e::text from public.ticket_events e",
        "select n::text from public.notifications n",
        "select r::text from public.ticket_tag_relations r",
    )
    before = [await rows(requester, look, desk.ids) for look in looks]
    note = uuid4()
    await agent.execute(
        "insert into public.ticket_messages (id, ticket_id, content, is_internal) values (%s, %s, 'NOTE', true)",
        [note, desk.ids["own"]],
    )
    await people.database.run(
        "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
        " values (%s, %s, 'NOTE.txt', encode(sha256('NOTE'), 'hex'), 'NOTE')",
        [desk.ids["own"], note],
    )
    await agent.execute("insert into public.ticket_tag_relations values (%(own)s, %(tag)s)", desk.ids)
    assert [await rows(requester, look, desk.ids) for look in looks] == before

    # The answer after it has seen the note, and does not name it to the requester.
    await agent.execute(
        "insert into public.ticket_messages (ticket_id, content, after_id) values (%s, 'Answer', %s)",
        [desk.ids["own"], note],
    )
    told = str([await rows(requester, look, desk.ids) for look in looks])
    assert "Answer" in told
    assert str(note) not in told
    assert "NOTE" not in told


async def test_never_again_two_roles_adding_up(people: People, desk: Scene) -> None:
    ada, ann = desk.people["ada"], desk.people["ann"]
    agent, admin = await people.connect_as(ada), await people.connect_as(ann)
    ((ticket,),) = await rows(
        admin,
        "insert into public.tickets (title, customer_id, department_id, assignee_id) values ('Raise', %s, %s, %s)"
        " returning id",
        [ada.id, desk.ids["support"], ada.id],
    )
    await admin.execute(
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'NOTE', true)", [ticket]
    )
    await admin.execute("insert into public.ticket_tag_relations values (%s, %s)", [ticket, desk.ids["tag"]])
    await admin.execute("update public.tickets set priority = 'low' where id = %s", [ticket])
    assert await rows(agent, "select title from public.tickets where id = %s", [ticket]) == [("Raise",)]
    for table in ("ticket_messages", "ticket_events", "ticket_tag_relations"):
        assert await rows(agent, f"select * from public.{table} where ticket_id = %s", [ticket]) == []
    assert await rows(agent, "select * from helpdesk.messages(%s)", [ticket]) == []
    kinds = await rows(agent, "select type from public.notifications where ticket_id = %s", [ticket])
    assert kinds == [("assigned",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await agent.execute(
            "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'x', true)", [ticket]
        )
    await people.database.run("delete from public.tickets where id = %s", [ticket])


async def test_inbox_forgets_the_subject_of_a_ticket_that_is_out_of_sight(people: People, desk: Scene) -> None:
    ada, ann = desk.people["ada"], desk.people["ann"]
    agent, admin = await people.connect_as(ada), await people.connect_as(ann)
    ((ticket,),) = await rows(
        admin,
        "insert into public.tickets (title, customer_id, department_id) values ('Lay off', %s, %s) returning id",
        [desk.ids["otto"], desk.ids["support"]],
    )
    await admin.execute("select helpdesk.assign(array[%s], %s)", [ticket, ada.id])
    titles = "select title from public.notifications where ticket_id = %s"
    assert await rows(agent, titles, [ticket]) == [("Assigned to you: Lay off",)]
    await admin.execute("select helpdesk.move(array[%s], %s)", [ticket, desk.ids["billing"]])
    assert await rows(agent, titles, [ticket]) == []
    await people.database.run("delete from public.tickets where id = %s", [ticket])


async def test_drafts_are_in_nothing_that_a_customer_reads(people: People, desk: Scene) -> None:
    connection = await people.connect_as(desk.people["cora"])
    assert await rows(connection, "select count(*) from public.kb_articles") == [(0,)]
    assert await rows(connection, "select count(*) from public.kb_article_versions") == [(0,)]
    for reading in (
        "select from helpdesk.article(%(draft)s)",
        "select from helpdesk.article_versions(%(draft)s)",
        "select from helpdesk.articles(null, null, 99, null, null)",
        "select from helpdesk.articles(null, 'draft', 99, null, null)",
        "select from helpdesk.article_categories()",
        "select from helpdesk.search_articles('draft')",
        "select from helpdesk.search_articles('drafft')",
        "select from helpdesk.search_articles('dra')",
    ):
        assert await rows(connection, reading, desk.ids) == [], reading
    for attempt in (
        "select helpdesk.vote(%(article)s, true, null)",
        "select helpdesk.save_article(%(article)s, 'x', 'x', null, 1)",
        "select helpdesk.save_article(%(article)s, 'x', 'x', null, null)",
        "select helpdesk.set_article_status(%(article)s, 'published')",
        "select helpdesk.restore_article(%(article)s, 1)",
    ):
        draft, nothing = [
            (await answer(connection, attempt, {"article": article})).replace(str(article), "ARTICLE")
            for article in (desk.ids["draft"], uuid4())
        ]
        assert draft == nothing, attempt
    told = [
        await answer(
            connection,
            "insert into public.kb_article_feedback (article_id, user_id, helpful)"
            " values (%(article)s, %(cora)s, true)",
            {**desk.ids, "article": article},
        )
        for article in (desk.ids["draft"], uuid4())
    ]
    assert told[0] == told[1]
