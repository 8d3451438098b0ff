"""A TOML file as data, and the line on which each of its keys stands (the standard parser keeps none)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KeyPath = tuple[str, ...]

_PART = r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+'
_DOTTED = rf"(?:{_PART})(?:\s*\.\s*(?:{_PART}))*"
_TABLE = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=\s*(.*)")
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\s*$")


class BadToml(ValueError):
    """The file is not TOML.

    Args:
        line: the 1-based line where reading stopped.
        column: the 1-based column, or None where the parser gives none.
    """

    def __init__(self, message: str, line: int, column: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def read(path: Path) -> tuple[dict[str, Any], Mapping[KeyPath, int]]:
    """Read a TOML file.

    Returns: its data, and for each key path (tables and keys) its 1-based line.
    Raises: BadToml; OSError when the file cannot be read.
    """
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        # What `>` in Windows PowerShell writes.
        raise BadToml("the file is UTF-16; save it as UTF-8", 1, None)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadToml("the file is not UTF-8", line, None) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _placed(error, text) from error
    return data, lines_of(text)


def _placed(error: tomllib.TOMLDecodeError, text: str) -> BadToml:
    message = str(error)
    where = _WHERE.search(message)
    message = _WHERE.sub("", message)
    message = message[:1].lower() + message[1:]
    if where and where.group(1):
        return BadToml(message, int(where.group(1)), int(where.group(2)))
    return BadToml(f"{message} at the end of the file", max(1, len(text.splitlines())), None)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The 1-based line of each table and key of a TOML text that is known to be well formed."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    closing: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if closing is not None:
            if closing in line:
                closing = None
            continue
        if found := _TABLE.match(line):
            table = _parts(found.group(1))
            _note(lines, table, number)
        elif found := _ASSIGNMENT.match(line):
            _note(lines, table + _parts(found.group(1)), number)
            value = found.group(2)
            for quotes in ('"""', "'''"):
                if value.startswith(quotes) and quotes not in value[3:]:
                    closing = quotes
    return lines


def _note(lines: dict[KeyPath, int], path: KeyPath, number: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _parts(dotted: str) -> KeyPath:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_PART, dotted))


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, or of the nearest table around it (inline tables keep one line), or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1
