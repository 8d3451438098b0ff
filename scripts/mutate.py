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
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

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
# The cheap ones first: most mutants come no farther. A directory is all of its tests; what is not there is left out.
GUARDS = (
    "tests/db/test_write_matrix.py",
    "tests/db/test_leaks.py",
    "tests/attacks/test_read_tables.py",
    "tests/attacks/test_tomorrow.py",
    "tests/db/test_mentions.py",
    "tests/db/test_first_admin.py",
    "tests/db/test_attachments.py",
    "tests/db/test_replies.py",
    "tests/db/test_rules.py",
    "tests/db/test_chats.py",
    "tests/db/test_giving_away.py",
    "tests/db/test_notices.py",
    "tests/db/test_bulk_acts.py",
    "tests/db/test_hook.py",
    "tests/db/test_hostile.py",
    "tests/db/test_identity.py",
    "tests/attacks",
    "tests/db/test_deactivating.py",
    "tests/db/test_live_leaks.py",
    "tests/core/test_chats.py",
    "tests/core/test_knowledge.py",
    "tests/core/test_administration.py",
    "tests/live/test_live.py",
    "tests/model",
    "tests/db/test_search.py",
    "tests/judges/test_pgrls.py",
)
FAILED = re.compile(r"^(FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
# The rules are the same on every server that they are tested on: one of them will do here.
ONE_SERVER = ["-k", "not postgres15 and not postgres17"]


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    mutant: str
    killed_by: str
    trouble: str
    seconds: float


def guards(name: str) -> list[list[str]]:
    """The test files for a mutant: those that are about what it spoils, then all others; each once."""
    found: dict[str, None] = {}
    first = FIRST[name]
    for guard in (*first, *GUARDS):
        path = REPOSITORY / guard
        for file in sorted(path.glob("test_*.py")) if path.is_dir() else [path]:
            if file.exists():
                found[str(file.relative_to(REPOSITORY))] = None
    return [[file for file in found if file in first], [file for file in found if file not in first]]


def _child(arguments: list[str], mutant: str, said: str) -> None:
    os.setsid()
    os.chdir(REPOSITORY)
    os.environ.pop(VARIABLE, None)
    if mutant:
        os.environ[VARIABLE] = mutant
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", *ONE_SERVER]
    sys.exit(pytest.main([*options, *arguments]))


def pytest(arguments: list[str], mutant: str, timeout: float) -> tuple[int | None, str]:
    """One run in a process of its own: its exit code, None where it took too long; and what it said."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        said = Path(directory) / "said"
        process = PROCESSES.Process(target=_child, args=(arguments, mutant, str(said)))
        process.start()
        process.join(timeout)
        code = process.exitcode
        if code is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
        return code, said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""


class Witnesses:
    """Tests that killed something, and whether they pass where there is no mutant."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def doubt(self, test: str) -> str:
        """Why this test proves nothing; empty if it does."""
        with self._lock:
            if test in self._known:
                return self._known[test]
        code, out = pytest([test], "", self._timeout)
        doubt = "" if code == 0 else f"{test} fails without any mutant: {out[-300:]}"
        with self._lock:
            self._known[test] = doubt
        return doubt


def judge(name: str, witnesses: Witnesses, timeout: float) -> Verdict:
    """Runs the guards against one mutant."""
    began = time.monotonic()
    near, far = guards(name)
    code, out = pytest(near, name, timeout)
    if code == 0:
        code, out = pytest(far, name, timeout)
    killed_by = trouble = ""
    found = FAILED.search(out)
    if "mutating.Void" in out:
        trouble = "it is no mutant: " + out[out.index("mutating.Void") :][:300].replace("\n", " ")
    elif code is None:
        trouble = f"no answer after {timeout:.0f} s"
    elif code == 1 and found:
        killed_by = found[2]
        trouble = witnesses.doubt(killed_by)
    elif code != 0:
        trouble = f"pytest ended with {code}: {out[-300:]}"
    return Verdict(name, killed_by, trouble, time.monotonic() - began)


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

    witnesses = Witnesses(arguments.timeout)
    began, verdicts = time.monotonic(), []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for verdict in pool.map(lambda name: judge(name, witnesses, arguments.timeout), names):
            verdicts.append(verdict)
            print(line(verdict), flush=True)
            if arguments.report:
                with arguments.report.open("a", encoding="utf-8") as report:
                    report.write(line(verdict) + "\n")
    print(f"\n{time.monotonic() - began:.0f} s")
    return conclude(verdicts, whole=not arguments.only)


if __name__ == "__main__":
    sys.exit(main())
