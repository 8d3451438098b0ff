"""Macros: answers and changes written once, filled in for a ticket.

A macro's text may hold variables in double braces (``{{requester.first_name}}``). The client fills them in, in one
pass: what a title says is never taken for a variable. What a macro sets has the keys of ``helpdesk.act``, but that
``"@me"`` is whoever uses it, that a snooze is a span counted from then, and a due date words such as ``"fri 9:00"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core import acts, fields
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.statement import Statement, positional
from helpdesk_tui.core.text import harmless, safe_line

__all__ = [
    "KEYS",
    "VARIABLES",
    "Filled",
    "Macro",
    "Shared",
    "check",
    "fill",
    "for_ticket",
    "listed",
    "remove",
    "save",
    "used",
]

Shared = Literal["me", "department", "all"]

CURSOR: Final = "cursor"
VARIABLES: Final[Mapping[str, str]] = {
    "requester.name": "who asked",
    "requester.first_name": "the first word of their name",
    "ticket.number": "such as 1042",
    "ticket.title": "what it is about",
    "ticket.status": "open, pending, resolved or closed",
    "ticket.priority": "low, medium, high or urgent",
    "me.name": "who answers",
    "me.first_name": "the first word of your name",
    "department": "the ticket's department",
    CURSOR: "where the cursor is put; nothing in what is sent",
}
"""What a text may hold in double braces, with words for people. The database knows the same ones."""

KEYS: Final = ("status", "priority", "assignee", "department", "category", "due_date", "tags", "fields", "snooze")
"""What a macro may set."""

_VARIABLE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,2}) (minute|hour|day|week)s?")


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro. ``internal``: a note. ``change`` as it is kept. ``mine``: whether the reader may change it. ``uses``:
    how often the reader used it. ``trouble``: why what it sets cannot be set any more; None where it can. ``names``: of
    the ids in its change."""

    id: UUID
    name: str
    body: str
    internal: bool
    change: Mapping[str, Any]
    shared: Shared = "me"
    department_id: UUID | None = None
    department: str | None = None
    author: str | None = None
    mine: bool = True
    uses: int = 0
    trouble: str | None = None
    names: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def sets(self) -> str:
        """What it sets, for people: "status → resolved, + #vip"; "" for nothing."""
        return change_words(self.change, self.names)

    def preview(self, now: datetime) -> str:
        """What it would set now, with the moment that its due date is; or why it cannot be used."""
        try:
            moments = for_ticket(self, None, now)
        except BadInput as error:
            return f"✗ {error.message} {error.hint or ''}".rstrip()
        return f"sets {change_words(self.change, self.names, moments)}" if self.change else ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A text without variables, and the place in it where the cursor was asked for; None: at its end."""

    text: str
    cursor: int | None = None


def _first_word(name: str) -> str:
    # Whoever gave no name is called by their address.
    return (name.partition("@")[0].split() or [name])[0]


def check(body: str) -> None:
    """See that a text holds no variable that there is none of.

    Raises:
        BadInput: it does; the nearest one is named.
    """
    for name in _VARIABLE.findall(body):
        if name.strip() not in VARIABLES:
            wrong = name.strip()
            near = get_close_matches(wrong, VARIABLES, 1, 0.3)
            hint = f"Did you mean {{{{{near[0]}}}}}?" if near else "The variables are " + ", ".join(VARIABLES) + "."
            raise BadInput(f"There is no variable {safe_line(wrong, 40)!r}.", hint)
    if "{{" in _VARIABLE.sub("", body):
        raise BadInput("A variable is not closed.", "It is written {{ticket.number}}.")


def fill(body: str, ticket: Ticket, me: Me) -> Filled:
    """A text for one ticket. An unknown variable stays as it stands, for its author to see.

    What comes out of the database is made harmless, as what is pasted is.
    """
    values = {
        "requester.name": ticket.requester,
        "requester.first_name": _first_word(ticket.requester),
        "ticket.number": str(ticket.number),
        "ticket.title": ticket.title,
        "ticket.status": ticket.status,
        "ticket.priority": ticket.priority,
        "me.name": me.name,
        "me.first_name": _first_word(me.name),
        "department": ticket.department or "",
    }
    out: list[str] = []
    length, at, cursor = 0, 0, None
    for found in _VARIABLE.finditer(body):
        name = found[1].strip()
        known = safe_line(values[name], 300) if name in values else "" if name == CURSOR else found[0]
        for piece in (harmless(body[at : found.start()]), known):
            out.append(piece)
            length += len(piece)
        if name == CURSOR and cursor is None:
            cursor = length
        at = found.end()
    out.append(harmless(body[at:]))
    return Filled("".join(out), cursor)


def for_ticket(macro: Macro, me: Me | None, now: datetime) -> dict[str, Any]:
    """What a macro sets, as ``helpdesk.act`` takes it.

    Args:
        me: who "@me" is; None: nobody yet, as it is only shown.
        now: what a snooze and a due date are counted from.

    Raises:
        BadInput: a field is not there any more, a snooze is no span of time, or a due date is past.
    """
    if macro.trouble is not None:
        raise BadInput(f"This macro cannot be used: {safe_line(macro.trouble, 120)}.", "Take that out of it first.")
    made = dict(macro.change)
    if made.get("assignee") == "@me" and me is not None:
        made["assignee"] = str(me.id)
    if made.get("due_date") is not None:
        from helpdesk_tui.core import when

        made["due_date"] = when.parse(str(made["due_date"]), now).isoformat()
    if "snooze" in made:
        found = _SPAN.fullmatch(str(made["snooze"]))
        if found is None:
            raise BadInput(f"{safe_line(str(made['snooze']), 40)!r} is no span of time.", "Write it like 3 days.")
        made["snooze"] = (now + timedelta(**{f"{found[2]}s": int(found[1])})).isoformat()
    return made


def change_words(change: Mapping[str, Any], names: Mapping[UUID, str], moments: Mapping[str, Any] | None = None) -> str:
    """What a macro's change is, for people. ``moments`` is what ``for_ticket`` made of it, to tell them, too."""

    def name(identity: Any, none: str) -> str:
        return none if identity is None else safe_line(names.get(UUID(str(identity)), "?"), 60)

    said = [f"{key} → {change[key]}" for key in ("status", "priority") if key in change]
    if "department" in change:
        said.append(f"department → {name(change['department'], '')}")
    if "assignee" in change:
        said.append("assignee → " + ("me" if change["assignee"] == "@me" else name(change["assignee"], "nobody")))
    if "category" in change:
        said.append(f"category → {name(change['category'], 'none')}")
    if "due_date" in change:
        due = "none" if change["due_date"] is None else safe_line(str(change["due_date"]), 60)
        if moments is not None and change["due_date"] is not None:
            due += f" ({acts.moment_words(datetime.fromisoformat(moments['due_date']))})"
        said.append(f"due → {due}")
    tags = change.get("tags", {})
    said += [f"+ #{name(tag, '')}" for tag in tags.get("add", ())]
    said += [f"- #{name(tag, '')}" for tag in tags.get("remove", ())]
    if "snooze" in change:
        said.append(f"snoozed for {safe_line(str(change['snooze']), 20)}")
    for key, value in change.get("fields", {}).items():
        said.append(f"{safe_line(str(key), 40)} → {safe_line(fields.words_of(value), 60) or 'none'}")
    return ", ".join(said)


