"""Files to import, made here, and what a database holds after."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from helpdesk_tui.importers.chats import Chats
from helpdesk_tui.importers.kb import Articles
from helpdesk_tui.importers.pipeline import Import, Tally
from helpdesk_tui.importers.staging import Format
from helpdesk_tui.importers.tickets import Tickets
from tests.world import DeskDatabase

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FORMS: dict[str, Callable[[], Format]] = {
    "tickets": lambda: Tickets(now=NOW),
    "kb": lambda: Articles(now=NOW),
    "chats": Chats,
}


def thread(number: int, **changes: Any) -> dict[str, Any]:
    """A thread of three messages by three people."""
    name = f"t{number}"
    return {
        "id": name,
        "subject": f"Subject {number}",
        "product": "mail",
        "topic": "sync",
        "tags": ["sync", f"tag-{number % 3}"],
        "locale": "it" if number % 2 else "en-US",
        "created_at": "2025-03-01T08:00:00Z",
        "updated_at": "2025-03-03T09:00:00Z",
        "requester": f"user-{number}",
        "url": f"https://forum.invalid/{name}",
        "messages": [
            {"id": f"q{number}", "author": f"user-{number}", "role": "customer", "created_at": "2025-03-01T08:00:00Z",
             "text": f"Question {number}", "html": f"<p>Question <b>{number}</b></p>"},
            {"id": f"a{number}", "author": "agent-01", "role": "agent", "created_at": "2025-03-02T10:15:30Z",
             "helpful": 1, "unhelpful": 0, "text": f"Answer {number}"},
            {"id": f"c{number}", "author": "user-9999", "role": "community", "created_at": "2025-03-02T11:00:00Z",
             "text": "Same here"},
        ],
    } | changes  # fmt: skip


def article(number: int, **changes: Any) -> dict[str, Any]:
    """An article in a section of a category."""
    return {
        "id": f"kb-{number}",
        "title": f"Article {number}",
        "content": f"# Article {number}\n\nText",
        "category": "Exchange",
        "section": "Hybrid" if number % 2 else "Other",
        "summary": "short",
        "applies_to": ["one", "two"],
        "kb_number": None,
        "updated": "01/24/2024",
        "path": f"a/{number}.md",
        "source": "https://docs.invalid/",
    } | changes


def chat(number: int, **changes: Any) -> dict[str, Any]:
    """A chat of two messages."""
    return {
        "id": number,
        "channel": "chat",
        "customer": f"visitor-{number}",
        "agent": "agent-ab",
        "started_at": "2020-05-13T13:14:57Z",
        "ended_at": "2020-05-13T13:19:22Z",
        "questionnaire": {"Calm?": True},
        "happy_path": False,
        "messages": [
            {"role": "customer", "at": "2020-05-13T13:14:57Z", "text": "Hello"},
            {"role": "agent", "at": "2020-05-13T13:15:14Z", "text": "Your name?", "intent": "ask_name"},
        ],
        "satisfied": False,
    } | changes


def as_file(records: Iterable[Any], *, packed: bool = False) -> io.BufferedReader:
    """The records as an open file; a bytes record is a line as it stands."""
    data = b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in records)
    return io.BufferedReader(io.BytesIO(gzip.compress(data) if packed else data))


def bring_in(database: DeskDatabase, records: Iterable[Any], what: str = "tickets", **more: Any) -> Tally:
    """Imports the records."""
    return Import(FORMS[what](), **more).run(as_file(records), database.owner_dsn)


EVERYTHING = (
    "auth.users", "public.profiles", "public.departments", "public.tickets", "public.ticket_messages",
    "public.ticket_status_history", "public.ticket_events", "public.ticket_tags", "public.ticket_tag_relations",
    "public.kb_categories", "public.kb_articles", "public.kb_article_versions", "public.chat_sessions",
    "public.chat_messages", "public.notifications", "private.audiences",
)  # fmt: skip


async def everything(database: DeskDatabase) -> dict[str, list[str]]:
    """Every row of every table an import writes to, as text, and where the ticket numbers are."""
    found = {}
    for table in EVERYTHING:
        rows = await database.run(f"select r::text from {table} r order by 1")
        found[table] = [row[0] for row in rows]
    found["numbers"] = [str((await database.run("select last_value from public.tickets_number_seq"))[0][0])]
    return found


async def essence(database: DeskDatabase) -> list[list[Any]]:
    """What two imports of the same file into two databases have in common: all but ids drawn at random."""
    statements = (
        "select id, email, full_name, role from public.profiles order by id",
        """select number, id, title, status, priority, customer_id, assignee_id, metadata, created_at, updated_at,
                  first_response_at, resolved_at, closed_at
             from public.tickets order by number""",
        """select id, ticket_id, sender_id, content, html, is_internal, created_at
             from public.ticket_messages order by id""",
        "select ticket_id, status, changed_by, created_at from public.ticket_status_history order by 1, 4, 2",
        """select r.ticket_id, t.name
             from public.ticket_tag_relations r join public.ticket_tags t on t.id = r.tag_id order by 1, 2""",
    )
    return [list(await database.run(statement)) for statement in statements]
