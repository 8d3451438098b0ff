"""Fills a helpdesk with the demo's people, tickets, articles and chats, as if they had happened until a moment ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from helpdesk_tui.local.accounts import ACCOUNTS, DEMO_PASSWORD
from helpdesk_tui.local.content import Person, load
from helpdesk_tui.local.demo_tickets import Tickets
from helpdesk_tui.local.demo_writing import Row, Writing, an_id, in_order, linked, span, written_by
from helpdesk_tui.local.habits import set_up

__all__ = ["ACCOUNTS", "DEMO_PASSWORD", "fill"]

_LOCK = 7_310_142


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
        Tickets(filling).write()
        set_up(connection, filling.departments, an_id("person", "helena"), filling.now.year, an_id)
        filling.knowledge()
        filling.chats()
        filling.inboxes()
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("analyze")
    return True


class _Filling(Writing):
    """One transaction's worth of writing."""

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
        self.copy(
            "auth.users",
            "id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, "
            "created_at, updated_at",
            (self._account(person, password_hash) for person in people),
        )
        self.copy(
            "auth.identities",
            "provider_id, user_id, identity_data, provider, created_at, updated_at",
            (
                (
                    str(an_id("person", person.key)),
                    an_id("person", person.key),
                    Jsonb(_about(person)),
                    "email",
                    joined,
                    joined,
                )
                for person in people
                for joined in [self.ago(person.age_min)]
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
                        self.ago(person.age_min),
                        an_id("person", person.key),
                    )
                    for person in people
                ],
            )

    def _account(self, person: Person, password_hash: str) -> Row:
        joined = self.ago(person.age_min)
        data = Jsonb(_about(person) | {"email_verified": True})
        providers = Jsonb({"provider": "email", "providers": ["email"]})
        account = (an_id("person", person.key), "authenticated", "authenticated", person.email, password_hash)
        return (*account, joined, providers, data, joined, joined)

    def company(self) -> None:
        """What tickets are sorted by."""
        self.copy(
            "public.categories",
            "id, name, description, department_id",
            (
                (an_id("category", each.key), each.name, each.description, self.departments[each.department])
                for each in self.content.categories
            ),
        )
        self.copy(
            "public.ticket_tags",
            "id, name, description, color",
            ((an_id("tag", each.name), each.name, each.description, each.color) for each in self.content.tags),
        )

    def knowledge(self) -> None:
        """Articles on their shelves, parents before children."""
        self.copy(
            "public.kb_categories",
            "id, name, description, parent_id",
            (
                (
                    an_id("shelf", each.key),
                    each.name,
                    each.description,
                    an_id("shelf", each.parent) if each.parent else None,
                )
                for each in sorted(self.content.kb_categories, key=lambda shelf: shelf.parent is not None)
            ),
        )
        self.copy(
            "public.kb_articles",
            "id, title, content, category_id, author_id, status, metadata, created_at, updated_at, published_at",
            (
                (
                    an_id("article", each.slug),
                    each.title,
                    linked(each.body),
                    an_id("shelf", each.category),
                    an_id("person", each.author),
                    each.status,
                    Jsonb({"slug": each.slug}),
                    written,
                    written + span(each.age_min - each.updated_min),
                    None if each.status == "draft" else written,
                )
                for each in self.content.articles
                for written in [self.then(each.age_min)]
            ),
        )

    def chats(self) -> None:
        """Chats that wait, that go on and that have ended, each read by its people as far as they answered."""
        told = [
            (an_id("chat", number), chat, began, in_order(began, chat.messages))
            for number, chat in enumerate(self.content.chats)
            for began in [self.then(chat.age_min)]
        ]
        self.copy(
            "public.chat_sessions",
            "id, customer_id, agent_id, status, topic, created_at, accepted_at, ended_at, rating, rating_comment, "
            "rated_at",
            (
                (
                    chat_id,
                    an_id("person", chat.customer),
                    an_id("person", chat.agent) if chat.agent else None,
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
                for ended in [None if chat.ended_after_min is None else began + span(chat.ended_after_min)]
            ),
        )
        self.copy(
            "public.chat_messages",
            "id, session_id, sender_id, content, created_at",
            (
                (an_id(f"chat/{chat_id}", index), chat_id, *written_by(message), at)
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


def _about(person: Person) -> dict[str, Any]:
    """What the sign-in knows of a person."""
    own = {"sub": str(an_id("person", person.key)), "email": person.email, "full_name": person.name}
    return own | {"email_verified": False, "phone_verified": False}
