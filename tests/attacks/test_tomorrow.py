"""Tomorrow: what is added without a thought is closed until somebody opens it, or ``helpdesk db check`` names it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from helpdesk_tui.core.schema import Finding, check
from helpdesk_tui.local.server import LocalServer
from tests.attacks.test_read_functions import FUNCTIONS
from tests.db.servers import Place, new_place, start
from tests.db.sessions import Sync, connect_as, with_people
from tests.world import People, Person

CALLED_BY_INDEXES: Final = {"searched", "field_terms"}
CALLED_BY_POLICIES: Final = {
    "uid",
    "role",
    "agent",
    "departments",
    "is_admin",
    "is_staff",
    "holds_published",
    "works_on",
    "works_chat",
}
"""Of the schema private, which nobody can name, these alone run for whoever asks."""

OURS: Final = ("helpdesk_member", "authenticated", "anon")
SCHEMAS: Final = ("public", "helpdesk", "private")

ADDED: Final = {
    "table": "create table {schema}.later (secret text); insert into {schema}.later values ('zq')",
    "view": "create view {schema}.later_view as select title from public.tickets",
    "materialized view": "create materialized view {schema}.later_kept as select * from public.tickets",
    "sequence": "create sequence {schema}.later_seq",
    "identity": "create table {schema}.later_numbered (n int generated always as identity)",
    "partitions": "create table {schema}.later_parts (n int) partition by list (n);"
    " create table {schema}.later_part partition of {schema}.later_parts default",
}
"""By the owner, in each schema. Closed by default."""

FUNCTIONS_ADDED: Final = {
    "function": "create function {schema}.later_words() returns setof text language sql security definer"
    " as 'select title from public.tickets'",
    "procedure": "create procedure {schema}.later_deed() language sql security definer as 'delete from public.tickets'",
    "harmless function": "create function {schema}.later_sum(int) returns int language sql as 'select $1'",
    "another way to call ours": "create function helpdesk.version(zz text) returns setof text language sql"
    " security definer as 'select title from public.tickets'",
}
"""PostgreSQL opens these to everybody."""


def supabase_15(open_directory: Any) -> Iterator[Place]:
    """An older server as Supabase has it, whose default rights open everything that the owner makes in public."""
    # Of its own: the tests of db/ may have one of that version and kind in this run.
    server = start(open_directory / "later", "postgres15", "supabase")
    place = new_place(server, "supabase")
    place.psql()
    yield place
    server.close()
    server.wait_stopped()


@pytest.fixture(scope="module", params=["postgres15-supabase", "postgres18-plain"])
def place(request: pytest.FixtureRequest, server: LocalServer, open_directory: Any) -> Iterator[Place]:
    """A helpdesk on both sorts of server, to which things are added."""
    if request.param == "postgres15-supabase":
        yield from supabase_15(open_directory)
    else:
        place = new_place(server, "plain")
        place.psql()
        yield place


@pytest.fixture(scope="module")
def everybody(place: Place) -> Iterator[list[Sync]]:
    """A customer's, an agent's and an admin's connection, as the client has it."""

    async def sign_up(people: People) -> list[Person]:
        return [
            await people.sign_up("cora@desk.test", "Cora"),
            await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            await people.sign_up("ann@desk.test", "Ann", "admin"),
        ]

    found = [connect_as(place.database, person) for person in with_people(place.database, sign_up)]
    yield found
    for connection in found:
        connection.close()


def findings(place: Place) -> list[Finding]:
    """What ``helpdesk db check`` says of rights."""
    return [each for each in asyncio.run(check(place.owner_dsn)) if each.subject == "grants"]


