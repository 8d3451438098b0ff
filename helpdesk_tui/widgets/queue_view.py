"""Which of the loaded rows are on the screen, and how they stay there when rows come and go: free of Textual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.queue_window import QueueWindow

__all__ = ["Place", "View"]


@dataclass(frozen=True, slots=True)
class Place:
    """What was where on the screen.

    Attributes:
        at_start: the first row of the whole queue was on the first line.
        cursor_line: the line of the selected row; None if it was not on the screen.
        rows: the tickets, from the first line on.
    """

    at_start: bool
    cursor_line: int | None
    rows: tuple[UUID, ...]


class View:
    """The screen's share of a window.

    Attributes:
        top: the index of the row on the first line.
        height: how many lines there are for rows.
    """

    def __init__(self) -> None:
        self.top = 0
        self.height = 0

    def rows(self, window: QueueWindow) -> Sequence[Ticket]:
        """The tickets on the screen."""
        return window.rows[self.top : self.top + self.height]

    def shows(self, index: int | None) -> bool:
        """Whether a row is on the screen."""
        return index is not None and self.top <= index < self.top + self.height

    def at_start(self, window: QueueWindow) -> bool:
        """Whether the first row of the whole queue is on the first line."""
        return self.top == 0 and not window.has_before

    def scroll(self, window: QueueWindow, lines: int = 0) -> None:
        """Move down by so many lines (up if negative), as far as there are rows."""
        self.top = max(0, min(self.top + lines, len(window) - self.height))

    def follow(self, window: QueueWindow, step: Literal["half", "line"]) -> None:
        """Move so that the selection is on the screen; if at all, then by a line or half a page at least."""
        cursor = window.cursor
        if cursor is not None and self.height:
            least = self.height // 2 if step == "half" else 1
            if cursor < self.top:
                self.top = min(cursor, self.top - least)
            elif cursor >= self.top + self.height:
                self.top = max(cursor - self.height + 1, self.top + least)
        self.scroll(window)

    def place(self, window: QueueWindow) -> Place:
        """What is where now."""
        cursor = window.cursor
        line = cursor - self.top if cursor is not None and self.shows(cursor) else None
        return Place(self.at_start(window), line, tuple(row.id for row in self.rows(window)))

    def return_to(self, window: QueueWindow, place: Place) -> None:
        """After rows came or went: the selection on the line where it was, or (if it was off the screen) the rows.

        At the queue's start new rows come into view instead, as long as the selection stays on the screen.
        """
        cursor = window.cursor
        if place.cursor_line is not None and cursor is not None:
            self.top = cursor - place.cursor_line
            if place.at_start and cursor < self.height:
                self.top = 0
        elif not place.at_start:
            for line, ticket_id in enumerate(place.rows):
                index = window.index_of(ticket_id)
                if index is not None:
                    self.top = index - line
                    break
        self.scroll(window)
