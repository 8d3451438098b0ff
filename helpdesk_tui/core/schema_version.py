"""The version of the database that this release works with, and what to say about another one."""

from __future__ import annotations

from helpdesk_tui.core.errors import DatabaseNotReady, NewerDatabase

VERSION = 1
"""Raised by one with each file that joins ``db/migrations``; ``db/schema.sql`` writes the same number."""


def require(found: int | None) -> None:
    """Returns if a database at version ``found`` fits this release; None stands for a database without a helpdesk.

    Raises:
        NewerDatabase: it was set up by a newer release.
        DatabaseNotReady: it holds no helpdesk, or an older one.
    """
    if found is None:
        raise DatabaseNotReady(
            "This database holds no helpdesk yet.", "Its owner can set it up with `helpdesk db apply`."
        )
    if found > VERSION:
        raise NewerDatabase(
            f"The database is at version {found}, this helpdesk-tui only knows up to version {VERSION}.",
            "Upgrade helpdesk-tui.",
        )
    if found < VERSION:
        raise DatabaseNotReady(
            f"The database is at version {found}, this helpdesk-tui needs version {VERSION}.",
            "Its owner can bring it up to date with `helpdesk db apply`; nothing is lost.",
        )
