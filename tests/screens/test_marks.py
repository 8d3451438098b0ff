"""Marks: one, a range, all; every act is done to what is marked, in one statement, and taken back as one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from helpdesk_tui.screens import desk_acts
from tests.screens.opened import Opened, Team, opened, ticket_id


def numbers(seen: Opened) -> list[int]:
    """What is marked."""
    return sorted(ticket.number for ticket in seen.desk.queue.marked)


async def done(seen: Opened) -> None:
    """Wait until the database has answered every act."""
    await seen.until(lambda: not seen.desk.triage.busy, "every act confirmed")


async def test_marks_show_without_colour_survive_and_every_act_is_one_statement_and_one_undo(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await team.database.run("insert into public.ticket_tags (name) values ('vip'), ('wool'), ('lamp')")
    await team.database.run(
        "insert into public.ticket_tag_relations select %s, id from public.ticket_tags where name = 'vip'",
        [ticket_id(1001)],
    )
    async with opened(team.database, team.agent, tmp_path, (100, 30)) as seen:
        assert [ticket.number for ticket in seen.desk.queue.on_screen] == [1001, 1002, 1003, 1004]
        # One by one: marked, and on to the next; again takes the mark away.
        await seen.press("space", "space")
        assert numbers(seen) == [1001, 1002]
        await seen.until(lambda: seen.shows("* 2 marked (Esc unmarks)"), "how many are marked")
        assert [line[:2] for line in seen.text().splitlines() if "#100" in line] == [" *", " *", "▌ ", "  "]
        await seen.press("k", "space")
        assert numbers(seen) == [1001]
        # A range, up as well as down, until the key is pressed again.
        await seen.press("v", "j")
        await seen.until(
            lambda: seen.shows("* 3 marked (v ends the range, Esc unmarks)"), "that a range is being marked"
        )
        await seen.press("v")
        await seen.until(lambda: seen.shows("* 3 marked (Esc unmarks)"), "that it has ended")
        assert numbers(seen) == [1001, 1003, 1004]
        await team.database.run("update tickets set title = 'Written since' where number = 1003")
        await seen.until(lambda: seen.shows("Written since"), "the colleague's change")
        await seen.press("escape")
        assert numbers(seen) == []

        # All that the queue holds.
        monkeypatch.setattr(desk_acts, "PORTION", 3)  # thousands are read in portions
        await seen.press("asterisk")
        await seen.until(lambda: seen.shows("All 4 are marked"), "all marked")
        assert numbers(seen) == [1001, 1002, 1003, 1004]
        await seen.press("p", "u")
        await done(seen)
        assert seen.shows("4 tickets priority → urgent · done, u undoes")
        assert numbers(seen) == []
        assert await team.value("select count(*) from tickets where priority = 'urgent' and number < 1005") == 4
        assert await team.value("select count(*) from private.ticket_acts") == 1
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: 4 tickets priority → urgent"), "undone")
        # All that a query holds, and no other.
        await seen.press("slash", *"priority:medium", "enter")
        await seen.until(lambda: seen.desk.tab.query == "priority:medium" and not seen.shows("#1001"), "the query")
        await seen.press("asterisk")
        await seen.until(lambda: seen.shows("All 2 are marked"), "all it holds")
        assert numbers(seen) == [1002, 1003]
        await seen.press("escape", "4")
        await seen.until(lambda: seen.shows("#1001"), "the queue again")
        was = await team.value(
            "select string_agg(priority::text, ' ' order by number) from tickets where number < 1005"
        )
        assert was == "high medium medium low"

        # Tags: on all, on some, on none; put on the rest, then taken off all.
        async def mark_two() -> None:
            for number in (1001, 1002):
                seen.desk.queue.select(ticket_id(number))
                await seen.press("space")

        await mark_two()
        await seen.press("t")
        await seen.until(lambda: seen.shows("2 tickets tags"), "the tags")
        assert [line.split("[", 1)[1].strip() for line in seen.text().splitlines() if "] " in line and "[" in line] == [
            "-] vip", "] lamp", "] wool",
        ]  # fmt: skip
        await seen.press("1")
        await done(seen)
        tagged = "select count(*) from ticket_tag_relations r join ticket_tags g on g.id = tag_id where name = 'vip'"
        assert await team.value(tagged) == 2
        await mark_two()
        await seen.press("t", "1")
        await seen.until(lambda: seen.shows("2 tickets - #vip · done"), "taken off")
        assert await team.value(tagged) == 0
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: 2 tickets - #vip"), "on again")
        assert await team.value(tagged) == 2
        # One that there is not yet is named as it is put on; where there is one of that name, it is that one.
        named = "select string_agg(name, ', ') from ticket_tags where name ilike 'lamp bulb'"
        for words, offer, said in (
            ("lamp bulb", "+ a new tag: lamp bulb", "2 tickets + #lamp bulb · done"),
            ("Lamp BULB", "[x] lamp bulb", "2 tickets - #lamp bulb · done"),
        ):
            await mark_two()
            await seen.press("t", "slash", *words)
            await seen.until(partial(seen.shows, offer), offer)
            await seen.press("enter")
            await seen.until(partial(seen.shows, said), said)
            assert await team.value(named) == "lamp bulb"


async def test_bulk_act_says_how_many_were_done_and_which_were_refused_and_why(team: Team, tmp_path: Path) -> None:
    await team.database.run("insert into categories (name) values ('Lamps'), ('Looms')")
    async with opened(team.database, team.agent, tmp_path, (120, 30)) as seen:
        await seen.press("asterisk")
        await seen.until(lambda: seen.shows("All 4 are marked"), "all marked")
        # Two of them go elsewhere, of which this desk hears nothing.
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                "update tickets set assignee_id = null, department_id = (select id from departments"
                " where name = 'Billing') where number in (1002, 1004)"
            )
        await seen.press("c")
        await seen.until(lambda: seen.shows("4 tickets category"), "the categories")
        await seen.press("2")
        words = "2 of 4 done: category → Looms. Refused: #1002, #1004: there is no such ticket"
        await seen.until(lambda: any(words in said.message for said in seen.app._notifications), "what became of each")
        found = "select count(*) from tickets t join categories c on c.id = category_id where c.name = 'Looms'"
        assert await team.value(found) == 2
        # What was done is taken back, and nothing else.
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: 4 tickets category → Looms"), "undone")
        assert await team.value(found) == 0


async def test_undo_reaches_what_was_done_before_the_start_and_lists_it_by_time(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, (120, 30)) as seen:
        await seen.press("U")
        await seen.until(lambda: seen.shows("Nothing can be undone"), "nothing")
        await seen.press("s", "p", "p", "l")
        await done(seen)
    async with opened(team.database, team.agent, tmp_path, (120, 30)) as seen:
        await seen.press("U")
        await seen.until(lambda: seen.shows("Undo which"), "the list")
        listed = [line for line in seen.text().splitlines() if " · #100" in line]
        assert ["priority → low" in listed[0], "status → pending" in listed[1]] == [True, True]
        # The older one, by Enter; then the newer one, which is the last act that was no undoing.
        await seen.press("down", "enter")
        await seen.until(lambda: seen.shows("Undone: #1001 status → pending"), "the older one undone")
        await seen.press("u")
        await seen.until(lambda: seen.shows("priority → low") and seen.shows("Undone: "), "the newer one undone")
        rows = await team.database.run("select status::text, priority::text from tickets where number in (1001, 1002)")
        assert sorted(rows) == [("open", "high"), ("open", "medium")]
        await seen.press("u")
        await seen.until(lambda: seen.shows("Nothing to undo"), "nothing more")


async def test_undo_over_a_colleagues_change_asks_and_one_key_undoes_all_the_same(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, (120, 30)) as seen:
        for answer, left in (("x", "low"), ("u", "high")):
            await team.database.run("update tickets set priority = 'high' where number = 1001")
            seen.desk.queue.select(ticket_id(1001))
            await seen.press("p", "u")
            await done(seen)
            async with await team.people.connect_as(team.colleague) as colleague:
                await colleague.execute("update tickets set priority = 'low' where number = 1001")
            await seen.press("u")
            await seen.until(
                lambda: (
                    seen.shows("#1001 priority was changed since, to low, by Tomás Vega") and seen.desk.picker.asking
                ),
                "who changed it, and a question",
            )
            await seen.press(answer)
            await seen.until(lambda: not seen.desk.picker.asking, "answered")
            if answer == "u":
                await seen.until(lambda: seen.shows("Undone: #1001 priority → urgent"), "undone all the same")
            assert await team.value("select priority::text from tickets where number = 1001") == left
