"""The desk's queues: which ones, how many tickets they hold, their rows; read again when tickets change."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from textual import on
from textual.worker import WorkType

from helpdesk_tui.core import queues
from helpdesk_tui.core.acts import belongs
from helpdesk_tui.core.dirty import COUNTERS
from helpdesk_tui.core.errors import BadInput, HelpdeskError
from helpdesk_tui.core.model import Me, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.views import FOUND, Order, SavedView, Tab, arranged, built_in, condition_of, found_tab
from helpdesk_tui.screens.desk_counts import Counts
from helpdesk_tui.screens.left_off import WhereLeftOff
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.triage import Triage
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_pager import PageRequest
from helpdesk_tui.widgets.status_line import Connection
from helpdesk_tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk, Direction
    from helpdesk_tui.core.dirty import Ids, Tickets
    from helpdesk_tui.core.filters import Condition, Vocabulary
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskViews"]

#: Rows of the first page: what a tall terminal shows, and a little more.
FIRST_ROWS = 60
#: Where more tickets than so many changed, the rows on the screen are read anew, and not each ticket.
MOST_LOOKED_AT = 500


class DeskViews(Place):
    """A person's queues, one shown at a time.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._where = WhereLeftOff(self, link)
        left = self._where.left
        self.sort: queues.Sort = left.sort
        self.view_key = left.view
        #: What the filter line asked for; None: nothing.
        self.found: str | None = left.query
        self.history = list(left.history)
        self.saved: list[SavedView] = []
        self.order = Order()
        self.names: Vocabulary | None = None
        #: All views in their order, the hidden ones too, but for what the filter line asked for.
        self.arranged: list[Tab] = built_in()
        self.queue = Queue(
            id="queue",
            me=link.user_id,
            page_size=FIRST_ROWS,
            sort=queues.order_of(self.view_key, self.sort),
            empty=self.tab.empty,
            after=left.above,
            clock=link.clock,
        )
        self.tabs = Tabs(id="tabs")
        self.triage = Triage(
            self.queue,
            self.belongs,
            self.known,
            self.ticket_looks,
            self.tell,
            live=self._is_live,
            lined_up=self._lined_up,
        )
        self.queue.own = self.triage.echoes
        self.counts = Counts(
            self.queue,
            lambda: self.asked,
            lambda: self.shown,
            lambda: self.tab,
            self.condition,
            busy=lambda: self.triage.busy,
            changed=self._show_tabs,
        )
        self._sorts: dict[str, queues.Sort] = {}
        self._ready = asyncio.Event()
        self._unanswered: list[PageRequest] = []
        self._begun = False
        self._learned = False

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

    @property
    def shown(self) -> list[Tab]:
        """The tabs, in their order: the current one even where it is hidden otherwise."""
        shown = [tab for tab in self.arranged if not tab.hidden or tab.key == self.view_key]
        return [*shown, found_tab(self.found)] if self.found is not None else shown

    @property
    def tab(self) -> Tab:
        """The one that is shown now."""
        return next((tab for tab in self.shown if tab.key == self.view_key), Tab(self.view_key, "…", "", query=""))

    # What waits in line

    def _lined_up(self) -> Collection[UUID]:
        return self.link.keeping.line if self.link.keeping is not None else ()

    def _as_done(self, ticket: Ticket) -> Ticket:
        """A ticket as it will be, once what waits in line has been done to it."""
        return self.link.keeping.as_done(ticket) if self.link.keeping is not None else ticket

    def link_unsent(self, waiting: int, refused: int) -> None:
        """Something was put in line, done or refused."""
        super().link_unsent(waiting, refused)
        self.triage.mark_waiting()

    # What the layers above know

    def known(self, ticket_id: UUID) -> Ticket | None:
        """A ticket as the screen has it now."""
        return self.queue.window.get(ticket_id)

    def ticket_looks(self, ticket: Ticket) -> None:
        """A ticket looks like this now, wherever else it is shown."""

    def belongs(self, ticket: Ticket) -> bool:
        """Whether a ticket is in the queue that is shown, as far as can be told here: the database has the last say."""
        tab, now = self.tab, self.link.clock()
        if tab.query is None:
            return belongs(self.asked.me, tab.key, ticket, now)
        if self.names is not None:
            from helpdesk_tui.core.fitting import fits

            told = fits(tab.query, ticket, self.names, now)
            if told is not None:
                return told
        return ticket.id in self.queue.window

    def _is_live(self) -> bool:
        return self.link.state[0] not in ("stale", "down")

    def action_back(self) -> None:
        """To the queue."""
        self.queue.focus()

    async def complete(self) -> None:
        """Make what the first picture does not show, once that is painted: called once."""

    def learned(self) -> None:
        """What can be named in a query is known, or is another now."""

    async def leave(self) -> None:
        """Write down where one is."""
        self._where.write_down()

    # What the link tells

    def opened(self, desk: Desk) -> None:
        """The desk can be asked."""
        self.arrange_views(desk.me)
        if self.view_key in {tab.key for tab in built_in()} - {tab.key for tab in self.arranged}:
            self.view_key = self.arranged[0].key
        self.follow("tickets", self.read_queue)
        self.counts.follow(self.follow)
        self.follow("people", self.read_views, gap=COUNTERS)
        self._ready.set()
        if self.queue.state == "failed":
            self.change_view(self.view_key)

    def connection_changed(self, name: Connection, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.desk is None:
            for request in self._unanswered:
                self.queue.fail(request, why)

    def me_changed(self, me: Me) -> None:
        """Another role or department: other queues."""
        self.arrange_views(me)
        self.say(f"You are now: {me.role}, {me.department or 'no department'}")
        self.change_view(self.shown[0].key)
        if self._learned:
            self.spawn(self._learn_again())

    async def read_queue(self, changed: Tickets) -> None:
        """Read again what the queue shows."""
        if changed is None or len(changed) > MOST_LOOKED_AT:
            self.queue.reread()
            return
        ids = [ticket_id for ticket_id in changed if not self.triage.flying(ticket_id)]
        if not ids:
            return
        tab = self.tab
        found = await self.asked.look_again(tab.scope, ids, self.condition(tab))
        if tab == self.tab:
            self.queue.apply_changes(
                {k: v and self._as_done(v) for k, v in found.items() if not self.triage.flying(k)},
                own=[k for k in found if self.triage.echoes(k)],
            )

    # Which queues there are

    async def read_views(self, changed: Ids) -> None:  # noqa: ARG002  (they are read all at once)
        """Read again which saved views there are, and what can be named."""
        if self._learned:
            await self._learn_again()

    async def _learn_again(self) -> None:
        before = self.tab
        self.saved, self.order, self.names = await self.asked.learn()
        self.arrange_views(self.asked.me)
        self.learned()
        if before.saved is not None and self.tab.saved is None:
            self._fall_back(before.label)
        elif self.tab.query != before.query:
            self.say(f"“{self.tab.label}” asks for something else now")
            self.change_view(self.view_key)
        self._show_tabs()
        self.counts.count_again()

    def _fall_back(self, label: str) -> None:
        words = f"The view “{safe_line(label, 60)}”" if label else "The view of last time"
        self.change_view(self.arranged[0].key)
        words += " is gone: it was removed, or is not shared with you any more"
        self.say(words)
        # At a start, that one is live calms the line below.
        self.notify(words, severity="warning", markup=False)

    def arrange_views(self, me: Me) -> None:
        """Put the views in their order, as somebody has them."""
        self.arranged = arranged(me, self.saved, self.order)
        self._show_tabs()

    def condition(self, tab: Tab) -> Condition | None:
        """What a tab asks besides being in its queue; None: nothing, or what cannot be understood."""
        if tab.query is None or self.names is None:
            return None  # and the language of queries need not be imported
        from helpdesk_tui.core.filters import FilterError

        try:
            return condition_of(tab, self.names, self.link.zone)
        except FilterError:
            return None

    async def read_rows(self, tab: Tab, most: int, after: Ticket | None) -> tuple[list[Ticket], bool]:
        """The first rows of what the queue shows, or those behind a ticket, and whether there are more.

        Raises:
            HelpdeskError: they cannot be read, or the query is none.
        """
        way: Direction = "first" if after is None else "after"
        if tab.query is not None and self.names is None:
            raise BadInput("Its query is still being read.", "Try again in a moment.")
        where = condition_of(tab, self.names, self.link.zone)
        return await self.asked.page(tab.scope, self.queue.window.sort, way, most, after=after, where=where)

    # The queue's questions

    @on(Queue.NeedRows)
    def _rows_wanted(self, message: Queue.NeedRows) -> None:
        self.spawn(self._answer(message.request, self.tab))

    async def _answer(self, request: PageRequest, tab: Tab) -> None:
        if not self._ready.is_set():
            self._unanswered.append(request)
            await self._ready.wait()
            self._unanswered.clear()
            tab = self.tab
        try:
            await self._look(self.asked, request, tab)
        except HelpdeskError as error:
            self.queue.fail(request, str(error))
        finally:
            if not self._begun:
                self._begun = True
                self.call_after_refresh(self._complete_behind)

    def _complete_behind(self) -> None:
        if self.is_running:
            rest: WorkType[None] = self.complete
            self.run_worker(rest)

    async def _look(self, desk: Desk, request: PageRequest, tab: Tab) -> None:
        if not self._learned and tab.query is None:
            rows, more, counts, self.saved, self.order = await desk.start(
                tab.key, self.sort, request.limit, after=request.after
            )
            self._learned = True
            self.arrange_views(desk.me)
            self.counts.take(counts)
        elif self.names is None and tab.query is not None:
            self.saved, self.order, self.names = await desk.learn()
            self._learned = True
            self.arrange_views(desk.me)
            self.learned()
            if all(each.key != self.view_key for each in self.shown):
                self._where.give_up()
                self._fall_back("")
            else:
                self.change_view(self.view_key, after=request.after)
            return
        else:
            where = condition_of(tab, self.names, self.link.zone)
            sort = self.queue.window.sort
            if request.kind == "first":
                rows, more, counts = await desk.first_look(
                    tab.scope, sort, request.limit, after=request.after, where=where
                )
                self.counts.take(counts)
            else:
                rows, more = await desk.page(
                    tab.scope, sort, request.kind, request.limit,
                    after=request.after, before=request.before, where=where,
                )  # fmt: skip
        if request.kind == "first" and request.after is not None and not rows:
            # There was more the last time: what is left of it is above.
            self.change_view(self.view_key)
            return
        if self.queue.feed(request, [self._as_done(each) for each in rows], more):
            self._where.reach()

    def _show_tabs(self) -> None:
        shown = self.shown
        keys = [tab.key for tab in shown]
        current = keys.index(self.view_key) if self.view_key in keys else 0
        self.tabs.show([tab.label for tab in shown], self.counts.words(keys), current)

    def change_view(self, key: str, *, after: Ticket | None = None) -> None:
        """Show one of the queues, from its beginning, or from behind a ticket on."""
        self.view_key = key
        self.queue.closable = key == FOUND
        tab = self.tab
        sort = self._sorts.get(key) or tab.sort or self.sort
        self._show_tabs()
        self.queue.reset(queues.order_of(tab.scope, sort, self.condition(tab)), empty=tab.empty, after=after)
        self.counts.tell()
        self._where.write_down()

    def sort_by(self, sort: queues.Sort) -> None:
        """Show the queue in another order: all built-in ones, or this query as long as the program runs."""
        if self.tab.query is None:
            self.sort = sort
        else:
            self._sorts[self.view_key] = sort
        self.change_view(self.view_key)
        if self.queue.window.sort != sort:
            self.say(f"This queue comes by {queues.SORTS[self.queue.window.sort]}")

    def action_view(self, index: int) -> None:
        """Show one of the queues."""
        shown = self.shown
        if index < len(shown):
            self.action_back()
            self.change_view(shown[index].key)

    def action_view_step(self, step: int) -> None:
        """The next queue, or the one before."""
        keys = [tab.key for tab in self.shown]
        self.action_view((keys.index(self.view_key) + step) % len(keys))

    @on(Tabs.Picked)
    def _tab_picked(self, message: Tabs.Picked) -> None:
        self.action_view(message.index)

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()

    def tell(self, words: str, alarm: bool) -> None:
        """Say what became of an act; one that was refused also where the next word does not replace it."""
        self.say(words, alarm)
        if alarm:
            self.notify(safe_line(words, 300), severity="error", markup=False)

    @on(Queue.Highlighted)
    def _rests(self) -> None:
        self._where.rest()
