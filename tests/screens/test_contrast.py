"""What is written can be read in every theme: 4.5:1, as it is painted."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.themes import LEAST, contrast
from tests.screens.opened import Team, opened

#: Drawn, not written: bars, edges and the scroll bar's thumb.
DRAWN = frozenset("│─▌▐▏▕█▎▍┃━┆╎░▒▓▁▂▃▄▅▆▇▀╸╺╭╮╰╯┌┐└┘├┤┬┴┼▊▋ ")


def hard_to_read(app: HelpdeskApp) -> set[str]:
    """What is painted with too little contrast: words, colours, and how little."""
    found = set()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is None or not set(segment.text) - DRAWN or style.color is None or style.bgcolor is None:
                continue
            ink, ground = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            if contrast(ink, ground) < LEAST:
                found.add(f"{segment.text.strip()[:30]!r} {ink.hex} on {ground.hex}: {contrast(ink, ground):.2f}")
    return found


async def test_every_theme_can_be_read(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    async with opened(team.database, team.agent, tmp_path, (160, 48)) as desk:
        await desk.press("enter")
        await desk.until(lambda: desk.shows("It began yesterday"), "the ticket")
        await desk.press("i", *"note")
        faults = {}
        for name in sorted(desk.app.available_themes):
            if name.startswith("ansi"):
                continue
            desk.app.theme = name
            for _ in range(2):
                await desk.pilot.pause()
            if bad := hard_to_read(desk.app):
                faults[name] = bad
        assert not faults