def code(connection: Sync, statement: str) -> str | None:
    """What a statement fails with; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


# -- as it is --------------------------------------------------------------------------------------------------------


def test_every_table_of_the_helpdesk_is_one_of_those_that_the_matrix_names(place: Place) -> None:
    """The matrix has a test that it names all of ``private.tables()``."""
    forgotten = place.run(
        """select c.oid::regclass::text from pg_class c
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace
              and c.oid not in (select private.tables())
              and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"""
    )
    assert forgotten == []
    # What a role that anybody may be holds of a table, but for what the matrix goes through column by column.
    held = place.run(
        """select c.oid::regclass::text, grantee, privilege_type
             from pg_class c, aclexplode(coalesce(relacl, acldefault('r', relowner))) a
             cross join lateral (select case grantee when 0 then 'public' else grantee::regrole::text end) g(name)
            where c.relkind in ('r', 'p', 'v', 'm', 'S')
              and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'helpdesk'::regnamespace)
              and g.name in ('public', 'anon', 'authenticated', 'helpdesk_member')
              and not (privilege_type = 'SELECT' and c.oid in (select private.tables())
                       and g.name in ('authenticated', 'helpdesk_member'))"""
    )
    assert held == []
    unguarded = place.run(
        """select c.oid::regclass::text from pg_class c
            where c.relkind in ('r', 'p') and not c.relrowsecurity
              and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)"""
    )
    assert unguarded == []


def test_every_function_that_people_may_call_is_tried_by_those_who_may_not(place: Place) -> None:
    """``test_read_functions`` calls whatever is open in the schema helpdesk: nothing else may be open."""
    is_open = [name for _, name, _, is_open in place.run(FUNCTIONS) if is_open]
    assert {name for name in is_open if not name.startswith("helpdesk.")} <= {"public.uuid_generate_v4"}
    assert len(is_open) >= 45
    private = place.run(
        """select p.proname::text from pg_proc p where p.pronamespace = 'private'::regnamespace
             and has_function_privilege('helpdesk_member', p.oid, 'execute')"""
    )
    assert {name for (name,) in private} == CALLED_BY_POLICIES | CALLED_BY_INDEXES


def test_triggers_functions_are_not_for_calling(place: Place) -> None:
    open_to_all = place.run(
        """select p.oid::regprocedure::text from pg_proc p
            where p.prorettype = 'trigger'::regtype
              and p.pronamespace in ('public'::regnamespace, 'private'::regnamespace, 'helpdesk'::regnamespace)
              and has_function_privilege('helpdesk_member', p.oid, 'execute')"""
    )
    assert open_to_all == []


def test_check_says_nothing_of_a_helpdesk_as_it_was_made(place: Place) -> None:
    assert findings(place) == []


# -- what is added ---------------------------------------------------------------------------------------------------


def test_table_view_and_sequence_added_later_are_closed_to_everybody(place: Place, everybody: list[Sync]) -> None:
    for schema in SCHEMAS:
        for script in ADDED.values():
            place.run(script.format(schema=schema))
    added = place.run(
        "select c.oid, format('%I.%I', n.nspname, relname), relkind = 'S' from pg_class c"
        " join pg_namespace n on n.oid = relnamespace where relname like 'later%' and relkind in ('r','p','v','m','S')"
    )
    assert len(added) == len(SCHEMAS) * 8
    for oid, name, is_sequence in added:
        for role in OURS:
            rights = "usage, select, update" if is_sequence else "select, insert, update, delete, truncate, trigger"
            what = "sequence" if is_sequence else "table"
            held = place.run(f"select has_{what}_privilege(%s, %s::oid, %s)", [role, oid, rights])
            assert held == [(False,)], (role, name)
            if not is_sequence:
                held = place.run("select has_any_column_privilege(%s, %s::oid, 'select, insert, update')", [role, oid])
                assert held == [(False,)], (role, name)
        for connection in everybody:
            assert code(connection, f"select * from {name}") == "42501"
    # What the files close is closed after the next time too, and they say nothing is wrong.
    place.psql()
    assert findings(place) == []
    # Until somebody opens it: then the check names it.
    place.run("grant select on public.later_view to helpdesk_member")
    place.run("grant insert (secret) on public.later to public")
    place.run("grant usage on sequence helpdesk.later_seq to authenticated")
    assert [each.message.split(", which")[0] for each in findings(place)] == [
        "Whoever signs in may reach into the sequence helpdesk.later_seq",
        "Whoever signs in may reach into the table public.later",
        "Whoever signs in may reach into the view public.later_view",
    ]
    for each in findings(place):
        assert each.hint is not None
        place.run(each.hint.replace("helpdesk_member", "helpdesk_member, authenticated"))
    assert findings(place) == []


def test_function_added_later_is_named_by_the_check(place: Place, everybody: list[Sync]) -> None:
    """PostgreSQL itself opens functions to everybody, whatever the schema's default rights are."""
    for schema in SCHEMAS:
        for script in FUNCTIONS_ADDED.values():
            if schema == "public" or "{schema}" in script:
                place.run(script.format(schema=schema))
    named = {each.message.split("Whoever signs in may call ")[-1].split(", which")[0]: each for each in findings(place)}
    for schema in ("public", "helpdesk"):
        assert named[f"{schema}.later_words()".removeprefix("public.")].level == "warning"
        assert named[f"{schema}.later_deed()".removeprefix("public.")].level == "warning"
        assert named[f"{schema}.later_sum(integer)".removeprefix("public.")].level == "note"
    assert named["Everybody may call helpdesk.version."].level == "error"
    assert len(named) == 7
    for connection in everybody:
        assert code(connection, "select private.later_words()") == "42501", "that schema is closed"
    for name, each in named.items():
        if "later" in name:
            assert each.hint is not None
            place.run(each.hint)
    place.run("drop function helpdesk.version(text)")
    assert findings(place) == []
    for connection in everybody:
        assert code(connection, "select helpdesk.later_words()") == "42501"
        assert code(connection, "call public.later_deed()") == "42501"
        assert code(connection, "select helpdesk.version()") is None, "ours go on"


