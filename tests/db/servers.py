"""The databases that the SQL has to work on: PostgreSQL 15, 17 and 18, each empty and as Supabase has it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
from psycopg import sql

from helpdesk_tui.local.server import LocalServer
from tests.conftest import UNSAFE_BUT_QUICK
from tests.mutants.mutating import spoil, spoil_copy
from tests.parts import REPOSITORY, Part, require
from tests.world import DeskDatabase

Kind = Literal["plain", "supabase"]
VERSIONS: Final[tuple[Part, ...]] = ("postgres15", "postgres17", "postgres18")
FILES: Final = (REPOSITORY / "db" / "schema.sql", REPOSITORY / "db" / "policies.sql")
HERE: Final = Path(__file__).parent
PASSWORD: Final = "owner's"
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """One database, and how its owner and a superuser come in."""

    server: LocalServer
    kind: Kind
    name: str

    @property
    def major(self) -> int:
        """15, 17 or 18."""
        return self.server.binaries.major

    @property
    def database(self) -> DeskDatabase:
        """For the makers of people, who come as a superuser."""
        return DeskDatabase(self.server, self.name)

    @property
    def superuser_dsn(self) -> str:
        """Not held by anything."""
        return self.server.dsn(self.name)

    @property
    def owner_dsn(self) -> str:
        """Whoever applies the files."""
        if self.kind == "plain":
            return self.superuser_dsn
        return self.dsn("desk_owner", PASSWORD)

    def dsn(self, user: str, password: str) -> str:
        """Any login."""
        return psycopg.conninfo.make_conninfo(self.superuser_dsn, user=user, password=password)

    def psql(self, files: Sequence[Path] = FILES, *, dsn: str | None = None) -> str:
        """Runs files in one transaction as a database administrator would, with psql alone.

        Returns:
            What it said on stderr: warnings.

        Raises:
            AssertionError: it failed; says how.
        """
        bin_dir = self.server.binaries.bin_dir
        command = [str(bin_dir / "psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*command, *(part for file in files for part in ("-f", str(file))), dsn or self.owner_dsn],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        if FILES[-1] in files:
            spoil(self.superuser_dsn)
            spoil_copy(self.superuser_dsn)
        return done.stderr

    def run(self, statement: str, parameters: Sequence[Any] | None = None, *, superuser: bool = False) -> list[Any]:
        """The rows of one statement, run by the owner."""
        with psycopg.connect(self.superuser_dsn if superuser else self.owner_dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []


def start(directory: Path, part: Part, kind: Kind) -> LocalServer:
    """A server of its own, since roles belong to the server and Supabase's are not ours to make."""
    server = LocalServer(
        directory / f"{part}-{kind}", postgres=str(require(part)), options={**UNSAFE_BUT_QUICK, "max_connections": "50"}
    )
    server.start()
    if kind == "supabase":
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute((HERE / "supabase_roles.sql").read_bytes())
    return server


def new_place(server: LocalServer, kind: Kind) -> Place:
    """A new database, with nothing of the helpdesk in it."""
    place = Place(server, kind, f"place_{next(_numbers)}")
    owner = "postgres" if kind == "plain" else "desk_owner"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(place.name), sql.Identifier(owner))
        )
    if kind == "supabase":
        with psycopg.connect(place.superuser_dsn, autocommit=True) as connection:
            connection.execute((HERE / "supabase_like.sql").read_bytes())
            installed = connection.execute("select from pg_available_extensions where name = 'uuid-ossp'").fetchone()
            connection.execute(
                'create extension "uuid-ossp" schema extensions'
                if installed is not None
                else "create function extensions.uuid_generate_v4() returns uuid language sql return gen_random_uuid()"
            )
    return place


def copy_of(place: Place) -> Place:
    """A new database with all that ``place`` holds. Nobody is connected to that."""
    copy = Place(place.server, place.kind, f"place_{next(_numbers)}")
    new, old = sql.Identifier(copy.name), sql.Identifier(place.name)
    with psycopg.connect(place.server.dsn(), autocommit=True) as connection:
        row = connection.execute(
            "select datdba::regrole::text from pg_database where datname = %s", [place.name]
        ).fetchone()
        assert row is not None
        owner = sql.Identifier(row[0])
        connection.execute(
            sql.SQL("create database {} template {} owner {} strategy file_copy").format(new, old, owner)
        )
        # What is granted on a database itself does not come along with its template.
        connection.execute(sql.SQL("revoke temporary on database {} from public").format(new))
    spoil_copy(copy.superuser_dsn)
    return copy
