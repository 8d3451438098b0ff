"""The desk's list of what waits to be sent: seen, tried again, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.screens.keeping import listed
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.core.outbox import Entry
    from helpdesk_tui.screens.desk import DeskScreen

__all__ = ["ask"]


def ask(desk: DeskScreen) -> None:
    """Show what waits and what was refused."""
    keeping = desk.link.keeping
    if keeping is None:
        desk.say("Nothing is kept on this machine: what you do is sent at once, or not at all")
        return
    try:
        entries = keeping.outbox.entries()
    except HelpdeskError as error:
        desk.say(str(error), alarm=True)
        return
    if not entries:
        desk.say("Nothing waits to be sent")
        return
    trouble = f" · {keeping.outbox.trouble}" if keeping.outbox.trouble else ""
    offered = [Choice(each, listed(each)) for each in entries]
    desk.picker.ask(f"Not sent yet{trouble}", offered, lambda entry: _ask_what(desk, entry))


def _ask_what(desk: DeskScreen, entry: Entry) -> None:
    choices = [Choice("open", "open its ticket", "o"), Choice("drop", "drop it", "d")]
    if entry.kind == "request":
        # Its words are in the form again once it was refused; while it waits, there is nothing to open.
        choices[0:1] = [Choice("form", "go on writing it", "o")] if entry.refused is not None else []
    if entry.refused is not None and not entry.is_message:
        choices.insert(0, Choice("again", "try it again", "t"))
    desk.picker.ask(listed(entry), choices, lambda what: _do(desk, what, entry))


def _do(desk: DeskScreen, what: str, entry: Entry) -> None:
    keeping = desk.link.keeping
    if keeping is None:
        return
    if what == "form":
        desk.link.open("ticket")
        return
    if what == "open":
        ticket_id: UUID = entry.tickets[0]
        desk.show(ticket_id)
        return
    try:
        if what == "again":
            keeping.outbox.try_again(entry.id)
            desk.say(f"Waits again: {entry.words}")
        else:
            keeping.drop(entry)
            desk.say(f"Dropped: {entry.words}")
            desk.link.mark(frozenset(entry.tickets))
    except HelpdeskError as error:
        desk.say(str(error), alarm=True)
