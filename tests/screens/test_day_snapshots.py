"""What an agent's day looks like: what is promised, what a ticket is to others, what changed, going away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import TICKETS, patiently, text_on, ticket_id
from tests.screens.test_snapshots import SIZES, Compare, app_for
from tests.world import DeskDatabase, People, Person

#: By owner: ``told`` is what the database works out by its own clock, which does not stand still.
_DAY = """
insert into public.ticket_messages (ticket_id, sender_id, content, created_at)
select id, customer_id, 'Please help with: ' || title, created_at from public.tickets;
insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at)
select id, {colleague}, 'Same lot as last week.', true, timestamptz '2026-03-04 11:30+00'
  from public.tickets where number in (1003, 1004);
insert into private.fields (key, label, type, choices, position)
values ('serial', 'Serial', 'text', '{{}}', 1), ('plan', 'Plan', 'choice', '{{free,pro}}', 2),
       ('firmware', 'Firmware', 'text', '{{}}', 3);
update public.tickets set metadata = '{{"serial": "LX-20417 of the spring lot, on the lower shelf", "plan": "pro",
                                    "firmware": "2.9.1 beta"}}', due_date = '2026-03-05 16:00+00'
 where number = 1003;
insert into public.ticket_tags (name) values ('vip');
insert into public.ticket_tag_relations
select t.id, g.id from public.tickets t, public.ticket_tags g where t.number = 1003;
insert into private.followers (ticket_id, person) select id, {agent} from public.tickets where number in (1002, 1003);
insert into private.links (ticket_id, other_id, kind)
select t.id, o.id, kind from (values (1003, 1002, 'caused by'), (1003, 1006, 'related to')) as l(n, other, kind)
  join public.tickets t on t.number = n join public.tickets o on o.number = other;
insert into private.merges (ticket_id, into_id, note, moved, at)
select t.id, o.id, gen_random_uuid(), '{{}}', timestamptz '2026-03-04 10:15+00'
  from public.tickets t, public.tickets o where t.number = 1005 and o.number = 1003;
insert into private.sla_policies (name, first_response, resolution) values ('All', 240, 1440);
update private.sla_refresh set after_id = null;
insert into private.last_here (person_id, here_at) values ({agent}, '2026-03-04 09:00+00');
"""
#: Of four tickets: when what is due, in turn overdue, soon, later, and one whose time stands still.
_PROMISED = """
with p(n, first, left_, resolution) as (values
  (1001, timestamptz '2026-03-04 09:00+00', null::integer, timestamptz '2026-03-05 10:00+00'),
  (1002, '2026-03-04 12:42+00', null, '2026-03-06 12:00+00'),
  (1004, '2026-03-04 18:00+00', null, '2026-03-06 12:00+00'),
  (1003, null, 5400, null))
insert into private.ticket_sla
  (ticket_id, customer_id, department_id, assignee_id, is_open, policy_id, first_due, resolution_due, told)
select t.id, t.customer_id, t.department_id, t.assignee_id, t.status = 'open', (select id from private.sla_policies),
       p.first, p.resolution,
       jsonb_build_object('due', least(p.first, p.resolution),
                          'first', jsonb_build_object('due', p.first, 'met', null, 'left', p.left_),
                          'resolution', jsonb_build_object('due', p.resolution, 'met', null,
                                                           'left', case when p.left_ is not null then 86400 end))
  from p join public.tickets t on t.number = p.n
on conflict (ticket_id) do update
   set first_due = excluded.first_due, next_due = null, resolution_due = excluded.resolution_due, told = excluded.told,
       is_open = excluded.is_open
"""
#: Nor is anybody told of what is due by that clock.
_TOLD = """
insert into private.due_told select id, assignee_id, due_date from public.tickets where due_date is not null;
insert into private.sla_told
select s.ticket_id, s.assignee_id, 'first', over, s.first_due
  from private.ticket_sla s, (values (true), (false)) o(over)
 where s.assignee_id is not null and s.first_due is not null;
insert into private.sla_told
select s.ticket_id, s.assignee_id, 'resolution', over, s.resolution_due
  from private.ticket_sla s, (values (true), (false)) o(over)
 where s.assignee_id is not null and s.resolution_due is not null
