"""The menu of views: saved, shared, renamed, arranged, hidden and removed; each on the screen at once, and undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from helpdesk_tui.core import views
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.views import FOUND, SavedView, Tab, Views
from helpdesk_tui.screens.view_choices import audience_choices, hidden_choices, view_choices

if TYPE_CHECKING:
    from helpdesk_tui.screens.desk_queries import DeskQueries
    from helpdesk_tui.widgets.prompt import Prompt

__all__ = ["ViewMenu"]

Undo = Callable[[], Coroutine[Any, Any, None]]


class ViewMenu:
    """Asks a person at the desk what is to become of a view, and does that.

    Args:
        screen: where they are.
    """

    def __init__(self, screen: DeskQueries) -> None:
        self._screen = screen
        self._prompt: Prompt | None = None
        self._making = asyncio.Lock()
        self._named: Callable[[str], None] | None = None
        self._undo: Undo | None = None
        self._acted_at = 0.0

    def ask(self) -> None:
        """Ask what to do with the view that is shown."""
        if self._screen.desk is None:
            self._screen.say("Not connected yet", alarm=True)
            return
        tab = self._screen.tab
        offered = view_choices(tab, self._screen.arranged, self._screen.sort)
        self._screen.picker.ask(f"View “{tab.label}”", offered, lambda what: self._menu(what, tab))

    def _menu(self, what: str, tab: Tab) -> None:
        self._screen.queue.focus()
        saved, label = tab.saved, safe_line(tab.label, 60)
        if what == "save":
            self._ask_name("Save as", "", lambda name: self._ask_whom(replace(self._new(tab), name=name)))
        elif what == "close":
            self._screen.close_found()
        elif what == "hide":
            order = views.hiding(self._screen.arranged, tab.key, hide=True)
            shown = [each.key for each in self._screen.shown]
            after = shown[shown.index(tab.key) - 1] if shown.index(tab.key) else shown[1]
            self._arrange_as(order, f"“{label}” hidden")
            self._screen.change_view(after)
        elif what == "show":
            self._screen.picker.ask("Show again", hidden_choices(self._screen.arranged), self._show_again)
        elif what in ("left", "right"):
            self._arrange_as(
                views.moved(self._screen.arranged, tab.key, 1 if what == "right" else -1), f"“{label}” moved {what}"
            )
        elif saved is None:
            return
        elif what == "rename":
            self._ask_name(
                "New name",
                saved.name,
                lambda name: self.save(replace(saved, name=name), saved, f"Renamed to “{name}”"),
            )
        elif what == "query":
            self._screen.spawn(self._screen.edit_query(saved))
        elif what == "sort":
            self.save(replace(saved, sort=self._screen.queue.window.sort), saved, f"“{label}” has this order now")
        elif what == "whom":
            self._ask_whom(saved)
        elif what == "remove":
            self._remove(saved)

    def _show_again(self, key: str) -> None:
        self._screen.queue.focus()
        self._arrange_as(views.hiding(self._screen.arranged, key, hide=False), "Shown again")
        self._screen.change_view(key)

    def _new(self, tab: Tab) -> SavedView:
        return SavedView(uuid4(), "", tab.query or "", self._screen.queue.window.sort)

    # For whom, and under which name

    def _ask_whom(self, view: SavedView) -> None:
        offered = audience_choices(view, self._screen.asked)
        self._screen.picker.ask(f"“{view.name}” is for", offered, lambda chosen: self._share(view, chosen))

    def _share(self, view: SavedView, chosen: tuple[views.Audience, Any, str | None]) -> None:
        self._screen.queue.focus()
        audience, department_id, department = chosen
        shared = replace(view, audience=audience, department_id=department_id, department=department)
        old = next((each for each in self._screen.saved if each.id == view.id), None)
        self.save(
            shared,
            old,
            f"“{view.name}” is for {shared.whose} now" if old else f"Saved “{view.name}” for {shared.whose}",
        )

    def _ask_name(self, words: str, text: str, named: Callable[[str], None]) -> None:
        self._named = named
        self._screen.spawn(self._ask_words(words, text))

    async def _ask_words(self, words: str, text: str) -> None:
        from helpdesk_tui.widgets.prompt import Prompt

        async with self._making:
            if self._prompt is None:
                self._prompt = Prompt(id="name")
                await self._screen.mount(self._prompt, before=self._screen.status)
        self._prompt.ask("view name", words, text, placeholder="a name, then Enter (Esc leaves)")

    def answered(self, message: Prompt.Answered) -> None:
        """A name was given, if it was asked for here."""
        if message.question != "view name":
            return
        named, self._named = self._named, None
        if message.by_key:
            self._screen.queue.focus()
        name = " ".join((message.text or "").split())
        if named is not None and name and len(name) <= views.LONGEST_NAME:
            named(name)
        elif name:
            self._screen.say(f"A name has {views.LONGEST_NAME} characters at most", alarm=True)

    # Doing it: on the screen at once, then in the database

    def forget_undo(self) -> None:
        """Something else was done: ``u`` is about that."""
        self._undo = None

    def undo(self) -> bool:
        """Take back what was done to a view, if that was the last thing done; whether it was."""
        undo, self._undo = self._undo, None
        if self._acted_at < self._screen.triage.acted_at:
            return False
        if undo is not None:
            self._screen.spawn(undo())
        return undo is not None

    def save(self, view: SavedView, old: SavedView | None, words: str) -> None:
        """Keep a view, instead of what it was before, if it was there."""
        self._screen.spawn(self._saving(view, old, words))

    async def _saving(self, view: SavedView, old: SavedView | None, words: str) -> None:
        self._view_is(view)
        named_here = self._screen.view_key == FOUND and old is None
        if named_here:
            # What the filter line asked for has a name now.
            self._screen.found = None
            self._screen.change_view(view.key)
        elif self._screen.view_key == view.key:
            self._screen.change_view(view.key)

        async def back() -> None:
            if old is None:
                await self._removing(view, f"Undone: “{view.name}” is not saved any more", undoable=False)
                if named_here:
                    self._screen.found = view.query
                    self._screen.change_view(FOUND)
            else:
                await self._saving(old, view, f"Undone: “{old.name}” is as it was")
                self._undo = None

        await self._told(lambda kept: kept.save(view), f"{words} · u undoes", back, lambda: self._view_is(old, view))

    def _remove(self, view: SavedView) -> None:
        self._screen.spawn(self._removing(view, f"Removed “{view.name}” · u undoes"))

    async def _removing(self, view: SavedView, words: str, *, undoable: bool = True) -> None:
        keys = [tab.key for tab in self._screen.shown]
        self._view_is(None, view)
        if self._screen.view_key == view.key:
            at = keys.index(view.key)
            self._screen.change_view(keys[at - 1] if at else self._screen.shown[0].key)

        async def back() -> None:
            await self._saving(view, view, f"Undone: “{view.name}” is back")
            self._undo = None
            self._screen.change_view(view.key)

        await self._told(
            lambda kept: kept.remove(view.id), words, back if undoable else None, lambda: self._view_is(view)
        )

    def _arrange_as(self, order: views.Order, words: str) -> None:
        before = self._screen.order
        self._screen.order = order
        self._screen.arrange_views(self._screen.asked.me)

        def put_back() -> None:
            self._screen.order = before
            self._screen.arrange_views(self._screen.asked.me)

        async def back() -> None:
            self._arrange_as(before, "Undone: your views are as they were")
            self._undo = None

        self._screen.spawn(self._told(lambda kept: kept.put(order), f"{words} · u undoes", back, put_back))

    def _view_is(self, view: SavedView | None, instead: SavedView | None = None) -> None:
        """A view is there now, instead of one that was."""
        out = {each.id for each in (view, instead) if each is not None}
        at = next((n for n, each in enumerate(self._screen.saved) if each.id in out), len(self._screen.saved))
        rest = [each for each in self._screen.saved if each.id not in out]
        self._screen.saved = [*rest[:at], *([view] if view is not None else []), *rest[at:]]
        for each in out:
            self._screen.counts.forget(str(each))
        self._screen.arrange_views(self._screen.asked.me)

    async def _told(
        self,
        act: Callable[[Views], Coroutine[Any, Any, None]],
        words: str,
        undo: Undo | None,
        put_back: Callable[[], None],
    ) -> None:
        self._undo, self._acted_at = undo, time()
        try:
            await act(Views(self._screen.link.database))
        except HelpdeskError as error:
            self._undo = None
            put_back()
            if all(tab.key != self._screen.view_key for tab in self._screen.shown):
                self._screen.change_view(self._screen.shown[0].key)
            self._screen.tell(f"Not done: {error}", True)
            return
        self._screen.say(words)
        self._screen.counts.count_again()
