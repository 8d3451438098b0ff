"""Chords: keys pressed one after the other that mean one thing, such as ``,`` then ``s``.

In the table of actions and in the settings a chord is written with a space between its keys, and Textual carries it
among the bindings as a key that no terminal sends. Here the keys are put together.
"""

from __future__ import annotations

from typing import Final

from textual import events
from textual.timer import Timer

from helpdesk_tui.actions import key_words
from helpdesk_tui.typeahead import TypeAhead

__all__ = ["Chords"]

#: So long the next key of a chord is waited for, in seconds.
WAIT_SECONDS: Final = 2.0


class Chords(TypeAhead):
    """An app whose actions may have chords."""

    def __init__(self) -> None:
        super().__init__()
        self._so_far: tuple[str, ...] = ()
        self._giving_up: Timer | None = None

    async def takes(self, event: events.Key) -> bool:
        """Whether a key is a part of a chord. A key that means something alone begins none, nor does one that is
        written into a field."""
        focused = self.focused
        if not self._so_far and focused is not None:
            waits = focused.has_class("asking") or any(each.has_class("asking") for each in focused.ancestors)
            if waits or focused.check_consume_key(event.key, event.character):
                return False
        active = self.screen.active_bindings
        if not self._so_far and event.key in active:
            return False
        typed = (*self._so_far, event.key)
        chord = active.get(" ".join(typed))
        longer = [key for key in active if tuple(key.split())[: len(typed)] == typed and len(key.split()) > len(typed)]
        if chord is None and not longer:
            if self._so_far:
                self._forget_chord()
                if event.key != "escape":
                    self._tell(f"{self._words(typed)} is no key")
            return bool(self._so_far) or len(typed) > 1
        self._forget_chord()
        if chord is not None:
            if chord.enabled:
                await self.run_action(chord.binding.action, default_namespace=chord.node)
            return True
        self._so_far = typed
        self._giving_up = self.set_timer(WAIT_SECONDS, self._forget_chord)
        self._tell(" · ".join(f"{self._words(tuple(k.split()))} {active[k].binding.description}" for k in longer))
        return True

    def _forget_chord(self) -> None:
        self._so_far = ()
        if self._giving_up is not None:
            self._giving_up.stop()
            self._giving_up = None

    def _tell(self, words: str) -> None:
        from helpdesk_tui.screens.place import Place

        if isinstance(self.screen, Place):
            self.screen.say(words)

    @staticmethod
    def _words(keys: tuple[str, ...]) -> str:
        return "".join(map(key_words, keys))
