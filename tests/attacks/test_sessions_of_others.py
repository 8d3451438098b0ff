"""Others' sessions: seen, ended, locked out, altered, made to trust what is forged. None of it works."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final
from uuid import uuid4

import pytest

from helpdesk_tui.core.live_events import gathered, parse
from tests.attacks.stage import Stage
from tests.attacks.test_read_functions import BLOCK, outcomes
from tests.attacks.test_read_functions import FUNCTIONS as ALL_FUNCTIONS
from tests.db.sessions import Sync, with_people

LOGINS: Final = ("cora", "ada", "ann", "sid", "dora")
"""Who has a login: customer, agent, admin, one who signed out and one who was deactivated."""


@pytest.fixture(scope="module")
def victim(stage: Stage) -> Iterator[Sync]:
    """A connection of Bo's that just asked for something secret."""
    connection = stage.raw("bo")
    connection.execute(f"select '{stage.named('title')}'".encode())
    yield connection
    connection.close()


def works_on(stage: Stage, victim: Sync) -> None:
    """Bo and Otto go on as if nothing had been tried: the counterpart of every attack here."""
    victim.execute("set role helpdesk_member")
    title = victim.execute("select title from public.tickets where id = %s", [stage.ids["ticket"]]).fetchone()
    assert title == (stage.named("title"),)
    changed = "update public.tickets set priority = 'high' where id = %(ticket)s"
    assert stage.attack("bo", changed).changed == 1
    assert stage.attack("otto", "update public.tickets set status = 'open' where id = %(ticket)s").changed == 1
    victim.execute("reset role")


ON_CONNECTIONS: Final = {
    "cancel": "select pg_cancel_backend({pid})",
    "terminate": "select pg_terminate_backend({pid})",
    "terminate and wait": "select pg_terminate_backend({pid}, 1000)",
    "terminate all": "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
    " and usename = '{bo}'",
    "have its memory written down": "select pg_log_backend_memory_contexts({pid})",
    "reload the server": "select pg_reload_conf()",
    "forget what was counted": "select pg_stat_reset()",
    "forget what was counted of a table": "select pg_stat_reset_single_table_counters('public.tickets'::regclass)",
    "stop the server's standby": "select pg_promote()",
    "write everything down": "checkpoint",
    "be somebody else": "set session authorization {bo}",
    "be somebody else's role": "set role {bo}",
    "be the owner": "set session authorization postgres",
    "a setting of the server": "alter system set work_mem = '64kB'",
}
"""Refused for want of a right."""

ON_ROLES: Final = {
    **{
        f"{what} of {whose}": f"alter role {{{whose}}} {how}"
        for whose in ("bo", "keeper", "postgres", "authenticator", "service")
        for what, how in {
            "password": "password 'known'",
            "end": "valid until '2000-01-01'",
            "connections": "connection limit 0",
            "login": "nologin",
            "timeout": "set statement_timeout = '1ms'",
            "search path": "in database {db} set search_path = evil",
            "isolation": "set default_transaction_isolation = serializable",
        }.items()
    },
    "everybody's timeout": "alter role all set statement_timeout = '1ms'",
    "everybody's path here": "alter role all in database {db} set search_path = evil",
    "the database's path": "alter database {db} set search_path = evil",
    "the database's connections": "alter database {db} connection limit 0",
    "the database's owner": "alter database {db} owner to {me}",
    "the schema's owner": "alter schema helpdesk owner to {me}",
    "own end": "alter role {me} valid until 'infinity'",
    "own connections": "alter role {me} connection limit 1000",
    "own powers": "alter role {me} bypassrls",
    "own making of roles": "alter role {me} createrole",
    "own replication": "alter role {me} replication",
    "a new name": "alter role {me} rename to hd_00000000000000000000000000000000",
    "another's name": "alter role {bo} rename to gone",
    "another's end": "drop role {bo}",
    "the shared role's end": "drop role helpdesk_member",
    "another's things": "reassign owned by {bo} to {me}",
    "another's things away": "drop owned by {bo} cascade",
    "the gateway's things away": "drop owned by authenticated cascade",
    "a role": "create role zz login password 'known'",
    "a role among ours": "create role hd_00000000000000000000000000000000 login in role helpdesk_member",
    "a user": "create user zz",
    "a group": "create group zz",
    "the shared role to the gateway": "grant helpdesk_member to authenticator",
    "the shared role with admin": "grant helpdesk_member to {bo} with admin option",
    "the service's role to oneself": "grant service_role to {me}",
    "the keeper's role to oneself": "grant helpdesk_keeper to {me}",
    "power over all connections": "grant pg_signal_backend to {me}",
    "power to read all": "grant pg_read_all_data to {me}",
    "own role to another": "grant {me} to {bo}",
    "another's role to oneself": "grant {bo} to {me}",
    "another's out of the shared role": "revoke helpdesk_member from {bo}",
    "a label": "comment on role {bo} is 'x'",
}
"""Refused for want of a right."""

