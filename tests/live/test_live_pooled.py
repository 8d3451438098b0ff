"""core/live.py behind poolers: that notifications do not pass is found out, and another way is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.listening import QUICK, listening, open_ticket
from tests.opened import proxied, until
from tests.pooler import Pooler, pooler
from tests.proxy import Proxy
from tests.world import DeskDatabase, Person


@pytest.fixture
async def pool(database: DeskDatabase, open_directory: Path, ana: Person) -> AsyncIterator[Pooler]:
    async with pooler(database, open_directory, ana) as pool:
        yield pool


async def test_a_transaction_pooler_is_found_out_by_the_probe_and_polled(
    database: DeskDatabase, pool: Pooler, ana: Person
) -> None:
    settings = replace(pool.settings(database, pooled=False), poll_seconds=0.1)
    async with listening(settings, ana, wait_for="polling") as heard:
        assert "live" not in heard.states
        await until(lambda: heard.reasons.count("polled") >= 3)
        assert heard.reasons[0] == "connected"


async def test_a_transaction_pooler_with_a_direct_address_beside_it_is_live(
    database: DeskDatabase, pool: Pooler, ana: Person, cora: Person
) -> None:
    for pooled in (False, True):
        settings = replace(
            pool.settings(database, pooled=pooled),
            listen_host=database.server.host,
            listen_port=database.settings.db_port,
        )
        async with listening(settings, ana) as heard:
            assert heard.states == ["live"]
            await heard.ticket(await open_ticket(database, cora))


async def test_a_known_pooler_is_not_listened_to(database: DeskDatabase, pool: Pooler, ana: Person) -> None:
    settings = replace(pool.settings(database, pooled=True), poll_seconds=0.05)
    async with listening(settings, ana, wait_for="polling") as heard:
        await until(lambda: "polled" in heard.reasons)
        rows = await database.run(
            "select query from pg_stat_activity where usename = %s and query ilike '%%listen%%'", [ana.db_user]
        )
        assert rows == []


async def test_a_direct_address_that_cannot_be_reached_leaves_polling(
    database: DeskDatabase, pool: Pooler, ana: Person
) -> None:
    settings = replace(pool.settings(database, pooled=True), poll_seconds=0.05, listen_host="127.0.0.1", listen_port=1)
    async with listening(settings, ana, wait_for="polling") as heard:
        await until(lambda: "polled" in heard.reasons)


async def test_listening_is_tried_again_while_polling(database: DeskDatabase, pool: Pooler, ana: Person) -> None:
    async with proxied(database) as proxy:
        proxy.refuse()
        settings = replace(
            pool.settings(database, pooled=True), poll_seconds=0.05, listen_host=proxy.host, listen_port=proxy.port
        )
        async with listening(settings, ana, replace(QUICK, polling_again=0.3), wait_for="polling") as heard:
            await proxy.start()
            await heard.state("live")
            assert heard.states == ["polling", "live"]


async def test_polling_notices_that_the_server_is_gone(database: DeskDatabase, pool: Pooler, ana: Person) -> None:
    async with Proxy("127.0.0.1", pool.port) as proxy:
        settings = replace(pool.settings(database, pooled=True), db_port=proxy.port, poll_seconds=0.05)
        async with listening(settings, ana, wait_for="polling") as heard:
            proxy.swallow()
            await heard.state("stale")
            proxy.thaw()
            proxy.cut()
            await heard.state("polling")
