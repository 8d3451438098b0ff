"""core/schema.py's check: a database in order says little, and whatever is taken away or opened up is found."""

from __future__ import annotations

import pytest

from helpdesk_tui.core.errors import BadInput, Refused, SettingsError, Unreachable
from helpdesk_tui.core.schema import Finding, apply, check
from helpdesk_tui.core.schema_version import VERSION
from tests.world import DeskDatabase, People


@pytest.fixture
async def database(database: DeskDatabase) -> DeskDatabase:
    """In order: a copied one has no admin."""
    await People(database).add("ann@desk.test", "Ann", "admin")
    return database


async def found(database: DeskDatabase, *levels: str) -> list[Finding]:
    findings = await check(database.owner_dsn)
    return [each for each in findings if each.level in (levels or ("error", "warning"))]


async def only_finding(database: DeskDatabase, level: str = "error") -> Finding:
    findings = await found(database)
    assert [each.level for each in findings] == [level], findings
    return findings[0]


async def test_a_database_that_was_set_up_is_in_order(database: DeskDatabase) -> None:
    assert await found(database) == []


async def test_an_empty_database_holds_no_helpdesk(empty_database: DeskDatabase) -> None:
    finding = await only_finding(empty_database)
    assert finding.subject == "version"
    assert "holds no helpdesk" in finding.message
    assert "helpdesk db apply" in str(finding.hint)


async def test_an_older_and_a_newer_database_are_told_apart(database: DeskDatabase) -> None:
    await database.run("update private.schema_version set version = 0")
    older = await only_finding(database)
    assert (older.subject, "helpdesk db apply" in str(older.hint)) == ("version", True)
    await database.run("update private.schema_version set version = %s", [VERSION + 1])
    newer = await only_finding(database)
    assert (newer.subject, "Upgrade helpdesk-tui" in str(newer.hint)) == ("version", True)


@pytest.mark.parametrize(
    ("damage", "subject", "words"),
    [
        ("alter table public.tickets disable row level security", "row security", "public.tickets"),
        ('drop policy "Messages follow their ticket" on public.ticket_messages', "policy", "Messages follow"),
        ("drop trigger tickets_announce_update on public.tickets", "trigger", "tickets_announce_update"),
        ("alter table public.tickets disable trigger tickets_guard", "trigger", "switched off"),
        ("alter table public.tickets disable trigger audit_update", "audit", "audit_update is switched off"),
        ("drop trigger audit_delete on private.acts", "audit", "Changes of private.acts are not recorded"),
        ("drop table public.ticket_feedback", "table", "public.ticket_feedback is missing"),
        ("alter table public.ticket_messages drop column html", "table", "lacks html"),
        ("grant select on public.tickets to anon", "grants", "anon may reach"),
        ("grant insert (title) on public.tickets to anon", "grants", "anon may reach"),
        ("grant select on public.tickets to public", "grants", "may reach"),
        ("grant execute on function helpdesk.me() to public", "grants", "Everybody may call helpdesk.me"),
        ("alter function helpdesk.me() reset all", "function", "search path"),
        ("drop function helpdesk.remove", "function", "helpdesk.remove is missing"),
        ("revoke execute on function helpdesk.access_token_hook from supabase_auth_admin", "hook", "may not call"),
        ("alter function helpdesk.access_token_hook(jsonb) owner to postgres", "hook", "nothing more"),
    ],
)
async def test_damage_is_found(database: DeskDatabase, damage: str, subject: str, words: str) -> None:
    await database.run(damage)
    findings = await found(database, "error")
    assert any(each.subject == subject and words in each.message for each in findings), findings
    assert all(each.hint for each in findings)


async def test_apply_mends_what_check_finds(database: DeskDatabase) -> None:
    for damage in (
        "alter table public.tickets disable row level security",
        'drop policy "Messages follow their ticket" on public.ticket_messages',
        "drop trigger tickets_announce_update on public.tickets",
        "grant all on public.tickets to anon",
        "grant execute on function helpdesk.me() to public",
        "revoke execute on function helpdesk.access_token_hook from supabase_auth_admin",
    ):
        await database.run(damage)
    assert len(await found(database, "error")) == 6
    await apply(database.owner_dsn)
    assert await found(database) == []


