"""Who is given the tickets that come in, and who is away. docs/routing.md"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, Literal, cast
from uuid import UUID, uuid4

from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

Mode = Literal["manual", "round robin", "least loaded"]
Handing = Literal["person", "next", "queue"]
"""What somebody holds goes to a colleague, to whomever routing gives it, or back to the queue."""
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


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody of the team would hand over: open tickets, running chats.

    ``routed`` is whether their department gives tickets out by itself.
    """

    tickets: int
    chats: int
    routed: bool

    @property
    def anything(self) -> bool:
        """Whether there is anything to hand over."""
        return self.tickets > 0 or self.chats > 0


@dataclass(frozen=True, slots=True)
class Left:
    """What was handed over.

    Args:
        act: what takes it back (``helpdesk.undo_act``); None: there was nothing to hand over.
        tickets: their numbers.
        chats: how many.
        kept: how many tickets and chats could not be handed over.
    """

    act: UUID | None
    tickets: tuple[int, ...]
    chats: int
    kept: int

    @property
    def words(self) -> str:
        """Behind what was said of the absence: ", 2 tickets and 1 chat"; empty where nothing was handed over."""
        parts = []
        if self.tickets:
            parts.append(f"{len(self.tickets)} ticket{'' if len(self.tickets) == 1 else 's'}")
        if self.chats:
            parts.append(f"{self.chats} chat{'' if self.chats == 1 else 's'}")
        return f", {' and '.join(parts)}" if parts else ""


def presets(now: datetime, zone: tzinfo | None = None) -> list[tuple[str, str, datetime | None]]:
    """Until when people are away most often: a key, words, the moment (None: until they are back).

    Args:
        now: aware.
        zone: where they are; None: where this machine is.
    """
    here = now.astimezone(zone)

    def morning(days: int) -> datetime:
        naive = datetime.combine(here.date() + timedelta(days=days), time(9))
        return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)

    monday = 7 - here.weekday()
    found: list[tuple[str, str, datetime | None]] = [
        ("m", "half an hour", now + timedelta(minutes=30)),
        ("h", "an hour", now + timedelta(hours=1)),
        ("t", "until tomorrow 9:00", morning(1)),
    ]
    if monday > 1:
        found.append(("w", "until Monday 9:00", morning(monday)))
    return [*found, ("o", "until I am back", None)]


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


async def my_load(database: Database) -> Load:
    """What oneself would hand over."""
    rows = await database.fetch(
        Statement("select tickets, chats, routed from helpdesk.my_load()", (), positional(Load), writes=False)
    )
    return rows[0] if rows else Load(0, 0, False)


async def leave(
    database: Database,
    until: datetime | None,
    note: str | None,
    handing: Handing,
    heir: UUID | None,
    *,
    act: UUID | None = None,
) -> Left:
    """Oneself is away from now on, and what one holds is handed over, as one act.

    Args:
        until, note: as of ``set_away``.
        heir: the colleague, for ``person`` alone.
        act: an id, drawn by the caller; sent again under the same one, it is done once.

    Raises:
        BadInput, Refused: nothing was changed.
    """
    rows: list[dict[str, Any]] = await database.fetch(
        Statement(
            "select helpdesk.leave(%s, %s, %s, %s, %s)",
            (act or uuid4(), until, note, handing, heir),
            only(dict),
            writes=True,
        ),
        idempotent=True,
    )
    answer = rows[0]
    made = UUID(answer["act"]) if answer["act"] else None
    return Left(made, tuple(answer["tickets"]), answer["chats"], answer["kept"])


def route() -> Statement[int]:
    """Has what waits in one's departments given out to whoever became free by the clock. Answers how much that was."""
    return Statement("select helpdesk.route()", (), only(int), writes=True)


async def _do(database: Database, sql: str, *params: object) -> None:
    await database.fetch(Statement(sql, params, only(object), writes=True), idempotent=True)


def mode_of(word: str) -> Mode:
    """A mode as people write it: ``round-robin``, ``Round Robin``. An unknown word is the database's to refuse."""
    return cast("Mode", " ".join(word.lower().replace("-", " ").replace("_", " ").split()))
