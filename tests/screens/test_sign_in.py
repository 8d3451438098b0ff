"""Signing in on the screen, through the real local sign-in."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pyotp
import pytest
from supabase_auth import AsyncGoTrueClient
from textual.app import App
from textual.events import Key
from textual.widgets import Input

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.sign_in import SignInScreen
from tests.screens.opened import Opened
from tests.world import DeskDatabase

PASSWORD = "correct horse 1"
EMAIL = "mira@example.com"


@pytest.fixture
def gate(database: DeskDatabase, tmp_path: Path) -> LocalSignIn:
    """The sign-in server."""
    return LocalSignIn(database.owner_dsn, tmp_path, issuer=database.settings.auth_url)


@pytest.fixture
async def device(database: DeskDatabase, gate: LocalSignIn) -> AsyncGoTrueClient:
    """Another device of an agent of Support, signed in there."""
    client = AsyncGoTrueClient(
        url=database.settings.auth_url,
        http_client=httpx.AsyncClient(transport=gate),
        auto_refresh_token=False,
        persist_session=False,
    )
    await client.sign_up({"email": EMAIL, "password": PASSWORD, "options": {"data": {"full_name": "Mira Okonkwo"}}})
    await database.run(
        "update profiles set role = 'agent', department_id = (select id from departments limit 1) where email = %s",
        [EMAIL],
    )
    return client


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_desk(
    database: DeskDatabase, gate: LocalSignIn, device: AsyncGoTrueClient, tmp_path: Path
) -> None:
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Sign in to"), "the way in")
        await seen.press(*EMAIL, "enter", *"wrong", "enter")
        await seen.until(lambda: "wrong" in seen.text().lower() and seen.shows("password"), "the refusal")
        app.screen.query_one("#password", Input).value = PASSWORD
        await seen.press("enter")
        await seen.until(lambda: isinstance(app.screen, DeskScreen), "the desk")
        await seen.until(lambda: seen.shows("Mira"), "who I am")
        await seen.app.leave()


async def test_a_second_factor_is_asked_for(
    database: DeskDatabase, gate: LocalSignIn, device: AsyncGoTrueClient, tmp_path: Path
) -> None:
    factor = await device.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
    assert factor.totp is not None
    codes = pyotp.TOTP(factor.totp.secret)
    challenge = await device.mfa.challenge({"factor_id": factor.id})
    await device.mfa.verify({"factor_id": factor.id, "challenge_id": challenge.id, "code": codes.now()})

    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Sign in to"), "the way in")
        app.screen.query_one("#email", Input).value = EMAIL
        app.screen.query_one("#password", Input).value = PASSWORD
        app.screen.query_one("#password", Input).focus()
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Now the code from phone"), "the question for the code")
        await seen.press(*codes.now(), "enter")
        await seen.until(lambda: isinstance(app.screen, DeskScreen), "the desk")
        assert sign_in.session is not None
        assert sign_in.session.aal == "aal2"
        await seen.until(lambda: seen.shows("Mira"), "who I am")
        await seen.app.leave()


async def test_a_password_typed_right_behind_the_address_does_not_land_beside_it() -> None:
    """However fast: the keys are there before the first of them is heard."""
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        settings = Settings(auth_url="http://desk.test")
        await app.push_screen(SignInScreen(SignIn(settings, MemoryStore()), "http://desk.test"))
        await pilot.pause()
        for key in (*"me@desk", "enter", *"secret"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await Opened(app, pilot).until(lambda: app.screen.query_one("#password", Input).value == "secret", "it", 30)  # type: ignore[arg-type]
        assert app.screen.query_one("#email", Input).value == "me@desk"


def code_in(gate: LocalSignIn) -> str:
    """The code of the newest mail."""
    found = re.search(r"\d{6}", Outbox(gate.outbox).messages()[-1][2])
    assert found
    return found.group()


async def test_somebody_new_signs_up_with_the_mailed_code(database: DeskDatabase, tmp_path: Path) -> None:
    gate = LocalSignIn(database.owner_dsn, tmp_path, issuer=database.settings.auth_url, autoconfirm=False)
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("New here?"), "the way in")
        await seen.press("ctrl+n")
        await seen.until(lambda: seen.shows("Sign up at"), "the step")
        await seen.press("escape")
        await seen.until(lambda: seen.shows("Sign in to"), "back")
        await seen.press("ctrl+n", *"Mira", "enter", *EMAIL, "enter", *"x", "enter")
        await seen.until(lambda: seen.shows("at least 6 characters"), "that it is weak")
        await seen.press(*"correct horse", "enter")
        await seen.until(lambda: seen.shows("We have sent a code"), "the question for the code")
        assert seen.shows("outbox.mbox")
        await seen.press(*"000000", "enter")
        await seen.until(lambda: seen.shows("The code is wrong"), "the refusal")
        app.screen.query_one("#code", Input).value = code_in(gate)
        await seen.press("enter")
        await seen.until(lambda: isinstance(app.screen, CustomerScreen), "a customer's home")
        assert sign_in.session is not None
        await seen.until(lambda: seen.shows("Mira"), "who I am")
        await seen.app.leave()


async def test_a_forgotten_password_is_set_anew_with_the_mailed_code(
    database: DeskDatabase, gate: LocalSignIn, device: AsyncGoTrueClient, tmp_path: Path
) -> None:
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Forgot the password?"), "the way in")
        await seen.press("ctrl+r", *EMAIL, "enter")
        await seen.until(lambda: seen.shows("If there is an account"), "the question for the code")
        await seen.press(*code_in(gate), "enter")
        await seen.until(lambda: seen.shows("Now the new password"), "the question for the password")
        await seen.press(*PASSWORD, "enter")
        await seen.until(lambda: seen.shows("That is the password you had"), "that it is the old one")
        await seen.press(*"2", "enter")
        await seen.until(lambda: not isinstance(app.screen, SignInScreen), "the home screen")
        assert sign_in.session is not None
        await seen.until(lambda: seen.shows("Mira"), "who I am")
        await seen.app.leave()
