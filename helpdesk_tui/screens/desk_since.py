"""Since I left: what others did to one's tickets while one was not here, told at the start and listed with one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_tui.core import since
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.screens.desk import DeskScreen

__all__ = ["ask"]


def ask(screen: DeskScreen) -> None:
    """List it, as it is by now."""
    attention = screen.link.attention
    if screen.desk is None or attention is None or not attention.looked:
        screen.say("Not connected yet")
    elif attention.left_at is None:
        screen.say("You have not been away yet: nothing to catch up with")
    else:
        screen.spawn(_show(screen))


async def _show(screen: DeskScreen) -> None:
    attention = screen.link.attention
    if attention is None or attention.left_at is None:
        return
    left_at = attention.left_at
    try:
        lines = await screen.asked.database.fetch(since.since(left_at))
    except HelpdeskError as error:
        screen.say(str(error), alarm=True)
        return
    now = screen.link.clock()
    if not lines:
        screen.say(f"Nothing has changed since you left, {_ago(ago(now - left_at))}")
        return
    many = f"{len(lines)}{'+' if len(lines) == since.MOST else ''}"
    screen.picker.ask(
        f"{many} changed since you left, {_ago(ago(now - left_at))}",
        [Choice(line.id, f"#{line.number} {line.words} · {line.title}") for line in lines],
        screen.show,
    )


def _ago(span: str) -> str:
    return "just now" if span == "now" else f"{span} ago"
