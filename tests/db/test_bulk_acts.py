"""Moving tickets and people in bulk: one statement, one notification an audience, one history row each, and undone."""

from __future__ import annotations

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
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def one(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    """The only value of the only row."""
    row = await (await connection.execute(statement.encode(), parameters)).fetchone()
    assert row is not None
    return row[0]


async def reassign(admin: Connection, ids: list[UUID], source: UUID, target: UUID, act: UUID | None = None) -> Any:
    """``helpdesk.reassign``'s answer."""
    return await one(
        admin, "select helpdesk.reassign(%s, %s, %s, %s, 'status:open')", [act or uuid4(), ids, source, target]
    )


async def undo(admin: Connection, number: int | None) -> Any:
    """``helpdesk.undo``'s answer."""
    return await one(admin, "select helpdesk.undo(%s, %s)", [uuid4(), number])


async def held_by(people: People, ids: list[UUID]) -> list[tuple[Any, ...]]:
    """Department and assignee of each ticket, in the order asked for."""
    return await people.database.run(
        "select department_id, assignee_id from unnest(%s::uuid[]) with ordinality as a(id, n)"
        " join public.tickets t using (id) order by n",
        [ids],
    )


async def departments(people: People) -> tuple[UUID, UUID]:
    """Two new ones."""
    return await people.department(f"From {uuid4().hex[:6]}"), await people.department(f"To {uuid4().hex[:6]}")


async def tickets_in(people: People, department: UUID, number: int, assignee: Person | None = None) -> list[UUID]:
    """Tickets of one customer in a department."""
    customer = await new(people, "cora")
    rows = await people.database.run(
        "insert into public.tickets (title, customer_id, department_id, assignee_id)"
        " select 'Ticket ' || n, %s, %s, %s from generate_series(1, %s) n returning id",
        [customer.id, department, assignee.id if assignee else None, number],
    )
    return [row[0] for row in rows]


async def join(people: People, person: Person, department: UUID) -> Person:
    """The person works there."""
    await people.database.run("update public.profiles set department_id = %s where id = %s", [department, person.id])
    return person


async def test_reassign_is_one_statement_one_notification_an_audience_and_one_history_row_each(people: People) -> None:
    source, target = await departments(people)
    ann = await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    ears = {}
    for name, department in (("from", source), ("to", target), ("elsewhere", await people.department("Elsewhere"))):
        person = await join(people, await new(people, name, "agent"), department)
        connection = await people.connect_as(person)
        ears[name] = await listen(connection, *await channels(connection))
    ears["admins"] = await listen(admin, *await channels(admin))
    ids = await tickets_in(people, source, 60)
    customer = await people.database.run("select customer_id from public.tickets where id = %s", [ids[0]])
    assert customer
    for ear in ears.values():
        await heard(ear)
    await people.database.run(
        """create table public.fired (op text);
           create function public.count_fired() returns trigger language plpgsql security definer as
             'begin insert into public.fired values (tg_op); return null; end';
           create trigger zz after insert or update or delete on public.tickets
             for each statement execute function public.count_fired()"""
    )
    try:
        answer = await reassign(admin, ids, source, target)
        assert await people.database.run("select op from public.fired") == [("UPDATE",)]
    finally:
        await people.database.run("drop table public.fired; drop function public.count_fired() cascade")
    assert len(answer["moved"]) == 60
    told = {name: await heard(ear) for name, ear in ears.items()}
    assert {name: len(notes) for name, notes in told.items()} == {"from": 1, "to": 1, "elsewhere": 0, "admins": 1}
    assert all(set(json.loads(payload)) == set(map(str, ids)) for notes in told.values() for _, payload in notes)
    events = await people.database.run(
        "select ticket_id, kind, actor_id, old_value, new_value from public.ticket_events where ticket_id = any(%s)",
        [ids],
    )
    assert Counter(event[0] for event in events) == dict.fromkeys(ids, 1)
    assert {event[1:] for event in events} == {("department", ann.id, str(source), str(target))}
    assert await held_by(people, ids) == [(target, None)] * 60


async def test_reassign_lets_go_of_agents_of_the_old_department_and_undo_gives_tickets_back_to_them(
    people: People,
) -> None:
    source, target = await departments(people)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    ada, bo, boss = [
        await new(people, "ada", "agent"),
        await new(people, "bo", "agent"),
        await new(people, "boss", "admin"),
    ]
    await join(people, ada, source)
    await join(people, bo, target)
    ids = [(await tickets_in(people, source, 1, holder))[0] for holder in (ada, bo, boss, None)]
    answer = await reassign(admin, ids, source, target)
    assert answer["dropped"] == 1
    assert await held_by(people, ids) == [(target, None), (target, bo.id), (target, boss.id), (target, None)]
    back = await undo(admin, None)
    assert (back["of"], back["others"], len(back["restored"])) == (answer["act"], [], 4)
    assert await held_by(people, ids) == [(source, ada.id), (source, bo.id), (source, boss.id), (source, None)]
    # Taken back, and that taken back in turn.
    again = await undo(admin, back["act"])
    assert len(again["restored"]) == 4
    assert await held_by(people, ids) == [(target, None), (target, bo.id), (target, boss.id), (target, None)]


async def test_undo_puts_back_exactly_what_nobody_changed_since_and_names_the_others(people: People) -> None:
    source, target = await departments(people)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    bo = await join(people, await new(people, "bo", "agent"), target)
    ids = await tickets_in(people, source, 6)
    answer = await reassign(admin, ids, source, target)
    agent = await people.connect_as(bo)
    await agent.execute("update public.tickets set priority = 'urgent' where id = %s", [ids[0]])
    await agent.execute("select helpdesk.assign(array[%s], %s)", [ids[1], bo.id])
    await agent.execute("update public.tickets set status = 'closed' where id = %s", [ids[2]])
    await people.database.run("delete from public.tickets where id = %s", [ids[3]])
    # A customer's words are no change.
    customer = (await people.database.run("select customer_id from public.tickets where id = %s", [ids[4]]))[0][0]
    await people.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'Hello?')",
        [ids[4], customer],
    )
    back = await undo(admin, answer["act"])
    assert {each["id"]: each["why"] for each in back["others"]} == {
        **{str(ticket): "was changed since" for ticket in ids[:3]},
        str(ids[3]): "is no longer there",
    }
    assert len(back["restored"]) == 2
    left = [ids[index] for index in (0, 1, 2, 4, 5)]
    assert [row[0] for row in await held_by(people, left)] == [target, target, target, source, source]
    with pytest.raises(psycopg.Error, match="taken back already") as refused:
        await undo(admin, answer["act"])
    assert refused.value.sqlstate == "HD002"


