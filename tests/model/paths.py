"""Every path to what a helpdesk holds, walked with a person's own login: tables, counts, functions, pages, exports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from helpdesk_tui.core import knowledge, notices, people, queues, thread, tickets
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.records import thread_json
from helpdesk_tui.core.statement import Statement
from tests.db.sessions import Sync
from tests.model.world import WORDS, Ticket, World

Seen = dict[str, Any]
"""What is seen, by the name of the path."""

TABLES: Final[Mapping[str, str]] = {
    "departments": "name",
    "profiles": "email",
    "categories": "name",
    "tickets": "title, description",
    "ticket_messages": "content",
    "ticket_attachments": "name, data",
    "ticket_status_history": "note",
    "ticket_events": "old_value, new_value",
    "ticket_tags": "name",
    "ticket_tag_relations": "tag_id",
    "kb_categories": "name",
    "kb_articles": "title, content",
    "kb_article_versions": "content",
    "ticket_feedback": "comment",
    "kb_article_feedback": "comment",
    "chat_sessions": "topic",
    "chat_messages": "content",
    "notifications": "title",
}
"""Each table and what is read of a row beside its id."""

ADMINS: Final = (
    "select id from helpdesk.people('', null, null, null, 0, 1000)",
    "select id from helpdesk.structure('departments')",
    "select id from helpdesk.structure('categories')",
    "select id from helpdesk.structure('tags')",
    "select number from helpdesk.acts(100)",
    "select holds from helpdesk.foresee(%(person)s, '{}')",
)
"""What tells admins of everything, and refuses everybody else."""

SEARCHES: Final = {f"{WORDS[0]} {WORDS[1]}": False, WORDS[2]: True}
"""What articles are searched for, and whether among what is published alone."""


SOME: Final = 3
"""Of so many people it is asked where they are signed in, and for so many tickets what may help."""
THROUGH_GATEWAY: Final = ("tickets", "ticket_messages", "profiles", "chat_sessions", "kb_articles", "notifications")
"""What is read over a shared login too, which is believed about the claims it sets."""


def ask(connection: Sync, sql: str, **parameters: Any) -> list[Any]:
    """The rows; single values where there is one column."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(sql.encode(), parameters or None).fetchall()
        return [row[0] for row in rows] if cursor.description and len(cursor.description) == 1 else rows


def run(connection: Sync, statement: Statement[Any]) -> list[Any]:
    """The rows of one of the core's statements, as both front ends get them."""
    with connection.cursor(row_factory=statement.row or tuple_row) as cursor:
        return cursor.execute(statement.sql.encode(), statement.params or None).fetchall()


def state(connection: Sync, sql: str, **parameters: Any) -> str:
    """How a statement ends: ``yes`` or an SQLSTATE."""
    try:
        connection.execute(sql.encode(), parameters or None)
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return "yes"


def answered(connection: Sync, sql: str, **parameters: Any) -> Any:
    """The one value of a statement, or how it was refused."""
    try:
        (value,) = ask(connection, sql, **parameters)
    except psycopg.Error as error:
        return error.sqlstate
    return value


def each(function: str, columns: str) -> str:
    """One statement that calls a function for many ids."""
    return f"select i, {columns} from unnest(%(ids)s::uuid[]) i cross join lateral {function} f"


