"""Read: what tables show, to whom, and by which way of asking them."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.attacks.stage import ACTIVE, EVERYBODY, Stage

COLUMNS: Final = """
  select format('%I.%I', n.nspname, c.relname), a.attname::text,
         has_schema_privilege('helpdesk_member', n.oid, 'usage')
           and has_column_privilege('helpdesk_member', c.oid, a.attnum, 'select')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
   where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^(pg_|information_schema$)'
     and a.attnum > 0 and not a.attisdropped order by 1, 2"""


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_column_of_every_table_and_exactly_what_one_may_read(stage: Stage, who: str) -> None:
    """Also in the schemas that are closed. The counterpart: whoever may read a text finds it there."""
    columns = stage.run(COLUMNS)
    seen = ""
    for relation in sorted({relation for relation, _, _ in columns}):
        names = [f'"{name}"' for table, name, is_open in columns if table == relation and is_open]
        closed = [f'"{name}"' for table, name, is_open in columns if table == relation and not is_open]
        for name in closed if relation.startswith("public.") else closed[:1]:
            assert stage.attack(who, f"select {name} from {relation}").code == "42501", (relation, name)
            assert stage.attack(who, f"update {relation} set {name} = {name}").code == "42501", (relation, name)
        if names:
            told = stage.attack(who, f"select row({', '.join(names)})::text from {relation}")
            assert told.code == ("42501" if who == "anon" else None)
            seen += str(told).lower()
    # What no column tells, whose team one is or not.
    seen += str(
        stage.attack(who, "select m::text from helpdesk.metadata_of(array(select t.id from public.tickets t)) m")
    ).lower()
    for mark, canary in stage.canaries.items():
        if canary.shown and who in canary.readers:
            assert mark in seen or mark.encode().hex() in seen, f"{who} does not find the {canary.what}"
    if who not in (*ACTIVE, "visitor"):
        assert "zq" not in seen


WRITTEN: Final = """
  select c.relname::text, a.attname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
   where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.atttypid = any ('{text, bytea}'::regtype[])
     and has_column_privilege('helpdesk_member', c.oid, a.attnum, 'select')"""
FEW: Final = {"status", "type", "role", "content_type", "kind"}
"""Columns that hold words of ours."""


def test_planner_expects_as_much_below_one_text_as_below_another(stage: Stage) -> None:
    """It remembered a hundred texts of each column, and its guesses, asked for often enough, spelled them out."""
    stage.run("analyze")
    columns = [(table, column) for table, column in stage.run(WRITTEN) if column not in FEW]
    assert ("ticket_messages", "content") in columns
    indexed = [("profiles", "lower(email)"), ("profiles", "lower(coalesce(full_name, email))")]
    for table, column in [*columns, *indexed]:
        low, high = (
            stage.attack("cora", f"explain select from public.{table} where {column} < '{text}'").rows for text in "!~"
        )
        guessed = re.findall(r"rows=\d+", str(low))
        assert guessed == re.findall(r"rows=\d+", str(high)) != [], (table, column)


def test_preferences_are_told_to_oneself_alone(stage: Stage) -> None:
    """Colleagues see one's name and address and not what one turned off."""
    for who in EVERYBODY:
        told = stage.attack(who, "select helpdesk.preferences()")
        assert ("zq" in str(told.rows)) is (who in ACTIVE)
        assert stage.attack(who, "select preferences from public.profiles where id = %(me)s").code == "42501"
        assert stage.attack(who, "select p from public.profiles p").code == "42501"
        chosen = stage.attack(who, "select helpdesk.prefer('reply', false, true); select helpdesk.preferences()")
        assert chosen.code == (None if who in ACTIVE else "42501" if who == "anon" else "HD003")
        if who in ACTIVE:
            assert chosen.rows[-1][0]["notices"] == {"reply": {"on": False, "bell": True}}
