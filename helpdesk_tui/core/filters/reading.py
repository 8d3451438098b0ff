"""The names that a filter may use, read from the database in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from helpdesk_tui.core import fields
from helpdesk_tui.core.filters.names import CustomField, Vocabulary
from helpdesk_tui.core.model import Department, Me, Person
from helpdesk_tui.core.statement import Statement, positional

# Those who have left, too: what they had is asked for.
_STAFF: Final = Statement(
    "select id, coalesce(full_name, email), role, email, department_id from public.profiles where role <> 'customer'"
    " order by lower(coalesce(full_name, email)), id",
    (),
    positional(Person),
    writes=False,
)


def _names(table: str) -> Statement[Department]:
    sql = f"select id, name from {table} order by lower(name), id"  # noqa: S608  (a constant)
    return Statement(sql, (), positional(Department), writes=False)


def asked() -> tuple[Statement[Any], ...]:
    """What to run; ``answered`` takes what it gives."""
    names = (_names("public.departments"), _names("public.categories"), _names("public.ticket_tags"))
    return _STAFF, *names, fields.every()


def answered(me: Me, rows: Sequence[list[Any]]) -> Vocabulary:
    """The vocabulary of a person; a customer is told of no tags and of no staff."""
    staff, departments, categories, tags, custom = rows
    kinds = [
        CustomField(each.key, each.label, "boolean" if each.type == "yes/no" else each.type, each.choices)
        for each in custom
    ]
    return Vocabulary(me, staff, departments, categories, tags, kinds)
