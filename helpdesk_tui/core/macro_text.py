"""A macro as text that one writes in an editor: TOML between two lines of "+++", then what it says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core import fields, when
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.fields import CustomField
from helpdesk_tui.core.macros import KEYS, Macro, Shared
from helpdesk_tui.core.model import Department

__all__ = ["EMPTY", "names_fields", "read", "write"]

_FENCE: Final = "+++"
EMPTY: Final = f"""{_FENCE}
name = ""
kind = "reply"            # or "note"
shared = "me"             # or "all", or the name of a department
# What it sets; nothing where it is left out:
# change = {{ status = "pending", priority = "high", assignee = "@me", snooze = "3 days" }}
# change = {{ due = "fri 9:00", field.plan = "pro" }}  # a due date in words, custom fields by their keys
{_FENCE}
Hello {{{{requester.first_name}}}},

{{{{cursor}}}}
""".replace("{{{{", "{{").replace("}}}}", "}}")
"""What a new one begins with."""


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return '"none"' if value is None else json.dumps(value)


def _changed(change: Mapping[str, Any]) -> str:
    said = []
    for key, value in change.items():
        if key == "fields":
            # Nothing is written as no text: "none" may be what a field holds.
            said += [f"field.{_key(each)} = {_toml('' if of is None else of)}" for each, of in value.items()]
        else:
            said.append(f"{'due' if key == 'due_date' else key} = {_toml(value)}")
    return "{ " + ", ".join(said) + " }"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def write(macro: Macro) -> str:
    """A macro as text; :func:`read` makes the same one of it."""
    shared = macro.department if macro.shared == "department" else macro.shared
    lines = [
        _FENCE,
        f"name = {json.dumps(macro.name, ensure_ascii=False)}",
        f'kind = "{"note" if macro.internal else "reply"}"',
        f"shared = {json.dumps(shared, ensure_ascii=False)}",
    ]
    if macro.change:
        lines.append(f"change = {_changed(macro.change)}  # {macro.sets}")
    return "\n".join([*lines, _FENCE, macro.body]).rstrip("\n") + "\n"


def names_fields(text: str) -> bool:
    """Whether a text may set custom fields, which :func:`read` has to know then."""
    return "field" in text


def read(
    text: str, macro_id: UUID, departments: Sequence[Department], known: Sequence[CustomField], now: datetime
) -> Macro:
    """A macro from its text.

    Args:
        macro_id: its id, drawn for a new one.
        departments: whom it can be shared with, by name.
        known: the custom fields, where :func:`names_fields` says so.
        now: aware; what a due date is counted from, to see that it is one.

    Raises:
        BadInput: it is none, in words for people.
        NotFound: it sets a field that there is not.
    """
    _, fence, rest = text.removeprefix("\ufeff").partition(_FENCE)
    head, closing, body = rest.partition(f"\n{_FENCE}")
    if not fence or not closing:
        raise BadInput(f"A macro begins with its settings between two lines of {_FENCE}.")
    try:
        told = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The macro's settings are not TOML: {error}.") from error
    unknown = sorted(set(told) - {"name", "kind", "shared", "change"})
    if unknown:
        raise BadInput(f"A macro has no {unknown[0]!r}.", "It has name, kind, shared and change.")
    kind = told.get("kind", "reply")
    if kind not in ("reply", "note"):
        raise BadInput(f"A macro is a reply or a note, not {kind!r}.")
    shared, department = _shared(str(told.get("shared", "me")), departments)
    change = told.get("change", {})
    if not isinstance(change, dict):
        raise BadInput('What a macro sets is a table: change = { status = "pending" }.')
    for short, key in (("due", "due_date"), ("field", "fields")):
        if short in change:
            change[key] = change.pop(short)
    if "fields" in change:
        change["fields"] = _fields(change["fields"], known)
    nobody = [key for key in ("assignee", "category", "due_date") if change.get(key) == "none"]
    change |= dict.fromkeys(nobody)
    wrong = sorted(set(change) - set(KEYS))
    if wrong:
        raise BadInput(f"A macro sets no {wrong[0]!r}.", f"It sets {', '.join(KEYS)}.")
    if change.get("due_date") is not None:
        change["due_date"] = str(change["due_date"])
        when.parse(change["due_date"], now)
    name = str(told.get("name", "")).strip()
    if not name:
        raise BadInput("A macro needs a name.", 'Write it into name = "".')
    return Macro(
        macro_id,
        name,
        body.removeprefix("\r").removeprefix("\n").rstrip() + ("" if not body.strip() else "\n"),
        kind == "note",
        change,
        shared,
        department.id if department is not None else None,
        department.name if department is not None else None,
    )


def _fields(given: Any, known: Sequence[CustomField]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadInput("Custom fields are set one by one.", 'Such as field.plan = "pro".')
    made: dict[str, Any] = {}
    for name, value in given.items():
        gone = next((each for each in known if not each.active and each.key == name), None)
        if gone is not None and value != "":
            raise BadInput(f"The field {gone.label} is not in use any more.", "Take it out.")
        field = gone or fields.named(name, known)
        plain = (field.type == "yes/no" and isinstance(value, bool)) or (
            field.type == "number" and isinstance(value, int | float) and not isinstance(value, bool)
        )
        made[field.key] = value if plain else fields.value_of(field, value.isoformat() if isinstance(value, date)
                                                              else fields.words_of(value))  # fmt: skip
    return made


def _shared(word: str, departments: Sequence[Department]) -> tuple[Shared, Department | None]:
    if word == "me":
        return "me", None
    if word == "all":
        return "all", None
    for department in departments:
        if department.name.casefold() == word.casefold():
            return "department", department
    known = ", ".join(department.name for department in departments)
    raise BadInput(f"A macro is for me, all or a department, not {word!r}.", f"The departments are {known}.")
