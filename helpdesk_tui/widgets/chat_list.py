"""The chats there are: who waits, whom one talks to, what is over; two lines each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Literal
from uuid import UUID

from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.chat_model import Chat
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit
from helpdesk_tui.widgets.row_list import RowList

__all__ = ["ChatList", "Section", "waited"]

State = Literal["loading", "empty", "failed", "ready"]

#: Somebody who has waited so many seconds has waited long.
LONG_SECONDS: Final = 120
#: Lines of one chat.
LINES: Final = 2


def waited(chat: Chat, now: datetime) -> str:
    """How long somebody has waited: "0:07", "12:40", then hours."""
    seconds = max(int((now - (chat.waiting_since or chat.created_at)).total_seconds()), 0)
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds < 3600 else ago(now - (chat.waiting_since or now))


@dataclass(frozen=True, slots=True)
class Section:
    """Chats under one heading."""

    heading: str
    chats: tuple[Chat, ...]


class ChatList(RowList):
    """Chats in sections. It asks nobody for anything: it says what was chosen.

    Args:
        me: whose list it is.
        clock: tells the time.
    """

    STYLE_PREFIX = "chats--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chats--row",
        "chats--cursor",
        "chats--cursor-blurred",
        "chats--head",
        "chats--name",
        "chats--about",
        "chats--waiting",
        "chats--long",
        "chats--unread",
        "chats--failed",
        "chats--empty",
        "chats--loading",
    }
    DEFAULT_CSS = """
    ChatList {
        height: 1fr;
        background: $background;
        & > .chats--row { color: $foreground; background: $background; }
        & > .chats--cursor { color: $foreground; background: $primary 30%; }
        & > .chats--cursor-blurred { color: $foreground; background: $panel; }
        & > .chats--head { color: $text-muted; background: $panel; }
        & > .chats--name { color: $foreground; text-style: bold; }
        & > .chats--about { color: $text-muted; }
        & > .chats--waiting { color: $text-warning; }
        & > .chats--long { color: $text-error; text-style: bold; }
        & > .chats--unread { color: $text-accent; text-style: bold; }
        & > .chats--failed { color: $text-error; text-style: bold; }
        & > .chats--empty { color: $foreground; }
        & > .chats--loading { color: $text-muted; text-style: italic; }
        &:nocolor > .chats--cursor { text-style: reverse; }
        &:nocolor > .chats--cursor-blurred { text-style: bold; }
        &:nocolor > .chats--head { text-style: bold; }
        &:ansi > .chats--cursor { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moving("chats"), *bound("chats", open="open")]

    class Opened(Message):
        """A chat was chosen."""

        def __init__(self, chat: Chat) -> None:
            super().__init__()
            self.chat = chat

    class Highlighted(Message):
        """The cursor stands on another chat; None: on none."""

        def __init__(self, chat: Chat | None) -> None:
            super().__init__()
            self.chat = chat

    def __init__(
        self,
        me: UUID,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.me = me
        self._clock = clock
        self.state: State = "loading"
        self._words: tuple[str, ...] = ("Loading the chats …",)
        self._alarm = ""
        self._sections: tuple[Section, ...] = ()
        #: A heading, or a chat twice: one entry a line.
        self._lines: list[Section | tuple[Chat, int]] = []
        self.chats: list[Chat] = []
        self._open: UUID | None = None
        self._waits: dict[UUID, str] = {}

    # What comes in

    def show(self, sections: Sequence[Section]) -> None:
        """Show chats; the cursor stays on the one it is on."""
        chosen = self.selected
        self._sections = tuple(section for section in sections if section.chats)
        self._lines, self.chats = [], []
        for section in self._sections:
            self._lines.append(section)
            for chat in section.chats:
                self._lines += [(chat, 0), (chat, 1)]
                self.chats.append(chat)
        self.state, self._words, self._alarm = "ready" if self.chats else "empty", (), ""
        place = next((n for n, chat in enumerate(self.chats) if chosen and chat.id == chosen.id), None)
        self.cursor = place if place is not None else min(self.cursor, max(len(self.chats) - 1, 0))
        self.keep_in_sight()
        now = self.selected
        if (now.id if now else None) != (chosen.id if chosen else None):
            self.post_message(self.Highlighted(now))

    def update_chat(self, chat: Chat) -> None:
        """Take how one chat is now; where it would stand elsewhere in the list, the next reading shows that."""
        known = self.find(chat.id)
        if known is None or known == chat or (known.status, known.agent_id) != (chat.status, chat.agent_id):
            return
        self.show([Section(s.heading, tuple(chat if c is known else c for c in s.chats)) for s in self._sections])

    def show_empty(self, *words: str) -> None:
        """Show that there are none, and the way on."""
        had = self.selected
        self.state, self._words, self._alarm = "empty", tuple(map(safe_line, words)), ""
        self._sections, self._lines, self.chats, self.cursor, self.top = (), [], [], 0, 0
        self.refresh()
        if had is not None:
            self.post_message(self.Highlighted(None))

    def show_failed(self, message: str, hint: str = "^R reads again.") -> None:
        """Show that chats could not be read, and why. What is here stays readable."""
        if self.state == "ready":
            self._alarm = f"✗ not up to date: {safe_line(message, 200)}"
            self.refresh()
        else:
            self.state, self._words = "failed", (f"✗ {safe_line(message, 300)}", hint)
            self.refresh()

    def mark_open(self, chat_id: UUID | None) -> None:
        """This chat is the one beside the list."""
        if self._open != chat_id:
            self._open = chat_id
            self.refresh()

    def tick(self) -> None:
        """Time has passed: paint the lines whose words about it are others now."""
        now = self._clock()
        changed = []
        for y, entry in enumerate(self._lines[self.top : self.top + self.size.height]):
            if not isinstance(entry, Section) and entry[1] == 0 and entry[0].status == "waiting":
                words = waited(entry[0], now)
                if self._waits.get(entry[0].id) != words:
                    changed.append((y, self.size.width))
        self.refresh_lines(*changed)

    # What is there

    @property
    def selected(self) -> Chat | None:
        """The chat that the cursor is on."""
        return self.chats[self.cursor] if self.chats and self.cursor < len(self.chats) else None

    def find(self, chat_id: UUID) -> Chat | None:
        """A chat of the list."""
        return next((chat for chat in self.chats if chat.id == chat_id), None)

    def select(self, chat_id: UUID) -> bool:
        """Put the cursor on a chat; False if it is not here."""
        place = next((n for n, chat in enumerate(self.chats) if chat.id == chat_id), None)
        if place is not None:
            self.go_to(place)
        return place is not None

    # Keys

    def action_open(self) -> None:
        """Open the chat, or take it."""
        if self.selected is not None:
            self.post_message(self.Opened(self.selected))

    def moved(self, elsewhere: bool) -> None:
        """Others may want to know."""
        if elsewhere:
            self.post_message(self.Highlighted(self.selected))

    @property
    def count(self) -> int:
        """How many chats there are."""
        return len(self.chats)

    @property
    def fits(self) -> int:
        """By how many chats a page moves: one stays in sight."""
        return max(self.size.height // LINES - 1, 1)

    def row_at(self, y: int) -> int | None:
        """The chat that is drawn on a line, by its place."""
        entry = self._lines[self.top + y] if self.top + y < len(self._lines) else None
        return None if entry is None or isinstance(entry, Section) else self.chats.index(entry[0])

    def keep_in_sight(self) -> None:
        """Keep the cursor in view, with its heading where that is just above."""
        chosen = self.selected
        line = next((n for n, e in enumerate(self._lines) if not isinstance(e, Section) and e[0] is chosen), 0)
        first = line - 1 if line and isinstance(self._lines[line - 1], Section) else line
        if not self.size.height:
            return  # hidden: coming back is a resize, and where one was stands
        height = max(self.size.height, LINES)
        # No room is left empty below while there is something above.
        self.top = max(min(self.top, first, len(self._lines) - height), line + LINES - height, 0)
        self.refresh()

    # Painting

    def render_line(self, y: int) -> LineStrip:
        """A line of the list."""
        width = self.size.width
        if not self._lines:
            first = max((self.size.height - len(self._words)) // 3, 0)
            shown = self._words[y - first] if 0 <= y - first < len(self._words) else ""
            name = {"loading": "loading", "failed": "failed"}.get(self.state, "empty") if y == first else "empty"
            return self.strip([(fit(f"  {shown}", width), name)], "row")
        if self._alarm and y == self.size.height - 1:
            return self.strip([(fit(self._alarm, width), "failed")], "row")
        place = self.top + y
        if place >= len(self._lines):
            return self.strip([(" " * width, "")], "row")
        entry = self._lines[place]
        if isinstance(entry, Section):
            return self.strip([(fit(f" {entry.heading} {len(entry.chats)}", width), "")], "head")
        return self._row(*entry, width)

    def _row(self, chat: Chat, line: int, width: int) -> LineStrip:
        on = chat is self.selected
        ground = self.cursor_ground if on else "row"
        mark = "▌" if chat.id == self._open else " "
        if line:
            mine = chat.last_by_staff and chat.agent_id == self.me and chat.last_words is not None
            words = chat.topic if chat.last_words is None else ("you: " if mine else "") + chat.last_words
            return self.strip([(fit(f"{mark}   {safe_line(words or '…', 300)}", width), "about")], ground)
        now = self._clock()
        if chat.status == "waiting":
            words = self._waits[chat.id] = waited(chat, now)
            long = (now - (chat.waiting_since or chat.created_at)).total_seconds() >= LONG_SECONDS
            when, name = f" waits {words} ", "long" if long else "waiting"
        else:
            when, name = f" {ago(now - (chat.last_message_at or chat.created_at))} ", "about"
        glyph = {"waiting": "◔", "active": "●", "ended": "○"}[chat.status]
        unread = f" {min(chat.unread, 99)} new" if chat.unread and chat.status != "waiting" else ""
        room = max(width - len(when) - len(unread) - 3, 4)
        named = safe_line(chat.customer, 100)
        if chat.department and chat.status == "waiting":
            named += f" · {safe_line(chat.department, 60)}"
        return self.strip(
            [(f"{mark}{glyph} ", name), (fit(named, room), "name"), (unread, "unread"), (when, name)], ground
        )
