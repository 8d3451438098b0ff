"""What a database holds of the helpdesk, by kind and name, and what is another between two looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import psycopg

Done = Literal["added", "changed", "removed"]
Inventory = dict[tuple[str, str], str | None]
"""Kind and name → all that can differ."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One thing that applying adds, changes or removes.

    Args:
        kind: ``table``, ``column``, ``policy``, ``grants`` and so on.
        name: with its schema, and its table where it belongs to one.
        done: ``added``, ``changed`` or ``removed``.
    """

    kind: str
    name: str
    done: Done


_INVENTORY = """
with n as (
  select oid, nspname from pg_namespace where nspname in ('public', 'private', 'helpdesk', 'auth')
), t as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relkind, c.relrowsecurity, c.relacl
    from pg_class c join n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'S')
     and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
), f as (
  select p.oid, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name, p.proacl
    from pg_proc p join n on n.oid = p.pronamespace
   where p.prokind <> 'a' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
), g as (
  select name, relacl as acl from t
  union all
  select name, proacl from f
  union all
  select t.name || '.' || a.attname, a.attacl from t join pg_attribute a on a.attrelid = t.oid
)
select 'schema', nspname::text, '' from n
union all
select 'extension', extname::text, extversion from pg_extension
union all
select 'role', rolname::text, concat(rolcanlogin, rolcreaterole, rolbypassrls) from pg_roles
 where rolname !~ '^(pg_|hd_[0-9a-f]{32}$)'
union all
select 'type', format('%I.%I', n.nspname, y.typname),
       (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = y.oid)
  from pg_type y join n on n.oid = y.typnamespace where y.typtype = 'e'
union all
select 'table', name, '' from t where relkind in ('r', 'p')
union all
select 'row security', name, 'on' from t where relrowsecurity
union all
select 'column', name || '.' || a.attname,
       concat(format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
  from t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
 where relkind in ('r', 'p')
union all
select 'constraint', name || '.' || c.conname, pg_get_constraintdef(c.oid)
  from t join pg_constraint c on c.conrelid = t.oid where c.contype <> 'n'
union all
select 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  from t join pg_index i on i.indrelid = t.oid
union all
select 'statistics', format('%I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
  from pg_statistic_ext s join n on n.oid = s.stxnamespace
union all
select 'policy', name || ' “' || p.polname || '”',
       concat(p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
              pg_get_expr(p.polwithcheck, p.polrelid))
  from t join pg_policy p on p.polrelid = t.oid
union all
select 'trigger', name || '.' || r.tgname, concat(r.tgenabled, pg_get_triggerdef(r.oid))
  from t join pg_trigger r on r.tgrelid = t.oid where not r.tgisinternal
union all
select 'function', name, pg_get_functiondef(oid) from f
union all
select 'grants', name, (select string_agg(x::text, ' ' order by x::text) from unnest(acl) x)
  from g where acl is not null
"""


async def inventory(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> Inventory:
    """What there is now, as this transaction sees it."""
    cursor = await connection.execute(_INVENTORY)
    return {(kind, name): definition for kind, name, definition in await cursor.fetchall()}


def difference(before: Inventory, after: Inventory) -> tuple[Change, ...]:
    """What the one has and the other has not, sorted. What comes or goes with its table or function is not counted."""
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    changes = [Change(kind, name, "added") for kind, name in _roots(added)]
    changes += [Change(kind, name, "removed") for kind, name in _roots(removed)]
    changes += [
        Change(kind, name, "changed")
        for kind, name in before.keys() & after.keys()
        if before[kind, name] != after[kind, name]
    ]
    return tuple(sorted(changes))


def _roots(items: set[tuple[str, str]]) -> list[tuple[str, str]]:
    wholes = {name for kind, name in items if kind in ("table", "function")}

    def is_part(kind: str, name: str) -> bool:
        if kind == "grants":
            return name in wholes or name.rsplit(".", 1)[0] in wholes
        return kind in ("column", "constraint") and name.rsplit(".", 1)[0] in wholes

    return [(kind, name) for kind, name in items if not is_part(kind, name)]
