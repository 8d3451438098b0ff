"""The section of calendars: in which hours what is promised is counted, and who counts by them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from helpdesk_tui.core.sla_rules import DAYS, Calendar, Policy, calendars, hours_words, policies
from helpdesk_tui.screens.admin_sections import Whole, counted
from helpdesk_tui.widgets.proposal import Note
from helpdesk_tui.widgets.ticket_header import Clock

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

__all__ = ["Calendars", "opens"]

#: So many holidays to come are shown.
HOLIDAYS: Final = 5


def opens(spans: Sequence[str]) -> str:
    """The hours of a day in words."""
    return ", ".join(spans) or "closed"


class Calendars(Whole):
    """The calendars, by name."""

    one, many = "calendar", "calendars"
    ADDING = "n makes one: the hours in which the time of a promise counts."
    HINTS: ClassVar[tuple[str, ...]] = ("place.home", "app.help", "admin.new", "admin.search", "admin.undo")

    def __init__(self, clock: Clock) -> None:
        super().__init__("calendars", "Hours", clock)
        self._clock = clock
        self.policies: list[Policy] = []

    def key(self, row: Calendar) -> Hashable:
        """Its name."""
        return row.name

    def searched(self, row: Calendar) -> str:
        """Its name, its zone and who counts by it."""
        return f"{row.name} {row.zone} {' '.join(self.counting(row))}"

    async def read(self, admin: Administration) -> None:
        """Read them all again."""
        turn = self.turn()
        found, counting = await admin.database.run(calendars(), policies())
        if not self.outdated(turn):
            self.stale = False
            self.all, self.policies = found, counting
            self.refilter()

    def counting(self, row: Calendar) -> list[str]:
        """The policies that count by it."""
        return [each.name for each in self.policies if each.calendar == row.name]

    def users(self, row: Calendar) -> str:
        """Who counts by it, as the beginning of a sentence; "" for nobody."""
        names = self.counting(row)
        return f"{', '.join(names)} count{'s' if len(names) == 1 else ''}" if names else ""

    def notes(self) -> list[Note]:
        """When it is open, on which days it is not, and who counts by it."""
        row = self.rows.selected
        if not isinstance(row, Calendar):
            return []
        said: list[Note] = [
            (row.name, "title"),
            (f"{row.zone} · {self.users(row) or 'no policy counts'} by it", "text"),
        ]
        week = [each.replace("=", " ").replace(",", ", ") for each in hours_words(row.hours).split()]
        if closed := [day for day in DAYS if not row.hours.get(day)]:
            week.append(f"closed on {', '.join(closed)}")
        said.append((" · ".join(week), "text"))
        today = f"{self._clock():%Y-%m-%d}"
        ahead = [f"{day} {opens(spans)}" for day, spans in sorted(row.holidays.items()) if day >= today]
        if others := len(row.holidays) - len(ahead[:HOLIDAYS]):
            ahead[HOLIDAYS:] = [f"and {counted(others, 'other day')} with hours of their own"]
        if ahead:
            said.append((" · ".join(ahead), "text"))
        return [*said, ("", "muted"), ("n new · Enter change · x remove", "muted")]
