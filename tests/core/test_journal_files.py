"""Files of drafts and requests in the journal: kept as they were, with their draft, and under new ids where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.journal import Draft, DraftFile, Journal, JournalError, Request

OWNER, TICKET = "demo/2f6f1c1e", UUID(int=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    yield journal
    journal.close()


def file(name: str = "a.txt", data: bytes = b"\x00a") -> DraftFile:
    return DraftFile.of(Upload(name, data))


def count(journal: Journal) -> int:
    (number,) = journal._connection.execute("select count(*) from files").fetchone()
    return int(number)


def test_files_are_kept_with_their_draft_though_the_disk_changes(journal: Journal, tmp_path: Path) -> None:
    first, second = file(), file("b.txt", b"b")
    journal.save(Draft(OWNER, TICKET, "reply", "see", files=(first, second)))
    other = Journal.open(journal.path)
    loaded = other.load(OWNER, TICKET, "reply")
    assert loaded is not None
    assert loaded.files == (first, second)
    assert all(each.data is None for each in loaded.files)
    assert [other.content(each) for each in loaded.files] == [b"\x00a", b"b"]
    other.close()


def test_draft_of_files_alone_is_no_empty_draft(journal: Journal) -> None:
    saved = journal.save(Draft(OWNER, TICKET, "reply", files=(file(),)))
    assert journal.load(OWNER, TICKET, "reply") == saved
    journal.save(replace(saved, files=()))
    assert journal.load(OWNER, TICKET, "reply") is None
    assert count(journal) == 0


def test_files_go_when_their_draft_does(journal: Journal) -> None:
    saved = journal.save(Draft(OWNER, TICKET, "reply", "x", files=(file(), file())))
    saved = journal.save(replace(saved, files=saved.files[:1]))
    assert count(journal) == 1
    journal.drop(saved.message_id)
    assert count(journal) == 0


def test_two_windows_have_each_their_own_files_under_ids_of_their_own(journal: Journal) -> None:
    mine = journal.save(Draft(OWNER, TICKET, "reply", "one", files=(file(),)))
    journal.save(replace(mine, content="two"))  # the other window
    branched = journal.save(replace(mine, content="three"))
    assert branched.message_id != mine.message_id
    assert branched.files[0].id != mine.files[0].id
    assert journal.content(branched.files[0]) == journal.content(mine.files[0])


def test_file_that_is_gone_is_said_and_not_sent_empty(journal: Journal) -> None:
    mine = journal.save(Draft(OWNER, TICKET, "reply", "one", files=(file(),)))
    journal.drop(mine.message_id)  # the other window has sent it
    with pytest.raises(JournalError, match=r"a\.txt"):
        journal.content(mine.files[0])
    assert journal.save(replace(mine, content="more")).files == ()


def test_request_is_kept_under_the_id_it_will_be_sent_with(journal: Journal) -> None:
    request = Request(OWNER, "Lamp", "It flickers \ud800", UUID(int=7), (file(),))
    saved = journal.save_request(request)
    assert journal.requests(OWNER) == (replace(saved, content="It flickers ?"),)
    assert saved.id == request.id
    assert journal.content(saved.files[0]) == b"\x00a"
    assert journal.requests("somebody/else") == ()
    journal.drop_request(saved.id)
    assert journal.requests(OWNER) == ()
    assert count(journal) == 0


def test_journal_of_the_release_before_takes_files(journal: Journal, tmp_path: Path) -> None:
    for statement in ("drop table files", "drop table requests", "pragma user_version = 2"):
        journal._connection.execute(statement)
    journal.close()
    again = Journal.open(tmp_path / "drafts.sqlite3")
    assert again.save(Draft(OWNER, TICKET, "reply", files=(file(),))).files
    again.close()
