"""Looks a database over: does it hold the helpdesk, whole, closed where it must be, with sign-ins that get a login?

It only reads, in one transaction, and locks nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from helpdesk_tui.core import faults
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.owner import Connection, host_of, owner, version
from helpdesk_tui.core.schema_files import POLICIES, SCHEMA, Wanted, find_db_dir, wanted
from helpdesk_tui.core.schema_version import VERSION
from helpdesk_tui.core.wording import printable

Level = Literal["error", "warning", "note"]
APPLY = "Run `helpdesk db apply`."
OLDEST_SERVER = 150000
HOOK = "helpdesk.access_token_hook(jsonb)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is worth saying of a database.

    Args:
        level: ``error``: the helpdesk does not work or is not closed; ``warning``: something is not as it should be;
            ``note``: good to know.
        subject: what it is about: ``version``, ``table``, ``policy``, ``hook``, ``extension`` and so on.
        message: one sentence.
        hint: the way out.
    """

    level: Level
    subject: str
    message: str
    hint: str | None = None


async def check(dsn: str) -> list[Finding]:
    """What is to be said of the database, the gravest first; without errors and warnings it is in order.

    Args:
        dsn: how to connect as the owner: a libpq connection string or URI.

    Raises:
        SettingsError: the connection string is no such thing, or is refused.
        Unreachable: the database does not answer.
    """
    directory = find_db_dir()
    expected = wanted(*((directory / name).read_text("utf-8") for name in (SCHEMA, POLICIES)))
    failure: HelpdeskError | None = None
    findings: list[Finding] = []
    async with owner(dsn) as connection:
        try:
            await connection.execute("set transaction isolation level repeatable read read only")
            async for finding in _findings(connection, expected):
                findings.append(finding)  # noqa: PERF401  (what was found before a failure is not lost)
        except psycopg.errors.InsufficientPrivilege:
            findings.append(
                Finding("error", "login", "This login may not look at everything.", "Use the owner of the database.")
            )
        except psycopg.Error as error:
            failure = faults.answering(error, host=host_of(dsn))
    if failure is not None:
        raise failure
    return sorted(findings, key=lambda finding: ("error", "warning", "note").index(finding.level))


