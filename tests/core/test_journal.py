"""Drafts survive what happens to programs, disks and people with two windows."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.journal import Draft, Journal, JournalError

OWNER = "demo/2f6f1c1e"
TICKET = UUID(int=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "drafts.sqlite3"


def test_a_draft_is_read_back_as_it_was_written(path: Path) -> None:
    draft = Draft(OWNER, TICKET, "reply", "Hello,\n\nwe are “on it” 👍🏽\x1b[31m", after_id=uuid4())
    journal = Journal.open(path)
    saved = journal.save(draft)
    journal.close()
    assert saved.revision == 1
    assert saved.message_id == draft.message_id
    assert Journal.open(path).load(OWNER, TICKET, "reply") == saved


def test_the_message_id_is_drawn_once_and_kept(path: Path) -> None:
    journal = Journal.open(path)
    draft = Draft(OWNER, TICKET, "reply", "a")
    for text in ("ab", "abc", "abcd"):
        draft = journal.save(replace(draft, content=text))
    loaded = journal.load(OWNER, TICKET, "reply")
    assert loaded is not None
    assert (loaded.message_id, loaded.content, loaded.revision) == (draft.message_id, "abcd", 3)


def test_never_again_drafts_crossed_between_tickets_or_people_or_reply_and_note_swapped(path: Path) -> None:
    journal = Journal.open(path)
    other = UUID(int=2)
    for owner in (OWNER, "demo/other"):
        for ticket in (TICKET, other):
            for kind in ("reply", "note"):
                journal.save(Draft(owner, ticket, kind, f"{owner} {ticket} {kind}"))
    for owner in (OWNER, "demo/other"):
        for ticket in (TICKET, other):
            for kind in ("reply", "note"):
                loaded = journal.load(owner, ticket, kind)  # type: ignore[arg-type]
                assert loaded is not None
                assert loaded.content == f"{owner} {ticket} {kind}"
    assert len(journal.list(OWNER)) == 4


def test_the_journal_is_readable_by_its_owner_only(path: Path) -> None:
    previous = os.umask(0)
    try:
        journal = Journal.open(path)
        journal.save(Draft(OWNER, TICKET, "reply", "secret"))
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = list(path.parent.iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_journal_left_open_to_others_is_closed_to_them(path: Path) -> None:
    Journal.open(path).close()
    path.chmod(0o644)
    Journal.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID
from helpdesk_tui.core.journal import Draft, Journal

journal = Journal.open(Path(sys.argv[1]))
draft = Draft("demo/2f6f1c1e", UUID(int=1), "reply")
for count in range(10**9):
    draft = journal.save(replace(draft, content=f"{count} " + "x" * 500))
    print(count, flush=True)
"""


def test_never_again_a_draft_lost_by_kill_9(path: Path) -> None:
    for _ in range(3):
        path.unlink(missing_ok=True)
        for rest in path.parent.glob("drafts*"):
            rest.unlink()
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        seen = -1
        while seen < 200:
            seen = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.stdout.close()
        writer.wait()
        last = told[-1] if told else seen
        loaded = Journal.open(path).load(OWNER, TICKET, "reply")
        assert loaded is not None
        assert int(loaded.content.split()[0]) in (last, last + 1)
        assert len(loaded.content) > 500


def test_two_windows_never_destroy_each_others_text(path: Path) -> None:
    first, second = Journal.open(path), Journal.open(path)
    mine = first.save(Draft(OWNER, TICKET, "reply", "begun"))
    theirs = second.load(OWNER, TICKET, "reply")
    assert theirs is not None
    assert theirs == mine
    mine = first.save(replace(mine, content="begun, went on here"))
    theirs = second.save(replace(theirs, content="begun, went on there"))
    assert theirs.message_id != mine.message_id
    theirs = second.save(replace(theirs, content="begun, went on there, and on"))
    mine = first.save(replace(mine, content="begun, went on here, and on"))
    versions = first.versions(OWNER, TICKET, "reply")
    assert [draft.content for draft in versions] == ["begun, went on here, and on", "begun, went on there, and on"]


