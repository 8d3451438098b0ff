"""plpgsql_check goes through the body of every PL/pgSQL function of ours, on PostgreSQL 15 from Debian."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.db.servers import Place, new_place, start
from tests.judges.judging import ALLOWED, CHECK, as_findings, complaints, read_allowed
from tests.parts import require


@pytest.fixture(scope="module")
def checked(open_directory: Path) -> Iterator[Place]:
    """A helpdesk on PostgreSQL 15, with the judge beside it."""
    require("plpgsql_check")
    server = start(open_directory, "postgres15", "plain")
    place = new_place(server, "plain")
    place.psql()
    place.run("create schema judge")
    place.run("create extension plpgsql_check schema judge")
    yield place
    server.close()
    server.wait_stopped()


def _complaints(place: Place) -> list[str]:
    with psycopg.connect(place.owner_dsn, autocommit=True) as connection:
        connection.execute("set search_path = public, judge")
        rows = connection.execute(CHECK.encode()).fetchall()
    return complaints(as_findings(rows), read_allowed(ALLOWED.read_text(encoding="utf-8")), "plpgsql")


def test_plpgsql_check_finds_nothing_that_is_not_allowed_with_a_reason(checked: Place) -> None:
    assert _complaints(checked) == []


def test_plpgsql_check_finds_what_is_wrong(checked: Place) -> None:
    """A column that is not there, and a statement that is put together of a caller's words."""
    checked.run(
        """create function helpdesk.oops(words text) returns void language plpgsql as $$
           begin
             perform t.nothing from public.tickets t;
             execute 'select ' || words;
           end $$"""
    )
    try:
        found = _complaints(checked)
    finally:
        checked.run("drop function helpdesk.oops(text)")
    assert any("error 42703 helpdesk.oops(text)" in line for line in found), found
    assert any("security" in line and "helpdesk.oops(text)" in line for line in found), found
