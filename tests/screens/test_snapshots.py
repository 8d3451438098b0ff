"""What the desk looks like: small and large, dark, light and without colours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.actions import ACTIONS
from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import TICKETS, patiently
from tests.world import DeskDatabase, People, Person

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
Play = Callable[[Pilot[int]], Awaitable[None]]
Compare = Callable[..., bool]


@pytest.fixture(scope="module")
def agent(module_database: DeskDatabase) -> Person:
    """An agent with six tickets in the helpdesk, whose times do not move."""

    async def make() -> Person:
        people = People(module_database)
        agent = await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support")
        await people.sign_up("bo@example.com", "Bo Berg", "agent", "Billing")
        customer = await people.sign_up("noor@example.com", "Noor van Dijk")
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                TICKETS.replace("now()", "timestamptz '2026-03-04 11:59+00'"),
                {"customer": customer.id, "agent": agent.id},
            )
            await owner.execute(
                "insert into ticket_messages (ticket_id, sender_id, content, created_at) "
                "select id, customer_id, 'Please help with: **' || title || '**', created_at from tickets"
            )
            await owner.execute(
                "insert into ticket_messages (ticket_id, sender_id, content, is_internal, created_at) "
                "select id, %s, 'Same lot as last week.', true, created_at + interval '5 minutes' from tickets "
                "where number = 1001",
                [agent.id],
            )
        return agent

    return asyncio.run(make())


@pytest.fixture(params=["helpdesk-dark", "helpdesk-light", "nocolor"])
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A theme, or no colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param == "nocolor":
        monkeypatch.setenv("NO_COLOR", "1")
        return "helpdesk-dark"
    return str(request.param)


def app_for(database: DeskDatabase, person: Person | None, theme: str = "helpdesk-dark") -> HelpdeskApp:
    """The app at a time that stands still."""
    settings = replace(database.settings, theme=theme)
    sign_in = SignIn(settings, MemoryStore())
    if person is not None:
        sign_in.session = person.session
    return HelpdeskApp(settings, sign_in, sign_in.session, clock=lambda: NOW, zone=UTC)


def ready(*keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Waits for the first page, presses keys, and waits for what they bring."""

    async def play(pilot: Pilot[Any]) -> None:
        def live() -> bool:
            shown = pilot.app.screen
            return isinstance(shown, DeskScreen) and shown.status.connection == "live" and shown.queue.state == "ready"

        await patiently(pilot, live, "the desk, live")
        await pilot.pause(0.4)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        desk = next(screen for screen in pilot.app.screen_stack if isinstance(screen, DeskScreen))
        desk.link.deafen()
        await pilot.pause(0.3)

    return play


@pytest.mark.parametrize("size", SIZES)
def test_the_desk(snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str, look: str) -> None:
    app = app_for(module_database, agent, look)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready())


@pytest.mark.parametrize("size", SIZES)
def test_a_ticket_being_answered(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str, look: str
) -> None:
    app = app_for(module_database, agent, look)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("enter", "i", *"ask"))


@pytest.mark.parametrize("size", SIZES)
def test_the_second_key(snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str) -> None:
    app = app_for(module_database, agent)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("a"))


@pytest.mark.parametrize("size", SIZES)
def test_a_macro_seen_before_it_acts(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str
) -> None:
    body = "Hello {{requester.first_name}},\n\nplease hold the **button** for:\n\n1. five seconds\n2. two more\n"
    macros = [("Reset", body, False, '{"status": "pending"}'), ("Ask", "Who knows?", True, "{}")]

    async def make() -> None:
        for name, text, internal, change in macros:
            await module_database.run(
                "insert into private.macros (id, name, body, internal, change, author_id, shared)"
                " select gen_random_uuid(), %s, %s, %s, %s, %s, 'me'"
                " where not exists (select from private.macros where name = %s)",
                [name, text, internal, change, agent.id, name],
            )

    asyncio.run(make())
    app = app_for(module_database, agent)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("m", *"rese"))


@pytest.mark.parametrize("size", SIZES)
def test_the_help(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some of many: a new action is no other picture.
    names = (
        "app.help desk.status desk.priority desk.assign desk.move desk.reply desk.note desk.undo desk.sort desk.goto"
    )
    some = [action for action in ACTIONS if action.id in names.split() or action.id.startswith("queue.")]
    monkeypatch.setattr("helpdesk_tui.screens.help.ACTIONS", some)
    app = app_for(module_database, agent)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("question_mark"))


@pytest.mark.parametrize("size", SIZES)
def test_the_sign_in(snap_compare: Compare, module_database: DeskDatabase, size: str, look: str) -> None:
    async def settle(pilot: Pilot[int]) -> None:
        await pilot.pause(0.3)

    app = app_for(module_database, None, look)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=settle)
