"""People who chat: a ``Chats`` for each on a real connection, and a screen that follows what is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

from helpdesk_tui.core.chat_model import ChatMessage
from helpdesk_tui.core.chats import Chats
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import Unreachable
from helpdesk_tui.core.live import Changed, Event, Live, Pace
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.settings import Settings
from tests.listening import QUICK, listening
from tests.opened import opened
from tests.proxy import Proxy
from tests.world import DeskDatabase, Person

T = TypeVar("T")


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


class Screen:
    """What a person has before them of a chat: all they have read, in the order in which they read it.

    It reads when ``core.live`` says that something may have changed, and only what came after what it has: nothing is
    put in order or thrown away afterwards, so what would be doubled or out of order on a real screen is so here.
    """

    def __init__(self, chats: Chats, live: Live, chat: UUID | None = None) -> None:
        self.chats = chats
        self.chat = chat
        self.messages: list[ChatMessage] = []
        self.readings = 0
        self._due = asyncio.Event()
        self._read = asyncio.Event()
        live.subscribe(self._told)

    def show(self, chat: UUID) -> None:
        """Another chat, from its beginning."""
        self.chat = chat
        self.messages = []
        self._due.set()

    @property
    def words(self) -> list[str]:
        """What was said."""
        return [message.content for message in self.messages]

    def _told(self, event: Event) -> None:
        if isinstance(event, Changed) and event.about("chats") and (event.ids is None or self.chat in event.ids):
            self._due.set()

    async def follow(self) -> None:
        """Reads until cancelled; what could not be read is read again."""
        while True:
            await self._due.wait()
            self._due.clear()
            chat = self.chat
            if chat is None:
                continue
            try:
                new = await self.chats.messages(chat, self.messages[-1].id if self.messages else None)
            except Unreachable:
                await asyncio.sleep(0.01)
                self._due.set()
                continue
            self.readings += 1
            if chat == self.chat:
                self.messages += new
                self._read.set()

    async def holds(self, count: int, seconds: float = 10.0) -> None:
        """Waits until there are so many messages."""
        async with asyncio.timeout(seconds):
            while len(self.messages) < count:
                self._read.clear()
                await self._read.wait()


@asynccontextmanager
async def at_a_screen(settings: Settings, person: Person, *, pace: Pace = QUICK, **more: Any) -> AsyncIterator[Screen]:
    """A person with a connection that acts, one that listens, and a screen."""
    database = await connect_somehow(settings, person, **more)
    try:
        async with listening(settings, person, pace, wait_for=None) as heard:
            screen = Screen(Chats(database, me_of(person)), heard.live)
            following = asyncio.create_task(screen.follow())
            try:
                await heard.state("live", 10.0)
                yield screen
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
    finally:
        await database.close()


async def connect_somehow(settings: Settings, person: Person, **more: Any) -> Database:
    """A connection, however often it takes."""
    while True:
        try:
            return await Database.connect(settings, person.session, **more)
        except Unreachable:
            await asyncio.sleep(0.01)


async def insist(act: Callable[[], Awaitable[T]]) -> T:
    """Does something until it is known to be done."""
    while True:
        try:
            return await act()
        except Unreachable:
            await asyncio.sleep(0.01)


async def say(chats: Chats, chat: UUID, content: str) -> int:
    """Sends a message until it is known to be there, as an outbox does.

    Returns:
        How often it was sent.
    """
    message, times = uuid4(), 0
    while True:
        times += 1
        try:
            await chats.send(chat, message, content)
        except Unreachable:
            await asyncio.sleep(0.01)
        else:
            return times
