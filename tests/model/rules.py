"""Who may see what, in Python and without a line of SQL: each function is a sentence of SECURITY.md, quoted above it.

Nothing here was read off the policies. Where the two disagree, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tests.model.world import (
    Article,
    Chat,
    Event,
    File,
    Kept,
    Message,
    Notice,
    Person,
    Rating,
    Shelf,
    Status,
    Ticket,
    Vote,
    World,
)

Sight = Literal["requester", "team"]


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks. ``person``: None for nobody. ``role``: None for somebody who is nobody in particular."""

    world: World
    person: UUID | None
    role: str | None
    department: UUID | None

    @property
    def staff(self) -> bool:
        return self.role in ("agent", "admin")


def viewer(world: World, person: Person) -> Viewer:
    """Whom a session of theirs stands for."""
    # "A demotion, a move to another department, a ban, a deletion, a deactivation and a sign-out work with the next
    # statement, on open connections too."
    # "A deactivated person is nobody."
    if person.shut_out or person.gone:
        return Viewer(world, None, None, None)
    # "where it is demanded of staff [...], staff who signed in with a password or a code by e-mail alone are nobody in
    # particular: they see their own requests, chats, notifications and ratings and what is published."
    if world.two_factors and person.role != "customer" and not person.factors:
        return Viewer(world, person.id, None, None)
    # "Role and department are read with each statement, never from a token."
    return Viewer(world, person.id, person.role, person.department)


def visitor(world: World, account: UUID) -> Viewer:
    """ "Anonymous sign-ins [...] Through Supabase's own API they read published articles, nothing else.\""""
    return Viewer(world, account, None, None)


# -- tickets ----------------------------------------------------------------------------------------------------------


def works_on(who: Viewer, ticket: Ticket) -> bool:
    """ "agent: those of their department, and those assigned to them; admin: all." "An agent without a department sees
    what is assigned to them and nothing else." """
    if who.role == "admin":
        return True
    return who.role == "agent" and (ticket.assignee == who.person or ticket.department == who.department)


def sight(who: Viewer, ticket: Ticket) -> Sight | None:
    """ "customer: those they opened." "Nobody reads the notes about their own request. An agent or admin who opened a
    ticket is its requester: they see what a requester sees of it, though they may be the one who works on it." """
    if who.person is None:
        return None
    if ticket.requester == who.person:
        return "requester"
    return "team" if works_on(who, ticket) else None


def linked(who: Viewer, ticket: Ticket, other: Ticket) -> bool:
    """ "A link is seen from neither end by whoever does not work on both tickets: not that it is there, nor how many
    there are." So with what was merged into one."""
    return sight(who, ticket) == sight(who, other) == "team"


def _sight_of(who: Viewer, ticket: UUID) -> Sight | None:
    found = who.world.by_id[ticket]
    assert isinstance(found, Ticket)
    return sight(who, found)


def message(who: Viewer, row: Message) -> bool:
    """ "messages in them: customer: the public ones; agent: all, internal notes too." """
    seen = _sight_of(who, row.ticket)
    return seen == "team" or (seen == "requester" and not row.internal)


def file(who: Viewer, row: File) -> bool:
    """ "files: those of what they see." "Whoever may not see the message sees nothing of its files." """
    if row.message is None:
        return _sight_of(who, row.ticket) is not None
    found = who.world.by_id[row.message]
    assert isinstance(found, Message)
    return message(who, found)


def status(who: Viewer, row: Status) -> bool:
    """ "status history: customer: who and when, but for entries with a note; agent: all." """
    seen = _sight_of(who, row.ticket)
    return seen == "team" or (seen == "requester" and row.note is None)


def event(who: Viewer, row: Event) -> bool:
    """ "other changes (assignee, priority, …), tags: customer: –; agent: of those tickets; admin: all." """
    return _sight_of(who, row.ticket) == "team"


def tagged(who: Viewer, ticket: UUID) -> bool:
    """As above."""
    return _sight_of(who, ticket) == "team"


def tags(who: Viewer) -> bool:
    """ "All staff [...] see [...] every tag." """
    return who.staff


