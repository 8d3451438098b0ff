"""Where what was written in an editor rests until it has been sent: one file for each helpdesk, person and ticket."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal
from uuid import UUID

from helpdesk_tui.core.errors import SettingsError
from helpdesk_tui.core.settings import state_dir


def place(profile: str, user: UUID, kind: Literal["reply", "note"], ticket: UUID) -> Path:
    """The file of a draft, ``drafts/PROFILE/USER/KIND-TICKET.md`` in the state directory; it need not be there.

    Ticket numbers repeat from one helpdesk to the next, and several people may share a machine's account.
    """
    return state_dir() / "drafts" / profile / str(user) / f"{kind}-{ticket}.md"


def read(path: Path) -> bytes:
    """What is kept, byte for byte as the editor left it; nothing where there is no file.

    Raises: SettingsError where it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(f"The draft in {path} cannot be read: {error.strerror}.") from error


def keep(path: Path, content: bytes) -> None:
    """Keep this in place of what was kept, whole or not at all; nobody else on the machine can read it.

    Raises: SettingsError where it cannot be written; what was kept is then still there.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        for directory in (path.parent.parent, path.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(
            f"The draft cannot be kept in {path}: {error.strerror}.", "HELPDESK_STATE_DIR names another directory."
        ) from error
