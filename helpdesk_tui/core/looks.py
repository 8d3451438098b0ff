"""How the program was made to look on this machine: what somebody chose with a key is there again the next time.

Choices of taste and nothing else. What cannot be written down, or read, is as the settings say.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

__all__ = ["WIDTHS", "Looks", "remember", "remembered"]

FILE: Final = "looks.json"
#: How wide the list may be beside what is read, in per cent of the screen: the least, the most.
WIDTHS: Final = (25, 75)


@dataclass(frozen=True, slots=True)
class Looks:
    """What was chosen with a key; None: nothing was, the settings count.

    Args:
        theme: the name of a theme.
        spacing: ``standard`` or ``compact``.
        list_width: of a list beside what is read, in per cent of the screen.
    """

    theme: str | None = None
    spacing: str | None = None
    list_width: int | None = None


def remembered(folder: Path | None) -> Looks:
    """What was chosen last."""
    if folder is None:
        return Looks()
    try:
        found = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return Looks()
    if not isinstance(found, dict):
        return Looks()
    theme, spacing, width = found.get("theme"), found.get("spacing"), found.get("list_width")
    return Looks(
        theme if isinstance(theme, str) else None,
        spacing if spacing in ("standard", "compact") else None,
        width if isinstance(width, int) and WIDTHS[0] <= width <= WIDTHS[1] else None,
    )


def remember(folder: Path | None, **changes: Any) -> None:
    """Something else was chosen: fields of `Looks`, the others stay."""
    if folder is None:
        return
    looks = replace(remembered(folder), **changes)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{FILE}.{os.getpid()}"
        draft.write_text(json.dumps({name: value for name, value in asdict(looks).items() if value is not None}))
        draft.replace(folder / FILE)
