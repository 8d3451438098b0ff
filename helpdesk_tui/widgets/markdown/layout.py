"""Markdown → lines: the blocks, one below the other, within a width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.style import Style

from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.widgets.markdown.code import Highlight, code_lines
from helpdesk_tui.widgets.markdown.palette import Palette
from helpdesk_tui.widgets.markdown.table import Align, Cell, table_lines
from helpdesk_tui.widgets.markdown.wrap import Line, Span, joined, wrap

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["CHARACTER_LIMIT", "LINE_LIMIT", "MARKDOWN_LIMIT", "Laid", "estimate", "lay_out"]

#: A longer text is shown as it is: some texts take the parser time that grows with the square of their length.
MARKDOWN_LIMIT: Final = 12_000
#: What is shown of one text; all of it can be copied.
CHARACTER_LIMIT: Final = 200_000
LINE_LIMIT: Final = 2_000
#: Text is not set wider than this many cells: longer lines are hard to read.
MEASURE: Final = 100
#: Nothing is indented any further once a block would become narrower than this.
NARROWEST: Final = 16

_MARKUP: Final = re.compile(
    r"[*_`#>|~<&\\]|\]\(|!\[|://|^[ ]*(?:[-+]|\d{1,9}[.)])(?:[ ]|$)|^ {4}|^[ ]*-{3,}[ ]*$", re.MULTILINE
)
_CALLOUT: Final = re.compile(r"\[!(note|tip|important|warning|caution)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Laid:
    """A text laid out: its lines, and whether it would gain from being laid out again with a highlighter."""

    lines: list[Line]
    has_code: bool = False


@lru_cache(1)
def _parser() -> MarkdownIt:
    """The parser, made (and imported) when the first text needs it.

    Left out on purpose: HTML; reference definitions and setext headings, which make lines of a mail vanish or
    swell ("-----" below a sentence).
    """
    from markdown_it import MarkdownIt

    from helpdesk_tui.widgets.markdown.inline import bare_url

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    parser.disable(["reference", "lheading", "html_block", "html_inline"])
    parser.inline.ruler.after("text", "bare_url", bare_url)
    return parser


def estimate(text: str, width: int) -> int:
    """About how many lines a text will take, without looking at it closely."""
    width = min(max(width, 1), MEASURE)
    if len(text) > CHARACTER_LIMIT:
        return LINE_LIMIT
    return min(LINE_LIMIT, 1 + text.count("\n") + len(text) // width)


def lay_out(text: str, width: int, palette: Palette, colour: Highlight | None = None, *, reading: bool = False) -> Laid:
    """Lay a text out.

    Args:
        text: Markdown by anybody; made safe here.
        width: the cells there are. Paragraphs use at most :data:`MEASURE` of them, tables and code all.
        palette: the styles.
        colour: a highlighter for code blocks, or None to do without for now.
        reading: whether it is an article: links are followed where it is shown, which tells where they lead.

    Returns:
        The lines, none wider than ``width``. Their number does not depend on ``colour``.
    """
    width = max(width, 4)
    cut = len(text) > CHARACTER_LIMIT
    safe = safe_block(text[:CHARACTER_LIMIT]).strip("\n")
    has_code = False
    if len(safe) > MARKDOWN_LIMIT or not _MARKUP.search(safe):
        from helpdesk_tui.widgets.markdown.inline import plain_spans

        spans = plain_spans(safe, palette) if "www." in safe or "://" in safe else [(safe, palette.text)]
        lines = wrap(spans, min(width, MEASURE))
    else:
        blocks = _Blocks(_parser().parse(safe), palette, colour, reading)
        lines = blocks.lines(width)
        has_code = blocks.has_code
    if len(lines) > LINE_LIMIT or cut:
        lines = lines[:LINE_LIMIT]
        note = "… the rest is too long to show here: copy the message to read it all"
        lines += wrap([(note, palette.text + palette.warning)], width)
    return Laid(lines, has_code)


class _Blocks:
    """Walks the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], palette: Palette, colour: Highlight | None, reading: bool) -> None:
        self._reading = reading
        self._tokens = tokens
        self._palette = palette
        self._colour = colour
        self._at = 0
        self.has_code = False

    def lines(self, width: int) -> list[Line]:
        """Everything there is."""
        return self._until("", width, self._palette.text)

    def _until(self, end: str, width: int, base: Style) -> list[Line]:
        """The blocks up to the token of type ``end``, a blank line between them unless the list is tight."""
        lines: list[Line] = []
        tight = False
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == end:
                break
            was_tight, tight = tight, token.type == "paragraph_open" and token.hidden
            block = self._block(token, width, base)
            if lines and block and not (was_tight or tight):
                lines.append(Line([], 0))
            lines += block
        return lines

    def _block(self, token: Token, width: int, base: Style) -> list[Line]:
        palette = self._palette
        match token.type:
            case "paragraph_open":
                return self._text("paragraph_close", width, base)
            case "heading_open":
                return self._text("heading_close", width, base + palette.heading)
            case "blockquote_open":
                self._callout()
                return self._indented("blockquote_close", width, base + palette.quote, "│ ", "│ ", palette.bar)
            case "bullet_list_open" | "ordered_list_open":
                return self._list(token, width, base)
            case "fence" | "code_block":
                language = safe_line(token.info.strip().split(" ")[0], 30) if token.info.strip() else ""
                self.has_code = self.has_code or bool(language)
                return code_lines(safe_block(token.content), language, width, palette, self._colour)
            case "hr":
                return [joined(("─" * min(width, MEASURE), base + palette.rule))]
            case "table_open":
                return self._table(width, base)
            case _:
                return wrap([(safe_block(token.content), base)], width) if token.content else []

    def _text(self, end: str, width: int, base: Style) -> list[Line]:
        """The inline content of a paragraph or heading."""
        spans: list[Span] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == end:
                break
            spans += self._inline(token, base)
        lines = wrap(spans, min(width, MEASURE)) if spans else []
        # Where nothing but HTML stood in a line, nothing is left of it.
        return [line for line in lines if line.width] if self._reading else lines

    def _inline(self, token: Token, base: Style) -> list[Span]:
        from helpdesk_tui.widgets.markdown.inline import inline_spans

        return inline_spans(token.children or [], self._palette, base, reading=self._reading)

    def _indented(self, end: str, width: int, base: Style, first: str, rest: str, style: Style) -> list[Line]:
        """The blocks inside a quotation or a list item, behind a mark: ``first`` on their first line."""
        taken = len(first)
        if width - taken < NARROWEST:
            return self._until(end, width, base)
        lines = self._until(end, width - taken, base) or [Line([], 0)]
        mark = base + style
        return [joined((rest if number else first, mark), line) for number, line in enumerate(lines)]

    def _callout(self) -> None:
        """A quotation that begins with "[!NOTE]" is a note to the reader: its kind is a word, not a mark."""
        first = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        children = (first.children or []) if first is not None and first.type == "inline" else []
        kind = _CALLOUT.fullmatch(children[0].content.strip()) if children and children[0].type == "text" else None
        if first is None or kind is None:
            return
        label = copy(children[0])
        label.content = kind[1].upper()
        mark = [copy(label), copy(label)]
        mark[0].type, mark[1].type = "strong_open", "strong_close"
        first.children = [mark[0], label, mark[1], *children[1:]]

    def _list(self, token: Token, width: int, base: Style) -> list[Line]:
        """A list; numbers stay what they were written as."""
        ordered = token.type == "ordered_list_open"
        number = int(token.attrs.get("start", 1)) if ordered else 0
        digits = len(str(number + self._items(token))) + 2
        lines: list[Line] = []
        loose = False
        while self._at < len(self._tokens):
            item = self._tokens[self._at]
            self._at += 1
            if item.level <= token.level:
                break
            following = self._tokens[self._at] if self._at < len(self._tokens) else None
            loose = loose or (following is not None and following.type == "paragraph_open" and not following.hidden)
            mark = f"{number}{item.markup or '.'}".ljust(digits) if ordered else "• "
            block = self._indented("list_item_close", width, base, mark, " " * len(mark), self._palette.marker)
            if lines and loose:
                lines.append(Line([], 0))
            lines += block
            number += 1
        return lines

    def _items(self, token: Token) -> int:
        """How many items the list has, to line their numbers up."""
        count = 0
        for other in self._tokens[self._at :]:
            if other.level <= token.level:
                break
            count += other.type == "list_item_open" and other.level == token.level + 1
        return count

    def _table(self, width: int, base: Style) -> list[Line]:
        head: list[Cell] = []
        rows: list[list[Cell]] = []
        aligns: list[Align] = []
        in_head = False
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            match token.type:
                case "table_close":
                    break
                case "tr_open":
                    rows.append([])
                case "th_open":
                    in_head = True
                    aligns.append(_align(str(token.attrs.get("style", ""))))
                case "td_open":
                    in_head = False
                case "inline":
                    cell = self._inline(token, base + self._palette.strong if in_head else base)
                    (head if in_head else rows[-1]).append(cell)
        rows = [row for row in rows if row]
        return table_lines(head, rows, aligns, width, self._palette)


def _align(style: str) -> Align:
    if style.endswith("center"):
        return "center"
    return "right" if style.endswith("right") else "left"
