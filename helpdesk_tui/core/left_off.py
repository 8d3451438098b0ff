"""Where a person left off on this machine: the next start shows the same queue, at the same place.

A convenience and nothing else: a file that cannot be read or written is as one that is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast, get_args
from uuid import UUID

from helpdesk_tui.core.model import PRIORITIES, Priority, Ticket
from helpdesk_tui.core.queues import Sort

__all__ = ["HISTORY", "LeftOff", "remember", "remembered"]

FILE: Final = "left_off.json"
#: People that are remembered.
MOST: Final = 50
#: Queries that are, of each.
HISTORY: Final = 100


@dataclass(frozen=True, slots=True)
class LeftOff:
    """Where somebody was.

    Args:
        view: the key of the queue.
        query: what the filter line asked for, if anything.
        sort: the order of the queues that are saved with none.
        ticket: the one that was selected.
        above: the last ticket above the screen; None: the screen began with the queue's first.
        history: what the filter line asked for before, the latest first.
    """

    view: str
    query: str | None = None
    sort: Sort = "updated"
    ticket: UUID | None = None
    above: Ticket | None = None
    history: tuple[str, ...] = ()


def remembered(folder: Path | None, who: str) -> LeftOff | None:
    """Where somebody left off, by profile and person; None where nobody knows."""
    found = _read(folder).get(who)
    if not isinstance(found, Mapping):
        return None
    try:
        return LeftOff(
            str(found["view"]),
            None if found["query"] is None else str(found["query"]),
            cast("Sort", found["sort"]) if found["sort"] in get_args(Sort) else "updated",
            None if found["ticket"] is None else UUID(str(found["ticket"])),
            None if found["above"] is None else _edge(found["above"]),
            tuple(str(each) for each in found["history"])[:HISTORY],
        )
    except (KeyError, TypeError, ValueError):
        return None


def remember(folder: Path | None, who: str, left: LeftOff) -> None:
    """Somebody is here."""
    if folder is None:
        return
    above = left.above
    entry = {
        "view": left.view,
        "query": left.query,
        "sort": left.sort,
        "history": list(left.history)[:HISTORY],
        "ticket": None if left.ticket is None else str(left.ticket),
        # What the orders go by, and no word of what the ticket is about.
        "above": None
        # When a promise is due is not written down: that order begins anew.
        if above is None or left.sort == "left"
        else {
            "id": str(above.id),
            "priority": above.priority,
            "due_date": above.due_date.isoformat() if above.due_date else None,
            "created_at": above.created_at.isoformat(),
            "updated_at": above.updated_at.isoformat(),
        },
    }
    known = {key: value for key, value in _read(folder).items() if key != who}
    known = dict([*known.items(), (who, entry)][-MOST:])
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{FILE}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(json.dumps(known))
        draft.replace(folder / FILE)


def _edge(told: Mapping[str, Any]) -> Ticket:
    """A ticket of which nothing is known but its place."""

    def time(text: str) -> datetime:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("a time without its zone")
        return found

    if told["priority"] not in PRIORITIES:
        raise ValueError("no priority")
    due = None if told["due_date"] is None else time(told["due_date"])
    nobody = UUID(int=0)
    priority = cast("Priority", told["priority"])
    return Ticket(
        UUID(str(told["id"])), 0, "", "open", priority, nobody, "", None, None, None, None, due,
        time(told["created_at"]), time(told["updated_at"]),
    )  # fmt: skip


def _read(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {}
    try:
        found = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
