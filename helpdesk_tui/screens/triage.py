"""Acts on tickets: applied on the screen at once, sent, confirmed, or rolled back aloud; and taken back with ``u``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.acts import Act, belongs
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.widgets.queue import Queue

__all__ = ["Triage"]

#: What changes on a ticket within so many seconds of one's own act is taken for its echo, and is no news.
ECHO_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Done:
    """An act that the database confirmed, and the acts that take it back."""

    words: str
    ticket: Ticket
    inverses: tuple[Act, ...]


class Triage:
    """Acts of one person on one queue.

    Args:
        queue: what shows the tickets.
        view: tells the key of the view that the queue shows at the moment.
        shown: told of each ticket as it looks now, for other panes that show it.
        say: says what happened; with ``alarm``, that something went wrong.
    """

    def __init__(
        self,
        queue: Queue,
        view: Callable[[], str],
        shown: Callable[[Ticket], None],
        say: Callable[[str, bool], None],
    ) -> None:
        self._queue = queue
        self._view = view
        self._shown = shown
        self._say = say
        self._flying: Counter[UUID] = Counter()
        self._acted: dict[UUID, float] = {}
        self._done: list[Done] = []

    def flying(self, ticket_id: UUID) -> bool:
        """Whether an act on the ticket waits for the database: what comes in meanwhile may be older than the screen."""
        return self._flying[ticket_id] > 0

    def echoes(self, ticket_id: UUID) -> bool:
        """Whether a change of the ticket is most likely the person's own."""
        return monotonic() - self._acted.get(ticket_id, 0.0) < ECHO_SECONDS

    def _show(self, desk: Desk, tickets: Sequence[Ticket], *, own: bool = True) -> None:
        now = datetime.now(UTC)
        view = self._view()
        self._queue.apply_changes(
            {t.id: (t if belongs(desk.me, view, t, now) else None) for t in tickets},
            own=[t.id for t in tickets] if own else (),
        )
        for ticket in tickets:
            self._shown(ticket)

    async def do(self, desk: Desk, act: Act, ticket: Ticket, *, undoing: bool = False) -> bool:
        """Does an act on a ticket: on the screen before the first await, then in the database.

        Returns:
            Whether the database did it. If not, the screen is as it was, and the reason was said.
        """
        name = f"#{ticket.number}"
        if not act.changes(ticket):
            self._say(f"{name}: {act.field} is {act.name} already", False)
            return False
        after = act.applied(ticket)
        self._flying[ticket.id] += 1
        self._acted[ticket.id] = monotonic()
        self._queue.set_pending(self._waiting())
        self._show(desk, [after])
        self._say(f"{name} {act.words}{'' if undoing else ' · u undoes'}", False)
        why: str | None = None
        try:
            outcomes = await desk.do(act, [ticket.id])
            if not outcomes or not outcomes[0].done:
                why = outcomes[0].why if outcomes else "nothing was changed"
        except HelpdeskError as error:
            why = str(error)
        finally:
            self._flying[ticket.id] -= 1
            self._flying += Counter()
            self._acted[ticket.id] = monotonic()
            self._queue.set_pending(self._waiting())
        if why is not None:
            self._show(desk, [ticket])
            self._say(f"{name} NOT changed ({act.words}): {why}", True)
            return False
        if not undoing:
            inverses = [act.inverse(ticket)]
            if act.field == "department" and ticket.assignee_id is not None:
                inverses.append(Act("assignee", ticket.assignee_id, ticket.assignee or "?"))
            self._done.append(Done(f"{name} {act.words}", after, tuple(inverses)))
        return True

    def _waiting(self) -> list[UUID]:
        return [ticket_id for ticket_id, number in self._flying.items() if number > 0]

    async def undo(self, desk: Desk) -> None:
        """Takes the last act back."""
        if not self._done:
            self._say("Nothing to undo in this session", False)
            return
        done = self._done.pop()
        ticket = done.ticket
        for inverse in done.inverses:
            if not inverse.changes(ticket):
                continue
            if not await self.do(desk, inverse, ticket, undoing=True):
                self._done.append(done)
                return
            ticket = inverse.applied(ticket)
        self._queue.select(ticket.id)
        self._say(f"Undone: {done.words}", False)
