"""core/database.py against a real server: one round trip, one transaction, the right rows, and two lanes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core import pool
from helpdesk_tui.core.database import Limits, Statement, only, positional
from helpdesk_tui.core.errors import BadInput, HelpdeskError, Refused, Unreachable
from tests.opened import opened, proxied, until
from tests.world import DeskDatabase, People, Person

SLEEP = "select 1 from pg_sleep(%s)"
INSERT = "insert into public.tickets (id, title, customer_id) values (%s, %s, %s)"


@pytest.fixture
async def agent(people: People) -> Person:
    return await people.sign_up("ana@desk.test", "Ana", "agent", "Support")


@pytest.fixture
async def customer(people: People) -> Person:
    return await people.sign_up("cora@shop.test", "Cora")


async def titles(database: DeskDatabase) -> list[str]:
    return [row[0] for row in await database.run("select title from public.tickets order by title")]


# -- one round trip, one transaction ----------------------------------------------------------------------------------


async def test_run_takes_exactly_one_network_round_trip(database: DeskDatabase, agent: Person) -> None:
    async with proxied(database) as proxy, opened(database, agent, proxy=proxy) as desk:
        statements = [
            Statement("select * from helpdesk.me()"),
            Statement("select %s::int + %s", (1, 2)),
            Statement("select id, title, status, updated_at from public.tickets"),
        ]
        # More often than a statement is run before it is prepared.
        for _ in range(6):
            turnarounds, syncs, counted = proxy.turnarounds, proxy.syncs, desk.round_trips
            rows = await desk.run(*statements)
            assert rows[1] == [(3,)]
            assert proxy.turnarounds - turnarounds == 1
            assert proxy.syncs - syncs == 1
            assert desk.round_trips - counted == 1


async def test_an_act_takes_one_round_trip_too(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        for number in range(5):
            turnarounds, syncs = proxy.turnarounds, proxy.syncs
            await desk.run(Statement(INSERT, (uuid4(), f"t{number}", customer.id)))
            assert (proxy.turnarounds - turnarounds, proxy.syncs - syncs) == (1, 1)


async def test_five_statements_over_a_slow_link_cost_one_delay(database: DeskDatabase, agent: Person) -> None:
    async with proxied(database) as proxy, opened(database, agent, proxy=proxy) as desk:
        proxy.delay = 0.05
        turnarounds = proxy.turnarounds
        await desk.run(*[Statement("select %s::int", (number,)) for number in range(5)])
        assert proxy.turnarounds - turnarounds == 1


async def test_connecting_asks_who_i_am_and_the_version_in_one_round_trip(
    database: DeskDatabase, agent: Person
) -> None:
    async with opened(database, agent) as desk:
        assert desk.round_trips == 1


async def test_all_of_a_run_is_done_or_none(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        with pytest.raises(Refused):
            await desk.run(
                Statement(INSERT, (uuid4(), "first", customer.id)),
                Statement(INSERT, (uuid4(), "somebody else's", uuid4())),
            )
        assert await titles(database) == []
        await desk.run(
            Statement(INSERT, (uuid4(), "first", customer.id)), Statement(INSERT, (uuid4(), "second", customer.id))
        )
        assert await titles(database) == ["first", "second"]


async def test_statements_of_one_read_agree_with_each_other(database: DeskDatabase, agent: Person) -> None:
    count = Statement("select count(*) from public.ticket_tags", row=only(int))
    async with opened(database, agent) as desk:
        reading = asyncio.create_task(desk.run(count, Statement(SLEEP, (0.2,)), count))
        await asyncio.sleep(0.1)
        await database.run("insert into public.ticket_tags (name) values ('vip')")
        before, _, after = await reading
        assert (before, after) == ([0], [0])
        assert await desk.fetch(count) == [1]


async def test_nothing_to_run_is_nothing(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent) as desk:
        counted = desk.round_trips
        assert await desk.run() == []
        assert desk.round_trips == counted


# -- rows --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    number: int
    word: str


async def test_rows_are_typed_by_their_factory(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent) as desk:
        pairs, numbers, tuples, none = await desk.run(
            Statement("select n, 'w' || n from generate_series(1, 2) n", row=positional(Pair)),
            Statement("select n from generate_series(1, 3) n", row=only(int)),
            Statement("select 1, '100%'"),
            Statement("select 1 where %(no)s", {"no": False}),
        )
        assert pairs == [Pair(1, "w1"), Pair(2, "w2")]
        assert numbers == [1, 2, 3]
        assert tuples == [(1, "100%")]
        assert none == []


async def test_a_statement_without_rows_gives_an_empty_list(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        assert await desk.run(Statement(INSERT, (uuid4(), "x", customer.id))) == [[]]
        rows = await desk.fetch(Statement(f"{INSERT} returning title", (uuid4(), "y", customer.id)))
        assert rows == [("y",)]


async def test_times_are_aware_and_in_utc(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent) as desk:
        statement = Statement(
            "select '2024-07-01 12:00+02'::timestamptz, 'infinity'::timestamptz, '0044-03-15 BC'::timestamptz,"
            " '2024-07-01 12:00:00.25+05:30'::timestamptz, '9999-12-31 23:59+00'::timestamptz,"
            " current_setting('TimeZone')"
        )
        for _ in range(5):
            ((noon, never, ides, quarter, nearly, zone),) = await desk.fetch(statement)
            assert (noon, noon.tzinfo) == (datetime(2024, 7, 1, 10, tzinfo=UTC), UTC)
            # As far away as can still be shown wherever one is.
            assert (never.year, ides.year) == (9999, 1)
            for hours in (14, -12):
                assert never.astimezone(timezone(timedelta(hours=hours))).year == 9999
                assert ides.astimezone(timezone(timedelta(hours=hours))).year == 1
            assert nearly == never
            assert quarter == datetime(2024, 7, 1, 6, 30, 0, 250000, tzinfo=UTC)
            assert zone == "UTC"


async def test_nothing_is_compiled_for_a_person_who_waits(database: DeskDatabase, agent: Person) -> None:
    async with await database.connect() as owner:
        await owner.execute(f'alter role "{agent.db_user}" set jit = on'.encode())
    async with opened(database, agent) as desk:
        assert await desk.fetch(Statement("select current_setting('jit')")) == [("off",)]


async def test_the_database_sees_the_person_and_the_role(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent) as desk:
        rows = await desk.fetch(
            Statement(
                "select session_user::text, current_user::text, id, claims ->> 'sub', claims ? 'helpdesk_key'"
                " from helpdesk.me(), cast(current_setting('request.jwt.claims') as jsonb) as claims"
            )
        )
        assert rows == [(agent.db_user, "helpdesk_member", agent.id, str(agent.id), False)]


# -- reading and acting ------------------------------------------------------------------------------------------------


async def test_a_slow_read_never_blocks_an_act(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        slow = [asyncio.create_task(desk.run(Statement(SLEEP, (30,)))) for _ in range(3)]
        await asyncio.sleep(0.05)
        await desk.run(Statement(INSERT, (uuid4(), "quick", customer.id)))
        assert not any(reading.done() for reading in slow)
        for reading in slow:
            reading.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_acts_are_done_in_the_order_given(database: DeskDatabase, agent: Person, customer: Person) -> None:
    async with opened(database, agent) as desk:
        await desk.warm()
        ticket = uuid4()
        await database.run(INSERT, [ticket, "0", customer.id])
        rename = "update public.tickets set title = title || %s where id = %s"
        await asyncio.gather(*[desk.run(Statement(rename, (str(n), ticket))) for n in range(1, 8)])
        assert await titles(database) == ["01234567"]


async def test_a_run_that_only_reads_can_change_nothing(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        with pytest.raises(Unreachable, match="read-only"):
            await desk.run(Statement(INSERT, (uuid4(), "x", customer.id), writes=False))
        assert await titles(database) == []


async def test_a_function_that_writes_is_found_out_and_remembered(database: DeskDatabase, agent: Person) -> None:
    await database.run(
        """create function helpdesk.tag(word text) returns text language sql volatile security definer as
           'insert into public.ticket_tags (name) values (word) returning name';
           grant execute on function helpdesk.tag(text) to helpdesk_member"""
    )
    async with opened(database, agent) as desk:
        counted = desk.round_trips
        assert await desk.fetch(Statement("select helpdesk.tag(%s)", ("a",))) == [("a",)]
        assert desk.round_trips - counted == 3  # tried, rolled back, done
        counted = desk.round_trips
        assert await desk.fetch(Statement("select helpdesk.tag(%s)", ("b",))) == [("b",)]
        assert desk.round_trips - counted == 1
        counted = desk.round_trips
        # Marked as writing, it need not be found out.
        assert await desk.fetch(Statement("select helpdesk.tag(%s) as said", ("c",), writes=True)) == [("c",)]
        assert desk.round_trips - counted == 1


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (1)",
        "  UPDATE t set x = 1",
        "with gone as (delete from t returning *) select * from gone",
        "select * from t for update",
        "merge into t using s on true when matched then delete",
        "call refill()",
        "lock table t",
    ],
)
def test_what_writes_is_known_by_its_words(sql: str) -> None:
    from helpdesk_tui.core.exchange import looks_writing

    assert looks_writing(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select updated_at, 'please update' from t",
        'select "delete" from t -- insert',
        "select /* merge */ 1",
        "table t",
        "select lock, notify from t",
    ],
)
def test_what_reads_is_not_taken_for_writing(sql: str) -> None:
    from helpdesk_tui.core.exchange import looks_writing

    assert not looks_writing(sql)


# -- a caller that leaves ----------------------------------------------------------------------------------------------


async def busy(database: DeskDatabase, person: Person) -> int:
    rows = await database.run(
        "select count(*) from pg_stat_activity where usename = %s and state = 'active' and query like '%%pg_sleep%%'",
        [person.db_user],
    )
    return int(rows[0][0])


async def test_cancelling_a_read_stops_it_on_the_server_and_keeps_the_connection(
    database: DeskDatabase, agent: Person
) -> None:
    async with proxied(database) as proxy, opened(database, agent, proxy=proxy) as desk:
        connections = proxy.connections
        for _ in range(3):
            reading = asyncio.create_task(desk.run(Statement(SLEEP, (30,))))
            await asyncio.sleep(0.1)
            reading.cancel()
            began = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert time.monotonic() - began < 10, "not until it ends by itself"
            assert await desk.fetch(Statement("select 1")) == [(1,)]

            async def quiet() -> bool:
                return await busy(database, agent) == 0

            await until(quiet)
        # Cancelling takes a connection of its own each time; reading meanwhile takes a second one.
        assert proxy.connections - connections <= 4


async def test_cancelling_an_act_that_was_sent_lets_it_finish(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        acting = asyncio.create_task(
            desk.run(Statement(SLEEP, (0.3,)), Statement(INSERT, (uuid4(), "done", customer.id)))
        )
        await asyncio.sleep(0.1)
        acting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await acting
        await desk.run(Statement(INSERT, (uuid4(), "next", customer.id)))
        assert await titles(database) == ["done", "next"]


async def test_cancelling_while_waiting_for_ones_turn_sends_nothing(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        first = asyncio.create_task(desk.run(Statement(SLEEP, (0.3,), writes=True)))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(desk.run(Statement(INSERT, (uuid4(), "never", customer.id))))
        await asyncio.sleep(0.05)
        second.cancel()
        await first
        await desk.run(Statement(INSERT, (uuid4(), "after", customer.id)))
        assert await titles(database) == ["after"]


async def test_cancelling_never_hits_the_next_query_on_the_connection(database: DeskDatabase, agent: Person) -> None:
    """The request to stop travels on its own; it may arrive when the query it was meant for has ended."""
    async with opened(database, agent) as desk:
        for number in range(150):
            reading = asyncio.create_task(desk.run(Statement("select pg_sleep(0.002)"), Statement("select 1")))
            await asyncio.sleep(number % 15 * 0.0006)
            reading.cancel()
            following = desk.run(Statement("select pg_sleep(0.001)"), Statement("select %s::int", (number,)))
            assert (await following)[1] == [(number,)]
            await asyncio.gather(reading, return_exceptions=True)


async def test_closing_stops_what_reads(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent) as desk:
        reading = asyncio.create_task(desk.run(Statement(SLEEP, (30,))))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await desk.close()
        assert time.monotonic() - began < 10, "not until it ends by itself"
        done = await asyncio.gather(reading, return_exceptions=True)
        assert isinstance(done[0], HelpdeskError)


async def test_closing_lets_a_sent_act_finish_and_refuses_new_ones(database: DeskDatabase, customer: Person) -> None:
    async with opened(database, customer) as desk:
        acting = asyncio.create_task(
            desk.run(Statement(SLEEP, (0.2,)), Statement(INSERT, (uuid4(), "done", customer.id)))
        )
        await asyncio.sleep(0.05)
        await desk.close()
        await acting
        assert await titles(database) == ["done"]
        with pytest.raises(Unreachable, match="closed"):
            await desk.run(Statement("select 1"))


async def test_closing_hangs_up_on_what_does_not_end(database: DeskDatabase, agent: Person) -> None:
    async with opened(database, agent, limits=Limits(cancelling=0.2)) as desk:
        reading = asyncio.create_task(desk.run(Statement(SLEEP, (30,))))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await desk.close()
        assert time.monotonic() - began < 10, "not until it ends by itself"
        done = await asyncio.gather(reading, return_exceptions=True)
        assert isinstance(done[0], HelpdeskError | asyncio.CancelledError)


# -- who is asking -----------------------------------------------------------------------------------------------------


async def test_use_tells_open_connections_the_new_claims_in_the_same_round_trip(
    database: DeskDatabase, agent: Person
) -> None:
    async with proxied(database) as proxy, opened(database, agent, proxy=proxy) as desk:
        connections, counted = proxy.connections, desk.round_trips
        await desk.use(replace(agent.session, claims={**agent.claims, "aal": "aal2"}, aal="aal2"))
        assert await desk.fetch(Statement("select current_setting('request.jwt.claims')::jsonb ->> 'aal'")) == [
            ("aal2",)
        ]
        assert (proxy.connections, desk.round_trips) == (connections, counted + 1)


async def test_use_of_another_sign_in_leaves_the_old_connections(
    database: DeskDatabase, people: People, agent: Person, customer: Person
) -> None:
    async with opened(database, agent) as desk:
        who = Statement("select id from helpdesk.me()", row=only(UUID))
        assert await desk.fetch(who) == [agent.id]
        await desk.use(customer.session)
        assert await desk.fetch(who) == [customer.id]


async def test_connections_are_few_and_fewer_at_rest(
    database: DeskDatabase, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sign-in has eight in all: two windows at rest leave some to the command line.
    monkeypatch.setattr(pool, "REST_SECONDS", 0.1)
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        assert proxy.open == 1
        await desk.warm()
        assert proxy.open == 2
        jobs = [desk.run(Statement("select pg_sleep(0.01)")) for _ in range(20)]
        jobs += [desk.run(Statement(INSERT, (uuid4(), "x", customer.id))) for _ in range(20)]
        await asyncio.gather(*jobs)
        assert proxy.open <= 3
        await asyncio.gather(*(desk.run(Statement("select pg_sleep(0.2)")) for _ in range(3)))
        await until(lambda: proxy.open == 2)


async def test_a_server_that_grants_one_connection_is_enough(database: DeskDatabase, customer: Person) -> None:
    await database.run(f"alter role {customer.db_user} connection limit 1")
    async with opened(database, customer) as desk:
        await desk.warm()
        jobs = [desk.run(Statement("select pg_sleep(0.01)")) for _ in range(5)]
        jobs += [desk.run(Statement(INSERT, (uuid4(), "x", customer.id))) for _ in range(5)]
        await asyncio.gather(*jobs)
        assert await titles(database) == ["x"] * 5


async def test_bad_input_leaves_the_connection_as_it_was(database: DeskDatabase, agent: Person) -> None:
    async with proxied(database) as proxy, opened(database, agent, proxy=proxy) as desk:
        for _ in range(5):
            with pytest.raises(BadInput):
                await desk.run(Statement("select 1"), Statement("select 1 / %s::int", (0,)), Statement("select 2"))
            assert await desk.fetch(Statement("select 3")) == [(3,)]
        assert proxy.connections == 1
