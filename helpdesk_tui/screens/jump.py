"""Jumping: each place on the screen gets a letter or two, and typing them goes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from helpdesk_tui.widgets.jumping import Targets

__all__ = ["JumpScreen", "labels", "points"]

#: In the order in which hands find them.
LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"

Point = tuple[int, int, Callable[[], object]]


def labels(count: int) -> list[str]:
    """So many labels, the shortest there are of which none begins another.

    Raises:
        ValueError: more than there are of two letters.
    """
    if count > len(LETTERS) ** 2:
        raise ValueError(f"there are no {count} labels")
    # As many letters as are needed begin two; the rest stand alone.
    pairs = 0
    while len(LETTERS) - pairs + pairs * len(LETTERS) < count:
        pairs += 1
    alone = LETTERS[: len(LETTERS) - pairs]
    return [*alone, *(one + other for one in LETTERS[len(LETTERS) - pairs :] for other in LETTERS)][:count]


def points(screen: Screen[Any]) -> list[Point]:
    """Where one can jump to on a screen, from the top left."""
    found = list(_points(screen))
    return sorted(found, key=lambda point: (point[1], point[0]))[: len(LETTERS) ** 2]


def _points(screen: Screen[Any]) -> Iterator[Point]:
    for widget in screen.query(Widget):
        region = widget.region
        if not widget.display or not region.area or not screen.region.contains_region(region):
            continue
        if isinstance(widget, Targets):
            for x, y, go in widget.jump_targets():
                if x < region.width and y < region.height:
                    yield region.x + x, region.y + y, go
        elif widget.focusable:
            yield region.x, region.y, widget.focus


class JumpScreen(ModalScreen[None]):
    """Labels over a screen. Any key that is none of their letters leaves everything as it is.

    Args:
        found: where one can jump to.
    """

    CSS = """
    JumpScreen {
        background: transparent;
        & > Static {
            position: absolute;
            width: auto;
            height: 1;
            background: $accent;
            color: auto;
            text-style: bold;
        }
        & > Static.off { display: none; }
        &:nocolor > Static { text-style: bold reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, found: list[Point]) -> None:
        super().__init__()
        self._go = {label: go for label, (_, _, go) in zip(labels(len(found)), found, strict=True)}
        self._places = {label: (x, y) for label, (x, y, _) in zip(self._go, found, strict=True)}
        self._typed = ""

    def compose(self) -> ComposeResult:
        """A label at each place."""
        for label, place in self._places.items():
            sign = Static(label, id=f"to-{label}", markup=False)
            sign.styles.offset = place
            yield sign

    def on_key(self, event: events.Key) -> None:
        """A letter of a label."""
        event.stop()
        typed = self._typed + (event.character or "?").lower()
        if typed in self._go:
            go = self._go[typed]
            self.dismiss()
            self.app.call_later(go)
        elif any(label.startswith(typed) for label in self._go):
            self._typed = typed
            for sign in self.query(Static):
                sign.set_class(not (sign.id or "").startswith(f"to-{typed}"), "off")
        else:
            self.dismiss()
