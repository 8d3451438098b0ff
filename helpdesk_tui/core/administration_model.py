"""The records of administration: plain, frozen, typed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from helpdesk_tui.core.model import Role

Kind = Literal["departments", "categories", "tags"]
Held = Literal["keep", "hand over"]


class _Same:
    """Stands for "as it is": None is a department too, namely none."""

    def __repr__(self) -> str:
        return "SAME"


SAME: Final = _Same()


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in an admin's list. ``holds``: open tickets assigned to them."""

    id: UUID
    email: str
    full_name: str | None
    role: Role
    department_id: UUID | None
    department: str | None
    deactivated_at: datetime | None
    created_at: datetime
    holds: int

    @property
    def name(self) -> str:
        """What to call them."""
        return self.full_name or self.email

    @property
    def active(self) -> bool:
        """Whether they may come in."""
        return self.deactivated_at is None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some people of a longer list: ``total`` in all, of whom ``skip`` come before these."""

    rows: tuple[PersonRow, ...]
    total: int
    skip: int = 0


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to become of a person; what is not given stays.

    Args:
        department: an id; None: no department.
        active: False ends their access.
    """

    role: Role | None = None
    department: UUID | _Same | None = SAME
    active: bool | None = None

    def as_json(self) -> str:
        """As the database wants it."""
        change: dict[str, str | bool | None] = {}
        if self.role is not None:
            change["role"] = self.role
        if not isinstance(self.department, _Same):
            change["department"] = str(self.department) if self.department is not None else None
        if self.active is not None:
            change["active"] = self.active
        return json.dumps(change)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change would mean: open tickets out of sight, and open tickets held that would be."""

    loses: int
    holds: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a person's change.

    Args:
        act: its number; None: there was nothing to change.
        words: what was done.
        loses: how many open tickets they see no more.
        held: how many of those they held they would not come across any more.
        handed: the numbers of the open ones that were handed over.
    """

    act: int | None
    words: str
    loses: int
    held: int
    handed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that would be moved."""

    number: int
    title: str
    status: str
    priority: str
    assignee: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a move would do: how many tickets, how many of them lose their assignee, and the first of them."""

    total: int
    dropped: int
    first: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: the numbers of the tickets, and how many of them lost their assignee. ``act`` None: nothing."""

    act: int | None
    words: str
    numbers: tuple[int, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not put back: a ticket, or (``number`` None) the person of the act or a ticket long gone."""

    id: UUID
    number: int | None
    title: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking an act back did.

    Args:
        act: the number of this undoing; None: nothing could be put back.
        of: the number of the act.
        words: what that had done.
        person: whether a person was put back.
        restored: the numbers of the tickets that were.
        left: what was not, and why.
    """

    act: int | None
    of: int
    words: str
    person: bool
    restored: tuple[int, ...]
    left: tuple[Left, ...]


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act in the list of them. ``undone_by``: the number of the act that took it back."""

    number: int
    actor: str | None
    kind: str
    words: str
    at: datetime
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """A department, category or tag, and what hangs on it.

    Args:
        department_id: where a category sends its tickets.
        people: who work in a department.
        tickets: open ones of a department; all of a category or tag.
        categories: those that send tickets to a department.
    """

    id: UUID
    name: str
    description: str | None
    color: str | None
    department_id: UUID | None
    department: str | None
    is_default: bool
    people: int
    tickets: int
    categories: int
