"""The inbox of the person signed in: a page of it, what the status line says of it, marking as read, preferences.

Triggers write the lines (docs/notifications.md); people only mark them. All that happens on a ticket is one line, which
what comes later opens again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Me, Status
from helpdesk_tui.core.quiet import Quiet, digest_from, prefer, quiet_from
from helpdesk_tui.core.routing import route
from helpdesk_tui.core.since import here
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

UNREAD_CAP: Final = 100
"""Unread lines are counted up to this: as many are shown as "99+" and cost no more."""

KINDS: Final[Mapping[str, str]] = {
    "assigned": "A ticket is assigned to you",
    "reply": "Somebody answers in a ticket of yours",
    "mention": "A colleague mentions you",
    "note": "A colleague writes a note in a ticket of yours",
    "chat": "A chat waits, or goes on without you",
    "due": "A ticket of yours is due soon, or overdue",
    "sla": "What was promised in a ticket of yours is nearly late, or late",
    "back": "A ticket that you snoozed, or that is yours, is back",
}
CUSTOMER_KINDS: Final[Mapping[str, str]] = {
    "reply": "We answer one of your requests",
    "status": "One of your requests is solved, closed or opened again",
    "chat": "We write in your chat",
}


def kinds_for(me: Me) -> Mapping[str, str]:
    """What a person can be told of: kind → words for people, in the order of a list."""
    if me.role == "customer":
        return CUSTOMER_KINDS
    return {**KINDS, "status": "A request of your own is resolved, closed or opened again"}


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the inbox.

    Args:
        kind: of the newest event: ``assigned``, ``reply``, ``mention``, ``note``, ``chat``, ``due``, ``sla``,
            ``back``, ``status``;
            another program, or a newer database, may know more.
        kinds: how many events of each kind the line stands for, since it was last read.
        title: what the ticket is called now; where it is about no single ticket, what happened.
        ticket_id: None where it is about a chat, about many tickets, or about something else.
        status, due_date: the ticket's, as they are now.
        other: who is on the other side of the chat.
        excerpt: how the newest message begins that somebody else wrote and this person may read. Hostile text.
        times: how many events in all.
        updated_at: when the newest event was; marking as read goes by it.
    """

    id: UUID
    kind: str
    kinds: Mapping[str, int]
    title: str
    ticket_id: UUID | None
    ticket_number: int | None
    status: Status | None
    due_date: datetime | None
    chat_id: UUID | None
    other: str | None
    excerpt: str | None
    times: int
    read: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether a kind is told at all, and whether with a bell."""

    on: bool = True
    bell: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """One line that is new since the last look: the kind and the words of its newest event. Hostile text."""

    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Badges:
    """What the status line says, and what a bell goes by.

    Args:
        unread: unread lines, at most ``UNREAD_CAP``.
        waiting: chats that wait for somebody and that this person may take; 0 for customers.
        waiting_since: since when the oldest of them waits.
        tickets: the tickets of unread lines.
        chats: the chats of unread lines.
        newest: when the newest unread event was; to be given to the next look as ``since``.
        news: the unread lines that are new since then, the newest first; empty at the first look.
        preferences: per kind; kinds that are not in it are on.
        left_at: when this person was last here before this session; None: never, or it was not asked.
        quiet: hours in which nothing rings; ``digest``: for how many minutes a bell is held, 0: not at all.
        away: whether this person has said that they are; ``until`` when, None: until they are back.
    """

    unread: int = 0
    waiting: int = 0
    waiting_since: datetime | None = None
    tickets: frozenset[UUID] = frozenset()
    chats: frozenset[UUID] = frozenset()
    newest: datetime | None = None
    news: tuple[News, ...] = ()
    preferences: Mapping[str, Preference] = field(default_factory=dict)
    away: bool = False
    until: datetime | None = None
    left_at: datetime | None = None
    quiet: Quiet | None = None
    digest: int = 0

    def wants_bell(self, kind: str) -> bool:
        """Whether a bell may ring for a kind."""
        preference = self.preferences.get(kind, Preference())
        return preference.on and preference.bell


@dataclass(frozen=True, slots=True)
class Told:
    """What a person has chosen: of each kind, and when a bell may ring.

    Args:
        kinds: all that this person can be told of.
        digest: for how many minutes a bell is held; 0: not at all.
    """

    kinds: Mapping[str, Preference]
    quiet: Quiet | None
    digest: int


def preferences_from(settings: object) -> dict[str, Preference]:
    """Preferences from what a profile holds under ``notices``, whatever that is: what makes no sense says nothing."""
    if not isinstance(settings, dict):
        return {}
    found = {}
    for kind, each in settings.items():
        if isinstance(each, dict):
            on, bell = each.get("on"), each.get("bell")
            found[str(kind)] = Preference(
                on if isinstance(on, bool) else True, bell if isinstance(bell, bool) else True
            )
    return found


def _notice(*columns: Any) -> Notice:
    values = list(columns)
    kinds, kind, times = values[2], values[1], values[11]
    counted = {str(k): n for k, n in kinds.items() if isinstance(n, int)} if isinstance(kinds, dict) else {}
    values[2] = counted or {kind: times}
    return Notice(*values)


def _badges(
    unread: int,
    tickets: Sequence[UUID],
    chats: Sequence[UUID],
    newest: datetime | None,
    news: object,
    waiting: int,
    waiting_since: datetime | None,
    settings: object,
    away: bool,
    until: datetime | None,
) -> Badges:
    lines = cast("list[list[str]]", news or [])
    return Badges(
        unread,
        waiting,
        waiting_since,
        frozenset(tickets),
        frozenset(chats),
        newest,
        tuple(News(kind, title) for kind, title in lines),
        preferences_from(settings),
        away,
        until,
        quiet=quiet_from(settings),
        digest=digest_from(settings),
    )


def page(*, unread_only: bool = False, limit: int = 50, before: Notice | None = None) -> Statement[Notice]:
    """Lines of the inbox, the latest first.

    Args:
        limit: lines at most, no more than 500.
        before: the page begins behind this line.
    """
    return Statement(
        "select id, type, kinds, title, ticket_id, number, status, due_date, chat_id, other_side, excerpt, times,"
        " read, created_at, updated_at from helpdesk.notices(%s, %s, %s, %s)",
        (unread_only, limit, before.updated_at if before else None, before.id if before else None),
        positional(_notice),
        writes=False,
    )


def badges(since: datetime | None = None) -> Statement[Badges]:
    """What the status line says; one row, or none for somebody without a profile."""
    return Statement(
        "select unread, tickets, chats, newest, news, waiting, waiting_since, settings, away, until"
        " from helpdesk.badges(%s)",
        (since,),
        positional(_badges),
        writes=False,
    )


def notice_due() -> Statement[int]:
    """Has the database tell this person of their tickets that are due soon or overdue, once for each due date.

    Answers how many tickets those were.
    """
    return Statement("select helpdesk.notice_due()", (), only(int), writes=True)


class Notices:
    """The inbox of one person. Every call is one network round trip.

    Args:
        database: as whom; ``me`` is the same person.
    """

    def __init__(self, database: Database, me: Me) -> None:
        self.database = database
        self.me = me

    async def page(
        self, unread_only: bool = False, limit: int = 50, before: Notice | None = None
    ) -> tuple[list[Notice], bool]:
        """Lines, the latest first, and whether there are more behind them. See ``page``."""
        rows = await self.database.fetch(page(unread_only=unread_only, limit=limit + 1, before=before))
        return rows[:limit], len(rows) > limit

    async def look(self, unread_only: bool, limit: int) -> tuple[list[Notice], bool, Badges]:
        """The first page and the badges, in one round trip."""
        rows, found = await self.database.run(page(unread_only=unread_only, limit=limit + 1), badges())
        return rows[:limit], len(rows) > limit, found[0] if found else Badges()

    async def badges(self, since: datetime | None = None, *, due: bool = False, begins: bool = False) -> Badges:
        """What the status line says.

        Args:
            since: ``newest`` of the last look: what came after it is in ``news``.
            due: tells this person of tickets that are due, and has given out what waits for somebody who is free by
                now, first; and says that they are here. Costs a transaction that may write; once a minute.
            begins: with ``due``: a session of theirs begins.
        """
        if due and self.me.role != "customer":
            _, _, left, found = await self.database.run(
                notice_due(), route(), here(begins=begins), badges(since), idempotent=True
            )
            return replace(found[0], left_at=left[0]) if found else Badges()
        found = await self.database.fetch(badges(since))
        return found[0] if found else Badges()

    async def mark(self, notices: Iterable[Notice], read: bool = True) -> list[UUID]:
        """Marks lines as read, or as unread, which undoes it.

        A line on which something happened after it was shown stays unread.

        Returns:
            The ids of those that changed.
        """
        seen = {each.id: each.updated_at for each in notices}
        return await self._mark(
            read,
            "exists (select from unnest(%(ids)s::uuid[], %(seen)s::timestamptz[]) as a(id, seen)"
            " where a.id = n.id and (not %(read)s or n.updated_at <= a.seen))",
            ids=list(seen),
            seen=list(seen.values()),
        )

    async def mark_about(self, *, ticket: UUID | None = None, chat: UUID | None = None) -> list[UUID]:
        """Marks the line about a ticket or a chat as read, which has just been opened."""
        return await self._mark(True, "(n.ticket_id = %(ticket)s or n.chat_id = %(chat)s)", ticket=ticket, chat=chat)

    async def mark_all(self, upto: datetime | None = None) -> list[UUID]:
        """Marks everything as read.

        Args:
            upto: ``updated_at`` of the newest line on the screen: what came after it stays unread.

        Returns:
            The ids of those that changed, for ``unmark``.
        """
        return await self._mark(True, "n.updated_at <= coalesce(%(upto)s::timestamptz, 'infinity')", upto=upto)

    async def unmark(self, ids: Sequence[UUID]) -> list[UUID]:
        """Undoes marking, by what ``mark`` or ``mark_all`` answered. Answers the ids of those that changed."""
        return await self.mark_ids(ids, read=False)

    async def mark_ids(self, ids: Sequence[UUID], read: bool) -> list[UUID]:
        """Marks lines by their ids, whatever happened on them since. Answers the ids of those that changed."""
        return await self._mark(read, "n.id = any(%(ids)s)", ids=list(ids))

    async def _mark(self, read: bool, which: str, **parameters: Any) -> list[UUID]:
        """Marks those of one's lines that are not so yet; what its own transaction is just writing to is left.

        Whoever writes in a ticket and leaves the transaction open would keep the whole inbox from being marked.
        """
        return await self.database.fetch(
            Statement(
                f"""
