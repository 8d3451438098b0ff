"""Who of the team has a ticket open, and writes to it: what to say of oneself, and what others said.

It is advice and no lock. What was said is believed for a while (``helpdesk.be_present`` keeps 25 seconds) and said
again before that ends; so a program that was killed is gone soon, and one that is left says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core.statement import Statement, positional
from helpdesk_tui.core.text import safe_line

__all__ = ["BEAT", "Presences", "Present", "be_present", "presence", "said"]

BEAT: Final = 9.0
"""Seconds between two words that nothing has changed: two of them may be lost before one is taken for gone."""
WRITING_FOR: Final = 10.0
"""Seconds after the last key in which one is still writing."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has a ticket open. ``ends_in``: seconds for which that is believed unless it is said again."""

    ticket_id: UUID
    person_id: UUID
    name: str
    writing: bool
    ends_in: float

    @property
    def first_name(self) -> str:
        """What a colleague calls them."""
        return (safe_line(self.name, 40).split() or ["?"])[0]


def be_present(ticket_id: UUID | None, writing: bool) -> Statement[Any]:
    """Says that one has a ticket open; None: none any more."""
    return Statement("select helpdesk.be_present(%s, %s)", (ticket_id, writing), writes=True)


def presence(ids: Sequence[UUID] | None) -> Statement[Present]:
    """Who else has some tickets open, or any (None); those who write first."""
    return Statement(
        "select ticket_id, person_id, name, writing, ends_in from helpdesk.presence(%s::uuid[])",
        (list(ids) if ids is not None else None,),
        positional(Present),
        writes=False,
    )


def said(there: Sequence[Present]) -> str:
    """One line about those who have a ticket open; "" where nobody has."""
    writing = [each.first_name for each in there if each.writing]
    looking = [each.first_name for each in there if not each.writing]
    parts = []
    for names, one, more in ((writing, "is writing", "are writing"), (looking, "has it open", "have it open")):
        if names:
            who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            parts.append(f"{who} {one if len(names) == 1 else more}")
    return " · ".join(parts)


class Presences:
    """What one person says of themselves, and knows of the others. It asks and says nothing by itself.

    Args:
        clock: seconds from anywhere.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._told: tuple[UUID | None, bool] = (None, False)
        self._told_at = float("-inf")
        self._text: tuple[UUID | None, str] = (None, "")
        self._typed_at = float("-inf")
        self._there: dict[UUID, tuple[float, tuple[Present, ...]]] = {}

    # Oneself

    def now(self, ticket_id: UUID | None, text: str | None, begun: str = "") -> tuple[UUID | None, bool] | None:
        """What to say now, if anything.

        Args:
            ticket_id: the ticket that is open before the person's eyes.
            text: what stands in the field in which they write to it; None: they have none open.
            begun: what stood there when they opened it: a draft that was kept, say.
        """
        now = self._clock()
        same = self._text[0] == ticket_id
        if text is None or not same:
            self._typed_at = float("-inf")
        if text is not None and text != (self._text[1] if same else begun):
            self._typed_at = now
        self._text = (ticket_id if text is not None else None, text or "")
        state = (ticket_id, now - self._typed_at < WRITING_FOR)
        if state == self._told and (ticket_id is None or now - self._told_at < BEAT):
            return None
        self._told, self._told_at = state, now
        return state

    def unsaid(self) -> None:
        """What was to be said did not arrive: say it again."""
        self._told_at = float("-inf")
        self._told = (None, True)

    # The others

    def heard(self, ids: Iterable[UUID] | None, there: Sequence[Present]) -> None:
        """What the database answered about some tickets, or about all."""
        if ids is None:
            self._there.clear()
        else:
            for ticket_id in ids:
                self._there.pop(ticket_id, None)
        by_ticket: dict[UUID, list[Present]] = {}
        for each in there:
            by_ticket.setdefault(each.ticket_id, []).append(each)
        for ticket_id, those in by_ticket.items():
            ends = self._clock() + min(each.ends_in for each in those)
            self._there[ticket_id] = (ends, tuple(those))

    def at(self, ticket_id: UUID) -> tuple[Present, ...]:
        """Who has a ticket open, those who write first."""
        return self._there.get(ticket_id, (0.0, ()))[1]

    @property
    def tickets(self) -> dict[UUID, tuple[Present, ...]]:
        """Every ticket that somebody else has open."""
        return {ticket_id: there for ticket_id, (_, there) in self._there.items()}

    def overdue(self) -> frozenset[UUID]:
        """The tickets of which it is time to ask again: what was known of them is not believed any longer."""
        now = self._clock()
        return frozenset(ticket_id for ticket_id, (ends, _) in self._there.items() if ends <= now)
