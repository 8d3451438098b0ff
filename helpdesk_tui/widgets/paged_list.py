"""A list that comes by the page, below a line that says what it is; or words in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from textual.geometry import Region

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["PagedList", "State"]

State = Literal["loading", "empty", "failed", "ready"]


class _HasId(Protocol):
    @property
    def id(self) -> UUID: ...


Item = TypeVar("Item", bound=_HasId)


class PagedList(RowList, Generic[Item]):
    """Rows that are here, and perhaps more after them. It asks nobody for anything: it says what it wants.

    A subclass gives :meth:`want_more`, :meth:`open_item` and how rows are drawn.

    Attributes:
        items: the rows that are here.
        state: whether there are rows, or which words stand in their place.
    """

    #: Rows below the cursor when more of a long list is asked for.
    AHEAD: ClassVar[int] = 10

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.items: list[Item] = []
        self.state: State = "loading"
        self._head = ""
        self._note = ""
        self._words: tuple[str, ...] = ()
        self._more = False
        self._asked_after: UUID | None = None

    # What a subclass gives

    def want_more(self, last: Item) -> None:
        """Say that the end comes near, and that there is more."""
        raise NotImplementedError

    def open_item(self, item: Item) -> None:
        """Say that a row is to be opened."""
        raise NotImplementedError

    @property
    def row_height(self) -> int:
        """How many lines a row takes."""
        return 1

    # What comes in

    def add(self, items: Iterable[Item], *, more: bool) -> None:
        """What comes after the last row."""
        known = {item.id for item in self.items}
        self.items += [item for item in items if item.id not in known]
        self._more, self._asked_after = more, None
        self.refresh()

    def adopt(self, items: Iterable[Item], *, more: bool) -> int | None:
        """Take rows in place of those that are here; answers where the row is now that the cursor was on."""
        chosen = self.selected
        self.items, self.state, self._note, self._words = list(items), "ready", "", ()
        self._more, self._asked_after = more, None
        return None if chosen is None else self.place_of(chosen.id)

    def keep_with_note(self, message: str) -> bool:
        """Say above the rows that they could not be read anew; False: there are none to keep."""
        if self.state != "ready":
            return False
        self._note = f"✗ not up to date: {safe_line(message, 200)}"
        self.refresh(self.head_region)
        return True

    def put_words(self, state: State, *words: str) -> None:
        """Show words in place of rows."""
        self.state, self._words, self._note = state, tuple(map(safe_line, words)), ""
        self.items, self.cursor, self.top, self._more = [], 0, 0, False
        self.refresh()

    # What is there

    @property
    def count(self) -> int:
        """How many rows are here."""
        return len(self.items)

    @property
    def selected(self) -> Item | None:
        """The row that the cursor is on."""
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in place of rows."""
        return self._words

    def place_of(self, item_id: UUID) -> int | None:
        """Where a row is; None if it is not here."""
        return next((n for n, item in enumerate(self.items) if item.id == item_id), None)

    def select(self, item_id: UUID) -> bool:
        """Put the cursor on a row; False if it is not here."""
        place = self.place_of(item_id)
        if place is not None:
            self.go_to(place)
        return place is not None

    # Keys

    def action_open(self) -> None:
        """Open the row."""
        if self.selected is not None:
            self.open_item(self.selected)

    def go_to(self, place: int) -> None:
        """Put the cursor on a row, or on the nearest that there is."""
        super().go_to(place)
        self.look_ahead()

    def look_ahead(self) -> None:
        """Where the end comes near, there may be more."""
        last = self.items[-1] if self.items else None
        if last and self._more and self.cursor >= len(self.items) - self.AHEAD and self._asked_after != last.id:
            self._asked_after = last.id
            self.want_more(last)

    # Painting

    @property
    def head_region(self) -> Region:
        """The line that says what is here."""
        return Region(0, 0, self.size.width, 1)

    @property
    def fits(self) -> int:
        """How many rows there is room for."""
        return max((self.size.height - 1) // self.row_height, 1)

    def row_at(self, y: int) -> int | None:
        """The row that is drawn on a line."""
        place = self.top + (y - 1) // self.row_height
        return place if y > 0 and place < self.count else None
