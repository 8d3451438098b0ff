"""core/notices.py: pages, badges, marking, and preferences that leave the rest alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from helpdesk_tui.core import people as people_of
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.notices import Notices, Preference, preferences_from
from tests.db.noticing import inbox, say, ticket_of
from tests.db.signed_in import new
from tests.world import Connection, People, Person


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


@dataclass
class Scene:
    """An agent with three tickets, each of which its requester has just written in."""

    ada: Person
    notices: Notices
    requester: Connection
    tickets: list[UUID]


@pytest.fixture
async def scene(people: People) -> AsyncIterator[Scene]:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    tickets = [await ticket_of(people, cora, f"Ticket {n}", assignee_id=ada.id) for n in range(3)]
    requester = await people.connect_as(cora)
    for ticket in tickets:
        await say(requester, ticket, f"about {ticket}")
    database = await Database.connect(people.database.settings, ada.session)
    (me,) = await database.fetch(people_of.me())
    yield Scene(ada, Notices(database, me), requester, tickets)
    await database.close()


async def test_pages_follow_each_other_the_latest_first(scene: Scene) -> None:
    await say(scene.requester, scene.tickets[0])
    first, more = await scene.notices.page(limit=2)
    assert more
    last, more = await scene.notices.page(limit=2, before=first[-1])
    assert not more
    assert [line.title for line in (*first, *last)] == ["Ticket 0", "Ticket 2", "Ticket 1"]
    newest = first[0]
    assert (newest.kind, newest.kinds, newest.times, newest.ticket_id) == ("reply", {"reply": 2}, 2, scene.tickets[0])
    assert (newest.excerpt, newest.read, newest.chat_id) == ("x", False, None)
    assert newest.ticket_number


async def test_marking_is_undone_and_never_swallows_what_came_after(scene: Scene) -> None:
    notices = scene.notices
    lines, _ = await notices.page(unread_only=True)
    await say(scene.requester, scene.tickets[0])
    changed = await notices.mark(lines)
    assert {line.id for line in lines if line.ticket_id != scene.tickets[0]} == set(changed)
    assert (await notices.badges()).tickets == {scene.tickets[0]}
    assert await notices.mark(lines) == []
    assert set(await notices.unmark(changed)) == set(changed)
    again, _ = await notices.page(unread_only=True)
    assert {line.id: (line.kinds, line.updated_at) for line in again if line.id in changed} == {
        line.id: (line.kinds, line.updated_at) for line in lines if line.id in changed
    }
    assert await notices.mark_about(ticket=scene.tickets[1])
    upto = (await notices.page(unread_only=True))[0][0].updated_at
    await say(scene.requester, scene.tickets[2])
    assert len(await notices.mark_all(upto)) == 1
    assert (await notices.badges()).tickets == {scene.tickets[2]}
    assert len(await notices.mark_all()) == 1
    assert (await notices.badges()).unread == 0


async def test_nobody_keeps_the_rest_of_an_inbox_from_being_marked(scene: Scene) -> None:
    """Whoever has just written in one of its tickets and leaves the transaction open, holds that one line."""
    async with scene.requester.transaction():
        await say(scene.requester, scene.tickets[0])
        assert len(await scene.notices.mark_all()) == 2
        assert await scene.notices.mark_about(ticket=scene.tickets[0]) == []
    assert (await scene.notices.badges()).tickets == {scene.tickets[0]}


async def test_badges_are_one_round_trip_and_tell_news_once(scene: Scene) -> None:
    notices = scene.notices
    before = notices.database.round_trips
    badges = await notices.badges(due=True)
    assert notices.database.round_trips == before + 1
    assert (badges.unread, badges.news, badges.tickets) == (3, (), frozenset(scene.tickets))
    await say(scene.requester, scene.tickets[1])
    later = await notices.badges(badges.newest)
    assert [(news.kind, news.title) for news in later.news] == [("reply", "Reply on: Ticket 1")]
    assert (await notices.badges(later.newest)).news == ()


async def test_badges_tell_of_due_tickets_when_asked_to(people: People, scene: Scene) -> None:
    await people.database.run("update public.tickets set due_date = now() where id = %s", [scene.tickets[0]])
    seen = await scene.notices.badges()
    assert [news.kind for news in (await scene.notices.badges(seen.newest, due=True)).news] == ["due"]
    assert (await inbox(people, scene.ada))[-1][3] == {"reply": 1, "due": 1}


async def test_preferences_are_set_one_by_one_whatever_was_there(people: People, scene: Scene) -> None:
    notices = scene.notices
    for there in ('{"theme": "dark", "notices": {"due": {"on": false}}}', "[1]", "null", '{"notices": 3}'):
        await people.database.run(
            "update public.profiles set preferences = %s::jsonb where id = %s", [there, scene.ada.id]
        )
        await notices.set_preference("reply", on=False, bell=True)
        found = (await notices.told()).kinds
        assert found["reply"] == Preference(on=False, bell=True)
        assert found["assigned"] == Preference()
        kept = await people.database.run("select preferences from public.profiles where id = %s", [scene.ada.id])
        assert kept[0][0].get("theme") == ("dark" if "dark" in there else None)
        assert found["due"].on is ("due" not in there)
        badges = await notices.badges()
        assert not badges.wants_bell("reply")
        assert badges.wants_bell("assigned")
    with pytest.raises(BadInput):
        await notices.set_preference("weather", on=True, bell=True)


async def test_customers_have_kinds_of_their_own(people: People) -> None:
    cora = await new(people, "cora")
    database = await Database.connect(people.database.settings, cora.session)
    try:
        notices = Notices(database, Me(cora.id, cora.email, cora.name, "customer", None, None, "aal1"))
        assert set((await notices.told()).kinds) == {"reply", "status", "chat"}
        badges = await notices.badges(due=True)
        assert (badges.unread, badges.waiting) == (0, 0)
    finally:
        await database.close()


@pytest.mark.parametrize("settings", [None, 3, "on", [], [1], {"reply": 4}, {"reply": {"on": "no", "bell": 0}}])
def test_preferences_that_make_no_sense_say_nothing(settings: object) -> None:
    assert preferences_from(settings).get("reply", Preference()) == Preference()
