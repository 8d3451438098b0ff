"""What the inbox looks like: small and large, as an agent, a customer, and with nothing in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.inbox import InboxScreen
from tests.screens.opened import TICKETS, patiently
from tests.screens.test_snapshots import SIZES, app_for
from tests.world import DeskDatabase, People, Person

Compare = Callable[..., bool]

_NOTICES = """
insert into public.notifications (user_id, type, ticket_id, title, times, kinds, read, created_at, updated_at)
select who, kind, (select id from public.tickets where number = n), title, 3, kinds::jsonb, read, at, at
  from (values
    (%(agent)s, 'mention', 1004, 'x', '{"reply": 2, "mention": 1}', false, timestamptz '2026-03-04 11:57+00'),
    (%(agent)s, 'due', 1003, 'x', '{"assigned": 1, "due": 1}', false, '2026-03-04 11:40+00'),
    (%(agent)s, 'assigned', null, '12 tickets were assigned to you', '{"assigned": 12}', false, '2026-03-04 09:00+00'),
    (%(agent)s, 'reply', 1002, 'x', '{"reply": 1}', false, '2026-03-03 16:00+00'),
    (%(agent)s, 'note', 1001, 'x', '{"note": 2}', true, '2026-03-02 12:00+00'),
    (%(customer)s, 'reply', 1004, 'x', '{"reply": 2}', false, '2026-03-04 11:57+00'),
    (%(customer)s, 'status', 1005, 'x', '{"status": 1, "reply": 1}', false, '2026-03-04 10:00+00')
  ) as t(who, kind, n, title, kinds, read, at)
"""


@pytest.fixture(scope="module")
def people(module_database: DeskDatabase) -> dict[str, Person]:
    """An agent and a customer with an inbox each, and an agent to whom nothing happened."""

    async def make() -> dict[str, Person]:
        people = People(module_database)
        found = {
            "agent": await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support"),
            "customer": await people.sign_up("noor@example.com", "Noor van Dijk"),
            "new": await people.sign_up("bo@example.com", "Bo Berg", "agent", "Support"),
        }
        ids = {name: person.id for name, person in found.items()}
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(TICKETS.replace("now()", "timestamptz '2026-03-04 11:59+00'"), ids)
            await owner.execute("update public.tickets set due_date = '2026-03-04 12:45+00' where number = 1003")
            await owner.execute(
                "insert into public.ticket_messages (ticket_id, sender_id, content, created_at) select id, sender,"
                " 'Thanks for looking! It is the *third* one this week, and the light stays red.', created_at"
                " from public.tickets, unnest(array[%(customer)s, %(new)s]::uuid[]) sender",
                ids,
            )
            await owner.execute(_NOTICES, ids)
            # Or the database would tell of it by its own clock.
            await owner.execute(
                "insert into private.due_told select id, assignee_id, due_date from public.tickets where number = 1003"
            )
            await owner.execute(
                "insert into public.chat_sessions (customer_id, status) values (%s, 'waiting')", [found["customer"].id]
            )
            await owner.execute("update public.chat_sessions set waiting_since = '2026-03-04 11:53+00'")
        return found

    return asyncio.run(make())


def ready(*keys: str) -> Callable[[Pilot[int]], Any]:
    """Opens the inbox, presses keys, and waits for what they bring."""

    async def play(pilot: Pilot[Any]) -> None:
        async def until(condition: Callable[[], object]) -> None:
            await patiently(pilot, condition)

        app: Any = pilot.app
        await until(lambda: app.link and app.link.state[0] == "live" and app.link.attention.looked)
        await pilot.press("I")
        await until(lambda: isinstance(app.screen, InboxScreen) and app.screen.list.state != "loading")
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        await pilot.pause(0.3)
        app.link.deafen()
        await pilot.pause(0.2)

    return play


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("who", ["agent", "customer", "new"])
def test_the_inbox(
    snap_compare: Compare,
    module_database: DeskDatabase,
    people: dict[str, Person],
    who: str,
    size: str,
) -> None:
    app = app_for(module_database, people[who])
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready())


def test_all_of_it_and_the_settings(
    snap_compare: Compare, module_database: DeskDatabase, people: dict[str, Person]
) -> None:
    app = app_for(module_database, people["agent"])
    assert snap_compare(app, terminal_size=(100, 30), run_before=ready("f", "j", "comma"))
