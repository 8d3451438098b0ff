"""Themes: dark and light, a terminal's own sixteen colours, and a name that is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.errors import SettingsError
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.setting_values import THEMES
from helpdesk_tui.core.tokens import MemoryStore
from tests.world import DeskDatabase


def app_with(database: DeskDatabase, theme: str | None) -> HelpdeskApp:
    settings = replace(database.settings, theme=theme)
    return HelpdeskApp(settings, SignIn(settings, MemoryStore()))


def test_an_unknown_theme_is_named_with_those_there_are(module_database: DeskDatabase) -> None:
    with pytest.raises(SettingsError, match=r"no theme “neon”.*helpdesk-dark.*helpdesk-light"):
        app_with(module_database, "neon")


def test_the_settings_know_the_themes_of_the_app(module_database: DeskDatabase) -> None:
    assert set(THEMES) == set(app_with(module_database, None).available_themes)


async def test_one_key_switches_between_dark_and_light(
    module_database: DeskDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    app = app_with(module_database, None)
    async with app.run_test() as pilot:
        assert app.theme == "helpdesk-dark"
        await pilot.press("ctrl+t")
        assert app.theme == "helpdesk-light"
        await pilot.press("ctrl+t")
        assert app.theme == "helpdesk-dark"


def test_sixteen_colours_are_the_terminals_own(module_database: DeskDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "standard")
    assert app_with(module_database, None).theme == "ansi-dark"
