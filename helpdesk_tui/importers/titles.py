"""Subjects and headings from elsewhere → titles that fit."""

from __future__ import annotations

from typing import Final

from helpdesk_tui.importers.fields import Fields

LONGEST_TITLE: Final = 500
"""Characters; the database refuses longer ones."""


def title(record: Fields, field: str) -> tuple[str, str | None]:
    """A field as a title: on one line, not blank, not too long.

    Returns:
        The title; and the whole text, if it had to be changed, to be kept elsewhere.
    """
    whole = record.text(field)
    shown = " ".join(whole.split()) or "(no subject)"
    if len(shown) > LONGEST_TITLE:
        shown = shown[: LONGEST_TITLE - 1].rstrip() + "…"
    return shown, (None if shown == whole else whole)
