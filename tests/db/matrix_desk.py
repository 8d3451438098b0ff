"""The desk that the write matrix speaks of."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from tests.db.sessions import Sync, anonymous_claims, anonymous_visitor, connect_as, gateway, owner, with_people
from tests.world import DeskDatabase, People, Person

PEOPLE: Final = ("customer", "own agent", "other agent", "admin", "anonymous")


class Desk:
    """The desk that the matrix speaks of, and one open connection for each of its people."""

    def __init__(self, database: DeskDatabase) -> None:
        self.connections: dict[str, Sync] = {}
        persons = with_people(database, self._people)
        visitor = anonymous_visitor(database)
        self.ids: dict[str, Any] = {
            "customer": persons["customer"].id,
            "agent": persons["own agent"].id,
            "other_agent": persons["other agent"].id,
            "other_customer": persons["other customer"].id,
            "third_customer": persons["third customer"].id,
        }
        with owner(database) as connection:
            self.ids |= self._content(connection)
        self.me = {name: person.id for name, person in persons.items()} | {"anonymous": visitor}
        for name, person in persons.items():
            if name in PEOPLE:
                self.connections[name] = connect_as(database, person)
        self.connections["anonymous"] = gateway(database, anonymous_claims(visitor))

    async def _people(self, people: People) -> dict[str, Person]:
        return {
            "customer": await people.sign_up("cora@desk.test", "Cora"),
            "other customer": await people.sign_up("otto@desk.test", "Otto"),
            "third customer": await people.sign_up("theo@desk.test", "Theo"),
            "own agent": await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            "other agent": await people.sign_up("bo@desk.test", "Bo", "agent", "Billing"),
            "admin": await people.sign_up("ann@desk.test", "Ann", "admin"),
        }

    def _content(self, connection: Sync) -> dict[str, Any]:
        """Everything the statements speak of, made by the owner, in the order of the keys."""
        ids = self.ids

        def one(sql: str) -> Any:
            row = connection.execute(sql.encode(), ids).fetchone()
            assert row is not None
            return row[0]

        made = {
            "support": "select id from public.departments where name = 'Support'",
            "billing": "select id from public.departments where name = 'Billing'",
            "third_department": "insert into public.departments (name) values ('Shipping') returning id",
            "empty_department": "insert into public.departments (name) values ('Empty') returning id",
            "hours": "select private.put_sla_calendar('Hours', 'UTC', '{\"mon\": [\"00:00-24:00\"]}', '{}')",
            "policy": 'select private.put_sla_policy(\'Standard\', \'{"calendar": "Hours", "first": 60}\')',
            "category": "insert into public.categories (name) values ('Printers') returning id",
            "third_category": "insert into public.categories (name, department_id)"
            " values ('Parcels', %(third_department)s) returning id",
            "ticket": "insert into public.tickets (title, customer_id) values ('Paper jam', %(customer)s) returning id",
            "number": "select number from public.tickets where id = %(ticket)s",
            "event": "update public.tickets set priority = 'high' where id = %(ticket)s returning id",
            "kept": "insert into private.sla_results (ticket_id, target, started_at, met_at, department_id)"
            " values (%(ticket)s, 'next', now(), now(), %(support)s) returning ticket_id",
            "remark": "insert into public.ticket_status_history (ticket_id, status, note)"
            " values (%(ticket)s, 'open', 'for the team') returning id",
            "foreign_ticket": "insert into public.tickets (title, customer_id, department_id)"
            " values ('Invoice', %(other_customer)s, %(billing)s) returning id",
            "closed": "insert into public.tickets (title, customer_id, status)"
            " values ('Closed', %(customer)s, 'closed') returning id",
            "rated": "insert into public.tickets (title, customer_id, status)"
            " values ('Rated', %(customer)s, 'closed') returning id",
            "rating": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
            " values (%(rated)s, %(customer)s, 3) returning id",
            "note": "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at)"
            " values (%(ticket)s, %(agent)s, 'secret', true, now() - interval '2 hours') returning id",
            "message": "insert into public.ticket_messages (ticket_id, sender_id, content, created_at)"
            " values (%(ticket)s, %(customer)s, 'help', now() - interval '1 hour') returning id",
            "newest": "select %(message)s::uuid",
            "filled": 'update public.tickets set metadata = \'{"serial": "1"}\' where id = %(ticket)s returning id',
            "field": "insert into private.fields (key, label, type) values ('serial', 'Serial', 'text') returning key",
            "merged": "insert into public.tickets (title, customer_id, status)"
            " values ('Merged', %(customer)s, 'closed') returning id",
            "merge": "insert into private.merges (ticket_id, into_id, note, moved) values"
            ' (%(merged)s, %(ticket)s, gen_random_uuid(), \'{"status": "open"}\') returning id',
            "followed": "insert into private.followers (ticket_id, person)"
            " select %(ticket)s, id from public.profiles returning ticket_id",
            "linked": "insert into private.links (ticket_id, other_id, kind)"
            " values (%(ticket)s, %(merged)s, 'caused by') returning ticket_id",
            "note_file": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
            " values (%(ticket)s, %(note)s, 'n.txt', encode(sha256('n'), 'hex'), 'n') returning id",
            "message_file": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
            " values (%(ticket)s, %(message)s, 'm.txt', encode(sha256('m'), 'hex'), 'm') returning id",
            "request_file": "insert into public.ticket_attachments (ticket_id, name, sha256, data)"
            " values (%(ticket)s, 'r.txt', encode(sha256('r'), 'hex'), 'r') returning id",
            "new": "select gen_random_uuid()",
            "tag": "insert into public.ticket_tags (name) values ('printer') returning id",
            "other_tag": "insert into public.ticket_tags (name) values ('paper') returning id",
            "tagged": "insert into public.ticket_tag_relations values (%(ticket)s, %(tag)s) returning tag_id",
            "shelf": "insert into public.kb_categories (name) values ('Printers') returning id",
            "draft_shelf": "insert into public.kb_categories (name) values ('Layoffs') returning id",
            "article": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Jams', 'text', %(shelf)s, %(agent)s, 'published') returning id",
            "other_article": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Ink', 'text', %(shelf)s, %(agent)s, 'published') returning id",
            "draft": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Draft', 'text', %(draft_shelf)s, %(agent)s, 'draft') returning id",
            "opinion": "insert into public.kb_article_feedback (article_id, user_id, helpful)"
            " values (%(article)s, %(customer)s, true) returning id",
            "waiting": "insert into public.chat_sessions (customer_id, status)"
            " values (%(other_customer)s, 'waiting') returning id",
            "waiting_for_support": "insert into public.chat_sessions (customer_id, department_id, status)"
            " values (%(third_customer)s, %(support)s, 'waiting') returning id",
            "taken": "insert into public.chat_sessions (customer_id, agent_id, status)"
            " values (%(customer)s, %(agent)s, 'active') returning id",
            "ended": "insert into public.chat_sessions (customer_id, agent_id, status)"
            " values (%(customer)s, %(agent)s, 'ended') returning id",
            "absence": "insert into private.away (person_id) values (%(other_agent)s) returning person_id",
            "said": "insert into public.chat_messages (session_id, sender_id, content)"
            " values (%(taken)s, %(customer)s, 'hello') returning id",
        }
        made["act"] = (
            "insert into private.acts (id, kind, words, before, answer) select gen_random_uuid(), 'reassign', '',"
            " jsonb_build_object('tickets', jsonb_build_array(jsonb_build_array("
            "t.id, %(billing)s::uuid, null, private.mark_of(t)))),"
            " '{}' from public.tickets t where t.id = %(ticket)s returning number"
        )
        made["drafted"] = (
            "insert into private.drafts (person_id, message_id, ticket_id, kind, content, revision)"
            " values (%(third_customer)s, gen_random_uuid(), %(ticket)s, 'reply', 'x', 1) returning message_id"
        )
        for name, audience, department in (
            ("own_view", "me", "null"),
            ("support_view", "department", "%(support)s"),
            ("team_view", "team", "null"),
        ):
            made[name] = (
                "insert into private.saved_views (id, owner_id, audience, department_id, name, query, sort)"
                f" values (gen_random_uuid(), %(agent)s, '{audience}', {department}, 'v', 'status:open', 'due')"
                " returning id"
            )
        # What the agent of Support did to the customer's ticket.
        made["done"] = (
            "insert into private.ticket_acts (id, actor_id, kind, words, before, answer)"
            " select gen_random_uuid(), %(agent)s, 'change', 'priority', jsonb_build_array(jsonb_build_object("
            "'id', t.id, 'number', t.number, 'priority', jsonb_build_array('low', t.priority))), '{}'"
            " from public.tickets t where t.id = %(ticket)s returning id"
        )
        for name, sql in made.items():
            ids[name] = one(sql)
        connection.execute("delete from public.notifications where id is not null")
        connection.execute(
            "insert into public.notifications (user_id, type, title) select id, 'news', 'News' from public.profiles"
        )
        return ids

    def outcome(self, person: str, sql: str) -> str:
        """What comes of a statement, or of the last of several, run by a person; nothing of it stays."""
        connection = self.connections[person]
        someone = self.ids["other_agent" if person == "own agent" else "agent"]
        parameters = self.ids | {"me": self.me[person], "someone": someone}
        try:
            with connection.transaction(force_rollback=True):
                count = [connection.execute(each.encode(), parameters).rowcount for each in sql.split(";")][-1]
        except psycopg.Error as error:
            return "no" if error.sqlstate == "42501" else str(error.sqlstate)
        assert count in {0, 1}, f"{count} rows"
        return "yes" if count else "-"

    def close(self) -> None:
        """Closes every connection."""
        for connection in self.connections.values():
            connection.close()
