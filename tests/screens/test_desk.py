"""The desk as an agent works with it, on a real database."""

from __future__ import annotations

from pathlib import Path

from tests.screens.opened import Team, opened, ticket_id


async def test_the_queue_shows_the_departments_tickets_and_no_others(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        assert seen.shows("Lamp flickers")
        assert seen.shows("Loom arrived broken")
        assert not seen.shows("Charged twice")
        assert not seen.shows("Thank you")


async def test_built_in_views_with_counts(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.until(
            lambda: seen.shows(
                "1 Mine 2  2 Unassigned 2  3 Department 4  4 All open 4  5 Waiting on customer 1  6 Overdue 0  "
                "7 Recently closed 1"
            ),
            "counts in the tabs",
        )
        await seen.press("7")
        await seen.until(lambda: seen.shows("Thank you"), "the closed ones")


async def test_status_in_two_keys_and_the_next_ticket_is_selected(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        assert seen.desk.queue.selected is not None
        assert seen.desk.queue.selected.number == 1001
        await seen.press("s", "r")
        await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1001)) is None, "it left the view")
        assert seen.desk.queue.selected.number == 1002
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "confirmed")
        assert await team.value("select status::text from tickets where number = 1001") == "resolved"


async def test_priority_assignee_and_department_each_in_two_keys(team: Team, tmp_path: Path) -> None:
    assignee = "select full_name from tickets t join profiles p on p.id = t.assignee_id where number = 1001"
    department = "select d.name from tickets t join departments d on d.id = department_id where number = 1001"
    async with opened(team.database, team.agent, tmp_path) as seen:
        for keys, query, expected in (
            ("pu", "select priority::text from tickets where number = 1001", "urgent"),
            ("aa", assignee, "Mira Okonkwo"),
            ("d1", department, "Billing"),
        ):
            seen.desk.queue.select(ticket_id(1001))
            await seen.until(lambda: seen.desk.subject and seen.desk.subject.id == ticket_id(1001), "selected")
            await seen.press(*keys)
            await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "confirmed")
            assert await team.value(query) == expected, keys


async def test_an_act_is_undone_with_u(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("d", "1")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "moved")
        assert seen.desk.queue.window.get(ticket_id(1001)) is None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert seen.desk.queue.selected is not None
        assert seen.desk.queue.selected.number == 1001
        assert await team.value("select name from departments d join tickets t on d.id = department_id "
                                "where number = 1001") == "Support"  # fmt: skip


async def test_a_refused_act_is_rolled_back_aloud(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        # The ticket goes elsewhere behind the desk's back, silently.
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                "update tickets set department_id = (select id from departments where name = 'Billing') "
                "where number = 1001"
            )
        await seen.press("p", "l")
        await seen.until(lambda: seen.shows("#1001 NOT changed"), "the refusal")
        assert await team.value("select priority::text from tickets where number = 1001") == "high"
        await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1001)) is None, "read again: no longer ours")


async def test_live_two_desks_show_each_others_acts(team: Team, tmp_path: Path) -> None:
    async with (
        opened(team.database, team.agent, tmp_path / "a") as mine,
        opened(team.database, team.colleague, tmp_path / "b") as theirs,
    ):
        await mine.press("p", "u")
        await theirs.until(
            lambda: (found := theirs.desk.queue.window.get(ticket_id(1001))) and found.priority == "urgent",
            "the colleague's desk shows the priority",
        )
        await theirs.press("4")
        await theirs.until(lambda: theirs.desk.queue.state == "ready", "rows")
        theirs.desk.queue.select(ticket_id(1002))
        await theirs.press("s", "c")
        await mine.until(lambda: mine.desk.queue.window.get(ticket_id(1002)) is None, "the closed one leaves my queue")


async def test_the_selection_stays_on_its_ticket_when_rows_move(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("j")
        assert seen.desk.queue.selected is not None
        assert seen.desk.queue.selected.number == 1002
        await team.database.run("update tickets set title = 'Reset, please' where number = 1004")
        await seen.until(lambda: seen.shows("Reset, please"), "the changed row")
        assert seen.desk.queue.selected.number == 1002


async def test_an_agent_moved_to_another_department_sees_its_queue_at_once(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await team.database.run(
            "update profiles set department_id = (select id from departments where name = 'Billing') where id = %s",
            [team.agent.id],
        )
        await seen.until(lambda: seen.desk.desk is not None and seen.desk.desk.me.department == "Billing", "who I am")
        await seen.press("4")
        await seen.until(lambda: seen.shows("Charged twice"), "the new department's ticket")
        assert not seen.shows("Lamp flickers")


async def test_reconnect_after_the_backends_are_killed(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await team.database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [team.agent.db_user]
        )
        await team.database.run("update tickets set title = 'Changed meanwhile' where number = 1004")
        await seen.until(lambda: seen.shows("Changed meanwhile"), "what changed meanwhile")
        await seen.until(lambda: seen.desk.status.connection == "live", "live again")


WAYS = {
    "queue": [],
    "thread": ["enter"],
    "composer": ["r", "x"],
    "question": ["s"],
    "found": ["a", "t", "o", "m"],
    "number": ["number_sign", "1"],
    "help": ["enter", "question_mark"],
    "palette": ["ctrl+p"],
}


async def test_esc_never_quits_from_anywhere(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        for where, keys in WAYS.items():
            await seen.press(*keys)
            for _ in range(5):
                await seen.press("escape")
                await seen.pilot.pause(0.05)
            assert seen.app.is_running, where
            assert seen.app.screen is seen.desk, where
            assert seen.desk.queue.has_focus, where


async def test_nothing_that_others_do_moves_the_focus(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        for where in ("queue", "thread", "composer", "question"):
            await seen.press(*WAYS[where])
            await seen.until(lambda where=where: where != "composer" or seen.desk.pane.composer_has_focus, "there")  # type: ignore[misc]
            focused, subject = seen.app.focused, seen.desk.subject
            words = f"By others, {where}"
            await team.database.run("update tickets set title = %s where number = 1004", [words])
            await seen.until(lambda words=words: seen.shows(words), f"another row on top: {where}")  # type: ignore[misc]
            await team.database.run(
                "insert into ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'News')",
                [ticket_id(1001), team.customer.id],
            )
            await team.database.run("update tickets set status = 'closed' where number = 1002")
            await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1002)) is None, "a row left")
            await seen.pilot.pause(0.3)
            assert seen.app.focused is focused, where
            assert seen.desk.subject is not None
            assert subject is not None
            assert seen.desk.subject.id == subject.id == ticket_id(1001), where
            # As it was, for the next.
            await seen.press(*["escape"] * 4)
            await seen.until(lambda: seen.desk.queue.has_focus, "in the queue")
            await team.database.run("update tickets set status = 'open' where number = 1002")
            await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1002)), "the row again")


