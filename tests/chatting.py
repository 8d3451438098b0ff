"""People who chat: a ``Chats`` for each, on a real connection as that person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from helpdesk_tui.core.chats import Chats
from helpdesk_tui.core.model import Me
from tests.opened import opened
from tests.proxy import Proxy
from tests.world import DeskDatabase, Person


def me_of(person: Person) -> Me:
    """What the person's desk would know of them."""
    return Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]


@asynccontextmanager
async def chatting(
    database: DeskDatabase, person: Person, *, proxy: Proxy | None = None, **more: Any
) -> AsyncIterator[Chats]:
    """The person's chats; by way of ``proxy`` if there is one."""
    async with opened(database, person, proxy=proxy, **more) as desk:
        yield Chats(desk, me_of(person))


async def running_chat(customer: Chats, agent: Chats, topic: str | None = None) -> UUID:
    """A chat that the one opened and the other took, with nothing said yet."""
    chat = await customer.open(uuid4(), topic, "")
    assert (await agent.accept(chat.id)).done
    return chat.id


async def words(chats: Chats, chat: UUID) -> list[str]:
    """What was said, as that person reads it."""
    return [message.content for message in await chats.messages(chat)]
