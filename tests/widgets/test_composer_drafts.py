"""What becomes of a text: it is kept, sent once, and dropped only when the server has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.model import Message, Thread
from helpdesk_tui.widgets.composer_drafts import Drafts, Slot
from tests.widgets.thread_samples import MARA, OWNER, message, sample, ticket, with_more

TICKET = ticket().id


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    yield journal
    journal.close()


def drafts(journal: Journal | None = None) -> Drafts:
    return Drafts(journal, OWNER, MARA)


def written(desk: Drafts, text: str, thread: Thread | None = None) -> Slot:
    slot = desk.slot(TICKET, "reply")
    desk.see(thread or sample())
    desk.write(slot, text)
    return slot


def as_sent(slot: Slot) -> Message:
    """The message as the server has it afterwards."""
    return replace(message(50, slot.draft.content, "mara", timedelta(0)), id=slot.draft.message_id)


def test_a_draft_knows_what_its_author_had_seen() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    assert slot.draft.after_id == sample().newest_message
    desk.see(with_more(sample(), message(9, "new", ago=timedelta(0))))
    assert slot.draft.after_id == sample().newest_message
    assert slot.unseen == 1


def test_a_draft_begun_before_the_thread_came_takes_the_first_one_it_sees() -> None:
    desk = drafts()
    slot = desk.slot(TICKET, "reply")
    desk.write(slot, "quick")
    assert slot.draft.after_id is None
    desk.see(sample())
    assert slot.draft.after_id == sample().newest_message


def test_a_second_reply_after_the_customer_answered_is_not_refused() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    own = as_sent(slot)
    desk.sent(desk.sending(slot).message_id)
    desk.see(with_more(sample(), own))
    answered = with_more(sample(), own, message(51, "Thanks, one more thing", ago=timedelta(0)))
    desk.see(answered)
    again = written(desk, "Sure", answered)
    assert again.draft.after_id == answered.newest_message
    assert desk.may_send(again)


def test_a_composer_left_empty_remembers_nothing_of_what_was_seen() -> None:
    desk = drafts()
    desk.slot(TICKET, "reply")
    desk.see(sample())
    later = with_more(sample(), message(9, "wait", ago=timedelta(0)))
    slot = desk.slot(TICKET, "reply")
    desk.write(slot, "quick")  # before the thread is read again
    desk.see(later)
    assert slot.draft.after_id == later.newest_message
    assert desk.may_send(slot)


def test_what_is_shown_at_the_first_key_counts_as_seen() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    later = with_more(sample(), message(9, "wait", ago=timedelta(0)))
    desk.see(later)
    assert not desk.may_send(slot)
    desk.write(slot, "")
    desk.write(slot, "N")
    assert slot.draft.after_id == later.newest_message
    assert desk.may_send(slot)


def test_ones_own_messages_are_no_news() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    desk.see(with_more(sample(), message(9, "mine", "mara", timedelta(0))))
    assert slot.unseen == 0
    assert desk.may_send(slot)


def test_a_reply_does_not_go_over_a_message_not_seen_and_a_note_does() -> None:
    desk = drafts()
    reply, note = written(desk, "Hello"), desk.slot(TICKET, "note")
    desk.see(sample())
    desk.write(note, "note")
    newer = with_more(sample(), message(9, "wait", ago=timedelta(0)))
    desk.see(newer)
    assert not desk.may_send(reply)
    assert reply.status == "stale"
    assert desk.may_send(note)
    desk.accept_new(reply, newer)
    assert desk.may_send(reply)
    assert reply.draft.after_id == newer.newest_message


def test_a_message_that_failed_is_sent_again_under_the_same_id() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    first = desk.sending(slot)
    desk.failed(first.message_id, "no answer")
    assert (slot.status, slot.draft.content) == ("failed", "Hello")
    assert desk.sending(slot).message_id == first.message_id


def test_a_draft_is_dropped_only_when_the_server_has_it(journal: Journal) -> None:
    desk = drafts(journal)
    slot = written(desk, "Hello")
    sent = desk.sending(slot)
    assert journal.load(OWNER, TICKET, "reply") is not None
    desk.failed(sent.message_id, "no answer")
    assert journal.load(OWNER, TICKET, "reply") is not None
    desk.sending(slot)
    desk.sent(sent.message_id)
    assert journal.load(OWNER, TICKET, "reply") is None
    assert slot.is_empty
    assert slot.draft.message_id != sent.message_id


def test_a_message_that_arrived_unheard_is_not_sent_again(journal: Journal) -> None:
    """The answer was lost, the program killed; the thread then shows the message."""
    desk = drafts(journal)
    slot = written(desk, "Hello")
    desk.sending(slot)
    again = drafts(journal)
    restored = again.slot(TICKET, "reply")
    assert restored.draft == slot.draft
    again.see(with_more(sample(), as_sent(slot)))
    assert restored.is_empty
    assert "sent already" in restored.notice
    assert journal.list(OWNER) == ()


def test_what_was_changed_after_a_lost_answer_is_never_taken_for_sent(journal: Journal) -> None:
    """Under one id the server keeps the first text; the changed one must not vanish behind it."""
    desk = drafts(journal)
    slot = written(desk, "Hello")
    arrived = as_sent(slot)
    desk.failed(desk.sending(slot).message_id, "no answer")
    desk.write(slot, "Hello, and a correction")
    desk.sent(desk.sending(slot).message_id)
    assert slot.status == "confirming"
    assert slot.draft.content == "Hello, and a correction"
    desk.see(with_more(sample(), arrived))
    assert not slot.on_its_way
    assert slot.draft.content == "Hello, and a correction"
    assert slot.draft.message_id != arrived.id
    assert "not sent" in slot.notice
    kept = journal.load(OWNER, TICKET, "reply")
    assert kept is not None
    assert kept.content == "Hello, and a correction"


def test_what_was_changed_after_a_lost_answer_and_a_restart_is_never_taken_for_sent(journal: Journal) -> None:
    desk = drafts(journal)
    slot = written(desk, "Hello")
    arrived = as_sent(slot)
    desk.sending(slot)  # killed before any answer
    again = drafts(journal)
    restored = again.slot(TICKET, "reply")
    again.write(restored, "Hello, and a correction")
    assert again.may_send(restored)
    again.sent(again.sending(restored).message_id)  # before the thread has been read
    assert restored.status == "confirming"
    kept = journal.load(OWNER, TICKET, "reply")
    assert kept is not None
    assert kept.content == "Hello, and a correction"
    again.see(with_more(sample(), arrived))
    assert restored.draft.content == "Hello, and a correction"
    assert restored.draft.message_id != arrived.id
    assert not restored.on_its_way


def test_what_another_window_writes_on_while_a_send_is_on_its_way_is_not_lost(tmp_path: Path) -> None:
    here, there = (drafts(Journal.open(tmp_path / "drafts.sqlite3")) for _ in range(2))
    mine = written(here, "begun")
    here.save(mine)
    theirs = there.slot(TICKET, "reply")
    sent = here.sending(mine)
    there.write(theirs, "begun, and more")
    there.save(theirs)
    here.sent(sent.message_id)
    assert theirs.draft.message_id != sent.message_id
    kept = Journal.open(tmp_path / "drafts.sqlite3").list(OWNER)
    assert [draft.content for draft in kept] == ["begun, and more"]


def test_a_reply_that_was_refused_and_changed_is_sent_without_a_doubt() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    newer = with_more(sample(), message(9, "wait", ago=timedelta(0)))
    desk.refused(desk.sending(slot).message_id, 1)
    desk.see(newer)
    desk.write(slot, "Hello, then")
    desk.accept_new(slot, newer)
    desk.sent(desk.sending(slot).message_id)
    assert slot.is_empty


def test_a_change_after_a_failure_that_did_arrive_is_confirmed_by_the_thread() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    desk.failed(desk.sending(slot).message_id, "refused")
    desk.write(slot, "Hello again")
    desk.sent(desk.sending(slot).message_id)
    desk.see(sample())  # read before it arrived: nothing is decided yet
    assert slot.status == "confirming"
    desk.see(with_more(sample(), as_sent(slot)))
    assert slot.is_empty


def test_a_thread_that_shows_the_message_before_the_answer_comes_changes_nothing() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    sent = desk.sending(slot)
    desk.see(with_more(sample(), as_sent(slot)))
    assert slot.status == "sending"
    assert desk.sent(sent.message_id) is slot
    assert slot.is_empty


def test_never_again_drafts_crossed_between_tickets_or_public_and_internal_swapped(journal: Journal) -> None:
    desk = drafts(journal)
    other = ticket(7).id
    for number in (TICKET, other):
        desk.write(desk.slot(number, "reply"), f"reply {number}")
        desk.write(desk.slot(number, "note"), f"note {number}")
    desk.flush()
    again = drafts(journal)
    for number in (TICKET, other):
        assert again.slot(number, "reply").draft.content == f"reply {number}"
        assert again.slot(number, "note").draft.content == f"note {number}"


def test_never_again_a_lock_that_locks_out_its_owner(tmp_path: Path) -> None:
    here, there = (drafts(Journal.open(tmp_path / "drafts.sqlite3")) for _ in range(2))
    mine = written(here, "begun")
    here.save(mine)
    theirs = there.slot(TICKET, "reply")
    assert theirs.draft.content == "begun"
    there.write(theirs, "begun, there")
    there.save(theirs)
    here.write(mine, "begun, here")
    here.save(mine)
    assert mine.draft.content == "begun, here"
    assert mine.draft.message_id != theirs.draft.message_id
    assert "both texts are kept" in mine.notice
    other = here.next_version(mine)
    assert other.draft.content == "begun, there"
    assert here.next_version(other).draft.content == "begun, here"


def test_another_window_s_later_text_is_taken_when_nothing_was_changed_here(tmp_path: Path) -> None:
    here, there = (drafts(Journal.open(tmp_path / "drafts.sqlite3")) for _ in range(2))
    mine = written(here, "begun")
    here.save(mine)
    theirs = there.slot(TICKET, "reply")
    there.write(theirs, "begun, and more")
    there.save(theirs)
    assert here.slot(TICKET, "reply").draft.content == "begun, and more"


def test_a_journal_that_fails_leaves_the_text_and_says_so(journal: Journal) -> None:
    desk = drafts(journal)
    journal._connection.execute("pragma query_only = on")
    slot = written(desk, "precious")
    desk.save(slot)
    assert slot.draft.content == "precious"
    assert "cannot be written" in str(desk.problem)
    journal._connection.execute("pragma query_only = off")
    desk.save(slot)
    assert desk.problem is None
    kept = journal.load(OWNER, TICKET, "reply")
    assert kept is not None
    assert kept.content == "precious"


def test_what_is_on_its_way_cannot_be_changed() -> None:
    desk = drafts()
    slot = written(desk, "Hello")
    desk.sending(slot)
    assert not desk.write(slot, "Hello!")
    assert not desk.may_send(slot)
    assert slot.draft.content == "Hello"


def test_nothing_is_not_sent() -> None:
    desk = drafts()
    assert not desk.may_send(written(desk, " \n "))
