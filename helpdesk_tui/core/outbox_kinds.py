"""What can wait in line (``core.outbox``): how each kind is put down, and how it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from helpdesk_tui.core import acts
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.journal_files import DraftFile
from helpdesk_tui.core.journal_requests import Caller, Request
from helpdesk_tui.core.model import Attachment, Me, Message, Status, Unsent
from helpdesk_tui.core.outbox import Answer, Entry, Perform
from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.thread import Also, Outgoing
from helpdesk_tui.core.ticket_acts import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk

__all__ = ["act", "message", "performing", "request", "undo", "unsent"]


_ACT: Final = "select id, done, why from helpdesk.act(%s, %s::uuid[], %s::jsonb, %s)"
_UNDO: Final = "select helpdesk.undo_act(%s, %s, %s)"


def message(owner: str, said: Outgoing, words: str) -> Entry:
    """A reply or a note; ``words`` call it. Its files go beside it."""
    payload: dict[str, Any] = {
        "content": said.content,
        "after_id": str(said.after_id) if said.after_id is not None else None,
        "then_status": said.then_status,
        "also": said.also.json() if said.also is not None else None,
    }
    return Entry(said.message_id, owner, "note" if said.internal else "reply", (said.ticket_id,), words, payload)


def act(owner: str, act_id: UUID, ids: Sequence[UUID], change: Mapping[str, Any], words: str) -> Entry:
    """A change of tickets, as ``helpdesk.act`` takes it.

    Args:
        change: as ``Change.json`` has it.
        words: what it is, for people: "#1042 status → resolved".
    """
    return Entry(act_id, owner, "act", tuple(ids), words, {"change": dict(change)})


def undo(owner: str, act_id: UUID, undoing: UUID, ids: Sequence[UUID], *, force: bool, words: str) -> Entry:
    """The taking back of an act of one's own, under the id ``undoing``. ``ids`` are the tickets it was about."""
    return Entry(undoing, owner, "undo", tuple(ids), words, {"act": str(act_id), "force": force})


def unsent(entry: Entry, me: Me, files: Sequence[DraftFile]) -> Unsent:
    """A message in line as its author will see it in the thread."""
    return Unsent(
        Message(
            id=entry.id,
            sender_id=me.id,
            sender=me.name,
            from_staff=me.role != "customer",
            internal=entry.kind == "note",
            content=entry.payload["content"],
            created_at=entry.queued_at,
        ),
        entry.refused,
        tuple(Attachment(each.id, entry.id, each.name, each.size, "", "") for each in files),
    )


def request(
    owner: str, request_id: UUID, title: str, content: str, topic: UUID | None, caller: Caller | None = None
) -> Entry:
    """A new request, as ``Requests.send`` takes it; for a ``caller`` as ``written_down.send`` does. Its files go beside
    it."""
    # As the journal has it: half a surrogate pair, which a terminal can paste, is no text.
    title, content = (each.encode("utf-8", "replace").decode() for each in (title, content))
    payload: dict[str, Any] = {"title": title, "content": content, "category": str(topic) if topic else None}
    named, words = safe_line(title, 60), "your request"
    if caller is not None:
        payload["caller"], words = caller.json(), f"the ticket for {safe_line(caller.words, 60)}:"
    return Entry(request_id, owner, "request", (request_id,), f"{words} “{named}”", payload)


def performing(desk: Desk) -> Perform:
    """What sends an entry through a person's desk."""

    async def perform(entry: Entry, uploads: Sequence[Upload]) -> Answer:
        if entry.kind == "act":
            return await _act(desk, entry)
        if entry.kind == "undo":
            return await _undo(desk, entry)
        if entry.kind == "request":
            return await _request(desk, entry, uploads)
        return await _send(desk, entry, uploads)

    return perform


async def _act(desk: Desk, entry: Entry) -> Answer:
    change = json.dumps(entry.payload["change"])
    statement = Statement(_ACT, (entry.id, list(entry.tickets), change, entry.words), positional(Outcome), writes=True)
    patience = acts.patience(len(entry.tickets))
    (outcomes,) = await desk.database.run(statement, idempotent=True, patience=patience)
    refused = [each for each in outcomes if not each.done]
    why = ", ".join(dict.fromkeys(each.why or "nothing was changed" for each in refused))
    return Answer(outcomes, tuple(each.id for each in refused), why)


async def _undo(desk: Desk, entry: Entry) -> Answer:
    params = (UUID(entry.payload["act"]), entry.id, entry.payload["force"])
    statement: Statement[Any] = Statement(_UNDO, params, only(dict), writes=True)
    patience = acts.patience(len(entry.tickets))
    ((told,),) = await desk.database.run(statement, idempotent=True, patience=patience)
    return Answer(told)


async def _request(desk: Desk, entry: Entry, uploads: Sequence[Upload]) -> Answer:
    from helpdesk_tui.core.requests import Requests

    said = entry.payload
    topic = UUID(said["category"]) if said["category"] is not None else None
    caller = Caller.of(said.get("caller"))
    if caller is not None:
        from helpdesk_tui.core import written_down

        written = Request(entry.owner, said["title"], said["content"], topic, (), entry.id, caller)
        return Answer(await written_down.send(desk.database, written, tuple(uploads)))
    sent = await Requests(desk.database, desk.me).send(entry.id, said["title"], said["content"], topic, tuple(uploads))
    return Answer(sent)


async def _send(desk: Desk, entry: Entry, uploads: Sequence[Upload]) -> Answer:
    said = entry.payload
    after_id = said["after_id"]
    outgoing = Outgoing(
        entry.tickets[0],
        entry.id,
        said["content"],
        internal=entry.kind == "note",
        after_id=UUID(after_id) if after_id is not None else None,
        then_status=cast("Status | None", said["then_status"]),
        files=tuple(uploads),
        also=Also.of(said.get("also")),
    )
    return Answer(await desk.send_now(outgoing))
