"""Real chats, held again by two people with a live screen each, and compared message by message.

Forty of the 1,500 by default; HELPDESK_REPLAY_CHATS names another number, or ``all``.
"""

from __future__ import annotations

import os

import pytest

from tests.live.chat_replay import real_chats, replayed
from tests.world import DeskDatabase

NUMBER = os.environ.get("HELPDESK_REPLAY_CHATS", "40")


@pytest.mark.timeout(120 if NUMBER == "100" else 3600)
async def test_real_chats_replayed_through_two_live_sessions_are_the_same_on_both_screens(
    database: DeskDatabase,
) -> None:
    chats = real_chats(None if NUMBER == "all" else int(NUMBER))
    outcome = await replayed(database, chats)
    assert (outcome.chats, outcome.messages) == (len(chats), sum(len(chat["messages"]) for chat in chats))
    assert outcome.differences == []
    print(outcome)
