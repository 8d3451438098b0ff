"""What is added is closed until somebody opens it: every table is in the write matrix, every function is tried."""

from __future__ import annotations

import re
from pathlib import Path

from tests.db.sessions import owner
from tests.world import DeskDatabase

CALLED_BY_POLICIES = {
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


def test_every_table_of_the_helpdesk_is_one_of_those_that_the_matrix_names(module_database: DeskDatabase) -> None:
    """The matrix has a test that it names all of ``private.tables()``."""
    with owner(module_database) as connection:
        forgotten = connection.execute(
            """select c.oid::regclass::text from pg_class c
                where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace
                  and c.oid not in (select private.tables())
                  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"""
        ).fetchall()
        assert forgotten == []
        # What a role that anybody may be holds of a table, but for what the matrix goes through column by column.
        held = connection.execute(
            """select c.oid::regclass::text, grantee, privilege_type
                 from pg_class c, aclexplode(coalesce(relacl, acldefault('r', relowner))) a
                 cross join lateral (select case grantee when 0 then 'public' else grantee::regrole::text end) g(name)
                where c.relkind in ('r', 'p', 'v', 'm', 'S')
                  and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'helpdesk'::regnamespace)
                  and g.name in ('public', 'anon', 'authenticated', 'helpdesk_member')
                  and not (privilege_type = 'SELECT' and c.oid in (select private.tables())
                           and g.name in ('authenticated', 'helpdesk_member'))"""
        ).fetchall()
        assert held == []
        unguarded = connection.execute(
            """select c.oid::regclass::text from pg_class c
                where c.relkind in ('r', 'p') and not c.relrowsecurity
                  and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)"""
        ).fetchall()
        assert unguarded == []


def test_every_function_that_people_may_call_is_tried_by_those_who_may_not(module_database: DeskDatabase) -> None:
    """A function that is granted and not called by a hostile hand somewhere in these tests fails here."""
    with owner(module_database) as connection:
        rows = connection.execute(
            """select n.nspname, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                where n.nspname in ('private', 'helpdesk')
                  and has_function_privilege('helpdesk_member', p.oid, 'execute')"""
        ).fetchall()
    assert {name for schema, name in rows if schema == "private"} == CALLED_BY_POLICIES
    here = Path(__file__).parent
    tried: set[str] = set()
    files = ("test_leaks.py", "matrix_statements.py", "test_bulk_acts.py", "test_hostile.py", "test_sign_ins.py")
    for name in (*files, "../attacks/test_read_tables.py"):
        tried |= set(re.findall(r"helpdesk\.(\w+)\(", (here / name).read_text(encoding="utf-8")))
    assert {name for schema, name in rows if schema == "helpdesk"} - tried == {"version"}


def test_triggers_functions_are_not_for_calling(module_database: DeskDatabase) -> None:
    with owner(module_database) as connection:
        open_to_all = connection.execute(
            """select p.oid::regprocedure::text from pg_proc p
                where p.prorettype = 'trigger'::regtype
                  and p.pronamespace in ('public'::regnamespace, 'private'::regnamespace, 'helpdesk'::regnamespace)
                  and has_function_privilege('helpdesk_member', p.oid, 'execute')"""
        ).fetchall()
    assert open_to_all == []
