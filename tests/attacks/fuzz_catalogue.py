"""What there is to fuzz, read from a live database: tables, columns, functions; and values for each type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import UUID

from tests.db.sessions import Sync

# Of PostgreSQL's own functions: what would end or hold up the fuzz itself, and is no matter of the desk.
_LEFT_OUT: Final = re.compile(
    r"sleep|advisory|terminate|cancel|promote|rotate|wal_re|stop_|start_|_stop|_start|reload|generate_series"
    r"|repeat|lpad|rpad|^pg_import|^binary_upgrade|fuzz|_in$|_recv$|_wait|wait_"
)
# Of ours: what ends one's own session, which is the one that fuzzes. tests/db/test_sign_ins.py tries whose they end.
_ENDING: Final = ("helpdesk.end_session", "helpdesk.end_sessions", "helpdesk.hang_up")
_DATABASE_WIDE: Final = re.compile(r"^(database|schema)_to_xml")


@dataclass(frozen=True)
class Table:
    """A table: what it is called, its columns with their types, and what clients may update of it."""

    name: str
    columns: tuple[tuple[str, str], ...]
    updatable: tuple[str, ...]
    insertable: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class Function:
    """A function: its name, its arguments' types, how many of them have no default, and whether it may be called."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    needed: int
    offered: bool
    returns_rows: bool


@dataclass
class Catalogue:
    """Everything to draw from. The same database gives the same catalogue."""

    tables: list[Table] = field(default_factory=list)
    system: list[Table] = field(default_factory=list)
    offered: list[Function] = field(default_factory=list)
    closed: list[Function] = field(default_factory=list)
    builtin: list[Function] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)
    by_table: dict[str, list[UUID]] = field(default_factory=dict)


def catalogue(connection: Sync, ids: Sequence[UUID]) -> Catalogue:
    """Reads it as the owner; ``ids`` are the rows that the generator is told of."""
    made = Catalogue(ids=sorted(ids))
    for name, columns, types, updatable, insertable, ours in connection.execute(
        """select c.oid::regclass::text, array_agg(attname::text order by attnum),
                  array_agg(format_type(atttypid, null) order by attnum),
                  coalesce(array_agg(attname::text order by attnum)
                           filter (where has_column_privilege('helpdesk_member', c.oid, attnum, 'update')), '{}'),
                  coalesce(array_agg(attname::text order by attnum)
                           filter (where has_column_privilege('helpdesk_member', c.oid, attnum, 'insert')), '{}'),
                  c.relnamespace <> 'pg_catalog'::regnamespace
             from pg_class c join pg_attribute a on attrelid = c.oid and attnum > 0 and not attisdropped
            where relkind in ('r', 'p', 'v', 'm') and relnamespace::regnamespace::text <> all(%s)
            group by c.oid order by 1""",
        [["information_schema", "pg_toast", "saved"]],
    ):
        name = name if "." in name or not ours else f"public.{name}"
        table = Table(name, tuple(zip(columns, types, strict=True)), tuple(updatable), tuple(insertable), ours)
        (made.tables if ours else made.system).append(table)
    told = set(made.ids)
    for table in made.tables:
        if ("id", "uuid") in table.columns:
            found = connection.execute(f"select id from {table.name} order by id".encode()).fetchall()
            made.by_table[table.name] = [row[0] for row in found if row[0] in told]
    for schema, name, names, arguments, defaults, offered, rows in connection.execute(
        """select nspname::text, proname::text, coalesce(proargnames, '{}'),
                  array(select format_type(t, null) from unnest(proargtypes::oid[]) with ordinality as a(t, n)
                         order by n),
                  pronargdefaults, has_function_privilege('helpdesk_member', p.oid, 'execute')
                                   and has_schema_privilege('helpdesk_member', n.oid, 'usage'), proretset
             from pg_proc p join pg_namespace n on n.oid = pronamespace
            where prokind in ('f', 'p') and nspname not in ('information_schema', 'pg_toast', 'saved')
              and prorettype <> 'internal'::regtype and not 'internal'::regtype = any(proargtypes::oid[])
            order by nspname, proname, proargtypes::oid[]::regtype[]::text"""
    ):
        if schema == "pg_catalog" and (_LEFT_OUT.search(name) or _DATABASE_WIDE.search(name)):
            continue
        named = tuple(zip([*names, *[""] * len(arguments)], arguments, strict=False))
        if f"{schema}.{name}" in _ENDING:
            continue
        function = Function(f"{schema}.{name}", named, len(arguments) - defaults, offered, rows)
        if schema == "pg_catalog":
            made.builtin.append(function)
        elif schema == "helpdesk" and offered:
            made.offered.append(function)
        else:
            made.closed.append(function)
    # The login of each session has another name in every run.
    made.roles = [
        str(name)
        for (name,) in connection.execute("select rolname from pg_roles where rolname !~ '^hd_' order by 1")
        if name in _ROLES
    ]
    return made


