"""core/database.py when things go wrong: connections lost, logins expired, servers that refuse; and what is said."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from helpdesk_tui.core import faults
from helpdesk_tui.core.credential import Session
from helpdesk_tui.core.database import Database, Limits, Statement, only
from helpdesk_tui.core.errors import (
    BadInput,
    DatabaseNotReady,
    HelpdeskError,
    NewerDatabase,
    NotFound,
    Refused,
    SettingsError,
    SignInError,
    Stale,
    TookTooLong,
    Unreachable,
)
from tests.opened import opened, proxied, through, until
from tests.world import DeskDatabase, People, Person

ONE = Statement("select 1", row=only(int))
SLEEP = "select 1 from pg_sleep(%s)"
INSERT = "insert into public.tickets (id, title, customer_id) values (%s, %s, %s) on conflict do nothing"


@pytest.fixture
async def customer(people: People) -> Person:
    return await people.sign_up("cora@shop.test", "Cora")


async def terminate(database: DeskDatabase, person: Person) -> None:
    await database.run(
        "select pg_terminate_backend(pid, 2000) from pg_stat_activity where usename = %s", [person.db_user]
    )


async def count(database: DeskDatabase) -> int:
    return int((await database.run("select count(*) from public.tickets"))[0][0])


# -- connections lost --------------------------------------------------------------------------------------------------


async def test_reading_goes_on_after_the_server_ended_the_connection(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        for _ in range(3):
            await terminate(database, customer)
            assert await desk.fetch(ONE) == [1]


async def test_a_connection_lost_while_unused_fails_no_act(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        for _ in range(3):
            await terminate(database, customer)
            await desk.run(Statement(INSERT, (uuid4(), "x", customer.id)))
        assert await count(database) == 3


async def test_a_read_that_is_cut_off_is_tried_once_more(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        reading = asyncio.create_task(desk.run(Statement(SLEEP, (0.2,))))
        await asyncio.sleep(0.1)
        proxy.cut()
        assert await reading == [[(1,)]]
        again = asyncio.create_task(desk.run(Statement(SLEEP, (0.2,))))
        await asyncio.sleep(0.1)
        proxy.cut()
        await asyncio.sleep(0.15)
        proxy.cut()
        with pytest.raises(Unreachable, match=proxy.host):
            await again
        assert await desk.fetch(ONE) == [1]


async def test_an_act_that_is_cut_off_is_never_sent_twice(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        acting = asyncio.create_task(desk.run(Statement(INSERT, (uuid4(), "x", customer.id)), Statement(SLEEP, (0.2,))))
        await asyncio.sleep(0.1)
        connections = proxy.connections
        proxy.cut()
        with pytest.raises(Unreachable, match="lost"):
            await acting
        assert proxy.connections == connections


async def test_an_act_without_harm_is_sent_again_when_cut_off(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        insert = Statement(INSERT, (uuid4(), "x", customer.id))
        acting = asyncio.create_task(desk.run(insert, Statement(SLEEP, (0.2,)), idempotent=True))
        await asyncio.sleep(0.1)
        proxy.cut()
        await acting
        assert await count(database) == 1


async def test_a_server_that_stops_answering_is_given_up(database: DeskDatabase, customer: Person) -> None:
    limits = Limits(answer=0.3, cancelling=0.2)
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy, limits=limits) as desk:
        proxy.swallow()
        for statement in (ONE, Statement(INSERT, (uuid4(), "x", customer.id))):
            with pytest.raises(Unreachable, match="did not answer"):
                await asyncio.wait_for(desk.run(statement), 2 if statement is ONE else 20)
            proxy.thaw()
            await desk.warm()
            proxy.swallow()
        proxy.thaw()
        assert await desk.fetch(ONE) == [1]


async def test_a_cancelled_read_on_a_dead_line_is_hung_up_on(database: DeskDatabase, customer: Person) -> None:
    limits = Limits(cancelling=0.2)
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy, limits=limits) as desk:
        proxy.swallow()
        reading = asyncio.create_task(desk.fetch(ONE))
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.sleep(0.5)
        proxy.thaw()
        assert await desk.fetch(ONE) == [1]


async def test_an_unreachable_host_is_named(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy:
        settings = through(database.settings, proxy)
        proxy.refuse()
        with pytest.raises(Unreachable, match=f"Nothing answers at 127.0.0.1:{proxy.port}"):
            await Database.connect(settings, customer.session)
    with pytest.raises(Unreachable, match="no host called no-such-host"):
        await Database.connect(replace(settings, db_host="no-such-host.invalid"), customer.session)
    with pytest.raises(Unreachable, match="this computer"):
        await Database.connect(replace(settings, db_host="/nowhere"), customer.session)


async def test_a_host_that_accepts_and_says_nothing_is_unreachable(
    database: DeskDatabase, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.core.connecting.CONNECT_SECONDS", 2)
    async with proxied(database) as proxy:
        proxy.freeze()
        with pytest.raises(Unreachable, match="did not answer in time"):
            await Database.connect(through(database.settings, proxy), customer.session)


async def test_connecting_that_is_cancelled_hangs_up(database: DeskDatabase, customer: Person) -> None:
    """Or the server would wait a minute for the rest of the sign-in, with one connection fewer for this login."""
    met, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        met.set()
        await reader.read()
        gone.set()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        task = asyncio.create_task(
            Database.connect(replace(database.settings, db_host=host, db_port=port), customer.session)
        )
        await met.wait()
        task.cancel()
        # Kept, as a worker of the interface keeps what ended it.
        with pytest.raises(asyncio.CancelledError) as kept:
            await task
        async with asyncio.timeout(2):
            await gone.wait()
        assert kept.value is not None


async def test_a_database_that_is_not_there(database: DeskDatabase, customer: Person) -> None:
    with pytest.raises(SettingsError, match="no database of that name"):
        await Database.connect(replace(database.settings, db_name="nowhere"), customer.session)


# -- logins ------------------------------------------------------------------------------------------------------------


async def expire(database: DeskDatabase, person: Person) -> None:
    await database.run(f"alter role {person.db_user} valid until '2001-01-01'")


async def test_an_expired_login_says_so(database: DeskDatabase, customer: Person) -> None:
    await expire(database, customer)
    with pytest.raises(SignInError, match="expired or was signed out") as failure:
        await Database.connect(database.settings, customer.session)
    assert failure.value.kind == "expired"


async def test_a_login_that_is_gone_says_so(database: DeskDatabase, customer: Person) -> None:
    await database.run(f"drop role {customer.db_user}")
    with pytest.raises(SignInError) as failure:
        await Database.connect(database.settings, customer.session)
    assert failure.value.kind == "expired"


async def test_an_open_connection_outlives_an_expired_login(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        await expire(database, customer)
        assert await desk.fetch(ONE) == [1]


async def test_an_expired_login_is_renewed_when_a_connection_is_needed(
    database: DeskDatabase, people: People, customer: Person
) -> None:
    renewals = 0

    async def renew() -> Session:
        nonlocal renewals
        renewals += 1
        return (await people.sign_in(customer)).session

    async with opened(database, customer, renew=renew) as desk:
        await expire(database, customer)
        await terminate(database, customer)
        assert await desk.fetch(Statement("select id from helpdesk.me()", row=only(UUID))) == [customer.id]
        assert renewals == 1


async def test_a_new_session_given_while_connected_is_used_for_new_connections(
    database: DeskDatabase, people: People, customer: Person
) -> None:
    async with opened(database, customer) as desk:
        again = await people.sign_in(customer)
        await desk.use(again.session)
        await database.run(f"drop role if exists {customer.db_user}")
        user = Statement("select session_user::text", row=only(str))
        assert await desk.fetch(user) == [again.db_user]


# -- what the database says --------------------------------------------------------------------------------------------


def raising(code: str, message: str = "a sentence", detail: str = "", hint: str = "") -> Statement:
    return Statement(
        f"do $$ begin raise exception '{message}'"
        f" using errcode = '{code}', detail = '{detail}', hint = '{hint}'; end $$"
    )


async def refusal(desk: Database, statement: Statement) -> HelpdeskError:
    with pytest.raises(HelpdeskError) as failure:
        await desk.run(statement)
    return failure.value


async def test_our_own_refusals_keep_their_words(database: DeskDatabase, customer: Person) -> None:
    first, second = uuid4(), uuid4()
    async with opened(database, customer) as desk:
        stale = await refusal(desk, raising("HD001", "there are newer messages", f'["{first}", "{second}"]'))
        assert isinstance(stale, Stale)
        assert stale.unseen == (first, second)
        assert str(stale) == "There are newer messages."
        odd = await refusal(desk, raising("HD001", detail="rubbish"))
        assert isinstance(odd, Stale)
        assert odd.unseen == ()
        bad = await refusal(desk, raising("HD002", "a title is needed", hint="say what it is about"))
        assert isinstance(bad, BadInput)
        assert (bad.message, bad.hint) == ("A title is needed.", "Say what it is about.")
        assert isinstance(await refusal(desk, raising("HD003")), Refused)
        assert isinstance(await refusal(desk, raising("HD004")), NotFound)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("42501", Refused, "do not allow"),
        ("40001", Unreachable, "at the same time"),
        ("40P01", Unreachable, "at the same time"),
        ("55P03", Unreachable, "just now"),
        ("57014", TookTooLong, "took too long"),
        ("25006", Unreachable, "read-only"),
        ("53100", Unreachable, "disk"),
        ("53200", Unreachable, "memory"),
        ("53300", Unreachable, "no connection left"),
        ("54000", Unreachable, "limits"),
        ("23502", BadInput, "left empty"),
        ("23503", BadInput, "does not exist"),
        ("23505", BadInput, "exists already"),
        ("23514", BadInput, "not one of those"),
        ("22P02", BadInput, "cannot use a value"),
        ("42P01", DatabaseNotReady, "lacks a part"),
        ("42883", DatabaseNotReady, "lacks a part"),
        ("28P01", SignInError, "expired"),
        ("P0001", Refused, "refused"),
        ("XX000", Unreachable, "fault of its own"),
        ("42601", HelpdeskError, "did not understand"),
    ],
)
async def test_every_kind_of_refusal_is_said_in_plain_words(
    module_database: DeskDatabase, module_people: People, code: str, kind: type[HelpdeskError], words: str
) -> None:
    person = await module_people.sign_up(f"p{code.lower()}@shop.test", "Pat")
    secret = "Mallory''s medical file"
    async with opened(module_database, person) as desk:
        error = await refusal(desk, raising(code, secret, detail=secret, hint=secret))
        assert type(error) is kind
        assert words in error.message
        assert error.message.endswith(".")
        assert "Mallory" not in "".join(traceback.format_exception(error))
        assert await desk.fetch(ONE) == [1]


async def test_no_row_policy_or_name_of_others_is_in_an_error_text(database: DeskDatabase, customer: Person) -> None:
    attempts = [
        # A unique violation's detail quotes the row, a refused row its policy's table, a cast the value.
        Statement("insert into public.tickets (id, title, customer_id) values (%s, 'x', %s)", (uuid4(), uuid4())),
        Statement("update public.profiles set role = 'admin' where id = %s", (customer.id,)),
        Statement("select * from private.secrets"),
        Statement("select name::int from public.departments"),
    ]
    async with opened(database, customer) as desk:
        for statement in attempts:
            error = await refusal(desk, statement)
            told = "".join(traceback.format_exception(error)) + repr(error.__context__) + repr(error.__cause__)
            for word in (
                "row-level",
                "policy",
                "tickets",
                "profiles",
                "private",
                "secrets",
                "Support",
                str(customer.id),
            ):
                assert word not in told.replace("helpdesk_tui", "")


async def test_a_statement_that_takes_too_long_is_stopped(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer, limits=Limits(statement=0.1)) as desk:
        assert "took too long" in str(await refusal(desk, Statement(SLEEP, (5,))))
        assert await desk.fetch(ONE) == [1]


async def test_waiting_for_somebody_elses_lock_ends(database: DeskDatabase, people: People) -> None:
    agent = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    customer = await people.add("cora@shop.test", "Cora")
    await database.run(INSERT, [uuid4(), "x", customer.id])
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("select from public.tickets for update")
        async with opened(database, agent, limits=Limits(lock=0.1)) as desk:
            assert "Somebody else" in str(await refusal(desk, Statement("update public.tickets set title = 'y'")))


async def test_a_transaction_that_lost_against_another_is_run_again(database: DeskDatabase, customer: Person) -> None:
    await database.run("create sequence public.tries")
    await database.run("grant usage on sequence public.tries to helpdesk_member")
    flaky = Statement(
        "do $$ begin if nextval('public.tries') < 3 then raise exception 'x' using errcode = '40001'; end if; end $$"
    )
    async with opened(database, customer) as desk:
        await desk.run(Statement(INSERT, (uuid4(), "x", customer.id)), flaky)
        assert await count(database) == 1
        assert await database.run("select last_value from public.tries") == [(3,)]


async def test_a_changed_table_does_not_break_prepared_statements(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        everything = Statement("select * from public.departments")
        for _ in range(8):
            await desk.fetch(everything)
        width = len((await desk.fetch(everything))[0])
        await database.run("alter table public.departments add column motto text")
        assert len((await desk.fetch(everything))[0]) == width + 1


# -- does the database fit ---------------------------------------------------------------------------------------------


async def test_a_newer_database_is_refused_with_a_clear_message(database: DeskDatabase, customer: Person) -> None:
    await database.run("insert into private.schema_version (version) values (99)")
    with pytest.raises(NewerDatabase, match=r"version 99.*Upgrade helpdesk-tui"):
        await Database.connect(database.settings, customer.session)


async def test_an_older_database_is_refused_with_the_way_out(database: DeskDatabase, customer: Person) -> None:
    await database.run("update private.schema_version set version = 0")
    with pytest.raises(DatabaseNotReady, match=r"version 0.*helpdesk db apply"):
        await Database.connect(database.settings, customer.session)


async def test_a_database_without_a_helpdesk_says_so(
    empty_database: DeskDatabase, people: People, customer: Person
) -> None:
    with pytest.raises(DatabaseNotReady, match="holds no helpdesk"):
        await Database.connect(empty_database.settings, customer.session)


async def test_a_login_that_may_not_be_authenticated_is_told_apart(database: DeskDatabase, customer: Person) -> None:
    stranger = replace(customer.session, db_user=f"hd_{uuid4().hex}")
    await database.run(f"create role {stranger.db_user} login password '{stranger.db_password}'")
    with pytest.raises(DatabaseNotReady, match="does not know the role"):
        await Database.connect(database.settings, stranger)


async def test_a_failed_connect_leaves_no_connection(database: DeskDatabase, customer: Person) -> None:
    await database.run("insert into private.schema_version (version) values (99)")
    async with proxied(database) as proxy:
        with pytest.raises(NewerDatabase):
            await Database.connect(through(database.settings, proxy), customer.session)
        await until(lambda: proxy.open == 0)


# -- sentences of servers and poolers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "kind", "words"),
    [
        ('FATAL:  password authentication failed for user "hd_1"', SignInError, "expired"),
        ('FATAL:  role "hd_1" does not exist', SignInError, "expired"),
        ("FATAL:  Tenant or user not found", SignInError, "expired"),
        ("FATAL:  SASL authentication failed", SignInError, "expired"),
        ("FATAL:  no such user", SignInError, "expired"),
        ('FATAL:  too many connections for role "hd_1"', Unreachable, "no connection left"),
        ("FATAL:  remaining connection slots are reserved for roles", Unreachable, "no connection left"),
        ("FATAL:  no more connections allowed (max_client_conn)", Unreachable, "no connection left"),
        ("FATAL:  Max client connections reached", Unreachable, "no connection left"),
        ("FATAL:  the database system is starting up", Unreachable, "starting up"),
        ("FATAL:  the database system is not accepting connections", Unreachable, "starting up"),
        ('FATAL:  database "x" does not exist', SettingsError, "no database"),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4", no encryption', Unreachable, "does not admit"),
        ("server does not support SSL, but SSL was required", Unreachable, "encrypted"),
        ("SSL error: certificate verify failed", Unreachable, "encrypted"),
        ("Connection refused\n\tIs the server running on that host", Unreachable, "Nothing answers"),
        ("server closed the connection unexpectedly", Unreachable, "could not be made"),
        ("Connection timed out", Unreachable, "in time"),
        ("[Errno -2] Name or service not known", Unreachable, "no host called"),
        ("etwas ganz anderes", Unreachable, "could not be made"),
    ],
)
def test_why_no_connection_was_made(sentence: str, kind: type[HelpdeskError], words: str) -> None:
    error = faults.connecting(psycopg.OperationalError(f"connection failed: {sentence}"), host="db.test")
    assert type(error) is kind
    assert words in error.message


def test_the_core_says_nothing_on_stderr(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import logging

    import helpdesk_tui.core.connecting  # noqa: F401

    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        logging.getLogger("psycopg").warning("error ignored terminating: DETAIL: somebody's row")
    finally:
        root.handlers = handlers
    assert capfd.readouterr().err == ""
