"""A statement for the database: its text, its parameters and what its rows become. Needs no database driver.

Modules that write queries import this one, so that what they declare costs nothing until a connection is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=tuple[Any, ...])
else:
    from typing import TypeVar

    T = TypeVar("T")

RowMaker = Callable[[Sequence[Any]], T]
RowFactory = Callable[[Any], RowMaker[T]]
"""What psycopg calls a row factory: given a cursor, it returns what makes one row of the column values."""


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """One SQL statement, to be run by ``Database.run``.

    Args:
        sql: the text, with ``%s`` or ``%(name)s`` for parameters; exactly one statement.
        params: the parameters, always sent apart from the text. Given none, a ``%`` in the text stands for itself.
        row: makes a row of the columns: ``positional(Ticket)`` or any psycopg row factory. None: plain tuples.
        writes: True for a statement that changes something, False for one that surely does not. None: judged by
            its words, and by the database where the words do not tell (it is tried read-only first).
        general: one plan, made once on a connection, serves whatever the parameters are; planning costs more than the
            reading of a page. Only for a text whose general plan is known to be good: ``tests/db/test_plans.py`` looks
            at those. All others are planned anew for their parameters.
    """

    sql: str
    params: Sequence[Any] | Mapping[str, Any] = ()
    row: RowFactory[T] | None = None
    writes: bool | None = None
    general: bool = False


def positional(make: Callable[..., T]) -> RowFactory[T]:
    """A row factory that calls ``make`` with the columns in their order: the quickest way to a typed row.

    The statement's columns must stand in the order of the record's fields.
    """

    def factory(_cursor: Any) -> RowMaker[T]:
        def row(values: Sequence[Any]) -> T:
            return make(*values)

        return row

    return factory


def only(_kind: Callable[..., T]) -> RowFactory[T]:
    """A row factory for statements of one column: its value, which is a ``_kind`` already and is not converted."""

    def factory(_cursor: Any) -> RowMaker[T]:
        def row(values: Sequence[Any]) -> T:
            value: T = values[0]
            return value

        return row

    return factory
