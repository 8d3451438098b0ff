"""Signing up and setting a new password, through the official client and the local sign-in's mail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpdesk_tui.core import people
from helpdesk_tui.core.accounts import SecondFactor
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import SignInError
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.transport import ISSUER, LocalSignIn
from tests.authenticator import enroll
from tests.world import DeskDatabase

EMAIL, PASSWORD, NEW = "carol@example.com", "correct horse 1", "better horse 2"


@pytest.fixture
def settings(database: DeskDatabase) -> Settings:
    own = database.settings
    return Settings(auth_url=ISSUER, db_host=own.db_host, db_port=own.db_port, db_name=own.db_name, sslmode="disable")


@pytest.fixture
def gate(database: DeskDatabase, tmp_path: Path) -> LocalSignIn:
    """Addresses have to be confirmed; codes can be asked for at once again."""
    return LocalSignIn(database.owner_dsn, tmp_path, autoconfirm=False, mail_interval=0)


def someone(settings: Settings, gate: LocalSignIn) -> SignIn:
    return SignIn(settings, MemoryStore(), transport=gate)


def mailed(gate: LocalSignIn) -> tuple[str, str]:
    """Whom the newest message is for, and the code in it."""
    recipient, _, text = Outbox(gate.outbox).messages()[-1]
    found = re.search(r"\d{6}", text)
    assert found
    return recipient, found.group()


async def kind_of(doing: object) -> str:
    with pytest.raises(SignInError) as refused:
        await doing  # type: ignore[misc]
    return refused.value.kind


async def account(settings: Settings, gate: LocalSignIn) -> SignIn:
    """Somebody whose address is confirmed, signed in on another device."""
    device = someone(settings, gate)
    assert await device.sign_up(EMAIL, PASSWORD, "Carol Diaz") is None
    await device.confirm(EMAIL, mailed(gate)[1])
    return device


async def test_sign_up_with_the_mailed_code_makes_a_customer(settings: Settings, gate: LocalSignIn) -> None:
    sign_in = someone(settings, gate)
    assert await sign_in.sign_up(f" {EMAIL} ", PASSWORD, "  Carol   Diaz ") is None
    assert sign_in.session is None
    recipient, code = mailed(gate)
    assert recipient == EMAIL
    assert await kind_of(sign_in.confirm(EMAIL, "000000" if code != "000000" else "000001")) == "code"
    assert await kind_of(sign_in.confirm(EMAIL, "12")) == "code"
    session = await sign_in.confirm(EMAIL, f"{code[:3]} {code[3:]}")
    database = await Database.connect(settings, session)
    (me,) = await database.fetch(people.me())
    await database.close()
    assert (me.name, me.email, me.role) == ("Carol Diaz", EMAIL, "customer")
    assert await kind_of(someone(settings, gate).confirm(EMAIL, code)) == "code"  # used up


async def test_nobody_learns_by_signing_up_or_resetting_who_has_an_account(
    settings: Settings, gate: LocalSignIn
) -> None:
    await account(settings, gate)
    letters = len(Outbox(gate.outbox).messages())
    stranger = someone(settings, gate)
    assert await stranger.sign_up(EMAIL, "another horse 3", "Eve") is None
    await stranger.recover("nobody@example.com")
    assert len(Outbox(gate.outbox).messages()) == letters


async def test_what_is_missing_or_weak_is_said(settings: Settings, gate: LocalSignIn) -> None:
    sign_in = someone(settings, gate)
    assert await kind_of(sign_in.sign_up(EMAIL, PASSWORD, " ")) == "validation"
    assert await kind_of(sign_in.sign_up("nope", PASSWORD, "Carol")) == "validation"
    assert await kind_of(sign_in.sign_up(EMAIL, "x", "Carol")) == "weak_password"
    assert await kind_of(sign_in.recover("")) == "validation"
    assert await kind_of(sign_in.set_password(NEW)) == "code"


async def test_new_password_with_the_mailed_code_signs_in_here_and_out_elsewhere(
    settings: Settings, gate: LocalSignIn
) -> None:
    device = await account(settings, gate)
    sign_in = someone(settings, gate)
    await sign_in.recover(EMAIL)
    _, code = mailed(gate)
    assert await sign_in.redeem(EMAIL, code) is None
    # The code is used up, and what is said of a password costs no other one.
    assert await kind_of(sign_in.set_password("x")) == "weak_password"
    assert await kind_of(sign_in.set_password(PASSWORD)) == "weak_password"
    session = await sign_in.set_password(NEW)
    assert sign_in.session is session
    assert await kind_of(device.refresh()) == "expired"
    assert await kind_of(someone(settings, gate).password(EMAIL, PASSWORD)) == "credentials"
    assert await kind_of(someone(settings, gate).redeem(EMAIL, code)) == "code"


async def test_new_password_of_somebody_with_a_second_factor_needs_it(settings: Settings, gate: LocalSignIn) -> None:
    await account(settings, gate)
    authenticator = await enroll(gate, ISSUER, EMAIL, PASSWORD)
    sign_in = someone(settings, gate)
    await sign_in.recover(EMAIL)
    factor = await sign_in.redeem(EMAIL, mailed(gate)[1])
    assert isinstance(factor, SecondFactor)
    assert await kind_of(sign_in.set_password(NEW)) == "second_factor"
    assert await kind_of(sign_in.prove(factor, "000000")) == "second_factor"
    await sign_in.prove(factor, authenticator.now())
    session = await sign_in.set_password(NEW)
    assert session.aal == "aal2"


async def test_too_many_codes_are_told_with_the_time_to_wait(
    settings: Settings, database: DeskDatabase, tmp_path: Path
) -> None:
    gate = LocalSignIn(database.owner_dsn, tmp_path)
    await someone(settings, gate).sign_up(EMAIL, PASSWORD, "Carol")
    sign_in = someone(settings, gate)
    await sign_in.recover(EMAIL)
    with pytest.raises(SignInError, match=r"Try again in \d+ seconds") as refused:
        await sign_in.recover(EMAIL)
    assert refused.value.kind == "rate_limit"


async def test_reset_that_is_left_ends_its_session(
    settings: Settings, gate: LocalSignIn, database: DeskDatabase
) -> None:
    device = await account(settings, gate)
    await device.sign_out()
    sign_in = someone(settings, gate)
    await sign_in.recover(EMAIL)
    await sign_in.redeem(EMAIL, mailed(gate)[1])
    await sign_in.abandon()
    assert await database.run("select from auth.sessions") == []
    assert await kind_of(sign_in.set_password(NEW)) == "code"
