"""What a ticket is promised: a first response, a next one, a resolution, each by when and how it stands.

The database works out when a promise is due, in the hours of a calendar; here it is compared with the clock. Time left
is time until then, not business time; where time stands still, what is left of the business time is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args

__all__ = ["GLYPHS", "SOON", "TARGETS", "TARGET_WORDS", "Promise", "Sla", "State", "span"]

Target = Literal["first", "next", "resolution"]
State = Literal["running", "soon", "breached", "paused", "met", "late"]

TARGETS: Final[tuple[Target, ...]] = get_args(Target)
TARGET_WORDS: Final[Mapping[Target, str]] = {
    "first": "first reply",
    "next": "next reply",
    "resolution": "resolution",
}
#: Where there is room for one word.
_SHORT: Final[Mapping[Target, str]] = {"first": "reply", "next": "reply", "resolution": "solve"}
GLYPHS: Final[Mapping[State, str]] = {
    "running": "◔",
    "soon": "◕",
    "breached": "✖",
    "paused": "‖",
    "met": "✓",
    "late": "✗",
}
MINUTE: Final = timedelta(minutes=1)
"""What is overdue is so by this at least: by nothing would read as not yet."""
SOON: Final = timedelta(hours=1)
"""From then on a promise is about to be broken, unless the owner of the database set another time."""


def span(time: timedelta) -> str:
    """A span in at most three characters: ``42m``, ``3h``, ``12d``; ``0m`` under a minute."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h"
    days = minutes // (24 * 60)
    return f"{days}d" if days < 100 else f"{min(days // 7, 99)}w"


@dataclass(frozen=True, slots=True)
class Promise:
    """One of them.

    Attributes:
        target: what is promised.
        due: when; None while its time stands still, unless it was due before that.
        met: when it was met.
        left: the business time left, where time stands still.
    """

    target: Target
    due: datetime | None = None
    met: datetime | None = None
    left: timedelta | None = None

    def state(self, now: datetime) -> State:
        """How it stands."""
        if self.met is not None:
            return "late" if self.due is not None and self.due < self.met else "met"
        if self.left is not None:
            return "paused"
        if self.due is None:
            return "running"
        return "breached" if self.due < now else "soon" if self.due <= now + SOON else "running"

    def short(self, now: datetime) -> str:
        """In twelve characters at most: ``◔ reply 42m``, ``✖ reply -51m``, ``‖ solve 5h``."""
        state = self.state(now)
        start = f"{GLYPHS[state]} {_SHORT[self.target]}"
        if self.left is not None:
            return f"{start} {span(self.left)}"
        if self.due is None:
            return start
        if self.due < now:
            return f"{start} -{span(max(now - self.due, MINUTE))}"
        return f"{start} {span(self.due - now)}"

    def words(self, now: datetime) -> str:
        """With its state in words: ``✖ first reply 3h overdue``, ``‖ resolution paused, 5h left``."""
        state = self.state(now)
        start = f"{GLYPHS[state]} {TARGET_WORDS[self.target]}"
        if state in ("met", "late"):
            return f"{start} {'met' if state == 'met' else 'met late'}"
        if self.left is not None:
            return f"{start} paused, {span(self.left)} left"
        if self.due is None:
            return start
        if self.due < now:
            return f"{start} {span(max(now - self.due, MINUTE))} overdue"
        return f"{start} in {span(self.due - now)}"


@dataclass(frozen=True, slots=True)
class Sla:
    """The promises of a ticket, in the order of ``TARGETS``."""

    promises: tuple[Promise, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Sla:
        """What the database told."""
        return cls(tuple(_promise(target, told[target]) for target in TARGETS if target in told))

    @property
    def unmet(self) -> Iterable[Promise]:
        """Those that still bind."""
        return (promise for promise in self.promises if promise.met is None)

    @property
    def next(self) -> Promise | None:
        """The one to look at: the soonest, else one whose time stands still; None where nothing is left to be met."""

        def soonest(promise: Promise) -> tuple[datetime, timedelta]:
            return promise.due or datetime.max.replace(tzinfo=UTC), promise.left or timedelta.max

        return min(self.unmet, key=soonest, default=None)

    @property
    def due(self) -> datetime | None:
        """When the soonest is due, as the database sorts by it; None for none."""
        return min((promise.due for promise in self.unmet if promise.due is not None), default=None)


def _promise(target: Target, told: Mapping[str, Any]) -> Promise:
    due, met, left = (told.get(key) for key in ("due", "met", "left"))
    return Promise(
        target,
        datetime.fromisoformat(due) if due is not None else None,
        datetime.fromisoformat(met) if met is not None else None,
        timedelta(seconds=left) if left is not None else None,
    )