def test_column_added_later_is_named_by_the_check(place: Place) -> None:
    """Whoever sees a row would see it; of people and tickets, not even that."""
    place.run("alter table public.departments add column remark text")
    place.run("alter table public.tickets add column remark text")
    place.run("alter table public.profiles add column remark text")
    (found,) = findings(place)
    assert "public.departments" in found.message
    assert "remark" in found.message
    place.run("alter table public.departments drop column remark")
    place.run("alter table public.tickets drop column remark")
    place.run("alter table public.profiles drop column remark")


def test_schema_type_and_role_added_later_lead_nowhere(place: Place, everybody: list[Sync]) -> None:
    suffix = place.name
    place.run("create schema later")
    place.run("create table later.things (a int)")
    place.run("create type public.later_kind as enum ('a')")
    place.run("create domain helpdesk.later_domain as text")
    place.run(f"create role later_{suffix} login password 'later'", superuser=True)
    for role in OURS:
        assert place.run("select has_schema_privilege(%s, 'later', 'usage, create')", [role]) == [(False,)]
    for connection in everybody:
        assert code(connection, "select * from later.things") == "42501"
    with psycopg.connect(place.dsn(f"later_{suffix}", "later"), autocommit=True) as later:
        for (table,) in place.run("select t::text from private.tables() t"):
            assert code(later, f"select * from {table}") == "42501"
        assert code(later, "select * from helpdesk.me()") == "42501"
        assert code(later, "set role helpdesk_member") == "42501"
        assert code(later, "create temporary table x (a int)") == "42501"
    # Given the role of our people it is nobody, and what that role is given is named.
    place.run(f"grant helpdesk_member to later_{suffix}", superuser=True)
    with psycopg.connect(place.dsn(f"later_{suffix}", "later"), autocommit=True) as later:
        later.execute("set role helpdesk_member")
        assert later.execute("select * from helpdesk.me()").fetchall() == []
        assert later.execute("select id from public.tickets").fetchall() == []
    place.run("grant pg_read_all_data to helpdesk_member", superuser=True)
    try:
        (found,) = findings(place)
        assert found.message == "Whoever signs in may what the role pg_read_all_data may."
    finally:
        place.run("revoke pg_read_all_data from helpdesk_member", superuser=True)
    assert findings(place) == []
