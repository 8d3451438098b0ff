"""What a person did and the database has not confirmed yet: put down first, then sent, in order and exactly once.

Every act and every message has its id before it is sent, and the database does what it knows already not again. So
nothing here has to know whether an answer that was lost was a yes: it is asked again, until there is one. What is done
while the link is down waits in the journal (``core.journal_outbox``), across restarts, for whose it is alone.

The windows of one person share the line. One of them sends at a time; a lock that ends with its process says which.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from helpdesk_tui.core import journal_files, journal_outbox
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.errors import DatabaseNotReady, HelpdeskError, NewerDatabase, Queued, SignInError, Unreachable
from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.core.journal_files import DraftFile
from helpdesk_tui.core.journal_outbox import Entry

__all__ = ["Answer", "Entry", "Happened", "Outbox", "Queued"]

#: Seconds until what did not get through is tried again: at first, and at most.
AGAIN_FIRST: Final = 0.5
AGAIN_MOST: Final = 10.0
#: Seconds after which a window looks whether another one has left something in line.
LOOK: Final = 5.0
#: Seconds between two tries to become the one who sends.
BUSY: Final = 0.1
#: Seconds that whoever did something waits for the answer; then it is told as waiting.
PATIENCE: Final = 8.0


class _NoAnswer(Exception):
    """There is none yet; or another window has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database said to one entry.

    ``value`` is for whoever did it. ``refused`` are the tickets of an act to which it was not done, with ``why``.
    """

    value: Any = None
    refused: tuple[UUID, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of something that waited; or, with no entry, that what waits is another than before.

    ``value`` is what the database answered to what is done.
    """

    what: Literal["queued", "done", "refused", "changed"]
    entry: Entry | None = None
    why: str = ""
    value: Any = None


Perform = Callable[[Entry, tuple[Upload, ...]], Awaitable[Answer]]


