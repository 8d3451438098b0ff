"""What administration looks like: each section, small and large, and what an act would mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from textual.pilot import Pilot

from helpdesk_tui.screens.admin import AdminScreen
from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import TICKETS, patiently
from tests.screens.test_snapshots import SIZES, Compare, app_for
from tests.world import DeskDatabase, People, Person


@pytest.fixture(scope="module")
def admin(module_database: DeskDatabase) -> Person:
    """An admin of a helpdesk with people, categories, tags and an act, whose times do not move."""

    async def make() -> Person:
        people = People(module_database)
        run = module_database.run
        admin = await people.sign_up("helena@example.com", "Helena Marchetti", "admin")
        agent = await people.add("mira@example.com", "Mira Okonkwo", "agent", "Support")
        await people.add("bo@example.com", "Bo Berg", "agent", "Billing")
        await people.add("gil@example.com", "Gil Sørensen", "agent", "Billing")
        customer = await people.add("noor@example.com", "Noor van Dijk")
        async with await module_database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            statement = TICKETS.replace("now()", "timestamptz '2026-03-04 11:59+00'")
            await owner.execute(statement.encode(), {"customer": customer.id, "agent": agent.id})
        await run(
            "insert into categories (name, description, department_id) select 'Invoices', 'What was charged', id"
            " from departments where name = 'Billing'"
        )
        await run("insert into categories (name) values ('Lamps')")
        await run(
            "insert into ticket_tags (name, color, description)"
            " values ('vip', 'gold', 'Answer first'), ('loud', null, null)"
        )
        await run(
            "insert into ticket_tag_relations select t.id, g.id from tickets t, ticket_tags g where g.name = 'vip'"
        )
        await run(
            "insert into private.fields (key, label, type, choices, categories, position, active)"
            " select 'plan', 'Plan', 'choice', array['free', 'pro', 'big, with more'], array[id], 1, true"
            " from categories where name = 'Lamps'"
        )
        await run(
            "insert into private.fields (key, label, type, position, active)"
            " values ('order_no', 'Order', 'text', 2, true), ('old_id', 'Number before', 'number', 3, false)"
        )
        await run(
            "insert into private.sla_calendars (name, zone, hours, holidays) values ('Office', 'Europe/Berlin',"
            """ '{"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "fri": ["09:00-12:00"]}', '{"2026-12-25": []}')"""
        )
        await run(
            "insert into private.sla_policies (name, priority, calendar_id, first_response, next_response, resolution)"
            " select 'Standard', null::ticket_priority, id, 480, 960, 4800 from private.sla_calendars"
            " union all select 'Urgent', 'urgent', null, 30, null, 480"
        )
        await run("update private.sla_refresh set after_id = null")
        connection = await people.connect_as(admin)
        await connection.execute(
            "select helpdesk.reassign(%s, array(select id from tickets where number = 1006),"
            " (select id from departments where name = 'Billing'), (select id from departments where name = 'Support'),"
            " 'priority:urgent')",
            [uuid4()],
        )
        await connection.execute("select helpdesk.undo(%s, null)", [uuid4()])
        await people.close()
        await run("update profiles set deactivated_at = '2026-03-01 12:00+00' where email like 'gil%%'")
        await run("update profiles set created_at = '2026-01-15 12:00+00'")
        await run("update private.acts set at = '2026-03-04 11:00+00'")
        # What was moved and back again has its time too.
        await run("alter table tickets disable trigger user; update tickets set updated_at = '2026-03-04 10:00+00'")
        await run("alter table tickets enable trigger user")
        return admin

    return asyncio.run(make())


def ready(*keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Goes to administration, presses keys, and waits for what they bring."""

    async def play(pilot: Pilot[Any]) -> None:
        def live() -> bool:
            shown = pilot.app.screen
            return isinstance(shown, DeskScreen) and shown.status.connection == "live" and shown.queue.state == "ready"

        await patiently(pilot, live, "the desk, live")
        for key in ("A", *keys):
            await pilot.press(key)
            await pilot.pause(0.3)
        screen = pilot.app.screen
        assert isinstance(screen, AdminScreen)
        await patiently(pilot, lambda: screen.section.rows.state != "loading", "the rows")
        screen.link.deafen()
        await pilot.pause(0.3)

    return play


MOVING = ("5", "f", "2", "t", "1")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys",
    [("1",), ("f", "e"), ("3",), ("4",), MOVING, ("6",), ("7",), ("8",), ("9",)],
    ids=["departments", "people", "categories", "tags", "moving", "acts", "fields", "promises", "calendars"],
)
def test_section(
    snap_compare: Compare, module_database: DeskDatabase, admin: Person, keys: tuple[str, ...], size: str
) -> None:
    assert snap_compare(app_for(module_database, admin), terminal_size=SIZES[size], run_before=ready(*keys))


@pytest.mark.parametrize("size", SIZES)
def test_what_moving_a_person_means(
    snap_compare: Compare, module_database: DeskDatabase, admin: Person, size: str
) -> None:
    app = app_for(module_database, admin, "helpdesk-light")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=ready("G", "d", "1"))
