"""A list that an admin chooses from: rows of a table, of which only those in sight need to be here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.admin_row import Look, head_text, row_parts
from helpdesk_tui.widgets.keys import moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["AdminList", "State"]

State = Literal["loading", "empty", "failed", "ready"]
#: Rows to ask for at a time, and how many of them before the first one that is missing.
WINDOW, BEFORE = 200, 60


class AdminList(RowList):
    """Rows below their titles. It asks nobody: where rows in sight are missing, it says so.

    Args:
        look: how a row looks.
        key: what a row is known by.
        clock: tells the time that ages are counted from.
    """

    STYLE_PREFIX = "admin--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"admin--{name}" for name in ("row", "cursor", "cursor-blurred", "head", "note", "mark", "title", "muted")),
        *(f"admin--{name}" for name in ("off", "admin", "agent", "customer", "failed", "empty", "loading")),
    }
    DEFAULT_CSS = """
    AdminList {
        height: 1fr;
        background: $background;
        & > .admin--row { color: $foreground; background: $background; }
        & > .admin--cursor { color: $foreground; background: $primary 30%; }
        & > .admin--cursor-blurred { color: $foreground; background: $panel; }
        & > .admin--head { color: $text-muted; background: $panel; }
        & > .admin--note { color: $text-warning; text-style: bold; }
        & > .admin--mark { color: $text-accent; text-style: bold; }
        & > .admin--title { color: $foreground; }
        & > .admin--muted { color: $text-muted; }
        & > .admin--off { color: $text-muted; text-style: strike; }
        & > .admin--admin { color: $text-accent; text-style: bold; }
        & > .admin--agent { color: $text-secondary; }
        & > .admin--customer { color: $text-muted; }
        & > .admin--failed { color: $text-error; text-style: bold; }
        & > .admin--empty { color: $foreground; }
        & > .admin--loading { color: $text-muted; text-style: italic; }
        &:nocolor > .admin--cursor { text-style: reverse; }
        &:nocolor > .admin--cursor-blurred { text-style: bold; }
        &:nocolor > .admin--head { text-style: bold; }
        &:ansi > .admin--cursor { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = moving("admin")

    class Highlighted(Message):
        """The cursor stands on another row, or that row looks another way."""

        def __init__(self, shown: AdminList) -> None:
            super().__init__()
            self.shown = shown

    class Need(Message):
        """Rows in sight are missing: ``limit`` of them from ``skip`` on are wanted."""

        def __init__(self, shown: AdminList, skip: int, limit: int) -> None:
            super().__init__()
            self.shown, self.skip, self.limit = shown, skip, limit

    def __init__(
        self,
        look: Look,
        key: Callable[[Any], Hashable],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._look, self._key, self._clock = look, key, clock
        self.state: State = "loading"
        self.rows: dict[int, Any] = {}
        self.total = 0
        self._words: tuple[str, ...] = ("Reading …",)
        self._note = ""
        self._pending: frozenset[Hashable] = frozenset()
        self._asked: int | None = None

    # What comes in

    def show(self, rows: Sequence[Any], *, total: int | None = None, skip: int = 0, empty: Sequence[str] = ()) -> None:
        """Show some rows, in place of all that are here; the cursor stays on the row it is on, if that is still there.

        Args:
            rows: those from ``skip`` on.
            total: how many there are in all; None: these are all.
            empty: what to say if there are none; made safe here.
        """
        chosen = self.selected
        self.rows = {skip + n: row for n, row in enumerate(rows)}
        self.total = skip + len(rows) if total is None else total
        self.state, self._note, self._asked = ("ready" if self.total else "empty"), "", None
        self._words = () if self.total else tuple(map(safe_line, empty))
        if chosen is not None:
            self.cursor = next((n for n, row in self.rows.items() if self._key(row) == self._key(chosen)), self.cursor)
        self.cursor = max(0, min(self.cursor, self.total - 1))
        self.keep_in_sight()
        self.post_message(self.Highlighted(self))

    def add(self, rows: Sequence[Any], *, total: int, skip: int) -> None:
        """Rows that were missing."""
        if total != self.total:
            self.show(rows, total=total, skip=skip)
            return
        self.rows.update({skip + n: row for n, row in enumerate(rows)})
        self._asked = None
        self.keep_in_sight()
        if skip <= self.cursor < skip + len(rows):
            self.post_message(self.Highlighted(self))

    def begin(self, words: str = "Reading …") -> None:
        """Other rows are on their way: from the first one on, nothing of what is here counts."""
        self.state, self._words, self._note = "loading", (safe_line(words),), ""
        self.rows, self.total, self.cursor, self.top, self._asked = {}, 0, 0, 0, None
        self.refresh()
        self.post_message(self.Highlighted(self))

    def fail(self, message: str, hint: str = "^R tries again") -> None:
        """They could not be read. What is here stays readable."""
        self._asked = None
        if self.state == "ready":
            self._note = f"✗ not up to date: {safe_line(message, 200)}"
        else:
            self.state, self._words = "failed", (f"✗ {safe_line(message, 400)}", hint)
        self.refresh()

    def put(self, row: Any) -> None:
        """A row that may be here looks like this now."""
        for place, old in self.rows.items():
            if self._key(old) == self._key(row):
                self.rows[place] = row
                self.refresh()
                if place == self.cursor:
                    self.post_message(self.Highlighted(self))
                return

    def set_pending(self, keys: Iterable[Hashable]) -> None:
        """What was done to these has not been confirmed yet."""
        pending = frozenset(keys)
        if pending != self._pending:
            self._pending = pending
            self.refresh()

    # What is there

    @property
    def selected(self) -> Any:
        """The row that the cursor is on; None: there is none, or it is not here yet."""
        return self.rows.get(self.cursor)

    @property
    def all_rows(self) -> list[Any]:
        """Those that are here, in their order."""
        return [self.rows[n] for n in sorted(self.rows)]

    @property
    def window(self) -> tuple[int, int]:
        """What to read again so that what is in sight is up to date: how many to skip, how many to read."""
        return max(0, self.top - BEFORE), WINDOW

    def select(self, key: Hashable) -> bool:
        """Put the cursor on a row; False if it is not here."""
        place = next((n for n, row in self.rows.items() if self._key(row) == key), None)
        if place is not None:
            self.go_to(place)
        return place is not None

    # Keys

    def moved(self, elsewhere: bool) -> None:
        """Others may want to know."""
        if elsewhere:
            self.post_message(self.Highlighted(self))

    def action_open(self) -> None:
        """Nothing: what is done with a row has its keys."""

    @property
    def count(self) -> int:
        """How many rows there are, here or not yet."""
        return self.total

    def keep_in_sight(self) -> None:
        """And ask for what is missing there."""
        super().keep_in_sight()
        missing = next((n for n in range(self.top, min(self.top + self.fits, self.total)) if n not in self.rows), None)
        if missing is not None and self._asked != (skip := max(0, missing - BEFORE)):
            self._asked = skip
            self.post_message(self.Need(self, skip, WINDOW))

    # Painting

    def render_line(self, y: int) -> LineStrip:
        """The titles, then the rows."""
        width = self.size.width
        if y == 0:
            if self._note:
                return self.strip([(fit(f" {self._note}", width), "note")], "head")
            return self.strip([(head_text(self._look.columns, width), "")], "head")
        index = self.top + y - 1
        if self.state == "ready" and index < self.total:
            row = self.rows.get(index)
            cursor = index == self.cursor
            pending = row is not None and self._key(row) in self._pending
            parts = row_parts(self._look, row, width, self._clock(), cursor=cursor, pending=pending)
            return self.strip(parts, self.cursor_ground if cursor else "row")
        if self.state != "ready" and 0 <= (number := y - 2) < len(self._words):
            name = self.state if number == 0 else "muted"
            return self.strip([(fit(f"  {self._words[number]}", width), name)], "row")
        return self.strip([(" " * width, "")], "row")
