"""The wheel as people get it: built, installed elsewhere, started there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.local.apps import gone, processes
from tests.parts import REPOSITORY

PROC = Path("/proc/self/cwd").exists()
"""Whether one can look at processes here."""

QUICKLY = ("--quiet", "--no-compile")
"""A few of the modules are used here: those are compiled then."""


def run(*command: str | Path, **more) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", check=False, timeout=300, **more
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, cwd=REPOSITORY)
    (built,) = target.glob("*.whl")
    return built


def elsewhere(home: Path) -> dict[str, str]:
    """An environment that knows nothing of this clone nor of the person's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HELPDESK_", "PYTHON", "XDG_"))}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "PYTHONNOUSERSITE": "1"}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and this one's packages beside it in place of a download."""
    home = tmp_path_factory.mktemp("else where") / "venv"
    venv.create(home, with_pip=False)
    run(sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", *QUICKLY, "--no-deps", wheel)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    # A path named in a .pth is not searched for further .pth files, so this clone's editable install stays out.
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def test_the_wheel_carries_the_database_and_its_parts(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = run("git", "-c", "safe.directory=*", "ls-files", "helpdesk_tui", "db", cwd=REPOSITORY).stdout.split()
    missing = {f"helpdesk_tui/{name}" if name.startswith("db/") else name for name in tracked} - names
    assert "helpdesk_tui/db/schema.sql" in names
    assert not missing
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_installed_wheel_finds_its_database_files_elsewhere(installed, tmp_path):
    script = (
        "import helpdesk_tui\n"
        "from helpdesk_tui.core.schema import find_db_dir\n"
        "path = find_db_dir()\n"
        "assert (path / 'schema.sql').is_file() and (path / 'policies.sql').is_file(), path\n"
        "print(helpdesk_tui.__file__); print(path)\n"
    )
    done = run(installed / "bin" / "python", "-c", script, cwd=tmp_path, env=elsewhere(tmp_path))
    for line in done.stdout.split("\n")[:2]:
        assert line.startswith(str(installed)), "found in the clone, not in what was installed"


def test_the_installed_wheel_starts_elsewhere(installed, tmp_path):
    done = run(installed / "bin" / "helpdesk", "--help", cwd=tmp_path, env=elsewhere(tmp_path))
    assert "import" in done.stdout
    assert "demo" in done.stdout
    run(installed / "bin" / "helpdesk", "--version", cwd=tmp_path, env=elsewhere(tmp_path))


def start_in_a_terminal(program: Path, home: Path, data: Path) -> None:
    """Starts the demo as a person would and waits until the desk shows its tickets, then quits. Nothing is left.

    Args:
        program: the installed ``helpdesk``.
        home: the person's home.
        data: for the database, where the account that Postgres runs as can get: pytest's directories are closed.
    """
    child = pexpect.spawn(
        str(program),
        ["demo", "--as", "agent"],
        cwd=str(home),
        env={**elsewhere(home), "NO_COLOR": "1", "XDG_DATA_HOME": str(data)},
        dimensions=(24, 80),
        timeout=60,
        encoding="utf-8",
    )
    try:
        child.expect("(?i)unassigned")  # a built-in view of the queue
        child.expect(r"(?i)\bopen\b")  # the status of a ticket in it
        assert processes(data) or not PROC, "the database is not where it was asked for"
        child.send("\x11")  # ctrl+q quits from anywhere
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
        assert not PROC or gone(data)
    assert child.exitstatus == 0


@pytest.fixture
def data(open_directory: Path) -> Iterator[Path]:
    """A data directory that every account may enter."""
    directory = Path(tempfile.mkdtemp(prefix="data ", dir=open_directory))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def test_the_installed_wheel_opens_the_desk_in_a_terminal(installed, tmp_path, data):
    start_in_a_terminal(installed / "bin" / "helpdesk", tmp_path, data)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_starts_with_the_newest_allowed_dependencies(wheel, tmp_path, data):
    """What somebody gets who installs it today: no pins, whatever the bounds allow."""
    if not os.environ.get("HELPDESK_CI"):
        pytest.skip("downloads every dependency; CI does this")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    run(sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", *QUICKLY, f"{wheel}[local]")
    run(home / "bin" / "helpdesk", "--help", cwd=tmp_path, env=elsewhere(tmp_path))
    start_in_a_terminal(home / "bin" / "helpdesk", tmp_path, data)
