"""The team's chats: taking them, handing them over, ending them, and making tickets of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from textual import on
from textual.binding import BindingType

from helpdesk_tui.actions import Context
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.chats_reading import ChatsReading
from helpdesk_tui.widgets.picker import Choice, Picker

if TYPE_CHECKING:
    from helpdesk_tui.core.chat_model import Chat
    from helpdesk_tui.core.chats import Chats
    from helpdesk_tui.screens.link import Link

__all__ = ["ChatsScreen"]


class ChatsScreen(ChatsReading):
    """Takes chats that wait, and talks.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "chats.tcss"
    LIST = "#list"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("chats", "chat field")
    BINDINGS: ClassVar[list[BindingType]] = bindings("chats")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        #: What was done last, to be taken back: taken, handed over or ended, and which chat.
        self._done: list[tuple[str, UUID]] = []
        #: The ticket that was made last.
        self._made: tuple[UUID, int] | None = None
        self._taking: set[UUID] = set()

    def action_accept(self) -> None:
        """Take the selected one that waits, or else whoever has waited longest."""
        chat = self.subject
        if chat is None or chat.status != "waiting":
            chat = next((each for each in self.list.chats if each.status == "waiting"), None)
        if chat is None:
            self.say("Nobody waits")
        else:
            self.take(chat)

    def take(self, chat: Chat) -> None:
        """Take a chat that waits; whoever is late is told by whom."""
        if self.chats is None:
            self.say("Not connected yet", alarm=True)
        elif chat.id not in self._taking:
            self._taking.add(chat.id)
            self.say(f"Taking the chat with {safe_line(chat.customer, 60)} …")
            self.spawn(self._accept(self.chats, chat))

    async def _accept(self, chats: Chats, chat: Chat) -> None:
        name = safe_line(chat.customer, 60)
        try:
            taken = await chats.accept(chat.id)
            mine = await chats.chat(chat.id) if taken.done else None
        except HelpdeskError as error:
            self.say(f"Not taken: {error}", alarm=True)
            return
        finally:
            self._taking.discard(chat.id)
        if mine is not None:
            self._done.append(("taken", chat.id))
            self.say(f"You talk to {name} now · Esc u puts them back")
            self.talk_to(mine)
        else:
            by = safe_line(taken.by, 60) if taken.by else None
            self.say(
                f"{by} has taken the chat with {name} already" if by else f"{name} does not wait here any more",
                alarm=True,
            )
        await self.read_again(None)

    def _led(self, what: str) -> Chat | None:
        """The chat at hand, if I lead it."""
        chat = self.subject
        if chat is None or self.chats is None:
            self.say("No chat is open")
        elif chat.status == "waiting":
            self.say("Take it first: a")
        elif chat.status == "ended" and what != "ticket":
            self.say("This chat is over")
        else:
            return chat
        return None

    def action_end(self) -> None:
        """End the chat."""
        if (chat := self._led("end")) is not None:
            self.spawn(self._end(chat))

    async def _end(self, chat: Chat) -> None:
        if self.chats is None:
            return
        try:
            await self.chats.end(chat.id)
        except HelpdeskError as error:
            self.say(f"Not ended: {error}", alarm=True)
            return
        self._done.append(("ended", chat.id))
        self.say(f"The chat with {safe_line(chat.customer, 60)} is over · u goes on with it · T makes a ticket of it")
        await self.read_again(None)

    def action_ticket(self) -> None:
        """Make a ticket of the chat, with what was said; of one that is a ticket, bring it up to date."""
        if (chat := self._led("ticket")) is not None:
            self.spawn(self._to_ticket(chat))

    async def _to_ticket(self, chat: Chat) -> None:
        if self.chats is None:
            return
        try:
            self._made = await self.chats.to_ticket(chat.id)
        except HelpdeskError as error:
            self.say(f"No ticket was made: {error}", alarm=True)
            return
        self.say(f"Ticket #{self._made[1]} has what was said · o opens it")
        await self.read_again(frozenset([chat.id]))

    def action_open_ticket(self) -> None:
        """Go to the ticket that the chat became."""
        chat = self.subject
        ticket = chat.ticket_id if chat is not None and chat.ticket_id is not None else None
        if ticket is None and self._made is not None and chat is not None:
            ticket = self._made[0]
        if ticket is None:
            self.say("No ticket was made of this chat; T makes one")
        else:
            self.link.open("home", ticket)

    def action_transfer(self) -> None:
        """Hand the chat to somebody else."""
        desk = self.link.desk
        chat = self._led("transfer")
        if chat is None or desk is None:
            return
        people = [
            Choice(("person", person.id, person.name), person.name)
            for person in sorted(desk.staff, key=lambda each: each.name.casefold())
            if person.id != desk.me.id and person.id != chat.customer_id
        ]
        departments = [
            Choice(("department", each.id, each.name), f"{each.name} (whoever takes it there)")
            for each in desk.departments
        ]
        self.picker.ask(
            f"Hand the chat with {safe_line(chat.customer, 60)} to",
            [*departments, *people],
            lambda whom: self.spawn(self._transfer(chat, *whom)),
        )

    @on(Picker.Chosen)
    def _picked(self, message: Picker.Chosen) -> None:
        self.write()
        message.answer()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self.write()

    async def _transfer(self, chat: Chat, kind: str, target: UUID, name: str) -> None:
        if self.chats is None:
            return
        try:
            if kind == "person":
                await self.chats.transfer(chat.id, person=target)
            else:
                await self.chats.transfer(chat.id, department=target)
        except HelpdeskError as error:
            self.say(f"Not handed over: {error}", alarm=True)
            return
        self._done.append(("handed", chat.id))
        self.say(f"{safe_line(name, 60)} has the chat with {safe_line(chat.customer, 60)} now · u takes it back")
        self.to_list()
        await self.read_again(None)

    def action_undo(self) -> None:
        """Take back what was done last: taken, handed over, ended."""
        if not self._done or self.chats is None:
            self.say("There is nothing to take back")
        else:
            self.spawn(self._take_back(self.chats, *self._done.pop()))

    async def _take_back(self, chats: Chats, done: str, chat_id: UUID) -> None:
        try:
            if done == "taken":
                # Where it waited; that may be out of my sight by now.
                await chats.put_back(chat_id)
                self.say("They wait again")
                self.to_list()
                await self.read_again(None)
                return
            if done == "handed":
                await chats.transfer(chat_id, person=chats.me.id)
            else:
                await chats.reopen(chat_id)
            chat = await chats.chat(chat_id)
        except HelpdeskError as error:
            self.say(f"Not taken back: {error}", alarm=True)
            return
        self.say(f"You talk to {safe_line(chat.customer, 60)} again")
        self.talk_to(chat)
        await self.read_again(None)