NEW_THINGS: Final = {
    "database": "create database zz",
    "tablespace": "create tablespace zz location '/tmp'",
    "schema": "create schema zz",
    "schema of one's own": "create schema authorization current_user",
    "extension": "create extension dblink",
    "trusted extension": "create extension hstore",
    "language": "create language zz handler plpgsql_call_handler",
    "foreign data wrapper": "create foreign data wrapper zz",
    "publication": "create publication zz",
    "publication of everything": "create publication zz for all tables",
    "publication of tickets": "create publication zz for table public.tickets",
    "subscription": "create subscription zz connection 'dbname=x' publication x with (connect = false)",
    "event trigger": "create event trigger zz on ddl_command_start execute function pg_catalog.fmgr_c_validator()",
    "access method": "create access method zz type index handler bthandler",
    "table": "create table public.zz (a int)",
    "table among ours": "create table helpdesk.zz (a int)",
    "table among the closed": "create table private.zz (a int)",
    "temporary table": "create temporary table zz (a int)",
    "table made of a query": "create table public.zz as select 1",
    "temporary table by select": "select 1 as a into temporary zz",
    "view": "create view public.zz as select 1",
    "temporary view": "create temporary view zz as select 1",
    "materialized view": "create materialized view public.zz as select 1",
    "sequence": "create sequence public.zz",
    "temporary sequence": "create temporary sequence zz",
    "function": "create function public.zz() returns int language sql as 'select 1'",
    "function in one's own place": "create function pg_temp.zz() returns int language sql as 'select 1'",
    "function among ours": "create function helpdesk.zz() returns int language sql as 'select 1'",
    "function of the catalog": "create function pg_catalog.zz() returns int language sql as 'select 1'",
    "procedure": "create procedure public.zz() language sql as 'select 1'",
    "aggregate": "create aggregate public.zz (int) (sfunc = int4pl, stype = int)",
    "operator": "create operator public.=== (function = texteq, leftarg = text, rightarg = text)",
    "operator class": "create operator class public.zz for type int using btree as operator 1 <",
    "cast": "create cast (text as uuid) without function",
    "type": "create type public.zz as (a int)",
    "type in one's own place": "create type pg_temp.uuid as (a int)",
    "enum": "create type public.zz as enum ('a')",
    "domain": "create domain public.zz as int",
    "domain in one's own place": "create domain pg_temp.uuid as text",
    "collation": 'create collation public.zz from "C"',
    "conversion": "create conversion public.zz for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
    "text search": "create text search configuration public.zz (copy = pg_catalog.english)",
    "statistics": "create statistics public.zz on title, status from public.tickets",
    "index": "create index zz on public.tickets (title)",
    "trigger": "create trigger zz before insert on public.tickets for each row"
    " execute function pg_catalog.suppress_redundant_updates_trigger()",
    "rule": "create rule zz as on select to public.tickets do instead nothing",
    "policy": "create policy zz on public.tickets using (true)",
    "column": "alter table public.tickets add column zz int",
    "no row security": "alter table public.tickets disable row level security",
    "no triggers": "alter table public.tickets disable trigger all",
    "another owner": "alter table public.tickets owner to helpdesk_member",
    "child table": "alter table public.tickets inherit public.ticket_tags",
    "user mapping": "create user mapping for current_user server zz",
    "server": "create server zz foreign data wrapper zz",
    "label": "comment on table public.tickets is 'x'",
    "emptying": "truncate public.ticket_events",
    "another replica's rules": "set session_replication_role = replica",
    "indexes anew": "reindex table public.tickets",
    "order anew": "cluster public.tickets using tickets_pkey",
    "default rights of others": "alter default privileges for role postgres grant all on tables to public",
    "rights": "grant all on public.tickets to public",
}
"""What nobody may make or change: refused, of what is not there (42704, 42P01) said so."""


def names(stage: Stage, who: str, pid: int) -> dict[str, str]:
    """What stands in the curly brackets of an attack."""
    return {
        "pid": str(pid),
        "db": stage.database.name,
        "me": stage.people[who].db_user,
        "bo": stage.people["bo"].db_user,
        "keeper": "helpdesk_keeper",
        "postgres": "postgres",
        "authenticator": "authenticator",
        "service": "service_role",
    }


