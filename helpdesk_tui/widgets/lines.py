"""A widget that draws itself line by line, and sends only the lines that changed.

Textual's own line cache makes a new strip of every line that it is told is dirty, which loses what a strip has cached
of itself (its filtered and its encoded form). Here a line that was drawn once is sent again as it is: scrolling over
rows seen before costs next to nothing. What touches Textual's inner workings for that is in this module.
"""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["LineView"]


class LineView(Widget, can_focus=True):
    """A focusable widget of lines. A subclass gives :meth:`render_line`, and caches what it returns.

    It takes no border, padding, opacity or tint: those belong to a container around it.
    """

    ALLOW_SELECT: ClassVar[bool] = False

    #: What the names given to :meth:`line_style` are prefixed with to make component classes.
    STYLE_PREFIX: ClassVar[str] = ""

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self._line_styles: dict[tuple[str, str], Style] = {}
        #: Counts what makes every drawn line outdated: a theme, a class, NO_COLOR.
        self.style_epoch = 0

    def render_line(self, y: int) -> Strip:
        """The line at ``y`` cells below the widget's top, as wide as the widget."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in a region of the widget."""
        background = self.background_colors[1]
        filters = self.get_line_filters()
        whole = crop.x == 0 and crop.width == self.size.width
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip if whole else strip.crop(*crop.column_span))
        return strips

    def notify_style_update(self) -> None:
        """Textual says that the styles may be others now."""
        super().notify_style_update()
        self._line_styles.clear()
        self.style_epoch += 1

    def refresh_lines(self, *lines: tuple[int, int]) -> None:
        """Paint some lines anew.

        Args:
            lines: for each, its distance from the widget's top, and how many cells from its left edge.
        """
        if lines:
            self.refresh(*[Region(0, y, width, 1) for y, width in lines])

    def line_style(self, ground: str, name: str = "") -> Style:
        """The colours and attributes of text.

        Args:
            ground: the component class (without the prefix) whose background the text stands on.
            name: the component class of the text itself; "" is the ground's own.
        """
        style = self._line_styles.get((ground, name))
        if style is None:
            style = self._line_styles[ground, name] = self._resolve(ground, name)
        return style

    def _resolve(self, ground: str, name: str) -> Style:
        """Blend a text's colour into the ground that it really stands on, which a component class alone cannot know."""
        under = self.get_component_styles(self.STYLE_PREFIX + ground)
        background = self.background_colors[1] + under.background
        over = self.get_component_styles(self.STYLE_PREFIX + name) if name else under
        source = over if over.has_rule("color") else under
        color = background.get_contrast_text(source.color.a) if source.auto_color else source.color
        return (
            Style.from_color((background + color).rich_color, background.rich_color)
            + under.text_style
            + over.text_style
        )
