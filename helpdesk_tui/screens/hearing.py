"""Who is told that things have changed, or that somebody writes in a chat: what a link hears, handed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.screens.linked import Watch

if TYPE_CHECKING:
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.live import Changed, Kind, Typing

__all__ = ["Hearing"]


class Hearing:
    """What is read again when things change.

    Args:
        trouble: told why a reading failed, where nobody else is.
        crashed: told of a reading that failed in a way nobody foresaw.
    """

    def __init__(self, trouble: Callable[[HelpdeskError], None], crashed: Callable[[BaseException], None]) -> None:
        self._trouble = trouble
        self._crashed = crashed
        self._watches: list[Watch] = []
        self._typing: list[Callable[[Typing], None]] = []

    def watch(
        self,
        kind: Kind,
        refresh: Callable[[Ids], Awaitable[None]],
        *,
        gap: float = 0.1,
        jitter: float = 0.0,
        failed: Callable[[HelpdeskError], None] | None = None,
    ) -> Watch:
        """Have something read again whenever things of a kind change: at once, then not more often than ``gap``.

        Args:
            kind: of what.
            refresh: reads again what changed; of None, that any may have.
            gap: seconds between the beginnings of two readings, at least.
            jitter: up to so many seconds more, at random, so that many clients do not ask at the same moment.
            failed: told why a reading failed; None: whoever is by default.
        """
        from helpdesk_tui.core.dirty import Dirty

        dirty = Dirty(refresh, gap=gap, jitter=jitter, failed=failed or self._trouble, crashed=self._crashed)
        watch = Watch(kind, dirty, self._watches.remove)
        self._watches.append(watch)
        return watch

    def on_typing(self, callback: Callable[[Typing], None]) -> Callable[[], None]:
        """Have a callback called whenever somebody writes in one of my chats.

        Returns:
            What ends it.
        """
        self._typing.append(callback)

        def end() -> None:
            if callback in self._typing:
                self._typing.remove(callback)

        return end

    def typed(self, event: Typing) -> None:
        """Somebody writes in a chat."""
        for callback in tuple(self._typing):
            callback(event)

    def changed(self, event: Changed) -> None:
        """Something changed that was heard of."""
        for watch in tuple(self._watches):
            if event.about(watch.kind):
                watch.mark(event.ids)

    def mark(self, ids: Ids, kind: Kind | None) -> None:
        """These changed; None: any of the kind may have, or of every kind."""
        for watch in tuple(self._watches):
            if kind is None or watch.kind == kind:
                watch.mark(ids)

    def close(self) -> None:
        """Read nothing again from now on."""
        for watch in tuple(self._watches):
            watch.close()