async def test_go_to_a_ticket_by_number(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("number_sign", *"1004", "enter")
        await seen.until(lambda: seen.shows("Please help with: How to reset"), "its thread")
        await seen.press("escape", "number_sign", *"1006", "enter")
        await seen.until(lambda: seen.shows("There is no ticket 1006 for you"), "another department's ticket")


async def test_one_pane_at_80_columns(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        assert not seen.desk.pane.display
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        assert not seen.desk.queue.display
        await seen.press("escape")
        await seen.until(lambda: seen.desk.queue.display, "the queue again")


async def test_o_and_a_key_sort_the_queue(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        "update tickets set due_date = now() + case number when 1002 then interval '1 hour' else interval '1 day' end "
        "where number in (1002, 1001, 1004)"
    )
    async with opened(team.database, team.agent, tmp_path) as seen:
        queue = seen.desk.queue
        for key, first, last in (("p", 1001, 1004), ("u", 1004, 1003), ("a", 1004, 1001), ("d", 1002, 1003)):
            await seen.press("o", key)
            await seen.until(lambda key=key: queue.state == "ready" and seen.desk.sort[0] == key, "the order")  # type: ignore[misc]
            numbers = [row.number for row in queue.on_screen]
            assert (numbers[0], numbers[-1]) == (first, last), key
            assert len(numbers) == 4
            assert key != "p" or seen.shows("most urgent")


async def test_rows_are_read_again_where_more_are_counted_than_shown(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("set local helpdesk.mute = 'on'")
            await owner.execute(
                "insert into tickets (title, customer_id, department_id) "
                "select 'Imported ' || n, %s, (select id from departments where name = 'Support') "
                "from generate_series(1, 3) n",
                [team.customer.id],
            )
        await seen.pilot.pause(2.2)
        assert not seen.shows("Imported")
        # Something is told, of another ticket: that is when the desk counts.
        await team.database.run("update tickets set priority = 'low' where number = 1004")
        await seen.until(lambda: seen.shows("Imported 3"), "the imported tickets")
        await seen.until(lambda: seen.shows("of 7"), "as many as are counted")


async def test_an_act_that_the_database_has_not_confirmed_is_told_as_waiting(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen, await team.database.connect() as owner:
        async with owner.transaction():
            await owner.execute("lock table tickets in share row exclusive mode")
            await seen.press("p", "u")
            await seen.until(lambda: seen.shows("#1001 priority → urgent · waiting for the database"), "not done yet")
        await seen.until(lambda: seen.shows("#1001 priority → urgent · done now, u undoes"), "done")


async def test_the_assignee_is_found_by_typing_and_shown_with_the_department(team: Team, tmp_path: Path) -> None:
    for n in range(12):
        await team.people.sign_up(f"agent{n}@example.com", f"Agent Number {n}", "agent", "Billing")
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        await seen.press("a")
        await seen.until(lambda: seen.shows("Tomás Vega · Support"), "with the department")
        assert seen.shows("type to find")
        await seen.press(*"tom")
        await seen.until(lambda: not seen.shows("Agent Number"), "those that fit")
        await seen.press("enter")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        query = "select full_name from tickets t join profiles p on p.id = t.assignee_id where number = 1001"
        assert await team.value(query) == "Tomás Vega"


async def test_the_queue_has_words_and_no_row_is_cut_at_other_widths(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(58, 20)) as seen:
        for columns, rows in ((58, 20), (130, 30)):
            if seen.app.size.width != columns:
                await seen.pilot.resize_terminal(columns, rows)
                await seen.until(lambda: seen.desk.pane.display, "both panes")
            first = next(line for line in seen.text().splitlines() if "#1001" in line and "▌" in line)
            assert "○ open" in first
            assert "△ high" in first
            assert seen.desk.queue.region.right <= columns
            assert "1m" in first or "now" in first or "2m" in first, "the last column"
