"""Many answered at once: each one's text is seen before, each is sent or refused by itself and by its number."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_answering import colleague_answers


async def sent(team: Team) -> dict[int, str]:
    """What the agent has sent, by ticket."""
    rows = await team.database.run(
        "select t.number, m.content from ticket_messages m join tickets t on t.id = m.ticket_id"
        " where m.sender_id = %s and not m.is_internal",
        [team.agent.id],
    )
    return dict(rows)


async def mark_two(seen: Opened) -> None:
    """Mark 1001 and 1002."""
    await seen.press("home", "space", "space")
    await seen.until(lambda: len(seen.desk.queue.marked) == 2, "two are marked")


async def test_one_reply_goes_to_all_that_are_marked_each_seen_before(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("B")
        await seen.until(lambda: seen.shows("Nothing is marked"), "that there is nothing to answer")
        await mark_two(seen)
        await seen.press("B")
        await seen.until(lambda: seen.shows("REPLY TO 2 TICKETS"), "where it is written")
        await seen.press(*"Dear {{requester.nam}}", "ctrl+s")
        # It is read to its end, above the line that it does not fit in, and the writer stays for it to be mended.
        await seen.until(lambda: seen.shows("Did you mean {{requester.name}}?"), "what is wrong with it")
        assert seen.shows("REPLY TO 2 TICKETS")
        await seen.press("backspace", "backspace", *"e}} #{{ticket.number}}", "ctrl+s")
        await seen.until(lambda: seen.shows("Nothing is sent yet: 2 replies"), "the preview")
        assert seen.shows("Dear Noor van Dijk #1001")
        assert seen.shows("after “Please help with: Lamp flickers”")
        await seen.press("down")
        await seen.until(lambda: seen.shows("Dear Noor van Dijk #1002"), "the other one")
        assert await sent(team) == {}
        # Somebody answers one of them before it is sent: that one is refused, and stays marked.
        await colleague_answers(team)
        await seen.press("ctrl+s")
        await seen.until(
            lambda: seen.shows("1 of 2 sent. Refused: #1001: the thread has moved on"), "what became of it"
        )
        assert await sent(team) == {1002: "Dear Noor van Dijk #1002"}
        assert [each.number for each in seen.desk.queue.marked] == [1001]


async def test_a_macro_on_what_is_marked_is_filled_in_for_each_and_sets_in_one_act(team: Team, tmp_path: Path) -> None:
    for name, body, change in (
        ("Wait", "Please wait, #{{ticket.number}}", {"status": "pending"}),
        ("Low", "", {"priority": "low"}),
    ):
        await team.database.run(
            "insert into private.macros (id, name, body, internal, change, author_id, shared)"
            " values (%s, %s, %s, false, %s, %s, 'me')",
            [uuid4(), name, body, json.dumps(change), team.agent.id],
        )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await mark_two(seen)
        await seen.press("m")
        await seen.until(lambda: seen.shows("Macro for 2 tickets"), "the list")
        await seen.until(lambda: seen.shows("Wait"), "the macros")
        await seen.press(*"wait", "enter")
        await seen.until(lambda: seen.shows("Nothing is sent yet: 2 replies, status → pending"), "the preview")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("2 replies sent, status → pending · u undoes that"), "sent")
        assert await sent(team) == {1001: "Please wait, #1001", 1002: "Please wait, #1002"}
        status = "select count(*) from tickets where status = 'pending' and id = any(%s)"
        both = [ticket_id(1001), ticket_id(1002)]
        assert await team.value(status, both) == 2
        assert not seen.desk.queue.marked
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "taken back as one")
        assert await team.value(status, both) == 0
        await mark_two(seen)
        await seen.press("m")
        await seen.until(lambda: seen.shows("Macro for 2 tickets"), "the list again")
        await seen.press(*"low", "enter")
        await seen.until(lambda: seen.shows("2 tickets priority → low · done"), "changed")
        assert await team.value("select count(*) from tickets where priority = 'low' and id = any(%s)", both) == 2
