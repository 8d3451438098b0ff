"""Chats → ended chat sessions with their messages. See docs/import.md for the fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from helpdesk_tui.importers import people
from helpdesk_tui.importers.fields import BadRecord, Fields, Ids, in_order
from helpdesk_tui.importers.staging import Rows, Stage, Step, as_jsonb


class Chats:
    """Reads chats. They are over: nobody waits in one that was imported."""

    stages: ClassVar[Sequence[Stage]] = (
        Stage(
            "import_chats",
            {
                "id": "uuid",
                "customer_id": "uuid",
                "agent_id": "uuid",
                "metadata": "jsonb",
                "created_at": "timestamptz",
                "accepted_at": "timestamptz",
                "ended_at": "timestamptz",
            },
        ),
        Stage(
            "import_chat_messages",
            {
                "id": "uuid",
                "session_id": "uuid",
                "sender_id": "uuid",
                "content": "text",
                "created_at": "timestamptz",
            },
        ),
    )

    steps: ClassVar[Sequence[Step]] = (
        Step("delete from import_chats s using public.chat_sessions c where c.id = s.id"),
        Step("delete from import_chats s using import_chats earlier where earlier.id = s.id and earlier.line < s.line"),
        Step(
            """
            insert into public.chat_sessions
              (id, customer_id, agent_id, status, metadata, created_at, accepted_at, ended_at)
            select id, customer_id, agent_id, 'ended', metadata, created_at, accepted_at, ended_at
              from import_chats order by line
            """,
            counts="chats",
        ),
        Step(
            """
            insert into public.chat_messages (id, session_id, sender_id, content, created_at)
            select s.id, s.session_id, s.sender_id, s.content, s.created_at
              from import_chat_messages s
             where not exists (select from public.chat_messages m where m.id = s.id)
             order by s.line, s.created_at, s.id
            on conflict (id) do nothing
            """,
            counts="messages",
        ),
        # What is over leaves nothing unread.
        Step(
            """
            insert into private.chat_seen (session_id, person_id, seen_at)
            select s.id, p.id, s.last_message_at
              from import_chats i join public.chat_sessions s on s.id = i.id
              join public.profiles p on p.id in (s.customer_id, s.agent_id)
             where s.last_message_at is not null
            on conflict do nothing
            """
        ),
    )

    tables: ClassVar[Sequence[str]] = ("public.chat_sessions", "public.chat_messages", "public.profiles")

    def rows(self, record: Fields, ids: Ids) -> Rows:
        """A chat, its messages and the two people in it."""
        name = record.name("id")
        session_id = ids.of("chat", name)
        started_at = record.time("started_at")
        customer = people.author(ids, record.name("customer"), role=None, seen=started_at)
        agent_name = record.optional_name("agent")
        agent = None if agent_name is None else people.author(ids, agent_name, role="agent", seen=started_at)
        if agent is not None and agent.id == customer.id:
            raise BadRecord("its customer and its agent are the same")

        fields = record.records("messages")
        times = in_order([each.time("at") for each in fields])
        more: dict[str, Any] = {}
        messages: list[tuple[Any, ...]] = []
        for index, (each, at) in enumerate(zip(fields, times, strict=True)):
            role = each.choice("role", ("customer", "agent"))
            if role is None:
                raise each.bad("role", "is missing")
            sender = customer if role == "customer" else agent
            if sender is None:
                raise each.bad("role", "is an agent's, and the chat names no agent")
            own = each.optional_name("id") or str(index)
            messages.append((ids.of("chat_message", name, own), session_id, sender.id, each.text("text"), at))
            if extra := each.rest():
                more[own] = extra
        if len({message[0] for message in messages}) != len(messages):
            raise BadRecord("two of its messages have the same id")

        ended_at = record.optional_time("ended_at") or (times[-1] if times else started_at)
        if ended_at < started_at:
            raise record.bad("ended_at", "is before “started_at”")
        metadata: dict[str, Any] = {"import": {"source": ids.source, "id": name}} | record.rest()
        if more:
            metadata["messages"] = more

        answered = next((message[-1] for message in messages if agent and message[2] == agent.id), started_at)

        rows = Rows()
        rows.counts.update(chats=1, messages=len(messages))
        rows.staged[people.STAGE.name] = [person.row() for person in (customer, agent) if person is not None]
        rows.staged["import_chats"].append(
            (
                session_id,
                customer.id,
                agent.id if agent else None,
                as_jsonb(metadata),
                started_at,
                answered if agent else None,
                ended_at,
            )
        )
        rows.staged["import_chat_messages"] = messages
        return rows
