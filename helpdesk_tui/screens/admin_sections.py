"""The sections of administration: what each lists, how it is read, searched and told of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from helpdesk_tui.core.administration import items
from helpdesk_tui.core.administration_model import ActRow, Item, Kind, PersonRow
from helpdesk_tui.core.routing import Routing, departments
from helpdesk_tui.widgets.admin_list import AdminList
from helpdesk_tui.widgets.admin_row import LOOKS
from helpdesk_tui.widgets.proposal import Note
from helpdesk_tui.widgets.ticket_header import Clock

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

__all__ = ["WHO", "Acts", "Items", "People", "Section", "Whole", "counted"]

#: Which people: key, words, role, active or not.
WHO: Final[dict[str, tuple[str, str, str | None, bool | None]]] = {
    "staff": ("s", "agents and admins", "staff", True),
    "agents": ("a", "agents", "agent", True),
    "admins": ("m", "admins", "admin", True),
    "customers": ("c", "customers", "customer", True),
    "deactivated": ("d", "deactivated", None, False),
    "everybody": ("e", "everybody", None, None),
}


def counted(number: int, thing: str, things: str | None = None) -> str:
    """``1 ticket``, ``1,200 tickets``."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


class Section(ABC):
    """One list of an admin's, and what was asked of it.

    Attributes:
        rows: the widget.
        search: what is searched for; empty: nothing.
        overlay: what is shown instead of what was read, until the database has confirmed it: by key the row, or None
            for one that is no more.
    """

    label: str
    kind: str
    HINTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, kind: str, label: str, clock: Clock, zone: tzinfo | None = None) -> None:
        self.kind, self.label, self._zone = kind, label, zone
        self.rows = AdminList(LOOKS[kind], self.key, clock=clock, id=f"list-{kind}")
        self.search = ""
        self.overlay: dict[Hashable, Any] = {}
        self.stale = True
        self._turn = 0

    def key(self, row: Any) -> Hashable:
        """What a row is known by."""
        found: Hashable = row.id
        return found

    @abstractmethod
    async def read(self, admin: Administration) -> None:
        """Read what is in sight again."""

    async def more(self, admin: Administration, skip: int, limit: int) -> None:  # noqa: ARG002  (all are here)
        """Read rows that are missing."""
        return

    @property
    def hints(self) -> tuple[str, ...]:
        """The ids of the actions worth knowing."""
        return self.HINTS

    @property
    @abstractmethod
    def scope(self) -> str:
        """What is listed, in words."""

    @abstractmethod
    def notes(self) -> list[Note]:
        """What the chosen row is."""

    def lay_over(self, rows: Sequence[Any]) -> list[Any]:
        """The rows, with what was done to them and not confirmed yet."""
        found = [self.overlay.get(self.key(row), row) for row in rows]
        return [row for row in found if row is not None]

    def known(self, key: Hashable) -> Any:
        """A row as it was read; None: it is not here."""
        return next((row for row in self.rows.rows.values() if self.key(row) == key), None)

    def settle(self, key: Hashable, row: Any) -> None:  # noqa: ARG002  (it knows its key)
        """A row looks like this until it is read again: as it was done, or as it was where that was refused."""
        if row is not None:
            self.rows.put(row)

    def day(self, when: datetime) -> str:
        """A date where the person is."""
        return f"{when.astimezone(self._zone):%Y-%m-%d}"

    def turn(self) -> int:
        """A number for a question: an answer to an older one is not shown."""
        self._turn += 1
        return self._turn

    def outdated(self, turn: int) -> bool:
        """Whether something else has been asked since."""
        return turn != self._turn


