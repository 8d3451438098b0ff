"""The tree of a filter → a condition with parameters.

What a person typed never becomes part of the SQL: it is looked up (``Vocabulary``) or travels as a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from uuid import UUID

from helpdesk_tui.core.filters.errors import FilterError, near
from helpdesk_tui.core.filters.names import Vocabulary
from helpdesk_tui.core.filters.parse import parse
from helpdesk_tui.core.filters.tree import And, Node, Not, Or, Term, Value, Words

if TYPE_CHECKING:
    from helpdesk_tui.core.queues import Sort

ANY: Final = frozenset({1, 2, 3, 4})
"""The ranks of all statuses, in the order of ``model.STATUSES``."""
OPEN: Final = frozenset({1, 2})
SORTS: Final[Mapping[str, Sort]] = {
    "updated": "updated", "due": "due", "priority": "priority", "age": "age", "created": "age", "oldest": "age",
    "left": "left",
}  # fmt: skip


def orders(names: Vocabulary) -> tuple[str, ...]:
    """The words for an order: requesters are told nothing of what was promised to them."""
    return tuple(each for each in SORTS if names.team or each != "left")


class Part(NamedTuple):
    """A piece of a condition.

    Args:
        sql: its text; null is as false.
        ranks: those that the status of what it holds can have.
        exact: it holds everything whose status has one of these.
        total: it is never null.
        by_id: it names the ids of all that it holds.
    """

    sql: str
    ranks: frozenset[int] = ANY
    exact: bool = False
    total: bool = False
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on ``public.tickets t``.

    Args:
        sql: its text, true or false of each ticket (or null, which is as false).
        params: its parameters, whose names begin with ``f_``.
        state: whether it holds only what is open (or pending), only what has ended, or both (None): so it is known
            which of the indexes have it.
        sort: the order that the filter asks for, if it does.
        snoozed: it speaks of what is snoozed; otherwise a queue leaves that out.
        by_id: it names the ids of all that it holds, and is best read by these.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
    state: Literal["open", "ended"] | None = None
    sort: Sort | None = None
    snoozed: bool = False
    by_id: bool = False


def condition(query: str, names: Vocabulary, *, zone: tzinfo | None = None) -> Condition:
    """What a filter asks of a ticket.

    Args:
        query: the filter; an empty one asks nothing.
        names: what people, categories and tags are called.
        zone: where a date begins; None: where this machine is.

    Raises:
        FilterError: it cannot be understood, or names what is not there.
    """
    compiler = Compiler(query, names, zone)
    part = compiler.whole(parse(query))
    state: Literal["open", "ended"] | None = None
    if part.ranks <= OPEN:
        state = "open"
    elif not part.ranks & OPEN:
        state = "ended"
    return Condition(part.sql, compiler.params, state, compiler.sort, compiler.snoozed, part.by_id)


class Compiler:
    """What the fields compile themselves with; one for each filter.

    Attributes:
        query: the filter, to quote in errors.
        names: what things are called.
        zone: where a date begins.
        params: what was asked for so far, by the names of the parameters.
        snoozed: see ``Condition``; set by the field that speaks of it.
    """

    def __init__(self, query: str, names: Vocabulary, zone: tzinfo | None) -> None:
        self.query, self.names, self.zone = query, names, zone
        self.params: dict[str, Any] = {}
        self.sort: Sort | None = None
        self.snoozed = False

    def whole(self, tree: Node) -> Part:
        """The condition of a whole filter, and the order that stands in it."""
        parts = tree.parts if isinstance(tree, And) else (tree,)
        asking: list[Node] = []
        for part in parts:
            if isinstance(part, Term) and part.name.text == "sort":
                self.order(part)
            else:
                asking.append(part)
        return self.node(And(tuple(asking)), negated=False)

    def order(self, term: Term) -> None:
        """Takes note of the order that the filter asks for."""
        if term.operator != ":":
            raise self.error(f"“sort” takes :, not “{term.operator}”.", term.name)
        if self.sort is not None or len(term.values) > 1:
            raise self.error("There is one order.", term.name if self.sort is not None else term.values[1])
        known = orders(self.names)
        self.sort = SORTS[known[self.one_of(term.values[0], known, "order")]]

    def node(self, node: Node, *, negated: bool) -> Part:
        """The condition of a tree, or of its contrary.

        The contrary goes down to the fields, where it is known what it means for what is nowhere: of no assignee, of
        no due date the contrary holds too.
        """
        match node:
            case And(parts) | Or(parts):
                all_of = isinstance(node, And) is not negated
                made = [self.node(part, negated=negated) for part in parts]
                if not made:
                    return Part("true" if all_of else "false", ANY if all_of else frozenset())
                if len(made) == 1:
                    return made[0]
                ranks = made[0].ranks
                for part in made[1:]:
                    ranks = ranks & part.ranks if all_of else ranks | part.ranks
                joined = f"({(' and ' if all_of else ' or ').join(part.sql for part in made)})"
                return Part(joined, ranks, by_id=all_of and any(part.by_id for part in made))
            case Not(of):
                return self.node(of, negated=not negated)
            case Words(value):
                said = f"t.id = any(array(select helpdesk.tickets_saying({self.param(value.text, 'text')})))"
                return _contrary(Part(said, total=True)) if negated else Part(said, total=True, by_id=True)
            case Term():
                return self.term(node, negated)

    def term(self, term: Term, negated: bool) -> Part:
        """The condition of a field, or its contrary."""
        from helpdesk_tui.core.filters.fields import field_of, known

        name = term.name.text
        found = field_of(name, self.names)
        if found is None:
            there = known(self.names)
            raise self.error(
                f"There is no field “{name}”.",
                term.name,
                near(name, there) or f"The fields are {', '.join(there)}; for words write them in quotes.",
            )
        if term.operator not in found.operators:
            takes = "<, <=, > or >=" if ":" not in found.operators else ":"
            raise self.error(f"“{name}” takes {takes}, not “{term.operator}”.", term.name)
        if term.operator != ":" and len(term.values) > 1:
            raise self.error("Only one value can be compared to.", term.values[1])
        made = found.compile(self, term)
        return _contrary(made) if negated else made

    # -- for the fields -----------------------------------------------------------------------------------------------

    def param(self, value: object, kind: str) -> str:
        """The place of a parameter of a type of the database's."""
        name = f"f_{len(self.params)}"
        self.params[name] = value
        return f"%({name})s::{kind}"

    def error(self, what: str, value: Value, hint: str | None = None) -> FilterError:
        """What is wrong with a word."""
        return FilterError(what, self.query, value.start, value.end, hint)

    def one_of(self, value: Value, words: Sequence[str], what: str) -> int:
        """Which of the words it is, from 0.

        Raises:
            FilterError: none of them.
        """
        wanted = value.text.casefold()
        if wanted in words:
            return words.index(wanted)
        hint = near(wanted, words) or f"There is {', '.join(words)}."
        raise self.error(f"There is no {what} “{value.text}”.", value, hint)

    def ids(self, values: Sequence[Value], known: Iterable[tuple[UUID, str]], what: str) -> list[UUID]:
        """The ids of names, whatever the case of their letters.

        Raises:
            FilterError: one of them is nobody's.
        """
        by_name: dict[str, set[UUID]] = {}
        spelled: dict[str, str] = {}
        for identity, name in known:
            by_name.setdefault(name.casefold(), set()).add(identity)
            spelled[name.casefold()] = name
        found: list[UUID] = []
        for value in values:
            fits = by_name.get(value.text.casefold(), set())
            if not fits:
                raise self.error(f"There is no {what} “{value.text}”.", value, near(value.text, spelled.values()))
            found += sorted(fits)
        return found

    def named(self, term: Term, column: str, known: Iterable[tuple[UUID, str]], what: str) -> Part:
        """A column that holds one of several ids, or nothing at all."""
        some = [value for value in term.values if value.text.casefold() != "none"]
        either = [f"{column} is null"] if len(some) < len(term.values) else []
        if some:
            either.append(f"{column} = any({self.param(self.ids(some, known, what), 'uuid[]')})")
        return Part(one_of(either))


def one_of(either: Sequence[str]) -> str:
    """Conditions of which one is enough, as one."""
    return either[0] if len(either) == 1 else f"({' or '.join(either)})"


def rank_part(ranks: Iterable[int]) -> Part:
    """That the status has one of these ranks: numbers of ours, so they stand in the text, where indexes see them."""
    wanted = frozenset(ranks)
    if not wanted:
        return Part("false", wanted, exact=True)
    listed = ", ".join(str(rank) for rank in sorted(wanted))
    return Part(f"t.status_rank in ({listed})", wanted, exact=True)


def _contrary(part: Part) -> Part:
    if part.exact:
        return rank_part(ANY - part.ranks)
    return Part(f"not ({part.sql})" if part.total else f"({part.sql}) is not true", total=True)
