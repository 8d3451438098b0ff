"""What the tests of notifications share: tickets made quietly, what lies in an inbox, what a person is shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.world import Connection, People, Person

Line = tuple[str, str, int, dict[str, int], bool]


async def ticket_of(people: People, customer: Person, title: str = "t", **columns: Any) -> UUID:
    """A ticket of theirs, made by the owner without telling anybody."""
    names, places = ", ".join(["title", "customer_id", *columns]), ", ".join(["%s"] * (2 + len(columns)))
    async with await people.database.connect() as owner:
        await owner.execute("set helpdesk.mute = 'on'")
        cursor = await owner.execute(
            f"insert into public.tickets ({names}) values ({places}) returning id".encode(),
            [title, customer.id, *columns.values()],
        )
        row = await cursor.fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, UUID)
    return found


async def inbox(people: People, person: Person) -> list[Line]:
    """What lies in it, the oldest first: type, title, how many events, of which kinds, read."""
    rows = await people.database.run(
        "select type, title, times, kinds, read from public.notifications where user_id = %s order by updated_at",
        [person.id],
    )
    return [(kind, title, times, kinds, read) for kind, title, times, kinds, read in rows]


async def shown(connection: Connection, *, unread_only: bool = False) -> list[tuple[Any, ...]]:
    """What the person is shown of it, the latest first: type, kinds, title, ticket, excerpt, read."""
    cursor = await connection.execute(
        "select type, kinds, title, ticket_id, excerpt, read from helpdesk.notices(%s, 100)", [unread_only]
    )
    return await cursor.fetchall()


async def say(connection: Connection, ticket: UUID, content: str = "x", *, note: bool = False) -> None:
    """Writes a message or a note, having read whatever there is."""
    await connection.execute(
        """insert into public.ticket_messages (ticket_id, content, is_internal, after_id)
           values (%(ticket)s, %(content)s, %(note)s, (select id from helpdesk.messages(%(ticket)s)
                                                        order by created_at desc, id desc limit 1))""",
        {"ticket": ticket, "content": content, "note": note},
    )


async def set_preferences(people: People, person: Person, preferences: str) -> None:
    """Their preferences as JSON text, whatever it is."""
    await people.database.run(
        "update public.profiles set preferences = %s::jsonb where id = %s", [preferences, person.id]
    )
