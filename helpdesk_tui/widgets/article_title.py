"""The field that an article's title is written in."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

__all__ = ["TitleField"]


class TitleField(Input):
    """The title."""

    DEFAULT_CSS = """
    TitleField { height: 1; border: none; padding: 0 1; background: $surface; text-style: bold; }
    TitleField:focus { border: none; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "screen.focus_next", show=False)]
