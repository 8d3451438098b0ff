"""The screens of whoever is signed in: the home screen for their role, and the places opened from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from textual.app import App

from helpdesk_tui.core.homes import remember, remembered
from helpdesk_tui.screens.places import PLACES, home_for
from helpdesk_tui.working import Work

if TYPE_CHECKING:
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.screens.place import Place

__all__ = ["Hosting"]

#: The group of the workers that end with the link.
LINK_WORKERS = "link"


class Hosting(App[int]):
    """An app that owns one link at a time, and the screens on it.

    Attributes:
        link: of who is signed in; None while nobody is.
        home: the screen that Esc comes back to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.link: Link | None = None
        self.home: Place | None = None
        self._home_maker: Callable[[Link], Place] | None = None
        self._places: dict[str, Place] = {}
        self._moving = asyncio.Lock()
        #: What whoever leaves has to know, such as that something they sent was refused.
        self.parting: list[str] = []

    # Coming and going

    async def come_in(self, link: Link) -> None:
        """Somebody is signed in: show their home screen. Who they are is learned while it loads."""
        self.link = link
        await self._show_home(link, home_for(remembered(link.remembering, link.user_id)))

    async def _show_home(self, link: Link, make: Callable[[Link], Place]) -> None:
        self._home_maker, self.home = make, make(link)
        await self.push_screen(self.home)

    async def leave(self) -> None:
        """Keep what was written and close the connections; the screens stay as they are."""
        link, self.link = self.link, None
        for place in self._all_places():
            await place.leave()
        if link is not None:
            self.parting += link.parting
            await link.close()
        self.workers.cancel_group(self, LINK_WORKERS)
        for place in self._all_places():
            self.workers.cancel_node(place)

    async def clear(self) -> None:
        """Take every screen away, and whatever lies over them."""
        async with self._moving:
            await self._clear()

    async def _clear(self) -> None:
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        for name in tuple(self._places):
            await self._forget(name)
        self.home = self._home_maker = None

    async def _forget(self, name: str) -> None:
        place = self._places.pop(name)
        self.uninstall_screen(place)
        await place.remove()

    def _all_places(self) -> Iterator[Place]:
        if self.home is not None:
            yield self.home
        yield from tuple(self._places.values())

    # What the link tells its owner

    def identified(self, me: Me) -> None:
        """Who this is, or is now: with another role the home screen may be another, and some places closed."""
        link, make = self.link, home_for(me.role)
        if link is None:
            return
        remember(link.remembering, me.id, me.role)
        forbidden = [name for name in self._places if me.role not in PLACES[name].roles]
        if make is not self._home_maker or forbidden:
            # Not a word more to screens that are on their way out.
            for place in self._all_places():
                link.detach(place)
            self.run_worker(Work(self._move_house(link, make)))

    async def _move_house(self, link: Link, make: Callable[[Link], Place]) -> None:
        async with self._moving:
            if link is not self.link:
                return
            for place in self._all_places():
                await place.leave()
            await self._clear()
            await self._show_home(link, make)

    def crashed(self, fault: BaseException) -> None:
        """A fault of the program's own: it ends loudly rather than show old things as live."""
        self.run_worker(_raised(fault))

    # Places

    def open_place(self, name: str, about: UUID | None = None) -> None:
        """Show a place, or with ``home`` the home screen, if asked with one thing in it."""
        self.run_worker(Work(self._go(name, about)))

    async def action_open(self, name: str) -> None:
        """Show a place."""
        await self._go(name, None)

    async def action_jump(self) -> None:
        """Go somewhere on the screen by its letter."""
        from helpdesk_tui.screens.jump import JumpScreen, points
        from helpdesk_tui.screens.place import Place

        if isinstance(self.screen, Place) and (found := points(self.screen)):
            await self.push_screen(JumpScreen(found))

    async def _go(self, name: str, about: UUID | None) -> None:
        link, home = self.link, self.home
        if link is None or home is None:
            return
        async with self._moving:
            place = home if name == "home" else self._place(link, name)
            if place is None or home not in self.screen_stack:
                return
            while self.screen not in (place, home):
                await self.pop_screen()
            if self.screen is not place:
                await self.push_screen(place)
        if about is not None:
            place.show(about)

    def _place(self, link: Link, name: str) -> Place | None:
        """A place as it was left, or new; None if there is none for this person."""
        entry = PLACES.get(name)
        if entry is None or link.me is None or link.me.role not in entry.roles:
            return None
        if name not in self._places:
            self._places[name] = place = entry.make(link)
            self.install_screen(place, f"place {name}")
        return self._places[name]


async def _raised(fault: BaseException) -> None:
    raise fault
