"""Signing in through the local sign-in and its Postgres: tokens, database logins and their end, for real."""

import asyncio

import psycopg
import pytest

from helpdesk_tui.core import people
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import HelpdeskError, SignInError
from helpdesk_tui.core.session import SecondFactor, Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore, MemoryStore
from helpdesk_tui.local.sign_in.transport import ISSUER, LocalSignIn
from tests.authenticator import enroll
from tests.world import DeskDatabase

EMAIL, PASSWORD = "carol@example.com", "correct horse 1"


@pytest.fixture
def transport(database: DeskDatabase, tmp_path) -> LocalSignIn:
    return LocalSignIn(database.owner_dsn, tmp_path)


@pytest.fixture
def settings(database: DeskDatabase) -> Settings:
    own = database.settings
    return Settings(auth_url=ISSUER, db_host=own.db_host, db_port=own.db_port, db_name=own.db_name, sslmode="disable")


@pytest.fixture
async def account(settings, transport) -> str:
    await SignIn(settings, MemoryStore(), transport=transport).sign_up(EMAIL, PASSWORD, "Carol Diaz")
    return EMAIL


async def enter(desk: SignIn) -> Session:
    session = await desk.password(EMAIL, PASSWORD)
    assert isinstance(session, Session)
    return session


async def test_signing_up_and_in_opens_the_database_as_a_customer(settings, transport, account):
    session = await enter(SignIn(settings, MemoryStore(), transport=transport))
    database = await Database.connect(settings, session)
    (me,) = await database.fetch(people.me())
    assert (me.email, me.name, me.role) == (EMAIL, "Carol Diaz", "customer")
    assert me.id == session.user_id
    await database.close()


async def test_errors_of_the_real_sign_in_in_plain_words(settings, transport, account):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    with pytest.raises(SignInError, match="password is wrong") as wrong:
        await desk.password(EMAIL, "x")
    with pytest.raises(SignInError) as exists:
        await desk.sign_up(EMAIL, PASSWORD, "C")
    with pytest.raises(SignInError) as weak:
        await desk.sign_up("dora@example.com", "x", "D")
    with pytest.raises(SignInError) as address:
        await desk.sign_up("nope", PASSWORD, "D")
    found = [caught.value.kind for caught in (wrong, exists, weak, address)]
    assert found == ["credentials", "exists", "weak_password", "validation"]


async def test_an_unconfirmed_address_is_said(settings, database, tmp_path):
    desk = SignIn(settings, MemoryStore(), transport=LocalSignIn(database.owner_dsn, tmp_path, autoconfirm=False))
    assert await desk.sign_up(EMAIL, PASSWORD, "Carol") is None
    with pytest.raises(SignInError, match="not confirmed yet"):
        await desk.password(EMAIL, PASSWORD)


async def test_refresh_keeps_the_login_and_moves_its_end(settings, transport, account, database, tmp_path):
    store = FileStore(tmp_path / "store", "default")
    desk = SignIn(settings, store, transport=transport)
    first = await enter(desk)
    end = "select rolvaliduntil from pg_roles where rolname = %s"
    before = await database.run(end, [first.db_user])
    await asyncio.sleep(1.1)
    second = await desk.refresh()
    assert (second.db_user, second.db_password) == (first.db_user, first.db_password)
    assert second.refresh_token != first.refresh_token
    assert (await database.run(end, [first.db_user])) > before
    restored = await SignIn(settings, store, transport=transport).restore()
    assert restored == second


async def test_two_windows_that_share_the_store_refresh_as_one(settings, transport, account, tmp_path):
    await enter(SignIn(settings, FileStore(tmp_path / "store", "default"), transport=transport))
    windows = [SignIn(settings, FileStore(tmp_path / "store", "default"), transport=transport) for _ in range(3)]
    for window in windows:
        await window.restore()
    tokens = {session.refresh_token for session in await asyncio.gather(*(window.refresh() for window in windows))}
    assert len(tokens) == 1
    # Nobody is left with a token that ends the family.
    for window in windows:
        await window.refresh()


async def test_second_factor_with_the_real_codes(settings, transport, account):
    code = await enroll(transport, ISSUER, EMAIL, PASSWORD)
    desk = SignIn(settings, MemoryStore(), transport=transport)
    factor = await desk.password(EMAIL, PASSWORD)
    assert isinstance(factor, SecondFactor)
    assert factor.friendly_name == "phone"
    with pytest.raises(SignInError) as caught:
        await desk.second_factor(factor, "000000" if code.now() != "000000" else "111111")
    assert caught.value.kind == "second_factor"
    session = await desk.second_factor(factor, code.now())
    assert session.aal == "aal2"
    database = await Database.connect(settings, session)
    assert (await database.fetch(people.me()))[0].aal == "aal2"
    await database.close()


async def test_sign_out_ends_database_access_at_once_on_an_open_connection(settings, transport, account, database):
    desk = SignIn(settings, MemoryStore(), transport=transport)
    session = await enter(desk)

    async def see(database: Database) -> list:
        try:
            return await database.fetch(people.me())
        except HelpdeskError:
            return []
        finally:
            await database.close()

    open_one = await Database.connect(settings, session)
    assert len(await open_one.fetch(people.me())) == 1
    await desk.sign_out()
    assert await see(open_one) == []
    assert await see(Database(settings, session)) == []


async def test_a_hook_that_fails_is_said(settings, transport, account, database):
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("revoke execute on function helpdesk.access_token_hook(jsonb) from supabase_auth_admin")
    with pytest.raises(SignInError) as caught:
        await SignIn(settings, MemoryStore(), transport=transport).password(EMAIL, PASSWORD)
    assert caught.value.kind == "hook", caught.value


async def test_a_demo_that_was_reset_asks_to_sign_in_again(settings, transport, account, database):
    store = MemoryStore()
    await enter(SignIn(settings, store, transport=transport))
    await database.run("delete from auth.users returning id")
    said: list[str] = []
    desk = SignIn(settings, store, transport=transport, notice=said.append)
    session = await desk.restore()
    assert session is not None, "the token alone does not tell"
    with pytest.raises(SignInError):
        await desk.refresh()
    assert await SignIn(settings, store, transport=transport).restore() is None
