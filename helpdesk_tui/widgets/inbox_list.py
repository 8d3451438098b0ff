"""The lines of an inbox below a line that says which they are. It asks nobody for anything: it says what it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, Literal
from uuid import UUID

from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.notices import Notice
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.inbox_row import row_lines
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["InboxList", "State"]

State = Literal["loading", "empty", "failed", "ready"]

#: Lines below the cursor when more of a long inbox is asked for.
AHEAD = 10
ROW_HEIGHT = 2


class InboxList(RowList):
    """Notifications, the latest first.

    Args:
        clock: tells the time that ages are counted from.
    """

    STYLE_PREFIX = "inbox--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "inbox--row",
        "inbox--cursor",
        "inbox--cursor-blurred",
        "inbox--cursor-mark",
        "inbox--head",
        "inbox--waiting",
        "inbox--title",
        "inbox--read",
        "inbox--unread",
        "inbox--kind",
        "inbox--what",
        "inbox--mention",
        "inbox--due",
        "inbox--muted",
        "inbox--failed",
        "inbox--empty",
        "inbox--loading",
    }
    DEFAULT_CSS = """
    InboxList {
        height: 1fr;
        background: $background;
        & > .inbox--row { color: $foreground; background: $background; }
        & > .inbox--cursor { color: $foreground; background: $primary 30%; }
        & > .inbox--cursor-blurred { color: $foreground; background: $panel; }
        & > .inbox--cursor-mark { color: $text-accent; }
        & > .inbox--head { color: $text-muted; background: $panel; }
        & > .inbox--waiting { color: $text-accent; text-style: bold; }
        & > .inbox--title { color: $foreground; text-style: bold; }
        & > .inbox--read { color: $text-muted; }
        & > .inbox--unread { color: $text-accent; text-style: bold; }
        & > .inbox--kind { color: $text-muted; }
        & > .inbox--what { color: $foreground; }
        & > .inbox--mention { color: $text-accent; text-style: bold; }
        & > .inbox--due { color: $text-error; text-style: bold; }
        & > .inbox--muted { color: $text-muted; }
        & > .inbox--failed { color: $text-error; text-style: bold; }
        & > .inbox--empty { color: $foreground; }
        & > .inbox--loading { color: $text-muted; text-style: italic; }
        &:nocolor > .inbox--cursor { text-style: reverse; }
        &:nocolor > .inbox--cursor-blurred { text-style: bold; }
        &:nocolor > .inbox--head { text-style: bold; }
        &:ansi > .inbox--cursor { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moving("inbox"), *bound("inbox", open="open")]

    class Opened(Message):
        """What a line is about is to be opened."""

        def __init__(self, notice: Notice) -> None:
            super().__init__()
            self.notice = notice

    class NeedMore(Message):
        """The end of what is here comes near, and there is more."""

        def __init__(self, after: Notice) -> None:
            super().__init__()
            self.after = after

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.role: Role = "agent"
        self.notices: list[Notice] = []
        self.state: State = "loading"
        self._clock = clock
        self._head = self._waiting = self._note = ""
        self._words: tuple[str, ...] = ("Reading your inbox …",)
        self._more = False
        self._asked_after: UUID | None = None

    # What comes in

    def set_head(self, head: str, waiting: str = "") -> None:
        """Say what is shown, and that chats wait."""
        if (head, waiting) != (self._head, self._waiting):
            self._head, self._waiting = head, waiting
            self.refresh_lines((0, self.size.width))

    def show(self, notices: Sequence[Notice], *, more: bool) -> None:
        """Show these lines; the cursor stays on its line, or at its place if that is gone.

        Args:
            more: whether there are more after them, see :class:`NeedMore`.
        """
        chosen = self.selected
        self.notices, self.state, self._note, self._words = list(notices), "ready", "", ()
        self._more, self._asked_after = more, None
        place = next((n for n, each in enumerate(self.notices) if chosen and each.id == chosen.id), self.cursor)
        self.cursor = max(min(place, len(self.notices) - 1), 0)
        self.keep_in_sight()

    def add(self, notices: Iterable[Notice], *, more: bool) -> None:
        """What comes after the last line."""
        known = {each.id for each in self.notices}
        self.notices += [each for each in notices if each.id not in known]
        self._more, self._asked_after = more, None
        self.refresh()

    def show_loading(self, words: str) -> None:
        """Show that lines are on their way."""
        self._leave("loading", words)

    def show_empty(self, *words: str) -> None:
        """Show that there are none, and the way on."""
        self._leave("empty", *words)

    def show_failed(self, message: str, hint: str) -> None:
        """Show that the inbox could not be read, why, and the way out. What is here stays readable."""
        if self.state == "ready":
            self._note = f"✗ not up to date: {safe_line(message, 200)}"
            self.refresh_lines((0, self.size.width))
        else:
            self._leave("failed", f"✗ {safe_line(message, 400)}", hint)

    def _leave(self, state: State, *words: str) -> None:
        self.state, self._words, self._note = state, tuple(map(safe_line, words)), ""
        self.notices, self.cursor, self.top, self._more = [], 0, 0, False
        self.refresh()

    def mark(self, ids: Iterable[UUID], read: bool) -> None:
        """Paint some lines as read, or as unread."""
        wanted = set(ids)
        self.notices = [replace(each, read=read) if each.id in wanted else each for each in self.notices]
        self.refresh()

    def take_away(self, ids: Iterable[UUID]) -> None:
        """Take some lines away; the next one moves up under the cursor."""
        gone = set(ids)
        before = sum(each.id in gone for each in self.notices[: self.cursor])
        self.notices = [each for each in self.notices if each.id not in gone]
        self.cursor = max(min(self.cursor - before, len(self.notices) - 1), 0)
        self.keep_in_sight()
        self._ask_for_more()

    # What is there

    @property
    def selected(self) -> Notice | None:
        """The line that the cursor is on."""
        return self.notices[self.cursor] if 0 <= self.cursor < len(self.notices) else None

    def select(self, notice_id: UUID) -> None:
        """Put the cursor on a line, if it is here."""
        for place, each in enumerate(self.notices):
            if each.id == notice_id:
                self.go_to(place)

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in place of lines."""
        return self._words

    # Keys

    def action_open(self) -> None:
        """Open what the line is about."""
        if self.selected is not None:
            self.tell(self.Opened, self.selected)

    def moved(self) -> None:
        """Where the end comes near, there may be more."""
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        last = self.notices[-1] if self.notices else None
        if last and self._more and self.cursor >= len(self.notices) - AHEAD and self._asked_after != last.id:
            self._asked_after = last.id
            self.tell(self.NeedMore, last)

    # Painting

    @property
    def count(self) -> int:
        """How many notifications are here."""
        return len(self.notices)

    @property
    def fits(self) -> int:
        """How many the widget has room for."""
        return max((self.size.height - 1) // ROW_HEIGHT, 1)

    def row_at(self, y: int) -> int | None:
        """The notification that is drawn on a line."""
        place = self.top + (y - 1) // ROW_HEIGHT
        return place if y > 0 and place < self.count else None

    def render_line(self, y: int) -> LineStrip:
        """The line that says what is here, then the inbox."""
        width = self.size.width
        if y == 0:
            waiting = f"  {self._waiting} " if self._waiting and not self._note else ""
            head = fit(f" {self._note or self._head}", max(width - len(waiting), 0))
            return self.strip([(head, ""), (waiting, "waiting")], "head")
        index, row = divmod(y - 1, ROW_HEIGHT)
        index += self.top
        if index < len(self.notices):
            cursor = index == self.cursor
            lines = row_lines(self.notices[index], max(width, 20), self.role, self._clock(), cursor=cursor)
            return self.strip(lines[row], self.cursor_ground if cursor else "row")
        if not self.notices and 0 <= (number := y - 2) < len(self._words):
            name = self.state if number == 0 and self.state != "ready" else "muted"
            return self.strip([(fit(f"  {self._words[number]}", width), name)], "row")
        return self.strip([(" " * width, "")], "row")
