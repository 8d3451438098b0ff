"""A fault of the program's own: said, without anything that people typed."""

from __future__ import annotations

import re

import pytest

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from tests.attacks.hostile_text import breaches
from tests.world import DeskDatabase


async def test_a_crash_prints_no_values(module_database: DeskDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    app = HelpdeskApp(module_database.settings, SignIn(module_database.settings, MemoryStore()))

    def fail() -> None:
        password = " ".join(["correct", "horse", "battery"])
        raise RuntimeError(f"of {len(password)} \x1b]0;owned\x07 \x9b2J \u202e")

    async def crash() -> None:
        async with app.run_test() as pilot:
            app.call_later(fail)
            await pilot.pause(0.3)

    with pytest.raises(RuntimeError):
        await crash()
    printed = capsys.readouterr().err
    assert "RuntimeError" in printed
    assert "What you wrote is kept" in printed
    assert "correct horse battery" not in printed
    # Nor what the terminal would act upon, when a fault quotes the database.
    assert not breaches(re.sub(r"\x1b\[[0-9;]*m", "", printed), "\n")
