"""Acts on tickets: one statement and one event whatever they change, told by ticket, done once, taken back by field."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.signed_in import new, ticket_of
from tests.db.test_live_leaks import channels, heard, listen
from tests.world import Connection, People, Person


@pytest.fixture
async def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice. It has the custom fields that are filled in here."""
    await module_people.database.run(
        "insert into private.fields (key, label, type) values ('serial', 'Serial', 'text'), ('a', 'A', 'number'),"
        " ('boxes', 'Boxes', 'number'), ('b', 'B', 'number') on conflict do nothing"
    )
    return module_people


Outcomes = dict[UUID, str | None]


async def act(connection: Connection, ids: list[UUID], change: Any, act_id: UUID | None = None) -> Outcomes:
    """What became of each ticket: None where it was done, or why it was not."""
    rows = await connection.execute(
        "select id, done, why from helpdesk.act(%s, %s, %s, 'words')", [act_id or uuid4(), ids, json.dumps(change)]
    )
    found = await rows.fetchall()
    assert all(done == (why is None) for _, done, why in found)
    return {ticket: why for ticket, _, why in found}


async def refusal(connection: Connection, statement: str, *parameters: Any) -> str:
    """The SQLSTATE that something is refused with."""
    with pytest.raises(psycopg.Error) as refused:
        await connection.execute(statement.encode(), parameters)
    return str(refused.value.sqlstate)


async def undo(connection: Connection, act_id: UUID | None, *, force: bool = False, undoing: UUID | None = None) -> Any:
    """``helpdesk.undo_act``'s answer."""
    rows = await connection.execute("select helpdesk.undo_act(%s, %s, %s)", [act_id, undoing or uuid4(), force])
    found = await rows.fetchone()
    assert found is not None
    return found[0]


async def fields(people: People, ticket: UUID) -> dict[str, Any]:
    """Everything that an act can change of a ticket."""
    ((found,),) = await people.database.run(
        "select to_jsonb(t) - 'updated_at' || jsonb_build_object('tags', array(select tag_id from"
        " public.ticket_tag_relations r where r.ticket_id = t.id order by 1), 'snooze', (select to_jsonb(s) from"
        " private.ticket_snoozes s where s.ticket_id = t.id)) from public.tickets t where id = %s",
        [ticket],
    )
    assert isinstance(found, dict)
    return found


async def tag(people: People) -> UUID:
    """A new one."""
    ((found,),) = await people.database.run(
        "insert into public.ticket_tags (name) values (%s) returning id", [f"tag-{uuid4().hex[:8]}"]
    )
    return UUID(str(found))


async def category(people: People) -> UUID:
    """A new one."""
    ((found,),) = await people.database.run(
        "insert into public.categories (name) values (%s) returning id", [f"category-{uuid4().hex[:8]}"]
    )
    return UUID(str(found))


async def many(people: People, customer: Person, department: UUID, number: int) -> list[UUID]:
    """Tickets of theirs in a department."""
    rows = await people.database.run(
        "insert into public.tickets (title, customer_id, department_id)"
        " select 'Ticket ' || n, %s, %s from generate_series(1, %s) n returning id",
        [customer.id, department, number],
    )
    return [row[0] for row in rows]


async def everything(people: People, assignee: Person, department: UUID) -> dict[str, Any]:
    """A change of all that an act can change."""
    return {
        "status": "pending",
        "priority": "urgent",
        "assignee": str(assignee.id),
        "department": str(department),
        "category": str(await category(people)),
        "due_date": "2031-02-03T04:05:06+00:00",
        "tags": {"add": [str(await tag(people))]},
        "snooze": "2099-01-01T00:00:00+00:00",
        "fields": {"serial": "A-17", "boxes": 3},
    }


# -- one of each, whatever it changes ---------------------------------------------------------------------------------


