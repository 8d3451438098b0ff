"""Spacing, the width of the list, the theme: changed with a key, and there again the next time. And plain ASCII."""

from __future__ import annotations

import ast
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.driver import Driver

import helpdesk_tui
from helpdesk_tui.ascii import SIGNS, ascii_driver, to_ascii, wanted
from helpdesk_tui.core.looks import Looks, remember, remembered
from tests.screens.opened import Team, opened

#: Modules whose signs are about characters, and not drawn.
ABOUT_CHARACTERS = {"text.py", "ascii.py", "wrap.py", "keymap.py", "toml_lines.py", "fields.py"}


def row(text: str) -> int:
    """Where the ticket's first words stand."""
    return next(y for y, line in enumerate(text.splitlines()) if "It began yesterday" in line)


async def test_spacing_width_and_theme_are_changed_with_a_key_and_remembered(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    async with opened(team.database, team.agent, tmp_path, (160, 48)) as desk:
        await desk.press("enter")
        await desk.until(lambda: desk.shows("It began yesterday"), "the ticket")
        width = desk.desk.queue.size.width
        airy = desk.text()
        await desk.press("minus", "minus")
        await desk.until(lambda: desk.desk.queue.size.width == width - 16, "a narrower list")
        await desk.press("ctrl+l", "ctrl+t")
        await desk.until(lambda: desk.app.theme == "helpdesk-light", "another theme")
        await desk.until(lambda: row(desk.text()) == row(airy) - 1, "no empty line between")
        assert desk.desk.pane.thread.tight
    async with opened(team.database, team.agent, tmp_path, (160, 48)) as desk:
        assert desk.app.theme == "helpdesk-light"
        await desk.until(lambda: desk.desk.queue.size.width == width - 16, "the narrower list again")
        assert desk.app.compact
        await desk.pilot.resize_terminal(80, 24)
        await desk.until(lambda: desk.desk.queue.size.width == 80, "one pane at a time where there is little room")
        await desk.press(*["plus"] * 20)
        assert remembered(tmp_path).list_width == 75


async def test_the_border_beside_the_list_is_dragged_with_the_mouse_and_remembered(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, (160, 48)) as desk:
        await desk.until(lambda: desk.shows("It began yesterday"), "the ticket beside the list")
        queue, pane = desk.desk.queue, desk.desk.pane
        width, mouse = queue.size.width, desk.pilot
        assert pane.region.x == width
        await mouse.hover(offset=(width, 10))
        assert pane.has_class("-edge")
        await mouse.hover(offset=(width + 3, 10))
        assert not pane.has_class("-edge")
        # Pressed anywhere else it moves nothing.
        await mouse.mouse_down(offset=(width + 3, 10))
        await mouse.hover(offset=(40, 10))
        await mouse.mouse_up(offset=(40, 10))
        assert queue.size.width == width
        await mouse.mouse_down(offset=(width, 10))
        await mouse.hover(offset=(96, 12))
        await desk.until(lambda: queue.size.width == 96, "it goes with the mouse")
        assert pane.has_class("-edge")
        assert remembered(tmp_path).list_width is None
        await mouse.hover(offset=(150, 12))
        await desk.until(lambda: queue.size.width == 120, "no wider than it may be")
        await mouse.mouse_up(offset=(64, 12))
        await desk.until(lambda: queue.size.width == 64, "where it was let go")
        assert remembered(tmp_path).list_width == 40
        assert desk.app.mouse_captured is None
        assert not desk.desk.selections
        await mouse.hover(offset=(100, 12))
        assert queue.size.width == 64
        assert not pane.has_class("-edge")
        # From there the keys go on, and a narrow screen has no border.
        await desk.press("plus")
        await desk.until(lambda: queue.size.width == 72, "wider by a key")
        await mouse.resize_terminal(80, 24)
        await desk.until(lambda: queue.size.width == 80, "one pane")
        await mouse.mouse_down(offset=(79, 10))
        await mouse.hover(offset=(40, 10))
        await mouse.mouse_up(offset=(40, 10))
        assert queue.size.width == 80
        assert remembered(tmp_path).list_width == 45


def test_what_cannot_be_read_or_is_nonsense_is_as_the_settings_say(tmp_path: Path) -> None:
    assert remembered(None) == remembered(tmp_path) == Looks()
    for text in ("{", "[]", '{"theme": 3, "spacing": "huge", "list_width": 900}', '{"list_width": "9"}'):
        (tmp_path / "looks.json").write_text(text)
        assert remembered(tmp_path) == Looks()
    remember(tmp_path, theme="nord")
    remember(tmp_path, spacing="compact")
    assert remembered(tmp_path) == Looks("nord", "compact")
    remember(tmp_path / "looks.json" / "no directory", theme="x")


async def test_reduced_motion_blinks_no_cursor(team: Team, tmp_path: Path) -> None:
    still = replace(team.database.settings, motion="reduced")
    async with opened(team.database, team.agent, tmp_path, (80, 24), settings=still) as desk:
        await desk.press("enter", "i")
        await desk.until(lambda: getattr(desk.app.focused, "cursor_blink", None) is False, "a cursor that stands still")


def test_every_sign_of_ours_has_a_letter_of_its_own_width() -> None:
    ours = {
        char: path.name
        for path in Path(helpdesk_tui.__file__).parent.rglob("*.py")
        if "local" not in path.parts and path.name not in ABOUT_CHARACTERS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for char in node.value
        # Letters are what people write, and a lone surrogate is sent to no terminal.
        if ord(char) > 0x9F and cell_len(char) and not char.isalpha() and unicodedata.category(char) != "Cs"
    }
    assert {char: where for char, where in ours.items() if char not in SIGNS} == {}
    for sign, letter in SIGNS.items():
        assert letter.isascii(), sign
        assert cell_len(letter) == cell_len(sign), sign


def test_signs_that_tell_states_apart_stay_apart() -> None:
    from helpdesk_tui.widgets import queue_row

    before_a_row = (queue_row.CURSOR_GLYPH, queue_row.FRESH_GLYPH, queue_row.MARK_GLYPH, queue_row.PENDING_GLYPH)
    for glyphs in (queue_row.STATUS_GLYPHS.values(), queue_row.PRIORITY_GLYPHS.values(), before_a_row):
        assert len({to_ascii(glyph) for glyph in glyphs}) == len(glyphs)


def test_names_can_be_read_in_ascii() -> None:
    assert to_ascii("Elif Yıldırım, Łukasz Søndergård, Đặng, Amélie Weiß") == (
        "Elif Yildirim, Lukasz Sondergard, Dang, Amelie Weis"
    )


@given(st.text())
def test_any_text_becomes_as_wide_in_ascii(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert cell_len(plain) == sum(cell_len(char) for char in text)


@pytest.mark.parametrize(
    ("setting", "env", "plain"),
    [
        ("auto", {}, False),
        ("auto", {"LANG": "en_US.UTF-8"}, False),
        ("auto", {"LANG": "en_US.utf8", "LC_ALL": "C"}, True),
        ("auto", {"LANG": "C.UTF-8"}, False),
        ("auto", {"LC_CTYPE": "de_DE.ISO-8859-15@euro"}, True),
        ("auto", {"LANG": "C.UTF-8", "TERM": "vt220"}, True),
        ("unicode", {"LC_ALL": "C"}, False),
        ("ascii", {"LC_ALL": "C.UTF-8"}, True),
    ],
)
def test_ascii_is_written_where_the_terminal_knows_no_more(setting: str, env: dict[str, str], plain: bool) -> None:
    assert wanted(setting, env) is plain


async def test_everything_goes_to_the_terminal_in_ascii(team: Team, tmp_path: Path) -> None:
    plain = replace(team.database.settings, glyphs="ascii")
    async with opened(team.database, team.agent, tmp_path, settings=plain) as desk:
        sent: list[str] = []
        kind = desk.app.get_driver_class()

        assert kind.__name__ == "AsciiDriver"

        class Terminal(Driver):
            """Takes what would be written."""

            def __init__(self) -> None:
                """Needs no terminal."""

            def write(self, data: str) -> None:
                """Keep it."""
                sent.append(data)

            def start_application_mode(self) -> None:
                """Nothing."""

            def disable_input(self) -> None:
                """Nothing."""

            def stop_application_mode(self) -> None:
                """Nothing."""

        ascii_driver(Terminal)().write("│ ✗ Zoë → 東\x1b[0m")  # type: ignore[call-arg]
        assert sent == ["| x Zoe > ??\x1b[0m"]
        shown = to_ascii(desk.text())
        assert shown.isascii()
        assert "Lamp flickers" in shown
