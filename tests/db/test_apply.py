"""The two files, applied by psql alone, on every version, empty and over what Supabase has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import pytest

from helpdesk_tui.local.server import LocalServer
from tests.db.servers import FILES, HERE, VERSIONS, Kind, Place, copy_of, new_place
from tests.db.sessions import login, with_people
from tests.parts import Part
from tests.world import People, Person

ORIGINAL: Final = HERE / "original_schema.sql"
OURS_ON_AUTH: Final = "helpdesk_profile_from_account"

# What is there of the helpdesk, one line each.
CATALOG: Final = """
select format('%s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated)
  from pg_attribute join pg_class c on c.oid = attrelid
 where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind = 'r' and attnum > 0
   and not attisdropped
union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
 where connamespace = 'public'::regnamespace
union all select regexp_replace(pg_get_indexdef(indexrelid), '[a-z]+[.]gin_trgm_ops', 'gin_trgm_ops') from pg_index
 where indrelid in (select oid from pg_class where relnamespace in ('public'::regnamespace, 'private'::regnamespace))
union all select pg_get_triggerdef(oid) from pg_trigger
 where not tgisinternal and tgrelid in (select private.tables() union select 'auth.users'::regclass)
union all select format('%s %s %s %s %s', polrelid::regclass, polname, polcmd,
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  from pg_policy where polrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
union all select format('%s %s %s', t, grantee::regrole, privilege_type)
  from private.tables() t join pg_class c on c.oid = t, aclexplode(relacl)
 where grantee <> relowner
union all select format('%s.%s %s %s', t, attname, grantee::regrole, privilege_type)
  from private.tables() t join pg_attribute on attrelid = t, aclexplode(attacl)
union all select format('%s %s %s', p.oid::regprocedure, prosecdef, md5(prosrc)) from pg_proc p
 where pronamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)
union all select format('%s executable by %s', p.oid::regprocedure, grantee::regrole)
  from pg_proc p, aclexplode(proacl)
 where pronamespace in ('private'::regnamespace, 'helpdesk'::regnamespace) and grantee <> proowner
order by 1
"""

# What Supabase owns. Triggers count but for the one documented and those behind foreign keys.
OTHERS: Final = f"""
select format('schema %s %s %s', nspname, nspowner::regrole, nspacl) from pg_namespace
 where nspname in ('auth', 'extensions')
union all select format('relation %s %s %s %s %s', oid::regclass, relkind, relowner::regrole, relacl, relrowsecurity)
  from pg_class where relnamespace = 'auth'::regnamespace
union all select format('column %s %s %s', attrelid::regclass, attname, attacl) from pg_attribute
 where attrelid in (select oid from pg_class where relnamespace = 'auth'::regnamespace)
union all select format('function %s %s %s %s', oid::regprocedure, proowner::regrole, proacl, md5(prosrc)) from pg_proc
 where pronamespace = 'auth'::regnamespace
union all select format('policy %s %s', polrelid::regclass, polname) from pg_policy
 where polrelid in (select oid from pg_class where relnamespace = 'auth'::regnamespace)
union all select format('trigger %s %s', tgrelid::regclass, tgname) from pg_trigger
 where tgrelid in (select oid from pg_class where relnamespace = 'auth'::regnamespace) and not tgisinternal
   and tgname <> '{OURS_ON_AUTH}'
union all select format('role %s %s %s %s %s %s %s %s %s', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb,
    rolcanlogin, rolbypassrls, rolconfig, rolconnlimit)
  from pg_roles where rolname !~ '^(pg_|hd_|helpdesk_)'
union all select format('member %s of %s', member::regrole, roleid::regrole) from pg_auth_members
 where member::regrole::text !~ '^(hd_|helpdesk_)' and roleid::regrole::text !~ '^(hd_|helpdesk_)'
order by 1
"""


# What stays of the original, whatever is added.
KEPT: Final = (
    """select format('%s.%s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod)) from pg_attribute
        where attnum > 0 and attrelid in (
          select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r')""",
    """select pg_get_indexdef(indexrelid) from pg_index
        where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)""",
    "select format('%s %s %s', polrelid::regclass, polname, polcmd) from pg_policy",
    "select format('%s %s %s', tgrelid::regclass, tgname, tgfoid::regproc) from pg_trigger where not tgisinternal",
    "select format('%s %s', enumtypid::regtype, enumlabel) from pg_enum where enumtypid::regtype::text ~ '^ticket'",
    """select format('%s %s', conrelid::regclass, regexp_replace(pg_get_constraintdef(oid), ' ON DELETE .*', ''))
        from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'""",
)


def catalog(place: Place, sql: str = CATALOG) -> list[str]:
    return [row[0] for row in place.run(sql, superuser=True)]


def test_files_load_with_psql_alone_in_one_transaction_twice_in_a_row(applied_place: Place) -> None:
    """The first time was when the place was made (``applied``), and psql said nothing then."""
    first = catalog(applied_place)
    assert first
    assert applied_place.psql() == ""
    assert catalog(applied_place) == first


@pytest.mark.parametrize("version", VERSIONS)
def test_helpdesk_is_the_same_on_plain_postgres_and_over_supabase(
    version: Part, applied: Callable[[Part, Kind], Place]
) -> None:
    # Whatever default privileges there were: here they gave everything to everybody, there nothing to anybody.
    assert catalog(applied(version, "supabase")) == catalog(applied(version, "plain"))


def test_what_supabase_owns_stays_as_it_is(supabase_place: Place) -> None:
    before = catalog(supabase_place, OTHERS)
    supabase_place.psql()
    supabase_place.psql()
    assert catalog(supabase_place, OTHERS) == before


def test_nothing_is_left_of_a_transaction_that_fails(place: Place, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sql"
    broken.write_text("select 1 / 0;")
    with pytest.raises(AssertionError, match="division by zero"):
        place.psql([*FILES, broken])
    assert place.run("select to_regnamespace('helpdesk'), to_regclass('public.tickets')") == [(None, None)]


def test_newer_database_is_refused_and_left_alone(applied_place: Place) -> None:
    place = applied_place
    place.run("insert into private.schema_version (version) values (1000)")
    before = catalog(place)
    with pytest.raises(AssertionError, match="this database is at version 1000 of the helpdesk"):
        place.psql()
    assert catalog(place) == before


def test_login_made_by_the_hook_works_on_every_server(applied_place: Place) -> None:
    place = applied_place

    async def people(people: People) -> Person:
        agent = await people.add("ada@desk.test", "Ada", "agent", "Support")
        await people.sign_in(agent)
        return await people.sign_in(agent)

    agent = with_people(place.database, people)
    with login(place.database, agent) as connection:
        connection.execute("set role helpdesk_member")
        assert connection.execute("select role, department from helpdesk.me()").fetchone() == ("agent", "Support")


def test_defaults_of_the_original_schema_work_with_and_without_uuid_ossp(applied_place: Place) -> None:
    place = applied_place
    where = "extensions" if place.run("select to_regprocedure('extensions.uuid_generate_v4()')")[0][0] else "public"
    rows = place.run(f"select count(distinct {where}.uuid_generate_v4()) from generate_series(1, 100)")
    assert rows == [(100,)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_table_column_index_policy_and_trigger_of_the_original_stays(
    version: Part, servers: Callable[[Part, Kind], LocalServer], applied: Callable[[Part, Kind], Place]
) -> None:
    original = new_place(servers(version, "supabase"), "supabase")
    original.psql([ORIGINAL], dsn=_with_extensions(original))
    now = applied(version, "supabase")
    for what in KEPT:
        had, has = set(catalog(original, what)), set(catalog(now, what))
        assert had <= has, had - has
        assert had


def test_policies_and_grants_of_somebody_else_are_taken_back_and_the_policies_named(applied_place: Place) -> None:
    place = applied_place
    before = catalog(place)
    place.run('create policy "Enable read access for all users" on public.tickets for select using (true)')
    place.run("grant all on all tables in schema public to anon, authenticated, helpdesk_member")
    place.run("grant update (role) on public.profiles to authenticated, helpdesk_member")
    said = place.psql()
    assert "Enable read access for all users" in said
    assert place.run("select count(*) from pg_policy where polname like 'Enable%'") == [(0,)]
    assert catalog(place) == before


def test_owner_who_cannot_see_the_sign_ins_is_told(supabase_place: Place) -> None:
    supabase_place.run("alter role desk_owner nobypassrls", superuser=True)
    try:
        with pytest.raises(AssertionError, match="the owner of the helpdesk may not read"):
            supabase_place.psql()
    finally:
        supabase_place.run("alter role desk_owner bypassrls", superuser=True)


# -- over a database that holds the original schema with rows ---------------------------------------------------------

CUSTOMER, AGENT = "00000000-0000-0000-0000-00000000c001", "00000000-0000-0000-0000-00000000a001"
ROWS: Final = f"""
insert into auth.users (id, email) values ('{CUSTOMER}', 'cora@desk.test'), ('{AGENT}', 'ada@desk.test'),
  ('00000000-0000-0000-0000-00000000c002', 'otto@desk.test');
insert into public.departments (id, name, created_at) values
  ('00000000-0000-0000-0000-0000000000d1', 'Support', '2023-01-01'),
  ('00000000-0000-0000-0000-0000000000d2', 'support', '2023-02-01'), (gen_random_uuid(), ' ', null);
insert into public.profiles (id, email, full_name, role, department_id) values
  ('{CUSTOMER}', 'cora@desk.test', '', 'customer', null),
  ('{AGENT}', 'ada@desk.test', 'Ada', 'agent', '00000000-0000-0000-0000-0000000000d2');
insert into public.categories (name) values ('Printers'), ('printers');
insert into public.tickets (id, title, status, priority, customer_id, department_id, created_at, updated_at) values
  ('00000000-0000-0000-0000-000000000001', 'Nulls', null, null, '{CUSTOMER}', null, '2023-03-01', '2023-03-02'),
  ('00000000-0000-0000-0000-000000000002', '  ', 'open', 'low', '{CUSTOMER}',
   '00000000-0000-0000-0000-0000000000d2', null, null),
  ('00000000-0000-0000-0000-000000000003', repeat('long ', 200), 'resolved', 'high', '{CUSTOMER}', null,
   '2023-04-01', '2023-04-09');
update public.tickets set updated_at = null where id = '00000000-0000-0000-0000-000000000002';
insert into public.ticket_status_history (ticket_id, status, changed_by, created_at) values
  ('00000000-0000-0000-0000-000000000003', 'resolved', '{AGENT}', '2023-04-08');
insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at) values
  ('00000000-0000-0000-0000-000000000001', '{CUSTOMER}', 'help', null, '2023-03-01 10:00Z'),
  ('00000000-0000-0000-0000-000000000001', '{AGENT}', 'note', true, '2023-03-01 11:00Z'),
  ('00000000-0000-0000-0000-000000000001', '{AGENT}', 'answer', false, '2023-03-01 12:00Z');
insert into public.ticket_feedback (ticket_id, customer_id, rating, comment, created_at) values
  ('00000000-0000-0000-0000-000000000003', '{CUSTOMER}', null, 'no stars', '2023-05-01'),
  ('00000000-0000-0000-0000-000000000003', '{CUSTOMER}', 2, 'first', '2023-05-02'),
  ('00000000-0000-0000-0000-000000000003', '{CUSTOMER}', 4, 'second', '2023-05-03');
insert into public.kb_articles (title, content, author_id, status, updated_at) values
  ('', 'text', '{AGENT}', 'published', '2023-06-01');
insert into public.kb_article_feedback (article_id, user_id, helpful)
  select id, '{CUSTOMER}'::uuid, helpful from public.kb_articles, unnest(array[true, false]) helpful;
insert into public.notifications (user_id, type, title, read) values ('{AGENT}', 'x', 'x', null);
insert into public.chat_sessions (id, customer_id, agent_id, status, metadata, created_at, ended_at) values
  ('00000000-0000-0000-0000-00000000cc01', '{CUSTOMER}', null, 'waiting', '{{}}', '2023-07-01', null),
  ('00000000-0000-0000-0000-00000000cc02', '{CUSTOMER}', '{AGENT}', 'active', null, '2023-07-02', null),
  ('00000000-0000-0000-0000-00000000cc03', '{CUSTOMER}', '{AGENT}', 'ended',
   '{{"topic": "Ink", "rating": 4}}', '2023-06-01', null),
  ('00000000-0000-0000-0000-00000000cc04', '{AGENT}', null, 'active', '{{}}', '2023-07-03', null);
insert into public.chat_messages (session_id, sender_id, content, created_at) values
  ('00000000-0000-0000-0000-00000000cc03', '{CUSTOMER}', 'hello', '2023-06-01 10:00Z'),
  ('00000000-0000-0000-0000-00000000cc03', '{AGENT}', 'hi', '2023-06-01 10:01Z'),
  ('00000000-0000-0000-0000-00000000cc03', '{CUSTOMER}', 'bye', '2023-06-01 10:02Z');
"""


def _with_extensions(place: Place) -> str:
    """As Supabase's owner comes in: what lies in ``extensions`` is found without naming it."""
    return psycopg.conninfo.make_conninfo(place.owner_dsn, options='-c search_path="$user",public,extensions')


@dataclass(frozen=True)
class Older:
    """A database that held the original schema with rows of every kind it let through, and what was applied to it."""

    place: Place
    rows: Mapping[str, int]  # of each table, before
    said: str  # by psql


def rows_of(place: Place, tables: Iterable[str]) -> dict[str, int]:
    return {table: place.run(f"select count(*) from public.{table}")[0][0] for table in tables}


@pytest.fixture(scope="module", params=VERSIONS)
def taken_over(
    request: pytest.FixtureRequest,
    servers: Callable[[Part, Kind], LocalServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> Older:
    """Made once a version; nobody writes there."""
    place = new_place(servers(request.param, "supabase"), "supabase")
    rows = tmp_path_factory.mktemp("older") / "rows.sql"
    rows.write_text(ROWS)
    place.psql([ORIGINAL, rows], dsn=_with_extensions(place))
    tables = place.run("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
    before = rows_of(place, [table for (table,) in tables])
    place.run("analyze")
    return Older(place, before, place.psql())


@pytest.fixture
def older(taken_over: Older) -> Place:
    """A copy of it to write to."""
    return copy_of(taken_over.place)


def samples(place: Place) -> list[str]:
    """Of which texts that people write the planner remembers some, once they are analysed."""
    place.run("analyze")
    written = "%.(title|content|email|lower|full_name|comment|note|data)"
    return [
        row[0]
        for row in place.run(
            "select tablename || '.' || attname from pg_stats where schemaname = 'public'"
            " and tablename || '.' || attname similar to %s order by 1",
            [written],
            superuser=True,
        )
    ]


def test_original_schema_with_rows_is_taken_over_and_no_row_is_lost(taken_over: Older, older: Place) -> None:
    before = taken_over.rows
    assert "remembers" not in taken_over.said
    assert samples(older) == []
    after = rows_of(older, before)
    # And those of yesterday's helpdesk.
    for name in ("table public.tickets alter column title", "index public.profiles_email_folded_idx alter column 1"):
        older.run(f"alter {name} set statistics -1")
    assert samples(older) == ["profiles_email_folded_idx.lower", "tickets.title"]
    made = catalog(older)
    aside: dict[str, int] = dict(older.run("select table_name, count(*)::int from private.set_aside group by 1"))
    assert aside == {"ticket_feedback": 2, "kb_article_feedback": 1}
    added = {"profiles": 1, "ticket_status_history": 2, "kb_article_versions": 1}
    assert {table: after[table] + aside.get(table, 0) - added.get(table, 0) for table in before} == before

    assert older.psql() == ""
    assert samples(older) == []
    assert catalog(older) == made
    assert rows_of(older, before) == after
    assert older.run("select count(*) from private.set_aside") == [(3,)]


def test_nulls_of_the_original_schema_are_put_right_without_touching_the_order(older: Place) -> None:
    tickets = older.run(
        "select title, status::text, priority::text, d.name, t.updated_at = '2023-03-02', t.created_at is not null"
        " from public.tickets t join public.departments d on d.id = t.department_id order by t.id"
    )
    assert tickets[0] == ("Nulls", "open", "medium", "Support", True, True)
    assert tickets[1][0] == "(no title)"
    assert tickets[2][0].startswith("long long")
    assert older.run("select description from public.tickets where char_length(title) = 500") == [("long " * 200,)]
    assert older.run("select count(*) from public.tickets where updated_at is null or number is null") == [(0,)]
    assert older.run("select count(*) from public.departments where is_default") == [(1,)]


def test_history_and_times_from_before_are_filled_in(older: Place) -> None:
    assert older.run(
        "select t.title, h.status::text, h.created_at::date::text, h.changed_by is null from public.tickets t"
        " join public.ticket_status_history h on h.ticket_id = t.id where t.title <> '(no title)' order by t.id"
    ) == [("Nulls", "open", "2023-03-01", True), (("long " * 100)[:499] + "…", "resolved", "2023-04-08", False)]
    assert older.run("select resolved_at::date::text from public.tickets where status = 'resolved'") == [
        ("2023-04-08",)
    ]
    # A note is no answer.
    assert older.run(
        "select to_char(first_response_at at time zone 'UTC', 'HH24:MI') from public.tickets where title = 'Nulls'"
    ) == [("12:00",)]
    assert older.run("select title, changed_by::text from public.kb_article_versions") == [("(no title)", AGENT)]


def test_older_database_follows_the_rules_from_then_on(older: Place) -> None:
    older.run("update public.tickets set status = 'pending' where title = 'Nulls'")
    assert older.run(
        "select status::text, changed_by from public.ticket_status_history"
        " where ticket_id = '00000000-0000-0000-0000-000000000001' order by created_at"
    ) == [("open", None), ("pending", None)]
    with pytest.raises(psycopg.errors.NotNullViolation):
        older.run("update public.tickets set status = null where title = 'Nulls'")
    with pytest.raises(psycopg.errors.CheckViolation):
        older.run("update public.tickets set title = ' ' where title = 'Nulls'")


def test_older_chats_get_their_times_and_of_several_open_ones_the_newest_goes_on(older: Place) -> None:
    older.psql()
    assert older.run(
        "select right(id::text, 1), status, topic, rating, waiting_since,"
        " to_char(accepted_at at time zone 'UTC', 'MM-DD HH24:MI'),"
        " to_char(ended_at at time zone 'UTC', 'MM-DD HH24:MI') from public.chat_sessions order by id"
    ) == [
        ("1", "ended", None, None, None, None, "07-01 00:00"),
        ("2", "active", None, None, None, "07-02 00:00", None),
        ("3", "ended", "Ink", 4, None, "06-01 10:01", "06-01 10:02"),
        ("4", "waiting", None, None, datetime(2023, 7, 3, tzinfo=UTC), None, None),
    ]
    assert older.run("select count(*) from private.chat_seen where seen_at = '2023-06-01 10:02Z'") == [(2,)]
