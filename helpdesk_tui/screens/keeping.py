"""A link's outbox: what was done and has not reached the database is kept, sent when it can be, and told of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.outbox import Entry, Happened, Outbox
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
        self.outbox: Outbox = Outbox(Journal.open(path), link.drafts_owner, performing(desk), self._happened)
        desk.keep(self.outbox)
        self._tell_how_many(self.outbox.entries())

    def waiting(self) -> frozenset[UUID]:
        """The tickets about which something waits."""
        return frozenset(each for entry in self.outbox.entries() if entry.refused is None for each in entry.tickets)

    def _tell_how_many(self, entries: tuple[Entry, ...]) -> None:
        refused = sum(1 for each in entries if each.refused is not None)
        self._link.set_unsent(len(entries) - refused, refused)

    def _happened(self, event: Happened) -> None:
        from helpdesk_tui.core.journal import JournalError

        try:
            self._tell_how_many(self.outbox.entries())
        except JournalError as error:
            self._link.say(str(error), alarm=True)
        if event.entry is None or event.what == "queued":
            return
        if event.what == "done":
            self._link.say(f"Done now: {event.entry.words}")
        elif event.what == "refused":
            back = " Its words are a draft again." if event.entry.is_message else " O lists it."
            self._link.say(f"NOT done: {event.entry.words}: {event.why}{back}", alarm=True)
        self._link.mark(frozenset(event.entry.tickets))


def listed(entry: Entry) -> str:
    """One line of the list of what waits."""
    if entry.refused is not None:
        return f"✖ refused: {entry.words}: {entry.refused}"
    return f"◌ waits since {entry.queued_at.astimezone():%H:%M}: {entry.words}"
