"""The lines of an inbox below a line that says which they are. It asks nobody for anything: it says what it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.notices import Notice
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.inbox_row import row_lines
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.paged_list import PagedList, State
from helpdesk_tui.widgets.queue_row import fit

__all__ = ["InboxList", "State"]


class InboxList(PagedList[Notice]):
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
        self._clock = clock
        self._waiting = ""
        self._words = ("Reading your inbox …",)

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
        place = self.adopt(notices, more=more)
        self.cursor = max(min(self.cursor if place is None else place, len(self.items) - 1), 0)
        self.keep_in_sight()

    def show_loading(self, words: str) -> None:
        """Show that lines are on their way."""
        self.put_words("loading", words)

    def show_empty(self, *words: str) -> None:
        """Show that there are none, and the way on."""
        self.put_words("empty", *words)

    def show_failed(self, message: str, hint: str) -> None:
        """Show that the inbox could not be read, why, and the way out. What is here stays readable."""
        if not self.keep_with_note(message):
            self.put_words("failed", f"✗ {safe_line(message, 400)}", hint)

    def mark(self, ids: Iterable[UUID], read: bool) -> None:
        """Paint some lines as read, or as unread."""
        wanted = set(ids)
        self.items = [replace(each, read=read) if each.id in wanted else each for each in self.items]
        self.refresh()

    def take_away(self, ids: Iterable[UUID]) -> None:
        """Take some lines away; the next one moves up under the cursor."""
        gone = set(ids)
        before = sum(each.id in gone for each in self.items[: self.cursor])
        self.items = [each for each in self.items if each.id not in gone]
        self.cursor = max(min(self.cursor - before, len(self.items) - 1), 0)
        self.keep_in_sight()
        self.look_ahead()

    # What it says

    def open_item(self, item: Notice) -> None:
        """What a line is about is to be opened."""
        self.tell(self.Opened, item)

    def want_more(self, last: Notice) -> None:
        """There is more after the last line."""
        self.tell(self.NeedMore, last)

    # Painting

    @property
    def row_height(self) -> int:
        """What a notification takes."""
        return 2

    def render_line(self, y: int) -> LineStrip:
        """The line that says what is here, then the inbox."""
        width = self.size.width
        if y == 0:
            waiting = f"  {self._waiting} " if self._waiting and not self._note else ""
            head = fit(f" {self._note or self._head}", max(width - len(waiting), 0))
            return self.strip([(head, ""), (waiting, "waiting")], "head")
        index, row = divmod(y - 1, self.row_height)
        index += self.top
        if index < len(self.items):
            cursor = index == self.cursor
            lines = row_lines(self.items[index], max(width, 20), self.role, self._clock(), cursor=cursor)
            return self.strip(lines[row], self.cursor_ground if cursor else "row")
        if not self.items and 0 <= (number := y - 2) < len(self._words):
            name = self.state if number == 0 and self.state != "ready" else "muted"
            return self.strip([(fit(f"  {self._words[number]}", width), name)], "row")
        return self.strip([(" " * width, "")], "row")
