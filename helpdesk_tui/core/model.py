"""The records that people see: plain, frozen, typed, one per thing on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core.sla import Sla

Status = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "medium", "high", "urgent"]
Role = Literal["customer", "agent", "admin"]

STATUSES: tuple[Status, ...] = ("open", "pending", "resolved", "closed")
PRIORITIES: tuple[Priority, ...] = ("low", "medium", "high", "urgent")


@dataclass(frozen=True, slots=True)
class Me:
    """The person signed in, as the database knows them at this moment."""

    id: UUID
    email: str
    name: str
    role: Role
    """Nobody goes on with the role of somebody who `owes_factor`: the database tells none then."""
    department_id: UUID | None
    department: str | None
    aal: str

    @property
    def owes_factor(self) -> bool:
        """Whether they are of the team, and not let in as such before they give a second factor."""
        return self.role is None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be named: a requester, an agent, an admin. ``email`` is None where the viewer may not see it."""

    id: UUID
    name: str
    role: Role
    email: str | None = None
    department_id: UUID | None = None
    away: bool = False
    until: datetime | None = None
    """Until when they are away, if they said that."""


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the team that owns a queue."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket. Both are None where the person does not see it."""

    id: UUID | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """What a ticket is to another: ``kind`` is "duplicate of", "caused by", "related to" or "split from", or the same
    read backwards."""

    kind: str
    id: UUID
    number: int
    status: Status
    title: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A custom field of a ticket that holds something. ``value`` is a text, a number, true or false; of a field that an
    import filled it may be anything that JSON knows."""

    key: str
    label: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class More:
    """What most tickets have nothing of, and only who works on a ticket is told. Each is None, or empty, where there is
    none. Of these its requester is told ``merged_into`` and ``written_by``."""

    merged_into: Other | None = None
    merged: tuple[Other, ...] = ()
    """What was merged into it; told of an opened ticket alone, as are links and fields."""
    following: bool = False
    """Whether the person follows it."""
    links: tuple[Link, ...] = ()
    fields: tuple[Filled, ...] = ()
    snoozed: datetime | None = None
    """Until when it is out of sight."""
    sla: Sla | None = None
    """What its requester is promised."""
    written_by: str | None = None
    """Who of the team wrote it down for its requester; told of an opened ticket alone."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> More:
        """What the database told as an object; what this release does not know is left out."""
        until, sla, into = told.get("snoozed"), told.get("sla"), told.get("merged_into")
        return cls(
            snoozed=datetime.fromisoformat(until) if until else None,
            sla=Sla.of(sla) if sla else None,
            merged_into=Other(UUID(into[0]) if into[0] else None, into[1]) if into else None,
            merged=tuple(Other(UUID(other), number) for other, number in told.get("merged", ())),
            following=told.get("following", False),
            links=tuple(Link(kind, UUID(other), *rest) for kind, other, *rest in told.get("links", ())),
            fields=tuple(Filled(*each) for each in told.get("fields", ())),
            written_by=told.get("written_by"),
        )


NOTHING_MORE: Final = More()


@dataclass(frozen=True, slots=True)
class Ticket:
    """One line of a queue. Times are aware datetimes in UTC."""

    id: UUID
    number: int
    title: str
    status: Status
    priority: Priority
    customer_id: UUID
    requester: str
    assignee_id: UUID | None
    assignee: str | None
    department_id: UUID | None
    department: str | None
    due_date: datetime | None
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    more: More = NOTHING_MORE

    def asleep(self, now: datetime) -> bool:
        """Whether it is out of sight for a while."""
        return self.more.snoozed is not None and self.more.snoozed > now


@dataclass(frozen=True, slots=True)
class Message:
    """One message or internal note of a thread. ``internal`` messages are never shown to the requester."""

    id: UUID
    sender_id: UUID
    sender: str
    from_staff: bool
    internal: bool
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change of a ticket. ``actor`` is None for a background change. ``kind`` names the field."""

    id: UUID
    actor: str | None
    kind: Literal[
        "created",
        "status",
        "priority",
        "assignee",
        "department",
        "category",
        "due_date",
        "title",
        "field",
        "merged",
        "merged in",
        "unmerged",
        "unmerged from",
    ]
    old: str | None
    new: str | None
    created_at: datetime
    field: str | None = None
    """What a custom field is called, of the kind ``field``."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message, or of the request itself where ``message_id`` is None; without what is in it.

    ``size`` is in bytes. ``content_type`` is what the database took its first bytes for, ``sha256`` 64 hexadecimal
    digits. ``name`` is a stranger's: see ``core.attachments.safe_name``.
    """

    id: UUID
    message_id: UUID | None
    name: str
    size: int
    content_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A reply or a note of one's own that the database has not got yet, as it will be in its thread.

    ``refused`` is why the database will not have it, None while it waits. ``files`` are on this machine alone.
    """

    message: Message
    refused: str | None = None
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """A ticket opened: its messages and history, each oldest first."""

    ticket: Ticket
    description: str
    messages: tuple[Message, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    newest_message: UUID | None = field(default=None)
    attachments: tuple[Attachment, ...] = ()

    @property
    def entries(self) -> tuple[Message | HistoryLine, ...]:
        """Messages and history lines as they happened, oldest first; a ticket was opened before it said anything."""
        both: list[Message | HistoryLine] = [*self.messages, *self.history]
        return tuple(sorted(both, key=lambda entry: (entry.created_at, isinstance(entry, Message))))
