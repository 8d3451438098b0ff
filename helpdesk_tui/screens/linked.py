"""What a link is tied to: the app that owns it, the screens that it tells, and what they have read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Dirty, Ids
    from helpdesk_tui.core.errors import HelpdeskError
    from helpdesk_tui.core.live import Kind
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.core.notices import News
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.status_line import Connection

__all__ = ["Linked", "Owner", "Watch"]


class Owner(Protocol):
    """Who owns a link: what it tells once, whichever screens there are."""

    def identified(self, me: Me) -> None:
        """Who this is, or is now: told before any screen is, so that those that do not fit can go."""

    def signed_out(self, link: Link, why: str) -> None:
        """Somebody has to sign in again."""

    def factor_owed(self, link: Link) -> None:
        """Somebody of the team has to give a second factor, or add one, before they go on."""

    def crashed(self, fault: BaseException) -> None:
        """A reading failed in a way that nobody foresaw."""

    def open_place(self, name: str, about: UUID | None = None) -> None:
        """Show one of the places (``screens.places``) or ``home``, the home screen; if asked, one thing in it."""

    def ring(self, words: str, news: Sequence[News] = ()) -> None:
        """Something happened that the person wants to hear of where they do not look."""


class Linked(Protocol):
    """A screen: what a link tells to each that is attached."""

    def link_opened(self, desk: Desk) -> None:
        """The database can be asked."""

    def link_me(self, me: Me) -> None:
        """The person has another role, name or department now."""

    def link_state(self, name: Connection, why: str) -> None:
        """How live the screen is; ``why`` is for people, empty where nothing is wrong."""

    def link_trouble(self, error: HelpdeskError) -> None:
        """Something could not be read."""

    def link_badges(self, unread: int, waiting: int) -> None:
        """How many notices are unread, how many chats wait."""

    def link_unsent(self, waiting: int, refused: int) -> None:
        """How much of what was done waits to be sent, and how much was refused."""

    def link_away(self, words: str) -> None:
        """The person is away, in these words; empty: they are not."""

    def link_said(self, words: str, alarm: bool) -> None:
        """Something became of what waited."""


class Watch:
    """What one pane reads again when things of a kind change. Made by ``Hearing.watch``."""

    def __init__(self, kind: Kind, dirty: Dirty, forget: Callable[[Watch], None]) -> None:
        self.kind: Kind = kind
        self._dirty = dirty
        self._forget = forget
        self._paused = self._closed = False

    def mark(self, ids: Ids = None) -> None:
        """These changed; None: any may have. Read at once, or when the watch goes on."""
        self._dirty.mark(ids)

    def pause(self) -> None:
        """Read nothing for now; what changes is remembered."""
        if not self._paused:
            self._paused = True
            self._dirty.pause()

    def resume(self) -> None:
        """Go on; what has changed meanwhile is read once."""
        if self._paused:
            self._paused = False
            self._dirty.resume()

    def close(self) -> None:
        """Read no more."""
        if not self._closed:
            self._closed = True
            self._dirty.close()
            self._forget(self)
