"""What a person has to see by each path, by the rules alone. The paths' names are those of ``paths.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from tests.db.saying import says
from tests.model import rules
from tests.model import world as drawn
from tests.model.loading import CONTENT
from tests.model.paths import SEARCHES, SOME, THROUGH_GATEWAY, Seen, names, texts
from tests.model.rules import Viewer
from tests.model.world import LONG_AGO, TAGS, Article, Chat, Message, Notice, Status, Ticket, World, kept

T = TypeVar("T")


def everything(who: Viewer) -> Seen:
    """All of it."""
    world = who.world
    seen = tables(who)
    seen["count(*)"] = {name.removeprefix("table "): len(rows) for name, rows in seen.items()}
    seen |= of_tickets(who)
    seen |= of_articles(who)
    seen |= of_chats(who)
    seen["names()"] = {
        (p.id, rules.called(p, address=who.staff or p.id == who.person)) for p in world.people if rules.named(who, p)
    }
    seen["requesters()"] = {p.id for p in world.people if rules.requester(who, p)}
    seen["known_people()"] = {p.id for p in world.people if rules.known(who, p)}
    seen["staff"] = {p.id for p in world.people if p.role != "customer" and not p.deactivated and rules.profile(who, p)}
    seen["departments"] = {d.id for d in world.departments} if rules.departments(who) else set()
    seen["for admins"] = {"yes" if who.role == "admin" else "HD003"}
    seen["sessions()"] = [rules.sessions(who, p) for p in world.people[:SOME]]
    seen["preferences()"] = rules.preferences(who)
    # The column is nobody's to select, since a profile is seen by others than whose it is.
    seen["preferences"] = "42501"
    seen |= of_the_day(who)
    own = [p for p in world.people if p.id == who.person]
    seen["me()"] = {(p.id, who.role, p.department) for p in own}
    return seen


def of_the_day(who: Viewer) -> Seen:
    """What people save, write and say of themselves."""
    world = who.world
    rows = kept(world.people)
    return {
        "views()": {
            (k.id, k.name, "is:open", rules.author(who, k), k.owner == who.person, rules.changes(who, k))
            for k in rows
            if rules.view(who, k)
        },
        "macros()": {
            (k.id, k.name, "x", rules.author(who, k), rules.changes(who, k)) for k in rows if rules.macro(who, k)
        },
        "drafts()": {p.email for p in world.people if rules.draft(who, p.id)},
        "away()": {(p.id, p.email) for p in world.people if rules.away(who, p)},
    }


def through_gateway(who: Viewer) -> Seen:
    """A login that is believed about whom it asks for is told the same as they are."""
    return {f"gateway {table}": tables(who)[f"table {table}"] for table in THROUGH_GATEWAY}


def _if(condition: bool, rows: Iterable[T]) -> set[T]:
    return set(rows) if condition else set()


def tables(who: Viewer) -> Seen:
    """The rows of each table."""
    world, mine = who.world, who
    return {
        "table departments": _if(rules.departments(mine), ((d.id, d.name) for d in world.departments)),
        "table profiles": {(p.id, p.email) for p in world.people if rules.profile(mine, p)},
        "table categories": _if(rules.departments(mine), ((c.id, c.name) for c in world.categories)),
        "table tickets": {(t.id, t.title, t.description) for t in world.tickets if rules.sight(mine, t)},
        "table ticket_messages": {(m.id, m.content) for m in world.messages if rules.message(mine, m)},
        "table ticket_attachments": {(f.id, f.name, CONTENT) for f in world.files if rules.file(mine, f)},
        "table ticket_status_history": {(h.id, h.note) for h in world.history if rules.status(mine, h)},
        "table ticket_events": {(e.id, e.old, e.new) for e in world.events if rules.event(mine, e)},
        "table ticket_tags": _if(rules.tags(mine), ((t.id, t.name) for t in world.tags)),
        "table ticket_tag_relations": {(t, tag) for t, tag in world.tagged if rules.tagged(mine, t)},
        "table kb_categories": {(s.id, s.name) for s in world.shelves if rules.shelf(mine, s)},
        "table kb_articles": {(a.id, a.title, a.content) for a in world.articles if rules.article(mine, a)},
        "table kb_article_versions": _if(rules.versions(mine), ((v.id, v.content) for v in world.versions)),
        "table ticket_feedback": {(r.id, r.comment) for r in world.ratings if rules.rating(mine, r)},
        "table kb_article_feedback": {(v.id, v.comment) for v in world.votes if rules.vote(mine, v)},
        "table chat_sessions": {(c.id, c.topic) for c in world.chats if rules.chat(mine, c)},
        "table chat_messages": {(s.id, s.content) for s in world.said if rules.said(mine, s.chat)},
        "table notifications": {(n.id, n.title) for n in world.notices if rules.notice(mine, n)},
    }


# -- tickets ----------------------------------------------------------------------------------------------------------


def requester(who: Viewer, ticket: Ticket) -> str:
    """What the requester is called towards somebody: staff are told the address where there is no name."""
    person = who.world.person(ticket.requester)
    return rules.called(person, address=who.staff or person.id == who.person)


def _named(who: Viewer, identity: UUID | None, *, address: bool) -> str | None:
    return None if identity is None else rules.called(who.world.person(identity), address=address)


def _tags(who: Viewer, ticket: Ticket) -> tuple[str, ...]:
    called = {tag.id: tag.name for tag in TAGS}
    return tuple(sorted(called[tag] for t, tag in who.world.tagged if t == ticket.id and rules.tagged(who, t)))


def _or_none(ids: list[UUID]) -> Sequence[UUID | None]:
    """As an outer join has it."""
    return ids or [None]


def thread_of(who: Viewer, ticket: Ticket) -> list[Message]:
    """The messages that somebody sees, oldest first."""
    found = [m for m in who.world.messages if m.ticket == ticket.id and rules.message(who, m)]
    return sorted(found, key=lambda m: m.created)


def of_tickets(who: Viewer) -> Seen:
    """By the functions and pages that tell of tickets."""
    world = who.world
    shown = [t for t in world.tickets if rules.sight(who, t)]
    messages = {t.id: thread_of(who, t) for t in shown}
    files = {t.id: [f for f in world.files if f.ticket == t.id and rules.file(who, f)] for t in shown}
    histories = {t.id: history(who, t) for t in shown}
    seen: Seen = {
        "ticket()": {
            (t.id, t.title, requester(who, t), _named(who, t.assignee, address=who.staff), t.description) for t in shown
        },
        "ticket() tags": {(t.id, tag) for t in shown for tag in _tags(who, t)},
        "tickets_saying()": {
            (text, t.id)
            for t in shown
            for text in texts(world)
            if any(says(s, text) for s in (f"{t.title} {t.description}", *(m.content for m in messages[t.id])))
            or text.lower() in t.title
        },
        **_related(who, shown),
        "messages()": [
            (t.id, m.id, _named(who, m.sender, address=rules.sight(who, t) == "team"), m.content)
            for t in shown
            for m in messages[t.id]
        ],
        "attachments()": [(t.id, f.id, f.name) for t in shown for f in files[t.id]],
        "history()": [(t.id, *line) for t in shown for line in histories[t.id]],
        "notices()": notices(who),
        "badges()": badges(who),
        "a column without the rest": {t.number for t in shown},
        "joined": {
            (m.id, f)
            for t in shown
            for m in messages[t.id]
            for f in _or_none([f.id for f in files[t.id] if f.message == m.id])
        },
        "copy": {m.content for t in shown for m in messages[t.id]},
        "by number and id": {
            (name, t.title) for name, t in zip(names(world.tickets), world.tickets, strict=True) if t in shown
        },
        "tickets show --json": {
            (
                str(t.id),
                t.title,
                t.description,
                _tags(who, t),
                tuple(str(m.id) for m in messages[t.id]),
                tuple(str(line[0]) for line in histories[t.id]),
                tuple(str(f.id) for f in files[t.id]),
            )
            for t in shown
        },
    }
    if who.role is not None:
        seen |= queues(who)
    return seen


def _related(who: Viewer, shown: list[Ticket]) -> Seen:
    """Custom fields, links, and what was merged into what."""
    pairs = drawn.pairs(who.world.tickets)
    merged = [(one, other) for _, one, other in pairs if one.requester == other.requester]
    ends = [(t, o) for _, one, other in pairs for t, o in ((one, other), (other, one)) if rules.linked(who, t, o)]
    team = {t.id for t in shown if rules.sight(who, t) == "team"}
    into = {one.id: other for one, other in merged if rules.sight(who, other)}
    return {
        "ticket() fields": {(t.id, str(t.number) if t.id in team else None) for t in shown},
        "with_field()": team,
        # Everybody follows everything.
        "followed()": team,
        "ticket() links": {(t.id, o.number) for t, o in ends},
        "ticket() merged into": {
            (t.id, *((str(into[t.id].id), str(into[t.id].number)) if t.id in into else (None, None))) for t in shown
        },
        "ticket() merged": {(other.id, one.number) for one, other in merged if rules.linked(who, one, other)},
    }


def history(who: Viewer, ticket: Ticket) -> list[tuple[Any, ...]]:
    """(id, who, what, before, after), oldest first; the first that somebody sees is the beginning."""
    team = rules.sight(who, ticket) == "team"
    departments = {str(d.id): d.name for d in who.world.departments}
    lines: list[tuple[Any, ...]] = []
    before: Status | None = None
    for row in sorted(who.world.history, key=lambda h: h.created):
        if row.ticket == ticket.id and rules.status(who, row):
            kind = "status" if before else "created"
            lines.append((row.id, _named(who, row.by, address=team), kind, before and before.status, row.status))
            before = row
    for event in sorted(who.world.events, key=lambda e: e.created):
        if event.ticket == ticket.id and rules.event(who, event):
            told = [
                value
                if value is None or event.kind not in ("assignee", "department")
                else departments.get(value) or _named(who, UUID(value), address=True)
                for value in (event.old, event.new)
            ]
            lines.append((event.id, _named(who, event.by, address=team), event.kind, *told))
    # The other ticket is named where it is theirs to see, too.
    for same, one, other in drawn.pairs(who.world.tickets):
        if team and one.requester == other.requester and ticket in (one, other):
            there = other if ticket == one else one
            number = f"#{there.number}" if rules.sight(who, there) == "team" else None
            lines.append((same, None, "merged" if ticket == one else "merged in", None, number))
    return lines


def queues(who: Viewer) -> Seen:
    """The queues: for a customer their requests, for the team what they work on."""
    tickets = who.world.tickets
    views: dict[str, Callable[[Ticket], bool]]
    if who.role == "customer":
        mine = [t for t in tickets if t.requester == who.person]
        views = {"open": lambda t: t.is_open, "closed": lambda t: not t.is_open}
    else:
        mine = [t for t in tickets if rules.works_on(who, t)]
        here = (lambda t: True) if who.role == "admin" else (lambda t: t.department == who.department)
        views = {
            "mine": lambda t: t.is_open and t.assignee == who.person,
            "unassigned": lambda t: t.is_open and t.assignee is None and here(t),
            "department": lambda t: t.is_open and t.department == who.department,
            "open": lambda t: t.is_open,
            "waiting": lambda t: t.status == "pending",
            "overdue": lambda t: t.is_open and t.due == LONG_AGO,
            # Nothing sleeps in these worlds.
            **dict.fromkeys(("snoozed", "breached", "soon"), lambda _: False),
            "closed": lambda t: not t.is_open,
        }
        if who.department is None:
            del views["department"]
    seen: Seen = {}
    for name, holds in views.items():
        rows = [t for t in mine if holds(t)]
        seen[f"queue {name}"] = {
            (t.id, t.title, requester(who, t), _named(who, t.assignee, address=who.staff), _tags(who, t)) for t in rows
        }
        seen[f"queue {name} again"] = {t.id for t in rows}
    seen["counts()"] = {name: len(seen[f"queue {name}"]) for name in views}
    return seen


# -- notifications ----------------------------------------------------------------------------------------------------


def _shown(who: Viewer) -> list[Notice]:
    found = [n for n in who.world.notices if rules.notice(who, n)]
    return sorted(found, key=lambda n: n.updated, reverse=True)


def notices(who: Viewer) -> list[tuple[Any, ...]]:
    """(id, title, the newest words that somebody else wrote and they may read, number)."""
    lines = []
    for notice in _shown(who):
        ticket = who.world.by_id.get(notice.ticket) if notice.ticket else None
        words: list[str] = []
        if isinstance(ticket, Ticket) and notice.kind in ("reply", "note", "mention"):
            words = [m.content for m in thread_of(who, ticket) if m.sender != who.person]
        elif notice.chat:
            words = [s.content for s in who.world.said if s.chat == notice.chat and s.sender != who.person]
        title, number = (ticket.title, ticket.number) if isinstance(ticket, Ticket) else (notice.title, None)
        lines.append((notice.id, title, words[-1] if words else None, number))
    return lines


def badges(who: Viewer) -> list[tuple[Any, ...]]:
    """(unread, waiting, tickets, chats)."""
    if who.person is None:
        return []
    unread = [n for n in _shown(who) if not n.read]
    waiting = [
        c for c in who.world.chats if c.status == "waiting" and c.customer != who.person and rules.works_chat(who, c)
    ]
    return [
        (
            len(unread),
            len(waiting),
            frozenset(n.ticket for n in unread if n.ticket),
            frozenset(n.chat for n in unread if n.chat),
        )
    ]


# -- articles ---------------------------------------------------------------------------------------------------------


def of_articles(who: Viewer) -> Seen:
    """By the functions that tell of articles."""
    world = who.world
    shown = [a for a in world.articles if rules.article(who, a)]
    shelves = [s for s in world.shelves if rules.shelf(who, s)]
    listed = [a for a in shown if a.status != "archived"]
    seen: Seen = {
        "article()": {
            (
                a.id,
                a.title,
                a.content,
                _named(who, a.author, address=who.staff),
                sum(v.helpful for v in world.votes if v.article == a.id),
                sum(not v.helpful for v in world.votes if v.article == a.id),
                next((v.helpful for v in world.votes if v.article == a.id and v.by == who.person), None),
            )
            for a in shown
        },
        "article_versions()": {
            (v.article, v.id, v.title, v.content, _named(who, v.by, address=True))
            for v in world.versions
            if rules.versions(who)
        },
        "article_categories()": {(s.id, s.name, sum(a.shelf == s.id for a in listed)) for s in shelves},
        "articles(None)": {(a.id, _named(who, a.author, address=who.staff)) for a in listed},
        "suggest_articles()": suggested(who),
    }
    for status in ("published", "draft", "archived"):
        seen[f"articles({status})"] = {
            (a.id, _named(who, a.author, address=who.staff)) for a in shown if a.status == status
        }
    for search, only in SEARCHES.items():
        found = [a for a in shown if a.words & set(search.split()) and (_published(a) or not only)]
        seen[f"search {search}"] = {a.id for a in found}
    return seen


def suggested(who: Viewer) -> set[tuple[UUID, UUID]]:
    """What is published and has a word of what the requester wrote last."""
    found: set[tuple[UUID, UUID]] = set()
    for ticket in who.world.tickets[:SOME]:
        if rules.sight(who, ticket) is None:
            continue
        own = [m for m in who.world.messages if m.ticket == ticket.id and m.sender == ticket.requester]
        texts = [m.content for m in own if not m.internal] or [ticket.description]
        words = set(texts[-1].split())
        found |= {(ticket.id, a.id) for a in who.world.articles if _published(a) and a.words & words}
    return found


def _published(article: Article) -> bool:
    return article.status == "published"


# -- chats ------------------------------------------------------------------------------------------------------------


def of_chats(who: Viewer) -> Seen:
    """By the functions that tell of chats."""
    world = who.world
    shown = [c for c in world.chats if rules.chat(who, c)]
    rows = {c.id: _chat(who, c) for c in shown}
    # What is over and was led by others, an admin finds by its id and not in the list.
    listed = [c for c in shown if c.status != "ended" or who.person in (c.customer, c.agent)]
    return {
        "chats()": {rows[c.id] for c in listed},
        "chats(ids)": set(rows.values()),
        "chat_messages()": [
            (c.id, s.id, _speaker(world, c, s.sender), s.sender != c.customer, s.content)
            for c in shown
            for s in world.said
            if s.chat == c.id
        ],
    }


def _speaker(world: World, chat: Chat, sender: UUID) -> str:
    """ "What was said in a chat names nobody by an address, to either side." """
    return world.person(sender).name or ("Customer" if sender == chat.customer else "Support")


def _chat(who: Viewer, chat: Chat) -> tuple[Any, ...]:
    """list, id, customer, agent, topic, last words, place, ticket, unread."""
    said = [s for s in who.world.said if s.chat == chat.id]
    mine = who.person in (chat.customer, chat.agent)
    ticket = who.world.by_id.get(chat.ticket) if chat.ticket else None
    before = [c for c in who.world.chats if c.status == "waiting" and c.created < chat.created]
    # "A place in the waiting list is told to whoever waits there, and to nobody else."
    place = 1 + sum(None in (c.department, chat.department) or c.department == chat.department for c in before)
    waits = chat.status == "waiting" and chat.customer == who.person
    customer = who.world.person(chat.customer)
    return (
        "mine" if mine else "waiting" if chat.status == "waiting" else "others",
        chat.id,
        rules.called(customer, address=who.staff or customer.id == who.person),
        _named(who, chat.agent, address=who.staff),
        chat.topic,
        said[-1].content if said else None,
        place if waits else None,
        ticket.id if isinstance(ticket, Ticket) and rules.sight(who, ticket) else None,
        sum(s.sender != who.person for s in said) if mine or chat.status == "waiting" else 0,
    )
