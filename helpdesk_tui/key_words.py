"""Keys as people write them."""

from __future__ import annotations

from typing import Final

__all__ = ["key_words"]

_GLYPHS: Final = {
    "question_mark": "?",
    "greater_than_sign": ">",
    "colon": ":",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "backspace": "Bksp",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "vertical_line": "|",
    "exclamation_mark": "!",
    "semicolon": ";",
    "asterisk": "*",
    "equals_sign": "=",
    "number_sign": "#",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "enter": "Enter",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "space": "Space",
    "tab": "Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
}


def key_words(key: str) -> str:
    """A key as people write it: ``ctrl+d`` → ``^D``, ``question_mark`` → ``?``; of a chord, all its keys."""
    if " " in key:
        return "".join(map(key_words, key.split()))
    if key.startswith("ctrl+"):
        rest = key.removeprefix("ctrl+")
        if rest.startswith("shift+"):
            return "^Shift+" + rest.removeprefix("shift+").upper()
        return "^" + (_GLYPHS.get(rest) or rest.upper())
    if key.startswith("alt+"):
        return "Alt+" + key_words(key.removeprefix("alt+"))
    if key.startswith("shift+"):
        return "Shift+" + key_words(key.removeprefix("shift+"))
    return _GLYPHS.get(key, key.upper() if key.startswith("f") and key[1:].isdigit() else key)
