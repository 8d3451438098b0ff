"""Entries of a thread → lines on the screen, kept once drawn."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from rich.segment import Segment
from rich.style import Style

from helpdesk_tui.core.attachments import safe_name, size_words
from helpdesk_tui.core.plain import change_words
from helpdesk_tui.core.text import ELLIPSIS, safe_line
from helpdesk_tui.core.wording import ago, history_words
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.markdown import Laid, Line, Palette, lay_out
from helpdesk_tui.widgets.markdown.code import Highlight
from helpdesk_tui.widgets.markdown.palette import over
from helpdesk_tui.widgets.markdown.wrap import Span, joined, wrap
from helpdesk_tui.widgets.thread_entries import Entry
from helpdesk_tui.widgets.thread_strip import LinkStrip

__all__ = ["GUTTER", "REFUSED", "WAITS", "Painter"]

#: What is said of one's own words that the database has not got: to the team, and to a requester.
WAITS: Final = ("◌ waiting to be sent", "◌ not sent yet, goes out by itself")
REFUSED: Final = "✖ NOT sent"

#: The bar that says who speaks, and a space.
GUTTER: Final = 2
#: Kept between the text and the scroll bar.
MARGIN: Final = 1
#: So many lines stay laid out, whichever ticket they are of: about 10 MB.
KEPT_LINES: Final = 8_000
KEPT_STRIPS: Final = 1_500
#: So many heights stay known: five of the longest threads, about 3 MB.
KEPT_HEIGHTS: Final = 10_000

_BARS: Final = {"requester": "▎", "customer": "▎", "staff": "▌", "note": "█"}
_ROLES: Final = {"requester": "requester", "customer": "customer", "staff": "staff"}
#: To the requester.
_PLAIN_ROLES: Final = {"requester": "you", "customer": "", "staff": "support"}


class Painter:
    """Draws for one view.

    Args:
        view: whose style sheet and size count.
        zone: where the reader is.
        plain: for the requester, who knows no trade.
    """

    def __init__(self, view: LineView, zone: tzinfo | None, *, plain: bool = False) -> None:
        self._view = view
        self._zone = zone
        self._plain = plain
        self._epoch = -1
        self._palettes: dict[str, Palette] = {}
        self._styles: dict[tuple[str, str], Style] = {}
        self._laid: OrderedDict[tuple[str, int, int], Laid] = OrderedDict()
        self._kept = 0
        self._strips: OrderedDict[tuple[object, ...], LineStrip] = OrderedDict()
        self._heights: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self._coloured: set[tuple[str, int, int]] = set()
        self.now = datetime.now(UTC)
        self._columns = 80
        #: The cells there are for text.
        self.width = 80

    def _check(self) -> None:
        """Forget what was drawn in other colours. Textual says so at each change of focus, too, where none is."""
        if self._epoch == self._view.style_epoch:
            return
        self._epoch = self._view.style_epoch
        old = self._palettes
        self._palettes = {}
        self._styles.clear()
        self._strips.clear()
        if any(self.palette(kind) != palette for kind, palette in old.items()):
            self._laid.clear()
            self._coloured.clear()
            self._kept = 0

    # Heights

    def fit(self) -> None:
        """Take the view's size, once for all lines that are drawn for it."""
        self._columns = self._view.size.width
        self.width = max(4, self._columns - GUTTER - MARGIN - 1)

    def _key(self, entry: Entry) -> tuple[str, int, int]:
        return entry.key, entry.stamp, self.width

    def height(self, entry: Entry, *, keep: bool = True) -> int:
        """Exactly how many lines an entry takes, its gap included.

        Args:
            entry: which.
            keep: whether it will be on the screen soon, so that what was drawn to find out is worth keeping.
        """
        if not entry.is_message:
            return entry.gap + 1
        key = self._key(entry)
        lines = self._heights.get(key)
        if lines is None or (keep and key not in self._laid):
            lines = len(self._lay(entry, keep=keep).lines)
            self._heights[key] = lines
            if len(self._heights) > KEPT_HEIGHTS:
                self._heights.popitem(last=False)
        return entry.gap + 1 + lines

    def known_height(self, entry: Entry) -> int | None:
        """The height of an entry if it costs nothing to say."""
        if not entry.is_message:
            return entry.gap + 1
        lines = self._heights.get(self._key(entry))
        return None if lines is None else entry.gap + 1 + lines

    def _lay(self, entry: Entry, *, keep: bool = True, colour: Highlight | None = None) -> Laid:
        """The text of a message laid out: without colours for code first, since those take longest."""
        self._check()
        key = self._key(entry)
        laid = self._laid.get(key)
        if laid is not None:
            self._laid.move_to_end(key)
            return laid
        palette = self.palette(entry.kind)
        if entry.words.strip():
            laid = lay_out(entry.words, self.width, palette, colour)
        else:
            laid = Laid([] if entry.files else [joined(("(no text)", palette.text + palette.label))])
        if entry.files:
            laid = Laid([*laid.lines, *self._files(entry)], laid.has_code)
        if entry.unsent is not None and entry.unsent.refused is not None:
            why = f"{REFUSED}: {safe_line(entry.unsent.refused, 400)}"
            laid = Laid([*laid.lines, *wrap([(why, self.style(entry.kind, "failed"))], self.width)], laid.has_code)
        if keep:
            self._laid[key] = laid
            self._kept += len(laid.lines)
            while self._kept > KEPT_LINES and len(self._laid) > 1:
                gone, old = self._laid.popitem(last=False)
                self._kept -= len(old.lines)
                self._coloured.discard(gone)
        return laid

    def _files(self, entry: Entry) -> list[Line]:
        """The files of a message, one a line."""
        name, about = self.palette(entry.kind).text, self.style(entry.kind, "about")
        lines = []
        for each in entry.files:
            size = f"  {size_words(each.size)}"
            words = self.fitted(joined(("▤ ", about), (safe_name(each.name), name)), max(self.width - len(size), 8))
            lines.append(self.fitted(joined(words, (size, about)), self.width))
        return lines

    def wants_colour(self, entry: Entry) -> bool:
        """Whether an entry shows code without the colours it could have."""
        return entry.is_message and self._lay(entry).has_code and self._key(entry) not in self._coloured

    def recolour(self, entry: Entry, colour: Highlight) -> None:
        """Draw an entry again, code with its colours."""
        key = self._key(entry)
        old = self._laid.pop(key, None)
        if old is not None:
            self._kept -= len(old.lines)
        self._lay(entry, colour=colour)
        self._coloured.add(key)
        for drawn in [one for one in self._strips if one[0] == entry.key]:
            del self._strips[drawn]

    def links(self, entry: Entry) -> list[tuple[str, int]]:
        """Where a message's links lead, in order, once each, and the line of the entry each begins in."""
        found: dict[str, int] = {}
        if entry.is_message:
            for number, line in enumerate(self._lay(entry).lines):
                for segment in line.segments:
                    if segment.style and segment.style.link:
                        found.setdefault(segment.style.link, entry.gap + 1 + number)
        return list(found.items())

    # Lines

    def strip(self, entry: Entry, row: int, *, chosen: bool, link: str | None, bar: str) -> LineStrip:
        """A line of an entry, as wide as the view.

        Args:
            entry: which.
            row: which of its lines.
            chosen: whether it is the current message.
            link: the current link, if it is in this entry.
            bar: what the scroll bar shows beside this line: a character.
        """
        self._check()
        when = self.when(entry)
        edge = ("chosen-bar" if self._view.has_focus else "chosen-bar-blurred") if chosen else f"{entry.kind}-bar"
        key = (entry.key, row, self._columns, edge, link, bar, when, entry.gap, entry.stamp)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(entry, row, edge, link, bar, when)
            if len(self._strips) > KEPT_STRIPS:
                self._strips.popitem(last=False)
        return strip

    def _draw(self, entry: Entry, row: int, edge: str, link: str | None, bar: str, when: str) -> LineStrip:
        ground = self.palette("").text
        if row < entry.gap:
            return self.finished(Line([], 0), ground, bar)
        if not entry.is_message:
            return self.finished(self._small(entry, when), ground, bar)
        base = self.palette(entry.kind).text
        first = row == entry.gap
        chosen = edge.startswith("chosen")
        glyph = "▶" if chosen and first else "┃" if chosen and entry.kind != "note" else _BARS[entry.kind]
        side: Span = (glyph + " ", self.style(entry.kind, edge))
        line = self._header(entry, when) if first else self._lay(entry).lines[row - entry.gap - 1]
        if link is not None:
            line = self._marked(line, link)
        return self.finished(joined(side, line), base, bar)

    def _marked(self, line: Line, link: str) -> Line:
        """A line with one link standing out."""
        mark = self.style("", "chosen-link")
        return Line(
            [
                Segment(text, style + mark) if style is not None and style.link == link else Segment(text, style)
                for text, style, _ in line.segments
            ],
            line.width,
        )

    def _header(self, entry: Entry, when: str) -> Line:
        """Who speaks to whom, and when. The words come first: on a narrow screen the time is cut off, never they."""
        kind = entry.kind
        base, about = self.palette(kind).text, self.style(kind, "about")
        name: Span = (safe_line(entry.who, 80) or "?", self.style(kind, f"{kind}-name"))
        if entry.unsent is not None:
            sign = WAITS[self._plain] if entry.unsent.refused is None else REFUSED
            told = (f" · {sign}", self.style(kind, "unsent" if entry.unsent.refused is None else "failed"))
            label = ((" INTERNAL NOTE ", self.style(kind, "note-label")), (" ", base)) if kind == "note" else ()
            line = joined(*label, name, told, (f" · {when}", about))
        elif kind == "note":
            line = joined((" INTERNAL NOTE ", self.style(kind, "note-label")), (" ", base), name, (f" · {when}", about))
            hint = "the requester never sees this"
            if line.width + len(hint) + 2 <= self.width:
                line = joined(line, (" " * (self.width - line.width - len(hint)), base), (hint, about))
        else:
            role = (_PLAIN_ROLES if self._plain else _ROLES)[kind]
            line = joined(name, (f" · {role} · {when}" if role else f" · {when}", about))
        return self.fitted(line, self.width)

    def _small(self, entry: Entry, when: str) -> Line:
        """A day, a line of history, or where the unread begins."""
        width = self.width + GUTTER
        ground = self.palette("").text
        style = self.style("", entry.kind)
        if entry.kind == "history":
            about = f" · {when}"
            change = ""
            if entry.change is not None:
                change = change_words(entry.change) if self._plain else history_words(entry.change, self._zone)
            words = self.fitted(joined(("  · " + change, style)), max(width - len(about), 8))
            return self.fitted(joined(words, (about, style)), width)
        rule = "━" if entry.kind == "unread" else "─"
        head = joined((rule * 2, style), (f" {entry.words} ", style))
        return joined(self.fitted(head, width), (rule * (width - head.width), style), ("", ground))

    def when(self, entry: Entry) -> str:
        """The time of an entry, and how long ago that was."""
        if entry.kind in ("day", "unread"):
            return ""
        elapsed = self.now - entry.when
        clock = f"{entry.when.astimezone(self._zone):%H:%M}"
        if elapsed < timedelta(minutes=1):
            return f"{clock} · now"
        return f"{clock} · {ago(elapsed)} ago"

    @staticmethod
    def fitted(line: Line, width: int) -> Line:
        """A line cut with "…" where it is too long."""
        if line.width <= width:
            return line
        segments = list(Segment.adjust_line_length(line.segments, max(width - 1, 0), pad=False))
        style = segments[-1].style if segments else None
        kept = sum(segment.cell_length for segment in segments)
        return Line([*segments, Segment(ELLIPSIS, style)], kept + 1)

    def finished(self, line: Line, base: Style, bar: str) -> LineStrip:
        """A line filled up to the view's width, the scroll bar at its right."""
        width = self._columns
        room = width - 1
        segments = line.segments
        if line.width < room:
            segments = [*segments, Segment(" " * (room - line.width), base)]
        elif line.width > room:
            segments = Segment.adjust_line_length(segments, room)
        if bar == " ":
            return LinkStrip([*segments, Segment(" ", base)], width)
        end = self.style("", "thumb" if bar == "█" else "track")
        return LinkStrip([*segments, Segment(bar, end)], width)

    def words(self, text: str, name: str) -> LineStrip:
        """A line that stands by itself, such as "Loading …"."""
        self._check()
        room = max(self._columns - 1, 1)
        line = joined((text, self.style("", name)))
        return self.finished(self.fitted(line, room), self.palette("").text, " ")

    # Styles

    def palette(self, kind: str) -> Palette:
        """The styles for the text of one kind of entry; "" for what stands between them."""
        self._check()
        palette = self._palettes.get(kind)
        if palette is None:
            palette = self._palettes[kind] = Palette.of(self._view, f"thread--{kind}" if kind else "")
        return palette

    def style(self, kind: str, name: str) -> Style:
        """The style of one of the thread's own component classes, on the ground of a kind of entry."""
        style = self._styles.get((kind, name))
        if style is None:
            parts = self._view.get_component_styles(f"thread--{name}")
            behind = self._view.background_colors[1]
            if kind:
                behind += self._view.get_component_styles(f"thread--{kind}").background
            if parts.has_rule("background"):
                behind += parts.background
            ground = Style.from_color(bgcolor=behind.rich_color)
            style = self._styles[(kind, name)] = self.palette(kind).text + ground + over(parts, behind)
        return style