async def test_a_policy_that_is_not_ours_is_warned_of(database: DeskDatabase) -> None:
    await database.run("create policy everything on public.tickets for select to authenticated using (true)")
    finding = await only_finding(database, "warning")
    assert "“everything” on public.tickets" in finding.message


async def test_a_missing_index_is_warned_of(database: DeskDatabase) -> None:
    await database.run("drop index public.tickets_status_idx")
    finding = await only_finding(database, "warning")
    assert (finding.subject, "tickets_status_idx" in finding.message) == ("index", True)


async def test_temporary_tables_for_everybody_are_warned_of(database: DeskDatabase) -> None:
    await database.run(f"grant temporary on database {database.name} to public")
    assert (await only_finding(database, "warning")).subject == "grants"


async def test_extensions_are_noted_and_postgis_only_noted(database: DeskDatabase) -> None:
    notes = {each.message for each in await found(database, "note") if each.subject == "extension"}
    assert any("PostGIS" in each for each in notes)
    assert any("uuid-ossp" in each for each in notes)
    await database.run("drop extension pg_trgm cascade")
    trigrams = [each for each in await found(database, "warning") if each.subject == "extension"]
    assert [("pg_trgm" in each.message, each.hint) for each in trigrams] == [(True, "Run: create extension pg_trgm;")]


async def test_sign_ins_without_a_login_mean_that_the_hook_is_not_enabled(
    database: DeskDatabase, people: People
) -> None:
    assert any("Nobody has signed in" in each.message for each in await found(database, "note"))
    ana = await people.sign_up("ana@desk.test", "Ana", "agent", "Support")
    assert await found(database) == []
    assert not any(each.subject == "hook" for each in await found(database, "note"))
    # A sign-in as a server makes it that does not know of the hook.
    await database.run(
        "insert into auth.sessions (id, user_id, created_at) values (gen_random_uuid(), %s, now())", [ana.id]
    )
    finding = await only_finding(database, "warning")
    assert "1 of 2 sign-ins got no login" in finding.message
    assert "helpdesk.access_token_hook" in str(finding.hint)


async def test_sign_ins_from_before_the_helpdesk_do_not_count(database: DeskDatabase, people: People) -> None:
    cora = await people.add("cora@shop.test", "Cora")
    await database.run(
        "insert into auth.sessions (id, user_id, created_at) values (gen_random_uuid(), %s, now() - interval '1 year')",
        [cora.id],
    )
    assert await found(database) == []


async def test_checking_changes_nothing_and_waits_for_nobody(database: DeskDatabase) -> None:
    async with await database.connect() as other, other.transaction():
        await other.execute("update public.departments set description = 'busy'")
        assert await found(database) == []


async def test_what_cannot_be_reached_is_said_so() -> None:
    with pytest.raises(Unreachable):
        await check("host=127.0.0.1 port=1 user=x dbname=x")
    with pytest.raises(SettingsError):
        await check("nonsense=1")


async def test_check_says_when_there_is_no_admin(database: DeskDatabase) -> None:
    await database.run("delete from auth.users")
    finding = await only_finding(database, "warning")
    assert (finding.subject, finding.message) == ("admin", "Nobody is an admin.")
    assert "--admin" in str(finding.hint)
    await database.run("select private.first_admin('boss@desk.test')")
    assert "boss@desk.test has not signed up" in (await only_finding(database, "warning")).message


async def test_apply_names_the_first_admin_and_refuses_a_second(database: DeskDatabase) -> None:
    with pytest.raises(Refused, match="has an admin already") as refused:
        await apply(database.owner_dsn, admin="boss@desk.test")
    assert "helpdesk admin people set" in str(refused.value.hint)
    await database.run("delete from auth.users")
    planned = await apply(database.owner_dsn, admin="boss@desk.test", dry_run=True)
    assert "once signed up" in planned.admin
    assert await database.run("select first_admin from private.settings") == [(None,)]
    applied = await apply(database.owner_dsn, admin="boss@desk.test")
    assert any("boss@desk.test will be the admin" in line for line in applied.lines())
    with pytest.raises(BadInput, match="no e-mail address"):
        await apply(database.owner_dsn, admin="boss")
