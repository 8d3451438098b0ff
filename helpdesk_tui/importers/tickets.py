"""Threads → tickets with their messages, tags and history. See docs/import.md for the fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from helpdesk_tui.core.model import PRIORITIES, STATUSES, Status
from helpdesk_tui.core.waiting import waiting_since
from helpdesk_tui.importers import people
from helpdesk_tui.importers.fields import BadRecord, Fields, Ids, in_order
from helpdesk_tui.importers.staging import Rows, Stage, Step, as_jsonb
from helpdesk_tui.importers.titles import title

SETTLED_AFTER: Final = timedelta(days=30)
"""An answer that nobody came back to in this time has settled its ticket."""


@dataclass(frozen=True, slots=True)
class _Message:
    id: UUID
    author: people.Author
    staff: bool
    helpful: bool
    created_at: datetime
    row: tuple[Any, ...]


def settle(by_requester: bool, last: datetime, now: datetime, *, helpful: bool) -> Status:
    """The status of a thread that brings none: whose turn is it?

    Args:
        by_requester: the last message is the requester's.
        last: when that was.
        now: the moment of the import.
        helpful: an answer in it was marked as helpful.
    """
    if by_requester:
        return "open"
    return "resolved" if helpful or now - last > SETTLED_AFTER else "pending"


class Tickets:
    """Reads threads.

    Args:
        now: the moment of the import, against which old answers count as settled.
        status: gives every ticket this one; None asks the file, then its messages.
    """

    stages: ClassVar[Sequence[Stage]] = (
        Stage(
            "import_tickets",
            {
                "id": "uuid",
                "title": "text",
                "description": "text",
                "status": "public.ticket_status",
                "priority": "public.ticket_priority",
                "customer_id": "uuid",
                "assignee_id": "uuid",
                "due_date": "timestamptz",
                "metadata": "jsonb",
                "created_at": "timestamptz",
                "updated_at": "timestamptz",
                "first_response_at": "timestamptz",
                "waiting_since": "timestamptz",
                "settled_at": "timestamptz",
            },
        ),
        Stage(
            "import_messages",
            {
                "id": "uuid",
                "ticket_id": "uuid",
                "sender_id": "uuid",
                "content": "text",
                "is_internal": "boolean",
                "html": "text",
                "created_at": "timestamptz",
            },
        ),
        Stage("import_tags", {"ticket_id": "uuid", "name": "text"}),
    )

    steps: ClassVar[Sequence[Step]] = (
        # A ticket that is in already belongs to the people who work on it: only messages that came since are added.
        Step("delete from import_tickets s using public.tickets t where t.id = s.id"),
        Step(
            "delete from import_tickets s using import_tickets earlier"
            " where earlier.id = s.id and earlier.line < s.line"
        ),
        Step("delete from import_tags s where not exists (select from import_tickets t where t.line = s.line)"),
        Step(
            """
            insert into public.tickets
                   (id, title, description, status, priority, customer_id, assignee_id, department_id, due_date,
                    metadata, created_at, updated_at, first_response_at, waiting_since, resolved_at, closed_at)
            select id, title, description, status, priority, customer_id, assignee_id, %(department_id)s, due_date,
                   metadata, created_at, updated_at, first_response_at, waiting_since,
                   case when status in ('resolved', 'closed') then settled_at end,
                   case when status = 'closed' then settled_at end
              from import_tickets order by line
            """,
            counts="tickets",
        ),
        # Every ticket began as an open one, by its requester; what it is now it became at its end.
        Step(
            """
            update public.ticket_status_history h set status = 'open', changed_by = s.customer_id
              from import_tickets s where s.id = h.ticket_id
            """
        ),
        Step(
            """
            insert into public.ticket_status_history (ticket_id, status, created_at)
            select id, status, settled_at from import_tickets where status <> 'open' order by line
            """
        ),
        Step(
            """
            insert into public.ticket_messages
                   (id, ticket_id, sender_id, content, is_internal, html, created_at)
            select distinct on (s.line, s.created_at, s.id)
                   s.id, s.ticket_id, s.sender_id, s.content, s.is_internal, s.html, s.created_at
              from import_messages s
             where not exists (select from public.ticket_messages m where m.id = s.id)
             order by s.line, s.created_at, s.id
            on conflict (id) do nothing
            """,
            counts="messages",
        ),
        Step(
            """
            insert into public.ticket_tags (name)
            select distinct s.name from import_tags s
             where not exists (select from public.ticket_tags t where t.name = s.name)
             order by s.name
            on conflict do nothing
            """,
            counts="tags",
        ),
        Step(
            """
            insert into public.ticket_tag_relations (ticket_id, tag_id)
            select s.ticket_id, t.id from import_tags s join public.ticket_tags t on t.name = s.name
            on conflict do nothing
            """
        ),
    )

    tables: ClassVar[Sequence[str]] = (
        "public.tickets",
        "public.ticket_messages",
        "public.ticket_status_history",
        "public.ticket_tag_relations",
        "public.profiles",
    )

    def __init__(self, *, now: datetime, status: Status | None = None) -> None:
        self._now = now
        self._status = status

    def rows(self, record: Fields, ids: Ids) -> Rows:
        """A thread's ticket, messages, tags and people."""
        name = record.name("id")
        ticket_id = ids.of("ticket", name)
        created_at = record.time("created_at")
        requester_name = record.name("requester")
        requester = people.author(ids, requester_name, role=None, seen=created_at)
        shown, whole_title = title(record, "subject")
        messages, more = self._messages(record, ids, name, ticket_id, requester)

        public = [message for message in messages if not message.row[4]]
        last = public[-1] if public else None
        last_at = last.created_at if last else created_at
        answers = [message for message in public if message.staff and message.author.id != requester.id]
        status = self._status or _as_status(record.choice("status", STATUSES))
        if status is None:
            helpful = any(message.helpful for message in public if message.author.id != requester.id)
            status = settle(last is None or last.author.id == requester.id, last_at, self._now, helpful=helpful)
        priority = record.choice("priority", PRIORITIES) or "medium"
        description = record.optional_text("description")
        due_date = record.optional_time("due_date")
        updated_at = record.optional_time("updated_at") or last_at
        tags = record.texts("tags")

        metadata: dict[str, Any] = {"import": {"source": ids.source, "id": name}} | record.rest()
        if whole_title is not None:
            metadata["subject"] = whole_title
        if more:
            metadata["messages"] = more

        rows = Rows()
        rows.counts.update(tickets=1, messages=len(messages))
        staff = {message.author.id: message.author for message in messages if message.staff}
        everybody = {requester.id: requester} | {message.author.id: message.author for message in messages} | staff
        rows.staged[people.STAGE.name] = [person.row() for person in everybody.values()]
        rows.staged["import_tickets"].append(
            (
                ticket_id,
                shown,
                description,
                status,
                priority,
                requester.id,
                answers[-1].author.id if answers else None,
                due_date,
                as_jsonb(metadata),
                created_at,
                updated_at,
                answers[0].created_at if answers else None,
                waiting_since(created_at, ((each.author.id == requester.id, each.created_at) for each in public)),
                last_at,
            )
        )
        rows.staged["import_messages"] = [message.row for message in messages]
        rows.staged["import_tags"] = [(ticket_id, tag) for tag in tags]
        return rows

    def _messages(
        self, record: Fields, ids: Ids, name: str, ticket_id: UUID, requester: people.Author
    ) -> tuple[list[_Message], dict[str, Any]]:
        """The messages in the file's order, and by their id what they bring that no column holds."""
        fields = record.records("messages")
        if not fields:
            raise record.bad("messages", "is empty: a thread begins with a message")
        times = in_order([each.time("created_at") for each in fields])
        messages: list[_Message] = []
        more: dict[str, Any] = {}
        for each, created_at in zip(fields, times, strict=True):
            own = each.name("id")
            role = each.optional_text("role")
            author = people.author(ids, each.name("author"), role=role, seen=created_at)
            internal = each.flag("internal")
            if internal and author.id == requester.id:
                raise each.bad("internal", "is set on a message of the requester's, who may not read it")
            message_id = ids.of("message", name, own)
            votes = each.peek("helpful")
            helpful = isinstance(votes, int) and votes > 0
            row = (
                message_id,
                ticket_id,
                author.id,
                each.text("text"),
                internal,
                each.optional_text("html"),
                created_at,
            )
            messages.append(_Message(message_id, author, author.staff, helpful, created_at, row))
            extra = each.rest()
            if role is not None and role not in ("customer", "agent"):
                extra["role"] = role
            # The ticket's metadata holds nothing of notes.
            if extra and not internal:
                more[own] = extra
        if len({message.id for message in messages}) != len(messages):
            raise BadRecord("two of its messages have the same id")
        return messages, more


def _as_status(word: str | None) -> Status | None:
    return next((status for status in STATUSES if status == word), None)
