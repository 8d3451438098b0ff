"""Runs what the generator draws as one person, as quickly as a connection can, and judges what came of it.

A chunk goes out in one pipeline, each statement its own transaction unless it begins one. After a batch of chunks the
owner reads the whole database, the model says which changes nobody may make, and the tables that changed are put back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from psycopg import pq

from tests.attacks.fuzz import CHUNK, Generator
from tests.attacks.fuzz_catalogue import Catalogue
from tests.attacks.fuzz_model import Model
from tests.attacks.fuzz_scene import HIDDEN, FuzzScene, fuzzing
from tests.attacks.fuzz_state import Change, State
from tests.db.sessions import Sync, anonymous_claims, connect_as, gateway

BATCH: Final = 32  # chunks
_CANARY: Final = re.compile(rb"zq(\d{3})zq|qz(\d{3})qz|7a71((?:3\d){3})7a71|(" + HIDDEN.encode() + rb")", re.IGNORECASE)
_FIELDS: Final = tuple(pq.DiagnosticField)


@dataclass(frozen=True)
class Finding:
    """A hole: which statement of which seed, and what came of it."""

    fuzzer: str
    seed: int
    number: int
    statement: str
    what: str

    def __str__(self) -> str:
        return f"{self.fuzzer}, seed {self.seed}, statement {self.number}: {self.what}\n    {self.statement}"


@dataclass
class Report:
    """What a run did."""

    ran: int = 0
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    done: list[str] = field(default_factory=list)  # statements that were no error
    changes: int = 0
    findings: list[Finding] = field(default_factory=list)


def mentioned(data: bytes) -> set[int]:
    """The canaries in some bytes: plain, in capitals, backwards, in hexadecimal digits; 0 is a hidden id."""
    found = set()
    for plain, backwards, hexadecimal, hidden_id in _CANARY.findall(data):
        if hidden_id:
            found.add(0)
        else:
            digits = plain or backwards[::-1] or bytes.fromhex(hexadecimal.decode())
            found.add(int(digits))
    return found


class Runner:
    """One person's connection, and what they may see and do.

    Args:
        scene: the desk.
        state: of the same database.
        known: what to draw from.
        fuzzer: one of FUZZERS.
    """

    def __init__(self, scene: FuzzScene, state: State, known: Catalogue, fuzzer: str) -> None:
        self.scene = scene
        self.state = state
        self.known = known
        self.fuzzer = fuzzer
        self.person = fuzzing(scene)[fuzzer]
        self.forbidden = scene.forbidden(fuzzer) | {0}
        self.claims = self.person.claims
        role = "helpdesk_member"
        if fuzzer == "anonymous":
            self.claims, role = anonymous_claims(self.person.id), "authenticated"
        self.roles = {role, self.person.db_user}
        self.connection = self._connect()
        self.heard: list[bytes] = []
        self._listen()
        if fuzzer == "signed out":
            state.connection.execute("delete from auth.sessions where id = %s", [self.person.session_id])
            state.connection.execute("""delete from saved."auth.sessions" where id = %s""", [self.person.session_id])
        self._beginning = (
            "rollback; reset session authorization; reset all; set statement_timeout = '400ms'; deallocate all;"
            f" close all; unlisten *; set lock_timeout = '100ms'; set role {role};"
            f" select pg_catalog.set_config('request.jwt.claims', $claims${json.dumps(self.claims)}$claims$, false)"
        ).encode()

    def _connect(self) -> Sync:
        if self.fuzzer == "anonymous":
            return gateway(self.scene.database, self.claims)
        return connect_as(self.scene.database, self.person)

    def _listen(self) -> None:
        def notice(result: pq.abc.PGresult) -> None:
            self.heard.append(_told(result))

        self.connection.pgconn.notice_handler = notice

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    def chunk(self, statements: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Runs them from the fresh state; of each its SQLSTATE (empty: no error) and all that it told."""
        connection = self.connection.pgconn
        if connection.status != pq.ConnStatus.OK:
            self.connection.close()
            self.connection = self._connect()
            self._listen()
            connection = self.connection.pgconn
        connection.exec_(self._beginning)
        self.heard.clear()
        connection.enter_pipeline_mode()
        for statement in statements:
            connection.send_query_params(statement.encode(), None)
            connection.pipeline_sync()
        for _ in statements:
            state, told = "", [b""]
            while (result := connection.get_result()) is None or result.status != pq.ExecStatus.PIPELINE_SYNC:
                if result is None:
                    if connection.status != pq.ConnStatus.OK:
                        return
                    continue
                if result.status == pq.ExecStatus.FATAL_ERROR:
                    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode()
                told.append(_told(result))
            told += self.heard
            self.heard.clear()
            while (bell := connection.notifies()) is not None:
                told.append(bell.extra)
            yield state, b"\n".join(told)
        connection.exit_pipeline_mode()

    def run(self, seed: int, count: int, report: Report, *, most: int = 1) -> Report:
        """Runs ``count`` statements of a seed, until ``most`` holes are found."""
        generator = Generator(seed, self.known, self.person.id, trusted=self.fuzzer == "anonymous")
        while report.ran < count and len(report.findings) < most:
            batch = [generator.chunk() for _ in range(min(BATCH, -(-(count - report.ran) // CHUNK)))]
            self.batch(seed, report.ran, batch, report)
        return report

    def batch(self, seed: int, first: int, chunks: Sequence[Sequence[str]], report: Report) -> None:
        """Runs some chunks, judges them, and puts the database back."""
        since = self.state.now()
        for statements in chunks:
            for statement, (state, told) in zip(statements, self.chunk(statements), strict=True):
                report.states[state] += 1
                if not state:
                    report.done.append(statement)
                leaked = mentioned(told) & self.forbidden
                if leaked:
                    report.findings.append(self._finding(seed, report.ran, statement, self._names(leaked)))
                report.ran += 1
        self.connection.pgconn.exec_(self._beginning)
        changes, bad = self.judge(since, sum(map(len, chunks)))
        report.changes += len(changes)
        if changes:
            self.state.restore(changes)
        if bad:
            number, statement = self._blame(chunks)
            what = "; ".join(str(change) for change in bad[:3])
            report.findings.append(self._finding(seed, first + number, statement, what))

    def judge(self, since: str, statements: int) -> tuple[list[Change], list[Change]]:
        """All changes since the last reading, and those that this person may not make."""
        department = self.person.department_id
        model = Model(
            self.state, self.fuzzer, str(self.person.id), self.roles, str(department) if department else None,
            statements,
        )  # fmt: skip
        return model.complaints(self.state.saved, self.state.read(), since, self.state.now())

    def _blame(self, chunks: Sequence[Sequence[str]]) -> tuple[int, str]:
        """The first statement after which there is a change that nobody may make, and what it took of what came before.

        Told again from the beginning, half as many at a time.
        """
        count = sum(map(len, chunks))
        if not self._again(chunks):
            return 0, "not again, when all of the batch ran once more"
        few, many = 0, count
        while many - few > 1:
            half = (few + many) // 2
            few, many = (few, half) if self._again(_first(chunks, half)) else (half, many)
        own = _first(chunks, many)[-1]
        if self._again([own[-1:]]):
            return many - 1, own[-1]
        before = "" if self._again([own]) else f"after the {many - len(own)} statements before these:\n    "
        return many - 1, before + ";\n    ".join(own)

    def _again(self, chunks: Sequence[Sequence[str]]) -> bool:
        """Whether these, run once more, change what nobody may."""
        since = self.state.now()
        for statements in chunks:
            list(self.chunk(statements))
        self.connection.pgconn.exec_(self._beginning)
        changes, bad = self.judge(since, sum(map(len, chunks)))
        self.state.restore(changes)
        return bool(bad)

    def _finding(self, seed: int, number: int, statement: str, what: str) -> Finding:
        return Finding(self.fuzzer, seed, number, statement, what)

    def _names(self, leaked: set[int]) -> str:
        told = [self.scene.canaries[each][0] if each else "a hidden id" for each in sorted(leaked)]
        return f"told of {', '.join(told[:5])}"


def _told(result: pq.abc.PGresult) -> bytes:
    """Everything that an answer holds: rows, or all the fields of an error."""
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.SINGLE_TUPLE):
        return b"\0".join(
            result.get_value(row, column) or b"" for row in range(result.ntuples) for column in range(result.nfields)
        )
    if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.NONFATAL_ERROR):
        return b"\0".join(result.error_field(name) or b"" for name in _FIELDS)
    return b""


def _first(chunks: Sequence[Sequence[str]], count: int) -> list[Sequence[str]]:
    """The first statements of some chunks."""
    found: list[Sequence[str]] = []
    for statements in chunks:
        if count > 0:
            found.append(statements[:count])
        count -= len(statements)
    return found
