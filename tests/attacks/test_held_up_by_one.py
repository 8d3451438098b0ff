"""One person's open transaction, and what everybody else does: nobody is held up in what is not that person's business.

Each of these was a hole once: SECURITY.md says what somebody can hold up, and it is that and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.attacks.test_acts_attacked import Desk
from tests.db.scene import scene
from tests.db.sessions import Sync
from tests.world import DeskDatabase

ACT = "select id, done, why from helpdesk.act(%s, %s, %s, 'x')"
PATIENT = (
    "helpdesk.act(uuid, uuid[], jsonb, text)",
    "helpdesk.send_each(uuid, jsonb, boolean, jsonb, text)",
    "private.lock_tickets(jsonb)",
)
BUSY = "somebody else is changing it just now; try again"


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """One for all, where nobody waits long for a lock."""
    made = Desk(scene(module_database))
    made.run(f"alter database {module_database.name} set deadlock_timeout = '500ms'")
    for function in PATIENT:
        made.run(f"alter function {function} set lock_timeout = '200ms'")
    made.ask("ada", "set lock_timeout = '500ms'")
    yield made
    made.close()


@contextmanager
def left_open(desk: Desk, who: str, statement: str, *parameters: Any) -> Iterator[Sync]:
    """While the block runs, this has been done in a transaction that goes on."""
    connection = desk.another(who)
    with connection.transaction(force_rollback=True):
        connection.execute(statement.encode(), parameters)
        yield connection


def until_it_waits(desk: Desk, thread: Thread) -> None:
    """Until somebody in this database waits for a lock, or the thread is done."""
    waits = b"select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with desk.another_owner() as connection:
        while thread.is_alive() and connection.execute(waits).fetchone() == (0,):
            thread.join(0.01)


def tickets_of_two(desk: Desk) -> tuple[UUID, UUID]:
    """One of Cora's, who holds up what she can, and one of Otto's; both are Ada's to work on."""
    return desk.ticket("cora's"), desk.ticket("otto's", customer_id=desk.ids["otto"])


def test_never_again_all_acts_wait_for_who_was_first_to_forget_old_ones(desk: Desk) -> None:
    """Every act removes what is thirty days old; a customer's was left open, and nobody could do anything any more."""
    coras, ottos = tickets_of_two(desk)
    old = (
        "insert into private.ticket_acts (id, actor_id, kind, words, before, answer, undoes, at)"
        " values (%s, %s, 'change', 'x', '[{}]', '{}', %s, now() - interval '31 days')"
    )
    taken_back, undoing = uuid4(), uuid4()
    for act, undoes in ((taken_back, None), (undoing, taken_back)):
        desk.run(old, act, desk.ids["cora"], undoes)
    # What is thirty days old is not taken back, though it is there still.
    assert desk.refused("cora", "select helpdesk.undo_act(%s, %s, false)", taken_back, uuid4())[:5] == "HD004"
    with left_open(desk, "cora", ACT, uuid4(), [coras], '{"status": "closed"}'):
        assert desk.ask("ada", ACT, uuid4(), [ottos], '{"priority": "high"}') == [(ottos, True, None)]
    # Nor by who holds one of two that know each other.
    there = "select id from private.ticket_acts where at < now() - interval '30 days'"
    with desk.another_owner() as holder, holder.transaction(force_rollback=True):
        holder.execute("select from private.ticket_acts where id = %s for update", [undoing])
        assert desk.ask("ada", ACT, uuid4(), [ottos], '{"priority": "low"}') == [(ottos, True, None)]
        assert desk.run(there) == [(undoing,)]
    desk.act("ada", [ottos], '{"priority": "high"}')
    assert desk.run(there) == []


def test_never_again_bulk_act_fails_for_a_requester_who_holds_a_line_of_their_inbox(desk: Desk) -> None:
    """Not the ticket, which is left out then, but what they are told of it."""
    coras, ottos = tickets_of_two(desk)
    for status in ("resolved", "open"):
        desk.act("ada", [coras, ottos], json.dumps({"status": status}))
    hold = "update public.notifications set read = true where ticket_id = %s"
    with left_open(desk, "cora", hold, coras):
        done = desk.ask("ada", ACT, uuid4(), [coras, ottos], '{"status": "resolved"}')
        assert sorted(done) == sorted([(coras, True, None), (ottos, True, None)])
    told = "select title from public.notifications where user_id = %s and ticket_id = %s"
    assert desk.run(told, desk.ids["otto"], ottos) == [("Solved: otto's",)]


