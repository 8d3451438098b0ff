"""What a person does to tickets in one stroke: said in words, applied at once on the screen, sent, and taken back.

An act changes one field of one or more tickets. ``applied`` tells how a ticket will look, so that nothing waits for
the network; ``statement`` does it in the database; ``inverse`` gives the act that takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, cast
from uuid import UUID

from helpdesk_tui.core import tickets
from helpdesk_tui.core.model import Me, Priority, Status, Ticket
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.core.tickets import Outcome

Field = Literal["status", "priority", "assignee", "department"]


@dataclass(frozen=True, slots=True)
class Act:
    """One field given one value.

    Args:
        field: which field.
        value: a status, a priority, a person's or a department's id; None: nobody.
        name: the value in words: "resolved", "Mara Lind", "Billing".
    """

    field: Field
    value: str | UUID | None
    name: str

    @property
    def words(self) -> str:
        """What is done, for people: "status → resolved"."""
        return f"{self.field} → {self.name}"

    def statement(self, ids: Sequence[UUID]) -> Statement[Outcome]:
        """The act as the database does it."""
        if self.field == "status":
            return tickets.set_status(ids, cast("Status", self.value))
        if self.field == "priority":
            return tickets.set_priority(ids, cast("Priority", self.value))
        if self.field == "assignee":
            return tickets.assign(ids, cast("UUID | None", self.value))
        return tickets.move(ids, cast("UUID", self.value))

    def applied(self, ticket: Ticket) -> Ticket:
        """The ticket as it will be, under the time of now."""
        now = datetime.now(UTC)
        if self.field == "status":
            return replace(ticket, status=cast("Status", self.value), updated_at=now)
        if self.field == "priority":
            return replace(ticket, priority=cast("Priority", self.value), updated_at=now)
        if self.field == "assignee":
            name = self.name if self.value is not None else None
            return replace(ticket, assignee_id=cast("UUID | None", self.value), assignee=name, updated_at=now)
        # Who held it does not go along, as a rule; where they do, the next reading says so.
        return replace(
            ticket,
            department_id=cast("UUID", self.value),
            department=self.name,
            assignee_id=None,
            assignee=None,
            updated_at=now,
        )

    def taken_back(self, ticket: Ticket, before: Ticket) -> Ticket:
        """The ticket with what this act changed as it was before, and everything else as it is now."""
        restored = replace(self.inverse(before).applied(ticket), updated_at=before.updated_at)
        if self.field == "department":
            return replace(restored, assignee_id=before.assignee_id, assignee=before.assignee)
        return restored

    def undoing(self, before: Ticket) -> tuple[Act, ...]:
        """The acts that give the ticket back what it had before this one."""
        if self.field == "department" and before.assignee_id is not None:
            return self.inverse(before), Act("assignee", before.assignee_id, before.assignee or "?")
        return (self.inverse(before),)

    def inverse(self, ticket: Ticket) -> Act:
        """The act that gives the ticket back what it had before this one."""
        if self.field == "status":
            return Act("status", ticket.status, ticket.status)
        if self.field == "priority":
            return Act("priority", ticket.priority, ticket.priority)
        if self.field == "assignee":
            return Act("assignee", ticket.assignee_id, ticket.assignee or "nobody")
        return Act("department", ticket.department_id, ticket.department or "?")

    def changes(self, ticket: Ticket) -> bool:
        """Whether the ticket is any different afterwards."""
        was = self.inverse(ticket)
        return was.value != self.value


def belongs(me: Me, view: str, ticket: Ticket, now: datetime) -> bool:
    """Whether a ticket is in a view, judged from what is on the screen; the database has the last word.

    Args:
        me: whose view.
        view: the key of one of ``tickets.VIEWS``.
        now: the time, for what is overdue.
    """
    is_open = ticket.status in ("open", "pending")
    mine = ticket.assignee_id == me.id
    my_department = ticket.department_id is not None and ticket.department_id == me.department_id
    if me.role == "customer":
        return ticket.customer_id == me.id and (is_open if view == "open" else not is_open)
    if not (me.role == "admin" or mine or my_department):
        return False
    if view == "mine":
        return mine and is_open
    if view == "unassigned":
        return is_open and ticket.assignee_id is None and (me.role == "admin" or my_department)
    if view == "department":
        return is_open and my_department
    if view == "waiting":
        return ticket.status == "pending"
    if view == "overdue":
        return is_open and ticket.due_date is not None and ticket.due_date < now
    if view == "closed":
        return not is_open
    return is_open
