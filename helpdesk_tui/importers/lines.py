"""A stream of bytes → numbered JSON objects, one a line, gzipped or not, with whatever is wrong told by line."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NoReturn

LONGEST_LINE: Final = 32 * 1024 * 1024
"""Bytes of one line. A longer one is broken, not a reason to fill the memory."""

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file that is not blank.

    Args:
        number: 1-based, blank lines counted.
        value: the object it holds; None if it is broken.
        problem: what is wrong with it, for people; None if nothing is.
        size: its bytes, unpacked.
    """

    number: int
    value: dict[str, Any] | None
    problem: str | None
    size: int


class Unreadable(Exception):
    """The stream itself ends here: it is cut off or damaged. Lines before it have been given out.

    Args:
        number: the 1-based number of the line that could not be read.
    """

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number
        self.why = why


def unpack(stream: io.BufferedReader) -> BinaryIO:
    """The stream, unpacked if it begins as gzip does, whatever the file is called."""
    if stream.peek(2)[:2] == _GZIP:
        return io.BufferedReader(gzip.GzipFile(fileobj=stream, mode="rb"))
    return stream


def read(stream: BinaryIO, *, longest: int = LONGEST_LINE) -> Iterator[Line]:
    """Every line that is not blank, in order, one in memory at a time.

    Raises:
        Unreadable: the stream is cut off or damaged; told after the last whole line.
    """
    number = 0
    while True:
        number += 1
        try:
            data = stream.readline(longest + 1)
            size = len(data)
            if size > longest and not data.endswith(b"\n"):
                size += _skip_to_end_of_line(stream)
        except (EOFError, zlib.error, OSError) as error:
            raise Unreadable(number, _why(error)) from error
        if not data:
            return
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        if size > longest:
            yield Line(number, None, f"it is longer than {longest // (1024 * 1024)} MiB", size)
        elif data.strip():
            yield _parse(number, data, size)


def _skip_to_end_of_line(stream: BinaryIO) -> int:
    skipped = 0
    while piece := stream.readline(_PIECE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _parse(number: int, data: bytes, size: int) -> Line:
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return Line(number, None, f"it is not UTF-8 text (byte {error.start + 1})", size)
    except json.JSONDecodeError as error:
        return Line(number, None, f"it is not JSON: {error.msg.lower()}, at character {error.colno}", size)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Line(number, None, why, size)
    if isinstance(value, dict):
        return Line(number, value, None, size)
    if isinstance(value, list) and number == 1:
        return Line(number, None, "it is one JSON array; the importer wants one object on each line", size)
    return Line(number, None, "it is JSON, but not an object", size)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _why(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the compressed file ends in the middle"
    if isinstance(error, (zlib.error, gzip.BadGzipFile)):
        return "the compressed file is damaged"
    return f"the file cannot be read: {error}"
