"""The keys of widgets, from the one table of actions: a widget says only what its own do."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from helpdesk_tui.actions import BY_ID

__all__ = ["bound", "moving"]

#: What moves through lines and rows, by the end of its id. A widget that moves so has ``action_by`` and the others.
MOVES: Final = {
    "down": "by(1)",
    "up": "by(-1)",
    "half_down": "page(0.5)",
    "half_up": "page(-0.5)",
    "page_down": "page(1)",
    "page_up": "page(-1)",
    "first": "first",
    "last": "last",
}


def bound(place: str, *, priority: bool = False, **actions: str) -> list[BindingType]:
    """Bindings for a widget's ``BINDINGS``.

    Args:
        place: what the ids of its actions begin with, before the dot.
        priority: whether they come before those of the widget that has the focus.
        actions: by the rest of the id, the Textual action that is run.

    Raises:
        KeyError: the table of actions has no such action.
    """
    return [_binding(f"{place}.{name}", run, priority) for name, run in actions.items()]


def moving(place: str) -> list[BindingType]:
    """The bindings that move, as many of them as the table of actions has for a place."""
    return [_binding(f"{place}.{name}", run) for name, run in MOVES.items() if f"{place}.{name}" in BY_ID]


def _binding(name: str, run: str, priority: bool = False) -> Binding:
    action = BY_ID[name]
    return Binding(",".join(action.keys), run, action.words, show=False, priority=priority, id=name)
