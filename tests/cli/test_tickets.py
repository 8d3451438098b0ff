"""``helpdesk tickets`` from end to end, on a real database."""

import json
from uuid import uuid4


async def test_list_as_json(cli, desk):
    ticket = await desk.ticket("Invoice is wrong", assignee_id=desk.agent.id, priority="high")
    await desk.ticket("Elsewhere", department=desk.support)
    result = await cli.run(desk.agent, "tickets", "list", "--json")
    assert (result.code, result.err) == (0, "")
    (found,) = result.json
    assert found["id"] == str(ticket)
    assert (found["title"], found["status"], found["priority"]) == ("Invoice is wrong", "open", "high")
    assert found["requester"] == {"id": str(desk.customer.id), "name": "Carol Diaz"}
    assert found["assignee"] == {"id": str(desk.agent.id), "name": "Ada Agent"}
    assert found["department"]["name"] == "Billing"
    assert found["due_date"] is None
    assert found["updated_at"].endswith("Z")
    assert list(found) == [
        *("id", "number", "title", "status", "priority", "requester", "assignee", "department"),
        *("tags", "due_date", "created_at", "updated_at", "category", "fields"),
    ]


async def test_list_for_each_role(cli, desk):
    await desk.ticket("One")
    await desk.ticket("Two", department=desk.support)

    async def titles(person, *more):
        return {each["title"] for each in (await cli.run(person, "tickets", "list", *more, "--json")).json}

    assert await titles(desk.agent) == {"One"}
    assert await titles(desk.other) == {"Two"}
    assert await titles(desk.admin) == await titles(desk.customer) == {"One", "Two"}
    assert await titles(desk.agent, "mine") == set()


async def test_list_fits_the_terminal_and_is_not_cut_in_a_pipe(cli, desk):
    await desk.ticket("A title that goes on and on, " * 8, assignee_id=desk.agent.id)
    shown = await cli.run(desk.agent, "tickets", "list", terminal=True, COLUMNS="80", TERM="xterm", NO_COLOR="1")
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert "…" in shown.out
    piped = await cli.run(desk.agent, "tickets", "list")
    assert ("A title that goes on and on, " * 8).strip() in piped.out


async def test_list_pages_through_and_says_when_there_is_more(cli, desk, monkeypatch):
    monkeypatch.setattr("helpdesk_tui.cli.listing.PAGE", 4)
    for number in range(10):
        await desk.ticket(f"Ticket {number}")
    everything = (await cli.run(desk.agent, "tickets", "list", "--limit", "all", "--json")).json
    assert len({each["id"] for each in everything}) == 10
    first = await cli.run(desk.agent, "tickets", "list", "--limit", "7", "--json")
    assert first.json == everything[:7]
    assert "more with --limit" in first.err
    assert (await cli.run(desk.agent, "tickets", "list", "--limit", "10")).err == ""


async def test_an_empty_queue_is_said_aside(cli, desk):
    result = await cli.run(desk.agent, "tickets", "list", "mine")
    assert (result.code, result.out, result.err) == (0, "", "Nothing is assigned to you.\n")
    assert (await cli.run(desk.agent, "tickets", "list", "mine", "--json")).json == []


async def test_a_queue_that_is_not_theirs_is_wrong_usage_and_a_slip_is_seen(cli, desk):
    assert (await cli.run(desk.customer, "tickets", "list", "mine")).code == 2
    missed = await cli.run(desk.agent, "tickets", "list", "overdeu")
    assert (missed.code, missed.err) == (0, "No ticket fits. Did you mean the queue “overdue”?\n")


async def test_list_takes_a_query(cli, desk):
    await desk.ticket("No refund yet", priority="urgent", assignee_id=desk.agent.id)
    category = (await desk.database.run("insert into public.categories (name) values ('Money') returning id"))[0][0]
    await desk.ticket("Refund me", status="pending", category_id=category, metadata='{"plan": "gold", "import": {}}')
    await desk.ticket("Out of sight, refund", department=desk.support)

    async def found(person, *words):
        result = await cli.run(person, "tickets", "list", *words, "--json", "--lines")
        assert result.code == 0, result.err
        return [json.loads(line)["title"] for line in result.out.splitlines()]

    example = 'status:open priority>=high assignee:@me -tag:none or (status:pending "refund")'
    assert await found(desk.agent, example) == ["Refund me"]
    assert await found(desk.agent, "refund", "sort:priority", "status:open") == ["No refund yet"]
    assert await found(desk.agent, "refund sort:age") == ["No refund yet", "Refund me"]
    assert await found(desk.agent, "refund sort:age", "--sort", "updated") == ["Refund me", "No refund yet"]
    assert await found(desk.admin, "refund from:carol@example.com department:support") == ["Out of sight, refund"]
    assert await found(desk.customer, "category:money") == ["Refund me"]
    (told,) = (await cli.run(desk.agent, "tickets", "list", "category:money", "--json")).json
    assert told["category"] == {"id": str(category), "name": "Money"}
    assert told["fields"] == {"plan": "gold"}
    assert (await cli.run(desk.agent, "tickets", "list", "refund", "--count")).out == "2\n"
    assert (await cli.run(desk.admin, "tickets", "list", "refund", "--count", "--json")).json == {"count": 3}
    assert (await cli.run(desk.agent, "tickets", "list", "open", "--count")).out == "2\n"
    assert (await cli.run(desk.agent, "tickets", "list", "status:closed")).err == "No ticket fits.\n"


