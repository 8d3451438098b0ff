"""Sign-ins: where a person is signed in, since when, and ending that. One's own, or for an admin anybody's.

What is ended has no access from that moment on, on open connections too, and its tokens are not renewed any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.statement import Statement, only, positional

LEAST: Final = 4
"""So many characters of an id are needed to mean one."""

_HANG_UP: Final = Statement("select from helpdesk.hang_up()", (), writes=True)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One sign-in. ``ip`` and ``program`` are what the sign-in server was told, and hostile as any text.

    Args:
        refreshed_at: when its token was last renewed, or else when it began.
        aal: ``aal1``: with a password or a code by mail; ``aal2``: with a second factor besides.
        this: whether it is the one that asks.
        connections: how many it has open to the database at this moment.
    """

    id: UUID
    signed_in_at: datetime | None
    refreshed_at: datetime | None
    ip: str | None
    program: str | None
    aal: str | None
    this: bool
    connections: int


async def listed(database: Database, person: UUID | None = None) -> list[SignedIn]:
    """The sign-ins of a person that go on, the latest used first. One round trip.

    Args:
        person: whose; None: one's own.

    Raises:
        NotFound: there is nobody of that id, or not for this person.
        Refused: nobody is signed in.
    """
    return await database.fetch(
        Statement(
            "select id, signed_in_at, refreshed_at, ip, user_agent, aal, this, connections from helpdesk.sessions(%s)",
            (person,),
            positional(SignedIn),
            writes=False,
        )
    )


async def end(database: Database, ending: SignedIn) -> int:
    """Ends a sign-in. Two round trips: whoever connected while the first was on its way is hung up on by the second.

    Returns:
        how many connections it had open.

    Raises:
        NotFound: there is none of that id, or not for this person.
    """
    sql = "select helpdesk.end_session(%s)"
    (closed,) = await database.fetch(Statement(sql, (ending.id,), only(int), writes=True))
    if not ending.this:
        await hang_up(database)
    return closed


async def end_all(database: Database, person: UUID | None, *, but_this: bool) -> int:
    """Ends every sign-in of a person, or all but the one that asks. Two round trips, as ``end``.

    Args:
        person: whose; None: one's own.

    Returns:
        how many were ended.

    Raises:
        NotFound: there is nobody of that id, or not for this person.
    """
    sql = "select helpdesk.end_sessions(%s, %s)"
    (ended,) = await database.fetch(Statement(sql, (person, but_this), only(int), writes=True))
    if but_this or person is not None:  # else nobody is left to ask
        await hang_up(database)
    return ended


async def hang_up(database: Database) -> None:
    """Closes the connections of sign-ins that were ended, opened at the very moment in which they were."""
    await database.run(_HANG_UP)


def meant(reference: str, among: list[SignedIn]) -> SignedIn:
    """The sign-in that a person means by an id or its first characters.

    Raises:
        NotFound: none of them begins so.
        BadInput: several do, or it is too short to mean one.
    """
    wanted = reference.strip().lower().replace("-", "")
    if len(wanted) < LEAST:
        raise BadInput(f"“{reference}” is too short to mean a sign-in.", f"Give {LEAST} characters of its id at least.")
    found = [each for each in among if each.id.hex.startswith(wanted)]
    if not found:
        raise NotFound(f"There is no sign-in “{reference}”.", "`helpdesk sessions` lists them.")
    if len(found) > 1:
        raise BadInput(f"Several sign-ins begin with “{reference}”.", "Give more of the id.")
    return found[0]
