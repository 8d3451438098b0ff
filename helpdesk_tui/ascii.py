"""Plain letters for terminals that know no others: each sign of ours has one of its own, of the same width.

Everything goes to the terminal through Textual's driver, so it is put into ASCII there and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

if TYPE_CHECKING:
    from textual.driver import Driver

__all__ = ["SIGNS", "ascii_driver", "to_ascii", "wanted"]

#: Every sign that the program draws itself. Those that tell things apart stay different from each other.
SIGNS: Final[Mapping[str, str]] = {
    "·": "-", "…": "~", "“": '"', "”": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "−": "-", "‐": "-", "×": "x",
    "→": ">", "←": "<", "↑": "^", "↓": "v", "↩": "<", "↪": ">", "›": ">", "‹": "<", "»": ">", "«": "<",
    "✗": "x", "✖": "X", "✓": "v", "✔": "v", "⚠": "!", "★": "*", "☆": ".", "✎": "%", "•": "+", "⋯": "~",
    "◎": "u", "◉": "w", "☾": ")",
    "●": "*", "○": "o", "◌": ".", "◐": "~", "◔": "'", "◑": "~", "◕": ",", "■": "#", "□": "[", "◇": "<", "◆": "&",
    "▲": "^", "△": "/", "▼": "v", "▽": ".", "▶": ">", "◀": "<", "▸": ">", "▾": "v", "▤": "=", "⏸": "=", "◷": "@",
    "│": "|", "┃": "|", "┆": ":", "┊": ":", "╎": ":", "─": "-", "━": "=", "┼": "+", "├": "+", "┤": "+", "┬": "+",
    "┴": "+", "┌": "+", "┐": "+", "└": "+", "┘": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "╸": "-", "╺": "-",
    "═": "=", "║": "|", "‖": "=",
    "▌": "|", "▎": "|", "▏": "|", "▍": "|", "▋": "|", "▊": "|", "▐": "|", "▕": "|", "█": "#", "▀": '"', "▄": "_",
    "▁": "_", "▂": "_", "▃": "_", "▅": "#", "▆": "#", "▇": "#", "░": ":", "▒": ":", "▓": "#", "▔": "-",
    "¹": "1", "²": "2", "³": "3", "�": "?", "\u3000": "  ", "\xa0": " ", "🔎": "/ ",
}  # fmt: skip

#: Letters that no accent can be taken off.
_LETTERS: Final = dict(zip("ıłŁøØđĐßæÆœŒðÐþÞħĦŧŦ", "ilLoOdDsaAoOdDtThHtT", strict=True))

_OTHER_CHARSET: Final = re.compile(r"(?:C|POSIX)$|.*\.(?!utf-?8)", re.IGNORECASE)
_OLD_TERMINALS: Final = ("vt", "ansi", "dumb", "cons25", "sun")


def wanted(setting: str, env: Mapping[str, str]) -> bool:
    """Whether to write ASCII alone.

    Args:
        setting: ``ascii``, ``unicode``, or ``auto``: where the locale names another set of characters than UTF-8, or
            the terminal is from before it.
        env: the environment.
    """
    if setting != "auto":
        return setting == "ascii"
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return bool(_OTHER_CHARSET.match(locale)) or env.get("TERM", "").startswith(_OLD_TERMINALS)


@lru_cache(maxsize=4096)
def _one(char: str) -> str:
    if char.isascii():
        return char
    if (sign := SIGNS.get(char) or _LETTERS.get(char)) is not None:
        return sign
    width = cell_len(char)
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if part.isascii() and part.isprintable())
    return bare if bare and len(bare) == width else "?" * width


def to_ascii(text: str) -> str:
    """The text in ASCII, as many cells wide: signs and accents as near as can be, what has no likeness as ``?``."""
    return text if text.isascii() else "".join(map(_one, text))


def ascii_driver(driver: type[Driver]) -> type[Driver]:
    """A driver that writes as another one does, but in ASCII."""

    class AsciiDriver(driver):  # type: ignore[misc,valid-type]  # (the class is known when the program runs)
        """Writes in ASCII."""

        def write(self, data: str) -> None:
            """Write some of what is drawn."""
            super().write(to_ascii(data))

    return AsciiDriver