async def test_query_that_cannot_be_understood_has_a_caret_on_stderr(cli, desk):
    wrong = await cli.run(desk.agent, "tickets", "list", "assignee:@me (status:opne", "or tag:none)")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.splitlines() == [
        "helpdesk: There is no status “opne”.",
        "  assignee:@me (status:opne or tag:none)",
        "                       ^^^^",
        "  Did you mean “open”?",
    ]


async def test_show(cli, desk):
    ticket = await desk.ticket()
    await desk.message(ticket, desk.customer, "Still burning.")
    note = await desk.message(ticket, desk.colleague, "Call the fire brigade?", internal=True)
    number = await desk.number(ticket)
    result = await cli.run(desk.agent, "tickets", "show", number)
    assert result.code == 0
    assert f"#{number} Printer on fire" in result.out
    assert "message of Carol Diaz" in result.out
    assert "INTERNAL NOTE of Bob Billing" in result.out
    assert "opened the ticket" in result.out
    assert result.out.splitlines()[-1].split() == ["seen", str(note)]
    data = (await cli.run(desk.agent, "tickets", "show", str(ticket), "--json")).json
    assert [m["content"] for m in data["messages"]] == ["Still burning.", "Call the fire brigade?"]
    assert [m["internal"] for m in data["messages"]] == [False, True]
    assert data["newest_message"] == str(note)
    assert data["history"][0]["kind"] == "created"


async def test_a_customer_is_never_shown_a_note(cli, desk):
    ticket = await desk.ticket()
    await desk.message(ticket, desk.agent, "secret words", internal=True)
    for more in ([], ["--json"]):
        result = await cli.run(desk.customer, "tickets", "show", str(ticket), *more)
        assert result.code == 0
        assert "secret" not in result.out + result.err


async def test_a_ticket_of_another_department_is_not_found_by_any_command(cli, desk):
    ticket = await desk.ticket("hush", department=desk.support)
    number = await desk.number(ticket)
    message = await desk.message(ticket, desk.customer, "hush")
    for argv in (
        ["show", number],
        ["show", str(ticket)],
        ["reply", number, "-m", "x", "--seen", str(message)],
        ["reply", number, "-m", "x", "--to-newest"],
        ["note", number, "-m", "x"],
        ["set", number, "--status", "closed"],
        ["set", str(ticket), "--assignee", "me"],
    ):
        result = await cli.run(desk.agent, "tickets", *argv)
        assert result.code == 6, argv
        assert "hush" not in result.out + result.err
    missing = await cli.run(desk.agent, "tickets", "show", "999999")
    there = await cli.run(desk.agent, "tickets", "show", number)
    assert missing.err.replace("999999", number) == there.err, "not there and not for you are never told apart"
    assert (await desk.row(ticket))[0] == "open"


async def test_hostile_text_does_not_reach_the_terminal(cli, desk):
    evil = "\x1b]0;owned\x07\x1b[31mred\u202eevil\u009b2J\r\nnext"
    ticket = await desk.ticket("title " + evil)
    await desk.message(ticket, desk.customer, "text " + evil)
    for argv in (["list"], ["show", str(ticket)], ["show", str(ticket), "--json"], ["list", "--json"]):
        result = await cli.run(desk.agent, "tickets", *argv, terminal=True, NO_COLOR="1", COLUMNS="120")
        assert not {"\x1b", "\x07", "\u202e", "\u009b", "\r"} & set(result.out + result.err), argv
    data = (await cli.run(desk.agent, "tickets", "show", str(ticket), "--json")).json
    assert data["title"] == "title " + evil, "programs get what was written"


async def test_colours_only_on_a_terminal_that_wants_them(cli, desk):
    await desk.ticket(priority="urgent")

    async def coloured(*before, **more):
        return "\x1b[" in (await cli.run(desk.agent, *before, "tickets", "list", **more)).out

    assert await coloured(terminal=True, TERM="xterm")
    assert not await coloured()
    assert not await coloured("--no-color", terminal=True, TERM="xterm")
    assert not await coloured(terminal=True, TERM="dumb")
    assert not await coloured(terminal=True, TERM="xterm", NO_COLOR="1")


