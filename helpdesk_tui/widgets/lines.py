"""A widget that draws itself line by line, and sends only the lines that changed.

Textual's own line cache makes a new strip of every line that it is told is dirty, which loses what a strip has cached
of itself (its filtered and its encoded form). Here a line that was drawn once is sent again as it is: scrolling over
rows seen before costs next to nothing. What touches Textual's inner workings for that is in this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, Final

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["LineStrip", "LineView", "contrast", "legible"]

#: What text needs against its background to be read (WCAG 2, level AA).
CONTRAST: Final = 4.5


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two opaque colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(color: Color, background: Color) -> Color:
    """A text colour, moved towards black or white as far as it takes to be read on a background.

    Themes choose their colours for their own background, not for the selected row's. A terminal's own colours (ANSI)
    are left as they are: nobody knows what they look like.
    """
    if color.ansi is not None or background.ansi is not None:
        return color
    black, white = Color(0, 0, 0), Color(255, 255, 255)
    end = white if contrast(white, background) > contrast(black, background) else black
    for step in range(11):
        mixed = color.blend(end, step / 10)
        if contrast(mixed, background) >= CONTRAST:
            return mixed
    return end


#: SGR codes of what a style can set, in the order of :func:`_codes`.
_ATTRIBUTES: Final = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("strike", "9"),
    ("overline", "53"),
)


@lru_cache(2048)
def _codes(style: Style, system: ColorSystem) -> tuple[str, str, str]:
    """A style's attributes, text colour and background as SGR codes, each "" if it has none."""
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    color, background = style.color, style.bgcolor
    return (
        attributes,
        "" if color is None else ";".join(color.downgrade(system).get_ansi_codes()),
        "" if background is None else ";".join(background.downgrade(system).get_ansi_codes(foreground=False)),
    )


class LineStrip(Strip):
    """A strip that is sent in a third fewer bytes: of each part's style only what differs from the part before it.

    It also remembers its filtered form, for which Textual would ask again each time.
    """

    __slots__ = ("_filtered", "_filtered_by")

    def __init__(self, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        super().__init__(segments, cell_length)
        self._filtered: LineStrip | None = None
        self._filtered_by: object = None

    def filtered(self, filters: tuple[LineFilter, ...], background: Color) -> LineStrip:
        """The strip after an app's filters (colours of other terminals, NO_COLOR)."""
        if self._filtered is None or self._filtered_by != (filters, background):
            segments = list(self)
            for line_filter in filters:
                segments = line_filter.apply(segments, background)
            self._filtered = LineStrip(segments, self.cell_length)
            self._filtered_by = (filters, background)
        return self._filtered

    def render(self, console: Console) -> str:
        """The strip as it is sent to a terminal."""
        if self._render_cache is None:
            system = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
            self._render_cache = _encoded(self, system)
        return self._render_cache


def _encoded(segments: Iterable[Segment], system: ColorSystem) -> str:
    sent = ("", "", "")
    out: list[str] = []
    for text, style, control in segments:
        if control:
            continue
        wanted = _codes(style, system) if style is not None else ("", "", "")
        if wanted != sent:
            codes = [new for new, old in zip(wanted, sent, strict=True) if new != old]
            if sent[0] not in ("", wanted[0]) or "" in codes:
                codes = ["0", *(code for code in wanted if code)]  # nothing can be taken away singly
            out.append(f"\x1b[{';'.join(codes)}m")
            sent = wanted
        out.append(text)
    if sent != ("", "", ""):
        out.append("\x1b[0m")
    return "".join(out)


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

    def render_line(self, y: int) -> LineStrip:
        """The line at ``y`` cells below the widget's top, as wide as the widget."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in a region of the widget."""
        background = self.background_colors[1]
        filters = tuple(self.get_line_filters())
        start, end = crop.column_span
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.render_line(y).filtered(filters, background)
            strips.append(strip if start == 0 and end == strip.cell_length else strip.crop(start, end))
        return strips

    def prepare(self, strip: LineStrip) -> None:
        """Do now, between keys, what showing a strip for the first time would take."""
        strip.filtered(tuple(self.get_line_filters()), self.background_colors[1]).render(self.app.console)

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
        """A text's colour for the ground that it really stands on, which a component class alone cannot know."""
        under = self.get_component_styles(self.STYLE_PREFIX + ground)
        background = self.background_colors[1] + under.background
        over = self.get_component_styles(self.STYLE_PREFIX + name) if name else under
        # On reversed ground (without colours, a selected row) parts of different brightness would be patches.
        source = over if over.has_rule("color") and not under.text_style.reverse else under
        color = background.get_contrast_text(source.color.a) if source.auto_color else source.color
        style = Style.from_color(legible(background + color, background).rich_color, background.rich_color)
        return style + under.text_style + over.text_style
