"""Adding and removing second factors, and signing in with a code by e-mail, through the real local sign-in."""

from __future__ import annotations

import re

import httpx
import pyotp
import pytest

from helpdesk_tui.core import people
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, HelpdeskError, NotFound, SignInError
from helpdesk_tui.core.factors import Enrolment
from helpdesk_tui.core.qr import half_blocks
from helpdesk_tui.core.session import SecondFactor, Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore, MemoryStore
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.transport import ISSUER, LocalSignIn
from tests.world import DeskDatabase

EMAIL, PASSWORD = "carol@example.com", "correct horse 1"


@pytest.fixture
def transport(database: DeskDatabase, tmp_path) -> LocalSignIn:
    return LocalSignIn(database.owner_dsn, tmp_path)


@pytest.fixture
def settings(database: DeskDatabase) -> Settings:
    own = database.settings
    return Settings(auth_url=ISSUER, db_host=own.db_host, db_port=own.db_port, db_name=own.db_name, sslmode="disable")


def code_of(enrolment: Enrolment) -> str:
    return pyotp.TOTP(enrolment.secret).now()


def wrong(enrolment: Enrolment) -> str:
    """One that is not good now, before or after."""
    good = {pyotp.TOTP(enrolment.secret).at(0, counter_offset=0), code_of(enrolment)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in good)


async def refused(awaitable, kind: str) -> SignInError:
    with pytest.raises(SignInError) as caught:
        await awaitable
    assert caught.value.kind == kind
    return caught.value


async def test_a_factor_is_added_and_the_same_login_has_given_it_at_once(settings, transport, database, tmp_path):
    store = FileStore(tmp_path / "store", "default")
    desk, other = (
        SignIn(settings, store, transport=transport),
        SignIn(settings, MemoryStore(), transport=transport),
    )
    first = await desk.sign_up(EMAIL, PASSWORD, "Carol Diaz")
    await other.password(EMAIL, PASSWORD)
    assert first is not None
    await database.run("update public.profiles set role = 'admin' where email = %s", [EMAIL])
    await database.run("update private.settings set staff_need_two_factors = true where only_row")
    told: list[Session] = []
    desk.on_refresh(told.append)
    connection = await Database.connect(settings, first)
    assert (await connection.fetch(people.me()))[0].owes_factor
    assert await desk.owed() is None, "there is none yet: it has to be added"

    begun = await desk.enroll()
    again = await desk.enroll()
    assert again.secret != begun.secret, "what was begun and not finished is forgotten"
    assert await desk.factors() == []
    assert (await refused(desk.finish(again, wrong(again)), "second_factor")).message.startswith("The code is wrong")
    await refused(desk.finish(again, "12345"), "second_factor")
    assert desk.session == first
    spaced = code_of(again)
    session = await desk.finish(again, f"{spaced[:3]} {spaced[3:]}")

    assert (session.aal, session.db_user, session.db_password) == ("aal2", first.db_user, first.db_password)
    assert told == [session]
    assert (await connection.fetch(people.me()))[0].role == "admin", "on the open connection, which never reconnected"
    await connection.close()
    restored = await SignIn(settings, store, transport=transport).restore()
    assert restored == session
    await refused(other.refresh(), "expired")
    assert [factor.name for factor in await desk.factors()] == ["authenticator"]


async def test_a_factor_is_removed_only_by_who_gave_one(settings, transport):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    await desk.sign_up(EMAIL, PASSWORD, "Carol Diaz")
    first = await desk.enroll("my phone")
    await desk.finish(first, code_of(first))
    with pytest.raises(BadInput, match="already"):
        await desk.enroll("my phone")
    with pytest.raises(NotFound):
        await desk.unenroll("no such phone")
    second = await desk.enroll()
    await desk.finish(second, code_of(second))
    assert [factor.name for factor in await desk.factors()] == ["my phone", "authenticator"]
    assert (await desk.enroll()).name == "authenticator 2"

    weak = SignIn(settings, MemoryStore(), transport=transport)
    owed = await weak.password(EMAIL, PASSWORD)
    assert isinstance(owed, SecondFactor)
    assert (await weak.second_factor(owed, code_of(second))).aal == "aal2", "any of them will do"

    # The session rests on the second: without the first it goes on as it is, without its own it has given none.
    _, session = await desk.unenroll("my phone")
    assert session.aal == "aal2"
    _, session = await desk.unenroll(second.factor_id)
    assert session.aal == "aal1"
    assert await desk.factors() == []
    assert isinstance(await SignIn(settings, MemoryStore(), transport=transport).password(EMAIL, PASSWORD), Session)


