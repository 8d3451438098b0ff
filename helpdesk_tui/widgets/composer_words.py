"""What the composer says about the message in it."""

from __future__ import annotations

from uuid import UUID

from helpdesk_tui.core.journal import Kind
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.composer_drafts import Slot

__all__ = ["keys", "last_id", "recipient", "state"]


def recipient(ticket: Ticket | None, kind: Kind, *, own: bool) -> str:
    """Who will read it; ``own``: the author is the requester."""
    if ticket is None:
        return ""
    if own:
        return f"about #{ticket.number}"
    name = safe_line(ticket.requester, 80)
    who = f"for staff only, {name} never sees it" if kind == "note" else f"to {name}"
    return f"{who} · #{ticket.number}"


def state(slot: Slot, problem: str | None) -> tuple[str, str]:
    """What to tell about a message: a class and words.

    Args:
        slot: the message.
        problem: why drafts cannot be kept; None while they are.
    """
    match slot.status:
        case "sending" | "confirming":
            return "sending", "Sending …"
        case "failed":
            return "failed", f"✗ Not sent: {slot.words} Nothing is lost, ^S tries again"
        case "stale":
            return "stale", f"⚠ Not sent: {_news(slot)} since you began, shown above. ^Y sends anyway"
        case "writing":
            if problem:
                return "failed", f"⚠ {safe_line(problem, 300)}"
            if slot.unseen and slot.draft.kind == "reply" and not slot.is_empty:
                return "stale", f"⚠ {_news(slot)} since you began, shown above."
            if slot.also is not None:
                return "notice", f"With it: {safe_line(slot.also.words, 200)} · Alt+X leaves that out"
            return "notice", slot.notice


def keys(*, note: bool, own: bool, width: int) -> str:
    """The keys worth knowing, as many as there is room for.

    Args:
        note: whether a note is being written.
        own: whether the author is the requester, who has neither notes nor macros.
        width: the cells there are.
    """
    team = "" if own else "Alt+R send+resolve   Alt+M macro   "
    switch = "" if own else f"^O {'reply' if note else 'note'}   "
    words = f"^S send   {team}Alt+V preview   ^F file   ^E editor   {switch}Esc leave"
    if len(words) <= width or width <= 0:
        return words
    short = words.replace("send+resolve", "resolve").replace("^E editor   ", "").replace("   ", "  ")
    return short if len(short) <= width else short.removesuffix(" leave")


def _news(slot: Slot) -> str:
    return "1 new message" if slot.unseen == 1 else f"{slot.unseen} new messages"


def last_id(owner: str) -> UUID | None:
    """The user's id at the end of a draft owner's name."""
    try:
        return UUID(owner.rpartition("/")[2])
    except ValueError:
        return None