async def _findings(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    server = connection.info.server_version
    if server < OLDEST_SERVER:
        yield Finding(
            "error", "server", f"PostgreSQL {server // 10000} is too old.", "PostgreSQL 15 or newer is needed."
        )
        return
    found = await version(connection)
    if found is None:
        yield Finding("error", "version", "This database holds no helpdesk.", APPLY)
        return
    if found > VERSION:
        yield Finding(
            "error", "version", f"The database is at version {found}, newer than this helpdesk-tui ({VERSION}).",
            "Upgrade helpdesk-tui.",
        )  # fmt: skip
        return
    if found < VERSION:
        yield Finding("error", "version", f"The database is at version {found}, {VERSION} is needed.", APPLY)
    for look in (_tables, _parts, _closed, _functions, _later, _extensions, _hook, _admins, _audited):
        async for finding in look(connection, expected):
            yield finding


async def _tables(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select format('%%I.%%I', n.nspname, c.relname), c.relrowsecurity,
                  array(select a.attname::text from pg_attribute a
                         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and format('%%I.%%I', n.nspname, c.relname) = any(%s)""",
        [list(expected.tables)],
    )
    there = {name: (secured, frozenset(columns)) for name, secured, columns in rows}
    for table, columns in sorted(expected.tables.items()):
        if table not in there:
            yield Finding("error", "table", f"The table {table} is missing.", APPLY)
            continue
        secured, has = there[table]
        if missing := columns - has:
            yield Finding("error", "table", f"The table {table} lacks {', '.join(sorted(missing))}.", APPLY)
        if not secured:
            yield Finding("error", "row security", f"Row level security is off for {table}: it is open.", APPLY)


async def _parts(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    policies = await _rows(
        connection, "select format('%I.%I', schemaname, tablename), policyname::text from pg_policies"
    )
    for table, name in sorted(expected.policies - set(policies)):
        yield Finding("error", "policy", f"The policy “{name}” on {table} is missing.", APPLY)
    tables = set(expected.tables)
    for table, name in sorted(set(policies) - expected.policies):
        if table in tables:
            yield Finding(
                "warning", "policy", f"The policy “{name}” on {table} is not ours: policies add up.",
                "Drop it if nothing else needs it.",
            )  # fmt: skip
    triggers = await _rows(
        connection,
        """select format('%I.%I', n.nspname, c.relname), t.tgname::text, t.tgenabled <> 'D'
             from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
            where not t.tgisinternal""",
    )
    enabled = {(table, name): on for table, name, on in triggers}
    for table, name in sorted(expected.triggers):
        if (table, name) not in enabled:
            yield Finding("error", "trigger", f"The trigger {name} on {table} is missing.", APPLY)
        elif not enabled[table, name]:
            yield Finding(
                "error", "trigger", f"The trigger {name} on {table} is switched off.",
                f"alter table {table} enable trigger {name};",
            )  # fmt: skip
    indexes = await _rows(
        connection,
        """select n.nspname || '.' || c.relname, i.indisvalid
             from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace""",
    )
    valid = dict(indexes)
    for name in sorted(expected.indexes):
        if name not in valid:
            yield Finding("warning", "index", f"The index {name} is missing: something is slow.", APPLY)
        elif not valid[name]:
            yield Finding("warning", "index", f"The index {name} is not valid.", f"reindex index {name};")


async def _closed(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select t.name, r.rolname::text
             from unnest(%s::text[]) as t(name), pg_roles r
            where r.rolname = 'anon' and to_regclass(t.name) is not null
              and has_any_column_privilege(r.oid, to_regclass(t.name)::oid, 'select,insert,update')
            union all
           select t.name, 'everybody'
             from unnest(%s::text[]) as t(name) join pg_class c on c.oid = to_regclass(t.name), aclexplode(c.relacl) a
            where a.grantee = 0 group by t.name""",
        [list(expected.tables), list(expected.tables)],
    )
    for table, role in rows:
        yield Finding("error", "grants", f"{role} may reach into {table}.", APPLY)
    rows = await _rows(
        connection,
        """select d.datacl is null or exists (select from aclexplode(d.datacl) a
                    where a.grantee = 0 and a.privilege_type = 'TEMPORARY')
             from pg_database d where d.datname = current_database()""",
    )
    if rows and rows[0][0]:
        yield Finding(
            "warning", "grants", "Everybody may make temporary tables in this database.",
            "Its owner can run: revoke temporary on database … from public;",
        )  # fmt: skip


async def _functions(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select n.nspname || '.' || p.proname,
                  p.prosecdef and not exists (select from unnest(p.proconfig) s where s like 'search_path=%%'),
                  p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0)
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname || '.' || p.proname = any(%s)""",
        [list(expected.functions)],
    )
    for name in sorted(expected.functions - {row[0] for row in rows}):
        yield Finding("error", "function", f"The function {name} is missing.", APPLY)
    for name, unpinned, open_to_all in sorted(rows):
        if unpinned:
            yield Finding("error", "function", f"{name} runs as its owner with a search path that callers set.", APPLY)
        if open_to_all:
            yield Finding("error", "grants", f"Everybody may call {name}.", APPLY)


async def _later(connection: Connection, expected: Wanted) -> AsyncIterator[Finding]:
    """What somebody added that whoever signs in may reach, though it is none of the helpdesk's: by a grant, or because
    PostgreSQL opens a new function to everybody."""
    rows = await _rows(
        connection,
        """select distinct case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
                                          when 'S' then 'sequence' else 'table' end,
                  format('%%I.%%I', n.nspname, c.relname)
             from pg_roles r, pg_class c join pg_namespace n on n.oid = c.relnamespace
            where (r.rolname = 'helpdesk_member' or r.rolname in ('anon', 'authenticated')
                   and n.nspname in ('helpdesk', 'private'))
              and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
              and format('%%I.%%I', n.nspname, c.relname) <> all(%s)
              and has_schema_privilege(r.oid, n.oid, 'usage')
              and case when c.relkind = 'S' then has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
                       else has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, trigger')
                            or has_any_column_privilege(r.oid, c.oid, 'select, insert, update') end
              and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                                        and d.deptype = 'e')
            order by 2""",
        [list(expected.tables)],
    )
    for kind, name in rows:
        told = f"Whoever signs in may reach into the {kind} {name}, which is none of the helpdesk's."
        yield Finding("warning", "grants", told, f"revoke all on {name} from public, helpdesk_member;")
    rows = await _rows(
        connection,
        """select distinct p.oid::regprocedure::text, p.prosecdef
             from pg_roles r, pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where (r.rolname = 'helpdesk_member' or r.rolname in ('anon', 'authenticated')
                   and n.nspname in ('helpdesk', 'private'))
              and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              and n.nspname || '.' || p.proname <> all(%s) and p.proname <> 'uuid_generate_v4'
              and has_schema_privilege(r.oid, n.oid, 'usage') and has_function_privilege(r.oid, p.oid, 'execute')
              and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                                        and d.deptype = 'e')
            order by 1""",
        [list(expected.functions)],
    )
    for name, as_owner in rows:
        told = f"Whoever signs in may call {name}, which is none of the helpdesk's"
        hint = f"revoke all on routine {name} from public, helpdesk_member;"
        if as_owner:
            yield Finding("warning", "grants", f"{told}, with its owner's rights.", hint)
        else:
            yield Finding("note", "grants", f"{told}.", hint)
    rows = await _rows(
        connection,
        """select c.table_name, array_agg(a.attname::text order by a.attnum)
             from jsonb_each(%s) as c(table_name, ours) join pg_attribute a on a.attrelid = to_regclass(c.table_name)
             join pg_roles r on r.rolname = 'helpdesk_member'
            where a.attnum > 0 and not a.attisdropped and not c.ours ? a.attname::text
              and has_column_privilege(r.oid, a.attrelid, a.attnum, 'select, insert, update')
            group by 1 order by 1""",
        [Jsonb({table: sorted(columns) for table, columns in expected.tables.items()})],
    )
    for table, columns in rows:
        told = f"Whoever sees a row of {table} sees columns that are none of the helpdesk's: {', '.join(columns)}."
        yield Finding("warning", "grants", told, "Keep them in a table of their own.")
    rows = await _rows(
        connection,
        "select roleid::regrole::text from pg_auth_members where member = to_regrole('helpdesk_member') order by 1",
    )
    for (role,) in rows:
        told = f"Whoever signs in may what the role {role} may."
        yield Finding("error", "grants", told, f"revoke {role} from helpdesk_member;")


async def _extensions(connection: Connection, _expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select name::text, installed_version is not null from pg_available_extensions where name = any(%s)""",
        [["pg_trgm", "uuid-ossp", "postgis"]],
    )
    installed = dict(rows)
    if not installed.get("pg_trgm"):
        way = "Run: create extension pg_trgm;" if "pg_trgm" in installed else "It comes with postgresql-contrib."
        yield Finding("warning", "extension", "pg_trgm is not installed: the search forgives one slip in a word.", way)
    if not installed.get("uuid-ossp"):
        yield Finding("note", "extension", "uuid-ossp is not installed; the server's own gen_random_uuid() is used.")
    if not installed.get("postgis"):
        yield Finding("note", "extension", "PostGIS is not installed; nothing needs it yet.")


