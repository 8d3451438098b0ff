"""Where one can jump to in a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, runtime_checkable

__all__ = ["Target", "Targets"]


class Target(NamedTuple):
    """A place in a widget, in its own cells from 0, and what jumping there does."""

    x: int
    y: int
    go: Callable[[], object]


@runtime_checkable
class Targets(Protocol):
    """A widget with more places than one."""

    def jump_targets(self) -> Iterable[Target]:
        """Those in sight, from the top."""
        ...
