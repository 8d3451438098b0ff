"""What waits to be sent: put down before it is sent, in order, each refused one explained."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import HelpdeskError, NotFound, Queued, Stale, Unreachable
from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.core.outbox import Answer, Entry, Happened, Outbox

OWNER, OTHER = "desk/ada", "desk/bo"
PRINTER, SCREEN = UUID(int=1), UUID(int=2)


@dataclass
class Server:
    """Stands for what is asked, where only the line is looked at; tests/live asks a real one."""

    down: bool = False
    refuse: dict[UUID, HelpdeskError] = field(default_factory=dict)
    partly: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    got: list[Entry] = field(default_factory=list)
    files: list[Upload] = field(default_factory=list)

    async def perform(self, entry: Entry, uploads: tuple[Upload, ...]) -> Answer:
        await asyncio.sleep(0)
        if self.down:
            raise Unreachable("Nothing answers.")
        if entry.id in self.refuse:
            raise self.refuse.pop(entry.id)
        self.got.append(entry)
        self.files.extend(uploads)
        return Answer("done", self.partly.get(entry.id, ()), "there is no such ticket")


@dataclass
class Window:
    """One window of a person."""

    outbox: Outbox
    happened: list[Happened]

    def of(self, what: str) -> list[Happened]:
        return [each for each in self.happened if each.what == what]


@asynccontextmanager
async def window(path: Path, server: Server, owner: str = OWNER) -> AsyncIterator[Window]:
    happened: list[Happened] = []
    outbox = Outbox(Journal.open(path), owner, server.perform, happened.append)
    running = asyncio.create_task(outbox.run())
    try:
        yield Window(outbox, happened)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        outbox.close()


def act(ticket: UUID = PRINTER, words: str = "status → resolved", owner: str = OWNER, **payload: object) -> Entry:
    return Entry(uuid4(), owner, "act", (ticket,), words, payload)


def reply(content: str = "Try again now.", ticket: UUID = PRINTER, owner: str = OWNER) -> Entry:
    return Entry(uuid4(), owner, "reply", (ticket,), "reply", {"content": content, "after_id": None})


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "drafts.sqlite3"


async def test_what_is_answered_at_once_never_waits(path: Path) -> None:
    server = Server()
    async with window(path, server) as here:
        assert (await here.outbox.do(act())).value == "done"
        assert here.outbox.entries() == ()
        assert here.of("queued") == []


async def test_what_is_done_offline_waits_in_order_and_is_sent_when_the_link_is_back(path: Path) -> None:
    server = Server(down=True)
    async with window(path, server) as here:
        doing = [act(PRINTER, f"act {number}") for number in range(3)]
        for each in doing:
            with pytest.raises(Queued, match="waiting for the database"):
                await here.outbox.do(each)
        assert [each.words for each in here.outbox.entries()] == ["act 0", "act 1", "act 2"]
        assert here.outbox.trouble == "Nothing answers."
        server.down = False
        here.outbox.try_now()
        await until(lambda: here.outbox.entries() == ())
        assert [each.id for each in server.got] == [each.id for each in doing]
        assert [each.entry.id for each in here.of("done") if each.entry] == [each.id for each in doing]
        assert here.outbox.trouble == ""


async def test_what_waits_survives_the_program_and_is_only_its_owner_s(path: Path) -> None:
    server = Server(down=True)
    mine, theirs = act(), act(owner=OTHER)
    async with window(path, server) as here:
        with pytest.raises(Queued):
            await here.outbox.do(mine)
    async with window(path, server, OTHER) as there:
        assert there.outbox.entries() == ()
        with pytest.raises(Queued):
            await there.outbox.do(theirs)
        server.down = False
        there.outbox.try_now()
        await until(lambda: server.got != [])
        # Another person's is not sent as theirs, however long they are signed in here.
        assert [each.id for each in server.got] == [theirs.id]
    async with window(path, server) as here:
        await until(lambda: here.outbox.entries() == ())
    assert [each.id for each in server.got] == [theirs.id, mine.id]


async def test_each_refused_one_is_explained_and_keeps_no_other_ticket_waiting(path: Path) -> None:
    server = Server(down=True)
    refused, fine = act(PRINTER), act(SCREEN)
    server.refuse[refused.id] = NotFound("There is no such ticket, or not for you.")
    async with window(path, server) as here:
        for each in (refused, fine):
            with pytest.raises(Queued):
                await here.outbox.do(each)
        server.down = False
        here.outbox.try_now()
        await until(lambda: [each.id for each in server.got] == [fine.id])
        (listed,) = here.outbox.entries()
        assert (listed.id, listed.refused) == (refused.id, "There is no such ticket, or not for you.")
        assert [each.why for each in here.of("refused")] == [listed.refused]
        here.outbox.try_again(refused.id)
        await until(lambda: here.outbox.entries() == ())
        assert [each.id for each in server.got] == [fine.id, refused.id]


async def test_an_act_that_was_done_to_some_is_tried_again_for_the_others_as_another_act(path: Path) -> None:
    server = Server(down=True)
    both = Entry(uuid4(), OWNER, "act", (PRINTER, SCREEN), "status → resolved")
    server.partly[both.id] = (SCREEN,)
    async with window(path, server) as here:
        with pytest.raises(Queued):
            await here.outbox.do(both)
        server.down = False
        here.outbox.try_now()
        await until(lambda: any(each.refused for each in here.outbox.entries()))
        (listed,) = here.outbox.entries()
        assert (listed.tickets, listed.refused) == ((SCREEN,), "there is no such ticket")
        assert listed.id != both.id
        here.outbox.drop(listed.id)
        assert here.outbox.entries() == ()


async def test_a_refused_reply_is_a_draft_again_and_what_followed_it_waits_for_it(path: Path) -> None:
    server = Server(down=True)
    stale, then, elsewhere = reply("See above."), act(PRINTER, "status → closed"), act(SCREEN)
    server.refuse[stale.id] = Stale("The thread has moved on: one message not seen yet.")
    file = Upload("log.txt", b"line 1\n")
    async with window(path, server) as here:
        with pytest.raises(Queued):
            await here.outbox.do(stale, [file])
        for each in (then, elsewhere):
            with pytest.raises(Queued):
                await here.outbox.do(each)
        server.down = False
        here.outbox.try_now()
        await until(lambda: [each.id for each in server.got] == [elsewhere.id])
        assert [(each.id, bool(each.refused)) for each in here.outbox.entries()] == [(stale.id, True), (then.id, False)]
        journal = Journal.open(path)
        draft = journal.load(OWNER, PRINTER, "reply")
        assert draft is not None
        assert (draft.message_id, draft.content, draft.attempted) == (stale.id, "See above.", None)
        assert journal.content(draft.files[0]) == b"line 1\n"
        # Its author has read what is new, and sends it: it goes before what had followed it.
        journal.attempt(draft)
        await here.outbox.do(stale, [file])
        await until(lambda: here.outbox.entries() == ())
        assert [each.id for each in server.got] == [elsewhere.id, stale.id, then.id]
        assert server.files == [file]
        assert journal.load(OWNER, PRINTER, "reply") is None
        assert journal._connection.execute("select count(*) from files").fetchone() == (0,)
        journal.close()


async def test_whoever_still_waits_for_the_answer_gets_the_refusal_and_nothing_is_listed(path: Path) -> None:
    server = Server()
    refused = act()
    server.refuse[refused.id] = NotFound("There is no such ticket.")
    async with window(path, server) as here:
        with pytest.raises(NotFound):
            await here.outbox.do(refused)
        assert here.outbox.entries() == ()


async def test_two_windows_send_one_at_a_time_and_every_entry_once(path: Path) -> None:
    server = Server(down=True)
    sending = 0
    most = 0

    async def perform(entry: Entry, uploads: tuple[Upload, ...]) -> Answer:
        nonlocal sending, most
        sending += 1
        most = max(most, sending)
        await asyncio.sleep(0.002)
        try:
            return await server.perform(entry, uploads)
        finally:
            sending -= 1

    both = Server()
    both.perform = perform  # type: ignore[method-assign]
    async with window(path, both) as one, window(path, both) as two:
        doing = [act(PRINTER if number % 3 else SCREEN, f"act {number}") for number in range(20)]
        for number, each in enumerate(doing):
            with pytest.raises(Queued):
                await (one if number % 2 else two).outbox.do(each)
        server.down = False
        one.outbox.try_now()
        two.outbox.try_now()
        await until(lambda: one.outbox.entries() == ())
        assert [each.id for each in server.got] == [each.id for each in doing]
        assert most == 1
        # And what is done in the window that does not send is answered all the same.
        assert (await two.outbox.do(act())).value == "done"


async def test_a_full_disk_keeps_nobody_from_working_while_the_link_is_there(path: Path) -> None:
    server = Server()
    journal = Journal.open(path)
    outbox = Outbox(journal, OWNER, server.perform)
    journal._connection.execute("pragma query_only = on")
    assert (await outbox.do(act())).value == "done"
    journal._connection.execute("pragma query_only = off")
    with journal.writing() as connection:
        from helpdesk_tui.core import journal_outbox

        journal_outbox.put(connection, act(PRINTER, "waits"))
    journal._connection.execute("pragma query_only = on")
    # Over what waits for the same ticket nothing goes.
    with pytest.raises(JournalError):
        await outbox.do(act(PRINTER))
    assert (await outbox.do(act(SCREEN))).value == "done"


async def test_the_line_is_readable_by_its_owner_only(path: Path) -> None:
    async with window(path, Server(down=True)) as here:
        with pytest.raises(Queued):
            await here.outbox.do(reply("secret"))
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_what_waits_is_no_draft_besides_after_the_program_was_killed_between_the_two(path: Path) -> None:
    journal = Journal.open(path)
    sent = journal.attempt(journal.save(Draft(OWNER, PRINTER, "reply", "on its way")))
    entry = Entry(sent.message_id, OWNER, "reply", (PRINTER,), "reply", {"content": "on its way", "after_id": None})
    with journal.writing() as connection:
        from helpdesk_tui.core import journal_outbox

        journal_outbox.put(connection, entry)
    async with window(path, Server(down=True)):
        assert journal.load(OWNER, PRINTER, "reply") is None
    journal.close()


def test_a_journal_without_a_line_gets_one_and_keeps_its_drafts(path: Path) -> None:
    journal = Journal.open(path)
    draft = journal.save(Draft(OWNER, PRINTER, "reply", "kept"))
    journal._connection.execute("drop table outbox")
    journal._connection.execute("pragma user_version = 4")
    journal.close()
    journal = Journal.open(path)
    assert journal.list(OWNER) == (draft,)
    assert Outbox(journal, OWNER, Server().perform).entries() == ()


_WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID, uuid4
from helpdesk_tui.core.errors import Unreachable
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.outbox import Answer, Entry, Outbox, Queued

async def perform(entry, uploads):
    print("sending", entry.id, flush=True)
    await asyncio.sleep(60)

async def main():
    outbox = Outbox(Journal.open(Path(sys.argv[1])), "desk/ada", perform)
    running = asyncio.create_task(outbox.run())
    await outbox.do(Entry(UUID(sys.argv[2]), "desk/ada", "act", (UUID(int=1),), "status"), patience=60)

asyncio.run(main())
"""


async def test_a_program_killed_while_sending_leaves_what_it_sent_and_the_lock_to_the_next(path: Path) -> None:
    entry_id = uuid4()
    program = subprocess.Popen(  # noqa: ASYNC220  (one line is read of it)
        [sys.executable, "-c", _WRITER, str(path), str(entry_id)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == f"sending {entry_id}\n"
    server = Server()
    async with window(path, server) as here:
        await asyncio.sleep(0.3)
        assert server.got == []  # the other one is at it
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        await until(lambda: here.outbox.entries() == ())
    assert [each.id for each in server.got] == [entry_id]


def test_nothing_else_in_the_file_is_touched_by_what_it_holds(path: Path) -> None:
    """A text that is SQL is a text."""
    journal = Journal.open(path)
    with journal.writing() as connection:
        from helpdesk_tui.core import journal_outbox

        journal_outbox.put(connection, reply("'); drop table drafts; --"))
    journal.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from drafts").fetchone() == (0,)