async def test_a_session_that_gave_none_cannot_add_or_remove_where_there_is_one(settings, transport, database):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    await desk.sign_up(EMAIL, PASSWORD, "Carol Diaz")
    made = await desk.enroll()
    await desk.finish(made, code_of(made))
    await database.run("update auth.sessions set aal = 'aal1', factor_id = null")
    await desk.refresh()
    await refused(desk.enroll("another"), "second_factor")
    await refused(desk.unenroll("authenticator"), "second_factor")
    assert isinstance(await desk.owed(), SecondFactor)
    await desk.abandon()
    owed = await desk.owed()
    assert isinstance(owed, SecondFactor), "not to give the code ends no session that was there before"
    assert (await desk.second_factor(owed, code_of(made))).aal == "aal2"
    assert await desk.owed() is None


async def test_nobody_signed_in_adds_nothing(settings, transport):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    for act in (desk.factors(), desk.enroll(), desk.owed()):
        await refused(act, "signed_out")


# -- a code by e-mail -------------------------------------------------------------------------------------------------


def mailed(transport: LocalSignIn) -> str:
    found = re.search(r"\d{6}", Outbox(transport.outbox).messages()[-1][2])
    assert found
    return found.group()


async def test_a_code_by_e_mail_signs_in_and_the_second_factor_is_asked_for_all_the_same(settings, transport):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    await desk.sign_up(EMAIL, PASSWORD, "Carol Diaz")
    await desk.send_code(f" {EMAIL} ")
    await refused(desk.enter(EMAIL, "000000" if mailed(transport) != "000000" else "111111"), "code")
    session = await desk.enter(EMAIL, mailed(transport))
    assert isinstance(session, Session)
    assert (session.email, session.aal) == (EMAIL, "aal1")
    await refused(desk.enter(EMAIL, mailed(transport)), "code")

    made = await desk.enroll()
    await desk.finish(made, code_of(made))
    quick = LocalSignIn(transport._dsn, transport._home, mail_interval=0)
    await SignIn(settings, MemoryStore(), transport=quick).send_code(EMAIL)
    late = SignIn(settings, MemoryStore(), transport=transport)
    owed = await late.enter(EMAIL, mailed(transport))
    assert isinstance(owed, SecondFactor)
    assert (await late.second_factor(owed, code_of(made))).aal == "aal2"


async def test_asking_for_a_code_tells_nobody_who_has_an_account(settings, transport, database):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    await desk.sign_up(EMAIL, PASSWORD, "Carol Diaz")
    await desk.send_code(EMAIL)
    await desk.send_code(EMAIL)  # too soon for another, which a server tells of accounts alone
    await desk.send_code("nobody@example.com")
    assert len(Outbox(transport.outbox).messages()) == 1
    assert await database.run("select email from auth.users") == [(EMAIL,)], "no account is made"
    kinds = [(await refused(desk.enter(email, "123123"), "code")).message for email in (EMAIL, "nobody@example.com")]
    assert kinds[0] == kinds[1]
    await refused(desk.send_code(""), "validation")
    await refused(desk.send_code("nope"), "validation")


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (422, "email_provider_disabled", "Email logins are disabled", "validation"),
        (429, "over_email_send_rate_limit", "email rate limit exceeded", "rate_limit"),
        (500, "unexpected_failure", "Error sending magic link email", "server"),
    ],
)
async def test_a_server_that_sends_no_codes_is_told_in_plain_words(settings, status, code, message, kind):
    version = {"x-supabase-api-version": "2024-01-01"}
    answer = httpx.MockTransport(
        lambda _: httpx.Response(status, json={"code": code, "message": message}, headers=version)
    )
    desk = SignIn(settings, MemoryStore(), transport=answer)
    with pytest.raises(HelpdeskError) as caught:
        await desk.send_code(EMAIL)
    assert isinstance(caught.value, SignInError)
    assert caught.value.kind == kind


# -- the QR code ------------------------------------------------------------------------------------------------------


async def test_the_address_is_short_enough_for_a_qr_code_beside_words_at_80_columns(settings, transport):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    email = "somebody.with.a.long.name@helpdesk.example"
    await desk.sign_up(email, PASSWORD, "Carol Diaz")
    made = await desk.enroll()
    assert made.uri == f"otpauth://totp/helpdesk:{email}?secret={made.secret}"
    assert made.grouped.replace(" ", "") == made.secret
    assert made.secret not in repr(made)
    assert pyotp.parse_uri(made.uri).secret == made.secret
    lines = half_blocks(made.uri)
    assert (len(lines), {len(line) for line in lines}) == (21, {41})
    # The three finder patterns, of seven modules, two from the edge.
    assert lines[1][2:9] == lines[1][-9:-2] == lines[-5][2:9] == "█▀▀▀▀▀█"
    assert set("".join(lines)) <= set(" ▀▄█")
