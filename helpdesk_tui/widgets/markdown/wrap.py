"""Styled text → lines no wider than asked, in cells. The only place where a line is broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style

__all__ = ["Line", "Span", "chop", "joined", "spans_width", "tear", "wrap"]

#: A run of safe text in one style.
Span = tuple[str, Style]

_PIECES: Final = re.compile(r"\n| +|[^ \n]+")


class Line(NamedTuple):
    """One line on the screen, and how many cells it takes."""

    segments: list[Segment]
    width: int

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(segment.text for segment in self.segments)


def spans_width(spans: Iterable[Span]) -> int:
    """The cells that spans take in one line."""
    return sum(cell_len(text) for text, _ in spans)


def joined(*parts: Line | Span) -> Line:
    """One line from lines and spans side by side."""
    segments: list[Segment] = []
    width = 0
    for part in parts:
        if isinstance(part, Line):
            segments += part.segments
            width += part.width
        elif part[0]:
            segments.append(Segment(*part))
            width += cell_len(part[0])
    return Line(segments, width)


def _characters(text: str, width: int) -> Iterator[tuple[str, int]]:
    """What is drawn as one, with its cells; "…" for what is wider than a line."""
    if text.isascii():
        for character in text:
            yield character, 1
        return
    for start, end, cells in split_graphemes(text)[0]:
        yield ("…", 1) if cells > width else (text[start:end], cells)


def chop(text: str, width: int) -> Iterator[tuple[str, int]]:
    """Text in pieces of at most ``width`` cells, torn between characters only.

    Yields:
        The piece and its width in cells.
    """
    if text.isascii():
        for start in range(0, len(text), width):
            piece = text[start : start + width]
            yield piece, len(piece)
        return
    piece, taken = "", 0
    for character, cells in _characters(text, width):
        if taken + cells > width:
            yield piece, taken
            piece, taken = "", 0
        piece += character
        taken += cells
    if piece:
        yield piece, taken


def wrap(spans: Sequence[Span], width: int) -> list[Line]:
    """Break text into lines.

    Breaks at spaces, which are left out there; inside a word only where it is wider than a line, or between wide
    characters (Chinese, Japanese and Korean have no spaces). A newline in the text always breaks.

    Args:
        spans: safe text; tabs are gone already.
        width: cells, at least 1.

    Returns:
        At least one line, each at most ``width`` cells.
    """
    width = max(width, 1)
    if len(spans) == 1 and spans[0][0].isascii():
        text, style = spans[0]
        return [
            Line([Segment(line, style)] if line else [], len(line))
            for paragraph in text.split("\n")
            for line in _wrap_ascii(paragraph, width)
        ]
    return _Wrapper(width).wrap(spans)


def tear(spans: Sequence[Span], width: int) -> list[Line]:
    """Break text wherever the line ends, leaving nothing out: for code, where spaces matter. No newlines in it."""
    return _Wrapper(max(width, 1)).tear(spans)


def _wrap_ascii(text: str, width: int) -> Iterator[str]:
    """The quick way for most text: one style, one cell a character."""
    text = text.rstrip(" ")
    while len(text) > width:
        cut = text.rfind(" ", 0, width + 1)
        if cut <= 0 or text[:cut].isspace():
            yield text[:width]
            text = text[width:]
        else:
            yield text[:cut].rstrip(" ")
            text = text[cut:].lstrip(" ")
    yield text


class _Wrapper:
    """Breaks words that may change their style in the middle."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[Line] = []
        self._segments: list[Segment] = []
        self._taken = 0
        self._space: list[Span] = []

    def wrap(self, spans: Sequence[Span]) -> list[Line]:
        word: list[Span] = []
        for text, style in spans:
            for match in _PIECES.finditer(text):
                piece = match.group()
                if piece[0] not in " \n":
                    word.append((piece, style))
                    continue
                self._word(word)
                word = []
                if piece == "\n":
                    self._end_line()
                else:
                    self._space.append((piece, style))
        self._word(word)
        self._end_line()
        return self._lines

    def tear(self, spans: Sequence[Span]) -> list[Line]:
        self._tear(spans)
        self._end_line()
        return self._lines

    def _word(self, word: list[Span]) -> None:
        """Put a word where it fits: on this line, on the next, or torn."""
        if not word:
            return
        cells = spans_width(word)
        gap = spans_width(self._space)
        if self._taken + gap + cells <= self._width:
            self._put(self._space)
            self._put(word)
        else:
            torn = cells > self._width or any(not text.isascii() and cell_len(text) > len(text) for text, _ in word)
            if torn and self._taken + gap + 2 <= self._width:
                self._put(self._space)
            elif self._taken:
                self._end_line()
            self._space = []
            self._tear(word)
        self._space = []

    def _tear(self, word: Sequence[Span]) -> None:
        """Fill lines with a word, character by character."""
        for text, style in word:
            piece = ""
            for character, cells in _characters(text, self._width):
                if self._taken + cells > self._width:
                    if piece:
                        self._segments.append(Segment(piece, style))
                        piece = ""
                    self._end_line()
                piece += character
                self._taken += cells
            if piece:
                self._segments.append(Segment(piece, style))

    def _put(self, spans: Iterable[Span]) -> None:
        for text, style in spans:
            self._segments.append(Segment(text, style))
            self._taken += cell_len(text)

    def _end_line(self) -> None:
        self._lines.append(Line(self._segments, self._taken))
        self._segments, self._taken, self._space = [], 0, []
