"""The access token hook: a login of one's own with every session, as long as its token lives."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.signed_in import address, me, new, sign_in_with
from tests.world import DeskDatabase, People, Person


@pytest.fixture
async def people(any_database: DeskDatabase) -> AsyncIterator[People]:
    """People on each version of Postgres."""
    people = People(any_database)
    yield people
    await people.close()


async def valid_until(people: People, person: Person) -> float | None:
    """Until when the person's login may connect, in unix seconds; None if there is no such login."""
    rows = await people.database.run(
        "select extract(epoch from rolvaliduntil)::float from pg_roles where rolname = %s", [person.db_user]
    )
    return rows[0][0] if rows else None


async def test_login_is_valid_until_the_token_expires_and_a_refresh_moves_that_alone(people: People) -> None:
    person = await new(people, "cora")
    assert await valid_until(people, person) == person.claims["exp"]
    assert person.session_id is not None
    stored = await people.database.run("select rolpassword from pg_authid where rolname = %s", [person.db_user])
    later = await sign_in_with(people, person, person.session_id, exp=int(time.time()) + 7200)
    assert later.db_password == person.db_password
    assert await valid_until(people, person) == later.claims["exp"]
    assert await people.database.run("select rolpassword from pg_authid where rolname = %s", [person.db_user]) == stored
    assert stored[0][0].startswith("SCRAM-SHA-256$")


async def test_expired_password_opens_no_connection(people: People) -> None:
    person = await people.sign_in(await people.add(address("cora"), "Cora"), expires_in=-5)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await people.login(person)


async def test_password_is_no_other_sessions(people: People) -> None:
    person = await new(people, "cora")
    again = await people.sign_in(person)
    assert len(person.db_password) == 64
    assert person.db_password != again.db_password


async def test_token_without_a_session_or_of_an_anonymous_visitor_gets_no_login(people: People) -> None:
    person = await people.add(address("cora"), "Cora")
    anonymous = await sign_in_with(people, person, uuid4(), is_anonymous=True)
    assert await valid_until(people, anonymous) is None
    assert anonymous.db_password == ""
    rows = await people.database.run(
        "select helpdesk.access_token_hook(%s)", [json.dumps({"claims": {"sub": str(person.id), "exp": 1}})]
    )
    assert rows[0][0] == {"claims": {"sub": str(person.id), "exp": 1}}


async def test_same_session_twice_at_once_gets_one_login(people: People) -> None:
    person = await people.add(address("cora"), "Cora")
    for _ in range(5):
        session = uuid4()
        await people.database.run(
            "insert into auth.sessions (id, user_id, aal) values (%s, %s, 'aal1')", [session, person.id]
        )
        both = await asyncio.gather(*(sign_in_with(people, person, session) for _ in range(4)))
        assert len({each.db_password for each in both}) == 1
        assert await me(await people.connect_as(both[0])) == (person.id, "customer")


async def test_many_sign_in_at_once(people: People) -> None:
    everybody = [await people.add(address("cora"), "Cora") for _ in range(8)]
    signed_in = await asyncio.gather(*(people.sign_in(person) for person in everybody))
    for person in signed_in:
        assert await me(await people.connect_as(person)) == (person.id, "customer")


async def long_ago(people: People, person: Person, **columns: str) -> None:
    """The clearing-up is due for the person's login."""
    sets = ", ".join(
        ["checked_at = now() - interval '1 hour'", *(f"{name} = {value}" for name, value in columns.items())]
    )
    await people.database.run(f"update private.logins set {sets} where session_id = %s", [person.session_id])


async def test_logins_of_ended_sessions_are_cleared_away_with_their_connections(people: People) -> None:
    gone, here = await new(people, "cora"), await new(people, "otto")
    listening = await people.login(gone)
    await listening.execute("listen desk")
    await people.sign_out(gone)
    await long_ago(people, gone)
    await long_ago(people, here)
    await new(people, "ann")
    # Taken out of use first. Dropped at once, whoever came in at that moment would listen on, under no name.
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        await people.login(gone)
    await long_ago(people, gone)
    await new(people, "ann")
    assert await valid_until(people, gone) is None
    assert await valid_until(people, here) is not None
    assert await people.database.run("select from private.logins where session_id = %s", [gone.session_id]) == []
    # A connection that only listens asks for nothing, so nothing else would have ended it.
    with pytest.raises(psycopg.OperationalError):
        await asyncio.wait_for(listening.execute("select 1"), 5)


async def test_login_that_nobody_used_for_a_month_comes_back_with_the_next_token(people: People) -> None:
    person = await new(people, "cora")
    await long_ago(people, person, valid_until="now() - interval '31 days'")
    await new(people, "ann")
    assert await valid_until(people, person) is None
    assert person.session_id is not None
    again = await sign_in_with(people, person, person.session_id)
    assert again.db_password == person.db_password
    assert await me(await people.connect_as(again)) == (person.id, "customer")


