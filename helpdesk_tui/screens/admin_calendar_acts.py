"""Administration of calendars: made, changed a part at a time, removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.sla_rules import DAYS, Calendar, Rules, holidays_of, hours_of, hours_words, named
from helpdesk_tui.screens.admin_calendars import opens
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_promise_acts import AdminPromises
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminCalendars"]

_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class AdminCalendars(AdminPromises):
    """Acts on calendars."""

    def _calendar(self) -> Calendar | None:
        row = self.calendars.rows.selected
        return row if self.section is self.calendars and isinstance(row, Calendar) and self.asked is not None else None

    # A new one

    def action_new(self) -> None:
        """Make one."""
        if self.section is not self.calendars:
            super().action_new()
        elif self.asked is not None:
            self._ask_calendar("")

    def _ask_calendar(self, text: str) -> None:
        def given(name: str) -> None:
            if named(self.calendars.all, name) is not None:
                self.say(f"There is a calendar {name} already", alarm=True)
                self._ask_calendar(name)
            else:
                zone = next((each.zone for each in self.calendars.all), "UTC")
                self._ask_zone(Calendar(name, zone), lambda made: self._ask_week(made, "mon-fri=09:00-17:00", None))

        self.ask_words("new calendar: its name", text, given)

    def _ask_zone(self, calendar: Calendar, then: Callable[[Calendar], None]) -> None:
        self.ask_words(
            f"{calendar.name}: its time zone", calendar.zone, lambda zone: then(replace(calendar, zone=zone))
        )

    def _ask_week(self, calendar: Calendar, text: str, before: Calendar | None) -> None:
        def given(words: str) -> None:
            try:
                hours = hours_of(words.split())
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                self._ask_week(calendar, words, before)
            else:
                after = replace(calendar, hours=hours)
                self._save_calendar(before, after, f"{after.name}: {hours_words(hours)}", again)

        def again() -> None:
            if before is None:
                self._ask_zone(calendar, lambda made: self._ask_week(made, text, None))
            else:
                self._ask_week(calendar, text, before)

        self.ask_words(f"{calendar.name}: its week", text, given)

    # Another look of one

    def action_rename(self) -> None:
        """Change a calendar."""
        if self.section is self.calendars:
            self._change_calendar()
        else:
            super().action_rename()

    def action_go(self) -> None:
        """Change a calendar."""
        if self.section is self.calendars:
            self._change_calendar()
        else:
            super().action_go()

    def _change_calendar(self) -> None:
        calendar = self._calendar()
        if calendar is None:
            return
        parts: dict[str, Callable[[], None]] = {
            "w": lambda: self._ask_week(calendar, hours_words(calendar.hours), calendar),
            "d": lambda: self._ask_day(calendar),
            "z": lambda: self._ask_another_zone(calendar),
            "h": lambda: self._ask_holidays(calendar, ""),
            "o": lambda: self._ask_no_holiday(calendar),
        }
        choices = [
            Choice("w", f"its week: {hours_words(calendar.hours)}", "w"),
            Choice("d", "the hours of one day of the week", "d"),
            Choice("z", f"its time zone: {calendar.zone}", "z"),
            Choice("h", "holidays, or days with hours of their own: add some", "h"),
        ]
        if calendar.holidays:
            choices.append(Choice("o", "one of these: a day like any other again", "o"))
        self.ask_for(f"{calendar.name}: what to change", choices, lambda part: parts[part]())

    def _ask_another_zone(self, calendar: Calendar) -> None:
        def then(after: Calendar) -> None:
            again = lambda: self._ask_zone(calendar, then)  # noqa: E731
            self._save_calendar(calendar, after, f"{after.name}: {after.zone}", again)

        self._ask_zone(calendar, then)

    def _ask_day(self, calendar: Calendar) -> None:
        def given(day: str, words: str) -> None:
            spans = [] if words.casefold() == "closed" else [each.strip() for each in words.split(",") if each.strip()]
            after = replace(calendar, hours={**calendar.hours, day: spans})
            said = f"{after.name}: {day} {opens(spans)}"
            self._save_calendar(calendar, after, said, lambda: ask(day, words))

        def ask(day: str, text: str) -> None:
            question = f"{calendar.name}: {_NAMES[DAYS.index(day)]}, from-to or closed"
            self.ask_words(question, text, lambda words: given(day, words))

        choices = [
            Choice(day, f"{name}: {opens(calendar.hours.get(day, ()))}") for day, name in zip(DAYS, _NAMES, strict=True)
        ]
        self.ask_for(
            f"{calendar.name}: which day",
            choices,
            lambda day: ask(day, ",".join(calendar.hours.get(day, ())) or "closed"),
        )

    def _ask_holidays(self, calendar: Calendar, text: str) -> None:
        def given(words: str) -> None:
            try:
                added = holidays_of(words.split())
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                self._ask_holidays(calendar, words)
                return
            after = replace(calendar, holidays={**calendar.holidays, **added})
            said = ", ".join(f"{day} {opens(spans)}" for day, spans in added.items())
            self._save_calendar(calendar, after, f"{after.name}: {said}", lambda: self._ask_holidays(calendar, words))

        self.ask_words(f"{calendar.name}: holidays, as 2026-12-25[=09:00-12:00]", text, given)

    def _ask_no_holiday(self, calendar: Calendar) -> None:
        def chosen(gone: str) -> None:
            kept = {day: spans for day, spans in calendar.holidays.items() if day != gone}
            self._save_calendar(
                calendar, replace(calendar, holidays=kept), f"{calendar.name}: {gone} like any other", lambda: None
            )

        choices = [Choice(day, f"{day} {opens(spans)}") for day, spans in sorted(calendar.holidays.items())]
        self.ask_for(f"{calendar.name}: which is a day like any other again", choices, chosen)

    def _save_calendar(self, before: Calendar | None, after: Calendar, words: str, again: Callable[[], None]) -> None:
        """Saves a calendar, at once on the screen; where it is refused, asks ``again``."""
        if after == before or self.admin is None:
            return
        rules = Rules(self.admin.database)

        async def back() -> str:
            if before is None:
                await rules.remove("calendar", after.name)
                return f"Undone: calendar {after.name} removed"
            await rules.set_calendar(before)
            return f"Undone: {words}"

        async def run() -> tuple[str, Back]:
            await rules.set_calendar(after)
            return f"made the calendar {after.name}" if before is None else words, Back("", back)

        self.do_or_again(Doing(self.calendars, words, {after.name: after}, run, after.name), again)

    def action_remove(self) -> None:
        """Remove a calendar that no policy counts by."""
        calendar = self._calendar()
        if calendar is None or self.admin is None:
            super().action_remove()
            return
        if users := self.calendars.users(calendar):
            self.say(f"{calendar.name} stays, {users} by it: other hours first (8, Enter, h)", alarm=True)
            return
        rules = Rules(self.admin.database)

        async def back() -> str:
            await rules.set_calendar(calendar)
            return f"Undone: calendar {calendar.name} is back"

        async def run() -> tuple[str, Back]:
            await rules.remove("calendar", calendar.name)
            return f"removed the calendar {calendar.name}", Back("", back)

        self.do(Doing(self.calendars, f"calendar {calendar.name} removed", {calendar.name: None}, run))
