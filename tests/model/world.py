"""A helpdesk as plain records: people, departments, tickets with everything that hangs on them, articles, chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

CAST: Final = 6
"""So many people are drawn anew in each world and are signed in; besides them the chief, who is always an admin."""
CHIEF: Final = CAST
OTHERS: Final = 3
"""So many have an account and are never signed in."""
WORDS: Final = ("anchor", "brick", "copper", "dragon", "ember", "falcon")
"""What articles and requests are made of: each is its own stem, no small word, and far from every other."""
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
FAR_OFF: Final = datetime(2120, 1, 1, tzinfo=UTC)


def made(kind: int, number: int) -> UUID:
    """An id that tells what it is of."""
    return UUID(int=(kind << 64) + number + 1)


def at(number: int) -> datetime:
    """A moment of its own."""
    return LONG_AGO + timedelta(minutes=number + 1)


@dataclass(frozen=True)
class Department:
    id: UUID
    name: str


@dataclass(frozen=True)
class Person:
    """An account with its profile. ``factors``: they signed in with a second one; ``gone``: their session is over."""

    id: UUID
    email: str
    name: str | None
    role: str
    department: UUID | None
    factors: bool = False
    deactivated: bool = False
    banned: bool = False
    deleted: bool = False
    gone: bool = False

    @property
    def shut_out(self) -> bool:
        return self.deactivated or self.banned or self.deleted

    @property
    def signed_in(self) -> bool:
        return self.id in PEOPLE_IDS[: CAST + 1]

    @property
    def preferences(self) -> dict[str, str]:
        return {"of": self.email}


@dataclass(frozen=True)
class Ticket:
    id: UUID
    number: int
    title: str
    description: str
    requester: UUID
    assignee: UUID | None
    department: UUID
    category: UUID | None
    status: str
    priority: str
    due: datetime | None
    created: datetime

    @property
    def is_open(self) -> bool:
        return self.status in ("open", "pending")


def pairs(tickets: Sequence[Ticket]) -> list[tuple[UUID, Ticket, Ticket]]:
    """Each ticket and the next, and an id for what they are to each other: linked; and merged, the one into the other,
    where both are of one requester."""
    return [(made(99, n), one, other) for n, (one, other) in enumerate(pairwise(tickets))]


@dataclass(frozen=True)
class Kept:
    """What somebody saved under a name, for themselves (``me``), a department or the ``team``: a view, and a macro
    of the same id. Of a department that is gone there is a view still, and no macro."""

    id: UUID
    owner: UUID
    audience: str
    department: UUID | None
    name: str


def kept(people: Sequence[Person]) -> list[Kept]:
    """Everybody has some, whatever they are by now: one of each kind, and one for a department that is gone."""
    found: list[Kept] = []
    for n, person in enumerate(people):
        shared = DEPARTMENTS[n % len(DEPARTMENTS)].id
        for audience, department in (("me", None), ("department", shared), ("department", None), ("team", None)):
            number = len(found)
            found.append(Kept(made(98, number), person.id, audience, department, f"kept{number}"))
    return found


@dataclass(frozen=True)
class Message:
    id: UUID
    ticket: UUID
    sender: UUID
    content: str
    internal: bool
    created: datetime


@dataclass(frozen=True)
class File:
    """``message`` is None where it came with the request itself."""

    id: UUID
    ticket: UUID
    message: UUID | None
    name: str
    created: datetime


@dataclass(frozen=True)
class Status:
    """A line of the history of a ticket's status."""

    id: UUID
    ticket: UUID
    status: str
    by: UUID | None
    note: str | None
    created: datetime


@dataclass(frozen=True)
class Event:
    """Another change of a ticket."""

    id: UUID
    ticket: UUID
    by: UUID | None
    kind: str
    old: str | None
    new: str | None
    created: datetime


@dataclass(frozen=True)
class Tag:
    id: UUID
    name: str


@dataclass(frozen=True)
class Rating:
    id: UUID
    ticket: UUID
    by: UUID
    comment: str


@dataclass(frozen=True)
class Shelf:
    """A category of articles."""

    id: UUID
    name: str
    parent: UUID | None


@dataclass(frozen=True)
class Article:
    id: UUID
    title: str
    content: str
    words: frozenset[str]
    status: str
    shelf: UUID | None
    author: UUID
    updated: datetime


@dataclass(frozen=True)
class Version:
    id: UUID
    article: UUID
    number: int
    title: str
    content: str
    by: UUID | None


@dataclass(frozen=True)
class Vote:
    id: UUID
    article: UUID
    by: UUID
    helpful: bool
    comment: str


@dataclass(frozen=True)
class Chat:
    """``handed_by``: who gave it further last."""

    id: UUID
    customer: UUID
    agent: UUID | None
    status: str
    department: UUID | None
    topic: str
    ticket: UUID | None
    handed_by: UUID | None
    created: datetime


@dataclass(frozen=True)
class Said:
    """A message of a chat."""

    id: UUID
    chat: UUID
    sender: UUID
    content: str
    created: datetime


@dataclass(frozen=True)
class Notice:
    id: UUID
    person: UUID
    kind: str
    title: str
    ticket: UUID | None
    chat: UUID | None
    read: bool
    updated: datetime


@dataclass(frozen=True, repr=False)
class World:
    """A helpdesk. ``seed``: what it was drawn from; ``two_factors``: whether they are demanded of staff."""

    seed: int
    two_factors: bool
    departments: tuple[Department, ...]
    people: tuple[Person, ...]
    categories: tuple[Department, ...]
    tickets: tuple[Ticket, ...] = ()
    messages: tuple[Message, ...] = ()
    files: tuple[File, ...] = ()
    history: tuple[Status, ...] = ()
    events: tuple[Event, ...] = ()
    tags: tuple[Tag, ...] = ()
    tagged: tuple[tuple[UUID, UUID], ...] = ()
    ratings: tuple[Rating, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    articles: tuple[Article, ...] = ()
    versions: tuple[Version, ...] = ()
    votes: tuple[Vote, ...] = ()
    chats: tuple[Chat, ...] = ()
    said: tuple[Said, ...] = ()
    notices: tuple[Notice, ...] = ()
    by_id: dict[UUID, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for rows in (self.departments, self.people, self.categories, self.tickets, self.messages, self.chats):
            self.by_id.update({row.id: row for row in rows})

    def __repr__(self) -> str:
        rows = [row for each in fields(self) if each.name != "by_id" for row in _rows(getattr(self, each.name))]
        return "\n  ".join((f"World {self.seed}:", f"two factors: {self.two_factors}", *rows))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis prints of one that failed."""
        printer.text(repr(self))

    def person(self, identity: UUID) -> Person:
        """By id."""
        found = self.by_id[identity]
        assert isinstance(found, Person)
        return found


def _rows(value: Any) -> list[str]:
    return [repr(row) for row in value] if isinstance(value, tuple) else []


PEOPLE_IDS: Final = tuple(made(1, number) for number in range(CAST + 1 + OTHERS))
DEPARTMENTS: Final = tuple(Department(made(2, n), name) for n, name in enumerate(("Support", "Billing", "Shipping")))
"""Support is the default one."""
CATEGORIES: Final = (Department(made(3, 0), "Printers"),)
TAGS: Final = tuple(Tag(made(9, n), f"tag{n}") for n in range(2))
