"""What arrives at whom when something changes: every channel that a session is told of, listened to for real."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID, uuid4

from psycopg import sql

from tests.db.sessions import Sync
from tests.model import rules
from tests.model.loading import Stage
from tests.model.paths import ask
from tests.model.rules import Viewer
from tests.model.world import CHIEF, PEOPLE_IDS, pairs

MARKS: Final = "model_marks"
"""Told between the changes, to everybody who listens here."""
CHANGES: Final[dict[str, str]] = {
    "tickets": "update public.tickets set title = title || '!'",
    "notes": "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal)"
    f" select id, '{PEOPLE_IDS[CHIEF]}', 'noted', true from public.tickets t"
    # What is written to a merged one goes to the other.
    " where private.merged_into(t.id) is null",
    "chats": "update public.chat_sessions set topic = topic || '!'",
    "articles": "update public.kb_articles set metadata = metadata || '{\"changed\": true}'",
}
"""Every row of a kind is changed, one kind after the other."""

Heard = dict[str, set[UUID]]
"""The ids that arrived, by the kind of change."""


def listen(connection: Sync) -> set[str]:
    """Listens to every channel that the session is told of; which those are."""
    channels = set(ask(connection, "select channel from helpdesk.channels()"))
    for channel in (*sorted(channels), MARKS):
        connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    return channels


def change(stage: Stage) -> str:
    """Makes the changes, each told to the end before the next. Answers what is told before the first."""
    beginning = str(uuid4())
    stage.owner.execute("select pg_notify(%s, %s)", [MARKS, beginning])
    for kind, statement in CHANGES.items():
        stage.owner.execute(statement.encode())
        stage.owner.execute("select pg_notify(%s, %s)", [MARKS, kind])
    return beginning


def hear(connection: Sync, beginning: str) -> Heard:
    """What has arrived of each change since ``beginning`` was told.

    Raises:
        AssertionError: the last mark does not come.
    """
    heard: Heard = {kind: set() for kind in CHANGES}
    left: list[str] | None = None
    for note in connection.notifies(timeout=60):
        if note.channel == MARKS and note.payload == beginning:
            left = list(CHANGES)
            continue
        if not left:
            continue  # of an earlier world, whose hearing was cut short
        kind = left[0]
        if note.channel == MARKS:
            assert note.payload == left.pop(0)
            if not left:
                break
            continue
        told = json.loads(note.payload)
        if isinstance(told, list):
            heard[kind].update(map(UUID, told))
        else:
            # A note is told in the inbox too, and that is another thing.
            heard[kind].update(UUID(each) for about, ids in told.items() if about == kind for each in ids)
    else:
        raise AssertionError("the last mark was not heard")
    connection.execute("unlisten *")
    return heard


def expected(who: Viewer) -> Heard:
    """What has to arrive, by the rules."""
    world = who.world
    merged = {one.id for _, one, other in pairs(world.tickets) if one.requester == other.requester}
    return {
        "tickets": {t.id for t in world.tickets if rules.hears_of_ticket(who, t)},
        "notes": {t.id for t in world.tickets if rules.hears_of_note(who, t)} - merged,
        "chats": {c.id for c in world.chats if rules.hears_of_chat(who, c)},
        "articles": {a.id for a in world.articles if rules.hears_of_articles(who)},
    }


def audiences(who: Viewer) -> set[str]:
    """Whose channels somebody is told of: their own, their department's or the admins', the team's."""
    if who.role is None:
        return set()
    found = {f"person {who.person}"}
    if who.role == "agent" and who.department is not None:
        found.add(f"department {who.department}")
    if who.role == "admin":
        found.add("admins")
    return found | ({"staff"} if who.staff else set())
