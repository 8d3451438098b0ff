"""What a filter can ask for, each with what it becomes and what can stand behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from helpdesk_tui.core.filters import times
from helpdesk_tui.core.filters.compile import OPEN, Compiler, Part, one_of, orders, rank_part
from helpdesk_tui.core.filters.errors import near
from helpdesk_tui.core.filters.names import Vocabulary
from helpdesk_tui.core.filters.tree import Operator, Term
from helpdesk_tui.core.model import PRIORITIES, STATUSES, Department

Candidates = Iterable[tuple[str, str]]
"""What can stand behind a field: a value, and some words about it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the language.

    Args:
        about: what it asks, in a few words.
        operators: those it takes.
        compile: what a term becomes; it may raise FilterError.
        values: what can stand behind it, for completion; nothing where anything can.
        team: it is the team's alone.
        offered: the operators with which completion offers it.
    """

    about: str
    operators: tuple[Operator, ...]
    compile: Callable[[Compiler, Term], Part]
    values: Callable[[Vocabulary], Candidates] = lambda _: ()
    team: bool = False
    offered: tuple[Operator, ...] = (":",)


_EQUAL: Final[tuple[Operator, ...]] = (":",)
_COMPARED: Final[tuple[Operator, ...]] = ("<", "<=", ">", ">=")
_AGED: Final[tuple[Operator, ...]] = ("<", ">")
_BOTH: Final = _EQUAL + _COMPARED


def _status(compiler: Compiler, term: Term) -> Part:
    # The ranks are shadows of the enum, which no index serves under row level security.
    return rank_part(compiler.one_of(value, STATUSES, "status") + 1 for value in term.values)


def _priority(compiler: Compiler, term: Term) -> Part:
    ranks = [compiler.one_of(value, PRIORITIES, "priority") + 1 for value in term.values]
    if term.operator == ":":
        return Part(f"t.priority_rank in ({', '.join(str(rank) for rank in sorted(set(ranks)))})")
    return Part(f"t.priority_rank {term.operator} {ranks[0]}")


def _assignee(compiler: Compiler, term: Term) -> Part:
    return compiler.named(term, "t.assignee_id", compiler.names.people(), "agent or admin")


def _category(compiler: Compiler, term: Term) -> Part:
    known = ((each.id, each.name) for each in compiler.names.categories)
    return compiler.named(term, "t.category_id", known, "category")


def _department(compiler: Compiler, term: Term) -> Part:
    known = ((each.id, each.name) for each in compiler.names.departments)
    return compiler.named(term, "t.department_id", known, "department")


def _tag(compiler: Compiler, term: Term) -> Part:
    some = [value for value in term.values if value.text.casefold() != "none"]
    either = []
    if len(some) < len(term.values):
        either.append("not exists (select from public.ticket_tag_relations r where r.ticket_id = t.id)")
    if some:
        ids = compiler.ids(some, ((each.id, each.name) for each in compiler.names.tags), "tag")
        # Not by a function that knows them all: most pages have enough long before all are known.
        either.append(
            "exists (select from public.ticket_tag_relations r"
            f" where r.ticket_id = t.id and r.tag_id = any({compiler.param(ids, 'uuid[]')}))"
        )
    return Part(one_of(either), total=True)


def _from(compiler: Compiler, term: Term) -> Part:
    mine = [value for value in term.values if value.text.casefold() in ("@me", "me")]
    others = [value.text for value in term.values if value not in mine]
    either = [f"t.customer_id = {compiler.param(compiler.names.me.id, 'uuid')}"] if mine else []
    if others:
        # Who that is, only the database knows, and whether this person may: there are too many to have them here.
        given = compiler.param(others, "text[]")
        either.append(f"t.customer_id in (select q.id from helpdesk.requesters({given}) q)")  # noqa: S608
    return Part(one_of(either), total=True)


def _number(compiler: Compiler, term: Term) -> Part:
    numbers = []
    for value in term.values:
        digits = value.text.removeprefix("#")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
            raise compiler.error(f"“{value.text}” is no ticket's number.", value, "A number is 1042 or #1042.")
        numbers.append(int(digits))
    if term.operator == ":":
        # Whoever names a ticket wants it, awake or not.
        compiler.snoozed = True
        return Part(f"t.number = any({compiler.param(numbers, 'bigint[]')})")
    return Part(f"t.number {term.operator} {compiler.param(numbers[0], 'bigint')}")


def _mine(compiler: Compiler) -> Part:
    return Part(f"t.assignee_id = {compiler.param(compiler.names.me.id, 'uuid')}")


def _snoozed(compiler: Compiler) -> Part:
    compiler.snoozed = True
    return Part("t.id = any((select helpdesk.snoozed())::uuid[])", total=True)


def _followed(compiler: Compiler) -> Part:  # noqa: ARG001  (who asks, the database knows)
    return Part("t.id = any((select helpdesk.followed())::uuid[])", total=True)


_IS: Final[Mapping[str, tuple[str, bool, Callable[[Compiler], Part]]]] = {
    "open": ("open or pending", False, lambda _: Part("t.is_open", OPEN, exact=True)),
    "closed": ("resolved or closed", False, lambda _: rank_part({3, 4})),
    "overdue": ("open, and its due date has passed", False, lambda _: Part("(t.is_open and t.due_sort < now())", OPEN)),
    "waiting": ("its requester waits for an answer", False, lambda _: times.waits("is not null")),
    "snoozed": ("out of sight for a while", True, _snoozed),
    "unassigned": ("nobody's", True, lambda _: Part("t.assignee_id is null")),
    "mine": ("assigned to you", True, _mine),
    "followed": ("you follow it", True, _followed),
}
"""What a ticket can be: in words, whether it is for the team alone, and what it becomes."""


_SLA: Final[Mapping[str, str]] = {
    "breached": "a promise is broken",
    "soon": "a promise is about to be broken",
    "any": "a promise is due at some time",
    "none": "no promise is due",
}


def _sla(compiler: Compiler, term: Term) -> Part:
    """``sla:breached``; ``sla<1h``: a promise is due within the hour, or broken."""
    if term.operator != ":":
        span = times.age(compiler, term.values[0])
        if span is None:
            raise compiler.error(f"“{term.values[0].text}” is no time left.", term.values[0], f"{times.AGES}.")
        return Part(_due("any", f"now() + {compiler.param(span, 'interval')}"), OPEN)
    found = {tuple(_SLA)[compiler.one_of(value, tuple(_SLA), "state of a promise")] for value in term.values}
    either = [_due(state, "null") for state in sorted(found - {"none"})]
    if "none" in found:
        # Found once, by hash: of the contrary of "any" each ticket would go through them all.
        unpromised = "t.id not in (select q.id from helpdesk.sla_queue('any', null, null, null, false, 1000000) q)"
        return Part(one_of([*either, unpromised]))
    return Part(one_of(either), OPEN)


def _due(state: str, until: str) -> str:
    # One init plan: the database keeps what is due beside the tickets, where no policy need be asked a row.
    due = f"helpdesk.sla_queue('{state}', {until}, null, null, false, 1000000)"
    return f"t.id = any(array(select q.id from {due} q))"  # noqa: S608


def _is(compiler: Compiler, term: Term) -> Part:
    words = tuple(word for word, (_, team, _) in _IS.items() if compiler.names.team or not team)
    parts = [_IS[words[compiler.one_of(value, words, "state")]][2](compiler) for value in term.values]
    if len(parts) == 1:
        return parts[0]
    ranks = frozenset[int]().union(*(part.ranks for part in parts))
    return Part(one_of([part.sql for part in parts]), ranks, all(part.exact for part in parts))


def _in_order(compiler: Compiler, term: Term) -> Part:
    """Where it may stand, ``Compiler.whole`` has taken it out."""
    raise compiler.error("The order stands outside of parentheses, and has no contrary.", term.name)


# -- custom fields: metadata, typed where the vocabulary gives types ---------------------------------------------------

CUSTOM: Final = "field."
_NUMERIC: Final = r"^-?[0-9]{1,30}([.][0-9]{1,30})?$"


def _custom(compiler: Compiler, term: Term) -> Part:
    """A value of ``metadata``. Where the field's are numbers, what is none compares to none."""
    key = term.name.text.removeprefix(CUSTOM)
    found = next((each for each in compiler.names.fields if each.key == key), None)
    if found is None and compiler.names.fields:
        keys = [each.key for each in compiler.names.fields]
        hint = near(key, keys) or f"The fields are {', '.join(keys)}."
        raise compiler.error(f"There is no custom field “{key}”.", term.name, hint)
    kind = "text" if found is None else found.kind
    name, number = compiler.param(key, "text"), "true" if kind == "number" else "false"

    def held(sign: str, value: str) -> str:
        # The column is for nobody to read: its requester sees the row too.
        asked = f"{name}, {compiler.param(sign, 'text')}, {compiler.param(value, 'text')}, {number}"
        return f"t.id in (select helpdesk.with_field({asked}))"

    some = [value for value in term.values if term.operator != ":" or value.text.casefold() != "none"]
    either = [f"not {held('any', '')}"] if len(some) < len(term.values) else []
    for value in some:
        text = value.text
        if kind == "number" and re.search(_NUMERIC, text) is None:
            raise compiler.error(f"“{text}” is no number.", value, "A number is 12 or 0.5.")
        if found is not None and found.choices and term.operator == ":":
            compiler.one_of(value, [each.casefold() for each in found.choices], key)
        if kind == "boolean":
            text = ("true", "false")[compiler.one_of(value, ("yes", "no"), key)]
        either.append(held(term.operator, text))
    return Part(one_of(either))


