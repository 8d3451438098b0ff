"""What chats look like: small and large, to the team and to a customer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.chats import ChatsScreen
from helpdesk_tui.screens.my_chat import MyChatScreen
from helpdesk_tui.screens.place import Place
from tests.screens.opened import patiently
from tests.screens.test_snapshots import SIZES, app_for
from tests.world import DeskDatabase, People, Person

Compare = Callable[..., bool]

CHATS = """
insert into public.chat_sessions
  (id, customer_id, agent_id, status, topic, created_at, waiting_since, accepted_at, ended_at)
select ('00000000-0000-0000-0000-00000000f00' || n)::uuid, customer, agent, status, topic, at, at,
       case when agent is not null then at + interval '1 minute' end,
       case when status = 'ended' then at + interval '9 minutes' end
  from (values
    (1, %(noor)s::uuid, %(mira)s::uuid, 'active', 'Signed out', timestamptz '2026-03-04 11:40+00'),
    (2, %(takumi)s::uuid, null::uuid, 'waiting', null, '2026-03-04 11:53+00'),
    (3, %(ines)s::uuid, null, 'waiting', 'Fumo', '2026-03-04 11:59+00'),
    (4, %(wen)s::uuid, %(mira)s::uuid, 'ended', null, '2026-03-02 09:00+00')
  ) as t(n, customer, agent, status, topic, at);
insert into public.chat_messages (session_id, sender_id, content, created_at)
select ('00000000-0000-0000-0000-00000000f00' || n)::uuid, sender, content, at
  from (values
    (1, %(noor)s::uuid, 'My app has signed me out, and the mail goes to an address that I *cannot* open here.',
      timestamptz '2026-03-04 11:40+00'),
    (1, %(mira)s::uuid, E'Do you have your recovery codes?\\n\\n1. "Other ways"\\n2. "Recovery code"',
      '2026-03-04 11:42+00'),
    (1, %(noor)s::uuid, 'In my wallet!', '2026-03-04 11:50+00'),
    (2, %(takumi)s::uuid, 'Does the 60 cm stand fit the old loom?', '2026-03-04 11:53+00'),
    (3, %(ines)s::uuid, 'Há fumo.', '2026-03-04 11:59+00'),
    (4, %(wen)s::uuid, 'Thank you, it works.', '2026-03-02 09:05+00')
  ) as t(n, sender, content, at)
"""


@pytest.fixture(scope="module")
def people(module_database: DeskDatabase) -> dict[str, Person]:
    """An agent, and customers who talk, wait and have talked."""

    async def make() -> dict[str, Person]:
        people = People(module_database)
        found = {
            "mira": await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support"),
            "noor": await people.sign_up("noor@example.com", "Noor van Dijk"),
            "takumi": await people.sign_up("takumi@example.com", "Takumi Arakawa"),
            "ines": await people.sign_up("ines@example.com", "Inês Carvalhal"),
            "wen": await people.sign_up("wen@example.com", "Wen Liang"),
        }
        ids = {name: person.id for name, person in found.items()}
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            for statement in CHATS.split(";"):
                await owner.execute(statement, ids)
        return found

    return asyncio.run(make())


def ready(*keys: str) -> Callable[[Pilot[int]], Any]:
    """Opens the chats, presses keys, and waits for what they bring."""

    async def play(pilot: Pilot[Any]) -> None:
        async def until(condition: Callable[[], object]) -> None:
            await patiently(pilot, condition)

        app: Any = pilot.app
        await until(lambda: isinstance(app.screen, Place) and app.screen.link.desk is not None)
        await pilot.pause()
        await pilot.press("C")
        await until(lambda: isinstance(app.screen, ChatsScreen | MyChatScreen))
        await until(lambda: app.screen.status.connection == "live")
        await pilot.pause(0.5)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        app.screen.link.deafen()
        app.screen.set_focus(app.screen.focused)
        await pilot.pause(0.2)

    return play


@pytest.mark.parametrize("size", SIZES)
def test_who_waits(snap_compare: Compare, module_database: DeskDatabase, people: dict[str, Person], size: str) -> None:
    app = app_for(module_database, people["mira"])
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready())


@pytest.mark.parametrize("look", ["helpdesk-dark", "helpdesk-light", "nocolor"])
@pytest.mark.parametrize("size", SIZES)
def test_a_conversation(
    snap_compare: Compare,
    monkeypatch: pytest.MonkeyPatch,
    module_database: DeskDatabase,
    people: dict[str, Person],
    size: str,
    look: str,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if look == "nocolor":
        monkeypatch.setenv("NO_COLOR", "1")
    app = app_for(module_database, people["mira"], look.replace("nocolor", "helpdesk-dark"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("1", *"one"))


@pytest.mark.parametrize("who", ["takumi", "noor", "wen"])
@pytest.mark.parametrize("size", SIZES)
def test_a_customers_chat(
    snap_compare: Compare, module_database: DeskDatabase, people: dict[str, Person], size: str, who: str
) -> None:
    """One who waits, one who talks, and one who may rate."""
    app = app_for(module_database, people[who])
    keys = ("escape", "p", "1") if who == "wen" else ()
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready(*keys))
