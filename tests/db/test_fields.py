"""Custom fields: admins set them up, the team fills them in as they are typed, and nobody else learns of them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.db.noticing import ticket_of
from tests.db.signed_in import new
from tests.db.test_merging import more, refused, rows
from tests.world import Connection, People

SET = "select helpdesk.set_field(%s, %s::jsonb)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def set_up(connection: Connection, key: str, **change: Any) -> None:
    await connection.execute(SET.encode(), [key, json.dumps(change)])


async def fill(connection: Connection, ticket: UUID, **fields: Any) -> tuple[bool, str | None]:
    """Whether it was done, or why not."""
    ((done, why),) = await rows(
        connection,
        "select done, why from helpdesk.act(%s, array[%s]::uuid[], %s::jsonb, 'fields')",
        uuid4(),
        ticket,
        json.dumps({"fields": fields}),
    )
    return done, why


async def test_only_admins_set_fields_up_and_what_makes_no_sense_is_refused(people: People) -> None:
    ann = await people.connect_as(await new(people, "ann", "admin"))
    ada = await people.connect_as(await new(people, "ada", "agent", "Support"))
    cora = await people.connect_as(await new(people, "cora"))
    for connection in (ada, cora):
        assert (await refused(connection, SET, "plan", "{}")).sqlstate == "HD003"
    await set_up(ann, "plan", label="Plan", type="choice", choices=["free", "pro"])
    await set_up(ann, "seats", label="Seats", type="number")
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Plan", {}), ("9", {}), ("", {}), ("status", {}), ("import", {}), ("x" * 41, {}),
        ("a", {"type": "colour"}), ("a", {"type": "choice"}), ("a", {"choices": ["x"]}), ("plan", {"type": "text"}),
        ("plan", {"choices": []}), ("plan", {"choices": ["a", "A"]}), ("plan", {"choices": [" "]}),
        ("plan", {"choices": "a"}), ("a", {"label": " "}), ("a", {"label": "x" * 61}), ("a", {"position": "first"}),
        ("a", {"categories": ["x"]}), ("a", {"position": 99999999999}),
    )  # fmt: skip
    for key, change in bad:
        assert (await refused(ann, SET, key, json.dumps(change))).sqlstate == "HD002", (key, change)
    for nothing in ("[]", "null", '"x"'):
        assert (await refused(ann, SET, "a", nothing)).sqlstate == "HD002"
    assert (await refused(ann, SET, "a", json.dumps({"categories": [str(uuid4())]}))).sqlstate == "HD004"
    await set_up(ann, "plan", label="Tariff", active=False)
    told = await rows(
        ada, "select key, label, type, choices, active from helpdesk.fields() where key in ('plan', 'seats')"
    )
    assert told == [("plan", "Tariff", "choice", ["free", "pro"], False), ("seats", "Seats", "number", [], True)]
    assert await rows(cora, "select * from helpdesk.fields()") == []
    ((recorded,),) = await people.database.run(
        "select count(*) from private.audit where table_name = 'private.fields' and op = 'update' and actor is not null"
    )
    assert recorded == 1


async def test_value_fits_its_field_is_told_to_the_team_and_kept_in_the_history(people: People) -> None:
    ann = await people.connect_as(await new(people, "ann", "admin"))
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    team, requester = await people.connect_as(ada), await people.connect_as(cora)
    category = (await people.database.run("insert into public.categories (name) values ('Fielded') returning id"))[0][0]
    await set_up(ann, "order_no", label="Order", type="text", position=1)
    await set_up(ann, "boxes", label="Boxes", type="number", position=2)
    await set_up(ann, "arrived", label="Arrived", type="date", position=3)
    await set_up(ann, "carrier", label="Carrier", type="choice", choices=["Post", "Van"], position=4)
    await set_up(ann, "broken", label="Broken", type="yes/no", position=5)
    await set_up(ann, "only_there", label="There", type="text", categories=[str(category)], position=6)
    await set_up(ann, "gone", label="Gone", type="text", active=False, position=7)
    ticket = await ticket_of(people, cora, metadata=json.dumps({"import": {"id": 1}, "boxes": "many"}))
    good = {"order_no": "A-1", "boxes": 2.5, "arrived": "2026-02-28", "carrier": "Van", "broken": True}
    assert await fill(team, ticket, **good) == (True, None)
    assert (await more(team, ticket))["fields"] == [
        ["order_no", "Order", "text", "A-1"],
        ["boxes", "Boxes", "number", 2.5],
        ["arrived", "Arrived", "date", "2026-02-28"],
        ["carrier", "Carrier", "choice", "Van"],
        ["broken", "Broken", "yes/no", True],
    ]
    # Whoever changes something else works out what the index has of it.
    assert await rows(team, "update public.tickets set title = 'Boxes' where id = %s returning title", ticket) == [
        ("Boxes",)
    ]
    assert await rows(team, "select helpdesk.with_field('order_no', ':', 'a-1', false)") == [(ticket,)]
    # Not to the requester, by no path.
    assert await more(requester, ticket) == {}
    assert (await refused(requester, "select metadata from public.tickets where id = %s", ticket)).sqlstate == "42501"
    assert (await refused(requester, "select * from public.tickets where id = %s", ticket)).sqlstate == "42501"
    assert await rows(requester, "select * from public.ticket_events") == []
    assert [
        row for row in await rows(requester, "select kind from helpdesk.history(%s)", ticket) if row[0] == "field"
    ] == []
    told = "select field, old, new from helpdesk.history(%s) where kind = 'field' order by field"
    assert await rows(team, told, ticket) == [
        ("Arrived", None, "2026-02-28"), ("Boxes", "many", "2.5"), ("Broken", None, "yes"), ("Carrier", None, "Van"),
        ("Order", None, "A-1"),
    ]  # fmt: skip

    for bad in (
        {"order_no": 1}, {"order_no": " "}, {"order_no": "x" * 2001}, {"boxes": "2"}, {"boxes": True},
        {"arrived": "2026-02-30"}, {"arrived": "today"}, {"arrived": "2026-02-28 10:00"}, {"carrier": "van"},
        {"carrier": 1}, {"broken": "yes"},
        {"broken": 1}, {"only_there": "x"}, {"gone": "x"}, {"boxes": {"a": 1}}, {"order_no": ["a"]},
        {"carier": "Van"}, {"import": "x"},
    ):  # fmt: skip
        error = await refused(
            team,
            "select helpdesk.act(%s, array[%s]::uuid[], %s::jsonb, '')",
            uuid4(),
            ticket,
            json.dumps({"fields": bad}),
        )
        assert error.sqlstate == "HD002", bad
        if "carier" in bad:
            assert error.diag.message_hint == "Did you mean carrier?"
        if "carrier" in bad:
            assert error.diag.message_hint == "It is one of: Post, Van."
    await people.database.run("update public.tickets set category_id = %s where id = %s", [category, ticket])
    assert await fill(team, ticket, only_there="x", boxes=None, broken=False) == (True, None)
    assert [field[::3] for field in (await more(team, ticket))["fields"]] == [
        ["order_no", "A-1"], ["arrived", "2026-02-28"], ["carrier", "Van"], ["broken", False], ["only_there", "x"],
    ]  # fmt: skip
    # What an import brought stays, and is nobody's to change.
    assert await people.database.run(
        "select metadata -> 'import' ->> 'id' from public.tickets where id = %s", [ticket]
    ) == [("1",)]
    # A field that goes out of use is shown no more, and its values come back with it.
    await set_up(ann, "order_no", active=False)
    assert "order_no" not in [field[0] for field in (await more(team, ticket))["fields"]]
    await set_up(ann, "order_no", active=True)
    assert "order_no" in [field[0] for field in (await more(team, ticket))["fields"]]


async def test_all_of_a_ticket_but_its_metadata_is_read_by_whoever_sees_it(people: People) -> None:
    closed = await people.database.run(
        "select a.attname::text from pg_attribute a where a.attrelid = 'public.tickets'::regclass and a.attnum > 0"
        " and not a.attisdropped and not has_column_privilege('helpdesk_member', a.attrelid, a.attnum, 'select')"
    )
    assert closed == [("metadata",)]


async def test_fields_are_filled_in_by_whoever_works_on_the_ticket_and_taken_back(people: People) -> None:
    ann = await people.connect_as(await new(people, "ann", "admin"))
    ada, cora = await new(people, "ada", "agent", "Support"), await new(people, "cora")
    await set_up(ann, "floor", label="Floor", type="number")
    ticket, own = await ticket_of(people, cora), await ticket_of(people, ada)
    team = await people.connect_as(ada)
    assert not (await fill(team, own, floor=1))[0]
    requester = await people.connect_as(cora)
    for mine in (ticket, own):
        act = "select * from helpdesk.act(%s, array[%s]::uuid[], %s::jsonb, '')"
        error = await refused(requester, act, uuid4(), mine, json.dumps({"fields": {"floor": 1}}))
        assert error.sqlstate in {"HD003", "HD004"}
    assert not (await fill(await people.connect_as(await new(people, "bo", "agent", "Billing")), ticket, floor=1))[0]
    assert (await refused(team, "update public.tickets set metadata = '{}' where id = %s", ticket)).sqlstate == "42501"
    assert await people.database.run("select metadata from public.tickets where id in (%s, %s)", [ticket, own]) == [
        ({},),
        ({},),
    ]
    await fill(team, ticket, floor=1)
    await fill(team, ticket, floor=2)
    await rows(team, "select helpdesk.undo_act(null, %s, false)", uuid4())
    assert [field[3] for field in (await more(team, ticket))["fields"]] == [1]
    await rows(team, "select helpdesk.undo_act(null, %s, false)", uuid4())
    assert "fields" not in await more(team, ticket)
