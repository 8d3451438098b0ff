"""core/live.py: what is told, to whom, and that nothing is missed in between."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.connecting import connect
from helpdesk_tui.core.credential import Session
from helpdesk_tui.core.database import Statement, only
from helpdesk_tui.core.live import Changed, Live, State
from helpdesk_tui.core.live_events import Kind, Typing, gathered, parse
from tests.listening import QUICK, listening, open_ticket
from tests.opened import opened, proxied, through, until
from tests.world import Connection, DeskDatabase, People, Person


async def test_two_desks_show_each_others_acts(
    database: DeskDatabase, people: People, ana: Person, cora: Person
) -> None:
    bo = await people.sign_up("bo@desk.test", "Bo", "agent", "Support")
    ticket = await open_ticket(database, cora)
    async with (
        opened(database, ana) as acting,
        listening(database.settings, ana) as own,
        listening(database.settings, bo) as other,
        listening(database.settings, cora) as requester,
    ):
        await acting.run(Statement("update public.tickets set status = 'pending' where id = %s", (ticket,)))
        for heard in (own, other, requester):
            assert await heard.ticket(ticket) < 0.5


async def test_a_department_hears_nothing_of_another(
    database: DeskDatabase, people: People, ana: Person, cora: Person
) -> None:
    bill = await people.sign_up("bill@desk.test", "Bill", "agent", "Billing")
    async with listening(database.settings, ana) as support, listening(database.settings, bill) as billing:
        ticket = await open_ticket(database, cora)
        await support.ticket(ticket)
        await asyncio.sleep(0.1)
        assert billing.tickets == set()


async def test_one_statement_over_many_tickets_is_one_change(database: DeskDatabase, ana: Person, cora: Person) -> None:
    tickets = [await open_ticket(database, cora) for _ in range(5)]
    async with listening(database.settings, ana) as heard:
        await database.run("update public.tickets set priority = 'high'")
        await heard.ticket(tickets[0])
        assert heard.tickets == set(tickets)
        assert heard.reasons.count("notified") == 1


async def test_too_many_to_name_is_read_again_whole(database: DeskDatabase, ana: Person, cora: Person) -> None:
    async with listening(database.settings, ana) as heard:
        await database.run(
            "insert into public.tickets (title, customer_id) select 'x', %s from generate_series(1, 200)", [cora.id]
        )
        await until(lambda: "many" in heard.reasons)


async def test_it_listens_before_it_tells_to_read(database: DeskDatabase, ana: Person, cora: Person) -> None:
    """At the moment panes are told to read, what happens next is already listened for, over a slow link too."""
    written: list[asyncio.Task[UUID]] = []

    def told(event: object) -> None:
        if isinstance(event, Changed) and event.reason == "connected":
            written.append(asyncio.create_task(open_ticket(database, cora)))

    async with (
        proxied(database, delay=0.1) as proxy,
        listening(through(database.settings, proxy), ana, replace(QUICK, answer=2, probe=2), wait_for=None) as heard,
    ):
        heard.live.subscribe(told)
        await until(lambda: bool(written) and written[0].done())
        await heard.ticket(written[0].result())


async def test_a_moment_of_being_busy_is_not_taken_for_a_pooler(database: DeskDatabase, ana: Person) -> None:
    """What was notified while nobody could look has come in time: no five minutes of polling for that."""
    async with listening(database.settings, ana, replace(QUICK, probe=0), wait_for=None) as heard:
        await until(lambda: bool(heard.states))
        assert heard.states == ["live"]


async def test_never_again_an_answer_missed_after_a_reconnect(
    database: DeskDatabase, ana: Person, cora: Person
) -> None:
    """Somebody writes all the time while the connection is cut again and again; the pane reads when it is told to."""
    ticket = await open_ticket(database, cora, "0")
    title = Statement("select title from public.tickets where id = %s", (ticket,), row=only(str))
    async with proxied(database, delay=0.015) as proxy, opened(database, ana) as pane:
        shown = ""
        reading = asyncio.Lock()

        async def read() -> None:
            nonlocal shown
            async with reading:
                shown = (await pane.fetch(title))[0]

        async with listening(through(database.settings, proxy), ana) as heard:
            reads: set[asyncio.Task[None]] = set()

            def told(event: object) -> None:
                if isinstance(event, Changed):
                    reads.add(asyncio.create_task(read()))

            heard.live.subscribe(told)
            async with await database.connect() as owner:
                number = 0
                for _ in range(30):
                    connected = heard.reasons.count("connected")
                    proxy.cut()
                    while heard.reasons.count("connected") == connected:
                        number += 1
                        await owner.execute("update public.tickets set title = %s where id = %s", [str(number), ticket])
                        await asyncio.sleep(0.01)
                    # The last change falls somewhere into the reconnect; nothing is written any more.
                    last = str(number)

                    async def caught_up(last: str = last) -> bool:
                        await asyncio.sleep(0)
                        return shown == last

                    await until(caught_up)


async def test_events_can_be_iterated_over(database: DeskDatabase, ana: Person, cora: Person) -> None:
    live = Live(database.settings, lambda: ana.session, pace=QUICK)
    running = asyncio.create_task(live.run())
    seen = []
    async for event in live.events():
        seen.append(event)
        if isinstance(event, State) and event.name == "live":
            break
    assert [type(each).__name__ for each in seen] == ["State", "Changed", "State"]
    assert seen[0] == State("connecting", seen[0].since) if isinstance(seen[0], State) else False
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_stopping_leaves_no_connection(database: DeskDatabase, ana: Person) -> None:
    async with proxied(database) as proxy:
        async with listening(through(database.settings, proxy), ana):
            assert proxy.open == 1
        await until(lambda: proxy.open == 0)


async def test_everything_is_read_again_for_safety(database: DeskDatabase, ana: Person) -> None:
    async with listening(database.settings, ana, replace(QUICK, safety=0.3)) as heard:
        await until(lambda: heard.reasons.count("safety") >= 2)
        assert heard.states == ["live"]


async def test_an_idle_connection_is_asked_whether_it_lives(database: DeskDatabase, ana: Person) -> None:
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana) as heard:
        syncs = proxy.syncs
        await until(lambda: proxy.syncs >= syncs + 2)
        assert heard.states == ["live"]


async def test_keepalives_are_as_designed(database: DeskDatabase, ana: Person) -> None:
    async with proxied(database) as proxy:
        connection = await connect(through(database.settings, proxy), ana.session, listening=True)
        with socket.socket(fileno=connection.pgconn.socket) as line:
            options = [
                line.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            ]
            alive = line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            line.detach()
        await connection.close()
        assert (alive, options) == (1, [5, 2, 3, 8000])


# -- who may be told ---------------------------------------------------------------------------------------------------


async def test_moving_to_another_department_moves_what_one_hears(
    database: DeskDatabase, people: People, ana: Person, cora: Person
) -> None:
    billing = await people.department("Billing")
    async with listening(database.settings, ana) as heard:
        await database.run("update public.profiles set department_id = %s where id = %s", [billing, ana.id])
        await until(lambda: "access" in heard.reasons)
        support = await open_ticket(database, cora)
        await database.run("update public.tickets set department_id = %s where id = %s", [billing, support])
        await heard.ticket(support)
        elsewhere = await open_ticket(database, cora)
        await asyncio.sleep(0.15)
        assert elsewhere not in heard.tickets


async def test_a_demoted_agent_hears_nothing_more(database: DeskDatabase, ana: Person, cora: Person) -> None:
    async with listening(database.settings, ana) as heard:
        await database.run("update public.profiles set role = 'customer' where id = %s", [ana.id])
        await until(lambda: "access" in heard.reasons)
        await open_ticket(database, cora)
        await asyncio.sleep(0.15)
        assert heard.tickets == set()


# -- forged notifications ----------------------------------------------------------------------------------------------


async def forge(connection: Connection, payloads: list[str]) -> None:
    """Sends anything on every channel that this session knows: NOTIFY asks nobody's permission."""
    channels = await (await connection.execute("select channel from helpdesk.channels()")).fetchall()
    async with connection.transaction():
        for (channel,) in channels:
            for payload in payloads:
                await connection.execute("select pg_notify(%s, %s)", [channel, payload])


