"""``helpdesk tickets apply``, ``helpdesk acts`` and ``helpdesk undo`` from end to end."""

import asyncio
import json
import re

from tests.opened import proxied, until


def lines(result):
    return [json.loads(line) for line in result.out.splitlines()]


async def tickets_of(desk):
    rows = await desk.database.run("select number, status::text, priority::text from public.tickets")
    return {number: {"status": status, "priority": priority} for number, status, priority in rows}


async def test_apply_changes_what_was_listed_in_one_act_each_and_undo_takes_it_back(cli, desk):
    run = desk.database.run
    await run("insert into public.ticket_tags (name) values ('vip'), ('old')")
    for title in ("One", "Two", "Three"):
        await desk.ticket(title)
    listed = (await cli.run(desk.agent, "tickets", "list", "--json")).json
    # As it was printed it wants nothing.
    result = await cli.run(desk.agent, "tickets", "apply", stdin=json.dumps(listed))
    assert result.code == 0
    assert [(line["change"], line["done"]) for line in lines(result)] == [({}, True)] * 3
    wanted = [{**each, "status": "pending", "tags": ["vip"], "assignee": desk.agent.email} for each in listed]
    wanted[2]["priority"] = "urgent"
    text = "\n".join(map(json.dumps, wanted))
    dry = await cli.run(desk.agent, "tickets", "apply", "-", "--dry-run", stdin=text)
    assert dry.code == 0
    assert [line["done"] for line in lines(dry)] == [None] * 3
    assert await run("select count(*) from private.ticket_acts") == [(0,)]
    result = await cli.run(desk.agent, "tickets", "apply", "-", stdin=text)
    assert result.code == 0
    first, second, third = lines(result)
    assert all(line["done"] for line in (first, second, third))
    assert first["act"] == second["act"] != third["act"]
    assert {each["status"] for each in (await tickets_of(desk)).values()} == {"pending"}
    # What was listed before is old by now.
    stale = await cli.run(desk.agent, "tickets", "apply", stdin=json.dumps([{**listed[0], "status": "closed"}]))
    assert (stale.code, lines(stale)[0]["why"]) == (5, "was changed since it was listed")

    acts = (await cli.run(desk.agent, "acts", "--json")).json
    assert [(act["id"], act["tickets"]) for act in acts] == [(third["act"], 1), (first["act"], 2)]
    await run("update public.tickets set priority = 'low' where number = %s", [third["number"]])
    left = await cli.run(desk.agent, "undo", "--json")
    assert left.code == 7 if not left.json["undone"] else left.code == 8
    assert [(each["number"], each["field"], each["is_now"]) for each in left.json["changed"]] == [
        (third["number"], "priority", "low")
    ]
    assert (await cli.run(desk.agent, "undo", first["act"][:8])).code == 0
    assert {each["status"] for each in (await tickets_of(desk)).values()} == {"open"}
    assert (await cli.run(desk.agent, "undo", first["act"])).code == 6
    assert "undo: " in (await cli.run(desk.agent, "acts")).out


async def test_options_are_for_every_ticket_read_and_what_is_refused_is_told(cli, desk):
    await desk.database.run("insert into public.ticket_tags (name) values ('vip')")
    mine = await desk.number(await desk.ticket("Mine"))
    elsewhere = await desk.number(await desk.ticket("Elsewhere", department=desk.support))
    records = "\n".join(json.dumps({"number": int(number)}) for number in (mine, elsewhere, 999999))
    options = ["--set", "priority=urgent", "--tag", "VIP", "--assign", "me"]
    result = await cli.run(desk.agent, "tickets", "apply", *options, stdin=records)
    assert result.code == 8
    assert [line["why"] for line in lines(result)] == [None, "there is no such ticket", "there is no such ticket"]
    assert "2 of 3 tickets refused." in result.err
    assert (await tickets_of(desk))[int(mine)]["priority"] == "urgent"
    again = await cli.run(desk.agent, "tickets", "apply", *options, stdin=records)
    assert lines(again)[0]["change"] == {}
    customer = await cli.run(desk.customer, "tickets", "apply", "--set", "priority=low", stdin=records)
    assert customer.code == 5

    for text, words in (
        ("{", "no JSON"),
        ('{"status": "open"}', "names no ticket"),
        ('{"number": 1, "stauts": "open"}', "stauts"),
        ("[1]", "no object"),
    ):
        bad = await cli.run(desk.agent, "tickets", "apply", stdin=text)
        assert bad.code == 2
        assert words in bad.err
    for options in (["--set", "title=x"], ["--set", "status"], ["--tag", "nobody's"]):
        bad = await cli.run(desk.agent, "tickets", "apply", *options, stdin=json.dumps({"number": int(mine)}))
        assert bad.code in (2, 6)


async def test_cut_off_in_the_middle_it_says_what_is_not_known_and_run_again_does_nothing_twice(cli, desk):
    run = desk.database.run
    number = int(await desk.number(await desk.ticket("One")))
    records = json.dumps({"number": number, "priority": "urgent"})
    await run(
        "create function public.slow() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(1); return null; end';"
        "create trigger slow after update on public.tickets execute function public.slow()"
    )

    async def asleep():
        return await run("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == [(1,)]

    async with proxied(desk.database) as proxy:
        way = ("--set", f"db_host={proxy.host}", "--set", f"db_port={proxy.port}")
        cut = asyncio.create_task(cli.run(desk.agent, *way, "tickets", "apply", stdin=records))
        await until(asleep)
        proxy.refuse()
        proxy.cut()
        result = await cut
    assert result.code == 4
    (line,) = lines(result)
    assert (line["done"], line["why"]) == (None, "the database did not answer")
    (act,) = re.findall("With --act (.{36}) the same command does nothing twice", result.err)

    async def done():
        return await run("select count(*) from private.ticket_acts") == [(1,)]

    await until(done)
    await run("drop function public.slow() cascade")
    # Somebody has changed it since: what was done is done, and not done again.
    await run("update public.tickets set priority = 'low'")
    result = await cli.run(desk.agent, "tickets", "apply", "--act", act, stdin=records)
    assert (result.code, [(each["done"], each["act"]) for each in lines(result)]) == (0, [(True, line["act"])])
    assert (await tickets_of(desk))[number]["priority"] == "low"
    assert (await cli.run(desk.agent, "tickets", "apply", "--act", "x", stdin=records)).code == 2
