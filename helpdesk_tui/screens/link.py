"""The link to the database that a person's screens share: connecting, staying signed in, hearing of changes, leaving.

There is one for each sign-in, and the app owns it. What the first paint needs not (the database driver above all) is
imported here, when it begins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError, SignInError
from helpdesk_tui.screens.hearing import Hearing
from helpdesk_tui.screens.linked import Linked, Owner, Watch
from helpdesk_tui.widgets.ticket_header import Clock, utc_now

if TYPE_CHECKING:
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.live import Event, Kind, Live
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.core.session import SignIn
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.screens.attention import Attention
    from helpdesk_tui.screens.keeping import Keeping
    from helpdesk_tui.screens.syncing import Syncing
    from helpdesk_tui.widgets.status_line import Connection

__all__ = ["Link", "Linked", "Owner", "Watch"]

#: Seconds until connecting is tried again, when the first try has failed.
AGAIN_SECONDS = 3.0
#: Seconds after which changes are listened for, if no screen has asked for it before.
LISTEN_SECONDS = 3.0


class Link:
    """One person's link.

    Args:
        settings: where the database is.
        sign_in: renews the session.
        session: who is signed in.
        owner: is told what concerns the whole program.
        spawn: runs something beside the interface until the link is closed.
        later: calls something back after some seconds.
        drafts: the file that drafts rest in; None: nowhere but on the screen.
        clock: tells the time that ages are counted from.
        zone: where the person is; None: where this machine is.

    Attributes:
        desk: what the screens ask; None until the database has answered.
        hearing: hands on what is heard of changes to whoever watches for them.
        state: how live the screens are, and why they are not.
        badges: how many notices are unread, how many chats wait.
        away: that the person is away, in words; empty where they are not.
        unsent: how much of what was done waits to be sent, how much was refused.
        syncing: what takes drafts to one's other devices and back; None like ``keeping``.
        keeping: what keeps that; None until changes are listened for, or where nothing can be kept.
        parting: what the person has to know when they have left.
        saved_in: the folder that files were last saved in; None: none yet.
        attention: what keeps the badges up to date; None until changes are listened for.
        leaving: what is done while the database can still be asked, when the person goes.
        looking: answers which ticket the person has open before their eyes, if any: set by the home screen.
        did: told of an act done elsewhere, by id and words, that its undo key takes back: set by the home screen.
    """

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        session: Session,
        owner: Owner,
        *,
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
        later: Callable[[float, Callable[[], object]], object],
        drafts: Path | None = None,
        clock: Clock = utc_now,
        zone: tzinfo | None = None,
    ) -> None:
        self.settings = settings
        self.user_id = session.user_id
        self.drafts = drafts
        self.drafts_owner = f"{settings.profile}/{session.user_id}"
        self.clock = clock
        self.zone = zone
        self.desk: Desk | None = None
        self.state: tuple[Connection, str] = ("connecting", "")
        self.badges = (0, 0)
        self.unsent = (0, 0)
        self.away = ""
        self.keeping: Keeping | None = None
        self.syncing: Syncing | None = None
        self.saved_in: Path | None = None
        self.attention: Attention | None = None
        self.looking: Callable[[], UUID | None] = lambda: None
        self.did: Callable[[UUID, str], None] = lambda _act, _words: None
        self.leaving: list[Callable[[], Awaitable[None]]] = []
        self._sign_in = sign_in
        self._session = session
        self._owner = owner
        self.parting: list[str] = []
        self._run = spawn
        self.later = later
        self._live: Live | None = None
        self._linked: list[Linked] = []
        self.hearing = Hearing(self._trouble, owner.crashed)
        self._begun = self._ended = False
        self._unsubscribe: Callable[[], None] = lambda: None

    # For the screens

    @property
    def remembering(self) -> Path | None:
        """Where what a start likes to know is kept; None: nowhere."""
        return self.drafts.parent if self.drafts is not None else None

    @property
    def me(self) -> Me | None:
        """The person, as the database knew them at the last look; None until it has answered."""
        return self.desk.me if self.desk is not None else None

    @property
    def database(self) -> Database:
        """What ``core``'s facades are made on.

        Raises:
            RuntimeError: the database has not answered yet: that comes before ``opened``.
        """
        if self.desk is None:
            raise RuntimeError("the database has not answered yet")
        return self.desk.database

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something until the person leaves, whichever screens come and go; what fails unforeseen ends the
        program loudly."""
        self._run(work)

    def attach(self, linked: Linked) -> None:
        """Tell a screen how things are, at once, and what changes from now on."""
        self._linked.append(linked)
        linked.link_state(*self.state)
        linked.link_badges(*self.badges)
        linked.link_unsent(*self.unsent)
        linked.link_away(self.away)
        if self.desk is not None:
            linked.link_opened(self.desk)

    def detach(self, linked: Linked) -> None:
        """Tell a screen nothing any more."""
        if linked in self._linked:
            self._linked.remove(linked)

    def open(self, name: str, about: UUID | None = None) -> None:
        """Show another place, or with ``home`` the home screen, if asked with one thing in it: an article, a chat, a
        ticket."""
        self._owner.open_place(name, about)

    def set_badges(self, unread: int, waiting: int) -> None:
        """So many notices are unread, so many chats wait: on every status line."""
        if self.badges != (unread, waiting):
            self.badges = (unread, waiting)
            for linked in tuple(self._linked):
                linked.link_badges(unread, waiting)

    def set_unsent(self, waiting: int, refused: int) -> None:
        """Something else waits to be sent than before, so much, and so much was refused: on every screen."""
        self.unsent = (waiting, refused)
        for linked in tuple(self._linked):
            linked.link_unsent(waiting, refused)

    def set_away(self, words: str) -> None:
        """That the person is away, in words, or empty: on every status line."""
        if self.away != words:
            self.away = words
            for linked in tuple(self._linked):
                linked.link_away(words)

    def say(self, words: str, *, alarm: bool = False) -> None:
        """Say what became of something that was done earlier, wherever the person is by now."""
        for linked in tuple(self._linked):
            linked.link_said(words, alarm)

    # Connecting

    def begin(self) -> None:
        """Start connecting, if that is still to do; a database that does not answer is tried again."""
        if not self._begun:
            self._begun = True
            self._run(self._open())

    def _again(self) -> None:
        if not self._ended:
            self._run(self._open())

    async def _open(self) -> None:
        from helpdesk_tui.core.desk import Desk

        try:
            desk = await Desk.open(self.settings, self._session, renew=self._sign_in.refresh)
        except SignInError as error:
            if error.kind == "second_factor":
                self._factor_owed()
            else:
                self._sign_in_needed(str(error))
            return
        except HelpdeskError as error:
            self._become("down", str(error))
            self.later(AGAIN_SECONDS, self._again)
            return
        self.desk = desk
        self._unsubscribe = self._sign_in.on_refresh(self._renewed)
        self._owner.identified(desk.me)
        for linked in tuple(self._linked):
            linked.link_opened(desk)
        self.later(LISTEN_SECONDS, self.listen)

    def listen(self) -> None:
        """Hear of changes and stay signed in from now on: once the desk is open and shows something."""
        from helpdesk_tui.core.live import Live

        desk = self.desk
        if desk is None or self._live is not None or self._ended:
            return
        self._live = Live(self.settings, lambda: self._sign_in.session or self._session, renew=self._sign_in.refresh)
        self._live.subscribe(self._heard)
        self._pay_attention(desk)
        self._keep(desk)
        self._run(self._live.run())
        self._run(self._stay_signed_in(self._sign_in.keep_fresh))
        self._run(desk.database.warm())

    def _keep(self, desk: Desk) -> None:
        from helpdesk_tui.core.journal import JournalError
        from helpdesk_tui.screens.keeping import Keeping
        from helpdesk_tui.screens.syncing import Syncing

        if self.drafts is None:
            return
        try:
            self.keeping = Keeping(self, desk, self.drafts)
            self.keeping.tell()
        except JournalError as error:
            self.say(str(error), alarm=True)
        else:
            self._run(self.keeping.outbox.run())
            self.syncing = Syncing(self.drafts, self.drafts_owner, desk.database)
            self._run(self.syncing.run())
            self.leaving.append(self.syncing.leave)

    def _pay_attention(self, desk: Desk) -> None:
        from helpdesk_tui.screens.attention import Attention

        self.attention = Attention(self, desk, self._owner.ring)

    async def _stay_signed_in(self, keep_fresh: Callable[[], Awaitable[None]]) -> None:
        try:
            await keep_fresh()
        except SignInError as error:
            self._sign_in_needed(str(error))

    def _renewed(self, session: Session) -> None:
        if self.desk is not None:
            self._run(self.desk.database.use(session))

    # Hearing

    def _heard(self, event: Event) -> None:
        from helpdesk_tui.core.live import Changed, Typing

        if isinstance(event, Typing):
            self.hearing.typed(event)
        elif isinstance(event, Changed):
            if event.reason in ("access", "connected", "safety") or event.kind == "people":
                self.look_at_myself()
            self.hearing.changed(event)
        else:
            self._become(event.name, event.why)
            if event.name == "live" and self.keeping is not None:
                self.keeping.outbox.try_now()

    def _become(self, name: Connection, why: str) -> None:
        self.state = (name, why)
        for linked in tuple(self._linked):
            linked.link_state(name, why)

    def _trouble(self, error: HelpdeskError) -> None:
        for linked in tuple(self._linked):
            linked.link_trouble(error)

    def _sign_in_needed(self, why: str) -> None:
        """Say so, once: whoever asks twice would get two sign-in screens."""
        if not self._ended:
            self._ended = True
            self._owner.signed_out(self, why)

    def _factor_owed(self) -> None:
        """As above: the desk of somebody who owes one would be empty."""
        if not self._ended:
            self._ended = True
            self._owner.factor_owed(self)

    def look_at_myself(self) -> None:
        """My role or department may be another now, and so what I see; my colleagues may; or my session was ended."""
        self._run(self._who_am_i())

    async def _who_am_i(self) -> None:
        from helpdesk_tui.core import people

        desk = self.desk
        if desk is None or self._ended:
            return
        try:
            found, staff, departments = await desk.database.run(people.me(), people.staff(), people.departments())
        except HelpdeskError as error:
            self._trouble(error)
            return
        if not found:
            self._sign_in_needed("You were signed out: this session was ended elsewhere.")
            return
        if found[0].owes_factor:
            self._factor_owed()
            return
        desk.staff, desk.departments = tuple(staff), tuple(departments)
        if found[0] != desk.me:
            desk.me = found[0]
            self._owner.identified(desk.me)
            for linked in tuple(self._linked):
                linked.link_me(desk.me)

    def mark(self, ids: Ids, kind: Kind = "tickets") -> None:
        """These changed; None: any of the kind may have."""
        self.hearing.mark(ids, kind)

    def read_everything(self) -> None:
        """Connect now if that is still to come, and read everything anew."""
        if self._live is not None:
            self._live.retry()
        if self.keeping is not None:
            self.keeping.outbox.try_now()
        self.hearing.mark(None, None)

    # Leaving

    def deafen(self) -> None:
        """Read nothing again from now on."""
        self.hearing.close()

    async def take_leave(self) -> None:
        """Say what is to be said while the database can still be asked."""
        while self.leaving:
            await self.leaving.pop()()

    async def close(self) -> None:
        """Stop reading and close the connections."""
        await self.take_leave()
        self._ended = True
        self._unsubscribe()
        self.deafen()
        if self.desk is not None:
            await self.desk.close()
