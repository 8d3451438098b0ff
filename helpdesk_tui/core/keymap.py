"""The person's own keys: the ``[keys]`` table of the settings, checked against the table of actions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from helpdesk_tui.actions import ACTIONS, BY_ID, Action
from helpdesk_tui.core.setting_values import nearest

__all__ = ["Fault", "Keymap", "begins", "is_key", "meant_key", "named_key", "read"]

Keymap = dict[str, tuple[str, ...]]
"""The keys of each action that was given others, in Textual's names."""

_MODIFIERS: Final = re.compile(r"(?:(?:ctrl|alt|shift|super|meta|hyper)\+)*")
_NAMED: Final = frozenset({
    "enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up",
    "down", "left", "right", "comma", "plus", "minus", "at", "slash", "backslash", "underscore",
    *(f"f{n}" for n in range(1, 25)),
})  # fmt: skip
#: Textual's names of characters that a settings file can hold as they are; others keep their own.
_CHARACTERS: Final = {
    ",": "comma", "?": "question_mark", "/": "slash", "\\": "backslash", "+": "plus", "-": "minus", "@": "at",
    "_": "underscore", " ": "space", "#": "number_sign", ":": "colon", ">": "greater_than_sign", "<": "less_than_sign",
    "[": "left_square_bracket", "]": "right_square_bracket", "{": "left_curly_bracket", "}": "right_curly_bracket",
    ".": "full_stop", ";": "semicolon", "!": "exclamation_mark", "*": "asterisk", "=": "equals_sign",
    "%": "percent_sign", "&": "ampersand", "$": "dollar_sign", "(": "left_parenthesis", ")": "right_parenthesis",
    "'": "apostrophe", '"': "quotation_mark", "`": "grave_accent", "~": "tilde", "^": "circumflex_accent",
    "|": "vertical_line",
}  # fmt: skip
#: Contexts whose keys work at the same time, the focus being in one of them.
_TOGETHER: Final = (frozenset({"queue", "thread"}),)

#: Keys of a chord, at most.
LONGEST_CHORD: Final = 4

#: Work while something has failed, and then before others of the same key.
_SOMETIMES: Final = ("queue.retry",)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the table.

    Args:
        path: the key's path, beginning with ``keys``.
        message: one sentence.
        nearest: what was meant, perhaps.
    """

    path: tuple[str, ...]
    message: str
    nearest: str | None = None


def read(table: object) -> tuple[Keymap, list[Fault]]:
    """A keymap of what TOML gave for ``keys``, and everything that is wrong with it.

    ``"desk.reply" = ["r", "f4"]`` and ``desk.reply = "r"`` are both understood.
    """
    if not isinstance(table, Mapping):
        return {}, [Fault(("keys",), 'keys must be a table: [keys], then "desk.reply" = "r".')]
    keymap: Keymap = {}
    paths: dict[str, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for path, value in _leaves(("keys",), table):
        name = ".".join(path[1:])
        if name not in BY_ID:
            faults.append(Fault(path, f"There is no action “{name}”.", nearest(name, BY_ID)))
            continue
        wanted = [value] if isinstance(value, str) else value
        if not isinstance(wanted, list) or not wanted or not all(isinstance(key, str) for key in wanted):
            faults.append(Fault(path, 'The keys of an action are text, or a list of texts: ["r", "ctrl+r"].'))
            continue
        keys = tuple(dict.fromkeys(named_key(key.strip()) for key in wanted))
        faults += [Fault(path, f"“{key}” is no key.", meant_key(key)) for key in keys if not is_key(key)]
        keymap[name], paths[name] = keys, path
    return keymap, [*faults, *(Fault(paths[name], words) for name, words in _clashes(keymap))]


def _leaves(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves((*path, key), value)
        else:
            yield (*path, key), value


def named_key(key: str) -> str:
    """A key in Textual's names: ``?`` → ``question_mark``, ``ctrl+/`` → ``ctrl+slash``; of a chord, all its keys."""
    if len(parts := key.split()) > 1:
        return " ".join(map(named_key, parts))
    modifiers = _MODIFIERS.match(key)
    start = modifiers.end() if modifiers else 0
    return key[:start] + _CHARACTERS.get(key[start:], key[start:])


def is_key(key: str) -> bool:
    """Whether a terminal has such a key, by its name, or such keys one after the other."""
    if len(parts := key.split()) > 1:
        return len(parts) <= LONGEST_CHORD and all(map(is_key, parts))
    name = _MODIFIERS.sub("", key, count=1)
    if len(name) == 1:
        return name.isprintable() and name not in _CHARACTERS
    if name in _NAMED or name in _CHARACTERS.values():
        return True
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return False
    return name == name.lower()


def meant_key(key: str) -> str | None:
    """The key that was meant, perhaps."""
    if " " in key:
        return None
    name = _MODIFIERS.sub("", key, count=1)
    found = nearest(name, (*_NAMED, *_CHARACTERS.values()))
    return key.removesuffix(name) + found if found else None


def _clashes(keymap: Keymap) -> Iterator[tuple[str, str]]:
    """Keys that would do two things in one place, as far as the person's own table is the reason: action and words."""
    for name, keys in keymap.items():
        mine = BY_ID[name]
        for other in ACTIONS:
            if not _meet(mine, other) or (other.id in keymap and other.id < name):  # each pair once
                continue
            usual = set(mine.keys) & set(other.keys)
            theirs = keymap.get(other.id, other.keys)
            for key in sorted(set(keys) & set(theirs) - usual):
                yield name, f"“{key}” is the key of {other.id} too ({other.words})."
            # Where a key anywhere else begins a chord of anywhere, that chord is just not to be had.
            apart = mine.context != other.context and "anywhere" in (mine.context, other.context)
            for one, another in product(keys, theirs):
                if not apart and (begins(one, another) or begins(another, one)):
                    short = min(one, another, key=len)
                    long = max(one, another, key=len)
                    yield name, f"“{long}” cannot be typed: “{short}” does something by itself ({other.id})."


def begins(key: str, chord: str) -> bool:
    """Whether a chord begins with a key, or with a shorter chord: it could never be typed to its end."""
    return len(key) < len(chord) and chord.split()[: len(key.split())] == key.split()


def _meet(one: Action, other: Action) -> bool:
    """Whether two actions can be had in one place."""
    if one.id == other.id or one.id in _SOMETIMES or other.id in _SOMETIMES:
        return False
    contexts = {one.context, other.context}
    return len(contexts) == 1 or "anywhere" in contexts or any(contexts <= together for together in _TOGETHER)