async def test_act_sent_again_after_a_lost_answer_is_done_once_and_answers_the_same(people: People) -> None:
    source, target = await departments(people)
    ann, bob = await new(people, "ann", "admin"), await new(people, "bob", "admin")
    admin = await people.connect_as(ann)
    ids, act = await tickets_in(people, source, 3), uuid4()
    first = await reassign(admin, ids, source, target, act)
    assert await reassign(admin, ids, source, target, act) == first
    events = await people.database.run("select id from public.ticket_events where ticket_id = any(%s)", [ids])
    assert len(events) == 3
    with pytest.raises(psycopg.Error, match="taken by another act"):
        await reassign(await people.connect_as(bob), ids, source, target, act)
    # Another admin takes it back by its number, though it is not theirs.
    assert len((await undo(await people.connect_as(bob), first["act"]))["restored"]) == 3


async def test_tickets_that_left_meanwhile_or_are_of_another_department_stay(people: People) -> None:
    source, target = await departments(people)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    elsewhere = await ticket_of(people, await new(people, "cora"), "Elsewhere")
    answer = await reassign(admin, [elsewhere, uuid4()], source, target)
    assert (answer["act"], answer["moved"]) == (None, [])
    with pytest.raises(psycopg.Error) as refused:
        await reassign(admin, [elsewhere], source, uuid4())
    assert refused.value.sqlstate == "HD004"


