"""Where the local desk keeps its things on disk.

HOME/                    one desk; by default the user's data directory
  signing-key.json       the local sign-in's key (0600)
  outbox.mbox            mail that a real sign-in server would have sent (0600)
  18/                    one directory per major release of Postgres
    data/                the cluster, owned by the account that Postgres runs as (0700)
    run/                 its socket (0700); elsewhere if this path is too long for a socket
    *.lock  server.log   see supervisor.py
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.local.account import Account

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET = 103
"""Bytes in a socket's path: 107 on Linux, 103 on macOS."""

HOME_OF_ROOT = Path("/var/lib/helpdesk-tui")


def default_home(account: Account | None) -> Path:
    """The user's data directory; for root, whose own is closed to every other account, one for the system."""
    home = Path(platformdirs.user_data_dir("helpdesk-tui")) / "local"
    return home if account is None or account.can_reach(home / "x") else HOME_OF_ROOT


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one cluster, for one major release and the account that Postgres runs as."""

    home: Path
    major: int
    account: Account | None

    @property
    def instance(self) -> Path:
        """Everything of this release."""
        return self.home / str(self.major)

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.instance / "data"

    @property
    def log(self) -> Path:
        """What the server and its supervisor said since they started."""
        return self.instance / "server.log"

    @property
    def stamp(self) -> Path:
        """What was built in this cluster, and by which files; see build.py."""
        return self.instance / "built"

    @property
    def socket_dir(self) -> Path:
        """Where the socket goes: a short place where a socket, or a connection string, cannot take the usual one."""
        beside = self.instance / "run"
        path = os.fsencode(beside / SOCKET_NAME)
        if len(path) <= LONGEST_SOCKET and not set(b",\"'\\\n") & set(path):
            return beside
        digest = hashlib.sha256(os.fsencode(self.instance)).hexdigest()[:16]
        return self._short_base() / f"helpdesk-{digest}"

    def _short_base(self) -> Path:
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
        usable = runtime.is_dir() and len(os.fsencode(runtime)) < 50
        if usable and (self.account is None or self.account.can_reach(runtime / "x")):
            return runtime
        short = Path(tempfile.gettempdir())
        return short if len(os.fsencode(short)) < 50 else Path("/tmp")  # noqa: S108  (what we make there is 0700)

    def make(self) -> None:
        """Makes the directories that are missing; the socket's belongs to the server's account and is closed to others.

        Raises:
            LocalError: the server's account cannot get here, or somebody else owns the socket's directory.
            OSError: they cannot be made.
        """
        for directory in (self.home, self.instance):
            if not directory.exists():
                directory.mkdir(parents=True, exist_ok=True)
                directory.chmod(0o700 if self.account is None else 0o711)
        if self.account is not None and not self.account.can_reach(self.data):
            raise LocalError(
                f"Run by root, Postgres works as the account {self.account.name}, which cannot reach {self.home}.",
                "Choose a place that others may enter with --data-dir, or run this as an ordinary user.",
            )
        self.make_private(self.socket_dir)

    def make_private(self, directory: Path) -> None:
        """Makes a directory that only the server's account may use, or sees to it that it already is one."""
        try:
            directory.mkdir(mode=0o700)
            if self.account is not None:
                os.chown(directory, self.account.uid, self.account.gid)
        except FileExistsError:
            owner = os.geteuid() if self.account is None else self.account.uid
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
                raise LocalError(
                    f"{directory} is there already, and not a directory for us alone.", "Remove it."
                ) from None
