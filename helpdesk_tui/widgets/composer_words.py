"""What the composer says about the message in it."""

from __future__ import annotations

from helpdesk_tui.core.journal import Kind
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.composer_drafts import Slot

__all__ = ["recipient", "state"]


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


def _news(slot: Slot) -> str:
    return "1 new message" if slot.unseen == 1 else f"{slot.unseen} new messages"
