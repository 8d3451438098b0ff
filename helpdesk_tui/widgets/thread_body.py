"""The body of an open ticket: entries as lines, the place in them, and what is prepared while nobody presses a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from time import perf_counter
from typing import Final, Literal
from uuid import UUID

from rich.segment import Segment
from textual.geometry import Region

from helpdesk_tui.core.model import Thread, Unsent
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_lines import wrapped
from helpdesk_tui.widgets.scrolled import ScrolledView
from helpdesk_tui.widgets.thread_entries import Entry, build
from helpdesk_tui.widgets.thread_paint import Painter
from helpdesk_tui.widgets.thread_scroll import Scroll

__all__ = ["State", "ThreadBody"]

State = Literal["none", "loading", "failed", "ready"]

#: Preparing what is not in view takes so long at a time, in seconds, with a pause between for keys.
SLICE_SECONDS: Final = 0.004
#: Entries this near to the view stay drawn; of the others only the height is found out.
NEAR: Final = 60
#: Code in this many entries around the view gets its colours.
COLOURED: Final = 3
#: How often the words "5m ago" are looked at again, in seconds. A line is painted only when they changed.
AGE_SECONDS: Final = 20.0


class ThreadBody(ScrolledView):
    """What a thread looks like and where the reader is in it; :class:`~helpdesk_tui.widgets.thread.ThreadView` adds
    the keys and the mouse.

    Args:
        zone: where the reader is, for days and times; None asks the machine.
        clock: tells the time.
        plain: for the requester: words without a trade's.
    """

    def __init__(
        self,
        *,
        plain: bool = False,
        zone: tzinfo | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._zone = zone
        self._clock = clock
        self._plain = plain
        self._tight = False
        self._painter = Painter(self, zone, plain=plain)
        self._painter.now = clock()
        self.state: State = "none"
        self._words: tuple[str, ...] = ()
        self._alarm = ""
        self.thread: Thread | None = None
        #: What the reader has written to the ticket and the database has not got: for the next thread that is shown.
        self.unsent: tuple[Unsent, ...] = ()
        self._first_unread: UUID | None = None
        self._entries: list[Entry] = []
        self._chosen: str | None = None
        self._link: str | None = None
        self._news: set[str] = set()
        self._start: Literal["end", "unread"] | None = None

    @property
    def tight(self) -> bool:
        """Whether messages stand without empty lines between them."""
        return self._tight

    @tight.setter
    def tight(self, tight: bool) -> None:
        if tight != self._tight:
            self._tight = tight
            if self.thread is not None and self.state == "ready":
                self.update_thread(self.thread)

    # What comes in

    def show_nothing(self, *words: str) -> None:
        """Show that no ticket is chosen, or these lines."""
        self._leave("none", *(words or ("No request is open." if self._plain else "No ticket is open.",)))

    def show_loading(self, what: str = "the ticket") -> None:
        """Show that a thread is on its way; ``what`` names it."""
        self._leave("loading", f"Loading {safe_line(what, 200)} …")

    def show_failed(self, message: str, hint: str | None = None) -> None:
        """Show that a thread could not be read, why, and the way out. What has been read before stays readable."""
        if self.state == "ready":
            self._alarm = f" ✗ Not up to date: {safe_line(message)} {safe_line(hint or '')}".rstrip() + " "
            self.refresh_lines((0, self.size.width))
            return
        self._leave("failed", f"✗ {safe_line(message)}", *([safe_line(hint)] if hint else []))

    def show_unsent(self, unsent: tuple[Unsent, ...]) -> None:
        """Take what the reader has written to the ticket and the database has not got, where that has changed."""
        if unsent != self.unsent:
            self.unsent = unsent
            if self.thread is not None and self.state == "ready":
                self.update_thread(self.thread)

    def set_thread(self, thread: Thread, first_unread: UUID | None = None) -> None:
        """Show a thread, at the first unread message or else at the newest.

        The one that is open already is updated instead, and the reader stays where they are.

        Args:
            thread: as read.
            first_unread: the first message that the reader has not seen yet.
        """
        if self.state == "ready" and self.thread is not None and self.thread.ticket.id == thread.ticket.id:
            self.update_thread(thread)
            return
        self.thread, self.state, self._words, self._alarm = thread, "ready", (), ""
        self._first_unread = first_unread
        self._news.clear()
        self._link = None
        self._adopt(self._built(thread))
        newest = next((entry for entry in reversed(self._entries) if entry.is_message), None)
        self._chosen, self._start = newest.key if newest else None, "end"
        if first_unread is not None and any(entry.kind == "unread" for entry in self._entries):
            self._chosen, self._start = str(first_unread), "unread"
        self._place()

    def update_thread(self, thread: Thread) -> None:
        """Take a thread that has changed.

        What is being read stays where it is. Someone who was at the end sees what is new; someone who was not is told
        how much there is.
        """
        if self.state != "ready" or self.thread is None or self.thread.ticket.id != thread.ticket.id:
            self.set_thread(thread)
            return
        followed = bool(self.size.height) and self._scroll.at_end
        known = {entry.key for entry in self._entries}
        top = self._entries[self._scroll.index].key if self._entries else None
        offset = self._scroll.offset
        before = [entry.key for entry in self._entries[: self._scroll.index]]
        self.thread, self._alarm = thread, ""
        self._adopt(self._built(thread))
        keys = {entry.key: index for index, entry in enumerate(self._entries)}
        # One's own words are no news.
        fresh = [i for i, one in enumerate(self._entries) if one.is_message and not one.unsent and one.key not in known]
        if self._chosen not in keys:
            self._chosen = None
        if self._start is not None or not self.size.height:
            self._place()  # nobody has seen it yet
            return
        if top in keys:
            self._scroll.to(keys[top], offset)
        else:
            self._scroll.to(next((keys[key] + 1 for key in reversed(before) if key in keys), 0))
        self._news = {key for key in self._news if key in keys}
        if followed and self._entries:
            self._scroll.to_end()
            if fresh and self._scroll.index > fresh[0]:
                self._scroll.to(fresh[0])  # more came than fits: begin with the first of it
        self._news |= {self._entries[index].key for index in fresh}
        self._changed()

    def _built(self, thread: Thread) -> list[Entry]:
        return build(thread, self._zone, self._first_unread, plain=self._plain, tight=self._tight, unsent=self.unsent)

    # Painting

    def render_line(self, y: int) -> LineStrip:
        """A line of the view."""
        if self.state != "ready" or not self._entries:
            head, *others = [wrapped(each, self.size.width - 4) for each in self._words or ("No messages yet.",)]
            name = {"loading": "loading", "failed": "failed"}.get(self.state, "empty")
            words = [*head, *(line for each in others for line in each)]
            first = max((self.size.height - len(words)) // 3, 0)
            shown = words[y - first] if 0 <= y - first < len(words) else ""
            return self._painter.words(f"  {shown}" if shown else "", name if 0 <= y - first < len(head) else "empty")
        if self._alarm and y == 0:
            return self._painter.words(self._alarm, "failed")
        if self._news and y == self.size.height - 1:
            return self._news_line(y)
        return self._line(y)

    def _line(self, y: int) -> LineStrip:
        bar = self._bars[y] if y < len(self._bars) else " "
        if y >= len(self._rows):
            return self._painter.words("", "empty")
        index, row = self._rows[y]
        entry = self._entries[index]
        chosen = entry.key == self._chosen
        return self._painter.strip(entry, row, chosen=chosen, link=self._link if chosen else None, bar=bar)

    def _news_words(self) -> str:
        return f" +{len(self._news)} new ↓ "

    def _news_line(self, y: int) -> LineStrip:
        """The last line, with how much is new below it."""
        words = self._news_words()
        room = max(self.size.width - 1 - len(words), 0)
        line = self._line(y)
        label = Segment(words, self._painter.style("", "news"))
        segments = [*line.crop(0, room), label, *line.crop(self.size.width - 1)]
        return LineStrip(Segment.adjust_line_length(segments, self.size.width), self.size.width)

    # The inside

    def _leave(self, state: State, *words: str) -> None:
        self.state, self._words, self._alarm, self.thread = state, words, "", None
        self._entries, self._rows, self._bars = [], [], ""
        self._scroll = Scroll([], lambda _: 1)
        self._chosen = self._link = self._start = None
        self._news.clear()
        self.refresh()

    def _adopt(self, entries: list[Entry]) -> None:
        """Take other entries; heights that are known cost nothing."""
        painter = self._painter
        painter.now = self._clock()
        painter.fit()
        width = painter.width
        self._entries = entries
        # What was drawn was of the others: of a view without a size, which is not laid out now, there may be fewer.
        self._rows, self._bars = [], ""
        heights = [painter.known_height(entry) for entry in entries]
        self._scroll = Scroll(
            [entry.about(width) if height is None else height for entry, height in zip(entries, heights, strict=True)],
            lambda index: painter.height(self._entries[index]),
        )
        self._scroll.height = self.size.height
        for index, height in enumerate(heights):
            if height is not None:
                self._scroll.set_exact(index, height)

    def _place(self) -> None:
        """Go where a thread opens: the first unread message at the top, or the newest at the bottom."""
        if not self.size.height:
            return  # the first size brings us back here
        index = next((i for i, entry in enumerate(self._entries) if entry.key == self._chosen), None)
        if self._start == "unread" and index is not None:
            self._scroll.to(index - (self._entries[index - 1].kind == "unread"))
        else:
            self._scroll.to_end()
            if index is not None and self._scroll.index == index and self._scroll.offset:
                self._scroll.to(index, self._entries[index].gap)  # a long message is read from its beginning
        self._start = None
        self._changed()

    def _choose(self, index: int) -> None:
        """Make a message the current one, and bring it into view."""
        entry = self._entries[index]
        self._chosen, self._link = entry.key, None
        self._scroll.show(index, entry.gap)
        self._changed()

    def _changed(self) -> None:
        """The view has moved or what it shows has changed: keep everything that follows from it in step."""
        self._paint()
        indexes = dict.fromkeys(index for index, row in self._rows if row >= self._entries[index].gap)
        visible = {self._entries[index].key for index in indexes}
        self._news -= visible
        if self._chosen not in visible:
            self._chosen = self._nearest(indexes) or self._chosen
            self._link = None
        self._prepare()

    def _nearest(self, indexes: Iterable[int]) -> str | None:
        """The message on the screen that is nearest to the one that has left it: what is quoted is what is seen."""
        messages = [index for index in indexes if self._entries[index].is_message]
        if not messages:
            return None
        old = next((i for i, entry in enumerate(self._entries) if entry.key == self._chosen), None)
        below = old is None or old > messages[-1]
        return self._entries[messages[-1 if below else 0]].key

    # In idle time

    def _work_left(self) -> bool:
        return self._scroll.nearest_estimate() is not None or self._uncoloured() is not None

    def _uncoloured(self) -> int | None:
        """An entry on the screen or next to it that shows code without colours."""
        if not self._rows:
            return None
        first, last = self._rows[0][0] - COLOURED, self._rows[-1][0] + COLOURED
        nearby = range(max(first, 0), min(last + 1, len(self._entries)))
        return next((index for index in nearby if self._painter.wants_colour(self._entries[index])), None)

    def _slice(self) -> None:
        """A few milliseconds' worth of what is not in view yet, the nearest first."""
        self._idle = None
        if self.state != "ready":
            return
        started = perf_counter()
        index = self._uncoloured()
        if index is not None:
            self._colour(index)
        while perf_counter() - started < SLICE_SECONDS:
            index = self._scroll.nearest_estimate()
            if index is None:
                break
            near = abs(index - self._scroll.index) <= NEAR
            self._scroll.set_exact(index, self._painter.height(self._entries[index], keep=near))
        if self._work_left():
            self._prepare()
        else:
            self._bar_again()

    def _colour(self, index: int) -> None:
        from helpdesk_tui.widgets.markdown.code import highlight

        self._painter.recolour(self._entries[index], highlight)
        self.refresh_lines(*[(y, self.size.width) for y, (entry, _) in enumerate(self._rows) if entry == index])

    def _bar_again(self) -> None:
        """Heights are known better now: paint the part of the scroll bar that this moves."""
        old, self._bars = self._bars, self._bar()
        x = self.size.width - 1
        changed = [y for y in range(self.size.height) if old[y : y + 1] != self._bars[y : y + 1]]
        if changed:
            self.refresh(*[Region(x, y, 1, 1) for y in changed])

    def _age(self) -> None:
        """Time has passed: paint the lines whose words about it are others now."""
        painter = self._painter
        shown = [
            (y, self._entries[index]) for y, (index, row) in enumerate(self._rows) if row == self._entries[index].gap
        ]
        before = [painter.when(entry) for _, entry in shown]
        painter.now = self._clock()
        changed = [y for (y, entry), words in zip(shown, before, strict=True) if painter.when(entry) != words]
        self.refresh_lines(*[(y, self.size.width) for y in changed])

    def on_mount(self) -> None:
        """From now on time passes."""
        if self.state == "none" and not self._words:
            self.show_nothing()
        self.set_interval(AGE_SECONDS, self._age)

    def on_resize(self) -> None:
        """Another width breaks every line anew: the reader stays in the same message, about as far down in it."""
        self._painter.fit()
        if self.state != "ready":
            return
        if self._start is not None or not self._entries or not self._scroll.height:
            self._adopt(self._entries)
            self._place()
            return
        at_end, index = self._scroll.at_end, self._scroll.index
        share = self._scroll.offset / self._scroll.exact(index)
        self._adopt(self._entries)
        if at_end:
            self._scroll.to_end()
        else:
            self._scroll.to(index, round(share * self._scroll.exact(index)))
        self._changed()
