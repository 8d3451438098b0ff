"""Which role somebody had last on this machine, so that the next start shows the right home screen at once.

A hint for the first picture and nothing else: what a person may see and do, the database decides.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, cast, get_args
from uuid import UUID

from helpdesk_tui.core.model import Role

__all__ = ["remember", "remembered"]

FILE: Final = "homes.json"
#: People that are remembered.
MOST: Final = 50


def remembered(folder: Path | None, user_id: UUID) -> Role | None:
    """The role that somebody had last; None where nobody knows."""
    role = _read(folder).get(str(user_id))
    return cast("Role", role) if role in get_args(Role) else None


def remember(folder: Path | None, user_id: UUID, role: Role) -> None:
    """Somebody has this role. Where it cannot be written down, the next start asks the database first."""
    if folder is None or remembered(folder, user_id) == role:
        return
    known = {key: value for key, value in _read(folder).items() if key != str(user_id)}
    known = dict([*known.items(), (str(user_id), role)][-MOST:])
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{FILE}.{os.getpid()}"
        draft.write_text(json.dumps(known))
        draft.replace(folder / FILE)


def _read(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    try:
        found = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
