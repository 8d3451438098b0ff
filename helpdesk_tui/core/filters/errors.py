"""What is said of a filter that cannot be understood, with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from helpdesk_tui.core.errors import BadInput


class FilterError(BadInput):
    """A filter that cannot be understood.

    Args:
        what: one sentence.
        query: the whole filter.
        start: where in it the trouble begins, in characters from 0.
        end: where it ends (the first character that is fine again).
        hint: the way out.

    The message is the sentence, the filter and a caret under the word; ``caret`` is that last line alone.
    """

    def __init__(self, what: str, query: str, start: int, end: int, hint: str | None = None) -> None:
        self.what, self.query, self.start, self.end = what, query, start, max(end, start + 1)
        shown = "".join(char if char.isprintable() else " " for char in query)
        self.caret = " " * _cells(shown[:start]) + "^" * max(1, _cells(shown[start:end]))
        super().__init__(f"{what}\n  {shown}\n  {self.caret}", hint)


class Unfinished(FilterError):
    """A filter that ends too early: nothing is wrong with it as long as one types.

    Args:
        what, query, start, end, hint: as above.
        closes: what closes the quotation mark or the parenthesis that is open; "" where a word is missing.
    """

    def __init__(self, what: str, query: str, start: int, end: int, closes: str, hint: str | None = None) -> None:
        super().__init__(what, query, start, end, hint)
        self.closes = closes


def near(word: str, known: Iterable[str]) -> str | None:
    """Asks whether the nearest of some words was meant; None where none is near."""
    import difflib

    by_fold = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1)
    return f"Did you mean “{by_fold[found[0]]}”?" if found else None


def _cells(text: str) -> int:
    """How many cells a terminal takes for it, nearly."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
