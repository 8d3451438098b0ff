"""The colours: our own themes, and how any theme is made readable.

Every colour of a text keeps 4.5:1 against each ground that it may stand on, the cursor's included, which few themes of
others see to: :func:`readable` moves what does not towards white or black until it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from textual.color import Color
from textual.theme import Theme

__all__ = ["CONTRAST_DARK", "CONTRAST_LIGHT", "DARK", "LIGHT", "OURS", "contrast", "readable"]

#: The least contrast of text, after WCAG 2.2, 1.4.3.
LEAST: Final = 4.5

DARK = Theme(
    name="helpdesk-dark",
    primary="#5b9bd5",
    secondary="#8fa8c8",
    accent="#e5b567",
    warning="#e5b567",
    error="#f0717a",
    success="#8cc98a",
    foreground="#d7dce2",
    background="#14181d",
    surface="#191e24",
    panel="#20272f",
    dark=True,
    variables={"block-cursor-text-style": "bold", "footer-key-foreground": "#e5b567"},
)

LIGHT = Theme(
    name="helpdesk-light",
    primary="#1f5f99",
    secondary="#44607e",
    accent="#8a4b00",
    warning="#8a4b00",
    error="#b3202c",
    success="#1f6b2c",
    foreground="#1d232a",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e8e5dd",
    dark=False,
    variables={"block-cursor-text-style": "bold"},
)

CONTRAST_DARK = Theme(
    name="helpdesk-contrast-dark",
    primary="#6cb6ff",
    secondary="#b8d4ff",
    accent="#ffd866",
    warning="#ffd866",
    error="#ff9aa0",
    success="#9ff09a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#161616",
    dark=True,
    variables={"block-cursor-text-style": "bold"},
)

CONTRAST_LIGHT = Theme(
    name="helpdesk-contrast-light",
    primary="#003e8a",
    secondary="#1d3557",
    accent="#6b3400",
    warning="#6b3400",
    error="#8a0010",
    success="#00480f",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ececec",
    dark=False,
    variables={"block-cursor-text-style": "bold"},
)

OURS: Final = (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT)

_WHITE: Final = Color(255, 255, 255)
_BLACK: Final = Color(0, 0, 0)
#: What a ground is mixed with where something is marked: the cursor, a note.
_MARKED: Final = (("primary", 0.4), ("primary", 0.2), ("warning", 0.12), ("foreground", 0.08))
_TEXTS: Final = (
    "foreground",
    "text-primary",
    "text-secondary",
    "text-accent",
    "text-success",
    "text-warning",
    "text-error",
)


def contrast(one: Color, other: Color) -> float:
    """How well two colours can be told apart, from 1 to 21, after WCAG 2.2.

    Both without transparency.
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(theme: Theme) -> Theme:
    """The theme, each colour of a text so that it can be read on every ground of ours.

    Our own are made so. A terminal's own colours are the terminal's affair. Both are answered as they are.
    """
    if theme.ansi or theme in OURS:
        return theme
    generated = theme.to_color_system().generate()
    background = Color.parse(generated["background"])
    grounds = [background, Color.parse(generated["surface"]), Color.parse(generated["panel"])]
    grounds += [ground.blend(Color.parse(generated[name]), part) for ground in grounds for name, part in _MARKED]
    lifted = {name: _lifted(background + Color.parse(generated[name]), grounds).hex for name in _TEXTS}
    muted = next(part for part in range(60, 101) if part == 100 or _read_on(grounds, part / 100))
    lifted["text-muted"] = f"auto {muted}%"
    return replace(theme, variables={**theme.variables, **lifted})


def _read_on(grounds: Sequence[Color], part: float) -> bool:
    """Whether white or black, whichever stands out, can be read on all of them with so much of it."""
    return all(contrast(ground + ground.get_contrast_text(part), ground) >= LEAST for ground in grounds)


def _lifted(color: Color, grounds: Sequence[Color]) -> Color:
    """The nearest colour, towards white or black, that can be read on all of them; or the best there is."""
    towards = max((_WHITE, _BLACK), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(21):
        moved = color.blend(towards, step / 20)
        if min(contrast(moved, ground) for ground in grounds) >= LEAST + 0.05:
            return moved
    return towards
