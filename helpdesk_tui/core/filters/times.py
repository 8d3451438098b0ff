"""Ages and dates in filters: ``updated<2d``, ``due<1d``, ``created>2026-01-31``, ``waiting>4h``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from helpdesk_tui.core.filters.compile import Compiler, Part, one_of
from helpdesk_tui.core.filters.tree import Operator, Term, Value

_UNIT: Final = r"(\d{1,5})(min|mo|m|h|d|w|y)"
_AGE: Final = re.compile(rf"(-?)((?:{_UNIT})+)")
_SPANS: Final[Mapping[str, timedelta]] = {
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
LONGEST: Final = timedelta(days=365 * 1000)
"""No age is longer: the database's calendar ends some thousand years before ours begins."""
_OPPOSITE: Final[Mapping[Operator, Operator]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DAYS: Final[Mapping[str, int]] = {"yesterday": -1, "today": 0, "tomorrow": 1}
AGES: Final = "An age is 30min, 12h, 2d, 3w, 6mo or 1y"
DATES: Final = "a date is 2026-01-31, today, yesterday or tomorrow"


def past(column: str) -> Callable[[Compiler, Term], Part]:
    """A time that has been: ``<2d`` is less than two days ago, ``>2026-01-31`` after that day, ``:today`` on it."""

    def compile_past(compiler: Compiler, term: Term) -> Part:
        if term.operator != ":" and (span := age(compiler, term.values[0])) is not None:
            ago = compiler.param(span, "interval")
            return Part(f"t.{column} {_OPPOSITE[term.operator]} now() - {ago}")
        return _dated(compiler, term, column)

    return compile_past


def waiting(compiler: Compiler, term: Term) -> Part:
    """``>4h``: the requester has waited for an answer for more than four hours. Nobody waits in what is not open."""
    span = age(compiler, term.values[0])
    if span is None or span < timedelta():
        raise compiler.error(f"“{term.values[0].text}” is no time that somebody waits.", term.values[0], f"{AGES}.")
    return waits(f"{_OPPOSITE[term.operator]} now() - {compiler.param(span, 'interval')}")


def waits(since: str) -> Part:
    """Of what has a requester waiting: what is said of since when."""
    return Part(f"(t.status_rank = 1 and t.waiting_since {since})", frozenset({1}))


def due(compiler: Compiler, term: Term) -> Part:
    """``due<1d``: within a day, or overdue; ``due<-1d``: overdue for more than a day; ``due:none``: without a date."""
    some = [value for value in term.values if term.operator != ":" or value.text.casefold() != "none"]
    either = ["t.due_date is null"] if len(some) < len(term.values) else []
    if some and term.operator != ":" and (span := age(compiler, some[0])) is not None:
        # due_sort is what indexes carry; without a date it lies beyond all others.
        bound = f"t.due_sort {term.operator} now() + {compiler.param(span, 'interval')}"
        return Part(bound if "<" in term.operator else f"({bound} and t.due_date is not null)")
    if some:
        dated = _dated(compiler, Term(term.name, term.operator, tuple(some)), "due_sort").sql
        either.append(dated if ">" not in term.operator else f"({dated} and t.due_date is not null)")
    return Part(one_of(either))


def age(compiler: Compiler, value: Value) -> timedelta | None:
    """How long; None where the word is none of an age.

    Raises:
        FilterError: longer than anything lasts.
    """
    found = _AGE.fullmatch(value.text.lower())
    if found is None:
        return None
    span = timedelta()
    for number, unit in re.findall(_UNIT, found[2]):
        span += int(number) * _SPANS[unit]
    if span > LONGEST:
        raise compiler.error(f"“{value.text}” is longer than anything lasts.", value, f"{AGES}.")
    return -span if found[1] else span


def _dated(compiler: Compiler, term: Term, column: str) -> Part:
    """A column of times compared to a date; on one of several days."""
    either = []
    for value in term.values:
        begins, ends = _day(compiler, term.name.text, value)
        if term.operator == ":":
            first, end = compiler.param(begins, "timestamptz"), compiler.param(ends, "timestamptz")
            either.append(f"(t.{column} >= {first} and t.{column} < {end})")
        else:
            # What is after a day begins with the next, and what is up to it ends there.
            edge = ends if term.operator in (">", "<=") else begins
            either.append(f"t.{column} {'>=' if '>' in term.operator else '<'} {compiler.param(edge, 'timestamptz')}")
    return Part(one_of(either))


def _day(compiler: Compiler, name: str, value: Value) -> tuple[datetime, datetime]:
    """When a day begins and when it is over."""
    try:
        if (days := _DAYS.get(value.text.casefold())) is not None:
            day = datetime.now(compiler.zone).date() + timedelta(days=days)
        else:
            day = date.fromisoformat(value.text)
        return _midnight(compiler, day), _midnight(compiler, day + timedelta(days=1))
    except (ValueError, OverflowError):
        pass
    if age(compiler, value) is not None:
        hint = f"Compare to it: {name}<{value.text} or {name}>{value.text}."
        raise compiler.error(f"“{value.text}” is an age, and no day.", value, hint)
    raise compiler.error(f"“{value.text}” is neither an age nor a date.", value, f"{AGES}; {DATES}.")


def _midnight(compiler: Compiler, day: date) -> datetime:
    midnight = datetime.combine(day, time(), compiler.zone)
    return (midnight if compiler.zone is not None else midnight.astimezone()).astimezone(UTC)
