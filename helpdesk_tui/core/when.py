"""Times as people write them: "2h", "tomorrow 14:00", "fri", "next monday", "2026-12-24 9:00", "in 3 days".

Pure: what time it is and where, the caller says. Days and weeks are those of the calendar: "in 3 days" is the same
time of day, also over a change to summer time; hours and minutes are those that pass. A time of day that such a change
leaves out is as much later; one that comes twice is the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from helpdesk_tui.core.errors import BadInput

__all__ = ["EXAMPLES", "parse", "presets", "time_left"]

EXAMPLES: Final = "2h, tomorrow 14:00, fri, next monday, in 3 days, 2026-12-24 9:00"
MORNING: Final = time(9)
"""Where a day begins that was named without a time."""
EVENING: Final = time(18)
FARTHEST: Final = timedelta(days=3660)

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SPAN = re.compile(r"(\d{1,5})\s*([a-z]+)")
_PASSING: Final = {"m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1, "h": 60, "hr": 60, "hrs": 60, "hour": 60}
_PASSING["hours"] = 60
_CALENDAR: Final = {"d": 1, "day": 1, "days": 1, "w": 7, "wk": 7, "week": 7, "weeks": 7}
_CLOCK = re.compile(r"(?:at\s+)?(?:(\d{1,2})(?::(\d{2}))?\s*([ap]m)|(\d{1,2}):(\d{2})|(noon))")


def parse(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The moment that somebody means.

    Args:
        text: what they wrote.
        now: aware.
        zone: where they are; None: where this machine is.

    Returns:
        A moment after ``now``, aware, in the zone.

    Raises:
        BadInput: it cannot be understood, is past, or more than ten years away.
    """
    words = " ".join(text.lower().replace(",", " ").split())
    if not words:
        raise BadInput("Until when?", f"Such as {EXAMPLES}.")
    here = now.astimezone(zone)
    try:
        found = _passing(words, here, zone) or _calendar(words, here, zone)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise BadInput(f"“{text.strip()[:60]}” is no time.", f"Such as {EXAMPLES}.")
    if found <= now:
        raise BadInput(f"{found:%a} {found.day} {found:%b} {found:%H:%M} is past.", "Give a time to come.")
    if found - now > FARTHEST:
        raise BadInput("That is more than ten years away.")
    return found


def _there(day: date, at: time, zone: tzinfo | None) -> datetime:
    """A time of a day in the zone, as it is written there: one that the clocks leave out is moved on."""
    naive = datetime.combine(day, at)
    local = naive.astimezone() if zone is None else naive.replace(tzinfo=zone)
    return datetime.fromtimestamp(local.timestamp(), zone) if zone is not None else local


def _passing(words: str, here: datetime, zone: tzinfo | None) -> datetime | None:
    """Such as "2h", "in 90 min", "1h30m", "in 3 days", "2w": from now on."""
    rest = words.removeprefix("in ")
    rest = re.sub(r"^an?\s+", "1 ", rest)
    minutes = days = 0
    at = 0
    while at < len(rest):
        span = _SPAN.match(rest, at)
        if span is None:
            return None
        number, unit = int(span[1]), span[2]
        if unit in _PASSING:
            minutes += number * _PASSING[unit]
        elif unit in _CALENDAR:
            days += number * _CALENDAR[unit]
        else:
            return None
        at = span.end()
        while at < len(rest) and rest[at] == " ":
            at += 1
    start = here
    if days:
        start = _there(here.date() + timedelta(days=days), here.timetz().replace(tzinfo=None), zone)
    moment = start.timestamp() + 60 * minutes
    return datetime.fromtimestamp(moment, zone) if zone is not None else datetime.fromtimestamp(moment).astimezone()


