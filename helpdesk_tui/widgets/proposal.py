"""The pane beside a list: what the chosen row is, or what an act would mean before it is done, with a key to do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message

from helpdesk_tui.widgets.lines import LineStrip, LineView
from helpdesk_tui.widgets.queue_row import Part, fit, plain

__all__ = ["Note", "Proposal", "ProposalPane"]

Note = tuple[str, str]
"""Words and the name of their style: ``title``, ``text``, ``muted``, ``warn``, ``failed``; or ``caret``: two lines that
are not broken, the second one with carets under some words of the first."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an act would mean, and what to press.

    Args:
        title: the act, as a question or a heading.
        notes: what it means.
        keys: for each key of the answer its words; the first one is what Enter does too, unless ``needs_key``.
        needs_key: what cannot be undone is not done by Enter.
    """

    title: str
    notes: tuple[Note, ...]
    keys: tuple[tuple[str, str], ...]
    needs_key: bool = False


class ProposalPane(LineView):
    """Shows notes; asked, it takes the keys until one of the proposal's is pressed, or Esc."""

    STYLE_PREFIX = "proposal--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"proposal--{name}" for name in ("row", "title", "text", "muted", "warn", "failed", "key")
    }
    DEFAULT_CSS = """
    ProposalPane {
        height: 1fr;
        background: $surface;
        & > .proposal--row { color: $foreground; background: $surface; }
        & > .proposal--title { color: $text-accent; text-style: bold; }
        & > .proposal--text { color: $foreground; }
        & > .proposal--muted { color: $text-muted; }
        & > .proposal--warn { color: $text-warning; text-style: bold; }
        & > .proposal--failed { color: $text-error; text-style: bold; }
        & > .proposal--key { color: $text-accent; text-style: bold; }
        &:focus > .proposal--row { background: $panel; }
    }
    """

    class Answered(Message):
        """A key of the proposal was pressed; "" for Esc, or where the focus was taken elsewhere."""

        def __init__(self, key: str, by_key: bool = True) -> None:
            super().__init__()
            self.key, self.by_key = key, by_key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.can_focus = False
        self.proposal: Proposal | None = None
        self._notes: tuple[Note, ...] = ()
        self._lines: list[list[Part]] = []
        self._top = 0

    @property
    def words(self) -> str:
        """All that it says, for tests and the like."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._lines)

    def show(self, notes: Sequence[Note]) -> None:
        """What the chosen row is; not while something is proposed."""
        self._notes = tuple(notes)
        if self.proposal is None:
            self._layout()

    def propose(self, proposal: Proposal) -> None:
        """Ask."""
        self.proposal = proposal
        self._layout()
        self.can_focus = True
        self.add_class("asking")
        self.focus()

    def amend(self, proposal: Proposal) -> None:
        """What is asked is known better by now."""
        if self.proposal is not None:
            self.proposal = proposal
            self._layout()

    def withdraw(self) -> None:
        """Ask no more."""
        self.proposal = None
        self.remove_class("asking")
        self.can_focus = False
        self._layout()

    def on_key(self, event: events.Key) -> None:
        """Every key is the question's while it is asked: none may reach what lies beneath."""
        proposal = self.proposal
        if proposal is None:
            return
        event.stop()
        event.prevent_default()
        keys = [key for key, _ in proposal.keys]
        if event.key == "escape":
            self._answer("")
        elif event.character in keys:
            self._answer(str(event.character))
        elif event.key == "enter" and not proposal.needs_key:
            self._answer(keys[0])
        elif event.key in ("down", "up", "pagedown", "pageup"):
            self._scroll({"down": 1, "up": -1, "pagedown": self.size.height, "pageup": -self.size.height}[event.key])

    def on_blur(self) -> None:
        """Focus taken elsewhere (by the mouse) is a no. From another window the focus comes back."""
        if self.proposal is not None and self.app.app_focus:
            self._answer("", by_key=False)

    def _answer(self, key: str, by_key: bool = True) -> None:
        self.withdraw()
        self.post_message(self.Answered(key, by_key))

    def _scroll(self, step: int) -> None:
        self._top = max(0, min(self._top + step, len(self._lines) - self.size.height))
        self.refresh()

    def on_resize(self) -> None:
        """Other lines."""
        self._layout()

    def _layout(self) -> None:
        width = max(self.size.width - 2, 8)
        self._top = 0
        self._lines = []
        proposal = self.proposal
        if proposal is None:
            self._lines += _laid_out(self._notes, width)
        else:
            self._lines += _laid_out([(proposal.title, "title"), *proposal.notes], width)
            for key, words in (*proposal.keys, ("Esc", "leaves it as it is")):
                name = f"{key}, Enter" if (key, words) == proposal.keys[0] and not proposal.needs_key else key
                first, *rest = wrapped(plain(words), max(width - 10, 8))
                self._lines.append([(fit(name, 10), "key"), (first, "text")])
                self._lines += [[(" " * 10 + line, "text")] for line in rest]
        self.refresh()

    def render_line(self, y: int) -> LineStrip:
        """One of the lines."""
        width = self.size.width
        index = self._top + y
        parts = self._lines[index] if 0 <= index < len(self._lines) else []
        segments = [Segment(" ", self.line_style("row"))]
        left = width - 1
        for text, style in parts:
            shown = fit(text, min(cell_len(text), left))
            segments.append(Segment(shown, self.line_style("row", style)))
            left -= cell_len(shown)
        segments.append(Segment(" " * max(left, 0), self.line_style("row")))
        return LineStrip(segments, width)


def _laid_out(notes: Sequence[Note], width: int) -> list[list[Part]]:
    lines: list[list[Part]] = []
    for text, style in notes:
        if style == "caret":
            words, carets = text.split("\n")
            words = "".join(char if char.isprintable() else " " for char in words)
            skip = max(0, carets.index("^") - width + 8)  # the caret is in sight
            lines += [[(words[skip:], "text")], [(carets[skip:], "failed")]]
        else:
            lines += [[(line, style)] for line in wrapped(plain(text), width)]
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Words in lines of at most ``width`` cells; a longer word is cut where the line ends. At least one line."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word if cell_len(word) <= width else fit(word, width)
    return [*lines, line]
