"""Tickets and threads as the command line shows them to people."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from helpdesk_tui.cli.output import PRIORITY_COLOURS, STATUS_COLOURS, Column, Output
from helpdesk_tui.core.attachments import safe_name, size_words
from helpdesk_tui.core.fields import words_of
from helpdesk_tui.core.model import HistoryLine, Message, Thread, Ticket
from helpdesk_tui.core.wording import history_words, stamp


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
    if more.written_by:
        pairs.append(("written by", f"{more.written_by}, for the requester"))
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