async def test_act_is_one_statement_a_table_one_event_an_audience_and_one_history_row_a_field(people: People) -> None:
    support, billing = await people.department("Support"), await people.department("Billing")
    ann = await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    customer, bo = await new(people, "cora"), await new(people, "bo", "agent", "Billing")
    ears = {}
    for name, person in {
        "support": await new(people, "ada", "agent", "Support"), "billing": bo, "requester": customer, "admins": ann,
        "elsewhere": await new(people, "ed", "agent", "Elsewhere"),
    }.items():  # fmt: skip
        connection = await people.connect_as(person)
        ears[name] = await listen(connection, *await channels(connection))
    ids = await many(people, customer, support, 12)
    change = await everything(people, ann, billing)
    # Some have a part of it already, so that each table's statement is about other tickets.
    await act(admin, ids[:4], {"tags": change["tags"], "snooze": change["snooze"]})
    await act(admin, ids[4:6], {"priority": "urgent"})
    for ear in ears.values():
        await heard(ear)
    tables = ("public.tickets", "public.ticket_tag_relations", "private.ticket_snoozes")
    await people.database.run(
        """create table public.fired (op text, what text);
           create function public.count_fired() returns trigger language plpgsql security definer as
             'begin insert into public.fired values (tg_op, tg_table_name); return null; end'"""
        + "".join(
            f"; create trigger zz after insert or update or delete on {table} for each statement"
            " execute function public.count_fired()"
            for table in tables
        )
    )
    try:
        assert await act(admin, ids, change) == dict.fromkeys(ids)
        fired = Counter(await people.database.run("select what, op from public.fired"))
    finally:
        await people.database.run("drop table public.fired; drop function public.count_fired() cascade")
    # An upsert is an insert and an update to triggers; the statements that take off find nothing.
    assert fired[("tickets", "UPDATE")] == fired[("ticket_tag_relations", "INSERT")] == 1
    assert set(fired.values()) == {1}
    told = {name: [payload for _, payload in await heard(ear)] for name, ear in ears.items()}
    tickets = {name: [each for each in payloads if each.startswith("[")] for name, payloads in told.items()}
    assert {name: len(each) for name, each in tickets.items()} == {
        "support": 1, "billing": 1, "requester": 1, "admins": 2, "elsewhere": 0,
    }  # fmt: skip  # ann is told as admin and as assignee
    assert all(set(json.loads(each)) == set(map(str, ids)) for payloads in tickets.values() for each in payloads)
    events = await people.database.run(
        "select ticket_id, coalesce(field, kind) from public.ticket_events where ticket_id = any(%s) and actor_id = %s"
        " union all select ticket_id, 'status' from public.ticket_status_history where ticket_id = any(%s)"
        " and status = 'pending'",
        [ids, ann.id, ids],
    )
    assert set(Counter(events).values()) == {1}
    assert Counter(kind for _, kind in events) == dict.fromkeys(
        ("status", "priority", "assignee", "department", "category", "due_date", "serial", "boxes"), 12
    )
    # Nobody is told of their own act; whoever is told, is told in one line.
    lines = await people.database.run(
        "select user_id from public.notifications where ticket_id = any(%s) or ticket_id is null", [ids]
    )
    assert set(Counter(lines).values()) <= {1}
    assert (ann.id,) not in lines


async def test_what_is_so_already_is_done_and_leaves_the_ticket_alone(people: People) -> None:
    customer, agent = await new(people, "cora"), await people.connect_as(await new(people, "ada", "agent", "Support"))
    ticket = await ticket_of(people, customer)
    before = await people.database.run("select updated_at from public.tickets where id = %s", [ticket])
    assert await act(agent, [ticket], {"status": "open", "due_date": None, "tags": {"add": []}}) == {ticket: None}
    assert await people.database.run("select updated_at from public.tickets where id = %s", [ticket]) == before
    assert (await (await agent.execute("select count(*) from helpdesk.my_acts(10)")).fetchone()) == (0,)


