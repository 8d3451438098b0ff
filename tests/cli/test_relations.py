"""``helpdesk tickets merge|unmerge|split|link|unlink|follow`` and ``helpdesk admin fields``, on a real database."""


async def test_merge_split_link_and_follow(cli, desk):
    old, kept = await desk.ticket("Old"), await desk.ticket("Kept")
    theirs = await desk.ticket("Elsewhere", department=desk.support)
    await desk.message(old, desk.customer, "one")
    second = await desk.message(old, desk.customer, "two")
    n_old, n_kept, n_theirs = [await desk.number(ticket) for ticket in (old, kept, theirs)]

    merged = await cli.run(desk.agent, "tickets", "merge", n_old, n_theirs, "--into", n_kept)
    assert (merged.code, merged.out.splitlines()) == (
        8,
        [f"#{n_old} merged into #{n_kept}", f"{n_theirs} not merged into #{n_kept}: there is no such ticket"],
    )
    shown = await cli.run(desk.agent, "tickets", "show", n_kept)
    assert f"merged in   #{n_old}" in shown.out
    assert f"Ada Agent merged #{n_old} in here" in shown.out
    (reply,) = [(await cli.run(desk.agent, "tickets", "note", n_old, "-m", "late"))]
    assert reply.code != 0
    assert f"merged into #{n_kept}" in reply.err
    found = (await cli.run(desk.customer, "tickets", "show", n_old, "--json")).json
    assert (found["merged_into"]["number"], found["messages"]) == (int(n_kept), [])
    back = await cli.run(desk.agent, "tickets", "unmerge", n_old)
    assert (back.code, back.out) == (0, f"#{n_old} is no longer merged into #{n_kept}\n")

    made = await cli.run(desk.agent, "tickets", "split", n_old, "2", "--title", "Two", "--json")
    assert made.json["from"] == int(n_old)
    number = str(made.json["number"])
    (message,) = (await cli.run(desk.agent, "tickets", "show", number, "--json")).json["messages"]
    assert message["id"] == str(second)
    assert (await cli.run(desk.agent, "tickets", "split", n_old, "9")).code == 6

    linked = await cli.run(desk.agent, "tickets", "link", number, "duplicate-of", n_kept)
    assert (linked.code, linked.out) == (0, f"#{number} is duplicate of #{n_kept}\n")
    shown = await cli.run(desk.agent, "tickets", "show", n_kept, "--json")
    assert [(link["kind"], link["number"]) for link in shown.json["links"]] == [("duplicated by", int(number))]
    assert (await cli.run(desk.agent, "tickets", "link", number, "like", n_kept)).code == 2
    assert (await cli.run(desk.agent, "tickets", "unlink", number, n_kept)).code == 0
    assert (await cli.run(desk.agent, "tickets", "unlink", number, n_kept)).code == 6
    assert (await cli.run(desk.agent, "undo")).out == f"Undone: #{number} not linked to #{n_kept}\n"
    listed = (await cli.run(desk.agent, "acts", "--json")).json
    assert [(each["kind"], each["words"]) for each in listed[1:3]] == [
        ("link", f"#{number} duplicate of #{n_kept}"), ("split", f"#{number} split off #{n_old}"),
    ]  # fmt: skip
    assert (await cli.run(desk.agent, "undo", listed[1]["id"])).code == 0
    assert (await cli.run(desk.agent, "tickets", "show", n_kept, "--json")).json["links"] == []

    assert (await cli.run(desk.agent, "tickets", "follow", n_kept)).out == f"#{n_kept} followed\n"
    assert (await cli.run(desk.agent, "tickets", "show", n_kept, "--json")).json["following"] is True
    assert (await cli.run(desk.agent, "tickets", "unfollow", n_kept, "--json")).json[0]["done"] is True
    assert (await cli.run(desk.agent, "undo")).out == f"Undone: no longer following #{n_kept}\n"
    assert (await cli.run(desk.agent, "tickets", "show", n_kept, "--json")).json["following"] is True
    again = [each["id"] for each in listed if each["kind"] == "unmerge"]
    assert (await cli.run(desk.agent, "undo", *again)).out == f"Undone: #{n_old} taken out of #{n_kept}\n"
    assert (await cli.run(desk.agent, "tickets", "show", n_old, "--json")).json["merged_into"]["number"] == int(n_kept)
    for action in (("merge", n_old, "--into", n_kept), ("follow", n_kept), ("unmerge", n_old)):
        assert (await cli.run(desk.customer, "tickets", *action)).code == 5


async def test_admin_fields(cli, desk):
    add = ("admin", "fields", "add")
    assert (await cli.run(desk.agent, *add, "plan")).code == 5
    assert (await cli.run(desk.admin, "admin", "fields", "list")).err == "There are no fields.\n"
    result = await cli.run(desk.admin, *add, "plan", "--type", "choice", "--choice", "free", "--choice", "pro")
    assert (result.code, result.out) == (0, "added the field plan\n")
    assert (await cli.run(desk.admin, *add, "plan")).code == 2
    assert (await cli.run(desk.admin, *add, "status")).code == 2
    assert (await cli.run(desk.admin, "admin", "fields", "change", "plan", "--label", "Tariff")).code == 0
    assert (await cli.run(desk.admin, "admin", "fields", "change", "plans", "--label", "x")).code == 6
    off = await cli.run(desk.admin, "admin", "fields", "off", "plan", "--json")
    assert off.json == {"key": "plan", "active": False}
    (field,) = (await cli.run(desk.admin, "admin", "fields", "list", "--json")).json
    assert (field["label"], field["choices"], field["active"]) == ("Tariff", ["free", "pro"], False)
    assert "out of use" in (await cli.run(desk.admin, "admin", "fields", "list")).out
