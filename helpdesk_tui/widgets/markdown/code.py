"""Code blocks: a band of their own, hard-wrapped, highlighted once Pygments has been asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.style import Style

from helpdesk_tui.core.text import leans
from helpdesk_tui.widgets.markdown.palette import Palette
from helpdesk_tui.widgets.markdown.wrap import Line, Span, chop, joined, tear

if TYPE_CHECKING:
    from pygments.lexer import Lexer  # type: ignore[import-untyped]

__all__ = ["Highlight", "code_lines", "highlight"]

#: Code in one language → one list of spans a line, or None where the language is not known.
Highlight = Callable[[str, str, Palette], list[list[Span]] | None]

#: More than this many characters are shown without colours: highlighting is the slowest step there is.
HIGHLIGHT_LIMIT: Final = 8_000


def code_lines(code: str, language: str, width: int, palette: Palette, colour: Highlight | None) -> list[Line]:
    """A code block as lines of exactly ``width`` cells.

    Args:
        code: safe text.
        language: as named after the fence, or empty.
        width: cells, at least 4.
        palette: the styles.
        colour: the highlighter, or None for no colours (yet). It never changes how many lines there are.
    """
    band = palette.text + palette.code_block
    room = max(width - 2, 2)
    rows = code.rstrip("\n").split("\n")
    spans = (
        colour(code.rstrip("\n"), language, palette) if colour and language and len(code) <= HIGHLIGHT_LIMIT else None
    )
    if spans is None or len(spans) != len(rows):
        spans = [[(row, band)] for row in rows]
    lines: list[Line] = []
    if language:
        name = next(chop(language, room))[0]
        lines.append(_banded(joined((" ", band), (name, band + palette.label)), width, band))
    for row in spans:
        for number, piece in enumerate(tear(row, room)):
            mark = ("↪", band + palette.label) if number else (" ", band)
            lines.append(_banded(joined(mark, piece), width, band))
    return lines


def _banded(line: Line, width: int, band: Style) -> Line:
    """A line filled up to the width with the block's background."""
    return joined(line, (" " * (width - line.width), band)) if line.width < width else line


@lru_cache(64)
def _lexer(language: str) -> Lexer | None:
    """The lexer for a language, or None; unknown names are remembered, since looking for them is slow."""
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def highlight(code: str, language: str, palette: Palette) -> list[list[Span]] | None:
    """Colours for code by Pygments, which is imported here, on first use (about 40 ms).

    Returns:
        One list of spans for each line of the code, or None where the language is not known.
    """
    from pygments.token import Comment, Keyword, Name, Number, String, Token  # type: ignore[import-untyped]

    lexer = _lexer(language.lower())
    if lexer is None:
        return None
    band = palette.text + palette.code_block
    styles = (
        (Comment, band + palette.syntax_comment),
        (Keyword, band + palette.syntax_keyword),
        (Token.Operator.Word, band + palette.syntax_keyword),
        (String, band + palette.syntax_string),
        (Number, band + palette.syntax_literal),
        (Name.Function, band + palette.syntax_name),
        (Name.Class, band + palette.syntax_name),
        (Name.Tag, band + palette.syntax_name),
        (Name.Attribute, band + palette.syntax_name),
        (Name.Builtin, band + palette.syntax_name),
    )
    rows: list[list[Span]] = [[]]
    for kind, text in lexer.get_tokens(code):
        style = next((style for wanted, style in styles if kind in wanted), band)
        first, *rest = text.split("\n")
        if first:
            rows[-1].append((first, style))
        rows.extend([(part, style)] if part else [] for part in rest)
    return [[("".join(text for text, _ in row), band)] if _torn(row) else row for row in rows]


def _torn(row: list[Span]) -> bool:
    """Whether a lexer saw several characters in what is drawn as one."""
    return any(leans(text[0]) or text[-1] == "\u200d" for text, _ in row)