async def test_move_lets_go_of_the_old_departments_agents_and_no_others(people: People) -> None:
    billing = await people.department("Billing")
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ann, bo = await new(people, "ann", "admin"), await new(people, "bo", "agent", "Billing")
    agent = await people.connect_as(ada)
    ids = [await ticket_of(people, customer) for _ in range(3)]
    for ticket, holder in zip(ids, (ada, bo, ann), strict=True):
        await people.database.run("update public.tickets set assignee_id = %s where id = %s", [holder.id, ticket])
    act_id = uuid4()
    assert await act(agent, ids, {"department": str(billing)}, act_id) == dict.fromkeys(ids)
    held = [(await fields(people, ticket))["assignee_id"] for ticket in ids]
    assert held == [None, str(bo.id), str(ann.id)]
    # Out of her sight, and back as they were: also the one whose holder the act had let keep it.
    assert (await undo(agent, act_id))["refused"] == []
    held = [(await fields(people, ticket))["assignee_id"] for ticket in ids]
    assert held == [str(ada.id), str(bo.id), str(ann.id)]


# -- what became of each ----------------------------------------------------------------------------------------------


async def test_each_ticket_is_told_done_or_why_not_and_one_bad_one_fails_no_other(people: People) -> None:
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent = await people.connect_as(ada)
    mine, other = await ticket_of(people, customer), await ticket_of(people, customer, "Billing")
    own, nowhere = await ticket_of(people, ada), uuid4()
    bad = await ticket_of(people, customer)
    added = str(await tag(people))
    # What a rule refuses in the middle of the statement.
    await people.database.run("update public.tickets set title = 'frozen' where id = %s", [bad])
    await people.database.run(
        """create function public.refuse() returns trigger language plpgsql as
             'begin raise exception ''this one is frozen'' using errcode = ''HD003''; end';
           create trigger aa before update on public.tickets for each row when (new.title = 'frozen')
             execute function public.refuse()"""
    )
    try:
        outcomes = await act(
            agent, [mine, other, own, nowhere, bad, mine], {"priority": "high", "tags": {"add": [added]}}
        )
    finally:
        await people.database.run("drop function public.refuse() cascade")
    assert outcomes == {
        mine: None,
        other: "there is no such ticket",
        nowhere: "there is no such ticket",
        own: "it is your own request: its tags, snoozes and fields are for others of the team",
        bad: "this one is frozen",
    }
    assert (await fields(people, mine))["tags"] == [added]
    assert [(await fields(people, each))["priority"] for each in (other, own, bad)] == ["medium"] * 3


async def test_ticket_that_somebody_holds_is_left_out_and_the_others_are_done(people: People) -> None:
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent, holder = await people.connect_as(ada), await people.connect_as(customer)
    held, free = await ticket_of(people, customer), await ticket_of(people, customer)
    async with holder.transaction():
        await holder.execute("update public.tickets set status = 'closed' where id = %s", [held])
        outcomes = await act(agent, [held, free], {"priority": "high"})
    assert outcomes == {held: "somebody else is changing it just now; try again", free: None}


