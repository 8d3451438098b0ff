"""Tickets and threads as the command line shows them: JSON for programs (see docs/cli.md), text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from helpdesk_tui.cli.output import PRIORITY_COLOURS, STATUS_COLOURS, Column, Output
from helpdesk_tui.core.attachments import safe_name, size_words
from helpdesk_tui.core.fields import words_of
from helpdesk_tui.core.model import Attachment, HistoryLine, Message, More, Thread, Ticket
from helpdesk_tui.core.wording import history_words, stamp


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
        "merged_into": {"id": str(into.id), "number": into.number} if into else None,
        "merged": [{"id": str(each.id), "number": each.number} for each in more.merged],
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


def list_tickets(out: Output, tickets: Sequence[Ticket]) -> None:
    """A queue as a table."""
    columns = [
        Column("number", right=True),
        Column("status", colours=STATUS_COLOURS),
        Column("priority", colours=PRIORITY_COLOURS),
        Column("updated", right=True),
        Column("requester", least=8),
        Column("assignee", least=8),
        Column("title", least=20, worth=3),
    ]
    rows = [
        [
            f"#{ticket.number}",
            ticket.status,
            ticket.priority,
            out.when(ticket.updated_at),
            ticket.requester,
            ticket.assignee or "-",
            ticket.title,
        ]
        for ticket in tickets
    ]
    out.table(columns, rows)


def show_thread(out: Output, thread: Thread, *, history: bool) -> None:
    """A thread from its first to its newest message."""
    ticket = thread.ticket
    out.line(f"#{ticket.number} {ticket.title}", "bold")
    pairs = [
        ("status", ticket.status),
        ("priority", ticket.priority),
        ("requester", ticket.requester),
        ("assignee", ticket.assignee or "nobody"),
        ("department", ticket.department or "-"),
        ("due", stamp(ticket.due_date) if ticket.due_date else "-"),
        ("created", stamp(ticket.created_at)),
        ("updated", stamp(ticket.updated_at)),
        ("id", str(ticket.id)),
    ]
    if ticket.tags:
        pairs.insert(5, ("tags", ", ".join(ticket.tags)))
    more = ticket.more
    if more.merged_into:
        pairs.append(("merged into", f"#{more.merged_into.number}" if more.merged_into.number else "another ticket"))
    if more.merged:
        pairs.append(("merged in", ", ".join(f"#{each.number}" for each in more.merged)))
    pairs += [(link.kind, f"#{link.number} {link.status} {link.title}") for link in more.links]
    pairs += [(field.label, words_of(field.value)) for field in more.fields]
    if more.following:
        pairs.append(("followed", "by me"))
    out.pairs(pairs)
    if thread.description.strip():
        out.line()
        out.block(thread.description, "  ")
    _show_files(out, thread, None)
    for entry in thread.entries if history else thread.messages:
        out.line()
        if isinstance(entry, HistoryLine):
            out.line(f"· {stamp(entry.created_at)} {history_words(entry)}", "dim")
        else:
            show_message(out, entry)
            _show_files(out, thread, entry.id)
    out.line()
    out.pairs([("seen", str(thread.newest_message) if thread.newest_message else "none")])


def _show_files(out: Output, thread: Thread, message: UUID | None) -> None:
    for each in thread.attachments:
        if each.message_id == message:
            out.line(f"  ▤ {safe_name(each.name)}  {size_words(each.size)}  ({each.id})")


def show_message(out: Output, message: Message) -> None:
    """One message under a line that says whose it is, and for whom."""
    kind = "INTERNAL NOTE of" if message.internal else "reply of" if message.from_staff else "message of"
    out.line(
        f"— {stamp(message.created_at)} {kind} {message.sender}  ({message.id})",
        "magenta" if message.internal else "cyan",
    )
    out.block(message.content, "  ")
