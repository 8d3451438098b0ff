"""How what is being written will look: drawn as the thread draws messages, beside the text or in its place."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from textual.binding import BindingType

from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.markdown import COMPONENT_CLASSES, Line, Palette, lay_out
from helpdesk_tui.widgets.markdown import palette as markdown
from helpdesk_tui.widgets.markdown.code import highlight

__all__ = ["BESIDE", "ComposerPreview"]

#: From so many columns on it stands beside the text.
BESIDE: Final = 76
#: Its height, in lines, as the text field's.
LEAST, MOST = 4, 14


class ComposerPreview(LineView):
    """The text as its reader will see it. Hidden until :meth:`show`."""

    STYLE_PREFIX = "look--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {*COMPONENT_CLASSES, "look--text", "look--muted"}
    DEFAULT_CSS = (
        """
    ComposerPreview {
        display: none;
        width: 1fr;
        background: $background;
        color: $foreground;
        & > .look--muted { color: $text-muted; }
"""
        + markdown.CSS
        + "    }\n"
    )
    BINDINGS: ClassVar[list[BindingType]] = bound("preview", down="scroll_by(1)", up="scroll_by(-1)")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._laid: tuple[object, list[Line]] | None = None
        self._top = 0

    def show(self, text: str, *, follow: bool) -> None:
        """Show a text.

        Args:
            text: Markdown, made safe here.
            follow: whether to stay at its end, where it is being written.
        """
        self._text = text
        lines = self._lines()
        self.styles.height = max(LEAST, min(MOST, len(lines)))
        most = max(0, len(lines) - MOST)
        self._top = most if follow else min(self._top, most)
        self.refresh()

    def _lines(self) -> list[Line]:
        width = max(4, self.size.width - 3)
        key = (self._text, width, self.style_epoch)
        if self._laid is None or self._laid[0] != key:
            self._laid = key, lay_out(self._text, width, Palette.of(self), highlight).lines
        return self._laid[1]

    def render_line(self, y: int) -> LineStrip:
        """A line of the text, left of it a rule."""
        width = self.size.width
        base = Palette.of(self).text
        lines = self._lines()
        edge = Segment("┊ ", self.line_style("text", "muted"))
        if not self._text.strip():
            words = "Nothing is written yet"[: width - 2] if y == 0 else ""
            return LineStrip([edge, Segment(words.ljust(width - 2), self.line_style("text", "muted"))], width)
        if y + self._top >= len(lines):
            return LineStrip([edge, Segment(" " * (width - 2), base)], width)
        line = lines[y + self._top]
        return LineStrip([edge, *line.segments, Segment(" " * max(0, width - 2 - line.width), base)], width)

    def action_scroll_by(self, lines: int) -> None:
        """See further down, or up."""
        self._top = max(0, min(self._top + lines, len(self._lines()) - MOST))
        self.refresh()

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self.show(self._text, follow=False)