class People(Section):
    """People, a window of them at a time, searched by the database."""

    HINTS = ("place.home", "app.help", "admin.search", "admin.role", "admin.department", "admin.remove", "admin.undo")

    def __init__(self, clock: Clock, zone: tzinfo | None = None) -> None:
        super().__init__("people", "People", clock, zone)
        self.who = "staff"

    @property
    def scope(self) -> str:
        """Who is listed."""
        _, words, *_ = WHO[self.who]
        found = f", with “{self.search}”" if self.search else ""
        return f"{words}{found} (f: others)"

    async def read(self, admin: Administration) -> None:
        """Read the window again that is in sight."""
        turn = self.turn()
        skip, limit = self.rows.window
        page = await self._page(admin, skip, limit)
        if skip and not page.rows:
            page = await self._page(admin, skip := 0, limit)
        if not self.outdated(turn):
            self.stale = False
            empty = ("Nobody fits.", "f shows others, / searches for somebody else.")
            self.rows.show(self.lay_over(page.rows), total=page.total, skip=skip, empty=empty)

    async def more(self, admin: Administration, skip: int, limit: int) -> None:
        """Another window."""
        turn = self._turn
        page = await self._page(admin, skip, limit)
        if not self.outdated(turn):
            self.rows.add(self.lay_over(page.rows), total=page.total, skip=skip)

    async def _page(self, admin: Administration, skip: int, limit: int) -> Any:
        _, _, role, active = WHO[self.who]
        return await admin.people(self.search, role=role, active=active, skip=skip, limit=limit)

    def notes(self) -> list[Note]:
        """Who it is."""
        row = self.rows.selected
        if not isinstance(row, PersonRow):
            return []
        said: list[Note] = [
            (row.name, "title"),
            (row.email, "text"),
            (f"{row.role} · {row.department or 'no department'}", "text"),
        ]
        if row.deactivated_at is not None:
            said.append((f"deactivated on {self.day(row.deactivated_at)}: what they wrote stays", "warn"))
        elif row.role != "customer":
            said.append((f"holds {counted(row.holds, 'open ticket')}", "text"))
        said += [(f"here since {self.day(row.created_at)}", "muted"), ("", "muted")]
        if row.active:
            said.append(("r role · d department · c how much routing lets them hold · x deactivate", "muted"))
        else:
            said.append(("x lets them in again", "muted"))
        return said

    def key(self, row: PersonRow) -> Hashable:
        """The person."""
        return row.id


_DONE: Final[dict[str, str]] = {
    "departments": "n new · e rename · i describe · m make the default · r who is given what comes in"
    " · c how much an agent holds · x remove",
    "categories": "n new · e rename · i describe · d where its tickets go · x remove",
    "tags": "n new · e rename · i describe · m merge into another · x remove",
}


class Whole(Section):
    """All of a kind: read whole, and searched here.

    Attributes:
        all: what was read, whatever is searched for.
    """

    one: str
    many: str
    #: What is said where there are none, besides that.
    ADDING: ClassVar[str] = "n adds one."
    HINTS: ClassVar[tuple[str, ...]] = (
        *("place.home", "app.help", "admin.new", "admin.rename", "admin.describe", "admin.search", "admin.undo"),
    )

    def __init__(self, kind: str, label: str, clock: Clock) -> None:
        super().__init__(kind, label, clock)
        self.all: list[Any] = []

    @abstractmethod
    def searched(self, row: Any) -> str:
        """The words of a row among which is searched."""

    def order(self, row: Any) -> Any:
        """What rows are sorted by."""
        return row.name.casefold()

    @property
    def scope(self) -> str:
        """Which are listed."""
        return f"with “{self.search}”" if self.search else f"all {self.many}"

    def known(self, key: Hashable) -> Any:
        """As it was read."""
        return next((row for row in self.all if self.key(row) == key), None)

    def settle(self, key: Hashable, row: Any) -> None:
        """Among all of them."""
        others = [each for each in self.all if self.key(each) != key]
        self.all = others if row is None else [*others, row]

    def refilter(self) -> None:
        """Show those that fit what is searched for, and what was added and is not confirmed yet."""
        if self.stale and not self.all and not self.overlay:
            return  # nothing was read yet: it is not known that there is none
        known = {self.key(row) for row in self.all}
        added = [row for key, row in self.overlay.items() if row is not None and key not in known]
        wanted = self.search.casefold().split()
        fitting = [
            row
            for row in sorted([*self.lay_over(self.all), *added], key=self.order)
            if all(word in self.searched(row).casefold() for word in wanted)
        ]
        none = f"There are no {self.many} yet." if not self.search else f"No {self.one} fits."
        self.rows.show(fitting, empty=(none, self.ADDING))


