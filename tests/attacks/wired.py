"""The app, drawn into a terminal that watches what it is sent: Textual's own drawing, every byte of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.keys import _character_to_key
from textual.pilot import Pilot
from wcwidth import wcswidth

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.homes import remember
from helpdesk_tui.core.model import Role
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens.place import Place
from tests.attacks.hostile_text import Terminal
from tests.world import DeskDatabase, Person

__all__ = ["Wired", "wired"]


_width = lru_cache(10_000)(wcswidth)


class Wired:
    """The app as a person's terminal has it."""

    def __init__(self, app: HelpdeskApp, pilot: Pilot[int], terminal: Terminal) -> None:
        self.app = app
        self.pilot = pilot
        self.terminal = terminal
        #: Every row that was ever shown, for a test to find what it means to have shown.
        self.shown: set[str] = set()

    async def until(self, condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        """Wait until something holds; say what did not."""
        end = asyncio.get_running_loop().time() + seconds
        while not condition():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"not within {seconds} s: {what}\n" + "\n".join(self.terminal.lines()))
            await asyncio.sleep(0.002)

    def drawn(self) -> list[str]:
        """What Textual means to have drawn, row by row."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips(self.app.size)
        rows = [strip.text for strip in strips[:height]]
        for row in rows:
            assert _width(row) == width, ascii(row)
        return rows

    async def whole(self, what: str) -> list[str]:
        """Wait until the terminal shows what was drawn, cell by cell, and hold that nothing else came.

        Raises:
            AssertionError: a row is broken, or something came that no terminal may be given.
        """
        end = asyncio.get_running_loop().time() + 30
        while (lines := self.terminal.lines()) != (drawn := self.drawn()):
            if asyncio.get_running_loop().time() > end:
                broken = [(ascii(a), ascii(b)) for a, b in zip(lines, drawn, strict=True) if a != b]
                raise AssertionError(f"{what}: in the terminal and as drawn: {broken[:3]}")
            await asyncio.sleep(0.01)
        self.sound(what)
        self.shown.update(lines)
        return lines

    def sound(self, what: str) -> None:
        """Hold that nothing has come that no terminal may be given."""
        assert not self.terminal.wrong, f"{what}: {self.terminal.wrong[:5]}"
        assert not self.terminal.told, f"{what}: {self.terminal.told[:5]}"
        for link in self.terminal.links:
            assert not link or link.startswith(("https://", "http://", "mailto:")), f"{what}: a link to {link!r}"
        self.terminal.links.clear()

    async def tap(self, key: str) -> None:
        """Press a key, and wait until it is done with. ``Pilot.press`` waits for much more, and a walk is many keys."""
        app, taken = self.app, self.app._keys_taken
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, key if len(key) == 1 else None)
        event.set_sender(app)
        assert app._driver is not None
        app._driver.send_message(event)
        await self.until(lambda: app._keys_taken > taken and not app._key_under_way, f"{key} is done with")

    async def press(self, *keys: str) -> list[str]:
        """Press keys, one after the other, and look at each picture."""
        lines: list[str] = []
        for key in keys:
            await self.tap(key)
            lines = await self.whole(f"after {key}")
        return lines

    @property
    def wide(self) -> bool:
        """Whether this is the wide terminal."""
        return self.terminal.width > 100

    async def page(self, key: str, most: int = 40) -> None:
        """Press a key until the picture changes no more; in the wide terminal a few times at most."""
        before: list[str] = []
        for _ in range(min(most, 2) if self.wide else most):
            lines = await self.press(key)
            if lines[:-1] == before[:-1]:
                return
            before = lines

    async def see(self, words: str) -> None:
        """Wait until the terminal shows some words."""
        await self.until(lambda: any(words in line for line in self.terminal.lines()), words)
        await self.whole(words)

    def marks(self) -> set[str]:
        """Which texts have been on the screen, by the word that each begins with."""
        seen = " ".join(self.shown)
        return {word for word in (f"q{n:02d}" for n in range(100)) if word in seen}


@asynccontextmanager
async def wired(
    database: DeskDatabase, person: Person, role: Role, folder: Path, size: tuple[int, int]
) -> AsyncIterator[Wired]:
    """The app on a person's home screen, with its first page and live."""
    terminal = Terminal(*size)

    class Wire(HeadlessDriver):
        """Takes the place of the terminal and of nothing else: what is drawn is drawn as for a real one."""

        @property
        def is_headless(self) -> bool:
            return False

        def write(self, data: str) -> None:
            terminal.feed(data)

    sign_in = SignIn(database.settings, MemoryStore())
    sign_in.session = person.session
    folder.mkdir(exist_ok=True)
    remember(folder, person.id, role)
    now = datetime.now(UTC)  # a clock that stands: what was drawn a second ago is drawn so now
    app = HelpdeskApp(database.settings, sign_in, person.session, drafts=folder / "drafts.sqlite3", clock=lambda: now)
    app.driver_class = Wire
    async with app.run_test(headless=False, size=size) as pilot:
        seen = Wired(app, pilot, terminal)
        await seen.until(lambda: app.link is not None and app.link.state[0] == "live", "live")
        await seen.until(lambda: isinstance(app.screen, Place) and app.screen.link.me is not None, "who this is")
        yield seen
        await app.leave()
    seen.sound("leaving")
