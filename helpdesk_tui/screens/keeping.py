"""A link's outbox: what was done and has not reached the database is kept, sent when it can be, and told of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from helpdesk_tui.core.acts import Change
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.model import Thread, Ticket, Unsent
    from helpdesk_tui.core.outbox import Entry, Happened, Outbox
    from helpdesk_tui.core.requests import Sent
    from helpdesk_tui.core.written_down import Written
    from helpdesk_tui.screens.link import Link

__all__ = ["Keeping", "listed"]


class Keeping:
    """Stands between one person's outbox and the screens.

    Args:
        link: whose.
        desk: what is asked.
        path: the journal.

    Raises:
        JournalError: nothing can be kept there.
    """

    def __init__(self, link: Link, desk: Desk, path: Path) -> None:
        from helpdesk_tui.core.journal import Journal
        from helpdesk_tui.core.outbox import Outbox
        from helpdesk_tui.core.outbox_kinds import performing

        self._link = link
        self._desk = desk
        #: What is still to be done to which tickets, in order.
        self.line: dict[UUID, list[Change]] = {}
        #: Messages in line by ticket and id; and those that have left it, until a reading shows what became of them.
        #: The titles of new requests in line.
        self.requests: tuple[str, ...] = ()
        self._unsent: dict[UUID, dict[UUID, Unsent]] = {}
        self._left: dict[UUID, dict[UUID, Unsent]] = {}
        self.outbox: Outbox = Outbox(Journal.open(path), link.drafts_owner, performing(desk), self._happened)
        desk.keep(self.outbox)

    def as_done(self, ticket: Ticket) -> Ticket:
        """A ticket as it will be, once what waits has been done to it; in its place among the others."""
        looks = ticket
        for change in self.line.get(ticket.id, ()):
            looks = change.applied(looks)
        return replace(looks, updated_at=ticket.updated_at)

    def unsent(self, ticket_id: UUID) -> tuple[Unsent, ...]:
        """What was written to a ticket and waits, or was refused, in order. What was sent a moment ago is among it, so
        that it does not vanish before the thread is read again."""
        return tuple((self._left.get(ticket_id, {}) | self._unsent.get(ticket_id, {})).values())

    def seen(self, thread: Thread) -> None:
        """A thread was read: it tells what has become of what had left the line before."""
        self._left.pop(thread.ticket.id, None)

    def drop(self, entry: Entry) -> None:
        """Take something out of the line for good.

        Raises:
            JournalError: it cannot be.
        """
        self._unsent.get(entry.tickets[0], {}).pop(entry.id, None)
        self.outbox.drop(entry.id)

    def _write_up(self, entries: tuple[Entry, ...]) -> None:
        """Which messages are in line; what has left it is read again where it went."""
        from helpdesk_tui.core.outbox_kinds import unsent

        self.requests = tuple(
            each.payload["title"]
            for each in entries
            if each.kind == "request" and not each.refused and each.payload.get("caller") is None
        )
        before, self._unsent = self._unsent, {}
        for entry in entries:
            if entry.is_message:
                there = self._unsent.setdefault(entry.tickets[0], {})
                there[entry.id] = unsent(entry, self._desk.me, self.outbox.files(entry))
        for ticket_id, those in before.items():
            now = self._unsent.get(ticket_id, {})
            gone = {k: each for k, each in those.items() if k not in now and each.refused is None}
            if gone:
                self._left.setdefault(ticket_id, {}).update(gone)
                self._link.mark(frozenset([ticket_id]))

    def _line_up(self, entries: tuple[Entry, ...]) -> None:
        from helpdesk_tui.core.acts import Change

        names = {each.id: each.name for each in self._desk.staff}
        names |= {each.id: each.name for each in self._desk.departments}
        self.line = {}
        for entry in entries:
            if entry.refused is None:
                change = Change.of(entry.payload["change"], names) if entry.kind == "act" else Change()
                for ticket_id in entry.tickets:
                    self.line.setdefault(ticket_id, []).append(change)

    def tell(self) -> None:
        """Tell the screens what is in line.

        Raises:
            JournalError: the journal cannot be read.
        """
        entries = self.outbox.entries()
        self._line_up(entries)
        self._write_up(entries)
        refused = sum(1 for each in entries if each.refused is not None)
        self._link.set_unsent(len(entries) - refused, refused)

    def _happened(self, event: Happened) -> None:
        from helpdesk_tui.core.journal import JournalError

        try:
            self.tell()
            if event.what == "done" and event.entry is not None and event.entry.kind == "request":
                self._request_done(event.entry, event.value)
        except JournalError as error:
            self._link.say(str(error), alarm=True)
        if event.entry is None or event.what == "queued":
            return
        words = event.entry.has_words
        if event.what == "done":
            self._link.say(f"{'Sent' if words else 'Done'} now: {event.entry.words}")
        elif event.what == "refused":
            back = " Its words are a draft again." if words else " O lists it."
            self._link.say(f"NOT {'sent' if words else 'done'}: {event.entry.words}: {event.why}{back}", alarm=True)
        self._link.mark(frozenset(event.entry.tickets))

    def _request_done(self, entry: Entry, sent: Sent | Written) -> None:
        if not sent.same:
            from helpdesk_tui.core.journal import Draft, Kind

            # Another window had sent an earlier text of it: what was changed since becomes an answer.
            words = f"{entry.payload['title']}\n\n{entry.payload['content']}"
            kind: Kind = "reply" if entry.payload.get("caller") is None else "note"
            self.outbox.keep_draft(Draft(entry.owner, entry.id, kind, words))


def listed(entry: Entry) -> str:
    """One line of the list of what waits."""
    if entry.refused is not None:
        return f"✖ refused: {entry.words}: {entry.refused}"
    return f"◌ waits since {entry.queued_at.astimezone():%H:%M}: {entry.words}"
