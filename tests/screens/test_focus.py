"""Nothing but the person moves the focus, the pane or the ticket that keys are about."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from textual.widgets import Input

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.sign_in import SignInScreen
from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_losing_touch import EMAIL, PASSWORD, signed_in


async def test_the_open_ticket_stays_open_when_it_leaves_the_queue(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        await team.database.run("update tickets set status = 'closed' where number = 1001")
        await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1001)) is None, "it left the queue")
        await seen.pilot.pause(0.4)
        assert seen.shows("Please help with: Lamp flickers")
        await seen.press("p", "u")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        rows = await team.database.run("select number from tickets where priority = 'urgent' and number <> 1006")
        assert rows == [(1001,)]


async def test_a_late_confirmation_does_not_take_the_focus(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        await seen.press(*"on its way")
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("select 1 from tickets where number = 1001 for update")
            await seen.press("ctrl+s", "escape", "escape")
            await seen.until(lambda: seen.desk.queue.has_focus, "the queue")
            await seen.press("j", "s")
            await seen.until(lambda: seen.desk.picker.asking, "the question")
        await seen.until(lambda: seen.shows("Reply sent"), "the confirmation")
        await seen.pilot.pause(0.3)
        assert seen.desk.picker.asking
        assert seen.desk.picker.has_focus


async def test_looking_for_a_number_holds_no_act_up(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        async with await team.database.connect() as owner, owner.transaction():
            await owner.execute("lock table tickets in access exclusive mode")
            await seen.press("number_sign", *"1004", "enter", "p", "u")
            for _ in range(100):
                if seen.desk.triage.flying(ticket_id(1001)):
                    break
                await asyncio.sleep(0.02)
            assert seen.desk.triage.flying(ticket_id(1001))
        await seen.until(lambda: seen.shows("Please help with: How to reset"), "the ticket, in the end")


async def test_asking_for_a_number_before_the_database_answers_is_answered_in_words(team: Team, tmp_path: Path) -> None:
    settings = replace(team.database.settings, db_host=str(tmp_path / "nowhere"))
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = team.agent.session
    app = HelpdeskApp(settings, sign_in, team.agent.session)
    async with app.run_test(size=(100, 30)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: isinstance(app.screen, DeskScreen) and seen.desk.queue.state == "failed", "failed")
        await seen.press("number_sign", *"12", "enter")
        await seen.until(lambda: seen.shows("Not connected yet"), "the answer")
        await seen.app.leave()


async def test_a_session_that_ends_under_the_help_leaves_one_sign_in_and_then_one_desk(
    team: Team, tmp_path: Path
) -> None:
    sign_in, session = await signed_in(team.database, tmp_path)
    app = HelpdeskApp(team.database.settings, sign_in, session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(120, 40)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Lamp flickers"), "the queue")
        await seen.press("question_mark")
        await team.database.run("delete from auth.sessions where id = %s", [session.session_id])
        old = seen.desk
        old.link.look_at_myself()
        old.link.look_at_myself()
        await seen.until(lambda: isinstance(app.screen, SignInScreen), "the way in")
        await pilot.pause(0.5)
        assert [type(screen) for screen in app.screen_stack[1:]] == [SignInScreen]
        app.screen.query_one("#email", Input).value = EMAIL
        app.screen.query_one("#password", Input).value = PASSWORD
        app.screen.query_one("#password", Input).focus()
        await seen.press("enter")
        await seen.until(lambda: isinstance(app.screen, DeskScreen), "the desk")
        old.link.look_at_myself()
        await pilot.pause(0.7)
        assert [type(screen) for screen in app.screen_stack[1:]] == [DeskScreen]
        await seen.app.leave()


async def test_closed_tickets_sorted_by_due_date_are_not_asked_for_without_end(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        "insert into tickets (title, status, customer_id, department_id, updated_at, due_date) "
        "select 'Old ' || n, 'closed', %s, (select id from departments where name = 'Support'), "
        "now() - n * interval '1 hour', now() - n * interval '1 minute' from generate_series(1, 150) n",
        [team.customer.id],
    )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("7", "o", "d")
        await seen.until(lambda: seen.desk.queue.state == "ready", "rows")
        await seen.press("G")
        await seen.until(lambda: seen.shows("Old 150"), "the last one")
        assert seen.desk.desk is not None
        await seen.pilot.pause(0.5)
        before = seen.desk.desk.database.round_trips
        await seen.pilot.pause(1.0)
        assert seen.desk.desk.database.round_trips - before <= 2