# -- people -----------------------------------------------------------------------------------------------------------


async def test_move_says_what_is_lost_hands_over_and_is_undone_in_one_piece(people: People) -> None:
    source, target = await departments(people)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    ada = await join(people, await new(people, "ada", "agent"), source)
    bea = await join(people, await new(people, "bea", "agent"), source)
    await tickets_in(people, source, 4)
    held = await tickets_in(people, source, 2, ada)
    (there,) = await tickets_in(people, target, 1, ada)
    wanted = json.dumps({"department": str(target)})
    foreseen = await (await admin.execute("select * from helpdesk.foresee(%s, %s)", [ada.id, wanted])).fetchone()
    assert foreseen == (4, 2)
    answer = await one(
        admin, "select helpdesk.change_person(%s, %s, %s, 'hand over', %s)", [uuid4(), ada.id, wanted, bea.id]
    )
    assert (answer["loses"], answer["held"], len(answer["handed"])) == (4, 2, 2)
    assert await held_by(people, [*held, there]) == [(source, bea.id), (source, bea.id), (target, ada.id)]
    back = await undo(admin, None)
    assert back["person"]["done"]
    assert await held_by(people, [*held, there]) == [(source, ada.id), (source, ada.id), (target, ada.id)]
    rows = await people.database.run("select department_id from public.profiles where id = %s", [ada.id])
    assert rows == [(source,)]
    kept = await one(admin, "select helpdesk.change_person(%s, %s, %s, 'keep', null)", [uuid4(), ada.id, wanted])
    assert (kept["held"], kept["handed"]) == (2, [])
    assert await held_by(people, held) == [(source, ada.id)] * 2
    # Handed over afterwards; then the person is moved by somebody else, and stays where they are.
    later = await one(admin, "select helpdesk.change_person(%s, %s, '{}', 'hand over', null)", [uuid4(), ada.id])
    assert len(later["handed"]) == 2
    await join(people, ada, source)
    undone = await undo(admin, kept["act"])
    assert (undone["person"]["done"], undone["person"]["why"]) == (False, "was changed since")


async def test_leaving_the_team_is_undone_with_closed_tickets_too(people: People) -> None:
    source, _ = await departments(people)
    admin = await people.connect_as(await new(people, "ann", "admin"))
    ada = await join(people, await new(people, "ada", "agent"), source)
    held = await tickets_in(people, source, 2, ada)
    await people.database.run("update public.tickets set status = 'closed' where id = %s", [held[1]])
    wanted = json.dumps({"role": "customer", "department": None})
    await admin.execute("select helpdesk.change_person(%s, %s, %s, 'keep', null)", [uuid4(), ada.id, wanted])
    assert await held_by(people, held) == [(source, None)] * 2
    await undo(admin, None)
    assert await held_by(people, held) == [(source, ada.id)] * 2


