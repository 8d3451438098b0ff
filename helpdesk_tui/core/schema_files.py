"""The files of ``db/``: where they are, which apply to a database, and what a database that has them must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk_tui.core.errors import HelpdeskError

SCHEMA, POLICIES = "schema.sql", "policies.sql"
_MIGRATION = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


def find_db_dir() -> Path:
    """The directory with the database's files: inside an installed package, at the top of a source tree.

    Raises:
        HelpdeskError: they are in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    source = package.parent
    candidates = [package / "db"]
    if (source / "pyproject.toml").exists():
        candidates.append(source / "db")
    for candidate in candidates:
        if (candidate / SCHEMA).is_file():
            return candidate
    raise HelpdeskError("The database's files are missing from this installation.", "Install helpdesk-tui anew.")


def migrations(directory: Path, *, since: int) -> list[Path]:
    """The steps that a database at version ``since`` lacks, in their order: ``0002_words.sql`` leads to version 2."""
    steps = {int(match[1]): path for path in directory.glob("*.sql") if (match := _MIGRATION.fullmatch(path.name))}
    return [steps[number] for number in sorted(steps) if number > since]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the files create, by name. Tables and functions with their schema."""

    tables: dict[str, frozenset[str]] = field(default_factory=dict)
    """The columns of each."""
    policies: frozenset[tuple[str, str]] = frozenset()
    """Table and name."""
    triggers: frozenset[tuple[str, str]] = frozenset()
    """Table and name."""
    functions: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()


_NOISE = re.compile(
    r"""--[^\n]*|/\*.*?\*/             # comments
      | \$(?P<tag>[a-z_]*)\$.*?\$(?P=tag)\$  # bodies of functions
      | '(?:[^']|'')*'                 # texts
    """,
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_NAME = r'(?:[a-z_][a-z0-9_]*|"[^"]+")'
_TABLE = re.compile(rf"create (?:unlogged )?table if not exists ({_NAME}\.{_NAME}) \((.*)\)$", re.DOTALL)
_ALTER = re.compile(rf"alter table ({_NAME}\.{_NAME})\b(.*)", re.DOTALL)
_ADD = re.compile(rf"add column (?:if not exists )?({_NAME})")
_POLICY = re.compile(rf"create policy ({_NAME}) on ({_NAME}\.{_NAME})")
_TRIGGER = re.compile(
    rf"create (?:or replace )?(?:constraint )?trigger ({_NAME}) (?:after|before|instead of) .*? on ({_NAME}\.{_NAME})"
)
_FUNCTION = re.compile(rf"create (?:or replace )?function ({_NAME}\.{_NAME})")
_INDEX = re.compile(rf"create (?:unique )?index if not exists ({_NAME}) on ({_NAME}\.{_NAME})")
_NO_COLUMN = frozenset({"constraint", "primary", "unique", "check", "foreign", "exclude", "like"})


def wanted(*texts: str) -> Wanted:
    """Reads out of SQL what it creates. Knows the way our files are written, not all of SQL."""
    tables: dict[str, set[str]] = {}
    policies, triggers = set(), set()
    functions, indexes = set(), set()
    for text in texts:
        for raw in _NOISE.sub(lambda found: "''" if found[0][0] in "$'" else " ", text).split(";"):
            statement = " ".join(raw.split())
            if match := _TABLE.match(statement):
                tables.setdefault(match[1], set()).update(_columns(match[2]))
            elif match := _ALTER.match(statement):
                if added := _ADD.findall(match[2]):
                    tables.setdefault(match[1], set()).update(added)
            elif match := _POLICY.match(statement):
                policies.add((match[2], match[1].strip('"')))
            elif match := _TRIGGER.match(statement):
                triggers.add((match[2], match[1]))
            elif match := _FUNCTION.match(statement):
                functions.add(match[1])
            elif match := _INDEX.match(statement):
                indexes.add(f"{match[2].split('.')[0]}.{match[1]}")
    return Wanted(
        {table: frozenset(columns) for table, columns in tables.items()},
        frozenset(policies),
        frozenset(triggers),
        frozenset(functions),
        frozenset(indexes),
    )


def _columns(body: str) -> set[str]:
    """The first word of each definition in a table's body."""
    names: set[str] = set()
    depth = start = 0
    for position, char in enumerate(f"{body},"):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            first = body[start:position].split(maxsplit=1)[:1]
            names.update(word.strip('"') for word in first if word not in _NO_COLUMN)
            start = position + 1
    return names
