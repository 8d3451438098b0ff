"""A world as rows of a database, and the sessions of its people.

The people of the cast sign in once, through the real hook; what they are is written anew with each world, and read anew
with each of their statements. Rows are written as a restored backup's are, without triggers: what a world holds is all
there is, and history, versions and notifications are as drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.db.sessions import Sync, anonymous_claims, anonymous_visitor, connect_as, gateway, owner, with_people
from tests.model import world as drawn
from tests.model.world import CAST, CATEGORIES, DEPARTMENTS, FAR_OFF, LONG_AGO, PEOPLE_IDS, File, World, kept, pairs
from tests.world import DeskDatabase, People, Person

EMPTIED: Final = (
    "private.due_told",
    "private.back_told",
    "private.chat_seen",
    "private.chat_handovers",
    "private.away",
    "private.saved_views",
    "private.macros",
    "private.drafts",
    "private.sla_told",
    "private.sla_results",
    "private.ticket_sla",
    "private.ticket_words",
    "private.article_index",
    "private.article_terms",
    "private.article_words",
    "private.article_languages",
    "public.notifications",
    "public.chat_messages",
    "public.chat_sessions",
    "public.kb_article_feedback",
    "public.kb_article_versions",
    "public.kb_articles",
    "public.kb_categories",
    "public.ticket_feedback",
    "public.ticket_tag_relations",
    "public.ticket_tags",
    "public.ticket_events",
    "public.ticket_status_history",
    "public.ticket_attachments",
    "public.ticket_messages",
    "private.fields",
    "private.followers",
    "private.links",
    "private.merges",
    "public.tickets",
)
_EMPTY: Final = "; ".join(f"delete from {table}" for table in EMPTIED)
CONTENT: Final = b"file"


@dataclass(repr=False)
class Stage:
    """A database, its owner, and one connection for each of the cast, the chief, and a visitor without an account."""

    database: DeskDatabase
    owner: Sync
    sessions: dict[UUID, UUID]
    connections: dict[UUID, Sync]
    visitor: UUID
    gateway: Sync

    def claims(self, person: drawn.Person) -> dict[str, str]:
        """What a token says that was issued to them."""
        aal = "aal2" if person.factors else "aal1"
        return {"sub": str(person.id), "role": "authenticated", "aal": aal, "session_id": str(self.sessions[person.id])}

    def close(self) -> None:
        """Hangs up."""
        for each in (self.owner, self.gateway, *self.connections.values()):
            with suppress(OSError):
                each.close()


def stage(database: DeskDatabase) -> Stage:
    """Makes the accounts and signs the cast in."""
    boss = owner(database)
    with boss.transaction():
        boss.execute("set local session_replication_role = replica")
        boss.execute("delete from public.departments")
        _insert(
            boss,
            "public.departments",
            "id, name, is_default",
            [(d.id, d.name, not n) for n, d in enumerate(DEPARTMENTS)],
        )
        _insert(boss, "public.categories", "id, name", [(c.id, c.name) for c in CATEGORIES])
        rows = [(identity, f"person{n}@model.test") for n, identity in enumerate(PEOPLE_IDS)]
        _insert(boss, "auth.users", "id, email", rows)
        _insert(boss, "public.profiles", "id, email, role", [(*row, "customer") for row in rows])

    async def sign_in(people: People) -> Sequence[Person]:
        return [
            await people.sign_in(Person(identity, f"person{n}@model.test", "", "customer", None))
            for n, identity in enumerate(PEOPLE_IDS[: CAST + 1])
        ]

    cast = with_people(database, sign_in)
    visitor = anonymous_visitor(database)
    connections = {person.id: connect_as(database, person) for person in cast}
    connections[visitor] = gateway(database, anonymous_claims(visitor))
    sessions = {person.id: person.session_id for person in cast if person.session_id is not None}
    return Stage(database, boss, sessions, connections, visitor, gateway(database, {}))


def load(stage: Stage, world: World) -> None:
    """Puts a world in the place of the one before."""
    boss = stage.owner
    with boss.transaction():
        boss.execute("set local session_replication_role = replica")
        boss.execute(_EMPTY.encode())
        _people(boss, stage, world)
        _tickets(boss, world)
        boss.execute("select private.index_tickets()")
        _articles(boss, world)
        _chats(boss, world)
        _kept(boss, world)


def _kept(boss: Sync, world: World) -> None:
    """What each keeps for themselves or shares; a draft of everybody on each ticket; and everybody away."""
    _insert(
        boss,
        "private.saved_views",
        "id, owner_id, audience, department_id, name, query, sort",
        [(k.id, k.owner, k.audience, k.department, k.name, "is:open", "due") for k in kept(world.people)],
    )
    _insert(
        boss,
        "private.macros",
        "id, author_id, shared, department_id, name, body, internal, change",
        [
            (k.id, k.owner, "all" if k.audience == "team" else k.audience, k.department, k.name, "x", False, Jsonb({}))
            for k in kept(world.people)
            if k.audience != "department" or k.department is not None
        ],
    )
    _insert(
        boss,
        "private.drafts",
        "person_id, message_id, ticket_id, kind, content, revision",
        [(p.id, p.id, t.id, "reply", p.email, 1) for p in world.people for t in world.tickets[:1]],
    )
    _insert(boss, "private.away", "person_id, note", [(p.id, p.email) for p in world.people])


def _insert(boss: Sync, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    marks = ", ".join(["%s"] * len(columns.split(",")))
    many = list(rows)
    if many:
        with boss.cursor() as cursor:
            cursor.executemany(f"insert into {table} ({columns}) values ({marks})".encode(), many)


def _people(boss: Sync, stage: Stage, world: World) -> None:
    boss.execute("update private.settings set staff_need_two_factors = %s", [world.two_factors])
    with boss.cursor() as cursor:
        cursor.executemany(
            "update public.profiles set full_name = %s, role = %s, department_id = %s, deactivated_at = %s,"
            " preferences = %s where id = %s",
            [
                (p.name, p.role, p.department, LONG_AGO if p.deactivated else None, Jsonb(p.preferences), p.id)
                for p in world.people
            ],
        )
        cursor.executemany(
            "update auth.users set banned_until = %s, deleted_at = %s where id = %s",
            [(FAR_OFF if p.banned else None, LONG_AGO if p.deleted else None, p.id) for p in world.people],
        )
        cursor.executemany(
            "update auth.sessions set aal = %s, not_after = %s where id = %s",
            [
                ("aal2" if p.factors else "aal1", LONG_AGO if p.gone else None, stage.sessions[p.id])
                for p in world.people
                if p.id in stage.sessions
            ],
        )


def _tickets(boss: Sync, world: World) -> None:
    _insert(
        boss,
        "public.tickets",
        "id, number, title, description, customer_id, assignee_id, department_id, category_id, status, priority,"
        " due_date, metadata, created_at, updated_at",
        [
            (
                *(t.id, t.number, t.title, t.description, t.requester, t.assignee, t.department, t.category, t.status),
                *(t.priority, t.due, Jsonb({"serial": str(t.number)}), t.created, t.created),
            )
            for t in world.tickets
        ],
    )
    _insert(boss, "private.fields", "key, label, type", [("serial", "Serial", "text")])
    _insert(
        boss,
        "private.links",
        "ticket_id, other_id, kind",
        [(one.id, other.id, "caused by") for _, one, other in pairs(world.tickets)],
    )
    # What was merged stands in the other ticket already: the messages are drawn for it.
    _insert(
        boss,
        "private.merges",
        "id, ticket_id, into_id, at, note, moved",
        [
            (same, one.id, other.id, FAR_OFF, same, Jsonb({}))
            for same, one, other in pairs(world.tickets)
            if one.requester == other.requester
        ],
    )
    _insert(
        boss,
        "private.followers",
        "ticket_id, person",
        [(ticket.id, person.id) for ticket in world.tickets for person in world.people],
    )
    _insert(
        boss,
        "public.ticket_messages",
        "id, ticket_id, sender_id, content, is_internal, created_at",
        [(m.id, m.ticket, m.sender, m.content, m.internal, m.created) for m in world.messages],
    )
    _insert(
        boss,
        "public.ticket_attachments",
        "id, ticket_id, message_id, name, content_type, sha256, data, created_at",
        [(*_file(f), f.created) for f in world.files],
    )
    _insert(
        boss,
        "public.ticket_status_history",
        "id, ticket_id, status, changed_by, note, created_at",
        [(h.id, h.ticket, h.status, h.by, h.note, h.created) for h in world.history],
    )
    _insert(
        boss,
        "public.ticket_events",
        "id, ticket_id, actor_id, kind, old_value, new_value, created_at",
        [(e.id, e.ticket, e.by, e.kind, e.old, e.new, e.created) for e in world.events],
    )
    _insert(boss, "public.ticket_tags", "id, name", [(t.id, t.name) for t in world.tags])
    _insert(boss, "public.ticket_tag_relations", "ticket_id, tag_id", world.tagged)
    _insert(
        boss,
        "public.ticket_feedback",
        "id, ticket_id, customer_id, rating, comment",
        [(r.id, r.ticket, r.by, 3, r.comment) for r in world.ratings],
    )


def _file(file: File) -> tuple[Any, ...]:
    return (file.id, file.ticket, file.message, file.name, "text/plain", sha256(CONTENT).hexdigest(), CONTENT)


def _articles(boss: Sync, world: World) -> None:
    _insert(boss, "public.kb_categories", "id, name, parent_id", [(s.id, s.name, s.parent) for s in world.shelves])
    _insert(
        boss,
        "public.kb_articles",
        "id, title, content, category_id, author_id, status, updated_at",
        [(a.id, a.title, a.content, a.shelf, a.author, a.status, a.updated) for a in world.articles],
    )
    boss.execute(
        "select private.index_article(a.id, a.title, a.content, a.status, a.metadata) from public.kb_articles a"
        " order by a.id"
    )
    _insert(
        boss,
        "public.kb_article_versions",
        "id, article_id, number, title, content, changed_by",
        [(v.id, v.article, v.number, v.title, v.content, v.by) for v in world.versions],
    )
    _insert(
        boss,
        "public.kb_article_feedback",
        "id, article_id, user_id, helpful, comment",
        [(v.id, v.article, v.by, v.helpful, v.comment) for v in world.votes],
    )


def _chats(boss: Sync, world: World) -> None:
    _insert(
        boss,
        "public.chat_sessions",
        "id, customer_id, agent_id, status, department_id, topic, ticket_id, created_at, waiting_since, ended_at",
        [
            (
                *(c.id, c.customer, c.agent, c.status, c.department, c.topic, c.ticket, c.created),
                *(c.created if c.status == "waiting" else None, c.created if c.status == "ended" else None),
            )
            for c in world.chats
        ],
    )
    _insert(
        boss,
        "private.chat_handovers",
        "session_id, by_id, person_id",
        [(c.id, c.handed_by, c.agent) for c in world.chats if c.handed_by],
    )
    _insert(
        boss,
        "public.chat_messages",
        "id, session_id, sender_id, content, created_at",
        [(s.id, s.chat, s.sender, s.content, s.created) for s in world.said],
    )
    _insert(
        boss,
        "public.notifications",
        "id, user_id, type, title, ticket_id, chat_id, read, kinds, created_at, updated_at",
        [
            (n.id, n.person, n.kind, n.title, n.ticket, n.chat, n.read, Jsonb({n.kind: 1}), n.updated, n.updated)
            for n in world.notices
        ],
    )
