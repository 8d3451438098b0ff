"""The way of every import: lines → records → rows → staging tables → the helpdesk's tables, some lines at a time.

A batch of lines is one transaction, so nothing is ever half in. Ids follow from the source and its own ids, so what is
in already is recognised: the same file again changes nothing, and an interrupted import goes on by running it again.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import psycopg
from psycopg import sql

from helpdesk_tui.core import faults, schema_version
from helpdesk_tui.core.errors import BadInput, ImportStopped, NotFound, Refused, Unreachable
from helpdesk_tui.core.wording import printable
from helpdesk_tui.importers import people
from helpdesk_tui.importers.fields import BadRecord, Fields, Ids
from helpdesk_tui.importers.lines import Line, Unreadable, read, unpack
from helpdesk_tui.importers.staging import Format, Rows, Stage, Step

OnError = Literal["stop", "skip"]

BATCH_LINES: Final = 300
BATCH_BYTES: Final = 8 * 1024 * 1024
_PROBLEMS_KEPT: Final = 1000
# One import at a time writes: two of the same file would wait for each other's rows crosswise.
_LOCK: Final = 0x68656C7064_01
# SQLSTATE classes that speak of the rows, so that one line can be found guilty: data, integrity, limits, our own.
_OF_THE_ROWS: Final = ("22", "23", "54", "HD", "P0")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was left out, and why."""

    line: int
    why: str


@dataclass(slots=True)
class Tally:
    """How far an import is and what it did.

    Args:
        line: the last line that is settled: it and all before it are in, or left out with a problem.
        found: how many of what the file holds, of the lines settled.
        added: how many of them are new in the database.
        problems: lines left out; at most the first thousand.
        left_out: how many lines were left out.
    """

    line: int = 0
    found: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0

    def leave_out(self, line: int, why: str) -> None:
        """Notes a line that is left out."""
        self.left_out += 1
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(Problem(line, why))


Staged = tuple[Line, Rows]


