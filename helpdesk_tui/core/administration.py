"""What an admin does: departments, people, categories, tags, and many tickets at once.

What is done to people and to many tickets is an *act*: done whole or not at all, numbered, and taken back with
``undo`` as far as nobody has changed it since. Every call is one network round trip (a deactivation two); an act may
be sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from helpdesk_tui.core import sign_ins
from helpdesk_tui.core.administration_model import (
    ActRow,
    Candidate,
    Changed,
    Held,
    Item,
    Kind,
    Left,
    Moved,
    Outlook,
    PeoplePage,
    PersonChange,
    PersonRow,
    Preview,
    Undone,
)
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.filters import Condition, Vocabulary
from helpdesk_tui.core.filters.reading import answered, asked
from helpdesk_tui.core.model import Department, Me
from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.tickets import READ_COLUMNS

PAGE: Final = 200
_PERSON: Final = positional(lambda *columns: (PersonRow(*columns[:9]), columns[9]))
_TABLES: Final[Mapping[Kind, tuple[str, str]]] = {
    "departments": ("public.departments", "department"),
    "categories": ("public.categories", "category"),
    "tags": ("public.ticket_tags", "tag"),
}


class Administration:
    """An admin's desk. The database refuses it to everybody else.

    Args:
        database: as the person signed in.
        me: who that is.
    """

    def __init__(self, database: Database, me: Me) -> None:
        self.database = database
        self.me = me

    # -- people -------------------------------------------------------------------------------------------------------

    async def people(
        self,
        search: str = "",
        *,
        role: str | None = None,
        department: UUID | None = None,
        active: bool | None = True,
        skip: int = 0,
        limit: int = PAGE,
    ) -> PeoplePage:
        """People by name, those who have every word of ``search`` in their name or address.

        Args:
            role: ``customer``, ``agent``, ``admin``, or ``staff`` for the two; None: everybody.
            active: False: only those who were deactivated; None: both.
            skip: how many to leave out at the beginning.
            limit: how many at most (1,000 are the most there ever are).
        """
        rows = await self.database.fetch(_people(search, role, department, active, skip, limit))
        return PeoplePage(tuple(row for row, _ in rows), rows[0][1] if rows else 0, skip)

    async def person(self, reference: str) -> PersonRow:
        """Somebody by e-mail address, id or whole name.

        Raises:
            NotFound: nobody is called so.
            BadInput: several people are.
        """
        return (await self.persons(reference))[0]

    async def persons(self, *references: str) -> list[PersonRow]:
        """As ``person``, for several at once."""
        found = await self.database.run(*(_people(each, None, None, None, 0, 1000) for each in references))
        return [_meant(reference, [row for row, _ in rows]) for reference, rows in zip(references, found, strict=True)]

    async def outlook(self, person: UUID, change: PersonChange) -> Outlook:
        """What a change would mean for a person; nothing is changed.

        Raises:
            NotFound: there is no such person.
        """
        rows = await self.database.fetch(
            Statement(
                "select loses, holds from helpdesk.foresee(%s, %s)",
                (person, change.as_json()),
                positional(Outlook),
                writes=False,
            )
        )
        if not rows:
            raise NotFound("There is no such person.")
        return rows[0]

    async def change(
        self,
        person: UUID,
        change: PersonChange,
        *,
        held: Held = "keep",
        heir: UUID | None = None,
        act: UUID | None = None,
    ) -> Changed:
        """Changes what a person is: role, department, active or not.

        Args:
            held: what becomes of the open tickets they hold and would not come across any more. Whoever leaves the
                team or is deactivated keeps none.
            heir: who gets what is handed over; None: nobody.
            act: an id, drawn by the caller; sent again under the same one, it is done once.

        Raises:
            NotFound, BadInput, Refused: nothing was changed.
        """
        answer = await self._act(
            "select helpdesk.change_person(%s, %s, %s, %s, %s)", (act or uuid4(), person, change.as_json(), held, heir)
        )
        if change.active is False:
            # A round trip of its own: whoever connected while the first was on its way is there once it is done.
            await sign_ins.hang_up(self.database)
        return Changed(answer["act"], answer["words"], answer["loses"], answer["held"], tuple(answer["handed"]))

    # -- tickets ------------------------------------------------------------------------------------------------------

    async def vocabulary(self) -> Vocabulary:
        """The names that a filter may use."""
        return answered(self.me, await self.database.run(*asked()))

    async def preview(self, source: UUID, target: UUID, wanted: Condition, *, limit: int = 100) -> Preview:
        """What ``reassign`` would move; nothing is changed."""
        params = {"from": source, "to": target, "limit": limit, **wanted.params}
        hits = f"from public.tickets t where t.department_id = %(from)s and ({wanted.sql})"
        counted = Statement(
            f"""select count(*)::integer, count(*) filter (where t.assignee_id is not null and not exists (
                  select from public.profiles p where p.id = t.assignee_id and p.deactivated_at is null
                     and (p.role = 'admin' or p.role = 'agent' and p.department_id = %(to)s)))::integer {hits}""",  # noqa: S608
            {name: value for name, value in params.items() if name != "limit"},
            writes=False,
        )
        rows = Statement(
            f"""select t.number, t.title, t.status::text, t.priority::text, a.name, t.updated_at
                  from (select {READ_COLUMNS} {hits} order by t.number limit %(limit)s) t
                  left join lateral (select coalesce(p.full_name, p.email) as name from public.profiles p
                                      where p.id = t.assignee_id) a on true
                 order by t.number""",  # noqa: S608  (the filter's parts are constants, what people give travels apart)
            {name: value for name, value in params.items() if name != "to"},
            positional(Candidate),
            writes=False,
        )
        ((total, dropped),), candidates = await self.database.run(counted, rows)
        return Preview(total, dropped, tuple(candidates))

    async def reassign(
        self, source: UUID, target: UUID, wanted: Condition, *, query: str = "", act: UUID | None = None
    ) -> Moved:
        """Sends the tickets of one department that a filter holds to another, in one statement.

        Args:
            query: the filter in words, to be kept with the act.
            act: as in ``change``.

        Raises:
            NotFound, BadInput, Refused: nothing was changed.
        """
        answer = await self._act(
            f"""select helpdesk.reassign(%(act)s, array(
                  select t.id from public.tickets t where t.department_id = %(from)s and ({wanted.sql})),
                %(from)s, %(to)s, %(query)s)""",  # noqa: S608  (as above)
            {"act": act or uuid4(), "from": source, "to": target, "query": query, **wanted.params},
        )
        return Moved(answer["act"], answer["words"], tuple(answer["moved"]), answer["dropped"])

    async def undo(self, number: int | None = None, *, act: UUID | None = None) -> Undone:
        """Takes an act back, as far as nobody has changed it since; what this does can be taken back too.

        Args:
            number: which act; None: one's own latest that was not taken back.
            act: as in ``change``.

        Raises:
            NotFound: there is no such act.
            BadInput: it was taken back already.
        """
        answer = await self._act("select helpdesk.undo(%s, %s)", (act or uuid4(), number))
        person = answer["person"]
        others = [Left(UUID(each["id"]), each["number"], each["title"], each["why"]) for each in answer["others"]]
        if person and not person["done"]:
            others.insert(0, Left(UUID(person["id"]), None, person["name"] or "", person["why"]))
        return Undone(
            answer["act"],
            answer["of"],
            answer["undone"],
            bool(person and person["done"]),
            tuple(answer["restored"]),
            tuple(others),
        )

    async def acts(self, limit: int = 50) -> list[ActRow]:
        """The latest acts of all admins, the newest first."""
        return await self.database.fetch(
            Statement(
                "select number, actor, kind, words, at, undone_by from helpdesk.acts(%s)",
                (limit,),
                positional(ActRow),
                writes=False,
            )
        )

    async def _act(self, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
        rows: list[dict[str, Any]] = await self.database.fetch(
            Statement(sql, params, only(dict), writes=True), idempotent=True
        )
        return rows[0]

    # -- departments, categories, tags --------------------------------------------------------------------------------

    async def items(self, kind: Kind) -> list[Item]:
        """All of a kind by name, with what hangs on each."""
        return await self.database.fetch(items(kind))

    async def item(self, kind: Kind, reference: str) -> Item:
        """The one with this name or id.

        Raises:
            NotFound: there is none.
        """
        return find(reference, await self.items(kind), _TABLES[kind][1])

    async def add(
        self,
        kind: Kind,
        name: str,
        *,
        description: str | None = None,
        department: UUID | None = None,
        color: str | None = None,
        item: UUID | None = None,
    ) -> UUID:
        """Adds a department, category or tag, under an id drawn by the caller, if any. Returns the id.

        Raises:
            BadInput: there is one of that name.
        """
        values: dict[str, Any] = {"id": item or uuid4(), "name": name.strip(), "description": description}
        if kind == "categories":
            values["department_id"] = department
        if kind == "tags":
            values["color"] = color
        columns = ", ".join(values)
        places = ", ".join(f"%({column})s" for column in values)
        sql = f"insert into {_TABLES[kind][0]} ({columns}) values ({places})"  # noqa: S608  (constants)
        await self.database.run(Statement(sql, values, writes=True))
        found: UUID = values["id"]
        return found

    async def set_fields(self, kind: Kind, item: UUID, **fields: Any) -> None:
        """Changes some of name, description, color (tags) and department_id (categories).

        Raises:
            NotFound: there is no such thing, or it may not be changed by this person.
            BadInput: there is one of that name.
        """
        allowed = {"name", "description", *(["color"] if kind == "tags" else [])}
        allowed |= {"department_id"} if kind == "categories" else set()
        if not fields or not set(fields) <= allowed:
            raise BadInput(f"Of {kind} one can set {', '.join(sorted(allowed))}.")
        sets = ", ".join(f"{name} = %({name})s" for name in fields)
        sql = f"update {_TABLES[kind][0]} set {sets} where id = %(id)s returning id"  # noqa: S608  (constants)
        if not await self.database.fetch(Statement(sql, {**fields, "id": item}, writes=True), idempotent=True):
            raise NotFound(f"There is no such {_TABLES[kind][1]}.")

    async def set_default(self, department: UUID) -> None:
        """Tickets that no category sends elsewhere come here from now on."""
        await self.database.fetch(
            Statement("select helpdesk.set_default_department(%s)", (department,), writes=True), idempotent=True
        )

    async def two_factors(self) -> bool:
        """Whether a second factor is demanded of staff."""
        statement = Statement("select helpdesk.two_factors()", (), only(bool), writes=False)
        return (await self.database.fetch(statement))[0]

    async def demand_two_factors(self, demanded: bool) -> bool:
        """Demands a second factor of staff from now on, or no more; counts with everybody's next statement.

        Returns:
            What it was before.

        Raises:
            Refused: this session has given none itself, and would shut its person out.
        """
        statement = Statement("select helpdesk.demand_two_factors(%s)", (demanded,), only(bool), writes=True)
        return (await self.database.fetch(statement))[0]

    async def remove(self, kind: Kind, item: UUID) -> None:
        """Removes it. What hangs on it is let go of; a department with tickets, and the default one, stay.

        Raises:
            BadInput: it is in use.
            NotFound: there is no such thing.
        """
        await self.database.fetch(Statement("select helpdesk.remove(%s, %s)", (_TABLES[kind][1], item), writes=True))

    async def merge_tags(self, gone: UUID, kept: UUID) -> int:
        """Puts one tag in the place of another, which is no more. Returns how many tickets bore that."""
        rows = await self.database.fetch(
            Statement("select helpdesk.merge_tags(%s, %s)", (gone, kept), only(int), writes=True)
        )
        return rows[0]


def items(kind: Kind) -> Statement[Item]:
    """All of a kind by name, with what hangs on each. For admins."""
    return Statement(
        "select id, name, description, color, department_id, department, is_default, people, tickets,"
        " categories from helpdesk.structure(%s)",
        (kind,),
        positional(Item),
        writes=False,
    )


Named = TypeVar("Named", Item, Department)


def find(reference: str, items: Sequence[Named], what: str) -> Named:
    """The one with this name or id, whatever the case of its letters.

    Raises:
        NotFound: there is none; the nearest name is told.
    """
    wanted = reference.strip().casefold()
    for each in items:
        if wanted in (each.name.casefold(), str(each.id)):
            return each
    import difflib

    near = difflib.get_close_matches(reference, [each.name for each in items], n=1)
    raise NotFound(f"There is no {what} “{reference}”.", f"Did you mean “{near[0]}”?" if near else None)


def _people(
    search: str, role: str | None, department: UUID | None, active: bool | None, skip: int, limit: int
) -> Statement[tuple[PersonRow, int]]:
    return Statement(
        "select id, email, full_name, role, department_id, department, deactivated_at, created_at, holds, everybody"
        " from helpdesk.people(%s, %s, %s, %s, %s, %s)",
        (search, role, department, active, skip, limit),
        _PERSON,
        writes=False,
    )


def _meant(reference: str, rows: Sequence[PersonRow]) -> PersonRow:
    wanted = reference.strip().casefold()
    exact = [row for row in rows if wanted in (row.email.casefold(), str(row.id))]
    named = exact or [row for row in rows if wanted == row.name.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        raise BadInput(f"“{reference}” is the name of several people.", "Give the e-mail address.")
    hint = f"Did you mean {rows[0].email}?" if len(rows) == 1 else "`helpdesk admin people list WORDS` searches."
    raise NotFound(f"There is nobody called “{reference}” here.", hint)