def look(connection: Sync, world: World) -> Seen:
    """Everything that a connection is told, by path. Sets where there is no order, else lists."""
    seen: Seen = {}
    for table, columns in TABLES.items():
        key = "ticket_id" if table == "ticket_tag_relations" else "id"
        seen[f"table {table}"] = set(ask(connection, f"select {key}, {columns} from public.{table}"))
    counted = ", ".join(f"(select count(*) from public.{table})" for table in TABLES)
    seen["count(*)"] = dict(zip(TABLES, ask(connection, f"select {counted}")[0], strict=True))
    seen |= _of_tickets(connection, world)
    seen |= _of_articles(connection, world)
    seen |= _of_chats(connection, world)
    everybody = [person.id for person in world.people]
    seen["names()"] = set(ask(connection, "select id, name from helpdesk.names(%(ids)s)", ids=everybody))
    # An empty name is a part of every name.
    seen["requesters()"] = set(ask(connection, "select id from helpdesk.requesters(array['', '@model.test'])"))
    addresses = [person.email for person in world.people]
    sql = "select distinct k.id from unnest(%(begun)s::text[]) e, helpdesk.known_people(e, 50) k"
    seen["known_people()"] = set(ask(connection, sql, begun=addresses))
    seen["staff"] = {row.id for row in run(connection, people.staff())}
    seen["departments"] = {row.id for row in run(connection, people.departments())}
    seen["for admins"] = {state(connection, sql, person=everybody[0]) for sql in ADMINS}
    seen["sessions()"] = [
        answered(connection, "select count(*) from helpdesk.sessions(%(person)s)", person=person.id)
        for person in world.people[:SOME]
    ]
    seen["preferences()"] = answered(connection, "select helpdesk.preferences()")
    seen["preferences"] = answered(connection, "select preferences from public.profiles")
    seen["views()"] = set(ask(connection, "select id, name, query, author, mine, changeable from helpdesk.views()"))
    seen["macros()"] = set(ask(connection, "select id, name, body, author, mine from helpdesk.macros()"))
    seen["drafts()"] = set(ask(connection, "select content from helpdesk.drafts(null)"))
    seen["away()"] = set(ask(connection, "select person, note from helpdesk.away()"))
    seen["me()"] = {(row.id, row.role, row.department_id) for row in run(connection, people.me())}
    return seen


def look_through_gateway(connection: Sync, claims: Mapping[str, str]) -> Seen:
    """What a gateway is told that sets these claims, by table."""
    connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
    return {
        f"gateway {table}": set(ask(connection, f"select id, {TABLES[table]} from public.{table}"))
        for table in THROUGH_GATEWAY
    }


def texts(world: World) -> list[str]:
    """What is looked for: everything that somebody wrote, and what many say."""
    written = {"title", "text", "ticket1", *(each.content for each in world.messages)}
    return sorted(written | {each.description for each in world.tickets})


def _of_tickets(connection: Sync, world: World) -> Seen:
    ids = [ticket.id for ticket in world.tickets]
    seen: Seen = {
        "ticket()": set(
            ask(connection, each("helpdesk.ticket(i)", "title, requester, assignee, description"), ids=ids)
        ),
        "ticket() tags": set(ask(connection, each("helpdesk.ticket(i)", "unnest(f.tags)"), ids=ids)),
        "ticket() fields": set(ask(connection, each("helpdesk.ticket(i)", "more #>> '{fields,0,3}'"), ids=ids)),
        "tickets_saying()": set(
            ask(connection, "select q, helpdesk.tickets_saying(q) from unnest(%(texts)s::text[]) q", texts=texts(world))
        ),
        "with_field()": set(ask(connection, "select helpdesk.with_field('serial', 'any', '', false)")),
        "followed()": set(ask(connection, "select unnest(helpdesk.followed())")),
        "ticket() links": set(
            ask(connection, each("helpdesk.ticket(i)", "jsonb_path_query(more, '$.links[*][2]')::bigint"), ids=ids)
        ),
        "ticket() merged into": set(
            ask(
                connection,
                each("helpdesk.ticket(i)", "more #>> '{merged_into,0}', more #>> '{merged_into,1}'"),
                ids=ids,
            )
        ),
        "ticket() merged": set(
            ask(connection, each("helpdesk.ticket(i)", "jsonb_path_query(more, '$.merged[*][1]')::bigint"), ids=ids)
        ),
        "messages()": ask(connection, each("helpdesk.messages(i)", "f.id, sender, content"), ids=ids),
        "attachments()": ask(connection, each("helpdesk.attachments(i)", "f.id, name"), ids=ids),
        "history()": ask(connection, each("helpdesk.history(i)", "f.id, actor, kind, old, new"), ids=ids),
        "notices()": [
            (row.id, row.title, row.excerpt, row.ticket_number) for row in run(connection, notices.page(limit=500))
        ],
        "badges()": [(row.unread, row.waiting, row.tickets, row.chats) for row in run(connection, notices.badges())],
        "a column without the rest": set(ask(connection, "select number from public.tickets")),
        "joined": set(
            ask(
                connection,
                "select m.id, f.id from public.ticket_attachments f right join public.ticket_messages m"
                " on m.id = f.message_id",
            )
        ),
        "copy": _copied(connection),
    }
    found = [(name, run(connection, tickets.find(name))) for name in names(world.tickets)]
    seen["by number and id"] = {(name, row.title) for name, rows in found for row in rows}
    exported = [thread_json(thread.assemble(rows)) for rows in _threads(connection, world) if rows[0]]
    seen["tickets show --json"] = {
        (
            *(x["id"], x["title"], x["description"], tuple(x["tags"])),
            *(tuple(entry["id"] for entry in x[part]) for part in ("messages", "history", "attachments")),
        )
        for x in exported
    }
    me = next((row for row in run(connection, people.me()) if row.role), None)
    if me is not None:
        seen |= _queues(connection, world, me)
    return seen


