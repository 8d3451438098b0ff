"""How answers leave the command line: data to stdout, narration to stderr, nothing hostile to either."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.core.wording import ago, stamp

_COLOURS = {
    "dim": "2",
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
STATUS_COLOURS = {"open": "green", "pending": "yellow", "resolved": "blue", "closed": "dim"}
PRIORITY_COLOURS = {"urgent": "red", "high": "yellow", "low": "dim"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        least: the narrowest it may get, in cells; None: it is never narrowed.
        worth: how many cells of another column one of this is worth, where there is not room for all.
    """

    title: str
    right: bool = False
    least: int | None = None
    worth: float = 1.0
    colours: dict[str, str] | None = None


class Output:
    """stdout for one command.

    Args:
        args: the command's arguments; ``no_color`` counts.
        stream: where to write; stdout if None.
    """

    def __init__(self, args: argparse.Namespace | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.terminal = self._stream.isatty()
        self._colour = self.terminal and not getattr(args, "no_color", False) and _colours_wanted()

    @property
    def colour(self) -> bool:
        """Whether there are colours."""
        return self._colour

    @property
    def width(self) -> int | None:
        """Cells a line may take; None where nothing is shown on a terminal, so nothing is cut."""
        if self.terminal:
            return shutil.get_terminal_size().columns
        columns = os.environ.get("COLUMNS", "")
        return int(columns) if columns.isdigit() and int(columns) else None

    def paint(self, text: str, colour: str | None) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour and colour else text

    def line(self, text: str = "", colour: str | None = None) -> None:
        """One line of anybody's text."""
        self._stream.write(self.paint(safe_line(text, 10_000), colour) + "\n")

    def block(self, text: str, indent: str = "") -> None:
        """Several lines of anybody's text."""
        for line in safe_block(text).rstrip("\n").split("\n"):
            self._stream.write(f"{indent}{line}".rstrip() + "\n")

    def json(self, value: Any) -> None:
        """One JSON value. ASCII only, so that nothing in it can steer a terminal."""
        self._stream.write(json.dumps(value, indent=2 if self.terminal else None) + "\n")

    def json_line(self, value: Any) -> None:
        """One JSON value on a line of its own, written through: whoever reads along has it now."""
        self._stream.write(json.dumps(value) + "\n")
        self._stream.flush()

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and values, one a line; a name may come from the database, too."""
        names = [safe_line(name) for name, _ in pairs]
        measure: Callable[[str], int] = len
        if not all(name.isascii() for name in names):
            from rich.cells import cell_len as measure
        longest = max(map(measure, names), default=0)
        for name, (_, value) in zip(names, pairs, strict=True):
            padded = name + " " * (longest - measure(name))
            self._stream.write(f"{self.paint(padded, 'dim')}  {safe_line(value)}".rstrip() + "\n")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Rows under titles, narrowed to fit where there is a width to fit."""
        from rich.cells import cell_len

        safe = [[safe_line(cell) for cell in row] for row in rows]
        widths = [
            max([len(column.title), *(cell_len(row[index]) for row in safe)]) for index, column in enumerate(columns)
        ]
        if self.width is not None:
            _narrow(widths, columns, self.width - 2 * (len(columns) - 1))
        titles = [self.paint(_fit(c.title, w, c.right), "dim") for c, w in zip(columns, widths, strict=True)]
        self._stream.write("  ".join(titles).rstrip() + "\n")
        for row in safe:
            cells = []
            for column, cell, width in zip(columns, row, widths, strict=True):
                fitted = _fit(cell, width, column.right)
                cells.append(self.paint(fitted, (column.colours or {}).get(cell)))
            self._stream.write("  ".join(cells).rstrip() + "\n")

    def when(self, time: datetime | None) -> str:
        """A time for people: how long ago on a terminal, in full elsewhere."""
        if time is None:
            return ""
        if not self.terminal:
            return stamp(time)
        since = datetime.now(UTC) - time
        return ago(since) if since >= timedelta() else f"in {ago(-since)}"


def say(text: str) -> None:
    """Narration: one sentence or several lines to stderr."""
    sys.stderr.write(safe_block(text).rstrip("\n") + "\n")


def report(error: HelpdeskError) -> int:
    """Say what went wrong and the way out. Returns the exit code."""
    sys.stdout.flush()
    say(f"helpdesk: {error.message}")
    if error.hint:
        say(f"  {error.hint}")
    return error.exit_code


def _colours_wanted() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ or "TERM" in os.environ


def _narrow(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Take cells from the column that has most for its worth until all fit, or none may give any."""
    while sum(widths) > room:
        giving = [
            index for index, column in enumerate(columns) if column.least is not None and widths[index] > column.least
        ]
        if not giving:
            return
        widest = max(giving, key=lambda index: widths[index] / columns[index].worth)
        widths[widest] -= 1


def _fit(text: str, width: int, right: bool) -> str:
    from rich.cells import cell_len, set_cell_size

    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)
    return " " * (width - size) + text if right else text + " " * (width - size)
