"""The line below everything: who, where, how live, what happened, and what to press."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import ClassVar, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.timer import Timer

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_lines import wrapped

__all__ = ["Connection", "StatusLine"]

#: What was said stays at least so many seconds, whatever is pressed.
SAID_SECONDS = 2.0
#: And at most so many.
WORDS_SECONDS, ALARM_SECONDS = 8.0, 30.0

#: Columns from which a badge has its whole name.
ROOMY = 110
#: Lines that an alarm has above the line where it does not fit there: why something was refused is read to its end.
ALARM_LINES = 3

Connection = Literal["connecting", "live", "polling", "stale", "down"]

#: Glyph, word and colour together: none of them has to be told from the others alone.
_LOOKS: dict[Connection, tuple[str, str]] = {
    "connecting": ("◌", "connecting"),
    "live": ("●", "live"),
    "polling": ("◐", "every 2 s"),
    "stale": ("▲", "stale"),
    "down": ("✖", "offline"),
}
#: The same for customers.
_PLAIN_LOOKS: dict[Connection, tuple[str, str]] = {
    "connecting": ("◌", "connecting…"),
    "live": ("●", "connected"),
    "polling": ("●", "connected"),
    "stale": ("▲", "reconnecting…"),
    "down": ("✖", "not connected"),
}


class StatusLine(LineView, can_focus=False):
    """The bottom line: live state, what just happened, the keys that matter here, who and where."""

    STYLE_PREFIX = "status--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--row",
        "status--key",
        "status--who",
        "status--badge",
        "status--good",
        "status--bad",
        "status--wait",
        "status--said",
        "status--alarm",
    }
    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $panel;
        & > .status--row { color: $text-muted; background: $panel; }
        & > .status--key { color: $text-accent; text-style: bold; }
        & > .status--who { color: $text; }
        & > .status--badge { color: $text-accent; text-style: bold; }
        & > .status--good { color: $text-success; }
        & > .status--bad { color: $text-error; text-style: bold; }
        & > .status--wait { color: $text-warning; }
        & > .status--said { color: $text; text-style: bold; }
        & > .status--alarm { color: $text-error; text-style: bold; }
        &:nocolor > .status--alarm { text-style: bold reverse; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.connection: Connection = "connecting"
        self.plain = False
        """For customers: words without a trade's. Set before the first thing is shown."""
        self._who = self._short_who = ""
        self._badges = (0, 0)
        self._unsent = (0, 0)
        self._away = ""
        self._hints: Sequence[tuple[str, str]] = ()
        self._said = ""
        self._alarm = False
        self._said_at = 0.0
        self._expiry: Timer | None = None
        self._above: list[str] = []

    def set_connection(self, connection: Connection) -> None:
        """How live what is on the screen is."""
        if connection != self.connection:
            self.connection = connection
            self._redraw()

    def set_who(self, who: str, short: str) -> None:
        """Who works here, and where; and the same in brief, for where there is little room."""
        self._who, self._short_who = safe_line(who, 80), safe_line(short, 30)
        self._redraw()

    def set_badges(self, unread: int, waiting: int) -> None:
        """So many notices are unread, and so many chats wait; nothing is shown of none."""
        if (unread, waiting) != self._badges:
            self._badges = (unread, waiting)
            self._redraw()

    def set_unsent(self, waiting: int, refused: int) -> None:
        """So much of what was done waits to be sent, and so much was refused; nothing is shown of none."""
        if (waiting, refused) != self._unsent:
            self._unsent = (waiting, refused)
            self._redraw()

    def set_away(self, words: str) -> None:
        """Whoever works here has said that they are away, in these words; nothing where they are not."""
        if words != self._away:
            self._away = words
            self._redraw()

    def set_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """The keys worth knowing here, at most eight: key and word."""
        if list(hints[:8]) != list(self._hints):
            self._hints = list(hints[:8])
            self._redraw()

    def say(self, words: str, *, alarm: bool = False) -> None:
        """Say what happened; it stays until the next word or :meth:`hush`."""
        self._said, self._alarm, self._said_at = safe_line(words, 300), alarm, monotonic()
        if self._expiry is not None:
            self._expiry.stop()
        # What is no longer news may no longer be true.
        self._expiry = self.set_timer(ALARM_SECONDS if alarm else WORDS_SECONDS, self._forget)
        self._redraw()

    def hush(self) -> None:
        """Take away what was said some time ago; an alarm stays until the next word."""
        if self._said and not self._alarm and monotonic() - self._said_at >= SAID_SECONDS:
            self._forget()

    def calm(self) -> None:
        """Take an alarm away whose cause is gone."""
        if self._alarm:
            self._forget()

    def _forget(self) -> None:
        self._said, self._alarm = "", False
        self._redraw()

    @property
    def said(self) -> str:
        """What the line says now."""
        return self._said

    def on_resize(self) -> None:
        """What did not fit may fit now."""
        self._redraw()

    def _redraw(self) -> None:
        """Draw it anew, as high as what it says: an alarm that does not fit in the line stands above it."""
        width, above = self.size.width, []
        if self._alarm and width and cell_len(self._said) + 2 > width - sum(each.cell_length for each in self._state()):
            above = wrapped(self._said, width - 2)
            if len(above) > ALARM_LINES:
                above = [*above[: ALARM_LINES - 1], " ".join(above[ALARM_LINES - 1 :])]
        if above != self._above:
            self._above = above
            self.styles.height = len(above) + 1
        self.refresh()

    def _state(self) -> list[Segment]:
        """What is always told: how live it is, what waits, whether one is away, what is new."""
        glyph, word = (_PLAIN_LOOKS if self.plain else _LOOKS)[self.connection]
        mood = {"live": "good", "polling": "good", "connecting": "wait", "stale": "bad", "down": "bad"}[self.connection]
        segments = [Segment(f" {glyph} {word} ", self.line_style("row", mood))]
        for number, word, mood in zip(self._unsent, ("waiting", "refused"), ("wait", "bad"), strict=True):
            if number:
                unsent = f" {'◌' if mood == 'wait' else '✖'} {number} {word} "
                segments.append(Segment(unsent, self.line_style("row", mood)))
        if self._away:
            segments.append(Segment(f" ☾ {self._away} ", self.line_style("row", "wait")))
        badges = self._badge_words(self.size.width)
        return segments + [Segment(f" {badge} ", self.line_style("row", "badge")) for badge in badges]

    def render_line(self, y: int) -> LineStrip:
        """The one line: the live state first, since stale data must be seen; who last, cut first."""
        width = self.size.width
        if y < len(self._above):
            words = _cut(f" {self._above[y]} ", width)
            return LineStrip([Segment(set_cell_size(words, width), self.line_style("row", "alarm"))], width)
        segments = self._state()
        x = sum(each.cell_length for each in segments)
        who = f" {self._who if cell_len(self._who) + 2 <= width * 2 // 5 else self._short_who} "
        room = width - x - cell_len(who)
        if self._said and not self._above:
            # What happened matters more than who and where, which stand here all the time; what does not fit even so
            # is seen to go on.
            said = _cut(f" {self._said} ", max(0, (room if cell_len(self._said) + 2 <= room else width - x)))
            segments.append(Segment(said, self.line_style("row", "alarm" if self._alarm else "said")))
            x += cell_len(said)
            room -= cell_len(said)
        for key, words in self._hints:
            size = cell_len(key) + cell_len(words) + 3
            if size > room:
                break
            segments.append(Segment(f" {key}", self.line_style("row", "key")))
            segments.append(Segment(f" {words} ", self.line_style("row")))
            x += size
            room -= size
        if x + cell_len(who) <= width:
            segments.append(Segment(" " * (width - x - cell_len(who)), self.line_style("row")))
            segments.append(Segment(who, self.line_style("row", "who")))
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style("row")), width)

    def _badge_words(self, width: int) -> list[str]:
        chats = "chat" if self._badges[1] == 1 else "chats"
        words = ("unread", f"waiting {chats}") if width >= ROOMY else ("new", chats)
        return [f"{min(n, 99)} {word}" for n, word in zip(self._badges, words, strict=True) if n]


def _cut(words: str, most: int) -> str:
    """Words in at most so many cells; what does not fit is seen to go on."""
    if cell_len(words) > most:
        words = set_cell_size(words, max(0, most - 2)).rstrip() + "… "
    return set_cell_size(words, min(most, cell_len(words)))
