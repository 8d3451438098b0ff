"""The demo: what is in it, and opening it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.cli import main
from helpdesk_tui.core import people
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import LocalError, NewerDatabase
from helpdesk_tui.core.session import Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local import build, stamp
from helpdesk_tui.local.content import load
from helpdesk_tui.local.demo import ACCOUNTS, DEMO_PASSWORD, fill
from helpdesk_tui.local.desk import LocalDesk, open_local
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from tests.local.apps import gone, hurry
from tests.parts import REPOSITORY
from tests.world import DeskDatabase

# -- what is in it -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(module_database: DeskDatabase) -> DeskDatabase:
    began = datetime.now(UTC)
    assert fill(module_database.owner_dsn)
    assert datetime.now(UTC) - began < timedelta(seconds=20), "measured when idle: 0.4 s"
    return module_database


async def test_demo_is_as_large_as_promised(filled: DeskDatabase) -> None:
    tables = ("tickets", "ticket_messages", "kb_articles", "chat_sessions", "departments")
    counted = {table: (await filled.run(f"select count(*) from public.{table}"))[0][0] for table in tables}
    content = load()
    assert counted["tickets"] == len(content.tickets) >= 150
    assert counted["ticket_messages"] == sum(len(ticket.messages) for ticket in content.tickets)
    assert counted["kb_articles"] == len(content.articles) >= 40
    assert counted["chat_sessions"] == len(content.chats) > 0
    assert counted["departments"] == 3


async def test_each_role_has_people_in_three_departments(filled: DeskDatabase) -> None:
    roles = dict(await filled.run("select role, count(*) from public.profiles group by role"))
    assert set(roles) == {"agent", "admin", "customer"}
    assert await filled.run("select count(distinct department_id) from public.profiles where role = 'agent'") == [(3,)]


async def test_demo_looks_alive_today(filled: DeskDatabase) -> None:
    ((today, unassigned, overdue, due_soon),) = await filled.run(
        """select count(*) filter (where updated_at > now() - interval '1 day'),
                  count(*) filter (where assignee_id is null),
                  count(*) filter (where due_date < now()),
                  count(*) filter (where due_date between now() and now() + interval '1 day')
           from public.tickets where is_open"""
    )
    assert min(today, unassigned, overdue, due_soon) > 2


async def test_nothing_in_the_demo_is_of_the_future(filled: DeskDatabase) -> None:
    for table in (
        "tickets",
        "ticket_messages",
        "ticket_events",
        "ticket_status_history",
        "chat_messages",
        "kb_articles",
    ):
        assert await filled.run(f"select count(*) from public.{table} where created_at > now()") == [(0,)], table


async def test_history_of_each_ticket_ends_where_it_stands(filled: DeskDatabase) -> None:
    astray = await filled.run(
        """select t.title, t.status, h.statuses from public.tickets t
           join lateral (select array_agg(status order by created_at) as statuses from public.ticket_status_history
                         where ticket_id = t.id) h on true
           where h.statuses[1] <> 'open' or h.statuses[cardinality(h.statuses)] <> t.status
              or (t.resolved_at is null) <> t.is_open or (t.closed_at is null) <> (t.status <> 'closed')"""
    )
    assert astray == []


async def test_assignee_of_each_ticket_was_assigned(filled: DeskDatabase) -> None:
    astray = await filled.run(
        """select t.title from public.tickets t
           left join lateral (select new_value from public.ticket_events e where e.ticket_id = t.id
                              and e.kind = 'assignee' order by created_at desc limit 1) e on true
           where e.new_value is distinct from t.assignee_id::text"""
    )
    assert astray == []


async def test_the_agent_has_an_inbox(filled: DeskDatabase) -> None:
    ((count,),) = await filled.run(
        "select count(*) from public.notifications n join public.profiles p on p.id = n.user_id where p.email = %s",
        [ACCOUNTS["agent"]],
    )
    assert count > 0


async def test_filling_twice_changes_nothing(filled: DeskDatabase) -> None:
    before = await filled.run("select count(*), max(updated_at) from public.tickets")
    assert not fill(filled.owner_dsn)
    assert await filled.run("select count(*), max(updated_at) from public.tickets") == before


@pytest.mark.parametrize("role", ["agent", "admin", "customer"])
async def test_demo_people_sign_in_with_the_printed_password(role: str, filled: DeskDatabase, tmp_path: Path) -> None:
    transport = LocalSignIn(filled.owner_dsn, tmp_path)
    sign_in = SignIn(filled.settings, MemoryStore(), transport=transport)
    session = await sign_in.password(ACCOUNTS[role], DEMO_PASSWORD)
    assert isinstance(session, Session)
    database = await Database.connect(filled.settings, session)
    try:
        (me,) = await database.fetch(people.me())
        assert (me.email, me.role) == (ACCOUNTS[role], role)
    finally:
        await database.close()


# -- opening it --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(open_directory: Path) -> Iterator[Path]:
    """Where the demo is. Made once; what a test changes in it, the next one finds."""
    home = open_directory / "demo"
    yield home
    hurry(home)
    assert gone(home)


async def signed_in(desk: LocalDesk, role: str = "agent") -> SignIn:
    sign_in = SignIn(desk.settings, MemoryStore(), transport=desk.transport)
    assert isinstance(await sign_in.password(ACCOUNTS[role], DEMO_PASSWORD), Session)
    return sign_in


async def open_and_close(home: Path) -> None:
    await (await open_local(home)).close()


async def test_four_desks_opened_at_once_make_one_demo(home: Path) -> None:
    desks = await asyncio.gather(*(open_local(home) for _ in range(4)))
    with psycopg.connect(desks[0].owner_dsn) as owner:
        assert owner.execute("select count(*) from public.tickets").fetchone() == (len(load().tickets),)
    for desk in desks:
        await desk.close()


async def test_desk_serves_core_from_sign_in_to_query(home: Path) -> None:
    desk = await open_local(home)
    sign_in = await signed_in(desk)
    assert sign_in.session is not None
    database = await Database.connect(desk.settings, sign_in.session, renew=sign_in.refresh)
    (me,) = await database.fetch(people.me())
    assert (me.role, me.department) == ("agent", "Support")
    await database.close()
    await desk.close()


async def test_settings_of_the_profile_are_kept(home: Path) -> None:
    desk = await open_local(home, settings=Settings(profile="mine", local=True, theme="dusk", poll_seconds=7))
    assert (desk.settings.profile, desk.settings.theme, desk.settings.poll_seconds) == ("mine", "dusk", 7)
    assert desk.settings.local
    await desk.close()


async def test_changed_files_are_applied_again_without_loss(home: Path) -> None:
    desk = await open_local(home)
    with psycopg.connect(desk.owner_dsn) as owner:
        owner.execute("update public.tickets set title = 'Kept' where number = 1")
        owner.execute("drop function helpdesk.me()")
    desk.server.places.stamp.write_text("of another release\n")
    await desk.close()
    desk = await open_local(home)
    with psycopg.connect(desk.owner_dsn) as owner:
        assert owner.execute("select title from public.tickets where number = 1").fetchone() == ("Kept",)
        assert owner.execute("select count(*) from helpdesk.me()").fetchone() == (0,)
    assert stamp.is_current(desk.server)
    await desk.close()


async def test_half_made_database_is_made_anew(home: Path) -> None:
    desk = await open_local(home)
    with psycopg.connect(desk.server.dsn(), autocommit=True) as owner:
        owner.execute("drop database helpdesk with (force)")
        owner.execute("create database helpdesk_building")
    desk.server.places.stamp.unlink()
    await build.ensure(desk.server)
    await signed_in(desk)
    await desk.close()


async def test_demo_of_a_newer_release_is_refused(home: Path) -> None:
    desk = await open_local(home)
    with psycopg.connect(desk.owner_dsn) as owner:
        owner.execute("insert into private.schema_version values (1000)")
    desk.server.places.stamp.unlink()
    try:
        with pytest.raises(NewerDatabase):
            await open_local(home)
    finally:
        with psycopg.connect(desk.owner_dsn) as owner:
            owner.execute("delete from private.schema_version where version = 1000")
        await desk.close()


def test_second_opening_loads_neither_driver_nor_http(home: Path) -> None:
    """What a desk that opens with a session at hand does not need, it does not wait for."""
    asyncio.run(open_and_close(home))
    script = (
        "import asyncio, sys; from pathlib import Path; from helpdesk_tui.local.desk import open_local\n"
        "asyncio.run(open_local(Path(sys.argv[1])))\n"
        "print(sorted({'psycopg', 'httpx', 'starlette', 'jwt', 'cryptography', 'supabase_auth'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# -- the command -------------------------------------------------------------------------------------------------------


class Screen:
    """Stands where the app would open, and notes whom it would open for."""

    def __init__(self) -> None:
        self.seen: list[tuple[Settings, SignIn, Session | None]] = []
        self.roles: list[str | None] = []

    def run(
        self, settings: Settings, sign_in: SignIn, session: Session | None = None, *, role: str | None = None
    ) -> int:
        self.seen.append((settings, sign_in, session))
        self.roles.append(role)
        assert session is not None
        asyncio.run(self._look(settings, session))
        return 0

    async def _look(self, settings: Settings, session: Session) -> None:
        database = await Database.connect(settings, session)
        await database.close()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Screen:
    screen = Screen()
    app = types.ModuleType("helpdesk_tui.app")
    app.run = screen.run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "helpdesk_tui.app", app)
    monkeypatch.setenv("HELPDESK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("HELPDESK_CONFIG", raising=False)
    return screen


@pytest.mark.parametrize("role", ["agent", "admin", "customer"])
def test_demo_as(role: str, home: Path, screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--as", role, "--data-dir", str(home)]) == 0
    ((settings, sign_in, session),) = screen.seen
    assert session is not None
    assert (session.email, settings.profile) == (ACCOUNTS[role], "demo")
    assert screen.roles == [role], "the first picture is of their own home"
    assert sign_in.session is None, "signed out at the end"
    assert DEMO_PASSWORD in capsys.readouterr().err


def test_demo_opens_for_whoever_was_there_last(home: Path, screen: Screen) -> None:
    assert main(["demo", "--data-dir", str(home)]) == 0
    assert main(["demo", "--data-dir", str(home)]) == 0
    first, second = (session for _, _, session in screen.seen)
    assert first is not None
    assert second is not None
    assert first.email == ACCOUNTS["agent"]
    assert first.session_id == second.session_id


def test_demo_reset_starts_over(home: Path, screen: Screen) -> None:
    assert main(["demo", "--data-dir", str(home)]) == 0
    assert main(["demo", "--reset", "--data-dir", str(home)]) == 0
    (before, _, first), (after, _, second) = screen.seen
    assert before.auth_url != after.auth_url
    assert first is not None
    assert second is not None
    assert first.session_id != second.session_id


async def test_demo_reset_is_refused_while_another_desk_is_open(
    home: Path, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = await open_local(home)
    assert await asyncio.to_thread(main, ["demo", "--reset", "--data-dir", str(home)]) == LocalError.exit_code
    assert "has the demo open" in capsys.readouterr().err
    assert not screen.seen
    await signed_in(desk)
    await desk.close()


def test_demo_without_a_postgres_says_so(
    home: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELPDESK_POSTGRES", "/nowhere")
    assert main(["demo", "--data-dir", str(home)]) == LocalError.exit_code
    assert "/nowhere" in capsys.readouterr().err
