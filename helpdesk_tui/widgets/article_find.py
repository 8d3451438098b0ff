"""Find in an article: every place where some words stand, as they are laid out on the screen."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final

from helpdesk_tui.widgets.markdown import Line

__all__ = ["Find", "Place", "places"]

#: A match: for each line that it stands in, the line's number and where it begins and ends there, in characters.
Place = tuple[tuple[int, int, int], ...]

#: Markup that stands between the letters of a text and not on the screen.
_MARKUP: Final = re.compile(r"[\\*_`~]")


def places(lines: Sequence[Line], pattern: re.Pattern[str]) -> list[Place]:
    """Where a pattern stands in some lines; a line break counts as a space."""
    texts = [line.text.rstrip() for line in lines]
    starts: list[int] = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    found: list[Place] = []
    for match in pattern.finditer(" ".join(texts)):
        first, last = bisect_right(starts, match.start()) - 1, bisect_right(starts, match.end() - 1) - 1
        found.append(
            tuple(
                (number, max(match.start() - starts[number], 0), min(match.end() - starts[number], len(texts[number])))
                for number in range(first, last + 1)
            )
        )
    return found


class Find:
    """What is being looked for, and what has been found so far. Entries are looked at in order, a few at a time.

    Args:
        words: what to look for; letters match whatever their case, spaces match line breaks.
        texts: each entry as it was written, to see quickly where there can be nothing; "" is always looked at.
        lines: lays an entry out.
    """

    def __init__(self, words: str, texts: Sequence[str], lines: Callable[[int], Sequence[Line]]) -> None:
        self.words = words
        parts = words.split()
        self._pattern = re.compile(r"\s+".join(map(re.escape, parts)), re.IGNORECASE) if parts else None
        bare = [_MARKUP.sub("", part) for part in parts]
        self._likely = re.compile(re.escape(max(bare, key=len)), re.IGNORECASE) if any(bare) else None
        self._texts = texts
        self._lines = lines
        self._next = 0
        #: What was found, in order: the entry, and where in it.
        self.found: list[tuple[int, Place]] = []
        self._by_entry: dict[int, list[Place]] = {}
        #: Which of what was found is the current one; None before the first.
        self.current: int | None = None

    @property
    def done(self) -> bool:
        """Whether everything has been looked at."""
        return self._pattern is None or self._next >= len(self._texts)

    def look(self, seconds: float | None = None) -> None:
        """Look at some entries, or at all that are left."""
        end = None if seconds is None else perf_counter() + seconds
        while self._pattern is not None and self._next < len(self._texts):
            entry = self._next
            self._next += 1
            text = self._texts[entry]
            if text and "&" not in text and self._likely and not self._likely.search(_MARKUP.sub("", text)):
                continue
            here = places(self._lines(entry), self._pattern)
            if here:
                self._by_entry[entry] = here
                self.found += [(entry, place) for place in here]
            if end is not None and perf_counter() > end:
                return

    def begin(self, entry: int, line: int) -> bool:
        """Make the first place from a line on the current one, the first of all if there is none below; whether there
        is any."""
        while not self.done and not any(self._from(entry, line)):
            self.look(0)
        if not self.found:
            return False
        self.current = next((n for n, below in enumerate(self._from(entry, line)) if below), 0)
        return True

    def _from(self, entry: int, line: int) -> list[bool]:
        return [(where, place[0][0]) >= (entry, line) for where, place in self.found]

    def again(self, texts: Sequence[str]) -> Find:
        """The same search after everything was laid out anew, at the same place."""
        find = Find(self.words, texts, self._lines)
        if self.current is not None:
            find.look()
            find.current = min(self.current, len(find.found) - 1) if find.found else None
        return find

    def step(self, by: int) -> bool:
        """Make the next place the current one, or the one before; past the end it begins again."""
        if self.current is None or not 0 <= self.current + by < len(self.found):
            self.look()
        if not self.found:
            return False
        self.current = 0 if self.current is None else (self.current + by) % len(self.found)
        return True

    def marks(self, entry: int, line: int) -> tuple[tuple[int, int, str], ...]:
        """What stands out in a line: start, end, and the style it is shown in."""
        here = self._by_entry.get(entry)
        if not here:
            return ()
        now = self.found[self.current] if self.current is not None and self.current < len(self.found) else None
        return tuple(
            (start, end, "current-match" if now is not None and now == (entry, place) else "match")
            for place in here
            for number, start, end in place
            if number == line and start < end
        )

    @property
    def count_words(self) -> str:
        """How much was found and where the reader is in it: "3 of 17"."""
        more = "" if self.done else "+"
        if not self.found:
            return "not found" if self.done else "looking …"
        return f"{(self.current or 0) + 1} of {len(self.found)}{more}"
