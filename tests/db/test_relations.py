"""Followers and links: who may, who is told, and that nobody learns by them of a ticket that is not theirs to see."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.noticing import inbox, say, shown, ticket_of
from tests.db.signed_in import new
from tests.db.test_merging import more, number, refused, rows
from tests.world import Connection, People, Person


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def follow(connection: Connection, ticket: UUID, following: bool = True) -> bool:
    ((done,),) = await rows(
        connection, "select done from helpdesk.follow(gen_random_uuid(), array[%s]::uuid[], %s)", ticket, following
    )
    assert isinstance(done, bool)
    return done


async def follows(people: People, ticket: UUID) -> set[UUID]:
    return {
        row[0]
        for row in await people.database.run("select person from private.followers where ticket_id = %s", [ticket])
    }


async def kinds(people: People, person: Person) -> list[dict[str, int]]:
    return [line[3] for line in await inbox(people, person)]


async def test_follower_is_told_what_the_assignee_is_told_and_nothing_once_out_of_sight(people: People) -> None:
    cora = await new(people, "cora")
    ada, eva = await new(people, "ada", "agent", "Support"), await new(people, "eva", "agent", "Support")
    ticket = await ticket_of(people, cora, assignee_id=ada.id)
    requester, team, follower = (
        await people.connect_as(cora),
        await people.connect_as(ada),
        await people.connect_as(eva),
    )
    assert await follow(follower, ticket)
    assert await follow(follower, ticket)
    assert (await more(follower, ticket))["following"] is True
    assert "following" not in await more(team, ticket)
    await say(requester, ticket, "help")
    await say(team, ticket, "a note", note=True)
    await say(follower, ticket, "my own", note=True)
    assert await kinds(people, eva) == [{"reply": 1, "note": 1}]
    assert await kinds(people, ada) == [{"reply": 1, "note": 1}]
    assert await kinds(people, cora) == []

    await people.database.run("update public.tickets set due_date = now() + interval '1 hour' where id = %s", [ticket])
    assert await rows(follower, "select helpdesk.notice_due()") == [(1,)]
    assert await kinds(people, eva) == [{"reply": 1, "note": 1, "due": 1}]

    # Out of sight: neither what comes, nor what came, though they follow it still.
    billing = await people.department("Billing")
    await people.database.run("update public.tickets set department_id = %s where id = %s", [billing, ticket])
    await say(requester, ticket, "more")
    assert await kinds(people, eva) == [{"reply": 1, "note": 1, "due": 1}]
    assert await shown(follower) == []
    await people.database.run("update public.tickets set due_date = now() + interval '30 min' where id = %s", [ticket])
    assert await rows(follower, "select helpdesk.notice_due()") == [(0,)]
    assert await follow(follower, ticket, False) is False
    assert await follows(people, ticket) == set()


async def test_only_staff_who_see_all_of_a_ticket_follow_it(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    bo, ann = await new(people, "bo", "agent", "Billing"), await new(people, "ann", "admin")
    ticket, own = await ticket_of(people, cora), await ticket_of(people, ada)
    assert not await follow(await people.connect_as(bo), ticket)
    assert not await follow(await people.connect_as(ada), own), "of their own request nobody is told as staff"
    assert await follow(await people.connect_as(ann), ticket)
    error = await refused(
        await people.connect_as(cora),
        "select * from helpdesk.follow(gen_random_uuid(), array[%s]::uuid[], true)",
        ticket,
    )
    assert error.sqlstate == "HD003"
    assert (await follows(people, ticket), await follows(people, own)) == ({ann.id}, set())
    # Whoever becomes a customer, or is shut out, is told of nothing.
    await new(people, "another", "admin")
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [ann.id])
    await say(await people.connect_as(cora), ticket)
    assert await kinds(people, ann) == []


async def links(connection: Connection, ticket: UUID) -> list[list[Any]]:
    """Kind and number of each."""
    return [[link[0], link[2]] for link in (await more(connection, ticket)).get("links", [])]


async def test_link_is_seen_from_both_ends_by_whoever_works_on_both_and_by_nobody_else(people: People) -> None:
    cora, otto = await new(people, "cora"), await new(people, "otto")
    ada, bo = await new(people, "ada", "agent", "Support"), await new(people, "bo", "agent", "Billing")
    ann = await people.connect_as(await new(people, "ann", "admin"))
    one, other = await ticket_of(people, cora, "One"), await ticket_of(people, otto, "Other")
    foreign = await ticket_of(people, otto, "Secret", department_id=bo.department_id)
    n_one, n_other, n_foreign = [await number(people, each) for each in (one, other, foreign)]
    team, stranger, requester = await people.connect_as(ada), await people.connect_as(bo), await people.connect_as(cora)
    link = "select helpdesk.link(gen_random_uuid(), %s, %s, %s)"
    assert await rows(team, link, one, "duplicate of", other) == [(True,)]
    assert (await links(team, one), await links(team, other)) == (
        [["duplicate of", n_other]],
        [["duplicated by", n_one]],
    )
    # Between two there is one: said otherwise, it is another; said again, it is no news.
    assert await rows(team, link, other, "caused by", one) == [(True,)]
    assert await rows(team, link, other, "caused by", one) == [(False,)]
    assert (await links(team, one), await links(team, other)) == ([["cause of", n_other]], [["caused by", n_one]])
    await rows(ann, link, one, "related to", foreign)
    assert await links(ann, one) == [["cause of", n_other], ["related to", n_foreign]]
    assert await links(ann, foreign) == [["related to", n_one]]
    # Not even a count.
    assert await links(team, one) == [["cause of", n_other]]
    assert await more(stranger, foreign) == {}
    assert await more(requester, one) == {}

    for connection, here, there, code in (
        (team, one, foreign, "HD004"),
        (stranger, foreign, one, "HD004"),
        (stranger, one, other, "HD004"),
        (team, one, uuid4(), "HD004"),
        (team, one, one, "HD002"),
        (requester, one, other, "HD003"),
    ):
        assert (await refused(connection, link, here, "related to", there)).sqlstate == code
        if code != "HD002":
            assert (
                await refused(connection, "select helpdesk.unlink(gen_random_uuid(), %s, %s)", here, there)
            ).sqlstate == code
    assert (await refused(team, link, one, "like", other)).sqlstate == "HD002"
    await rows(team, "select helpdesk.unlink(gen_random_uuid(), %s, %s)", one, other)
    assert await links(team, one) == []
    assert await links(ann, one) == [["related to", n_foreign]]


async def test_nobody_writes_round_these_functions(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    for person in (cora, ada, await new(people, "ann", "admin")):
        connection = await people.connect_as(person)
        for table in ("followers", "links", "merges", "fields"):
            for sql in (f"select * from private.{table}", f"delete from private.{table}", f"truncate private.{table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(sql.encode())
        for call in (
            f"private.unmerge('{ticket}')",
            "private.undo_merge('[]')",
            "private.undo_split('[]')",
            "private.undo_follow('[]')",
            "private.undo_link('{}', true)",
            "private.merge_again('[]', true)",
            f"private.put_link('{ticket}', '{ticket}', '{{}}')",
            f"private.link_between('{ticket}', '{ticket}')",
            f"private.take_tickets(array['{ticket}']::uuid[])",
            f"private.links_of('{ticket}', null, null, null)",
            "private.fields_of('{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"select {call}".encode())


async def undo(connection: Connection, act: UUID, force: bool = False, undoing: UUID | None = None) -> dict[str, Any]:
    """What taking an act back answers."""
    ((answer,),) = await rows(connection, "select helpdesk.undo_act(%s, %s, %s)", act, undoing or uuid4(), force)
    assert isinstance(answer, dict)
    return answer


async def test_links_and_following_are_taken_back_and_done_again(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    team = await people.connect_as(ada)
    one, other = await ticket_of(people, cora, "One"), await ticket_of(people, cora, "Other")
    n_one, n_other = await number(people, one), await number(people, other)
    link = "select helpdesk.link(%s, %s, %s, %s)"
    linked, changed, gone, followed = uuid4(), uuid4(), uuid4(), uuid4()
    for _ in range(2):  # an answer was lost
        assert await rows(team, link, linked, one, "duplicate of", other) == [(True,)]
    await rows(team, link, changed, other, "caused by", one)
    for _ in range(2):
        await rows(team, "select helpdesk.unlink(%s, %s, %s)", gone, one, other)
    assert await links(team, one) == []
    for _ in range(2):
        assert (await rows(team, "select done from helpdesk.follow(%s, %s, true)", followed, [one, other])) == [
            (True,),
            (True,),
        ]
    listed = await rows(team, "select act, kind, words, numbers from helpdesk.my_acts(10)")
    assert listed == [
        (followed, "follow", "following 2 tickets", [n_one, n_other]),
        (gone, "unlink", f"#{n_one} not linked to #{n_other}", [n_one]),
        (changed, "link", f"#{n_other} caused by #{n_one}", [n_other]),
        (linked, "link", f"#{n_one} duplicate of #{n_other}", [n_one]),
    ]
    undoing = uuid4()
    for _ in range(2):
        assert (await undo(team, gone, undoing=undoing))["undone"] == [n_one]
    assert await links(team, one) == [["cause of", n_other]]
    assert (await undo(team, undoing))["undone"] == [n_one]  # done again
    assert await links(team, one) == []
    again = await undo(team, linked)
    assert (again["undone"], again["changed"]) == ([n_one], []), "there was none before it, and is none"
    assert (await undo(team, changed))["changed"] == [
        {"id": str(other), "number": n_other, "field": "link", "is_now": "none"}
    ]
    assert (await undo(team, changed, True))["undone"] == [n_other]
    assert await links(team, one) == [["duplicate of", n_other]]
    assert (await undo(team, followed))["undone"] == [n_one, n_other]
    assert await follows(people, one) == await follows(people, other) == set()
    # What changed nothing is no act.
    for nothing in ("select helpdesk.link(%s, %s, 'duplicate of', %s)",
                    "select from helpdesk.follow(%s, array[%s, %s]::uuid[], false)"):  # fmt: skip
        act = uuid4()
        await rows(team, nothing, act, one, other)
        assert (await refused(team, "select helpdesk.undo_act(%s, gen_random_uuid(), true)", act)).sqlstate == "HD004"


async def test_undoing_a_link_tells_nothing_of_a_ticket_that_is_out_of_sight(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ann = await people.connect_as(await new(people, "ann", "admin"))
    team, billing = await people.connect_as(ada), await people.department("Billing")
    one, other = await ticket_of(people, cora, "One"), await ticket_of(people, cora, "Secret")
    n_one, n_other = await number(people, one), await number(people, other)
    acts = {ticket: uuid4() for ticket in (one, other)}
    await rows(team, "select helpdesk.link(%s, %s, 'related to', %s)", acts[one], one, other)
    followed, dropped = uuid4(), uuid4()
    await rows(team, "select from helpdesk.follow(%s, array[%s]::uuid[], true)", followed, other)
    await people.database.run("update public.tickets set department_id = %s where id = %s", [billing, other])
    await rows(ann, "select helpdesk.link(%s, %s, 'caused by', %s)", uuid4(), other, one)
    for force in (False, True):
        answer = await undo(team, acts[one], force)
        told = {key: value for key, value in answer.items() if key != "words"}  # which are the person's own
        assert answer["refused"] == [{"number": n_one, "why": "there is no such other ticket"}]
        assert not answer["changed"]
        assert str(n_other) not in str(told).replace(str(answer["act"]), "").replace(str(answer["of"]), "")
        assert not {"Secret", str(other)} & set(str(told).split("'"))
        acts[one] = UUID(answer["of"])
        await people.database.run("update private.ticket_acts set undone_by = null where id = %s", [acts[one]])
    assert await links(ann, one) == [["cause of", n_other]], "nothing was done"
    # One's own following ends all the same, and is not begun again.
    await rows(team, "select from helpdesk.follow(%s, array[%s]::uuid[], false)", dropped, other)
    assert (await refused(team, "select helpdesk.undo_act(%s, gen_random_uuid(), true)", dropped)).sqlstate == "HD004"
    assert (await undo(team, followed))["undone"] == [n_other]
    assert await follows(people, other) == set()
    # Nobody else takes it back, whoever they are; nor does whoever is of the team no more.
    taking = "select helpdesk.undo_act(%s, gen_random_uuid(), true)"
    for stranger in (
        ann,
        await people.connect_as(cora),
        await people.connect_as(await new(people, "bo", "agent", "Billing")),
    ):
        assert (await refused(stranger, taking, acts[one])).sqlstate == "HD004"
    await people.database.run("update public.tickets set department_id = %s where id = %s", [ada.department_id, other])
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [ada.id])
    assert (await refused(team, taking, acts[one])).sqlstate == "HD003"
    await people.database.run("update public.profiles set role = 'agent' where id = %s", [ada.id])
    assert (await undo(team, acts[one], True))["undone"] == [n_one]
    assert await links(ann, one) == []
