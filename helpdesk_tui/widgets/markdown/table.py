"""Tables: columns shared out over the width there is, cells wrapped; below that, one line a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from helpdesk_tui.widgets.markdown.palette import Palette
from helpdesk_tui.widgets.markdown.wrap import Line, Span, joined, spans_width, wrap

__all__ = ["Align", "Cell", "table_lines"]

Align = Literal["left", "center", "right"]
Cell = list[Span]

#: A column narrower than this says nothing.
NARROWEST: Final = 4


def table_lines(
    head: Sequence[Cell], rows: Sequence[Sequence[Cell]], aligns: Sequence[Align], width: int, palette: Palette
) -> list[Line]:
    """A table as lines.

    Args:
        head: the cells of the header row; their number is the number of columns.
        rows: the others, each with as many cells.
        aligns: one for each column.
        width: cells to stay within.
        palette: the styles.
    """
    count = len(head)
    widths = _share([_natural(index, head, rows) for index in range(count)], width - 3 * (count - 1))
    if widths is None:
        return _as_list(head, rows, width, palette)
    rule = palette.text + palette.rule
    lines = _row(head, widths, aligns, palette)
    lines.append(joined(("─┼─".join("─" * one for one in widths), rule)))
    for row in rows:
        lines += _row(row, widths, aligns, palette)
    return lines


def _natural(index: int, head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> int:
    """What a column would take if it could."""
    return max(1, spans_width(head[index]), *(spans_width(row[index]) for row in rows))


def _share(wanted: list[int], room: int) -> list[int] | None:
    """Widths within ``room``: narrow columns get what they want, wide ones share the rest. None if it is too little."""
    if sum(wanted) <= room:
        return wanted
    if room < NARROWEST * len(wanted):
        return None
    widths = [0] * len(wanted)
    left = room
    # From the narrowest on: each takes what it wants or its share of what is left, whichever is less.
    for done, index in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        widths[index] = min(wanted[index], left // (len(wanted) - done))
        left -= widths[index]
    return widths


def _row(cells: Sequence[Cell], widths: list[int], aligns: Sequence[Align], palette: Palette) -> list[Line]:
    """One row, as many lines high as its highest cell."""
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    bar: Span = (" │ ", palette.text + palette.rule)
    lines: list[Line] = []
    for number in range(max(map(len, wrapped))):
        parts: list[Line | Span] = []
        for index, cell in enumerate(wrapped):
            line = cell[number] if number < len(cell) else Line([], 0)
            spare = widths[index] - line.width
            before = {"left": 0, "center": spare // 2, "right": spare}[aligns[index]]
            if index:
                parts.append(bar)
            parts += ((" " * before, palette.text), line, (" " * (spare - before), palette.text))
        lines.append(joined(*parts))
    return lines


def _as_list(head: Sequence[Cell], rows: Sequence[Sequence[Cell]], width: int, palette: Palette) -> list[Line]:
    """A table too wide for the screen: "header: cell", a rule between rows."""
    lines: list[Line] = []
    for number, row in enumerate(rows or [head]):
        if number:
            lines.append(joined(("─" * min(width, 8), palette.text + palette.rule)))
        for title, cell in zip(head, row, strict=True):
            lines += wrap([*title, (": ", palette.text), *cell] if rows else cell, width)
    return lines