BAD_CHANGES: dict[str, tuple[Any, str]] = {
    "an empty one": ({}, "HD002"),
    "no object": ([], "HD002"),
    "null": (None, "HD002"),
    "a word": ("status", "HD002"),
    "an unknown field": ({"status": "open", "number": 1}, "HD002"),
    "an unknown status": ({"status": "snoozed"}, "HD002"),
    "a status that is none": ({"status": None}, "HD002"),
    "a status of another type": ({"status": ["open"]}, "HD002"),
    "an unknown priority": ({"priority": "asap"}, "HD002"),
    "an assignee that is no id": ({"assignee": "x' or true"}, "HD002"),
    "nobody's id": ({"assignee": str(uuid4())}, "HD002"),
    "no department": ({"department": None}, "HD002"),
    "an unknown department": ({"department": str(uuid4())}, "HD004"),
    "an unknown category": ({"category": str(uuid4())}, "HD004"),
    "an unknown tag": ({"tags": {"add": [str(uuid4())]}}, "HD004"),
    "tags that are none": ({"tags": {"remove": ["x"]}}, "HD002"),
    "tags as a list": ({"tags": []}, "HD002"),
    "tags and more": ({"tags": {"set": []}}, "HD002"),
    "no time": ({"due_date": "tomorrow-ish"}, "HD002"),
    "no end of time": ({"due_date": "infinity"}, "HD002"),
    "before all years": ({"due_date": "0044-03-15T00:00:00Z BC"}, "HD002"),
    "a time of another type": ({"due_date": 12}, "HD002"),
    "a snooze that is over": ({"snooze": "2001-01-01T00:00:00Z"}, "HD002"),
    "fields as a list": ({"fields": [1]}, "HD002"),
    "fields without end": ({"fields": {"x": "y" * 30000}}, "HD002"),
    "a field's name without end": ({"fields": {"y" * 200: 1}}, "HD002"),
}


async def test_bad_change_is_refused_whole_in_words(people: People) -> None:
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent = await people.connect_as(ada)
    ticket = await ticket_of(people, customer)
    before = await fields(people, ticket)
    both = str(await tag(people))
    cases = {
        **BAD_CHANGES,
        "a customer as assignee": ({"assignee": str(customer.id)}, "HD002"),
        "the same tag on and off": ({"tags": {"add": [both], "remove": [both]}}, "HD002"),
    }
    do = "select helpdesk.act(%s, %s, %s, '')"
    found = {
        what: await refusal(agent, do, uuid4(), [ticket], json.dumps(change)) for what, (change, _) in cases.items()
    }
    assert found == {what: state for what, (_, state) in cases.items()}
    assert await refusal(agent, do, None, [ticket], '{"status": "open"}') == "HD002"
    assert await refusal(agent, do, uuid4(), [uuid4() for _ in range(10_001)], '{"status": "open"}') == "HD002"
    assert await refusal(agent, "select helpdesk.my_acts(-1)") == "HD002"
    assert await fields(people, ticket) == before


# -- whose ------------------------------------------------------------------------------------------------------------


async def test_requester_closes_opens_again_takes_that_back_and_does_nothing_else(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    ticket, others = await ticket_of(people, cora), await ticket_of(people, ada)
    await act(agent, [ticket], {"status": "resolved"})
    resolved = await fields(people, ticket)
    reopened = uuid4()
    assert await act(customer, [ticket, others], {"status": "open"}, reopened) == {
        ticket: None,
        others: "there is no such ticket",
    }
    assert (await undo(customer, reopened))["undone"] == [resolved["number"]]
    assert await fields(people, ticket) == resolved
    assert await act(customer, [ticket], {"status": "pending"}) == {
        ticket: "a requester may close a ticket or open it again"
    }
    refused: list[dict[str, Any]] = [{"priority": "low"}, {"status": "closed", "snooze": None}, {"tags": {}}]
    for change in (*refused, {"assignee": str(ada.id)}):
        do = "select helpdesk.act(%s, %s, %s, '')"
        assert await refusal(customer, do, uuid4(), [ticket], json.dumps(change)) == "HD003"
    # Staff are requesters of what lies elsewhere.
    elsewhere = await ticket_of(people, ada, "Billing")
    assert await act(agent, [elsewhere], {"priority": "low"}) == {
        elsewhere: "only the team changes a ticket after it was sent"
    }
    assert await act(agent, [elsewhere], {"status": "closed"}) == {elsewhere: None}


async def test_act_is_done_once_and_another_persons_id_is_refused(people: People) -> None:
    customer, ada, bea = [await new(people, name, role, "Support" if role != "customer" else None) for name, role in
                          (("cora", "customer"), ("ada", "agent"), ("bea", "agent"))]  # fmt: skip
    agent, other = await people.connect_as(ada), await people.connect_as(bea)
    ticket, stranger, act_id = await ticket_of(people, customer), uuid4(), uuid4()
    first = await act(agent, [ticket, stranger], {"status": "pending"}, act_id)
    await act(other, [ticket], {"status": "resolved"})
    # Sent again after a lost answer, even with other words: what it answered, and nothing is done.
    assert await act(agent, [ticket, stranger], {"status": "closed"}, act_id) == first
    assert (await fields(people, ticket))["status"] == "resolved"
    for statement, parameters in (
        ("select helpdesk.act(%s, %s, '{\"status\": \"open\"}', '')", [act_id, [ticket]]),
        ("select helpdesk.undo_act(%s, %s, true)", [uuid4(), act_id]),
    ):
        assert await refusal(other, statement, *parameters) == "HD002"
    # Nor is it another's to take back, or to see.
    assert await refusal(other, "select helpdesk.undo_act(%s, %s, true)", act_id, uuid4()) == "HD004"
    rows = await (await other.execute("select act from helpdesk.my_acts(100)")).fetchall()
    assert (act_id,) not in rows
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [ada.id])
    answer = await undo(agent, act_id, force=True)
    assert (answer["undone"], [each["why"] for each in answer["refused"]]) == ([], ["there is no such ticket"])


