"""The styles that Markdown is drawn with, read from a widget's component classes and so from the theme."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from rich.style import Style
from textual.widget import Widget

__all__ = ["COMPONENT_CLASSES", "DEFAULT_CSS", "Palette"]


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
    def of(cls, widget: Widget, text: Style) -> Palette:
        """The styles that a widget's style sheet gives, over the base style ``text``."""
        parts = {
            name: widget.get_component_rich_style(f"markdown--{name.replace('_', '-')}", partial=True)
            for name in _PARTS
        }
        return cls(text=text, **parts)


_PARTS: Final = tuple(one.name for one in fields(Palette) if one.name != "text")

#: What a widget that draws Markdown adds to its own component classes.
COMPONENT_CLASSES: Final = frozenset(f"markdown--{name.replace('_', '-')}" for name in _PARTS)

#: The style sheet of those classes; ``WIDGET`` is replaced by the name of the widget.
DEFAULT_CSS: Final = """
WIDGET {
    & .markdown--bar { color: $text-muted; }
    & .markdown--code { color: $text-accent; background: $foreground 8%; }
    & .markdown--code-block { background: $foreground 8%; }
    & .markdown--emphasis { text-style: italic; }
    & .markdown--heading { color: $text-primary; text-style: bold; }
    & .markdown--label { color: $text-muted; }
    & .markdown--link { color: $text-primary; text-style: underline; }
    & .markdown--marker { color: $text-primary; }
    & .markdown--quote { color: $text-muted; }
    & .markdown--rule { color: $foreground 40%; }
    & .markdown--strike { text-style: strike; }
    & .markdown--strong { text-style: bold; }
    & .markdown--url { color: $text-muted; }
    & .markdown--warning { color: $text-error; text-style: bold; }
    & .markdown--syntax-comment { color: $text-muted; text-style: italic; }
    & .markdown--syntax-keyword { color: $text-accent; }
    & .markdown--syntax-literal { color: $text-warning; }
    & .markdown--syntax-name { color: $text-primary; }
    & .markdown--syntax-string { color: $text-success; }
}
"""
