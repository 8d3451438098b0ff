"""Merging a ticket into another of its requester, taking that back exactly, and splitting one."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.noticing import inbox, say, ticket_of
from tests.db.signed_in import new
from tests.world import Connection, People, Person

Row = tuple[Any, ...]


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


async def rows(connection: Connection, sql: str, *parameters: Any) -> list[Row]:
    """What a statement answers."""
    return await (await connection.execute(sql.encode(), parameters)).fetchall()


async def said(connection: Connection, ticket: UUID) -> list[str]:
    """What the person reads in the thread, the notes about merges by their first line."""
    return [
        row[0].split("\n")[0] for row in await rows(connection, "select content from helpdesk.messages(%s)", ticket)
    ]


async def more(connection: Connection, ticket: UUID) -> dict[str, Any]:
    """What the person is told of the ticket besides."""
    ((told,),) = await rows(connection, "select more from helpdesk.ticket(%s)", ticket)
    assert isinstance(told, dict)
    return told


async def merge(connection: Connection, ids: list[UUID], target: UUID, act: UUID | None = None) -> list[Row]:
    """Merges; what became of each, in the order asked."""
    answers = await rows(
        connection, "select id, done, why from helpdesk.merge(%s, %s, %s, 'merged')", act or uuid4(), ids, target
    )
    return [next(row[1:] for row in answers if row[0] == ticket) for ticket in ids]


async def number(people: People, ticket: UUID) -> int:
    ((found,),) = await people.database.run("select number from public.tickets where id = %s", [ticket])
    assert isinstance(found, int)
    return found


async def everything(people: People, *tickets: UUID) -> str:
    """All that the tickets hold, but for their history and the times of their last change."""
    kept = {
        "public.tickets": ("x.id", "updated_at,waiting_since"),
        "public.ticket_messages": ("x.ticket_id", ""),
        "public.ticket_attachments": ("x.ticket_id", ""),
        "public.ticket_tag_relations": ("x.ticket_id", ""),
        "private.followers": ("x.ticket_id", "since"),
        "private.links": ("x.ticket_id", "made_at"),
    }
    one = "(select jsonb_agg(to_jsonb(x) - '{{{}}}'::text[] order by to_jsonb(x)) from {} x where {} = any(%(ids)s))"
    parts = ", ".join(one.format(but, table, column) for table, (column, but) in kept.items())
    found = await people.database.run(f"select jsonb_build_array({parts})", {"ids": list(tickets)})  # type: ignore[arg-type]
    return json.dumps(found[0][0], sort_keys=True)


async def refused(connection: Connection, sql: str, *parameters: Any) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        await connection.execute(sql.encode(), parameters)
    return caught.value


class Two:
    """Two tickets of one requester with something in each, and who works on them."""

    async def make(self, people: People) -> Two:
        self.people = people
        self.cora = await new(people, "cora")
        self.ada = await new(people, "ada", "agent", "Support")
        self.bo = await new(people, "bo", "agent", "Billing")
        self.team = await people.connect_as(self.ada)
        self.requester = await people.connect_as(self.cora)
        self.other = await people.connect_as(self.bo)
        self.old = await ticket_of(people, self.cora, "Old", description="it burns\n> quoted", status="pending")
        self.kept = await ticket_of(people, self.cora, "Kept", assignee_id=self.ada.id)
        await say(self.requester, self.old, "old one")
        await say(self.team, self.old, "old note", note=True)
        await say(self.requester, self.kept, "kept one")
        await people.database.run(
            """with f as (insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)
                 select ticket_id, id, 'a.txt', encode(sha256('x'), 'hex'), 'x' from public.ticket_messages
                  where content = 'old one' and ticket_id = %(old)s),
               g as (insert into public.ticket_tags (name) select unnest(array[%(one)s, %(two)s]) returning id),
               h as (insert into public.ticket_tag_relations select %(old)s, id from g)
               insert into private.followers (ticket_id, person) values (%(old)s, %(ada)s)""",
            {"old": self.old, "ada": self.ada.id, "one": f"a{uuid4()}", "two": f"b{uuid4()}"},  # type: ignore[arg-type]
        )
        return self


async def test_merged_ticket_gives_all_it_has_to_the_other_and_gets_exactly_it_back(people: People) -> None:
    two = await Two().make(people)
    old, kept = await number(people, two.old), await number(people, two.kept)
    before, told = await everything(people, two.old, two.kept), await inbox(people, two.cora)
    act = uuid4()
    assert await merge(two.team, [two.old], two.kept, act) == [(True, None)]
    assert await merge(two.team, [two.old], two.kept, act) == [(True, None)]  # an answer was lost
    assert await said(two.team, two.kept) == ["old one", "old note", "kept one", f"#{old} was merged in here:"]
    assert await said(two.team, two.old) == []
    assert (await rows(two.team, "select content from helpdesk.messages(%s)", two.kept))[-1][0].endswith(
        "> **Old**\n> \n> it burns\n> > quoted"
    )
    assert await rows(two.team, "select status::text from public.tickets where id = %s", two.old) == [("closed",)]
    assert (await more(two.team, two.old))["merged_into"] == [str(two.kept), kept]
    assert (await more(two.team, two.kept))["merged"] == [[str(two.old), old]]
    assert (await more(two.team, two.kept))["following"] is True
    ((tags, files),) = await rows(two.team, "select tags, files from helpdesk.ticket(%s)", two.kept)
    assert (len(tags), [file[2] for file in files]) == (2, ["a.txt"])
    # The requester reads on in the one, is told where it went, and of nothing else.
    assert await said(two.requester, two.kept) == ["old one", "kept one"]
    assert await more(two.requester, two.old) == {"merged_into": [str(two.kept), kept]}
    assert await more(two.requester, two.kept) == {}
    assert await inbox(people, two.cora) == told
    # What came after stays.
    await say(two.team, two.kept, "since then", note=True)
    ((taken_from,),) = await rows(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)
    assert taken_from == kept
    assert await said(two.team, two.kept) == ["kept one", "since then"]
    await people.database.run("delete from public.ticket_messages where content = 'since then'")
    assert await everything(people, two.old, two.kept) == before
    assert await inbox(people, two.cora) == told
    assert (await refused(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)).sqlstate == "HD002"


async def test_only_tickets_of_one_requester_are_merged_and_by_whoever_works_on_both(people: People) -> None:
    two = await Two().make(people)
    theirs = await ticket_of(people, await new(people, "otto"), "Otto's")
    billing = await ticket_of(people, two.cora, "Invoice", department_id=two.bo.department_id)
    own = await ticket_of(people, two.ada, "Ada's own")
    before = await everything(people, two.old, two.kept, theirs, billing, own)
    assert await merge(two.team, [theirs, billing, two.kept, own, uuid4()][:4], two.kept) == [
        (False, "it is another requester's: link it as a duplicate instead"),
        (False, "there is no such ticket"),
        (False, "it is the one that the others are merged into"),
        (False, "there is no such ticket"),
    ]
    statement = "select helpdesk.merge(gen_random_uuid(), array[%s]::uuid[], %s, '')"
    assert (await refused(two.team, statement, two.old, billing)).sqlstate == "HD004"
    assert (await refused(two.team, statement, two.old, uuid4())).sqlstate == "HD004"
    assert (await refused(two.other, statement, two.old, two.kept)).sqlstate == "HD004"
    assert (await refused(two.requester, statement, two.old, two.kept)).sqlstate == "HD003"
    assert await everything(people, two.old, two.kept, theirs, billing, own) == before

    assert await merge(two.team, [two.old], two.kept) == [(True, None)]
    assert await merge(two.team, [two.old], two.kept) == [(False, "it was merged already")]
    error = await refused(two.team, statement, two.kept, two.old)
    assert (error.sqlstate, error.diag.message_primary) == (
        "HD002",
        f"this ticket was merged into #{await number(people, two.kept)}",
    )
    # Whoever works on one of the two alone takes nothing back.
    await people.database.run(
        "update public.tickets set department_id = %s where id = %s", [two.bo.department_id, two.old]
    )
    assert (await refused(two.other, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)).sqlstate == "HD003"
    assert (await refused(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)).sqlstate == "HD004"
    assert (await refused(two.requester, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)).sqlstate == "HD003"
    # Nor is it told where the rest of it is.
    assert await more(two.other, two.old) == {"merged_into": [None, None]}
    assert (await more(two.team, two.kept)).get("merged") is None


async def test_merged_ticket_takes_no_more_from_the_team_and_sends_on_what_its_requester_writes(people: People) -> None:
    two = await Two().make(people)
    await merge(two.team, [two.old], two.kept)
    kept = await number(people, two.kept)
    write = "insert into public.ticket_messages (id, ticket_id, content, is_internal) values (%s, %s, %s, %s)"
    for note in (True, False):
        error = await refused(two.team, write, uuid4(), two.old, "too late", note)
        assert (error.sqlstate, error.diag.message_hint) == (
            "HD002",
            f"Go on in #{kept}, or take the merge back first.",
        )
    assert (await refused(two.other, write, uuid4(), two.old, "a stranger", False)).sqlstate == "HD004"
    assert (
        await refused(two.team, "update public.tickets set status = 'open' where id = %s", two.old)
    ).sqlstate == "HD002"
    assert (
        await refused(two.requester, "update public.tickets set status = 'open' where id = %s", two.old)
    ).sqlstate == "HD002"
    # With a file, and sent again after a lost answer.
    message, file = uuid4(), uuid4()
    for _ in range(2):
        async with two.requester.transaction():
            await two.requester.execute(
                f"{write} on conflict (id) do nothing".encode(), [message, two.old, "more", False]
            )
            await two.requester.execute(
                "insert into public.ticket_attachments (id, ticket_id, message_id, name, sha256, data) values"
                " (%s, %s, %s, 'b.txt', encode(sha256('y'), 'hex'), 'y') on conflict (id) do nothing",
                [file, two.old, message],
            )
    assert (await said(two.requester, two.kept))[-1] == "more"
    assert await people.database.run(
        "select ticket_id, (select f.ticket_id from public.ticket_attachments f where f.id = %s)"
        " from public.ticket_messages where id = %s",
        [file, message],
    ) == [(two.kept, two.kept)]
    ((kind, *_),) = await inbox(people, two.ada)
    assert kind in {"reply", "assigned"}
    # What the team sent before, and sends again now, is there already.
    ((sent,),) = await people.database.run(
        "select id from public.ticket_messages where content = 'old note' and ticket_id = %s", [two.kept]
    )
    await two.team.execute(f"{write} on conflict (id) do nothing".encode(), [sent, two.old, "old note", True])
    # Nobody writes as the requester by the detour.
    forged = "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'forged')"
    assert (await refused(two.team, forged, two.old, two.cora.id)).sqlstate == "HD002"
    assert (await refused(two.other, forged, two.old, two.cora.id)).sqlstate == "HD004"


async def test_reply_is_refused_over_what_was_merged_in_unseen_however_old_it_is(people: People) -> None:
    two = await Two().make(people)
    colleague = await people.connect_as(await new(people, "cleo", "agent", "Support"))
    ((newest,),) = await rows(colleague, "select id from helpdesk.messages(%s)", two.kept)
    await merge(two.team, [two.old], two.kept)
    reply = "insert into public.ticket_messages (ticket_id, content, after_id) values (%s, 'here you are', %s)"
    error = await refused(colleague, reply, two.kept, newest)
    assert error.sqlstate == "HD001"
    ((seen,),) = (await rows(colleague, "select id from helpdesk.messages(%s)", two.kept))[-1:]
    await colleague.execute(reply.encode(), [two.kept, seen])
    # And over what a merge took away nobody is told anything stale: the thread is read anew.
    await rows(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)
    assert (await refused(colleague, reply, two.kept, seen)).sqlstate == "HD001"


async def test_chains_of_merges_come_apart_in_any_order(people: People) -> None:
    two = await Two().make(people)
    third = await ticket_of(people, two.cora, "Third")
    for order in ((two.old, two.kept), (two.kept, two.old)):
        before = await everything(people, two.old, two.kept, third)
        await merge(two.team, [two.old], two.kept)
        await merge(two.team, [two.kept], third)
        assert {"old one", "old note", "kept one"} < set(await said(two.team, third))
        for each in order:
            await rows(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", each)
        assert await everything(people, two.old, two.kept, third) == before


async def test_message_and_those_after_it_are_split_off_for_the_same_requester(people: People) -> None:
    two = await Two().make(people)
    await say(two.requester, two.old, "another thing")
    await say(two.team, two.old, "an answer")
    ((_, another, _),) = [
        tuple(row[0] for row in await rows(two.team, "select id from helpdesk.messages(%s) offset 1", two.old))
    ]
    told, act, made, split_off = await inbox(people, two.cora), uuid4(), uuid4(), 0
    split = "select helpdesk.split(%s, %s, %s, %s, %s, %s)"
    for _ in range(2):
        ((split_off,),) = await rows(two.team, split, act, two.old, another, True, made, "Another thing")
    assert split_off == await number(people, made)
    assert await said(two.requester, made) == ["another thing", "an answer"]
    assert await said(two.team, two.old) == ["old one", "old note"]
    ((title, requester, first),) = await rows(
        two.team, "select title, customer_id, first_response_at is not null from public.tickets where id = %s", made
    )
    assert (title, requester, first) == ("Another thing", two.cora.id, True)
    assert [link[:3] for link in (await more(two.team, made))["links"]] == [
        ["split from", str(two.old), await number(people, two.old)]
    ]
    assert [link[:2] for link in (await more(two.team, two.old))["links"]] == [["split into", str(made)]]
    assert await more(two.requester, made) == {}
    assert await inbox(people, two.cora) == told
    # One message alone.
    ((note,),) = await rows(two.team, "select id from helpdesk.messages(%s) where is_internal", two.old)
    await rows(two.team, split, uuid4(), two.old, note, False, uuid4(), "")
    assert await said(two.team, two.old) == ["old one"]
    foreign = await ticket_of(people, two.cora, "Invoice", department_id=two.bo.department_id)
    await say(two.other, foreign, "there")
    ((hidden,),) = await people.database.run("select id from public.ticket_messages where content = 'there'")
    for connection, ticket, message, code in (
        (two.team, foreign, hidden, "HD004"),
        (two.team, two.kept, hidden, "HD004"),
        (two.other, two.old, another, "HD004"),
        (two.requester, two.old, another, "HD003"),
    ):
        assert (await refused(connection, split, uuid4(), ticket, message, True, uuid4(), "t")).sqlstate == code
    assert (await refused(two.team, split, uuid4(), two.kept, another, True, two.old, "t")).sqlstate == "HD004"


async def undo(people: People, person: Person, act: UUID) -> dict[str, Any]:
    """Takes an act back."""
    connection = await people.connect_as(person)
    ((answer,),) = await rows(connection, "select helpdesk.undo_act(%s, %s, false)", act, uuid4())
    assert isinstance(answer, dict)
    return answer


async def test_merge_and_split_are_taken_back_with_undo_like_any_act(people: People) -> None:
    two = await Two().make(people)
    third = await ticket_of(people, two.cora, "Third")
    before = await everything(people, two.old, two.kept, third)
    act = uuid4()
    await merge(two.team, [two.old, third], two.kept, act)
    old, last = await number(people, two.old), await number(people, third)
    await rows(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", third)
    answer = await undo(people, two.ada, act)
    assert (answer["undone"], answer["refused"]) == (
        [old],
        [{"number": last, "why": "the merge was taken back already"}],
    )
    assert await everything(people, two.old, two.kept, third) == before

    ((message,),) = await people.database.run(
        "select id from public.ticket_messages where ticket_id = %s and content = 'old one'", [two.old]
    )
    split = "select helpdesk.split(%s, %s, %s, true, %s, 'New')"
    act, made = uuid4(), uuid4()
    await rows(two.team, split, act, two.old, message, made)
    assert (await undo(people, two.ada, act))["undone"] == [old]
    assert await everything(people, two.old, two.kept, third, made) == before
    # What has moved on is not removed.
    act, made = uuid4(), uuid4()
    ((split_off,),) = await rows(two.team, split, act, two.old, message, made)
    await say(two.requester, made, "thanks")
    assert (await undo(people, two.ada, act))["refused"] == [
        {"number": old, "why": f"#{split_off} has moved on since: merge it in instead"}
    ]
    assert await said(two.requester, made) == ["old one", "thanks"]
    # Nobody takes another's act back.
    with pytest.raises(psycopg.Error) as caught:
        await undo(people, two.bo, act)
    assert caught.value.sqlstate == "HD004"


async def taken_apart(two: Two, ticket: UUID) -> UUID:
    """Takes a merge apart by hand; the act."""
    act = uuid4()
    for _ in range(2):  # an answer was lost
        assert len(await rows(two.team, "select helpdesk.unmerge(%s, %s)", act, ticket)) == 1
    return act


async def test_merge_that_was_taken_apart_by_hand_is_merged_again(people: People) -> None:
    two = await Two().make(people)
    old, merging = await number(people, two.old), uuid4()
    apart = await everything(people, two.old, two.kept)
    await merge(two.team, [two.old], two.kept, merging)
    told = await inbox(people, two.cora)
    act = await taken_apart(two, two.old)
    assert await everything(people, two.old, two.kept) == apart
    # A colleague reads what is there now, and answers nobody over what comes back.
    colleague = await people.connect_as(await new(people, "cleo", "agent", "Support"))
    ((newest,),) = (await rows(colleague, "select id from helpdesk.messages(%s)", two.kept))[-1:]
    assert (await undo(people, two.ada, act))["undone"] == [old]
    assert await said(two.team, two.kept) == ["old one", "old note", "kept one", f"#{old} was merged in here:"]
    assert await rows(two.team, "select status::text from public.tickets where id = %s", two.old) == [("closed",)]
    reply = "insert into public.ticket_messages (ticket_id, content, after_id) values (%s, 'here you are', %s)"
    assert (await refused(colleague, reply, two.kept, newest)).sqlstate == "HD001"
    assert await inbox(people, two.cora) == told
    # It is the merge that it was: taking that back takes it back, and its history tells all of it.
    assert (await undo(people, two.ada, merging))["undone"] == [old]
    assert await everything(people, two.old, two.kept) == apart
    told_kinds = [row[0] for row in await rows(two.team, "select kind from helpdesk.history(%s)", two.old)]
    assert [kind for kind in told_kinds if "merged" in kind] == ["merged", "unmerged"] * 2


async def test_what_came_since_of_a_merge_taken_apart_is_told_and_asked_about(people: People) -> None:
    two = await Two().make(people)
    old = await number(people, two.old)
    await merge(two.team, [two.old], two.kept)
    act = await taken_apart(two, two.old)
    await say(two.requester, two.old, "one more thing")
    line = {"id": str(two.old), "number": old}
    answer = await undo(people, two.ada, act)
    assert (answer["undone"], answer["refused"]) == ([], [])
    assert answer["changed"] == [line | {"field": "thread", "is_now": "a message more", "by": "Cora"}]
    await two.team.execute("update public.tickets set status = 'pending' where id = %s", [two.old])
    act = await again(people, act)
    answer = await undo(people, two.ada, act)
    assert answer["changed"] == [line | {"field": "status", "is_now": "pending", "by": "Ada"}]
    assert "one more thing" not in await said(two.team, two.kept)
    ((forced,),) = await rows(
        await people.connect_as(two.ada), "select helpdesk.undo_act(%s, gen_random_uuid(), true)", act
    )
    assert forced["undone"] == [old]
    assert "one more thing" in await said(two.team, two.kept)


async def again(people: People, act: UUID) -> UUID:
    """As if the act had not been taken back."""
    await people.database.run("update private.ticket_acts set undone_by = null where id = %s", [act])
    return act


async def test_merging_again_is_refused_where_merging_is(people: People) -> None:
    two = await Two().make(people)
    third = await ticket_of(people, two.cora, "Third")
    old, billing = await number(people, two.old), two.bo.department_id
    await merge(two.team, [two.old], two.kept)
    act = await taken_apart(two, two.old)

    async def why() -> str:
        answer = await undo(people, two.ada, await again(people, act))
        assert (answer["undone"], answer["changed"]) == ([], [])
        ((line,),) = [answer["refused"]]
        assert line["number"] == old
        return str(line["why"])

    # Merged into another one since, and so is what it was merged into.
    await merge(two.team, [two.old], third)
    assert await why() == "it was merged since"
    await taken_apart(two, two.old)
    await merge(two.team, [two.kept], two.old)
    assert await why() == "it was merged since"
    await taken_apart(two, two.kept)
    # Where one of them is out of sight, or the one that holds it all by now, nothing is told of it.
    move = "update public.tickets set department_id = %s where id = %s"
    for ticket in (two.old, third):
        if ticket == third:
            await merge(two.team, [two.kept], third)
        await people.database.run(move, [billing, ticket])
        assert await why() == "there is no such ticket"
        await people.database.run(move, [two.ada.department_id, ticket])
    await people.database.run("update public.tickets set customer_id = %s where id = %s",
                              [(await new(people, "otto")).id, two.old])  # fmt: skip
    assert await why() == "it is another requester's by now"
    await people.database.run("update public.tickets set customer_id = %s where id = %s", [two.cora.id, two.old])
    # Into what the other one was merged into since, and out of there again.
    before = await everything(people, two.old, two.kept, third)
    undoing = uuid4()
    await rows(two.team, "select helpdesk.undo_act(%s, %s, false)", await again(people, act), undoing)
    assert {"old one", "kept one"} < set(await said(two.team, third))
    assert (await undo(people, two.ada, undoing))["undone"] == [old]
    assert await everything(people, two.old, two.kept, third) == before
    with pytest.raises(psycopg.Error) as caught:
        await undo(people, two.bo, act)
    assert caught.value.sqlstate == "HD004"


async def test_merge_is_told_to_each_audience_once(people: People) -> None:
    two = await Two().make(people)
    listener = await people.database.connect()
    channels = await people.database.run(
        "select a, private.channel(a) from unnest(array['admins', %s, %s, %s]) a",
        [f"department:{two.ada.department_id}", f"person:{two.cora.id}", f"person:{two.ada.id}"],
    )
    for _, channel in channels:
        await listener.execute(f'listen "{channel}"'.encode())
    await listener.commit()
    await merge(two.team, [two.old], two.kept)
    await rows(two.team, "select helpdesk.unmerge(gen_random_uuid(), %s)", two.old)
    names = {channel: audience for audience, channel in channels}
    notes = [note async for note in listener.notifies(timeout=1.0) if note.payload.startswith("[")]
    heard = sorted((names[note.channel], sorted(json.loads(note.payload))) for note in notes)
    both = sorted(map(str, (two.old, two.kept)))
    # Ada is the assignee of one of them.
    told = [(audience, [str(two.kept)] if str(two.ada.id) in audience else both) for audience in names.values()]
    assert heard == sorted(told * 2)
    await listener.close()
