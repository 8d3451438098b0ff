"""The border between a list and what is read beside it, which the mouse takes hold of and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.widget import Widget

if TYPE_CHECKING:
    from helpdesk_tui.looks import Looking
    from helpdesk_tui.screens.place import Place

__all__ = ["HELD", "Edge"]

#: The class of the pane whose left border the mouse is over, or moves.
HELD = "-edge"


class Edge:
    """The border of one place.

    Args:
        place: whose list is the one at ``LIST``.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._moving = False

    def _panes(self) -> tuple[Widget, Widget] | None:
        """The list and what stands right of it; None where not both are on the screen."""
        if not self._place.LIST or self._place.has_class("narrow"):
            return None
        shown = self._place.query(self._place.LIST).first()
        beside = [
            pane
            for pane in (shown.parent.children if shown.parent is not None else ())
            if pane is not shown and pane.display and pane.region.x == shown.region.right
        ]
        return (shown, beside[0]) if shown.display and beside else None

    def over(self, event: events.MouseEvent) -> bool:
        """The mouse is somewhere: whether that is on the border, which then shows it."""
        panes = self._panes()
        if panes is None:
            return False
        pane = panes[1]
        there = event.screen_x == pane.region.x and pane.region.y <= event.screen_y < pane.region.bottom
        pane.set_class(there or self._moving, HELD)
        return there

    def take(self, event: events.MouseDown) -> None:
        """A button was pressed: on the border it takes hold of it."""
        if event.button == 1 and self.over(event):
            self._moving = True
            self._place.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        """The mouse moves, and the border with it, as far as it may."""
        self.over(event)
        if self._moving:
            self._widen(event, keep=False)

    def let_go(self, event: events.MouseUp) -> None:
        """The button is up: it stays there, the next time too."""
        if self._moving:
            self._moving = False
            self._place.release_mouse()
            self._place.clear_selection()
            self._widen(event, keep=True)

    def _widen(self, event: events.MouseEvent, *, keep: bool) -> None:
        panes = self._panes()
        if panes is not None:
            cells = event.screen_x - panes[0].region.x
            whole = self._place.size.width
            cast("Looking", self._place.app).choose_list_width(round(100 * cells / whole), keep=keep)
