"""What could stand where the caret is: fields, operators, values, as one types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from helpdesk_tui.core.filters.errors import FilterError
from helpdesk_tui.core.filters.fields import field_of, known, values_of
from helpdesk_tui.core.filters.names import Vocabulary
from helpdesk_tui.core.filters.parse import FIELD, NUMBER, chunk
from helpdesk_tui.core.filters.tree import quoted

Kind = Literal["field", "value", "word"]
SHOWN: Final = 8
_BY_VALUE: Final = ("status", "priority", "tag", "department", "category", "assignee", "is")
"""Fields whose values are offered also to whoever types one without its field."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to put in.

    Args:
        text: what stands there then, instead of what lies between ``start`` and ``end``.
        kind: a field with its operator, a value (with its field, where none was typed), or a word such as ``or``.
        about: some words on it.
    """

    text: str
    start: int
    end: int
    kind: Kind
    about: str

    def applied(self, query: str) -> tuple[str, int]:
        """The filter with it, and where the caret stands then: behind it."""
        return query[: self.start] + self.text + query[self.end :], self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caret stands.

    Args:
        start: where the word begins that would be replaced.
        end: where it ends.
        typed: what of it stands before the caret.
        field: whose value it is; None: of none, so it may become a field.
        operator: the field's operator.
    """

    start: int
    end: int
    typed: str
    field: str | None = None
    operator: str = ":"


def complete(query: str, caret: int, names: Vocabulary, *, most: int = SHOWN) -> list[Suggestion]:
    """What could stand at the caret, the best first.

    Args:
        query: as far as it was typed; it need not be understandable.
        caret: characters before the caret.
        names: what can be named.
        most: how many at most.
    """
    place = place_of(query, caret)
    offers = _values(place, names) if place.field is not None else _beginnings(place, names)
    found: dict[str, tuple[int, Suggestion]] = {}
    for text, kind, about, rank in offers:
        if rank is not None and text != query[place.start : place.end]:
            suggestion = Suggestion(text, place.start, place.end, kind, about)
            if text not in found or rank < found[text][0]:
                found[text] = (rank, suggestion)
    # Sorting keeps the order in which they were offered where they fit equally well.
    return [suggestion for _, suggestion in sorted(found.values(), key=lambda each: each[0])][:most]


def place_of(query: str, caret: int) -> Place:
    """Where a caret stands: in which word, of which field."""
    at, caret = 0, min(max(caret, 0), len(query))
    while True:
        while at < caret and (query[at].isspace() or query[at] in "()"):
            at += 1
        begin = at
        at += at < caret and query[at] == "-"
        head = FIELD.match(query, at)
        number = NUMBER.match(query, at)
        if head is not None and head.end() <= caret:
            at = head.end()
            while True:
                end = _end(query, at, listed=True)
                if caret <= end:
                    return Place(at, end, query[at:caret].lstrip('"'), head["name"].lower(), head["operator"])
                if query[end] not in ",|":
                    break
                at = end + 1
            at = end
        else:
            end = _end(query, at)
            if caret <= end or end == begin:
                return Place(at, max(end, at), query[at:caret], "number" if number else None)
            at = end


def _end(query: str, at: int, *, listed: bool = False) -> int:
    try:
        return chunk(query, at, listed=listed)[1]
    except FilterError:
        # Quotation marks that are not closed yet.
        return len(query)


def fits(typed: str, candidate: str) -> int | None:
    """How well a candidate fits what was typed: 0 best; None not at all. Letters may be left out."""
    wanted, there = typed.casefold(), candidate.casefold()
    if there.startswith(wanted):
        return 0 if wanted else 1
    at = there.find(wanted)
    if at > 0:
        return 2 if not there[at - 1].isalnum() else 4
    at = -1
    for letter in wanted:
        at = there.find(letter, at + 1)
        if at < 0:
            return None
    return 6


Offer = tuple[str, Kind, str, int | None]


def _values(place: Place, names: Vocabulary) -> Iterator[Offer]:
    """What can stand behind a field."""
    assert place.field is not None
    there = values_of(place.field, names)
    for value, about in there:
        # Whoever is named by an address is found by name, too.
        ranks = [rank for rank in (fits(place.typed, value), _by_name(place, about)) if rank is not None]
        yield quoted(value), "value", about, min(ranks, default=None)
    if place.typed.isdigit() and any(value[0].isdigit() for value, _ in there):
        for unit, about in (("h", "hours"), ("d", "days"), ("w", "weeks"), ("min", "minutes"), ("mo", "months")):
            yield place.typed + unit, "value", about, 3


def _by_name(place: Place, about: str) -> int | None:
    rank = fits(place.typed, about) if place.field == "assignee" and place.typed else None
    return rank + 1 if rank is not None else None


def _beginnings(place: Place, names: Vocabulary) -> Iterator[Offer]:
    """Fields with an operator, values with their field, and what joins."""
    for name in known(names):
        field = field_of(name, names)
        assert field is not None
        rank = fits(place.typed, name)
        for operator in field.offered:
            yield name + operator, "field", field.about, rank
    if not place.typed or place.typed.startswith('"'):
        return
    for name in _BY_VALUE:
        if (field := field_of(name, names)) is not None:
            for value, about in values_of(name, names):
                rank = fits(place.typed, value)
                if value != "none" and rank is not None and rank < 6:
                    yield f"{name}:{quoted(value)}", "value", about, rank + 1
    if place.start > 0:
        yield "or", "word", "one of the two", fits(place.typed, "or")