def _macro(*columns: Any) -> Macro:
    named = {UUID(identity): str(name) for identity, name in columns[-1].items()}
    return replace(Macro(*columns[:-1]), names=named)


def listed() -> Statement[Macro]:
    """Those of the person who asks, what they use most first."""
    return Statement(
        "select id, name, body, internal, change, shared, department_id, department, author, mine, uses, trouble, names"
        " from helpdesk.macros()",
        row=positional(_macro),
        writes=False,
        general=True,
    )


def save(macro: Macro) -> Statement[tuple[None]]:
    """Keep a macro, new or changed.

    Raises:
        BadInput: it holds an unknown variable.
    """
    import json

    check(macro.body)
    return Statement(
        "select helpdesk.save_macro(%s, %s, %s, %s, %s::jsonb, %s, %s)",
        (
            macro.id,
            macro.name,
            macro.body,
            macro.internal,
            json.dumps(dict(macro.change)),
            macro.shared,
            macro.department_id,
        ),
        writes=True,
    )


def remove(macro_id: UUID) -> Statement[tuple[None]]:
    """Remove a macro."""
    return Statement("select helpdesk.remove_macro(%s)", (macro_id,), writes=True)


def used(macro_id: UUID) -> Statement[tuple[None]]:
    """Count that the person used one."""
    return Statement("select helpdesk.macro_used(%s)", (macro_id,), writes=True)
