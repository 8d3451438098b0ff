"""How the demo's team works: what it promises, says again and again, looks at and asks to be filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

__all__ = ["set_up"]

#: Each promise by its name: what it is for, and the business minutes that it gives.
PROMISES: Final[dict[str, dict[str, Any]]] = {
    "Standard": {"calendar": "Shop hours", "first": 480, "next": 960, "resolution": 6000},
    "High": {"priority": "high", "calendar": "Shop hours", "first": 240, "next": 480, "resolution": 2400},
    "Urgent": {"priority": "urgent", "first": 60, "next": 240, "resolution": 1440},
    "Refunds": {"category": "Refunds", "calendar": "Shop hours", "first": 480, "next": 480, "resolution": 3000},
}
_FIRMWARE: Final = """Hello {{requester.first_name}},

which firmware does it have? In the app: Settings → the lamp → About. A picture of that page is enough.

{{me.first_name}}"""
_RESET: Final = """Hello {{requester.first_name}},

please hold the top of the lamp for 15 seconds, until it blinks green, and add it again in the app. Everything that
you set up stays. Tell us how it went!

{{me.first_name}}"""
_REFUND: Final = """Hello {{requester.first_name}},

we have sent the money back today. It takes three to five days, and comes to where it came from.

{{me.first_name}}"""
_SAFETY: Final = "Safety: unplugged? Photo of plug and lamp? Batch number? Nobody sends this one a link to an article."

#: Name, whether a note, what it sets, whose department (None: everybody's), what it says.
MACROS: Final[tuple[tuple[str, bool, dict[str, Any], str | None, str], ...]] = (
    ("Ask which firmware", False, {"status": "pending"}, "support", _FIRMWARE),
    ("Try the long reset", False, {"status": "pending"}, "support", _RESET),
    ("Refund on its way", False, {"status": "resolved"}, "billing", _REFUND),
    ("Hot, smoking or sparking", True, {"priority": "urgent"}, None, _SAFETY),
    ("Mine, and I look at it tomorrow", True, {"assignee": "@me", "snooze": "1 day"}, None, ""),
)
#: Name, query, order, whose department (None: everybody's).
VIEWS: Final[tuple[tuple[str, str, str, str | None], ...]] = (
    ("Urgent, nobody's", "status:open priority>=high assignee:none", "age", "support"),
    ("Waits for a day", "waiting>1d", "age", None),
)
#: Key, what people call it, type, choices.
FIELDS: Final[tuple[tuple[str, str, str, list[str]], ...]] = (
    ("order", "Order number", "text", []),
    ("product", "Product", "choice", ["Glimmer", "Spindle", "Ember", "Little Loom", "Inkle Mini", "Hub"]),
    ("warranty", "In warranty", "yes/no", []),
)


def set_up(
    connection: psycopg.Connection[Any],
    departments: Mapping[str, UUID],
    author: UUID,
    year: int,
    identity: Callable[[str, object], UUID],
) -> None:
    """Write all of it, as the owner.

    Args:
        connection: inside the transaction that fills the demo.
        departments: their ids by key.
        author: whose the macros and views are.
        year: the one that the holidays begin with.
        identity: the same id for the same thing in every demo.
    """
    execute = connection.execute
    for name, internal, change, department, body in MACROS:
        execute(
            "insert into private.macros (id, name, body, internal, change, author_id, shared, department_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                identity("macro", name), name, body, internal, Jsonb(change), author,
                "department" if department else "all", departments[department] if department else None,
            ],
        )  # fmt: skip
    for name, query, sort, department in VIEWS:
        execute(
            "insert into private.saved_views (id, owner_id, audience, department_id, name, query, sort)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                identity("view", name), author, "department" if department else "team",
                departments[department] if department else None, name, query, sort,
            ],
        )  # fmt: skip
    for position, (key, label, kind, choices) in enumerate(FIELDS):
        execute(
            "insert into private.fields (key, label, type, choices, position) values (%s, %s, %s, %s, %s)",
            [key, label, kind, choices, position],
        )
    _promise(connection, year)


def _promise(connection: psycopg.Connection[Any], year: int) -> None:
    """What requesters are promised, as if it had been so since the first ticket."""
    execute = connection.execute
    hours = {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    hours["sat"] = ["09:00-13:00"]
    holidays: dict[str, list[str]] = {
        f"{each}-{day}": [] for each in (year, year + 1) for day in ("01-01", "05-01", "12-25", "12-26")
    }
    execute(
        "select private.put_sla_calendar(%s, %s, %s, %s)",
        ["Shop hours", "Europe/Berlin", Jsonb(hours), Jsonb(holidays)],
    )
    for name, rule in PROMISES.items():
        execute("select private.put_sla_policy(%s, %s)", [name, Jsonb(rule)])
    # What came in quietly came from elsewhere, as a rule, and was promised nothing here.
    execute("delete from private.ticket_sla")
    while execute("select private.sla_go_on(1000)").fetchone() != (True,):
        pass
