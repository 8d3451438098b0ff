"""What is done on a flaky link is done exactly once, in order, whatever the link and the program do meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from unittest.mock import ANY
from uuid import uuid4

import pytest

from helpdesk_tui.core import outbox_kinds
from helpdesk_tui.core.errors import Queued
from tests.live.outboxing import OWNER, BadLink, Model, done_in, opened_window, tickets_of, window
from tests.opened import until
from tests.world import DeskDatabase, Person

ACTS, TICKETS = 200, 20


@pytest.mark.timeout(240)
async def test_200_acts_the_link_flapping_throughout_and_the_end_state_is_exact(
    database: DeskDatabase, ana: Person, cora: Person, tmp_path: Path
) -> None:
    """Two windows, one of which dies and comes back every so often; connections refused, dropped, frozen, cut within
    messages, cut after the commit and before its answer."""
    tickets = await tickets_of(database, cora, TICKETS)
    model = Model()
    model.begin(tickets)
    path = tmp_path / "drafts.sqlite3"
    doing: list[asyncio.Task[str]] = []
    async with BadLink(database, 7) as link:
        flapping = asyncio.create_task(link.flap())
        one, two = await window(link, ana, path), await window(link, ana, path)
        for number in range(ACTS):
            ticket = link.random.choice(tickets)
            kind = link.random.choice(("priority", "priority", "status", "note", "reply"))
            entry = (
                model.act(ticket, kind)
                if kind in ("priority", "status")
                else model.message(ticket, internal=kind == "note")
            )
            doing.append(asyncio.create_task((one if number % 3 else two).try_(entry)))
            await asyncio.sleep(0.005)
            if number % 40 == 39:
                await asyncio.gather(*doing)
                await one.end()
                one = await window(link, ana, path)
        await until(lambda: one.outbox.entries() == (), 120)
        flapping.cancel()
        await asyncio.gather(flapping, *doing, return_exceptions=True)
        cuts = link.cutting.cuts
        await one.end()
        await two.end()
    found = await done_in(database, ana, tickets)
    assert found == model.done
    became = Counter(each.result() for each in doing)
    acts = sum(1 for each in model.done.values() for kind, _ in each if kind in ("priority", "status"))
    assert await database.run("select count(*) from private.ticket_acts") == [(acts,)]
    print(f"{ACTS} acts: {dict(became)}; cuts: {dict(cuts)}")
    # It was bad indeed, both ways: the server had committed and the answer was lost; it had not got it at all.
    assert cuts["unanswered"] >= 5
    assert cuts["half sent"] + cuts["unsent"] >= 3
    assert became["refused"] == 0


@pytest.mark.parametrize("committed", [True, False], ids=["the answer lost", "the request lost"])
async def test_never_again_done_or_sent_twice_when_cut_mid_commit(
    database: DeskDatabase, ana: Person, cora: Person, tmp_path: Path, committed: bool
) -> None:
    (ticket,) = await tickets_of(database, cora, 1)
    model = Model()
    model.begin([ticket])
    async with BadLink(database, 1) as link, opened_window(link, ana, tmp_path / "drafts.sqlite3") as here:
        await here.try_(model.act(ticket, "priority"))
        link.cuts(0.0 if committed else 1.0, 1.0 if committed else 0.0)
        assert await here.try_(model.act(ticket, "priority")) == "queued"
        assert await here.try_(model.message(ticket, internal=False)) == "queued"
        there = await database.run("select count(*) from public.ticket_events where actor_id = %s", [ana.id])
        assert there == [(2 if committed else 1,)]
        await link.up()
        here.outbox.try_now()
        await until(lambda: here.outbox.entries() == ())
    assert await done_in(database, ana, [ticket]) == model.done


async def test_a_status_that_goes_with_a_reply_does_not_come_back_over_what_was_changed_since(
    database: DeskDatabase, ana: Person, cora: Person, tmp_path: Path
) -> None:
    """The reply arrived, its answer did not; the requester wrote and so opened the ticket; the reply is sent again."""
    (ticket,) = await tickets_of(database, cora, 1)
    model = Model()
    model.begin([ticket])
    async with BadLink(database, 1) as link, opened_window(link, ana, tmp_path / "drafts.sqlite3") as here:
        reply = model.message(ticket, internal=False)
        reply.payload["then_status"] = "resolved"  # type: ignore[index]
        link.cuts(0.0, 1.0)
        assert await here.try_(reply) == "queued"
        assert await database.run("select status::text from public.tickets") == [("resolved",)]
        await database.run(
            "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'No!')",
            [ticket, cora.id],
        )
        await link.up()
        here.outbox.try_now()
        await until(lambda: here.outbox.entries() == ())
    assert await database.run("select status::text from public.tickets") == [("open",)]
    assert await database.run("select count(*) from public.ticket_messages where sender_id = %s", [ana.id]) == [(1,)]


async def test_an_act_on_thousands_cut_in_the_middle_of_it_is_one_act_done_once_and_undone_as_one(
    database: DeskDatabase, ana: Person, cora: Person, tmp_path: Path
) -> None:
    """It takes longer than anybody waits for a ticket that is held elsewhere, and is sent again meanwhile."""
    tickets = await tickets_of(database, cora, 1_200)
    high = "select count(*) from public.tickets where priority = 'high'"
    events = "select count(*), count(distinct ticket_id) from public.ticket_events where kind = 'priority'"
    act_id = uuid4()
    entry = outbox_kinds.act(OWNER, act_id, tickets, {"priority": "high"}, "1200 tickets priority → high")
    async with BadLink(database, 1) as link, opened_window(link, ana, tmp_path / "drafts.sqlite3") as here:
        await database.run(
            "create function public.slow() returns trigger language plpgsql as"
            " 'begin perform pg_sleep(2.5); return null; end';"
            "create trigger slow after update on public.tickets execute function public.slow()"
        )
        doing = asyncio.create_task(here.outbox.do(entry))
        await until(lambda: _asleep(database))
        link.down()
        with pytest.raises(Queued):
            await doing
        await link.up()
        here.outbox.try_now()
        assert await database.run(high) == [(0,)]  # it is in the middle of it still
        await until(lambda: here.outbox.entries() == ())
        assert [(each.what, each.why) for each in here.happened if each.entry] == [("queued", ANY), ("done", "")]
        assert await database.run(high) == [(1_200,)]
        assert await database.run(events) == [(1_200, 1_200)]
        assert await database.run("select count(*) from private.ticket_acts") == [(1,)]
        await database.run("drop function public.slow() cascade")
        undo = outbox_kinds.undo(OWNER, act_id, uuid4(), tickets, force=False, words="undo")
        told = (await here.outbox.do(undo)).value
        assert (len(told["undone"]), told["changed"], told["refused"]) == (1_200, [], [])
    assert await database.run(high) == [(0,)]


async def _asleep(database: DeskDatabase) -> bool:
    return await database.run("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == [(1,)]
