"""Whom "@name" means: one of the team who sees all of the ticket, and nobody where it could be two."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from helpdesk_tui.core import mentions
from helpdesk_tui.core.model import Person as Named
from tests.db.noticing import inbox, say, set_preferences, ticket_of
from tests.db.sessions import owner, with_people
from tests.db.signed_in import new
from tests.widgets.thread_samples import ticket as sample_ticket
from tests.world import DeskDatabase, People, Person


@pytest.fixture(scope="module")
def team(module_database: DeskDatabase) -> dict[str, Person]:
    """Names that begin alike, and people who must not be found."""

    async def make(people: People) -> dict[str, Person]:
        return {
            "mara": await people.sign_up("mlind@desk.test", "Mara Lind", "agent", "Support"),
            "mara2": await people.sign_up("mara.o@desk.test", "Mara Lindgren", "agent", "Support"),
            "zoe": await people.sign_up("zoe@desk.test", "Zoë  Ólafs", "agent", "Support"),
            "nameless": await people.sign_up("ops@desk.test", "", "agent", "Support"),
            "twin": await people.sign_up("twin1@desk.test", "Sam Hale", "agent", "Support"),
            "twin2": await people.sign_up("twin2@desk.test", "Sam Hale", "agent", "Support"),
            "ann": await people.sign_up("ann@desk.test", "Ann", "admin"),
            "bo": await people.sign_up("bo@desk.test", "Bo Berg", "agent", "Billing"),
            "held": await people.sign_up("hanna@desk.test", "Hanna", "agent", "Billing"),
            "cora": await people.sign_up("cora@desk.test", "Cora"),
        }

    return with_people(module_database, make)


@pytest.fixture(scope="module")
def ticket(module_database: DeskDatabase, team: dict[str, Person]) -> UUID:
    """Cora's in Support, which Hanna of Billing works on."""
    with owner(module_database) as connection:
        row = connection.execute(
            "insert into public.tickets (title, customer_id, assignee_id) values ('t', %s, %s) returning id",
            [team["cora"].id, team["held"].id],
        ).fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, UUID)
    return found


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("@Mara Lind, look", "mara"),
        ("@mara  lind", "mara"),
        ("@Mara Lindgren's idea", "mara2"),
        ("@Mara", ""),
        ("@mlind", "mara"),
        ("@mara.o.", "mara2"),
        ("(@zoë)", "zoe"),
        ("@ZOE!", "zoe"),
        ("@Zoë Ólafs: yes", "zoe"),
        ("@zoey", ""),
        ("@ops…", "nameless"),
        ("@Sam Hale", ""),
        ("@sam", ""),
        ("@twin1 and @Ann and @twin1", "ann twin"),
        ("@Hanna who holds it", "held"),
        ("@bo", ""),
        ("@Bo Berg of Billing", ""),
        ("@Cora", ""),
        ("write to zoe@zoe or https://a.test/@ann", ""),
        ("> @ann said\nno", ""),
        ("`@ann` and\n```\n@zoe\n```", ""),
        ("@ann's and @zoë’s", "ann zoe"),
        ("@everybody @all @agent @ @@ann", ""),
        ("@" * 5000 + " " + "@x " * 5000, ""),
        ("*@ann* **@zoe**", "ann zoe"),
    ],
)
def test_mention_finds_exactly_whom_it_can_only_mean(
    module_database: DeskDatabase, team: dict[str, Person], ticket: UUID, words: str, meant: str
) -> None:
    with owner(module_database) as connection:
        found = connection.execute("select m from private.mentioned(%s, %s) m", [ticket, words]).fetchall()
    names = {person.id: name for name, person in team.items()}
    assert sorted(names[person] for (person,) in found) == sorted(meant.split())
    # What its author is told before it is sent is read by the client, and read alike.
    assert {person.id for person in mentions.mentioned(words, seeing(module_database, ticket))} == {m for (m,) in found}


def seeing(database: DeskDatabase, ticket: UUID) -> tuple[Named, ...]:
    """Those of the team who see the ticket, as the client works it out."""
    with owner(database) as connection:
        staff = connection.execute(
            "select id, coalesce(full_name, email), role, email, department_id from public.profiles"
            " where role <> 'customer'"
        ).fetchall()
        row = connection.execute(
            "select customer_id, assignee_id, department_id from public.tickets where id = %s", [ticket]
        ).fetchone()
    assert row is not None
    shown = replace(sample_ticket(), customer_id=row[0], assignee_id=row[1], department_id=row[2])
    return mentions.team_of(shown, [Named(*each) for each in staff])


def test_what_completion_writes_for_somebody_means_them_and_nobody_else(
    module_database: DeskDatabase, team: dict[str, Person], ticket: UUID
) -> None:
    there = seeing(module_database, ticket)
    assert {person.id for person in there} == {team[name].id for name in team if name not in ("bo", "cora")}
    handles = {person.id: mentions.handle(person, there) for person in there}
    assert handles[team["mara"].id] == "Mara Lind"
    assert handles[team["zoe"].id] == "Zoë Ólafs"
    assert (handles[team["twin"].id], handles[team["twin2"].id]) == ("twin1", "twin2")
    assert handles[team["nameless"].id] == "ops"
    with owner(module_database) as connection:
        for person, handle in handles.items():
            for after in (" ", " please look", ", look", "'s", "!", "\nand"):
                rows = connection.execute(
                    "select m from private.mentioned(%s, %s) m", [ticket, f"Hi @{handle}{after}"]
                ).fetchall()
                assert rows == [(person,)], (handle, after)


async def test_mention_reaches_only_who_sees_the_ticket_and_tells_its_author_nothing(module_people: People) -> None:
    people = module_people
    cora = await new(people, "cora")
    ada, bea = await new(people, "ada", "agent", "North"), await new(people, "bea", "agent", "North")
    bo = await new(people, "bo", "agent", "South")
    ticket = await ticket_of(people, cora, department_id=ada.department_id)
    handles = " ".join("@" + each.email.split("@")[0] for each in (ada, bea, bo, cora))
    agent = await people.connect_as(ada)
    await say(agent, ticket, f"{handles} nobody-such @nobody-such", note=True)
    assert await inbox(people, bea) == [("mention", "You were mentioned in: t", 1, {"mention": 1}, False)]
    assert await inbox(people, bo) == await inbox(people, cora) == await inbox(people, ada) == []
    # A requester mentions nobody: neither to find out who is there nor to wake the team up.
    requester = await people.connect_as(cora)
    await say(requester, ticket, handles)
    assert [line[2] for line in await inbox(people, bea)] == [1]
    assert await inbox(people, bo) == []
    # Nor does one of the team in their own request.
    own = await ticket_of(people, ada, department_id=ada.department_id)
    await say(agent, own, handles)
    assert [line[2] for line in await inbox(people, bea)] == [1]


async def test_mentioned_assignee_gets_one_event_a_message(module_people: People) -> None:
    people = module_people
    ada, bea = await new(people, "ada", "agent", "Support"), await new(people, "bea", "agent", "Support")
    ticket = await ticket_of(people, await new(people, "cora"), assignee_id=bea.id)
    agent = await people.connect_as(ada)
    handle = "@" + bea.email.split("@")[0]
    await say(agent, ticket, handle)
    assert await inbox(people, bea) == [("mention", "You were mentioned in: t", 1, {"mention": 1}, False)]
    # To whoever turned mentions off it is a message like any other.
    await set_preferences(people, bea, '{"notices": {"mention": {"on": false}}}')
    await say(agent, ticket, handle, note=True)
    assert [line[3] for line in await inbox(people, bea)] == [{"mention": 1, "note": 1}]