def _calendar(words: str, here: datetime, zone: tzinfo | None) -> datetime | None:
    """A day, a time of day, or both."""
    at: time | None = None
    clock = re.search(rf"(?:^|\s){_CLOCK.pattern}$", words)
    if clock is not None:
        at = _time_of_day(clock)
        words = words[: clock.start()].strip()
    elif words == "tonight":
        words, at = "today", EVENING
    today = here.date()

    def on(day: date) -> datetime:
        return _there(day, at or MORNING, zone)

    if not words:
        moment = on(today)
        return moment if moment > here else on(today + timedelta(days=1))
    if words == "today":
        return on(today) if at is not None else None
    return _named_day(words.removeprefix("on "), here, on)


def _time_of_day(clock: re.Match[str]) -> time:
    hour12, minute12, half, hour24, minute24, noon = clock.groups()
    if noon:
        return time(12)
    if half:
        if not 1 <= int(hour12) <= 12:
            raise ValueError(hour12)
        return time(int(hour12) % 12 + (12 if half == "pm" else 0), int(minute12 or 0))
    return time(int(hour24), int(minute24))


def _named_day(words: str, here: datetime, on: Callable[[date], datetime]) -> datetime | None:
    today = here.date()
    next_monday = today + timedelta(days=7 - today.weekday())
    if words in ("tomorrow", "tmr", "tom"):
        return on(today + timedelta(days=1))
    if words == "next week":
        return on(next_monday)
    name = words.removeprefix("next ")
    weekday = next((n for n, day in enumerate(_DAYS) if len(name) >= 2 and day.startswith(name)), None)
    if weekday is not None and (len(name) >= 3 or name in ("mo", "tu", "we", "th", "fr", "sa", "su")):
        if name != words:
            # That of the week to come, which begins with its Monday.
            return on(next_monday + timedelta(days=weekday))
        moment = on(today + timedelta(days=(weekday - today.weekday()) % 7))
        return moment if moment > here else on(moment.date() + timedelta(days=7))
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", words):
        year, month, day = map(int, words.split("-"))
        return on(date(year, month, day))
    return _day_of_year(words, here, on)


def _day_of_year(words: str, here: datetime, on: Callable[[date], datetime]) -> datetime | None:
    """Such as "24.12.", "24 dec", "dec 24", "24 dec 2026": without a year the next one."""
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", words)
    english = re.fullmatch(r"(?:(\d{1,2}) ([a-z]{3,})|([a-z]{3,}) (\d{1,2}))(?: (\d{4}))?", words)
    if german is not None:
        day, month, year = int(german[1]), int(german[2]), german[3]
    elif english is not None:
        name = english[2] or english[3]
        months = [n for n, each in enumerate(_MONTHS, 1) if each.startswith(name)]
        if len(months) != 1:
            return None
        day, month, year = int(english[1] or english[4]), months[0], english[5]
    else:
        return None
    if year:
        return on(date(int(year), month, day))
    for ahead in range(9):  # the 29th of February may be that far away
        try:
            moment = on(date(here.year + ahead, month, day))
        except ValueError:
            continue
        if moment > here:
            return moment
    return None


def presets(now: datetime, zone: tzinfo | None = None) -> Sequence[tuple[str, datetime]]:
    """What is most often meant, in words, the nearest first; each after ``now``."""
    here = now.astimezone(zone)
    later = (here + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    found = [("later today", later)] if later.date() == here.date() and later > here else []
    found.append(("tomorrow 9:00", parse("tomorrow 9:00", now, zone)))
    friday, monday = parse("fri 9:00", now, zone), parse("next monday 9:00", now, zone)
    if here.weekday() < 3:
        found.append(("Friday 9:00", friday))
    if monday.date() != found[-1][1].date():
        found.append(("Monday 9:00", monday))
    found.append(("in a week", parse("1w", now, zone)))
    found.append(("in a month", parse("30d", now, zone)))
    return found


def time_left(until: datetime, now: datetime) -> str:
    """How long it still is, in two parts at most: "3h 20m", "2d", "now" where it is over."""
    minutes = -(-int((until - now).total_seconds()) // 60)
    if minutes <= 0:
        return "now"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days >= 3:
        return f"{days}d"
    if days:
        return f"{days}d {hours}h" if hours else f"{days}d"
    if hours:
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    return f"{minutes}m"
