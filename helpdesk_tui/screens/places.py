"""The places there are, and who may go there: one line each. Nothing is imported before it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from helpdesk_tui.actions import Action, Context
    from helpdesk_tui.core.model import Role
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.screens.place import Place

__all__ = ["HOMES", "PLACES", "Entry", "home_for", "offered"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A place that can be opened.

    Args:
        make: imports the screen and makes it.
        roles: who may open it.
    """

    make: Callable[[Link], Place]
    roles: tuple[Role, ...] = ("customer", "agent", "admin")


def _desk(link: Link) -> Place:
    from helpdesk_tui.screens.desk import DeskScreen

    return DeskScreen(link)


def _customer(link: Link) -> Place:
    from helpdesk_tui.screens.customer import CustomerScreen

    return CustomerScreen(link)


def _request(link: Link) -> Place:
    from helpdesk_tui.screens.customer_new import NewRequest

    return NewRequest(link)


def _ticket(link: Link) -> Place:
    from helpdesk_tui.screens.new_ticket import NewTicket

    return NewTicket(link)


def _admin(link: Link) -> Place:
    from helpdesk_tui.screens.admin import AdminScreen

    return AdminScreen(link)


#: The screen that each role starts in and comes back to.
HOMES: Final[Mapping[Role, Callable[[Link], Place]]] = {"agent": _desk, "admin": _desk, "customer": _customer}


def _knowledge(link: Link) -> Place:
    from helpdesk_tui.screens.knowledge import KnowledgeScreen

    return KnowledgeScreen(link)


def _inbox(link: Link) -> Place:
    from helpdesk_tui.screens.inbox import InboxScreen

    return InboxScreen(link)


def _chats(link: Link) -> Place:
    if link.me is not None and link.me.role == "customer":
        from helpdesk_tui.screens.my_chat import MyChatScreen

        return MyChatScreen(link)
    from helpdesk_tui.screens.chats import ChatsScreen

    return ChatsScreen(link)


#: By name: ``app.open('NAME')`` in ``actions`` opens one.
PLACES: Final[dict[str, Entry]] = {
    "knowledge": Entry(_knowledge),
    "request": Entry(_request, ("customer",)),
    "ticket": Entry(_ticket, ("agent", "admin")),
    "inbox": Entry(_inbox),
    "admin": Entry(_admin, ("admin",)),
    "chats": Entry(_chats),
}


#: Whose keys there are for the team alone.
TEAM_CONTEXTS: Final[tuple[Context, ...]] = ("queue", "filter", "finder", "versions", "editor", "chats", "new ticket")
#: And whose for customers alone.
CUSTOMER_CONTEXTS: Final[tuple[Context, ...]] = ("customer", "request", "my chat")


def home_for(role: Role | None) -> Callable[[Link], Place]:
    """What makes the home screen of a role; of None, of somebody whose role is not known yet."""
    return HOMES[role or "agent"]


def offered(action: Action, role: Role | None) -> bool:
    """Whether an action can be had at all by somebody of this role: one that opens a place, if there is that place."""
    if role == "customer" and (action.team or action.context in TEAM_CONTEXTS):
        return False
    if role != "customer" and action.context in CUSTOMER_CONTEXTS:
        return False
    if action.context == "admin" and role != "admin":
        return False
    if not action.id.startswith("place.") or action.id == "place.home":
        return True
    entry = PLACES.get(action.id.removeprefix("place."))
    return entry is not None and role in entry.roles
