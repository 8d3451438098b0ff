"""What there is to choose from in the menu of views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpdesk_tui.core.queues import SORTS, Sort
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.views import FOUND, SavedView, Tab
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk

__all__ = ["audience_choices", "hidden_choices", "view_choices"]


def view_choices(tab: Tab, tabs: Sequence[Tab], sort: Sort) -> list[Choice]:
    """What can be done with a view.

    Args:
        tab: the one that is shown.
        tabs: all of the person's, the hidden ones too.
        sort: the order that it is shown in.
    """
    found: list[Choice] = []
    if tab.key == FOUND:
        found += [Choice("save", "save this query under a name", "s"), Choice("close", "close this tab", "c")]
    if tab.saved is not None:
        if tab.saved.changeable:
            found += [
                Choice("rename", "rename", "r"),
                Choice("query", "change what it asks for", "q"),
                Choice("whom", f"share: it is for {safe_line(tab.saved.whose, 60)}", "f"),
            ]
            if sort != tab.saved.sort:
                found.append(Choice("sort", f"save with this order: {SORTS[sort]}", "o"))
        else:
            author = safe_line(tab.saved.author or "somebody who has left", 60)
            found.append(Choice("save", f"save as one of your own (it is {author}'s)", "s"))
    if tab.key != FOUND:
        found += [
            Choice("left", "move to the left", "<"),
            Choice("right", "move to the right", ">"),
            Choice("hide", "hide from your tabs", "h"),
        ]
    if any(each.hidden for each in tabs):
        found.append(Choice("show", "show a hidden one again", "u"))
    if tab.saved is not None and tab.saved.changeable:
        found.append(Choice("remove", "remove", "x"))
    return found


def hidden_choices(tabs: Sequence[Tab]) -> list[Choice]:
    """The views that are hidden."""
    return [Choice(tab.key, tab.label) for tab in tabs if tab.hidden]


def audience_choices(view: SavedView, desk: Desk) -> list[Choice]:
    """For whom a view can be: oneself, one's own department (an admin: any), everybody."""
    me = desk.me
    mine = [each for each in desk.departments if me.role == "admin" or each.id == me.department_id]
    # The own one first: it is the likeliest, and has the key.
    mine.sort(key=lambda each: each.id != me.department_id)
    return [
        Choice(("me", None, None), "me alone", "m", view.audience == "me"),
        *(
            Choice(("department", each.id, each.name), each.name, "d" if n == 0 else "", view.department_id == each.id)
            for n, each in enumerate(mine)
        ),
        Choice(("team", None, None), "everybody on the team", "e", view.audience == "team"),
    ]
