"""Everything that is in a database, read by the owner; what changed between two readings; and how to put it back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from tests.db.sessions import Sync
from tests.world import Person

Row = dict[str, Any]

# Of the catalogues, what makes the rules: as one sum each, without what maintenance moves.
_SUMMED: Final = {
    "pg_class": "relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relfilenode",
    "pg_proc": "", "pg_type": "", "pg_trigger": "", "pg_policy": "", "pg_rewrite": "", "pg_constraint": "",
    "pg_namespace": "", "pg_operator": "", "pg_cast": "", "pg_event_trigger": "", "pg_extension": "",
    "pg_publication": "", "pg_statistic_ext": "", "pg_collation": "", "pg_conversion": "", "pg_language": "",
    "pg_foreign_server": "",
}  # fmt: skip
# And row by row, what people may change of it.
_ROLES: Final = ("pg_default_acl", "pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_largeobject_metadata")
CATALOGUES: Final = frozenset((*_SUMMED, *_ROLES, "pg_sequences", "pg_attribute", "pg_description"))

Rows = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Change:
    """A row that came (no ``old``), went (no ``new``) or became another."""

    table: str
    old: Row | None
    new: Row | None

    @property
    def row(self) -> Row:
        """The row as it is, or as it was."""
        found = self.new if self.new is not None else self.old
        assert found is not None
        return found

    def __str__(self) -> str:
        if self.old is None or self.new is None:
            return f"{self.table}: {'a new row' if self.old is None else 'a row gone'}: {self.row}"
        altered = {name: (self.old[name], self.new[name]) for name in self.new if self.old.get(name) != self.new[name]}
        return f"{self.table} {self.row.get('id', '')}: {altered}"


class State:
    """Reads and restores one database.

    Args:
        people: whose logins' passwords are put back too.
        connection: the owner's.
    """

    def __init__(self, people: Mapping[str, Person], connection: Sync) -> None:
        self.people = people
        self.connection = connection
        found = connection.execute(
            """select format('%I.%I', nspname, relname), format('%I.%I', 'saved', nspname || '.' || relname),
                      array(select attname::text from pg_attribute
                             where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
                             order by attnum),
                      array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = c.oid
                             where i.indrelid = c.oid and indisprimary and a.attnum = any(indkey) order by 1)
                 from pg_class c join pg_namespace n on n.oid = relnamespace
                where relkind = 'r' and nspname in ('public', 'private', 'auth')
                      -- The audit tells of every statement, and of putting it back: tests/db/test_audit.py.
                      and not (nspname = 'private' and starts_with(relname, 'audit')) order by 1"""
        ).fetchall()
        self.tables = {name: (saved, columns) for name, saved, columns, _ in found}
        self.keys = {name: tuple(keys) for name, _, _, keys in found}
        connection.execute("create schema if not exists saved")
        for name, (saved, _) in self.tables.items():
            connection.execute(f"create table if not exists {saved} as table {name}".encode())
        tables = [f"select '{name}' as t, to_jsonb(x)::text from {name} x" for name in self.tables]
        self._tables = " union all ".join(tables).encode()
        sums = [
            f"""select '{name}', jsonb_build_object('sum', md5(string_agg(
                  {self._all_but(without)}, '' order by x.oid)))::text from pg_catalog.{name} x where x.oid >= 16384"""
            for name, without in _SUMMED.items()
        ]
        sums += [f"select '{name}', to_jsonb(x)::text from pg_catalog.{name} x" for name in _ROLES]
        sums.append(
            "select 'pg_sequences', to_jsonb(x)::text from pg_catalog.pg_sequences x"
            " where sequencename <> 'audit_chains_chain_seq'"
        )
        sums.append(
            """select 'pg_attribute', jsonb_build_object('sum', md5(string_agg(
                 concat(attrelid, attname, attacl), ',' order by attrelid, attnum)))::text
                 from pg_catalog.pg_attribute where attrelid >= 16384 and attnum > 0"""
        )
        sums.append(
            """select 'pg_description', jsonb_build_object('sum', count(*))::text
                 from pg_catalog.pg_description where objoid >= 16384"""
        )
        self._catalogues = " union all ".join(sums).encode()
        self.saved = self.read()

    def _all_but(self, without: str) -> str:
        """The text of a row ``x`` of pg_class without some columns, or of any row."""
        if not without:
            return "x::text"
        (listed,) = self.connection.execute(
            """select string_agg('x.' || attname, ', ' order by attnum) from pg_attribute
                where attrelid = 'pg_class'::regclass and attnum > 0 and not attname = any(%s)""",
            [without.split(",")],
        ).fetchone() or ("",)
        return f"row({listed})::text"

    def read(self) -> Rows:
        """Every row of every table, as text, and the catalogues."""
        return frozenset(
            self.connection.execute(self._tables).fetchall() + self.connection.execute(self._catalogues).fetchall()
        )

    def now(self) -> str:
        """The database's time."""
        row = self.connection.execute("select to_jsonb(clock_timestamp()) #>> '{}'").fetchone()
        assert row is not None
        return str(row[0])

    def role(self, oid: str) -> str:
        """The name of a role."""
        row = self.connection.execute("select rolname from pg_roles where oid = %s::oid", [oid]).fetchone()
        return str(row[0]) if row else ""

    def changes(self, before: Rows, after: Rows) -> list[Change]:
        """What became of the rows, in a fixed order."""
        gone, come = self._keyed(before - after), self._keyed(after - before)
        return [Change(key[0], gone.get(key), come.get(key)) for key in sorted(gone.keys() | come.keys(), key=str)]

    def _keyed(self, rows: Rows) -> dict[tuple[str, str], Row]:
        return {(table, self._key(table, text)): _row(text) for table, text in rows}

    def _key(self, table: str, text: str) -> str:
        row = _row(text)
        for names in (self.keys.get(table), ("oid",), ("schemaname", "sequencename")):
            if names and all(name in row for name in names):
                return "|".join(str(row[name]) for name in names)
        return text

    def restore(self, changes: list[Change]) -> None:
        """Puts the tables back that changed, and what people may do to their own login."""
        altered = {change.table for change in changes}
        with self.connection.transaction():
            self.connection.execute("set local session_replication_role = replica")
            for name in sorted(altered & self.tables.keys()):
                saved, columns = self.tables[name]
                listed = ", ".join(f'"{column}"' for column in columns)
                self.connection.execute(f"delete from {name}".encode())
                self.connection.execute(
                    f"insert into {name} ({listed}) overriding system value select {listed} from {saved}".encode()
                )
            if "pg_largeobject_metadata" in altered:
                self.connection.execute("select lo_unlink(oid) from pg_catalog.pg_largeobject_metadata")
            for change in changes:
                if change.table == "pg_default_acl":
                    self.connection.execute(
                        f"alter default privileges for role {self.role(change.row['defaclrole'])}"
                        " revoke all on tables from public".encode()
                    )
            if altered & {"pg_db_role_setting", "pg_authid"}:
                self.connection.execute("alter role helpdesk_member reset all")
                self.connection.execute("alter role helpdesk_member password null")
                for person in self.people.values():
                    login = sql.Identifier(person.db_user)
                    self.connection.execute(sql.SQL("alter role {} reset all").format(login))
                    password = sql.SQL("alter role {} password {}").format(login, sql.Literal(person.db_password))
                    self.connection.execute(password)
        if altered & CATALOGUES:
            # Numbers that were drawn are gone, and a password is salted anew each time it is set.
            kept = {row for row in self.saved if row[0] not in CATALOGUES}
            self.saved = frozenset(kept.union(self.connection.execute(self._catalogues).fetchall()))


def _row(text: str) -> Row:
    found = json.loads(text)
    return found if isinstance(found, dict) else {"": found}


def by_id(rows: Rows, table: str) -> Mapping[str, Row]:
    """The rows of a table by their ids."""
    return {row["id"]: row for row in _of(rows, table)}


def _of(rows: Rows, table: str) -> Iterator[Row]:
    for name, text in rows:
        if name == table:
            yield _row(text)
