"""One line that says what was just sent, and for how long it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from textual.timer import Timer
from textual.widgets import Static

from helpdesk_tui.actions import key_of
from helpdesk_tui.core.journal_held import Held
from helpdesk_tui.core.text import safe_line

__all__ = ["HoldBar"]


class HoldBar(Static):
    """Counts the seconds down while something can be taken back; otherwise it is not there, and nothing ticks."""

    DEFAULT_CSS = """
    HoldBar {
        display: none;
        height: 1;
        padding: 0 1;
        background: $accent 25%;
        color: $text;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.holding { display: block; }
        &:nocolor { text-style: reverse; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._held: tuple[Held, ...] = ()
        self._ticking: Timer | None = None

    def show(self, held: Sequence[Held]) -> None:
        """Show these, the last one of which the key takes back."""
        self._held = tuple(held)
        self.set_class(bool(self._held), "holding")
        if self._ticking is not None and not self._held:
            self._ticking.stop()
            self._ticking = None
        elif self._ticking is None and self._held:
            self._ticking = self.set_interval(1.0, self._tick)
        self._tick()

    def _tick(self) -> None:
        if not self._held:
            return
        last = self._held[-1]
        seconds = max(0, round((last.due - datetime.now(UTC)).total_seconds()))
        more = f" · {len(self._held) - 1} more before it" if len(self._held) > 1 else ""
        self.update(
            f"▸ {safe_line(last.words, 60)}: sending in {seconds} s · {key_of('desk.undo')} takes it back{more}"
        )
