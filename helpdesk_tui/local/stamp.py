"""What a helpdesk in the local mode is made of, and whether the one at hand is made of just that.

Apart from build.py, since most starts only ask: with no connection to the server, nor the driver for one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from helpdesk_tui.core.schema_files import POLICIES, SCHEMA, find_db_dir
from helpdesk_tui.local.server import LocalServer

DATABASE = "helpdesk"

AUTH_FILE = Path(__file__).with_name("auth.sql")
"""What the local sign-in needs beyond the helpdesk's own tables."""


def is_current(server: LocalServer) -> bool:
    """Whether the server's helpdesk was made of these files."""
    note = server.places.stamp
    return note.exists() and note.read_text() == _stamp(server)


def put(server: LocalServer) -> None:
    """Notes that it is."""
    server.places.stamp.write_text(_stamp(server))


def _stamp(server: LocalServer) -> str:
    digest, directory = hashlib.sha256(), find_db_dir()
    for file in (directory / SCHEMA, directory / POLICIES, AUTH_FILE):
        digest.update(file.read_bytes())
    return f"{server.identity} {digest.hexdigest()}\n"
