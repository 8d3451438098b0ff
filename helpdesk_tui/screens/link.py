"""The desk's link to the database: connecting, staying signed in, hearing of changes, leaving.

What the first paint needs not (the database driver above all) is imported here, when it begins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from helpdesk_tui.core.errors import HelpdeskError, SignInError

if TYPE_CHECKING:
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Dirty, Tickets
    from helpdesk_tui.core.live import Event, Live
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.core.session import SignIn
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.widgets.status_line import Connection

__all__ = ["Link", "Linked"]

#: Seconds until connecting is tried again, when the first try has failed.
AGAIN_SECONDS = 3.0


class Linked(Protocol):
    """What a link tells, and whom it asks to read again."""

    def opened(self, desk: Desk) -> None:
        """The desk can be asked."""

    def me_changed(self, me: Me) -> None:
        """The person has another role or department now."""

    def connection_changed(self, name: Connection, why: str) -> None:
        """How live the screen is; ``why`` is for people, empty where nothing is wrong."""

    def trouble(self, error: HelpdeskError) -> None:
        """Something could not be read."""

    def crashed(self, fault: BaseException) -> None:
        """A reading failed in a way that nobody foresaw."""

    def signed_out(self, why: str) -> None:
        """Somebody has to sign in again."""

    async def read_queue(self, changed: Tickets) -> None:
        """Read again what the queue shows."""

    async def read_counts(self, changed: Tickets) -> None:
        """Count again."""

    async def read_thread(self, changed: Tickets) -> None:
        """Read the open ticket again."""


class Link:
    """One person's link.

    Args:
        settings: where the database is.
        sign_in: renews the session.
        session: who is signed in.
        linked: is told.
        spawn: runs something beside the interface until the screen is left.
        later: calls something back after some seconds.
    """

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        session: Session,
        linked: Linked,
        *,
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
        later: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._settings = settings
        self._sign_in = sign_in
        self._session = session
        self._linked = linked
        self._spawn = spawn
        self._later = later
        self._desk: Desk | None = None
        self._live: Live | None = None
        self._dirty: list[Dirty] = []
        self._ended = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Start connecting; a database that does not answer is tried again."""
        self._spawn(self._open())

    async def _open(self) -> None:
        from helpdesk_tui.core.desk import Desk
        from helpdesk_tui.core.dirty import COUNTERS, COUNTERS_JITTER, Dirty

        linked = self._linked
        try:
            desk = await Desk.open(self._settings, self._session, renew=self._sign_in.refresh)
        except SignInError as error:
            self._sign_in_needed(str(error))
            return
        except HelpdeskError as error:
            linked.connection_changed("down", str(error))
            self._later(AGAIN_SECONDS, self.begin)
            return
        self._desk = desk
        linked.opened(desk)
        self._dirty = [
            Dirty(linked.read_queue, failed=linked.trouble, crashed=linked.crashed),
            Dirty(
                linked.read_counts,
                gap=COUNTERS,
                jitter=COUNTERS_JITTER,
                failed=linked.trouble,
                crashed=linked.crashed,
            ),
            Dirty(linked.read_thread, failed=linked.trouble, crashed=linked.crashed),
        ]
        self._unsubscribe = self._sign_in.on_refresh(self._renewed)

    def listen(self) -> None:
        """Hear of changes and stay signed in from now on: once the desk is open and shows something."""
        from helpdesk_tui.core.live import Live

        desk = self._desk
        if desk is None or self._live is not None:
            return
        self._live = Live(self._settings, lambda: self._sign_in.session or self._session, renew=self._sign_in.refresh)
        self._live.subscribe(self._heard)
        self._spawn(self._live.run())
        self._spawn(self._stay_signed_in(self._sign_in.keep_fresh))
        self._spawn(desk.database.warm())

    async def _stay_signed_in(self, keep_fresh: Callable[[], Awaitable[None]]) -> None:
        try:
            await keep_fresh()
        except SignInError as error:
            self._sign_in_needed(str(error))

    def _renewed(self, session: Session) -> None:
        if self._desk is not None:
            self._spawn(self._desk.database.use(session))

    def _heard(self, event: Event) -> None:
        from helpdesk_tui.core.live import Changed

        if isinstance(event, Changed):
            if event.reason in ("access", "connected", "safety"):
                self.look_at_myself()
            self.mark(event.tickets)
        else:
            self._linked.connection_changed(event.name, event.why)

    def _sign_in_needed(self, why: str) -> None:
        """Say so, once: whoever asks twice would get two sign-in screens."""
        if not self._ended:
            self._ended = True
            self._linked.signed_out(why)

    def look_at_myself(self) -> None:
        """My role or department may be another now, and so what I see; or my session was ended."""
        self._spawn(self._who_am_i())

    async def _who_am_i(self) -> None:
        from helpdesk_tui.core import people

        desk = self._desk
        if desk is None or self._ended:
            return
        try:
            found = await desk.database.fetch(people.me())
        except HelpdeskError as error:
            self._linked.trouble(error)
            return
        if not found:
            self._sign_in_needed("You were signed out: this session was ended elsewhere.")
        elif found[0] != desk.me:
            desk.me = found[0]
            self._linked.me_changed(found[0])

    def mark(self, changed: Tickets) -> None:
        """These tickets changed; None: anything may have."""
        for dirty in self._dirty:
            dirty.mark(changed)

    def read_everything(self) -> None:
        """Connect now if that is still to come, and read everything anew."""
        if self._live is not None:
            self._live.retry()
        self.mark(None)

    def deafen(self) -> None:
        """Read nothing again from now on."""
        for dirty in self._dirty:
            dirty.close()

    async def close(self) -> None:
        """Stop reading and close the connections."""
        self._ended = True
        self._unsubscribe()
        self.deafen()
        if self._desk is not None:
            await self._desk.close()
