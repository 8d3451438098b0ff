"""What can wait in line (``core.outbox``): how each kind is put down, and how it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.model import Status
from helpdesk_tui.core.outbox import Answer, Entry, Perform

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk

__all__ = ["message", "performing"]


def message(
    owner: str,
    ticket_id: UUID,
    message_id: UUID,
    content: str,
    *,
    internal: bool,
    after_id: UUID | None,
    then_status: Status | None,
    words: str,
) -> Entry:
    """A reply or a note, as ``Desk.send`` takes it. Its files go beside it."""
    payload: dict[str, Any] = {
        "content": content,
        "after_id": str(after_id) if after_id is not None else None,
        "then_status": then_status,
    }
    return Entry(message_id, owner, "note" if internal else "reply", (ticket_id,), words, payload)


def performing(desk: Desk) -> Perform:
    """What sends an entry through a person's desk."""

    async def perform(entry: Entry, uploads: Sequence[Upload]) -> Answer:
        return await _send(desk, entry, uploads)

    return perform


async def _send(desk: Desk, entry: Entry, uploads: Sequence[Upload]) -> Answer:
    said = entry.payload
    after_id = said["after_id"]
    status_set = await desk.send_now(
        entry.tickets[0],
        entry.id,
        said["content"],
        internal=entry.kind == "note",
        after_id=UUID(after_id) if after_id is not None else None,
        then_status=cast("Status | None", said["then_status"]),
        files=tuple(uploads),
    )
    return Answer(status_set)
