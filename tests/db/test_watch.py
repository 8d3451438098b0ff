"""``helpdesk db watch``: what burdens the database is ended, whoever works as the app does is left alone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from helpdesk_tui.core import watch
from helpdesk_tui.core.errors import Refused
from helpdesk_tui.core.watch import Allowed, Ended, Seen, Whose
from tests.db.servers import Place
from tests.db.signed_in import me, new
from tests.opened import until
from tests.parts import REPOSITORY
from tests.world import Connection, DeskDatabase, People, Person

PASSWORD = "watchdog"
HELPDESK = [sys.executable, "-c", "import sys; from helpdesk_tui.cli import main; sys.exit(main())"]


@pytest.fixture
async def people(any_database: DeskDatabase) -> AsyncIterator[People]:
    """People on each version of Postgres."""
    people = People(any_database)
    yield people
    await people.close()


@pytest.fixture(scope="module")
def dsn(any_place: Place) -> str:
    """The watchdog's login, with the grants that docs/operations.md names and no more."""
    text = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    (grants,) = re.findall(r"```sql\n(create role helpdesk_watch.*?)```", text, re.DOTALL)
    create, *rest = [statement for statement in grants.split(";") if statement.strip()]
    any_place.run(create, superuser=True)
    any_place.run(f"alter role helpdesk_watch password '{PASSWORD}'", superuser=True)
    login = any_place.dsn("helpdesk_watch", PASSWORD)

    async def look() -> None:
        await watch.watch(login, lambda _: None, say=lambda _: None, once=True)

    # Whoever may not is told what is missing.
    with pytest.raises(Refused, match=r"grant pg_monitor.*grant pg_signal_backend.*private\.watched"):
        asyncio.run(look())
    for statement in rest:
        any_place.run(statement, superuser=True)
    return login


async def look(dsn: str, allowed: Allowed, *, dry_run: bool = False) -> list[Ended]:
    """What one look ends."""
    told: list[Ended] = []
    await watch.watch(dsn, told.append, say=lambda _: None, allowed=allowed, once=True, dry_run=dry_run)
    return told


async def is_gone(connection: Connection) -> bool:
    """Whether the server closed a connection."""
    try:
        await asyncio.wait_for(connection.execute("select 1"), 30)
    except psycopg.OperationalError:
        return connection.broken
    return False


async def test_what_burdens_the_database_is_ended_and_the_app_is_left_alone(people: People, dsn: str) -> None:
    names = ("slow", "idle", "greedy", "gone", "many", "quiet", "listening")
    who = {name: await new(people, name) for name in names}
    await people.database.run("update private.settings set connections_per_person = 2")
    at = {name: await people.connect_as(person) for name, person in who.items()}
    at["second"] = await people.connect_as(who["many"])
    third = await people.connect_as(await people.sign_in(who["many"]))  # of another sign-in of theirs
    sleeping = asyncio.create_task(at["slow"].execute("select 'a secret', pg_sleep(120)"))
    await at["idle"].execute("begin")
    await at["greedy"].execute("select count(pg_advisory_lock(i)) from generate_series(1, 1100) i")
    await at["listening"].execute("listen desk")
    await people.sign_out(who["gone"])
    allowed = Allowed(statement=0.2, idle=0.2)
    expected = {
        ("slow", "a statement of"),
        ("idle", "idle in a transaction for"),
        ("greedy", "locks"),
        (None, "its sign-in has ended"),
        ("many", "more than 2 connections of one person"),
    }
    try:
        async with asyncio.timeout(60):
            while True:
                would = await look(dsn, allowed, dry_run=True)
                if len({each.pid for each in would}) == len(expected):
                    break
        assert not any(each.done for each in would)
        there = await people.database.run("select pid from pg_stat_activity where usename like 'hd%'")
        assert {connection.info.backend_pid for connection in (*at.values(), third)} <= {pid for (pid,) in there}
        ended = await look(dsn, allowed)
    finally:
        await people.database.run("update private.settings set connections_per_person = default")
    assert all(each.done for each in ended)
    found = {(each.email and each.email.split("-")[0], re.sub(r"^\d+ | \d+ s$", "", each.why)) for each in ended}
    assert found == expected
    slow = next(each for each in ended if each.email == who["slow"].email)
    assert (slow.session, slow.query) == (who["slow"].session_id, "select 'a secret', pg_sleep(120)")
    with pytest.raises(psycopg.OperationalError):
        await sleeping
    for connection in (at["idle"], at["greedy"], at["gone"], third):
        assert await is_gone(connection)
    for name in ("many", "second", "quiet", "listening"):
        assert await me(at[name]) is not None

    async def nothing_is_left() -> bool:
        return await look(dsn, allowed) == []

    await until(nothing_is_left, 30)


