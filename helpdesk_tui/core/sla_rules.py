"""What an admin sets about SLAs, and what became of them: calendars, policies, the report."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.statement import Statement, only, positional

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = Mapping[str, Sequence[str]]
"""Spans of local time by day, such as ``{"mon": ["09:00-17:00"]}``."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the team works. ``holidays`` are days with hours of their own, mostly none; ``policies`` count by it."""

    name: str
    zone: str
    hours: Hours = field(default_factory=dict)
    holidays: Hours = field(default_factory=dict)
    policies: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised to tickets that have all of priority, category and department as far as they are named.

    The promises are minutes of the calendar, or around the clock where there is none. ``tickets`` are open ones.
    """

    name: str
    priority: str | None = None
    category: str | None = None
    department: str | None = None
    calendar: str | None = None
    first: int | None = None
    next: int | None = None
    resolution: int | None = None
    tickets: int = 0

    @property
    def for_all(self) -> bool:
        """Whether it names nothing that a ticket must have."""
        return not (self.priority or self.category or self.department)

    @property
    def whom(self) -> str:
        """Which tickets it is for, in words."""
        return ", ".join(each for each in (self.priority, self.category, self.department) if each) or "every ticket"

    @property
    def rule(self) -> dict[str, Any]:
        """As the database takes it."""
        return {key: getattr(self, key) for key in ("priority", "category", "department", "calendar", *PROMISES)}


PROMISES: Final = ("first", "next", "resolution")


@dataclass(frozen=True, slots=True)
class Kept:
    """How a department's or an agent's promises of one kind were kept: in time, late, and broken and not met yet."""

    department: str | None
    assignee: str | None
    target: str
    in_time: int
    late: int
    broken: int


class Rules:
    """Calendars and policies. The database refuses them to everybody but admins."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def calendars(self) -> list[Calendar]:
        """All of them by name."""
        return await self.database.fetch(calendars())

    async def policies(self) -> list[Policy]:
        """All of them by name."""
        return await self.database.fetch(policies())

    async def set_calendar(self, calendar: Calendar) -> None:
        """Save it in the place of the one of its name, if there is one."""
        given = (calendar.name, calendar.zone, Jsonb(dict(calendar.hours)), Jsonb(dict(calendar.holidays)))
        await self._change(Statement("select helpdesk.set_sla_calendar(%s, %s, %s, %s)", given, writes=True))

    async def set_policy(self, policy: Policy) -> None:
        """Save it in the place of the one of its name, if there is one."""
        given = (policy.name, Jsonb(policy.rule))
        await self._change(Statement("select helpdesk.set_sla_policy(%s, %s)", given, writes=True))

    async def remove(self, what: str, name: str) -> None:
        """Remove a ``policy`` or a ``calendar``."""
        await self._change(Statement("select helpdesk.remove_sla(%s, %s)", (what, name), writes=True))

    async def _change(self, change: Statement[Any]) -> None:
        await self.database.fetch(change)
        # The open tickets are worked out anew, some hundred at a time: nobody waits for more than those.
        step: Statement[bool] = Statement("select helpdesk.sla_refresh()", (), only(bool), writes=True)
        while not (await self.database.fetch(step, idempotent=True))[0]:
            pass


def calendars() -> Statement[Calendar]:
    """All calendars by name, for admins."""
    return Statement("select * from helpdesk.sla_calendars()", (), positional(Calendar), writes=False)


def policies() -> Statement[Policy]:
    """All policies by name, for admins."""
    return Statement("select * from helpdesk.sla_policies()", (), positional(Policy), writes=False)


def report(since: datetime, until: datetime) -> Statement[Kept]:
    """How promises were kept in a time, of the tickets that the person works on."""
    sql = "select * from helpdesk.sla_report(%(since)s, %(until)s)"
    return Statement(sql, {"since": since, "until": until}, positional(Kept), writes=False)


def named(those: Sequence[Calendar] | Sequence[Policy], name: str) -> Any:
    """The one of a name, whatever its capitals; None for none."""
    return next((each for each in those if each.name.casefold() == name.strip().casefold()), None)


