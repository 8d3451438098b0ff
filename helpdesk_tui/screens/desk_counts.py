"""How many tickets a person's queues hold: counted again as they change, the longer that takes the less often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

from helpdesk_tui.core import tickets
from helpdesk_tui.core.dirty import COUNTERS, COUNTERS_JITTER
from helpdesk_tui.core.views import Tab

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Tickets
    from helpdesk_tui.core.filters import Condition
    from helpdesk_tui.screens.linked import Watch
    from helpdesk_tui.widgets.queue import Queue

__all__ = ["Counts", "counted"]

#: What takes long to count is counted less often: so many times as long as it took goes by before it is again.
COUNTING_SHARE: Final = 20
#: So long rows may come later than the number of them.
ROWS_SECONDS: Final = 0.5


class Counts:
    """The numbers at the tabs.

    Args:
        queue: the rows of the view that is shown.
        asked: what is asked.
        tabs: the views there are now.
        tab: the one that is shown.
        condition: what a view asks besides being in its queue; None: nothing, or what cannot be understood.
        busy: whether an act waits for the database.
        changed: told that numbers are others now.
    """

    def __init__(
        self,
        queue: Queue,
        asked: Callable[[], Desk],
        tabs: Callable[[], Sequence[Tab]],
        tab: Callable[[], Tab],
        condition: Callable[[Tab], Condition | None],
        *,
        busy: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._asked = asked
        self._tabs = tabs
        self._tab = tab
        self._condition = condition
        self._busy = busy
        self._changed = changed
        self._known: dict[str, int | None] = {}
        self._queries: Watch | None = None

    def follow(self, follow: Callable[..., Watch]) -> None:
        """Count again whenever tickets change, as :meth:`Place.follow` has things read again."""
        follow("tickets", self._read, gap=COUNTERS, jitter=COUNTERS_JITTER)
        self._queries = follow("tickets", self._read_queries, gap=COUNTERS, jitter=COUNTERS_JITTER)

    def count_again(self) -> None:
        """Count again what queries hold: others are asked now."""
        if self._queries is not None:
            self._queries.mark()

    # What is known

    def take(self, counts: Mapping[str, int | None] | Mapping[str, int]) -> None:
        """So many tickets are in these views; None: too many to look through."""
        self._known |= counts
        self._changed()
        self.tell()

    def tell(self) -> None:
        """Say at the queue how many tickets its view holds, where that is known."""
        key = self._tab().key
        if key in self._known:
            total = self._known[key]
            capped = total is None or total >= tickets.COUNT_CAP
            self._queue.set_total(None if capped else total, at_least=(total or 0) if capped else 0)

    def forget(self, key: str) -> None:
        """A view is another one now, or gone."""
        self._known.pop(key, None)

    def words(self, keys: Sequence[str]) -> dict[int, str]:
        """What stands at tabs: by their place, of those that were counted."""
        return {place: counted(self._known[key]) for place, key in enumerate(keys) if key in self._known}

    def knows(self, keys: set[str]) -> bool:
        """Whether all of these views were counted."""
        return keys <= set(self._known)

    # Counting

    async def _read(self, changed: Tickets) -> None:  # noqa: ARG002  (every ticket counts)
        """Count again; and read the rows again where they are others than were counted, as after an import that told
        nobody."""
        self.take(await self._asked().counts())
        if self._rows_missing():
            # What was told of them may be on its way.
            await asyncio.sleep(ROWS_SECONDS)
            if self._rows_missing():
                self._queue.reread()

    async def _read_queries(self, changed: Tickets) -> None:  # noqa: ARG002  (every ticket counts)
        """Count again what the queries hold; the longer that takes, the less often."""
        asked = {tab.key: where for tab in self._tabs() if tab.query is not None and (where := self._condition(tab))}
        if not asked:
            return
        began = monotonic()
        self.take(dict(zip(asked, await self._asked().count_all(list(asked.values())), strict=True)))
        # Readings never overlap: the next one waits for this, too.
        await asyncio.sleep(COUNTING_SHARE * (monotonic() - began))

    def _rows_missing(self) -> bool:
        window, counted = self._queue.window, self._known.get(self._tab().key)
        whole = self._queue.state in ("ready", "empty") and not window.has_before and not window.has_after
        # What a query holds is counted less often, and may be an older number.
        return whole and not self._busy() and self._tab().query is None and len(window) < (counted or 0)


def counted(number: int | None) -> str:
    """How many tickets, for a tab; None: too many to look through."""
    if number is None:
        return "?"
    return f"{tickets.COUNT_CAP - 1}+" if number >= tickets.COUNT_CAP else str(number)
