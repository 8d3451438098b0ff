"""The filter language: ``status:open -tag:vip assignee:none updated<2d "no power"`` → a condition with parameters.

In three steps, each of which can grow by itself: words with their places (`_lex`), a tree (`parse`), SQL (`condition`).
What a person typed never becomes part of the SQL: it is looked up (`Vocabulary`) or travels as a parameter. Whatever
cannot be understood is refused with its place, so that a caret can stand under it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Department, Me, Person

Operator = Literal[":", "<", "<=", ">", ">="]


class FilterError(BadInput):
    """A filter that cannot be understood.

    Args:
        what: one sentence.
        query: the whole filter.
        start: where in it the trouble begins, in characters from 0.
        end: where it ends (the first character that is fine again).
        hint: the way out.

    The message is the sentence, the filter and a caret under the word.
    """

    def __init__(self, what: str, query: str, start: int, end: int, hint: str | None = None) -> None:
        self.what, self.query, self.start, self.end = what, query, start, max(end, start + 1)
        shown = "".join(char if char.isprintable() else " " for char in query)
        caret = " " * _cells(shown[:start]) + "^" * max(1, _cells(shown[start:end]))
        super().__init__(f"{what}\n  {shown}\n  {caret}", hint)


# -- words with their places, and the tree of them --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind an operator, or one of several; ``start`` and ``end`` are its place in the filter."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Words:
    """What the title must hold, whatever the case of its letters."""

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


Node = Words | Term | Not | And

_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)(?P<operator>:|<=|>=|<|>)")
_LIST = re.compile(r"[|,]")


def parse(query: str) -> And:
    """The tree of a filter.

    Raises:
        FilterError: a quotation mark without its second, nothing behind an operator or a minus.
    """
    parts: list[Node] = []
    at = 0
    while at < len(query):
        if query[at].isspace():
            at += 1
            continue
        begin = at
        negated = query[at] == "-"
        at += negated
        head = _FIELD.match(query, at)
        node: Node
        if head is not None:
            values, at = _values(query, head.end())
            name = Value(head["name"].lower(), head.start("name"), head.end("name"))
            if not values or any(not value.text for value in values):
                raise FilterError(f"Behind “{head[0]}” there is nothing.", query, begin, max(at, head.end()))
            node = Term(name, _operator(head["operator"]), values)
        else:
            value, at = _chunk(query, at)
            if not value.text:
                raise FilterError("A minus alone excludes nothing.", query, begin, at, "Write -tag:vip, or -word.")
            node = Words(value)
        parts.append(Not(node) if negated else node)
    return And(tuple(parts))


def _operator(text: str) -> Operator:
    operators: Mapping[str, Operator] = {":": ":", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
    return operators[text]


def _values(query: str, at: int) -> tuple[tuple[Value, ...], int]:
    """One value, or several with ``|`` or a comma between them, and where they end."""
    values: list[Value] = []
    while True:
        value, at = _chunk(query, at, until=_LIST)
        values.append(value)
        if at >= len(query) or not _LIST.match(query, at):
            return tuple(values), at
        at += 1


def _chunk(query: str, at: int, until: re.Pattern[str] | None = None) -> tuple[Value, int]:
    """A word, or some in quotation marks, and where it ends."""
    if at < len(query) and query[at] == '"':
        end = query.find('"', at + 1)
        if end < 0:
            raise FilterError("This quotation mark has no second one.", query, at, at + 1)
        return Value(query[at + 1 : end], at, end + 1), end + 1
    end = at
    while end < len(query) and not query[end].isspace() and not (until is not None and until.match(query, end)):
        end += 1
    return Value(query[at:end], at, end), end


# -- what it means ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a filter may use.

    Args:
        me: who ``@me`` is.
        staff: who can be an assignee, those who have left too.
    """

    me: Me
    staff: Sequence[Person] = ()
    departments: Sequence[Department] = ()
    categories: Sequence[Department] = ()
    tags: Sequence[Department] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on ``public.tickets t``, and its parameters, whose names begin with ``f_``."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)


