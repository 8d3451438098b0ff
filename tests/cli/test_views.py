"""``helpdesk views`` from end to end, on a real database."""


async def test_views_are_saved_shared_listed_and_removed(cli, desk):
    agent, other = desk.agent, desk.other
    saved = await cli.run(agent, "views", "save", "Hot", "priority>=high is:open", "--sort", "due", "--json")
    assert (saved.code, saved.err) == (0, "")
    assert {**saved.json, "id": "", "author": ""} == {
        "id": "",
        "name": "Hot",
        "query": "priority>=high is:open",
        "sort": "due",
        "for": "me",
        "department": None,
        "author": "",
        "mine": True,
        "changeable": True,
        "hidden": False,
    }
    assert (await cli.run(other, "views", "list")).err == "There is no saved view yet.\n"
    # Saved once more under its name it is the same one, and keeps what is not given.
    again = await cli.run(agent, "views", "save", "hot", "is:open \x1b]0;owned\x07 lamp", "--json")
    assert (again.json["id"], again.json["name"], again.json["sort"]) == (saved.json["id"], "Hot", "due")
    shared = await cli.run(agent, "views", "share", "hot", "--for", "team")
    assert (shared.code, shared.out) == (0, "“Hot” is for everybody now\n")
    ((line),) = (await cli.run(other, "views", "list", "--json")).json
    assert (line["mine"], line["changeable"], line["for"]) == (False, False, "team")
    text = (await cli.run(other, "views", "list")).out
    assert "Hot" in text
    assert "\x1b" not in text
    assert "\x07" not in text
    # Another's is shared and not theirs to change; one of theirs may have the same name.
    assert (await cli.run(other, "views", "remove", "hot")).code == 5
    assert (await cli.run(other, "views", "save", "Hot", "is:closed")).code == 0
    assert (await cli.run(other, "views", "remove", "hot", "--json")).json["query"] == "is:closed"
    own = await cli.run(agent, "views", "share", line["id"], "--for", "department", "--json")
    assert own.json["department"]["name"]
    removed = await cli.run(agent, "views", "remove", "hot")
    assert (removed.code, removed.out) == (0, "Removed “Hot”\n")
    assert (await cli.run(agent, "views", "list", "--json")).json == []


async def test_tickets_are_listed_and_counted_by_a_saved_views_name_in_its_order(cli, desk):
    first, second = await desk.ticket(), await desk.ticket()
    await desk.database.run("update public.tickets set due_date = now() + interval '1 day' where id = %s", [second])
    await cli.run(desk.agent, "views", "save", "Fires to put out", "is:open fire", "--sort", "due", "--for", "team")
    for listing in (["fires to put out"], ["Fires", "to", "put", "out"]):
        found = await cli.run(desk.other, "tickets", "list", *listing, "--json")
        assert (found.code, found.json) == (0, []), "another department's agent, by the same view"
        found = await cli.run(desk.agent, "tickets", "list", *listing, "--json")
        assert [line["id"] for line in found.json] == [str(second), str(first)]
    assert (await cli.run(desk.agent, "tickets", "list", "fires to put out", "--count")).out == "2\n"


async def test_what_cannot_be_saved_is_told(cli, desk):
    wrong = await cli.run(desk.agent, "views", "save", "Odd", "stutus:open")
    assert wrong.code == 2
    assert "stutus:open" in wrong.err
    assert "^^^^^^" in wrong.err
    assert (await cli.run(desk.agent, "views", "save", "n" * 61, "is:open")).code == 2
    assert (await cli.run(desk.agent, "views", "share", "none", "--for", "me")).code == 6
    assert (await cli.run(desk.agent, "views", "share", "none")).code == 2
    assert (await cli.run(desk.agent, "views", "save", "x", "is:open", "--department", "Nowhere")).code == 6
    assert (await cli.run(desk.customer, "views", "list")).code == 5
