"""Keys that come faster than the screen can follow go where they were meant to.

A paste, a macro or a slow link delivers several keys in one read. Textual hands each to whatever has the focus at that
moment, before the key ahead of it has opened anything: "sp" for "status pending" would ask for the status and then for
the priority, and the text behind "r" would be run as commands. Here a key waits until the one before it is done with,
the focus that it moved included.

Esc and the key behind it, which arrive as one key with Alt does, are that one where it is bound to something, else two.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

from helpdesk_tui.escape import Escaped, read_with

if TYPE_CHECKING:
    from textual.driver import Driver

__all__ = ["TypeAhead"]

#: How often a key lets what else is on its way pass at each widget; some are never without a message.
WAITS = 5


class TypeAhead(App[int]):
    """An app that takes one key after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting_keys: deque[events.Key] = deque()
        self._key_under_way = 0
        self._keys_taken = 0

    def get_driver_class(self) -> type[Driver]:
        """What reads the terminal: it tells of what may be Esc and a key."""
        driver = super().get_driver_class()
        read_with(driver)
        return driver

    async def on_event(self, event: events.Event) -> None:
        """Take a key, or let it wait; everything else goes its way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._key_under_way:
            self._waiting_keys.append(event)
        else:
            await self._take_key(event)

    async def _take_key(self, event: events.Key) -> None:
        if isinstance(event, Escaped):
            if self._is_one_key(event):
                event = event.together
            else:
                self._waiting_keys.appendleft(event.behind)
                event = events.Key("escape", "\x1b")
        self._keys_taken += 1
        self._key_under_way = number = self._keys_taken
        if await self.takes(event):
            self.call_later(self._key_is_done, number)
            return
        way: list[MessagePump] = [*(self.focused or self.screen).ancestors_with_self]
        await super().on_event(event)
        # Twice: what a key is bound to is done at the end of its way, and what that tells goes the way once more.
        self._follow([*way, *way], number)

    def _is_one_key(self, event: Escaped) -> bool:
        """Whether a key with Alt means anything here: to the question that is asked, if one is, or else on the screen.
        A sign that is written with it does in a field."""
        focused = self.focused
        way = [] if focused is None else list(focused.ancestors_with_self)
        asking = next((n for n, each in enumerate(way, 1) if each.has_class("asking")), None)
        if asking is None:
            keys = set(self.screen.active_bindings)
        else:
            keys = {key for each in way[:asking] for key in each._bindings.key_to_bindings}  # noqa: SLF001
        if any(key.split()[0] == event.key for key in keys):
            return True
        return event.is_sign and focused is not None and focused.check_consume_key(event.key, event.character)

    async def takes(self, event: events.Key) -> bool:  # noqa: ARG002  (a subclass looks at it)
        """Whether a key has had its effect before any widget is asked."""
        return False

    def _follow(self, way: list[MessagePump], number: int, waits: int = WAITS) -> None:
        """Go the way that the key goes, from the widget up to the app, behind it and behind what it had told there."""
        while way:
            if waits and way[0].message_queue_size and way[0].call_later(self._follow, way, number, waits - 1):
                return
            waits = WAITS
            if way.pop(0).call_later(self._follow, way, number):
                return
        # What the key did may have moved the focus; that too waits in the app's queue, ahead of this.
        self.call_later(self._key_is_done, number)

    async def _key_is_done(self, number: int) -> None:
        if number != self._key_under_way:
            return
        self._key_under_way = 0
        if self._waiting_keys:
            await self._take_key(self._waiting_keys.popleft())
