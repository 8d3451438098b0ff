"""Where a view of entries stands. Heights of entries not seen yet are estimates, and what is on the screen never
depends on them: the place is an entry and a line in it, and what is walked over is measured on the way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

__all__ = ["Scroll"]


class Scroll:
    """A window of ``height`` lines over entries one below the other.

    Args:
        estimates: about how many lines each entry takes, at least 1.
        measure: exactly how many lines an entry takes, at least 1; asked once an entry.
    """

    def __init__(self, estimates: Sequence[int], measure: Callable[[int], int]) -> None:
        self._heights = list(estimates)
        self._exact = [False] * len(self._heights)
        self._estimates = len(self._heights)
        self._measure = measure
        self._tops: list[int] | None = None
        self._looked_from = self._looked_to = 0
        self.height = 0
        self.index = 0
        self.offset = 0

    def __len__(self) -> int:
        return len(self._heights)

    # Heights

    def exact(self, index: int) -> int:
        """How many lines an entry takes, measured if it has not been."""
        if not self._exact[index]:
            self.set_exact(index, self._measure(index))
        return self._heights[index]

    def set_exact(self, index: int, lines: int) -> None:
        """Take what an entry is known to take."""
        if not self._exact[index]:
            self._exact[index] = True
            self._estimates -= 1
        if self._heights[index] != lines:
            self._heights[index] = lines
            self._tops = None

    @property
    def total(self) -> int:
        """About how many lines there are in all."""
        return self._starts()[-1]

    @property
    def top(self) -> int:
        """About how many lines are above the view."""
        return self._starts()[self.index] + self.offset if self._heights else 0

    def _starts(self) -> list[int]:
        if self._tops is None:
            self._tops = list(accumulate(self._heights, initial=0))
        return self._tops

    def nearest_estimate(self) -> int | None:
        """The entry nearest to the view that has not been measured, or None when all have."""
        if not self._estimates:
            return None
        if self._looked_from != self.index:
            self._looked_from, self._looked_to = self.index, 0
        while self._looked_to < len(self):
            for index in (self.index + self._looked_to, self.index - self._looked_to):
                if 0 <= index < len(self) and not self._exact[index]:
                    return index
            self._looked_to += 1
        return None

    # Where the view is

    def rows(self) -> list[tuple[int, int]]:
        """What is on the screen: for each line the entry and the line in it. Fewer than ``height`` if there is less."""
        rows: list[tuple[int, int]] = []
        index, offset = self.index, self.offset
        while index < len(self) and len(rows) < self.height:
            upto = min(self.exact(index), offset + self.height - len(rows))
            rows += [(index, line) for line in range(offset, upto)]
            index, offset = index + 1, 0
        return rows

    @property
    def at_end(self) -> bool:
        """Whether the last line is on the screen."""
        rows = self.rows()
        return not rows or rows[-1] == (len(self) - 1, self.exact(len(self) - 1) - 1)

    # Moving

    def to(self, index: int, offset: int = 0) -> None:
        """Put a line of an entry at the top, or as near to it as the end allows."""
        if not self._heights:
            self.index = self.offset = 0
            return
        self.index = min(max(index, 0), len(self) - 1)
        self.offset = min(max(offset, 0), self.exact(self.index) - 1)
        missing = self.height - len(self.rows())
        if missing > 0:
            self._back(missing)

    def to_end(self) -> None:
        """Put the last line at the bottom."""
        if self._heights:
            self.index = len(self) - 1
            self.offset = self.exact(self.index)
            self._back(self.height)

    def by(self, lines: int) -> None:
        """Move by so many lines, down if positive."""
        if not self._heights:
            return
        if lines < 0:
            self._back(-lines)
            return
        index, offset = self.index, self.offset + lines
        while offset >= self.exact(index):
            if index == len(self) - 1:
                self.to_end()
                return
            offset -= self.exact(index)
            index += 1
        self.to(index, offset)

    def to_line(self, line: int) -> None:
        """Go about so many lines from the beginning, as a scroll bar asks."""
        if not self._heights:
            return
        if line >= self.total - self.height:
            self.to_end()
            return
        starts = self._starts()
        index = min(bisect_right(starts, max(line, 0)) - 1, len(self) - 1)
        self.to(index, max(line, 0) - starts[index])

    def show(self, index: int, first: int = 0) -> None:
        """Move as little as needed to see an entry from its line ``first`` on: whole, or its beginning if it is higher
        than the view."""
        visible = [line for entry, line in self.rows() if entry == index]
        needed = self.exact(index) - first
        if sum(line >= first for line in visible) >= min(needed, self.height) and (not visible or visible[0] <= first):
            return
        if index < self.index or (visible and visible[0] > first) or needed >= self.height:
            self.to(index, first)
            return
        self.index, self.offset = index, self.exact(index)
        self._back(self.height)

    def _back(self, lines: int) -> None:
        """Move up, to the beginning at most."""
        index, offset = self.index, self.offset
        while lines > offset:
            if index == 0:
                lines = offset
                break
            lines -= offset
            index -= 1
            offset = self.exact(index)
        offset -= lines
        if offset == self.exact(index):  # just past the last line of an entry is the first of the next
            # A view without height (it is hidden) still stands on a line that there is.
            index, offset = (index + 1, 0) if index + 1 < len(self) else (index, offset - 1)
        self.index, self.offset = index, offset
