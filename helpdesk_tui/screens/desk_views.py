"""The desk's queues: which ones, how many tickets they hold, their rows; read again when tickets change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from textual import on
from textual.worker import WorkType

from helpdesk_tui.core import tickets
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.triage import Triage
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_window import PageRequest
from helpdesk_tui.widgets.status_line import Connection, Tabs

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Tickets
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskViews"]

#: Rows of the first page: what a tall terminal shows, and a little more.
FIRST_ROWS = 60
#: Counting again is for the whole of a view, so not at every change: seconds between two, and up to so many more.
COUNTERS, COUNTERS_JITTER = 2.0, 0.5
#: So long rows may come later than the number of them.
ROWS_SECONDS = 0.5


class DeskViews(Place):
    """A person's queues, one shown at a time.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.queue = Queue(id="queue", me=link.user_id, page_size=FIRST_ROWS, clock=link.clock)
        self.tabs = Tabs(id="tabs")
        self.triage = Triage(
            self.queue, lambda: self.view_key, self.known, self.ticket_looks, self._tell, live=self._is_live
        )
        self.view_key = "open"
        self.sort: tickets.Sort = "updated"
        self._labels: tuple[tickets.View, ...] = tickets.VIEWS
        self._counts: dict[str, int] = {}
        self._ready = asyncio.Event()
        self._unanswered: list[PageRequest] = []
        self._begun = False

    @property
    def desk(self) -> Desk | None:
        """What is asked; None until the database has answered."""
        return self.link.desk

    @property
    def asked(self) -> Desk:
        """What is asked, where it is known to be there."""
        if self.desk is None:
            raise RuntimeError("the desk is not open yet")
        return self.desk

    # What the layers above know

    def known(self, ticket_id: UUID) -> Ticket | None:
        """A ticket as the screen has it now."""
        return self.queue.window.get(ticket_id)

    def ticket_looks(self, ticket: Ticket) -> None:
        """A ticket looks like this now, wherever else it is shown."""

    def _is_live(self) -> bool:
        return self.link.state[0] not in ("stale", "down")

    def action_back(self) -> None:
        """To the queue."""
        self.queue.focus()

    async def complete(self) -> None:
        """Make what the first picture does not show, once that is painted: called once."""

    # What the link tells

    def opened(self, desk: Desk) -> None:
        """The desk can be asked."""
        self._labels = tickets.views_for(desk.me)
        if self.view_key not in {view.key for view in self._labels}:
            self.view_key = self._labels[0].key
        self._show_tabs()
        self.follow("tickets", self.read_queue)
        self.follow("tickets", self.read_counts, gap=COUNTERS, jitter=COUNTERS_JITTER)
        self._ready.set()
        if self.queue.state == "failed":
            self._change_view(self.view_key)

    def connection_changed(self, name: Connection, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.desk is None:
            for request in self._unanswered:
                self.queue.fail(request, why)

    def me_changed(self, me: Me) -> None:
        """Another role or department: other queues."""
        self._labels = tickets.views_for(me)
        self.say(f"You are now: {me.role}, {me.department or 'no department'}")
        self._change_view(self._labels[0].key)

    async def read_queue(self, changed: Tickets) -> None:
        """Read again what the queue shows."""
        if changed is None:
            self.queue.reread()
            return
        ids = [ticket_id for ticket_id in changed if not self.triage.flying(ticket_id)]
        if not ids:
            return
        view = self.view_key
        found = await self.asked.look_again(view, ids)
        if view == self.view_key:
            self.queue.apply_changes(
                {k: v for k, v in found.items() if not self.triage.flying(k)},
                own=[k for k in found if self.triage.echoes(k)],
            )

    async def read_counts(self, changed: Tickets) -> None:  # noqa: ARG002  (every ticket counts)
        """Count again; and read the rows again where they are others than were counted, as after an import that told
        nobody."""
        self._take_counts(await self.asked.counts())
        if self._rows_missing():
            # What was told of them may be on its way.
            await asyncio.sleep(ROWS_SECONDS)
            if self._rows_missing():
                self.queue.reread()

    def _rows_missing(self) -> bool:
        window, counted = self.queue.window, self._counts.get(self.view_key, 0)
        whole = self.queue.state in ("ready", "empty") and not window.has_before and not window.has_after
        return whole and not self.triage.busy and len(window) < counted

    async def read_rows(self, most: int) -> tuple[list[Ticket], bool]:
        """The first rows of what the queue shows, and whether there are more."""
        return await self.asked.page(self.view_key, self.sort, "first", most)

    # The queue's questions

    @on(Queue.NeedRows)
    def _rows_wanted(self, message: Queue.NeedRows) -> None:
        self.spawn(self._answer(message.request, self.view_key, self.sort))

    async def _answer(self, request: PageRequest, view: str, sort: tickets.Sort) -> None:
        self._unanswered.append(request)
        await self._ready.wait()
        self._unanswered.clear()
        try:
            await self._look(self.asked, request, view, sort)
        finally:
            if not self._begun:
                self._begun = True
                self.call_after_refresh(self._complete_behind)

    def _complete_behind(self) -> None:
        if self.is_running:
            rest: WorkType[None] = self.complete
            self.run_worker(rest)

    async def _look(self, desk: Desk, request: PageRequest, view: str, sort: tickets.Sort) -> None:
        try:
            if request.kind == "first":
                rows, more, counts = await desk.first_look(view, sort, request.limit)
                self._take_counts(counts)
            else:
                rows, more = await desk.page(
                    view, sort, request.kind, request.limit, after=request.after, before=request.before
                )
        except HelpdeskError as error:
            self.queue.fail(request, str(error))
            return
        self.queue.feed(request, rows, more)

    def _take_counts(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._show_tabs()
        total = counts.get(self.view_key, 0)
        capped = total >= tickets.COUNT_CAP
        self.queue.set_total(None if capped else total, at_least=total if capped else 0)

    def _show_tabs(self) -> None:
        keys = [view.key for view in self._labels]
        counts = {
            n: (f"{tickets.COUNT_CAP - 1}+" if self._counts[key] >= tickets.COUNT_CAP else str(self._counts[key]))
            for n, key in enumerate(keys)
            if key in self._counts
        }
        self.tabs.show([view.label for view in self._labels], counts, keys.index(self.view_key))

    def _change_view(self, key: str) -> None:
        view = next(view for view in self._labels if view.key == key)
        self.view_key = key
        self._show_tabs()
        self.queue.reset(tickets.order_of(key, self.sort), empty=view.empty)
        if key in self._counts:
            self._take_counts(self._counts)

    def action_view(self, index: int) -> None:
        """Show one of the queues."""
        if index < len(self._labels):
            self.action_back()
            self._change_view(self._labels[index].key)

    def action_view_step(self, step: int) -> None:
        """The next queue, or the one before."""
        keys = [view.key for view in self._labels]
        self.action_view((keys.index(self.view_key) + step) % len(keys))

    @on(Tabs.Picked)
    def _tab_picked(self, message: Tabs.Picked) -> None:
        self.action_view(message.index)

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()

    def _tell(self, words: str, alarm: bool) -> None:
        """Say what became of an act; one that was refused also where the next word does not replace it."""
        self.say(words, alarm)
        if alarm:
            self.notify(safe_line(words, 300), severity="error", markup=False)
