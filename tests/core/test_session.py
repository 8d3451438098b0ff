"""Signing in, staying signed in, signing out."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from helpdesk_tui.core import session as session_module
from helpdesk_tui.core import tokens as tokens_module
from helpdesk_tui.core.errors import HelpdeskError, SettingsError, SignInError, Unreachable
from helpdesk_tui.core.session import SecondFactor, Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore, MemoryStore
from tests.core.auth_server import CODE, PASSWORD, URL, AuthServer, error, jwt
from tests.parts import REPOSITORY

SETTINGS = Settings(auth_url="https://project.example", api_key="sb_publishable_x", db_host="db.example")


@pytest.fixture
def server():
    return AuthServer()


class Clock:
    """Real time, and what a laptop's sleep adds to it."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


def sign_in(server, store=None, **more) -> SignIn:
    return SignIn(SETTINGS, store or MemoryStore(), transport=server.transport, **more)


async def enter(desk: SignIn, server) -> Session:
    """Signed in with the right password."""
    session = await desk.password(server.email, PASSWORD)
    assert isinstance(session, Session)
    return session


def kept(store) -> dict[str, Any]:
    """What the store holds."""
    record = store.read()
    assert record is not None
    return dict(record)


async def refusal(server, kind: str | None = None) -> HelpdeskError:
    """What is said about a password sign-in."""
    with pytest.raises(HelpdeskError) as caught:
        await sign_in(server).password(server.email, PASSWORD)
    if kind is not None:
        assert isinstance(caught.value, SignInError)
        assert caught.value.kind == kind
    return caught.value


async def test_password_gives_a_session_with_its_own_database_login(server):
    desk = sign_in(server)
    session = await desk.password(f" {server.email} ", PASSWORD)
    assert isinstance(session, Session)
    assert desk.session == session
    assert session.user_id == UUID(server.user_id)
    assert session.db_user == "hd_" + session.session_id.hex
    assert session.db_password == session.session_id.hex * 2
    assert "helpdesk_key" not in session.claims
    assert session.claims["sub"] == server.user_id
    assert session.expires_at == pytest.approx(time.time() + 3600, abs=5)
    assert server.requests[0].headers["apikey"] == "sb_publishable_x"
    assert "authorization" not in server.requests[0].headers


async def test_secrets_do_not_show_in_a_traceback(server):
    session = await enter(sign_in(server), server)
    for secret in (session.db_password, session.access_token, session.refresh_token):
        assert secret not in repr(session)


async def test_wrong_password_in_plain_words(server):
    with pytest.raises(SignInError, match="e-mail address or the password is wrong") as caught:
        await sign_in(server).password(server.email, "x")
    assert (caught.value.kind, caught.value.exit_code) == ("credentials", 3)


async def test_nothing_is_sent_without_password(server):
    with pytest.raises(SignInError):
        await sign_in(server).password(server.email, "")
    assert not server.requests


async def test_second_factor(server):
    server.factors = [str(uuid4())]
    desk = sign_in(server)
    factor = await desk.password(server.email, PASSWORD)
    assert isinstance(factor, SecondFactor)
    assert factor == SecondFactor(server.factors[0], "phone 1")
    assert desk.session is None
    for wrong in ("000000", "12345", "abcdef", "１２３４５６"):
        with pytest.raises(SignInError) as caught:
            await desk.second_factor(factor, wrong)
        assert caught.value.kind == "second_factor"
    session = await desk.second_factor(factor, f"{CODE[:3]} {CODE[3:]}")
    assert session.aal == "aal2"
    assert len(server.sessions) == 1


async def test_the_code_of_any_of_several_devices_will_do(server):
    server.factors = [str(uuid4()), str(uuid4())]
    desk = sign_in(server)
    factor = await desk.password(server.email, PASSWORD)
    assert isinstance(factor, SecondFactor)
    assert factor.factor_id == server.factors[0]
    assert (await desk.second_factor(factor, CODE)).aal == "aal2"


