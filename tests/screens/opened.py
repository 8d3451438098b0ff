"""A desk to test on: a helpdesk with people and a few tickets, and the app opened on it as one of them.

The fixture ``team`` is in conftest.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from textual.app import App
from textual.pilot import Pilot

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.homes import remember
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.desk import DeskScreen
from tests.world import DeskDatabase, People, Person

#: Seconds until a test gives up waiting. It says how busy a machine may be, not how quick the program is.
PATIENCE = 30.0

TICKETS = """
insert into public.tickets
  (id, number, title, description, status, priority, customer_id, department_id, assignee_id, created_at, updated_at)
select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 1000 + n, title, 'It began yesterday.',
       status::public.ticket_status, priority::public.ticket_priority, %(customer)s,
       (select id from public.departments where name = department),
       case when assigned then %(agent)s::uuid end,
       now() - n * interval '1 hour', now() - n * interval '1 minute'
  from (values
    (1, 'Lamp flickers', 'open', 'high', 'Support', false),
    (2, 'App forgets the lamp', 'open', 'medium', 'Support', false),
    (3, 'Loom arrived broken', 'pending', 'medium', 'Support', true),
    (4, 'How to reset', 'open', 'low', 'Support', true),
    (5, 'Thank you', 'resolved', 'low', 'Support', true),
    (6, 'Charged twice', 'open', 'urgent', 'Billing', false)
  ) as t(n, title, status, priority, department, assigned)
"""


def ticket_id(number: int) -> UUID:
    """The id of one of the tickets 1001 to 1006."""
    return UUID(f"00000000-0000-0000-0000-{number - 1000:012d}")


@dataclass
class Team:
    """The people of the helpdesk under test."""

    database: DeskDatabase
    people: People
    agent: Person
    colleague: Person
    stranger: Person
    admin: Person
    customer: Person

    async def value(self, query: str, *parameters: Any) -> Any:
        """The first value of a query run by the owner."""
        rows = await self.database.run(query, parameters)
        return rows[0][0] if rows else None


async def sign_team_up(people: People) -> dict[str, Person]:
    """Two agents of Support, one of Billing, an admin and a customer, as :class:`Team` names them."""
    return {
        "agent": await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support"),
        "colleague": await people.sign_up("tomas@example.com", "Tomás Vega", "agent", "Support"),
        "stranger": await people.sign_up("bo@example.com", "Bo Berg", "agent", "Billing"),
        "admin": await people.sign_up("helena@example.com", "Helena Marchetti", "admin"),
        "customer": await people.sign_up("noor@example.com", "Noor van Dijk"),
    }


async def make_team(people: People, signed_up: Mapping[str, Person] | None = None) -> Team:
    """The team (``signed_up``, or signed up now), and the customer's six tickets."""
    database = people.database
    team = Team(database, people, **(signed_up or await sign_team_up(people)))
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        await owner.execute(TICKETS, {"customer": team.customer.id, "agent": team.agent.id})
        await owner.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content, created_at) "
            "select id, customer_id, 'Please help with: ' || title, created_at from public.tickets"
        )
    return team


def text_on(app: App[Any]) -> str:
    """What is on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text[:width].rstrip() for strip in lines[:height])


async def patiently(
    pilot: Pilot[Any], condition: Callable[[], object], what: str = "", seconds: float = PATIENCE
) -> None:
    """Wait until something holds; say what did not, and what was on the screen instead."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"not within {seconds} s: {what or condition}\n{text_on(pilot.app)}")
        await pilot.pause(0.02)


class Opened:
    """The app as a person sees it."""

    def __init__(self, app: HelpdeskApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def desk(self) -> DeskScreen:
        """The desk screen."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, DeskScreen))

    @property
    def mine(self) -> CustomerScreen:
        """A customer's home screen."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, CustomerScreen))

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object], what: str = "", seconds: float = PATIENCE) -> None:
        """Wait until something holds; say what did not."""
        await patiently(self.pilot, condition, what, seconds)

    def text(self) -> str:
        """What is on the screen, line by line."""
        return text_on(self.app)

    def shows(self, words: str) -> bool:
        """Whether the screen shows some words."""
        return words in self.text()


@asynccontextmanager
async def opened(
    database: DeskDatabase,
    person: Person,
    tmp_path: Path,
    size: tuple[int, int] = (160, 48),
    *,
    settings: Settings | None = None,
) -> AsyncIterator[Opened]:
    """The app, opened on the desk of a person who is signed in, with its first page and live.

    Args:
        settings: another way to the database than its own.
    """
    settings = settings or database.settings
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = person.session
    app = HelpdeskApp(settings, sign_in, person.session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=size) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: len(app.screen_stack) > 1 and seen.desk.queue.state != "loading", "the first page")
        await seen.until(lambda: seen.desk.status.connection == "live", "live")
        yield seen
        await seen.app.leave()


@asynccontextmanager
async def opened_customer(
    database: DeskDatabase,
    person: Person,
    tmp_path: Path,
    size: tuple[int, int] = (160, 48),
    *,
    settings: Settings | None = None,
) -> AsyncIterator[Opened]:
    """The app, opened on a customer's home, with their requests and live; ``settings`` as for ``opened``."""
    settings = settings or database.settings
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = person.session
    remember(tmp_path, person.id, "customer")
    app = HelpdeskApp(settings, sign_in, person.session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=size) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: len(app.screen_stack) > 1 and seen.mine.requests.state != "loading", "the requests")
        await seen.until(lambda: seen.mine.status.connection == "live", "live")
        yield seen
        await seen.app.leave()
