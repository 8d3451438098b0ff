"""Saved views as tabs: saved, shared, changed, moved, hidden, removed, taken back; and starting where one left off."""

from __future__ import annotations

import json
from pathlib import Path

from textual import events

from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_filter_line import numbers, shows
from tests.screens.test_typeahead import burst


def tabs(seen: Opened) -> list[str]:
    """What the tabs say."""
    return [tab.label for tab in seen.desk.shown]


async def said(seen: Opened, words: str) -> None:
    """Wait until the status line says it."""
    await seen.until(lambda: words in seen.desk.status.said, words)


async def test_a_query_is_saved_shared_renamed_moved_hidden_and_removed_each_taken_back_with_u(
    team: Team, tmp_path: Path
) -> None:
    async with (
        opened(team.database, team.agent, tmp_path / "a") as seen,
        opened(team.database, team.colleague, tmp_path / "b", (80, 24)) as theirs,
    ):
        burst(seen, "/priority>=medium is:open\r")
        await shows(seen, 1001, 1002, 1003)
        await seen.press("V", "s")
        await seen.until(lambda: seen.shows("Save as"), "asked for its name")
        burst(seen, "Worth a look\r")
        await seen.until(lambda: seen.shows("“Worth a look” is for"), "asked for whom")
        await seen.press("d")
        await said(seen, "Saved “Worth a look” for Support · u undoes")
        assert tabs(seen)[-1] == "Worth a look"
        assert seen.desk.found is None
        await seen.until(lambda: seen.shows("8 Worth a look 3"), "its count")
        await shows(seen, 1001, 1002, 1003)
        # A colleague has it a moment later, and goes to it by its number; it shows what they see.
        await theirs.until(lambda: tabs(theirs)[-1] == "Worth a look", "a colleague's tab")
        await theirs.press("8")
        await shows(theirs, 1001, 1002, 1003)
        await theirs.until(lambda: theirs.shows("Worth a look 3"), "the current tab in sight, with its count")
        # They cannot change it, and say so before they try.
        await theirs.press("V")
        await theirs.until(lambda: theirs.shows("save as one of your own (it is Mira Okonkwo's)"), "their menu")
        assert not theirs.shows("rename")
        await theirs.press("escape")

        await seen.press("V", "r")
        await seen.until(lambda: seen.shows("New name"), "asked")
        await seen.press("ctrl+u")
        burst(seen, "Look\r")
        await said(seen, "Renamed to “Look”")
        await theirs.until(lambda: tabs(theirs)[-1] == "Look", "renamed for the colleague, too")
        await seen.press("u")
        await said(seen, "Undone: “Worth a look” is as it was")

        await seen.press("V", "less_than_sign")
        await said(seen, "“Worth a look” moved left")
        assert tabs(seen)[-2] == "Worth a look"
        await seen.press("V", "q")
        await seen.until(lambda: seen.desk.filtering, "the filter line")
        burst(seen, "is:open lamp\r")
        await said(seen, "“Worth a look” asks for something else now")
        await shows(seen, 1001, 1002)
        # Who is looking at it is told, and shown it.
        await theirs.until(lambda: sorted(numbers(theirs)) == [1001, 1002], "what it asks for now")

        await seen.press("V", "h")
        await said(seen, "“Worth a look” hidden")
        assert "Worth a look" not in tabs(seen)
        assert seen.desk.tab.label == "Overdue"
        await seen.press("u")
        await said(seen, "Undone: your views are as they were")
        await seen.press("7", "V", "x")
        await said(seen, "Removed “Worth a look”")
        await theirs.until(lambda: theirs.shows("is gone"), "told that it is gone")
        assert theirs.desk.view_key == "mine"
        await seen.press("u")
        await said(seen, "Undone: “Worth a look” is back")
        assert seen.desk.tab.label == "Worth a look"
        rows = await team.database.run(
            "select name, query, audience, removed_at from private.saved_views where owner_id = %s", [team.agent.id]
        )
        assert rows == [("Worth a look", "is:open lamp", "department", None)]


