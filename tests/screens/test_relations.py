"""Snooze, custom fields, merge, split, links and following on the desk: each in a few keys, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from tests.screens.opened import Team, opened, ticket_id


async def messages(team: Team, ticket: UUID) -> int:
    """How many there are."""
    found = await team.value("select count(*) from public.ticket_messages where ticket_id = %s", ticket)
    assert isinstance(found, int)
    return found


async def test_snooze_by_preset_and_in_words_is_taken_back(team: Team, tmp_path: Path) -> None:
    until = "select until::text from private.ticket_snoozes where ticket_id = %s"
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("z")
        await seen.until(lambda: seen.shows("snooze until") and seen.shows("tomorrow 9:00"), "the presets")
        await seen.press("1")
        await seen.until(lambda: seen.shows("#1001 snoozed until"), "said")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        assert await team.value(until, ticket_id(1001)) is not None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await team.value(until, ticket_id(1001)) is None

        seen.desk.queue.select(ticket_id(1002))
        await seen.press("z", "w")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "when")
        await seen.press(*"soon", "enter")
        await seen.until(lambda: seen.shows("is no time"), "the refusal")
        await seen.until(lambda: seen.desk.prompt.field.value == "soon" and seen.desk.prompt.field.has_focus, "again")
        await seen.press("ctrl+u", *"2100-01-02 8:15", "enter")
        await seen.until(lambda: seen.shows("ten years"), "too far")
        await seen.press("ctrl+u", *"in 3 days", "enter")
        await seen.until(lambda: seen.shows("#1002 snoozed until"), "said")
        assert seen.desk.queue.has_focus


async def test_merge_into_another_of_the_requester_and_back(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("M")
        await seen.until(lambda: seen.shows("#1001 merge into") and seen.shows("#1002 open"), "what to merge into")
        await seen.press("n")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "which")
        await seen.press(*"1002", "enter")
        await seen.until(lambda: seen.shows("#1001 merged into #1002 · u undoes"), "said")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "its message in the other")
        await seen.until(lambda: seen.shows("with #1001"), "the header")
        assert await messages(team, ticket_id(1001)) == 0
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert (await messages(team, ticket_id(1001)), await messages(team, ticket_id(1002))) == (1, 1)


async def test_fields_links_following_and_splitting(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        "insert into private.fields (key, label, type, choices) values ('serial', 'Serial', 'number', '{}'),"
        " ('plan', 'Plan', 'choice', '{free,pro}')"
    )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("enter", "e")
        await seen.until(lambda: seen.shows("#1001 field"), "the fields")
        await seen.press("2")
        await seen.until(lambda: seen.shows("Serial") and seen.desk.prompt.asking, "the value")
        await seen.press(*"many", "enter")
        await seen.until(lambda: seen.shows("is no number"), "refused")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "asked again")
        await seen.press("ctrl+u", *"17", "enter")
        await seen.until(lambda: seen.shows("Serial 17"), "the header")
        await seen.press("u")
        await seen.until(lambda: seen.shows("set Serial 17 → none"), "taken back")

        await seen.press("equals_sign", "c")
        await seen.until(lambda: seen.desk.prompt.asking, "which other")
        await seen.press(*"1003", "enter")
        await seen.until(lambda: seen.shows("caused by #1003 pending"), "the header")
        await seen.press("F")
        await seen.until(lambda: seen.shows("You follow #1001 now") and seen.shows("followed"), "following")

        await seen.press("n", "X")
        await seen.until(lambda: seen.shows("this message alone"), "how much")
        await seen.press("o")
        await seen.until(lambda: seen.shows("split off #1001 · u undoes"), "said")
        assert await messages(team, ticket_id(1001)) == 0
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await messages(team, ticket_id(1001)) == 1
