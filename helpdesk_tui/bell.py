"""A bell, or the terminal's own notification (OSC 9), for somebody whose terminal window is not in front.

Only here is anything written to the terminal past Textual's drawing; it goes through Textual's driver, whose writing is
one with everything else it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from helpdesk_tui.core.text import safe_line

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["Bell", "How", "sequence"]

How = Literal["bell", "osc9", "off"]

#: At most one ring in so many seconds.
PAUSE_SECONDS: Final = 5.0
#: What a notification of the terminal's may say, in characters.
MOST_WORDS: Final = 120


def sequence(how: str, words: str) -> str:
    """What is sent to the terminal: nothing, a bell, or an OSC 9 with words that hold no control character."""
    if how == "bell":
        return "\a"
    if how != "osc9":
        return ""
    # Terminals take OSC 9 that begins with a number and a semicolon for something else (progress, and the like).
    return f"\x1b]9;Helpdesk: {safe_line(words, MOST_WORDS)}\x1b\\"


class Bell:
    """Rings for an app.

    Args:
        app: whose terminal.
        how: ``bell``, ``osc9`` or ``off``.
        clock: seconds, for tests.
    """

    def __init__(self, app: App[int], how: str, *, clock: Callable[[], float] = monotonic) -> None:
        self._app = app
        self._how = how
        self._clock = clock
        self._rang = float("-inf")

    def ring(self, words: str) -> bool:
        """Ring, unless the terminal window is in front, or it rang a moment ago.

        Args:
            words: what happened, from anybody.

        Returns:
            Whether it rang.
        """
        now = self._clock()
        if self._app.app_focus or now < self._rang + PAUSE_SECONDS or not (sent := sequence(self._how, words)):
            return False
        self._rang = now
        driver = self._app._driver  # noqa: SLF001  (Textual offers a bell alone)
        if driver is not None:
            driver.write(sent)
        return True
