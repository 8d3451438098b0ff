"""Drafts on this machine: what a person is writing survives a crash, ``kill -9``, an expired sign-in and a full disk.

A local SQLite file, readable by its owner only. Write-ahead logging with ``synchronous=NORMAL``: a save is in the
operating system's hands when :meth:`Journal.save` returns, in about a tenth of a millisecond, so the death of the
program loses nothing; a power cut may lose what was written since the last :meth:`Journal.settle`, which asks the
disk and is called off the interface's thread. ``FULL`` would ask the disk at every save and hold a key up by it.

Two windows of one person may write to the same ticket. Each save says which revision it continues; a save that
continues an old one is kept beside the other as a draft of its own, never over it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_files, journal_outbox, journal_requests
from helpdesk_tui.core.journal_files import DraftFile
from helpdesk_tui.core.journal_opening import BUSY_SECONDS, JournalError, opened, plain_words
from helpdesk_tui.core.journal_requests import Request
from helpdesk_tui.core.text import safe_line

__all__ = ["Draft", "DraftFile", "Journal", "JournalError", "Kind", "Request"]

Kind = Literal["reply", "note", "article", "chat"]
"""What a draft is of: a message to a ticket, an article of the knowledge base, or a message in a chat."""

#: Those that are not on their way.
_WRITTEN: Final = "message_id not in (select message_id from held)"
_COLUMNS: Final = "owner, ticket, kind, content, message_id, after_id, revision, updated_at, attempted"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message being written.

    ``owner`` is whose it is: the profile and the user's id, as one string. ``ticket`` is what it is about: a ticket, or
    for the kinds ``article`` and ``chat`` that article or chat. ``message_id`` is drawn once and kept, so
    that sending it again after a lost answer is harmless. ``after_id`` is the newest message that the author had on
    screen when they began. ``revision`` is 0 until it is saved. ``updated_at`` is in UTC. ``attempted`` is the text of
    a send that no answer to is known: the server may have it under this id. It is empty where there were several such
    texts, None where there was none. ``files`` go with it.
    """

    owner: str
    ticket: UUID
    kind: Kind
    content: str = ""
    message_id: UUID = field(default_factory=uuid4)
    after_id: UUID | None = None
    revision: int = 0
    updated_at: datetime = field(default_factory=_now)
    attempted: str | None = None
    files: tuple[DraftFile, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.content.strip() and not self.files

    def attempt(self) -> Draft:
        """This draft with its text put down as one that the server may have."""
        return replace(self, attempted=self.content if self.attempted in (None, self.content) else "")


def _draft(row: tuple[str, str, Kind, str, str, str | None, int, str, str | None]) -> Draft:
    owner, ticket, kind, content, message_id, after_id, revision, updated_at, attempted = row
    return Draft(
        owner=owner,
        ticket=UUID(ticket),
        kind=kind,
        content=content,
        message_id=UUID(message_id),
        after_id=UUID(after_id) if after_id else None,
        revision=revision,
        updated_at=datetime.fromisoformat(updated_at),
        attempted=attempted,
    )


class Journal:
    """The drafts of everybody who uses this account of this machine. Use :meth:`open`; one per process.

    Every method raises :class:`JournalError`, in words for people, where the file cannot be read or written.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open the journal at ``path``, making the file (0600) and its directory (0700) where they are not there."""
        return cls(path, opened(path))

    def save(self, draft: Draft) -> Draft:
        """Keep a draft, and return it as it is kept: write that one on.

        The returned draft has a higher revision. It has *another* ``message_id`` where the text was also changed,
        sent or thrown away by another window meanwhile: then both texts are kept, and sending this one can never be
        mistaken for sending the other again. An empty draft is forgotten and starts over.
        """
        with plain_words(self.path), self._transaction() as connection:
            row = connection.execute(
                "select revision from drafts where message_id = ?", (str(draft.message_id),)
            ).fetchone()
            kept: int = row[0] if row else 0
            if draft.is_empty:
                if row and kept == draft.revision:
                    connection.execute("delete from drafts where message_id = ?", (str(draft.message_id),))
                    journal_outbox.forget_refused(connection, draft.message_id)
                    journal_outbox.forget_files(connection, draft.message_id)
                return _anew(draft) if draft.revision else draft
            before = draft.files
            if kept != draft.revision:
                draft = _anew(draft)
            files = journal_files.keep(connection, draft.message_id, draft.files, before)
            saved = replace(draft, files=files, revision=draft.revision + 1, updated_at=_now())
            connection.execute(
                f"insert or replace into drafts ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (a constant)
                (
                    saved.owner,
                    str(saved.ticket),
                    saved.kind,
                    _utf8(saved.content),
                    str(saved.message_id),
                    str(saved.after_id) if saved.after_id else None,
                    saved.revision,
                    saved.updated_at.isoformat(),
                    None if saved.attempted is None else _utf8(saved.attempted),
                ),
            )
        return saved

    def attempt(self, draft: Draft) -> Draft:
        """Put down that a saved draft is being sent, before it is, and return it as it is kept.

        From then on another window that goes on with an older copy writes a message of its own, and after a restart
        it is known that the server may have this text. A draft that is not there as it stands, since another window
        went on with it or sent it, is left alone here.
        """
        with plain_words(self.path), self._transaction() as connection:
            row = connection.execute(
                "update drafts set revision = revision + 1,"
                " attempted = case when coalesce(attempted, content) = content then content else '' end"
                " where message_id = ? and content = ? returning revision",
                (str(draft.message_id), _utf8(draft.content)),
            ).fetchone()
        return replace(draft.attempt(), revision=row[0]) if row else draft.attempt()

    def load(self, owner: str, ticket: UUID, kind: Kind) -> Draft | None:
        """The draft of one person for one ticket that was written last, or None."""
        return next(iter(self.versions(owner, ticket, kind)), None)

    def versions(self, owner: str, ticket: UUID, kind: Kind) -> tuple[Draft, ...]:
        """Every draft of one person for one ticket, newest first: more than one after two windows wrote."""
        return self._select(
            f"owner = ? and ticket = ? and kind = ? and {_WRITTEN} order by updated_at desc, message_id",
            owner,
            str(ticket),
            kind,
        )

    def list(self, owner: str) -> tuple[Draft, ...]:
        """Every draft of one person, newest first."""
        return self._select(f"owner = ? and {_WRITTEN} order by updated_at desc, message_id", owner)

    def held_drafts(self, owner: str) -> tuple[Draft, ...]:
        """What was sent and is on its way: drafts to nobody, until they are taken back. See ``journal_held``."""
        return self._select(f"owner = ? and not {_WRITTEN}", owner)

    def drop(self, message_id: UUID) -> None:
        """Forget a draft: the server has confirmed its message, or its author threw it away."""
        with plain_words(self.path), self._transaction() as connection:
            connection.execute("delete from drafts where message_id = ?", (str(message_id),))
            journal_outbox.forget_refused(connection, message_id)
            journal_outbox.forget_files(connection, message_id)

    def content(self, file: DraftFile) -> bytes:
        """What is in a file of a draft.

        Raises:
            JournalError: also where it is not there any more.
        """
        if file.data is not None:
            return file.data
        with plain_words(self.path):
            data = journal_files.content(self._connection, file.id)
        if data is None:
            raise JournalError(f"The file {safe_line(file.name, 100)} is not kept here any more.", "Attach it again.")
        return data

    def save_request(self, request: Request) -> Request:
        """Keep a request that is being written, and return it as it is kept; an empty one is forgotten."""
        with plain_words(self.path), self._transaction() as connection:
            return journal_requests.save(connection, request)

    def requests(self, owner: str, *, for_others: bool = False) -> tuple[Request, ...]:
        """The requests that a person is writing, their own or those for others, newest first."""
        with plain_words(self.path):
            return journal_requests.of(self._connection, owner, for_others=for_others)

    def drop_request(self, request_id: UUID) -> None:
        """Forget a request: the server has it, or its author threw it away."""
        with plain_words(self.path), self._transaction() as connection:
            journal_requests.forget(connection, request_id)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, for the modules that keep other things in this file: done whole, or not at all."""
        with plain_words(self.path), self._transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The file, for those modules to read."""
        with plain_words(self.path):
            yield self._connection

    def settle(self) -> None:
        """Ask the disk to hold what was saved. May take long; may be called from any thread."""
        with (
            plain_words(self.path),
            closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection,
        ):
            connection.execute("pragma wal_checkpoint(passive)")

    def close(self) -> None:
        """Close the file. Saved drafts stay."""
        self._connection.close()

    def _select(self, where: str, *params: str) -> tuple[Draft, ...]:
        with plain_words(self.path):
            rows = self._connection.execute(f"select {_COLUMNS} from drafts where {where}", params)  # noqa: S608
            drafts = [_draft(row) for row in rows]
            return tuple(replace(draft, files=journal_files.of(self._connection, draft.message_id)) for draft in drafts)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("begin immediate")
        try:
            yield self._connection
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise


def _anew(draft: Draft) -> Draft:
    """A draft of the same words that is another message."""
    return replace(draft, message_id=uuid4(), revision=0, attempted=None, files=journal_files.anew(draft.files))


def _utf8(text: str) -> str:
    """Text as SQLite stores it: half a surrogate pair, which a terminal can paste, would be an error."""
    return text.encode("utf-8", "replace").decode("utf-8")
