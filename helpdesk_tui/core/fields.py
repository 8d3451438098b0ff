"""Custom fields: what admins set up, and values of them as people write them."""

from __future__ import annotations

import difflib
import json
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.statement import Statement, positional

__all__ = [
    "TYPES",
    "CustomField",
    "FieldType",
    "Value",
    "choice_words",
    "choices_from",
    "difference",
    "every",
    "key_for",
    "named",
    "set_up",
    "value_of",
    "words_of",
]

FieldType = Literal["text", "number", "date", "choice", "yes/no"]
TYPES: Final[tuple[FieldType, ...]] = ("text", "number", "date", "choice", "yes/no")
Value = str | int | float | bool
"""A day is written as 2026-12-24."""

_YES: Final = frozenset({"yes", "y", "true", "on", "1"})
_NO: Final = frozenset({"no", "n", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that admins have set up.

    Args:
        key: what it is called in queries and scripts.
        label: what people call it.
        choices: what a field of the type ``choice`` may hold.
        categories: for tickets of these alone; of all, where there is none.
        active: whether it is shown and filled in.
    """

    key: str
    label: str
    type: FieldType
    choices: tuple[str, ...] = ()
    categories: tuple[UUID, ...] = ()
    position: int = 0
    active: bool = True


def _field(
    key: str, label: str, kind: FieldType, choices: Any, categories: Any, position: int, active: bool
) -> CustomField:
    return CustomField(key, label, kind, tuple(choices), tuple(categories), position, active)


def every() -> Statement[CustomField]:
    """All fields in their order, those out of use too. None for whoever is not of the team."""
    sql = "select key, label, type, choices, categories, position, active from helpdesk.fields()"
    return Statement(sql, (), positional(_field), writes=False)


def set_up(key: str, change: Mapping[str, Any]) -> Statement[tuple[None]]:
    """Sets a field up or changes it, for admins. ``change`` has some of ``label``, ``type``, ``choices``,
    ``categories``, ``position`` and ``active``; what is not given stays. The type of a field stays in any case."""
    return Statement("select helpdesk.set_field(%s, %s::jsonb)", (key, json.dumps(change)), writes=True)


def difference(before: CustomField, after: CustomField) -> dict[str, Any]:
    """What makes one of the other, as ``set_up`` takes it. Key and type are never of it."""
    changed: dict[str, Any] = {}
    for name in ("label", "choices", "categories", "position", "active"):
        if (value := getattr(after, name)) != getattr(before, name):
            changed[name] = [str(each) for each in value] if isinstance(value, tuple) else value
    return changed


def key_for(label: str, taken: Collection[str]) -> str:
    """A key made of a label: ``Order no.`` → ``order_no``; one that is not taken."""
    bare = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "_", bare).strip("_").lstrip("0123456789_")[:40].rstrip("_") or "field"
    numbers = (f"{made[:37].rstrip('_')}_{n}" for n in range(2, 100))
    return made if made not in taken else next((key for key in numbers if key not in taken), made)


def choices_from(text: str) -> tuple[str, ...]:
    """``free, pro, "big, and more"`` → the choices.

    Raises:
        BadInput: there is none, or one of them twice.
    """
    import csv

    rows = csv.reader([text.strip()], skipinitialspace=True)
    found = [word for row in rows for each in row if (word := each.strip())]
    if not found:
        raise BadInput("A choice has some words to choose from.", "Such as free, pro.")
    for n, word in enumerate(found):
        if word.casefold() in {each.casefold() for each in found[:n]}:
            raise BadInput(f"“{word}” is there twice.")
    return tuple(found)


def choice_words(choices: Sequence[str]) -> str:
    """Choices as ``choices_from`` takes them."""
    return ", ".join('"{}"'.format(each.replace('"', '""')) if {",", '"'} & set(each) else each for each in choices)


def named(name: str, known: Sequence[CustomField]) -> CustomField:
    """The field that somebody means, by its key or label.

    Raises:
        NotFound: there is none that is in use.
    """
    wanted = name.strip().casefold()
    usable = [field for field in known if field.active]
    for field in usable:
        if wanted in (field.key, field.label.casefold()):
            return field
    near = difflib.get_close_matches(wanted, [field.key for field in usable], n=1)
    keys = ", ".join(field.key for field in usable)
    hint = f"Did you mean {near[0]}?" if near else f"The fields are {keys}." if keys else "No fields are set up here."
    raise NotFound(f"There is no field “{name}”.", hint)


def value_of(field: CustomField, text: str) -> Value | None:
    """What somebody wrote as a value of a field; None for nothing.

    Raises:
        BadInput: it is no value of the field.
    """
    words = text.strip()
    if not words:
        return None
    match field.type:
        case "number":
            try:
                number = float(words.replace(",", ".") if words.count(",") == 1 and "." not in words else words)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise BadInput(f"“{words[:60]}” is no number, and {field.label} is one.")
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        case "date":
            try:
                return date.fromisoformat(words).isoformat()
            except ValueError:
                raise BadInput(f"“{words[:60]}” is no day, and {field.label} is one.", "Such as 2026-12-24.") from None
        case "yes/no":
            if words.casefold() in _YES | _NO:
                return words.casefold() in _YES
            raise BadInput(f"{field.label} is yes or no, and not “{words[:60]}”.")
        case "choice":
            for choice in field.choices:
                if choice.casefold() == words.casefold():
                    return choice
            near = difflib.get_close_matches(words, field.choices, n=1)
            raise BadInput(
                f"“{words[:60]}” is none of the choices of {field.label}.",
                f"Did you mean {near[0]}?" if near else f"They are {', '.join(field.choices)}.",
            )
    if len(words) > 2000:
        raise BadInput(f"{field.label} has 2000 characters at most.")
    return words


def words_of(value: object) -> str:
    """A value for people. One that an import brought may be of any kind."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