async def test_a_half_finished_sign_in_is_ended_on_the_server(server):
    server.factors = [str(uuid4())]
    desk = sign_in(server)
    await desk.password(server.email, PASSWORD)
    assert len(server.sessions) == 1
    await desk.abandon()
    assert not server.sessions


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(429, "over_request_rate_limit", "Request rate limit reached"), "rate_limit", "Wait a minute"),
        (httpx.Response(429, headers={"retry-after": "17"}, json={"msg": "slow"}), "rate_limit", "in 17 seconds"),
        (
            error(500, "unexpected_failure", "Error running hook URI: pg-functions://postgres/helpdesk/hook"),
            "hook",
            "access token hook failed",
        ),
        (error(422, "hook_timeout", "Failed to reach hook within maximum time"), "hook", "2 seconds"),
        (error(500, "unexpected_failure", "Database error querying schema"), "server", "HTTP 500"),
        (error(400, "email_not_confirmed", "Email not confirmed"), "validation", "not confirmed yet"),
        (error(400, "user_banned", "User is banned"), "credentials", "blocked"),
        (error(400, "captcha_failed", "captcha"), "validation", "captcha"),
        (
            error(422, "weak_password", "Password should be longer", weak_password={"reasons": ["length"]}),
            "weak_password",
            "Choose a longer",
        ),
        (httpx.Response(403, html="<html>Log in to Hotel</html>"), "server", "proxy or a portal"),
        (httpx.Response(200, html="<html>Log in to Hotel</html>"), "server", "proxy or a portal"),
        (httpx.Response(302, headers={"location": "https://portal.example/"}), "server", "proxy or a portal"),
        (httpx.Response(200, json={"access_token": 3}), "server", "proxy or a portal"),
        (error(400, "something_new", "Never heard of"), "server", "Never heard of."),
    ],
)
async def test_the_servers_errors_in_plain_words(server, answer, kind, words):
    server.answer = answer
    refused = await refusal(server, kind)
    assert words in str(refused)
    assert "Traceback" not in str(refused)


async def test_a_redirect_is_not_followed_with_the_password(server):
    server.answer = httpx.Response(307, headers={"location": "https://elsewhere.example/token"})
    await refusal(server, "server")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [502, 503, 504, 522])
async def test_a_gateway_without_its_server_counts_as_unreachable(server, status):
    server.answer = httpx.Response(status, html="<h1>Bad gateway</h1>")
    refused = await refusal(server)
    assert isinstance(refused, Unreachable)
    assert f"HTTP {status}" in str(refused)


async def test_a_wrong_key_or_address_points_to_the_settings(server):
    server.answer = httpx.Response(401, json={"message": "Invalid API key", "hint": "Double check"})
    refused = await refusal(server)
    assert isinstance(refused, SettingsError)
    assert "api_key" in str(refused)
    server.answer = httpx.Response(404, json={"message": "no Route matched with those values"})
    assert "There is no sign-in server at https://project.example/auth/v1" in str(await refusal(server))


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "Name or service not known"),
        (httpx.ConnectTimeout(""), "does not answer in time"),
        (httpx.ReadTimeout(""), "does not answer in time"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "Server disconnected"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"), "not to be trusted"),
    ],
)
async def test_unreachable_in_plain_words(server, raised, words):
    def fail(request):
        raise raised

    server.answer = fail
    refused = await refusal(server)
    assert isinstance(refused, Unreachable)
    assert refused.exit_code == 4
    assert words in str(refused)
    assert "project.example" in str(refused)


async def test_a_server_that_is_not_there_over_a_real_connection():
    settings = Settings(auth_url="http://127.0.0.1:9", db_host="127.0.0.1")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 cannot be reached"):
        await SignIn(settings, MemoryStore()).password("a@example.com", "x")


async def test_a_hook_that_is_not_installed_is_said(server):
    server.hook_installed = False
    assert "access token hook is not installed" in str(await refusal(server, "hook"))


@pytest.mark.parametrize(("offset", "words"), [(7200, "2 hours behind"), (-7300, "2 hours ahead of")])
async def test_a_wrong_clock_is_named(server, offset, words):
    server.offset = offset
    assert words in str(await refusal(server, "clock"))
    assert not server.sessions, "the session that cannot be used is ended again"


async def test_a_slightly_wrong_clock_is_lived_with(server):
    for offset in (-200, 200):
        server.offset = offset
        session = await enter(sign_in(server), server)
        assert session.expires_at <= time.time() + 3601


# --- from one run to the next


async def test_restore_from_the_store(server, tmp_path):
    store = FileStore(tmp_path, "work")
    session = await enter(sign_in(server, store), server)
    server.requests.clear()
    again = sign_in(server, FileStore(tmp_path, "work"))
    assert await again.restore() == session
    assert not server.requests


