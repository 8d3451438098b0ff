"""core/schema.py: sets a database up as psql does, shows before what it will do, and leaves newer ones alone."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.core import schema, schema_files
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, NewerDatabase, Refused, SettingsError, Unreachable
from helpdesk_tui.core.schema import apply, find_db_dir
from helpdesk_tui.core.schema_files import migrations, wanted
from helpdesk_tui.core.schema_version import VERSION
from helpdesk_tui.local.server import LocalServer
from tests.conftest import UNSAFE_BUT_QUICK
from tests.parts import REPOSITORY, Part, require
from tests.world import DeskDatabase, create_database, drop_database


def files() -> list[Path]:
    return [find_db_dir() / "schema.sql", find_db_dir() / "policies.sql"]


async def tables(database: DeskDatabase) -> set[str]:
    rows = await database.run("select tablename::text from pg_tables where schemaname = 'public'")
    return {row[0] for row in rows}


# -- applying ----------------------------------------------------------------------------------------------------------


async def test_apply_sets_an_empty_database_up(empty_database: DeskDatabase) -> None:
    applied = await apply(empty_database.owner_dsn)
    assert (applied.before, applied.after, applied.dry_run) == (None, VERSION, False)
    assert applied.files == ("schema.sql", "policies.sql")
    assert {"tickets", "ticket_messages", "profiles", "categories"} <= await tables(empty_database)
    assert await empty_database.run("select max(version) from private.schema_version") == [(VERSION,)]


async def test_applying_again_changes_nothing(empty_database: DeskDatabase) -> None:
    await apply(empty_database.owner_dsn)
    again = await apply(empty_database.owner_dsn)
    assert again.before == VERSION
    assert again.changes == ()
    assert "nothing changes" in again.lines()


async def test_a_dry_run_shows_what_apply_does_and_does_nothing(empty_database: DeskDatabase) -> None:
    shown = await apply(empty_database.owner_dsn, dry_run=True)
    assert shown.dry_run
    assert await tables(empty_database) == set()
    assert await empty_database.run("select to_regnamespace('private') is null") == [(True,)]
    done = await apply(empty_database.owner_dsn)
    assert shown.changes == done.changes
    assert shown.lines() == done.lines()
    words = "\n".join(shown.lines())
    assert "added: " in words
    assert "public.tickets" in words


async def test_apply_mends_what_was_taken_away(empty_database: DeskDatabase) -> None:
    await apply(empty_database.owner_dsn)
    await empty_database.run('drop policy "Customers can view own tickets" on public.tickets')
    await empty_database.run("alter table public.tickets disable row level security")
    await empty_database.run("grant select on public.tickets to anon")
    shown = await apply(empty_database.owner_dsn, dry_run=True)
    assert {(change.done, change.kind) for change in shown.changes} == {
        ("added", "policy"),
        ("added", "row security"),
        ("changed", "grants"),
    }
    await apply(empty_database.owner_dsn)
    assert (await apply(empty_database.owner_dsn)).changes == ()


async def test_apply_keeps_the_data(database: DeskDatabase) -> None:
    await database.run("insert into public.departments (name) values ('Returns')")
    before = await database.run("select * from public.departments order by name")
    await apply(database.owner_dsn)
    assert await database.run("select * from public.departments order by name") == before


async def test_two_who_apply_at_once_do_it_one_after_the_other(empty_database: DeskDatabase) -> None:
    one, two = await asyncio.gather(apply(empty_database.owner_dsn), apply(empty_database.owner_dsn))
    assert {one.before, two.before} == {None, VERSION}


async def test_a_newer_database_is_refused_and_left_alone(database: DeskDatabase) -> None:
    await database.run("insert into private.schema_version (version) values (99)")
    await database.run('drop policy "Customers can view own tickets" on public.tickets')
    for dry_run in (False, True):
        with pytest.raises(NewerDatabase, match=r"version 99.*Upgrade helpdesk-tui"):
            await apply(database.owner_dsn, dry_run=dry_run)
    rows = await database.run("select 1 from pg_policies where policyname = 'Customers can view own tickets'")
    assert rows == []


async def test_psql_refuses_a_newer_database_too(database: DeskDatabase) -> None:
    await database.run("insert into private.schema_version (version) values (99)")
    with pytest.raises(psycopg.Error, match="version 99") as refused:
        await database.run(files()[0].read_text())
    assert refused.value.sqlstate == "HD009"


# -- when it cannot be done --------------------------------------------------------------------------------------------


@pytest.fixture
def spoiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that a test may spoil, in place of the real ones."""
    for file in files():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "migrations").mkdir()
    monkeypatch.setattr(schema, "find_db_dir", lambda: tmp_path)
    return tmp_path


