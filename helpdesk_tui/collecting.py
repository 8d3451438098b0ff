"""When Python looks for garbage: not while the program starts, and afterwards not through what stays anyway.

A start makes some hundred thousand objects that live as long as the program. Looking through them again and again while
they are made costs a tenth of the start; looking through all of them later is a pause of 50 ms under some key.
"""

from __future__ import annotations

import gc

__all__ = ["pause", "resume"]


def pause() -> None:
    """From now on nothing is collected (memory of what is not part of a cycle is freed as always)."""
    gc.disable()


def resume() -> None:
    """What there is now is taken to stay; what comes is collected as usual. Doing it again does nothing."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
