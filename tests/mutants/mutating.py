"""Single holes in the database, to see whether the tests notice: one mutant, one hole.

``HELPDESK_MUTANT=name pytest …`` bores the hole into every helpdesk that the tests make. Nothing but the tests knows of
it. ``make mutate`` does so with each mutant in turn (``scripts/mutate.py``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final

import psycopg

VARIABLE: Final = "HELPDESK_MUTANT"


class Void(Exception):
    """A mutant that bores no hole, because what it wants to change is not there, or there more than once."""


@dataclass(frozen=True)
class Edit:
    """Another text in the body of a function, by its name, or its signature where there are several of that name."""

    function: str
    old: str
    new: str
    times: int = 1
    """How often the old text stands there."""


@dataclass(frozen=True)
class Mutant:
    """One hole."""

    name: str
    hole: str
    """What is wrong then, in one line."""
    sql: str = ""
    """What the owner runs after the files."""
    edits: tuple[Edit, ...] = ()
    every_copy: str = ""
    """What the owner runs in each database, since no copy takes it along: rights on the database itself."""


def _run(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute(statement.encode())


def _edit(connection: psycopg.Connection[Any], edit: Edit) -> None:
    kind = "regprocedure" if "(" in edit.function else "regproc"
    row = connection.execute(f"select pg_get_functiondef(%s::{kind})", [edit.function]).fetchone()
    text = str(row[0]) if row else ""
    if text.count(edit.old) != edit.times:
        raise Void(f"{edit.function} has {text.count(edit.old)} times, and not {edit.times}: {edit.old!r}")
    _run(connection, text.replace(edit.old, edit.new))


def bore(connection: psycopg.Connection[Any], mutant: Mutant) -> None:
    """Makes the hole, in the transaction that is open.

    Raises:
        Void: there is nothing to make it in.
    """
    try:
        for edit in mutant.edits:
            _edit(connection, edit)
        if mutant.sql:
            _run(connection, mutant.sql)
    except psycopg.Error as error:
        raise Void(f"the mutant {mutant.name} cannot be made: {error}") from error


def chosen() -> Mutant | None:
    """The mutant that the environment names, if it names one.

    Raises:
        KeyError: there is none of that name.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    from tests.mutants.catalogue import MUTANTS

    return MUTANTS[name]


def spoil(dsn: str) -> None:
    """Bores the chosen hole, if one is chosen, into a helpdesk that was just made or made anew."""
    mutant = chosen()
    if mutant is not None:
        with psycopg.connect(dsn) as connection:
            bore(connection, mutant)


def spoil_copy(dsn: str) -> None:
    """What a copy of such a helpdesk did not take along."""
    mutant = chosen()
    if mutant is not None and mutant.every_copy:
        with psycopg.connect(dsn) as connection:
            _run(connection, mutant.every_copy)
