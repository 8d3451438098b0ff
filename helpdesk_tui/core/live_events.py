"""What live changes are made of: what is told, how far it can be trusted, and what a notification may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.dirty import Ids

Kind = Literal["tickets", "chats", "articles", "notices", "people", "presence"]
Doing = Literal["typing", "here", "away"]
Name = Literal["connecting", "live", "stale", "polling", "down"]
Reason = Literal["connected", "notified", "many", "access", "polled", "safety"]


@dataclass(frozen=True, slots=True)
class Changed:
    """Something changed, or may have.

    Args:
        ids: which ones; None: any may have.
        reason: ``connected`` (again), ``notified``, ``many`` (too many to name), ``access`` (what this person may see
            is another now), ``polled``, or ``safety``: for good measure, once a minute.
        kind: of what kind they are, where one was ``notified``; the other reasons are about every kind.
    """

    ids: Ids
    reason: Reason
    kind: Kind = "tickets"

    @property
    def tickets(self) -> Ids:
        """Which tickets; none where something else was notified."""
        return self.ids if self.about("tickets") else frozenset()

    def about(self, kind: Kind) -> bool:
        """Whether things of a kind may have changed."""
        return self.reason != "notified" or self.kind == kind


@dataclass(frozen=True, slots=True)
class Typing:
    """What the other side of a chat does at this moment. Nothing of it is stored; see ``core.chat_presence``.

    Args:
        chat: which chat session.
        by: who it is, by their own account: whoever knows one's channel can say so of another.
        what: ``typing``; ``here``: has the chat before them; ``away``: has left it.
    """

    chat: UUID
    by: UUID
    what: Doing = "typing"


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


Event = Changed | Typing | State


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
_LIST = rf"\[((?:{_UUID}(?:, ?{_UUID})*)?)\]"
_IDS = re.compile(_LIST)
_KIND = re.compile(rf'\{{"(chats|articles|notices|people|presence)": ?{_LIST}\}}')
_TYPING = re.compile(rf'\{{"(typing|here|away)": ?\{{"(by|chat)": ?({_UUID}), ?"(by|chat)": ?({_UUID})\}}\}}')
_DOING: Mapping[str, Doing] = {"typing": "typing", "here": "here", "away": "away"}
_KINDS: Mapping[str, Kind] = {
    "chats": "chats",
    "articles": "articles",
    "notices": "notices",
    "people": "people",
    "presence": "presence",
}
MANY, ACCESS = "*", "!"


def parse(payload: str) -> Changed | Typing | None:
    """What a notification says; None for anything but

    * a JSON array of ids: these tickets changed,
    * an object of one kind and an array of ids: these chats, articles, … changed; with no ids, any of them may have,
    * ``{"typing": {"chat": id, "by": id}}``, and the same with ``here`` and ``away``.

    Any session of the database may send anything on any channel, so this is no JSON parser: it cannot be fed
    something deep, large or odd.
    """
    if (found := _IDS.fullmatch(payload)) is not None:
        return Changed(_ids(found[1]), "notified") if found[1] else None
    if (found := _KIND.fullmatch(payload)) is not None:
        return Changed(_ids(found[2]) or None, "notified", _KINDS[found[1]])
    if (found := _TYPING.fullmatch(payload)) is not None and found[2] != found[4]:
        said = {found[2]: UUID(found[3].strip('"')), found[4]: UUID(found[5].strip('"'))}
        return Typing(said["chat"], said["by"], _DOING[found[1]])
    return None


def gathered(payloads: Iterable[str]) -> list[Changed | Typing]:
    """What several notifications say together: of each kind one change, of each writer one word."""
    changed: dict[Kind, Ids] = {}
    typing: list[Typing] = []
    for payload in payloads:
        match parse(payload):
            case Changed(ids, _, kind):
                held = changed.get(kind, frozenset())
                changed[kind] = None if ids is None or held is None else held | ids
            case Typing() as word if word not in typing:
                typing.append(word)
    return [*(Changed(ids, "notified", kind) for kind, ids in changed.items()), *typing]


def _ids(words: str) -> frozenset[UUID]:
    return frozenset(UUID(each) for each in words[1:-1].replace('", "', '","').split('","')) if words else frozenset()
