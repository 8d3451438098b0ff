"""What became of a person's tickets since they were last here. docs/notifications.md"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.text import safe_line

MOST: Final = 100
#: How a kind is told: once, and several times. ``{who}`` is who did it last.
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "new": ("new, from {who}", "new, from {who}"),
    "reply": ("{who} answered", "{times} answers, {who}'s the last"),
    "note": ("{who} wrote a note", "{times} notes, {who}'s the last"),
    "given": ("given to you by {who}", "given to you by {who}"),
    "taken": ("taken from you by {who}", "taken from you by {who}"),
    "resolved": ("resolved by {who}", "resolved by {who}"),
    "mention": ("you were mentioned", "you were mentioned"),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to one ticket since a moment.

    Args:
        at: the last of it.
        what: kind, how often, and who it was last (None: nobody who signed in), the latest first.
    """

    id: UUID
    number: int
    title: str
    at: datetime
    what: tuple[tuple[str, int, str | None], ...]

    @property
    def words(self) -> str:
        """Who did what, in one line, harmless."""
        said = []
        for kind, times, who in self.what:
            one, many = _WORDS.get(kind, (kind, kind))
            nobody = "routing" if kind == "given" else "the system"
            said.append((one if times == 1 else many).format(who=safe_line(who or nobody, 60), times=times))
        return ", ".join(said)


def _happened(ticket: UUID, number: int, title: str, at: datetime, what: Sequence[Sequence[Any]]) -> Happened:
    return Happened(ticket, number, title, at, tuple((str(k), int(n), w) for k, n, w in what))


def here(*, begins: bool) -> Statement[datetime | None]:
    """Says that this person is at their desk; with ``begins`` that a session begins.

    Answers when they were last here before it; None: never, or a customer.
    """
    return Statement("select helpdesk.here(%s)", (begins,), only(datetime), writes=True)


def since(moment: datetime, limit: int = MOST) -> Statement[Happened]:
    """What became of one's tickets since a moment by others, a line a ticket, the latest first.

    Args:
        limit: lines at most, no more than 500.
    """
    return Statement(
        "select id, number, title, at, what from helpdesk.since(%s, %s)",
        (moment, limit),
        positional(_happened),
        writes=False,
    )
