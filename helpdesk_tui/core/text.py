"""Hostile text → safe text, for everything that reaches a terminal: the app, the command line, exports for people.

Text in the database was written by strangers. Shown as it stands it could retitle the terminal, write the clipboard
(OSC 52), hide a link's target (OSC 8), turn a file name around (bidi overrides), or draw over the neighbouring
column. What leaves this module holds no control character but (in a block) the newline, and every character takes
the number of cells that Rich and common terminals agree on, as far as they agree at all.

Only what is shown, copied or edited is changed: what is copied is pasted into some terminal next, where the end of a
paste (``CSI 201~``) would make commands of the rest. What is stored and searched stays what was written.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, east_asian_width

__all__ = ["ELLIPSIS", "TAB_SIZE", "clip", "harmless", "leans", "safe_block", "safe_line"]

ELLIPSIS: Final = "…"
TAB_SIZE: Final = 4

#: More marks than this on one base are a flood ("zalgo"); Tibetan and pointed Hebrew stay below it.
MAX_MARKS: Final = 5
#: Joiners in one emoji: the longest in use (a couple kissing, with skin tones) has three.
MAX_JOINS: Final = 3

_REPLACEMENT: Final = "\ufffd"
_DOTTED_CIRCLE: Final = "\u25cc"
_ZWNJ: Final = "\u200c"
_ZWJ: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_BLACK_FLAG: Final = "\U0001f3f4"
_FLAG_LETTERS: Final = {chr(0x1F1E6 + offset): chr(ord("A") + offset) for offset in range(26)}

# Colours and cursor movement from pasted terminal logs, character set switches, and OSC 8: complete sequences that
# say nothing to a reader. Anything else that starts with ESC stays readable behind a visible "␛".
_SEQUENCES: Final = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[ -/]{1,3}[0-~]|\x1b\\]8;[^\x00-\x1f\x7f-\x9f]{0,4096}(?:\x07|\x1b\\\\|\x9c)"
)
_NEWLINES: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACES: Final = re.compile(r"\s+")

# Everything outside these common ranges is looked at one by one; inside them nothing can do harm.
_SUSPECT: Final = re.compile(
    "[^\x00-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2100-\u22ff\u2400-\u25ff"
    "\u3000-\u3029\u3030-\u3098\u309b-\u3163\u3165-\ua66e\uac00-\ud7a3\uff00-\uff9f]"
)

# Characters that draw nothing and are not of the category Cf.
_INVISIBLE: Final = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)]
)


def _is_emoji(char: str) -> bool:
    """Whether a character may be a part of a joined emoji (a generous reading of Extended_Pictographic)."""
    code = ord(char)
    return (
        0x1F000 <= code <= 0x1FAFF
        or 0x2600 <= code <= 0x27BF
        or 0x2300 <= code <= 0x23FF
        or 0x2B00 <= code <= 0x2BFF
        or 0x2190 <= code <= 0x21FF
    )


def _is_modifier(char: str) -> bool:
    """Whether a character is one of the five skin tones."""
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def _needs_joiners(char: str) -> bool:
    """Whether a letter belongs to a script that spells with the zero-width non-joiner (Arabic, Syriac, Indic)."""
    code = ord(char)
    return 0x0600 <= code <= 0x08FF or 0x0900 <= code <= 0x0DFF or 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFC


def _is_mark(char: str, kind: str) -> bool:
    """Whether a character is drawn onto the one before it."""
    code = ord(char)
    return kind[0] == "M" or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FB


def _one_by_one(text: str) -> str:
    """Remove or replace what is invisible, reorders, floods or does not exist. Controls are gone already."""
    out: list[str] = []
    base = ""  # the character that marks would be drawn onto; "" where there is none
    marks = 0  # how many marks it has
    joins = 0  # how many joiners the emoji so far has
    wide = False  # whether that emoji takes two cells however it is measured
    length = len(text)
    index = 0
    while index < length:
        char = text[index]
        index += 1
        code = ord(char)
        if code < 0xAD:
            out.append(char)
            base, marks, joins, wide = ("" if char in " \n\t" else char), 0, 0, False
            continue
        following = text[index] if index < length else ""
        previous = out[-1] if out else ""
        if char == _ZWJ:
            # Rich draws nothing for what follows a joiner: a joiner that terminals do not honour breaks the row.
            if wide and joins < MAX_JOINS and following and _is_emoji(following) and not _is_modifier(following):
                joins += 1
                out += (char, following)
                index += 1
            continue
        if char == _EMOJI_STYLE:
            # It widens ☁ to two cells in some terminals and not in others, so it stays inside joined emoji only.
            after = text[index + 1] if index + 1 < length else ""
            leads = following == _ZWJ and after and _is_emoji(after) and not _is_modifier(after)
            if previous and _is_emoji(previous) and (joins or (leads and base == previous and not marks)):
                out.append(char)
                wide = True
            continue
        if char == _ZWNJ:
            if previous and following and _needs_joiners(previous) and _needs_joiners(following):
                out.append(char)
            continue
        if _is_modifier(char):
            if previous and _is_emoji(previous) and east_asian_width(previous) == "W" and not _is_modifier(previous):
                out.append(char)
            continue
        if code in _INVISIBLE or 0xE0000 <= code <= 0xE0FFF:
            if previous == _BLACK_FLAG and (tags := _FLAG_TAGS.match(text, index - 1)):
                out.append(tags.group())
                index = tags.end()
                wide = False
            continue
        # Two halves of a flag take two cells or four, one alone one or two, and who cuts a line tears them apart.
        char = _FLAG_LETTERS.get(char, char)
        kind = category(char)
        if kind == "Cf":
            continue
        if kind == "Cs" or (kind == "Cn" and not _is_emoji(char)):
            # Halves, what is no character, and what may be one by now: nobody here knows how wide it is.
            char, kind = _REPLACEMENT, "So"
        if _is_mark(char, kind):
            if not base:
                out.append(_DOTTED_CIRCLE)
                base, marks = _DOTTED_CIRCLE, 0
            marks += 1
            if marks <= MAX_MARKS:
                out.append(char)
            wide = False
            continue
        if kind == "Zs" and char != "\u3000":
            char = " "
        out.append(char)
        base, marks, joins = ("" if char in " \u3000" else char), 0, 0
        wide = _is_emoji(char) and east_asian_width(char) == "W"
    return "".join(out)


_FLAG_TAGS: Final = re.compile("[\U000e0061-\U000e007a\U000e0030-\U000e0039]{3,6}\U000e007f")


def _picture(match: re.Match[str]) -> str:
    """A visible stand-in for one control character."""
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else _REPLACEMENT


def _neutral(text: str) -> str:
    """Text without sequences, controls (but newline and tab), and harmful Unicode."""
    if "\x1b" in text:
        text = _SEQUENCES.sub("", text)
    text = _NEWLINES.sub("\n", text)
    text = _CONTROLS.sub(_picture, text)
    return text if text.isascii() or not _SUSPECT.search(text) else _one_by_one(text)


def safe_block(text: str) -> str:
    """Text of any number of lines that a terminal can be given.

    Args:
        text: anything at all, lone surrogates included.

    Returns:
        The text with ``\\n`` as the only line break and the only control character. Tabs are spaces, terminal
        sequences are gone or readable behind ``␛``, nothing reorders, nothing is invisible but joiners inside
        emoji and words that are spelled with them. Doing it twice changes nothing.
    """
    safe = _neutral(text)
    return safe.expandtabs(TAB_SIZE) if "\t" in safe else safe


def safe_line(text: str, limit: int = 500) -> str:
    """Text as one line: as :func:`safe_block`, white space run together, cut with "…".

    Args:
        text: anything at all.
        limit: the most characters (not cells) to return, the "…" included; at least 1.

    Returns:
        One line, without white space at either end, of at most ``limit`` characters.
    """
    # A line is shown once and cut: reading a little more than can be shown is enough, whatever was sent.
    window = limit * 4 + 64
    cut = len(text) > window
    safe = _SPACES.sub(" ", _neutral(text[:window])).strip()
    if not cut and len(safe) <= limit:
        return safe
    return clip(safe, limit - 1) + ELLIPSIS


def harmless(text: str) -> str:
    """Text that goes into a field, the clipboard or an editor: as :func:`safe_block`, but tabs stay tabs."""
    return "\t".join(map(safe_block, text.split("\t")))


def clip(text: str, limit: int) -> str:
    """The first ``limit`` characters at most of safe text, torn between characters only, without white space at the
    end."""
    end = min(max(limit, 0), len(text))
    while 0 < end < len(text) and (text[end - 1] in (_ZWJ, _ZWNJ) or leans(text[end])):
        end -= 1
    return text[:end].rstrip()


def leans(char: str) -> bool:
    """Whether a character is drawn onto or into the one before it, so that a line or a style may not begin with it."""
    return (
        char in (_ZWJ, _ZWNJ, _EMOJI_STYLE)
        or _is_modifier(char)
        or 0xE0000 <= ord(char) <= 0xE0FFF
        or _is_mark(char, category(char))
    )
