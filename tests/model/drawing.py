"""How random helpdesks are drawn.

What the triggers never let come about is not drawn: an assignee who is a customer, a chat led by somebody who left.
What only an import or an older database brings is: notes by requesters, ratings by others, several people in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from tests.model.world import (
    CAST,
    CATEGORIES,
    CHIEF,
    DEPARTMENTS,
    FAR_OFF,
    LONG_AGO,
    OTHERS,
    PEOPLE_IDS,
    TAGS,
    WORDS,
    Article,
    Chat,
    Event,
    File,
    Message,
    Notice,
    Person,
    Rating,
    Said,
    Shelf,
    Status,
    Ticket,
    Version,
    Vote,
    World,
    at,
    made,
)

T = TypeVar("T")


class _Drawing:
    """Shorter names for what a world is drawn with."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def one(self, of: Sequence[T]) -> T:
        return self._random.choice(of)

    def maybe(self, of: Sequence[T]) -> T | None:
        """One of them, or none: as likely as any of them, but no less likely than one in four."""
        return self.one((None,) * max(1, len(of) // 3) + tuple(of)) if of else None

    def seldom(self, once_in: int = 8) -> bool:
        """True once in so many times."""
        return self.number(1, once_in) == 1

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)


def _person(draw: _Drawing, number: int) -> Person:
    identity, email = PEOPLE_IDS[number], f"person{number}@model.test"
    name = None if draw.seldom(5) else f"Person {number}"
    if number == CHIEF:
        return Person(identity, email, name, "admin", None, factors=True)
    # Enough of each, so that there is something to be kept apart.
    usual = ("customer", "agent", "agent", "customer", "agent", "admin", "", "customer", "customer", "agent")[number]
    role = draw.one(("customer", "agent", "admin")) if draw.seldom(4) else usual
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


def worlds() -> st.SearchStrategy[World]:
    """Random helpdesks. Hypothesis draws a number, and all the rest follows from it: what it drew piece by piece were
    variations of a few helpdesks, which miss what comes together seldom."""
    return st.integers(0, 2**63).map(world)


def world(seed: int) -> World:
    """The helpdesk of a number, with every kind of row in it."""
    draw = _Drawing(seed)
    people = tuple(_person(draw, number) for number in range(CAST + 1 + OTHERS))
    # Customers ask more often than the team does, and some of them again and again.
    anybody = [person.id for person in people for _ in range(3 if person.role == "customer" else 1)]
    team = [person for person in people if person.role != "customer"]
    tickets = tuple(_ticket(draw, n, anybody, team) for n in range(draw.number(4, 7)))
    rows: dict[str, Any] = {
        "seed": seed,
        "two_factors": draw.seldom(3),
        "departments": DEPARTMENTS,
        "people": people,
        "categories": CATEGORIES,
        "tickets": tickets,
        "tags": TAGS,
    }
    rows |= _threads(draw, tickets, anybody)
    rows |= _articles(draw, anybody, [person.id for person in team])
    rows |= _chats(draw, people, anybody, tickets)
    rows["notices"] = _notices(draw, anybody, tickets, rows["chats"])
    return World(**rows)


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
    for n in range(draw.number(2, 4)):
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


def _chats(
    draw: _Drawing, people: Sequence[Person], anybody: Sequence[UUID], tickets: Sequence[Ticket]
) -> dict[str, Any]:
    chats: list[Chat] = []
    said: list[Said] = []
    talking: set[UUID] = set()
    by_id = {person.id: person for person in people}
    for n in range(draw.number(3, 6)):
        customer = by_id[draw.one(anybody)]
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
    for n in range(draw.number(5, 12)):
        person = draw.one(anybody)
        ticket = draw.maybe([each.id for each in tickets])
        chat = draw.maybe([each.id for each in chats]) if ticket is None else None
        kind = "chat" if chat else draw.one(("reply", "assigned", "note"))
        one_line = (person, ticket or chat or n)
        notice = Notice(made(17, n), person, kind, f"notice{n}", ticket, chat, draw.seldom(4), at(800 + n))
        notices.setdefault(one_line, notice)
    return tuple(notices.values())
