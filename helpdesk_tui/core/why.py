"""Why somebody sees a ticket, or does not: the database's own rule, asked by an admin on behalf of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from helpdesk_tui.core.model import Role
from helpdesk_tui.core.statement import Statement, positional


@dataclass(frozen=True, slots=True)
class Why:
    """What the rule says of one person and one ticket, at this moment.

    Args:
        sees: whether they see the ticket.
        notes: whether they see all of it, internal notes too.
        reason: the clause that decides (one of ``CLAUSES``), or what keeps it from them (one of ``OBSTACLES``).
        clauses: every clause that holds by what their profile says, the one that would decide first; also of somebody
            who is kept out.
        name: a stranger's; what they are called, their address where they have no name.
        email: the address that was asked for.
        department: where they work.
        ticket_department: where the ticket lies.
    """

    sees: bool
    notes: bool
    reason: str
    clauses: tuple[str, ...]
    person_id: UUID
    name: str
    email: str
    role: Role
    department: str | None
    ticket_id: UUID
    number: int
    ticket_department: str
    requester: str
    assignee: str | None


CLAUSES: Final = {
    "requester": "they opened it",
    "admin": "admins see every ticket",
    "own department": "it lies with their department",
    "assigned": "it is assigned to them",
}
OBSTACLES: Final = {
    "deactivated": "they were deactivated",
    "banned": "they are banned from signing in",
    "deleted": "their account was deleted",
    "two factors missing": "staff have to give a second factor, and no session of theirs has one",
    "not the requester": "{requester} opened it, and customers see their own alone",
    "no department": "they work in no department, and it is assigned to {assignee}",
    "other department": "it lies with {ticket_department} and is assigned to {assignee}",
}


def why(email: str, ticket: str) -> Statement[Why]:
    """Asks whether and why the person with an address sees a ticket, given by its number or its id.

    For admins. Where second factors are demanded, the strongest of the person's running sessions counts. The database
    refuses everybody else (Refused), an address or a ticket that is not there (NotFound), and what names no ticket
    (BadInput).
    """
    return Statement(
        "select sees, notes, reason, clauses, person_id, name, address, role, department, ticket_id, number,"
        " ticket_department, requester, assignee from helpdesk.why(%s, %s)",
        (email, ticket),
        positional(_why),
        writes=False,
    )


def _why(sees: bool, notes: bool, reason: str, clauses: list[str], *rest: object) -> Why:
    return Why(sees, notes, reason, tuple(clauses), *rest)  # type: ignore[arg-type]


def sentences(answer: Why) -> list[str]:
    """The answer in plain words: one sentence, and another where something else would have to change first.

    The words hold names, which are strangers' text: they go through ``core.text`` before they reach a terminal.
    """
    place = f", {answer.department}" if answer.department else ""
    who, ticket = f"{answer.name} ({answer.role}{place})", f"ticket #{answer.number}"
    if answer.sees:
        how = f"sees {ticket} in full" if answer.notes else f"sees what is public of {ticket}"
        said = [f"{who} {how}: {CLAUSES[answer.reason]}."]
        if not answer.notes and answer.role != "customer":
            said.append("Nobody reads the notes about their own request.")
        return said
    obstacle = OBSTACLES[answer.reason].format(
        requester=answer.requester, assignee=answer.assignee or "nobody", ticket_department=answer.ticket_department
    )
    said = [f"{who} does not see {ticket}: {obstacle}."]
    if answer.clauses:
        said.append(f"But for that they would: {CLAUSES[answer.clauses[0]]}.")
    return said