@pytest.mark.parametrize("held", ["ticket", "line"])
def test_never_again_bulk_act_fails_for_a_requester_who_waits_for_it_crosswise(desk: Desk, held: str) -> None:
    """They hold one thing that it needs, and ask for another that it has: of two who do so, PostgreSQL ends one."""
    ((_, ottos), coras) = tickets_of_two(desk), sorted(desk.ticket() for _ in range(2))
    for function in PATIENT:
        desk.run(f"alter function {function} set lock_timeout = '30s'")
    ids = [*(coras if held == "ticket" else coras[1:]), ottos]
    desk.act("ada", ids, '{"status": "resolved"}')
    done: list[Any] = []
    act = Thread(target=lambda: done.append(desk.ask("ada", ACT, uuid4(), ids, '{"status": "closed"}')))
    touch = "update public.tickets set status = status where id = %s"
    hold = touch if held == "ticket" else "update public.notifications set read = true where ticket_id = %s"
    with left_open(desk, "cora", hold, coras[1]) as holding, suppress(psycopg.errors.DeadlockDetected):
        act.start()
        until_it_waits(desk, act)
        holding.execute(touch.encode(), ids[:1])
    act.join(30)
    for function in PATIENT:
        desk.run(f"alter function {function} set lock_timeout = '200ms'")
    assert (ottos, True, None) in done[0]


def test_bulk_reply_reaches_the_others_when_one_requester_holds_their_ticket(desk: Desk) -> None:
    coras, ottos = tickets_of_two(desk)
    messages = json.dumps([{"ticket": str(t), "message": str(uuid4()), "content": "x"} for t in (coras, ottos)])
    send = "select * from helpdesk.send_each(gen_random_uuid(), %s, false, '{}', 'x')"
    with left_open(desk, "cora", "update public.tickets set status = status where id = %s", coras):
        assert sorted(desk.ask("ada", send, messages)) == sorted([(coras, False, BUSY), (ottos, True, None)])
    # Sent again, what was sent is there once.
    assert sorted(desk.ask("ada", send, messages)) == sorted([(coras, True, None), (ottos, True, None)])
    assert desk.run("select count(*) from public.ticket_messages where ticket_id = any(%s)", [coras, ottos]) == [(2,)]


def test_following_many_waits_for_no_requester(desk: Desk) -> None:
    coras, ottos = tickets_of_two(desk)
    with left_open(desk, "cora", "update public.tickets set status = status where id = %s", coras):
        followed = desk.ask("ada", "select id, done from helpdesk.follow(gen_random_uuid(), %s, true)", [coras, ottos])
    assert sorted(followed) == sorted([(coras, True), (ottos, True)])


def test_agent_holds_up_no_promises_of_another_department(desk: Desk) -> None:
    """After an admin set a policy, whoever asked for their notices worked hundreds of tickets out, and held them."""
    ticket = desk.ticket(department="billing")
    desk.run("select private.put_sla_policy('p', '{\"first\": 10}')")
    with left_open(desk, "ada", "select helpdesk.notice_due()"):
        desk.act("bo", [ticket], '{"status": "resolved"}')
    desk.ask("ann", "select helpdesk.notice_due()")
    assert desk.run("select after_id from private.sla_refresh") == [(None,)]


@pytest.mark.parametrize("note", [True, False], ids=["note", "reply"])
def test_what_is_written_while_its_ticket_is_being_merged_is_not_left_behind(desk: Desk, note: bool) -> None:
    """It waited for the merge, and then stood in the ticket that nobody opens any more."""
    source, target = desk.ticket("source"), desk.ticket("target")
    write = "insert into public.ticket_messages (ticket_id, content, is_internal) values (%s, 'x', %s)"
    refused: list[str] = []
    late = Thread(target=lambda: refused.append(desk.refused("ada", write, source, note)))
    desk.ask("ada", "set lock_timeout = '30s'")
    with desk.another("ann").transaction() as merging:
        merging.connection.execute("select * from helpdesk.merge(%s, %s, %s, 'x')", [uuid4(), [source], target])
        late.start()
        until_it_waits(desk, late)
    late.join(30)
    number = desk.run("select number from public.tickets where id = %s", target)[0][0]
    assert refused == [f"HD002 this ticket was merged into #{number}"]
    assert desk.run("select from public.ticket_messages where ticket_id = %s", source) == []
