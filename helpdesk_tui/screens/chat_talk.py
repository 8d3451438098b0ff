"""One chat on the screen: what was said, who is there, and the field to write in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as TextualMessage
from textual.timer import Timer
from textual.widgets import TextArea

from helpdesk_tui.core.chat_presence import Presence
from helpdesk_tui.core.errors import HelpdeskError, NotFound
from helpdesk_tui.screens.chat_outbox import ChatOutbox
from helpdesk_tui.screens.chat_words import Talk, head_words, note_words, thread_of
from helpdesk_tui.widgets.chat_field import ChatField, ChatLine
from helpdesk_tui.widgets.thread import ThreadView

if TYPE_CHECKING:
    from helpdesk_tui.core.chat_model import Chat
    from helpdesk_tui.core.chats import Chats
    from helpdesk_tui.core.journal import Draft
    from helpdesk_tui.core.live_events import Typing
    from helpdesk_tui.core.model import Thread
    from helpdesk_tui.screens.link import Link

__all__ = ["ChatTalk"]

#: So long after the last key the text is in the journal.
KEEP_SECONDS: Final = 0.3
#: How often is looked whether the other side has stopped typing.
TICK_SECONDS: Final = 1.0


class ChatTalk(Vertical):
    """A conversation. It reads and sends by itself; the screen tells it what to show, and when something changed.

    Args:
        link: the person's link to the database.
        plain: for a customer: words without a trade's.
    """

    DEFAULT_CSS = """
    ChatTalk {
        height: 1fr;
        & > #head { background: $panel; }
        & > ThreadView { height: 1fr; }
    }
    """

    class Looked(TextualMessage):
        """A chat was read anew: this is how it is."""

        def __init__(self, chat: Chat) -> None:
            super().__init__()
            self.chat = chat

    class Gone(TextualMessage):
        """A chat is not this person's to see any more."""

        def __init__(self, chat_id: UUID) -> None:
            super().__init__()
            self.chat_id = chat_id

    class Trouble(TextualMessage):
        """Something went wrong, in words for people."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, link: Link, *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.link = link
        self.plain = plain
        self.chats: Chats | None = None
        self.head = ChatLine(id="head")
        self.log_view = ThreadView(plain=plain, zone=link.zone, clock=link.clock, id="log")
        self.note = ChatLine(id="note")
        self.field = ChatField(id="field")
        self.field.placeholder = "Write here; Enter sends"
        self._talks: dict[UUID, Talk] = {}
        self._shown: UUID | None = None
        self._keeping: Timer | None = None
        self._filling = False
        #: Whether the field is the screen's for something else than a message.
        self.lent = False
        self._end_typing = link.hearing.on_typing(self._heard)

    def compose(self) -> ComposeResult:
        """Who, what was said, how it is, the field."""
        yield self.head
        yield self.log_view
        yield self.note
        yield self.field

    def on_mount(self) -> None:
        """Nothing is open."""
        self.field.add_class("-hidden")
        self.set_interval(TICK_SECONDS, self._tick)

    # What is shown

    @property
    def talk(self) -> Talk | None:
        """What is known of the chat on the screen."""
        return self._talks.get(self._shown) if self._shown is not None else None

    @property
    def chat(self) -> Chat | None:
        """The chat on the screen."""
        return self.talk.chat if self.talk is not None else None

    @property
    def here(self) -> bool:
        """Whether the person has it before them."""
        return self.is_on_screen and self.screen.is_current and self.app.app_focus

    def open(self, chat: Chat) -> None:
        """Show a chat; what is known of it at once, the rest as soon as it is read."""
        if self._shown != chat.id:
            self.keep()
            self._leave()
        talk = self._talks.get(chat.id)
        if talk is None:
            outbox = ChatOutbox(self.link.drafts, self.link.drafts_owner, chat.id, self._outbox_told)
            talk = self._talks[chat.id] = Talk(chat, outbox, Presence(chat.id, self.link.user_id))
            if outbox.waiting:
                self.link.spawn(self._send(talk))
        else:
            talk.chat = chat
        again = self._shown == chat.id
        self._shown = chat.id
        if not again:
            self._fill(talk.outbox.draft.content)
            if talk.read:
                self.log_view.set_thread(self._thread(talk))
            else:
                self.log_view.show_loading("the chat")
        self._look_right()
        self.link.spawn(self.read(chat.id))

    def show_nothing(self, head: str, *words: str, writing: bool = False, text: str = "") -> None:
        """Show no chat.

        Args:
            head: the line above.
            words: what stands where messages would.
            writing: whether there is a field to begin in, which the screen sends.
            text: what stands in it.
        """
        self.keep()
        self._leave()
        self._shown = None
        self.head.say(head, "plain")
        self.log_view.show_nothing(*words)
        self.note.say("")
        self.field.set_class(not writing, "-hidden")
        self._fill(text)

    def _leave(self) -> None:
        talk = self.talk
        if talk is not None and self.chats is not None and talk.chat.status == "active":
            self.link.spawn(self._tell(talk, here=False))

    def update(self, chat: Chat) -> None:
        """A chat looks like this now."""
        talk = self._talks.get(chat.id)
        if talk is None:
            return
        if talk.chat.agent_id != chat.agent_id:
            talk.presence.somebody_else()
        talk.chat = chat
        if self._shown == chat.id:
            self._look_right()

    def _thread(self, talk: Talk) -> Thread:
        return thread_of(talk, me=self.link.user_id, named=self.link.me, now=self.link.clock())

    def _look_right(self) -> None:
        """Head, note and field as the chat is."""
        talk = self.talk
        if talk is None:
            return
        chat = talk.chat
        self.head.say(head_words(chat, me=self.link.user_id, plain=self.plain), "plain")
        over = chat.status == "ended" or (
            not self.plain and (chat.status == "waiting" or chat.agent_id != self.link.user_id)
        )
        if self.lent:
            over = False
        if over and self.field.has_focus:
            self.log_view.focus()
        self.field.set_class(over, "-hidden")
        words, look = note_words(talk, me=self.link.user_id, plain=self.plain)
        self.note.say(words, look)

    # Reading

    async def read(self, chat_id: UUID) -> None:
        """Read what was said since."""
        talk = self._talks.get(chat_id)
        if talk is None or self.chats is None:
            return
        try:
            found = await self.chats.thread(chat_id, talk.newest)
        except NotFound:
            self._forget(chat_id)
            self.post_message(self.Gone(chat_id))
            return
        except HelpdeskError as error:
            if self._shown == chat_id:
                self.log_view.show_failed(str(error), "^R reads again.")
            return
        fresh = [said for said in found.messages if said.id not in talk.said]
        talk.said.update((said.id, said) for said in fresh)
        if talk.read and any(said.sender_id != self.link.user_id for said in fresh):
            talk.presence.message_from_them()
        talk.read = True
        self.update(found.chat)
        if self._shown == chat_id:
            self._say_all(talk)
        self.post_message(self.Looked(talk.chat))
        await self._seen(talk)

    def _say_all(self, talk: Talk) -> None:
        if not talk.read:
            return
        following = self.field.has_focus or self.log_view.at_end
        self.log_view.set_thread(self._thread(talk))
        if following:
            self.log_view.action_last()
        self._look_right()

    async def _seen(self, talk: Talk) -> None:
        """What is on the screen of somebody who looks at it has been read."""
        newest = talk.newest
        if self.chats is None or newest is None or talk.seen == newest or self._shown != talk.chat.id or not self.here:
            return
        mine = self.plain or talk.chat.agent_id == self.link.user_id
        if mine and talk.chat.unread:
            talk.seen = newest
            try:
                await self.chats.seen(talk.chat.id, newest)
            except HelpdeskError:
                talk.seen = None  # the next look says it again; nothing of it is anybody's text
                return
            if talk.newest == newest:
                self.update(replace(talk.chat, unread=0))
                self.post_message(self.Looked(talk.chat))

    def look(self) -> None:
        """The person looks at it again."""
        talk = self.talk
        if talk is not None:
            self.link.spawn(self._seen(talk))
            talk.outbox.try_now()

    def _forget(self, chat_id: UUID) -> None:
        talk = self._talks.pop(chat_id, None)
        if talk is not None:
            talk.outbox.close()
        if self._shown == chat_id:
            self._shown = None

    # Writing

    @on(TextArea.Changed, "#field")
    def _written(self) -> None:
        talk = self.talk
        if self._filling or talk is None or self.lent:
            return
        if self._keeping is None:
            self._keeping = self.set_timer(KEEP_SECONDS, self.keep)
        if self.field.text and talk.chat.status == "active" and self.chats is not None and talk.presence.typed():
            self.link.spawn(self._tell(talk, typing=True))

    def keep(self) -> None:
        """Put what stands in the field into the journal."""
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        if self.talk is not None and not self.lent:
            self.talk.outbox.write(self.field.text)

    def _fill(self, text: str) -> None:
        self._filling = True
        with self.prevent(TextArea.Changed):
            self.field.text = text
            self.field.move_cursor(self.field.document.end)
        self._filling = False

    @on(ChatField.Send)
    def _post(self, message: ChatField.Send) -> None:
        talk = self.talk
        if talk is None or self.lent:
            return  # the screen's
        message.stop()
        self.keep()
        if not self.field.text.strip():
            return
        talk.outbox.post()
        talk.presence.sent()
        self._fill("")
        self._say_all(talk)
        self.link.spawn(self._send(talk))

    async def _send(self, talk: Talk) -> None:
        chats = self.chats
        if chats is None:
            return

        async def deliver(draft: Draft) -> None:
            await chats.send(talk.chat.id, draft.message_id, draft.content)

        def refused(draft: Draft, error: HelpdeskError) -> None:
            if self._shown == talk.chat.id:
                self.keep()
            talk.outbox.put_back(draft.content)
            if self._shown == talk.chat.id:
                self._fill(talk.outbox.draft.content)
                self._say_all(talk)
            self.post_message(self.Trouble(f"Not sent: {error}"))

        await talk.outbox.send(deliver, refused=refused)
        await self.read(talk.chat.id)

    def _outbox_told(self) -> None:
        if self.is_mounted:
            self._look_right()

    # Who is there

    def _heard(self, word: Typing) -> None:
        talk = self._talks.get(word.chat)
        if talk is None:
            return
        other = talk.chat.agent_id if self.plain else talk.chat.customer_id
        if word.by != other:
            return
        if talk.presence.heard(word) and self._shown == word.chat and self.here:
            self.link.spawn(self._tell(talk, here=True))
        if self._shown == word.chat:
            self._look_right()

    async def _tell(self, talk: Talk, *, typing: bool = False, here: bool = True) -> None:
        """Tell the other side; whoever cannot be told is none the worse."""
        if self.chats is None:
            return
        try:
            if typing:
                await self.chats.typing(talk.chat.id)
            else:
                await self.chats.present(talk.chat.id, here=here)
        except HelpdeskError:
            return  # said again in a while; there is nothing to lose

    def _tick(self) -> None:
        talk = self.talk
        if talk is None or not self.screen.is_current:
            return
        if talk.chat.status == "active" and self.here and talk.presence.beat():
            self.link.spawn(self._tell(talk, here=True))
        self._look_right()

    # Going

    def leave(self) -> None:
        """The person goes: keep what was written, and tell the other side."""
        self.keep()
        self._leave()
        self._end_typing()
        for talk in self._talks.values():
            talk.outbox.close()
