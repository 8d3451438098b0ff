"""Esc and the key behind it, which arrive as one key with Alt does.

A terminal sends Alt+Q as Esc and q; whoever presses Esc and then q within a tenth of a second does the same. Textual
takes that for Alt+Q, and where it knows no such key for the second alone (a colon) or for a sign that it makes of both
(of Esc and 1): the Esc is lost. Here both meanings are kept, until it is known what Alt+Q is where the person is
(``typeahead``). All that touches how Textual reads what a terminal sends lies here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

if TYPE_CHECKING:
    from textual.driver import Driver

__all__ = ["Escaped", "Parser", "read_with"]

ESC: Final = "\x1b"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
#: A terminal sends none of these between the two; one that leaves them in what is pasted would have Textual run as
#: keys what somebody else wrote. Tabs and ends of lines are text.
CONTROLS: Final = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r"}


class Escaped(events.Key):
    """What may be one key or two: as a key, the one. No widget is ever given it.

    Attributes:
        behind: the second one, if they are two; the first is Esc.
    """

    def __init__(self, together: events.Key, behind: events.Key) -> None:
        super().__init__(together.key, together.character)
        self.behind = behind

    @property
    def together(self) -> events.Key:
        """The one key."""
        return events.Key(self.key, self.character)

    @property
    def is_sign(self) -> bool:
        """Whether the one key writes another sign than the second of two."""
        return self.character is not None and self.character != self.behind.character


class Parser(XTermParser):
    """Textual's, which tells of what may be Esc and a key, and to which what is pasted is text and nothing else."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        # What was passed on last, while nothing is pasted; else what may be the beginning of its end.
        self._before = ""

    def feed(self, data: str) -> Iterable[Message]:
        """Read what the terminal sent; ``""`` is its end."""
        if not data or (data := self._plain(data)):
            yield from super().feed(data)

    def _plain(self, data: str) -> str:
        plain = ""
        while data:
            if self._pasting:
                text, end, data = (self._before + data).partition(PASTED)
                held = 0 if end else next((n for n in range(len(PASTED) - 1, 0, -1) if text.endswith(PASTED[:n])), 0)
                self._before = text[len(text) - held :]
                plain += text[: len(text) - held].translate(CONTROLS) + end
                self._pasting = not end
            else:
                known = self._before + data
                begins = known.find(PASTE)
                passed = len(data) if begins < 0 else begins + len(PASTE) - len(self._before)
                self._pasting = begins >= 0
                self._before = "" if self._pasting else known[1 - len(PASTE) :]
                plain, data = plain + data[:passed], data[passed:]
        return plain

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        found = list(super()._sequence_to_key_events(sequence, alt=alt))
        letter = sequence if alt else sequence.removeprefix(ESC)
        if len(found) == 1 and len(letter) == 1 and letter != ESC and (alt or len(sequence) == 2):
            behind = list(super()._sequence_to_key_events(letter))
            if len(behind) == 1:
                one = found[0] if found[0].key != behind[0].key else events.Key(f"alt+{behind[0].key}", letter)
                found = [Escaped(one, behind[0])]
        yield from found


def read_with(driver: type[Driver]) -> None:
    """Have a driver read the terminal with it: Textual's look their parser up in their modules."""
    for kind in driver.__mro__:
        module = sys.modules[kind.__module__]
        if getattr(module, "XTermParser", None) is XTermParser:
            module.XTermParser = Parser  # type: ignore[attr-defined]
