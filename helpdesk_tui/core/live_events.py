"""What live changes are made of: what is told, how far it can be trusted, and what a notification may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.dirty import Tickets

Name = Literal["connecting", "live", "stale", "polling", "down"]
Reason = Literal["connected", "notified", "many", "access", "polled", "safety"]


@dataclass(frozen=True, slots=True)
class Changed:
    """Something changed, or may have.

    Args:
        tickets: which ones; None: read everything again.
        reason: ``connected`` (again), ``notified``, ``many`` (too many to name), ``access`` (what this person may see
            is another now), ``polled``, or ``safety``: for good measure, once a minute.
    """

    tickets: Tickets
    reason: Reason


@dataclass(frozen=True, slots=True)
class State:
    """How far what is on the screen can be trusted to be up to date.

    Args:
        name: ``connecting`` at first; ``live``; ``polling``: asked every few seconds instead of being told;
            ``stale``: the connection is lost and is being made again; ``down``: it could not be made for a while.
        since: unix seconds. For ``stale`` and ``down`` when the server was last heard of, else since when it is so.
        why: for people; empty where nothing is wrong.
    """

    name: Name
    since: float
    why: str = ""


Event = Changed | State


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds."""

    idle: float = 5.0
    """After so much silence the server is asked whether it is there."""
    answer: float = 3.0
    """So long it has to answer; with ``idle`` this is within the 10 seconds after which ``stale`` must be shown."""
    probe: float = 1.5
    """So long a notification to oneself may take; after that, notifications do not pass here."""
    safety: float = 60.0
    """Everything is read again this often, whatever was heard."""
    retry_first: float = 0.1
    retry_most: float = 10.0
    """The first retry is at once, the next after ``retry_first``, then twice as long each time up to this."""
    down_after: float = 10.0
    """Not reconnected for so long, the state is ``down``."""
    polling_again: float = 300.0
    """Where notifications do not pass, listening is tried again this often."""
    access_again: float = 1.0
    """Being told that one's channels have other names is believed this often at most."""


_UUID = r'"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"'
_IDS = re.compile(rf"\[{_UUID}(?:, ?{_UUID})*\]")
MANY, ACCESS = "*", "!"


def parse(payload: str) -> frozenset[UUID] | None:
    """The ticket ids of a notification; None for anything but a JSON array of them.

    Any session of the database may send anything on any channel, so this is no JSON parser: it cannot be fed
    something deep, large or odd.
    """
    if _IDS.fullmatch(payload) is None:
        return None
    return frozenset(UUID(each) for each in payload[2:-2].replace('", "', '","').split('","'))
