"""A calendar minute by minute: what the database works out by spans, counted the slow way from the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """Hours of a week and days of their own, as they are given to the database."""

    zone: str
    hours: Mapping[str, Sequence[str]]
    holidays: Mapping[str, Sequence[str]]

    @cached_property
    def _holidays(self) -> dict[date, list[tuple[int, int]]]:
        return {date.fromisoformat(day): [_span(span) for span in spans] for day, spans in self.holidays.items()}

    @cached_property
    def _week(self) -> list[bool]:
        """Each minute of a week from Monday's midnight."""
        week = [False] * 10080
        for day, spans in self.hours.items():
            for span in spans:
                first, last = _span(span)
                for minute in range(first, last if last > first else last + 1440):
                    week[(DAYS.index(day) * 1440 + minute) % 10080] = True
        return week

    def is_open(self, minute: datetime) -> bool:
        """Whether it is open in the minute that begins then."""
        local = minute.astimezone(ZoneInfo(self.zone))
        at = local.hour * 60 + local.minute
        spans = self._holidays.get(local.date())
        if spans is not None:
            return any(first <= at < last for first, last in spans)
        return self._week[local.weekday() * 1440 + at]


def _span(words: str) -> tuple[int, int]:
    (a, b), (c, d) = (part.split(":") for part in words.split("-"))
    return int(a) * 60 + int(b), int(c) * 60 + int(d)


class Window:
    """Some days of a calendar (None: around the clock), each minute asked once.

    ``start`` is a full minute; instants may have seconds, and lie between it and ``start + days``.
    """

    def __init__(self, calendar: Calendar | None, start: datetime, days: int) -> None:
        self.start = start.astimezone(UTC)
        self.minutes = [calendar is None or calendar.is_open(self.start + n * MINUTE) for n in range(days * 1440)]
        self._sums = [0, *accumulate(self.minutes)]

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        """How much of the time between two instants is open."""
        return self._until(until) - self._until(since)

    def _until(self, at: datetime) -> timedelta:
        whole, rest = divmod(at - self.start, MINUTE)
        part = rest if whole < len(self.minutes) and self.minutes[whole] else timedelta()
        return self._sums[whole] * MINUTE + part

    def deadline(self, at: datetime, need: timedelta) -> datetime | None:
        """The first instant by which so much open time has passed since ``at``; None beyond the window."""
        minute, rest = divmod(at - self.start, MINUTE)
        while need > timedelta() and minute < len(self.minutes):
            here = MINUTE - rest if self.minutes[minute] else timedelta()
            if here >= need:
                return self.start + minute * MINUTE + rest + need
            need, minute, rest = need - here, minute + 1, timedelta()
        return at if need <= timedelta() else None
