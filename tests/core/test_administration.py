"""core/administration.py: each act is one round trip, and one that is sent twice is done once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.administration import Administration, find
from helpdesk_tui.core.administration_model import Item, PersonChange
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound, Refused
from helpdesk_tui.core.filters import condition
from helpdesk_tui.core.model import Me
from tests.world import DeskDatabase, People


async def test_each_act_is_one_round_trip_and_done_once_when_sent_twice(database: DeskDatabase, people: People) -> None:
    ann = await people.sign_up("ann@desk.test", "Ann", "admin")
    ada = await people.add("ada@desk.test", "Ada", "agent", "Billing")
    cora = await people.add("cora@desk.test", "Cora")
    billing, support = await people.department("Billing"), await people.department("Support")
    await database.run(
        "insert into public.tickets (title, customer_id, department_id, assignee_id) values ('t', %s, %s, %s)",
        [cora.id, billing, ada.id],
    )
    desk = await Database.connect(database.settings, ann.session)
    try:
        admin = Administration(desk, Me(ann.id, ann.email, ann.name, "admin", None, None, "aal1"))
        wanted = condition("status:open", await admin.vocabulary())
        move, away, item = uuid4(), uuid4(), uuid4()
        moved = await admin.reassign(billing, support, wanted, act=move)
        before = desk.round_trips
        assert await admin.reassign(billing, support, wanted, act=move) == moved
        assert (await admin.preview(billing, support, wanted)).total == 0
        assert (await admin.undo(moved.act)).restored == moved.numbers
        change = PersonChange(active=False)
        assert (await admin.outlook(ada.id, change)).holds == 1
        gone = await admin.change(ada.id, change, act=away)
        assert await admin.change(ada.id, change, act=away) == gone
        assert (await admin.people("ada", active=False)).total == 1
        await admin.add("tags", "vip", item=item)
        await admin.set_fields("tags", item, name="gold")
        assert [tag.name for tag in await admin.items("tags")] == ["gold"]
        await admin.remove("tags", item)
        assert len(await admin.acts()) == 3
        # One each, and one more for each deactivation: what was opened meanwhile is closed once that is done.
        assert desk.round_trips - before == 12 + 2
        with pytest.raises(Refused):
            await admin.change(ann.id, PersonChange(role="agent"))
        with pytest.raises(NotFound):
            await admin.remove("tags", item)
        with pytest.raises(BadInput):
            await admin.set_fields("tags", item, department_id=billing)
    finally:
        await desk.close()


def test_what_is_not_there_is_told_with_the_nearest_name() -> None:
    items = [
        Item(UUID(int=n), name, None, None, None, None, False, 0, 0, 0) for n, name in enumerate(("Billing", "Support"))
    ]
    assert find(" BILLING ", items, "department") is items[0]
    assert find(str(UUID(int=1)), items, "department") is items[1]
    with pytest.raises(NotFound, match="no department “suport”") as missing:
        find("suport", items, "department")
    assert missing.value.hint == "Did you mean “Support”?"
