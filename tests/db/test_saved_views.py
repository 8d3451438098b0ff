"""Saved views: whose they are, who changes them, how many there may be, and who hears of them."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.signed_in import new
from tests.world import Connection, People, Person


@pytest.fixture
async def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice, and no view is left from before."""
    await module_people.database.run("delete from private.saved_views where id is not null")
    return module_people


async def save(
    connection: Connection, view: UUID, name: str = "Stuck", audience: str = "me", department: UUID | None = None,
    query: str = "status:pending", sort: str = "due",
) -> None:  # fmt: skip
    """Save a view as a client does."""
    await connection.execute(
        "select helpdesk.save_view(%s, %s, %s, %s, %s, %s)", [view, name, query, sort, audience, department]
    )


async def names(connection: Connection) -> list[tuple[str, str | None, bool, bool]]:
    """What somebody may use: name, author, whether it is theirs, whether they may change it."""
    return await (await connection.execute("select name, author, mine, changeable from helpdesk.views()")).fetchall()


async def refused(connection: Connection, sql: str, *parameters: object) -> str:
    """The SQLSTATE of something that is refused."""
    with pytest.raises(psycopg.Error) as caught:
        await connection.execute(sql.encode(), parameters)
    return str(caught.value.sqlstate)


async def team(people: People) -> dict[str, Person]:
    """An author in Support, a colleague there, an agent of Billing, an admin and a customer."""
    return {
        "ada": await new(people, "ada", "agent", "Support"),
        "cal": await new(people, "cal", "agent", "Support"),
        "bo": await new(people, "bo", "agent", "Billing"),
        "ann": await new(people, "ann", "admin"),
        "cora": await new(people, "cora"),
    }


async def test_a_view_is_its_authors_or_of_whom_it_is_shared_with_and_of_nobody_else(people: People) -> None:
    who = await team(people)
    at = {name: await people.connect_as(person) for name, person in who.items()}
    own, department, everybody = uuid4(), uuid4(), uuid4()
    await save(at["ada"], own, "Own")
    await save(at["ada"], department, "Support's", "department", await people.department("Support"))
    await save(at["ada"], everybody, "Team's", "team")
    seen = {name: {row[0] for row in await names(connection)} for name, connection in at.items()}
    assert seen == {
        "ada": {"Own", "Support's", "Team's"},
        "cal": {"Support's", "Team's"},
        "bo": {"Team's"},
        "ann": {"Support's", "Team's"},
        "cora": set(),
    }
    assert await names(at["cal"]) == [("Support's", "Ada", False, False), ("Team's", "Ada", False, False)]
    # Whoever goes to another department uses its views and no more those of the old one, but for their own.
    await people.database.run(
        "update public.profiles set department_id = %s where id = any(%s)",
        [await people.department("Billing"), [who["ada"].id, who["cal"].id]],
    )
    assert {row[0] for row in await names(at["cal"])} == {"Team's"}
    assert {row[0] for row in await names(at["ada"])} == {"Own", "Support's", "Team's"}
    # Shared with a department that one is not in any more it may stay, and be given to no other.
    await save(at["ada"], department, "Still Support's", "department", await people.department("Support"))
    # Of a demoted author nothing is told, not the name either, and the views stay the team's.
    await people.database.run("update public.profiles set role = 'customer' where id = %s", [who["ada"].id])
    assert await names(at["bo"]) == [("Team's", None, False, False)]
    assert await names(at["ada"]) == []


async def test_only_the_author_and_admins_change_a_shared_view_and_an_admin_nobodys_own(people: People) -> None:
    who = await team(people)
    at = {name: await people.connect_as(person) for name, person in who.items()}
    own, shared = uuid4(), uuid4()
    await save(at["ada"], own, "Own")
    await save(at["ada"], shared, "Shared", "team")
    change = "select helpdesk.save_view(%s, 'x', '', 'due', 'team', null)"
    remove = "select helpdesk.remove_view(%s)"
    assert await refused(at["cal"], change, shared) == "HD003"
    assert await refused(at["cal"], remove, shared) == "HD003"
    for name in ("cal", "ann"):
        # Another's own view is not told from one that nobody has.
        assert await refused(at[name], remove, own) == await refused(at[name], remove, uuid4()) == "HD004"
        assert await refused(at[name], change, own) == "HD002"
    await save(at["ann"], shared, "Renamed", "team")
    assert ("Renamed", "Ada", True, True) in await names(at["ada"])
    await at["ann"].execute(remove.encode(), [shared])
    assert [row[0] for row in await names(at["ada"])] == ["Own"]
    # Saved again it is back, and its author's as before.
    await save(at["ann"], shared, "Renamed", "team")
    assert ("Renamed", "Ada", False, True) in await names(at["ann"])
    assert await refused(at["cal"], remove, own) == "HD004"


