"""Whether the other side of a chat is there, and typing: what to tell them, and what to believe of what they tell.

None of it is stored. What is told travels as notifications (``Chats.typing``, ``Chats.present``), comes back as
``Typing`` events of ``core.live``, and is forgotten when it was not told again for a while: a connection that drops
takes nothing back, so everything here has an end.

One ``Presence`` belongs to one chat that a person has before them. It asks nothing and tells nothing by itself; it
says when to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from helpdesk_tui.core.live_events import Typing

TELL_EVERY: Final = 3.0
"""Seconds between two words that one is typing, however many keys are pressed."""
TYPING_FOR: Final = 6.0
"""Seconds after which a word that somebody is typing is forgotten."""
BEAT: Final = 25.0
"""Seconds between two words that one is here."""
HERE_FOR: Final = 60.0
"""Seconds after which somebody of whom nothing was heard is no longer taken for here."""

Clock = Callable[[], float]


class Presence:
    """What is known of the other side of a chat, and what they were told of this one.

    Args:
        chat_id: which chat.
        me: who has it before them.
        clock: seconds from anywhere.
    """

    def __init__(self, chat_id: UUID, me: UUID, *, clock: Clock = time.monotonic) -> None:
        self.chat_id = chat_id
        self._me = me
        self._clock = clock
        self._told_typing = self._told_here = float("-inf")
        self._typing_until = float("-inf")
        self._here_until = float("-inf")
        self._left = False

    # -- what to tell -------------------------------------------------------------------------------------------------

    def typed(self) -> bool:
        """A key was pressed. Returns whether to tell the other side now (``Chats.typing``)."""
        now = self._clock()
        if now - self._told_typing < TELL_EVERY:
            return False
        self._told_typing = self._told_here = now
        return True

    def sent(self) -> None:
        """A message was sent: whoever gets it knows that one has stopped typing, and is here."""
        self._told_typing = float("-inf")
        self._told_here = self._clock()

    def beat(self) -> bool:
        """Called now and then while the chat is before its reader. Returns whether to tell that one is here."""
        now = self._clock()
        if now - self._told_here < BEAT:
            return False
        self._told_here = now
        return True

    # -- what is told -------------------------------------------------------------------------------------------------

    def heard(self, word: Typing) -> bool:
        """The other side said something of itself.

        Returns:
            Whether to tell them at once that one is here too: they have just come, and cannot know it.
        """
        if word.chat != self.chat_id or word.by == self._me:
            return False
        now = self._clock()
        if word.what == "away":
            self._typing_until = self._here_until = float("-inf")
            self._left = True
            return False
        came = not self.here
        self._here_until, self._left = now + HERE_FOR, False
        if word.what == "typing":
            self._typing_until = now + TYPING_FOR
        if came:
            self._told_here = now
        return came

    def message_from_them(self) -> None:
        """A message of theirs has come: they are here, and what they were typing is there."""
        self._typing_until = float("-inf")
        self._here_until, self._left = self._clock() + HERE_FOR, False

    def somebody_else(self) -> None:
        """The chat was handed over: what was known is about somebody else, and they know nothing of this side."""
        self._typing_until = self._here_until = self._told_here = float("-inf")
        self._left = False

    # -- what to show -------------------------------------------------------------------------------------------------

    @property
    def typing(self) -> bool:
        """Whether they are typing."""
        return self._clock() < self._typing_until

    @property
    def here(self) -> bool:
        """Whether they have the chat before them."""
        return self._clock() < self._here_until

    @property
    def away(self) -> bool:
        """Whether they said that they left. Neither here nor away: nothing is known."""
        return self._left
