"""Articles that may answer what somebody is writing, below or beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.knowledge import Hit
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import Part, fit, plain

__all__ = ["ArticleHints", "State"]

State = Literal["nothing", "looking", "failed", "ready"]


class ArticleHints(LineView):
    """A few articles. Takes the focus only from who goes there."""

    STYLE_PREFIX = "hints--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hints--row",
        "hints--cursor",
        "hints--head",
        "hints--title",
        "hints--about",
        "hints--match",
        "hints--failed",
    }
    DEFAULT_CSS = """
    ArticleHints {
        height: 1fr;
        background: $background;
        & > .hints--row { color: $foreground; background: $background; }
        & > .hints--cursor { color: $foreground; background: $primary 30%; }
        & > .hints--head { color: $text-muted; background: $panel; }
        & > .hints--title { text-style: bold; }
        & > .hints--about { color: $text-muted; }
        & > .hints--match { color: $text-accent; }
        & > .hints--failed { color: $text-error; text-style: bold; }
        &:nocolor > .hints--cursor { text-style: reverse; }
        &:nocolor > .hints--match { text-style: underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound("hints", down="step(1)", up="step(-1)", read="read")

    class Chosen(Message):
        """An article is to be read."""

        def __init__(self, hit: Hit) -> None:
            super().__init__()
            self.hit = hit

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.state: State = "nothing"
        self._hits: tuple[Hit, ...] = ()
        self._words = ""
        self._at = 0

    def show_looking(self) -> None:
        """Articles are looked for; those that were found before stay meanwhile."""
        if self.state != "ready":
            self.state = "looking"
            self.refresh()

    def show_nothing(self) -> None:
        """Nothing is written yet."""
        self.state, self._hits, self._at = "nothing", (), 0
        self.refresh()

    def show(self, hits: Sequence[Hit]) -> None:
        """These may help."""
        self.state, self._hits = "ready", tuple(hits)
        self._at = min(self._at, max(len(hits) - 1, 0))
        self.refresh()

    def show_failed(self, why: str) -> None:
        """They could not be looked for."""
        self.state, self._hits, self._words = "failed", (), safe_line(why, 300)
        self.refresh()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What is shown."""
        return self._hits

    def render_line(self, y: int) -> LineStrip:
        """A line: two for an article where there is room, one where there is little."""
        width = self.size.width
        if y == 0:
            return self._line(self._head(width), "head")
        each = 2 if self.size.height > 2 * len(self._hits) else 1
        index, line = divmod(y - 1, each)
        if self.state == "failed" and y == 1:
            return self._line([(f" ✗ {self._words}", "failed")], "row")
        if index >= len(self._hits):
            return self._line([], "row")
        hit = self._hits[index]
        chosen = self.has_focus and index == self._at
        marker = "▌" if chosen else " "
        parts: list[Part] = [(marker, "")]
        if line == 0:
            parts.append((f" {fit(plain(hit.title), max(width - 3, 0))}", "title"))
        else:
            parts.append((f"   {fit(plain(hit.snippet), max(width - 5, 0))}", "about"))
        return self._line(parts, "cursor" if chosen else "row")

    def _head(self, width: int) -> list[Part]:
        match self.state:
            case "nothing":
                words = "While you write, articles that may help show up here."
            case "looking":
                words = "Looking for articles that may help …"
            case "failed":
                words = "Articles cannot be looked up just now. You can send all the same."
            case _:
                found = "This article may help" if len(self._hits) == 1 else "These articles may help"
                words = f"{found} (Tab, then Enter reads)" if self._hits else "No article fits. Do send your request."
        return [(f" {fit(words, max(width - 1, 0))}", "")]

    def _line(self, parts: list[Part], ground: str) -> LineStrip:
        width = self.size.width
        segments = [Segment(text, self.line_style(ground, name)) for text, name in parts if text]
        return LineStrip(Segment.adjust_line_length(segments, width, self.line_style(ground)), width)

    def action_step(self, by: int) -> None:
        """To the next one, or the one before."""
        if self._hits:
            self._at = min(max(self._at + by, 0), len(self._hits) - 1)
            self.refresh()

    def action_read(self) -> None:
        """Read the chosen one."""
        if self._hits:
            self.post_message(self.Chosen(self._hits[self._at]))

    def on_click(self, event: events.Click) -> None:
        """Read the one under the mouse."""
        each = 2 if self.size.height > 2 * len(self._hits) else 1
        index = (event.y - 1) // each
        if event.y > 0 and index < len(self._hits):
            self._at = index
            self.action_read()

    def on_focus(self) -> None:
        """The cursor shows it."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor shows it."""
        self.refresh()