# --- reply


async def test_reply_says_its_id_and_sets_the_status_with_it(cli, desk):
    ticket = await desk.ticket()
    asked = await desk.message(ticket, desk.customer, "Hello?")
    result = await cli.run(
        desk.agent, "tickets", "reply", str(ticket), "-m", "We are on it.", "--seen", str(asked), "--status", "pending"
    )
    assert result.code == 0, result.err
    assert (await desk.messages(ticket))[-1] == ("We are on it.", False, desk.agent.id)
    assert (await desk.row(ticket))[0] == "pending"
    found = await desk.database.run("select id from public.ticket_messages where sender_id = %s", [desk.agent.id])
    assert result.out.strip() == str(found[0][0])


async def test_reply_from_stdin_as_json(cli, desk):
    ticket = await desk.ticket()
    result = await cli.run(
        desk.agent,
        "tickets",
        "reply",
        str(ticket),
        "-m",
        "-",
        "--seen",
        "none",
        "--json",
        stdin="Dear Carol,\n\nyes.\n",
    )
    assert result.code == 0, result.err
    assert result.json["ticket"]["id"] == str(ticket)
    assert result.json["internal"] is False
    assert (await desk.messages(ticket))[-1][0] == "Dear Carol,\n\nyes."


async def test_a_reply_sent_again_under_its_id_is_there_once(cli, desk):
    ticket = await desk.ticket()
    asked = await desk.message(ticket, desk.customer, "Hello?")
    argv = ["tickets", "reply", str(ticket), "-m", "Yes.", "--seen", str(asked), "--id", str(uuid4())]
    for _ in range(3):
        result = await cli.run(desk.agent, *argv)
        assert result.code == 0, result.err
        assert result.out.strip() == argv[-1]
        # Somebody writes in between; what was sent already stays sent.
        await desk.message(ticket, desk.customer, "Thanks")
    assert [content for content, *_ in await desk.messages(ticket)].count("Yes.") == 1


async def test_an_id_that_is_taken_by_another_message_sends_nothing_silently(cli, desk):
    ticket = await desk.ticket()
    asked = await desk.message(ticket, desk.customer, "Hello?")
    argv = ["tickets", "reply", str(ticket), "-m", "Yes.", "--seen", str(asked), "--id", str(asked)]
    result = await cli.run(desk.agent, *argv)
    assert result.code == 2
    assert "another message" in result.err
    assert len(await desk.messages(ticket)) == 1


async def test_a_reply_over_an_unseen_message_is_refused_and_shows_it(cli, desk):
    ticket = await desk.ticket()
    asked = await desk.message(ticket, desk.customer, "Hello?")
    answered = await desk.message(ticket, desk.colleague, "I have this one.")
    argv = ["tickets", "reply", str(ticket), "-m", "Me too", "--seen", str(asked), "--status", "closed"]
    result = await cli.run(desk.agent, *argv)
    assert (result.code, result.out) == (7, "")
    assert "I have this one." in result.err
    assert f"--seen {answered}" in result.err
    assert len(await desk.messages(ticket)) == 2
    assert (await desk.row(ticket))[0] == "open", "the status goes with the reply or not at all"
    data = await cli.run(desk.agent, *argv, "--json")
    assert data.code == 7
    assert data.json["refused"] == "stale"
    assert [m["id"] for m in data.json["unseen"]] == [str(answered)]
    argv[argv.index(str(asked))] = str(answered)
    assert (await cli.run(desk.agent, *argv)).code == 0


async def test_a_reply_must_say_what_was_read(cli, desk):
    ticket = await desk.ticket()
    await desk.message(ticket, desk.customer, "Hello?")
    result = await cli.run(desk.agent, "tickets", "reply", str(ticket), "-m", "x")
    assert result.code == 2
    assert "--seen" in result.err
    assert (await cli.run(desk.agent, "tickets", "reply", str(ticket), "-m", "x", "--seen", str(uuid4()))).code == 2
    assert (await cli.run(desk.agent, "tickets", "reply", str(ticket), "-m", "x", "--seen", "none")).code == 7
    assert len(await desk.messages(ticket)) == 1
    assert (await cli.run(desk.agent, "tickets", "reply", str(ticket), "-m", "x", "--to-newest")).code == 0


async def test_notes_and_customers_need_not_say_what_they_read(cli, desk):
    ticket = await desk.ticket()
    await desk.message(ticket, desk.customer, "Hello?")
    for argv in (["note"], ["reply", "--note"]):
        result = await cli.run(desk.agent, "tickets", *argv, str(ticket), "-m", "between us")
        assert result.code == 0, result.err
    assert [internal for _, internal, _ in await desk.messages(ticket)] == [False, True, True]
    result = await cli.run(desk.customer, "tickets", "reply", str(ticket), "-m", "Anybody?")
    assert result.code == 0, result.err