class Items(Whole):
    """Departments, categories or tags."""

    def __init__(self, kind: Kind, label: str, clock: Clock) -> None:
        super().__init__(kind, label, clock)
        self.what: Kind = kind
        self.many = kind
        self.one = {"departments": "department", "categories": "category", "tags": "tag"}[kind]
        self.routing: dict[UUID, Routing] = {}

    def searched(self, row: Item) -> str:
        """Its name and what it is for."""
        return f"{row.name} {row.description or ''}"

    async def read(self, admin: Administration) -> None:
        """Read them all again."""
        turn = self.turn()
        if self.what == "departments":
            found, how = await admin.database.run(items(self.what), departments())
        else:
            found, how = await admin.items(self.what), []
        if not self.outdated(turn):
            self.stale = False
            self.all = found
            self.routing = {each.department_id: each for each in how}
            self.refilter()

    def notes(self) -> list[Note]:
        """What hangs on it."""
        row = self.rows.selected
        if not isinstance(row, Item):
            return []
        said: list[Note] = [(row.name, "title")]
        if row.description:
            said.append((row.description, "text"))
        if self.what == "departments":
            said.append((f"{counted(row.people, 'person', 'people')}, {counted(row.tickets, 'open ticket')}", "text"))
            said.append((f"{counted(row.categories, 'category', 'categories')} send tickets here", "text"))
            if row.is_default:
                said.append(("the default: what no category sends elsewhere comes here", "text"))
            said += self._routed(row.id)
        elif self.what == "categories":
            said.append((f"goes to {row.department or 'the default department'}", "text"))
            said.append((f"{counted(row.tickets, 'ticket')} in all", "text"))
        else:
            said.append((f"on {counted(row.tickets, 'ticket')}", "text"))
        return [*said, ("", "muted"), (_DONE[self.what], "muted")]

    def _routed(self, department: UUID) -> list[Note]:
        how = self.routing.get(department)
        if how is None:
            return []
        said: list[Note] = [(f"tickets are given out {how.words}", "text")]
        if how.mode != "manual":
            said.append((f"{counted(how.agents, 'agent')}, {how.away} away", "text"))
        if how.waiting:
            said.append((f"{counted(how.waiting, 'ticket')} wait until somebody has room", "warn"))
        return said


class Acts(Section):
    """What admins did that can be taken back, the latest first."""

    LIMIT: Final = 200

    def __init__(self, clock: Clock, zone: tzinfo | None = None) -> None:
        super().__init__("acts", "Acts", clock, zone)

    @property
    def hints(self) -> tuple[str, ...]:
        """Of what can be done: where nothing was done there is nothing to take back."""
        return ("place.home", "app.help", *(("admin.go", "admin.undo") if self.rows.selected is not None else ()))

    @property
    def scope(self) -> str:
        """Which are listed."""
        return "the latest acts of all admins"

    def key(self, row: ActRow) -> Hashable:
        """Its number."""
        return row.number

    async def read(self, admin: Administration) -> None:
        """Read the latest again."""
        turn = self.turn()
        found = await admin.acts(self.LIMIT)
        if not self.outdated(turn):
            self.stale = False
            self.rows.show(
                found, empty=("Nothing was done yet.", "What is done to people, or to many tickets, is here.")
            )

    def notes(self) -> list[Note]:
        """What was done."""
        row = self.rows.selected
        if not isinstance(row, ActRow):
            return []
        said: list[Note] = [
            (f"act {row.number}", "title"),
            (row.words, "text"),
            (f"by {row.actor or 'somebody who has left'}, {row.at.astimezone(self._zone):%Y-%m-%d %H:%M}", "muted"),
            ("", "muted"),
        ]
        if row.undone_by is not None:
            said.append((f"taken back by act {row.undone_by}", "warn"))
        else:
            said.append(("Enter takes it back, but for what was changed since", "muted"))
        return said
