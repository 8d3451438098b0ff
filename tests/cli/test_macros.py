"""``helpdesk macros`` from end to end, on a real database."""

TEXT = """+++
name = "Reset"
kind = "reply"
shared = "billing"
change = { status = "pending", assignee = "@me" }
+++
Hello {{requester.first_name}}, about #{{ticket.number}}.
"""


async def test_a_macro_is_kept_listed_run_and_removed(cli, desk, tmp_path):
    file = tmp_path / "reset.md"
    file.write_text(TEXT)
    kept = await cli.run(desk.agent, "macros", "save", "--file", str(file), "--json")
    assert (kept.code, kept.json["shared"]) == (0, "Billing")
    assert kept.json["change"] == {"status": "pending", "assignee": "@me"}
    shown = await cli.run(desk.agent, "macros", "show", "Reset")
    assert 'shared = "Billing"' in shown.out
    assert "Hello {{requester.first_name}}" in shown.out
    # What is shown can be kept again: it is the same one.
    again = await cli.run(desk.agent, "macros", "save", "Reset", "--file", "-", stdin=shown.out)
    assert again.code == 0
    listed = await cli.run(desk.agent, "macros", "list")
    assert listed.out.count("Reset") == 1
    assert "status → pending, assignee → me" in listed.out
    assert (await cli.run(desk.other, "macros", "list", "--json")).json == []
    assert (await cli.run(desk.other, "macros", "show", "Reset")).code == 6

    first, second = [await desk.number(await desk.ticket(title)) for title in ("One", "Two")]
    foreign = await desk.number(await desk.ticket("Elsewhere", department=desk.support))
    tried = await cli.run(desk.agent, "macros", "run", "Reset", first, "--dry-run")
    assert f"Hello Carol, about #{first}." in tried.out
    assert "sets status → pending, assignee → me" in tried.out
    refused = await cli.run(desk.agent, "macros", "run", "Reset", first)
    assert (refused.code, "--to-newest" in refused.err) == (2, True)
    assert (await cli.run(desk.agent, "macros", "run", "Reset", foreign, "--to-newest")).code == 6
    done = await cli.run(desk.agent, "macros", "run", "Reset", first, second, "--to-newest")
    assert (done.code, done.out) == (0, f"#{first} done\n#{second} done\n")
    ticket = (await cli.run(desk.agent, "tickets", "show", second, "--json")).json
    assert (ticket["status"], ticket["assignee"]["name"]) == ("pending", "Ada Agent")
    assert [each["content"] for each in ticket["messages"]] == [f"Hello Carol, about #{second}.\n"]
    assert (await cli.run(desk.agent, "macros", "list", "--json")).json[0]["uses"] == 1
    assert (await cli.run(desk.agent, "macros", "remove", "Reset")).code == 0
    assert (await cli.run(desk.agent, "macros", "list", "--json")).json == []


async def test_a_macro_that_could_never_be_filled_in_is_refused_with_the_way_out(cli, desk):
    async def said(text):
        result = await cli.run(desk.agent, "macros", "save", "--file", "-", stdin=text)
        assert result.code == 2
        return result.err

    assert "Did you mean {{ticket.number}}?" in await said(TEXT.replace("{{ticket.number}}", "{{ticket.nmuber}}"))
    assert "A macro sets no 'colour'." in await said(TEXT.replace("status", "colour"))
    assert "The departments are" in await said(TEXT.replace("billing", "Nowhere"))
    assert "settings between two lines of +++" in await said("Hello")
    assert "are not TOML" in await said(TEXT.replace('name = "Reset"', "name = Reset"))
    assert 'cannot set status to "done"' in await said(TEXT.replace("pending", "done"))
    assert "“soon” is no time" in await said(TEXT.replace('status = "pending"', 'due = "soon"'))


async def test_a_macro_sets_a_due_date_and_custom_fields_and_is_taken_back_as_one(cli, desk):
    await cli.run(
        desk.admin,
        "admin",
        "fields",
        "add",
        "plan",
        "--label",
        "Plan",
        "--type",
        "choice",
        "--choice",
        "Pro",
        "--choice",
        "Free",
    )

    def text(change):
        return f'+++\nname = "Promise"\nchange = {{ {change} }}\n+++\n'

    async def save(change):
        return await cli.run(desk.agent, "macros", "save", "--file", "-", stdin=text(change))

    assert "Did you mean plan?" in (await save('field.plna = "pro"')).err
    assert "none of the choices of Plan" in (await save('field.plan = "gold"')).err
    assert (await save('due = "2d", field.plan = "pro"')).code == 0
    number = await desk.number(await desk.ticket("Three"))
    tried = await cli.run(desk.agent, "macros", "run", "Promise", number, "--dry-run")
    assert "sets due → 2d (" in tried.out
    assert "plan → Pro" in tried.out
    assert (await cli.run(desk.agent, "macros", "run", "Promise", number)).code == 0

    async def held():
        ticket = (await cli.run(desk.agent, "tickets", "show", number, "--json")).json
        return ticket["due_date"] is not None, list(ticket["fields"].values())

    assert await held() == (True, ["Pro"])
    assert (await cli.run(desk.agent, "undo")).out == f"Undone: #{number} due → 2d, plan → Pro\n"
    assert await held() == (False, [])
    await cli.run(desk.admin, "admin", "fields", "off", "plan")
    for more in ((), ("--dry-run",)):
        refused = await cli.run(desk.agent, "macros", "run", "Promise", number, *more)
        assert (refused.code, "the field 'Plan' is not in use any more" in refused.err) == (2, True)
    assert await held() == (False, [])
    assert (await cli.run(desk.agent, "macros", "remove", "Promise")).code == 0
