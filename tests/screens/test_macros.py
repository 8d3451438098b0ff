"""Macros on the desk: seen filled in before they act, put into the answer or done in one, never over a draft."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_answering import reply_to_first

Kept = tuple[str, str, bool, dict[str, Any]]
RESET: Kept = (
    "Reset",
    "Hello {{requester.first_name}}, hold it for #{{ticket.number}}. {{me.first_name}}",
    False,
    {"status": "pending", "assignee": "@me"},
)
ASK: Kept = ("Ask the workshop", "Who knows **{{ticket.title}}**?", True, {})
CLOSE: Kept = (
    "Close it",
    "",
    False,
    {"status": "resolved", "priority": "low", "due_date": "2d", "fields": {"plan": "pro"}},
)
THEIRS: Kept = ("SECRET of Billing", "SECRET", False, {})


@pytest.fixture
async def desk(team: Team) -> Team:
    """The team, with macros, and a custom field."""
    await team.database.run(
        "insert into private.fields (key, label, type, choices) values ('plan', 'Plan', 'choice', '{free,pro}')"
        " on conflict (key) do update set active = true"
    )
    for (name, body, internal, change), shared, author in (
        (RESET, "all", team.colleague),
        (ASK, "me", team.agent),
        (CLOSE, "me", team.agent),
        (THEIRS, "me", team.stranger),
    ):
        await team.database.run(
            "insert into private.macros (id, name, body, internal, change, author_id, shared)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [uuid4(), name, body, internal, json.dumps(change), author.id, shared],
        )
    return team


async def pick(seen: Opened, letters: str) -> None:
    """Find a macro for the ticket at hand; its preview is on the screen then."""
    await seen.press("m")
    await seen.until(lambda: seen.shows("Macro for #"), "the list")
    await seen.until(lambda: seen.shows("Ask the workshop"), "the macros")
    await seen.press(*letters)


SENT = "Hello Noor, hold it for #1001. Mira"


async def row(team: Team, number: int = 1001) -> tuple[str, UUID | None, str]:
    """Status, assignee and priority."""
    query = "select status::text, assignee_id, priority::text from tickets where number = %s"
    return (await team.database.run(query, [number]))[0]


async def test_a_macro_is_seen_before_it_acts_and_sends_and_sets_in_one(desk: Team, tmp_path: Path) -> None:
    async with opened(desk.database, desk.agent, tmp_path, (80, 24)) as seen:
        await pick(seen, "rese")
        assert seen.shows(SENT)
        # All of it, also where there is little room.
        assert seen.shows("Reply to Noor van Dijk · sets status →")
        assert seen.shows("assignee → me")
        assert not seen.shows("Ask the workshop")
        assert not seen.shows("SECRET")
        assert await row(desk) == ("open", None, "high")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent, status → pending, assignee → me"), "sent and set")
        assert await row(desk) == ("pending", desk.agent.id, "high")
        found = await desk.database.run("select is_internal from ticket_messages where content = %s", [SENT])
        assert found == [(False,)]
        # One that says nothing changes the ticket, and is taken back as one act.
        await pick(seen, "close")
        assert seen.shows("sets status → resolved, priority → low, due →")
        assert re.search(r"2d \(\w{3} \d+ \w{3} \d{4} \d\d:\d\d\)", seen.text())
        assert seen.shows("plan → pro")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("#1001 status → resolved, priority → low"), "changed")
        await seen.until(lambda: not seen.desk.triage.busy, "confirmed")
        assert await row(desk) == ("resolved", desk.agent.id, "low")
        assert await desk.value("select sum(uses) from private.macro_uses where person_id = %s", desk.agent.id) == 2
        both = (
            "select (due_date between now() + interval '47 hours' and now() + interval '49 hours')::text,"
            " metadata ->> 'plan', status::text from tickets where number = 1001"
        )
        assert await desk.database.run(both) == [("true", "pro", "resolved")]
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001 status → resolved"), "taken back")
        assert await desk.database.run(both) == [(None, None, "pending")]
        # A field that is out of use by now: said beforehand, and nothing of the rest is set.
        await desk.database.run("update private.fields set active = false")
        await pick(seen, "close")
        await seen.until(lambda: seen.shows("✗ This macro cannot be used: the field 'Plan'"), "why")
        await seen.press("enter")
        await seen.until(lambda: not seen.shows("Macro for #1001"), "chosen")
        await seen.until(lambda: seen.shows("This macro cannot be used"), "refused")
        assert await desk.database.run(both) == [(None, None, "pending")]
        # What it was used for most is first now, and Esc does nothing.
        await seen.press("escape")
        await seen.until(lambda: seen.desk.queue.has_focus, "the queue")
        await pick(seen, "")
        await seen.press("escape")
        await seen.until(lambda: not seen.shows("Macro for #"), "left")
        await seen.until(lambda: seen.desk.queue.has_focus, "the queue again")


async def test_enter_puts_it_into_the_answer_and_what_it_sets_goes_with_it(desk: Team, tmp_path: Path) -> None:
    settings = replace(desk.database.settings, send_delay=60)
    async with opened(desk.database, desk.agent, tmp_path, settings=settings) as seen:
        await pick(seen, "rese")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        assert seen.shows("nothing is sent yet")
        assert seen.shows("With it: status → pending, assignee → me")
        await seen.press(*"!!", "ctrl+s")
        await seen.until(lambda: seen.shows("#1001 reply: sending in"), "held")
        assert await row(desk) == ("open", None, "high")
        # Taken back as one: the words and what goes with them.
        await seen.press("u")
        await seen.until(lambda: seen.shows(f"{SENT}!!"), "the words again")
        assert seen.shows("With it: status → pending, assignee → me")
        await seen.press("alt+x")
        await seen.until(lambda: not seen.shows("With it:"), "left out")
        # A note's macro goes into the note, and the reply stays a reply.
        await seen.press("alt+m")
        await seen.until(lambda: seen.shows("Macro for #1001"), "the list")
        await seen.press(*"ask", "enter")
        await seen.until(lambda: seen.shows("INTERNAL NOTE"), "the note")
        composer = seen.desk.pane.composer
        await seen.until(lambda: composer.text.text == "Who knows **Lamp flickers**?", "the note's text")
        await seen.press("ctrl+o")
        await seen.until(lambda: composer.text.text == f"{SENT}!!" and not composer.internal, "the reply's text")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("#1001 reply: sending in"), "sent")
    assert await row(desk) == ("open", None, "high")
    assert await desk.value("select count(*) from ticket_messages where content = %s", f"{SENT}!!") == 1


async def test_never_again_a_macro_sends_a_half_written_draft(desk: Team, tmp_path: Path) -> None:
    async with opened(desk.database, desk.agent, tmp_path) as seen:
        await reply_to_first(seen, "I think we should")
        await seen.press("alt+m")
        await seen.until(lambda: seen.shows("Macro for #1001"), "the list")
        await seen.until(lambda: seen.shows("Ask the workshop"), "the macros")
        await seen.press(*"rese", "ctrl+s")
        await seen.until(lambda: seen.shows("nothing was sent"), "what became of it")
        composer = seen.desk.pane.composer
        assert composer.text.text == f"I think we should{SENT}"
        # Left and come back to, it is a draft still.
        await seen.press("escape")
        await pick(seen, "rese")
        await seen.press("ctrl+s")
        await seen.until(lambda: composer.text.text == f"I think we should{SENT}{SENT}", "put behind the draft")
    assert await desk.value("select count(*) from ticket_messages where sender_id = %s", desk.agent.id) == 0
    assert await row(desk) == ("open", None, "high")


async def test_a_macro_over_unseen_messages_is_refused_whole(desk: Team, tmp_path: Path) -> None:
    async with opened(desk.database, desk.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        seen.desk.link.deafen()
        connection = await desk.people.connect_as(desk.colleague)
        await connection.execute(
            "insert into ticket_messages (ticket_id, content, after_id) select %s, 'Answered', id"
            " from ticket_messages where ticket_id = %s",
            [ticket_id(1001), ticket_id(1001)],
        )
        await pick(seen, "rese")
        if not seen.shows("Answered"):
            await seen.press("ctrl+s")
            await seen.until(lambda: seen.shows("Not sent"), "the refusal")
            assert seen.desk.pane.composer.text.text == SENT
            assert seen.shows("With it:") or seen.shows("^Y sends anyway")
    assert await row(desk) == ("open", None, "high")
    assert await desk.value("select count(*) from ticket_messages where sender_id = %s", desk.agent.id) == 0
