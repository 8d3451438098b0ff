"""The editor that somebody uses, for the desk and the command line alike."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from helpdesk_tui.core.errors import BadInput

__all__ = ["editor_command"]


def editor_command(env: Mapping[str, str] = os.environ) -> list[str]:
    """The command that opens a person's editor, without the file's name: VISUAL, EDITOR, else what the system has.

    Raises:
        BadInput: the variable is no command, such as one with a quotation mark too few.
    """
    for name in ("VISUAL", "EDITOR"):
        command = env.get(name, "").strip()
        if not command:
            continue
        if os.name == "nt" and Path(command).exists():  # a path with spaces and backslashes, which no shell wrote
            return [command]
        try:
            return shlex.split(command)
        except ValueError as error:
            raise BadInput(f"{name} is no command: {command}", f"Set {name} to the editor you use.") from error
    return ["notepad" if os.name == "nt" else "vi"]
