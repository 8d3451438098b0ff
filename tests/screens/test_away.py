"""Going away from the desk: until when, who gets what one holds, and back again with ``u``."""

from __future__ import annotations

from pathlib import Path

from tests.screens.opened import Team, opened

SMALL = (80, 24)
HOLDER = "select p.full_name from tickets t left join profiles p on p.id = t.assignee_id where t.number = 1003"


async def test_away_shows_what_one_holds_hands_it_over_and_u_takes_all_of_it_back(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        "insert into public.chat_sessions (customer_id, agent_id, status) values (%s, %s, 'active')",
        [team.customer.id, team.agent.id],
    )
    leads = "select p.full_name from chat_sessions s join profiles p on p.id = s.agent_id"
    async with opened(team.database, team.agent, tmp_path, SMALL) as seen:
        await seen.until(lambda: seen.shows("● live"), "live")
        await seen.press("Z")
        await seen.until(lambda: seen.shows("Away until when?"), "the first question")
        await seen.press("o")
        await seen.until(lambda: seen.shows("You hold 2 open tickets and 1 chat. Who gets them?"), "the second one")
        assert not seen.shows("whoever is next")  # the department gives nothing out by itself
        await seen.press("slash", *"tom", "enter")
        await seen.until(lambda: seen.shows("You are away, 2 tickets and 1 chat to Tomás Vega"), "done")
        assert await team.value(HOLDER) == "Tomás Vega"
        assert await team.value(leads) == "Tomás Vega"
        await seen.until(lambda: seen.shows("☾ away"), "on the status line")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: away, to Tomás Vega"), "undone")
        assert await team.value(HOLDER) == "Mira Okonkwo"
        assert await team.value(leads) == "Mira Okonkwo"
        await seen.until(lambda: not seen.shows("☾ away"), "here again")
        # Keeping everything, and back by the same key.
        await seen.press("Z")
        await seen.until(lambda: seen.shows("Away until when?"), "the first question")
        await seen.press(*"9:00", "enter")  # a time that is not among them is typed right there
        await seen.until(lambda: seen.shows("Who gets them?"), "the question")
        await seen.press("k")
        await seen.until(lambda: seen.shows("09:00 · Z: you are back"), "away until then")
        assert await team.value(HOLDER) == "Mira Okonkwo"
        await seen.press("Z")
        await seen.until(lambda: seen.shows("I am back"), "the way back")
        await seen.press("b")
        await seen.until(lambda: seen.shows("You are back"), "back")
        assert await team.value("select count(*) from private.away") == 0


async def test_the_picker_of_assignees_says_who_is_away_and_until_when(team: Team, tmp_path: Path) -> None:
    colleague = await team.people.connect_as(team.colleague)
    await colleague.execute("select helpdesk.set_away(null, null, null)")
    async with opened(team.database, team.agent, tmp_path, SMALL) as seen:
        await seen.until(lambda: seen.shows("#1003") or seen.shows("1003"), "the queue")
        await seen.press("a")
        await seen.until(lambda: seen.shows("Tomás Vega · Support · away"), "away")
        await colleague.execute("select helpdesk.set_back(null)")
        desk = seen.desk.link.desk
        assert desk is not None
        await seen.until(lambda: not any(person.away for person in desk.staff), "back, without asking again")
