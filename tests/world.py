"""A helpdesk to test on: a fresh database and people who are signed in. The fixtures are in conftest.py."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from helpdesk_tui.local.places import PORT
from helpdesk_tui.local.server import LocalServer
from tests.mutants.mutating import spoil, spoil_copy
from tests.parts import REPOSITORY

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session
    from helpdesk_tui.core.settings import Settings

_numbers = count(1)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

DATABASE_FILES = (
    REPOSITORY / "db" / "schema.sql",
    REPOSITORY / "db" / "policies.sql",
    REPOSITORY / "helpdesk_tui" / "local" / "auth.sql",
)


@dataclass(frozen=True)
class DeskDatabase:
    """One database of the test server."""

    server: LocalServer
    name: str

    @property
    def owner_dsn(self) -> str:
        """How to connect as the owner, who is not held by any policy."""
        return self.server.dsn(self.name)

    @property
    def settings(self) -> Settings:
        """What a client would have in its settings file to come here."""
        from helpdesk_tui.core.settings import Settings

        return Settings(
            profile="test",
            auth_url="http://desk.test/auth/v1",
            api_key="test",
            db_host=self.server.host,
            db_port=PORT,
            db_name=self.name,
            sslmode="disable",
            send_delay=0,
        )

    async def connect(self) -> Connection:
        """A new connection as the owner, in autocommit. The caller closes it."""
        return await psycopg.AsyncConnection.connect(self.owner_dsn, autocommit=True)

    async def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement run by the owner."""
        async with await self.connect() as connection:
            cursor = await connection.execute(statement.encode(), parameters or None)
            return await cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and with a database login as long as they are signed in."""

    id: UUID
    email: str
    name: str
    role: str
    department_id: UUID | None
    session_id: UUID | None = None
    db_user: str = ""
    db_password: str = field(default="", repr=False)
    claims: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def session(self) -> Session:
        """As a sign-in would have made it. Its tokens are no tokens."""
        from helpdesk_tui.core.session import Session

        assert self.session_id is not None, f"{self.email} is not signed in"
        return Session(
            user_id=self.id,
            email=self.email,
            session_id=self.session_id,
            access_token="none",
            refresh_token="none",
            expires_at=float(self.claims["exp"]),
            db_user=self.db_user,
            db_password=self.db_password,
            claims=self.claims,
            aal=str(self.claims["aal"]),
        )


class People:
    """Makes people in one database and signs them in.

    The quick way is what a sign-in server does in the end: a row in ``auth.sessions``, then our hook, called as
    ``supabase_auth_admin``. The whole way, through the local sign-in, is what tests/local is about.
    """

    def __init__(self, database: DeskDatabase) -> None:
        self.database = database
        self._open: list[Connection] = []

    async def department(self, name: str) -> UUID:
        """The id of the department, which is made if there is none of that name."""
        async with await self.database.connect() as owner:
            return await self._department(owner, name)

    async def add(self, email: str, name: str, role: str = "customer", department: str | None = None) -> Person:
        """An account with its profile, not signed in."""
        async with await self.database.connect() as owner:
            return await self._add(owner, email, name, role, department)

    async def sign_up(
        self, email: str, name: str, role: str = "customer", department: str | None = None, *, aal: str = "aal1"
    ) -> Person:
        """An account with its profile, signed in."""
        # One connection for all of it: what a new one has to look up costs more than what is done here.
        async with await self.database.connect() as owner:
            return await self._sign_in(owner, await self._add(owner, email, name, role, department), aal)

    async def sign_in(self, person: Person, *, aal: str = "aal1", expires_in: float = 3600) -> Person:
        """The same person with a new session and the database login that the hook made for it."""
        async with await self.database.connect() as owner:
            return await self._sign_in(owner, person, aal, expires_in)

    async def _department(self, owner: Connection, name: str) -> UUID:
        cursor = await owner.execute("select id from public.departments where name = %s", [name])
        found = await cursor.fetchone()
        if not found:
            cursor = await owner.execute("insert into public.departments (name) values (%s) returning id", [name])
            found = await cursor.fetchone()
        assert found is not None
        return UUID(str(found[0]))

    async def _add(self, owner: Connection, email: str, name: str, role: str, department: str | None) -> Person:
        person_id = uuid4()
        department_id = await self._department(owner, department) if department else None
        async with owner.transaction():
            await owner.execute(
                """insert into auth.users
                     (id, aud, role, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data)
                   values (%s, 'authenticated', 'authenticated', %s, now(), %s, %s)""",
                [
                    person_id,
                    email,
                    json.dumps({"provider": "email", "providers": ["email"]}),
                    json.dumps({"full_name": name, "email": email}),
                ],
            )
            if (role, department) != ("customer", None):
                await owner.execute(
                    "update public.profiles set role = %s, department_id = %s where id = %s",
                    [role, department_id, person_id],
                )
        return Person(person_id, email, name, role, department_id)

    async def _sign_in(self, owner: Connection, person: Person, aal: str, expires_in: float = 3600) -> Person:
        session_id = uuid4()
        issued = int(time.time())
        claims = {
            "iss": self.database.settings.auth_url,
            "sub": str(person.id),
            "aud": "authenticated",
            "exp": issued + int(expires_in),
            "iat": issued,
            "email": person.email,
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {"full_name": person.name, "email": person.email},
            "role": "authenticated",
            "aal": aal,
            "amr": [{"method": "password", "timestamp": issued}],
            "session_id": str(session_id),
            "is_anonymous": False,
        }
        event = {"user_id": str(person.id), "claims": claims, "authentication_method": "password"}
        async with owner.transaction():
            await owner.execute(
                """insert into auth.sessions (id, user_id, created_at, updated_at, aal)
                   values (%s, %s, now(), now(), %s)""",
                [session_id, person.id, aal],
            )
            await owner.execute("set local role supabase_auth_admin")
            cursor = await owner.execute("select helpdesk.access_token_hook(%s)", [json.dumps(event)])
            answer = await cursor.fetchone()
        assert answer is not None
        claims = answer[0]["claims"]
        password = claims.pop("helpdesk_key")
        return replace(
            person, session_id=session_id, db_user=f"hd_{session_id.hex}", db_password=password, claims=claims
        )

    async def mint(self, user_id: UUID) -> tuple[str, str]:
        """A database login for an account that exists: user and password."""
        (email, name, role, department), *_ = await self.database.run(
            "select email, full_name, role, department_id from public.profiles where id = %s", [user_id]
        )
        person = await self.sign_in(Person(user_id, email, name or "", role, department))
        return person.db_user, person.db_password

    async def sign_out(self, person: Person) -> None:
        """Ends the session, as signing out does."""
        await self.database.run("delete from auth.sessions where id = %s", [person.session_id])

    async def login(self, person: Person, **parameters: Any) -> Connection:
        """A raw connection with the person's own database login and nothing set. Closed when the test ends."""
        connection = await psycopg.AsyncConnection.connect(
            host=self.database.server.host,
            port=PORT,
            dbname=self.database.name,
            user=person.db_user,
            password=person.db_password,
            sslmode="disable",
            autocommit=True,
            **parameters,
        )
        self._open.append(connection)
        return connection

    async def connect_as(self, person: Person, **parameters: Any) -> Connection:
        """A connection as the client makes it: own login, role ``helpdesk_member``, claims told. In autocommit."""
        connection = await self.login(person, **parameters)
        await connection.execute("set role helpdesk_member")
        await connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(person.claims)])
        return connection

    async def close(self) -> None:
        """Closes every connection that was given out."""
        for connection in self._open:
            await connection.close()
        self._open.clear()


