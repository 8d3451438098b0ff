"""Of what one is told, and with a bell or without: each kind a line, two switches on it; and when a bell may ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from helpdesk_tui.core.notices import Preference, Told
from helpdesk_tui.core.quiet import digest_words
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import fit

__all__ = ["Hours", "NoticeSettings"]

Hours = Literal["quiet", "digest"]

_TITLE = "Tell me when"
_TOLD, _BELL = "told", "bell"
#: Cells that the two switches take on the right.
_SWITCHES = 14
#: What is written in words, below the kinds.
_HOURS: Final[tuple[tuple[Hours, str], ...]] = (
    ("quiet", "Quiet hours, in which nothing rings"),
    ("digest", "Bells held, to tell once how much happened"),
)


class NoticeSettings(LineView):
    """The list. Hidden until :meth:`ask`; it lies in the screen and gives the keys back with Esc."""

    STYLE_PREFIX = "told--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "told--row",
        "told--title",
        "told--cursor",
        "told--on",
        "told--off",
        "told--muted",
        "told--failed",
    }
    DEFAULT_CSS = """
    NoticeSettings {
        display: none;
        height: auto;
        background: $panel;
        &.asking { display: block; }
        & > .told--row { color: $text; background: $panel; }
        & > .told--title { color: $text-accent; background: $panel; text-style: bold; }
        & > .told--cursor { color: $text; background: $primary 40%; text-style: bold; }
        & > .told--on { color: $text-success; text-style: bold; }
        & > .told--off { color: $text-muted; }
        & > .told--muted { color: $text-muted; }
        & > .told--failed { color: $text-error; text-style: bold; }
        &:nocolor > .told--cursor { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "by(1)", "Down", show=False),
        Binding("k,up", "by(-1)", "Up", show=False),
        Binding("space,enter", "switch('on')", "Told or not", show=False, id="inbox.settings_on"),
        Binding("b", "switch('bell')", "Bell or not", show=False, id="inbox.settings_bell"),
        Binding("escape,comma,q", "close", "Close", show=False),
    ]

    class Switched(Message):
        """A kind is to be told otherwise from now on."""

        def __init__(self, kind: str, was: Preference, preference: Preference) -> None:
            super().__init__()
            self.kind = kind
            self.was = was
            self.preference = preference

    class Wanted(Message):
        """Quiet hours or a digest are to be set in words."""

        def __init__(self, what: Hours) -> None:
            super().__init__()
            self.what = what

    class Closed(Message):
        """The keys are free again; ``by_key`` is False where the focus was taken elsewhere."""

        def __init__(self, by_key: bool) -> None:
            super().__init__()
            self.by_key = by_key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._words: Mapping[str, str] = {}
        self.preferences: dict[str, Preference] | None = None
        self.told: Told | None = None
        self._failure = ""
        self._cursor = 0
        #: Whether hours are being written elsewhere on the screen: it stays, without the keys.
        self.written = False

    @property
    def asking(self) -> bool:
        """Whether it is on the screen."""
        return self.has_class("asking")

    def ask(self, words: Mapping[str, str]) -> None:
        """Come up, loading. ``words``: what each kind is, in the order of the lines."""
        self._words, self.preferences, self.told, self._failure, self._cursor = words, None, None, "", 0
        self.add_class("asking")
        self.focus()
        self.refresh(layout=True)

    def show(self, told: Told) -> None:
        """They are so now."""
        self.preferences, self.told, self._failure = dict(told.kinds), told, ""
        self.refresh()

    def show_hours(self, told: Told) -> None:
        """The hours are so now, whatever becomes of the kinds."""
        self.told = told
        self.refresh()

    def show_failed(self, message: str) -> None:
        """They could not be read."""
        self._failure = safe_line(message, 300)
        self.refresh()

    def put_back(self, kind: str, preference: Preference) -> None:
        """It could not be kept: as it was."""
        if self.preferences is not None:
            self.preferences[kind] = preference
            self.refresh()

    # Keys

    def action_by(self, step: int) -> None:
        """Move by lines."""
        self._cursor = min(max(self._cursor + step, 0), len(self._words) + len(_HOURS) - 1)
        self.refresh()

    def action_switch(self, what: str) -> None:
        """Turn the kind on or off, or its bell; have the hours written."""
        if self.preferences is None:
            return
        if self._cursor >= len(self._words):
            self.post_message(self.Wanted(_HOURS[self._cursor - len(self._words)][0]))
            return
        kind = list(self._words)[self._cursor]
        was = self.preferences.get(kind, Preference())
        now = replace(was, on=not was.on) if what == "on" else replace(was, bell=not was.bell)
        self.preferences[kind] = now
        self.refresh()
        self.post_message(self.Switched(kind, was, now))

    def action_close(self) -> None:
        """Back to the inbox."""
        self._close(by_key=True)

    def on_blur(self) -> None:
        """Somebody else has the keys."""
        if self.app.app_focus and not self.written:
            self._close(by_key=False)

    def _close(self, *, by_key: bool) -> None:
        if self.asking:
            self.remove_class("asking")
            self.post_message(self.Closed(by_key))

    def on_click(self, event: events.Click) -> None:
        """A click on a switch turns it; elsewhere on a line it chooses."""
        if 1 <= event.y <= len(self._words) + len(_HOURS):
            self._cursor = event.y - 1
            self.refresh()
            if event.y > len(self._words):
                self.action_switch("on")
            elif event.x >= self.size.width - _SWITCHES:
                self.action_switch("on" if event.x < self.size.width - _SWITCHES // 2 else "bell")

    # Painting

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        """A title, a line each, and the keys."""
        return len(self._words) + len(_HOURS) + 2

    def render_line(self, y: int) -> LineStrip:
        """Title, kinds, keys."""
        width = self.size.width
        room = max(width - _SWITCHES, 0)
        if y == 0:
            if self._failure:
                return self._strip([(fit(f" ✗ {self._failure}", width), "failed")], "title")
            head = f" {_TITLE}" + (" … reading" if self.preferences is None else "")
            return self._strip([(fit(head, room), ""), (_TOLD.ljust(7) + _BELL.ljust(7), "")], "title")
        if y > len(self._words) + len(_HOURS):
            keys = " Space told or not · b bell or not" if self._cursor < len(self._words) else " Enter sets them"
            return self._strip([(fit(f"{keys} · Esc back", width), "muted")], "row")
        ground = "cursor" if y - 1 == self._cursor else "row"
        marker = "▌ " if y - 1 == self._cursor else "  "
        if y > len(self._words):
            what, words = _HOURS[y - 1 - len(self._words)]
            value = self._said(what)
            cells = max(cell_len(value) + 1, _SWITCHES)
            room = max(width - cells, 0)
            style = "off" if value in ("off", digest_words(0)) else "on"
            return self._strip([(fit(marker + words, room), ""), (fit(value, cells), style)], ground)
        kind, words = list(self._words.items())[y - 1]
        parts = [(fit(marker + words, room), "")]
        if self.preferences is None:
            parts.append((" " * _SWITCHES, ""))
        else:
            preference = self.preferences.get(kind, Preference())
            bell = preference.bell and preference.on
            parts += [
                ("✓ on   " if preference.on else "– off  ", "on" if preference.on else "off"),
                ("✓ on   " if bell else "– off  ", "on" if bell else "off"),
            ]
        return self._strip(parts, ground)

    def _said(self, what: Hours) -> str:
        if self.told is None:
            return ""
        if what == "digest":
            return digest_words(self.told.digest)
        return "off" if self.told.quiet is None else self.told.quiet.words

    def _strip(self, parts: list[tuple[str, str]], ground: str) -> LineStrip:
        segments = [Segment(text, self.line_style(ground, name)) for text, name in parts if text]
        return LineStrip(
            Segment.adjust_line_length(segments, self.size.width, self.line_style(ground)), self.size.width
        )
