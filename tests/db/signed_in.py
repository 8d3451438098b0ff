"""People who are signed in, and what the database takes their connections for."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from tests.world import Connection, People, Person

Row = tuple[Any, ...]


def address(name: str) -> str:
    """One that nobody else in the module's database has."""
    return f"{name}-{uuid4().hex[:8]}@desk.test"


async def new(people: People, name: str, role: str = "customer", department: str | None = None, **more: Any) -> Person:
    """Somebody new, signed in."""
    return await people.sign_up(address(name), name.title(), role, department, **more)


async def me(connection: Connection) -> Row | None:
    """Whom the database takes this connection for: id and role."""
    return await (await connection.execute("select id, role from helpdesk.me()")).fetchone()


async def ticket_of(people: People, customer: Person, department: str = "Support") -> UUID:
    """A ticket of theirs."""
    rows = await people.database.run(
        "insert into public.tickets (title, customer_id, department_id) values ('t', %s, %s) returning id",
        [customer.id, await people.department(department)],
    )
    found = rows[0][0]
    assert isinstance(found, UUID)
    return found


async def sees(connection: Connection, ticket: UUID) -> bool:
    """Whether the ticket is there for this connection."""
    return await (await connection.execute("select from public.tickets where id = %s", [ticket])).fetchone() is not None


async def sign_in_with(people: People, person: Person, session: UUID, **claims: Any) -> Person:
    """A token for a session of a given id, which is made unless it is there."""
    now = int(time.time())
    claims = {"session_id": str(session), "sub": str(person.id), "exp": now + 3600, "aal": "aal1", **claims}
    async with await people.database.connect() as owner, owner.transaction():
        await owner.execute(
            "insert into auth.sessions (id, user_id, created_at, aal) values (%s, %s, now(), 'aal1')"
            " on conflict do nothing",
            [session, person.id],
        )
        await owner.execute("set local role supabase_auth_admin")
        cursor = await owner.execute("select helpdesk.access_token_hook(%s)", [json.dumps({"claims": claims})])
        answer = await cursor.fetchone()
    assert answer is not None
    claims = answer[0]["claims"]
    password = claims.pop("helpdesk_key", "")
    return replace(person, session_id=session, db_user=f"hd_{session.hex}", db_password=password, claims=claims)
