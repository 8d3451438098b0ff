"""The queue alone, over as many made-up tickets as asked: ``python -m benchmarks.queue_app [ROWS]``."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TEXTUAL_FPS", "240")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from textual.app import App, ComposeResult

from benchmarks.synthetic import NOW, Endless, answer
from helpdesk_tui.widgets.queue import Queue


class QueueApp(App[None]):
    """Nothing but a queue."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, rows: int, queue: Queue | None = None) -> None:
        super().__init__()
        self.source = Endless(rows)
        self.queue = queue or Queue(clock=lambda: NOW)

    def compose(self) -> ComposeResult:
        yield self.queue

    def on_mount(self) -> None:
        self.queue.set_total(self.source.total)
        self.queue.focus()

    async def on_queue_need_rows(self, message: Queue.NeedRows) -> None:
        await answer(message, self.source)


def main() -> None:
    QueueApp(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000).run()


if __name__ == "__main__":
    main()
