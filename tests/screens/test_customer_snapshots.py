"""What a customer's program looks like: small and large, dark, light and without colours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.homes import remember
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.customer_new import NewRequest
from helpdesk_tui.screens.places import PLACES
from tests.screens.opened import TICKETS, patiently, ticket_id
from tests.world import DeskDatabase, People, Person

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
LOOKS = [("80x24", "dark"), ("160x48", "dark"), ("80x24", "light"), ("80x24", "nocolor")]
Play = Callable[[Pilot[Any]], Awaitable[None]]
Compare = Callable[..., bool]


@pytest.fixture(scope="module")
def noor(module_database: DeskDatabase) -> Person:
    """A customer with six requests, whose times do not move."""

    async def make() -> Person:
        people = People(module_database)
        agent = await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support")
        await people.department("Billing")
        customer = await people.sign_up("noor@example.com", "Noor van Dijk")
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                TICKETS.replace("now()", "timestamptz '2026-03-04 11:59+00'"),
                {"customer": customer.id, "agent": agent.id},
            )
            for statement in (
                """insert into ticket_messages (id, ticket_id, sender_id, content, created_at)
                   select id, id, %(agent)s, 'Is it the **left** one?', created_at + interval '5 minutes'
                     from tickets""",
                """insert into ticket_attachments (ticket_id, message_id, name, sha256, data)
                   select id, id, 'lamp.png', encode(sha256('x'), 'hex'), 'x' from tickets""",
                """insert into ticket_feedback (ticket_id, customer_id, rating)
                   select id, customer_id, 4 from tickets where number = 1005""",
                """insert into kb_articles (title, content, author_id, status)
                   values ('When the lamp flickers', 'Hold the button for five seconds.', %(agent)s, 'published')""",
            ):
                await owner.execute(statement.encode(), {"agent": agent.id})
        return customer

    return asyncio.run(make())


def program(
    database: DeskDatabase, person: Person, folder: Path, look: str, monkeypatch: pytest.MonkeyPatch
) -> HelpdeskApp:
    """The app at a time that stands still."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if look == "nocolor":
        monkeypatch.setenv("NO_COLOR", "1")
    # The keys of places that are made elsewhere are no part of these pictures.
    for name in [name for name in PLACES if name != "request"]:
        monkeypatch.delitem(PLACES, name)
    remember(folder, person.id, "customer")
    settings = replace(database.settings, theme="helpdesk-light" if look == "light" else "helpdesk-dark")
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = person.session
    return HelpdeskApp(settings, sign_in, person.session, drafts=folder / "drafts.sqlite3", clock=lambda: NOW, zone=UTC)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until something holds, and for what that paints."""
    await patiently(pilot, condition)
    await pilot.pause(0.2)


def ready(then: Callable[[Pilot[Any], CustomerScreen], Awaitable[None]] | None = None) -> Play:
    """Waits for the requests, does something, and waits for what that brings."""

    async def play(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, CustomerScreen))
        home = next(screen for screen in pilot.app.screen_stack if isinstance(screen, CustomerScreen))
        await until(pilot, lambda: home.status.connection == "live" and home._complete)
        if not home.narrow:
            await until(pilot, lambda: home.pane.about._rating_known)
        await pilot.pause(0.3)
        if then is not None:
            await then(pilot, home)
        await pilot.pause(0.3)
        home.link.deafen()
        await pilot.pause(0.2)

    return play


@pytest.mark.parametrize(("size", "look"), LOOKS)
def test_my_requests(
    snap_compare: Compare,
    module_database: DeskDatabase,
    noor: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
    look: str,
) -> None:
    app = program(module_database, noor, tmp_path, look, monkeypatch)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready())


async def open_solved(pilot: Pilot[Any], home: CustomerScreen) -> None:
    """The request that is solved is open, and how it was rated is known."""
    home.requests.choose(ticket_id(1005))
    await pilot.press("enter")
    await until(pilot, lambda: home.pane.about._rating_known)


@pytest.mark.parametrize("size", SIZES)
def test_a_request_that_is_solved(
    snap_compare: Compare,
    module_database: DeskDatabase,
    noor: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    app = program(module_database, noor, tmp_path, "dark", monkeypatch)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready(open_solved))


@pytest.mark.parametrize("size", SIZES)
def test_a_request_that_was_merged(
    snap_compare: Compare,
    module_database: DeskDatabase,
    noor: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    merge = "insert into private.merges (ticket_id, into_id, note, moved) values (%s, %s, gen_random_uuid(), '{}')"
    asyncio.run(module_database.run(merge, [ticket_id(1005), ticket_id(1002)]))
    try:
        app = program(module_database, noor, tmp_path, "dark", monkeypatch)
        assert snap_compare(app, terminal_size=SIZES[size], run_before=ready(open_solved))
    finally:
        asyncio.run(module_database.run("delete from private.merges"))


@pytest.mark.parametrize("size", SIZES)
def test_a_new_request_with_articles(
    snap_compare: Compare,
    module_database: DeskDatabase,
    noor: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    async def write(pilot: Pilot[Any], home: CustomerScreen) -> None:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRequest))
        screen = pilot.app.screen
        assert isinstance(screen, NewRequest)
        screen.title_field.insert("My lamp flickers", 0)
        screen.text.insert("Since noon.")
        await until(pilot, lambda: screen.hints_list.hits)

    app = program(module_database, noor, tmp_path, "dark", monkeypatch)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready(write))