async def test_forged_notifications_are_harmless(
    database: DeskDatabase, people: People, ana: Person, cora: Person
) -> None:
    mallory = await people.connect_as(await people.sign_up("mallory@desk.test", "Mallory", "agent", "Support"))
    rubbish = [
        "", "null", "[]", "{}", "[1]", '["x"]', "[[" * 3000, '["' + "a" * 7000, "\x01", "drop table tickets", "[null]",
        '["00000000-0000-0000-0000-00000000000g"]', json.dumps([str(uuid4())] * 150)[:-1], "**", "❗" * 100,
        json.dumps({"id": str(uuid4())}), "*\n", "! ",
    ]  # fmt: skip
    async with listening(database.settings, ana) as heard:
        events = len(heard.events)
        await forge(mallory, rubbish)
        ticket = await open_ticket(database, cora)
        await heard.ticket(ticket)
        assert heard.tickets == {ticket}
        assert len(heard.events) == events + 1
        # What makes sense is a hint to read again, and reading is under row security.
        unknown = uuid4()
        await forge(mallory, [json.dumps([str(unknown)])])
        await heard.ticket(unknown)
        assert heard.states == ["live"]


async def test_a_flood_of_calls_to_look_again_is_slowed_down(
    database: DeskDatabase, people: People, ana: Person
) -> None:
    mallory = await people.connect_as(await people.sign_up("mallory@desk.test", "Mallory", "agent", "Support"))
    async with (
        proxied(database) as proxy,
        listening(through(database.settings, proxy), ana, replace(QUICK, idle=5)) as heard,
    ):
        syncs = proxy.syncs
        for _ in range(40):
            await forge(mallory, ["!"])
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.1)
        assert 1 <= proxy.syncs - syncs <= 3
        assert "access" not in heard.reasons