def test_restoring_a_good_session_imports_neither_the_client_nor_httpx(tmp_path):
    server = AuthServer()
    asyncio.run(sign_in(server, FileStore(tmp_path, "work")).password(server.email, PASSWORD))
    script = f"""
import asyncio, pathlib, sys
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore
settings = Settings(auth_url={SETTINGS.auth_url!r})
session = asyncio.run(SignIn(settings, FileStore(pathlib.Path({str(tmp_path)!r}), "work")).restore())
assert session.email == {server.email!r}
assert not {{"supabase_auth", "httpx", "pydantic", "psycopg", "keyring", "textual"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)


async def test_nobody_signed_in_restores_to_none(server):
    assert await sign_in(server).restore() is None


async def test_tokens_are_never_sent_to_another_server(server, tmp_path):
    await enter(sign_in(server, FileStore(tmp_path, "work")), server)
    other = Settings(auth_url="https://other.example", db_host="db.example")
    server.requests.clear()
    assert await SignIn(other, FileStore(tmp_path, "work"), transport=server.transport).restore() is None
    assert not server.requests


async def test_a_record_that_cannot_be_read_counts_as_none(server):
    for record in ({"v": 1, "auth_url": URL}, {"v": 2}, {"v": 1, "auth_url": URL, "access_token": "x"}):
        store = MemoryStore()
        store.write(record)
        assert await sign_in(server, store).restore() is None


async def test_restore_renews_a_session_that_is_due(server):
    store = MemoryStore()
    clock = Clock()
    first = await enter(sign_in(server, store), server)
    server.offset = clock.ahead = 3500
    session = await sign_in(server, store, clock=clock).restore()
    assert session is not None
    assert session.refresh_token != first.refresh_token
    assert session.session_id == first.session_id
    assert kept(store)["refresh_token"] == session.refresh_token


async def test_restore_without_network_uses_what_is_still_good(server):
    store = MemoryStore()
    clock = Clock()
    first = await enter(sign_in(server, store), server)

    def fail(request):
        raise httpx.ConnectError("down")

    server.answer = fail
    clock.ahead = 3500
    assert await sign_in(server, store, clock=clock).restore() == first
    clock.ahead = 3700
    with pytest.raises(Unreachable):
        await sign_in(server, store, clock=clock).restore()
    assert store.read() is not None, "without an answer, nothing is forgotten"


async def test_restore_of_a_session_ended_elsewhere_says_so(server):
    store = MemoryStore()
    clock = Clock()
    await enter(sign_in(server, store), server)
    server.sessions.clear()
    server.offset = clock.ahead = 4000
    said: list[str] = []
    assert await sign_in(server, store, clock=clock, notice=said.append).restore() is None
    assert said == ["Your sign-in has ended. Sign in again."]
    assert store.read() is None


async def test_a_clock_set_back_is_noticed_on_restore(server):
    store = MemoryStore()
    clock = Clock()
    await enter(sign_in(server, store), server)
    clock.ahead = -7200
    with pytest.raises(SignInError) as caught:
        await sign_in(server, store, clock=clock).restore()
    assert caught.value.kind == "clock"
    assert await sign_in(server, store).restore() is not None, "the tokens are kept for when the clock is right"


# --- renewing


async def test_refresh_is_one_flight_at_a_time(server):
    desk = sign_in(server)
    await enter(desk, server)
    seen: list[Session] = []
    desk.on_refresh(seen.append)
    sessions = await asyncio.gather(*(desk.refresh() for _ in range(10)))
    assert len(set(map(id, sessions))) == 1
    assert seen == [sessions[0]]
    assert server.counts["token"] == 2


async def test_refresh_is_one_flight_across_those_who_share_the_store(server, tmp_path):
    await enter(sign_in(server, FileStore(tmp_path, "work")), server)
    desks = [sign_in(server, FileStore(tmp_path, "work")) for _ in range(5)]
    for desk in desks:
        await desk.restore()
    server.delay = lambda: asyncio.sleep(0.05)
    sessions = await asyncio.gather(*(desk.refresh() for desk in desks))
    assert len({session.refresh_token for session in sessions}) == 1
    assert server.counts["token"] == 2
    assert {desk.session and desk.session.refresh_token for desk in desks} == {sessions[0].refresh_token}


PROCESS = """
import asyncio, json, pathlib, sys
import httpx
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore
async def main():
    desk = SignIn(Settings(auth_url=sys.argv[2]), FileStore(pathlib.Path(sys.argv[1]), "work"))
    await desk.restore()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print((await desk.refresh()).refresh_token)