with free as materialized (
  select n.id from public.notifications n
   where n.user_id = %(me)s and n.read <> %(read)s and {which} for no key update skip locked)
update public.notifications n set read = %(read)s from free f where n.id = f.id returning n.id
""",  # noqa: S608  (constants)
                {**parameters, "me": self.me.id, "read": read},
                only(UUID),
                writes=True,
            ),
            idempotent=True,
        )

    async def told(self) -> Told:
        """What this person has chosen of all that they can be told of."""
        rows = await self.database.fetch(
            Statement("select helpdesk.preferences() -> 'notices'", (), only(object), writes=False)
        )
        chosen = rows[0] if rows else None
        found = preferences_from(chosen)
        kinds = {kind: found.get(kind, Preference()) for kind in kinds_for(self.me)}
        return Told(kinds, quiet_from(chosen), digest_from(chosen))

    async def set_bell_hours(self, quiet: Quiet | None, digest: int) -> None:
        """Sets both, on every device of this person's.

        Raises:
            BadInput: a bell is held for 0 to 240 minutes.
        """
        await self.database.run(prefer(quiet, digest), idempotent=True)

    async def set_preference(self, kind: str, on: bool, bell: bool) -> None:
        """Sets one kind, and leaves everything else in the preferences as it is.

        Raises:
            BadInput: there is no such kind for this person.
        """
        if kind not in kinds_for(self.me):
            raise BadInput(f"There is no kind {kind!r}.", f"The kinds are {', '.join(kinds_for(self.me))}.")
        await self.database.run(
            Statement(
                "select helpdesk.prefer(%s, %s, %s)",
                (kind, on, bell),
                only(object),
                writes=True,
            ),
            idempotent=True,
        )
