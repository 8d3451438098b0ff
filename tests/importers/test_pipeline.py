"""What every import keeps: the same twice, never half, never loud, broken lines told by number."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from helpdesk_tui.core.errors import (
    BadInput,
    DatabaseNotReady,
    HelpdeskError,
    ImportStopped,
    NewerDatabase,
    NotFound,
    Refused,
    Unreachable,
)
from helpdesk_tui.importers import pipeline
from helpdesk_tui.importers.pipeline import Import
from tests.importers.helping import FORMS, article, as_file, bring_in, chat, essence, everything, thread

RECORDS = {"tickets": thread, "kb": article, "chats": chat}


@pytest.mark.parametrize("what", RECORDS)
async def test_running_the_same_file_again_changes_nothing(database, what):
    records = [RECORDS[what](number) for number in range(20)]
    first = bring_in(database, records, what, department="Forum") if what != "kb" else bring_in(database, records, what)
    assert first.added.total() > 20
    before = await everything(database)
    second = (
        bring_in(database, records, what, department="Forum") if what != "kb" else bring_in(database, records, what)
    )
    assert second.found == first.found
    assert second.added.total() == 0
    assert await everything(database) == before


async def test_running_it_again_leaves_what_people_did_since(database):
    records = [thread(number) for number in range(3)]
    bring_in(database, records)
    await database.run("update public.tickets set status = 'closed', title = 'Renamed' where number = 1")
    await database.run("delete from public.ticket_tag_relations")
    await database.run("update public.profiles set role = 'customer', full_name = 'Left' where email like 'agent-01@%'")
    before = await everything(database)
    bring_in(database, records)
    assert await everything(database) == before


async def test_a_thread_that_has_grown_brings_its_new_messages_only(database):
    bring_in(database, [thread(1)])
    await database.run("update public.tickets set status = 'closed'")
    grown = thread(1)
    grown["messages"] = [*grown["messages"], grown["messages"][0] | {"id": "later", "text": "And now?"}]
    tally = bring_in(database, [grown])
    assert tally.added == {"people": 0, "tickets": 0, "messages": 1, "tags": 0}
    assert await database.run("select status::text, count(*) from public.tickets group by 1") == [("closed", 1)]


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 9])
async def test_an_interrupted_import_goes_on_and_ends_as_an_uninterrupted_one(database, template, monkeypatch, cut):
    monkeypatch.setattr(pipeline, "BATCH_LINES", 5)
    records = [thread(number) for number in range(12)]

    def interrupted():
        yield from records[:cut]
        raise KeyboardInterrupt

    job = Import(FORMS["tickets"]())
    monkeypatch.setattr(pipeline, "read", lambda _: _reading(interrupted()))
    with pytest.raises(KeyboardInterrupt):
        job.run(as_file([]), database.owner_dsn)
    monkeypatch.undo()
    assert job.tally.line == cut // 5 * 5
    counted = await database.run("select count(*) from public.tickets")
    assert counted == [(job.tally.line,)], "what the tally says is in, is in, and nothing else"
    bring_in(database, records, from_line=job.tally.line + 1)

    from tests.world import create_database, drop_database

    other = create_database(database.server, f"{database.name}_whole", template.name)
    try:
        bring_in(other, records)
        assert await essence(database) == await essence(other)
    finally:
        drop_database(other)


def _reading(records):
    from helpdesk_tui.importers.lines import Line

    for number, record in enumerate(records, 1):
        yield Line(number, record, None, 100)


BROKEN = {
    "not JSON": b"{nonsense\n",
    "“requester” is missing": thread(99, requester=None),
    "“messages” is empty": thread(99, messages=[]),
    "“messages[1].created_at” is not a time": thread(
        99, messages=[thread(1)["messages"][0], thread(1)["messages"][1] | {"created_at": "noon"}]
    ),
    "“priority” is none of": thread(99, priority="very"),
    "two of its messages have the same id": thread(99, messages=[thread(1)["messages"][0]] * 2),
    "the database refuses it": thread(99, messages=[thread(1)["messages"][0] | {"text": "x" * 500_001, "id": "long"}]),
}


@pytest.mark.parametrize("words", BROKEN)
async def test_a_broken_line_is_told_by_number_and_stops_the_import_with_nothing_of_it_in(database, words):
    records = [thread(1), thread(2), BROKEN[words], thread(3)]
    with pytest.raises(ImportStopped) as caught:
        bring_in(database, records)
    assert caught.value.line == 3
    assert "Line 3" in caught.value.message
    assert words in caught.value.message
    assert await database.run("select array_agg(title order by number) from public.tickets") == [
        (["Subject 1", "Subject 2"],)
    ]
    assert await database.run("select count(*) from public.ticket_messages") == [(6,)]
    assert await database.run("select count(*) from public.profiles where email like 'user-99@%'") == [(0,)]


@pytest.mark.parametrize("words", BROKEN)
async def test_a_broken_line_is_left_out_if_asked_and_all_others_are_in(database, words):
    tally = bring_in(database, [thread(1), BROKEN[words], thread(3), BROKEN[words], thread(5)], on_error="skip")
    assert [problem.line for problem in tally.problems] == [2, 4]
    assert all(words in problem.why for problem in tally.problems)
    assert tally.left_out == 2
    assert tally.found == {"tickets": 3, "messages": 9}
    assert await database.run("select count(*), max(number) from public.tickets") == [(3, 3)] or words.startswith("the")
    assert await database.run("select count(*) from public.ticket_messages") == [(9,)]


async def test_a_file_that_is_cut_off_stops_after_its_last_whole_line(database):
    whole = as_file([thread(number) for number in range(400)], packed=True).read()
    import io

    with pytest.raises(ImportStopped, match="ends in the middle") as caught:
        Import(FORMS["tickets"](), on_error="skip").run(
            io.BufferedReader(io.BytesIO(whole[:-20])),
            database.owner_dsn,
        )
    ((inside,),) = await database.run("select count(*) from public.tickets")
    assert caught.value.line == inside + 1


async def test_the_same_id_twice_in_a_file_is_one_ticket(database, monkeypatch):
    for size in (300, 1):
        monkeypatch.setattr(pipeline, "BATCH_LINES", size)
        bring_in(database, [thread(1), thread(1, subject="Again", tags=["other"]), thread(2)])
    assert await database.run("select title from public.tickets order by number") == [("Subject 1",), ("Subject 2",)]
    assert await database.run("select count(*) from public.ticket_tags where name = 'other'") == [(0,)]


async def test_never_again_an_import_that_notifies_everybody(database, people):
    agent = await people.sign_up("ada@desk.test", "Ada", "agent", "Forum")
    admin = await people.sign_up("max@desk.test", "Max", "admin")
    heard: list[str] = []
    for person in (agent, admin):
        connection = await people.connect_as(person)
        for (channel,) in await (await connection.execute("select channel from helpdesk.channels()")).fetchall():
            await connection.execute(f'listen "{channel}"')
        connection.add_notify_handler(lambda notice: heard.append(notice.payload))
    bring_in(database, [thread(number) for number in range(30)], department="Forum")
    bring_in(database, [chat(number) for number in range(30)], "chats", department="Forum")
    await asyncio.sleep(0.2)
    for connection in people._open:
        await connection.execute("select 1")
    assert heard == []
    assert await database.run("select count(*) from public.notifications") == [(0,)]


async def test_only_a_login_that_is_trusted_may_import(database, people):
    agent = await people.sign_up("ada@desk.test", "Ada", "admin")
    dsn = psycopg.conninfo.make_conninfo(
        database.owner_dsn, user=agent.db_user, password=agent.db_password, dbname=database.name
    )
    with pytest.raises(Refused):
        Import(FORMS["tickets"]()).run(as_file([thread(1)]), dsn)
    assert await database.run("select count(*) from public.tickets") == [(0,)]


async def test_a_database_that_does_not_fit_is_refused(database, empty_database):
    with pytest.raises(DatabaseNotReady):
        bring_in(empty_database, [thread(1)])
    await database.run("insert into private.schema_version (version) values (9999)")
    with pytest.raises(NewerDatabase):
        bring_in(database, [thread(1)])


@pytest.mark.parametrize(
    ("dsn", "error"),
    [
        ("host=/nowhere dbname=x", Unreachable),
        ("host=127.0.0.1 port=1 dbname=x", Unreachable),
        ("postgres:/me:s3cret@host", BadInput),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(dsn, error):
    with pytest.raises(error) as caught:
        Import(FORMS["tickets"]()).run(as_file([thread(1)]), dsn)
    assert "s3cret" not in str(caught.value)


async def test_losing_the_database_keeps_what_was_committed_and_says_how_to_go_on(database, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH_LINES", 5)

    def cut(tally):
        if tally.line == 10:
            with psycopg.connect(database.owner_dsn, autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'helpdesk import'"
                )

    job = Import(FORMS["tickets"](), progress=cut)
    with pytest.raises(HelpdeskError) as caught:
        job.run(as_file([thread(number) for number in range(30)]), database.owner_dsn)
    assert "--from-line 11" in str(caught.value)
    assert await database.run("select count(*) from public.tickets") == [(10,)]


async def test_two_imports_of_the_same_file_at_once_are_one(database, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH_LINES", 7)
    records = [thread(number) for number in range(60)]
    await asyncio.gather(*(asyncio.to_thread(bring_in, database, list(each)) for each in (records, records[::-1])))
    assert await database.run("select count(*) from public.tickets") == [(60,)]
    assert await database.run("select count(*) from public.ticket_messages") == [(180,)]
    assert await database.run("select count(*) from public.ticket_status_history") == [(120,)]


def test_checking_a_file_needs_no_database():
    tally = Import(FORMS["tickets"](), on_error="skip").check(as_file([thread(1), b"{\n", thread(2)]))
    assert tally.found == {"tickets": 2, "messages": 6}
    assert [problem.line for problem in tally.problems] == [2]


async def test_an_author_nobody_knows_is_told(database):
    from helpdesk_tui.importers.kb import Articles
    from tests.importers.helping import NOW

    with pytest.raises(NotFound, match=r"ada@desk\.test"):
        Import(Articles(now=NOW, author=True), author="ada@desk.test").run(as_file([article(1)]), database.owner_dsn)
