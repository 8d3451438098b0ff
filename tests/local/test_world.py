"""The fixtures that all other tests stand on."""

from __future__ import annotations

from tests.world import DeskDatabase, People


async def test_person_signed_up_is_known_to_the_database(people: People) -> None:
    agent = await people.sign_up("ada@desk.test", "Ada Agent", "agent", "Billing")
    connection = await people.connect_as(agent)
    cursor = await connection.execute("select email, role, department from helpdesk.me()")
    assert await cursor.fetchall() == [("ada@desk.test", "agent", "Billing")]


async def test_each_test_gets_a_fresh_helpdesk(database: DeskDatabase) -> None:
    assert await database.run("select count(*) from auth.users") == [(0,)]


async def test_signed_out_person_is_nobody(people: People) -> None:
    person = await people.sign_up("carl@desk.test", "Carl Customer")
    connection = await people.connect_as(person)
    await people.sign_out(person)
    cursor = await connection.execute("select count(*) from helpdesk.me()")
    assert await cursor.fetchone() == (0,)


async def test_minted_login_works_in_a_module_database(module_people: People) -> None:
    person = await module_people.add("minted@desk.test", "Mina")
    user, password = await module_people.mint(person.id)
    assert user.startswith("hd_")
    assert len(password) == 64
