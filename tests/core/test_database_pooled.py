"""core/database.py behind a pooler in transaction mode (pgbouncer), where nothing may outlive a transaction."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from helpdesk_tui.core.database import Database, Statement, only
from helpdesk_tui.core.errors import BadInput, SignInError
from tests.opened import through
from tests.pooler import pooler
from tests.proxy import Proxy
from tests.world import DeskDatabase, People

CLAIMED = "(current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid"
WHO = Statement(f"select session_user::text, current_user::text, {CLAIMED} from helpdesk.me()")
INSERT = "insert into public.tickets (id, title, customer_id) values (%s, %s, %s)"


async def test_each_transaction_says_anew_who_asks_and_leaves_nothing(
    database: DeskDatabase, people: People, open_directory: Path
) -> None:
    ana = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    async with pooler(database, open_directory, ana) as pool:
        settings = pool.settings(database, pooled=True)
        desk = await Database.connect(settings, ana.session)
        try:
            for _ in range(10):
                expected = [(ana.db_user, "helpdesk_member", ana.id)]
                for found in await asyncio.gather(desk.fetch(WHO), desk.fetch(WHO)):
                    assert found == expected
                with pytest.raises(BadInput):
                    await desk.fetch(Statement("select 1 / %s::int", (0,)))
            # What a transaction of ours leaves on the shared connection, seen by another client of the pooler.
            other = await psycopg.AsyncConnection.connect(
                host=settings.db_host, port=settings.db_port, dbname=settings.db_name, sslmode="disable",
                user=ana.db_user, password=ana.db_password, autocommit=True, prepare_threshold=None,
            )  # fmt: skip
            async with other:
                for _ in range(6):
                    cursor = await other.execute(
                        "select current_user::text, coalesce(current_setting('request.jwt.claims', true), ''),"
                        " (select count(*) from pg_prepared_statements)"
                    )
                    assert await cursor.fetchone() == (ana.db_user, "", 0)
        finally:
            await desk.close()


async def test_a_run_through_a_pooler_takes_one_round_trip(
    database: DeskDatabase, people: People, open_directory: Path
) -> None:
    cora = await people.sign_up("cora@shop.test", "Cora")
    async with pooler(database, open_directory, cora) as pool, Proxy("127.0.0.1", pool.port) as proxy:
        desk = await Database.connect(through(pool.settings(database, pooled=True), proxy), cora.session)
        try:
            for _ in range(6):
                syncs, turnarounds = proxy.syncs, proxy.turnarounds
                await desk.run(WHO, Statement("select count(*) from public.tickets"))
                assert (proxy.syncs - syncs, proxy.turnarounds - turnarounds) == (1, 1)
            for number in range(3):
                syncs = proxy.syncs
                await desk.run(Statement(INSERT, (uuid4(), f"t{number}", cora.id)))
                assert proxy.syncs - syncs == 1
            assert await desk.fetch(Statement("select count(*) from public.tickets", row=only(int))) == [3]
        finally:
            await desk.close()


async def test_a_first_connection_refused_by_a_pooler_is_tried_again(
    database: DeskDatabase, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.core.connecting.POOLER_PAUSE", 0.3)
    cora = await people.sign_up("cora@shop.test", "Cora")
    settings = replace(database.settings, pooled=True)
    await database.run(f"alter role {cora.db_user} nologin")
    with pytest.raises(SignInError):
        await Database.connect(settings, cora.session)
    connecting = asyncio.create_task(Database.connect(settings, cora.session))
    await asyncio.sleep(0.15)
    await database.run(f"alter role {cora.db_user} login")
    await (await connecting).close()
    # Straight to the server there is nothing to wait for.
    await database.run(f"alter role {cora.db_user} nologin")
    with pytest.raises(SignInError):
        await asyncio.wait_for(Database.connect(database.settings, cora.session), 0.25)
