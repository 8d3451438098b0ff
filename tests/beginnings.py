"""Helpdesks with people in them, made once and copied for every test that begins there.

Signing five people up costs ten times what copying a database does. Their sessions are copied along and their logins
belong to the server, so whoever signed in at the beginning is signed in to every copy of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg

from tests.world import DeskDatabase, People, Person, create_database, drop_database

Make = Callable[[People], Coroutine[Any, Any, dict[str, Person]]]

#: A test may take their logins from people, and they end by themselves after an hour; then they are made anew.
INTACT = """
select count(*) = cardinality(%(logins)s::text[]) from pg_roles
 where rolname = any(%(logins)s::text[]) and rolcanlogin and rolvaliduntil > now() + interval '50 minutes'
"""


@dataclass(frozen=True)
class Beginning:
    """A helpdesk that nobody connects to, and who is in it."""

    database: DeskDatabase
    people: Mapping[str, Person]


class Beginnings:
    """Makes beginnings from an empty helpdesk and keeps them as long as their people can sign in."""

    def __init__(self, template: DeskDatabase) -> None:
        self._template = template
        self._made: dict[Make, Beginning] = {}
        self._numbers = count(1)

    def of(self, make: Make) -> Beginning:
        """What ``make`` makes of an empty helpdesk; it returns people, of whom all are signed in."""
        made = self._made.get(make)
        if made is not None and not self._intact(made):
            drop_database(self._made.pop(make).database)
            made = None
        if made is None:
            server = self._template.server
            database = create_database(server, f"begun_{next(self._numbers)}", self._template.name)
            made = self._made[make] = Beginning(database, asyncio.run(make(People(database))))
        return made

    def drop(self) -> None:
        """Drops all of them."""
        while self._made:
            drop_database(self._made.popitem()[1].database)

    def _intact(self, made: Beginning) -> bool:
        with psycopg.connect(made.database.server.dsn(), autocommit=True) as owner:
            row = owner.execute(INTACT, {"logins": [person.db_user for person in made.people.values()]}).fetchone()
        return row is not None and bool(row[0])
