"""Acts on tickets: applied on the screen at once, sent, confirmed, or rolled back aloud; and taken back with ``u``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time
from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.acts import Act, belongs
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.tickets import Outcome
    from helpdesk_tui.widgets.queue import Queue

__all__ = ["Triage"]

#: What changes on a ticket within so many seconds of one's own act is taken for its echo, and is no news.
ECHO_SECONDS = 3.0
#: An act that the database has not confirmed after so long is told as waiting.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Done:
    """An act that the database confirmed, and the ticket as it was before."""

    act: Act
    before: Ticket

    @property
    def words(self) -> str:
        """What was done, for people."""
        return f"#{self.before.number} {self.act.words}"


class Triage:
    """Acts of one person on one queue.

    Args:
        queue: what shows the tickets.
        view: tells the key of the view that the queue shows at the moment.
        known: a ticket as the screen has it now, None if it is not on the screen.
        shown: told of each ticket as it looks now, for other panes that show it.
        say: says what happened; with ``alarm``, that something went wrong.
        live: tells whether the database is there, as far as is known.
    """

    def __init__(
        self,
        queue: Queue,
        view: Callable[[], str],
        known: Callable[[UUID], Ticket | None],
        shown: Callable[[Ticket], None],
        say: Callable[[str, bool], None],
        *,
        live: Callable[[], bool] = lambda: True,
    ) -> None:
        self._queue = queue
        self._view = view
        self._known = known
        self._shown = shown
        self._say = say
        self._live = live
        self._flying: Counter[UUID] = Counter()
        self._acted: dict[UUID, float] = {}
        self._done: list[Done] = []
        self._acted_at = 0.0

    def flying(self, ticket_id: UUID) -> bool:
        """Whether an act on the ticket waits for the database: what comes in meanwhile may be older than the screen."""
        return self._flying[ticket_id] > 0

    @property
    def busy(self) -> bool:
        """Whether any act waits for the database."""
        return bool(self._flying)

    def echoes(self, ticket_id: UUID) -> bool:
        """Whether a change of the ticket is most likely the person's own."""
        return monotonic() - self._acted.get(ticket_id, float("-inf")) < ECHO_SECONDS

    @property
    def acted_at(self) -> float:
        """When the person last did something here, in seconds since 1970; 0 if never."""
        return self._acted_at

    def _show(self, desk: Desk, ticket: Ticket) -> None:
        there = belongs(desk.me, self._view(), ticket, datetime.now(UTC))
        self._queue.apply_changes({ticket.id: ticket if there else None}, own=[ticket.id])
        self._shown(ticket)

    async def do(self, desk: Desk, act: Act, ticket: Ticket, *, undoing: bool = False) -> bool:
        """Does an act on a ticket: on the screen before the first await, then in the database.

        Args:
            ticket: which; what it looks like is taken from the screen, where it may have changed since.

        Returns:
            Whether the database did it. If not, the screen is as it was, and the reason was said.
        """
        before = (None if undoing else self._known(ticket.id)) or ticket
        name = f"#{before.number}"
        if not act.changes(before):
            self._say(f"{name}: {act.field} is {act.name} already", False)
            return True
        after = act.applied(before)
        self._acted_at = time()
        self._flying[before.id] += 1
        self._acted[before.id] = monotonic()
        self._queue.set_pending(self._waiting())
        self._show(desk, after)
        if not undoing and self._live():
            self._say(f"{name} {act.words} · u undoes", False)
        why: str | None = None
        waited = False
        try:
            doing = asyncio.ensure_future(desk.do(act, [before.id]))
            waited = not await self._soon(doing, f"{name} {act.words} · waiting for the database")
            outcomes = await doing
            if not outcomes or not outcomes[0].done:
                why = outcomes[0].why if outcomes else "nothing was changed"
        except HelpdeskError as error:
            why = str(error)
        finally:
            self._flying[before.id] -= 1
            self._flying += Counter()
            self._acted[before.id] = monotonic()
            self._queue.set_pending(self._waiting())
        if why is not None:
            # Only what this act changed goes back: the rest may be newer than when it was begun.
            self._show(desk, act.taken_back(self._known(before.id) or after, before))
            self._say(f"{name} NOT changed ({act.words}): {why}", True)
            return False
        if not undoing:
            self._done.append(Done(act, before))
            if waited:
                self._say(f"{name} {act.words} · done now, u undoes", False)
        return True

    async def _soon(self, doing: asyncio.Future[list[Outcome]], otherwise: str) -> bool:
        """Whether the database answers soon. If not, what was done is not told as done."""
        try:
            await asyncio.wait({doing}, timeout=PATIENCE_SECONDS if self._live() else 0)
        except asyncio.CancelledError:
            doing.cancel()
            raise
        if not doing.done():
            self._say(otherwise, False)
        return doing.done()

    def _waiting(self) -> list[UUID]:
        return [ticket_id for ticket_id, number in self._flying.items() if number > 0]

    async def undo(self, desk: Desk) -> UUID | None:
        """Takes the last act back, unless somebody has changed since what it had changed.

        Returns:
            The ticket that it was about; None if there is nothing to undo.
        """
        if not self._done:
            self._say("Nothing to undo in this session", False)
            return None
        done = self._done.pop()
        ticket_id = done.before.id
        try:
            found = await desk.ticket(str(ticket_id))
        except HelpdeskError as error:
            self._done.append(done)
            self._say(f"Not undone: {error}", True)
            return ticket_id
        # One that was given away is not seen any more, and can be taken back all the same.
        ticket = found or done.act.applied(done.before)
        is_now = done.act.inverse(ticket)
        if is_now.value != done.act.value:
            self._say(f"Not undone: #{ticket.number} {done.act.field} was changed since, to {is_now.name}", True)
            return ticket_id
        for inverse in done.act.undoing(done.before):
            if not await self.do(desk, inverse, ticket, undoing=True):
                self._done.append(done)
                return ticket_id
            ticket = inverse.applied(ticket)
        self._queue.select(ticket_id)
        self._say(f"Undone: {done.words}", False)
        return ticket_id
