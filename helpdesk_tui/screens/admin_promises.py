"""The section of SLA policies: what requesters are promised, and in which hours it is counted."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

from helpdesk_tui.core.administration import items
from helpdesk_tui.core.administration_model import Item
from helpdesk_tui.core.sla_rules import Calendar, Policy, calendars, duration, hours_words, policies
from helpdesk_tui.screens.admin_sections import Whole, counted
from helpdesk_tui.widgets.proposal import Note
from helpdesk_tui.widgets.ticket_header import Clock

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

__all__ = ["PROMISED", "Promises", "within"]

#: By what a policy calls them, in words.
PROMISED = {"first": "first reply", "next": "next reply", "resolution": "resolution"}


def within(time: int | None) -> str:
    """A promise's time in words."""
    return "none" if time is None else duration(time)


class Promises(Whole):
    """The SLA policies, by name."""

    one, many = "policy", "policies"
    ADDING = "n makes one: what requesters are promised, and within which time."
    HINTS: ClassVar[tuple[str, ...]] = ("place.home", "app.help", "admin.new", "admin.search", "admin.undo")

    def __init__(self, clock: Clock) -> None:
        super().__init__("policies", "SLA", clock)
        self.calendars: list[Calendar] = []
        self.categories: list[Item] = []

    def key(self, row: Policy) -> Hashable:
        """Its name."""
        return row.name

    def searched(self, row: Policy) -> str:
        """Its name, and which tickets it is for."""
        return f"{row.name} {row.whom} {row.calendar or ''}"

    async def read(self, admin: Administration) -> None:
        """Read them all again."""
        turn = self.turn()
        found, hours, categories = await admin.database.run(policies(), calendars(), items("categories"))
        if not self.outdated(turn):
            self.stale = False
            self.all, self.calendars, self.categories = found, hours, categories
            self.refilter()

    def notes(self) -> list[Note]:
        """What it promises to whom, in which hours."""
        row = self.rows.selected
        if not isinstance(row, Policy):
            return []
        times = [
            f"{words} {within(time)}" for key, words in PROMISED.items() if (time := getattr(row, key)) is not None
        ]
        said: list[Note] = [
            (row.name, "title"),
            (f"for {'' if row.for_all else 'tickets: '}{row.whom} · {counted(row.tickets, 'open one')} now", "text"),
            (f"{' · '.join(times)}, {self._counted_in(row)}", "text"),
        ]
        return [*said, ("", "muted"), ("n new · Enter change · x remove", "muted")]

    def _counted_in(self, row: Policy) -> str:
        if row.calendar is None:
            return "around the clock"
        known = next((each for each in self.calendars if each.name == row.calendar), None)
        if known is None:
            return f"counted in {row.calendar}"
        closed = f"; {counted(len(known.holidays), 'day')} with hours of their own" if known.holidays else ""
        return f"counted in {known.name} ({known.zone}): {hours_words(known.hours) or 'never'}{closed}"
