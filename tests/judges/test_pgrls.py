"""pgrls lints our row level security and proves what it can of it; what it finds is fixed or allowed with a reason."""

from __future__ import annotations

import pytest

from tests.db.sessions import owner
from tests.judges.judging import ALLOWED, Finding, complaints, lint, read_allowed, verify
from tests.world import DeskDatabase


def test_pgrls_lint_finds_nothing_that_is_not_allowed_with_a_reason(module_database: DeskDatabase) -> None:
    allowed = read_allowed(ALLOWED.read_text(encoding="utf-8"))
    assert complaints(lint(module_database.owner_dsn), allowed, "lint") == []


def test_pgrls_verify_proves_every_table_but_those_that_are_allowed_with_a_reason(
    module_database: DeskDatabase,
) -> None:
    allowed = read_allowed(ALLOWED.read_text(encoding="utf-8"))
    assert complaints(verify(module_database.owner_dsn), allowed, "verify") == []


def test_the_judges_find_a_hole(database: DeskDatabase) -> None:
    """A table that everybody may read, and a function that looks names up where its caller wants."""
    with owner(database) as connection:
        connection.execute(
            """create table public.oops (id uuid primary key, customer_id uuid);
               alter table public.oops enable row level security;
               create policy "Everybody" on public.oops for select using (true);
               create function helpdesk.oops() returns bigint language sql security definer as
                 'select count(*) from public.tickets'"""
        )
    allowed = read_allowed(ALLOWED.read_text(encoding="utf-8"))
    found = complaints(lint(database.owner_dsn), allowed, "lint")
    assert [line for line in found if line.startswith("lint SEC038 public.oops.Everybody")]
    assert [line for line in found if line.startswith("lint SEC015 helpdesk.oops")]
    assert "anon leak" in {f.rule for f in verify(database.owner_dsn, ["anon"]) if f.where == "public.oops"}


def test_a_line_of_the_list_that_allows_nothing_any_more_fails() -> None:
    allowed = read_allowed("lint | SEC001 | public.* | why\nlint | SEC002 | public.gone | why\nverify | anon | x | why")
    here = Finding("lint", "SEC001", "public.here")
    assert complaints([here], allowed, "lint") == ["allowed and not found any more: lint | SEC002 | public.gone"]
    assert complaints([here], [], "lint") == ["lint SEC001 public.here: "]


def test_a_line_of_the_list_without_a_reason_fails() -> None:
    for line in ("lint | SEC001 | public.here", "lint | SEC001 | public.here | "):
        with pytest.raises(ValueError, match="reason"):
            read_allowed(line)