_ROLES: Final = {
    "postgres", "anon", "authenticated", "service_role", "authenticator", "supabase_auth_admin", "helpdesk_member",
    "helpdesk_keeper", "pg_read_all_data", "pg_write_all_data", "pg_signal_backend",
}  # fmt: skip

_WORDS: Final = (
    "open", "pending", "resolved", "closed", "low", "medium", "high", "urgent", "customer", "agent", "admin", "draft",
    "published", "archived", "waiting", "active", "ended", "department", "category", "tag", "article",
    "article category", "keep", "hand over", "reassign", "public.tickets", "helpdesk_member", "read committed",
    "tickets", "departments", "categories", "tags", "staff", "person", "x", "", " ", "%", "zq", "title", "note",
    "@Ada", "role", "request.jwt.claims", "select * from public.tickets", "select data from public.ticket_attachments",
    "select * from private.secrets", "helpdesk.mute", "on", "search_path", "session_replication_role",
)  # fmt: skip

_JSON: Final = (
    "{}", "[]", "null", '{"role": "admin"}', '{"active": false}', '{"department": null}', '{"notices": {"due": false}}',
    '{"role": "agent", "active": true}', '{"status": "closed"}', '{"priority": "low", "snooze": "2099-01-01Z"}',
    '{"assignee": null, "due_date": "2030-01-01Z"}', '{"fields": {"a": "x"}}', '{"claims": {"role": "service_role"}}',
)  # fmt: skip


# What a column or an argument of this name refers to.
_MEANT: Final = {
    "tickets": ("ticket", "ticket_id", "ids"),
    "profiles": ("person", "customer_id", "assignee_id", "assignee", "sender_id", "user_id", "author_id", "agent_id",
                 "changed_by", "actor_id", "heir"),
    "departments": ("department", "department_id", "of_department", "from_department", "to_department"),
    "categories": ("category", "category_id"),
    "kb_categories": ("category", "category_id", "parent_id", "in_category"),
    "chat_sessions": ("chat", "chat_id", "session_id"),
    "kb_articles": ("article", "article_id"),
    "ticket_tags": ("tag", "tag_id", "gone", "kept"),
    "ticket_messages": ("message", "message_id", "after_id"),
    "chat_messages": ("message", "after"),
}  # fmt: skip


def ids_for(made: Catalogue, random: Random, name: str, table: str | None = None) -> Sequence[UUID]:
    """The ids to draw from for a column or an argument: mostly those that it is meant for, of every scope."""
    if random.random() < 0.15:
        return made.ids
    if name == "id" and table and made.by_table.get(table):
        return made.by_table[table]
    meant = [found for of, names in _MEANT.items() if name in names for found in made.by_table.get(f"public.{of}", [])]
    return meant or made.ids


def literal(random: Random, kind: str, ids: Sequence[UUID]) -> str:
    """SQL for a value of a type, now and then of another one."""
    if random.random() < 0.06:
        return random.choice(("null", "default", "current_user", "session_user", "0", "''", "now()", "(select null)"))
    if kind.endswith("[]"):
        inner = kind.removesuffix("[]")
        return f"array[{', '.join(literal(random, inner, ids) for _ in range(random.randint(1, 3)))}]::{kind}"
    if kind == "uuid":
        return "gen_random_uuid()" if random.random() < 0.1 else f"'{random.choice(ids)}'"
    if kind in ("integer", "bigint", "smallint", "numeric", "real", "double precision", "oid"):
        return str(random.choice((0, 1, 2, 3, 5, 100, -1, 2147483647, 1259, 16384)))
    if kind == "boolean":
        return random.choice(("true", "false"))
    if kind.startswith("timestamp") or kind == "date":
        return random.choice(("now()", "'2001-01-01'", "'infinity'", "clock_timestamp()", "'2099-01-01'"))
    if kind == "interval":
        return random.choice(("'1 hour'", "'-1 year'"))
    if kind.endswith("ticket_status"):
        return f"'{random.choice(('open', 'pending', 'resolved', 'closed'))}'"
    if kind.endswith("ticket_priority"):
        return f"'{random.choice(('low', 'medium', 'high', 'urgent'))}'"
    if kind in ("jsonb", "json"):
        return f"'{random.choice(_JSON)}'"
    if kind == "bytea":
        return random.choice(("'x'", "'\\x00ff'", "convert_to('x', 'UTF8')"))
    if kind == "tid":
        return f"'(0,{random.randint(1, 20)})'"
    if kind in ("regclass", "regtype", "regprocedure", "regrole", "regnamespace"):
        return random.choice(("'public.tickets'", "'private.secrets'", "'uuid'", "'authenticated'", "'private'"))
    if kind in ("record", "anyelement", "anycompatible"):
        return random.choice(("row(1)", "(select t from public.tickets t limit 1)", "'x'::text"))
    return f"'{random.choice(_WORDS)}'"
