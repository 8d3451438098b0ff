"""Tickets that come back from a snooze: which ones did since a moment, and when the next one will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core.statement import Statement, positional
from helpdesk_tui.core.text import safe_line

__all__ = ["Back", "Waking", "back_words", "waking"]

#: Tickets that are named where several are back.
NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Back:
    """A ticket that is back; ``mine``: the person sent it to sleep, or holds it. The title is anybody's words."""

    id: UUID
    number: int
    title: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Waking:
    """What the database says.

    Attributes:
        at: the database's time, to be given to the next call.
        seconds: until the next one is back; None: nothing sleeps.
        back: what came back since the moment that was asked of, the first one first.
    """

    at: datetime
    seconds: float | None
    back: tuple[Back, ...]


def _waking(at: datetime, seconds: float | None, back: Sequence[Sequence[Any]]) -> Waking:
    return Waking(at, seconds, tuple(Back(UUID(ticket), *rest) for ticket, *rest in back))


def waking(since: datetime | None) -> Statement[Waking]:
    """Of the tickets that the person works on: what came back, and when the next does. One row, none for customers.

    Args:
        since: ``at`` of the last call; None: nothing is asked of.
    """
    return Statement("select at, seconds, back from helpdesk.waking(%s)", (since,), positional(_waking), writes=False)


def back_words(tickets: Sequence[Back]) -> str:
    """For people: "#123 is back: Lamp flickers", "5 tickets are back: #1, #2, #3 …"."""
    if len(tickets) == 1:
        return f"#{tickets[0].number} is back: {safe_line(tickets[0].title, 200)}"
    named = ", ".join(f"#{ticket.number}" for ticket in tickets[:NAMED])
    return f"{len(tickets)} tickets are back: {named}{' …' if len(tickets) > NAMED else ''}"
