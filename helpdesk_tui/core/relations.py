"""What tickets are to each other and to people: merged, split, linked, followed. Statements for ``Database.run``.

Each is done under an id that the client draws, once however often it is sent, and taken back with ``core.acts.undo``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.ticket_acts import Outcome

__all__ = ["LINKS", "LinkKind", "follow", "link", "link_kind", "merge", "split", "unlink", "unmerge"]

LinkKind = Literal["duplicate of", "caused by", "related to"]
LINKS: Final[tuple[LinkKind, ...]] = ("duplicate of", "caused by", "related to")
#: Read from the other end.
BACKWARDS: Final = {"duplicated by": "duplicate of", "cause of": "caused by", "split into": "split from"}

_OUTCOME: Final = positional(Outcome)


def link_kind(text: str) -> LinkKind:
    """The kind of link that somebody means: ``duplicate``, ``caused-by``, ``related`` …

    Raises:
        BadInput: there is none such.
    """
    wanted = text.strip().lower().replace("-", " ").replace("_", " ")
    fits = [kind for kind in LINKS if wanted and kind.startswith(wanted)]
    if len(fits) != 1:
        raise BadInput(f"There is no link “{text}”.", f"The links are {', '.join(LINKS)}.")
    return fits[0]


def merge(act: UUID, ids: Sequence[UUID], target: UUID, words: str) -> Statement[Outcome]:
    """Merges tickets into another one of the same requester: sent twice under one ``act``, it is done once."""
    return Statement(
        "select id, done, why from helpdesk.merge(%s, %s::uuid[], %s, %s)",
        (act, list(ids), target, words),
        _OUTCOME,
        writes=True,
    )


def unmerge(act: UUID, ticket: UUID) -> Statement[int]:
    """Takes the merge of a ticket back, whoever did it; the number of the ticket that it was merged into."""
    return Statement("select helpdesk.unmerge(%s, %s)", (act, ticket), only(int), writes=True)


def split(act: UUID, ticket: UUID, message: UUID, new_ticket: UUID, title: str, *, later: bool) -> Statement[int]:
    """Makes a new ticket of a message, with ``later`` of those after it; its number. Sent twice, it is done once."""
    return Statement(
        "select helpdesk.split(%s, %s, %s, %s, %s, %s)",
        (act, ticket, message, later, new_ticket, title),
        only(int),
        writes=True,
    )


def link(act: UUID, ticket: UUID, kind: LinkKind, other: UUID) -> Statement[bool]:
    """``ticket`` is ``kind`` ``other``, whatever was between them; whether that is anything new."""
    return Statement("select helpdesk.link(%s, %s, %s, %s)", (act, ticket, kind, other), only(bool), writes=True)


def unlink(act: UUID, ticket: UUID, other: UUID) -> Statement[tuple[None]]:
    """Takes the link between two tickets away."""
    return Statement("select helpdesk.unlink(%s, %s, %s)", (act, ticket, other), writes=True)


def follow(act: UUID, ids: Sequence[UUID], following: bool) -> Statement[Outcome]:
    """Follows tickets, or follows them no more: whoever does is told what their assignees are told."""
    return Statement(
        "select id, done, why from helpdesk.follow(%s, %s::uuid[], %s)",
        (act, list(ids), following),
        _OUTCOME,
        writes=True,
    )