# -- all of them -------------------------------------------------------------------------------------------------------


def _named(those: Callable[[Vocabulary], Iterable[Department]], about: str) -> Callable[[Vocabulary], Candidates]:
    return lambda names: [*((each.name, about) for each in those(names)), ("none", "without any")]


def _people(names: Vocabulary) -> Candidates:
    yield "@me", names.me.name
    yield "none", "nobody's"
    for person in names.staff:
        # The address names one person, as a name may not.
        yield person.email or person.name, person.name


def _ages(about: str) -> Callable[[Vocabulary], Candidates]:
    return lambda _: [(each, about) for each in ("1h", "4h", "1d", "2d", "1w", "1mo")]


_FIELDS: Final[Mapping[str, Field]] = {
    "status": Field("its status", _EQUAL, _status, lambda _: [(each, "status") for each in STATUSES]),
    "priority": Field(
        "its priority",
        _BOTH,
        _priority,
        lambda _: [(each, "priority") for each in PRIORITIES],
        offered=(":", ">=", "<="),
    ),
    "assignee": Field("who works on it", _EQUAL, _assignee, _people, team=True),
    "department": Field("whose queue it is in", _EQUAL, _department, _named(lambda n: n.departments, "department")),
    "category": Field("what it is about", _EQUAL, _category, _named(lambda n: n.categories, "category")),
    "tag": Field("what it is marked with", _EQUAL, _tag, _named(lambda n: n.tags, "tag"), team=True),
    "from": Field("who asked", _EQUAL, _from, lambda names: [("@me", names.me.name)], team=True),
    "waiting": Field(
        "how long its requester has waited", _COMPARED, times.waiting, _ages("for an answer"), offered=_AGED
    ),
    "updated": Field("when it last changed", _BOTH, times.past("updated_at"), _ages("ago"), offered=_AGED),
    "created": Field("when it came in", _BOTH, times.past("created_at"), _ages("ago"), offered=_AGED),
    "due": Field("when it is due", _BOTH, times.due, _ages("from now"), offered=_AGED),
    "sla": Field(
        "the time left of what is promised",
        (*_EQUAL, "<", "<="),
        _sla,
        lambda _: [*((each, about) for each, about in _SLA.items()), ("1h", "left at most"), ("1d", "left at most")],
        team=True,
        offered=(":", "<"),
    ),
    "is": Field(
        "its state",
        _EQUAL,
        _is,
        lambda names: [(word, about) for word, (about, team, _) in _IS.items() if names.team or not team],
    ),
    "number": Field("its number", _BOTH, _number),
    "sort": Field(
        "the order",
        _EQUAL,
        _in_order,
        lambda names: [(each, "order") for each in orders(names)],
    ),
}
_CUSTOM: Final = Field("a field of your team's", _BOTH, _custom, team=True)
FIELDS: Final[tuple[str, ...]] = tuple(_FIELDS)
"""What can be asked for, by name; besides these, ``field.KEY``."""


def known(names: Vocabulary) -> list[str]:
    """The fields that somebody's filters can have, the custom ones that have a type included."""
    there = [name for name, field in _FIELDS.items() if names.team or not field.team]
    return [*there, *(CUSTOM + each.key for each in names.fields if names.team)]


def field_of(name: str, names: Vocabulary) -> Field | None:
    """The field of a name; None: there is none for this person."""
    field = _CUSTOM if name.startswith(CUSTOM) and name != CUSTOM else _FIELDS.get(name)
    return field if field is not None and (names.team or not field.team) else None


def values_of(name: str, names: Vocabulary) -> list[tuple[str, str]]:
    """What can stand behind a field, with some words about each."""
    if name.startswith(CUSTOM):
        found = [each for each in names.fields if CUSTOM + each.key == name]
        return [(choice, each.label or each.key) for each in found for choice in each.choices]
    field = field_of(name, names)
    return [] if field is None else list(field.values(names))
