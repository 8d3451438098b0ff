"""The desk's own queries: the filter line, what it asks for as a tab, and saved views to keep, share and arrange."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from textual import on

from helpdesk_tui.core import views
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.left_off import HISTORY
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.views import FOUND, SavedView, Tab, Views
from helpdesk_tui.screens.desk_counts import counted
from helpdesk_tui.screens.desk_views import DeskViews
from helpdesk_tui.screens.view_choices import audience_choices, hidden_choices, view_choices
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

Undo = Callable[[], Coroutine[Any, Any, None]]


class DeskQueries(DeskViews):
    """The filter line over the queue, and the menu of views.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.picker = Picker(id="picker")
        self._line: FilterLine | None = None
        self._prompt: Prompt | None = None
        self._making_line = asyncio.Lock()
        self._before = "open"  # the view from which the filter line was opened
        self._editing: SavedView | None = None  # whose query the line is about
        self._named: Callable[[str], None] | None = None
        self._count_of: tuple[str, int | None] = ("", None)  # the last that was counted while it was typed
        self._applying: str | None = None  # before the database has answered
        self._view_undo: Undo | None = None
        self._view_acted_at = 0.0

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
            self._save(replace(editing, query=query), editing, f"“{editing.name}” asks for something else now")
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
            self._close_found()

    @on(Queue.Closed)
    def _found_closed(self) -> None:
        self._close_found()

    def _close_found(self) -> None:
        back = self._before if self.view_key == FOUND else self.view_key
        self.found = None
        self.change_view(back if any(tab.key == back for tab in self.shown) else self.shown[0].key)

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        """Back to where one was."""
        self._applying = self._editing = None
        if message.by_key:
            self.queue.focus()
        self.refresh_hints()

    # The menu of views

    def action_views(self) -> None:
        """Ask what to do with the view that is shown."""
        if self.desk is None:
            self.say("Not connected yet", alarm=True)
            return
        tab = self.tab
        offered = view_choices(tab, self.arranged, self.sort)
        self.picker.ask(f"View “{tab.label}”", offered, lambda what: self._menu(what, tab))

    def _menu(self, what: str, tab: Tab) -> None:
        self.queue.focus()
        saved, label = tab.saved, safe_line(tab.label, 60)
        if what == "save":
            self._ask_name("Save as", "", lambda name: self._ask_whom(replace(self._new(tab), name=name)))
        elif what == "close":
            self._close_found()
        elif what == "hide":
            order = views.hiding(self.arranged, tab.key, hide=True)
            shown = [each.key for each in self.shown]
            after = shown[shown.index(tab.key) - 1] if shown.index(tab.key) else shown[1]
            self._arrange_as(order, f"“{label}” hidden")
            self.change_view(after)
        elif what == "show":
            self.picker.ask("Show again", hidden_choices(self.arranged), self._show_again)
        elif what in ("left", "right"):
            self._arrange_as(
                views.moved(self.arranged, tab.key, 1 if what == "right" else -1), f"“{label}” moved {what}"
            )
        elif saved is None:
            return
        elif what == "rename":
            self._ask_name(
                "New name",
                saved.name,
                lambda name: self._save(replace(saved, name=name), saved, f"Renamed to “{name}”"),
            )
        elif what == "query":
            self.spawn(self._edit(saved))
        elif what == "sort":
            self._save(replace(saved, sort=self.queue.window.sort), saved, f"“{label}” has this order now")
        elif what == "whom":
            self._ask_whom(saved)
        elif what == "remove":
            self._remove(saved)

    def _show_again(self, key: str) -> None:
        self.queue.focus()
        self._arrange_as(views.hiding(self.arranged, key, hide=False), "Shown again")
        self.change_view(key)

    def _new(self, tab: Tab) -> SavedView:
        return SavedView(uuid4(), "", tab.query or "", self.queue.window.sort)

    async def _edit(self, saved: SavedView) -> None:
        await self._open_line(saved.query)
        self._editing = saved

    # For whom, and under which name

    def _ask_whom(self, view: SavedView) -> None:
        self._editing = view
        self.picker.ask(f"“{view.name}” is for", audience_choices(view, self.asked), self._share)

    def _share(self, chosen: tuple[views.Audience, Any, str | None]) -> None:
        self.queue.focus()
        view, self._editing = self._editing, None
        if view is None:
            return
        audience, department_id, department = chosen
        shared = replace(view, audience=audience, department_id=department_id, department=department)
        old = next((each for each in self.saved if each.id == view.id), None)
        self._save(
            shared,
            old,
            f"“{view.name}” is for {shared.whose} now" if old else f"Saved “{view.name}” for {shared.whose}",
        )

    def _ask_name(self, words: str, text: str, named: Callable[[str], None]) -> None:
        self._named = named
        self.spawn(self._ask_words(words, text))

    async def _ask_words(self, words: str, text: str) -> None:
        from helpdesk_tui.widgets.prompt import Prompt

        async with self._making_line:
            if self._prompt is None:
                self._prompt = Prompt(id="name")
                await self.mount(self._prompt, before=self.status)
        self._prompt.ask("view name", words, text, placeholder="a name, then Enter (Esc leaves)")

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """A name was given."""
        if message.question != "view name":
            return
        named, self._named = self._named, None
        if message.by_key:
            self.queue.focus()
        name = " ".join((message.text or "").split())
        if named is not None and name and len(name) <= views.LONGEST_NAME:
            named(name)
        elif name:
            self.say(f"A name has {views.LONGEST_NAME} characters at most", alarm=True)

    # Doing it: on the screen at once, then in the database

    def forget_view_undo(self) -> None:
        """Something else was done: ``u`` is about that."""
        self._view_undo = None

    def undo_view(self) -> bool:
        """Take back what was done to a view, if that was the last thing done; whether it was."""
        undo, self._view_undo = self._view_undo, None
        if self._view_acted_at < self.triage.acted_at:
            return False
        if undo is not None:
            self.spawn(undo())
        return undo is not None

    def _save(self, view: SavedView, old: SavedView | None, words: str) -> None:
        self.spawn(self._saving(view, old, words))

    async def _saving(self, view: SavedView, old: SavedView | None, words: str) -> None:
        self._view_is(view)
        named_here = self.view_key == FOUND and old is None
        if named_here:
            # What the filter line asked for has a name now.
            self.found = None
            self.change_view(view.key)
        elif self.view_key == view.key:
            self.change_view(view.key)

        async def back() -> None:
            if old is None:
                await self._removing(view, f"Undone: “{view.name}” is not saved any more", undoable=False)
                if named_here:
                    self.found = view.query
                    self.change_view(FOUND)
            else:
                await self._saving(old, view, f"Undone: “{old.name}” is as it was")
                self._view_undo = None

        await self._told(lambda kept: kept.save(view), f"{words} · u undoes", back, lambda: self._view_is(old, view))

    def _remove(self, view: SavedView) -> None:
        self.spawn(self._removing(view, f"Removed “{view.name}” · u undoes"))

    async def _removing(self, view: SavedView, words: str, *, undoable: bool = True) -> None:
        keys = [tab.key for tab in self.shown]
        self._view_is(None, view)
        if self.view_key == view.key:
            at = keys.index(view.key)
            self.change_view(keys[at - 1] if at else self.shown[0].key)

        async def back() -> None:
            await self._saving(view, view, f"Undone: “{view.name}” is back")
            self._view_undo = None
            self.change_view(view.key)

        await self._told(
            lambda kept: kept.remove(view.id), words, back if undoable else None, lambda: self._view_is(view)
        )

    def _arrange_as(self, order: views.Order, words: str) -> None:
        before = self.order
        self.order = order
        self._arrange(self.asked.me)

        def put_back() -> None:
            self.order = before
            self._arrange(self.asked.me)

        async def back() -> None:
            self._arrange_as(before, "Undone: your views are as they were")
            self._view_undo = None

        self.spawn(self._told(lambda kept: kept.put(order), f"{words} · u undoes", back, put_back))

    def _view_is(self, view: SavedView | None, instead: SavedView | None = None) -> None:
        """A view is there now, instead of one that was."""
        out = {each.id for each in (view, instead) if each is not None}
        at = next((n for n, each in enumerate(self.saved) if each.id in out), len(self.saved))
        rest = [each for each in self.saved if each.id not in out]
        self.saved = [*rest[:at], *([view] if view is not None else []), *rest[at:]]
        for each in out:
            self.counts.forget(str(each))
        self._arrange(self.asked.me)

    async def _told(
        self,
        act: Callable[[Views], Coroutine[Any, Any, None]],
        words: str,
        undo: Undo | None,
        put_back: Callable[[], None],
    ) -> None:
        self._view_undo, self._view_acted_at = undo, time()
        try:
            await act(Views(self.link.database))
        except HelpdeskError as error:
            self._view_undo = None
            put_back()
            if all(tab.key != self.view_key for tab in self.shown):
                self.change_view(self.shown[0].key)
            self._tell(f"Not done: {error}", True)
            return
        self.say(words)
        self.counts.count_again()