async def test_two_at_the_same_moment_under_one_id_are_one_act(people: People) -> None:
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    one, two = await people.connect_as(ada), await people.connect_as(ada)
    ticket, act_id = await ticket_of(people, customer), uuid4()
    billing = str(await people.department("Billing"))
    await one.execute("begin")
    await act(one, [ticket], {"department": billing}, act_id)
    await two.execute("begin")
    waiting = asyncio.create_task(act(two, [ticket], {"department": billing}, act_id))
    await people.database.run(
        "do $$ begin for i in 1..1000 loop if exists (select from pg_locks where not granted) then return; end if;"
        " perform pg_sleep(0.01); end loop; raise exception 'nobody waits'; end $$"
    )
    await one.execute("commit")
    assert await waiting == {ticket: None}
    await two.execute("commit")
    rows = await people.database.run("select count(*) from public.ticket_events where ticket_id = %s", [ticket])
    assert rows == [(1,)]


# -- taken back -------------------------------------------------------------------------------------------------------


async def test_undo_gives_everything_back_and_is_undone_in_turn(people: People) -> None:
    billing = await people.department("Billing")
    customer, ada, bo = await new(people, "cora"), await new(people, "ada", "agent", "Support"), await new(
        people, "bo", "agent", "Billing"
    )  # fmt: skip
    agent = await people.connect_as(ada)
    ids = [await ticket_of(people, customer) for _ in range(3)]
    change = await everything(people, bo, billing)
    await act(agent, ids[:1], {"tags": change["tags"], "fields": {"serial": "old"}, "snooze": "2098-01-01T00:00:00Z"})
    await act(agent, ids[1:2], {"status": "resolved"})
    before = [await fields(people, ticket) for ticket in ids]
    act_id, undoing = uuid4(), uuid4()
    assert await act(agent, ids, change, act_id) == dict.fromkeys(ids)
    after = [await fields(people, ticket) for ticket in ids]
    # Given away, out of sight, and taken back within the hour.
    answer = await undo(agent, act_id, undoing=undoing)
    assert (answer["undone"], answer["changed"], answer["refused"]) == ([each["number"] for each in before], [], [])
    assert [await fields(people, ticket) for ticket in ids] == before
    assert await undo(agent, act_id, undoing=undoing) == answer
    assert await refusal(agent, "select helpdesk.undo_act(%s, %s, false)", act_id, uuid4()) == "HD002"
    # The undoing is an act as well: taken back, it is done again; and that is the latest to take back.
    again = await undo(agent, undoing)
    assert again["undone"] == answer["undone"]
    same = [{**each, "snooze": None, "resolved_at": None} for each in after]
    found = [await fields(people, ticket) for ticket in ids]
    assert [{**each, "snooze": None, "resolved_at": None} for each in found] == same
    listed = await (await agent.execute("select act, kind, words, tickets from helpdesk.my_acts(3)")).fetchall()
    assert listed[0] == (UUID(again["act"]), "redo", "redo: words", 3)
    await undo(agent, None)
    assert [await fields(people, ticket) for ticket in ids] == before


