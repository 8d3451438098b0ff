"""The styles that Markdown is drawn with, read from a widget's component classes and so from the theme."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from rich.style import Style
from textual.color import Color
from textual.css.styles import StylesBase
from textual.widget import Widget

from helpdesk_tui.widgets.lines import legible

__all__ = ["COMPONENT_CLASSES", "CSS", "Palette", "over"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Rich styles by what they stand for. ``text`` carries colours and background; the others are laid over it."""

    text: Style
    bar: Style
    code: Style
    code_block: Style
    emphasis: Style
    heading: Style
    label: Style
    link: Style
    marker: Style
    quote: Style
    rule: Style
    strike: Style
    strong: Style
    url: Style
    warning: Style
    syntax_comment: Style
    syntax_keyword: Style
    syntax_literal: Style
    syntax_name: Style
    syntax_string: Style

    @classmethod
    def plain(cls) -> Palette:
        """Styles without a colour: for tests and measurements."""
        null = Style()
        return cls(**{one.name: null for one in fields(cls)})

    @classmethod
    def of(cls, widget: Widget, ground: str = "") -> Palette:
        """The styles that a widget's style sheet gives.

        Args:
            widget: has :data:`COMPONENT_CLASSES` among its own.
            ground: the component class that the text stands on; "" is the widget itself. Colours that are partly
                transparent are blended into what is really behind them.
        """
        under = widget.get_component_styles(ground) if ground else widget.styles
        behind = widget.background_colors[1]
        if ground and under.has_rule("background"):
            behind += under.background
        parts = {name: _part(widget, f"markdown--{name.replace('_', '-')}", behind) for name in _PARTS}
        words = under if under.has_rule("color") else widget.styles
        return cls(text=Style.from_color(bgcolor=behind.rich_color) + over(words, behind), **parts)


def over(styles: StylesBase, behind: Color) -> Style:
    """The text colour and attributes of some styles, blended into the colour behind it and still legible."""
    color: Color | None = None
    if styles.has_rule("color") or styles.auto_color:
        color = behind.get_contrast_text(styles.color.a) if styles.auto_color else styles.color
    shown = legible(behind + color, behind).rich_color if color else None
    return Style.from_color(shown) + styles.text_style


def _part(widget: Widget, name: str, behind: Color) -> Style:
    styles = widget.get_component_styles(name)
    if not styles.has_rule("background"):
        return over(styles, behind)
    behind += styles.background
    return over(styles, behind) + Style.from_color(bgcolor=behind.rich_color)


_PARTS: Final = tuple(one.name for one in fields(Palette) if one.name != "text")

#: What a widget that draws Markdown adds to its own component classes.
COMPONENT_CLASSES: Final = frozenset(f"markdown--{name.replace('_', '-')}" for name in _PARTS)

#: The rules for those classes, to stand inside a widget's own; a theme or a screen may say otherwise.
CSS: Final = """
    & > .markdown--bar { color: $text-muted; }
    & > .markdown--code { color: $text-accent; background: $foreground 8%; }
    & > .markdown--code-block { background: $foreground 8%; }
    & > .markdown--emphasis { text-style: italic; }
    & > .markdown--heading { color: $text-primary; text-style: bold; }
    & > .markdown--label { color: $text-muted; }
    & > .markdown--link { color: $text-primary; text-style: underline; }
    & > .markdown--marker { color: $text-primary; }
    & > .markdown--quote { color: $text-muted; }
    & > .markdown--rule { color: $text-muted; }
    & > .markdown--strike { text-style: strike; }
    & > .markdown--strong { text-style: bold; }
    & > .markdown--url { color: $text-muted; }
    & > .markdown--warning { color: $text-error; text-style: bold; }
    & > .markdown--syntax-comment { color: $text-muted; text-style: italic; }
    & > .markdown--syntax-keyword { color: $text-accent; }
    & > .markdown--syntax-literal { color: $text-warning; }
    & > .markdown--syntax-name { color: $text-primary; }
    & > .markdown--syntax-string { color: $text-success; }
"""
