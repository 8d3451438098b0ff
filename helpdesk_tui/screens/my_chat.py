"""A customer's chat with the team: begin, wait, talk, end, rate; and the earlier ones to read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widgets import TextArea

from helpdesk_tui.actions import Context
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import harmless, safe_line
from helpdesk_tui.core.wording import moment
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.chat_outbox import ChatOutbox
from helpdesk_tui.screens.chat_talk import KEEP_SECONDS, ChatTalk
from helpdesk_tui.screens.chatting import Chatting
from helpdesk_tui.widgets.chat_field import ChatField
from helpdesk_tui.widgets.picker import Choice, Picker

if TYPE_CHECKING:
    from helpdesk_tui.core.chat_model import Chat
    from helpdesk_tui.core.chats import Chats
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.journal import Draft
    from helpdesk_tui.screens.link import Link

__all__ = ["MyChatScreen"]

WELCOME: Final = (
    "Write what it is about, and Enter sends it.",
    "Somebody of the team answers here as soon as they can.",
)

WRITING_HINTS = ("place.home", "app.help", "my_chat.write", "my_chat.end", "my_chat.past")
OVER_HINTS = ("place.home", "app.help", "my_chat.rate", "my_chat.new", "my_chat.past")
FIELD_HINTS = ("chat_field.send", "chat_field.leave", "chat_field.line")


class MyChatScreen(Chatting):
    """Talk to the team.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "my_chat.tcss"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("my chat", "chat field")
    BINDINGS: ClassVar[list[BindingType]] = bindings("my chat")

    def __init__(self, link: Link) -> None:
        super().__init__(link, plain=True)
        self._mine: tuple[Chat, ...] = ()
        #: What a chat is begun with, kept under the person's own id until it is open.
        self._first: ChatOutbox | None = None
        self._keeping: Timer | None = None
        self._beginning = False
        #: The chat that I ended last.
        self._ended: UUID | None = None
        #: The chat that is being rated, with words to come.
        self._commenting: UUID | None = None
        self._rating = 0
        self._one_by_one = asyncio.Lock()

    def body(self) -> ComposeResult:
        """The conversation."""
        yield self.conversation
        yield self.picker

    def on_mount(self) -> None:
        """Whether a chat is open is read first."""
        self.status.plain = True
        self.conversation.show_nothing("Chat with us", "Looking whether you have a chat open …")
        self.conversation.log_view.focus()

    def hints(self) -> tuple[str, ...]:
        """As the chat is."""
        if self.conversation.field.has_focus:
            return FIELD_HINTS
        chat = self.conversation.chat
        return OVER_HINTS if chat is not None and chat.status == "ended" else WRITING_HINTS

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first."""
        return ("chat field", "my chat") if self.conversation.field.has_focus else ("my chat", "thread")

    # What the link tells

    def connection_changed(self, name: str, why: str) -> None:
        """Say so where the person looks: what is written stays, and is sent when it can be."""
        if name == "down" and self.chats is None:
            self.conversation.show_nothing(
                "Chat with us", f"✗ {why or 'Not connected.'}", "It is tried again by itself."
            )
        if name == "live":
            self.conversation.look()

    def show(self, about: UUID) -> None:
        """Somebody came here for this chat."""
        self._wanted = about
        if self.chats is not None:
            self.spawn(self.read_again(None))

    async def read_again(self, changed: Ids) -> None:
        """Read how the chats are, and what was said in the one that is shown."""
        if self.chats is None:
            return
        try:
            found = await self.chats.look()
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            if self.conversation.chat is None and not self._beginning:
                self.conversation.show_nothing("Chat with us", f"✗ {error}", "^R reads again.")
            return
        self._mine = found.mine
        shown = self.conversation.chat
        wanted = next((chat for chat in self._mine if chat.id == self._wanted), None)
        going_on = next((chat for chat in self._mine if chat.status != "ended"), None)
        if wanted is not None or (shown is None and going_on is not None):
            self._wanted = None
            self._talk_to(wanted or going_on)  # type: ignore[arg-type]
        elif shown is None:
            if not self._beginning:
                self._begin()
        elif changed is None or shown.id in changed:
            before = shown.status
            await self.conversation.read(shown.id)
            after = self.conversation.chat
            if after is not None and (before, after.status) == ("active", "ended"):
                self.app.bell()
        self.refresh_hints()

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()
        self.spawn(self.read_again(None))

    # Beginning

    def _begin(self) -> None:
        """Show the field that a chat is begun in."""
        self._beginning = True
        self._lend(None)
        if self._first is None:
            self._first = ChatOutbox(self.link.drafts, self.link.drafts_owner, self.link.user_id, lambda: None)
        first = self._first
        self.conversation.show_nothing("Chat with us", *WELCOME, writing=True, text=first.draft.content)
        self.conversation.field.focus()
        self.refresh_hints()
        if first.waiting:
            self.spawn(self._open(first))

    def _talk_to(self, chat: Chat) -> None:
        self._beginning = False
        self._lend(None)
        self.conversation.open(chat)
        if chat.status == "ended":
            self.conversation.log_view.focus()
        else:
            self.conversation.field.focus()
        self.refresh_hints()

    @on(TextArea.Changed, "#field")
    def _written(self) -> None:
        if self._beginning and self._first is not None and self._keeping is None:
            self._keeping = self.set_timer(KEEP_SECONDS, self._keep)

    def _keep(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        if self._beginning and self._first is not None:
            self._first.write(self.conversation.field.text)
            if self._first.problem:
                self.say(self._first.problem, alarm=True)

    @on(ChatField.Send)
    def _send(self, message: ChatField.Send) -> None:
        message.stop()
        if self._commenting is not None:
            self._comment()
            return
        first = self._first
        if not self._beginning or first is None or not self.conversation.field.text.strip():
            return
        if self.chats is None:
            self.say("Not connected yet: it is kept, try again in a moment", alarm=True)
            return
        self._keep()
        first.post()
        self.conversation.note.say("Sending …", "notable")
        self.spawn(self._open(first))

    async def _open(self, first: ChatOutbox) -> None:
        """Open the chat that is begun, under an id that was drawn with the first letter: trying again is harmless."""
        chats = self.chats
        if chats is None:
            return
        opened: list[Chat] = []

        async def deliver(draft: Draft) -> None:
            opened.append(await chats.open(draft.message_id, None, draft.content))

        def refused(draft: Draft, error: HelpdeskError) -> None:
            first.put_back(draft.content)
            self._begin()
            self.say(f"Not sent: {error}", alarm=True)

        await first.send(deliver, refused=refused)
        if opened:
            self.conversation.field.text = ""
            self._talk_to(opened[-1])
            await self.read_again(None)

    # Acts

    def action_write(self) -> None:
        """To the field."""
        if not self.conversation.field.has_class("-hidden"):
            self.conversation.field.focus()

    @on(ChatField.Left)
    def _left_field(self) -> None:
        self._keep()
        self.conversation.keep()
        if self._commenting is not None:
            self.conversation.field.text = ""
            self._lend(None)
            if (chat := self.conversation.chat) is not None:
                self._talk_to(chat)
        self.conversation.log_view.focus()

    def action_end(self) -> None:
        """End the chat; another one can be begun."""
        chat = self.conversation.chat
        if chat is None or chat.status == "ended" or self.chats is None:
            self.say("No chat is open")
        else:
            self.spawn(self._end(self.chats, chat))

    async def _end(self, chats: Chats, chat: Chat) -> None:
        try:
            await chats.end(chat.id)
        except HelpdeskError as error:
            self.say(f"Not ended: {error}", alarm=True)
            return
        self._ended = chat.id
        self.say("The chat is over · u goes on with it")
        await self.read_again(None)
        self.conversation.log_view.focus()

    def action_undo(self) -> None:
        """Go on with the chat that was ended by mistake."""
        if self._ended is None or self.chats is None:
            self.say("There is nothing to take back")
        else:
            self.spawn(self._go_on(self.chats, self._ended))

    async def _go_on(self, chats: Chats, chat_id: UUID) -> None:
        try:
            await chats.reopen(chat_id)
            chat = await chats.chat(chat_id)
        except HelpdeskError as error:
            self.say(f"Not taken back: {error}", alarm=True)
            return
        self._ended = None
        self._talk_to(chat)
        await self.read_again(None)

    def action_rate(self, rating: int) -> None:
        """Say how it was, from 1 to 5; then, if one likes, in words."""
        chat = self.conversation.chat
        if chat is None or chat.status != "ended" or self.chats is None:
            self.say("A chat is rated when it is over")
        else:
            self._rating = rating
            # At once, not when it is confirmed: what is typed behind the key are the words, no commands.
            self._lend(chat.id)
            field = self.conversation.field
            field.text = harmless(chat.rating_comment or "")
            field.move_cursor(field.document.end)
            field.remove_class("-hidden")
            field.focus()
            self.say(f"{rating} of 5, thank you. Anything to add? Enter sends it, Esc leaves it at that")
            self.spawn(self._rate(self.chats, chat, rating))

    async def _rate(self, chats: Chats, chat: Chat, rating: int, comment: str | None = None) -> None:
        try:
            async with self._one_by_one:  # the words come after the rating alone, which would take them off
                await chats.rate(chat.id, rating, comment if comment is not None else chat.rating_comment)
        except HelpdeskError as error:
            self.say(f"Not rated: {error}", alarm=True)
            return
        await self.conversation.read(chat.id)
        if comment is not None:
            self.say("Thank you")

    def _lend(self, chat_id: UUID | None) -> None:
        """The field is for words about how a chat was; None: it is the chat's again."""
        self._commenting = chat_id
        self.conversation.lent = chat_id is not None

    def _comment(self) -> None:
        chat = self.conversation.chat
        words = self.conversation.field.text.strip()
        self.conversation.field.text = ""
        self._lend(None)
        if chat is None or self.chats is None:
            return
        self.conversation.open(chat)
        self.conversation.log_view.focus()
        if words:
            self.spawn(self._rate(self.chats, chat, self._rating, words))

    def action_new(self) -> None:
        """Begin another chat."""
        chat = next((chat for chat in self._mine if chat.status != "ended"), None)
        if chat is not None:
            self._talk_to(chat)
        else:
            self._begin()

    def action_past(self) -> None:
        """Read an earlier chat."""
        if not self._mine:
            self.say("There are no earlier chats")
            return
        self.picker.ask(
            "Your chats",
            [Choice(chat, self._called(chat), current=chat == self.conversation.chat) for chat in self._mine],
            self._talk_to,
        )

    def _called(self, chat: Chat) -> str:
        words = [moment(chat.created_at, self.link.zone, year=self.link.clock().year)]
        if chat.agent:
            words.append(f"with {safe_line(chat.agent, 60)}")
        words.append("goes on" if chat.status != "ended" else safe_line(chat.last_words or "", 100))
        return " · ".join(filter(None, words))

    @on(Picker.Chosen)
    def _picked(self, message: Picker.Chosen) -> None:
        self._keep()
        message.answer()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self.conversation.log_view.focus()

    @on(ChatTalk.Looked)
    def _looked(self, message: ChatTalk.Looked) -> None:
        del message
        self.refresh_hints()

    @on(ChatTalk.Trouble)
    def _trouble(self, message: ChatTalk.Trouble) -> None:
        self.say(message.words, alarm=True)

    async def leave(self) -> None:
        """Keep what was written."""
        self._keep()
        self.conversation.leave()
        if self._first is not None:
            self._first.close()