asyncio.run(main())
"""


async def test_refresh_is_one_flight_across_processes(server, tmp_path):
    """Over real HTTP: the server would end the family if one process sent a token older than the parent."""

    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length"))
        body = await reader.readexactly(length)
        method, path, _ = lines[0].split()
        await asyncio.sleep(0.05)
        answer = await server._handle(httpx.Request(method, f"http://{address}{path}", content=body))
        writer.write(
            f"HTTP/1.1 {answer.status_code} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
            f"content-length: {len(answer.content)}\r\n\r\n".encode()
            + answer.content
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as listener:
        address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        settings = Settings(auth_url=f"http://{address}")
        await SignIn(settings, FileStore(tmp_path, "work")).password(server.email, PASSWORD)
        pipe = asyncio.subprocess.PIPE
        running = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROCESS, tmp_path, settings.auth_url, stdin=pipe, stdout=pipe
            )
            for _ in range(3)
        ]
        for process in running:
            assert process.stdout
            assert await process.stdout.readline() == b"ready\n"
        for process in running:
            assert process.stdin
            process.stdin.write(b"go\n")
        tokens = {(await process.communicate())[0] for process in running}
    assert len(tokens) == 1
    assert tokens.pop().decode().strip() == kept(FileStore(tmp_path, "work"))["refresh_token"]
    assert server.counts["token"] == 2


async def test_a_caller_who_gives_up_loses_no_token(server):
    store = MemoryStore()
    desk = sign_in(server, store)
    first = await enter(desk, server)
    server.delay = lambda: asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.refresh(), 0.05)
    session = await desk.refresh()
    assert session.refresh_token != first.refresh_token
    assert kept(store)["refresh_token"] == session.refresh_token
    assert server.counts["token"] == 2


async def test_an_answer_that_was_lost_is_asked_for_again_with_the_parent(server):
    desk = sign_in(server)
    first = await enter(desk, server)

    def lose(request):
        server._refresh(json.loads(request.content)["refresh_token"])
        raise httpx.ReadError("connection reset")

    server.answer = lose
    with pytest.raises(Unreachable):
        await desk.refresh()
    server.answer = None
    session = await desk.refresh()
    assert session.session_id == first.session_id


async def test_a_sign_out_in_another_window_is_noticed(server, tmp_path):
    desk, other = (sign_in(server, FileStore(tmp_path, "work")) for _ in range(2))
    await enter(desk, server)
    await other.restore()
    await other.sign_out()
    with pytest.raises(SignInError) as caught:
        await desk.refresh()
    assert caught.value.kind == "signed_out"
    assert desk.session is None


async def test_somebody_elses_sign_in_in_another_window_changes_nothing_here(server, tmp_path):
    store = FileStore(tmp_path, "work")
    desk = sign_in(server, store)
    mine = await enter(desk, server)
    other = AuthServer(email="bob@example.com")
    theirs = await enter(sign_in(other, store), other)
    renewed = await desk.refresh()
    assert renewed.user_id == mine.user_id
    assert kept(store)["refresh_token"] == theirs.refresh_token
    await desk.sign_out()
    assert kept(store)["refresh_token"] == theirs.refresh_token


async def test_refresh_ended_by_the_server_forgets_the_tokens(server):
    store = MemoryStore()
    desk = sign_in(server, store)
    await enter(desk, server)
    for answer in (None, error(400, "validation_failed", "Refresh token is not valid")):
        server.sessions.clear()
        server.answer = answer
        with pytest.raises(SignInError) as caught:
            await desk.refresh()
        assert caught.value.kind in ("expired", "signed_out")
        assert (desk.session, store.read()) == (None, None)


async def test_a_store_that_cannot_be_written_costs_no_sign_in(server):
    class Full(MemoryStore):
        def write(self, record):
            raise SettingsError("The disk is full.")

    said: list[str] = []
    desk = sign_in(server, Full(), notice=said.append)
    await enter(desk, server)
    await desk.refresh()
    await desk.refresh()
    assert said == ["The disk is full."] * 3


async def test_keep_fresh_goes_by_the_clock_on_the_wall(server, monkeypatch):
    """A laptop that slept for an hour renews within seconds of waking, whatever its timers counted."""
    monkeypatch.setattr(session_module, "LOOK_SECONDS", 0.02)
    clock = Clock()
    desk = sign_in(server, clock=clock)
    await enter(desk, server)
    renewed = asyncio.Event()
    desk.on_refresh(lambda _: renewed.set())
    task = asyncio.create_task(desk.keep_fresh())
    await asyncio.sleep(0.1)
    assert not renewed.is_set()
    server.offset = clock.ahead = 3600
    await asyncio.wait_for(renewed.wait(), 2)
    task.cancel()


async def test_keep_fresh_tries_again_and_ends_when_it_is_over(server, monkeypatch):
    monkeypatch.setattr(session_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(session_module, "LOOK_SECONDS", 0.01)
    server.lifetime = 2
    clock = Clock()
    desk = sign_in(server, clock=clock)
    await enter(desk, server)
    server.answer = httpx.Response(503)
    server.offset = clock.ahead = 3600
    task = asyncio.create_task(desk.keep_fresh())
    while desk.trouble is None:  # noqa: ASYNC110  (it is no event for anybody else)
        await asyncio.sleep(0.005)
    assert isinstance(desk.trouble, Unreachable)
    renewed = asyncio.Event()
    desk.on_refresh(lambda _: renewed.set())
    server.answer = None
    await asyncio.wait_for(renewed.wait(), 2)
    server.sessions.clear()
    server.offset = clock.ahead = 7200
    with pytest.raises(SignInError) as caught:
        await asyncio.wait_for(task, 2)
    assert caught.value.kind == "expired"


async def test_keep_fresh_does_not_spin_when_every_token_is_due_at_once(server):
    clock = Clock()
    desk = sign_in(server, clock=clock)
    await enter(desk, server)
    clock.ahead = 3500
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.keep_fresh(), 0.3)
    assert server.counts["token"] == 2


# --- signing out


async def test_sign_out_ends_this_session_alone(server):
    store = MemoryStore()
    desk, elsewhere = sign_in(server, store), sign_in(server)
    await enter(desk, server)
    await enter(elsewhere, server)
    await desk.sign_out()
    assert (desk.session, store.read(), len(server.sessions)) == (None, None, 1)
    assert server.requests[-1].url.params["scope"] == "local"


async def test_sign_out_forgets_the_tokens_even_if_the_server_cannot_be_reached(server):
    store = MemoryStore()
    said: list[str] = []
    desk = sign_in(server, store, notice=said.append)
    await enter(desk, server)
    server.answer = httpx.Response(503)
    await desk.sign_out()
    assert (desk.session, store.read()) == (None, None)
    assert "could not be told" in said[0]


async def test_sign_out_ends_the_session_even_if_the_store_refuses(server):
    class Locked(MemoryStore):
        def forget(self):
            raise SettingsError("The system keyring refused: locked.")

    said: list[str] = []
    desk = sign_in(server, Locked(), notice=said.append)
    await enter(desk, server)
    await desk.sign_out()
    assert (desk.session, server.sessions) == (None, {})
    assert "keyring refused" in said[0]


async def test_sign_out_forgets_and_ends_the_session_even_if_the_lock_cannot_be_made(server, tmp_path):
    store = FileStore(tmp_path, "work")
    said: list[str] = []
    desk = sign_in(server, store, notice=said.append)
    await enter(desk, server)
    (tmp_path / "work.lock").unlink()
    (tmp_path / "work.lock").mkdir()
    await desk.sign_out()
    assert (desk.session, store.read(), server.sessions) == (None, None, {})
    assert "cannot be written" in said[0]


async def test_sign_out_forgets_and_ends_the_session_even_if_another_process_keeps_the_lock(
    server, tmp_path, monkeypatch
):
    monkeypatch.setattr(tokens_module, "LOCK_SECONDS", 0.05)
    store = FileStore(tmp_path, "work")
    said: list[str] = []
    desk = sign_in(server, store, notice=said.append)
    await enter(desk, server)
    async with FileStore(tmp_path, "work").lock():
        await desk.sign_out()
    assert (desk.session, store.read(), server.sessions) == (None, None, {})
    assert said == ["Another helpdesk has been renewing this sign-in for 0 seconds. Signed out all the same."]


async def test_sign_out_ends_the_session_even_if_its_directory_is_gone(server, tmp_path):
    directory = tmp_path / "state"
    store = FileStore(directory, "work")
    said: list[str] = []
    desk = sign_in(server, store, notice=said.append)
    await enter(desk, server)
    shutil.rmtree(directory)
    directory.write_text("a file in its place")
    await desk.sign_out()
    assert (desk.session, server.sessions) == (None, {})
    assert any("cannot be read" in each for each in said)


async def test_sign_out_says_so_where_neither_the_lock_nor_the_server_can_be_had(server, tmp_path):
    store = FileStore(tmp_path, "work")
    said: list[str] = []
    desk = sign_in(server, store, notice=said.append)
    await enter(desk, server)
    (tmp_path / "work.lock").unlink()
    (tmp_path / "work.lock").mkdir()
    server.answer = httpx.Response(503)
    await desk.sign_out()
    assert (desk.session, store.read()) == (None, None)
    assert "could not be told" in said[-1]


async def test_on_refresh_can_be_taken_back(server):
    desk = sign_in(server)
    await enter(desk, server)
    first: list[Session] = []
    second: list[Session] = []
    take_back = desk.on_refresh(first.append)
    desk.on_refresh(second.append)
    await desk.refresh()
    take_back()
    take_back()
    await desk.refresh()
    assert (len(first), len(second)) == (1, 2)


async def test_sign_out_renews_first_where_the_token_has_run_out(server):
    store = MemoryStore()
    clock = Clock()
    await enter(sign_in(server, store), server)
    server.offset = clock.ahead = 4000
    await sign_in(server, store, clock=clock).sign_out()
    assert not server.sessions


async def test_signing_out_twice_or_after_the_end_is_no_error(server):
    said: list[str] = []
    desk = sign_in(server, notice=said.append)
    await enter(desk, server)
    server.sessions.clear()
    await desk.sign_out()
    await desk.sign_out()
    assert said == []


async def test_sign_up_errors(server):
    desk = sign_in(server)
    for answer, kind in (
        (error(422, "user_already_exists", "User already registered"), "exists"),
        (error(400, "validation_failed", "Unable to validate email address: invalid format"), "validation"),
        (
            error(422, "weak_password", "Password should be at least 6 characters.", weak_password={"reasons": []}),
            "weak_password",
        ),
    ):
        server.answer = answer
        with pytest.raises(SignInError) as caught:
            await desk.sign_up("a@example.com", "x", "A")
        assert caught.value.kind == kind
    server.answer = httpx.Response(200, json=server._user())
    assert await desk.sign_up("a@example.com", "x", "A") is None


async def test_a_token_that_is_none_is_said(server):
    for token in ("x", "a.b.c", jwt(["x"]), jwt({"helpdesk_key": "0" * 64, "sub": "x"})):
        server.answer = httpx.Response(
            200,
            json={
                "access_token": token,
                "token_type": "bearer",
                "expires_in": 1,
                "refresh_token": "x",
                "user": server._user(),
            },
        )
        assert "token" in str(await refusal(server, "server"))


# --- what a real server was recorded to answer

SHARED = Path(os.environ.get("HELPDESK_SHARED", REPOSITORY.parent / "shared"))
TRANSCRIPTS = SHARED / "auth-contract" / "transcripts.json"
RECORDED: list[dict[str, Any]] = json.loads(TRANSCRIPTS.read_text()) if TRANSCRIPTS.exists() else []
REFUSED = {each["name"]: each["response"] for each in RECORDED if each["response"]["status"] >= 400}
# The kind of error that each recorded refusal becomes. Asked without a body or a token, a server finds fault with that.
KINDS = {
    "signup again": "exists",
    "signup weak password": "weak_password",
    "signup bad email": "validation",
    "password, wrong": "credentials",
    "password, unknown user": "credentials",
    "password, empty body": "validation",
    "refresh, unknown token": "expired",
    "refresh, no token": "expired",
    "user, no authorization": "expired",
    "user, malformed jwt": "expired",
    "verify totp, wrong code": "second_factor",
    "user after logout": "expired",
    "logout twice": "expired",
    "refresh after logout": "expired",
}


@pytest.mark.parametrize("name", KINDS)
async def test_what_a_real_server_refused_with_is_understood(server, name):
    if not RECORDED:
        pytest.skip("the recorded answers are not here")
    recorded = REFUSED[name]
    server.answer = httpx.Response(recorded["status"], headers=recorded["headers"], json=recorded["body"])
    refused = await refusal(server, KINDS[name])
    assert str(refused)[0].isupper()
    assert str(refused).endswith(".")


def test_this_files_server_refuses_in_the_recorded_words(server):
    if not RECORDED:
        pytest.skip("the recorded answers are not here")
    said = {
        "password, wrong": error(400, "invalid_credentials", "Invalid login credentials"),
        "refresh after logout": server._refresh("none"),
        "verify totp, wrong code": error(422, "mfa_verification_failed", "Invalid TOTP code entered"),
    }
    for name, response in said.items():
        assert (response.status_code, response.json()) == (REFUSED[name]["status"], REFUSED[name]["body"]), name
