"""Write: history, events, versions and notifications are written whatever a session sets, shadows, plants or wraps.

First a session is made as hostile as it can be; then it does what it may. What that leaves behind is what it leaves
behind in a clean session: the whole database is read before and after.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pytest

from tests.attacks.fuzz_state import Change, State
from tests.attacks.stage import Stage
from tests.db.sessions import Sync

ACTS: Final = {
    "otto": (
        "insert into public.ticket_messages (ticket_id, content) values (%(ticket)s, 'again')",
        "update public.tickets set status = 'closed' where id operator(pg_catalog.=) %(ticket)s",
        "insert into public.chat_messages (session_id, content) values (%(chat)s, 'hello')",
    ),
    "bo": (
        (
            "update public.tickets set status = 'pending', priority = 'low', title = 'x', due_date = '2031-01-02 UTC'"
            " where id operator(pg_catalog.=) %(ticket)s"
        ),
        "update public.kb_articles set content = 'x' where id operator(pg_catalog.=) %(article)s",
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(ticket)s, '@Ann', true)",
        "select helpdesk.assign(array[%(ticket)s]::pg_catalog.uuid[], %(ann)s)",
    ),
}
"""What each of the two may do, and what leaves something behind for others."""

SETTINGS: Final = {
    "a path without ours": "set search_path = ''",
    "a path of temporary names first": "set search_path = pg_temp, public, pg_catalog",
    "a path of what is closed": "set search_path = private, auth, helpdesk, public",
    "a path of nowhere": 'set search_path = evil, "$user"',
    "mute": "set helpdesk.mute = 'on'",
    "no policies to bring back": "set helpdesk.policies = '[]'",
    "claims of the admin": "select set_config('request.jwt.claims', json_build_object('sub', %(ann)s, 'role',"
    " 'service_role', 'aal', 'aal2')::text, false)",
    "the old claim of the admin": "select set_config('request.jwt.claim.sub', %(ann)s::text, false)",
    "the old claim of a role": "set request.jwt.claim.role = 'service_role'",
    "claims that are none": "set request.jwt.claims = 'x'",
    "no claims": "reset request.jwt.claims",
    "other dates": "set datestyle = 'SQL, DMY'; set timezone = 'Pacific/Apia'; set intervalstyle = 'sql_standard'",
    "other literals": "set standard_conforming_strings = off; set backslash_quote = on; set bytea_output = 'escape'",
    "other nulls": "set transform_null_equals = on; set array_nulls = off",
    "another encoding": "set client_encoding = 'LATIN1'",
    "generic plans": "set plan_cache_mode = force_generic_plan",
    "no indexes": "set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off",
    "few joins": "set from_collapse_limit = 1; set join_collapse_limit = 1; set geqo_threshold = 2",
    "no body checks": "set check_function_bodies = off",
    "little memory": "set work_mem = '64kB'; set temp_buffers = '800kB'",
    "loose large objects": "set row_security = on; set synchronize_seqscans = off",
    "deferred at first": "set default_transaction_deferrable = on",
    "everything forgotten": "discard plans; discard sequences; deallocate all",
}
"""What a session may set."""

PLANTED: Final = {
    "triggers off": ("set session_replication_role = replica", "42501"),
    "event triggers off": ("set event_triggers = off", "42501"),
    "catalogues open": ("set allow_system_table_mods = on", "42501"),
    "a library": ("load 'auto_explain'", "42501"),
    "one trigger off": ("alter table public.tickets disable trigger log_ticket_status", "42501"),
    "all triggers off": ("alter table public.tickets disable trigger all", "42501"),
    "a trigger gone": ("drop trigger tickets_guard on public.tickets", "42501"),
    "a trigger before ours": (
        ("create trigger aaa before insert on public.ticket_messages for each row execute function"
        " suppress_redundant_updates_trigger()"), "42501",
    ),
    "a trigger on a view of the catalogue": (
        ("create trigger aaa instead of update on pg_settings for each row execute function"
        " suppress_redundant_updates_trigger()"), "42501",
    ),
    "a rule": ("create rule r as on insert to public.ticket_events do instead nothing", "42501"),
    "a policy": ("create policy p on public.tickets using (true)", "42501"),
    "a policy gone": ('drop policy "Customers can view own tickets" on public.tickets', "42501"),
    "row security gone": ("alter table public.notifications disable row level security", "42501"),
    "a temporary table": ("create temporary table tickets (id uuid)", "42501"),
    "a temporary table by name": ("create table pg_temp.tickets (id uuid)", "42501"),
    "a temporary table by SELECT": ("select 1 as id into temporary profiles", "42501"),
    "a temporary table by AS": ("create temporary table notifications as select 1 as id", "42501"),
    "a temporary view": ("create temporary view settings as select 1 as id", "42501"),
    "a temporary sequence": ("create temporary sequence tickets_number_seq", "42501"),
    "a temporary type": ("create type pg_temp.touched as (id uuid)", "42501"),
    "a temporary enumeration": ("create type pg_temp.ticket_status as enum ('x')", "42501"),
    "a temporary domain": ("create domain pg_temp.uuid as text", "42501"),
    "a temporary function": ("create function pg_temp.now() returns int language sql as 'select 1'", "42501"),
    "a temporary operator": ("create operator pg_temp.= (leftarg = text, rightarg = text, function = textne)", "42501"),
    "a temporary collation": ('create collation pg_temp.c from "C"', "42501"),
    "a function in public": ("create function public.now() returns int language sql as 'select 1'", "42501"),
    "a function of ours": (
        "create or replace function private.muted() returns boolean language sql as 'select true'", "42501",
    ),
    "another hand for a function": ("alter function private.deliver(private.event[], uuid) reset all", "42501"),
    "a path for a function": ("alter function helpdesk.me() set search_path = evil", "42501"),
    "a function of ours gone": ("drop function private.announce(private.touched[], boolean)", "42501"),
    "an operator in public": (
        "create operator public.= (leftarg = uuid, rightarg = uuid, function = uuid_ne)", "42501",
    ),
    "an operator in the catalogue": (
        "create operator pg_catalog.=== (leftarg = uuid, rightarg = uuid, function = uuid_ne)", "42501",
    ),
    "a table in ours": ("create table helpdesk.tickets (id uuid)", "42501"),
    "a table in the closed one": ("create table private.tickets (id uuid)", "42501"),
    "a schema": ("create schema evil", "42501"),
    "a cast": ("create cast (uuid as text) with inout as implicit", "42501"),
    "an event trigger": ("create event trigger e on ddl_command_end execute function evil()", "42501"),
    "a column": ("alter table public.ticket_events add column evil text", "42501"),
    "a default": ("alter table public.ticket_events alter column actor_id set default null", "42501"),
    "a constraint gone": ("alter table public.ticket_events drop constraint ticket_events_pkey", "42501"),
    "a constraint deferred for good": (
        "alter table public.tickets alter constraint tickets_customer_id_fkey deferrable", "42501",
    ),
    "a child": ("create table evil () inherits (public.tickets)", "42501"),
    "emptied": ("truncate public.ticket_status_history", "42501"),
    "copied into": ("copy public.ticket_events (ticket_id, kind) from stdin", "42501"),
    "copied from a file": ("copy public.ticket_events from '/etc/passwd'", "42501"),
    "copied from a program": ("copy public.tickets (title) from program 'true'", "42501"),
    "imported as a large object": ("select lo_import('/etc/passwd')", "42501"),
    "a number drawn ahead": ("select nextval('public.tickets_number_seq')", "42501"),
    "a number set": ("select setval('public.tickets_number_seq', 1)", "42501"),
    "the owner's role": ("set role postgres", "42501"),
    "the service's role": ("set role service_role", "42501"),
    "the keeper's role": ("set role helpdesk_keeper", "42501"),
    "another session": ("set session authorization postgres", "42501"),
    "a prepared transaction": ("begin; prepare transaction 'evil'", "55000"),
    "an audit's end": ("delete from private.acts", "42501"),
    "the settings": ("update private.settings set due_soon = '0'", "42501"),
    "the marks of what was told": ("delete from private.due_told", "42501"),
    "a turn": ("update private.routing_turns set last_id = null", "42501"),
    "a comment": ("comment on trigger tickets_guard on public.tickets is 'x'", "42501"),
    "statistics": ("create statistics evil on id, title from public.tickets", "42501"),
    "a lock": ("begin; lock table public.ticket_events in share mode nowait", "42501"),
    "who hears": ("alter function private.channel(text) volatile", "42501"),
}  # fmt: skip
"""What is refused, whoever asks; and leaves nothing in the way."""

WRAPS: Final = {
    "in a transaction": "begin; {act}; commit",
    "with constraints deferred": "begin; set constraints all deferred; {act}; commit",
    "after a savepoint": "begin; savepoint a; {act}; release savepoint a; commit",
    "once more after it was taken back": "begin; savepoint a; {act}; rollback to savepoint a; {act}; commit",
    "in a block of code": "do $code$ begin {act}; end $code$",
    "in a block that catches errors": "do $code$ begin begin {act}; exception when others then null; end; end $code$",
    "prepared": "prepare evil as {act}; execute evil; deallocate evil",
    "analysed": "explain analyze {act}",
    "in a CTE": "with w as ({act} returning 1) select count(*) from w",
    "in a CTE that nobody reads": "with w as ({act}) select 1",
    "read only that is taken back": "begin; set transaction read only; commit; {act}",
    "with the mute": "set helpdesk.mute = 'on'; {act}; reset helpdesk.mute",
    "with the mute for itself": "begin; set local helpdesk.mute = 'on'; {act}; commit",
    "by MERGE": "merge into public.tickets t using (select %(ticket)s::uuid as id) s on t.id = s.id"
    " when matched then update set status = 'open', priority = 'low'",
    "through a cursor": "begin; declare c cursor for select id from public.tickets where id = %(ticket)s for update;"
    " fetch c; update public.tickets set status = 'open', priority = 'low' where current of c; commit",
    "on a conflict": "insert into public.tickets (id, title, customer_id) values (%(ticket)s, 'x', %(otto)s)"
    " on conflict (id) do update set status = 'open', priority = 'low'",
    "by what another table says": "update public.tickets t set status = 'open', priority = 'low'"
    " from public.profiles p where p.id = %(me)s and t.id = %(ticket)s",
}
_ACT: Final = "update public.tickets set status = 'open', priority = 'low' where id = %(ticket)s"

# Times, ids, and sums over them; an audit holds the rows that it tells of.
_PASSING: Final = {
    "id", "at", "hash", "txid", "chain", "seq", "pid", "key", "article", "session", "stems", "login", "last_value",
    "row_key", "old", "new", "waiting_since", "counts_from", "told",
}  # fmt: skip
_COUNTED: Final = ("pg_sequences", "private.audit_chains")


@dataclass
class Ground:
    """The stage, and everything that is in its database."""

    stage: Stage
    state: State
    connections: dict[str, Sync]
    clean: list[str] = field(default_factory=list)

    def sessions(self) -> dict[str, Sync]:
        """A session of each, as the client makes it."""
        for who, connection in self.connections.items():
            connection.execute("rollback; reset session authorization; reset all; deallocate all")
            connection.execute("set role helpdesk_member")
            claims = json.dumps(self.stage.people[who].claims)
            connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
        return self.connections


@pytest.fixture(scope="module")
def ground(stage: Stage) -> Iterator[Ground]:
    """With what the acts leave behind when a session is as it should be."""
    with stage.owner() as connection:
        ground = Ground(stage, State(stage.people, connection), {who: stage.fresh(who) for who in ACTS})
        ground.clean = trace(ground, ground.sessions())
        yield ground


def trace(ground: Ground, connections: dict[str, Sync]) -> list[str]:
    """What the acts leave behind, without ids and times; and puts it back."""
    for who, connection in connections.items():
        # Ids without a type: its name would be looked up where the session looks.
        ids = {name: str(value) for name, value in ground.stage.known(who).items()}
        for act in ACTS[who]:
            connection.execute(act.encode(), ids)
    return left(ground)


def left(ground: Ground) -> list[str]:
    """What changed since the last time."""
    changes = ground.state.changes(ground.state.saved, ground.state.read())
    ground.state.restore(changes)
    return sorted(str(lasting(change)) for change in changes if change.table not in _COUNTED)


def lasting(change: Change) -> Any:
    """What of a change is the same each time."""

    def kept(row: dict[str, Any] | None) -> dict[str, Any] | None:
        return row and {
            name: value for name, value in row.items() if name not in _PASSING and not name.endswith(("_at", "_due"))
        }  # fmt: skip

    return change.table, kept(change.old), kept(change.new)


def test_acts_leave_history_events_versions_and_notifications_behind(ground: Ground) -> None:
    """What the others are compared with is something."""
    for table in ("status_history", "events", "messages"):
        assert any(f"public.ticket_{table}" in line for line in ground.clean), table
    for table in ("kb_article_versions", "notifications", "chat_messages", "tickets"):
        assert any(f"public.{table}" in line for line in ground.clean), table
    # Ann was mentioned and given the ticket; Otto was answered nothing, but his ticket's status changed.
    assert any(str(ground.stage.ids["ann"]) in line and "notifications" in line for line in ground.clean)


@pytest.mark.parametrize("setting", SETTINGS)
def test_nothing_is_diverted_by_a_setting(ground: Ground, setting: str) -> None:
    connections = ground.sessions()
    for who, connection in connections.items():
        for statement in SETTINGS[setting].split("; "):
            connection.execute(statement.encode(), ground.stage.known(who))
    assert trace(ground, connections) == ground.clean


def test_nothing_is_diverted_by_what_is_planted(ground: Ground) -> None:
    """All of it refused to both, in one session each, which then does what it may."""
    connections = ground.sessions()
    for name, (statement, code) in PLANTED.items():
        for who, connection in connections.items():
            told = ground.stage.attack(who, statement, on=connection, stays=True)
            connection.execute("rollback")
            assert told.code == code, (name, who, told.words)
    assert left(ground) == []
    assert trace(ground, connections) == ground.clean


@pytest.mark.parametrize("wrap", WRAPS)
def test_nothing_is_skipped_however_an_act_is_wrapped(ground: Ground, wrap: str) -> None:
    connection = ground.sessions()["bo"]
    connection.execute(_ACT.encode(), ground.stage.known("bo"))
    clean = left(ground)
    told = ground.stage.attack("bo", WRAPS[wrap].replace("{act}", _ACT), on=connection, stays=True)
    assert told.code is None, told.words
    assert left(ground) == clean
    assert any("ticket_events" in line for line in clean)
    assert any("ticket_status_history" in line for line in clean)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_older_snapshots_are_not_written_from(ground: Ground, isolation: str) -> None:
    """Where nobody has signed out yet and nobody was demoted."""
    connection = ground.sessions()["bo"]
    told = ground.stage.attack("bo", f"begin isolation level {isolation}; {_ACT}", on=connection, stays=True)
    connection.execute("rollback")
    assert told.code == "HD002"
    assert left(ground) == []


def test_row_security_switched_off_shows_and_writes_nothing(ground: Ground) -> None:
    connection = ground.sessions()["bo"]
    connection.execute("set row_security = off")
    for act in ACTS["bo"][:3]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(act.encode(), ground.stage.known("bo"))
    assert left(ground) == []


def test_names_that_shadow_ours_trap_nobody(ground: Ground) -> None:
    """Even if somebody could make them: the owner makes a schema full of them, and it is first in the path."""
    traps = """
      create schema trap; grant usage on schema trap to public;
      create function trap.now() returns timestamptz language plpgsql as
        $$begin raise 'trapped' using errcode = 'TRAP1'; end$$;
      create function trap.clock_timestamp() returns timestamptz language sql as 'select trap.now()';
      create function trap.gen_random_uuid() returns uuid language sql as 'select trap.now()::text::uuid';
      create function trap.lower(text) returns text language sql as 'select trap.now()::text';
      create function trap.left(text, integer) returns text language sql as 'select trap.now()::text';
      create function trap.pg_notify(text, text) returns void language sql as 'select trap.now()';
      create function trap.current_setting(text, boolean) returns text language sql as 'select trap.now()::text';
      create function trap.same(uuid, uuid) returns boolean language sql as 'select trap.now() is null';
      create function trap.same(text, text) returns boolean language sql as 'select trap.now() is null';
      create operator trap.= (leftarg = uuid, rightarg = uuid, function = trap.same);
      create operator trap.= (leftarg = text, rightarg = text, function = trap.same);
      create domain trap.uuid as pg_catalog.uuid check (trap.now() is null);
      create domain trap.jsonb as pg_catalog.jsonb check (trap.now() is null);
      create table trap.tickets (id pg_catalog.uuid); create table trap.profiles (id pg_catalog.uuid);
      create table trap.notifications (id pg_catalog.uuid); create table trap.settings (id pg_catalog.uuid);
      grant all on all tables in schema trap to public"""
    ground.stage.run(traps)
    try:
        ground.state.saved = ground.state.read()
        connections = ground.sessions()
        for connection in connections.values():
            connection.execute("set search_path = trap, pg_catalog, public")
        assert trace(ground, connections) == ground.clean
        called = ground.stage.run(
            """select format('select helpdesk.%I(%s)', proname,
                      (select string_agg(format('null::%I.%I', nspname, typname), ', ' order by n)
                         from unnest(proargtypes::oid[]) with ordinality as a(oid, n) join pg_type t on t.oid = a.oid
                         join pg_namespace s on s.oid = typnamespace))
                 from pg_proc p where pronamespace = 'helpdesk'::regnamespace
                  and has_function_privilege('helpdesk_member', p.oid, 'execute') and proname !~ 'end_session|hang'"""
        )
        assert len(called) > 40
        for who, connection in connections.items():
            for (call,) in called:
                told = ground.stage.attack(who, call, on=connection)
                assert told.code in (None, "HD001", "HD002", "HD003", "HD004"), (call, told.error)
        with pytest.raises(psycopg.Error, match="trapped"):
            connections["bo"].execute("select now()")  # so it does work
    finally:
        ground.stage.run("drop schema trap cascade")
        ground.state.saved = ground.state.read()