async def test_whoever_fills_the_table_of_locks_is_ended_though_nobody_gets_one_any_more(
    people: People, dsn: str
) -> None:
    hostile, other = (
        await people.connect_as(await new(people, "eve")),
        await people.connect_as(await new(people, "otto")),
    )
    async with watch._connected(dsn) as watching:
        assert await watch._round(watching, Allowed(), dry_run=False) == []
        with pytest.raises(psycopg.errors.OutOfMemory):
            await hostile.execute("select count(pg_advisory_lock(i)) from generate_series(1, 10000000) i")
        with pytest.raises(psycopg.errors.OutOfMemory):
            await other.execute("select count(pg_advisory_lock(-i)) from generate_series(1, 1000) i")
        await other.execute("select pg_advisory_unlock_all()")
        (ended,) = await watch._round(watching, Allowed(), dry_run=False)
    assert ended.done
    assert ended.why.endswith("locks")
    assert await is_gone(hostile)
    assert await me(other) is not None


async def test_oldest_transaction_is_ended_where_the_notification_queue_fills_up(
    people: People, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_YOUNG", 0.0)
    pinning, listening = [await people.connect_as(await new(people, name)) for name in ("eve", "otto")]
    for connection in (pinning, listening):
        await connection.execute("listen desk")
    await pinning.execute("begin")
    await pinning.execute("select 1")
    await people.database.run("select pg_notify('desk', repeat('x', 7000) || i) from generate_series(1, 50) i")
    assert await look(dsn, Allowed()) == []
    (ended,) = await look(dsn, Allowed(queue=0.0))
    assert (ended.email or "").startswith("eve"), ended
    assert ended.why.startswith("holds up the notification queue")
    assert await is_gone(pinning)
    assert await me(listening) is not None


def _seen(**more: Any) -> Seen:
    now = datetime.now(UTC)
    usual: dict[str, Any] = {
        "pid": 1,
        "started": now,
        "changed": now,
        "login": "hd_" + "0" * 32,
        "here": True,
        "state": "idle",
        "wait": "ClientRead",
        "statement": 1000.0,
        "still": 1000.0,
        "transaction": None,
        "locks": 0,
        "query": "",
        "queue": 0.0,
    }
    return Seen(**{**usual, **more})


KNOWN = {"hd_" + "0" * 32: Whose("hd_" + "0" * 32, UUID(int=0), UUID(int=1), "a@desk.test", True, 24)}


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (_seen(), None),
        (_seen(state="active", wait="", statement=59.0, transaction=59.0), None),
        # A file over a slow line.
        (_seen(state="active", wait="ClientWrite", statement=200.0, transaction=200.0), None),
        (_seen(state="active", wait="ClientWrite", statement=301.0, transaction=301.0), "a transaction of 301 s"),
        # Statement after statement, none of them long, and never still.
        (_seen(state="active", wait="", statement=1.0, transaction=301.0), "a transaction of 301 s"),
        (_seen(state="idle in transaction (aborted)", still=16.0), "idle in a transaction for 16 s"),
        # One that listens, at the moment in which it is told of something.
        (_seen(wait="", transaction=10_000.0), None),
        (_seen(login="", locks=0), "its sign-in has ended"),
        # Of a helpdesk in another database of the server.
        (_seen(login="hd_" + "1" * 32, here=False, state="active", wait=""), None),
    ],
)
def test_what_is_too_much_and_what_is_not(seen: Seen, why: str | None) -> None:
    assert [verdict.why for verdict in watch.judge([seen], KNOWN, Allowed())] == ([why] if why else [])


async def _terminated(database: DeskDatabase) -> bool:
    """Ends the watchdog's connection, if it is there."""
    return bool(
        await database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'helpdesk db watch' and datname = current_database()"
        )
    )


async def test_watchdog_outlives_its_connection_and_stops_when_it_is_told_to(
    database: DeskDatabase, people_here: People
) -> None:
    """As a service would run it."""
    process = await asyncio.create_subprocess_exec(
        *(*HELPDESK, "db", "watch", "--every", "100ms", "--idle", "200ms", "--json"),
        env={**os.environ, "HELPDESK_OWNER_DSN": database.owner_dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            await until(lambda: _terminated(database), 60)
            assert b"Trying again in 1 s." in await process.stderr.readline()
            assert b"The database is back." in await process.stderr.readline()
            eve: Person = await new(people_here, "eve")
            await (await people_here.connect_as(eve)).execute("begin")
            ended = json.loads(await process.stdout.readline())
            assert (ended["email"], ended["session"], ended["ended"]) == (eve.email, str(eve.session_id), True)
            process.send_signal(signal.SIGTERM)
            assert (await process.wait(), await process.stderr.read()) == (0, b"Stopped.\n")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def people_here(database: DeskDatabase) -> AsyncIterator[People]:
    """People on the server of the local mode."""
    people = People(database)
    yield people
    await people.close()
