"""The names that a filter may use: people, departments, categories, tags, custom fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.model import Department, Me, Person


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of ``metadata`` that the team has given a type.

    Args:
        key: what it is called in ``metadata``, and behind ``field.`` in a filter.
        label: what people call it.
        kind: how its values compare: ``number``, ``date`` (as 2026-01-31), or as text.
        choices: the values that there are, where they are few.
    """

    key: str
    label: str = ""
    kind: Literal["text", "number", "date", "choice", "boolean"] = "text"
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a filter may use.

    Args:
        me: who ``@me`` is. A customer's filters have fewer fields than the team's.
        staff: who can be an assignee, those who have left too.
        fields: the custom fields; none: any key may be asked for, and is text.
    """

    me: Me
    staff: Sequence[Person] = ()
    departments: Sequence[Department] = ()
    categories: Sequence[Department] = ()
    tags: Sequence[Department] = ()
    fields: Sequence[CustomField] = ()

    @property
    def team(self) -> bool:
        """Whether this is one of the team."""
        return self.me.role != "customer"

    def people(self) -> Iterator[tuple[UUID, str]]:
        """Every way to name somebody of the team, whom it names."""
        yield self.me.id, "@me"
        yield self.me.id, "me"
        for person in self.staff:
            yield person.id, person.name
            yield person.id, str(person.id)
            if person.email:
                yield person.id, person.email
