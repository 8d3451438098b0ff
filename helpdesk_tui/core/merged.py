"""Where tickets are that were merged, as far as this program has heard: what is written to one belongs to the other."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from helpdesk_tui.core.model import Ticket

__all__ = ["Merged"]

OUT_OF_SIGHT: Final = UUID(int=0)
"""Where a ticket is that was merged into one that the person does not see."""


class Merged:
    """Learns from the tickets that are shown. It asks nobody, so nobody waits for it."""

    def __init__(self) -> None:
        self._into: dict[UUID, UUID] = {}
        self._numbers: dict[UUID, int] = {}

    def learn(self, ticket: Ticket, *, whole: bool = False) -> bool:
        """Take in what a ticket tells.

        Args:
            ticket: as the database has it now.
            whole: it was opened by one of the team, who alone are told what was merged into it.

        Returns:
            Whether anything is elsewhere now.
        """
        before = dict(self._into)
        self._numbers[ticket.id] = ticket.number
        into = ticket.more.merged_into
        if into is None:
            self._into.pop(ticket.id, None)
        else:
            self._into[ticket.id] = target = into.id or OUT_OF_SIGHT
            if into.number is not None:
                self._numbers[target] = into.number
        if whole:
            here = {other.id for other in ticket.more.merged}
            gone = [source for source, target in self._into.items() if target == ticket.id and source not in here]
            for source in gone:
                # A ticket out of sight is not told of either, and there is no draft to be offered from there.
                del self._into[source]
            for other in ticket.more.merged:
                if other.id is not None and other.number is not None:
                    self._into[other.id] = ticket.id
                    self._numbers[other.id] = other.number
        return self._into != before

    def target(self, ticket: UUID) -> UUID:
        """Where a ticket is now: the last of those that it was merged into; itself where it was not."""
        passed = {ticket}
        while (into := self._into.get(ticket)) is not None and into not in passed:
            passed.add(into)
            ticket = into
        return ticket

    def sources(self, ticket: UUID) -> tuple[UUID, ...]:
        """What was merged into a ticket, directly or by way of another."""
        return tuple(source for source in self._into if source != ticket and self.target(source) == ticket)

    def called(self, ticket: UUID) -> str:
        """``#1042``; in words where its number is not known, or not told."""
        number = self._numbers.get(ticket)
        return "another ticket" if number is None else f"#{number}"

    def is_known(self, ticket: UUID) -> bool:
        """Whether its number was told: a ticket that one may not see has none."""
        return ticket in self._numbers
