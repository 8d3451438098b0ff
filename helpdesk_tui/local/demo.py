"""Fills a helpdesk with the demo's people, tickets, articles and chats, as if they had happened until a moment ago."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from helpdesk_tui.core.waiting import waiting_since
from helpdesk_tui.local.accounts import ACCOUNTS, DEMO_PASSWORD
from helpdesk_tui.local.content import DemoContent, Message, Person, Ticket, load
from helpdesk_tui.local.content.checks import KB_LINK
from helpdesk_tui.local.habits import set_up

__all__ = ["ACCOUNTS", "DEMO_PASSWORD", "fill"]

_NAMESPACE = uuid5(NAMESPACE_DNS, "demo.helpdesk-tui")
_LOCK = 7_310_142

Row = tuple[Any, ...]


def fill(owner_dsn: str, *, now: datetime | None = None) -> bool:
    """Puts the demo's content into a helpdesk, all of it or nothing.

    Args:
        owner_dsn: how to connect as the database's owner.
        now: the moment that all times are counted from; None for this one.

    Returns:
        False if the demo's people were there already: then nothing was changed.
    """
    from helpdesk_tui.local.sign_in.passwords import hash_password

    content = load()
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        there = connection.execute("select from auth.users where email = %s", [ACCOUNTS["agent"]]).fetchone()
        if there is not None:
            return False
        # Triggers still guard what is written; they keep quiet about it.
        connection.execute("set local helpdesk.mute = 'on'")
        filling = _Filling(connection, content, now or datetime.now(UTC))
        filling.people(hash_password(DEMO_PASSWORD))
        filling.company()
        filling.tickets()
        set_up(connection, filling.departments, _id("person", "helena"), filling.now.year, _id)
        filling.knowledge()
        filling.chats()
        filling.inboxes()
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("analyze")
    return True


def _id(kind: str, name: object) -> UUID:
    """The same id for the same thing in every demo."""
    return uuid5(_NAMESPACE, f"{kind}/{name}")


class _Filling:
    """One transaction's worth of writing."""

    def __init__(self, connection: psycopg.Connection[Any], content: DemoContent, now: datetime) -> None:
        self.connection = connection
        self.content = content
        self.now = now
        self.departments: dict[str, UUID] = {}
        self.staff = {person.key for person in content.people if person.role != "customer"}
        # Nobody writes at the full minute each time; the same seconds in every demo.
        self.seconds = random.Random(1)  # noqa: S311

    def people(self, password_hash: str) -> None:
        """Accounts, which become profiles by a trigger, and then what the owner says of them."""
        for department in self.content.departments:
            row = self.connection.execute(
                """insert into public.departments (name, description) values (%s, %s)
                   on conflict (lower(name)) do update set description = excluded.description returning id""",
                [department.name, department.description],
            ).fetchone()
            assert row is not None
            self.departments[department.key] = row[0]
        people = self.content.people
        self._copy(
            "auth.users",
            "id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, "
            "created_at, updated_at",
            (self._account(person, password_hash) for person in people),
        )
        self._copy(
            "auth.identities",
            "provider_id, user_id, identity_data, provider, created_at, updated_at",
            (
                (
                    str(_id("person", person.key)),
                    _id("person", person.key),
                    Jsonb(_about(person)),
                    "email",
                    joined,
                    joined,
                )
                for person in people
                for joined in [self._ago(person.age_min)]
            ),
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(
                """update public.profiles set role = %s, department_id = %s, preferences = %s, created_at = %s
                   where id = %s""",
                [
                    (
                        person.role,
                        self.departments[person.department] if person.department else None,
                        Jsonb({"locale": person.locale}),
                        self._ago(person.age_min),
                        _id("person", person.key),
                    )
                    for person in people
                ],
            )

    def _account(self, person: Person, password_hash: str) -> Row:
        joined = self._ago(person.age_min)
        data = Jsonb(_about(person) | {"email_verified": True})
        providers = Jsonb({"provider": "email", "providers": ["email"]})
        account = (_id("person", person.key), "authenticated", "authenticated", person.email, password_hash)
        return (*account, joined, providers, data, joined, joined)

    def company(self) -> None:
        """What tickets are sorted by."""
        self._copy(
            "public.categories",
            "id, name, description, department_id",
            (
                (_id("category", each.key), each.name, each.description, self.departments[each.department])
                for each in self.content.categories
            ),
        )
        self._copy(
            "public.ticket_tags",
            "id, name, description, color",
            ((_id("tag", each.name), each.name, each.description, each.color) for each in self.content.tags),
        )

    def tickets(self) -> None:
        """Tickets as they stand now, oldest first, and all that happened to them."""
        told = [
            (_id("ticket", number), ticket, self._then(ticket.age_min))
            for number, ticket in enumerate(self._old_first())
        ]
        self._copy(
            "public.tickets",
            "id, title, description, status, priority, customer_id, assignee_id, department_id, category_id, due_date, "
            "created_at, updated_at, first_response_at, resolved_at, closed_at, waiting_since",
            (self._ticket(*each) for each in told),
        )
        # The first row of the history was written by a trigger, with the status as it is now.
        self.connection.execute(
            """update public.ticket_status_history h set status = 'open', changed_by = t.customer_id
               from public.tickets t where t.id = h.ticket_id and t.id = any(%s)""",
            [[ticket_id for ticket_id, _, _ in told]],
        )
        self._copy(
            "public.ticket_status_history",
            "ticket_id, status, changed_by, created_at",
            (
                (ticket_id, change.to, _id("person", change.by), created + _minutes(change.after_min))
                for ticket_id, ticket, created in told
                for change in ticket.changes
                if change.kind == "status"
            ),
        )
        self._copy(
            "public.ticket_events",
            "ticket_id, actor_id, kind, old_value, new_value, created_at",
            (event for each in told for event in self._events(*each)),
        )
        self._copy(
            "public.ticket_messages",
            "id, ticket_id, sender_id, content, is_internal, created_at",
            (
                (_id(f"ticket/{ticket_id}", index), ticket_id, *_written(message), message.internal, at)
                for ticket_id, ticket, created in told
                for index, (message, at) in enumerate(_in_order(created, ticket.messages))
            ),
        )
        self._copy(
            "public.ticket_tag_relations",
            "ticket_id, tag_id",
            ((ticket_id, _id("tag", tag)) for ticket_id, ticket, _ in told for tag in ticket.tags),
        )
        self._copy(
            "public.ticket_feedback",
            "ticket_id, customer_id, rating, comment, created_at",
            (
                (ticket_id, _id("person", ticket.requester), ticket.rating.stars, ticket.rating.comment, rated)
                for ticket_id, ticket, created in told
                if ticket.rating
                for rated in [created + _minutes(ticket.updated_after_min)]
            ),
        )

    def _old_first(self) -> list[Ticket]:
        return sorted(self.content.tickets, key=lambda ticket: -ticket.age_min)

    def _ticket(self, ticket_id: UUID, ticket: Ticket, created: datetime) -> Row:
        answers = [
            message.after_min
            for message in ticket.messages
            if not message.internal and message.by in self.staff and message.by != ticket.requester
        ]
        settled = {change.to: change.after_min for change in ticket.changes if change.kind == "status"}
        resolved = settled.get("resolved", settled.get("closed")) if ticket.status in ("resolved", "closed") else None
        closed = settled.get("closed") if ticket.status == "closed" else None
        return (
            ticket_id,
            ticket.subject,
            ticket.description,
            ticket.status,
            ticket.priority,
            _id("person", ticket.requester),
            _id("person", ticket.assignee) if ticket.assignee else None,
            self.departments[ticket.department],
            _id("category", ticket.category) if ticket.category else None,
            None if ticket.due_in_min is None else _whole_minute(self.now + _minutes(ticket.due_in_min)),
            created,
            created + _minutes(ticket.updated_after_min),
            *(
                None if minutes is None else created + _minutes(minutes)
                for minutes in (min(answers, default=None), resolved, closed)
            ),
            waiting_since(
                created,
                (
                    (message.by == ticket.requester, at)
                    for message, at in _in_order(created, ticket.messages)
                    if not message.internal
                ),
            ),
        )

    def _events(self, ticket_id: UUID, ticket: Ticket, created: datetime) -> Iterable[Row]:
        """Changes of anything but the status. What was there before the first one, the content does not say."""
        before: dict[str, str | None] = {"priority": "medium", "assignee": None}
        before["department"] = "support" if ticket.department != "support" else "billing"
        for change in ticket.changes:
            if change.kind == "status":
                continue
            old, before[change.kind] = before[change.kind], change.to
            if old == change.to and change.kind == "priority":
                old = "low"
            values = (self._value(change.kind, old), self._value(change.kind, change.to))
            yield ticket_id, _id("person", change.by), change.kind, *values, created + _minutes(change.after_min)

    def _value(self, kind: str, word: str | None) -> str | None:
        if word is None or kind == "priority":
            return word
        return str(self.departments[word] if kind == "department" else _id("person", word))

    def knowledge(self) -> None:
        """Articles on their shelves, parents before children."""
        self._copy(
            "public.kb_categories",
            "id, name, description, parent_id",
            (
                (
                    _id("shelf", each.key),
                    each.name,
                    each.description,
                    _id("shelf", each.parent) if each.parent else None,
                )
                for each in sorted(self.content.kb_categories, key=lambda shelf: shelf.parent is not None)
            ),
        )
        self._copy(
            "public.kb_articles",
            "id, title, content, category_id, author_id, status, metadata, created_at, updated_at, published_at",
            (
                (
                    _id("article", each.slug),
                    each.title,
                    _linked(each.body),
                    _id("shelf", each.category),
                    _id("person", each.author),
                    each.status,
                    Jsonb({"slug": each.slug}),
                    written,
                    written + _minutes(each.age_min - each.updated_min),
                    None if each.status == "draft" else written,
                )
                for each in self.content.articles
                for written in [self._then(each.age_min)]
            ),
        )

    def chats(self) -> None:
        """Chats that wait, that go on and that have ended, each read by its people as far as they answered."""
        told = [
            (_id("chat", number), chat, began, _in_order(began, chat.messages))
            for number, chat in enumerate(self.content.chats)
            for began in [self._then(chat.age_min)]
        ]
        self._copy(
            "public.chat_sessions",
            "id, customer_id, agent_id, status, topic, created_at, accepted_at, ended_at, rating, rating_comment, "
            "rated_at",
            (
                (
                    chat_id,
                    _id("person", chat.customer),
                    _id("person", chat.agent) if chat.agent else None,
                    chat.status,
                    chat.topic,
                    began,
                    next((at for message, at in said if message.by == chat.agent), began) if chat.agent else None,
                    ended,
                    chat.rating.stars if chat.rating else None,
                    chat.rating.comment if chat.rating else None,
                    ended if chat.rating else None,
                )
                for chat_id, chat, began, said in told
                for ended in [None if chat.ended_after_min is None else began + _minutes(chat.ended_after_min)]
            ),
        )
        self._copy(
            "public.chat_messages",
            "id, session_id, sender_id, content, created_at",
            (
                (_id(f"chat/{chat_id}", index), chat_id, *_written(message), at)
                for chat_id, _, _, said in told
                for index, (message, at) in enumerate(said)
            ),
        )
        self.connection.execute(
            """insert into private.chat_seen (session_id, person_id, seen_at)
               select s.id, p.id, max(m.created_at)
                 from public.chat_sessions s join public.profiles p on p.id in (s.customer_id, s.agent_id)
                 join public.chat_messages m on m.session_id = s.id and (s.status = 'ended' or m.sender_id = p.id)
                group by s.id, p.id"""
        )

    def inboxes(self) -> None:
        """What the triggers would have told people during the last day, had they not been quiet."""
        self.connection.execute(
            """insert into public.notifications
                 (user_id, type, ticket_id, title, times, kinds, created_at, updated_at)
               select person, (array_agg(kind order by at desc))[1], ticket_id,
                      (array_agg(words || title order by at desc))[1], sum(times), jsonb_object_agg(kind, times),
                      min(since), max(at)
                 from (
                   select person, kind, ticket_id, words, title, count(*) as times, min(at) as since, max(at) as at
                     from (
                       select case when m.sender_id = t.customer_id then t.assignee_id else t.customer_id end as person,
                              'reply' as kind, t.id as ticket_id, t.title,
                              case when m.sender_id = t.customer_id then 'Reply on: ' else 'Answer on: ' end as words,
                              m.created_at as at
                         from public.tickets t join public.ticket_messages m on m.ticket_id = t.id
                        where not m.is_internal and m.created_at > %(since)s
                       union all
                       select t.assignee_id, 'assigned', t.id, t.title, 'Assigned to you: ', e.created_at
                         from public.tickets t join public.ticket_events e on e.ticket_id = t.id and e.kind = 'assignee'
                        where e.new_value = t.assignee_id::text and e.actor_id <> t.assignee_id
                          and e.created_at > %(since)s
                     ) as happened
                    where person is not null group by person, kind, ticket_id, words, title
                 ) as of_a_kind
                group by person, ticket_id""",
            {"since": self.now - timedelta(days=1)},
        )

    def _copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        statement = sql.SQL("copy {} ({}) from stdin").format(sql.SQL(table), sql.SQL(columns))
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _ago(self, minutes: int) -> datetime:
        return self.now - _minutes(minutes)

    def _then(self, minutes: int) -> datetime:
        """So many minutes ago, and some seconds: never later than now, whatever is counted from it."""
        return self._ago(minutes) - timedelta(seconds=self.seconds.uniform(1, 59))


def _about(person: Person) -> dict[str, Any]:
    """What the sign-in knows of a person."""
    own = {"sub": str(_id("person", person.key)), "email": person.email, "full_name": person.name}
    return own | {"email_verified": False, "phone_verified": False}


def _written(message: Message) -> tuple[UUID, str]:
    return _id("person", message.by), _linked(message.text)


def _linked(text: str) -> str:
    """A text whose links to articles lead to them: the content calls articles by their names."""
    return KB_LINK.sub(lambda link: f"(article:{_id('article', link[1])})", text)


def _in_order(began: datetime, messages: Sequence[Message]) -> list[tuple[Message, datetime]]:
    """Messages with their times; those of the same minute a moment apart."""
    return [
        (message, began + _minutes(message.after_min) + timedelta(milliseconds=index))
        for index, message in enumerate(messages)
    ]


def _minutes(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
