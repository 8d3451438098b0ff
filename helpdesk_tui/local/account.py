"""Postgres refuses to run as root. Then it runs as an unprivileged account that already exists; none is ever made."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from helpdesk_tui.core.errors import LocalError

CANDIDATES = ("postgres", "_postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A system account."""

    name: str
    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether this account may walk down to ``path``, judged by the mode of each directory above it."""
        return all(self._may_enter(parent) for parent in path.parents if parent.exists())

    def _may_enter(self, directory: Path) -> bool:
        found = directory.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def server_account() -> Account | None:
    """The account to run Postgres as: None stands for whoever runs this program, who is not root.

    Raises:
        LocalError: root runs this program, and none of the usual accounts exists.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise LocalError(
        f"Postgres does not run as root, and none of the accounts {', '.join(CANDIDATES)} exists.",
        "Run this as an ordinary user.",
    )


def own_name() -> str:
    """The system name of whoever runs this program, as Postgres will see it at the other end of a socket.

    Raises:
        LocalError: the user id has no name.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise LocalError(
            f"The user id {os.geteuid()} has no name on this system, and Postgres asks for one.",
            "Add it to the system's users, or use another account.",
        ) from None