class Import:
    """One run over one file.

    Args:
        form: what the records are.
        source: a name for where the file comes from, see :class:`Ids`.
        on_error: what to do at a broken line.
        department: where tickets go and agents belong; None is the default one. Made if it is not there.
        author: the address of whoever is the author where the file names none.
        from_line: the first line to take in.
        progress: called with the tally after each batch.
    """

    def __init__(
        self,
        form: Format,
        *,
        source: str = "import",
        on_error: OnError = "stop",
        department: str | None = None,
        author: str | None = None,
        from_line: int = 1,
        progress: Callable[[Tally], None] = lambda _: None,
    ) -> None:
        self.tally = Tally(line=from_line - 1)
        self._form = form
        self._ids = Ids(source)
        self._on_error = on_error
        self._department = department
        self._author = author
        self._from_line = from_line
        self._progress = progress
        self._parameters: dict[str, Any] = {}
        self._stages = (people.STAGE, *form.stages)
        self._steps: tuple[Step, ...] = ()

    def check(self, stream: io.BufferedReader) -> Tally:
        """Reads the whole file and says what it holds and what is broken; needs no database.

        Raises:
            ImportStopped: the file itself is damaged, or a line is broken and that is to stop it.
        """
        for line, rows in self._records(stream):
            self.tally.found.update(rows.counts)
            self.tally.line = line.number
        return self.tally

    def run(self, stream: io.BufferedReader, dsn: str) -> Tally:
        """Takes the file in.

        Args:
            stream: the file, gzipped or not.
            dsn: the database, as its owner; not through a pooler that swaps connections between transactions.

        Raises:
            ImportStopped: at a broken line, or where the file is damaged; everything before it is in.
            Unreachable: the database went away; every batch before is in.
            Refused: the login is not one that may import.
            DatabaseNotReady, NewerDatabase: the database does not fit this release.
        """
        try:
            connection = psycopg.connect(dsn, application_name="helpdesk import", connect_timeout=10)
        except psycopg.ProgrammingError:
            # Its own words may quote the password.
            raise BadInput(
                "The database's address cannot be read.",
                "It is a URL, postgresql://user@host/database, or pairs: host=... user=... dbname=...",
            ) from None
        except psycopg.OperationalError as error:
            raise Unreachable(
                f"The database cannot be reached: {printable(str(error))}", "Check --dsn or HELPDESK_OWNER_DSN."
            ) from error
        with connection:
            try:
                self._prepare(connection)
                self._take_in(stream, connection)
            except psycopg.Error as error:
                raise self._lost(error, connection) from error
        return self.tally

    def _lost(self, error: psycopg.Error, connection: psycopg.Connection[Any]) -> Exception:
        told = faults.answering(error, host=connection.info.host or "the local socket")
        told.hint = self.go_on(told.hint)
        return told

    def go_on(self, hint: str | None = None) -> str:
        """How to go on after it was interrupted, after ``hint``: a sentence for people."""
        before = f"{hint} " if hint else ""
        if self.tally.line < self._from_line:
            return f"{before}Nothing is in yet; run the same command again."
        return (
            f"{before}Lines up to {self.tally.line} are in; run the same command again to go on"
            f" (--from-line {self.tally.line + 1} saves reading them again)."
        )

    # -- reading ------------------------------------------------------------------------------------------------

    def _records(self, stream: io.BufferedReader) -> Iterator[Staged]:
        """The records from the first wanted line on; broken lines are left out, or stop it."""
        number = 0
        try:
            for line in read(unpack(stream)):
                number = line.number
                if number < self._from_line:
                    continue
                why = line.problem
                if line.value is not None:
                    try:
                        yield line, self._form.rows(Fields(line.value), self._ids)
                        continue
                    except BadRecord as error:
                        why = str(error)
                    except RecursionError:
                        why = "it is nested too deeply"
                self._broken(number, why or "it is broken")
        except Unreadable as error:
            raise ImportStopped(
                f"Line {error.number}: {error.why}.", "Nothing after it can be read.", line=error.number
            ) from error

    def _broken(self, number: int, why: str) -> None:
        if self._on_error == "stop":
            raise ImportStopped(
                f"Line {number}: {why}.",
                "Everything before it is in, nothing of it is. Mend it, or leave such lines out with --on-error skip.",
                line=number,
            )
        self.tally.leave_out(number, why)

    # -- writing ------------------------------------------------------------------------------------------------

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            # Nor is anybody told of the department that it makes.
            cursor.execute("set local helpdesk.mute = 'on'")
            cursor.execute("select to_regclass('private.schema_version') is not null")
            there = _value(cursor)
            if there:
                cursor.execute("select max(version) from private.schema_version")
            schema_version.require(_value(cursor) if there else None)
            cursor.execute("select private.is_background()")
            if not _value(cursor):
                raise Refused(
                    "This login cannot import: it would notify everybody and stamp everything with today's date.",
                    "Use the owner of the database, or a member of service_role.",
                )
            self._parameters = {
                "author_id": self._find_author(cursor),
                "department_id": self._find_department(cursor),
            }
            cursor.execute(
                "select attname from pg_attribute where attrelid = 'auth.users'::regclass and not attisdropped"
            )
            self._steps = (*people.steps(name for (name,) in cursor), *self._form.steps)
            for stage in self._stages:
                columns = sql.SQL(", ").join(
                    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                    for name, kind in (("line", "integer"), *stage.columns.items())
                )
                cursor.execute(
                    sql.SQL("create temporary table {} ({}) on commit delete rows").format(
                        sql.Identifier(stage.name), columns
                    )
                )

    def _find_department(self, cursor: psycopg.Cursor[Any]) -> Any:
        if self._department is None:
            cursor.execute("select id from public.departments where is_default")
            return _value(cursor)
        cursor.execute(
            "insert into public.departments (name) select %(name)s::text where not exists"
            " (select from public.departments where lower(name) = lower(%(name)s::text))",
            {"name": self._department},
        )
        cursor.execute("select id from public.departments where lower(name) = lower(%s)", (self._department,))
        return _value(cursor)

    def _find_author(self, cursor: psycopg.Cursor[Any]) -> Any:
        if self._author is None:
            return None
        cursor.execute("select id from public.profiles where lower(email) = lower(%s)", (self._author,))
        found = _value(cursor)
        if found is None:
            raise NotFound(f"Nobody here has the address {self._author}.", "Give --author the address of a colleague.")
        return found

    def _take_in(self, stream: io.BufferedReader, connection: psycopg.Connection[Any]) -> None:
        batch: list[Staged] = []
        size = 0
        try:
            for record in self._records(stream):
                batch.append(record)
                size += record[0].size
                if len(batch) >= BATCH_LINES or size >= BATCH_BYTES:
                    full, batch, size = batch, [], 0
                    self._write(connection, full)
        except ImportStopped:
            # What came before the broken line is good, and is taken in.
            self._write(connection, batch)
            raise
        self._write(connection, batch)
        if self.tally.added:
            for table in self._form.tables:
                connection.execute(sql.SQL("analyze {}").format(sql.SQL(table)))
            connection.commit()

    def _write(self, connection: psycopg.Connection[Any], batch: list[Staged]) -> None:
        """Writes a batch; if the database refuses it, line by line, to name the one it refuses."""
        if not batch:
            return
        try:
            self._write_once(connection, batch)
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith(_OF_THE_ROWS):
                raise
            if len(batch) == 1:
                self._broken(batch[0][0].number, f"the database refuses it: {_said(error)}")
                self.tally.line = batch[0][0].number
            else:
                for record in batch:
                    self._write(connection, [record])

    def _write_once(self, connection: psycopg.Connection[Any], batch: list[Staged]) -> None:
        added: Counter[str] = Counter()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute("set local helpdesk.mute = 'on'")
            for stage in self._stages:
                self._copy(cursor, stage, batch)
            for step in self._steps:
                cursor.execute(step.statement, self._parameters)
                if step.counts is not None:
                    added[step.counts] += cursor.rowcount
        for _, rows in batch:
            self.tally.found.update(rows.counts)
        self.tally.added.update(added)
        self.tally.line = batch[-1][0].number
        self._progress(self.tally)

    def _copy(self, cursor: psycopg.Cursor[Any], stage: Stage, batch: list[Staged]) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, ("line", *stage.columns)))
        statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(stage.name), columns)
        with cursor.copy(statement) as copy:
            for line, rows in batch:
                for row in rows.staged.get(stage.name, ()):
                    copy.write_row((line.number, *row))


def _value(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


def _said(error: psycopg.Error) -> str:
    """What the database said, for its owner, who may read all of it: the constraint's name helps to mend the line."""
    return printable(error.diag.message_primary or str(error)).rstrip(".")
