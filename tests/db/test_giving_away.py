"""assign() and move(): who may give a ticket away, take it back, and what both answer."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.db.signed_in import new, sees, ticket_of
from tests.world import Connection, People

ASSIGN, MOVE = "helpdesk.assign(%s, %s)", "helpdesk.move(%s, %s)"


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def act(connection: Connection, what: str, tickets: list[UUID], target: UUID | None) -> list[bool]:
    """Whether it was done, ticket by ticket."""
    cursor = await connection.execute(f"select id, done, why from {what}".encode(), [tickets, target])
    answers: dict[UUID, tuple[Any, ...]] = {row[0]: row[1:] for row in await cursor.fetchall()}
    assert set(answers) == set(tickets)
    assert all((why is None) == done and why in {None, "there is no such ticket"} for done, why in answers.values())
    return [answers[ticket][0] for ticket in tickets]


async def holder(people: People, ticket: UUID) -> tuple[Any, ...]:
    """The ticket's assignee and department."""
    rows = await people.database.run("select assignee_id, department_id from public.tickets where id = %s", [ticket])
    return rows[0]


async def test_those_who_work_on_a_ticket_give_it_away_and_each_is_told_what_became_of_it(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bo = await new(people, "bo", "agent", "Billing")
    own, foreign, none = await ticket_of(people, cora), await ticket_of(people, cora, "Billing"), uuid4()
    connection = await people.connect_as(ada)
    assert await act(connection, ASSIGN, [own, foreign, none], bo.id) == [True, False, False]
    assert await holder(people, own) == (bo.id, ada.department_id)
    assert await holder(people, foreign) == (None, bo.department_id)
    assert await sees(await people.connect_as(bo), own)


async def test_ticket_moved_away_is_out_of_sight_and_can_be_taken_back_for_an_hour(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(ada)
    assert ada.department_id
    assert bo.department_id
    await act(connection, ASSIGN, [ticket], ada.id)
    assert await act(connection, MOVE, [ticket], bo.department_id) == [True]
    # An agent of the old department does not go along.
    assert await holder(people, ticket) == (None, bo.department_id)
    assert not await sees(connection, ticket)
    third = await people.department("Third")
    assert await act(connection, MOVE, [ticket], third) == [False]
    assert await act(connection, MOVE, [ticket], ada.department_id) == [True]
    assert await sees(connection, ticket)

    await act(connection, MOVE, [ticket], bo.department_id)
    await people.database.run("update public.ticket_events set created_at = created_at - interval '61 minutes'")
    assert await act(connection, MOVE, [ticket], ada.department_id) == [False]


async def test_what_somebody_else_moved_on_is_not_taken_back(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"))
    first, second = await people.connect_as(ada), await people.connect_as(bo)
    assert ada.department_id
    assert bo.department_id
    third = await people.department("Third")
    await act(first, MOVE, [ticket], bo.department_id)
    await act(second, MOVE, [ticket], third)
    assert await act(first, MOVE, [ticket], ada.department_id) == [False]
    assert await act(second, MOVE, [ticket], bo.department_id) == [True]
    assert await act(first, MOVE, [ticket], ada.department_id) == [False]


async def test_what_somebody_else_gave_away_is_not_taken_back(people: People) -> None:
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    bo = await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"))
    giver, other = await people.connect_as(ada), await people.connect_as(bea)
    await act(giver, MOVE, [ticket], bo.department_id)
    assert await act(other, MOVE, [ticket], ada.department_id) == [False]
    assert await act(giver, MOVE, [ticket], ada.department_id) == [True]


async def test_ticket_of_another_department_given_away_can_be_taken_back(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"), "Billing")
    await people.database.run("update public.tickets set assignee_id = %s where id = %s", [ada.id, ticket])
    connection = await people.connect_as(ada)
    assert await act(connection, ASSIGN, [ticket], bo.id) == [True]
    assert not await sees(connection, ticket)
    assert await act(connection, ASSIGN, [ticket], None) == [False]
    assert await act(connection, ASSIGN, [ticket], ada.id) == [True]
    await act(connection, ASSIGN, [ticket], None)
    assert await act(connection, ASSIGN, [ticket], ada.id) == [True]


async def test_who_was_taken_off_the_team_takes_nothing_back(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(ada)
    assert bo.department_id
    await act(connection, MOVE, [ticket], bo.department_id)
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [ada.id])
    with pytest.raises(Exception, match="only agents and admins move tickets"):
        await act(connection, MOVE, [ticket], ada.department_id)


async def test_moving_a_ticket_to_where_it_is_changes_nothing(people: People) -> None:
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ticket = await ticket_of(people, await new(people, "cora"))
    connection = await people.connect_as(ada)
    await act(connection, ASSIGN, [ticket], bo.id)
    assert await act(connection, MOVE, [ticket], ada.department_id) == [True]
    assert await holder(people, ticket) == (bo.id, ada.department_id)


async def test_admin_keeps_a_ticket_that_moves_and_agents_of_the_new_department_too(people: People) -> None:
    ann, bo = await new(people, "ann", "admin"), await new(people, "bo", "agent", "Billing")
    connection = await people.connect_as(ann)
    for person in (ann, bo):
        ticket = await ticket_of(people, await new(people, "cora"))
        await act(connection, ASSIGN, [ticket], person.id)
        await act(connection, MOVE, [ticket], bo.department_id)
        assert await holder(people, ticket) == (person.id, bo.department_id)


async def test_two_acts_over_the_same_tickets_do_not_wait_for_each_other_crosswise(people: People) -> None:
    cora, ada, bea = (
        await new(people, "cora"),
        await new(people, "ada", "agent", "Support"),
        await new(people, "bea", "agent", "Support"),
    )
    tickets = [await ticket_of(people, cora) for _ in range(40)]
    connections = [await people.connect_as(person) for person in (ada, bea)]
    for _ in range(5):
        done = await asyncio.gather(
            act(connections[0], ASSIGN, tickets, ada.id), act(connections[1], ASSIGN, tickets[::-1], bea.id)
        )
        assert all(all(each) for each in done)
