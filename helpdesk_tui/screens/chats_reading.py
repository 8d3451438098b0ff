"""What the team sees of chats: who waits, whom one talks to, and the conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from uuid import UUID

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from helpdesk_tui.actions import Context
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.screens.chat_talk import ChatTalk
from helpdesk_tui.screens.chatting import Chatting
from helpdesk_tui.widgets.chat_field import ChatField
from helpdesk_tui.widgets.chat_list import ChatList, Section

if TYPE_CHECKING:
    from helpdesk_tui.core.chat_model import Chat
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.screens.link import Link

__all__ = ["ChatsReading"]

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


class ChatsReading(Chatting):
    """Shows who waits and what is said; what is done with a chat is a subclass's.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.list = ChatList(link.user_id, clock=link.clock, id="list")

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

    # What the link tells

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
            self.take(message.chat)
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
        self.write()

    def write(self) -> None:
        """To the field, or where there is none to what was said."""
        field = self.conversation.field
        if field.has_class("-hidden"):
            self.conversation.log_view.focus()
        else:
            field.focus()

    def action_write(self) -> None:
        """To the field."""
        self.write()

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

    @property
    def subject(self) -> Chat | None:
        """The chat that acts are about: the open one where its pane has the keys, else the selected one."""
        return self.conversation.chat if self.conversation.has_focus_within else self.list.selected

    def take(self, chat: Chat) -> None:
        """Take a chat that waits."""
        raise NotImplementedError

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
