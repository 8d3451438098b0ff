"""The desk's own queries: the filter line, and what it asks for as a tab."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from helpdesk_tui.core import views
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.left_off import HISTORY
from helpdesk_tui.core.views import FOUND, SavedView
from helpdesk_tui.screens.desk_counts import counted
from helpdesk_tui.screens.desk_views import DeskViews
from helpdesk_tui.screens.view_menu import ViewMenu
from helpdesk_tui.widgets.picker import Picker
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.working import Work

if TYPE_CHECKING:
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.filter_line import FilterLine
    from helpdesk_tui.widgets.prompt import Prompt

__all__ = ["DeskQueries"]

#: So long nothing is typed before it is counted what was.
TYPING_SECONDS = 0.15


class DeskQueries(DeskViews):
    """The filter line over the queue, and the menu of views.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.picker = Picker(id="picker")
        self._line: FilterLine | None = None
        self._making_line = asyncio.Lock()
        self._before = "open"  # the view from which the filter line was opened
        self._editing: SavedView | None = None  # whose query the line is about
        self._count_of: tuple[str, int | None] = ("", None)  # the last that was counted while it was typed
        self._applying: str | None = None  # before the database has answered
        self.view_menu = ViewMenu(self)

    @property
    def filtering(self) -> bool:
        """Whether the keys are the filter line's."""
        return self._line is not None and self._line.asking

    async def complete(self) -> None:
        """Learn what can be named in a query, and count what the saved ones hold."""
        await super().complete()
        if self.desk is not None and self.names is None:
            try:
                await self._learn_again()
            except HelpdeskError as error:
                self.link_trouble(error)

    def learned(self) -> None:
        """What can be named is known, or is another now."""
        if self._line is not None:
            self._line.names = self.names
        query, self._applying = self._applying, None
        if query is not None:
            self._apply(query)

    # The filter line

    async def action_filter(self) -> None:
        """Open the filter line over the queue, with what is asked for now."""
        self._editing = None
        await self._open_line(self.tab.query or "")

    async def _open_line(self, query: str) -> None:
        from helpdesk_tui.widgets.filter_line import FilterLine

        async with self._making_line:
            if self._line is None:
                self._line = FilterLine(id="filter")
                await self.mount(self._line, after=self.tabs)
        self.action_back()
        self._line.names = self.names
        self._line.ask(query, self.history)
        self.refresh_hints()
        if self.desk is not None and self.names is None:
            self.spawn(self._learn_again())

    @property
    def line(self) -> FilterLine:
        """The filter line, once it was opened."""
        assert self._line is not None
        return self._line

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Count what was typed, when nothing more is: the newest question alone is worth an answer."""
        self.run_worker(Work(self._count_typed(message.query)), group="count", exclusive=True)

    async def _count_typed(self, query: str) -> None:
        await asyncio.sleep(TYPING_SECONDS)
        if self.desk is None or self.names is None:
            self.line.show_count(query, "not connected yet" if self.desk is None else "…")
            return
        where = self.condition(views.found_tab(query))
        if where is None:
            return
        try:
            found = await self.desk.count(where)
        except HelpdeskError as error:
            self.line.show_count(query, f"not counted: {error.message}", bad=True)
            return
        self._count_of = (query.strip(), found)
        many = "tickets" if found != 1 else "ticket"
        self.line.show_count(query, f"{counted(found)} {many}" if found is not None else "many to look through")

    def on_filter_line_applied(self, message: FilterLine.Applied) -> None:
        """Show what was asked for; as soon as that is possible."""
        if message.query and self.names is None:
            self._applying = message.query
            self.line.refuse("as soon as the database answers")
        else:
            self._apply(message.query)

    def _apply(self, query: str) -> None:
        self.line.close()
        self.queue.focus()
        self.refresh_hints()
        if query:
            self.history = [query, *(each for each in self.history if each != query)][:HISTORY]
        editing, self._editing = self._editing, None
        if editing is not None and query:
            self.view_menu.save(replace(editing, query=query), editing, f"“{editing.name}” asks for something else now")
        elif query:
            if self.view_key != FOUND:
                self._before = self.view_key
            self.found = query
            self.counts.forget(FOUND)
            if self._count_of[0] == query:
                self.counts.take({FOUND: self._count_of[1]})
            self.change_view(FOUND)
            self.counts.count_again()
        elif self.found is not None:
            self.close_found()

    @on(Queue.Closed)
    def _found_closed(self) -> None:
        self.close_found()

    def close_found(self) -> None:
        """What the filter line asked for is not wanted any more: back to where one was."""
        back = self._before if self.view_key == FOUND else self.view_key
        self.found = None
        self.change_view(back if any(tab.key == back for tab in self.shown) else self.shown[0].key)

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        """Back to where one was."""
        self._applying = self._editing = None
        if message.by_key:
            self.queue.focus()
        self.refresh_hints()

    async def edit_query(self, saved: SavedView) -> None:
        """Open the filter line with the query of a saved view: what is applied is its query from then on."""
        await self._open_line(saved.query)
        self._editing = saved

    # Views, kept

    def action_views(self) -> None:
        """Ask what to do with the view that is shown."""
        self.view_menu.ask()

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """A name was given to a view, perhaps."""
        self.view_menu.answered(message)

    def forget_view_undo(self) -> None:
        """Something else was done: ``u`` is about that."""
        self.view_menu.forget_undo()

    def undo_view(self) -> bool:
        """Take back what was done to a view, if that was the last thing done; whether it was."""
        return self.view_menu.undo()
