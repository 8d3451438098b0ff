"""A chat from its opening to its ticket, by SQL alone, on every server that the SQL has to work on."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.sessions import Sync, connect_as, with_people
from tests.db.signed_in import new
from tests.world import DeskDatabase, People, Person


def one(connection: Sync, statement: str, parameters: dict[str, Any]) -> Any:
    """The first column of the first row."""
    row = connection.execute(statement.encode(), parameters).fetchone()
    return None if row is None else row[0]


def test_chat_from_its_opening_to_its_ticket_on_every_server(any_database: DeskDatabase) -> None:
    async def people(people: People) -> list[Person]:
        return [
            await new(people, "cora"),
            await new(people, "ada", "agent", "Support"),
            await new(people, "bo", "agent", "Billing"),
        ]

    cora, ada, bo = with_people(any_database, people)
    ids = {name: uuid4() for name in ("chat", "first", "second", "third")}
    ids |= {"bo": bo.id, "billing": bo.department_id}  # type: ignore[dict-item]
    say = "insert into public.chat_messages (id, session_id, content) values (%({})s, %(chat)s, 'x')"
    with (
        connect_as(any_database, cora) as customer,
        connect_as(any_database, ada) as agent,
        connect_as(any_database, bo) as other,
    ):
        for _ in range(2):
            opened = one(customer, "select helpdesk.chat_open(%(chat)s, 'Printer', %(first)s, 'It jams')", ids)
            assert opened == ids["chat"]
        assert one(customer, "select place from helpdesk.chats(null, 5)", ids) == 1
        assert one(agent, "select done from helpdesk.chat_accept(%(chat)s)", ids) is True
        assert one(other, "select by_name from helpdesk.chat_accept(%(chat)s)", ids) == "Ada"
        for connection, message in ((agent, "second"), (agent, "second"), (customer, "third")):
            connection.execute(say.format(message).encode(), ids)
        agent.execute("select helpdesk.chat_typing(%(chat)s), helpdesk.chat_present(%(chat)s, true)", ids)
        agent.execute("select helpdesk.chat_seen(%(chat)s, %(second)s)", ids)
        assert one(agent, "select unread from helpdesk.chats(array[%(chat)s], 0)", ids) == 1
        assert one(customer, "select count(*) from helpdesk.chat_messages(%(chat)s, %(first)s)", ids) == 2
        numbers = {one(agent, "select number from helpdesk.chat_to_ticket(%(chat)s)", ids) for _ in range(2)}
        assert len(numbers) == 1
        assert one(customer, "select count(*) from public.ticket_messages", ids) == 3
        agent.execute("select helpdesk.chat_transfer(%(chat)s, null, %(billing)s)", ids)
        agent.execute("select helpdesk.chat_transfer(%(chat)s, %(bo)s, null)", ids | {"bo": ada.id})
        agent.execute("select helpdesk.chat_transfer(%(chat)s, %(bo)s, null)", ids)
        with pytest.raises(psycopg.Error) as refused:
            agent.execute(say.format("first").encode(), ids | {"first": uuid4()})
        assert refused.value.sqlstate == "HD004"
        other.execute("select helpdesk.chat_end(%(chat)s)", ids)
        other.execute("select helpdesk.chat_reopen(%(chat)s)", ids)
        customer.execute("select helpdesk.chat_end(%(chat)s)", ids)
        customer.execute("select helpdesk.chat_rate(%(chat)s, 5, 'Thank you')", ids)
        seen = other.execute("select status, rating from public.chat_sessions where id = %(chat)s", ids).fetchone()
        assert seen == ("ended", 5)