def rating(who: Viewer, row: Rating) -> bool:
    """ "ratings: customer: their own; agent: of those tickets." """
    seen = _sight_of(who, row.ticket)
    return seen == "team" or (seen == "requester" and row.by == who.person)


# -- people -----------------------------------------------------------------------------------------------------------


def profile(who: Viewer, row: Person) -> bool:
    """ "people: customer: themselves; agent: staff with their addresses; the requesters of those tickets, the customers
    of the chats they lead or led to the end; admin: all." """
    if who.person is None:
        return False
    if row.id == who.person or who.role == "admin":
        return True
    if who.role != "agent":
        return False
    return (
        row.role != "customer"
        or any(ticket.requester == row.id and sight(who, ticket) for ticket in who.world.tickets)
        or any(chat.customer == row.id and chat.agent == who.person for chat in who.world.chats)
    )


def known(who: Viewer, row: Person) -> bool:
    """ "Offered are those whose address the author sees anyway." """
    return bool(who.staff) and row.id != who.person and not row.deactivated and profile(who, row)


def named(who: Viewer, row: Person) -> bool:
    """ "of staff the display name; who wrote in what they see, by name". "Display names of staff can be had by anybody
    signed in who knows their id." Of a chat "names [...] follow" from its one rule."""
    if who.role is None:
        return False
    if row.role != "customer" or profile(who, row):
        return True
    return any(
        each.sender == row.id and not each.internal and _sight_of(who, each.ticket) for each in who.world.messages
    ) or any(each.customer == row.id and works_chat(who, each) for each in who.world.chats)


def requester(who: Viewer, row: Person) -> bool:
    """Whom a query's "from:" may name: of whom one works on a ticket, and oneself."""
    if who.role is None:
        return False
    return row.id == who.person or any(each.requester == row.id and works_on(who, each) for each in who.world.tickets)


def called(row: Person, *, address: bool) -> str:
    """ "A customer whose name is missing is "Customer" to other customers, a member of staff "Support"." """
    if row.name is not None:
        return row.name
    if address:
        return row.email
    return "Customer" if row.role == "customer" else "Support"


def departments(who: Viewer) -> bool:
    """ "departments, categories: names", for customer, agent and admin."""
    return who.role is not None


# -- articles ---------------------------------------------------------------------------------------------------------


def article(who: Viewer, row: Article) -> bool:
    """ "articles: customer: published; agent: all, with drafts and old versions; admin: all." """
    return who.staff or (who.person is not None and row.status == "published")


def versions(who: Viewer) -> bool:
    """As above."""
    return who.staff


def shelf(who: Viewer, row: Shelf) -> bool:
    """ "article categories: customer: those that hold something published; agent: all." """
    return who.staff or (who.person is not None and _holds_published(who.world, row))


def _holds_published(world: World, row: Shelf) -> bool:
    return any(each.status == "published" and each.shelf == row.id for each in world.articles) or any(
        _holds_published(world, below) for below in world.shelves if below.parent == row.id
    )


def vote(who: Viewer, row: Vote) -> bool:
    """ "ratings: customer: their own; agent: [...] of every article." """
    return who.person is not None and (who.staff or row.by == who.person)


# -- chats and notifications ------------------------------------------------------------------------------------------


def works_chat(who: Viewer, row: Chat) -> bool:
    """ "agent: those that wait for their department or for the whole team; those they lead or led to the end; admin:
    all." "Whoever handed a chat over sees it no more." """
    if who.role == "admin":
        return True
    if who.role != "agent":
        return False
    return row.agent == who.person or (row.status == "waiting" and row.department in (None, who.department))


def chat(who: Viewer, row: Chat) -> bool:
    """ "chats: customer: their own", and what the team sees of them."""
    return who.person is not None and (row.customer == who.person or works_chat(who, row))


def said(who: Viewer, chat_id: UUID) -> bool:
    """ "messages, names, last words, counts, live changes and what is typed follow from it." """
    found = who.world.by_id[chat_id]
    assert isinstance(found, Chat)
    return chat(who, found)


