"""Drafts of replies and notes on one's other devices: what was written here is sent, what was written there taken in.

To the journal of this machine another device is one more window: nothing that was written is put over anything else
that was. What the database has of a draft is known by its revision; where both sides went on with one, both texts are
kept, this one under its id and the other beside it. Files stay on the machine on which they were attached.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_outbox
from helpdesk_tui.core.errors import BadInput, NotFound, Refused
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.journal import Journal

__all__ = ["SCHEMA", "DraftSync"]

SCHEMA: Final = """
create table if not exists synced (
    message_id text primary key,
    owner      text not null,
    revision   integer not null,
    content    text not null
) without rowid
"""


_SAVE: Final = "select helpdesk.save_draft(%s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class _There:
    """A draft as the database has it."""

    message_id: UUID
    ticket_id: UUID
    kind: str
    content: str
    after_id: UUID | None
    revision: int
    updated_at: datetime


class DraftSync:
    """One person's drafts here and in the database.

    Args:
        journal: where they are kept here.
        owner: whose, as the journal has it.
        database: that person's.
    """

    def __init__(self, journal: Journal, owner: str, database: Database) -> None:
        self._journal = journal
        self._owner = owner
        self._database = database
        # Texts that the database will not keep (too long, a ticket out of sight): they stay here.
        self._refused: dict[str, str] = {}

    # What was written here

    def unsent(self) -> list[tuple[Any, ...]]:
        """The drafts that the database does not have as they are here.

        Returns:
            Of each its id, ticket, kind, text, what its author had seen, and the revision that it goes on from.
        """
        with self._journal.reading() as connection:
            rows = connection.execute(
                "select d.message_id, d.ticket, d.kind, d.content, d.after_id, coalesce(s.revision, 0)"
                " from drafts d left join synced s on s.message_id = d.message_id"
                " where d.owner = ? and d.kind in ('reply', 'note') and trim(d.content) <> ''"
                " and d.content is not s.content and d.message_id not in (select id from outbox where refused is null)"
                " and d.message_id not in (select message_id from held)",
                (self._owner,),
            ).fetchall()
        return [row for row in rows if self._refused.get(row[0]) != row[3]]

    def gone(self) -> list[tuple[UUID, int]]:
        """Drafts that are in the database still and were sent or thrown away here, each with its revision."""
        with self._journal.reading() as connection:
            rows = connection.execute(
                "select message_id, revision from synced where owner = ?"
                " and message_id not in (select message_id from drafts where trim(content) <> '')"
                " and message_id not in (select id from outbox)",
                (self._owner,),
            ).fetchall()
        return [(UUID(message_id), revision) for message_id, revision in rows]

    async def push(self) -> None:
        """Sends what was written, and takes back what is no draft here any more.

        Raises:
            HelpdeskError: the database does not answer; what is left is sent the next time.
        """
        if gone := self.gone():
            params = ([message_id for message_id, _ in gone], [revision for _, revision in gone])
            await self._database.run(
                Statement("select helpdesk.drop_drafts(%s, %s::integer[])", params, writes=True), idempotent=True
            )
            with self._journal.writing() as connection:
                connection.executemany(
                    "delete from synced where message_id = ? and revision = ?",
                    [(str(message_id), revision) for message_id, revision in gone],
                )
        clashed = False
        for message_id, ticket, kind, content, after_id, base in self.unsent():
            saved = (UUID(message_id), UUID(ticket), kind, content, UUID(after_id) if after_id else None, base)
            try:
                # Not idempotent: sent twice, the second one would be taken for another device's.
                statement: Statement[int | None] = Statement(_SAVE, saved, only(int), writes=True)
                (revision,) = await self._database.fetch(statement)
            except (BadInput, NotFound, Refused):
                self._refused[message_id] = content
                continue
            if revision is None:
                clashed = True
                continue
            with self._journal.writing() as connection:
                _known(connection, self._owner, message_id, revision, content)
        if clashed:
            await self.pull()

    # What was written elsewhere

    async def pull(self, ticket_id: UUID | None = None) -> bool:
        """Takes in what other devices wrote to a ticket, or to any (None).

        Returns:
            Whether anything is otherwise here now.

        Raises:
            HelpdeskError: the database does not answer; nothing is otherwise then.
        """
        asked = Statement(
            "select message_id, ticket_id, kind, content, after_id, revision, updated_at from helpdesk.drafts(%s)",
            (ticket_id,),
            positional(_There),
            writes=False,
        )
        there = await self._database.fetch(asked)
        with self._journal.writing() as connection:
            changed = [self._take_in(connection, each) for each in there]
            changed += self._let_go(connection, [each.message_id for each in there], ticket_id)
        return any(changed)

    def _take_in(self, connection: sqlite3.Connection, there: _There) -> bool:
        key = str(there.message_id)
        here = connection.execute("select content from drafts where message_id = ?", (key,)).fetchone()
        known = connection.execute("select revision, content from synced where message_id = ?", (key,)).fetchone()
        if known is not None and known[0] == there.revision:
            return False
        on_its_way = "select 1 from outbox where id = ?1 union select 1 from held where message_id = ?1"
        if connection.execute(on_its_way, (key,)).fetchone() is not None:
            return False  # it is sent as it is here
        _known(connection, self._owner, key, there.revision, there.content)
        if here is None:
            self._insert(connection, there, there.message_id)
        elif here[0] == there.content:
            return False
        elif known is not None and here[0] == known[1]:
            connection.execute(
                "update drafts set content = ?, after_id = ?, revision = revision + 1, updated_at = ?"
                " where message_id = ?",
                (there.content, _text(there.after_id), _moment(there.updated_at), key),
            )
        else:
            # Both went on with it. What is here keeps its id, which a composer may have open, and goes over the other
            # one in the database as soon as that one is there as a draft of its own.
            self._insert(connection, there, uuid4())
        return True

    def _insert(self, connection: sqlite3.Connection, there: _There, message_id: UUID) -> None:
        connection.execute(
            "insert into drafts (message_id, owner, ticket, kind, content, after_id, revision, updated_at, attempted)"
            " values (?, ?, ?, ?, ?, ?, 1, ?, null)",
            (
                *(str(message_id), self._owner, str(there.ticket_id), there.kind, there.content),
                *(_text(there.after_id), _moment(there.updated_at)),
            ),
        )

    def _let_go(self, connection: sqlite3.Connection, there: Sequence[UUID], ticket_id: UUID | None) -> list[bool]:
        """What the database had and has no more was sent or thrown away on another device. Words that were changed here
        since, and files, stay, as a message of their own."""
        rows = connection.execute(
            "select s.message_id, d.content = s.content and not exists (select 1 from files f"
            " where f.message_id = s.message_id) from synced s join drafts d on d.message_id = s.message_id"
            " where s.owner = ?1 and s.revision > 0 and (?2 is null or d.ticket = ?2)"
            " and s.message_id not in (select id from outbox) and s.message_id not in (select message_id from held)",
            (self._owner, _text(ticket_id)),
        ).fetchall()
        still = {str(each) for each in there}
        gone = [(message_id, same) for message_id, same in rows if message_id not in still]
        for message_id, same in gone:
            connection.execute("delete from synced where message_id = ?", (message_id,))
            if same:
                connection.execute("delete from drafts where message_id = ?", (message_id,))
                journal_outbox.forget_files(connection, UUID(message_id))
        return [bool(same) for _, same in gone]


def _known(connection: sqlite3.Connection, owner: str, message_id: str, revision: int, content: str) -> None:
    connection.execute(
        "insert or replace into synced (message_id, owner, revision, content) values (?, ?, ?, ?)",
        (message_id, owner, revision, content),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()
