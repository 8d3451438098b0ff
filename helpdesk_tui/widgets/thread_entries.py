"""A thread as a list of entries, oldest first: days, the opening description, messages, notes, history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Final, Literal, NamedTuple
from uuid import UUID

from helpdesk_tui.core.model import Attachment, HistoryLine, Message, Thread, Unsent
from helpdesk_tui.core.plain import change_words
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.markdown.layout import estimate

__all__ = ["MESSAGE_KINDS", "Entry", "Kind", "build"]

Kind = Literal["day", "unread", "history", "requester", "customer", "staff", "note"]

#: The kinds that somebody wrote: they have a header, can be selected, quoted and copied.
MESSAGE_KINDS: Final = frozenset({"requester", "customer", "staff", "note"})


class Entry(NamedTuple):
    """Something in a thread. Nothing in it is safe to show yet: that is done when it is drawn, for what is drawn.

    ``key`` stays the same as long as the entry is the same. ``words`` are a message's text. ``gap`` is how many empty
    lines stand above it. ``message`` is None for a description, a day or a change, ``change`` for all but a change.
    ``files`` came with the message, or with the description. ``unsent`` is given where the database has not got it.
    """

    key: str
    kind: Kind
    when: datetime
    who: str
    words: str
    gap: int
    message: Message | None = None
    change: HistoryLine | None = None
    files: tuple[Attachment, ...] = ()
    unsent: Unsent | None = None

    @property
    def stamp(self) -> int:
        """Another one for other words or files, and once it is sent."""
        return hash((self.words, self.files, self.unsent))

    @property
    def is_message(self) -> bool:
        """Whether somebody wrote it."""
        return self.kind in MESSAGE_KINDS

    def about(self, width: int) -> int:
        """About how many lines it takes in so many cells."""
        if self.kind not in MESSAGE_KINDS:
            return self.gap + 1
        refused = self.unsent is not None and self.unsent.refused is not None
        return self.gap + 1 + estimate(self.words, width) + len(self.files) + refused


def build(
    thread: Thread,
    zone: tzinfo | None = None,
    first_unread: UUID | None = None,
    *,
    plain: bool = False,
    tight: bool = False,
    unsent: Sequence[Unsent] = (),
) -> list[Entry]:
    """The entries of a thread.

    Args:
        thread: as read.
        zone: where the reader is, for the days; None asks the machine.
        first_unread: the first message the reader has not seen; a line is drawn above it.
        plain: for the requester, to whom not every change is news.
        tight: without empty lines between them.
        unsent: what its reader has written to it and the database has not got: it stands at the end. What is in the
            thread by now is left out: it has taken that one's place, under the same key.
    """
    entries: list[Entry] = []
    today: date | None = None
    both: list[tuple[datetime, Message | HistoryLine | None]] = [(one.created_at, one) for one in thread.entries]
    opening = bool(thread.description.strip() or _files(thread, None))
    if opening:
        both.insert(0, (thread.ticket.created_at, None))
    for when, one in both:
        if isinstance(one, HistoryLine) and one.kind == "created" and opening:
            continue  # the description's header says it
        if plain and isinstance(one, HistoryLine) and not change_words(one):
            continue
        day = when.astimezone(zone).date()
        if day != today:
            today = day
            entries.append(Entry(f"day {day}", "day", when, "", _day(day), gap=1 if entries else 0))
        if first_unread is not None and isinstance(one, Message) and one.id == first_unread:
            entries.append(Entry("unread", "unread", when, "", "New since you last looked", gap=1))
        entries.append(_entry(thread, one, entries[-1].kind, plain=plain))
    there = {message.id for message in thread.messages}
    for each in unsent:
        if each.message.id not in there:
            day = each.message.created_at.astimezone(zone).date()
            if today is None or day > today:
                today = day
                when = each.message.created_at
                entries.append(Entry(f"day {day}", "day", when, "", _day(day), gap=1 if entries else 0))
            entry = _entry(thread, each.message, entries[-1].kind)
            entries.append(entry._replace(files=each.files, unsent=each))
    return [entry._replace(gap=0) for entry in entries] if tight else entries


def _entry(thread: Thread, one: Message | HistoryLine | None, before: Kind, *, plain: bool = False) -> Entry:
    """One entry; ``before`` is what stands above it, ``plain`` as for :func:`build`."""
    if isinstance(one, HistoryLine):
        gap = 1 if before in MESSAGE_KINDS else 0
        # A merge and its end are two lines of one thing.
        return Entry(f"history {one.id} {one.kind}", "history", one.created_at, "", "", gap, change=one)
    gap = 0 if before == "unread" else 1
    if one is None:
        ticket = thread.ticket
        key, opened, files = f"opening {ticket.id}", ticket.created_at, _files(thread, None)
        if ticket.more.written_by is not None:
            # Never as the requester's own words.
            who = f"{safe_line(ticket.more.written_by, 40)} for {'you' if plain else ticket.requester}"
            return Entry(key, "staff", opened, who, thread.description, gap, files=files)
        return Entry(key, "requester", opened, ticket.requester, thread.description, gap, files=files)
    kind: Kind = "note" if one.internal else "staff" if one.from_staff else "customer"
    if kind == "customer" and one.sender_id == thread.ticket.customer_id:
        kind = "requester"
    return Entry(str(one.id), kind, one.created_at, one.sender, one.content, gap, one, files=_files(thread, one.id))


def _files(thread: Thread, message: UUID | None) -> tuple[Attachment, ...]:
    return tuple(each for each in thread.attachments if each.message_id == message)


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"
