"""An app with a queue in it, for the queue's tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.geometry import Region

from benchmarks.synthetic import NOW, Listed, Source, answer, ticket
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_pager import PageRequest


class Watched(Queue, inherit_css=True):
    """A queue that notes what it has painted."""

    def __init__(self, **arguments: Any) -> None:
        self.painted: list[Region | None] = []
        super().__init__(**{"clock": lambda: NOW, **arguments})

    def refresh(self, *regions: Region, **arguments: Any) -> Watched:
        self.painted += regions or [None]
        super().refresh(*regions, **arguments)
        return self

    @property
    def painted_lines(self) -> list[int]:
        """The lines painted since the last call; -1 for all of them."""
        lines = sorted(-1 if region is None else region.y for region in self.painted)
        self.painted.clear()
        return lines

    def text(self, y: int) -> str:
        """What a line says."""
        return self.render_line(y).text

    @property
    def rows(self) -> list[int]:
        """The places (in the made-up queue) of the tickets on the screen."""
        return [1_000_000 - row.number for row in self.on_screen]

    @property
    def place(self) -> int | None:
        """The place of the selected ticket."""
        return None if self.selected is None else 1_000_000 - self.selected.number


class QueueDesk(App[None]):
    """A queue that fills the screen; what it says is noted."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, source: Source | None = None, *, hold: bool = False, **arguments: Any) -> None:
        super().__init__()
        self.source = source or Listed(ticket(index) for index in range(300))
        self.queue = Watched(**arguments)
        self.hold = hold
        self.asked: list[PageRequest] = []
        self.highlighted: list[Ticket | None] = []
        self.opened: list[Ticket] = []

    def compose(self) -> ComposeResult:
        yield self.queue

    def on_mount(self) -> None:
        self.queue.focus()

    async def on_queue_need_rows(self, message: Queue.NeedRows) -> None:
        self.asked.append(message.request)
        if not self.hold:
            await answer(message, self.source)

    @on(Queue.Highlighted)
    def note_highlighted(self, message: Queue.Highlighted) -> None:
        self.highlighted.append(message.ticket)

    @on(Queue.Opened)
    def note_opened(self, message: Queue.Opened) -> None:
        self.opened.append(message.ticket)


def places(rows: Sequence[Ticket]) -> list[int]:
    return [1_000_000 - row.number for row in rows]
