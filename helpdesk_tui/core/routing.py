"""Who is given the tickets that come in, and who is away. docs/routing.md"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Literal, cast
from uuid import UUID

from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

Mode = Literal["manual", "round robin", "least loaded"]
MODES: Final[tuple[Mode, ...]] = ("manual", "round robin", "least loaded")
WORDS: Final[dict[Mode, str]] = {
    "manual": "nobody is given any: whoever is free takes one",
    "round robin": "its agents in turn",
    "least loaded": "whoever holds the fewest open tickets",
}


@dataclass(frozen=True, slots=True)
class Routing:
    """How a department gives out what comes in.

    Args:
        capacity: how many open tickets an agent holds before they are passed over; None: any number.
        waiting: how many tickets wait until somebody has room.
        agents: how many there are, and how many of them are ``away``.
    """

    department_id: UUID
    name: str
    mode: Mode
    capacity: int | None
    waiting: int
    agents: int
    away: int

    @property
    def words(self) -> str:
        """In a few words, for people."""
        if self.mode == "manual":
            return "by hand"
        how = "in turn" if self.mode == "round robin" else "to whoever holds least"
        return how if self.capacity is None else f"{how}, up to {self.capacity}"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of a department, as routing sees them.

    Args:
        holds: open tickets.
        own: a capacity of their own; None: the department's.
        capacity: the one that counts; None: there is no limit.
        away, until, note: whether they are away now, until when (None: until they are back), and what they say of it.
    """

    id: UUID
    name: str
    email: str
    holds: int
    own: int | None
    capacity: int | None
    away: bool
    until: datetime | None
    note: str | None


def until_words(until: datetime | None, now: datetime, zone: tzinfo | None = None) -> str:
    """That somebody is away: "away until 14:00", "away until Tue 09:00", "away until 24 Dec", or "away" alone.

    Args:
        until: aware; None: until they are back.
        now: aware.
        zone: where the reader is; None: where this machine is.
    """
    if until is None:
        return "away"
    there, here = until.astimezone(zone), now.astimezone(zone)
    if there.date() == here.date():
        return f"away until {there:%H:%M}"
    if there - here < timedelta(days=6):
        return f"away until {there:%a %H:%M}"
    return f"away until {there.day} {there:%b}"


def departments() -> Statement[Routing]:
    """How every department does it. For admins."""
    return Statement(
        "select department, name, mode, capacity, waiting, agents, away from helpdesk.routing()",
        (),
        positional(Routing),
        writes=False,
    )


def agents(department: UUID) -> Statement[Agent]:
    """The agents of a department in the order of their turns. For admins."""
    return Statement(
        "select person, name, email, holds, own, capacity, away, until, note from helpdesk.routing_agents(%s)",
        (department,),
        positional(Agent),
        writes=False,
    )


async def set_routing(database: Database, department: UUID, mode: Mode, capacity: int | None) -> None:
    """Says how a department gives out what comes in from now on. For admins.

    Raises:
        BadInput, Refused, NotFound: nothing was changed.
    """
    await _do(database, "select helpdesk.set_routing(%s, %s, %s)", department, mode, capacity)


async def set_capacity(database: Database, person: UUID, capacity: int | None) -> None:
    """Gives an agent a capacity of their own; None: the department's. For admins.

    Raises:
        BadInput, Refused, NotFound: nothing was changed.
    """
    await _do(database, "select helpdesk.set_capacity(%s, %s)", person, capacity)


async def set_away(database: Database, until: datetime | None, note: str | None, person: UUID | None = None) -> None:
    """Somebody is away from now on.

    Args:
        until: aware; None: until they are back.
        note: what the team reads beside it.
        person: None: oneself; another one is an admin's to say.

    Raises:
        BadInput: that moment is past. Refused, NotFound: nothing was changed.
    """
    await _do(database, "select helpdesk.set_away(%s, %s, %s)", person, until, note)


async def set_back(database: Database, person: UUID | None = None) -> None:
    """Somebody is back. Arguments and errors as of ``set_away``."""
    await _do(database, "select helpdesk.set_back(%s)", person)


def route() -> Statement[int]:
    """Has what waits in one's departments given out to whoever became free by the clock. Answers how much that was."""
    return Statement("select helpdesk.route()", (), only(int), writes=True)


async def _do(database: Database, sql: str, *params: object) -> None:
    await database.fetch(Statement(sql, params, only(object), writes=True), idempotent=True)


def mode_of(word: str) -> Mode:
    """A mode as people write it: ``round-robin``, ``Round Robin``. An unknown word is the database's to refuse."""
    return cast("Mode", " ".join(word.lower().replace("-", " ").replace("_", " ").split()))
