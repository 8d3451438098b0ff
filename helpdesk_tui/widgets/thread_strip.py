"""A line that may hold hyperlinks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from helpdesk_tui.widgets.lines import LineStrip

__all__ = ["LinkStrip"]


#: What a link begins with that a terminal could do nothing with: another article, a heading.
_INSIDE: Final = ("article:", "#")


def _link(segment: Segment) -> str | None:
    link = segment.style.link if segment.style is not None else None
    return None if link is None or link.startswith(_INSIDE) else link


class LinkStrip(LineStrip):
    """A :class:`LineStrip` that also sends its hyperlinks (OSC 8).

    The targets come from :func:`helpdesk_tui.widgets.markdown.inline.opens`: web and mail addresses of printable
    ASCII, which cannot end the sequence early. Links that stay in the helpdesk are not sent.
    """

    __slots__ = ("_linked",)

    def __init__(self, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        super().__init__(segments, cell_length)
        self._linked: LinkStrip | None = None

    def filtered(self, filters: tuple[LineFilter, ...], background: Color) -> LineStrip:
        """The line after an app's filters; links stay links."""
        plain = super().filtered(filters, background)
        if not any(map(_link, plain)):
            return plain
        if self._linked is None or self._linked != plain:
            self._linked = LinkStrip(plain, plain.cell_length)
        return self._linked

    def render(self, console: Console) -> str:
        """The line as it is sent to a terminal."""
        if self._render_cache is None:
            out: list[str] = []
            for target, segments in groupby(self, _link):
                text = LineStrip(segments).render(console)
                # Parts of one link say that they belong together, also across lines, by having the same id.
                out.append(
                    f"\x1b]8;id={hash(target) & 0xFFFFFF:x};{target}\x1b\\{text}\x1b]8;;\x1b\\" if target else text
                )
            self._render_cache = "".join(out)
        return self._render_cache