class Outbox:
    """One person's line, in one window.

    Args:
        journal: where it is kept. It is this object's own from now on.
        owner: whose line it is, as drafts have it: what another person left here is theirs to send.
        perform: sends one entry. What it raises says what became of it: ``Unreachable`` that it is to be sent again.
        told: called with what happens to what waits.
        again: seconds until what did not get through is tried again, at first and at most.

    Attributes:
        owner: as given.
        trouble: why the first in line has not got through; empty where nothing is wrong.
    """

    def __init__(
        self,
        journal: Journal,
        owner: str,
        perform: Perform,
        told: Callable[[Happened], None] = lambda _: None,
        *,
        again: tuple[float, float] = (AGAIN_FIRST, AGAIN_MOST),
    ) -> None:
        self.trouble = ""
        self._journal = journal
        self.owner = owner
        self._perform = perform
        self._told = told
        self._again = again
        self._closed = False
        self._wake = asyncio.Event()
        self._answers: dict[UUID, asyncio.Future[Answer]] = {}
        self._known: tuple[tuple[UUID, str | None], ...] = ()
        with journal.writing() as connection:
            journal_outbox.take_drafts(connection, owner)

    # -- for whoever does something -----------------------------------------------------------------------------------

    async def do(self, entry: Entry, uploads: Sequence[Upload] = (), *, patience: float | None = None) -> Answer:
        """Puts something in line and waits for the answer; what stands before it goes first.

        Args:
            entry: what; its ``owner`` must be this line's.
            uploads: the files that go with a message.
            patience: seconds after which the answer is not waited for any more; None: ``PATIENCE``.

        Raises:
            Queued: there was no answer yet; ``told`` says when there is one.
            JournalError: it cannot be put down, and what stands before it waits: it was not sent.
            HelpdeskError: the database will not have it; it is in line no more.
        """
        try:
            with self._journal.writing() as connection:
                entry = journal_outbox.put(connection, entry, uploads)
        except JournalError:
            if any(set(entry.tickets) & set(each.tickets) for each in self.entries()):
                raise
            # A full disk keeps nobody from working, as long as the link is there.
            return await self._perform(entry, tuple(uploads))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[entry.id] = answer
        self._wake.set()
        try:
            async with asyncio.timeout(PATIENCE if patience is None else patience):
                return await answer
        except (TimeoutError, _NoAnswer):
            raise self._queued(entry) from None
        finally:
            self._answers.pop(entry.id, None)

    def _queued(self, entry: Entry) -> Queued:
        """From now on nobody waits for its answer; its words are no draft besides."""
        if not self._closed:
            with suppress(JournalError), self._journal.writing() as connection:
                journal_outbox.take_drafts(connection, self.owner)
        self._told(Happened("queued", entry, self.trouble))
        return Queued(
            f"{entry.words}: waiting for the database.", "It is kept here, and sent as soon as the database answers."
        )

    def entries(self) -> tuple[Entry, ...]:
        """What is in line, in order, what was refused too.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reading() as connection:
            return journal_outbox.entries(connection, self.owner)

    def files(self, entry: Entry) -> tuple[DraftFile, ...]:
        """The files that go with a message, without what is in them.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reading() as connection:
            return journal_files.of(connection, entry.id)

    def keep_draft(self, draft: Draft) -> None:
        """Keeps what is to be written on, since it could not go out as it was.

        Raises:
            JournalError: it cannot be kept.
        """
        self._journal.save(draft)

    def drop(self, entry_id: UUID) -> None:
        """Takes something out of the line for good. One that has just been sent may have been done."""
        with self._journal.writing() as connection:
            journal_outbox.drop(connection, entry_id)
        self._changed()
        self._wake.set()

    def try_again(self, entry_id: UUID) -> None:
        """Has something that was refused sent once more, where it stood in line."""
        with self._journal.writing() as connection:
            journal_outbox.try_again(connection, entry_id)
        self._changed()
        self._wake.set()

    def try_now(self) -> None:
        """The link is back: waits no longer."""
        self._wake.set()

    # -- sending ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Sends what is in line until cancelled; never raises because of the network, the server or the journal. The
        journal is let go of in the end: nothing else may do that, as long as this goes on."""
        try:
            await self._run()
        finally:
            self.close()

    async def _run(self) -> None:
        first, most = self._again
        pause = first
        while True:
            self._wake.clear()
            try:
                state = await self._round()
            except JournalError as error:
                state, self.trouble = "trouble", str(error)
            self._give_up_waiting(state)
            self._changed()
            if state == "trouble":
                wait = pause
                pause = min(pause * 2, most)
            else:
                wait, pause = (BUSY if state == "busy" else LOOK), first
            with suppress(TimeoutError):
                # Not wait_for, which forgets a cancellation that comes with the wake-up.
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    def close(self) -> None:
        """Lets the journal go; what is in line stays."""
        self._closed = True
        self._journal.close()

    async def send(self) -> bool:
        """Sends what can be sent, where nothing runs beside: what becomes of each is told.

        Returns:
            Whether nothing is left that could go.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        for _ in range(int(PATIENCE / BUSY)):
            if (state := await self._round()) != "busy":
                return state == "empty"
            await asyncio.sleep(BUSY)
        return False

    async def _round(self) -> Literal["empty", "busy", "trouble"]:
        """Sends what can be sent."""
        if self._next(frozenset()) is None:
            self.trouble = ""
            return "empty"
        with self._alone() as alone:
            if not alone:
                return "busy"
            # What does not get through keeps what comes after it on the same ticket, and one of others may be tried:
            # where that fails too, it is the link.
            stuck: list[Entry] = []
            while (entry := self._next(frozenset(each for one in stuck for each in one.tickets))) is not None:
                if len(stuck) == 2:
                    break
                if not await self._send(entry):
                    stuck.append(entry)
            if not stuck:
                self.trouble = ""
            return "trouble" if stuck else "empty"

    def _next(self, kept: frozenset[UUID]) -> Entry | None:
        """The first in line that may go. What follows words that were refused waits for what becomes of them: nobody
        wants a ticket closed whose answer did not go out."""
        for entry in self.entries():
            if entry.refused is not None:
                kept = kept.union(entry.tickets) if entry.is_message else kept
            elif kept.isdisjoint(entry.tickets):
                return entry
            else:
                kept = kept.union(entry.tickets)
        return None

    async def _send(self, entry: Entry) -> bool:
        """Sends one; whether there was an answer."""
        with self._journal.reading() as connection:
            uploads = journal_outbox.files(connection, entry) if entry.has_words else ()
        try:
            answer = await self._perform(entry, uploads)
        except (Unreachable, SignInError, DatabaseNotReady, NewerDatabase) as error:
            # Nothing is wrong with what was done: it waits for a link, a sign-in, a database that fits.
            self.trouble = str(error)
            return False
        except HelpdeskError as error:
            self._refused(entry, error)
            return True
        waiting = self._answers.get(entry.id)
        with self._journal.writing() as connection:
            if answer.refused and waiting is None:
                journal_outbox.refuse(connection, entry, answer.why, answer.refused)
            else:
                journal_outbox.done(connection, entry)
        self.trouble = ""
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif answer.refused:
            self._told(Happened("refused", entry, answer.why))
        else:
            self._told(Happened("done", entry, value=answer.value))
        return True

    def _refused(self, entry: Entry, error: HelpdeskError) -> None:
        waiting = self._answers.get(entry.id)
        with self._journal.writing() as connection:
            if waiting is None:
                journal_outbox.refuse(connection, entry, str(error))
            else:
                journal_outbox.drop(connection, entry.id)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        else:
            self._told(Happened("refused", entry, str(error)))

    def _give_up_waiting(self, state: str) -> None:
        """Whoever waits for the answer of something that is not being sent now is told that it waits; and of something
        that is not there any more, since another window has sent it."""
        if not self._answers:
            return
        with suppress(JournalError):
            there = {entry.id: entry for entry in self.entries() if entry.refused is None}
            for entry_id, answer in tuple(self._answers.items()):
                if (state == "trouble" or entry_id not in there) and not answer.done():
                    answer.set_exception(_NoAnswer)

    def _changed(self) -> None:
        """Tells of a change of the line, whoever made it."""
        with suppress(JournalError):
            known = tuple((entry.id, entry.refused) for entry in self.entries())
            if known != self._known:
                self._known = known
                self._told(Happened("changed"))

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else sends meanwhile what is in this journal. Let go of by the system when a process dies."""
        path = self._journal.path.with_suffix(".sending")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}.", "What waits is kept.") from error
        try:
            yield _taken(handle)
        finally:
            os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: two windows may send at once, and what is sent twice is done once all the same.
        return True
    return True
