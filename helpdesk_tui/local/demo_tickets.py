"""The demo's tickets: as they stand now, and all that happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from helpdesk_tui.core.waiting import waiting_since
from helpdesk_tui.local.content import Ticket
from helpdesk_tui.local.demo_writing import Row, Writing, an_id, in_order, span, written_by

__all__ = ["Tickets"]


class Tickets:
    """The tickets of a demo.

    Args:
        to: where they are written, its departments and people before them.
    """

    def __init__(self, to: Writing) -> None:
        self._to = to

    def write(self) -> None:
        """Tickets as they stand now, oldest first, and all that happened to them."""
        told = [
            (an_id("ticket", number), ticket, self._to.then(ticket.age_min))
            for number, ticket in enumerate(self._old_first())
        ]
        self._to.copy(
            "public.tickets",
            "id, title, description, status, priority, customer_id, assignee_id, department_id, category_id, due_date, "
            "created_at, updated_at, first_response_at, resolved_at, closed_at, waiting_since",
            (self._ticket(*each) for each in told),
        )
        # The first row of the history was written by a trigger, with the status as it is now.
        self._to.connection.execute(
            """update public.ticket_status_history h set status = 'open', changed_by = t.customer_id
               from public.tickets t where t.id = h.ticket_id and t.id = any(%s)""",
            [[ticket_id for ticket_id, _, _ in told]],
        )
        self._to.copy(
            "public.ticket_status_history",
            "ticket_id, status, changed_by, created_at",
            (
                (ticket_id, change.to, an_id("person", change.by), created + span(change.after_min))
                for ticket_id, ticket, created in told
                for change in ticket.changes
                if change.kind == "status"
            ),
        )
        self._to.copy(
            "public.ticket_events",
            "ticket_id, actor_id, kind, old_value, new_value, created_at",
            (event for each in told for event in self._events(*each)),
        )
        self._to.copy(
            "public.ticket_messages",
            "id, ticket_id, sender_id, content, is_internal, created_at",
            (
                (an_id(f"ticket/{ticket_id}", index), ticket_id, *written_by(message), message.internal, at)
                for ticket_id, ticket, created in told
                for index, (message, at) in enumerate(in_order(created, ticket.messages))
            ),
        )
        self._to.copy(
            "public.ticket_tag_relations",
            "ticket_id, tag_id",
            ((ticket_id, an_id("tag", tag)) for ticket_id, ticket, _ in told for tag in ticket.tags),
        )
        self._to.copy(
            "public.ticket_feedback",
            "ticket_id, customer_id, rating, comment, created_at",
            (
                (ticket_id, an_id("person", ticket.requester), ticket.rating.stars, ticket.rating.comment, rated)
                for ticket_id, ticket, created in told
                if ticket.rating
                for rated in [created + span(ticket.updated_after_min)]
            ),
        )

    def _old_first(self) -> list[Ticket]:
        return sorted(self._to.content.tickets, key=lambda ticket: -ticket.age_min)

    def _ticket(self, ticket_id: UUID, ticket: Ticket, created: datetime) -> Row:
        answers = [
            message.after_min
            for message in ticket.messages
            if not message.internal and message.by in self._to.staff and message.by != ticket.requester
        ]
        settled = {change.to: change.after_min for change in ticket.changes if change.kind == "status"}
        resolved = settled.get("resolved", settled.get("closed")) if ticket.status in ("resolved", "closed") else None
        closed = settled.get("closed") if ticket.status == "closed" else None
        return (
            ticket_id,
            ticket.subject,
            ticket.description,
            ticket.status,
            ticket.priority,
            an_id("person", ticket.requester),
            an_id("person", ticket.assignee) if ticket.assignee else None,
            self._to.departments[ticket.department],
            an_id("category", ticket.category) if ticket.category else None,
            None if ticket.due_in_min is None else _whole_minute(self._to.now + span(ticket.due_in_min)),
            created,
            created + span(ticket.updated_after_min),
            *(
                None if minutes is None else created + span(minutes)
                for minutes in (min(answers, default=None), resolved, closed)
            ),
            waiting_since(
                created,
                (
                    (message.by == ticket.requester, at)
                    for message, at in in_order(created, ticket.messages)
                    if not message.internal
                ),
            ),
        )

    def _events(self, ticket_id: UUID, ticket: Ticket, created: datetime) -> Iterable[Row]:
        """Changes of anything but the status. What was there before the first one, the content does not say."""
        before: dict[str, str | None] = {"priority": "medium", "assignee": None}
        before["department"] = "support" if ticket.department != "support" else "billing"
        for change in ticket.changes:
            if change.kind == "status":
                continue
            old, before[change.kind] = before[change.kind], change.to
            if old == change.to and change.kind == "priority":
                old = "low"
            values = (self._value(change.kind, old), self._value(change.kind, change.to))
            yield ticket_id, an_id("person", change.by), change.kind, *values, created + span(change.after_min)

    def _value(self, kind: str, word: str | None) -> str | None:
        if word is None or kind == "priority":
            return word
        return str(self._to.departments[word] if kind == "department" else an_id("person", word))


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