"""


@pytest.fixture(scope="module")
def agent(module_database: DeskDatabase) -> Person:
    """An agent with six tickets about which there is much to say, whose times do not move."""

    async def make() -> Person:
        people = People(module_database)
        agent = await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support")
        colleague = await people.sign_up("tomas@example.com", "Tomás Vega", "agent", "Support")
        customer = await people.sign_up("noor@example.com", "Noor van Dijk")
        ids = {"agent": f"'{agent.id}'::uuid", "colleague": f"'{colleague.id}'::uuid"}
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                TICKETS.replace("now()", "timestamptz '2026-03-04 11:59+00'").encode(),
                {"customer": customer.id, "agent": agent.id},
            )
            for table in ("tickets", "ticket_messages"):
                await owner.execute(f"alter table public.{table} disable trigger user".encode())
            for statement in _DAY.format(**ids).split(";\n"):
                if statement.strip():
                    await owner.execute(statement.encode())
            await owner.execute(_PROMISED)
            for statement in _TOLD.split(";\n"):
                await owner.execute(statement.encode())
            for table in ("tickets", "ticket_messages"):
                await owner.execute(f"alter table public.{table} enable trigger user".encode())
        return agent

    return asyncio.run(make())


@pytest.fixture(autouse=True)
def long_away(module_database: DeskDatabase, agent: Person) -> None:
    """Each time the agent comes back as for the first time."""
    asyncio.run(module_database.run("update private.last_here set here_at = '2026-03-04 09:00+00', left_at = null"))


def playing(*steps: tuple[str, str]) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Presses each key once the words before it are to be seen; the last words need no key."""

    async def play(pilot: Pilot[Any]) -> None:
        def live() -> bool:
            shown = pilot.app.screen
            return isinstance(shown, DeskScreen) and shown.status.connection == "live" and shown.queue.state == "ready"

        await patiently(pilot, live, "the desk, live")
        await pilot.pause(0.4)
        desk = pilot.app.screen
        assert isinstance(desk, DeskScreen)
        for words, key in steps:
            await patiently(pilot, lambda words=words: words in text_on(pilot.app), words)  # type: ignore[misc]
            if key == "enter":
                desk.queue.select(ticket_id(1003))
            if key:
                await pilot.press(key)
        desk.link.deafen()
        await pilot.pause(0.3)

    return play


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "steps",
    [
        (("Loom arrived", "enter"), ("Serial", "")),
        (("since you left", "S"), ("changed since you left, 3h ago", "")),
        (("Lamp flickers", "Z"), ("Away until when?", "o"), ("Who gets them?", "")),
        (("Lamp flickers", "T"), ("Who is it for", "v"), ("noor@example.com", "")),
    ],
    ids=["header", "since", "away", "ticket"],
)
def test_the_day(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str, steps: list[tuple[str, str]]
) -> None:
    app = app_for(module_database, agent)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=playing(*steps))


@pytest.mark.parametrize("size", SIZES)
def test_what_sleeps_and_the_question_when_it_is_due(
    snap_compare: Compare, module_database: DeskDatabase, agent: Person, size: str
) -> None:
    """In one picture: the queue of what sleeps, and a due date as it is being written."""
    ids = [ticket_id(1002), ticket_id(1003)]

    async def sleep(statement: str) -> None:
        async with await module_database.connect() as owner:
            await owner.execute("set helpdesk.mute = 'on'")
            await owner.execute(statement.encode(), [ids])

    async def play(pilot: Pilot[Any]) -> None:
        await playing(("Lamp flickers", ""), ("since you left", ""))(pilot)
        desk = pilot.app.screen
        assert isinstance(desk, DeskScreen)
        desk.change_view("snoozed")
        await patiently(pilot, lambda: set(ids) == {row.id for row in desk.queue.window.rows}, "both")
        # The database's clock goes on, this one stands still.
        wakes = [desk.link.clock() + timedelta(hours=2, minutes=20), desk.link.clock() + timedelta(days=5)]
        rows = desk.queue.window.rows
        desk.queue.apply_changes(
            {
                row.id: replace(row, more=replace(row.more, snoozed=until))
                for row, until in zip(rows, wakes, strict=True)
            },
            own=ids,
        )
        await patiently(pilot, lambda: "back in 2h" in text_on(pilot.app), "how long")
        await pilot.press("D")
        await patiently(pilot, lambda: "no due date" in text_on(pilot.app), "the times that are offered")
        await pilot.press("w")
        await patiently(pilot, lambda: desk.prompt.field.has_focus, "the field")
        await pilot.press(*"fri")
        await patiently(pilot, lambda: ", in " in text_on(pilot.app), "what it means")
        desk.say("")
        await pilot.pause(0.3)

    until = "insert into private.ticket_snoozes (ticket_id, until) select t, '2099-01-01' from unnest(%s::uuid[]) t"
    asyncio.run(sleep(until))
    try:
        assert snap_compare(app_for(module_database, agent), terminal_size=SIZES[size], run_before=play)
    finally:
        asyncio.run(sleep("delete from private.ticket_snoozes where ticket_id = any(%s)"))
