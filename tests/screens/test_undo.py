"""Taking back: the act that was done, and never what somebody else did since."""

from __future__ import annotations

from pathlib import Path

from tests.screens.opened import Team, opened, ticket_id


async def test_status_priority_and_assignee_are_undone(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        for keys, column, was in (("sp", "status", "open"), ("pu", "priority", "high"), ("aa", "assignee_id", None)):
            seen.desk.queue.select(ticket_id(1001))
            await seen.until(lambda: seen.desk.subject and seen.desk.subject.id == ticket_id(1001), "selected")
            await seen.press(*keys)
            await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
            query = f"select {column}::text from tickets where number = 1001"
            assert await team.value(query) != was
            await seen.until(lambda: not seen.shows("Undone"), "the act, instead of what was told before")
            await seen.press("u")
            await seen.until(lambda: seen.shows("Undone"), "undone")
            assert await team.value(query) == was, column
            # What one did oneself is no news, whichever way the queue learns of it.
            seen.desk.queue.reread()
            await seen.until(lambda: not seen.desk.queue._pager.asking, "the queue read anew")
            assert not any("•" in line for line in seen.text().splitlines()), seen.text()


async def test_undoing_a_move_gives_the_assignee_back(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        seen.desk.queue.select(ticket_id(1004))
        await seen.press("d", "1")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1004)), "moved")
        assert await team.value("select assignee_id from tickets where number = 1004") is None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await team.value("select assignee_id from tickets where number = 1004") == team.agent.id


async def test_undo_does_not_overwrite_what_a_colleague_did_since(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("p", "u")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        await team.database.run("update tickets set priority = 'low', title = 'Written since' where number = 1001")
        await seen.until(lambda: seen.shows("Written since"), "the colleague's change")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Not undone: #1001 priority was changed since, to low"), "the reason")
        assert await team.value("select priority::text from tickets where number = 1001") == "low"
        assert seen.shows("Written since")


async def test_a_rollback_takes_back_only_what_the_act_changed(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute("update profiles set role = 'customer' where id = %s", [team.colleague.id])
        # Tomás is a customer by now, which this desk has not heard: assigning to him is refused.
        await seen.press("a", "1", "k", "p", "u")
        await seen.until(
            lambda: any(
                "#1001 NOT changed (assignee → Tomás Vega)" in said.message for said in seen.app._notifications
            ),
            "the refusal, aloud",
        )
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "both done")
        found = seen.desk.queue.window.get(ticket_id(1001))
        assert found is not None
        assert (found.priority, found.assignee) == ("urgent", None)
