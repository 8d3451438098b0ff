"""What tickets are to each other and to people: merged, split, linked, followed. Statements for ``Database.run``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast
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


def unmerge(ticket: UUID) -> Statement[int]:
    """Takes the merge of a ticket back, whoever did it; the number of the ticket that it was merged into."""
    return Statement("select helpdesk.unmerge(%s)", (ticket,), only(int), writes=True)


def split(act: UUID, ticket: UUID, message: UUID, new_ticket: UUID, title: str, *, later: bool) -> Statement[int]:
    """Makes a new ticket of a message, with ``later`` of those after it; its number. Sent twice, it is done once."""
    return Statement(
        "select helpdesk.split(%s, %s, %s, %s, %s, %s)",
        (act, ticket, message, later, new_ticket, title),
        only(int),
        writes=True,
    )


def link(ticket: UUID, kind: LinkKind, other: UUID) -> Statement[object]:
    """``ticket`` is ``kind`` ``other``. The link that was between them, as [ticket, kind, other], or None."""
    return Statement("select helpdesk.link(%s, %s, %s)", (ticket, kind, other), only(object), writes=True)


def relink(was: object) -> Statement[object]:
    """Puts a link back that ``link`` or ``unlink`` answered."""
    ticket, kind, other = cast("tuple[str, LinkKind, str]", was)
    return link(UUID(ticket), kind, UUID(other))


def unlink(ticket: UUID, other: UUID) -> Statement[object]:
    """Takes the link between two tickets away; what it was."""
    return Statement("select helpdesk.unlink(%s, %s)", (ticket, other), only(object), writes=True)


def follow(ids: Sequence[UUID], following: bool) -> Statement[Outcome]:
    """Follows tickets, or follows them no more: whoever does is told what their assignees are told."""
    return Statement(
        "select id, done, why from helpdesk.follow(%s::uuid[], %s)", (list(ids), following), _OUTCOME, writes=True
    )