async def _hook(connection: Connection, _expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select h.oid is not null,
                  case when to_regrole('supabase_auth_admin') is null then false
                       else has_function_privilege('supabase_auth_admin', h.oid, 'execute')
                            and has_schema_privilege('supabase_auth_admin', 'helpdesk', 'usage') end,
                  h.prosecdef and o.rolcreaterole and not o.rolsuper and not o.rolcanlogin,
                  exists (select from pg_auth_members m where m.member = h.proowner and m.admin_option
                             and m.roleid = to_regrole('helpdesk_member'))
             from (select to_regprocedure(%s) as name) wanted
             left join pg_proc h on h.oid = wanted.name
             left join pg_roles o on o.oid = h.proowner""",
        [HOOK],
    )
    there, granted, keeper, may_grant = rows[0]
    if not there:
        return  # said already: a function is missing
    if not granted:
        yield Finding("error", "hook", "Supabase Auth may not call the access token hook: nobody gets a login.", APPLY)
    if not keeper:
        yield Finding(
            "error",
            "hook",
            "The access token hook does not run as a role that may make logins and nothing more.",
            APPLY,
        )
    elif not may_grant:
        yield Finding("error", "hook", "The hook's owner may not give the role helpdesk_member to new logins.", APPLY)
    # A sign-in since the helpdesk was set up that has no login of its own was not seen by the hook.
    rows = await _rows(
        connection,
        """select count(*), count(*) filter (where to_regrole('hd_' || replace(s.id::text, '-', '')) is null)
             from auth.sessions s join auth.users u on u.id = s.user_id
            where (s.not_after is null or s.not_after > now()) and not u.is_anonymous
              and greatest(s.created_at, s.refreshed_at at time zone 'utc')
                  > (select min(v.applied_at) from private.schema_version v)""",
    )
    signed_in, without = rows[0]
    way = f"In the settings of Supabase Auth, choose {HOOK.removesuffix('(jsonb)')} as the custom access token hook."
    if without:
        told = f"{without} of {signed_in} sign-ins got no login: the access token hook seems not to be enabled."
        yield Finding("warning", "hook", told, way)
    elif not signed_in:
        yield Finding("note", "hook", "Nobody has signed in yet, so whether the hook is enabled will show then.", way)


async def _admins(connection: Connection, _expected: Wanted) -> AsyncIterator[Finding]:
    rows = await _rows(
        connection,
        """select exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null),
                  (select s.first_admin from private.settings s)""",
    )
    there, named = rows[0] if rows else (True, None)
    if not there and named:
        yield Finding(
            "warning", "admin", f"Nobody is an admin yet: {printable(named)} has not signed up and confirmed.",
            "To name somebody else: `helpdesk db apply --admin EMAIL`.",
        )  # fmt: skip
    elif not there:
        yield Finding("warning", "admin", "Nobody is an admin.", "Name one: `helpdesk db apply --admin EMAIL`.")


async def _audited(connection: Connection, _expected: Wanted) -> AsyncIterator[Finding]:
    if not (await _rows(connection, "select to_regprocedure('private.audit_gaps()') is not null"))[0][0]:
        return  # said already: a function is missing
    for table, trigger, state in await _rows(connection, "select * from private.audit_gaps()"):
        if state == "asleep where changes are replayed":
            told = f"Changes of {table} are not recorded where they are replayed: {trigger} is not always on."
            yield Finding("warning", "audit", told, f"alter table {table} enable always trigger {trigger};")
        else:
            yield Finding("error", "audit", f"Changes of {table} are not recorded: {trigger} is {state}.", APPLY)


async def _rows(connection: Connection, statement: str, parameters: list[Any] | None = None) -> list[Any]:
    cursor = await connection.execute(statement.encode(), parameters)
    return await cursor.fetchall()
