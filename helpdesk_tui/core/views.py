"""Saved views: queries with a name, one's own and shared ones, and the order in which a person has all their views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core import queues
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.queues import Sort
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from datetime import tzinfo

    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.filters import Condition, Vocabulary

Audience = Literal["me", "department", "team"]

LONGEST_NAME: Final = 60
"""Characters of a view's name; the database refuses longer ones."""
FOUND: Final = "/"
"""The key of the tab that shows what the filter line asks for."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A query with a name.

    Args:
        id: drawn by the client that saves it.
        query: in the language of ``core.filters``; it runs as whoever looks.
        audience: whose it is besides its author's: nobody's, a department's, or the whole team's.
        author: None where they are not of the team any more.
        mine: whether the person who looks is the author.
        changeable: whether they may change and remove it: its author, and admins where it is shared.
    """

    id: UUID
    name: str
    query: str
    sort: Sort = "updated"
    audience: Audience = "me"
    department_id: UUID | None = None
    department: str | None = None
    author: str | None = None
    mine: bool = True
    changeable: bool = True

    @property
    def key(self) -> str:
        """What it is called in an order of views."""
        return str(self.id)

    @property
    def whose(self) -> str:
        """For whom it is, in words."""
        if self.audience == "team":
            return "everybody"
        return f"{self.department or 'a department'}" if self.audience == "department" else "me"


@dataclass(frozen=True, slots=True)
class Order:
    """In which order a person has their views, by key, and which they hide. What is not named comes last."""

    keys: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, told: object) -> Order:
        """What the preferences hold, which is whatever somebody wrote there."""
        if not isinstance(told, Mapping):
            return cls()

        def names(what: str) -> Iterable[str]:
            found = told.get(what)
            return (str(each) for each in found) if isinstance(found, list) else ()

        return cls(tuple(dict.fromkeys(names("order"))), frozenset(names("hidden")))


@dataclass(frozen=True, slots=True)
class Tab:
    """A queue that can be shown: a built-in view, a saved one, or what the filter line asks for.

    Args:
        key: of a built-in view its name, of a saved one its id, ``FOUND``.
        empty: what to say where nothing is in it.
        query: None for a built-in view.
        sort: the order it is saved with; None: as the person last chose.
        hidden: whether the person hides it.
    """

    key: str
    label: str
    empty: str
    query: str | None = None
    sort: Sort | None = None
    saved: SavedView | None = None
    hidden: bool = False

    @property
    def scope(self) -> str:
        """The built-in view whose tickets it takes its own from."""
        return self.key if self.query is None else queues.EVERYTHING


NOTHING_FITS: Final = "No ticket that you see fits this query."


def built_in() -> list[Tab]:
    """The tabs of somebody of the team of whom nothing more is known."""
    return [Tab(view.key, view.label, view.empty, hidden=view.aside) for view in queues.VIEWS]


def found_tab(query: str) -> Tab:
    """The tab of what the filter line asks for."""
    return Tab(FOUND, f"/ {query}", f"{NOTHING_FITS} Esc closes it.", query)


def condition_of(tab: Tab, names: Vocabulary | None, zone: tzinfo | None) -> Condition | None:
    """What a tab asks besides being in its queue; None: nothing, or nobody knows yet what can be named.

    Raises:
        FilterError: its query cannot be understood.
    """
    if tab.query is None or names is None:
        return None
    from helpdesk_tui.core.filters import condition

    return condition(tab.query, names, zone=zone)


