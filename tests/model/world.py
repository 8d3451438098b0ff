"""Random helpdesks: people, departments, tickets with everything that hangs on them, articles, chats, notifications.

Plain records, drawn by hypothesis. What the triggers never let come about is not drawn (an assignee who is a customer,
a chat led by somebody who left); what only an import or an older database brings is: notes by requesters, ratings by
others, several people in one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from hypothesis import strategies as st

T = TypeVar("T")

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
    """A helpdesk. ``two_factors``: whether they are demanded of staff."""

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
        return "\n  ".join(("World:", f"two factors: {self.two_factors}", *rows))

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


class _Drawing:
    """Shorter names for what a world is drawn with."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def one(self, of: Sequence[T]) -> T:
        found: T = self._draw(st.sampled_from(of))
        return found

    def maybe(self, of: Sequence[T]) -> T | None:
        """One of them, or none: as likely as any of them, but no less likely than one in four."""
        return self.one((None,) * max(1, len(of) // 3) + tuple(of)) if of else None

    def seldom(self, once_in: int = 8) -> bool:
        """True once in so many times; shrinks to False."""
        return self.number(0, once_in - 1) == once_in - 1

    def number(self, least: int, most: int) -> int:
        found: int = self._draw(st.integers(least, most))
        return found


def _person(draw: _Drawing, number: int) -> Person:
    identity, email = PEOPLE_IDS[number], f"person{number}@model.test"
    name = None if draw.seldom(5) else f"Person {number}"
    if number == CHIEF:
        return Person(identity, email, name, "admin", None, factors=True)
    role = draw.one(("customer", "agent", "agent", "customer", "admin", "agent"))
    department = draw.maybe([each.id for each in DEPARTMENTS[:2]] + [DEPARTMENTS[2].id])
    why = draw.number(0, 19)
    return Person(
        identity,
        email,
        name,
        role,
        department,
        factors=draw.seldom(2),
        deactivated=why == 17,
        banned=why == 18,
        deleted=why == 19,
        gone=why == 16,
    )


@st.composite
def worlds(draw_from: Any) -> World:
    """A random helpdesk, with every kind of row in it."""
    draw = _Drawing(draw_from)
    people = tuple(_person(draw, number) for number in range(CAST + 1 + OTHERS))
    anybody = [person.id for person in people]
    team = [person for person in people if person.role != "customer"]
    tickets = tuple(_ticket(draw, n, anybody, team) for n in range(draw.number(2, 7)))
    world: dict[str, Any] = {
        "two_factors": draw.seldom(3),
        "departments": DEPARTMENTS,
        "people": people,
        "categories": CATEGORIES,
        "tickets": tickets,
        "tags": TAGS,
    }
    world |= _threads(draw, tickets, anybody)
    world |= _articles(draw, anybody, [person.id for person in team])
    world |= _chats(draw, people, tickets)
    world["notices"] = _notices(draw, anybody, tickets, world["chats"])
    return World(**world)


def _ticket(draw: _Drawing, n: int, anybody: Sequence[UUID], team: Sequence[Person]) -> Ticket:
    status = draw.one(("open", "open", "pending", "resolved", "closed"))
    # Whoever is deactivated keeps only what is over.
    able = [person.id for person in team if not person.deactivated or status in ("resolved", "closed")]
    return Ticket(
        id=made(4, n),
        number=1000 + n,
        title=f"ticket{n} title",
        description=f"ticket{n} text {draw.one(WORDS)}",
        requester=draw.one(anybody),
        assignee=draw.maybe(able),
        department=draw.one(DEPARTMENTS).id,
        category=draw.maybe([CATEGORIES[0].id]),
        status=status,
        priority=draw.one(("medium", "low", "high", "urgent")),
        due=draw.one((None, LONG_AGO, FAR_OFF)),
        created=at(n),
    )


def _threads(draw: _Drawing, tickets: Sequence[Ticket], anybody: Sequence[UUID]) -> dict[str, Any]:
    """What hangs on the tickets."""
    messages: list[Message] = []
    files: list[File] = []
    history: list[Status] = []
    events: list[Event] = []
    ratings: list[Rating] = []
    tagged: list[tuple[UUID, UUID]] = []
    for ticket in tickets:
        for _ in range(draw.number(0, 3)):
            n = len(messages)
            sender = draw.one((ticket.requester, draw.one(anybody)))
            text = f"message{n} {draw.one(WORDS)}"
            messages.append(Message(made(5, n), ticket.id, sender, text, draw.seldom(2), at(100 + n)))
        own = [message.id for message in messages if message.ticket == ticket.id]
        for _ in range(draw.number(0, 2)):
            n = len(files)
            files.append(File(made(6, n), ticket.id, draw.maybe(own), f"file{n}.txt", at(200 + n)))
        for line in range(draw.number(1, 3)):
            n = len(history)
            note = f"remark{n}" if draw.seldom(4) else None
            status = ticket.status if line else "open"
            history.append(Status(made(7, n), ticket.id, status, draw.maybe(anybody), note, at(300 + n)))
        for _ in range(draw.number(0, 2)):
            n = len(events)
            kind, old, new = draw.one(
                (
                    ("title", f"old{n}", f"new{n}"),
                    ("priority", "low", "high"),
                    ("assignee", None, str(draw.one(anybody))),
                    ("department", str(DEPARTMENTS[0].id), str(DEPARTMENTS[1].id)),
                )
            )
            events.append(Event(made(8, n), ticket.id, draw.maybe(anybody), kind, old, new, at(400 + n)))
        tagged += [(ticket.id, tag.id) for tag in TAGS if draw.seldom(3)]
        if draw.seldom(3):
            by = draw.one(anybody) if draw.seldom(3) else ticket.requester
            ratings.append(Rating(made(10, len(ratings)), ticket.id, by, f"comment{len(ratings)}"))
    return {
        "messages": tuple(messages),
        "files": tuple(files),
        "history": tuple(history),
        "events": tuple(events),
        "ratings": tuple(ratings),
        "tagged": tuple(tagged),
    }


def _articles(draw: _Drawing, anybody: Sequence[UUID], team: Sequence[UUID]) -> dict[str, Any]:
    shelves: list[Shelf] = []
    for n in range(draw.number(1, 3)):
        shelves.append(Shelf(made(11, n), f"shelf{n}", draw.maybe([shelf.id for shelf in shelves])))
    articles: list[Article] = []
    versions: list[Version] = []
    votes: list[Vote] = []
    for n in range(draw.number(0, 4)):
        words = frozenset(draw.one(WORDS) for _ in range(draw.number(1, 3)))
        article = Article(
            id=made(12, n),
            title=f"No {n}",
            content=" ".join(sorted(words)),
            words=words,
            status=draw.one(("published", "draft", "archived")),
            shelf=draw.maybe([shelf.id for shelf in shelves]),
            author=draw.one(team),
            updated=at(500 + n),
        )
        articles.append(article)
        for number in (1, 2)[: draw.number(1, 2)]:
            identity = made(13, len(versions))
            versions.append(Version(identity, article.id, number, f"old{n}", f"was{n}", draw.maybe(team)))
        voters = {draw.one(anybody) for _ in range(draw.number(0, 3))}
        for voter in sorted(voters):
            votes.append(Vote(made(14, len(votes)), article.id, voter, draw.seldom(2), f"opinion{len(votes)}"))
    return {
        "shelves": tuple(shelves),
        "articles": tuple(articles),
        "versions": tuple(versions),
        "votes": tuple(votes),
    }


def _chats(draw: _Drawing, people: Sequence[Person], tickets: Sequence[Ticket]) -> dict[str, Any]:
    chats: list[Chat] = []
    said: list[Said] = []
    talking: set[UUID] = set()
    for n in range(draw.number(0, 5)):
        customer = draw.one(people)
        status = draw.one(("waiting", "active", "ended", "waiting"))
        leading = [
            person.id
            for person in people
            if person.id != customer.id
            # Whoever leaves or is shut out leads no chat any more, but it stays theirs that has ended.
            and (status == "ended" or (person.role != "customer" and not person.shut_out))
        ]
        if customer.id in talking and status != "ended":
            continue  # one at a time
        if status != "ended":
            talking.add(customer.id)
        agent = None if status == "waiting" else draw.one(leading) if status == "active" else draw.maybe(leading)
        chat = Chat(
            id=made(15, len(chats)),
            customer=customer.id,
            agent=agent,
            status=status,
            department=draw.maybe([each.id for each in DEPARTMENTS]),
            topic=f"topic{len(chats)}",
            ticket=draw.maybe([ticket.id for ticket in tickets if ticket.requester == customer.id]),
            handed_by=draw.maybe([person.id for person in people if person.role != "customer"]),
            created=at(600 + n),
        )
        chats.append(chat)
        for _ in range(draw.number(0, 3)):
            sides = (chat.customer, chat.agent or chat.handed_by or chat.customer)
            said.append(Said(made(16, len(said)), chat.id, draw.one(sides), f"said{len(said)}", at(700 + len(said))))
    return {"chats": tuple(chats), "said": tuple(said)}


def _notices(
    draw: _Drawing, anybody: Sequence[UUID], tickets: Sequence[Ticket], chats: Sequence[Chat]
) -> tuple[Notice, ...]:
    notices: dict[Any, Notice] = {}
    for n in range(draw.number(0, 10)):
        person = draw.one(anybody)
        ticket = draw.maybe([each.id for each in tickets])
        chat = draw.maybe([each.id for each in chats]) if ticket is None else None
        kind = "chat" if chat else draw.one(("reply", "assigned", "note"))
        one_line = (person, ticket or chat or n)
        notice = Notice(made(17, n), person, kind, f"notice{n}", ticket, chat, draw.seldom(4), at(800 + n))
        notices.setdefault(one_line, notice)
    return tuple(notices.values())