async def test_one_starts_where_one_left_off_and_a_view_that_is_gone_falls_back_aloud(
    team: Team, tmp_path: Path
) -> None:
    async with await team.database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        await owner.execute(
            "insert into public.tickets (number, title, customer_id, department_id, updated_at)"
            " select 2000 + n, 'Many ' || n, %s, %s, now() - n * interval '1 day' from generate_series(1, 200) n",
            [team.customer.id, await team.people.department("Support")],
        )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("o", "a")  # the oldest first
        await seen.until(lambda: seen.desk.queue.window.sort == "age" and numbers(seen), "the oldest first")
        burst(seen, "/many sort:updated\r")
        await seen.until(lambda: numbers(seen)[:1] == [2001], "the query")
        while (at := seen.desk.queue.selected) is None or at.number <= 2090:
            # At the end of what is loaded it goes no further until more has come.
            await seen.press("ctrl+f")
        selected, top = seen.desk.queue.selected, seen.desk.queue.on_screen[0]
    file = tmp_path / "left_off.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Many" not in file.read_text()
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.desk.queue.selected == selected, "the ticket that was selected")
        # While the rows beside it come, and the lines around them, it may be a line off.
        await seen.until(lambda: seen.desk.queue.on_screen[0] == top, "on the line where it was")
        assert seen.desk.tab.label == "/ many sort:updated"
        assert seen.desk.sort == "age"
        # The rows above come by themselves.
        await seen.press("g")
        await seen.until(lambda: seen.desk.queue.selected and seen.desk.queue.selected.number == 2001, "the first")
        # What was asked for is remembered for the filter line, too.
        await seen.press("4", "slash", "up")
        assert seen.desk.line.field.value == "many sort:updated"
        await seen.press("escape")
    left = json.loads(file.read_text())
    ((who, entry),) = left.items()
    entry["view"] = "00000000-0000-0000-0000-00000000dead"
    file.write_text(json.dumps({who: entry}))
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("The view of last time is gone"), "told so")
        await seen.until(lambda: seen.desk.view_key == "mine" and seen.desk.queue.state == "ready", "the first view")
    file.write_text('{"x')
    async with opened(team.database, team.agent, tmp_path) as seen:
        assert seen.desk.view_key == "open"


async def test_the_mouse_works_on_tabs_and_rows(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, (80, 24)) as seen:
        await seen.until(lambda: seen.shows("3 Department 4"), "the tabs")
        line = seen.text().splitlines()[0]
        await seen.pilot.click("#tabs", offset=(line.index("Department") + 2, 0))
        await seen.until(lambda: seen.desk.view_key == "department" and seen.desk.queue.state == "ready", "its queue")
        rows = seen.text().splitlines()
        y = next(n for n, row in enumerate(rows) if "#1003" in row)
        await seen.pilot.click(offset=(20, y))
        await seen.until(lambda: seen.desk.queue.selected and seen.desk.queue.selected.number == 1003, "selected")
        assert not seen.desk.has_class("reading")
        await seen.pilot.click(offset=(20, y), times=2)
        await seen.until(lambda: seen.shows("Please help with: Loom arrived broken"), "opened")
        await seen.press("escape")
        # The wheel moves the rows and not the selection.
        await team.database.run(
            "insert into public.tickets (number, title, customer_id, department_id, updated_at)"
            " select 2000 + n, 'Many ' || n, %s, %s, now() - n * interval '1 day' from generate_series(1, 50) n",
            [team.customer.id, await team.people.department("Support")],
        )
        await seen.until(lambda: len(numbers(seen)) == 54, "more rows")
        top = seen.desk.queue.on_screen[0]
        await seen.pilot._post_mouse_events([events.MouseScrollDown], "#queue", offset=(5, 5))
        await seen.until(lambda: seen.desk.queue.on_screen[0] != top, "scrolled")
        assert seen.desk.queue.selected is not None
        assert seen.desk.queue.selected.id == ticket_id(1003)