@pytest.mark.parametrize(("role", "why"), [("agent", "HD003"), ("customer", "HD003")])
async def test_only_admins_act_and_undo(people: People, role: str, why: str) -> None:
    source, target = await departments(people)
    ann = await new(people, "ann", "admin")
    admin = await people.connect_as(ann)
    ids = await tickets_in(people, source, 1)
    act = await reassign(admin, ids, source, target)
    other = await people.connect_as(await join(people, await new(people, "eve", role), target))
    # Whoever did it and is no admin any more takes nothing back either: rights are those of this moment.
    await new(people, "zoe", "admin")
    await people.database.run("update public.profiles set role = %s where id = %s", [role, ann.id])
    for connection in (other, admin):
        for statement, parameters in (
            ("select helpdesk.undo(gen_random_uuid(), %s)", [act["act"]]),
            ("select helpdesk.undo(gen_random_uuid(), null)", []),
            ("select helpdesk.reassign(gen_random_uuid(), %s, %s, %s, '')", [ids, target, source]),
            ("select helpdesk.change_person(gen_random_uuid(), %s, '{\"role\": \"admin\"}', 'keep', null)", [ann.id]),
            ("select helpdesk.foresee(%s, '{}')", [ann.id]),
            ("select helpdesk.acts(10)", []),
            ("select helpdesk.people('', null, null, null, 0, 10)", []),
            ("select helpdesk.structure('tags')", []),
            ("select helpdesk.set_default_department(%s)", [source]),
            ("select helpdesk.merge_tags(%s, %s)", [uuid4(), uuid4()]),
            ("select helpdesk.two_factors()", []),
            ("select helpdesk.demand_two_factors(false)", []),
        ):
            with pytest.raises(psycopg.Error) as refused:
                await connection.execute(statement.encode(), parameters or None)
            assert refused.value.sqlstate == why, statement
        for statement in (
            "select * from private.acts",
            "select private.first_admin('eve@desk.test')",
            "select private.forget_factors('eve@desk.test')",
            "select private.put_person(gen_random_uuid(), 'admin', null, true)",
            "select private.end_sessions(gen_random_uuid())",
            "select private.welcome_first_admin(gen_random_uuid())",
            "update public.profiles set deactivated_at = null",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
    assert (await held_by(people, ids)) == [(target, None)]


# -- what there is to choose from -------------------------------------------------------------------------------------


async def test_people_are_searched_by_every_word_in_pages(people: People) -> None:
    admin = await people.connect_as(await new(people, "ann", "admin"))
    mark = uuid4().hex[:8]
    for number in range(5):
        await people.add(f"p{number}-{mark}@desk.test", f"Näme_{number} {mark}")
    look = "select full_name, everybody from helpdesk.people(%s, %s, null, true, %s, %s)"

    async def found(*parameters: Any) -> list[tuple[Any, ...]]:
        return await (await admin.execute(look.encode(), parameters)).fetchall()

    assert await found(f"{mark} näme_", None, 1, 2) == [(f"Näme_1 {mark}", 5), (f"Näme_2 {mark}", 5)]
    assert await found(f"P3-{mark}@", "customer", 0, 10) == [(f"Näme_3 {mark}", 1)]
    assert await found(mark, "staff", 0, 10) == []
    assert await found("%", "customer", 0, 10) == []


async def test_default_department_moves_and_tags_merge(people: People) -> None:
    admin = await people.connect_as(await new(people, "ann", "admin"))
    other = await people.department("Other default")
    before = await one(admin, "select id from public.departments where is_default", [])
    await admin.execute("select helpdesk.set_default_department(%s)", [other])
    assert await one(admin, "select array_agg(id) from public.departments where is_default", []) == [other]
    await admin.execute("select helpdesk.set_default_department(%s)", [before])

    source, _ = await departments(people)
    first, second = await tickets_in(people, source, 2)
    tags = [
        await one(admin, "insert into public.ticket_tags (name) values (%s) returning id", [str(uuid4())])
        for _ in range(2)
    ]
    for ticket, tag in ((first, tags[0]), (second, tags[0]), (second, tags[1])):
        await admin.execute("insert into public.ticket_tag_relations values (%s, %s)", [ticket, tag])
    assert await one(admin, "select helpdesk.merge_tags(%s, %s)", tags) == 2
    left = await people.database.run(
        "select ticket_id, tag_id from public.ticket_tag_relations where tag_id = any(%s)", [tags]
    )
    assert set(left) == {(first, tags[1]), (second, tags[1])}
    look = "select tickets from helpdesk.structure('tags') where id = %s"
    assert await one(admin, look, [tags[1]]) == 2