def apply_files(dsn: str, files: Sequence[Path] = DATABASE_FILES) -> None:
    """Runs SQL files as the owner, in one transaction."""
    with psycopg.connect(dsn) as connection:
        for file in files:
            connection.execute(file.read_bytes())
    spoil(dsn)


def create_database(server: LocalServer, name: str, template: str | None = None) -> DeskDatabase:
    """A new database of the server, empty or copied."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template:
            # Copying files is quicker than logging them as long as nothing waits for the disk (fsync is off).
            statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
        connection.execute(statement)
        if template:
            # What is granted on a database itself does not come along with its template.
            revoke = sql.SQL("revoke temporary on database {} from public")
            connection.execute(revoke.format(sql.Identifier(name)))
            spoil_copy(server.dsn(name))
    return DeskDatabase(server, name)


@contextmanager
def copied(source: DeskDatabase) -> Iterator[DeskDatabase]:
    """A copy of a helpdesk to which nobody is connected, until it is done with."""
    database = create_database(source.server, f"desk_{next(_numbers)}", source.name)
    try:
        yield database
    finally:
        drop_database(database)


def drop_database(database: DeskDatabase) -> None:
    """Drops it, whoever is still connected. Its logins stay: roles belong to the server, which ends with the run."""
    with psycopg.connect(database.server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database.name)))
