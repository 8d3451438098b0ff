"""The queue: a list of tickets of any length, of which only what is on the screen is drawn.

The widget never asks a database. It posts :class:`Queue.NeedRows`, and whoever owns it answers with
:meth:`Queue.feed` or :meth:`Queue.fail`. What changes elsewhere comes
in through :meth:`Queue.apply_changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import ClassVar, Final, Literal
from uuid import UUID

from textual import events
from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.jumping import Target
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.queue_marks import OfQueue, QueueMarks
from helpdesk_tui.widgets.queue_pager import PageRequest, State
from helpdesk_tui.widgets.queue_sort import Sort
from helpdesk_tui.widgets.queue_style import CSS

__all__ = ["Queue", "ScrollStep"]

ScrollStep = Literal["auto", "half", "line"]

#: Two moves closer together than this mean a key held down (or a slow link that delivers them in one go).
HELD_SECONDS: Final = 0.12
WHEEL_LINES: Final = 3


class _OfQueue(OfQueue):
    queue: Queue


class Queue(QueueMarks):
    """A queue of tickets.

    Args:
        sort: the order of the rows.
        me: the person signed in, shown as "you" where assigned.
        empty: what to say when there is no ticket, in whole sentences: what is not there, and the way on.
        scroll_step: how far the view moves when the selection leaves it: a "line", "half" a page, or "auto": a line,
            and half a page while a key is held, which a slow link can follow.
        page_size: how many rows to ask for at a time.
        after: begin behind this ticket and not at the queue's first.
        clock: tells the time.
    """

    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [*moving("queue"), *bound("queue", open="open", retry="retry")]

    class Highlighted(_OfQueue):
        """Another ticket is selected, or none (``ticket`` is None). Looking at it is not reading it."""

        def __init__(self, queue: Queue, ticket: Ticket | None) -> None:
            super().__init__(queue)
            self.ticket = ticket

        def can_replace(self, message: Message) -> bool:
            """While a key is held only the last one counts."""
            return isinstance(message, Queue.Highlighted) and message.queue is self.queue

    class Opened(_OfQueue):
        """A ticket is to be opened."""

        def __init__(self, queue: Queue, ticket: Ticket) -> None:
            super().__init__(queue)
            self.ticket = ticket

    class NeedRows(_OfQueue):
        """The queue wants rows: answer with :meth:`Queue.feed` or :meth:`Queue.fail`."""

        def __init__(self, queue: Queue, request: PageRequest) -> None:
            super().__init__(queue)
            self.request = request

    def __init__(
        self,
        *,
        sort: Sort = "updated",
        me: UUID | None = None,
        empty: str = "No ticket is in this view.",
        scroll_step: ScrollStep = "auto",
        page_size: int = 100,
        after: Ticket | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(
            sort=sort, me=me, empty=empty, page_size=page_size, clock=clock, name=name, id=id, classes=classes
        )
        self.scroll_step: ScrollStep = scroll_step
        self._announced: UUID | None = None
        self._last_move = 0.0
        self._begin_after = after

    # What is there

    @property
    def selected(self) -> Ticket | None:
        """The selected ticket."""
        return self.window.selected

    @property
    def on_screen(self) -> Sequence[Ticket]:
        """The tickets on the screen now."""
        return self._view.rows(self.window)

    @property
    def above(self) -> Ticket | None:
        """The last ticket above the screen; None: it begins with the first one that is loaded."""
        top = self._view.top
        return self.window[top - 1] if 0 < top <= len(self.window) else None

    @property
    def state(self) -> State:
        """What the queue shows: rows, or which words instead of them."""
        return self._pager.state

    # What comes in

    def reset(self, sort: Sort | None = None, *, empty: str | None = None, after: Ticket | None = None) -> None:
        """Show another view, or the same one in another order: forget all rows and ask for the first ones.

        Args:
            after: ask for those behind this ticket instead.
        """
        if empty is not None:
            self._empty = empty
        self._fresh.clear()
        self._news.clear()
        self._view.top = 0
        self._ask(self._pager.start(sort, after=after))
        self._update()

    def feed(self, request: PageRequest, rows: Sequence[Ticket], more: bool) -> bool:
        """Answer a request.

        Args:
            request: the one that :class:`NeedRows` carried.
            rows: the tickets, in the queue's order, at most ``request.limit``.
            more: whether there are more in the direction asked.

        Returns:
            Whether the answer was taken; one to a question that no longer matters is not.
        """
        place = self._view.place(self.window)
        old = {row.id: row for row in self.window.rows} if request.kind == "again" else {}
        if not self._pager.feed(request, rows, more):
            return False
        if request.kind in ("first", "last"):
            self._view.top = 0 if request.kind == "first" else len(self.window)
            self._view.follow(self.window, "line")
        else:
            self._view.return_to(self.window, place)
            self._tell_apart(old)
        self._now = self._clock()
        self._make_room(rows)
        self._update()
        return True

    def _tell_apart(self, old: Mapping[UUID, Ticket]) -> None:
        """After a reading anew: what changed meanwhile is marked, as if each change had been told."""
        survivors = [index for index, row in enumerate(self.window.rows) if row.id in old]
        for index, row in enumerate(self.window.rows[: survivors[-1] + 1 if survivors else 0]):
            if (row.id not in old or old[row.id].updated_at < row.updated_at) and not self.own(row.id):
                self._fresh.add(row.id)
                if index < self._view.top:
                    self._news.add(row.id)

    def fail(self, request: PageRequest, why: str) -> None:
        """Say that a request will not be answered, and why, in words for people."""
        if self._pager.fail(request, why):
            self._update()
            self.refresh_bindings()

    def set_total(self, total: int | None, *, at_least: int = 0) -> None:
        """Say how many tickets the view has; where counting stopped, how many at least."""
        self.window.set_total(total, at_least=at_least)
        self._update()

    def reread(self) -> None:
        """Ask again for what is on the screen, where it is not known what has changed."""
        rows = [self._view.top, self._view.top + self._view.height]
        if self.window.cursor is not None:
            rows.append(self.window.cursor)
        self._ask(self._pager.again(min(rows), max(rows)))
        self._update()

    def apply_changes(self, updated: Mapping[UUID, Ticket | None], *, own: Collection[UUID] = ()) -> None:
        """Take tickets that changed: None for one that is no longer in this view.

        The selection stays on its ticket. Rows on the screen stay where they are if the person has scrolled down:
        what comes in above is told by number instead.

        Args:
            updated: the tickets as they are now, by id.
            own: those that the person changed themselves: no news, and not marked as changed.
        """
        place = self._view.place(self.window)
        changes = self._pager.apply_changes(updated)
        if not changes:
            return
        self._view.return_to(self.window, place)
        others = frozenset(updated) - frozenset(own)
        self._fresh -= changes.left
        self._fresh |= (changes.inserted | changes.changed | changes.before) & others
        for ticket_id in (changes.inserted | changes.moved | changes.before) & others:
            index = self.window.index_of(ticket_id)
            if index is None or index < self._view.top:
                self._news.add(ticket_id)
        self._now = self._clock()
        self._make_room(updated.values())
        self._update()

    def select(self, ticket_id: UUID) -> bool:
        """Select a ticket; False if it is not loaded."""
        if not self.window.select_id(ticket_id):
            return False
        self._view.follow(self.window, "half")
        self._update()
        return True

    # Keys

    def action_by(self, step: int) -> None:
        """Select the next ticket, or the one before."""
        self.move(step)

    def action_page(self, pages: float) -> None:
        """A page or half of one; a row of the last page stays, to read on from."""
        rows = max(1, self._view.height - 1 if abs(pages) >= 1 else int(self._view.height * abs(pages)))
        self.move(rows if pages > 0 else -rows, view=True)

    def action_first(self) -> None:
        """The first ticket of the whole queue."""
        if self.window.has_before:
            self._ask(self._pager.jump("first"))
        else:
            self._pager.stay()
            self.window.select(0)
            self._view.top = 0
        self._update()

    def action_last(self) -> None:
        """The last ticket of the whole queue."""
        if self.window.has_after:
            self._ask(self._pager.jump("last"))
        else:
            self._pager.stay()
            self.window.select(len(self.window) - 1)
            self._view.follow(self.window, "line")
        self._update()

    def action_open(self) -> None:
        """Open the selected ticket."""
        ticket = self.selected
        if ticket is not None:
            self.seen([ticket.id])
            self.post_message(self.Opened(self, ticket))

    def action_retry(self) -> None:
        """Ask again what was not answered."""
        request = self._pager.retry()
        if request is not None:
            self._ask(request)
            self._update()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Trying again is a key only while something has failed."""
        if action == "retry":
            return self._pager.failure is not None
        return super().check_action(action, parameters)

    def move(self, delta: int, *, view: bool = False) -> None:
        """Move the selection.

        Args:
            delta: by how many rows, down if positive. From off the screen it comes onto the screen first.
            view: move the rows on the screen by as much.
        """
        if self._pager.jumping:
            self._pager.move_after_jump(delta)
            return
        moment = monotonic()
        held, self._last_move = moment - self._last_move < HELD_SECONDS, moment
        window, shown, cursor = self.window, self._view, self.window.cursor
        if view:
            shown.scroll(window, delta)
            window.select((shown.top if cursor is None else cursor) + delta)
        elif cursor is None or cursor < shown.top:
            window.select(shown.top)
        elif not shown.shows(cursor):
            window.select(shown.top + shown.height - 1)
        else:
            window.select(cursor + delta)
        shown.follow(window, "half" if self.scroll_step == "half" or (held and self.scroll_step == "auto") else "line")
        self._update()
        self._look_ahead(delta > 0)

    # The mouse

    def jump_targets(self) -> Iterable[Target]:
        """The tickets in sight."""
        lines = range(min(self._view.height, len(self.window) - self._view.top))
        return [Target(0, line + self._has_heading, partial(self._jump, self._view.top + line)) for line in lines]

    def _jump(self, row: int) -> None:
        self.focus()
        self.window.select(row)
        self._update()

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens; on the last line it does what that line offers."""
        line = self._line_of_row(event.y)
        if 0 <= line < self._view.height:
            if self._view.top + line < len(self.window):
                self.window.select(self._view.top + line)
                self._update()
                if event.chain == 2:
                    self.action_open()
        elif line >= self._view.height and self._pager.failure is not None:
            self.action_retry()
        elif line >= self._view.height and self._news:
            self.action_first()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the view, not the selection."""
        self._wheel(event, WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the view, not the selection."""
        self._wheel(event, -WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        event.stop()
        event.prevent_default()
        self._view.scroll(self.window, lines)
        self._update()

    # Underneath

    def on_mount(self) -> None:
        """Ask for the first rows, unless they are there."""
        self.watch(self, "has_focus", self._paint, init=False)
        self.set_interval(60, self._pass_time)
        if not self._pager.fed and not self._pager.asking:
            self._ask(self._pager.start(after=self._begin_after))

    def on_resize(self) -> None:
        """There is more or less room."""
        self._measure()
        self._update()

    def _ask(self, request: PageRequest) -> None:
        self.post_message(self.NeedRows(self, request))

    def _update(self) -> None:
        """After a change: ask for rows that are running out, paint the lines that differ, say what is selected."""
        self._view.scroll(self.window)
        if self._view.at_start(self.window):
            self._news.clear()
        if self._view.height:
            for request in self._pager.want(self._view.top, self._view.height):
                self._ask(request)
        self._paint()
        selected = self.window.selected
        selected_id = None if selected is None else selected.id
        if selected_id != self._announced:
            self._announced = selected_id
            self.post_message(self.Highlighted(self, selected))
