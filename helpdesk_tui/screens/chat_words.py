"""What one sees of a chat: what was said as a thread, the line above it and the line below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from helpdesk_tui.core.chat_presence import Presence
from helpdesk_tui.core.model import Message, Thread, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.chat_outbox import ChatOutbox

if TYPE_CHECKING:
    from datetime import datetime

    from helpdesk_tui.core.chat_model import Chat, ChatMessage
    from helpdesk_tui.core.model import Me

__all__ = ["Talk", "head_words", "note_words", "thread_of"]


@dataclass
class Talk:
    """One chat as it is known here, kept while others are looked at."""

    chat: Chat
    outbox: ChatOutbox
    presence: Presence
    said: dict[UUID, ChatMessage] = field(default_factory=dict)
    read: bool = False
    seen: UUID | None = None

    @property
    def newest(self) -> UUID | None:
        """The last message that is known."""
        return next(reversed(self.said), None)


def thread_of(talk: Talk, *, me: UUID, named: Me | None, now: datetime) -> Thread:
    """What was said in a chat, and what is on its way, as a thread.

    Args:
        talk: the chat.
        me: whose screen it is.
        named: the same, as the database knows them; None: it has not answered yet.
        now: the time.
    """
    chat = talk.chat
    about = Ticket(
        id=chat.id,
        number=0,
        title="",
        status="open",
        priority="medium",
        customer_id=chat.customer_id,
        requester=chat.customer,
        assignee_id=chat.agent_id,
        assignee=chat.agent,
        department_id=None,
        department=None,
        due_date=None,
        created_at=chat.created_at,
        updated_at=chat.created_at,
    )
    messages = [
        Message(said.id, said.sender_id, said.sender, said.by_staff, False, said.content, said.created_at)
        for said in talk.said.values()
    ]
    by_staff = named is not None and named.role != "customer"
    # Another id than the message will have: it looks otherwise then.
    last = max((said.created_at for said in messages), default=chat.created_at)
    messages += [
        Message(
            uuid5(draft.message_id, "sending"),
            me,
            (named.name if named else "I") + " · sending …",
            by_staff,
            False,
            draft.content,
            max(now, last),
        )
        for draft in talk.outbox.waiting
        if draft.message_id not in talk.said
    ]
    return Thread(ticket=about, description="", messages=tuple(messages), history=())


def head_words(chat: Chat, *, me: UUID, plain: bool) -> str:
    """The line above a chat: with whom, and about what; ``plain`` for a customer."""
    if plain:
        return "Chat with us" if chat.agent is None else f"Chat with {safe_line(chat.agent, 80)}"
    words = [safe_line(chat.customer, 80)]
    if chat.topic:
        words.append(safe_line(chat.topic, 120))
    if chat.agent is not None and chat.agent_id != me:
        words.append(f"with {safe_line(chat.agent, 80)}")
    if chat.ticket_number is not None:
        words.append(f"ticket #{chat.ticket_number}")
    return " · ".join(words)


def note_words(talk: Talk, *, me: UUID, plain: bool) -> tuple[str, str]:
    """The line below a chat, and its look: what is the matter, whose turn it is, who is there."""
    chat, outbox = talk.chat, talk.outbox
    if outbox.trouble:
        many = "1 message is" if len(outbox.waiting) == 1 else f"{len(outbox.waiting)} messages are"
        return f"✗ {many} not through yet, sent again by itself: {outbox.trouble}", "alarm"
    if outbox.problem:
        return f"✗ {outbox.problem}", "alarm"
    if chat.status == "ended":
        return _over_words(chat, plain=plain), "quiet"
    if chat.status == "waiting":
        if not plain:
            return "This one waits. Enter or a takes it.", "notable"
        place = chat.position or 1
        line = "You are next" if place == 1 else f"You are number {place} in line"
        return f"◔ {line}. Write on meanwhile: it is read when it is your turn.", "notable"
    if not plain and chat.agent_id != me:
        return "A colleague's chat: for you to read.", "quiet"
    other = safe_line((chat.agent if plain else chat.customer) or "", 60)
    if talk.presence.typing:
        return f"✎ {other} is typing …", "notable"
    if talk.presence.here:
        return f"● {other} is here", "quiet"
    if talk.presence.away:
        return f"○ {other} is away at the moment", "quiet"
    return "", "quiet"


def _over_words(chat: Chat, *, plain: bool) -> str:
    if not plain:
        rated = f" They rated it {chat.rating} of 5." if chat.rating is not None else ""
        comment = f" “{safe_line(chat.rating_comment, 200)}”" if chat.rating_comment else ""
        return f"This chat is over.{rated}{comment}"
    if chat.rating is None:
        return "This chat is over. How was it, 1 (bad) to 5 (good)? c begins another one."
    return f"This chat is over; you gave it {chat.rating} of 5. c begins another one."
