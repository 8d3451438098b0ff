"""Threads alone: ``python -m benchmarks.thread_app``.

``a``, ``e``, ``c`` open one of 20, 200 or 2,000 messages never seen before, ``A``, ``E``, ``C`` the same ones again;
``X`` closes it, ``x`` also has new ones ready.
"""

from __future__ import annotations

import os

os.environ.setdefault("TEXTUAL_FPS", "240")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

import random
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from textual import events
from textual.app import App, ComposeResult

from helpdesk_tui.core.model import HistoryLine, Message, Thread, Ticket
from helpdesk_tui.widgets.thread import ThreadView

NOW: Final = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
SIZES: Final = {"a": 20, "e": 200, "c": 2_000}
_WORDS: Final = [
    "the",
    "printer",
    "profile",
    "folder",
    "sync",
    "account",
    "window",
    "error",
    "message",
    "again",
    "after",
    "update",
    "restart",
    "please",
    "try",
    "open",
    "settings",
    "password",
    "mail",
    "server",
    "attached",
    "log",
    "version",
    "button",
    "page",
    "still",
    "nothing",
    "happens",
    "works",
    "now",
    "thank",
    "you",
    "customer",
    "order",
]


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(5, 18))).capitalize() + rng.choice(".?!")


def text(rng: random.Random) -> str:
    """A message like those of a real desk: a third has links, lists, emphasis or code."""
    parts = [" ".join(_sentence(rng) for _ in range(rng.randint(1, 5))) for _ in range(rng.randint(1, 3))]
    match rng.randrange(9):
        case 0:
            parts.append("\n".join(f"{n}. {_sentence(rng)}" for n in range(1, 5)))
        case 1:
            parts.append(
                f"See [the article](https://help.example.org/{rng.randrange(10**6)}) about **{parts[0][:12]}**."
            )
        case 2:
            parts.append("```python\nfor row in rows:\n    print(row)  # look\n```")
    return "\n\n".join(parts)


def thread(messages: int, seed: int) -> Thread:
    """A made-up thread; another seed has other ids and texts."""
    rng = random.Random(f"{messages} {seed}")
    start = NOW - timedelta(days=30)
    step = timedelta(days=30) / (messages + 1)
    base = seed * 10**6 + messages * 10**9
    made = tuple(
        Message(
            UUID(int=base + n),
            UUID(int=1 + n % 2),
            ("Ada Byron", "Mara Lindt")[n % 2],
            n % 2 == 1,
            n % 7 == 3,
            text(rng),
            start + step * n,
        )
        for n in range(messages)
    )
    history = tuple(
        HistoryLine(
            UUID(int=base + 10**8 + n), "Mara Lindt", "status", "open", "pending", start + step * n * 5 + step / 2
        )
        for n in range(messages // 5)
    )
    ticket = Ticket(
        UUID(int=base),
        seed,
        "Made up",
        "open",
        "high",
        UUID(int=1),
        "Ada Byron",
        None,
        None,
        None,
        None,
        None,
        start,
        NOW,
        (),
    )
    return Thread(ticket, text(rng), made, history, made[-1].id)


class ThreadApp(App[None]):
    """Nothing but a thread."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.view = ThreadView(zone=UTC, clock=lambda: NOW)
        self.seed = 0
        self.ready: dict[str, Thread] = {}

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        self.make()

    def make(self) -> None:
        self.seed += 1
        self.ready = {key: thread(messages, self.seed) for key, messages in SIZES.items()}

    def on_key(self, event: events.Key) -> None:
        if event.key == "x":
            self.view.show_nothing()
            self.make()
        elif event.key == "X":
            self.view.show_nothing()
        elif event.key.lower() in self.ready:
            self.view.set_thread(self.ready[event.key.lower()])


if __name__ == "__main__":
    ThreadApp().run()
