"""Tickets and threads as JSON, for programs: what ``--json`` prints and what a command of one's own is given.

The names are a promise; docs/cli.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from helpdesk_tui.core.model import Attachment, Message, More, Thread, Ticket


def time_json(when: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC, or null."""
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _named(identity: UUID | None, name: str | None) -> dict[str, Any] | None:
    return None if identity is None else {"id": str(identity), "name": name}


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """One ticket."""
    return {
        "id": str(ticket.id),
        "number": ticket.number,
        "title": ticket.title,
        "status": ticket.status,
        "priority": ticket.priority,
        "requester": _named(ticket.customer_id, ticket.requester),
        "assignee": _named(ticket.assignee_id, ticket.assignee),
        "department": _named(ticket.department_id, ticket.department),
        "tags": list(ticket.tags),
        "due_date": time_json(ticket.due_date),
        "created_at": time_json(ticket.created_at),
        "updated_at": time_json(ticket.updated_at),
    }


def listed_json(ticket: Ticket, category: dict[str, Any] | None, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """One ticket of a list, with its category, and the values of ``metadata`` that ``field.KEY`` can ask for."""
    told = ticket_json(ticket)
    fields = {key: value for key, value in metadata.items() if not isinstance(value, dict | list)}
    return {**told, "category": category, "fields": fields}


def more_json(more: More) -> dict[str, Any]:
    """What an opened ticket has besides, for who works on it."""
    into = more.merged_into
    return {
        "fields": {field.key: field.value for field in more.fields},
        "following": more.following,
        "links": [
            {"kind": each.kind, "id": str(each.id), "number": each.number, "status": each.status} for each in more.links
        ],
        "merged_into": {"id": str(into.id) if into.id else None, "number": into.number} if into else None,
        "merged": [{"id": str(each.id), "number": each.number} for each in more.merged],
        "written_by": more.written_by,
    }


def message_json(message: Message) -> dict[str, Any]:
    """One message or note."""
    return {
        "id": str(message.id),
        "sender": {"id": str(message.sender_id), "name": message.sender, "staff": message.from_staff},
        "internal": message.internal,
        "content": message.content,
        "created_at": time_json(message.created_at),
    }


def attachment_json(attachment: Attachment) -> dict[str, Any]:
    """One file, without what is in it. ``message`` is null for a file of the request itself."""
    return {
        "id": str(attachment.id),
        "message": str(attachment.message_id) if attachment.message_id else None,
        "name": attachment.name,
        "size": attachment.size,
        "content_type": attachment.content_type,
        "sha256": attachment.sha256,
    }


def thread_json(thread: Thread) -> dict[str, Any]:
    """A ticket with everything in it."""
    return {
        **ticket_json(thread.ticket),
        **more_json(thread.ticket.more),
        "description": thread.description,
        "messages": [message_json(message) for message in thread.messages],
        "history": [
            {
                "id": str(line.id),
                "actor": line.actor,
                "kind": line.kind,
                "old": line.old,
                "new": line.new,
                "field": line.field,
                "created_at": time_json(line.created_at),
            }
            for line in thread.history
        ],
        "attachments": [attachment_json(attachment) for attachment in thread.attachments],
        "newest_message": str(thread.newest_message) if thread.newest_message else None,
    }
