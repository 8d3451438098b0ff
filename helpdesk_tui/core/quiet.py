"""When a bell may ring: quiet hours, and how long it is held so that many things are told at once.

Both lie in the person's preferences, under ``notices``, and hold on every device; what cannot be understood there says
nothing. docs/notifications.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Final

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.statement import Statement, only

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A bell is held for so many minutes at most.
MOST_MINUTES: Final = 240
_OFF: Final = ("off", "none")
_MINUTES: Final = re.compile(r"([0-9]{1,6})\s*(?:m|min|minutes?)?")
_SPAN: Final = re.compile(r"([^\s,–-]+)\s*(?:-|–|to\b|until\b)\s*([^\s,]+)(?:[\s,]+(.+))?")
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing rings, by the clock of the machine that would ring.

    Args:
        begins, ends: times of day; hours over midnight belong to the day on which they begin, the same time twice is
            the whole day.
        days: on which they begin, 0: Monday.
    """

    begins: time
    ends: time
    days: frozenset[int] = frozenset(range(7))

    def holds(self, now: datetime, zone: tzinfo | None = None) -> bool:
        """Whether a moment lies within them. ``zone`` None: this machine's."""
        here = now.astimezone(zone)
        at, today = here.time().replace(tzinfo=None), here.weekday()
        if self.begins < self.ends:
            return today in self.days and self.begins <= at < self.ends
        yesterday = (here.date() - timedelta(days=1)).weekday()
        return (today in self.days and at >= self.begins) or (yesterday in self.days and at < self.ends)

    @property
    def words(self) -> str:
        """For people: "22:00 to 07:00, mon tue wed"; the days only where they are not all."""
        days = "" if len(self.days) == 7 else ", " + " ".join(DAYS[day] for day in sorted(self.days))
        return f"{self.begins:%H:%M} to {self.ends:%H:%M}{days}"

    def as_json(self) -> dict[str, Any]:
        """As the preferences hold it."""
        return {"from": f"{self.begins:%H:%M}", "to": f"{self.ends:%H:%M}", "days": sorted(self.days)}


def time_from(text: object) -> time | None:
    """A time of day such as 7:30; None: it is none."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    return time(int(found[1]), int(found[2])) if found else None


def quiet_from(notices: object) -> Quiet | None:
    """The quiet hours that the preferences hold; None: none, or none that can be understood."""
    told = notices.get("quiet") if isinstance(notices, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    begins, ends, days = time_from(told.get("from")), time_from(told.get("to")), told.get("days", list(range(7)))
    if begins is None or ends is None or not isinstance(days, list):
        return None
    known = frozenset(day for day in days if isinstance(day, int) and not isinstance(day, bool) and 0 <= day < 7)
    return Quiet(begins, ends, known) if known else None


def digest_from(notices: object) -> int:
    """For how many minutes a bell is held; 0: not at all."""
    told = notices.get("digest") if isinstance(notices, Mapping) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 < told <= MOST_MINUTES else 0


def days_from(text: str) -> frozenset[int] | None:
    """Days as people write them: "mon-fri", "sat,sun", "all"; None: they are none."""
    found: set[int] = set()
    for part in text.lower().replace(" ", ",").split(","):
        if not part:
            continue
        if part == "all":
            return frozenset(range(7))
        ends = [next((n for n, day in enumerate(DAYS) if word[:3] == day), None) for word in part.split("-")]
        if len(ends) > 2 or any(end is None for end in ends):
            return None
        first, last = ends[0] or 0, ends[-1] or 0
        found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(found) or None


def quiet_of(text: str) -> Quiet | None:
    """Quiet hours as people write them: "22:00-07:00", "22:00 to 7:00, mon-fri"; None for "off".

    Raises:
        BadInput: they are none; says which part is not understood.
    """
    words = text.strip().casefold()
    if words in _OFF:
        return None
    found = _SPAN.fullmatch(words)
    if found is None:
        raise BadInput(f"“{text.strip()}” are no hours.", "Such as 22:00-07:00, or off.")
    ends = []
    for word in (found[1], found[2]):
        at = time_from(word)
        if at is None:
            raise BadInput(f"“{word}” is no time of day.", "Such as 22:00-07:00, or off.")
        ends.append(at)
    days = days_from(found[3] or "all")
    if days is None:
        raise BadInput(f"“{found[3]}” are no days.", "Such as mon-fri, or sat sun.")
    return Quiet(ends[0], ends[1], days)


def digest_of(text: str) -> int:
    """Minutes as people write them: "15", "15 min"; 0 for "off".

    Raises:
        BadInput: they are none, or too many.
    """
    words = text.strip().casefold()
    if words in _OFF:
        return 0
    found = _MINUTES.fullmatch(words)
    if found is None:
        raise BadInput(f"“{text.strip()}” is no number of minutes, and not off.")
    if int(found[1]) > MOST_MINUTES:
        raise BadInput(f"Bells are held for {MOST_MINUTES} minutes at most, and not {found[1]}.")
    return int(found[1])


def digest_words(minutes: int) -> str:
    """For how long bells are held, for people."""
    return f"{minutes} min" if minutes else "not at all"


def prefer(quiet: Quiet | None, digest: int) -> Statement[object]:
    """Keeps both with the person's preferences, and leaves everything else there as it is.

    Args:
        quiet: None: no quiet hours.
        digest: minutes; 0: every bell rings at once.
    """
    import json

    return Statement(
        "select helpdesk.prefer_bell(%s::jsonb, %s)",
        (None if quiet is None else json.dumps(quiet.as_json()), digest),
        only(object),
        writes=True,
    )
