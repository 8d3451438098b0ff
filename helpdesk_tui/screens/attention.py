"""What asks for a person's attention wherever they are: the badges of every status line, and the bell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

from helpdesk_tui.actions import key_of
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.notice_words import waiting
from helpdesk_tui.core.notices import Badges, News, Notice, Notices
from helpdesk_tui.core.routing import until_words
from helpdesk_tui.core.since import MOST, since
from helpdesk_tui.screens.waker import Waker

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.screens.link import Link

__all__ = ["Attention"]

#: Seconds between two looks, and up to so many more: a burst of events is one look, and clients do not ask in step.
GAP, JITTER = 2.0, 0.5
#: So often the database is asked to tell this person of tickets that are due.
DUE_SECONDS: Final = 60.0
_LONG_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)


class Attention:
    """One person's badges, kept up to date.

    Args:
        link: their link.
        desk: what is asked.
        ring: rings with some words and what happened, if it is for the person to hear.

    Attributes:
        badges: as they were at the last look, less what was read since.
        left_at: when they were last here before this session; None: never, or not known yet.
    """

    def __init__(self, link: Link, desk: Desk, ring: Callable[[str, Sequence[News]], object]) -> None:
        self.badges = Badges()
        self.left_at: datetime | None = None
        self._held: list[News] = []
        self._link = link
        self._desk = desk
        self._ring = ring
        self._newest: datetime | None = None
        self._due_again = 0.0
        self._watch = link.hearing.watch("notices", self._look, gap=GAP, jitter=JITTER)
        link.hearing.watch("chats", self._chats_changed)
        link.hearing.watch("people", self._chats_changed)
        self._watch.mark()
        self._waker = Waker(link, desk, self._look_for_due)

    @property
    def looked(self) -> bool:
        """Whether the badges are what the database said, at least once."""
        return self._newest is not None

    @property
    def notices(self) -> Notices:
        """The inbox, as whoever the person is now."""
        return Notices(self._desk.database, self._desk.me)

    async def _chats_changed(self, changed: Ids) -> None:  # or people: one of them may be away now, or back
        if self._desk.me.role != "customer":
            self._watch.mark(changed)

    async def _look(self, changed: Ids) -> None:  # noqa: ARG002  (which ones is not told)
        due, first = monotonic() >= self._due_again, self._newest is None
        badges = await self.notices.badges(self._newest, due=due, begins=first)
        if due:
            self._due_again = monotonic() + DUE_SECONDS
        if first and badges.left_at is not None:
            self.left_at = badges.left_at
            self._link.spawn(self._catch_up(badges.left_at))
        more_wait = badges.waiting > self.badges.waiting
        self._newest = max(filter(None, (self._newest, badges.newest)), default=_LONG_AGO)
        self.badges = badges
        self._link.set_away(until_words(badges.until, self._link.clock(), self._link.zone) if badges.away else "")
        reading = self._link.looking()
        if reading in badges.tickets:
            self.opened(reading)
        else:
            self._show()
        if first:
            return
        news = [each for each in badges.news if badges.wants_bell(each.kind)]
        if not news and more_wait and badges.wants_bell("chat"):
            news = [News("chat", waiting(badges.waiting, None))]
        self._tell(news)

    def _tell(self, news: Sequence[News]) -> None:
        """Ring, but in quiet hours; where bells are held, when their time is over, once for all of it."""
        if not news or self._is_quiet:
            return
        if not self.badges.digest:
            self._ring(news[0].title if len(news) == 1 else f"{news[0].title} – and {len(news) - 1} more", news)
            return
        if not self._held:
            self._link.later(self.badges.digest * 60, self._tell_held)
        self._held += news

    @property
    def _is_quiet(self) -> bool:
        quiet = self.badges.quiet
        return quiet is not None and quiet.holds(self._link.clock(), self._link.zone)

    def _tell_held(self) -> None:
        held, self._held = self._held, []
        if held and not self._is_quiet:
            self._ring(held[0].title if len(held) == 1 else f"{len(held)} things happened: {held[-1].title}", held)

    async def _catch_up(self, left_at: datetime) -> None:
        """Tell how much happened since this person was last here."""
        try:
            lines = await self._desk.database.fetch(since(left_at))
        except HelpdeskError:
            return  # the key that lists it says why it cannot be had
        if lines:
            many = f"{len(lines)}{'+' if len(lines) == MOST else ''}"
            self._link.say(f"{many} changed since you left · {key_of('desk.since')}")

    def opened(self, about: UUID | None) -> None:
        """A ticket or a chat is being read: its line is no longer unread."""
        badges = self.badges
        if about is None or (about not in badges.tickets and about not in badges.chats):
            return
        self.badges = replace(
            badges, unread=max(badges.unread - 1, 0), tickets=badges.tickets - {about}, chats=badges.chats - {about}
        )
        self._show()
        self._link.spawn(self._mark(about, ticket=about in badges.tickets))

    async def _mark(self, about: UUID, *, ticket: bool) -> None:
        try:
            await self.notices.mark_about(ticket=about if ticket else None, chat=None if ticket else about)
        except HelpdeskError:
            # It is unread still, and the next look says so; nothing was lost that somebody has to hear of now.
            self._watch.mark()

    def was_read(self, lines: Sequence[Notice]) -> None:
        """These lines are being marked as read; somebody else does that."""
        badges = self.badges
        self.badges = replace(
            badges,
            unread=max(badges.unread - len(lines), 0),
            tickets=badges.tickets.difference(line.ticket_id for line in lines if line.ticket_id),
            chats=badges.chats.difference(line.chat_id for line in lines if line.chat_id),
        )
        self._show()

    def _look_for_due(self) -> None:
        """Something of the person's is due, or back, by now: have it told without waiting for the minute."""
        self._due_again = 0.0
        self._watch.mark()

    def look_again(self) -> None:
        """Something is otherwise now."""
        self._watch.mark()

    def _show(self) -> None:
        self._link.set_badges(self.badges.unread, self.badges.waiting)
