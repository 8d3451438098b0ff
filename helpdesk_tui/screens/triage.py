"""Acts on tickets, one or many: applied on the screen at once, sent, confirmed, or rolled back aloud; and taken back
with ``u``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, time
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from helpdesk_tui.core.acts import Change, Undone
from helpdesk_tui.core.errors import HelpdeskError, NotFound, Queued
from helpdesk_tui.core.model import Ticket

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.ticket_acts import Outcome
    from helpdesk_tui.widgets.queue import Queue

__all__ = ["Done", "Triage", "reasons"]

#: What changes on a ticket within so many seconds of one's own act is taken for its echo, and is no news.
ECHO_SECONDS = 3.0
#: An act that the database has not confirmed after so long is told as waiting.
PATIENCE_SECONDS = 2.0
#: Ticket numbers that are named in one sentence.
NAMED = 5


@dataclass(eq=False)
class Done:
    """An act of this session that can be taken back.

    Attributes:
        id: as the database knows it.
        words: what was done, for people: "#1042 status → pending", "12 tickets status → pending".
        before: the tickets as they were, those that the screen knew.
        change: what was changed; None where another part of the program did it.
        answered: set once the database has answered, one way or the other.
    """

    id: UUID
    words: str
    before: Mapping[UUID, Ticket] = field(default_factory=dict)
    change: Change | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


def reasons(refused: Collection[tuple[str, int | None]]) -> str:
    """Why some were refused, by reason: "there is no such ticket: #1, #2 and 3 more"."""
    by_reason: dict[str, list[int | None]] = {}
    for why, number in refused:
        by_reason.setdefault(why, []).append(number)
    said = []
    for why, numbers in by_reason.items():
        named = [f"#{number}" for number in sorted(n for n in numbers if n is not None)[:NAMED]]
        more = len(numbers) - len(named)
        if more:
            named.append(f"{more} more" if named else f"{more} tickets")
        said.append(f"{', '.join(named)}: {why}")
    return "; ".join(said)


class Triage:
    """Acts of one person on one queue.

    Args:
        queue: what shows the tickets.
        belongs: tells whether a ticket that looks like this is in the view that the queue shows at the moment.
        known: a ticket as the screen has it now, None if it is not on the screen.
        shown: told of each ticket as it looks now, for other panes that show it.
        say: says what happened; with ``alarm``, that something went wrong.
        live: tells whether the database is there, as far as is known.
        lined_up: the tickets to which something is still to be done, from the outbox.
    """

    def __init__(
        self,
        queue: Queue,
        belongs: Callable[[Ticket], bool],
        known: Callable[[UUID], Ticket | None],
        shown: Callable[[Ticket], None],
        say: Callable[[str, bool], None],
        *,
        live: Callable[[], bool] = lambda: True,
        lined_up: Callable[[], Collection[UUID]] = lambda: (),
    ) -> None:
        self._queue = queue
        self._belongs = belongs
        self._known = known
        self._shown = shown
        self._say = say
        self._live = live
        self._lined_up = lined_up
        self._lined: frozenset[UUID] = frozenset()
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

    def echo(self, ids: Collection[UUID]) -> None:
        """The person changed these otherwise, as by an answer: what is told of them now is no news."""
        self._acted.update(dict.fromkeys(ids, monotonic()))

    def did(self, act_id: UUID, words: str, ids: Collection[UUID] = ()) -> None:
        """Another part of the program did something that ``helpdesk.undo_act`` takes back: ``u`` now means it.

        Args:
            words: what it was, for people: "#1042 merged into #1041".
            ids: the tickets, whose echo is no news.
        """
        done = Done(act_id, words)
        done.answered.set()
        self._done.append(done)
        self._acted_at = time()
        self.echo(ids)

    def _show(self, tickets: Collection[Ticket]) -> None:
        looks = {each.id: each if self._belongs(each) else None for each in tickets}
        self._queue.apply_changes(looks, own=list(looks))
        for ticket in tickets:
            self._shown(ticket)

    def _begin(self, ids: Collection[UUID]) -> None:
        moment = monotonic()
        for ticket_id in ids:
            self._flying[ticket_id] += 1
            self._acted[ticket_id] = moment
        self._queue.set_pending(self._waiting())

    def _end(self, ids: Collection[UUID]) -> None:
        moment = monotonic()
        for ticket_id in ids:
            self._flying[ticket_id] -= 1
            self._acted[ticket_id] = moment
        self._flying += Counter()
        self._queue.set_pending(self._waiting())

    async def do(self, desk: Desk, change: Change, tickets: Sequence[Ticket]) -> bool:
        """Changes tickets: on the screen before the first await, then in the database, all in one statement.

        Args:
            tickets: which; what they look like is taken from the screen, where they may have changed since.

        Returns:
            Whether the database did it to all of them. Where not, the screen is as it was, and the reason was said.
        """
        before = {ticket.id: self._known(ticket.id) or ticket for ticket in tickets}
        name = f"#{next(iter(before.values())).number}" if len(before) == 1 else f"{len(before):,} tickets"
        changed = {k: each for k, each in before.items() if change.changes(each)}
        if not changed:
            self._say(f"{name}: {change.already}", False)
            return True
        done = Done(uuid4(), f"{name} {change.words}", before, change)
        self._done.append(done)
        self._acted_at = time()
        self._begin(before)
        self._show([change.applied(each) for each in changed.values()])
        if self._live():
            self._say(f"{done.words} · u undoes", False)
        try:
            return await self._send(desk, done, change, name)
        finally:
            self._end(before)
            done.answered.set()

    async def _send(self, desk: Desk, done: Done, change: Change, name: str) -> bool:
        try:
            doing = asyncio.ensure_future(desk.act(done.id, list(done.before), change, done.words))
            waited = not await self._soon(doing, f"{done.words} · waiting for the database")
            outcomes = await doing
        except Queued as error:
            self._say(error.message, True)
            return True
        except HelpdeskError as error:
            self._roll_back(done, change, done.before)
            self._say(f"{name} NOT changed ({change.words}): {error}", True)
            return False
        return self._told(done, change, name, outcomes, waited=waited)

    def _told(self, done: Done, change: Change, name: str, outcomes: Sequence[Outcome], *, waited: bool) -> bool:
        """Says what became of each ticket."""
        refused = {outcome.id: outcome.why or "nothing was changed" for outcome in outcomes if not outcome.done}
        if not refused:
            if waited or len(done.before) > 1:
                self._say(f"{done.words} · done{' now' if waited else ''}, u undoes", False)
            return True
        why = reasons([(why, done.before[k].number if k in done.before else None) for k, why in refused.items()])
        self._roll_back(done, change, refused)
        if len(done.before) == 1:
            self._say(f"{name} NOT changed ({change.words}): {next(iter(refused.values()))}", True)
        else:
            number = len(outcomes) - len(refused)
            self._say(f"{number} of {len(outcomes)} done: {change.words}. Refused: {why}", True)
        if len(refused) == len(outcomes):
            self._forget(done)
        return False

    def _forget(self, done: Done) -> None:
        if done in self._done:
            self._done.remove(done)

    def _roll_back(self, done: Done, change: Change, ids: Collection[UUID]) -> None:
        """Only what this act changed goes back: the rest may be newer than when it was begun."""
        if len(ids) == len(done.before):
            self._forget(done)
        self._show(
            [
                change.taken_back(self._known(k) or change.applied(done.before[k]), done.before[k])
                for k in ids
                if k in done.before
            ],
        )

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
        return [*(ticket_id for ticket_id, number in self._flying.items() if number > 0), *self._lined_up()]

    def mark_waiting(self) -> None:
        """What waits in line is another than before: show it so. What has left it was the person's own."""
        now = frozenset(self._lined_up())
        self.echo(self._lined - now)
        self._lined = now
        self._queue.set_pending(self._waiting())

    async def undo(
        self, desk: Desk, act_id: UUID | None = None, *, force: bool = False, select: bool = True
    ) -> Undone | None:
        """Takes an act back: the last one, also of an earlier session or another device, or one by its id.

        Args:
            force: also what somebody changed since.
            select: select its ticket; not while another is read beside the queue.

        Returns:
            What became of it; None if nothing was taken back, which was said.
        """
        if act_id is None:
            done = self._done.pop() if self._done else None
        else:
            done = next((each for each in self._done if each.id == act_id), None) or Done(act_id, "")
            self._forget(done)
        if done is not None and done.change is not None:
            if not done.answered.is_set():
                self._say(f"Taking back: {done.words}", False)
            # If it is refused meanwhile, this key takes nothing back: what was done before that was not meant.
            await done.answered.wait()
        ids = list(done.before) if done is not None else []
        looked: list[Ticket] = []
        self._begin(ids)
        if done is not None and (change := done.change) is not None and not force:
            # One that has left the screen by that act comes back as it was left.
            looked = [self._known(k) or change.applied(before) for k, before in done.before.items()]
            self._show([change.taken_back(each, done.before[each.id]) for each in looked])
        try:
            words = f"undo: {done.words}" if done is not None else ""
            undone = await desk.undo(
                done.id if done is not None else act_id, uuid4(), force=force, ids=ids, words=words
            )
        except Queued as error:
            self._say(error.message, True)
            return None
        except NotFound as error:
            self._show(looked)
            self._say("Nothing to undo" if done is None else f"Not undone: {error.message}", done is not None)
            return None
        except HelpdeskError as error:
            if done is not None and act_id is None:
                self._done.append(done)
            self._show(looked)
            self._say(f"Not undone: {error}", True)
            return None
        finally:
            self._end(ids)
        self._tell(undone)
        for ticket_id in ids[:1] if select else ():
            self._queue.select(ticket_id)
        return undone

    def _tell(self, undone: Undone) -> None:
        refused = reasons([(why, number) for number, why in undone.refused])
        left = undone.left[0].words if undone.left else ""
        if len(undone.left) > 1:
            left += f", and {len(undone.left) - 1} more"
        if undone.numbers or not (left or refused):
            words = f"Undone: {undone.words}"
            if left or refused:
                words = f"Undone for {len(undone.numbers)}: {undone.words}. Not: {left or refused}"
            self._say(words, bool(left or refused))
        else:
            self._say(f"Not undone: {left or refused or 'nothing of it is left'}", True)
