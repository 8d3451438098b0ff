"""A helpdesk in which every text that a person may write is hostile, put there past the programs that would tidy it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.attacks.hostile_day import hostile_day
from tests.attacks.hostile_text import HOSTILE, LINES, NAMES
from tests.db.sessions import with_people
from tests.world import DeskDatabase, People, Person

__all__ = ["HostileWorld", "hostile_world"]

#: The parts of a name that even a database without our rules cannot hold.
NO_TEXT = str.maketrans("", "", "\0\ud800")


@dataclass(frozen=True)
class HostileWorld:
    """Who there is, and where everything stands at once.

    Attributes:
        ticket: the customer's, assigned to the agent: every text in its messages, notes, history and files.
        chat: of the customer, led by the agent: every text.
        article: its versions.
    """

    database: DeskDatabase
    agent: Person
    admin: Person
    customer: Person
    ticket: UUID
    number: int
    chat: UUID
    article: UUID


def hostile_world(database: DeskDatabase) -> HostileWorld:
    """Makes it."""

    async def people(people: People) -> tuple[Person, Person, Person]:
        return (
            await people.sign_up("agent@desk.test", "Ada", "agent", "Support"),
            await people.sign_up("admin@desk.test", "Alma", "admin"),
            await people.sign_up("customer@desk.test", "Cora"),
        )

    agent, admin, customer = with_people(database, people)
    lines, blocks = list(LINES.values()), list(HOSTILE.values())
    with psycopg.connect(database.owner_dsn) as owner:
        made = _Maker(owner, agent, admin, customer)
        made.names(lines)
        made.tickets(lines)
        ticket, number = made.ticket(blocks, lines)
        chat = made.chats(blocks, lines)
        article = made.articles(blocks, lines)
        made.notices(lines, ticket)
        hostile_day(owner, agent, customer, ticket, blocks, lines)
        owner.execute("set constraints all immediate")
    return HostileWorld(database, agent, admin, customer, ticket, number, chat, article)


class _Maker:
    def __init__(self, owner: psycopg.Connection[Any], agent: Person, admin: Person, customer: Person) -> None:
        self._owner = owner
        self._agent, self._admin, self._customer = agent, admin, customer
        self._strangers: list[UUID] = []

    def _many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        with self._owner.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)

    def names(self, lines: list[str]) -> None:
        """People, departments, categories, tags and shelves."""
        self._strangers = [uuid4() for _ in lines]
        self._many(
            "insert into auth.users (id, email, raw_user_meta_data) values (%s, %s, '{}')",
            [(each, f"s{n}@desk.test") for n, each in enumerate(self._strangers)],
        )
        self._many(
            "update public.profiles set full_name = %s, avatar_url = %s,"
            " preferences = jsonb_build_object('x', %s::text), role = %s,"
            " department_id = (select id from public.departments where is_default) where id = %s",
            [
                (text[:200], text, text, ("customer", "agent", "admin")[n % 3], each)
                for n, (text, each) in enumerate(zip(lines, self._strangers, strict=True))
            ],
        )
        # Whoever walks has a hostile name too.
        for person in (self._agent, self._admin, self._customer):
            self._owner.execute("update public.profiles set full_name = %s where id = %s", [lines[4][:200], person.id])
        for table in ("departments", "categories", "ticket_tags"):
            self._many(
                f"insert into public.{table} (name, description) values (%s, %s)", [(text, text) for text in lines]
            )
        self._owner.execute("update public.ticket_tags set color = name")
        self._many("insert into public.kb_categories (name, description) values (%s, %s)", [(t, t) for t in lines])
        self._owner.execute(
            "update public.kb_categories set parent_id = (select id from public.kb_categories where name = %s)"
            " where name = %s",
            [lines[3], lines[0]],
        )

    def tickets(self, lines: list[str]) -> None:
        """One a text, each of somebody with a hostile name; and as many of the customer's."""
        for customers in (self._strangers, [self._customer.id] * len(lines)):
            self._many(
                "insert into public.tickets (title, description, customer_id, assignee_id, category_id, metadata)"
                " values (%s, %s, %s, %s, (select id from public.categories where name = %s),"
                " jsonb_build_object('imported', %s::text))",
                [
                    (text, text, who, self._strangers[1] if n % 2 else None, None if n % 3 else text, text)
                    for n, (text, who) in enumerate(zip(lines, customers, strict=True))
                ],
            )
        self._owner.execute(
            "update public.tickets set department_id = (select id from public.departments where is_default)"
        )

    def ticket(self, texts: list[str], lines: list[str]) -> tuple[UUID, int]:
        """The ticket in which every text stands."""
        ticket = uuid4()
        row = self._owner.execute(
            "insert into public.tickets (id, title, description, customer_id, assignee_id, department_id)"
            " values (%s, %s, %s, %s, %s, (select id from public.departments where is_default)) returning number",
            [ticket, lines[5], "\n\n".join(lines), self._customer.id, self._agent.id],
        ).fetchone()
        assert row is not None
        self._owner.execute("alter table public.ticket_attachments drop constraint ticket_attachments_name")
        self._many(
            "insert into public.ticket_tag_relations select %s, id from public.ticket_tags where name = %s",
            [(ticket, text) for text in lines[:12]],
        )
        senders = [self._customer.id, self._agent.id, self._strangers[1], self._strangers[2]]
        messages = [uuid4() for _ in texts]
        self._many(
            "insert into public.ticket_messages (id, ticket_id, sender_id, content, is_internal, created_at)"
            " values (%s, %s, %s, %s, %s, now() - make_interval(mins => %s))",
            [
                (each, ticket, senders[n % 4], text, n % 4 == 1, len(texts) - n)
                for n, (text, each) in enumerate(zip(texts, messages, strict=True))
            ],
        )
        names = [*(name.translate(NO_TEXT) for name in NAMES), *lines]
        data = b"x"
        self._many(
            "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
            " values (%s, %s, %s, %s, %s)",
            [
                (ticket, messages[n // 10 * 4 % len(messages)], name, hashlib.sha256(data).hexdigest(), data)
                for n, name in enumerate(names)
            ],
        )
        self._many(
            "insert into public.ticket_status_history (ticket_id, status, changed_by, note)"
            " values (%s, 'open', %s, %s)",
            [(ticket, self._strangers[n % len(self._strangers)], text) for n, text in enumerate(lines)],
        )
        self._many(
            "insert into public.ticket_events (ticket_id, actor_id, kind, old_value, new_value)"
            " values (%s, %s, %s, %s, %s)",
            [(ticket, self._strangers[n % len(lines)], "title", text, lines[-n]) for n, text in enumerate(lines)],
        )
        self._owner.execute(
            "insert into public.ticket_feedback (ticket_id, customer_id, rating, comment) values (%s, %s, 1, %s)",
            [ticket, self._customer.id, lines[0]],
        )
        return ticket, int(row[0])

    def chats(self, texts: list[str], lines: list[str]) -> UUID:
        """Chats that wait, with hostile topics of hostile people; one in which every text stands; one that is over."""
        chat, over = uuid4(), uuid4()
        opened = (
            "insert into public.chat_sessions (id, customer_id, agent_id, status, topic) values (%s, %s, %s, %s, %s)"
        )
        said = (
            "insert into public.chat_messages (session_id, sender_id, content, created_at)"
            " values (%s, %s, %s, now() - make_interval(mins => %s))"
        )
        waiting = [
            (uuid4(), who, None, "waiting", text[:200]) for who, text in zip(self._strangers, lines, strict=True)
        ]
        self._many(opened, waiting)
        self._many(said, [(each[0], each[1], text, 3) for each, text in zip(waiting, lines, strict=True)])
        self._many(
            opened,
            [
                (over, self._customer.id, self._agent.id, "active", lines[4][:200]),
            ],
        )
        self._many(said, [(over, self._customer.id, text, 300 - n) for n, text in enumerate(lines)])
        self._owner.execute(
            "update public.chat_sessions set status = 'ended', rating = 2, rating_comment = %s, rated_at = now()"
            " where id = %s",
            ["".join(lines[:8]), over],
        )
        self._many(opened, [(chat, self._customer.id, self._agent.id, "active", lines[5][:200])])
        both = (self._customer.id, self._agent.id)
        self._many(said, [(chat, both[n % 2], text, 200 - n) for n, text in enumerate(texts)])
        return chat

    def articles(self, texts: list[str], lines: list[str]) -> UUID:
        """One a text, and one with a version a text."""
        made = [uuid4() for _ in texts]
        self._many(
            "insert into public.kb_articles (id, title, content, category_id, author_id, status, published_at)"
            " values (%s, %s, %s, (select id from public.kb_categories where name = %s), %s, %s, now())",
            [
                (
                    each,
                    lines[n % len(lines)],
                    text,
                    lines[n % len(lines)],
                    self._strangers[1],
                    "published" if n % 7 or n > 14 else ("draft", "archived")[n % 2],
                )
                for n, (text, each) in enumerate(zip(texts, made, strict=True))
            ],
        )
        article = made[1]
        for text in texts[2:]:
            self._owner.execute("update public.kb_articles set content = %s where id = %s", [text, article])
        self._owner.execute("update public.kb_articles set content = %s where id = %s", ["\n\n".join(lines), article])
        self._many(
            "insert into public.kb_article_feedback (article_id, user_id, helpful, comment) values (%s, %s, false, %s)",
            [(article, who, text) for who, text in zip(self._strangers, lines, strict=True)],
        )
        return article

    def notices(self, lines: list[str], ticket: UUID) -> None:
        """Lines of the inbox, as a trigger that was fooled would write them; and what admins did."""
        for person in (self._agent, self._admin, self._customer):
            self._owner.execute("delete from public.notifications where user_id = %s", [person.id])
            self._many(
                "insert into public.notifications (user_id, type, ticket_id, title, content, kinds, metadata)"
                " select %s, %s, t.id, %s, %s, jsonb_build_object(%s::text, 1), jsonb_build_object('x', %s::text)"
                "   from public.tickets t where t.title = %s and t.customer_id = %s",
                [
                    (person.id, "reply" if n % 2 else text, text, text, "status" if n % 3 else text, text, text,
                     self._customer.id)
                    for n, text in enumerate(lines)
                ],
            )  # fmt: skip
        self._many(
            "insert into private.acts (id, actor_id, kind, words, before, answer)"
            " values (gen_random_uuid(), %s, 'move', %s, '{}', '{}')",
            [(self._strangers[2], text) for text in lines],
        )
        # A browser tells what it likes.
        self._owner.execute("update auth.sessions set user_agent = %s", ["".join(lines)])
