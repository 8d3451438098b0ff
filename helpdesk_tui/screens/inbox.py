"""The inbox: what happened while one looked elsewhere. Looking at a line is not reading it; opening it is, and so is
saying so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from helpdesk_tui.actions import BY_ID, Context, key_words
from helpdesk_tui.core.errors import BadInput, HelpdeskError
from helpdesk_tui.core.notice_words import waiting
from helpdesk_tui.core.notices import UNREAD_CAP, Badges, Notice, Notices, Preference, Told, kinds_for
from helpdesk_tui.core.quiet import digest_of, digest_words, quiet_of
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.places import PLACES
from helpdesk_tui.widgets.inbox_list import InboxList
from helpdesk_tui.widgets.notice_settings import Hours, NoticeSettings
from helpdesk_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.status_line import Connection

__all__ = ["InboxScreen"]

#: Lines read at once.
PAGE = 50
HINTS = ("inbox.open", "app.help", "inbox.read", "inbox.undo", "inbox.filter", "inbox.all", "inbox.settings")
#: What is asked for in words.
_ASKED: Final[dict[Hours, tuple[str, str]]] = {
    "quiet": ("quiet hours", "22:00-07:00, or with days 22:00-07:00 mon-fri; off: none"),
    "digest": ("bells held for minutes", "15; off: every bell rings at once"),
}
EMPTY_HINTS = ("app.help", "inbox.filter", "inbox.settings")


class InboxScreen(Place):
    """One person's inbox.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "inbox.tcss"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("inbox",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("inbox")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.list = InboxList(clock=link.clock, id="inbox")
        self.settings = NoticeSettings(id="settings")
        self.prompt = Prompt(id="hours")
        self.unread_only = True
        self._badges = Badges()
        # Acts go one after the other, so that undoing comes after what it undoes.
        self._acting = asyncio.Lock()
        self._flying: set[UUID] = set()
        self._done: list[list[UUID]] = []

    def body(self) -> ComposeResult:
        """The lines, and the settings below them when they are asked for."""
        yield self.list
        yield self.settings
        yield self.prompt

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.list.focus()
        self._name_list()

    def hints(self) -> tuple[str, ...]:
        """Of what can be done: where nothing is listed there is nothing to open."""
        if self.settings.asking:
            return ()
        return (*(HINTS if self.list.items else EMPTY_HINTS), "place.home")

    @property
    def notices(self) -> Notices:
        """What is asked.

        Raises:
            RuntimeError: the database has not answered yet.
        """
        if self.link.me is None:
            raise RuntimeError("the database has not answered yet")
        return Notices(self.link.database, self.link.me)

    # Reading

    def opened(self, desk: Desk) -> None:
        """The database can be asked."""
        self.list.role = desk.me.role
        watch = self.follow("notices", self._read)
        # How many chats wait is on the line above; a burst of them is one reading.
        self.follow("chats", self._read, gap=2.0, jitter=0.5)
        watch.mark()

    def me_changed(self, me: Me) -> None:
        """Another role: other words, and other tickets in sight."""
        self.list.role = me.role
        self.spawn(self._read_again())

    def connection_changed(self, name: Connection, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.list.state == "loading":
            self.list.show_failed(why, "It is tried again by itself.")

    async def _read(self, changed: Ids) -> None:  # noqa: ARG002  (which ones is not told)
        await self._read_again()

    async def _read_again(self) -> None:
        unread_only = self.unread_only
        limit = min(max(len(self.list.items), PAGE), 500)
        try:
            lines, more, badges = await self.notices.look(unread_only, limit)
        except HelpdeskError as error:
            self.list.show_failed(str(error), f"{key_words(BY_ID['inbox.refresh'].keys[0])} tries again.")
            return
        if unread_only == self.unread_only:
            self._badges = badges
            self._feed(lines, more)

    def _feed(self, lines: list[Notice], more: bool) -> None:
        # What was just marked and is still on its way stays as the person left it.
        shown = [line for line in lines if not self.unread_only or line.id not in self._flying]
        if shown:
            self.list.show(shown, more=more)
            self.list.mark(self._flying, True)
        else:
            self._show_none()
        self._name_list()

    def _show_none(self) -> None:
        if self.unread_only:
            key = key_words(BY_ID["inbox.filter"].keys[0])
            self.list.show_empty("Nothing unread.", f"{key} shows what you have read.")
        else:
            what = "requests" if self.list.role == "customer" else "tickets"
            self.list.show_empty(
                "Nothing has happened yet.", f"Here is what happens to your {what} while you look elsewhere."
            )

    def _name_list(self) -> None:
        unread = self._badges.unread
        count = f"{UNREAD_CAP - 1}+" if unread >= UNREAD_CAP else str(unread)
        head = f"Inbox: unread ({count})" if self.unread_only else f"Inbox: all, {count} unread"
        chats = (
            waiting(self._badges.waiting, self._badges.waiting_since, self.link.clock()) if self._badges.waiting else ""
        )
        self.list.set_head(head, chats)
        self.refresh_hints()

    @on(InboxList.NeedMore)
    def _more_wanted(self, message: InboxList.NeedMore) -> None:
        self.spawn(self._read_on(message.after))

    async def _read_on(self, after: Notice) -> None:
        unread_only = self.unread_only
        try:
            lines, more = await self.notices.page(unread_only, PAGE, before=after)
        except HelpdeskError as error:
            self.link_trouble(error)
            return
        if unread_only == self.unread_only:
            self.list.add(lines, more=more)

    def action_refresh(self) -> None:
        """Read everything anew."""
        self.link.read_everything()
        if self.link.me is not None:
            self.spawn(self._read_again())

    def action_filter(self) -> None:
        """Unread lines alone, or all."""
        self.unread_only = not self.unread_only
        self.list.show_loading("Reading …")
        self._name_list()
        if self.link.me is not None:
            self.spawn(self._read_again())

    # Acts

    @on(InboxList.Opened)
    def _open(self, message: InboxList.Opened) -> None:
        notice = message.notice
        if notice.chat_id is not None and "chats" not in PLACES:
            self.say("Chats cannot be opened here")
            return
        if not notice.read:
            self._mark([notice], step=False)
        if notice.chat_id is not None:
            self.link.open("chats", notice.chat_id)
        else:
            # A line about many tickets leads to the queues.
            self.link.open("home", notice.ticket_id)

    def action_read(self) -> None:
        """Mark the line as read, and on to the next."""
        notice = self.list.selected
        if notice is None:
            return
        if notice.read:
            self.list.action_by(1)
        else:
            self._mark([notice])
            self.say("Marked as read")

    def action_all(self) -> None:
        """Mark everything as read, also what is further down."""
        shown = self.list.items
        lines = [each for each in shown if not each.read]
        if lines or (shown and self._badges.unread):
            self._mark(lines, upto=max(each.updated_at for each in shown), step=False)
            self.say("Everything is marked as read")
        else:
            self.say("Nothing is unread")

    def _mark(self, lines: list[Notice], *, upto: datetime | None = None, step: bool = True) -> None:
        """Mark lines as read, and with ``upto`` everything that is no newer."""
        ids = [line.id for line in lines]
        self._flying.update(ids)
        if self.link.attention is not None:
            self.link.attention.was_read(lines)
        if self.unread_only:
            self.list.take_away(ids)
            if not self.list.items:
                self._show_none()
        else:
            self.list.mark(ids, True)
            if step:
                self.list.action_by(1)
        self.spawn(self._mark_there(lines, upto))

    async def _mark_there(self, lines: list[Notice], upto: datetime | None) -> None:
        async with self._acting:
            try:
                changed = await (self.notices.mark(lines) if upto is None else self.notices.mark_all(upto))
            except HelpdeskError as error:
                self.say(f"NOT marked: {error.message}", alarm=True)
            else:
                if changed:
                    self._done.append(changed)
                if len(lines) == 1 and not changed:
                    self.say("Something happened there meanwhile: it stays unread")
            finally:
                self._flying.difference_update(line.id for line in lines)
        await self._read_again()

    def action_undo(self) -> None:
        """Mark as unread again what was marked last."""
        self.spawn(self._undo())

    async def _undo(self) -> None:
        async with self._acting:
            if not self._done:
                self.say("Nothing to undo")
                return
            ids = self._done.pop()
            try:
                back = await self.notices.unmark(ids)
            except HelpdeskError as error:
                self._done.append(ids)
                self.say(f"NOT undone: {error.message}", alarm=True)
                return
        self.say("Unread again" if len(back) == 1 else f"{len(back)} unread again")
        if self.link.attention is not None:
            self.link.attention.look_again()
        await self._read_again()
        self.list.select(ids[0])

    # Of what one is told

    def action_settings(self) -> None:
        """Ask of what one wants to be told."""
        me = self.link.me
        if me is None:
            self.say("Not connected yet", alarm=True)
            return
        self.settings.ask(kinds_for(me))
        self.refresh_hints()
        self.spawn(self._read_settings())

    async def _read_settings(self) -> None:
        try:
            self.settings.show(await self.notices.told())
        except HelpdeskError as error:
            self.settings.show_failed(str(error))

    @on(NoticeSettings.Switched)
    def _switched(self, message: NoticeSettings.Switched) -> None:
        self.spawn(self._keep(message.kind, message.was, message.preference))

    async def _keep(self, kind: str, was: Preference, preference: Preference) -> None:
        async with self._acting:
            try:
                await self.notices.set_preference(kind, preference.on, preference.bell)
            except HelpdeskError as error:
                self.settings.put_back(kind, was)
                self.say(f"NOT kept: {error.message}", alarm=True)
                return
        if self.link.attention is not None:
            self.link.attention.look_again()

    @on(NoticeSettings.Wanted)
    def _hours_wanted(self, message: NoticeSettings.Wanted) -> None:
        told = self.settings.told
        if told is None:
            return
        if message.what == "digest":
            self._ask_hours("digest", str(told.digest) if told.digest else "")
        else:
            self._ask_hours("quiet", "" if told.quiet is None else told.quiet.words)

    def _ask_hours(self, what: Hours, text: str) -> None:
        self.settings.written = True
        words, placeholder = _ASKED[what]
        self.prompt.ask(what, words, text, placeholder=placeholder)

    @on(Prompt.Answered)
    def _hours_written(self, message: Prompt.Answered) -> None:
        self.settings.written = False
        told, text = self.settings.told, (message.text or "").strip()
        if not message.by_key:
            if self.focused is not self.settings:
                self.settings.on_blur()
            return
        self.settings.focus()
        if told is None or not text:
            return
        what: Hours = "digest" if message.question == "digest" else "quiet"
        try:
            if what == "digest":
                wanted = replace(told, digest=digest_of(text))
                words = f"Bells are held: {digest_words(wanted.digest)}"
            else:
                wanted = replace(told, quiet=quiet_of(text))
                words = f"Quiet hours: {'off' if wanted.quiet is None else wanted.quiet.words}"
        except BadInput as error:
            self.say(str(error), alarm=True)
            self._ask_hours(what, text)
            return
        self.settings.show_hours(wanted)
        self.spawn(self._keep_hours(told, wanted, words))

    async def _keep_hours(self, was: Told, wanted: Told, words: str) -> None:
        async with self._acting:
            try:
                await self.notices.set_bell_hours(wanted.quiet, wanted.digest)
            except HelpdeskError as error:
                self.settings.show_hours(was)
                self.say(f"NOT kept: {error.message}", alarm=True)
                return
        self.say(words)
        if self.link.attention is not None:
            self.link.attention.look_again()

    @on(NoticeSettings.Closed)
    def _settings_closed(self, message: NoticeSettings.Closed) -> None:
        if message.by_key:
            self.list.focus()
        self.refresh_hints()