async def test_a_customer_cannot_write_a_note(cli, desk):
    ticket = await desk.ticket()
    result = await cli.run(desk.customer, "tickets", "note", str(ticket), "-m", "x")
    assert result.code == 5
    assert await desk.messages(ticket) == []


async def test_a_text_that_is_none_is_refused_before_anything_is_asked(cli, desk):
    ticket = await desk.ticket()
    for more, stdin in (
        (["-m", " \n"], ""),
        (["-m", "-"], "\n"),
        (["-m", "a\0b"], ""),
        (["-F", "/nowhere"], ""),
        ([], ""),
    ):
        result = await cli.run(desk.agent, "tickets", "reply", str(ticket), "--seen", "none", *more, stdin=stdin)
        assert result.code == 2, more
    result = await cli.run(desk.agent, "tickets", "reply", str(ticket), "--seen", "none", "-m", "\udcff")
    assert (result.code, "UTF-8" in result.err) == (2, True)


# --- set


async def test_set_one_thing_or_all_on_many(cli, desk):
    tickets = [await desk.ticket() for _ in range(3)]
    result = await cli.run(
        desk.agent,
        *("tickets", "set", *map(str, tickets), "--status", "pending", "--priority", "urgent", "--assignee", "me"),
        "--json",
    )
    assert result.code == 0, result.err
    assert len(result.json) == 9
    assert all(line["done"] for line in result.json)
    for ticket in tickets:
        assert await desk.row(ticket) == ("pending", "urgent", desk.agent.id, desk.billing)
    # It is one act, the last one: taken back by `helpdesk undo`, and by `u` in the app.
    result = await cli.run(desk.agent, "undo")
    assert "3 tickets status → pending, priority → urgent, assignee → " in result.out, result.err
    for ticket in tickets:
        assert await desk.row(ticket) == ("open", "medium", None, desk.billing)


async def test_set_says_what_was_refused_and_exits_with_8(cli, desk):
    mine = await desk.number(await desk.ticket())
    other = await desk.ticket("hush", department=desk.support)
    hidden = await desk.number(other)
    result = await cli.run(desk.agent, "tickets", "set", mine, hidden, "--status", "closed")
    assert result.code == 8
    assert f"#{mine} status closed" in result.out
    assert f"{hidden} status not set: there is no such ticket" in result.out
    assert "1 of 2 changes done" in result.err
    data = (await cli.run(desk.agent, "tickets", "set", mine, hidden, "--status", "closed", "--json")).json
    assert [(line["ticket"], line["done"]) for line in data] == [(mine, True), (hidden, False)]
    assert (await desk.row(other))[0] == "open"


async def test_set_finds_people_by_address_name_and_id(cli, desk):
    ticket = await desk.ticket()
    for who in ("bob@desk.test", "BOB@desk.test", "Bob Billing", str(desk.colleague.id)):
        await desk.database.run("update public.tickets set assignee_id = null where id = %s returning id", [ticket])
        result = await cli.run(desk.agent, "tickets", "set", str(ticket), "--assignee", who)
        assert result.code == 0, result.err
        assert "assignee Bob Billing" in result.out
        assert (await desk.row(ticket))[2] == desk.colleague.id
    assert (await cli.run(desk.agent, "tickets", "set", str(ticket), "--assignee", "none")).code == 0
    assert (await desk.row(ticket))[2] is None
    result = await cli.run(desk.agent, "tickets", "set", str(ticket), "--assignee", "bob@dsk.test")
    assert result.code == 6
    assert "Did you mean “bob@desk.test”?" in result.err


async def test_set_sends_a_ticket_to_somebody_in_another_department(cli, desk):
    ticket = await desk.ticket()
    argv = ["tickets", "set", str(ticket), "--department", "support", "--assignee", "otto@desk.test"]
    result = await cli.run(desk.agent, *argv, "--status", "pending")
    assert result.code == 0, result.out + result.err
    assert await desk.row(ticket) == ("pending", "medium", desk.other.id, desk.support)


async def test_set_needs_something_to_set(cli, desk):
    ticket = await desk.ticket()
    assert (await cli.run(desk.agent, "tickets", "set", str(ticket))).code == 2
    assert (await cli.run(desk.agent, "tickets", "set", "printer", "--status", "open")).code == 2
    assert (await cli.run(desk.agent, "tickets", "set", str(ticket), "--department", "Suport")).code == 6


async def test_what_the_database_forbids_is_refused_in_its_words(cli, desk):
    ticket = await desk.ticket()
    result = await cli.run(desk.customer, "tickets", "set", str(ticket), "--priority", "urgent")
    assert result.code == 5
    assert "Traceback" not in result.err
    assert (await desk.row(ticket))[1] == "medium"
