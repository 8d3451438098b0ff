"""The mutants themselves: each still bores its hole, and what it bores is one."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest

from tests.db.sessions import connect_as, owner, with_people
from tests.mutants.catalogue import ALL, MUTANTS
from tests.mutants.mutating import VARIABLE, Edit, Mutant, Void, bore, chosen
from tests.mutants.survivors import read_survivors
from tests.parts import REPOSITORY
from tests.world import DeskDatabase, People, Person


def test_every_mutant_still_finds_what_it_changes(module_database: DeskDatabase) -> None:
    """Whoever changes a rule changes its mutants: one that changes nothing would be called killed for nothing."""
    void = []
    with psycopg.connect(module_database.owner_dsn) as connection:
        for mutant in ALL:
            try:
                bore(connection, mutant)
                if mutant.every_copy:
                    connection.execute(mutant.every_copy.encode())
            except Void as why:
                void.append(f"{mutant.name}: {why}")
            connection.rollback()
    assert void == []


def test_there_are_enough_mutants_each_with_a_name_and_a_hole() -> None:
    assert len(MUTANTS) == len(ALL) >= 60
    for mutant in ALL:
        assert re.fullmatch(r"[a-z0-9_-]+", mutant.name)
        assert mutant.hole
        assert "\n" not in mutant.hole
        assert mutant.sql or mutant.edits or mutant.every_copy


def test_text_that_is_not_there_exactly_so_often_makes_no_mutant(module_database: DeskDatabase) -> None:
    with psycopg.connect(module_database.owner_dsn) as connection:
        for old, times in (("no such text", 1), ("ticket", 1)):
            with pytest.raises(Void):
                bore(connection, Mutant("m", "h", edits=(Edit("helpdesk.messages", old, "", times),)))
        connection.rollback()
        with pytest.raises(Void, match="cannot be made"):
            bore(connection, Mutant("m", "h", sql="drop trigger no_such_trigger on public.tickets"))


def test_sample_mutants_change_what_people_are_answered(database: DeskDatabase) -> None:
    """With the legitimate answer before: what is there to be seen is not seen."""

    async def make(people: People) -> tuple[Person, Person, UUID]:
        otto, cora = await people.sign_up("otto@desk.test", "Otto"), await people.add("cora@desk.test", "Cora")
        found = await people.database.run(
            "insert into public.tickets (title, customer_id, department_id)"
            " select 't', %s, id from public.departments limit 1 returning id",
            [cora.id],
        )
        return otto, cora, UUID(str(found[0][0]))

    otto, cora, ticket = with_people(database, make)
    claim = f"select set_config('request.jwt.claims', '{{\"sub\": \"{cora.id}\"}}', true)"
    questions = {
        "tickets-of-everybody": "select count(*) from public.tickets",
        "ticket-of-everybody": f"select count(*) from helpdesk.ticket('{ticket}')",
        "claims-before-the-login": f"select count(*) from ({claim}) c, public.profiles where id = '{cora.id}'",
    }
    with connect_as(database, otto) as outsider, owner(database) as connection:
        for name, question in questions.items():
            assert outsider.execute(question.encode()).fetchone() == (0,), name
            bore(connection, MUTANTS[name])
            assert outsider.execute(question.encode()).fetchone() == (1,), name


def test_mutant_is_chosen_by_name_and_an_unknown_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "notes-to-the-requester")
    assert chosen() is MUTANTS["notes-to-the-requester"]
    monkeypatch.setenv(VARIABLE, "no-such-mutant")
    with pytest.raises(KeyError):
        chosen()
    monkeypatch.delenv(VARIABLE)
    assert chosen() is None


def test_nothing_but_the_tests_knows_of_mutants() -> None:
    files = [*REPOSITORY.glob("helpdesk_tui/**/*.py"), *REPOSITORY.glob("db/**/*.sql")]
    assert files
    assert [str(file) for file in files if VARIABLE in file.read_text(encoding="utf-8")] == []


def test_every_survivor_is_a_mutant_and_has_a_reason() -> None:
    assert set(read_survivors()) <= set(MUTANTS)
    with pytest.raises(ValueError, match="reason"):
        read_survivors("tickets-of-everybody:  ")
