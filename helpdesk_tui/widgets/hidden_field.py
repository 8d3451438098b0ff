"""A line to type in that is hidden until it is asked for."""

from __future__ import annotations

from textual.widgets import Input

__all__ = ["HiddenField"]


class HiddenField(Input):
    """Shown while it has the class ``asking``.

    Args:
        placeholder: what stands there while nothing is typed.
    """

    DEFAULT_CSS = """
    HiddenField {
        display: none;
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;
        &:focus { border: none; }
        &.asking { display: block; }
    }
    """

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id)
        self.cursor_blink = False
