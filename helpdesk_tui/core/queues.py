"""Which queues there are for whom, and in which order each is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from helpdesk_tui.core.model import Me

if TYPE_CHECKING:
    from helpdesk_tui.core.filters import Condition

__all__ = ["CUSTOMER_VIEWS", "EVERYTHING", "SLA_VIEWS", "SORTS", "VIEWS", "Sort", "View", "order_of", "views_for"]

Sort = Literal["updated", "due", "priority", "age", "left"]
SORTS: Final[Mapping[Sort, str]] = {
    "updated": "latest update",
    "due": "due date",
    "priority": "priority",
    "age": "oldest first",
    "left": "least time left",
}
EVERYTHING: Final = "all"
"""No built-in queue, but all that is in a person's queues, whatever its state: what a query asks of."""


@dataclass(frozen=True, slots=True)
class View:
    """A built-in queue: its key, the words for people, and what to say when it is empty; ``aside``: no tab at first."""

    key: str
    label: str
    empty: str
    aside: bool = False


VIEWS: Final[tuple[View, ...]] = (
    View("mine", "Mine", "Nothing is assigned to you."),
    View("unassigned", "Unassigned", "Every open ticket has an assignee."),
    View("department", "Department", "Your department has no open tickets."),
    View("open", "All open", "No open tickets."),
    View("waiting", "Waiting on customer", "No ticket waits for its requester."),
    View("overdue", "Overdue", "Nothing is overdue."),
    View("snoozed", "Snoozed", "Nothing is snoozed.", aside=True),
    View("breached", "Breached", "No promise to a requester is broken.", aside=True),
    View("soon", "Breaching soon", "No promise is about to be broken.", aside=True),
    View("closed", "Recently closed", "Nothing was resolved or closed yet."),
)
CUSTOMER_VIEWS: Final[tuple[View, ...]] = (
    View("open", "Open", "You have no open tickets."),
    View("closed", "Closed", "You have no closed tickets."),
)
SLA_VIEWS: Final = ("breached", "soon")
"""What is promised and late, or nearly: read in the order in which it is due, and in no other."""


def views_for(me: Me) -> tuple[View, ...]:
    """The queues that make sense for a person, in the order of their tabs."""
    if me.role == "customer":
        return CUSTOMER_VIEWS
    return tuple(view for view in VIEWS if view.key != "department" or me.department_id is not None)


def order_of(view: str, sort: Sort, where: Condition | None = None) -> Sort:
    """The order in which a view is read when a sort is asked for: whoever shows the rows must sort them the same.

    What is over has neither urgency nor a date to meet, and no index carries its millions in those orders. A query that
    names an order has it all the same.
    """
    if where is not None and where.sort is not None:
        return where.sort
    if view in SLA_VIEWS and where is None:
        return "left"
    ended = view == "closed" or (view == EVERYTHING and (where is None or where.state != "open"))
    return "updated" if ended and sort in ("due", "priority") else sort
