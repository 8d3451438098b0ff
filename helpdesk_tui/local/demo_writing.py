"""How the demo is written: rows into tables, times counted from now, the same ids in every demo."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import psycopg
from psycopg import sql

from helpdesk_tui.local.content import DemoContent, Message
from helpdesk_tui.local.content.checks import KB_LINK

__all__ = ["Row", "Writing", "an_id", "in_order", "linked", "span", "written_by"]

_NAMESPACE = uuid5(NAMESPACE_DNS, "demo.helpdesk-tui")

Row = tuple[Any, ...]


class Writing:
    """What is to be written, to where, and as of when.

    Args:
        connection: in a transaction, as the database's owner.
        content: the demo's.
        now: the moment that all times are counted from.

    Attributes:
        departments: their ids, by the content's keys; filled as they are written.
        staff: the keys of the people who are of the team.
    """

    def __init__(self, connection: psycopg.Connection[Any], content: DemoContent, now: datetime) -> None:
        self.connection = connection
        self.content = content
        self.now = now
        self.departments: dict[str, UUID] = {}
        self.staff = {person.key for person in content.people if person.role != "customer"}
        # Nobody writes at the full minute each time; the same seconds in every demo.
        self.seconds = random.Random(1)  # noqa: S311

    def copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Put rows into a table, in the order of its columns as they are named."""
        statement = sql.SQL("copy {} ({}) from stdin").format(sql.SQL(table), sql.SQL(columns))
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def ago(self, minutes: int) -> datetime:
        """So many minutes ago."""
        return self.now - span(minutes)

    def then(self, minutes: int) -> datetime:
        """So many minutes ago, and some seconds: never later than now, whatever is counted from it."""
        return self.ago(minutes) - timedelta(seconds=self.seconds.uniform(1, 59))


def an_id(kind: str, name: object) -> UUID:
    """The same id for the same thing in every demo."""
    return uuid5(_NAMESPACE, f"{kind}/{name}")


def written_by(message: Message) -> tuple[UUID, str]:
    """Who wrote a message, and its text."""
    return an_id("person", message.by), linked(message.text)


def linked(text: str) -> str:
    """A text whose links to articles lead to them: the content calls articles by their names."""
    return KB_LINK.sub(lambda link: f"(article:{an_id('article', link[1])})", text)


def in_order(began: datetime, messages: Sequence[Message]) -> list[tuple[Message, datetime]]:
    """Messages with their times; those of the same minute a moment apart."""
    return [
        (message, began + span(message.after_min) + timedelta(milliseconds=index))
        for index, message in enumerate(messages)
    ]


def span(minutes: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)
