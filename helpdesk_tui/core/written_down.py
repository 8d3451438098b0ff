"""Tickets that somebody of the team writes down for whoever rang up, each act one network round trip.

The database says who may, whose the ticket is, and who is said to have written it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from helpdesk_tui.core import attachments
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.journal_requests import Caller, Request
from helpdesk_tui.core.requests import checked
from helpdesk_tui.core.statement import Statement, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.outbox import Outbox

__all__ = ["OFFERED", "Known", "Written", "known", "line_up", "send"]

#: So many people are offered at once.
OFFERED: Final = 6


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody for whom a ticket can be written down."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Written:
    """A ticket that the database has. ``same`` is False where it had it before, with other words: those were kept."""

    number: int
    name: str
    same: bool


def known(begun: str, most: int = OFFERED) -> Statement[Known]:
    """Those whose address the person knows anyway, by a part of their name or how their address begins, by name."""
    sql = "select id, name, email from helpdesk.known_people(%s, %s)"
    return Statement(sql, (begun, most), positional(Known), writes=False)


async def send(database: Database, request: Request, files: Sequence[Upload] = ()) -> Written:
    """Writes a ticket down with its files; sent again under the same ids it is there once.

    Args:
        database: as whoever writes it.
        request: what, and in its ``caller`` for whom.

    Raises:
        BadInput: it is for nobody, has no title, or too long a one.
        NotFound: nobody here has this address.
        Refused: it is for a department of somebody else's.
    """
    caller = _named(request)
    given = (request.category, _id(caller.department), _id(caller.assignee))
    statements: list[Statement[Any]] = [
        Statement(
            "select number, name, same from helpdesk.write_ticket(%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                request.id,
                caller.address.strip(),
                checked(request.title),
                request.content.strip(),
                caller.priority,
                *given,
            ),
            positional(Written),
            writes=True,
        )
    ]
    statements += [attachments.add(request.id, None, each) for each in files]
    rows = await database.run(*statements, idempotent=True, patience=attachments.patience(files))
    written: Written = rows[0][0]
    return written


async def line_up(database: Database, outbox: Outbox | None, request: Request, files: Sequence[Upload] = ()) -> Written:
    """The same by way of the outbox, if there is one.

    Raises:
        Queued: there is no answer yet; it waits in the outbox.
    """
    if outbox is None:
        return await send(database, request, files)
    from helpdesk_tui.core import outbox_kinds

    caller = _named(request)
    entry = outbox_kinds.request(
        outbox.owner, request.id, checked(request.title), request.content, request.category, caller
    )
    written: Written = (await outbox.do(entry, files, patience=attachments.patience(files))).value
    return written


def _named(request: Request) -> Caller:
    """For whom it is.

    Raises:
        BadInput: for nobody.
    """
    if request.caller is None or not request.caller.address.strip():
        raise BadInput("Say whom it is for.", "Their name if it is offered, else their whole address.")
    return request.caller


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
