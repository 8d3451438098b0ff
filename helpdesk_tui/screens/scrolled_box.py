"""A box over the screen whose text is scrolled by the keys that move everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, ScreenResultType

__all__ = ["ScrolledBox"]


class ScrolledBox(ModalScreen[ScreenResultType]):
    """A screen with one box that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll('down')", show=False),
        Binding("k,up", "scroll('up')", show=False),
        Binding("ctrl+d,pagedown,space,ctrl+f", "scroll('page_down')", show=False),
        Binding("ctrl+u,pageup,b,ctrl+b", "scroll('page_up')", show=False),
        Binding("g,home", "scroll('home')", show=False),
        Binding("G,end", "scroll('end')", show=False),
    ]

    @property
    def box(self) -> VerticalScroll:
        """What scrolls."""
        return self.query_one(VerticalScroll)

    def action_scroll(self, way: str) -> None:
        """Scroll by a line, by a page, or to an end."""
        getattr(self.box, f"scroll_{way}")(animate=False)
