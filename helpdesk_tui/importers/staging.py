"""What a format says of itself: what it stages, the statements that move that on, and the rows of a record."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from helpdesk_tui.importers.fields import Fields, Ids


@dataclass(frozen=True, slots=True)
class Stage:
    """A temporary table that a batch is copied into.

    Args:
        name: its name; ``line`` is its first column always.
        columns: name → Postgres type of the others.
    """

    name: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that moves staged rows on, in order.

    Args:
        statement: the SQL; its parameters are ``department_id`` and ``author_id``.
        counts: what the rows that it adds are called, if they are to be counted.
    """

    statement: str
    counts: str | None = None


@dataclass(slots=True)
class Rows:
    """What one record becomes.

    Args:
        staged: rows by the name of their stage.
        counts: how many of what a person would count: tickets, messages.
    """

    staged: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)


class Format(Protocol):
    """A kind of file: what its records mean and where they go.

    Args:
        stages: what its records are copied into.
        steps: how the staged rows go on from there.
        tables: the tables they end in.
    """

    stages: ClassVar[Sequence[Stage]]
    steps: ClassVar[Sequence[Step]]
    tables: ClassVar[Sequence[str]]

    def rows(self, record: Fields, ids: Ids) -> Rows:
        """What a record becomes.

        Raises:
            BadRecord: it cannot be taken in.
        """
        ...


def as_jsonb(value: Mapping[str, Any]) -> str:
    """A JSON object as it is copied into a jsonb column."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
