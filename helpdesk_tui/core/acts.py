"""What a person does to tickets in one stroke: said in words, applied at once on the screen, sent, and taken back.

A ``Change`` says what to give tickets, one or many; ``applied`` tells how a ticket will look, so that nothing waits for
the network. The database does it under an id that the client draws, once however often it is sent, keeps how every
ticket was, and takes it back (``helpdesk.act``, ``helpdesk.undo_act`` and ``helpdesk.my_acts``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Self
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Me, Priority, Status, Ticket
from helpdesk_tui.core.queues import SLA_VIEWS
from helpdesk_tui.core.statement import Statement, positional
from helpdesk_tui.core.ticket_acts import Outcome

__all__ = ["KEEP", "MOST", "Change", "Keep", "Kept", "Left", "Undone", "act", "belongs", "moment_words", "my_acts",
           "patience", "undo", "undone"]  # fmt: skip

#: Tickets that one act takes at most.
MOST: Final = 10_000
#: Seconds that an act may take besides, for each ticket: some twenty times of what it takes.
EACH: Final = 0.01


class Keep(Enum):
    """What a field that may be emptied is where it is to stay as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True)
class Change:
    """What to give tickets; what is not given stays as it is. None empties a field that can be empty.

    Args:
        department: an assignee who does not work there loses the ticket, unless one is given.
        add, remove: tags.
        snooze: until when the ticket is out of sight; None: back at once.
        fields: custom fields by key; None takes one away.
        names: what the ids given here are called, for ``words`` and for the picture on the screen.
    """

    status: Status | None = None
    priority: Priority | None = None
    assignee: UUID | Keep | None = KEEP
    department: UUID | None = None
    category: UUID | Keep | None = KEEP
    due_date: datetime | Keep | None = KEEP
    add: tuple[UUID, ...] = ()
    remove: tuple[UUID, ...] = ()
    snooze: datetime | Keep | None = KEEP
    fields: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[UUID, str] = field(default_factory=dict, compare=False)

    def json(self) -> dict[str, Any]:
        """As the database takes it."""
        told: dict[str, Any] = {}
        for key in ("status", "priority", "department"):
            if (value := getattr(self, key)) is not None:
                told[key] = value if isinstance(value, str) else str(value)
        for key in ("assignee", "category"):
            if (value := getattr(self, key)) is not KEEP:
                told[key] = None if value is None else str(value)
        for key in ("due_date", "snooze"):
            if (moment := getattr(self, key)) is not KEEP:
                told[key] = None if moment is None else moment.isoformat()
        if self.add or self.remove:
            told["tags"] = {"add": [str(tag) for tag in self.add], "remove": [str(tag) for tag in self.remove]}
        if self.fields:
            told["fields"] = dict(self.fields)
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any], names: Mapping[UUID, str] | None = None) -> Self:
        """A change from ``json()``.

        Raises:
            BadInput: it is none.
        """
        unknown = set(told) - {
            "status", "priority", "assignee", "department", "category", "due_date", "tags", "snooze", "fields",
        }  # fmt: skip
        if unknown:
            raise BadInput(f"A ticket has no field {min(unknown)!r}.")
        for key, known in (("status", STATUSES), ("priority", PRIORITIES)):
            if key in told and told[key] not in known:
                raise BadInput(f"There is no {key} {told[key]!r}.", f"One of: {', '.join(known)}.")
        try:
            given: dict[str, Any] = {key: told[key] for key in ("status", "priority", "fields") if key in told}
            for key in ("assignee", "department", "category"):
                if key in told:
                    given[key] = None if told[key] is None else UUID(told[key])
            for key in ("due_date", "snooze"):
                if key in told:
                    given[key] = None if told[key] is None else datetime.fromisoformat(told[key])
            if "tags" in told:
                given["add"] = tuple(UUID(tag) for tag in told["tags"].get("add", ()))
                given["remove"] = tuple(UUID(tag) for tag in told["tags"].get("remove", ()))
        except (ValueError, TypeError, AttributeError) as error:
            raise BadInput(f"This is no change of a ticket: {error}.") from error
        return cls(**given, names=names or {})

    def _name(self, identity: UUID | None, nobody: str) -> str:
        return nobody if identity is None else self.names.get(identity, "?")

    @property
    def words(self) -> str:
        """What is done, for people: "status → resolved"."""
        said = [f"{key} → {value}" for key in ("status", "priority") if (value := getattr(self, key)) is not None]
        if self.department is not None:
            said.append(f"department → {self._name(self.department, '')}")
        if self.assignee is not KEEP:
            said.append(f"assignee → {self._name(self.assignee, 'nobody')}")
        if self.category is not KEEP:
            said.append(f"category → {self._name(self.category, 'none')}")
        if self.due_date is not KEEP:
            said.append(f"due → {moment_words(self.due_date, 'none')}")
        said += [f"+ #{self._name(tag, '')}" for tag in self.add]
        said += [f"- #{self._name(tag, '')}" for tag in self.remove]
        if self.snooze is not KEEP:
            said.append(f"snoozed until {moment_words(self.snooze, '')}" if self.snooze is not None else "awake again")
        said += [f"{key} → {'none' if value is None else value}" for key, value in self.fields.items()]
        return ", ".join(said)

    @property
    def already(self) -> str:
        """What is said where it is so already: "status is resolved already"."""
        return f"{self.words.replace(' → ', ' is ')} already"

    def applied(self, ticket: Ticket) -> Ticket:
        """The ticket as it will be, under the time of now."""
        given: dict[str, Any] = {"updated_at": datetime.now(UTC)}
        if self.status is not None:
            given["status"] = self.status
        if self.priority is not None:
            given["priority"] = self.priority
        if self.department is not None and self.department != ticket.department_id:
            # Who held it does not go along, as a rule; where they do, the next reading says so.
            given |= {"department_id": self.department, "department": self._name(self.department, "")}
            given |= {"assignee_id": None, "assignee": None}
        if self.assignee is not KEEP:
            name = None if self.assignee is None else self._name(self.assignee, "")
            given |= {"assignee_id": self.assignee, "assignee": name}
        if self.due_date is not KEEP:
            given["due_date"] = self.due_date
        if self.add or self.remove:
            gone = {self._name(tag, "") for tag in self.remove}
            tags = {tag for tag in ticket.tags if tag not in gone} | {self._name(tag, "") for tag in self.add}
            given["tags"] = tuple(sorted(tags))
        if self.snooze is not KEEP:
            given["more"] = replace(ticket.more, snoozed=self.snooze)
        return replace(ticket, **given)

    def taken_back(self, ticket: Ticket, before: Ticket) -> Ticket:
        """The ticket with what this changed as it was before, and everything else as it is now."""
        given: dict[str, Any] = {"updated_at": before.updated_at}
        if self.status is not None:
            given["status"] = before.status
        if self.priority is not None:
            given["priority"] = before.priority
        if self.department is not None:
            given |= {"department_id": before.department_id, "department": before.department}
        if self.assignee is not KEEP or self.department is not None:
            given |= {"assignee_id": before.assignee_id, "assignee": before.assignee}
        if self.due_date is not KEEP:
            given["due_date"] = before.due_date
        if self.add or self.remove:
            given["tags"] = before.tags
        if self.snooze is not KEEP:
            given["more"] = replace(ticket.more, snoozed=before.more.snoozed)
        return replace(ticket, **given)

    def changes(self, ticket: Ticket) -> bool:
        """Whether the ticket is any different afterwards, as far as a line of the queue can tell."""
        if self.category is not KEEP or self.fields:
            return True
        return replace(self.applied(ticket), updated_at=ticket.updated_at) != ticket


