"""A bell, the terminal's own notification (OSC 9 or 777), or a program of the person's, for somebody whose terminal
window is not in front.

Only here is anything written to the terminal past Textual's drawing; it goes through Textual's driver, whose writing is
one with everything else it sends.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from helpdesk_tui.core.text import safe_line

if TYPE_CHECKING:
    from textual.app import App

    from helpdesk_tui.core.notices import News

__all__ = ["Bell", "How", "sequence"]

How = Literal["bell", "osc9", "osc777", "command", "off"]

#: At most one ring in so many seconds.
PAUSE_SECONDS: Final = 5.0
#: What a notification of the terminal's may say, in characters.
MOST_WORDS: Final = 120


def sequence(how: str, words: str) -> str:
    """What is sent to the terminal: nothing, a bell, or an OSC 9 with words that hold no control character."""
    if how == "bell":
        return "\a"
    if how == "osc777":
        return f"\x1b]777;notify;Helpdesk;{safe_line(words, MOST_WORDS).replace(';', ',')}\x1b\\"
    if how != "osc9":
        return ""
    # Terminals take OSC 9 that begins with a number and a semicolon for something else (progress, and the like).
    return f"\x1b]9;Helpdesk: {safe_line(words, MOST_WORDS)}\x1b\\"


def through_tmux(sent: str) -> str:
    """The same, wrapped so that tmux hands it on to the terminal (with ``set -g allow-passthrough on``)."""
    return "\x1bPtmux;" + sent.replace("\x1b", "\x1b\x1b") + "\x1b\\"


class Bell:
    """Rings for an app.

    Args:
        app: whose terminal.
        how: one of ``How``.
        command: the words of the program that ``command`` starts.
        complain: says that it failed.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        app: App[int],
        how: str,
        command: str | None = None,
        complain: Callable[[str], object] = lambda _: None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._app = app
        self._how = how
        self._command = shlex.split(command or "")
        self._complain = complain
        self._complained = False
        self._clock = clock
        self._rang = float("-inf")

    def ring(self, words: str, news: Sequence[News] = ()) -> bool:
        """Ring, unless the terminal window is in front, or it rang a moment ago.

        Args:
            words: what happened, from anybody.
            news: the same, one by one: for a program.

        Returns:
            Whether it rang.
        """
        now = self._clock()
        if self._app.app_focus or now < self._rang + PAUSE_SECONDS:
            return False
        if self._how == "command":
            if self._command:
                self._rang = now
                self._app.run_worker(self._start(words, news), group="hook")
            return bool(self._command)
        if not (sent := sequence(self._how, words)):
            return False
        self._rang = now
        if self._how != "bell" and os.environ.get("TMUX"):
            sent = through_tmux(sent)
        driver = self._app._driver  # noqa: SLF001  (Textual offers a bell alone)
        if driver is not None:
            driver.write(sent)
        return True

    async def _start(self, words: str, news: Sequence[News]) -> None:
        """The program; that it fails is told once."""
        from helpdesk_tui.core import hook

        event = {"words": words, "events": [{"kind": each.kind, "title": each.title} for each in news]}
        wrong = await hook.run(self._command, event)
        if wrong is not None and not self._complained:
            self._complained = True
            self._complain(f"notify_command: {safe_line(wrong, 200)}")