async def test_an_error_names_file_and_line_and_leaves_nothing(empty_database: DeskDatabase, spoiled: Path) -> None:
    policies = spoiled / "policies.sql"
    lines = policies.read_text().count("\n")
    policies.write_text(policies.read_text() + "\n\nselect nonsense from nowhere;\n")
    with pytest.raises(DatabaseNotReady, match=f"policies.sql, line {lines + 3}: .*nowhere.*Nothing was changed"):
        await apply(empty_database.owner_dsn)
    assert await tables(empty_database) == set()


async def test_a_file_that_ends_the_transaction_is_found_out(empty_database: DeskDatabase, spoiled: Path) -> None:
    with (spoiled / "schema.sql").open("a") as file:
        file.write("commit; begin;")
    with pytest.raises(DatabaseNotReady, match="ends the transaction"):
        await apply(empty_database.owner_dsn)


async def test_migrations_run_before_the_rest_and_only_those_missing(
    database: DeskDatabase, spoiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = spoiled / "migrations"
    (steps / "0001_first.sql").write_text("select too_old;")
    (steps / "0002_mottos.sql").write_text("alter table public.departments add column motto text default 'per aspera';")
    (steps / "0003_names.sql").write_text("alter table public.departments rename column motto to slogan;")
    (steps / "README.sql").write_text("not a step")
    await database.run("update private.schema_version set version = 1")
    monkeypatch.setattr(schema, "VERSION", 3)
    text = (spoiled / "schema.sql").read_text()
    (spoiled / "schema.sql").write_text(re.sub(r"here constant integer := \d+", "here constant integer := 3", text))
    applied = await apply(database.owner_dsn)
    assert (applied.before, applied.after) == (1, 3)
    assert applied.files == ("0002_mottos.sql", "0003_names.sql", "schema.sql", "policies.sql")
    assert ("public.departments.slogan", "added") in {(change.name, change.done) for change in applied.changes}
    rows = await database.run("select distinct slogan from public.departments")
    assert rows == [("per aspera",)]


async def test_a_busy_table_is_not_waited_for_when_only_looking(database: DeskDatabase) -> None:
    async with await database.connect() as other, other.transaction():
        await other.execute("lock table public.tickets in access share mode")
        with pytest.raises(Unreachable, match="Somebody else holds"):
            await apply(database.owner_dsn, dry_run=True)


async def test_a_login_without_the_rights_is_told_so(server: LocalServer, empty_database: DeskDatabase) -> None:
    await empty_database.run("drop role if exists nobody_special")
    await empty_database.run("create role nobody_special login password 'x'")
    dsn = f"host={server.host} port=5432 user=nobody_special password=x dbname={empty_database.name}"
    with pytest.raises(Refused, match="may not set up"):
        await apply(dsn)
    with pytest.raises(SettingsError, match="refuses this login"):
        await apply(dsn.replace("password=x", "password=y"))


@pytest.mark.parametrize("dsn", ["postgresql://[", "host=a nonsense", "no-key=1"])
async def test_an_address_that_is_none(dsn: str) -> None:
    with pytest.raises(SettingsError, match="no address of a database"):
        await apply(dsn)


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match="Nothing answers"):
        await apply("host=127.0.0.1 port=1 dbname=x user=x")


# -- the files ---------------------------------------------------------------------------------------------------------


def test_the_files_are_found_in_the_source_tree_and_in_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_db_dir() == REPOSITORY / "db"
    module = tmp_path / "site-packages" / "helpdesk_tui" / "core" / "schema_files.py"
    monkeypatch.setattr(schema_files, "__file__", str(module))
    # Somebody else's package named db beside ours is not ours.
    (tmp_path / "site-packages" / "db").mkdir(parents=True)
    (tmp_path / "site-packages" / "db" / "schema.sql").touch()
    with pytest.raises(HelpdeskError, match="missing from this installation"):
        find_db_dir()
    inside = tmp_path / "site-packages" / "helpdesk_tui" / "db"
    inside.mkdir(parents=True)
    (inside / "schema.sql").touch()
    assert find_db_dir() == inside


