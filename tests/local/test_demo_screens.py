"""The demo on the screen as each of its people, and the pictures of it in the README."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import Session, SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.accounts import ACCOUNTS, DEMO_PASSWORD
from helpdesk_tui.local.desk import LocalDesk, open_local
from helpdesk_tui.screens.place import Place
from tests.parts import REPOSITORY
from tests.screens.opened import Opened


@pytest.fixture
async def desk(open_directory: Path, tmp_path: Path) -> AsyncIterator[LocalDesk]:
    """The demo."""
    home = open_directory / tmp_path.name
    home.mkdir(mode=0o755)
    desk = await open_local(home / "demo")
    yield desk
    await desk.close()
    desk.server.wait_stopped()


@pytest.fixture
def script() -> ModuleType:
    """scripts/screenshots.py."""
    spec = importlib.util.spec_from_file_location("screenshots", REPOSITORY / "scripts" / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_demo_shows_each_of_its_people_their_own_desk(desk: LocalDesk) -> None:
    sees = {
        "agent": ("Mira", "Smell of hot plastic"),
        "admin": ("Helena", "Smell of hot plastic"),
        "customer": ("Noor", "Where does the app keep my loom"),
    }
    for role, (name, title) in sees.items():
        sign_in = SignIn(desk.settings, MemoryStore(), transport=desk.transport)
        session = await sign_in.password(ACCOUNTS[role], DEMO_PASSWORD)
        assert isinstance(session, Session)
        app = HelpdeskApp(desk.settings, sign_in, session)
        async with app.run_test(size=(120, 40)) as pilot:
            seen = Opened(app, pilot)
            await seen.until(partial(seen.shows, title), f"the {role}'s tickets")
            await seen.until(partial(seen.shows, name), f"the {role}'s name")
            assert isinstance(app.screen, Place)
            if role == "customer":
                assert not seen.shows("Smell of hot plastic"), "somebody else's"
            await app.leave()
        await sign_in.sign_out()


async def test_the_pictures_script_draws_a_desk(
    desk: LocalDesk, script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    picture = await script.draw(desk, tmp_path, *script.PICTURES["two-keys"])
    words = re.sub(r"<[^>]+>", "", picture).replace("&#160;", " ")
    assert picture.startswith("<svg")
    assert "urgent" in words
    assert "Esc leaves" in words, "the question for the second key"


def test_every_picture_of_the_readme_is_made_by_the_script_and_there(script: ModuleType) -> None:
    named = set(re.findall(r"docs/pictures/([\w-]+)\.svg", (REPOSITORY / "README.md").read_text(encoding="utf-8")))
    there = {path.stem for path in (REPOSITORY / "docs" / "pictures").glob("*.svg")}
    assert named <= set(script.PICTURES) == there
    assert named