def condition(query: str, names: Vocabulary, *, zone: tzinfo | None = None) -> Condition:
    """What a filter asks of a ticket.

    Args:
        query: the filter; an empty one asks nothing.
        names: what people, categories and tags are called.
        zone: where a date begins; None: where this machine is.

    Raises:
        FilterError: it cannot be understood, or names what is not there.
    """
    compiler = _Compiler(query, names, zone)
    return Condition(compiler.node(parse(query)), compiler.params)


class _Compiler:
    def __init__(self, query: str, names: Vocabulary, zone: tzinfo | None) -> None:
        self.query, self.names, self.zone = query, names, zone
        self.params: dict[str, Any] = {}

    def param(self, value: object) -> str:
        name = f"f_{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def node(self, node: Node) -> str:
        if isinstance(node, And):
            return " and ".join(self.node(part) for part in node.parts) or "true"
        if isinstance(node, Not):
            # Of what is nowhere, such as the assignee of an unassigned ticket, the contrary holds too.
            return f"not coalesce(({self.node(node.of)}), false)"
        if isinstance(node, Words):
            pattern = re.sub(r"([%_\\])", r"\\\1", node.value.text)
            return f"t.title ilike {self.param(f'%{pattern}%')}"
        known = _FIELDS.get(node.name.text)
        if known is None:
            raise self.error(
                f"There is no field “{node.name.text}”.",
                node.name,
                _near(node.name.text, _FIELDS)
                or f"The fields are {', '.join(_FIELDS)}; for words write them in quotes.",
            )
        operators, compile_field = known
        if node.operator not in operators:
            one, other = node.name.text, "<, <=, > or >=" if ":" not in operators else ":"
            raise self.error(f"“{one}” takes {other}, not “{node.operator}”.", node.name)
        if node.operator != ":" and len(node.values) > 1:
            raise self.error("Only one value can be compared to.", node.values[1])
        return compile_field(self, node)

    def error(self, what: str, value: Value, hint: str | None = None) -> FilterError:
        return FilterError(what, self.query, value.start, value.end, hint)

    def one_of(self, value: Value, words: Sequence[str], what: str) -> int:
        """Which of the words it is, from 0."""
        wanted = value.text.casefold()
        if wanted in words:
            return words.index(wanted)
        raise self.error(
            f"There is no {what} “{value.text}”.", value, _near(wanted, words) or f"There is {', '.join(words)}."
        )

    def ids(self, values: Sequence[Value], known: Iterable[tuple[UUID, str]], what: str) -> list[UUID]:
        """The ids of names, whatever the case of their letters."""
        by_name: dict[str, set[UUID]] = {}
        spelled: dict[str, str] = {}
        for identity, name in known:
            by_name.setdefault(name.casefold(), set()).add(identity)
            spelled[name.casefold()] = name
        found: list[UUID] = []
        for value in values:
            fits = by_name.get(value.text.casefold(), set())
            if not fits:
                near = difflib.get_close_matches(value.text.casefold(), by_name, n=1)
                hint = f"Did you mean “{spelled[near[0]]}”?" if near else None
                raise self.error(f"There is no {what} “{value.text}”.", value, hint)
            found += sorted(fits)
        return found

    def named(self, node: Term, column: str, known: Iterable[tuple[UUID, str]], what: str) -> str:
        """A column that holds one of several ids, or nothing at all."""
        none = [value for value in node.values if value.text.casefold() == "none"]
        some = [value for value in node.values if value not in none]
        either = [f"{column} is null"] if none else []
        if some:
            either.append(f"{column} = any({self.param(self.ids(some, known, what))}::uuid[])")
        return f"({' or '.join(either)})"


def _status(compiler: _Compiler, node: Term) -> str:
    # The ranks are shadows of the enum, which no index serves under row level security.
    ranks = [compiler.one_of(value, STATUSES, "status") + 1 for value in node.values]
    return f"t.status_rank = any({compiler.param(ranks)}::smallint[])"


