"""Drafts of a ticket that was merged: offered at the other one, never mixed with what is written there, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk_tui.core.journal import Draft, Journal
from helpdesk_tui.core.model import More, Other, Thread
from helpdesk_tui.widgets.composer_drafts import Drafts
from helpdesk_tui.widgets.composer_hold import Holding
from tests.widgets.thread_samples import MARA, OWNER, ComposerApp, message, sample, ticket, with_more

SOURCE, TARGET = ticket(1001), ticket()
MERGED = replace(SOURCE, more=More(merged_into=Other(TARGET.id, TARGET.number)))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    yield journal
    journal.close()


def drafts(journal: Journal | None) -> Drafts:
    return Drafts(journal, OWNER, MARA)


def kept(journal: Journal) -> dict[tuple[int, str], str]:
    """Every draft, by ticket and kind."""
    return {(each.ticket.int, each.kind): each.content for each in journal.list(OWNER)}


def test_a_draft_survives_a_merge_and_is_offered_in_its_kind_beside_what_is_written_there(journal: Journal) -> None:
    before = drafts(journal)
    before.write(before.slot(SOURCE.id, "reply"), "to the one")
    before.write(before.slot(SOURCE.id, "note"), "between us")
    before.flush()
    desk = drafts(journal)
    own = desk.slot(TARGET.id, "reply")
    desk.write(own, "to the other")
    assert desk.offered(TARGET.id, "reply") == ()
    desk.merged.learn(MERGED)
    assert [each.content for each in desk.offered(TARGET.id, "reply")] == ["to the one"]
    assert [each.content for each in desk.offered(TARGET.id, "note")] == ["between us"]
    assert own.draft.content == "to the other"
    assert desk.tickets() == {SOURCE.id, TARGET.id}

    shown = desk.next_version(own)
    assert (shown.draft.content, shown.ticket) == ("to the one", TARGET.id)
    assert desk.offered(TARGET.id, "reply") == ()
    # The one is gone on with, the other waits; each stays its ticket's until it is sent.
    desk.write(shown, "to the one, after all")
    again = desk.next_version(shown)
    assert (again.draft.content, again.into) == ("to the other", None)
    assert kept(journal) == {
        (1001, "reply"): "to the one, after all",
        (1042, "reply"): "to the other",
        (1001, "note"): "between us",
    }
    # A note shows up among notes alone.
    note = desk.next_version(desk.slot(TARGET.id, "note"))
    assert (note.draft.content, note.draft.kind) == ("between us", "note")
    assert desk.next_version(note).is_empty
    assert kept(journal)[(1001, "note")] == "between us"


def test_a_draft_survives_a_merge_that_is_taken_back(journal: Journal) -> None:
    desk = drafts(journal)
    desk.write(desk.slot(SOURCE.id, "reply"), "begun")
    desk.merged.learn(MERGED)
    shown = desk.next_version(desk.slot(TARGET.id, "reply"))
    desk.write(shown, "begun, and gone on with")
    desk.merged.learn(SOURCE)
    assert desk.belongs(shown) == SOURCE.id
    assert desk.slot(TARGET.id, "reply").is_empty
    assert desk.slot(SOURCE.id, "reply").draft.content == "begun, and gone on with"
    assert desk.offered(TARGET.id, "reply") == ()
    assert kept(journal) == {(1001, "reply"): "begun, and gone on with"}


def test_a_draft_survives_a_merge_without_a_journal_too() -> None:
    desk = drafts(None)
    desk.write(desk.slot(SOURCE.id, "reply"), "the one")
    own = desk.slot(TARGET.id, "reply")
    desk.write(own, "the other")
    desk.merged.learn(MERGED)
    # There is nowhere to keep the other meanwhile.
    assert desk.next_version(own) is own
    assert "send it first" in own.notice
    desk.write(own, "")
    assert desk.next_version(own).draft.content == "the one"


def test_what_was_sent_and_is_not_known_to_have_arrived_is_not_sent_twice_over_a_merge(journal: Journal) -> None:
    before = drafts(journal)
    slot = before.slot(SOURCE.id, "reply")
    before.write(slot, "Hello")
    sent = before.sending(slot)  # killed before any answer; the server has it, and merged it along
    desk = drafts(journal)
    desk.merged.learn(MERGED)
    shown = desk.next_version(desk.slot(TARGET.id, "reply"))
    assert shown.draft.message_id == sent.message_id
    arrived = replace(message(50, "Hello", "mara", timedelta(0)), id=sent.message_id)
    desk.see(with_more(sample(), arrived))
    assert shown.is_empty
    assert kept(journal) == {}


def test_a_held_reply_to_a_merged_ticket_goes_to_the_other_also_after_a_crash(journal: Journal) -> None:
    desk = drafts(journal)
    desk.write(desk.slot(SOURCE.id, "reply"), "Hello")
    desk.merged.learn(MERGED)
    holding = Holding(journal, OWNER, desk)
    holding.seconds = 10
    held = holding.hold(desk.next_version(desk.slot(TARGET.id, "reply")), "reply", {})
    assert held is not None
    back = holding.take_back(held.message_id)
    assert back is not None
    assert (back.ticket, back.draft.content) == (TARGET.id, "Hello")
    held = holding.hold(back, "reply", {})
    assert held is not None
    late = Holding(journal, OWNER, drafts(journal))
    ((taken, draft),) = late.left_behind(datetime.now(UTC) + timedelta(minutes=1))
    assert (taken.more["into"], draft.ticket) == (str(TARGET.id), SOURCE.id)


def test_the_draft_that_another_window_writes_on_is_the_one_that_is_shown(tmp_path: Path) -> None:
    here, there = (drafts(Journal.open(tmp_path / "drafts.sqlite3")) for _ in range(2))
    here.write(here.slot(SOURCE.id, "reply"), "begun")
    here.flush()
    here.merged.learn(MERGED)
    shown = here.next_version(here.slot(TARGET.id, "reply"))
    theirs = there.slot(SOURCE.id, "reply")
    there.write(theirs, "begun, and more")
    there.save(theirs)
    assert here.slot(TARGET.id, "reply") is shown
    assert shown.draft.content == "begun, and more"


async def test_a_draft_survives_a_merge_while_it_is_being_written(journal: Journal) -> None:
    journal.save(Draft(OWNER, TARGET.id, "reply", "of the other"))
    app = ComposerApp(journal)
    async with app.run_test(size=(80, 24)) as pilot:
        composer = app.composer

        def merge_line() -> str:
            return str(composer.about_merge.render()) if composer.about_merge.display else ""

        app.write(number=1001)
        await pilot.press(*"half a sent")
        # It is merged by somebody while it is open: nothing is taken from under the author.
        composer.merged.learn(MERGED)
        composer.update_thread(Thread(MERGED, "", (), ()))
        await pilot.press(*"ence")
        assert composer.text.text == "half a sentence"
        assert merge_line() == "⚠ #1001 was merged into #1042 · ^G goes on with this there"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.sends == []
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert app.followed == [TARGET.id]
        # There, its own text stands, and the one that came is offered.
        app.write()
        assert composer.text.text == "of the other"
        assert merge_line() == "✎ Your reply to #1001, merged in here, is not sent · ^G shows it"
        await pilot.press("ctrl+o")
        assert merge_line() == "✎ Your reply to #1001, merged in here, is not sent · ^O, then ^G"
        await pilot.press("ctrl+o", "ctrl+g")
        assert composer.text.text == "half a sentence"
        assert merge_line() == "✎ Your reply to #1001, merged in here · ^G puts it back"
        assert "2 new messages" in app.told
        # Taken apart again while it is before the author: it stays, and is not sent to the wrong ticket.
        composer.merged.learn(SOURCE)
        composer.repaint()
        await pilot.press("!", "ctrl+s")
        await pilot.pause()
        assert app.sends == []
        assert merge_line() == "⚠ #1001 was taken out of here again, and this reply with it · ^G goes there"
        composer.merged.learn(MERGED)
        composer.repaint()
        await pilot.press("ctrl+s", "ctrl+y")
        await pilot.pause()
        assert [(send.ticket_id, send.content) for send in app.sends] == [(TARGET.id, "half a sentence!")]
        app.composer.sent(app.sends[0].message_id)
        assert kept(journal) == {(1042, "reply"): "of the other"}
