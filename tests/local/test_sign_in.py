"""The local sign-in, driven by the official client."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pyotp
import pytest
from supabase_auth import AsyncGoTrueClient
from supabase_auth.errors import AuthApiError, AuthRetryableError, AuthWeakPasswordError

from helpdesk_tui.local.places import PORT
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.passwords import hash_password, is_password
from helpdesk_tui.local.sign_in.transport import ISSUER, KEY_FILE, LocalSignIn
from tests.world import DeskDatabase

EMAIL, PASSWORD = "carol@example.com", "correct horse 1"


@pytest.fixture
def transport(database: DeskDatabase, tmp_path: Path) -> LocalSignIn:
    return LocalSignIn(database.owner_dsn, tmp_path)


@pytest.fixture
async def client(transport: LocalSignIn) -> AsyncIterator[AsyncGoTrueClient]:
    client = new_client(transport)
    yield client
    await client.close()


def new_client(transport: LocalSignIn) -> AsyncGoTrueClient:
    """A client as another device would have it."""
    http = httpx.AsyncClient(transport=transport)
    return AsyncGoTrueClient(url=ISSUER, http_client=http, auto_refresh_token=False, persist_session=False)


async def signed_up(client: AsyncGoTrueClient, email: str = EMAIL) -> str:
    """Makes an account; returns its access token."""
    answer = await client.sign_up(
        {"email": email, "password": PASSWORD, "options": {"data": {"full_name": "Carol Diaz"}}}
    )
    assert answer.session is not None
    return answer.session.access_token


async def refused(awaitable: object, code: str) -> AuthApiError:
    """Sees to it that the server refuses with this code."""
    with pytest.raises(AuthApiError) as caught:
        await awaitable  # type: ignore[misc]
    assert caught.value.code == code
    return caught.value


async def second_factor(client: AsyncGoTrueClient) -> tuple[str, pyotp.TOTP]:
    """Enrols and verifies a factor; the client's session is aal2 afterwards."""
    factor = await client.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
    assert factor.totp is not None
    codes = pyotp.TOTP(factor.totp.secret)
    challenge = await client.mfa.challenge({"factor_id": factor.id})
    await client.mfa.verify({"factor_id": factor.id, "challenge_id": challenge.id, "code": codes.now()})
    return factor.id, codes


def connect_with(database: DeskDatabase, claims: dict[str, str]) -> psycopg.Connection:
    """Connects to the database with what a token carries."""
    return psycopg.connect(
        host=database.server.host,
        port=PORT,
        dbname=database.name,
        user=f"hd_{UUID(claims['session_id']).hex}",
        password=claims["helpdesk_key"],
        sslmode="disable",
    )


