"""Servers of every version that the SQL has to work on, started when the first test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from helpdesk_tui.local.server import LocalServer
from tests.db.many import Many, many
from tests.db.servers import VERSIONS, Kind, Place, copy_of, new_place, start
from tests.parts import Part
from tests.world import DeskDatabase, copied

KINDS: Final[tuple[Kind, ...]] = ("plain", "supabase")
EVERYWHERE: Final = tuple(product(VERSIONS, KINDS))


def _name(param: tuple[Part, Kind]) -> str:
    return "-".join(param)


@pytest.fixture(scope="session")
def servers(open_directory: Path) -> Iterator[Callable[[Part, Kind], LocalServer]]:
    """Gives the running server of a version and kind."""
    running: dict[tuple[Part, Kind], LocalServer] = {}

    def server(version: Part, kind: Kind) -> LocalServer:
        if (version, kind) not in running:
            running[version, kind] = start(open_directory, version, kind)
        return running[version, kind]

    yield server
    for each in running.values():
        each.close()
    for each in running.values():
        each.wait_stopped()


@pytest.fixture(params=EVERYWHERE, ids=_name)
def place(request: pytest.FixtureRequest, servers: Callable[[Part, Kind], LocalServer]) -> Place:
    """A new database without the helpdesk, on each version, empty and as Supabase has it."""
    version, kind = request.param
    return new_place(servers(version, kind), kind)


@pytest.fixture(params=list(product(VERSIONS, KINDS[1:])), ids=_name)
def supabase_place(request: pytest.FixtureRequest, servers: Callable[[Part, Kind], LocalServer]) -> Place:
    """A new database without the helpdesk, as Supabase has it, on each version."""
    version, kind = request.param
    return new_place(servers(version, kind), kind)


@pytest.fixture(scope="session")
def applied(servers: Callable[[Part, Kind], LocalServer]) -> Callable[[Part, Kind], Place]:
    """Gives a new database with the helpdesk of a version and kind: a copy of what psql made of the files once."""
    made: dict[tuple[Part, Kind], Place] = {}

    def copy(version: Part, kind: Kind) -> Place:
        if (version, kind) not in made:
            place = new_place(servers(version, kind), kind)
            assert place.psql() == ""
            made[version, kind] = place
        return copy_of(made[version, kind])

    return copy


@pytest.fixture(params=EVERYWHERE, ids=_name)
def applied_place(request: pytest.FixtureRequest, applied: Callable[[Part, Kind], Place]) -> Place:
    """A new database with the helpdesk, on each version, empty and as Supabase has it."""
    return applied(*request.param)


@pytest.fixture(
    scope="module", params=[("postgres15", "supabase"), ("postgres17", "supabase"), ("postgres18", "plain")], ids=_name
)
def any_place(request: pytest.FixtureRequest, applied: Callable[[Part, Kind], Place]) -> Place:
    """A helpdesk for all tests of a module that do not mind each other, once a version."""
    return applied(*request.param)


@pytest.fixture
def any_database(any_place: Place) -> DeskDatabase:
    """``any_place``, as the makers of people want it."""
    return any_place.database


@pytest.fixture(scope="session")
def many_tickets(template: DeskDatabase) -> Iterator[Many]:
    """Twenty thousand tickets, to read alone."""
    with copied(template) as database:
        yield many(database)
