"""The tree of a filter, and the filter of a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

Operator = Literal[":", "<", "<=", ">", ">="]
KEYWORDS: Final = ("or", "and")
"""What joins; as words to look for they stand in quotes."""


@dataclass(frozen=True, slots=True)
class Value:
    """A word; ``start`` and ``end`` are its place in the filter, and no part of what it says."""

    text: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """What the ticket must say, in its title or in what was written, whatever the case of the letters."""

    value: Value


@dataclass(frozen=True, slots=True)
class Term:
    """A field, an operator and what it is compared to: one of the values is enough."""

    name: Value
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of them; none: everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them is enough."""

    parts: tuple[Node, ...]


Node = Words | Term | Not | And | Or

_BARE_WORD: Final = re.compile(r"\w[\w.@%'+-]*")
_BARE_VALUE: Final = re.compile(r"[\w.@%'+#/-]+")


def quoted(text: str) -> str:
    """Text as a value of a filter: in quotation marks where it needs them."""
    return text if _BARE_VALUE.fullmatch(text) else _in_quotes(text)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printed(node: Node) -> str:
    """The filter that ``parse`` makes this tree of."""
    match node:
        case Words(Value(text)):
            bare = _BARE_WORD.fullmatch(text) is not None and text.casefold() not in KEYWORDS
            return text if bare else _in_quotes(text)
        case Term(name, operator, values):
            return f"{name.text}{operator}{','.join(quoted(value.text) for value in values)}"
        case Not(of):
            return f"-{printed(of)}" if isinstance(of, Words | Term) else f"-({printed(of)})"
        case And(parts):
            return " ".join(f"({printed(part)})" if isinstance(part, And | Or) else printed(part) for part in parts)
        case Or(parts):
            return " or ".join(f"({printed(part)})" if isinstance(part, Or) else printed(part) for part in parts)
