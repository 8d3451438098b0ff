"""Answers that were sent and can be taken back for some seconds, kept in the journal beside their drafts.

The words stay where drafts are; a row here says that they are on their way, and with what. So whatever happens to the
program meanwhile, they are sent: by it, or when it is next started.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SCHEMA", "Held", "drop", "of", "put"]

SCHEMA: Final = """
create table if not exists held (
    message_id text primary key,
    owner      text not null,
    due        text not null,
    words      text not null,
    more       text not null
) without rowid
"""


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that goes out when it is ``due`` (UTC). ``words`` name it for people; ``more`` is what goes with it."""

    message_id: UUID
    due: datetime
    words: str
    more: Mapping[str, Any] = field(default_factory=dict)


def put(connection: sqlite3.Connection, owner: str, held: Held) -> None:
    """From now on a draft is on its way."""
    connection.execute(
        "insert or replace into held (message_id, owner, due, words, more) values (?, ?, ?, ?, ?)",
        (str(held.message_id), owner, held.due.isoformat(), held.words, json.dumps(dict(held.more))),
    )


def drop(connection: sqlite3.Connection, message_id: UUID) -> None:
    """It was sent, or taken back."""
    connection.execute("delete from held where message_id = ?", (str(message_id),))


def of(connection: sqlite3.Connection, owner: str) -> tuple[Held, ...]:
    """What is on its way of a person's, the first to go first."""
    rows = connection.execute(
        "select message_id, due, words, more from held where owner = ? order by due, message_id", (owner,)
    )
    return tuple(
        Held(UUID(message_id), datetime.fromisoformat(due), words, json.loads(more))
        for message_id, due, words, more in rows
    )