async def test_a_notification_on_somebody_elses_channel_is_ignored(
    database: DeskDatabase, ana: Person, cora: Person
) -> None:
    async with listening(database.settings, ana) as heard:
        await database.run("select pg_notify('some_other_channel', '*')")
        ticket = await open_ticket(database, cora)
        await heard.ticket(ticket)
        assert "many" not in heard.reasons


@pytest.mark.parametrize("separator", [",", ", "])
def test_a_payload_is_an_array_of_ids(separator: str) -> None:
    ids = [uuid4() for _ in range(150)]
    payload = json.dumps([str(each) for each in ids], separators=(separator, ":"))
    assert parse(payload) == Changed(frozenset(ids), "notified")


@pytest.mark.parametrize("kind", ["chats", "articles", "notices", "people"])
def test_a_payload_may_name_a_kind_with_ids_or_without(kind: Kind) -> None:
    ids = [uuid4() for _ in range(3)]
    assert parse(json.dumps({kind: [str(each) for each in ids]})) == Changed(frozenset(ids), "notified", kind)
    assert parse(json.dumps({kind: []}, separators=(",", ":"))) == Changed(None, "notified", kind)


def test_a_payload_may_say_who_types_and_nothing_else() -> None:
    chat, by = uuid4(), uuid4()
    for said in ({"chat": str(chat), "by": str(by)}, {"by": str(by), "chat": str(chat)}):
        assert parse(json.dumps({"typing": said})) == Typing(chat, by)
    rubbish: list[dict[str, object]] = [
        {"typing": {"chat": str(chat)}},
        {"typing": {"chat": str(chat), "chat ": str(by)}},
        {"typing": []},
        {"secrets": [str(chat)]},
        {"chats": [str(chat)], "notices": []},
        {"chats": "*"},
    ]
    for odd in rubbish:
        assert parse(json.dumps(odd)) is None


def test_payloads_heard_together_are_one_change_of_each_kind() -> None:
    one, two, chat = uuid4(), uuid4(), uuid4()
    typing = json.dumps({"typing": {"chat": str(chat), "by": str(one)}})
    heard = [json.dumps([str(one)]), json.dumps({"chats": [str(chat)]}), typing, json.dumps([str(two)]), typing, "?"]
    assert gathered([*heard, json.dumps({"chats": []})]) == [
        Changed(frozenset([one, two]), "notified"),
        Changed(None, "notified", "chats"),
        Typing(chat, one),
    ]


# -- who listens -------------------------------------------------------------------------------------------------------


async def test_each_reconnect_uses_the_credential_of_the_moment(
    database: DeskDatabase, people: People, ana: Person
) -> None:
    sessions = [ana.session]

    async def provider() -> Session:
        return sessions[-1]

    async with listening(database.settings, ana, provider=provider) as heard:
        again = await people.sign_in(ana)
        sessions.append(again.session)
        await database.run(f"alter role {ana.db_user} valid until '2001-01-01'")
        await database.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [ana.db_user])
        await until(lambda: heard.states == ["live", "stale", "live"])


async def test_an_expired_login_is_renewed(database: DeskDatabase, people: People, ana: Person) -> None:
    await database.run(f"alter role {ana.db_user} valid until '2001-01-01'")

    async def renew() -> Session:
        return (await people.sign_in(ana)).session

    async with listening(database.settings, ana, renew=renew) as heard:
        assert heard.states == ["live"]


async def test_an_expired_login_that_cannot_be_renewed_says_so(database: DeskDatabase, ana: Person) -> None:
    await database.run(f"alter role {ana.db_user} valid until '2001-01-01'")
    async with listening(database.settings, ana, wait_for="down") as heard:
        assert "expired or was signed out" in heard.live.state.why
        await database.run(f"alter role {ana.db_user} valid until 'infinity'")
        await heard.state("live")


async def test_a_database_without_a_helpdesk_is_down_with_a_reason(
    database: DeskDatabase, people: People, ana: Person
) -> None:
    await database.run("drop function helpdesk.channels()")
    async with listening(database.settings, ana, wait_for="down") as heard:
        assert "lacks a part" in heard.live.state.why


async def test_the_listener_leaves_no_setting_behind(database: DeskDatabase, ana: Person) -> None:
    """The claims are not told and the role is not kept: listening needs neither."""
    async with listening(database.settings, ana):
        rows = await database.run(
            "select application_name, state from pg_stat_activity where usename = %s", [ana.db_user]
        )
        assert rows == [("helpdesk", "idle")]
