"""What a terminal sends for a key and what that does."""

from __future__ import annotations

from helpdesk_tui.core.commands import Command
from helpdesk_tui.keys_test import KeysTest, meanings
from tests.screens.opened import patiently, text_on


def test_meanings_are_told_by_place_with_what_a_key_begins() -> None:
    assert any(line.startswith("queue: Set the status (desk.status)") for line in meanings("s"))
    assert any("begins ,s" in line for line in meanings("comma"))
    assert meanings("f24") == []
    assert meanings("f24", [Command("Look up", "jq .", ("f24",))]) == ["ticket: Look up (a command of yours)"]


async def test_each_key_is_shown_and_does_nothing_else() -> None:
    app = KeysTest()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "ctrl+q", "f24", "tab")
        await patiently(pilot, lambda: "F24" in text_on(app), "the third")
        shown = text_on(app)
        assert 'in the settings: "s"' in shown
        assert "queue: Set the status (desk.status)" in shown
        assert "anywhere: Leave the program (app.quit)" in shown
        assert "nothing" in shown
        await pilot.press("ctrl+c")
        await patiently(pilot, lambda: app.return_value == 0, "it has ended")