async def test_login_that_owns_a_large_object_does_not_fail_the_sign_in_of_others(people: People) -> None:
    hostile = await new(people, "eve")
    connection = await people.login(hostile)
    await connection.execute("select lo_create(0)")
    await people.sign_out(hostile)
    for _ in range(2):
        await long_ago(people, hostile)
        await new(people, "ann")
    rows = await people.database.run(
        "select checked_at > now() + interval '1 hour' from private.logins where session_id = %s", [hostile.session_id]
    )
    assert rows == [(True,)]
    await people.database.run("select lo_unlink(oid) from pg_largeobject_metadata")


async def test_locks_of_a_hostile_session_do_not_hold_up_the_sign_in_of_others(people: People) -> None:
    for _ in range(3):
        hostile = await new(people, "eve")
        connection = await people.login(hostile)
        await connection.execute("begin")
        name = sql.Identifier(hostile.db_user)
        await connection.execute(sql.SQL("alter role {} set work_mem = '1MB'").format(name))
        await connection.execute(sql.SQL("alter default privileges grant select on tables to {}").format(name))
        await people.sign_out(hostile)
        await long_ago(people, hostile)
    # Nor do advisory locks, which every session may take, on whatever number it likes.
    other = await people.login(await new(people, "mallory"))
    victim = await new(people, "cora")
    assert victim.session_id is not None
    await other.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"helpdesk login {victim.session_id}"])
    began = time.monotonic()
    await sign_in_with(people, victim, victim.session_id)
    await new(people, "ann")
    assert time.monotonic() - began < 10, "nobody waits for that lock"


async def test_row_of_a_login_that_cannot_be_dropped_is_no_obstacle(people: People) -> None:
    """On 16 and later the keeper may only drop what it made."""
    session = uuid4()
    name = sql.Identifier(f"hd_{session.hex}")
    await people.database.run(sql.SQL("create role {} login superuser").format(name).as_string())
    await people.database.run(
        "insert into private.logins values (%s, now() - interval '1 day', now() - interval '1 year')", [session]
    )
    try:
        await new(people, "ann")
        assert await people.database.run(
            "select checked_at > now() from private.logins where session_id = %s", [session]
        ) == [(True,)]
    finally:
        await people.database.run(sql.SQL("drop role {}").format(name).as_string())


async def test_new_secret_makes_new_logins(people: People) -> None:
    person = await new(people, "cora")
    await people.database.run("update private.secrets set value = sha256(value || 'x') where name = 'login'")
    await people.database.run("delete from private.logins")
    assert person.session_id is not None
    again = await sign_in_with(people, person, person.session_id)
    assert again.db_password != person.db_password
    assert await me(await people.connect_as(again)) == (person.id, "customer")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await people.login(person)


async def test_keeper_may_do_what_the_hook_needs_and_no_more(people: People) -> None:
    rows = await people.database.run(
        "select rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls, rolreplication from pg_roles"
        " where rolname = 'helpdesk_keeper'"
    )
    assert rows == [(False, True, False, False, False, False)]
    rows = await people.database.run(
        "select has_table_privilege('helpdesk_keeper', t, 'insert, update, delete')"
        " from private.tables() t where has_table_privilege('helpdesk_keeper', t, 'insert, update, delete')"
    )
    assert rows == []
    async with await people.database.connect() as owner, owner.transaction(force_rollback=True):
        await owner.execute("set local role helpdesk_keeper")
        cursor = await owner.execute("select name from private.secrets")
        assert await cursor.fetchall() == [("login",)]


async def test_hook_is_the_sign_in_servers_alone(people: People) -> None:
    rows = await people.database.run(
        "select has_function_privilege(r, 'helpdesk.access_token_hook(jsonb)', 'execute')"
        " from unnest(array['supabase_auth_admin', 'anon', 'authenticated', 'service_role', 'authenticator']) r"
    )
    assert [row[0] for row in rows] == [True, False, False, False, False]


async def test_failure_of_the_hook_tells_no_password(people: People) -> None:
    person = await people.add(address("cora"), "Cora")
    session = uuid4()
    name = sql.Identifier(f"hd_{session.hex}")
    await people.database.run(sql.SQL("create role {} superuser").format(name).as_string())
    try:
        with pytest.raises(psycopg.Error) as failed:
            await sign_in_with(people, person, session)
        assert "cannot be made" in str(failed.value)
        told = " ".join(
            str(part) for part in (failed.value, failed.value.diag.context, failed.value.diag.internal_query)
        )
        assert "password" not in told.lower()
    finally:
        await people.database.run(sql.SQL("drop role {}").format(name).as_string())
