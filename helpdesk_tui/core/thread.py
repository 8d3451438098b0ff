"""A ticket opened: its messages and its history, and how an answer is sent.

An answer has its id before it is sent and says which message its author saw last: sent twice it is there once, and the
database refuses it (``Stale``) where the thread has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from helpdesk_tui.core import attachments, macros, tickets
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.model import Attachment, HistoryLine, Message, Status, Thread, Ticket
from helpdesk_tui.core.statement import Statement, positional
from helpdesk_tui.core.ticket_acts import Outcome

# Functions that ask once how far the person sees into the ticket; the policies would ask for each message.
_MESSAGES: Final = """
select id, sender_id, sender, by_staff, is_internal, content, created_at from helpdesk.messages(%(ticket)s)
"""
_HISTORY: Final = "select id, actor, kind, old, new, created_at, field from helpdesk.history(%(ticket)s)"


@dataclass(frozen=True, slots=True)
class Also:
    """What is done with a message, in the same transaction: what a macro sets.

    ``act`` is drawn once, so that sending it again is harmless. ``change`` has the keys of ``helpdesk.act``, ``words``
    say it for people. ``macro`` is which it was.
    """

    act: UUID
    change: Mapping[str, Any]
    words: str
    macro: UUID | None = None

    def json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        macro = str(self.macro) if self.macro is not None else None
        return {"act": str(self.act), "change": dict(self.change), "words": self.words, "macro": macro}

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Also | None:
        """What :meth:`json` made; None for nothing."""
        if kept is None:
            return None
        macro = kept["macro"]
        return cls(UUID(kept["act"]), kept["change"], kept["words"], UUID(macro) if macro is not None else None)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply or a note, as it goes out.

    Args:
        message_id: drawn once per message, kept for sending it again: it is there once.
        internal: it is a note, for the team alone.
        after_id: the newest message that the author had on the screen.
        then_status: the ticket's status after it; None: as it is.
        also: what is done to the ticket in the same transaction.
    """

    ticket_id: UUID
    message_id: UUID
    content: str
    internal: bool
    after_id: UUID | None
    then_status: Status | None = None
    files: tuple[Upload, ...] = ()
    also: Also | None = None

    @property
    def changes_ticket(self) -> bool:
        """Whether more is asked for than to say something."""
        return self.sets is not None

    @property
    def sets(self) -> Also | None:
        """All that is done to the ticket with it, as the one act that can be taken back; None: nothing."""
        also = self.also if self.also is not None and self.also.change else None
        if self.then_status is None:
            return also
        words = f"status → {self.then_status}"
        if also is None:
            # As an act with an id of its own: sent again, it must not set back what somebody has changed since.
            return Also(uuid5(self.message_id, "then"), {"status": self.then_status}, words)
        return replace(also, change={**also.change, "status": self.then_status}, words=f"{also.words}, {words}")


def changed(ids: Sequence[UUID], also: Also) -> Statement[Outcome]:
    """The statement that does it, to one ticket or many: a row for each that says what became of it."""
    return Statement(
        "select id, done, why from helpdesk.act(%s, %s::uuid[], %s::jsonb, %s)",
        (also.act, list(ids), json.dumps(dict(also.change)), also.words),
        positional(Outcome),
        writes=True,
    )


@dataclass(frozen=True, slots=True)
class ToOne:
    """One of several messages that are sent at once. ``after`` is the newest message of the ticket that was seen."""

    ticket: UUID
    content: str
    after: UUID | None
    message: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class Newest:
    """The last that was said on a ticket: what somebody has seen who answers many at once. No message: None."""

    ticket: UUID
    message: UUID | None
    content: str | None


def newest(ids: Sequence[UUID]) -> Statement[Newest]:
    """What was said last on some tickets; no row for one that is not for this person."""
    sql = """select t.id, m.id, left(m.content, 500)
      from public.tickets t left join lateral (
        select x.id, x.content from public.ticket_messages x where x.ticket_id = t.id
         order by x.created_at desc, x.id desc limit 1) m on true
     where t.id = any(%s::uuid[])"""
    return Statement(sql, (list(ids),), positional(Newest), writes=False)


def send_each(messages: Sequence[ToOne], *, internal: bool, also: Also) -> tuple[Statement[Any], ...]:
    """The statements that send several messages, for one ``Database.run``; the first answers a row for each ticket.

    Raises:
        BadInput: one of them is empty.
    """
    if any(not each.content.strip() for each in messages):
        raise BadInput("One of the messages is empty.", "Nothing was sent.")
    told = [
        {
            "ticket": str(each.ticket),
            "message": str(each.message),
            "content": each.content,
            "after": str(each.after) if each.after is not None else None,
        }
        for each in messages
    ]
    sql = "select id, done, why from helpdesk.send_each(%s, %s::jsonb, %s, %s::jsonb, %s)"
    params = (also.act, json.dumps(told), internal, json.dumps(dict(also.change)), also.words)
    counted = () if also.macro is None else (macros.used(also.macro),)
    return (Statement(sql, params, positional(Outcome), writes=True), *counted)


def opened(
    ticket_id: UUID,
) -> tuple[Statement[tuple[Ticket, str, tuple[Attachment, ...]]], Statement[Message], Statement[HistoryLine]]:
    """The statements that read a thread, for one ``Database.run``; ``assemble`` makes a Thread of their rows."""
    return (
        tickets.described(ticket_id),
        messages(ticket_id),
        Statement(_HISTORY, {"ticket": ticket_id}, positional(HistoryLine), writes=False, general=True),
    )


def messages(ticket_id: UUID) -> Statement[Message]:
    """The messages of a ticket, oldest first. No row: none, or no such ticket for this person."""
    return Statement(_MESSAGES, {"ticket": ticket_id}, positional(Message), writes=False, general=True)


def assemble(rows: list[list[Any]]) -> Thread:
    """A Thread from the rows that ``opened`` brought.

    Raises:
        NotFound: the ticket is not there, or not for this person.
    """
    found, said, history = rows
    if not found:
        raise NotFound("There is no such ticket.", "It may have been moved to another department.")
    ticket, description, files = found[0]
    return Thread(
        ticket=ticket,
        description=description,
        messages=tuple(said),
        history=tuple(history),
        newest_message=said[-1].id if said else None,
        attachments=files,
    )


def send(said: Outgoing) -> tuple[Statement[Any], ...]:
    """The statements that send a reply or a note, for one ``Database.run``: with it its files and, if asked, a new
    status and what a macro sets. The last one answers what became of the ticket, where that is to change.

    Raises:
        BadInput: there is neither a text nor a file.
    """
    if not said.content.strip() and not said.files:
        raise BadInput("The message is empty.", "Write something, or leave with Esc: nothing is lost.")
    statements: list[Statement[Any]] = [
        Statement(
            "insert into public.ticket_messages (id, ticket_id, content, is_internal, after_id) "
            "values (%s, %s, %s, %s, %s) on conflict (id) do nothing",
            (said.message_id, said.ticket_id, said.content, said.internal, said.after_id),
            writes=True,
        )
    ]
    statements += [attachments.add(said.ticket_id, said.message_id, each) for each in said.files]
    if said.also is not None and said.also.macro is not None:
        statements.append(macros.used(said.also.macro))
    if (sets := said.sets) is not None:
        statements.append(changed([said.ticket_id], sets))
    return tuple(statements)