@pytest.mark.parametrize("who", LOGINS)
@pytest.mark.parametrize("group", ["connections", "roles", "things"])
def test_others_are_not_touched(stage: Stage, victim: Sync, who: str, group: str) -> None:
    """With the login as psql has it, and under the role that the client takes."""
    attacks = {"connections": ON_CONNECTIONS, "roles": ON_ROLES, "things": NEW_THINGS}[group]
    given = names(stage, who, victim.info.backend_pid)
    acting = stage.as_(who)
    for role in ("none", "helpdesk_member"):
        acting.execute(f"set role {role}".encode())
        for name, script in attacks.items():
            if name == "a role" and role == "none":
                continue
            told = stage.attack(who, script.format(**given), stays=name in ALONE)
            refused = {"42501", "0LP01"} | ({"42704"} if group == "things" else set())
            refused |= {"0A000"} if name == "a new name" else set()
            unheard = [notice["sqlstate"] for notice in told.notices] == ["01007"]  # nothing was granted
            assert told.code in refused or unheard, (name, role, str(told))
    works_on(stage, victim)


ALONE: Final = frozenset({"database", "tablespace", "subscription", "a setting of the server"})
"""Never part of a transaction."""


@pytest.mark.parametrize("who", LOGINS)
def test_nothing_of_what_others_do_is_seen(stage: Stage, victim: Sync, who: str) -> None:
    """But that there is a connection, of a login whose name is a session's id."""
    pid = victim.info.backend_pid
    told = stage.attack(
        who,
        f"""select query, state, client_addr, client_hostname, client_port, backend_start, xact_start, query_start,
                   state_change, wait_event, wait_event_type, backend_xid, backend_xmin, backend_type
              from pg_stat_activity where pid = {pid}""",
    )
    assert [{*row} for row in told.rows] == [{"<insufficient privilege>", None}]
    for seen in (
        f"select * from pg_stat_get_activity({pid})",
        f"select * from pg_stat_ssl where pid = {pid}",
        "select pg_stat_get_backend_activity(i) from pg_stat_get_backend_idset() as i",
        "select pg_stat_get_backend_client_addr(i) from pg_stat_get_backend_idset() as i",
        f"select * from pg_locks where pid = {pid}",
        f"select pg_blocking_pids({pid})",
        "select * from pg_stat_progress_copy",
        "select * from pg_prepared_xacts",
        "select * from pg_stat_replication",
    ):
        assert stage.attack(who, seen).error is None
    assert stage.attack(who, "select * from pg_prepared_statements where name <> 'p'").rows == []
    assert stage.attack(who, "select * from pg_listening_channels()").rows == []
    works_on(stage, victim)


MODES: Final = (
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)


@pytest.mark.parametrize("who", LOGINS)
def test_no_table_is_locked_against_others(stage: Stage, victim: Sync, who: str) -> None:
    """In no mode that keeps anybody from writing, of all tables, ours and the server's."""
    tables = stage.run(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('r', 'p', 'v') and nspname in ('public', 'private', 'helpdesk', 'auth')"
        " or c.oid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_authid'::regclass,"
        " 'pg_catalog.pg_auth_members'::regclass, 'pg_catalog.pg_proc'::regclass)"
    )
    calls = [f"lock table {table} in {mode} mode" for (table,), mode in product(tables, MODES)]
    assert len(calls) > 200
    block = BLOCK.replace("execute calls[i] into answer", "execute calls[i]")
    told = stage.attack(who, block, calls=calls)
    assert [state for _, state, *_ in outcomes(told)] == ["42501"] * len(calls)
    works_on(stage, victim)


def test_locks_that_anybody_may_take_hold_up_nobody(stage: Stage, victim: Sync) -> None:
    """Advisory ones on every key that comes to mind, and the locks of reading."""
    sources = stage.run(
        "select p.oid::regprocedure::text from pg_proc p where pronamespace in ('public'::regnamespace,"
        " 'private'::regnamespace, 'helpdesk'::regnamespace) and prosrc ~* 'pg_(try_)?advisory'"
    )
    assert sources == []
    holding = stage.fresh("cora")
    holding.execute("begin")
    holding.execute("select pg_advisory_xact_lock(n) from generate_series(-50, 200) n")
    holding.execute(
        "select pg_advisory_xact_lock(hashtext(proname)), pg_advisory_xact_lock(oid::bigint) from pg_proc"
        " where pronamespace = 'helpdesk'::regnamespace"
    )
    for (table,) in stage.run("select t::text from private.tables() t"):
        if "profiles" not in table and not table.endswith("tickets"):
            holding.execute(f"lock table public.{table.removeprefix('public.')} in access share mode".encode())
    victim.execute("set lock_timeout = '2s'")
    works_on(stage, victim)
    assert stage.attack("ann", "select helpdesk.set_default_department(%(billing)s)").error is None
    holding.execute("rollback")
    holding.close()


