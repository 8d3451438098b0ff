"""Lines that are sent in few bytes show exactly what Textual's own would."""

from __future__ import annotations

import io

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, Monochrome
from textual.strip import Strip

from helpdesk_tui.widgets.lines import CONTRAST, LineStrip, contrast, legible

COLORS = st.sampled_from([None, "#102030", "#f0e0d0", "#4ebf71", "red", "default"])
STYLES = st.none() | st.builds(
    Style,
    color=COLORS,
    bgcolor=COLORS,
    bold=st.sampled_from([None, True, False]),
    italic=st.sampled_from([None, True]),
    underline=st.sampled_from([None, True]),
    reverse=st.sampled_from([None, True]),
)
SEGMENTS = st.lists(st.builds(Segment, st.text("ab c漢", max_size=6), STYLES, st.none()), max_size=8)


def seen(sent: str) -> list[object]:
    """The cells of a terminal's line."""
    screen = pyte.Screen(60, 2)
    pyte.Stream(screen).feed(sent + "|")
    return [screen.buffer[0][x] for x in range(60)]


def console(system: str) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system=system)  # type: ignore[arg-type]


@given(segments=SEGMENTS, system=st.sampled_from(["truecolor", "256", "standard"]))
def test_line_shows_the_same_as_textuals_own_in_no_more_bytes(segments: list[Segment], system: str) -> None:
    ours, theirs = LineStrip(segments).render(console(system)), Strip(segments).render(console(system))
    assert seen(ours) == seen(theirs)
    assert len(ours) <= len(theirs) + 2  # a reset more, where an attribute ends within the line


def test_line_of_many_colours_is_a_third_shorter() -> None:
    segments = [Segment("word ", Style(color=f"#{step:02x}4060", bgcolor="#101112")) for step in range(8)]
    screen = console("truecolor")
    assert len(LineStrip(segments).render(screen)) < 0.67 * len(Strip(segments).render(screen))


def test_filters_are_applied_and_remembered() -> None:
    strip = LineStrip([Segment("word", Style(color="#ff0000", bgcolor="#101112"))])
    background = Color(0, 0, 0)
    filters: tuple[LineFilter, ...] = (Monochrome(),)
    once = strip.filtered(filters, background)
    assert once is strip.filtered(filters, background)
    assert once == strip.apply_filter(filters[0], background)
    assert strip.filtered((), background) == strip


RGB = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)).map(lambda rgb: Color(*rgb))


@given(color=RGB, ground=RGB)
def test_text_is_made_legible_on_any_ground(color: Color, ground: Color) -> None:
    result = legible(color, ground)
    assert contrast(result, ground) >= CONTRAST - 0.01
    if contrast(color, ground) >= CONTRAST:
        assert result == color


def test_colours_of_the_terminal_are_left_as_they_are() -> None:
    ansi = Color.parse("ansi_red")
    assert legible(ansi, Color(0, 0, 0)) is ansi


@pytest.mark.parametrize("pair, ratio", [(((0, 0, 0), (255, 255, 255)), 21.0), (((9, 9, 9), (9, 9, 9)), 1.0)])
def test_contrast(pair: tuple[tuple[int, int, int], tuple[int, int, int]], ratio: float) -> None:
    assert contrast(Color(*pair[0]), Color(*pair[1])) == pytest.approx(ratio)