def moment_words(moment: datetime | None, none: str = "") -> str:
    """A moment for people, where this machine is: "Fri 27 Nov 2026 09:00"; ``none`` for none."""
    return none if moment is None else moment.astimezone().strftime("%a %-d %b %Y %H:%M")


def act(act_id: UUID, ids: Sequence[UUID], change: Change, words: str = "") -> Statement[Outcome]:
    """Change tickets: a row a ticket, saying what became of it. Under the same id it is done once.

    Raises:
        BadInput: there is nothing to change, or there are too many tickets.
    """
    told = change.json()
    if not told:
        raise BadInput("There is nothing to change.", "Name a field and its new value.")
    if len(ids) > MOST:
        raise BadInput(f"{len(ids):,} tickets are too many at once.", f"At most {MOST:,}.")
    return Statement(
        "select id, done, why from helpdesk.act(%s, %s::uuid[], %s::jsonb, %s)",
        (act_id, list(ids), json.dumps(told), words or change.words),
        positional(Outcome),
        writes=True,
    )


def patience(number: int) -> float | None:
    """Seconds that an act on so many tickets may take; None: no longer than anything else."""
    return None if number <= 500 else 15.0 + number * EACH


@dataclass(frozen=True, slots=True)
class Left:
    """A field of a ticket that an undoing left as it is, since somebody changed it since the act.

    ``by`` is None where that is not known. ``why`` is given where it cannot go back at all.
    """

    ticket_id: UUID
    number: int
    field: str
    is_now: str
    by: str | None = None
    why: str | None = None

    @property
    def words(self) -> str:
        """For people: "#1042 priority was changed since, to low, by Tomás Vega"."""
        if self.why:
            return f"#{self.number} {self.field} stays {self.is_now}: {self.why}"
        who = f", by {self.by}" if self.by else ""
        return f"#{self.number} {self.field} was changed since, to {self.is_now}{who}"


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of an undoing.

    Attributes:
        act: the undoing's own id, by which it can be taken back in turn.
        of: the act that was taken back, in ``words``.
        numbers: of the tickets that are again as they were.
        left: what somebody changed since.
        refused: numbers and why, of those that are not this person's to change any more.
    """

    act: UUID
    of: UUID
    words: str
    numbers: tuple[int, ...]
    left: tuple[Left, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()

    @property
    def forceable(self) -> bool:
        """Whether more of it can be taken back, over what somebody changed since."""
        return any(left.why is None for left in self.left)

    def leaves_no(self, number: int) -> bool:
        """Whether that ticket is no more: to have written it down is what was taken back."""
        return self.numbers == (number,) and self.words.startswith(f"#{number} written for ")


def _named(words: str, numbers: Sequence[int]) -> str:
    """What was done to one ticket names it, also where it was done with a message, which says no number."""
    undo, said = ("undo: ", words.removeprefix("undo: ")) if words.startswith("undo: ") else ("", words)
    # "3 tickets priority → urgent" stays what it is, though one of them alone was left to be done.
    return f"{undo}#{numbers[0]} {said}" if len(numbers) == 1 and "#" not in said and not said[:1].isdigit() else words


def undone(told: Mapping[str, Any]) -> Undone:
    """What the database answered to an undoing."""
    return Undone(
        UUID(told["act"]),
        UUID(told["of"]),
        _named(told["words"], told["undone"]),
        tuple(told["undone"]),
        tuple(
            Left(
                UUID(left["id"]), left["number"], left["field"], str(left.get("is_now", "none")), left.get("by"),
                left.get("why"),
            )
            for left in told["changed"]
        ),
        tuple((each["number"], each["why"]) for each in told.get("refused", ())),
    )  # fmt: skip


def undo(act_id: UUID | None, undoing: UUID, *, force: bool = False) -> Statement[Undone]:
    """Take one's own act back, None: the latest.

    Args:
        undoing: this act's own id, drawn by the caller; under the same one it is done once.
        force: also over what somebody changed since.
    """
    return Statement("select helpdesk.undo_act(%s, %s, %s)", (act_id, undoing, force), positional(undone), writes=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """An act of one's own that can be taken back.

    Attributes:
        kind: ``change``, ``undo`` (of which the undoing is doing it again), ``redo``, or what another part keeps.
        tickets: how many it changed; ``numbers`` and ``ids`` are those of the first twenty.
        way: what did it, as the connection called itself.
    """

    id: UUID
    kind: str
    words: str
    tickets: int
    numbers: tuple[int, ...]
    ids: tuple[UUID, ...]
    at: datetime
    way: str


def _kept(
    act_id: UUID, kind: str, words: str, tickets: int, numbers: list[int], ids: list[UUID], at: datetime, way: str
) -> Kept:
    return Kept(act_id, kind, _named(words, numbers), tickets, tuple(numbers), tuple(ids), at, way)


def my_acts(most: int = 50) -> Statement[Kept]:
    """One's own acts that can be taken back, the latest first."""
    return Statement(
        "select act, kind, words, tickets, numbers, ids, at, way from helpdesk.my_acts(%s)",
        (most,),
        positional(_kept),
        writes=False,
    )


def belongs(me: Me, view: str, ticket: Ticket, now: datetime) -> bool:
    """Whether a ticket is in a view, judged from what is on the screen; the database has the last word.

    Args:
        me: whose view.
        view: the key of one of ``queues.VIEWS``.
        now: the time, for what is overdue.
    """
    is_open = ticket.status in ("open", "pending")
    mine = ticket.assignee_id == me.id
    my_department = ticket.department_id is not None and ticket.department_id == me.department_id
    if me.role == "customer":
        return ticket.customer_id == me.id and (is_open if view == "open" else not is_open)
    if not (me.role == "admin" or mine or my_department):
        return False
    if view == "snoozed":
        return is_open and ticket.asleep(now)
    if is_open and ticket.asleep(now) and view not in SLA_VIEWS:
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