def _priority(compiler: _Compiler, node: Term) -> str:
    ranks = [compiler.one_of(value, PRIORITIES, "priority") + 1 for value in node.values]
    if node.operator == ":":
        return f"t.priority_rank = any({compiler.param(ranks)}::smallint[])"
    return f"t.priority_rank {node.operator} {compiler.param(ranks[0])}::smallint"


def _assignee(compiler: _Compiler, node: Term) -> str:
    names = compiler.names
    known = [(names.me.id, "@me"), (names.me.id, "me")]
    for person in names.staff:
        known += [(person.id, person.name), (person.id, str(person.id))]
        known += [(person.id, person.email)] if person.email else []
    return compiler.named(node, "t.assignee_id", known, "agent or admin")


def _category(compiler: _Compiler, node: Term) -> str:
    return compiler.named(
        node, "t.category_id", ((each.id, each.name) for each in compiler.names.categories), "category"
    )


def _department(compiler: _Compiler, node: Term) -> str:
    known = ((each.id, each.name) for each in compiler.names.departments)
    return compiler.named(node, "t.department_id", known, "department")


def _tag(compiler: _Compiler, node: Term) -> str:
    some = [value for value in node.values if value.text.casefold() != "none"]
    either = []
    if len(some) < len(node.values):
        either.append("not exists (select from public.ticket_tag_relations r where r.ticket_id = t.id)")
    if some:
        ids = compiler.ids(some, ((each.id, each.name) for each in compiler.names.tags), "tag")
        either.append(
            "t.id in (select r.ticket_id from public.ticket_tag_relations r"  # noqa: S608  (ids travel as a parameter)
            f" where r.tag_id = any({compiler.param(ids)}::uuid[]))"
        )
    return f"({' or '.join(either)})"


_AGE = re.compile(r"(\d{1,5})(min|h|d|w|mo|y)")
_SPANS: Final[Mapping[str, timedelta]] = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_OPPOSITE: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _time(column: str) -> Callable[[_Compiler, Term], str]:
    """``updated<2d``: less than two days ago. ``created>2026-01-31``: after that day."""

    def compile_time(compiler: _Compiler, node: Term) -> str:
        (value,) = node.values
        if (age := _AGE.fullmatch(value.text.lower())) is not None:
            span = int(age[1]) * _SPANS[age[2]]
            return f"t.{column} {_OPPOSITE[node.operator]} now() - {compiler.param(span)}::interval"
        try:
            day = date.fromisoformat(value.text)
            # The whole day: what is after it begins with the next, and what is up to it ends there.
            day += timedelta(days=node.operator in (">", "<="))
            midnight = datetime(day.year, day.month, day.day, tzinfo=compiler.zone)
        except (ValueError, OverflowError):
            raise compiler.error(
                f"“{value.text}” is neither an age nor a date.",
                value,
                "An age is 30min, 12h, 2d, 3w, 6mo or 1y; a date 2026-01-31.",
            ) from None
        begins = midnight if compiler.zone is not None else midnight.astimezone()
        return f"t.{column} {'>=' if '>' in node.operator else '<'} {compiler.param(begins)}::timestamptz"

    return compile_time


_EQUAL: Final[tuple[Operator, ...]] = (":",)
_COMPARED: Final[tuple[Operator, ...]] = ("<", "<=", ">", ">=")
_FIELDS: Final[Mapping[str, tuple[tuple[Operator, ...], Callable[[_Compiler, Term], str]]]] = {
    "status": (_EQUAL, _status),
    "priority": (_EQUAL + _COMPARED, _priority),
    "assignee": (_EQUAL, _assignee),
    "department": (_EQUAL, _department),
    "category": (_EQUAL, _category),
    "tag": (_EQUAL, _tag),
    "updated": (_COMPARED, _time("updated_at")),
    "created": (_COMPARED, _time("created_at")),
}
FIELDS: Final[tuple[str, ...]] = tuple(_FIELDS)
"""What can be asked for, by name."""


def _near(word: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean “{near[0]}”?" if near else None


def _cells(text: str) -> int:
    """How many cells a terminal takes for it, nearly."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
