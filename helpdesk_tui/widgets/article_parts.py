"""An article in parts, each short enough to be parsed by itself: one begins at every heading.

A long article is laid out part by part, what is in view first, and no part is long enough to keep the parser busy for
long. The contents follow from the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.markdown.layout import MARKDOWN_LIMIT, estimate

__all__ = ["LIMIT", "Heading", "Part", "contents", "parts", "slug"]

#: What is read of one article, in characters: about a thousand pages. All of it can be copied.
LIMIT: Final = 2_000_000
#: A part without headings is torn at the next good place after so many characters.
ENOUGH: Final = MARKDOWN_LIMIT // 3

_HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_MARKS: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`~]|\\(?=[^\w\s])|(?<!\w)_+|_+(?!\w)")
_NO_SLUG: Final = re.compile(r"[^\w\- ]+")
#: A line that may go on with what stands above an empty line: of a list, of a table, of a quotation, of code.
_GOES_ON: Final = re.compile(r"[ \t>|]|[-+*]([ \t]|$)|\d{1,9}[.)]")


@dataclass(frozen=True)
class Heading:
    """A heading: its level from 1 to 6, its words as a reader sees them, the name that links call it by."""

    level: int
    words: str
    name: str


@dataclass(frozen=True)
class Part:
    """A piece of an article, in order.

    ``number`` is its place; ``text`` is Markdown, its heading included.
    """

    number: int
    text: str
    heading: Heading | None = None

    @cached_property
    def key(self) -> tuple[int, int]:
        """Changes with the text."""
        return self.number, hash(self.text)

    def about(self, width: int) -> int:
        """About how many lines it takes in so many cells, the empty one above it included."""
        return (1 if self.number else 0) + estimate(self.text, width)


def slug(words: str) -> str:
    """The name that links call a heading by, as most of the web makes it: "My Heading!" → "my-heading"."""
    return _NO_SLUG.sub("", words.casefold()).strip().replace(" ", "-")


def parts(content: str) -> list[Part]:
    """An article's text in parts; no text, no parts.

    Args:
        content: Markdown by anybody, read up to :data:`LIMIT` characters.
    """
    found: list[Part] = []
    taken: dict[str, int] = {}
    for text in _torn(content[:LIMIT]):
        if not text.strip():
            continue
        match = _HEADING.match(text.split("\n", 1)[0])
        heading = _heading(match, taken) if match else None
        found.append(Part(len(found), text, heading))
    return found


def contents(of: list[Part]) -> list[tuple[Part, Heading]]:
    """The headings that say something, each with the part it begins."""
    return [(part, part.heading) for part in of if part.heading is not None and part.heading.words]


def _heading(match: re.Match[str], taken: dict[str, int]) -> Heading:
    words = safe_line(_MARKS.sub(lambda mark: mark[1] or "", (match[2] or "")[:400]), 200)
    name = slug(words)
    number = taken.get(name, 0)
    taken[name] = number + 1
    return Heading(len(match[1]), words, f"{name}-{number}" if number else name)


def _torn(content: str) -> Iterator[str]:
    """The text before each heading, and of what is too long still, before a paragraph. Never in a code block."""
    lines: list[str] = []
    size = 0
    fence = ""
    empty = False
    for line in content.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        else:
            long = size > ENOUGH and empty and line.strip() and not _GOES_ON.match(line)
            if lines and (long or _HEADING.match(line)):
                yield "\n".join(lines)
                lines, size = [], 0
            if match := _FENCE.match(line):
                fence = match[1]
        lines.append(line)
        size += len(line) + 1
        empty = not line.strip()
    if lines:
        yield "\n".join(lines)
