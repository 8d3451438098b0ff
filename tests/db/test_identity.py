"""Who is asking: ``session_user`` and nothing that a session can say about itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.sessions import gateway
from tests.db.signed_in import address, me, new, sees, sign_in_with, ticket_of
from tests.world import DeskDatabase, People


@pytest.fixture
async def people(any_database: DeskDatabase) -> AsyncIterator[People]:
    """People on each version of Postgres."""
    people = People(any_database)
    yield people
    await people.close()


# -- claims and roles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["request.jwt.claims", "request.jwt.claim.sub"])
@pytest.mark.parametrize("how", ["set", "startup packet"])
async def test_forged_claims_make_nobody_else(people: People, setting: str, how: str) -> None:
    """Neither an admin nor the one whose ticket it is."""
    customer, admin, victim = await new(people, "cora"), await new(people, "ann", "admin"), await new(people, "otto")
    ticket = await ticket_of(people, victim)
    assert await sees(await people.connect_as(victim), ticket)
    for somebody in (admin, victim):
        forged = json.dumps(somebody.claims) if setting == "request.jwt.claims" else str(somebody.id)
        if how == "set":
            connection = await people.login(customer)
            await connection.execute("select set_config(%s, %s, false)", [setting, forged])
        else:
            escaped = forged.replace("\\", "\\\\").replace(" ", "\\ ")
            connection = await people.login(customer, options=f"-c {setting}={escaped}")
            told = await (await connection.execute("select current_setting(%s)", [setting])).fetchone()
            assert told == (forged,)
        await connection.execute("set role helpdesk_member")
        assert await me(connection) == (customer.id, "customer")
        assert not await sees(connection, ticket)


@pytest.mark.parametrize(
    "role",
    [
        "authenticated",
        "service_role",
        "postgres",
        "anon",
        "supabase_auth_admin",
        "authenticator",
        "helpdesk_keeper",
        "another's",
    ],
)
async def test_set_role_to_somebody_else_is_refused(people: People, role: str) -> None:
    customer, admin = await new(people, "cora"), await new(people, "ann", "admin")
    connection = await people.login(customer)
    name = sql.Identifier(admin.db_user if role == "another's" else role)
    for statement in ("set role {}", "set session authorization {}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(sql.SQL(statement).format(name))
    with pytest.raises(psycopg.OperationalError):
        await people.login(customer, options=f"-c role={admin.db_user if role == 'another' else role}")


async def test_login_without_the_role_may_nothing(people: People) -> None:
    connection = await people.login(await new(people, "ann", "admin"))
    for statement in ("select from public.tickets", "select * from helpdesk.me()", "select helpdesk.version()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement.encode())


async def test_login_is_in_the_role_of_the_helpdesk_and_nothing_else(people: People) -> None:
    person = await new(people, "cora")
    rows = await people.database.run(
        """select rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit,
                  array(select roleid::regrole::text from pg_auth_members where member = r.oid)
             from pg_roles r where rolname = %s""",
        [person.db_user],
    )
    assert rows == [(False, False, False, False, False, False, 8, ["helpdesk_member"])]


async def test_anothers_login_needs_anothers_password(people: People) -> None:
    customer, admin = await new(people, "cora"), await new(people, "ann", "admin")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await people.login(replace(admin, db_password=customer.db_password))


async def test_altering_oneself_only_harms_oneself(people: People) -> None:
    customer, other = await new(people, "cora"), await new(people, "otto")
    connection = await people.login(customer)
    me_, other_ = sql.Identifier(customer.db_user), sql.Identifier(other.db_user)
    for allowed in ("alter role {} password 'mine'", "alter role {} set search_path = 'evil'"):
        await connection.execute(sql.SQL(allowed).format(me_))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(sql.SQL(allowed).format(other_))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(sql.SQL(allowed.replace("{}", "helpdesk_member")))
    for refused in (
        "alter role {} valid until 'infinity'",
        "alter role {} connection limit 100",
        "alter role {} createrole",
        "alter role {} bypassrls",
        "grant helpdesk_member to anon",
        "grant service_role to {}",
        "grant {} to anon",
        "create role evil",
        "create schema evil",
        "create table public.evil (x int)",
        "create temporary table evil (x int)",
        "create function public.evil() returns int language sql as 'select 1'",
        "alter function private.uid() owner to {}",
        "comment on table public.tickets is 'evil'",
    ):
        for role in ("none", "helpdesk_member"):
            await connection.execute(f"set role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(sql.SQL(refused).format(me_))
    assert await me(await people.connect_as(other)) == (other.id, "customer")
    # The next token's login works as before: a password of one's own has locked out oneself alone.
    again = await people.sign_in(customer)
    assert await me(await people.connect_as(again)) == (customer.id, "customer")


async def test_role_that_sessions_share_holds_nothing_they_could_harm(people: People) -> None:
    """Whoever acts as a role may drop what it owns, policies that name it too, and give it settings."""
    customer, other = await new(people, "cora"), await new(people, "otto")
    ticket = await ticket_of(people, other)
    look = """select (select count(*) from pg_policy), (select count(*) from pg_policy where polroles <> '{0}'),
      (select count(*) from private.tables() t join pg_class on oid = t, aclexplode(relacl)),
      (select count(*) from private.tables() t join pg_attribute on attrelid = t, aclexplode(attacl))"""
    before = await people.database.run(look)
    connection = await people.connect_as(customer)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute("drop owned by helpdesk_member cascade")
    try:
        for statement in (
            "reassign owned by helpdesk_member to helpdesk_member",
            "alter role helpdesk_member password 'known'",
            "alter role helpdesk_member set statement_timeout = '1ms'",
            "alter role helpdesk_member set default_transaction_read_only = on",
            "alter role helpdesk_member set search_path = 'evil'",
            "alter default privileges grant all on tables to public",
        ):
            # Refused, or nothing: where a role holds columns and no table, PostgreSQL refuses to drop what it owns.
            with suppress(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
        assert await people.database.run(look) == before
        # Those that do name a role name the keeper, whom no session can act as.
        assert before[0][1] == 2
        victim = await people.connect_as(other)
        assert await sees(victim, ticket)
        await victim.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
        with pytest.raises(psycopg.OperationalError):
            await people.login(replace(other, db_user="helpdesk_member", db_password="known"))
    finally:
        await people.database.run("alter role helpdesk_member reset all")


async def test_what_else_lies_in_the_database_is_not_opened_to_our_logins(people: People) -> None:
    """Other applications' policies ask auth.uid(), which believes whatever claims a session sets."""
    customer, admin = await new(people, "cora"), await new(people, "ann", "admin")
    for statement in (
        "create table if not exists public.diaries (user_id uuid)",
        "alter table public.diaries enable row level security",
        "drop policy if exists own on public.diaries",
        "create policy own on public.diaries to authenticated using (user_id = auth.uid())",
        "grant all on public.diaries to authenticated",
    ):
        await people.database.run(statement)
    await people.database.run("insert into public.diaries values (%s)", [admin.id])
    connection = await people.connect_as(customer)
    await connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(admin.claims)])
    for statement in ("select * from public.diaries", "drop owned by authenticated", "select auth.uid()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement.encode())
    await people.database.run("drop table public.diaries")


async def test_our_logins_may_what_the_interfaces_role_may(people: People) -> None:
    """So that supabase-js and PostgREST, which come as authenticated, meet the same rules."""
    rights = """select t::text, '', privilege_type from private.tables() t join pg_class on oid = t, aclexplode(relacl)
                 where grantee = %(role)s::regrole
                union all select t::text, attname::text, privilege_type
                  from private.tables() t join pg_attribute on attrelid = t, aclexplode(attacl)
                 where grantee = %(role)s::regrole
                union all select p.oid::regprocedure::text, '', privilege_type from pg_proc p, aclexplode(proacl)
                 where pronamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)
                   and grantee = %(role)s::regrole
                order by 1, 2, 3"""
    async with await people.database.connect() as owner:
        both = [
            await (await owner.execute(rights.encode(), {"role": role})).fetchall()
            for role in ("authenticated", "helpdesk_member")
        ]
    assert both[0] == both[1]
    assert len(both[0]) > 100


async def test_others_connections_are_neither_read_nor_ended(people: People) -> None:
    customer, other = await new(people, "cora"), await new(people, "otto")
    victim = await people.connect_as(other)
    attacker = await people.connect_as(customer)
    cursor = await attacker.execute("select pid, query from pg_stat_activity where usename = %s", [other.db_user])
    found = await cursor.fetchone()
    assert found is not None
    assert found[1] == "<insufficient privilege>"
    for function in ("pg_terminate_backend", "pg_cancel_backend"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await attacker.execute(sql.SQL("select {}(%s)").format(sql.Identifier(function)), [found[0]])
    assert await me(victim) == (other.id, "customer")


async def test_secrets_are_out_of_reach(people: People) -> None:
    connection = await people.connect_as(await new(people, "ann", "admin"))
    for statement in (
        "select * from private.secrets",
        "select * from private.logins",
        "select * from auth.sessions",
        "select * from auth.users",
        "select rolpassword from pg_authid",
        "select private.channel('admins')",
        "select private.uid()",
        "select helpdesk.access_token_hook('{}')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement.encode())


async def test_nobody_can_lock_out_the_desk(people: People) -> None:
    """LOCK TABLE asks for table privileges and no policies: with DELETE on one table, a customer could stop it all."""
    connection = await people.connect_as(await new(people, "cora"))
    rows = await people.database.run("select t::text from private.tables() t")
    assert len(rows) == 18
    for (table,) in rows:
        for mode in ("row exclusive", "share", "exclusive", "access exclusive"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with connection.transaction():
                    await connection.execute(f"lock table {table} in {mode} mode".encode())


# -- names that only look like ours -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["no session", "upper case", "31 digits", "33 digits", "prefix", "newline"])
async def test_role_name_that_only_looks_like_ours_is_nobody(people: People, shape: str) -> None:
    admin = await new(people, "ann", "admin")
    assert admin.session_id is not None
    digits = admin.session_id.hex
    name = {
        "no session": "hd_" + uuid4().hex,
        "upper case": "hd_" + digits.upper(),
        "31 digits": "hd_" + digits[:31],
        "33 digits": "hd_" + digits + "0",
        "prefix": "xhd_" + digits,
        "newline": "hd_" + digits + "\n",
    }[shape]
    await people.database.run(
        sql.SQL("create role {} login password 'known' in role helpdesk_member")
        .format(sql.Identifier(name))
        .as_string()
    )
    try:
        connection = await people.connect_as(replace(admin, db_user=name, db_password="known"))
        assert await me(connection) is None
        assert await (await connection.execute("select count(*) from public.profiles")).fetchone() == (0,)
        assert await (await connection.execute("select count(*) from helpdesk.channels()")).fetchone() == (0,)
        await connection.close()
    finally:
        await people.database.run(sql.SQL("drop role {}").format(sql.Identifier(name)).as_string())


async def test_role_that_somebody_else_gave_a_sessions_name_is_replaced(people: People) -> None:
    person = await people.add(address("cora"), "Cora")
    session = uuid4()
    name = sql.Identifier(f"hd_{session.hex}")
    async with await people.database.connect() as owner:
        await owner.execute(sql.SQL("create role {} login password 'known' in role service_role").format(name))
        if people.database.server.binaries.major >= 16:
            await owner.execute(sql.SQL("grant {} to helpdesk_keeper with admin option").format(name))
    person = await sign_in_with(people, person, session)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await people.login(replace(person, db_password="known"))
    connection = await people.connect_as(person)
    assert await me(connection) == (person.id, "customer")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute("set role service_role")


# -- the end of access ------------------------------------------------------------------------------------------------


async def test_sign_out_ends_access_at_once_on_an_open_connection(people: People) -> None:
    person = await new(people, "ann", "admin")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(person)
    async with connection.transaction():
        assert await sees(connection, ticket)
        await people.sign_out(person)
        assert not await sees(connection, ticket)
        assert await me(connection) is None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("insert into public.tickets (title, customer_id) values ('t', %s)", [person.id])


async def test_expired_session_has_no_access(people: People) -> None:
    person = await new(people, "cora")
    connection = await people.connect_as(person)
    await connection.execute("begin")
    assert await me(connection) is not None
    await people.database.run(
        "update auth.sessions set not_after = clock_timestamp() where id = %s", [person.session_id]
    )
    # Also in a transaction that began before: its own now() stands still.
    assert await me(connection) is None


@pytest.mark.parametrize("change", ["banned_until = now() + interval '1 day'", "deleted_at = now()"])
async def test_banned_and_deleted_people_have_no_access_at_once(people: People, change: str) -> None:
    person = await new(people, "cora")
    connection = await people.connect_as(person)
    assert await me(connection) is not None
    await people.database.run(f"update auth.users set {change} where id = %s", [person.id])
    assert await me(connection) is None


async def test_never_again_access_removed_and_still_able(people: People) -> None:
    agent = await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(agent)
    await connection.execute("begin")
    assert await sees(connection, ticket)
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [agent.id])
    assert not await sees(connection, ticket)


async def test_agent_of_another_department_now_loses_the_old_one(people: People) -> None:
    agent = await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(agent)
    assert await sees(connection, ticket)
    await people.database.run(
        "update public.profiles set department_id = %s where id = %s", [await people.department("Billing"), agent.id]
    )
    assert not await sees(connection, ticket)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_older_snapshot_cannot_be_written_from(people: People, level: str) -> None:
    """In it nobody was demoted yet: a transaction left open would act with rights that are gone."""
    agent = await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(agent)
    await connection.execute(f"begin isolation level {level}".encode())
    with pytest.raises(psycopg.Error) as refused:
        await connection.execute("update public.tickets set status = 'closed' where id = %s", [ticket])
    assert refused.value.sqlstate == "HD002"
    await connection.execute("rollback")
    await connection.execute(f"begin isolation level {level} read only".encode())
    assert await sees(connection, ticket)
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        await connection.execute("set transaction read write")


async def test_staff_without_the_second_factor_that_is_demanded_are_not_staff(people: People) -> None:
    once, twice = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support", aal="aal2")
    customer = await new(people, "cora")
    ticket = await ticket_of(people, customer)
    connections = [await people.connect_as(person) for person in (once, twice, customer)]
    try:
        await people.database.run("update private.settings set staff_need_two_factors = true where only_row")
        assert [await sees(connection, ticket) for connection in connections] == [False, True, True]
        assert await me(connections[0]) == (once.id, None)
        assert await (await connections[0].execute("select * from helpdesk.channels()")).fetchall() == []
        # The claim is not believed.
        await connections[0].execute("select set_config('request.jwt.claims', %s, false)", ['{"aal": "aal2"}'])
        assert not await sees(connections[0], ticket)
        await people.database.run("update auth.sessions set aal = 'aal2' where id = %s", [once.session_id])
        assert await sees(connections[0], ticket)
    finally:
        await people.database.run("update private.settings set staff_need_two_factors = false where only_row")


# -- the gateway ------------------------------------------------------------------------------------------------------


async def test_gateway_is_believed_about_its_claims(people: People) -> None:
    customer, agent = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, customer)
    other = await ticket_of(people, await new(people, "otto"), "Billing")
    for person, seen in (
        (customer, [True, False]),
        (agent, [True, False]),
        (await new(people, "ann", "admin"), [True, True]),
    ):
        with gateway(people.database, person.claims) as connection:
            found = connection.execute("select id, role from helpdesk.me()").fetchone()
            assert found == (person.id, person.role)
            assert [
                connection.execute("select from public.tickets where id = %s", [each]).fetchone() is not None
                for each in (ticket, other)
            ] == seen


async def test_gateway_without_claims_and_anon_see_nothing(people: People) -> None:
    await ticket_of(people, await new(people, "cora"))
    with gateway(people.database, None) as connection:
        for table in ("tickets", "profiles", "kb_articles", "departments"):
            assert connection.execute(f"select count(*) from public.{table}".encode()).fetchone() == (0,)
    with gateway(people.database, None, role="anon") as connection:
        for (table,) in await people.database.run("select t::text from private.tables() t"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from {table}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from helpdesk.me()")


async def test_gateway_is_not_believed_about_sessions_that_ended_or_are_anothers(people: People) -> None:
    customer, other = await new(people, "cora"), await new(people, "otto")
    with gateway(people.database, customer.claims) as connection:
        assert connection.execute("select id from helpdesk.me()").fetchone() == (customer.id,)
        await people.sign_out(customer)
        assert connection.execute("select id from helpdesk.me()").fetchone() is None
    with gateway(people.database, {**other.claims, "sub": str(customer.id)}) as connection:
        assert connection.execute("select id from helpdesk.me()").fetchone() is None


async def test_gateway_of_a_banned_person_is_nobody(people: People) -> None:
    person = await new(people, "ann", "admin")
    await people.database.run(
        "update auth.users set banned_until = now() + interval '1 day' where id = %s", [person.id]
    )
    with gateway(people.database, {"sub": str(person.id), "role": "authenticated"}) as connection:
        assert connection.execute("select id from helpdesk.me()").fetchone() is None


# -- sign-up ----------------------------------------------------------------------------------------------------------


async def test_sign_up_makes_a_customer_whatever_the_metadata_says(people: People) -> None:
    user = uuid4()
    forged = json.dumps(
        {"full_name": "  Eve  ", "role": "admin", "department_id": str(await people.department("Support"))}
    )
    await people.database.run(
        "insert into auth.users (id, email, raw_user_meta_data, raw_app_meta_data) values (%s, %s, %s, %s)",
        [user, address("eve"), forged, forged],
    )
    found = await people.database.run(
        "select full_name, role, department_id from public.profiles where id = %s", [user]
    )
    assert found == [("Eve", "customer", None)]
    await people.database.run(
        "update auth.users set raw_user_meta_data = %s, email = %s where id = %s", [forged, address("eve2"), user]
    )
    found = await people.database.run("select role, left(email, 4) from public.profiles where id = %s", [user])
    assert found == [("customer", "eve2")]


async def test_anonymous_visitor_has_no_profile_until_there_is_an_address(people: People) -> None:
    user = uuid4()
    await people.database.run("insert into auth.users (id, is_anonymous) values (%s, true)", [user])
    assert await people.database.run("select from public.profiles where id = %s", [user]) == []
    await people.database.run(
        "update auth.users set is_anonymous = false, email = %s where id = %s", [address("new"), user]
    )
    assert await people.database.run("select role from public.profiles where id = %s", [user]) == [("customer",)]


def test_functions_that_run_as_their_owner_pin_what_they_look_up(any_database: DeskDatabase) -> None:
    """With an empty search_path, a temporary domain called uuid ran an attacker's code."""
    with psycopg.connect(any_database.owner_dsn) as owner:
        rows = owner.execute(
            """select p.oid::regprocedure::text, proconfig, prosecdef, prosqlbody is not null from pg_proc p
                where pronamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)
                   or p.oid in ('public.update_ticket_updated_at()'::regprocedure,
                                'public.log_ticket_status_change()'::regprocedure)"""
        ).fetchall()
        loose = {row[0]: row[2:] for row in rows if "search_path=pg_catalog, pg_temp" not in (row[1] or [])}
        # Written into the query that asks them, which a function with settings is not. Most were parsed when they were
        # made; the other five only functions of the owner may call, under what those have pinned.
        assert loose == {
            "private.works_on(uuid,uuid,uuid,uuid[])": (False, True),
            "private.works_chat(text,uuid,uuid,uuid,uuid[],boolean)": (False, True),
            "private.sight_of(uuid,uuid,uuid,uuid,uuid,uuid[])": (False, True),
            f"private.shut_out({','.join(['timestamp with time zone'] * 3)})": (False, True),
            "private.is_plain_moment(timestamp with time zone)": (False, True),
            "private.called(text,text,text,boolean)": (False, True),
            "private.reads(text,uuid,text)": (False, True),
            "private.uses_view(uuid,text,uuid,uuid,uuid[])": (False, True),
            "private.field_words(text,text)": (False, True),
            "private.field_terms(jsonb)": (False, True),
            "private.holds_phrase(text,text)": (False, True),
            "private.is_plain_number(jsonb)": (False, True),
            "private.unspaced()": (False, True),
            "private.macro_variables()": (False, True),
            "private.sees_macro(text,uuid,uuid,uuid,uuid[])": (False, True),
            "private.standing(uuid,text)": (False, False),
            "private.audit_text(bigint,bigint,timestamp with time zone,xid8,uuid,uuid,text,text,text,text,uuid,jsonb"
            ",jsonb)": (False, True),
            "private.audit_link(bytea,text)": (False, True),
            "private.audit_next(bytea,bytea,text)": (False, True),
            "private.audit_value(jsonb)": (False, True),
            "private.audit_row(jsonb)": (False, True),
            "private.audit_changes(jsonb,jsonb,text[],boolean)": (False, True),
            "private.audit_seal_hash(bytea,bigint,timestamp with time zone,text)": (False, True),
            "private.audit_hash(bytea,text)": (False, False),  # an aggregate of one of them
            "private.sla_elapsed(uuid,timestamp with time zone)": (False, False),
            "private.sla_deadline(uuid,timestamp with time zone,bigint,bigint)": (False, False),
            "private.asked()": (False, False),
            "private.claimed()": (False, False),
        }
        others = owner.execute(
            """select grantee::regrole::text from pg_proc p, aclexplode(proacl)
                where p.oid in ('private.standing(uuid, text)'::regprocedure, 'private.asked()'::regprocedure,
                                'private.claimed()'::regprocedure, 'private.sla_elapsed'::regproc,
                                'private.sla_deadline'::regproc)
                  and grantee <> proowner"""
        ).fetchall()
        assert others == []
        everybodys = owner.execute(
            """select p.oid::regprocedure::text from pg_proc p
                where pronamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)
                  and has_function_privilege('public', p.oid, 'execute')"""
        ).fetchall()
        assert everybodys == []
        temporary = owner.execute(
            "select has_database_privilege('helpdesk_member', current_database(), 'temporary')"
        ).fetchone()
        assert temporary == (False,)