def notice(who: Viewer, row: Notice) -> bool:
    """ "notifications: their own." "A notification about a ticket or a chat goes out of sight with it." """
    return (
        who.person is not None
        and row.person == who.person
        and (row.ticket is None or _sight_of(who, row.ticket) is not None)
        and (row.chat is None or said(who, row.chat))
    )


def preferences(who: Viewer) -> dict[str, str] | None:
    """ "notifications, preferences: their own", for customer, agent and admin."""
    found = next((person for person in who.world.people if person.id == who.person), None)
    return None if found is None else found.preferences


def view(who: Viewer, row: Kept) -> bool:
    """ "A saved view [...] One's own is told to oneself alone, admins included; one that is shared with a department or
    the team to those." """
    shared = row.audience == "team" or (row.department is not None and _works_for(who, row.department))
    return who.staff and (row.owner == who.person or shared)


def macro(who: Viewer, row: Kept) -> bool:
    """ "macros: agent: their own, their department's, everybody's; admin: their own, all that are shared." """
    return view(who, row) and (row.audience != "department" or row.department is not None)


def changes(who: Viewer, row: Kept) -> bool:
    """ "A shared one is changed and removed by its author and by admins." """
    return row.owner == who.person or who.role == "admin"


def author(who: Viewer, row: Kept) -> str | None:
    """ "with its author's name while they are of the team." """
    found = who.world.person(row.owner)
    return called(found, address=True) if found.role != "customer" else None


def _works_for(who: Viewer, department: UUID) -> bool:
    return who.role == "admin" or (who.role == "agent" and department == who.department)


def draft(who: Viewer, writer: UUID) -> bool:
    """ "Drafts are nobody else's." """
    return writer == who.person


def away(who: Viewer, row: Person) -> bool:
    """ "Who is away, until when and with what note, is told to the team and to nobody else." Who left it is none."""
    return who.staff and row.role != "customer" and not row.deactivated


def sessions(who: Viewer, row: Person) -> int | str:
    """ "sign-ins: customer: their own; agent: their own; admin: all." What is answered of others is "not there"."""
    if who.role is None:
        return "HD003"
    if row.id == who.person or who.role == "admin":
        return int(row.signed_in and not row.gone)
    return "HD004"


# -- live changes -----------------------------------------------------------------------------------------------------


def hears_of_ticket(who: Viewer, row: Ticket) -> bool:
    """ "live changes follow from it." Staff who owe a second factor "are told of no live changes." """
    return who.role is not None and sight(who, row) is not None


def hears_of_note(who: Viewer, row: Ticket) -> bool:
    """ "The requester of a ticket is not told on their own channel that a note was written, also where the ticket is
    assigned to them. A department's channel and the admins' cannot leave one member out." """
    if who.role is None:
        return False
    seen = sight(who, row)
    shared = who.role == "admin" or (who.role == "agent" and row.department == who.department)
    return seen == "team" or (seen == "requester" and shared)


def hears_of_chat(who: Viewer, row: Chat) -> bool:
    """ "live changes and what is typed follow from it." """
    return who.role is not None and chat(who, row)


def hears_of_articles(who: Viewer) -> bool:
    """Articles are read when they are opened: what becomes of them is told to the team alone."""
    return who.staff


# -- why --------------------------------------------------------------------------------------------------------------


def clauses(who: Viewer, ticket: Ticket) -> list[str]:
    """Every clause by which somebody sees a ticket, the one that decides first."""
    own_department = who.role == "agent" and ticket.department == who.department
    found = {
        "requester": ticket.requester == who.person,
        "admin": who.role == "admin",
        "own department": own_department,
        "assigned": who.role == "agent" and ticket.assignee == who.person,
    }
    return [name for name, holds in found.items() if holds and who.person is not None]


def reason(world: World, person: Person, ticket: Ticket) -> str:
    """Which clause lets a person see a ticket, or what keeps it from them."""
    who = viewer(world, person)
    if sight(who, ticket):
        return clauses(who, ticket)[0]
    for what, is_so in (("deactivated", person.deactivated), ("banned", person.banned), ("deleted", person.deleted)):
        if is_so:
            return what
    if who.role is None:
        return "two factors missing"
    if person.role == "customer":
        return "not the requester"
    return "no department" if person.department is None else "other department"