def names(of: Sequence[Ticket]) -> list[str]:
    """What tickets are asked for by: in turn a number and an id."""
    return [str(ticket.id) if n % 2 else f"#{ticket.number}" for n, ticket in enumerate(of)]


def _threads(connection: Sync, world: World) -> list[list[list[Any]]]:
    return [[run(connection, each) for each in thread.opened(ticket.id)] for ticket in world.tickets]


def _queues(connection: Sync, world: World, me: Me) -> Seen:
    """The queues as both front ends page through them; there are none for somebody who is nobody in particular."""
    seen: Seen = {}
    views = queues.views_for(me)
    sorts = cycle(("updated", "due", "priority", "age", "updated", "due", "priority"))
    for view, sort in zip(views, sorts, strict=False):
        rows = run(connection, tickets.page(me, view.key, sort, limit=100))  # type: ignore[arg-type]
        seen[f"queue {view.key}"] = {(row.id, row.title, row.requester, row.assignee, row.tags) for row in rows}
        again = run(connection, tickets.in_view(me, view.key, [ticket.id for ticket in world.tickets]))
        seen[f"queue {view.key} again"] = {row.id for row in again}
    seen["counts()"] = run(connection, tickets.counts(me))[0]
    return seen


def _copied(connection: Sync) -> set[str]:
    """What COPY gives away, which asks the policies too."""
    with connection.cursor().copy("copy (select content from public.ticket_messages) to stdout") as copy:
        return {bytes(line).decode().strip() for line in copy}


def _of_articles(connection: Sync, world: World) -> Seen:
    ids = [article.id for article in world.articles]
    listed = "select id, author from helpdesk.articles(null, %(status)s, 1000, null, null)"
    seen: Seen = {
        "article()": set(
            ask(
                connection,
                each("helpdesk.article(i)", "title, content, author, helpful, not_helpful, my_vote"),
                ids=ids,
            )
        ),
        "article_versions()": set(
            ask(connection, each("helpdesk.article_versions(i)", "f.id, title, content, changed_by"), ids=ids)
        ),
        "article_categories()": set(ask(connection, "select id, name, articles from helpdesk.article_categories()")),
    }
    for status in (None, "published", "draft", "archived"):
        seen[f"articles({status})"] = set(ask(connection, listed, status=status))
    for search, only in SEARCHES.items():
        # A space behind it: the word is finished.
        hits = run(connection, knowledge.search(f"{search} ", limit=200, published_only=only))
        seen[f"search {search}"] = {hit.article_id for hit in hits}
    suggested = each("helpdesk.suggest_articles(i)", "article_id")
    seen["suggest_articles()"] = set(ask(connection, suggested, ids=[ticket.id for ticket in world.tickets[:SOME]]))
    return seen


def _of_chats(connection: Sync, world: World) -> Seen:
    ids = [chat.id for chat in world.chats]
    columns = "id, customer, agent, topic, last_words, place, ticket_id, unread"
    return {
        "chats()": set(ask(connection, f"select list, {columns} from helpdesk.chats(null, 100)")),
        "chats(ids)": set(ask(connection, f"select list, {columns} from helpdesk.chats(%(ids)s, 0)", ids=ids)),
        "chat_messages()": ask(
            connection, each("helpdesk.chat_messages(i, null)", "f.id, sender, by_staff, content"), ids=ids
        ),
    }