async def test_undo_leaves_what_somebody_changed_since_names_it_and_with_force_takes_it_back(people: People) -> None:
    customer = await new(people, "cora")
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    agent, other = await people.connect_as(ada), await people.connect_as(bea)
    ids = [await ticket_of(people, customer) for _ in range(2)]
    numbers = [(await fields(people, ticket))["number"] for ticket in ids]
    on, off = str(await tag(people)), str(await tag(people))
    await act(agent, ids, {"tags": {"add": [off]}})
    before = [await fields(people, ticket) for ticket in ids]
    act_id = uuid4()
    await act(
        agent,
        ids,
        {
            "status": "resolved", "priority": "high", "assignee": str(ada.id), "fields": {"a": 1, "b": 2},
            "tags": {"add": [on], "remove": [off]}, "snooze": "2099-01-01T00:00:00Z",
        },
        act_id,
    )  # fmt: skip
    theirs = {"status": "closed", "assignee": str(bea.id), "fields": {"a": 9}, "snooze": "2097-01-01T00:00:00Z"}
    await act(other, ids[:1], {**theirs, "tags": {"remove": [on]}})
    answer = await undo(agent, act_id)
    assert answer["undone"] == numbers[1:]
    assert [(each["number"], each["field"], each["is_now"], each.get("by")) for each in answer["changed"]] == [
        (numbers[0], "a", "9", None),
        (numbers[0], "assignee", bea.name, bea.name),
        (numbers[0], "snooze", "until 2097-01-01 00:00 UTC", bea.name),
        (numbers[0], "status", "closed", bea.name),
    ]
    found = await fields(people, ids[0])
    assert await fields(people, ids[1]) == before[1]
    assert (found["status"], found["assignee_id"], found["priority"]) == ("closed", str(bea.id), "medium")
    assert (found["metadata"], found["tags"]) == ({"a": 9}, [off])
    answer = await undo(agent, act_id, force=True)
    assert (answer["undone"], answer["changed"]) == (numbers, [])
    assert [await fields(people, ticket) for ticket in ids] == before
    # And no third time.
    assert await refusal(agent, "select helpdesk.undo_act(%s, %s, true)", act_id, uuid4()) == "HD002"


async def test_what_cannot_go_back_is_told_and_the_rest_goes(people: People) -> None:
    customer, admin = await new(people, "cora"), await people.connect_as(await new(people, "ann", "admin"))
    gone = await new(people, "gone", "agent", "Support")
    empty, was_category = await people.department(f"Gone {uuid4().hex[:6]}"), await category(people)
    ids = [await ticket_of(people, customer) for _ in range(2)]
    await act(admin, ids, {"assignee": str(gone.id), "category": str(was_category), "department": str(empty)})
    act_id = uuid4()
    support = str(await people.department("Support"))
    await act(admin, ids, {"assignee": None, "category": None, "department": support, "priority": "low"}, act_id)
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [gone.id])
    await people.database.run("delete from public.categories where id = %s", [was_category])
    await people.database.run("delete from public.departments where id = %s", [empty])
    await people.database.run("delete from public.tickets where id = %s", [ids[1]])
    answer = await undo(admin, act_id, force=True)
    assert {each["field"]: each["why"] for each in answer["changed"]} == {
        "assignee": "who had it has left the team",
        "category": "what it had is gone",
        "department": "what it had is gone",
    }
    assert [each["why"] for each in answer["refused"]] == ["there is no such ticket"]
    assert (await fields(people, ids[0]))["priority"] == "medium"


