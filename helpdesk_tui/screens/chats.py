"""The team's chats: who waits, whom one talks to, and the conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from helpdesk_tui.actions import Context
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.chat_talk import ChatTalk
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.chat_field import ChatField
from helpdesk_tui.widgets.chat_list import ChatList, Section
from helpdesk_tui.widgets.picker import Choice, Picker

if TYPE_CHECKING:
    from helpdesk_tui.core.chats import Chat, Chats
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.screens.link import Link

__all__ = ["ChatsScreen"]

#: Columns from which list and conversation are side by side.
WIDE: Final = 100

LIST_HINTS = ("place.home", "app.help", "chats.accept", "chats.open", "chats.other_pane", "chats.first_mine")
TALK_HINTS = (
    "chats.back",
    "app.help",
    "chats.write",
    "chats.transfer",
    "chats.ticket",
    "chats.end",
    "chats.undo",
    "chats.first_mine",
)
FIELD_HINTS = ("chat_field.send", "chat_field.leave", "chat_field.line", "chats.next_chat")


class ChatsScreen(Place):
    """Takes chats that wait, and talks.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "chats.tcss"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("chats", "chat field")
    BINDINGS: ClassVar[list[BindingType]] = bindings("chats")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.list = ChatList(link.user_id, clock=link.clock, id="list")
        self.conversation = ChatTalk(link, id="talk")
        self.picker = Picker(id="picker")
        self.chats: Chats | None = None
        self._wanted: UUID | None = None
        #: What was done last, to be taken back: taken, handed over or ended, and which chat.
        self._done: list[tuple[str, UUID]] = []
        #: The ticket that was made last.
        self._made: tuple[UUID, int] | None = None
        self._taking: set[UUID] = set()
        self._subject: Chat | None = None

    def body(self) -> ComposeResult:
        """List and conversation."""
        with Horizontal(id="panes"):
            yield self.list
            yield self.conversation
        yield self.picker

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.list.focus()
        self.conversation.show_nothing(
            "No chat is open", "Choose a chat, or press a to take whoever has waited longest."
        )
        self.set_interval(1.0, self._tick)

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.set_class(event.size.width < WIDE, "narrow")

    def _tick(self) -> None:
        if self.is_current:
            self.list.tick()

    def hints(self) -> tuple[str, ...]:
        """Of the pane that has the keys."""
        if self.conversation.field.has_focus:
            return FIELD_HINTS
        return TALK_HINTS if self.conversation.has_focus_within else LIST_HINTS

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first."""
        if self.conversation.field.has_focus:
            return ("chat field", "chats")
        return ("thread", "chats") if self.conversation.has_focus_within else ("chats",)

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self.refresh_hints()

    def on_screen_resume(self) -> None:
        """Back: what is on the screen is seen."""
        super().on_screen_resume()
        self.conversation.look()

    # What the link tells

    def opened(self, desk: Desk) -> None:
        """The database can be asked."""
        from helpdesk_tui.core.chats import Chats

        self.chats = self.conversation.chats = Chats(self.link.database, desk.me)
        self.follow("chats", self.read_again)
        self.spawn(self.read_again(None))
        self.link.listen()

    def me_changed(self, me: Me) -> None:
        """Another department: others wait."""
        if self.chats is not None:
            self.chats.me = me
            self.spawn(self.read_again(None))

    def connection_changed(self, name: str, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.chats is None:
            self.list.show_failed(why or "Not connected.", "It is tried again by itself.")
        if name == "live":
            self.conversation.look()

    def show(self, about: UUID) -> None:
        """Somebody came here for this chat."""
        self._wanted = about
        if self.chats is not None:
            self.spawn(self.read_again(None))

    async def read_again(self, changed: Ids) -> None:
        """Read the lists again, and what was said in the chat that is open."""
        if self.chats is None:
            return
        try:
            found = await self.chats.look()
        except HelpdeskError as error:
            self.list.show_failed(str(error))
            return
        mine = tuple(chat for chat in found.mine if chat.status != "ended")
        over = tuple(chat for chat in found.mine if chat.status == "ended")
        sections = (
            Section("Waiting", found.waiting),
            Section("Mine", mine),
            Section("Colleagues'", found.others),
            Section("Over", over),
        )
        if any(section.chats for section in sections):
            self.list.show(sections)
        else:
            self.list.show_empty(
                "Nobody waits, and there are no chats of yours.", "New ones appear here by themselves."
            )
        open_now = self.conversation.chat
        if self._wanted is not None:
            wanted, self._wanted = self.list.find(self._wanted), None
            if wanted is not None:
                self.list.select(wanted.id)
                self.talk_to(wanted)
            else:
                self.say("This chat is not there for you any more", alarm=True)
        elif open_now is not None and (changed is None or open_now.id in changed):
            await self.conversation.read(open_now.id)

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()
        self.spawn(self.read_again(None))

    # Choosing

    @on(ChatList.Opened)
    def _chosen(self, message: ChatList.Opened) -> None:
        if message.chat.status == "waiting":
            self._take(message.chat)
        else:
            self.talk_to(message.chat)

    @on(ChatTalk.Looked)
    def _looked(self, message: ChatTalk.Looked) -> None:
        # What is read here is told to nobody, so the list would go on calling it new.
        self.list.update_chat(message.chat)

    @on(ChatList.Highlighted)
    def _highlighted(self, message: ChatList.Highlighted) -> None:
        self.status.hush()
        if message.chat is not None and not self.has_class("narrow") and not self.conversation.has_focus_within:
            self.conversation.open(message.chat)
            self.list.mark_open(message.chat.id)

    def talk_to(self, chat: Chat) -> None:
        """Open a chat and write in it."""
        self.add_class("talking")
        self.conversation.open(chat)
        self.list.mark_open(chat.id)
        self._write()

    def _write(self) -> None:
        field = self.conversation.field
        if field.has_class("-hidden"):
            self.conversation.log_view.focus()
        else:
            field.focus()

    def action_write(self) -> None:
        """To the field."""
        self._write()

    def action_nth(self, number: int) -> None:
        """One of the chats that I lead, from 1."""
        mine = self._mine()
        if number <= len(mine):
            self.list.select(mine[number - 1].id)
            self.talk_to(mine[number - 1])
        else:
            self.say(f"There is no chat number {number} of yours")

    def action_next_chat(self) -> None:
        """The next of the chats that I lead: one with something new first."""
        mine = self._mine()
        here = self.conversation.chat
        place = next((n for n, chat in enumerate(mine) if here is not None and chat.id == here.id), -1)
        others = [*mine[place + 1 :], *mine[: max(place, 0)]]
        following = next((chat for chat in others if chat.unread), next(iter(others), None))
        if following is None:
            self.say("There is no other chat of yours")
        else:
            self.list.select(following.id)
            self.talk_to(following)

    def _mine(self) -> list[Chat]:
        return [chat for chat in self.list.chats if chat.status == "active" and chat.agent_id == self.link.user_id]

    def action_other_pane(self) -> None:
        """List to conversation and back."""
        if self.list.has_focus:
            chat = self.list.selected
            if chat is not None:
                self.talk_to(chat)
        else:
            self.to_list()

    def action_back(self) -> None:
        """Field → conversation → list → home."""
        if self.conversation.has_focus_within:
            self.to_list()
        else:
            self.link.open("home")

    def to_list(self) -> None:
        """The keys are the list's again."""
        self.conversation.keep()
        self.remove_class("talking")
        self.list.focus()

    @on(ChatField.Left)
    def _left_field(self) -> None:
        self.conversation.keep()
        self.conversation.log_view.focus()

    # Acts

    @property
    def subject(self) -> Chat | None:
        """The chat that acts are about: the open one where its pane has the keys, else the selected one."""
        return self.conversation.chat if self.conversation.has_focus_within else self.list.selected

    def action_accept(self) -> None:
        """Take the selected one that waits, or else whoever has waited longest."""
        chat = self.subject
        if chat is None or chat.status != "waiting":
            chat = next((each for each in self.list.chats if each.status == "waiting"), None)
        if chat is None:
            self.say("Nobody waits")
        else:
            self._take(chat)

    def _take(self, chat: Chat) -> None:
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
        self._subject = chat
        people = [
            Choice(("person", person.id, person.name), person.name)
            for person in sorted(desk.staff, key=lambda each: each.name.casefold())
            if person.id != desk.me.id and person.id != chat.customer_id
        ]
        departments = [
            Choice(("department", each.id, each.name), f"{each.name} (whoever takes it there)")
            for each in desk.departments
        ]
        self.picker.ask("transfer", f"Hand the chat with {safe_line(chat.customer, 60)} to", [*departments, *people])

    @on(Picker.Chosen)
    def _picked(self, message: Picker.Chosen) -> None:
        self._write()
        if self._subject is not None:
            self.spawn(self._transfer(self._subject, *message.choice.value))

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self._write()

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

    # What the conversation tells

    @on(ChatTalk.Gone)
    def _gone(self, message: ChatTalk.Gone) -> None:
        del message
        self.conversation.show_nothing("No chat is open", "This chat is somebody else's now.")
        self.list.mark_open(None)
        if not self.list.has_focus:
            self.to_list()

    @on(ChatTalk.Trouble)
    def _trouble(self, message: ChatTalk.Trouble) -> None:
        self.say(message.words, alarm=True)

    async def leave(self) -> None:
        """Keep what was written."""
        self.conversation.leave()
        await asyncio.sleep(0)
