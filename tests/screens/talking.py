"""Two people on one helpdesk: a customer in their chat, and somebody of the team in theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.chats import Chats
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.chats import ChatsScreen
from helpdesk_tui.screens.my_chat import MyChatScreen
from helpdesk_tui.screens.place import Place
from tests.screens.opened import Opened, Team
from tests.world import Person


@asynccontextmanager
async def at_chats(team: Team, person: Person, path: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Opened]:
    """The app with a person's chats open, read and live."""
    sign_in = SignIn(team.database.settings, MemoryStore())
    sign_in.session = person.session
    app = HelpdeskApp(team.database.settings, sign_in, person.session, drafts=path / f"{person.email}.sqlite3")
    async with app.run_test(size=size) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: isinstance(app.screen, Place) and app.screen.link.desk is not None, "the database")
        await seen.pilot.pause()
        await seen.press("C")
        await seen.until(lambda: isinstance(app.screen, ChatsScreen | MyChatScreen), "the chats")
        await seen.until(lambda: isinstance(app.screen, Place) and app.screen.status.connection == "live", "live")
        yield seen
        await app.leave()


def team_side(seen: Opened) -> ChatsScreen:
    """The screen of the team."""
    assert isinstance(seen.app.screen, ChatsScreen)
    return seen.app.screen


def customer_side(seen: Opened) -> MyChatScreen:
    """The screen of a customer."""
    assert isinstance(seen.app.screen, MyChatScreen)
    return seen.app.screen


@asynccontextmanager
async def chats_of(team: Team, person: Person, role: str) -> AsyncIterator[Chats]:
    """Somebody's chats, without a screen."""
    database = await Database.connect(team.database.settings, person.session)
    try:
        yield Chats(database, Me(person.id, person.email, "", role, None, None, "aal1"))  # type: ignore[arg-type]
    finally:
        await database.close()


async def begun(team: Team, words: str, customer: Person | None = None) -> UUID:
    """A chat that a customer has begun."""
    async with chats_of(team, customer or team.customer, "customer") as chats:
        return (await chats.open(uuid4(), None, words)).id
