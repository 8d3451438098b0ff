"""Connections for tests that need no event loop: as a person signed in, as a gateway, as a stranger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from helpdesk_tui.local.places import PORT
from tests.world import DeskDatabase, People, Person

T = TypeVar("T")
Sync = psycopg.Connection[tuple[Any, ...]]
GATEWAY_PASSWORD = "gateway's"


def with_people(database: DeskDatabase, use: Callable[[People], Awaitable[T]]) -> T:
    """Runs ``use`` with the maker of people, where there is no event loop."""

    async def run() -> T:
        people = People(database)
        try:
            return await use(people)
        finally:
            await people.close()

    return asyncio.run(run())


def login(database: DeskDatabase, person: Person, **parameters: Any) -> Sync:
    """A connection with the person's own login and nothing set, in autocommit."""
    return psycopg.connect(
        host=database.server.host,
        port=PORT,
        dbname=database.name,
        user=person.db_user,
        password=person.db_password,
        sslmode="disable",
        autocommit=True,
        **parameters,
    )


def connect_as(database: DeskDatabase, person: Person, **parameters: Any) -> Sync:
    """A connection as the client makes it: own login, role ``helpdesk_member``, claims told."""
    connection = login(database, person, **parameters)
    connection.execute("set role helpdesk_member")
    connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(person.claims)])
    return connection


def gateway(database: DeskDatabase, claims: Mapping[str, Any] | None, role: str = "authenticated") -> Sync:
    """A connection of the login that PostgREST and our gateway share, with the claims of a token it verified."""
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        # On plain Postgres the role exists and may not log in until somebody gives it a password.
        owner.execute(sql.SQL("alter role authenticator login password {}").format(GATEWAY_PASSWORD))
    connection = psycopg.connect(
        host=database.server.host,
        port=PORT,
        dbname=database.name,
        user="authenticator",
        password=GATEWAY_PASSWORD,
        sslmode="disable",
        autocommit=True,
    )
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    if claims is not None:
        connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
    return connection


def owner(database: DeskDatabase) -> Sync:
    """A connection as the owner, in autocommit."""
    return psycopg.connect(database.owner_dsn, autocommit=True)


def anonymous_visitor(database: DeskDatabase) -> UUID:
    """Somebody who was signed in anonymously: an account without an address, and so without a profile."""
    visitor = uuid4()
    with owner(database) as connection:
        connection.execute(
            "insert into auth.users (id, aud, role, is_anonymous) values (%s, 'authenticated', 'authenticated', true)",
            [visitor],
        )
    return visitor


def anonymous_claims(visitor: UUID) -> dict[str, Any]:
    """The claims of such a visitor's token, as far as they matter here."""
    return {"sub": str(visitor), "role": "authenticated", "aal": "aal1", "is_anonymous": True}
