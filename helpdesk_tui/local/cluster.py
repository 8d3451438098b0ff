"""A new data directory, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.local.account import own_name
from helpdesk_tui.local.binaries import Binaries
from helpdesk_tui.local.locks import Lock
from helpdesk_tui.local.places import PORT, Places

OWNER = "postgres"
"""The cluster's superuser: whoever runs the app, known to the server by the system account behind the socket."""

SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "shared_buffers": "32MB",
    "max_connections": "120",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
"""Small and durable: a demo for one person, on a laptop, that should not lose what was typed into it."""

LEAST_SPACE = 16 << 20
"""Bytes free without which the server may not start: one segment of its log."""

ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "TZ": "UTC"}
"""What Postgres gets to see of our environment: none of the PG* variables, and English messages."""

HBA = f"""\
# Written at each start. The owner is known by the system account behind the socket, everybody else by a password.
local all {OWNER} peer map=owner
local all all scram-sha-256
"""


def create(places: Places, binaries: Binaries, starting: Lock) -> None:
    """Makes the data directory unless it is there. The caller holds ``starting``, which initdb is handed too, so that
    nobody starts over it even if this process is killed meanwhile.

    Raises:
        LocalError: initdb failed.
        OSError: the disk refused.
    """
    if places.data.exists():
        return
    for leftover in places.instance.glob("data.new*"):
        shutil.rmtree(leftover)
    building = places.instance / "data.new"
    places.make_private(building)
    try:
        # Before 17 the system has to bring C.UTF-8; not every one does.
        answer = _initdb(building, "C.UTF-8", places, binaries, starting)
        if answer.returncode and "invalid locale name" in answer.stderr:
            answer = _initdb(building, "C", places, binaries, starting)
        if answer.returncode:
            raise LocalError("The local Postgres could not be set up.", why(answer.stderr, places.home))
        building.rename(places.data)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _initdb(
    target: Path, locale: str, places: Places, binaries: Binaries, starting: Lock
) -> subprocess.CompletedProcess[str]:
    provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
    account = places.account
    return subprocess.run(
        [
            binaries.program("initdb"),
            f"--pgdata={target}",
            f"--username={OWNER}",
            "--encoding=UTF8",
            f"--locale={locale}",
            "--lc-messages=C",
            *provider,
            # Who may come in is decided by HBA, which the server is pointed at instead of the file made here.
            "--auth-local=peer",
            "--auth-host=reject",
            "--no-sync",
            "--no-instructions",
        ],
        env=ENVIRONMENT,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        pass_fds=[starting.fileno()],
    )


def command(places: Places, binaries: Binaries, extra: dict[str, str]) -> list[str]:
    """The command line that runs the server, and the access rules it reads written beside the data directory."""
    rules = {"hba_file": HBA, "ident_file": f'owner "{own_name()}" {OWNER}\n'}
    files = {}
    for setting, text in rules.items():
        file = places.instance / f"{setting.removesuffix('_file')}.conf"
        file.write_text(text)
        file.chmod(0o644)
        files[setting] = str(file)
    settings = SERVER_SETTINGS | files | {"unix_socket_directories": f'"{places.socket_dir}"'} | extra
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries.program("postgres"), "-D", str(places.data), *options]


def why(output: str, place: Path) -> str:
    """What a program of Postgres complained about, in words for people where we know them."""
    told = any(full in output for full in ("No space left on device", "Disk quota exceeded"))
    # On a full disk the server may not have been able to write down even that.
    if told or shutil.disk_usage(place).free < LEAST_SPACE:
        return f"The disk that holds {place} is full: free some 200 MB, or choose another place with --data-dir."
    telling = [line for line in output.splitlines() if any(mark in line for mark in ("error:", "FATAL:", "PANIC:"))]
    return " ".join(telling[:2]) or output.strip()[-300:]
