"""Second factors from the command line: demanded by an admin, taken away by the owner."""

from __future__ import annotations


async def test_an_admin_demands_a_second_factor_and_takes_it_back(cli, desk, people, database):
    refused = await cli.run(desk.admin, "admin", "two-factors", "on")
    assert (refused.code, refused.out) == (5, "")
    assert "shut yourself out" in refused.err
    assert "helpdesk factors add" in refused.err
    admin = await people.sign_in(desk.admin, aal="aal2")
    shown = await cli.run(admin, "admin", "two-factors")
    assert (shown.code, shown.out) == (0, "a second factor is not demanded of staff\n")
    done = await cli.run(admin, "admin", "two-factors", "on", "--json")
    undo = "helpdesk admin two-factors off"
    words = "a second factor is demanded of staff"
    assert done.json == {"demanded": True, "changed": True, "words": words, "undo": undo}
    assert undo in done.err
    again = await cli.run(admin, "admin", "two-factors", "on")
    assert (again.out, again.err) == (f"{words}\n", "Nothing was changed.\n")
    back = await cli.run(admin, *undo.split()[1:])
    assert (back.code, back.out) == (0, "a second factor is not demanded of staff\n")
    agent = await people.sign_in(desk.agent, aal="aal2")
    assert (await cli.run(agent, "admin", "two-factors")).code == 5


async def test_the_owner_takes_factors_away(cli, desk, database):
    dsn = {"HELPDESK_OWNER_DSN": database.owner_dsn}
    nobody = await cli.run(None, "db", "forget-factors", "nobody@desk.test", **dsn)
    assert (nobody.code, nobody.out) == (6, "")
    assert "no account with this address" in nobody.err
    done = await cli.run(None, "db", "forget-factors", desk.agent.email, "--json", **dsn)
    assert done.json == {"email": desk.agent.email, "removed": 0}
    left = await database.run("select user_id from auth.sessions where user_id = %s", [desk.agent.id])
    assert left == [], "what rested on them has ended"
