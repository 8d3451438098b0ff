"""Who has a ticket open and who writes to it is seen in queue and thread, and gone when they are."""

from __future__ import annotations

from pathlib import Path

from tests.screens.opened import Team, opened, ticket_id


async def test_who_views_and_who_writes_is_seen_in_queue_and_thread_and_gone_when_they_leave(
    team: Team, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with opened(team.database, team.colleague, tmp_path / "two", (80, 24)) as colleague:
        async with opened(team.database, team.agent, tmp_path / "one") as seen:
            await seen.until(lambda: seen.shows("Please help with"), "the preview, which is no reading")
            assert not colleague.shows("◎")
            await seen.press("enter")
            await colleague.until(lambda: colleague.shows("◎ Mira Lamp flickers"), "who views, in the queue")
            await colleague.press("enter")
            await colleague.until(lambda: colleague.shows("◎ Mira has it open"), "who views, above the composer")
            await seen.until(lambda: seen.shows("◎ Tomás has it open"), "and the other way round")
            await seen.press("r", *"hi")
            await colleague.until(lambda: colleague.shows("◉ Mira is writing"), "who writes")
            await seen.press("escape", "escape")
            await colleague.until(lambda: not colleague.shows("Mira"), "gone with leaving the ticket")
            await seen.press("enter")
            await colleague.until(lambda: colleague.shows("Mira has it open"), "there again")
        await colleague.until(lambda: not colleague.shows("Mira has it open"), "gone with the program")


async def test_a_program_that_was_killed_is_gone_within_30_seconds(team: Team, tmp_path: Path) -> None:
    """Nobody says goodbye for it: what was said last ends by itself. Time is made to pass in the database."""
    async with opened(team.database, team.agent, tmp_path) as seen:
        row = (
            "insert into private.presence (session_id, person_id, ticket_id, writing, seen_at)"
            " values (%s, %s, %s, true, clock_timestamp())"
        )
        await team.database.run(row, [team.colleague.session_id, team.colleague.id, ticket_id(1002)])
        seen.app.link.mark(None, "presence")  # type: ignore[union-attr]
        await seen.until(lambda: seen.shows("◉ Tomás"), "there")
        await team.database.run("update private.presence set seen_at = seen_at - interval '20 seconds'")
        seen.app.link.mark(None, "presence")  # type: ignore[union-attr]
        await seen.until(lambda: not seen.shows("Tomás"), "gone")
        assert await team.value("select clock_timestamp() - seen_at < interval '30 seconds' from private.presence")
