"""Chats: a customer and a member of the team who talk at the same time, and the list of those who wait.

Every act is one network round trip, and every one of them may be sent again after a lost answer: ids are drawn before
sending, and what was done already is not done twice. What changes is told live (``core.live``); here it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from helpdesk_tui.core.chat_model import Accepted, Chat, ChatLists, ChatMessage, ChatThread
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.statement import Statement, positional

MESSAGE_LENGTH: Final = 20_000
"""Characters of a message, at most."""
PAST: Final = 20
"""So many chats that are over are listed with those that go on."""

_COLUMNS: Final = (
    "id, customer_id, customer, agent_id, agent, status, department_id, department, topic, created_at, accepted_at, "
    "ended_at, last_message_at, last_words, unread, place, rating, ticket_id, ticket_number, waiting_since, "
    "last_by_staff, rating_comment"
)
# The chat that was opened, and the one that was open before.
_OPEN: Final = f"""
select {_COLUMNS} from helpdesk.chats(array(
  select s.id from public.chat_sessions s
   where s.customer_id = %(me)s and (s.id = %(chat)s or s.status <> 'ended')), 0)
"""  # noqa: S608  (columns of ours)


def _rows(ids: Sequence[UUID]) -> Statement[Chat]:
    return Statement(
        f"select {_COLUMNS} from helpdesk.chats(%(ids)s, 0)",  # noqa: S608  (columns of ours)
        {"ids": list(ids)},
        positional(Chat),
        writes=False,
        general=True,
    )


def _messages(chat_id: UUID, after: UUID | None) -> Statement[ChatMessage]:
    return Statement(
        "select id, session_id, sender_id, sender, by_staff, content, created_at "
        "from helpdesk.chat_messages(%(chat)s, %(after)s)",
        {"chat": chat_id, "after": after},
        positional(ChatMessage),
        writes=False,
        general=True,
    )


def _act(sql: str, **params: Any) -> Statement[Any]:
    return Statement(sql, params, writes=True, general=True)


def first_message_id(chat_id: UUID) -> UUID:
    """The id of the message that a chat is opened with, known before it is sent."""
    return uuid5(chat_id, "first message")


class Chats:
    """The chats of one signed-in person.

    Args:
        database: as that person.
        me: the person.

    Every method raises Unreachable where the database does not answer: then it is not known whether the act was
    done, and it may be called again with the same arguments.
    """

    def __init__(self, database: Database, me: Me) -> None:
        self.database = database
        self.me = me

    # -- reading ------------------------------------------------------------------------------------------------------

    async def look(self, *, past: int = PAST) -> ChatLists:
        """My chats, those that wait and, for an admin, those of others.

        Args:
            past: so many of those that are over.
        """
        rows: list[tuple[str, Chat]] = await self.database.fetch(
            Statement(
                f"select list, {_COLUMNS} from helpdesk.chats(null, %(past)s)",  # noqa: S608  (columns of ours)
                {"past": past},
                positional(lambda name, *columns: (name, Chat(*columns))),
                writes=False,
                general=True,
            )
        )
        mine = [chat for name, chat in rows if name == "mine"]
        over = sorted((chat for chat in mine if chat.ended_at), key=lambda chat: chat.ended_at or chat.created_at)
        return ChatLists(
            mine=(*(chat for chat in mine if not chat.ended_at), *reversed(over)),
            waiting=tuple(chat for name, chat in rows if name == "waiting"),
            others=tuple(chat for name, chat in rows if name == "others"),
        )

    async def some(self, ids: Sequence[UUID]) -> dict[UUID, Chat | None]:
        """Chats that changed, as they are now; None for one that is not there, or not for me any more."""
        found = {chat.id: chat for chat in await self.database.fetch(_rows(ids))}
        return {chat_id: found.get(chat_id) for chat_id in ids}

    async def chat(self, chat_id: UUID) -> Chat:
        """One chat.

        Raises:
            NotFound: there is none for me.
        """
        return _one(await self.database.fetch(_rows([chat_id])))

    async def messages(self, chat_id: UUID, after: UUID | None = None) -> list[ChatMessage]:
        """What was said, oldest first: all of it, or what came after the message ``after``.

        Nothing can come later and stand before ``after``. No messages for a chat that is not mine to see.
        """
        return await self.database.fetch(_messages(chat_id, after))

    async def thread(self, chat_id: UUID, after: UUID | None = None) -> ChatThread:
        """A chat and its messages (those after ``after``), as of one moment.

        Raises:
            NotFound: there is none for me.
        """
        rows, said = await self.database.run(_rows([chat_id]), _messages(chat_id, after))
        return ChatThread(_one(rows), tuple(said))

    # -- the customer's -----------------------------------------------------------------------------------------------

    async def open(self, chat_id: UUID, topic: str | None, first_message: str) -> Chat:
        """Opens a chat. Where one is open already it is that one, and the message is said there.

        Args:
            chat_id: drawn once, kept for trying again.
            first_message: may be empty.

        Returns:
            The chat, under another id than ``chat_id`` if it was open before.

        Raises:
            BadInput: the topic or the message is too long.
            Refused: staff open no chats.
        """
        if len(first_message) > MESSAGE_LENGTH:
            raise _too_long(first_message)
        params = {
            "chat": chat_id,
            "topic": topic,
            "message": first_message_id(chat_id),
            "words": first_message,
            "me": self.me.id,
        }
        _, rows = await self.database.run(
            _act("select helpdesk.chat_open(%(chat)s, %(topic)s, %(message)s, %(words)s)", **params),
            Statement(_OPEN, params, positional(Chat), writes=False, general=True),
            idempotent=True,
        )
        return next((chat for chat in rows if chat.id == chat_id), None) or _one(rows)

    async def rate(self, chat_id: UUID, rating: int, comment: str | None = None) -> None:
        """Rates a chat that is over, 1 to 5; again, to change it.

        Raises:
            BadInput: it is not over yet, or the rating is none.
            Refused, NotFound: it is not mine.
        """
        await self.database.run(
            _act(
                "select helpdesk.chat_rate(%(chat)s, %(rating)s, %(comment)s)",
                chat=chat_id,
                rating=rating,
                comment=comment,
            ),
            idempotent=True,
        )

    # -- the agent's --------------------------------------------------------------------------------------------------

    async def accept(self, chat_id: UUID) -> Accepted:
        """Takes a chat that waits; of several who try, one gets it.

        Raises:
            Refused: customers take none, and nobody their own.
            NotFound: there is none for me.
        """
        rows: list[Accepted] = await self.database.fetch(
            Statement(
                "select done, by_name from helpdesk.chat_accept(%(chat)s)",
                {"chat": chat_id},
                positional(Accepted),
                writes=True,
                general=True,
            ),
            idempotent=True,
        )
        return rows[0]

    async def transfer(self, chat_id: UUID, *, person: UUID | None = None, department: UUID | None = None) -> None:
        """Hands a chat to a person, who leads it from now on, or to a department, where it waits.

        For an hour, and while nobody took it since, whoever did this may take it back: ``person=me.id``.

        Raises:
            BadInput: neither or both were given, the person cannot take chats, or the chat is over.
            Refused, NotFound: it is not mine to hand over.
        """
        if (person is None) == (department is None):
            raise BadInput("A chat is handed to a person or to a department.")
        await self.database.run(
            _act(
                "select helpdesk.chat_transfer(%(chat)s, %(person)s, %(department)s)",
                chat=chat_id,
                person=person,
                department=department,
            ),
            idempotent=True,
        )

    async def put_back(self, chat_id: UUID) -> None:
        """Has a chat that I took wait again where it waited before: takes ``accept`` back.

        Raises:
            BadInput: the chat is over.
            Refused, NotFound: it is not mine to put back.
        """
        await self.database.run(
            _act("select helpdesk.chat_transfer(%(chat)s, null, null)", chat=chat_id), idempotent=True
        )

    async def to_ticket(self, chat_id: UUID) -> tuple[UUID, int]:
        """Makes a ticket of a chat, with what was said; again, brings what was said since into the same ticket.

        Returns:
            The ticket's id and number.

        Raises:
            Refused, NotFound: I do not lead the chat.
        """
        rows: list[tuple[UUID, int]] = await self.database.fetch(
            _act("select id, number from helpdesk.chat_to_ticket(%(chat)s)", chat=chat_id), idempotent=True
        )
        ticket_id, number = rows[0]
        return ticket_id, number

    # -- both sides' --------------------------------------------------------------------------------------------------

    async def send(self, chat_id: UUID, message_id: UUID, content: str) -> None:
        """Says something. Sent again under the same id, it is there once, whatever became of the chat since.

        Args:
            message_id: drawn once per message, kept for sending it again.

        Raises:
            BadInput: it is empty or too long, or the chat is over; nothing was sent.
            Refused, NotFound: it is not my chat, or not any more; nothing was sent.
        """
        if not content.strip():
            raise BadInput("The message is empty.")
        if len(content) > MESSAGE_LENGTH:
            raise _too_long(content)
        await self.database.run(
            _act(
                "insert into public.chat_messages (id, session_id, content) values (%(id)s, %(chat)s, %(content)s) "
                "on conflict (id) do nothing",
                id=message_id,
                chat=chat_id,
                content=content,
            ),
            idempotent=True,
        )

    async def seen(self, chat_id: UUID, message_id: UUID) -> None:
        """I have read up to this message. Nobody else is told."""
        await self.database.run(
            _act("select helpdesk.chat_seen(%(chat)s, %(message)s)", chat=chat_id, message=message_id), idempotent=True
        )

    async def end(self, chat_id: UUID) -> None:
        """Ends a chat; what was said stays. One that is over stays so.

        Raises:
            Refused, NotFound: it is neither my chat nor one I lead.
        """
        await self.database.run(_act("select helpdesk.chat_end(%(chat)s)", chat=chat_id), idempotent=True)

    async def reopen(self, chat_id: UUID) -> None:
        """Goes on with a chat that I ended by mistake: takes ``end`` back, for ten minutes. One that goes on does so.

        Raises:
            BadInput: its customer has opened another one since.
            Refused: somebody else ended it, or it is too late.
            NotFound: it is not mine.
        """
        await self.database.run(_act("select helpdesk.chat_reopen(%(chat)s)", chat=chat_id), idempotent=True)

    async def typing(self, chat_id: UUID) -> None:
        """Tells the other side that I am typing. Nothing is written down; see ``core.chat_presence`` for when."""
        await self._tell("select helpdesk.chat_typing(%(chat)s)", {"chat": chat_id})

    async def present(self, chat_id: UUID, *, here: bool) -> None:
        """Tells the other side that I have the chat before me, or have left it. Nothing is written down."""
        await self._tell("select helpdesk.chat_present(%(chat)s, %(here)s)", {"chat": chat_id, "here": here})

    async def _tell(self, sql: str, params: dict[str, Any]) -> None:
        # It changes no row, but what is told has to be true now: a reading sees an older moment, and is refused.
        await self.database.run(Statement(sql, params, writes=True), idempotent=True)


def _one(rows: Sequence[Chat]) -> Chat:
    if not rows:
        raise NotFound("There is no such chat.", "It may have been handed to somebody else.")
    return rows[0]


def _too_long(content: str) -> BadInput:
    return BadInput(
        f"A chat message may have {MESSAGE_LENGTH:,} characters at most, this one has {len(content):,}.",
        "Send it in parts.",
    )
