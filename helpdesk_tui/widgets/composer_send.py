"""What the composer posts when something is to be sent."""

from __future__ import annotations

from uuid import UUID

from textual.message import Message

from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.model import Status
from helpdesk_tui.core.thread import Also

__all__ = ["Send"]


class Send(Message, namespace="composer"):
    """Send this. The same ``message_id`` comes again when it is sent again.

    ``after_id`` is the newest message that the author had on the screen; ``then_status`` is the ticket's status
    after it, None to leave it. ``files`` go with it. ``also`` is what a macro does with it.
    """

    def __init__(
        self,
        ticket_id: UUID,
        message_id: UUID,
        content: str,
        internal: bool,
        after_id: UUID | None,
        then_status: Status | None = None,
        files: tuple[Upload, ...] = (),
        also: Also | None = None,
    ) -> None:
        super().__init__()
        self.ticket_id = ticket_id
        self.message_id = message_id
        self.content = content
        self.internal = internal
        self.after_id = after_id
        self.then_status = then_status
        self.files = files
        self.also = also
