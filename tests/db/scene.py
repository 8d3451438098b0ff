"""Two departments, a ticket that says SECRET wherever text can stand, and everybody who should not read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.db.sessions import owner, with_people
from tests.world import DeskDatabase, People, Person

SECRET = "SECRET"  # in every text of the tickets that must not be read


@dataclass
class Scene:
    """The desk of the leak tests."""

    database: DeskDatabase
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def ticket(self) -> UUID:
        """Otto's, in Billing, assigned to Bo there."""
        found = self.ids["foreign"]
        assert isinstance(found, UUID)
        return found


STRANGERS = ("cora", "ada", "ida")
"""Nobody of these may learn anything of Otto's ticket: a customer, an agent of Support with tickets of her own, and an
agent of no department."""


def scene(database: DeskDatabase) -> Scene:
    """Makes it."""
    made = Scene(database)

    async def people(people: People) -> dict[str, Person]:
        return {
            "cora": await people.sign_up("cora@desk.test", "Cora"),
            "otto": await people.sign_up("otto-SECRET@desk.test", "Otto SECRET"),
            "olga": await people.sign_up("olga-SECRET@desk.test", "Olga SECRET"),
            "ada": await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            "bo": await people.sign_up("bo@desk.test", "Bo", "agent", "Billing"),
            "ida": await people.sign_up("ida@desk.test", "Ida", "agent"),
            "ann": await people.sign_up("ann@desk.test", "Ann", "admin"),
        }

    made.people = with_people(database, people)
    ids = made.ids = {name: person.id for name, person in made.people.items()}
    statements = {
        "support": "select id from public.departments where name = 'Support'",
        "billing": "select id from public.departments where name = 'Billing'",
        "own": "insert into public.tickets (title, customer_id) values ('Paper jam', %(cora)s) returning id",
        "own_message": "insert into public.ticket_messages (ticket_id, sender_id, content)"
        " values (%(own)s, %(cora)s, 'It jams') returning id",
        "own_note": "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal)"
        " values (%(own)s, %(ada)s, 'NOTE for the team', true) returning id",
        "foreign": "insert into public.tickets (title, description, customer_id, department_id, assignee_id, metadata)"
        " values ('SECRET title', 'SECRET text', %(otto)s, %(billing)s, %(bo)s, '{\"a\": \"SECRET\"}') returning id",
        "number": "select number from public.tickets where id = %(foreign)s",
        "message": "insert into public.ticket_messages (ticket_id, sender_id, content)"
        " values (%(foreign)s, %(otto)s, 'SECRET message') returning id",
        "note": "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal)"
        " values (%(foreign)s, %(bo)s, 'SECRET note', true) returning id",
        "file": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
        " values (%(foreign)s, %(message)s, 'SECRET.txt',"
        " encode(sha256('SECRET file'), 'hex'), 'SECRET file') returning id",
        "note_file": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
        " values (%(foreign)s, %(note)s, 'SECRET.txt',"
        " encode(sha256('SECRET file'), 'hex'), 'SECRET file') returning id",
        "own_note_file": "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
        " values (%(own)s, %(own_note)s, 'NOTE.txt', encode(sha256('NOTE'), 'hex'), 'NOTE') returning id",
        "tag": "insert into public.ticket_tags (name) values ('vip') returning id",
        "tagged": "insert into public.ticket_tag_relations values (%(foreign)s, %(tag)s) returning tag_id",
        "changed": "update public.tickets set priority = 'urgent', title = 'SECRET title now'"
        " where id = %(foreign)s returning id",
        "closed": "update public.tickets set status = 'closed' where id = %(foreign)s returning id",
        "remark": "insert into public.ticket_status_history (ticket_id, status, note)"
        " values (%(foreign)s, 'closed', 'SECRET remark') returning id",
        "rated": "insert into public.ticket_feedback (ticket_id, customer_id, rating, comment)"
        " values (%(foreign)s, %(otto)s, 1, 'SECRET comment') returning id",
        "chat": "insert into public.chat_sessions (customer_id, agent_id, status, department_id, topic)"
        " values (%(otto)s, %(bo)s, 'active', %(billing)s, 'SECRET topic') returning id",
        "said": "insert into public.chat_messages (session_id, sender_id, content)"
        " values (%(chat)s, %(otto)s, 'SECRET chat') returning id",
        "waiting": "insert into public.chat_sessions (customer_id, status, department_id, topic)"
        " values (%(olga)s, 'waiting', %(billing)s, 'SECRET topic') returning id",
        "asked": "insert into public.chat_messages (session_id, sender_id, content)"
        " values (%(waiting)s, %(olga)s, 'SECRET question') returning id",
        "draft": "insert into public.kb_articles (title, content, author_id, status)"
        " values ('Draft', 'DRAFT', %(bo)s, 'draft') returning id",
    }
    with owner(database) as connection:
        for name, sql in statements.items():
            row = connection.execute(sql.encode(), ids).fetchone()
            assert row is not None
            ids[name] = row[0]
        connection.execute("analyze")
    return made
