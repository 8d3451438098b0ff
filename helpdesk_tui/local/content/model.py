"""The demo's people, tickets, articles and chats as plain records; every time is relative to the moment the demo is filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Priority, Role, Status

ArticleStatus = Literal["draft", "published", "archived"]
ChatStatus = Literal["waiting", "active", "ended"]
ChangeKind = Literal["status", "priority", "assignee", "department"]


class ContentError(HelpdeskError):
    """A content file contradicts itself: the message names the file, the item and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the company. ``key`` is how the other records name it."""

    key: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Category:
    """What a ticket is about, within one department (``department`` is a department's key)."""

    key: str
    name: str
    department: str
    description: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A ticket tag; ``color`` is ``#rrggbb``."""

    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``department`` is set for agents only; ``age_min`` is how long ago they joined."""

    key: str
    name: str
    email: str
    role: Role
    department: str | None
    locale: str
    age_min: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``by`` is a person's key, ``after_min`` counts from the creation of its ticket or chat."""

    by: str
    after_min: int
    text: str
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a ticket's history. ``to`` is a status, a priority, a department's key, or a person's key (None: unassigned)."""

    after_min: int
    by: str
    kind: ChangeKind
    to: str | None


@dataclass(frozen=True, slots=True)
class Rating:
    """What the customer thought afterwards, 1 to 5 stars."""

    stars: int
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it stands now, with its thread.

    ``description`` is the requester's opening text and is not repeated in ``messages``. ``age_min`` is how many minutes
    ago the ticket was created; ``due_in_min`` is minutes from now, negative when overdue. ``changes`` end at the state
    given by the other fields.
    """

    subject: str
    description: str
    requester: str
    assignee: str | None
    department: str
    category: str | None
    status: Status
    priority: Priority
    tags: tuple[str, ...]
    age_min: int
    due_in_min: int | None
    messages: tuple[Message, ...]
    changes: tuple[Change, ...]
    rating: Rating | None

    @property
    def updated_after_min(self) -> int:
        """Minutes from creation to the last message or change."""
        moments = [message.after_min for message in self.messages] + [change.after_min for change in self.changes]
        return max(moments, default=0)


@dataclass(frozen=True, slots=True)
class KbCategory:
    """A shelf of the knowledge base; ``parent`` is another one's key, or None at the top."""

    key: str
    name: str
    description: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Article:
    """A knowledge base article in Markdown. Links to others are written ``[Title](kb:slug)``.

    ``age_min`` is how long ago it was written and ``updated_min`` how long ago it was last changed.
    """

    slug: str
    title: str
    category: str
    author: str
    status: ArticleStatus
    age_min: int
    updated_min: int
    body: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat session. ``agent`` is None while it waits; ``ended_after_min`` and ``rating`` exist once it has ended."""

    topic: str
    customer: str
    agent: str | None
    status: ChatStatus
    age_min: int
    ended_after_min: int | None
    messages: tuple[Message, ...]
    rating: Rating | None


@dataclass(frozen=True, slots=True)
class DemoContent:
    """Everything the demo shows, with all references checked."""

    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    tags: tuple[Tag, ...]
    people: tuple[Person, ...]
    tickets: tuple[Ticket, ...]
    kb_categories: tuple[KbCategory, ...]
    articles: tuple[Article, ...]
    chats: tuple[Chat, ...]
