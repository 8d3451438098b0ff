"""What independent judges say of our SQL, held against the list of what we leave as it is and why.

The judges are pgrls (a linter and a prover of row level security) and plpgsql_check (PL/pgSQL, body by body). pgTAP is
none of them: it asserts about catalogues and results what these tests assert already, in a second language.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Literal

import psycopg

Judge = Literal["lint", "verify", "plpgsql"]

ALLOWED: Final = Path(__file__).with_name("allowed.txt")
SCHEMAS: Final = ("public", "private", "helpdesk")
MODES: Final = ("anon", "cross-tenant", "write", "escalation", "reachability")
WHO_ASKS: Final = ("uid", "role", "agent", "departments", "is_admin", "is_staff")
"""Of the schema private: answered NULL, for the prover, to whoever is nobody."""

ROLES: Final = ("helpdesk", "hd_", "anon", "authenticat", "service_role", "supabase")
"""How the names of roles begin that our files make, the hook, or Supabase. Roles belong to the whole server, where
other tests leave theirs."""


@dataclass(frozen=True)
class Finding:
    """One thing that a judge holds against us."""

    judge: Judge
    rule: str
    where: str
    words: str = ""


@dataclass(frozen=True)
class Allowance:
    """One line of the list."""

    judge: str
    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this line is about that finding."""
        return (self.judge, self.rule) == (finding.judge, finding.rule) and fnmatchcase(finding.where, self.where)


def read_allowed(text: str) -> list[Allowance]:
    """The lines of the list.

    Raises:
        ValueError: a line that does not say all four things.
    """
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ", 3)]
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"judge | rule | where | reason: {line!r}")
        found.append(Allowance(*parts))
    return found


def complaints(findings: Iterable[Finding], allowed: Sequence[Allowance], judge: Judge) -> list[str]:
    """What is wrong after a judge has spoken: findings that no line allows, and lines of its that allow nothing."""
    found = list(findings)
    lines = [line for line in allowed if line.judge == judge]
    return sorted(
        {f"{f.judge} {f.rule} {f.where}: {f.words}" for f in found if not any(line.covers(f) for line in lines)}
        | {
            f"allowed and not found any more: {line.judge} | {line.rule} | {line.where}"
            for line in lines
            if not any(line.covers(f) for f in found)
        }
    )


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pgrls", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _answer(started: subprocess.Popen[str]) -> str:
    out, err = started.communicate(timeout=100)
    # 1: it has found something, which its report says.
    if started.returncode not in (0, 1) or not out:
        raise RuntimeError(f"pgrls failed: {err or out}")
    return out


def lint(dsn: str) -> list[Finding]:
    """What ``pgrls lint`` finds, of any severity."""
    report = json.loads(
        _answer(_start("lint", "--database-url", dsn, "--schemas", ",".join(SCHEMAS), "--format", "json"))
    )
    found = [Finding("lint", v["rule_id"], v["location"] or "", v["message"]) for v in report["violations"]]
    with psycopg.connect(dsn) as connection:
        roles = {name for (name,) in connection.execute("select rolname::text from pg_roles")}
    return [each for each in found if each.where not in roles or each.where.startswith(ROLES)]


def verify(dsn: str, modes: Sequence[str] = MODES) -> list[Finding]:
    """What ``pgrls verify`` cannot prove, in each of its modes; what leaks is under a rule that nothing allows."""
    functions = [part for name in WHO_ASKS for part in ("--auth-function", f"private.{name}")]
    base = ("verify", "--database-url", dsn, "--schemas", ",".join(SCHEMAS), *functions, "--format", "json", "--mode")
    started = {mode: _start(*base, mode) for mode in modes}
    found = []
    for mode, process in started.items():
        for table in json.loads(_answer(process))["tables"]:
            verdict = table["verdict"]
            if verdict != "isolated":
                rule = mode if verdict == "unverified" else f"{mode} {verdict}"
                found.append(
                    Finding("verify", rule, table["table"], f"{verdict}: {table['note'] or table['policies']}")
                )
    return found


CHECK: Final = """
    select f.functionid::regprocedure::text, coalesce(f.lineno, 0), f.level, f.sqlstate,
           concat_ws(' ', f.message, f.hint)
      from (select p.oid, coalesce(t.tgrelid, 0) as relid, min(t.tgoldtable) as o, min(t.tgnewtable) as n
              from pg_proc p join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
              left join pg_trigger t on t.tgfoid = p.oid
             where p.pronamespace = any(array['public', 'private', 'helpdesk']::regnamespace[])
             group by 1, 2) p
     cross join lateral plpgsql_check_function_tb(
       p.oid, p.relid, oldtable := p.o, newtable := p.n, fatal_errors := false,
       other_warnings := true, extra_warnings := true, performance_warnings := true, security_warnings := true,
       compatibility_warnings := true) f
"""
"""Every function of ours, and a trigger's once for each of its tables, with all the transition tables it ever has."""


def as_findings(rows: Iterable[tuple[str, int, str, str, str]]) -> list[Finding]:
    """Rows of :data:`CHECK`."""
    return [
        Finding("plpgsql", f"{level} {state}", where, f"line {n}: {words}") for where, n, level, state, words in rows
    ]