async def test_official_client_signs_up_in_refreshes_and_out(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await signed_up(client)
    signed_in = await client.sign_in_with_password({"email": EMAIL.upper(), "password": PASSWORD})
    assert signed_in.session is not None
    refreshed = await client.refresh_session()
    assert refreshed.session is not None
    assert refreshed.session.refresh_token != signed_in.session.refresh_token
    user = await client.get_user()
    assert user is not None
    assert user.user.user_metadata["full_name"] == "Carol Diaz"
    await client.sign_out({"scope": "local"})
    assert await database.run("select count(*) from auth.sessions") == [(1,)], "the session of the sign-up stays"


async def test_official_client_accepts_our_tokens_by_the_published_key(client: AsyncGoTrueClient) -> None:
    token = await signed_up(client)
    claims = await client.get_claims(jwt=token)
    assert claims is not None
    assert claims["claims"]["iss"] == ISSUER


async def test_token_opens_the_database_until_sign_out(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    claims = await client.get_claims(jwt=await signed_up(client))
    assert claims is not None
    with connect_with(database, claims["claims"]) as connection:  # type: ignore[arg-type]
        connection.execute("set role helpdesk_member")
        assert connection.execute("select email, role from helpdesk.me()").fetchall() == [(EMAIL, "customer")]
        connection.commit()
        await client.sign_out({"scope": "local"})
        assert connection.execute("select email from helpdesk.me()").fetchall() == []


async def test_second_factor_raises_the_session_and_ends_others(transport: LocalSignIn) -> None:
    first, second = new_client(transport), new_client(transport)
    await signed_up(first)
    await second.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    await second_factor(first)
    level = await first.mfa.get_authenticator_assurance_level()
    assert (level.current_level, level.next_level) == ("aal2", "aal2")
    await refused(second.refresh_session(), "refresh_token_not_found")
    await second.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    level = await second.mfa.get_authenticator_assurance_level()
    assert (level.current_level, level.next_level) == ("aal1", "aal2")


async def test_second_factor_survives_a_refresh(client: AsyncGoTrueClient) -> None:
    await signed_up(client)
    await second_factor(client)
    await client.refresh_session()
    level = await client.mfa.get_authenticator_assurance_level()
    assert level.current_level == "aal2"


async def test_code_is_good_once_for_its_challenge(client: AsyncGoTrueClient) -> None:
    await signed_up(client)
    factor, codes = await second_factor(client)
    challenge = await client.mfa.challenge({"factor_id": factor})
    answer = {"factor_id": factor, "challenge_id": challenge.id, "code": codes.now()}
    await client.mfa.verify(answer)  # type: ignore[arg-type]
    await refused(client.mfa.verify(answer), "mfa_challenge_expired")  # type: ignore[arg-type]


async def test_factor_is_taken_away_only_with_the_factor(transport: LocalSignIn) -> None:
    strong, weak = new_client(transport), new_client(transport)
    await signed_up(strong)
    factor, _ = await second_factor(strong)
    await weak.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    await refused(weak.mfa.unenroll({"factor_id": factor}), "insufficient_aal")
    await refused(weak.update_user({"password": "another one 2"}), "insufficient_aal")
    await strong.mfa.unenroll({"factor_id": factor})
    await strong.refresh_session()
    level = await strong.mfa.get_authenticator_assurance_level()
    assert (level.current_level, level.next_level) == ("aal1", "aal1")


async def test_stolen_refresh_token_ends_the_family(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await signed_up(client)
    oldest = (await client.get_session()).refresh_token  # type: ignore[union-attr]
    for _ in range(2):
        await client.refresh_session()
    newest = (await client.get_session()).refresh_token  # type: ignore[union-attr]
    await database.run("update auth.refresh_tokens set updated_at = updated_at - interval '11 seconds'")
    await refused(client.refresh_session(oldest), "refresh_token_already_used")
    await refused(client.refresh_session(newest), "refresh_token_already_used")


async def test_older_token_within_ten_seconds_is_no_theft(client: AsyncGoTrueClient) -> None:
    await signed_up(client)
    oldest = (await client.get_session()).refresh_token  # type: ignore[union-attr]
    for _ in range(2):
        await client.refresh_session()
    assert (await client.refresh_session(oldest)).session is not None


async def test_crossing_refreshes_get_the_same_child(transport: LocalSignIn) -> None:
    client = new_client(transport)
    await signed_up(client)
    token = (await client.get_session()).refresh_token  # type: ignore[union-attr]
    answers = await asyncio.gather(*(new_client(transport).refresh_session(token) for _ in range(4)))
    assert len({answer.session.refresh_token for answer in answers if answer.session}) == 1


@pytest.mark.parametrize(
    ("scope", "left"),
    [("local", {"second"}), ("others", {"first"}), ("global", set())],
    ids=["local", "others", "global"],
)
async def test_sign_out_scope(scope: str, left: set[str], transport: LocalSignIn) -> None:
    first, second = new_client(transport), new_client(transport)
    await signed_up(first)
    await second.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    tokens = {}
    for name, client in (("first", first), ("second", second)):
        session = await client.get_session()
        assert session is not None
        tokens[name] = session.access_token
    await first.sign_out({"scope": scope})  # type: ignore[arg-type]
    alive = set()
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        for name, token in tokens.items():
            answer = await http.get("/user", headers={"Authorization": f"Bearer {token}"})
            alive |= {name} if answer.status_code == 200 else set()
    assert alive == left


async def test_new_password_ends_the_other_sessions(transport: LocalSignIn) -> None:
    here, there = new_client(transport), new_client(transport)
    await signed_up(here)
    await there.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    await here.update_user({"password": "another one 2"})
    assert (await here.refresh_session()).session is not None
    await refused(there.refresh_session(), "refresh_token_not_found")
    await refused(there.sign_in_with_password({"email": EMAIL, "password": PASSWORD}), "invalid_credentials")


async def test_new_address_reaches_the_profile(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await signed_up(client)
    await client.update_user({"email": "Carol.Diaz@example.com"})
    assert await database.run("select email from public.profiles") == [("carol.diaz@example.com",)]
    assert (await client.sign_in_with_password({"email": "carol.diaz@example.com", "password": PASSWORD})).session


async def test_address_of_another_account_is_refused(client: AsyncGoTrueClient) -> None:
    await signed_up(client, "first@example.com")
    await signed_up(client)
    await refused(client.update_user({"email": "first@example.com"}), "email_exists")


async def test_forgotten_password_is_replaced_by_a_mailed_code(
    client: AsyncGoTrueClient, transport: LocalSignIn
) -> None:
    await signed_up(client)
    await client.reset_password_for_email(EMAIL)
    ((recipient, _, text),) = Outbox(transport.outbox).messages()
    assert recipient == EMAIL
    code = re.findall(r"\d{6}", text)[0]
    await refused(client.verify_otp({"email": EMAIL, "token": "000000", "type": "recovery"}), "otp_expired")
    assert (await client.verify_otp({"email": EMAIL, "token": code, "type": "recovery"})).session
    await client.update_user({"password": "another one 2"})
    assert (await client.sign_in_with_password({"email": EMAIL, "password": "another one 2"})).session
    await refused(client.verify_otp({"email": EMAIL, "token": code, "type": "recovery"}), "otp_expired")


async def test_mails_are_not_sent_in_a_row(client: AsyncGoTrueClient, transport: LocalSignIn) -> None:
    await signed_up(client)
    await client.reset_password_for_email(EMAIL)
    error = await refused(client.reset_password_for_email(EMAIL), "over_email_send_rate_limit")
    assert error.status == 429
    assert len(Outbox(transport.outbox).messages()) == 1


async def test_code_instead_of_a_password(client: AsyncGoTrueClient, transport: LocalSignIn) -> None:
    await client.sign_in_with_otp({"email": "new@example.com"})
    ((_, _, text),) = Outbox(transport.outbox).messages()
    code = re.findall(r"\d{6}", text)[0]
    assert (await client.verify_otp({"email": "new@example.com", "token": code, "type": "email"})).session


async def test_unconfirmed_account_waits_for_its_code(database: DeskDatabase, tmp_path: Path) -> None:
    transport = LocalSignIn(database.owner_dsn, tmp_path, autoconfirm=False, mail_interval=0)
    client = new_client(transport)
    answer = await client.sign_up({"email": EMAIL, "password": PASSWORD})
    assert answer.session is None
    await refused(client.sign_in_with_password({"email": EMAIL, "password": PASSWORD}), "email_not_confirmed")
    code = re.findall(r"\d{6}", Outbox(transport.outbox).messages()[-1][2])[0]
    assert (await client.verify_otp({"email": EMAIL, "token": code, "type": "signup"})).session
    again = await client.sign_up({"email": EMAIL, "password": PASSWORD})
    assert again.user is not None
    assert again.user.identities == []
    assert await database.run("select count(*) from auth.users") == [(1,)]


async def test_anonymous_visitor_gets_a_token_and_no_login(client: AsyncGoTrueClient) -> None:
    answer = await client.sign_in_anonymously()
    assert answer.session is not None
    claims = await client.get_claims(jwt=answer.session.access_token)
    assert claims is not None
    assert claims["claims"]["is_anonymous"] is True  # type: ignore[typeddict-item]
    assert "helpdesk_key" not in claims["claims"]


async def test_failing_hook_fails_the_sign_in(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await signed_up(client)
    await database.run("drop function helpdesk.access_token_hook(jsonb)")
    error = await refused(client.sign_in_with_password({"email": EMAIL, "password": PASSWORD}), "unexpected_failure")
    assert error.status == 500
    assert await database.run("select count(*) from auth.sessions") == [(1,)], "nothing is left of the attempt"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("""return '{"error": {"http_code": 403, "message": "not you"}}';""", 403, "unknown"),
        ("perform pg_sleep(3); return event;", 422, "hook_timeout"),
        ("return event #- '{claims,aal}';", 500, "unexpected_failure"),
    ],
    ids=["refuses", "slow", "drops a claim"],
)
async def test_hook_that(body: str, status: int, code: str, client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await database.run(
        "create or replace function helpdesk.access_token_hook(event jsonb) returns jsonb language plpgsql as "
        f"$$ begin {body} end $$"
    )
    error = await refused(client.sign_up({"email": EMAIL, "password": PASSWORD}), code)
    assert error.status == status


async def test_banned_person_stays_out(client: AsyncGoTrueClient, database: DeskDatabase) -> None:
    await signed_up(client)
    await database.run("update auth.users set banned_until = now() + interval '1 day'")
    await refused(client.sign_in_with_password({"email": EMAIL, "password": PASSWORD}), "user_banned")
    await refused(client.refresh_session(), "user_banned")


async def test_expired_access_token_is_refused(database: DeskDatabase, tmp_path: Path) -> None:
    transport = LocalSignIn(database.owner_dsn, tmp_path, token_seconds=-1)
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        signed = await http.post("/signup", json={"email": EMAIL, "password": PASSWORD})
        answer = await http.get("/user", headers={"Authorization": f"Bearer {signed.json()['access_token']}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")
    assert "token is expired" in answer.json()["message"]


async def test_token_signed_by_another_key_is_refused(
    transport: LocalSignIn, database: DeskDatabase, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    token = await signed_up(new_client(LocalSignIn(database.owner_dsn, elsewhere)))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        answer = await http.get("/user", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"email": 5}', b'{"email": "a@b.de", "password": "correct", "data": 1}']
)
async def test_malformed_body_is_named(raw: bytes, transport: LocalSignIn) -> None:
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        answer = await http.post("/signup", content=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


async def test_weak_password_is_a_weak_password_to_the_client(client: AsyncGoTrueClient) -> None:
    with pytest.raises(AuthWeakPasswordError):
        await client.sign_up({"email": EMAIL, "password": "x"})


async def test_server_without_its_database_asks_to_try_again(tmp_path: Path) -> None:
    client = new_client(LocalSignIn(f"host={tmp_path} dbname=none", tmp_path))
    with pytest.raises(AuthRetryableError):
        await client.sign_in_with_password({"email": EMAIL, "password": PASSWORD})


def test_transport_works_in_one_event_loop_after_another(database: DeskDatabase, tmp_path: Path) -> None:
    transport = LocalSignIn(database.owner_dsn, tmp_path)
    asyncio.run(signed_up(new_client(transport), "one@example.com"))
    asyncio.run(signed_up(new_client(transport), "two@example.com"))


async def test_key_and_outbox_are_closed_to_others(client: AsyncGoTrueClient, tmp_path: Path) -> None:
    await signed_up(client)
    await client.reset_password_for_email(EMAIL)
    for file in (tmp_path / KEY_FILE, tmp_path / "outbox.mbox"):
        assert file.stat().st_mode & 0o777 == 0o600


def test_password_hash_fits_its_password_alone() -> None:
    hashed = hash_password("schöner Käse")
    assert is_password("schöner Käse", hashed)
    assert not is_password("schoener Kaese", hashed)
    assert not is_password("", None)
    assert hash_password("schöner Käse") != hashed
