"""Where what was merged is: as the tickets tell that are shown."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from helpdesk_tui.core.merged import Merged
from helpdesk_tui.core.model import More, Other, Ticket
from tests.widgets.thread_samples import ticket


def into(number: int, target: int | None, *, told: bool = True) -> Ticket:
    """A ticket that was merged into another one, or is not any more."""
    other = None if target is None else Other(UUID(int=target), target) if told else Other(None, None)
    return replace(ticket(number), more=More(merged_into=other))


def test_a_ticket_is_where_the_last_of_its_merges_led_and_back_once_that_is_taken_back() -> None:
    merged = Merged()
    assert merged.learn(into(1, 2))
    assert not merged.learn(into(1, 2))
    assert merged.learn(into(2, 3))
    assert [merged.target(UUID(int=each)).int for each in (1, 2, 3, 4)] == [3, 3, 3, 4]
    assert {each.int for each in merged.sources(UUID(int=3))} == {1, 2}
    assert (merged.called(UUID(int=1)), merged.called(UUID(int=9))) == ("#1", "another ticket")
    assert merged.learn(into(2, None))
    assert merged.target(UUID(int=1)).int == 2
    assert merged.sources(UUID(int=3)) == ()
    # Out of sight: that it is merged is told, and not into which.
    merged.learn(into(5, 6, told=False))
    assert not merged.is_known(merged.target(UUID(int=5)))


def test_an_opened_ticket_tells_what_was_merged_into_it_and_what_no_longer_is() -> None:
    merged = Merged()
    target = replace(ticket(3), more=More(merged=(Other(UUID(int=1), 1), Other(UUID(int=2), 2))))
    assert merged.learn(target, whole=True)
    assert {each.int for each in merged.sources(target.id)} == {1, 2}
    # A line of a queue does not tell of it at all.
    assert not merged.learn(ticket(3))
    assert merged.learn(replace(target, more=More(merged=target.more.merged[:1])), whole=True)
    assert merged.target(UUID(int=2)).int == 2


def test_two_that_claim_to_be_in_each_other_are_an_end() -> None:
    merged = Merged()
    merged.learn(into(1, 2))
    merged.learn(into(2, 1))
    assert merged.target(UUID(int=1)).int == 2
    assert merged.sources(UUID(int=2)) == (UUID(int=1),)