async def test_undo_tells_nothing_of_a_ticket_that_is_out_of_sight(people: People) -> None:
    customer, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    agent, admin = await people.connect_as(ada), await people.connect_as(await new(people, "ann", "admin"))
    bo = await new(people, "bo", "agent", "Billing")
    ticket, act_id = await ticket_of(people, customer), uuid4()
    number = (await fields(people, ticket))["number"]
    await act(agent, [ticket], {"status": "pending", "department": str(bo.department_id)}, act_id)
    # Handed on: no longer ada's to take back, whatever it is now.
    await act(admin, [ticket], {"department": str(await people.department("Secret")), "status": "closed"})
    answer = await undo(agent, act_id)
    assert (answer["undone"], answer["changed"]) == ([], [])
    assert answer["refused"] == [{"number": number, "why": "there is no such ticket"}]
    assert await refusal(agent, "select helpdesk.undo_act(%s, %s, true)", act_id, uuid4()) == "HD002"
    assert (await fields(people, ticket))["status"] == "closed"


async def test_acts_are_forgotten_after_thirty_days(people: People) -> None:
    customer, agent = await new(people, "cora"), await people.connect_as(await new(people, "ada", "agent", "Support"))
    ticket, old, fresh = await ticket_of(people, customer), uuid4(), uuid4()
    await act(agent, [ticket], {"priority": "low"}, old)
    await people.database.run("update private.ticket_acts set at = now() - interval '31 days' where id = %s", [old])
    await act(agent, [ticket], {"priority": "high"}, fresh)
    listed = await (await agent.execute("select act, numbers, ids from helpdesk.my_acts(9)")).fetchall()
    number = (await fields(people, ticket))["number"]
    assert listed == [(fresh, [number], [ticket])]
    assert await refusal(agent, "select helpdesk.undo_act(%s, %s, true)", old, uuid4()) == "HD004"


# -- snoozes ----------------------------------------------------------------------------------------------------------


async def test_snooze_is_the_teams_ends_by_time_and_by_its_requester(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    customer, agent = await people.connect_as(cora), await people.connect_as(ada)
    other = await people.connect_as(await new(people, "bo", "agent", "Billing"))
    ids = [await ticket_of(people, cora) for _ in range(3)]
    outside = await ticket_of(people, ada)
    await people.database.run(
        "insert into private.ticket_snoozes (ticket_id, until) values (%s, now() + interval '1 day')", [outside]
    )

    async def asleep(connection: Connection) -> set[UUID]:
        row = await (await connection.execute("select helpdesk.snoozed()")).fetchone()
        assert row is not None
        return set(row[0]) & {*ids, outside}

    await act(agent, ids, {"snooze": "2099-01-01T00:00:00Z"})
    # Of their own request nobody learns that it sleeps.
    assert [await asleep(each) for each in (agent, other, customer)] == [set(ids), set(), set()]
    told = (
        "select (select more -> 'snoozed' from helpdesk.ticket(%s)), (select more -> 'snoozed' from helpdesk.dressed("
    )
    told += "array[%s], array(select ctid from public.tickets where id = %s)))"
    for connection, expected in ((agent, "2099-01-01T00:00:00+00:00"), (customer, None)):
        await connection.execute("set timezone = 'UTC'")
        row = await (await connection.execute(told.encode(), [ids[0]] * 3)).fetchone()
        assert row == (expected, expected)
    write = "insert into public.ticket_messages (ticket_id, content, is_internal, after_id) values (%s, 'x', %s, %s)"
    await agent.execute(write, [ids[0], True, None])
    await agent.execute(write, [ids[0], False, None])
    assert await asleep(agent) == set(ids)
    await customer.execute(write, [ids[0], False, None])
    await act(customer, [ids[1]], {"status": "closed"})
    await act(customer, [ids[1]], {"status": "open"})
    await people.database.run("update private.ticket_snoozes set until = now() where ticket_id = %s", [ids[2]])
    assert await asleep(agent) == set()