async def test_a_view_has_bounds_and_so_has_their_number(people: People) -> None:
    ada = await people.connect_as(await new(people, "ada", "agent", "Support"))
    billing = await people.department("Billing")
    fits = "select helpdesk.save_view(gen_random_uuid(), %s, %s, %s, %s, %s)"
    for values, state in (
        (("n" * 60, "q" * 2000, "due", "me", None), None),
        (("n" * 61, "", "due", "me", None), "HD002"),
        (("  ", "", "due", "me", None), "HD002"),
        ((None, "", "due", "me", None), "HD002"),
        (("n", "q" * 2001, "due", "me", None), "HD002"),
        (("n", None, "due", "me", None), "HD002"),
        (("n", "", "size", "me", None), "HD002"),
        (("n", "", "due", "mine", None), "HD002"),
        (("n", "", "due", "department", None), "HD002"),
        (("n", "", "due", "department", billing), "HD003"),
    ):
        if state is None:
            await ada.execute(fits.encode(), values)
        else:
            assert await refused(ada, fits, *values) == state, values
    views = [uuid4() for _ in range(49)]
    for view in views:
        await save(ada, view)
    assert await refused(ada, fits, "n", "", "due", "me", None) == "HD002"
    # One that was removed is in nobody's way.
    await ada.execute("select helpdesk.remove_view(%s)", [views[0]])
    await save(ada, uuid4())
    assert len(await names(ada)) == 50


async def test_the_order_of_views_is_ones_own_and_short(people: People) -> None:
    who = await new(people, "ada", "agent", "Support")
    ada = await people.connect_as(who)
    await people.database.run("update public.profiles set preferences = '{\"a\": 1}' where id = %s", [who.id])
    wanted = {"order": ["open", str(uuid4())], "hidden": ["closed"]}
    order = "select helpdesk.order_views(%s)"
    await ada.execute(order.encode(), [json.dumps(wanted)])
    kept = await (await ada.execute("select helpdesk.preferences()")).fetchall()
    assert kept == [({"a": 1, "views": wanted},)]
    malformed: tuple[object, ...] = (
        None, {}, {"order": []}, {"order": [], "hidden": {}}, {"order": [1], "hidden": []}, "x", 3, [],
        {"order": ["x" * 37], "hidden": []}, {"order": ["x"] * 401, "hidden": []},
    )  # fmt: skip
    for bad in malformed:
        assert await refused(ada, order, None if bad is None else json.dumps(bad)) == "HD002", bad
    cora = await people.connect_as(await new(people, "cora"))
    assert await refused(cora, order, json.dumps(wanted)) == "HD003"


async def test_who_uses_a_view_hears_of_it_by_no_id_and_nobody_else(people: People) -> None:
    who = await team(people)
    ears = {name: await people.connect_as(person) for name, person in who.items()}
    for connection in ears.values():
        for (channel,) in await (await connection.execute("select channel from helpdesk.channels()")).fetchall():
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))

    async def told() -> dict[str, list[str]]:
        """What came to each since the last time, but for who heard nothing."""
        found = {}
        for name, connection in ears.items():
            await connection.execute("select 1")
            found[name] = [note.payload async for note in connection.notifies(timeout=0.05)]
        return {name: payloads for name, payloads in found.items() if payloads}

    ada, view = await people.connect_as(who["ada"]), uuid4()
    await save(ada, view)
    assert await told() == {"ada": ['{"people": []}']}
    await save(ada, view, audience="team")
    assert await told() == {name: ['{"people": []}'] for name in ("ada", "cal", "bo", "ann")}
    await save(ada, view)  # it is theirs alone again, of which those hear who had it
    assert set(await told()) == {"ada", "cal", "bo", "ann"}
    await ada.execute("select helpdesk.order_views(%s)", [json.dumps({"order": [], "hidden": []})])
    assert set(await told()) == {"ada"}
    await ada.execute("select helpdesk.remove_view(%s)", [view])
    assert set(await told()) == {"ada"}
