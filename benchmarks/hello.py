"""The reference: the least that a Textual app does when a key is pressed. ``python -m benchmarks.hello``."""

from __future__ import annotations

import os

os.environ.setdefault("TEXTUAL_FPS", "240")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """Says hello, and how often a key was pressed."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        self.words = Static("Hello, world")
        yield self.words
        self.pressed = 0

    def on_key(self, _event: events.Key) -> None:
        self.pressed += 1
        # Without a layout: the floor is what painting one line costs.
        self.words.update(f"Hello, world {self.pressed}", layout=False)


if __name__ == "__main__":
    Hello().run()
