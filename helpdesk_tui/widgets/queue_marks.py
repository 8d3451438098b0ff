"""Marks in the queue: tickets that the next act is about, instead of the selected one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from textual.binding import BindingType
from textual.message import Message

from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.queue_canvas import QueueCanvas
from helpdesk_tui.widgets.queue_lines import Situation

__all__ = ["OfQueue", "QueueMarks"]


class OfQueue(Message):
    """What a queue says."""

    def __init__(self, queue: QueueMarks) -> None:
        super().__init__()
        self.queue = queue

    @property
    def control(self) -> QueueMarks:
        """The queue."""
        return self.queue


class QueueMarks(QueueCanvas):
    """A queue whose tickets can be marked, one by one and by range. Marks stay when one scrolls, and when a ticket
    changes or leaves the view."""

    BINDINGS: ClassVar[list[BindingType]] = bound(
        "queue", mark="mark", range="range", mark_all="mark_all", unmark="unmark"
    )

    class AllWanted(OfQueue):
        """All that the queue holds is to be marked: answer with :meth:`QueueMarks.mark`."""

    class Closed(OfQueue):
        """What is shown is not wanted any more."""

    class MarksChanged(OfQueue):
        """Others are marked now, or none; ``number`` tells how many."""

        def __init__(self, queue: QueueMarks, number: int) -> None:
            super().__init__(queue)
            self.number = number

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._marks: dict[UUID, Ticket] = {}
        self._anchor: UUID | None = None
        self._range: dict[UUID, Ticket] = {}
        self._told = 0
        #: What is shown is an answer that can be closed, by the key that unmarks where nothing is marked.
        self.closable = False

    @property
    def marked(self) -> tuple[Ticket, ...]:
        """What is marked, as it was last seen, in the order of marking."""
        both = self._marks | self._in_range()
        return tuple(self.window.get(ticket_id) or ticket for ticket_id, ticket in both.items())

    @property
    def ranging(self) -> bool:
        """Whether a range is being marked: it reaches to the selected ticket."""
        return self._anchor is not None

    def mark(self, tickets: tuple[Ticket, ...] | list[Ticket]) -> None:
        """Mark these too."""
        self._marks |= {ticket.id: ticket for ticket in tickets}
        self._marks_changed()

    def unmark(self) -> None:
        """Mark nothing."""
        self._marks, self._range, self._anchor = {}, {}, None
        self._marks_changed()

    def _in_range(self) -> dict[UUID, Ticket]:
        if self._anchor is None:
            return {}
        window, cursor = self.window, self.window.cursor
        start = window.index_of(self._anchor)
        if start is not None and cursor is not None:
            low, high = sorted((start, cursor))
            self._range = {ticket.id: ticket for ticket in window.rows[low : high + 1]}
        elif (selected := window.selected) is not None:
            # It began beyond what is loaded by now: what it held stays, and what one comes by is added.
            self._range[selected.id] = selected
        return self._range

    def _situation(self) -> Situation:
        marked = self._marks.keys() | self._in_range().keys()
        self._tell(len(marked))
        return replace(super()._situation(), marked=marked, ranging=self.ranging)

    def _tell(self, number: int) -> None:
        if number != self._told:
            self._told = number
            self.post_message(self.MarksChanged(self, number))

    def _marks_changed(self) -> None:
        self._paint()
        self.refresh_bindings()

    def _end_range(self) -> None:
        self._marks |= self._in_range()
        self._range, self._anchor = {}, None

    # Keys

    def action_mark(self) -> None:
        """Mark the selected ticket, or take its mark away, and go to the next; a range ends here."""
        if self.ranging:
            self._end_range()
        elif (ticket := self.window.selected) is not None:
            if self._marks.pop(ticket.id, None) is None:
                self._marks[ticket.id] = ticket
            self.move(1)
        self._marks_changed()

    def action_range(self) -> None:
        """Mark from here to wherever one goes, until this is pressed again."""
        if self.ranging:
            self._end_range()
        elif (ticket := self.window.selected) is not None:
            self._anchor = ticket.id
        self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark all that the queue holds."""
        self.post_message(self.AllWanted(self))

    def action_unmark(self) -> None:
        """Mark nothing; where nothing is marked, close what was asked for."""
        if self._marks or self.ranging:
            self.unmark()
        else:
            self.post_message(self.Closed(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Taking marks away is a key only while there are some, or something to close."""
        if action == "unmark":
            return bool(self._marks) or self.ranging or self.closable
        return super().check_action(action, parameters)

    def move(self, delta: int, *, view: bool = False) -> None:
        """Move the selection: the queue's business."""
        raise NotImplementedError
