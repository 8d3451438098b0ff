"""A place where people chat: one conversation, followed live, whoever looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_tui.screens.chat_talk import ChatTalk
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.picker import Picker

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.core.chats import Chats
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.screens.link import Link

__all__ = ["Chatting"]


class Chatting(Place):
    """Shows a conversation and reads it again when chats change.

    Args:
        link: the person's link to the database.
        plain: whether it is a customer's, in plain words.
    """

    def __init__(self, link: Link, *, plain: bool = False) -> None:
        super().__init__(link)
        self.conversation = ChatTalk(link, plain=plain, id="talk")
        self.picker = Picker(id="picker")
        self.chats: Chats | None = None
        self._wanted: UUID | None = None

    async def read_again(self, changed: Ids) -> None:
        """Read what is on the screen again; None: all of it."""
        raise NotImplementedError

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self.refresh_hints()

    def on_screen_resume(self) -> None:
        """Back: what is on the screen is seen."""
        super().on_screen_resume()
        self.conversation.look()

    def opened(self, desk: Desk) -> None:
        """The database can be asked."""
        from helpdesk_tui.core.chats import Chats

        self.chats = self.conversation.chats = Chats(self.link.database, desk.me)
        self.follow("chats", self.read_again)
        self.spawn(self.read_again(None))
        self.link.listen()