def arranged(me: Me, saved: Sequence[SavedView], order: Order) -> list[Tab]:
    """All views of a person in their order, the hidden ones too.

    What they have put nowhere comes last: built-in views, then saved ones. Of those, what is another department's, as
    an admin sees it, is hidden; so are what is snoozed and the promises that are broken, or nearly.
    """
    placed = frozenset(order.keys)
    tabs = []
    for built in queues.views_for(me):
        hidden = built.key in order.hidden or (built.aside and built.key not in placed)
        tabs.append(Tab(built.key, built.label, built.empty, hidden=hidden))
    for view in saved:
        elsewhere = view.audience == "department" and not view.mine and view.department_id != me.department_id
        hidden = view.key in order.hidden or (elsewhere and view.key not in placed)
        tabs.append(Tab(view.key, view.name, NOTHING_FITS, view.query, view.sort, view, hidden))
    place = {key: n for n, key in enumerate(order.keys)}
    ordered = sorted(tabs, key=lambda tab: place.get(tab.key, len(place)))
    if all(tab.hidden for tab in ordered):
        # Something has to be shown.
        first = ordered[0]
        ordered[0] = Tab(first.key, first.label, first.empty, first.query, first.sort, first.saved)
    return ordered


def moved(tabs: Sequence[Tab], key: str, step: int) -> Order:
    """The order with one view so many places farther among those that are shown."""
    shown = [tab.key for tab in tabs if not tab.hidden]
    at = shown.index(key)
    shown.insert(max(0, min(at + step, len(shown) - 1)), shown.pop(at))
    return Order((*shown, *(tab.key for tab in tabs if tab.hidden)), frozenset(tab.key for tab in tabs if tab.hidden))


def hiding(tabs: Sequence[Tab], key: str, hide: bool) -> Order:
    """The order with one view hidden, or shown again."""
    hidden = {tab.key for tab in tabs if tab.hidden} - {key}
    return Order(tuple(tab.key for tab in tabs), frozenset(hidden | {key} if hide else hidden))


def called(saved: Sequence[SavedView], name: str) -> SavedView | None:
    """The saved view of a name (or of an id), whatever the case of its letters; one's own before another's. None: none.

    Raises:
        BadInput: several are called so.
    """
    wanted = name.strip().casefold()
    fits = [view for view in saved if wanted in (view.name.casefold(), view.key)]
    fits = [view for view in fits if view.mine] or fits
    if len(fits) > 1:
        ids = ", ".join(view.key for view in fits)
        raise BadInput(f"Several views are called “{name}”.", f"Give the id of one of them: {ids}.")
    return fits[0] if fits else None


# -- statements -------------------------------------------------------------------------------------------------------


def listed() -> Statement[SavedView]:
    """The saved views that a person may use, their own first. A customer has none."""
    return Statement(
        "select id, name, query, sort, audience, department_id, department, author, mine, changeable"
        " from helpdesk.views()",
        (),
        positional(SavedView),
        writes=False,
    )


def order() -> Statement[Order]:
    """In which order they have their views: one row."""
    return Statement("select helpdesk.preferences() -> 'views'", (), positional(Order.of), writes=False)


class Views:
    """A person's saved views, as the database keeps them. Each call is one round trip.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def read(self) -> tuple[list[SavedView], Order]:
        """All of them, and their order."""
        saved, orders = await self.database.run(listed(), order())
        return saved, orders[0] if orders else Order()

    async def save(self, view: SavedView) -> None:
        """Saves a view: a new one, or over what is there under its id. Doing it twice is the same as once.

        Raises:
            BadInput: it is too long, or there are too many.
            Refused: it is another's to change, or another department's to have.
        """
        values = (view.id, view.name, view.query, view.sort, view.audience, view.department_id)
        await self._do("select helpdesk.save_view(%s, %s, %s, %s, %s, %s)", values)

    async def remove(self, view: UUID) -> None:
        """Removes a view; saved again under its id it is back.

        Raises:
            NotFound: there is no such view.
            Refused: it is another's to remove.
        """
        await self._do("select helpdesk.remove_view(%s)", (view,))

    async def put(self, wanted: Order) -> None:
        """Keeps the order of one's views, for all one's devices."""
        import json

        told = json.dumps({"order": list(wanted.keys), "hidden": sorted(wanted.hidden)})
        await self._do("select helpdesk.order_views(%s::jsonb)", (told,))

    async def _do(self, sql: str, values: Sequence[Any]) -> None:
        await self.database.fetch(Statement(sql, values, only(type(None)), writes=True), idempotent=True)