def test_writing_on_after_another_window_sent_it_is_a_new_message(path: Path) -> None:
    first, second = Journal.open(path), Journal.open(path)
    mine = first.save(Draft(OWNER, TICKET, "reply", "done"))
    theirs = second.load(OWNER, TICKET, "reply")
    assert theirs is not None
    first.drop(mine.message_id)
    theirs = second.save(replace(theirs, content="done, and one more thing"))
    assert theirs.message_id != mine.message_id
    loaded = first.load(OWNER, TICKET, "reply")
    assert loaded is not None
    assert loaded.content == "done, and one more thing"


def test_an_emptied_draft_is_forgotten_and_starts_over(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.save(Draft(OWNER, TICKET, "note", "hm"))
    emptied = journal.save(replace(draft, content=" \n"))
    assert emptied.revision == 0
    assert emptied.message_id != draft.message_id
    assert journal.list(OWNER) == ()


def test_emptying_a_stale_copy_leaves_the_other_windows_text(path: Path) -> None:
    journal = Journal.open(path)
    stale = journal.save(Draft(OWNER, TICKET, "reply", "one"))
    journal.save(replace(stale, content="two"))
    journal.save(replace(stale, content=""))
    assert [draft.content for draft in journal.list(OWNER)] == ["two"]


def test_sent_drafts_are_dropped_only_when_asked(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.save(Draft(OWNER, TICKET, "reply", "text"))
    journal.drop(uuid4())
    assert journal.load(OWNER, TICKET, "reply") == draft
    journal.drop(draft.message_id)
    assert journal.load(OWNER, TICKET, "reply") is None


@pytest.mark.parametrize("junk", [b"this is not a database at all, " * 40, None])
def test_a_damaged_journal_says_so(path: Path, junk: bytes | None) -> None:
    journal = Journal.open(path)
    for number in range(200):
        journal.save(Draft(OWNER, UUID(int=number), "reply", "x" * 400))
    journal.close()
    if junk is None:
        content = bytearray(path.read_bytes())
        content[5000:40_000] = b"\xff" * 35_000
        path.write_bytes(content)
    else:
        path.write_bytes(junk)
    with pytest.raises(JournalError, match=r"damaged.*Move the file away"):
        Journal.open(path)
    assert path.exists()


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"cannot be kept.*stays in this window"):
        Journal.open(tmp_path / "file" / "drafts.sqlite3")
    (tmp_path / "directory").mkdir()
    with pytest.raises(JournalError, match="cannot be kept"):
        Journal.open(tmp_path / "directory")


def test_a_read_only_journal_says_so(path: Path) -> None:
    journal = Journal.open(path)
    journal._connection.execute("pragma query_only = on")
    with pytest.raises(JournalError, match="cannot be written"):
        journal.save(Draft(OWNER, TICKET, "reply", "x"))


def test_a_full_disk_says_so_and_keeps_what_was_saved(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.save(Draft(OWNER, TICKET, "reply", "short"))
    pages = journal._connection.execute("pragma page_count").fetchone()[0]
    journal._connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(JournalError, match="disk is full"):
        journal.save(replace(draft, content="x" * 100_000))
    assert journal.load(OWNER, TICKET, "reply") == draft
    journal._connection.execute("pragma max_page_count = 100000")
    assert journal.save(replace(draft, content="x" * 100_000)).message_id == draft.message_id


def test_a_journal_held_by_another_program_says_so_soon(path: Path) -> None:
    journal = Journal.open(path)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(JournalError, match="Another program holds"):
            journal.save(Draft(OWNER, TICKET, "reply", "x"))
        other.execute("rollback")
    other.close()
    assert journal.save(Draft(OWNER, TICKET, "reply", "x")).revision == 1


def test_an_attempt_is_put_down_and_several_texts_leave_it_open_which(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.attempt(journal.save(Draft(OWNER, TICKET, "reply", "one")))
    assert (draft.attempted, draft.revision) == ("one", 2)
    assert journal.load(OWNER, TICKET, "reply") == draft
    draft = journal.attempt(journal.save(replace(draft, content="two")))
    assert (draft.attempted, draft.revision) == ("", 4)
    assert journal.load(OWNER, TICKET, "reply") == draft


def test_an_attempt_leaves_alone_what_another_window_has_written_on(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.save(Draft(OWNER, TICKET, "reply", "begun"))
    theirs = Journal.open(path).save(replace(draft, content="begun, and more"))
    assert journal.attempt(draft).attempted == "begun"
    assert journal.load(OWNER, TICKET, "reply") == theirs


def test_a_journal_of_the_release_before_keeps_its_drafts(path: Path) -> None:
    journal = Journal.open(path)
    journal.save(Draft(OWNER, TICKET, "reply", "kept"))
    journal._connection.execute("alter table drafts drop column attempted")
    journal._connection.execute("pragma user_version = 1")
    journal.close()
    windows = Journal.open(path), Journal.open(path)
    loaded = windows[1].load(OWNER, TICKET, "reply")
    assert loaded is not None
    assert windows[0].attempt(loaded).attempted == loaded.content == "kept"


@pytest.mark.parametrize("version", [2, 3])
def test_a_journal_that_knew_of_messages_alone_takes_articles_too(path: Path, version: int) -> None:
    journal = Journal.open(path)
    journal.save(Draft(OWNER, TICKET, "reply", "kept"))
    of_version_2 = (
        "create table old (message_id text primary key, owner text not null, ticket text not null, "
        "kind text not null check (kind in ('reply', 'note')), content text not null, after_id text, "
        "revision integer not null, updated_at text not null, attempted text) without rowid"
    )
    for statement in (of_version_2, "insert into old select * from drafts", "drop table drafts"):
        journal._connection.execute(statement)
    journal._connection.execute("alter table old rename to drafts")
    journal._connection.execute(f"pragma user_version = {version}")
    journal.close()
    journal = Journal.open(path)
    journal.save(Draft(OWNER, TICKET, "article", "an article"))
    assert [(one.kind, one.content) for one in journal.list(OWNER)] == [("article", "an article"), ("reply", "kept")]


#: What a journal holds, by its version: a digest of what makes it.
HOLDS = {8: "50ff7007dacfdd17"}


def test_what_a_journal_holds_goes_with_its_version(path: Path) -> None:
    """A file that is of this version is opened as it is: what is added and not counted is missing in everybody's."""
    journal = Journal.open(path)
    held = journal._connection.execute("select sql from sqlite_master where sql is not null order by name").fetchall()
    (version,) = journal._connection.execute("pragma user_version").fetchone()
    made = hashlib.sha256("".join(" ".join(sql.split()) for (sql,) in held).encode()).hexdigest()[:16]
    assert HOLDS.get(version) == made, "what a journal holds changed: count its VERSION up, and write its digest here"


@pytest.mark.parametrize("version", [4, 5, 6, 7])
def test_a_journal_of_a_release_before_takes_requests_for_others(path: Path, version: int) -> None:
    journal = Journal.open(path)
    for statement in ("drop table requests_for", f"pragma user_version = {version}"):
        journal._connection.execute(statement)
    journal.close()
    assert Journal.open(path).requests(OWNER, for_others=True) == ()


def test_a_journal_of_a_newer_release_is_left_alone(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as other:
        other.execute("pragma user_version = 99")
    other.close()
    with pytest.raises(JournalError, match="newer release"):
        Journal.open(path)


def test_many_windows_may_open_it_at_once(path: Path) -> None:
    errors: list[JournalError] = []

    def use(number: int) -> None:
        try:
            journal = Journal.open(path)
            journal.save(Draft(OWNER, UUID(int=number), "reply", "x"))
            journal.settle()
            journal.close()
        except JournalError as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(error) for error in errors] == []
    assert len(Journal.open(path).list(OWNER)) == 8


def test_half_a_surrogate_pair_is_kept_as_a_replacement(path: Path) -> None:
    journal = Journal.open(path)
    journal.save(Draft(OWNER, TICKET, "reply", "half \ud83d"))
    loaded = journal.load(OWNER, TICKET, "reply")
    assert loaded is not None
    assert loaded.content == "half ?"
