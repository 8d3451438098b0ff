"""What is run beside the interface, by Textual's workers."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any

__all__ = ["Work"]


class Work(Awaitable[None]):
    """A coroutine for ``run_worker``.

    One whose screen leaves, or whose successor comes, before its first step is never begun: it is closed, where Python
    would complain that it was never awaited.
    """

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        # Not by __del__: of a worker and its task, which hold each other, the coroutine might be looked at first.
        weakref.finalize(self, _close, work)

    def __await__(self) -> Generator[Any, Any, None]:
        return self._work.__await__()


def _close(work: Coroutine[Any, Any, Any]) -> None:
    if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
        work.close()
