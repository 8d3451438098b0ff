"""What every screen of a signed-in person has: the status line, the link, what is read again while it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from helpdesk_tui.actions import BY_ID, Context, key_of
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.edge import Edge
from helpdesk_tui.widgets.status_line import Connection, StatusLine
from helpdesk_tui.widgets.thread_body import ThreadBody
from helpdesk_tui.working import Work

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.errors import HelpdeskError
    from helpdesk_tui.core.live import Kind
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.looks import Looking
    from helpdesk_tui.screens.link import Link, Watch

__all__ = ["Place"]


class Place(Screen[None]):
    """A screen of a signed-in person: the home screen, or one that is opened from it and left with Esc.

    A place is made once and kept while the person is signed in: coming back to it shows it as it was left. Subclasses
    override :meth:`body`, :meth:`hints` and what of :meth:`opened`, :meth:`me_changed`, :meth:`connection_changed`,
    :meth:`show` and :meth:`leave` they need; Textual runs an ``on_mount`` of theirs before the one here.

    Args:
        link: the person's link to the database.
    """

    #: Where the actions of this screen are listed in ``actions``; the first one is the heading of its help.
    CONTEXTS: ClassVar[tuple[Context, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = bindings("place")
    #: What is made wider and narrower beside what is read, as a selector; empty: nothing is.
    LIST: ClassVar[str] = ""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link
        self.status = StatusLine(id="status")
        self._followed: list[Watch] = []
        self._edge = Edge(self)

    # For the subclass to say

    def body(self) -> ComposeResult:
        """What is above the status line."""
        return iter(())

    def hints(self) -> tuple[str, ...]:
        """The ids of the actions worth knowing at this moment, the first ones where there is little room."""
        return ()

    def contexts(self) -> tuple[Context, ...]:
        """Whose keys work at this moment, the nearest first: what help and palette begin with."""
        return self.CONTEXTS

    def opened(self, desk: Desk) -> None:
        """The database can be asked. Called once, at the latest when the screen is mounted on an open link."""

    def me_changed(self, me: Me) -> None:
        """The person has another role, name or department now."""

    def connection_changed(self, name: Connection, why: str) -> None:
        """How live the screen is."""

    def show(self, about: UUID) -> None:
        """Somebody came here for this one thing: an article, a chat, a ticket."""

    async def leave(self) -> None:
        """The person goes (signed out, or out of the program): keep what was written."""

    # For the subclass to use

    def say(self, words: str, alarm: bool = False) -> None:
        """Say what happened on the status line."""
        self.status.say(words, alarm=alarm)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the interface while this screen is there; what fails unforeseen ends the program
        loudly."""
        if self.is_running:
            self.run_worker(Work(work))
        else:
            work.close()  # the screen has gone meanwhile

    def follow(
        self, kind: Kind, refresh: Callable[[Ids], Awaitable[None]], *, gap: float = 0.1, jitter: float = 0.0
    ) -> Watch:
        """Have something read again whenever things of a kind change, while nothing lies over this screen; what
        changed meanwhile is read once on return. See ``Hearing.watch``."""
        watch = self.link.hearing.watch(kind, refresh, gap=gap, jitter=jitter, failed=self.link_trouble)
        self._followed.append(watch)
        self._seen_or_not()
        return watch

    def refresh_hints(self) -> None:
        """Other keys matter now."""
        self.status.set_hints([(key_of(name), BY_ID[name].hint) for name in self.hints()])

    def action_home(self) -> None:
        """Back to the home screen."""
        self.link.open("home")

    # What the link tells, and Textual

    def compose(self) -> ComposeResult:
        """The body, and the status line below it."""
        yield from self.body()
        yield self.status

    def on_mount(self) -> None:
        """The first paint shows the screen loading; connecting begins behind it."""
        self.link.attach(self)
        self.refresh_hints()
        self.call_after_refresh(self.link.begin)

    def on_resize(self, _event: events.Resize) -> None:
        """A subclass has said by now whether there is room for two panes."""
        self.refit()

    def refit(self) -> None:
        """Lay out anew, as wide and as close together as the person likes it."""
        app = cast("Looking", self.app)
        for each in self.query(self.LIST) if self.LIST else ():
            inline = each.styles.inline
            if app.list_width is None or self.has_class("narrow"):
                for rule in ("width", "min_width", "max_width"):
                    inline.clear_rule(rule)
                each.refresh(layout=True)
            else:
                each.styles.width, each.styles.min_width, each.styles.max_width = f"{app.list_width}%", 20, "100%"
        for thread in self.query(ThreadBody):
            thread.tight = app.compact

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The border beside the list can be taken hold of."""
        self._edge.take(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """It moves with the mouse, and shows that it can."""
        self._edge.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """It stays where it was let go."""
        self._edge.let_go(event)

    def on_unmount(self) -> None:
        """Gone for good."""
        self.link.detach(self)
        for watch in self._followed:
            watch.close()

    def on_screen_suspend(self) -> None:
        """Something lies over this screen, or it is not shown any more."""
        self._seen_or_not()

    def on_screen_resume(self) -> None:
        """Back on top."""
        self._seen_or_not()

    def _seen_or_not(self) -> None:
        # What lies over it may be a question, a help or a palette, and leave it in sight.
        top = next((screen for screen in reversed(self.app.screen_stack) if not screen.is_modal), None)
        for watch in self._followed:
            if top is self:
                watch.resume()
            else:
                watch.pause()

    def link_opened(self, desk: Desk) -> None:
        """The database can be asked."""
        self._name_person(desk.me)
        self.status.calm()
        self.opened(desk)

    def link_me(self, me: Me) -> None:
        """Another role, name or department."""
        self._name_person(me)
        self.me_changed(me)

    def link_state(self, name: Connection, why: str) -> None:
        """How live the screen is."""
        self.status.set_connection(name)
        if why:
            self.say(why, alarm=True)
        elif name in ("live", "polling"):
            self.status.calm()
        self.connection_changed(name, why)

    def link_trouble(self, error: HelpdeskError) -> None:
        """Something could not be read."""
        self.say(str(error), alarm=True)

    def link_badges(self, unread: int, waiting: int) -> None:
        """How many notices are unread, how many chats wait."""
        self.status.set_badges(unread, waiting)

    def link_unsent(self, waiting: int, refused: int) -> None:
        """How much of what was done waits to be sent, and how much was refused."""
        self.status.set_unsent(waiting, refused)

    def link_away(self, words: str) -> None:
        """Whether the person has said that they are away."""
        self.status.set_away(words)

    def link_said(self, words: str, alarm: bool) -> None:
        """Something became of what waited; what was refused is told also where the next word does not replace it."""
        self.say(words, alarm)
        if alarm and self.is_current:
            self.notify(safe_line(words, 300), severity="error", markup=False)

    def _name_person(self, me: Me) -> None:
        profile = self.link.settings.profile
        self.status.plain = me.role == "customer"
        if me.role == "customer":
            self.status.set_who(me.name, me.name.split()[0] if me.name.split() else me.name)
            return
        who = " · ".join(filter(None, (me.name, me.department, me.role, profile)))
        self.status.set_who(who, f"{(me.name.split() or [me.email])[0]} · {profile}")