def test_no_lock_outlives_its_session(stage: Stage) -> None:
    """A transaction that is prepared would, where the server is set up for that; ours are not."""
    script = "update public.tickets set status = status; prepare transaction 'zz'"
    assert {stage.attack(who, script).code for who in LOGINS} == {"55000"}
    assert stage.run("select 1 from pg_prepared_xacts") == []


def test_nobody_keeps_others_from_signing_in(stage: Stage) -> None:
    """By altering, in a transaction left open, the one role that all logins are members of, or oneself."""
    holding = stage.fresh("cora")
    holding.execute("begin")
    holding.execute("alter role helpdesk_member password 'known'")
    holding.execute("alter role helpdesk_member set statement_timeout = '1ms'")
    holding.execute("reassign owned by helpdesk_member to helpdesk_member")
    holding.execute("reset role")
    holding.execute(f"alter role {stage.people['cora'].db_user} set statement_timeout = '1ms'".encode())
    try:
        again = with_people(stage.database, lambda people: people.sign_in(stage.people["otto"]))
        assert again.db_password
        with_people(stage.database, lambda people: people.sign_up("new@desk.test", "New"))
    finally:
        holding.execute("rollback")
        holding.close()


FORGED: Final = (
    *("", "null", "{}", "[[" * 3000, '["' + "a" * 7000, "\x01", '{"chats": null}', '["%s", 1]', "!!", "**"),
    *('{"typing": {"chat": "%s"}}', '{"notices": ["<script>"]}', '{"people": "%s"}', "[\u202e]", "\x1b]52;c;eA==\x07"),
)


def test_forged_notification_is_an_id_to_read_again_or_nothing(stage: Stage) -> None:
    """Anybody may ring on a channel whose name they know. What is rung is ids; to look at them is one's own right."""
    overheard = [row[0] for row in stage.as_("bo").execute("select channel from helpdesk.channels()").fetchall()]
    ear = stage.fresh("bo")
    for channel in overheard:
        ear.execute(f'listen "{channel}"'.encode())
    hidden = str(stage.ids["own_note"])
    sent = [*(payload.replace("%s", hidden) for payload in FORGED), f'["{hidden}"]', f'["{uuid4()}"]']
    for payload in sent:
        stage.attack(
            "cora", "select pg_notify(%(channel)s, %(payload)s)", channel=overheard[0], payload=payload, stays=True
        )
    assert stage.attack("cora", "select pg_notify('x', repeat('x', 8000))").code == "22023"
    heard = [note.payload for note in ear.notifies(timeout=30, stop_after=len(sent))]
    assert set(heard) <= set(sent)
    assert [payload for payload in heard if parse(payload) is not None] == sent[-2:]
    (change,) = gathered(heard)
    assert hidden in str(change)
    ear.execute("select 1")
    assert ear.execute("select * from helpdesk.ticket(%s)", [hidden]).fetchall() == []
    ear.close()


def test_logins_are_members_of_one_role_that_can_do_nothing(stage: Stage) -> None:
    """So a power that is given to some role of the server is none of theirs."""
    rows = stage.run(
        """select r.rolname, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
                  or r.rolinherit, r.rolconnlimit,
                  array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid)
             from pg_roles r where r.rolname ~ '^hd_' and r.rolname = any(%s)""",
        [[stage.people[who].db_user for who in LOGINS]],
    )
    assert len(rows) == len(LOGINS)
    assert {(power, limit, tuple(member_of)) for _, power, limit, member_of in rows} == {
        (False, 8, ("helpdesk_member",))
    }
    assert stage.run("select 1 from pg_auth_members where member = 'helpdesk_member'::regrole") == []
    assert stage.run("select rolcanlogin from pg_roles where rolname = 'helpdesk_member'") == [(False,)]


def test_functions_that_end_or_load_anything_are_not_ours_to_call(stage: Stage) -> None:
    """None of our functions ends a connection, runs a program or opens a file but for those whose business it is."""
    dangerous = stage.run(
        "select p.oid::regprocedure::text from pg_proc p where pronamespace in ('public'::regnamespace,"
        " 'private'::regnamespace, 'helpdesk'::regnamespace)"
        " and prosrc ~* 'pg_(terminate|cancel)_backend|pg_read_|pg_ls_|lo_(import|export)|dblink|to program'"
    )
    assert dangerous == [("private.hang_up(uuid)",)]
    closed = {name for name, *_, is_open in stage.run(ALL_FUNCTIONS) if not is_open}
    assert "private.hang_up(uuid)" in closed
