"""What a start imports when, and how often it asks the database before the first rows are there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.screens.opened import Team
from tests.screens.signed_in_before import set_up

REPOSITORY = Path(__file__).parents[2]
#: What the first picture can do without: the driver, Markdown, text fields, drafts.
NOT_YET = ("psycopg", "markdown_it", "pygments", "sqlite3", "textual.widgets._text_area", "helpdesk_tui.core.live")
#: What a person who is signed in never needs for it: signing in, the local server's making, importing, the palette.
NEVER = (
    "supabase_auth",
    "httpx",
    "pydantic",
    "jwt",
    "cryptography",
    "starlette",
    "keyring",
    "tree_sitter",
    "helpdesk_tui.local",
    "helpdesk_tui.importers",
    "helpdesk_tui.screens.sign_in",
    "helpdesk_tui.screens.help",
)
#: The desk through the command line, with a terminal that is none. Tells what was imported when connecting began (the
#: first picture was painted then), and what when the desk was complete.
SCRIPT = """
import functools, gc, json, sys

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.cli import main
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.link import Link

found = {}
begin, complete = Link.begin, DeskScreen.complete

def note_begin(self):
    found["first"] = sorted(sys.modules)
    found["collecting first"] = gc.isenabled()
    begin(self)

async def note_complete(self):
    found["rows"] = self.queue.state
    found["round trips"] = self.desk.database.round_trips
    await complete(self)
    found["all"] = sorted(sys.modules)
    found["collecting"], found["frozen"] = gc.isenabled(), gc.get_freeze_count()
    self.app.exit(0)

Link.begin, DeskScreen.complete = note_begin, note_complete
HelpdeskApp.run = functools.partialmethod(HelpdeskApp.run, headless=True)
code = main(sys.argv[1:])
print(json.dumps(found))
sys.exit(code)
"""


@pytest.fixture
def start(team: Team, tmp_path: Path) -> dict[str, Any]:
    """What a start told; see SCRIPT."""
    config = set_up(team, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        env=os.environ | {"HELPDESK_STATE_DIR": str(tmp_path / "state")},
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def loaded(modules: list[str], names: tuple[str, ...]) -> set[str]:
    """Which of some packages are among the modules."""
    return {name for name in names if any(f"{module}.".startswith(f"{name}.") for module in modules)}


def test_a_start_imports_only_what_it_needs_and_asks_the_database_twice(start):
    assert loaded(start["first"], (*NOT_YET, *NEVER)) == set()
    assert loaded(start["all"], NEVER) == set()
    # The composer is there before anybody can press its key.
    assert loaded(start["all"], ("psycopg", "sqlite3", "textual.widgets._text_area")) != set()

    assert start["rows"] == "ready"
    assert start["round trips"] == 2, "who is asking, then the first page with the counts"

    assert not start["collecting first"]
    assert start["collecting"]
    assert start["frozen"] > 10_000
