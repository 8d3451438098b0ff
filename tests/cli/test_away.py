"""``helpdesk away`` and ``helpdesk back`` from end to end, on a real database."""


async def test_away_hands_over_lists_who_is_and_back_ends_it(cli, desk):
    ticket = await desk.ticket(assignee_id=desk.agent.id)
    assert (await cli.run(desk.customer, "away")).code == 5
    done = await cli.run(
        desk.agent, "away", "--until", "2h", "--note", "dentist", "--hand-over", desk.colleague.email, "--json"
    )
    assert (done.code, done.json["handed"], done.json["chats"], done.json["left"]) == (
        *(0, [int(await desk.number(ticket))], 0, 0),
    )
    assert (await desk.row(ticket))[2] == desk.colleague.id
    assert "To take it back: helpdesk back" in done.err
    (line,) = (await cli.run(desk.colleague, "away", "--list", "--json")).json
    assert (line["name"], line["until"]) == (desk.agent.name, done.json["until"])
    assert (await cli.run(desk.agent, "back")).out == f"{desk.agent.name} is back\n"
    assert (await cli.run(desk.colleague, "away", "--list")).err == "Nobody is away.\n"


async def test_admins_say_it_of_others_and_nobody_else_does(cli, desk):
    assert (await cli.run(desk.colleague, "away", "--of", desk.agent.email)).code == 5
    done = await cli.run(desk.admin, "away", "--of", desk.agent.email)
    assert (done.code, done.out) == (0, f"{desk.agent.name}: away\n")
    assert (await cli.run(desk.admin, "back", "--of", desk.agent.name)).code == 0
    for wrong in (
        ["--until", "yesterday"],
        ["--of", desk.agent.email, "--hand-over", "queue"],
        ["--hand-over", "next"],
    ):
        assert (await cli.run(desk.admin, "away", *wrong)).code == 2, wrong
    assert (await cli.run(desk.agent, "away", "--hand-over", "nobody@desk.test")).code == 6
