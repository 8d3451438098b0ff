"""The mutants that no test kills, and why that is so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SURVIVORS: Final = Path(__file__).with_name("survivors.txt")


def read_survivors(text: str | None = None) -> dict[str, str]:
    """Name and reason of each, from the lines ``name: reason`` of ``survivors.txt``.

    Raises:
        ValueError: a line without a reason.
    """
    found: dict[str, str] = {}
    for line in (SURVIVORS.read_text(encoding="utf-8") if text is None else text).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(":")
        if not reason.strip():
            raise ValueError(f"name: reason, and not {line!r}")
        found[name.strip()] = reason.strip()
    return found
