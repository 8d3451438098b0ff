"""An article → lines on the screen, kept once laid out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style

from helpdesk_tui.core.text import ELLIPSIS, safe_line
from helpdesk_tui.widgets.article_parts import Part
from helpdesk_tui.widgets.article_style import STATUS_GLYPHS
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.markdown import Laid, Line, Palette, lay_out
from helpdesk_tui.widgets.markdown.code import Highlight
from helpdesk_tui.widgets.markdown.palette import over
from helpdesk_tui.widgets.markdown.wrap import Span, joined, wrap
from helpdesk_tui.widgets.thread_strip import LinkStrip

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article

__all__ = ["GUTTER", "ArticlePainter", "Mark"]

#: Where headings have their bar, and a space.
GUTTER: Final = 2
#: Kept between the text and the scroll bar.
MARGIN: Final = 1
KEPT_STRIPS: Final = 1_500

#: Characters of a line that stand out, and the style they are shown in: start, end, style name.
Mark = tuple[int, int, str]

_HEADING_BARS: Final = {1: "█", 2: "▌", 3: "▎"}


class ArticlePainter:
    """Draws the open article for one view: its head (entry 0), its parts, its foot (the last entry).

    Args:
        view: whose style sheet and size count.
        zone: where the reader is.
        staff: whether the reader is told what only staff need: the status, the author, the votes.
        votes: whether the foot asks if the article helped.
    """

    def __init__(self, view: LineView, zone: tzinfo | None, *, staff: bool, votes: bool) -> None:
        self._view = view
        self._zone = zone
        self._staff = staff
        self._votes = votes
        self._article: Article | None = None
        self._parts: Sequence[Part] = ()
        self._epoch = -1
        self._palette: Palette | None = None
        self._styles: dict[str, Style] = {}
        self._laid: dict[int, Laid] = {}
        self._coloured: set[int] = set()
        self._strips: OrderedDict[tuple[object, ...], LineStrip] = OrderedDict()
        # Not taken from the view yet: also a view of 80 columns has fewer cells for text.
        self._columns = 0
        #: The cells there are for text.
        self.width = 80

    def adopt(self, article: Article | None, parts: Sequence[Part]) -> None:
        """Draw this article from now on; parts that are the same stay laid out."""
        same = [old.key == new.key for old, new in zip(self._parts, parts, strict=False)]
        self._laid = {entry: laid for entry, laid in self._laid.items() if 0 < entry <= len(same) and same[entry - 1]}
        self._coloured &= set(self._laid)
        self._strips.clear()
        self._article, self._parts = article, parts

    @property
    def fits(self) -> bool:
        """Whether what is laid out is laid out for the view's width."""
        return self._columns == self._view.size.width

    def fit(self) -> None:
        """Take the view's size."""
        columns = self._view.size.width
        if columns != self._columns:
            self._columns = columns
            self.width = max(4, columns - GUTTER - MARGIN - 1)
            self._forget()

    def _forget(self) -> None:
        self._laid.clear()
        self._coloured.clear()
        self._strips.clear()

    def _check(self) -> None:
        """Forget what was drawn in other colours. Textual says so at each change of focus, too, where none is."""
        if self._epoch != self._view.style_epoch:
            self._epoch = self._view.style_epoch
            self._styles.clear()
            self._strips.clear()
            palette = Palette.of(self._view)
            if palette != self._palette:
                self._palette = palette
                self._forget()

    # Laying out

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return len(self._parts) + 2

    def about(self, entry: int) -> int:
        """About how many lines an entry takes."""
        if 0 < entry <= len(self._parts):
            return 1 + self._parts[entry - 1].about(self.width)
        return 3

    def known(self, entry: int) -> bool:
        """Whether an entry is laid out."""
        return entry in self._laid

    def lines(self, entry: int) -> list[Line]:
        """The lines of an entry, the empty one above it included; at least one."""
        return self._lay(entry).lines

    def height(self, entry: int) -> int:
        """How many lines an entry takes."""
        return len(self.lines(entry))

    def wants_colour(self, entry: int) -> bool:
        """Whether an entry shows code without the colours it could have."""
        return entry not in self._coloured and self._lay(entry).has_code

    def recolour(self, entry: int, colour: Highlight) -> None:
        """Lay an entry out again, code with its colours; it takes as many lines."""
        self._laid.pop(entry, None)
        self._lay(entry, colour)
        self._coloured.add(entry)
        for drawn in [one for one in self._strips if one[0] == entry]:
            del self._strips[drawn]

    def _lay(self, entry: int, colour: Highlight | None = None) -> Laid:
        self._check()
        laid = self._laid.get(entry)
        if laid is None:
            laid = self._laid[entry] = self._made(entry, colour)
        return laid

    def _made(self, entry: int, colour: Highlight | None) -> Laid:
        if entry == 0:
            return Laid(self._head())
        if entry > len(self._parts):
            return Laid(self._foot())
        part = self._parts[entry - 1]
        laid = lay_out(part.text, self.width, self.palette, colour, reading=True)
        return Laid([Line([], 0), *laid.lines], laid.has_code)

    def _head(self) -> list[Line]:
        """The title, and what is known about the article."""
        article = self._article
        if article is None:
            return [Line([], 0)]
        lines = wrap([(safe_line(article.title) or "(no title)", self.style("title"))], min(self.width, 100))
        base, about = self.palette.text, self.style("about")
        facts = [safe_line(article.category, 80)] if article.category else []
        if self._staff and article.author:
            facts.append(f"by {safe_line(article.author, 60)}")
        updated = article.updated_at.astimezone(self._zone)
        facts.append(f"updated {updated.day} {updated:%b %Y}")
        if self._staff:
            facts.append(f"version {article.version}")
        spans: list[Span] = []
        if self._staff:
            label = f"{STATUS_GLYPHS.get(article.status, '?')} {article.status}"
            if article.status != "published":
                why = "only staff see it" if article.status == "draft" else "out of use, only staff see it"
                spans += [(f" {label.upper()} ", self.style(article.status)), (f" {why}", about), (" · ", about)]
            else:
                spans += [(label, self.style("published")), (" · ", about)]
        spans.append((" · ".join(facts), about))
        lines += wrap(spans, self.width)
        if not self._parts:
            lines += [Line([], 0), joined(("This article has no text.", base + self.style("empty")))]
        return lines

    def _foot(self) -> list[Line]:
        """Whether it helped, and what others say."""
        article = self._article
        if article is None or not self._votes:
            return [Line([], 0)]
        about, strong = self.style("about"), self.palette.text + self.palette.strong
        answer = {True: "You found it helpful.", False: "You found it not helpful.", None: ""}[article.my_vote]
        spans: list[Span] = []
        if answer:
            key = "- says the opposite, u takes it back" if article.my_vote else "+ says the opposite, u takes it back"
            spans += [("✓ " if article.my_vote else "✗ ", strong), (answer, strong), (f" {key}", about)]
        else:
            spans += [("Did this help?  ", about), ("+", strong), (" yes   ", about), ("-", strong), (" no", about)]
        count = article.helpful + article.not_helpful
        if self._staff and count:
            spans.append((f"   ({article.helpful} of {count} said it helped)", about))
        rule = joined(("─" * min(self.width, 100), self.palette.text + self.palette.rule))
        return [Line([], 0), rule, *wrap(spans, self.width)]

    def links(self, entry: int) -> list[tuple[str, int]]:
        """Where an entry's links lead, in order, and the line that each begins in. One that breaks over two lines is
        there once."""
        found: list[tuple[str, int]] = []
        last = None
        for number, line in enumerate(self.lines(entry)):
            for segment in line.segments:
                link = segment.style.link if segment.style else None
                if link and link != last:
                    found.append((link, number))
                if segment.text.strip():
                    last = link
        return found

    # Lines

    def strip(self, entry: int, row: int, marks: tuple[Mark, ...], link: str | None, bar: str) -> LineStrip:
        """A line of an entry, as wide as the view.

        Args:
            entry: which.
            row: which of its lines.
            marks: what stands out in it.
            link: the current link, if it begins or goes on in this line.
            bar: what the scroll bar shows beside this line: a character.
        """
        self._check()
        key = (entry, row, marks, link, bar)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(entry, row, marks, link, bar)
            if len(self._strips) > KEPT_STRIPS:
                self._strips.popitem(last=False)
        return strip

    def _draw(self, entry: int, row: int, marks: tuple[Mark, ...], link: str | None, bar: str) -> LineStrip:
        line = self.lines(entry)[row]
        if link is not None:
            mark = self.style("chosen-link")
            line = Line(
                [
                    Segment(text, style + mark) if style is not None and style.link == link else Segment(text, style)
                    for text, style, _ in line.segments
                ],
                line.width,
            )
        if marks:
            line = self._marked(line, marks)
        side: Span = ("  ", self.palette.text)
        if row and 0 < entry <= len(self._parts) and row == 1 and (heading := self._parts[entry - 1].heading):
            side = (_HEADING_BARS.get(heading.level, "▏") + " ", self.style("heading-bar"))
        return self.finished(joined(side, line), bar)

    def _marked(self, line: Line, marks: tuple[Mark, ...]) -> Line:
        """A line with some of its characters standing out."""
        segments: list[Segment] = []
        at = 0
        for text, style, _ in line.segments:
            cuts = sorted({0, len(text), *(min(max(cut - at, 0), len(text)) for mark in marks for cut in mark[:2])})
            for start, end in pairwise(cuts):
                name = next((name for first, last, name in marks if first <= at + start < last), None)
                shown = style if name is None else (style or Style.null()) + self.style(name)
                segments.append(Segment(text[start:end], shown))
            at += len(text)
        return Line(segments, line.width)

    def finished(self, line: Line, bar: str) -> LineStrip:
        """A line filled up to the view's width, the scroll bar at its right."""
        base, room = self.palette.text, self._columns - 1
        segments = line.segments
        if line.width < room:
            segments = [*segments, Segment(" " * (room - line.width), base)]
        elif line.width > room:
            segments = Segment.adjust_line_length(segments, room)
        end = base if bar == " " else self.style("thumb" if bar == "█" else "track")
        return LinkStrip([*segments, Segment(bar, end)], self._columns)

    def words(self, text: str, name: str) -> LineStrip:
        """A line that stands by itself, such as "Loading …"."""
        self._check()
        return self.finished(joined((_cut(text, self._columns - 1), self.style(name))), " ")

    def bar(self, left: str, right: str) -> LineStrip:
        """The line above the text: where in which article the reader is."""
        self._check()
        base = self.style("bar")
        room = max(self._columns - len(right), 0)
        words = _cut(f" {left}", room)
        line = joined((words, self.style("bar-words")))
        gap = " " * max(room - line.width, 0)
        segments = [*line.segments, Segment(gap, base), Segment(right, self.style("place"))]
        return LineStrip(Segment.adjust_line_length(segments, self._columns, base), self._columns)

    # Styles

    @property
    def palette(self) -> Palette:
        """The styles of the text."""
        self._check()
        if self._palette is None:
            self._palette = Palette.of(self._view)
        return self._palette

    def style(self, name: str) -> Style:
        """The style of one of the reader's own component classes."""
        style = self._styles.get(name)
        if style is None:
            parts = self._view.get_component_styles(f"reader--{name}")
            behind = self._view.background_colors[1]
            if parts.has_rule("background"):
                behind += parts.background
            ground = Style.from_color(bgcolor=behind.rich_color)
            style = self._styles[name] = self.palette.text + ground + over(parts, behind)
        return style


def _cut(text: str, width: int) -> str:
    """Safe text in at most so many cells."""
    line = joined((text, Style.null()))
    if line.width <= width:
        return text
    kept = "".join(one.text for one in Segment.adjust_line_length(line.segments, max(width - 1, 0), pad=False))
    return kept + ELLIPSIS
