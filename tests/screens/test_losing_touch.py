"""The desk without its database or its sign-in: said plainly, and nothing written is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
from supabase_auth import AsyncGoTrueClient
from textual.widgets import Input

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.credential import Session
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.sign_in import SignInScreen
from tests.screens.opened import Opened, Team, opened
from tests.world import DeskDatabase

PASSWORD = "correct horse 1"
EMAIL = "lena@example.com"


async def test_a_database_that_does_not_answer_looks_like_a_failure_and_not_like_loading(
    team: Team, tmp_path: Path
) -> None:
    settings = replace(team.database.settings, db_host=str(tmp_path / "nowhere"))
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = team.agent.session
    app = HelpdeskApp(settings, sign_in, team.agent.session)
    async with app.run_test(size=(100, 30)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: isinstance(app.screen, DeskScreen) and seen.desk.queue.state == "failed", "failed")
        assert seen.shows("offline")
        await seen.app.leave()


async def test_a_queue_that_is_empty_says_so(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("6")
        await seen.until(lambda: seen.desk.queue.state == "empty", "nothing is overdue")
        assert seen.shows("Nothing is overdue")


async def signed_in(database: DeskDatabase, tmp_path: Path) -> tuple[SignIn, Session]:
    """An agent of Support who signed in through the local sign-in."""
    gate = LocalSignIn(database.owner_dsn, tmp_path, issuer=database.settings.auth_url)
    device = AsyncGoTrueClient(
        url=database.settings.auth_url,
        http_client=httpx.AsyncClient(transport=gate),
        auto_refresh_token=False,
        persist_session=False,
    )
    await device.sign_up({"email": EMAIL, "password": PASSWORD, "options": {"data": {"full_name": "Lena Roth"}}})
    await database.run(
        "update profiles set role = 'agent', department_id = (select id from departments where name = 'Support') "
        "where email = %s",
        [EMAIL],
    )
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    session = await sign_in.password(EMAIL, PASSWORD)
    assert isinstance(session, Session)
    return sign_in, session


async def test_signing_out_ends_here_and_asks_for_the_next_sign_in(team: Team, tmp_path: Path) -> None:
    sign_in, session = await signed_in(team.database, tmp_path)
    app = HelpdeskApp(team.database.settings, sign_in, session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(120, 40)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Lamp flickers"), "the queue")
        await app.run_action("app.sign_out")
        await seen.until(lambda: isinstance(app.screen, SignInScreen), "the way in")
        await seen.until(lambda: seen.shows("You are signed out"), "what happened")
        assert not any(isinstance(screen, DeskScreen) for screen in app.screen_stack)
        assert await team.value("select count(*) from auth.sessions where id = %s", session.session_id) == 0


async def test_never_again_text_lost_when_the_session_ends_while_writing(team: Team, tmp_path: Path) -> None:
    sign_in, session = await signed_in(team.database, tmp_path)
    app = HelpdeskApp(team.database.settings, sign_in, session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(120, 40)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Lamp flickers"), "the queue")
        await seen.press("r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.press(*"half an hour of writing")
        # As helpdesk.end_session() does: row, login and connections.
        await team.database.run("select private.end_these(array[%s])", [session.session_id])
        await seen.press("ctrl+s")
        await seen.until(lambda: isinstance(app.screen, SignInScreen), "the way in", seconds=15)
        await seen.until(lambda: seen.shows("You were signed out"), "the reason")
        assert await team.value("select count(*) from ticket_messages where content like 'half an hour%%'") == 0
        app.screen.query_one("#email", Input).value = EMAIL
        app.screen.query_one("#password", Input).value = PASSWORD
        app.screen.query_one("#password", Input).focus()
        await seen.press("enter")
        await seen.until(lambda: isinstance(app.screen, DeskScreen) and seen.shows("Lamp flickers"), "the desk again")
        await seen.press("r")
        await seen.until(lambda: seen.shows("half an hour of writing"), "the text")
        await seen.app.leave()
