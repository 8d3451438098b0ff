"""What a reader of a chat believes of the other side, and how often they tell of themselves."""

from __future__ import annotations

from uuid import uuid4

from helpdesk_tui.core.chat_presence import BEAT, HERE_FOR, TELL_EVERY, TYPING_FOR, Presence
from helpdesk_tui.core.live_events import Typing, parse

CHAT, CORA, ADA = uuid4(), uuid4(), uuid4()


class Side(Presence):
    """A presence whose clock is wound by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        super().__init__(CHAT, ADA, clock=lambda: self.now)


def test_a_key_a_tenth_of_a_second_tells_once_in_three_seconds() -> None:
    side = Side()
    told = 0
    for _ in range(100):
        told += side.typed()
        side.now += 0.1
    assert told == 4
    assert TELL_EVERY == 3


def test_after_a_message_the_next_key_tells_at_once() -> None:
    side = Side()
    assert side.typed()
    side.sent()
    assert side.typed()


def test_typing_vanishes_after_six_seconds_without_another_word() -> None:
    side = Side()
    side.heard(Typing(CHAT, CORA))
    assert side.typing
    assert TYPING_FOR == 6
    side.now += 5.9
    assert side.typing
    side.now += 0.2
    assert not side.typing
    assert side.here


def test_a_message_ends_the_typing_and_not_the_presence() -> None:
    side = Side()
    side.heard(Typing(CHAT, CORA))
    side.message_from_them()
    assert (side.typing, side.here) == (False, True)


def test_who_has_just_come_is_told_once_that_one_is_here_too() -> None:
    side = Side()
    assert side.heard(Typing(CHAT, CORA, "here"))
    assert not side.heard(Typing(CHAT, CORA, "here"))
    assert not side.beat()
    side.now += BEAT
    assert side.beat()
    side.heard(Typing(CHAT, CORA, "away"))
    assert (side.here, side.away) == (False, True)
    assert side.heard(Typing(CHAT, CORA, "here"))
    assert not side.away


def test_two_sides_that_answer_each_other_come_to_rest() -> None:
    sides: list[Presence] = [Side(), Presence(CHAT, CORA, clock=lambda: 100.0)]
    words, listening = 0, 1
    while sides[listening].heard(Typing(CHAT, (CORA, ADA)[listening], "here")):
        words += 1
        assert words < 5
        listening = 1 - listening
    assert words == 2
    assert all(side.here for side in sides)


def test_nothing_heard_for_a_minute_is_neither_here_nor_away() -> None:
    side = Side()
    side.heard(Typing(CHAT, CORA, "here"))
    side.now += HERE_FOR + 0.1
    assert (side.typing, side.here, side.away) == (False, False, False)


def test_words_about_another_chat_or_of_oneself_say_nothing() -> None:
    side = Side()
    assert not side.heard(Typing(uuid4(), CORA, "here"))
    assert not side.heard(Typing(CHAT, ADA, "here"))
    assert not side.here


def test_handed_over_the_other_side_is_somebody_of_whom_nothing_is_known() -> None:
    side = Side()
    side.heard(Typing(CHAT, CORA))
    side.somebody_else()
    assert (side.typing, side.here, side.away) == (False, False, False)
    assert side.beat()


def test_words_are_understood_as_the_database_says_them() -> None:
    inner = f'{{"by": "{CORA}", "chat": "{CHAT}"}}'
    assert parse(f'{{"typing": {inner}}}') == Typing(CHAT, CORA, "typing")
    assert parse(f'{{"here": {inner}}}') == Typing(CHAT, CORA, "here")
    assert parse(f'{{"away": {inner}}}') == Typing(CHAT, CORA, "away")
    assert parse(f'{{"gone": {inner}}}') is None
