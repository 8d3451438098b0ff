"""Read: what tables show, to whom, and by which way of asking them."""

from __future__ import annotations

import pytest

from tests.attacks.stage import ACTIVE, EVERYBODY, Stage

RELATIONS = """
  select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^(pg_|information_schema$)' order by 1"""


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_row_of_every_table_and_exactly_what_one_may_read(stage: Stage, who: str) -> None:
    """Also in the schemas that are closed. The counterpart: whoever may read a text finds it there."""
    seen = ""
    for (relation,) in stage.run(RELATIONS):
        told = stage.attack(who, f"select t::text from {relation} t")
        if not relation.startswith("public."):
            assert told.code == "42501", relation
        seen += str(told).lower()
    for mark, canary in stage.canaries.items():
        if canary.shown and who in canary.readers:
            assert mark in seen or mark.encode().hex() in seen, f"{who} does not find the {canary.what}"
    if who not in ACTIVE:
        assert who == "visitor" or "zq" not in seen