def test_the_files_are_plain_sql_for_one_transaction() -> None:
    """No commands of psql's own, and nothing that begins or ends a transaction."""
    for file in [*files(), *migrations(find_db_dir() / "migrations", since=0)]:
        text = re.sub(r"\$([a-z_]*)\$.*?\$\1\$", "", file.read_text(), flags=re.DOTALL)
        assert not re.search(r"^\s*\\", text, re.MULTILINE), file.name
        assert not re.search(
            r"^\s*(begin(?! atomic)|commit|rollback|start transaction|vacuum)\b", text, re.MULTILINE
        ), file.name
        assert "concurrently" not in text.lower(), file.name


def test_version_and_files_agree() -> None:
    numbers = re.findall(r"here constant integer := (\d+)", files()[0].read_text())
    assert numbers == [str(VERSION)]
    steps = migrations(find_db_dir() / "migrations", since=1)
    assert [int(step.name[:4]) for step in steps] == list(range(2, VERSION + 1))


async def test_what_is_read_out_of_the_files_is_what_they_create(database: DeskDatabase) -> None:
    expected = wanted(*(file.read_text() for file in files()))
    assert len(expected.tables) >= 20
    columns = await database.run(
        """select table_schema || '.' || table_name, column_name::text from information_schema.columns
            where table_schema in ('public', 'private')"""
    )
    created = {(table, column) for table, column in columns if not table.startswith("public.pg_")}
    assert {(table, column) for table, names in expected.tables.items() for column in names} == created
    assert expected.policies == set(
        await database.run("select schemaname || '.' || tablename, policyname::text from pg_policies")
    )
    triggers = await database.run(
        """select n.nspname || '.' || c.relname, t.tgname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
             join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal"""
    )
    # Those of the audit are made in a loop over its tables; ``private.audit_gaps()`` misses one that is not there.
    assert expected.triggers == {(table, name) for table, name in triggers if not name.startswith("audit_")}
    assert await database.run("select * from private.audit_gaps()") == []


# -- everywhere --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["postgres15", "postgres17"], scope="module")
def other_server(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[LocalServer]:
    part: Part = request.param
    server = LocalServer(open_directory / part, postgres=str(require(part)), options=UNSAFE_BUT_QUICK)
    server.start()
    yield server
    server.close()
    server.wait_stopped()


async def test_apply_works_on_postgres_15_and_17(other_server: LocalServer) -> None:
    database = create_database(other_server, "desk")
    try:
        await apply(database.owner_dsn)
        assert (await apply(database.owner_dsn)).changes == ()
    finally:
        drop_database(database)


def test_psql_alone_does_the_same(server: LocalServer, empty_database: DeskDatabase) -> None:
    """In one transaction, twice in a row; what is there then is what apply would have made."""
    command = [
        server.binaries.program("psql"),
        "-X",
        "-q",
        "-1",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        empty_database.owner_dsn,
    ]
    for _ in range(2):
        subprocess.run([*command, *(f"-f{file}" for file in files())], check=True)
    assert asyncio.run(apply(empty_database.owner_dsn)).changes == ()


@pytest.fixture
async def hosted(server: LocalServer, empty_database: DeskDatabase) -> DeskDatabase:
    """A database as a hosting service gives it: the auth schema is another's, and the owner is no superuser."""
    setup = f"""
      do $$ begin
        if to_regrole('host_owner') is null then create role host_owner login createrole createdb password 'x'; end if;
        if to_regrole('host_admin') is null then create role host_admin nologin noinherit; end if;
      end $$;
      alter database {empty_database.name} owner to host_owner;
      grant all on schema public to host_owner;
    """
    await empty_database.run(setup)
    if await empty_database.run("select 1 from pg_roles where rolname = 'helpdesk_keeper'"):
        # Roles belong to the whole server, and another test's database has this one already.
        await empty_database.run("grant helpdesk_keeper to host_owner with admin option")
    for role in ("anon", "authenticated", "service_role", "authenticator", "supabase_auth_admin"):
        await empty_database.run(
            f"do $$ begin if to_regrole('{role}') is null then create role {role} nologin noinherit; end if; end $$"
        )
        await empty_database.run(f"grant {role} to host_owner with admin option")
    return empty_database


async def test_apply_works_for_an_owner_who_is_no_superuser(hosted: DeskDatabase) -> None:
    dsn = f"host={hosted.server.host} port=5432 user=host_owner password=x dbname={hosted.name}"
    applied = await apply(dsn)
    assert applied.after == VERSION
    assert (await apply(dsn)).changes == ()
