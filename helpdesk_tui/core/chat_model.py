"""Chats as people see them: a chat in a list, what is said in it, what came of taking one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

__all__ = ["Accepted", "Chat", "ChatLists", "ChatMessage", "ChatStatus", "ChatThread"]

ChatStatus = Literal["waiting", "active", "ended"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as a list shows it. Times are aware datetimes in UTC.

    Args:
        customer, agent: names; ``agent`` is None while it waits, and stays when it is over.
        department_id, department: where it waits, or waited; None: for the whole team.
        last_words: the newest message, cut at 300 characters; None before the first.
        unread: messages of the other side that I have not seen, up to 100; in one that waits, of the customer.
        position: the place in the waiting list, 1 is next; only for the customer who waits.
        ticket_id, ticket_number: what became of it; None as well where I may not see the ticket.
        waiting_since: None unless it waits; later than ``created_at`` for one that was handed over.
        last_by_staff: whose the last words are; None before the first.
    """

    id: UUID
    customer_id: UUID
    customer: str
    agent_id: UUID | None
    agent: str | None
    status: ChatStatus
    department_id: UUID | None
    department: str | None
    topic: str | None
    created_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    last_message_at: datetime | None
    last_words: str | None
    unread: int
    position: int | None
    rating: int | None
    ticket_id: UUID | None
    ticket_number: int | None
    waiting_since: datetime | None = None
    last_by_staff: bool | None = None
    rating_comment: str | None = None


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. ``by_staff``: not the customer's."""

    id: UUID
    session_id: UUID
    sender_id: UUID
    sender: str
    by_staff: bool
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChatLists:
    """What a person sees when they look.

    Args:
        mine: those I lead, or opened: going on first, the oldest at the top; then those that are over, latest first.
        waiting: those that wait for me or a colleague, longest first. Empty for a customer.
        others: those that colleagues lead, for an admin; else empty.
    """

    mine: tuple[Chat, ...]
    waiting: tuple[Chat, ...]
    others: tuple[Chat, ...]


@dataclass(frozen=True, slots=True)
class ChatThread:
    """A chat with what was said in it, oldest first."""

    chat: Chat
    messages: tuple[ChatMessage, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of taking a chat.

    Args:
        done: it is mine now (or was already).
        by: who has it; None where it is over, or waits elsewhere.
    """

    done: bool
    by: str | None
