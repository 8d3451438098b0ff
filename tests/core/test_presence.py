"""What a person says of which ticket they have open, and what they know of the others."""

from __future__ import annotations

from uuid import UUID

from helpdesk_tui.core.presence import BEAT, WRITING_FOR, Presences, Present, said

ONE, TWO, MARA, BO = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_a_change_is_said_at_once_and_what_stays_only_now_and_then() -> None:
    clock = Clock()
    mine = Presences(clock)
    assert mine.now(None, None) is None  # nobody has asked, and nobody is anywhere
    assert mine.now(ONE, None) == (ONE, False)
    assert mine.now(ONE, None) is None
    clock.time += BEAT
    assert mine.now(ONE, None) == (ONE, False)
    assert mine.now(TWO, None) == (TWO, False)
    mine.unsaid()
    assert mine.now(TWO, None) == (TWO, False)
    assert mine.now(None, None) == (None, False)
    clock.time += 100
    assert mine.now(None, None) is None


def test_writing_is_keys_and_not_an_open_field_and_ends_with_them() -> None:
    clock = Clock()
    mine = Presences(clock)
    mine.now(ONE, None)
    assert mine.now(ONE, "a draft of yesterday", "a draft of yesterday") is None
    assert mine.now(ONE, "a draft of yesterday, and more") == (ONE, True)
    clock.time += WRITING_FOR - 1
    assert mine.now(ONE, "a draft of yesterday, and more") is None or BEAT < WRITING_FOR
    clock.time += 1
    assert mine.now(ONE, "a draft of yesterday, and more") == (ONE, False)
    assert mine.now(ONE, "x") == (ONE, True)
    assert mine.now(ONE, None) == (ONE, False)  # sent, or left
    kept = "what is written to another ticket"
    assert mine.now(TWO, kept, kept) == (TWO, False)
    # Whoever types faster than somebody looks is writing, too.
    assert mine.now(ONE, "quick") == (ONE, True)


def test_what_was_said_is_believed_until_it_ends() -> None:
    clock = Clock()
    mine = Presences(clock)
    mine.heard(None, [Present(ONE, MARA, "Mara Lind", True, 20), Present(ONE, BO, "Bo", False, 10)])
    assert [each.name for each in mine.at(ONE)] == ["Mara Lind", "Bo"]
    assert mine.overdue() == frozenset()
    clock.time += 10
    assert mine.overdue() == {ONE}
    mine.heard([ONE], [Present(ONE, MARA, "Mara Lind", False, 20)])
    assert mine.overdue() == frozenset()
    mine.heard([TWO], [])
    assert mine.tickets.keys() == {ONE}
    mine.heard([ONE], [])
    assert mine.at(ONE) == ()


def test_what_is_said_of_them_is_one_line_without_what_strangers_put_into_names() -> None:
    mara, bo = Present(ONE, MARA, "Mara\x1b[2J Lind", True, 9), Present(ONE, BO, "Bo Berg", False, 9)
    assert said([mara]).endswith("is writing")
    assert "\x1b" not in said([mara])
    assert said([mara, bo]).endswith(" is writing · Bo has it open")
    ann = Present(ONE, UUID(int=9), "", False, 9)
    assert said([bo, ann]) == "Bo and ? have it open"
    assert said([]) == ""