_DURATION: Final = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?")


def minutes(words: str) -> int | None:
    """``30m``, ``4h``, ``1h30m``; None for ``none``.

    Raises:
        BadInput: it is none of these. A day is as long as a calendar makes it, so there are no days.
    """
    if words.casefold() == "none":
        return None
    found = _DURATION.fullmatch(words.strip().casefold())
    total = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    if not total:
        raise BadInput(f"{words!r} is no time to keep.", "A time is 30m, 4h or 1h30m of the calendar, or none.")
    return total


def duration(total: int) -> str:
    """Minutes as ``minutes`` takes them."""
    hours, rest = divmod(total, 60)
    return f"{hours}h" * bool(hours) + f"{rest}m" * bool(rest)


def hours_of(words: Sequence[str]) -> dict[str, list[str]]:
    """``mon-fri=09:00-12:30,13:00-17:00`` → spans by day; the last one about a day counts.

    Raises:
        BadInput: that is no day.
    """
    found: dict[str, list[str]] = {}
    for each in words:
        days, _, spans = each.partition("=")
        first, _, last = days.strip().casefold().partition("-")
        for day in (first, last or first):
            if day not in DAYS:
                raise BadInput(f"{day!r} in {each!r} is no day.", f"The days are {', '.join(DAYS)}.")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        for day in DAYS[begin : end + 1] if begin <= end else (*DAYS[begin:], *DAYS[: end + 1]):
            found[day] = [span.strip() for span in spans.split(",") if span.strip()]
    return found


def hours_words(hours: Hours) -> str:
    """Hours as ``hours_of`` takes them, days that are alike together: ``mon-thu=09:00-17:00 fri=09:00-12:00``."""
    found: list[tuple[str, str, str]] = []
    for n, day in enumerate(DAYS):
        spans = ",".join(hours.get(day, ()))
        if found and found[-1][2] == spans and found[-1][1] == DAYS[n - 1]:
            found[-1] = (found[-1][0], day, spans)
        elif spans:
            found.append((day, day, spans))
    return " ".join(f"{first}{f'-{last}' if last != first else ''}={spans}" for first, last, spans in found)


def holidays_of(words: Sequence[str]) -> dict[str, list[str]]:
    """``2026-12-25``, ``2026-12-24=09:00-12:00`` → spans by date.

    Raises:
        BadInput: that is no date.
    """
    found: dict[str, list[str]] = {}
    for each in words:
        day, _, spans = each.partition("=")
        try:
            known = date.fromisoformat(day.strip())
        except ValueError:
            raise BadInput(f"{day!r} is no date.", "A holiday is 2026-12-25, or 2026-12-24=09:00-12:00.") from None
        found[known.isoformat()] = [span.strip() for span in spans.split(",") if span.strip()]
    return found


def calendar_of(name: str, content: str) -> Calendar:
    """A calendar as TOML: ``zone``, a table ``hours`` and a table ``holidays``, both of lists of spans.

    Raises:
        BadInput: it is no TOML, or something else stands there.
    """
    try:
        told = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The calendar is no TOML: {error}.") from None
    if strange := sorted(told.keys() - {"zone", "hours", "holidays"}):
        raise BadInput(f"A calendar has no {strange[0]!r}.", "It has zone, hours and holidays.")
    zone, hours, holidays = told.get("zone"), told.get("hours", {}), told.get("holidays", {})
    if not isinstance(zone, str):
        raise BadInput("The calendar has no zone.", 'Such as zone = "Europe/Berlin".')
    for table, words in ((hours, "hours"), (holidays, "holidays")):
        if not isinstance(table, dict) or not all(
            isinstance(spans, list) and all(isinstance(span, str) for span in spans) for spans in table.values()
        ):
            raise BadInput(f"{words} is no table of lists of spans.", 'Such as mon = ["09:00-17:00"].')
    return Calendar(name, zone, hours, holidays)


def must_be(found: Any, what: str, name: str) -> Any:
    """What was looked for.

    Raises:
        NotFound: it is not there.
    """
    if found is None:
        raise NotFound(f"There is no {what} {name!r}.")
    return found
