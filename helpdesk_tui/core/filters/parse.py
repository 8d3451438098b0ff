"""What a person typed → words with their places → a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from helpdesk_tui.core.filters.errors import FilterError, Unfinished
from helpdesk_tui.core.filters.tree import And, Node, Not, Operator, Or, Term, Value, Words

LONGEST: Final = 2000
"""Characters that a filter may have."""
DEEPEST: Final = 30
"""How deep parentheses may stand in each other."""

FIELD: Final = re.compile(r'(?P<name>[A-Za-z_]+(?:\.[^\s():<>="|,]+)?)(?P<operator>:|=|<=|>=|<|>)')
NUMBER: Final = re.compile(r"#(?=\d)")
_STOPS: Final = "()"
_LIST: Final = "|,"
# What PostgreSQL takes in no text: the character 0, and halves of characters, which stand for bytes that are no text.
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_OPERATORS: Final[Mapping[str, Operator]] = {":": ":", "=": ":", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def parse(query: str) -> Node:
    """The tree of a filter; of an empty one an ``And`` of nothing.

    Raises:
        FilterError: a quotation mark or parenthesis without its second, nothing behind an operator or a minus, too
            long or too deep.
    """
    if len(query) > LONGEST:
        raise FilterError(f"A filter has at most {LONGEST} characters.", query, LONGEST, len(query))
    if (found := _NO_TEXT.search(query)) is not None:
        raise FilterError("This character is in no text.", query, found.start(), found.end())
    parser = _Parser(query)
    tree = parser.either(0)
    return tree if tree is not None else And(())


def chunk(query: str, at: int, *, listed: bool = False) -> tuple[Value, int]:
    """A word, or some in quotation marks, and where it ends.

    Args:
        listed: it is one of several values, and ends where a comma or ``|`` stands.

    Raises:
        Unfinished: the quotation mark is not closed.
    """
    if at < len(query) and query[at] == '"':
        text = ""
        end = at + 1
        while end < len(query) and query[end] != '"':
            end += query[end] == "\\" and query[end + 1 : end + 2] in ('"', "\\")
            text += query[end]
            end += 1
        if end >= len(query):
            raise Unfinished("This quotation mark is not closed.", query, at, at + 1, '"')
        return Value(text, at, end + 1), end + 1
    stops = _STOPS + _LIST if listed else _STOPS
    end = at
    while end < len(query) and not query[end].isspace() and query[end] not in stops:
        end += 1
    return Value(query[at:end], at, end), end


class _Parser:
    def __init__(self, query: str) -> None:
        self.query, self.at = query, 0

    def either(self, depth: int, opened: int = 0) -> Node | None:
        """What stands between ``or``, up to the end or the parenthesis that closes; None: nothing."""
        parts: list[Node] = []
        joined: Value | None = None
        while True:
            part = self.all(depth)
            keyword = self.keyword("or")
            if part is None and (joined or keyword):
                raise self.lonely(joined or keyword)
            if part is not None:
                parts.append(part)
            if keyword is None:
                break
            joined, self.at = keyword, keyword.end
        if depth == 0 and self.at < len(self.query):
            raise FilterError("This parenthesis closes none.", self.query, self.at, self.at + 1)
        if depth > 0 and self.at >= len(self.query):
            raise Unfinished("This parenthesis is not closed.", self.query, opened, opened + 1, ")")
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all(self, depth: int) -> Node | None:
        """What stands side by side; None: nothing."""
        parts: list[Node] = []
        joined: Value | None = None
        while self.skip() and self.query[self.at] != ")" and self.keyword("or") is None:
            if (keyword := self.keyword("and")) is not None:
                if not parts or joined is not None:
                    raise self.lonely(keyword)
                joined, self.at = keyword, keyword.end
                continue
            parts.append(self.one(depth))
            joined = None
        if joined is not None:
            raise self.lonely(joined)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, depth: int) -> Node:
        """A word, a field with its values, a group, or the contrary of one of these."""
        query, begin = self.query, self.at
        negated = query[begin] == "-"
        self.at += negated
        node: Node
        if self.at < len(query) and query[self.at] == "(":
            node = self.group(depth + 1)
        elif (number := NUMBER.match(query, self.at)) is not None:
            node = Term(Value("number", self.at, self.at + 1), ":", self.values(number.end(), number[0]))
        elif (head := FIELD.match(query, self.at)) is not None:
            name = Value(_lower(head["name"]), head.start("name"), head.end("name"))
            node = Term(name, _OPERATORS[head["operator"]], self.values(head.end(), head[0]))
        else:
            value, self.at = chunk(query, self.at)
            if not value.text and negated:
                raise FilterError("A minus alone excludes nothing.", query, begin, self.at, "Write -tag:vip, or -word.")
            if not value.text:
                raise FilterError("Between these quotation marks there is nothing.", query, begin, self.at)
            node = Words(value)
        return Not(node) if negated else node

    def group(self, depth: int) -> Node:
        opened = self.at
        if depth > DEEPEST:
            raise FilterError(f"Parentheses stand at most {DEEPEST} deep.", self.query, opened, opened + 1)
        self.at += 1
        node = self.either(depth, opened)
        self.at += 1
        if node is None:
            raise FilterError("Between these parentheses there is nothing.", self.query, opened, self.at)
        return node

    def values(self, at: int, head: str) -> tuple[Value, ...]:
        """One value, or several with ``|`` or a comma between them."""
        begin = at - len(head)
        values: list[Value] = []
        while True:
            value, at = chunk(self.query, at, listed=True)
            if not value.text:
                hint = "Write several values as tag:vip,late." if self.query[at : at + 1] == "(" else None
                raise FilterError(f"Behind “{head}” there is nothing.", self.query, begin, at, hint)
            values.append(value)
            if at >= len(self.query) or self.query[at] not in _LIST:
                self.at = at
                return tuple(values)
            at += 1

    def skip(self) -> bool:
        """Goes on to the next word; whether there is one."""
        while self.at < len(self.query) and self.query[self.at].isspace():
            self.at += 1
        return self.at < len(self.query)

    def keyword(self, word: str) -> Value | None:
        """The word that stands here, where it is this one and no field's name."""
        if not self.skip() or self.query[self.at] == '"' or FIELD.match(self.query, self.at):
            return None
        value, _ = chunk(self.query, self.at)
        return value if value.text.casefold() == word else None

    def lonely(self, word: Value | None) -> FilterError:
        assert word is not None
        what, hint = (
            f"“{word.text}” stands between two things.",
            f'To look for the word itself, write "{word.text}" in quotes.',
        )
        if not self.query[word.end :].strip(" )"):
            return Unfinished(what, self.query, word.start, word.end, "", hint)
        return FilterError(what, self.query, word.start, word.end, hint)


def _lower(name: str) -> str:
    """A field's name, whatever the case of its letters; the key of a custom field keeps its own."""
    first, dot, key = name.partition(".")
    return first.lower() + dot + key
