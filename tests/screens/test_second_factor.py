"""Second factors on the screen: staff are led through adding one where it is demanded; whoever wants one adds it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from textual.app import App
from textual.widgets import Input

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.accounts import SecondFactor
from helpdesk_tui.core.factors import Enrolment
from helpdesk_tui.core.session import Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.sign_in import SignInScreen
from tests.screens.opened import Opened
from tests.world import DeskDatabase

EMAIL, PASSWORD = "mira@example.com", "correct horse 1"
SECRET = re.compile(r"(?:[A-Z2-7]{4}\s+){7}[A-Z2-7]{4}")


@pytest.fixture
def gate(database: DeskDatabase, tmp_path: Path) -> LocalSignIn:
    """The sign-in server."""
    return LocalSignIn(database.owner_dsn, tmp_path, issuer=database.settings.auth_url)


@pytest.fixture
async def agent(database: DeskDatabase, gate: LocalSignIn) -> SignIn:
    """An agent of Support, signed in with the password alone."""
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    await sign_in.sign_up(EMAIL, PASSWORD, "Mira Okonkwo")
    await database.run(
        "update profiles set role = 'agent', department_id = (select id from departments limit 1) where email = %s",
        [EMAIL],
    )
    return sign_in


async def demand(database: DeskDatabase) -> None:
    """As the owner does it."""
    await database.run("update private.settings set staff_need_two_factors = true where only_row")


async def at_the_desk(seen: Opened) -> None:
    """Until it is there, and knows whose it is."""
    await seen.until(lambda: isinstance(seen.app.screen, DeskScreen) and seen.shows("Mira"), "the desk", 30)


def secret_on(seen: Opened) -> str | None:
    """The secret on the screen, if there is one, in the words beside the QR code or alone."""
    text = seen.text()
    beside = "\n".join(re.sub(r"^.*[▀▄█]|[│╭╮╰╯]", "", line) for line in text.splitlines())
    found = SECRET.search(beside)
    return "".join(found.group().split()) if found else None


def codes_of(seen: Opened) -> pyotp.TOTP:
    """What makes the codes of the secret on the screen."""
    secret = secret_on(seen)
    assert secret, seen.text()
    return pyotp.TOTP(secret)


def wrong(codes: pyotp.TOTP) -> str:
    """A code that is not good."""
    return "000000" if codes.now() != "000000" else "111111"


async def test_staff_are_led_through_adding_the_second_factor_that_is_demanded(
    database: DeskDatabase, gate: LocalSignIn, agent: SignIn, tmp_path: Path
) -> None:
    await demand(database)
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("Sign in to"), "the way in", 30)
        app.screen.query_one("#email", Input).value = EMAIL
        app.screen.query_one("#password", Input).value = PASSWORD
        app.screen.query_one("#password", Input).focus()
        await seen.press("enter")
        await seen.until(lambda: seen.shows("asks its staff") and secret_on(seen), "the secret", 30)
        assert seen.shows("█▀▀▀▀▀█"), "the QR code"
        codes = codes_of(seen)
        await seen.press(*wrong(codes), "enter")
        await seen.until(lambda: seen.shows("The code is wrong"), "the refusal", 30)
        assert codes_of(seen).secret == codes.secret
        await pilot.resize_terminal(60, 20)
        await seen.until(lambda: seen.shows("Type this key") and not seen.shows("█▀▀▀▀▀█"), "no half of a QR code", 30)
        await pilot.resize_terminal(80, 24)
        await seen.until(lambda: seen.shows("█▀▀▀▀▀█"), "the QR code again", 30)
        await seen.press(*codes.now(), "enter")
        await at_the_desk(seen)
        assert sign_in.session is not None
        assert sign_in.session.aal == "aal2"
        await app.leave()


async def test_the_open_desk_leads_to_a_second_factor_that_is_wanted_or_demanded_and_back(
    database: DeskDatabase, agent: SignIn, tmp_path: Path
) -> None:
    app = HelpdeskApp(database.settings, agent, agent.session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(160, 48)) as pilot:
        seen = Opened(app, pilot)
        await at_the_desk(seen)
        await app.run_action("second_factor")
        await seen.until(lambda: seen.shows("█▀▀▀▀▀█"), "the secret, for who wants one", 30)
        await seen.press("escape")
        await at_the_desk(seen)
        await seen.until(lambda: seen.desk.status.connection == "live", "live", 30)
        await demand(database)
        await seen.until(lambda: seen.shows("asks its staff") and seen.shows("█▀▀▀▀▀█"), "the way to a factor", 30)
        await seen.press("escape")
        await seen.until(lambda: seen.shows("Sign in to"), "another account's way in", 30)
        app.screen.query_one("#password", Input).value = PASSWORD
        await seen.press("enter")
        await seen.until(lambda: seen.shows("█▀▀▀▀▀█"), "the way to a factor again", 30)
        await seen.press(*codes_of(seen).now(), "enter")
        await at_the_desk(seen)
        await app.leave()


async def test_a_code_by_e_mail_in_the_passwords_place(
    database: DeskDatabase, gate: LocalSignIn, agent: SignIn, tmp_path: Path
) -> None:
    sign_in = SignIn(database.settings, MemoryStore(), transport=gate)
    app = HelpdeskApp(database.settings, sign_in, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = Opened(app, pilot)
        await seen.until(lambda: seen.shows("A code by e-mail"), "the way in", 30)
        await seen.press("ctrl+o", *EMAIL, "enter")
        await seen.until(lambda: seen.shows("If there is an account"), "the question for the code", 30)
        assert seen.shows("outbox.mbox")
        found = re.search(r"\d{6}", Outbox(gate.outbox).messages()[-1][2])
        assert found
        await seen.press(*("000000" if found.group() != "000000" else "111111"), "enter")
        await seen.until(lambda: seen.shows("The code is wrong"), "the refusal", 30)
        app.screen.query_one("#code", Input).value = found.group()
        await seen.press("enter")
        await at_the_desk(seen)
        await app.leave()


# -- what it looks like -----------------------------------------------------------------------------------------------

FIXED = Enrolment(
    "f",
    "authenticator",
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    f"otpauth://totp/helpdesk:{EMAIL}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
)


class Fixed(SignIn):
    """A sign-in whose secret is always the same."""

    async def owed(self) -> SecondFactor | None:
        """None is there."""
        return None

    async def enroll(self, name: str = "") -> Enrolment:
        """The same one."""
        return replace(FIXED, name=name or FIXED.name)

    async def finish(self, enrolment: Enrolment, code: str) -> Session:
        """Nobody gets that far."""
        raise NotImplementedError


class Door(App[None]):
    """The sign-in screen, at the step where a factor is added."""

    def on_mount(self) -> None:
        """Opens it."""
        settings = Settings(auth_url="https://desk.example")
        reason = "This helpdesk asks its staff for a second factor: you sign in with a code, too, from now on."
        self.push_screen(
            SignInScreen(Fixed(settings, MemoryStore()), "https://desk.example", reason=reason, factor="owed")
        )


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
def test_what_adding_a_second_factor_looks_like(snap_compare, size: tuple[int, int]) -> None:
    async def ready(pilot) -> None:
        seen = Opened(pilot.app, pilot)
        await seen.until(lambda: seen.shows("█▀▀▀▀▀█"), "the secret", 30)
        await pilot.pause()

    assert snap_compare(Door(), terminal_size=size, run_before=ready)
