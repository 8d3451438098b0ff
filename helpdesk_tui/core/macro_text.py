"""A macro as text that one writes in an editor: TOML between two lines of "+++", then what it says."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.macros import KEYS, Macro, Shared
from helpdesk_tui.core.model import Department

__all__ = ["EMPTY", "read", "write"]

_FENCE: Final = "+++"
EMPTY: Final = f"""{_FENCE}
name = ""
kind = "reply"            # or "note"
shared = "me"             # or "all", or the name of a department
# What it sets, as helpdesk.act() takes it; nothing where it is left out:
# change = {{ status = "pending", priority = "high", assignee = "@me", snooze = "3 days" }}
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
        lines.append(f"change = {_toml(macro.change)}  # {macro.sets}")
    return "\n".join([*lines, _FENCE, macro.body]).rstrip("\n") + "\n"


def read(text: str, macro_id: UUID, departments: Sequence[Department]) -> Macro:
    """A macro from its text.

    Args:
        macro_id: its id, drawn for a new one.
        departments: whom it can be shared with, by name.

    Raises:
        BadInput: it is none, in words for people.
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
    nobody = [key for key in ("assignee", "category") if change.get(key) == "none"]
    change |= dict.fromkeys(nobody)
    wrong = sorted(set(change) - set(KEYS))
    if wrong:
        raise BadInput(f"A macro sets no {wrong[0]!r}.", f"It sets {', '.join(KEYS)}.")
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
