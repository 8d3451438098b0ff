"""``helpdesk notices`` from end to end, on a real database."""

import psycopg
import pytest

from tests.world import People


async def test_list_and_read(cli, desk):
    ticket = await desk.ticket(assignee_id=desk.agent.id)
    await desk.message(ticket, desk.customer, "Still\x1b]0;owned\x07 burning.")
    result = await cli.run(desk.agent, "notices", "list", "--unread", "--json")
    assert (result.code, result.err) == (0, "")
    (line,) = result.json
    assert list(line) == [
        *("id", "kind", "kinds", "title", "ticket", "chat", "excerpt", "times", "read", "created_at", "updated_at")
    ]
    assert (line["kind"], line["kinds"], line["times"]) == ("reply", {"assigned": 1, "reply": 1}, 2)
    assert line["ticket"] == {"id": str(ticket), "number": int(await desk.number(ticket)), "status": "open"}
    text = (await cli.run(desk.agent, "notices", "list")).out
    assert "Printer on fire" in text
    assert "assigned to you, 1 reply" in text

    assert (await cli.run(desk.agent, "notices", "read", line["id"], "--json")).json == {"changed": [line["id"]]}
    assert (await cli.run(desk.agent, "notices", "list", "--unread", "--json")).json == []
    again = await cli.run(desk.agent, "notices", "read", line["id"])
    assert (again.code, again.out) == (6, "0 marked as read\n")
    assert (await cli.run(desk.agent, "notices", "read", line["id"], "--unread")).code == 0
    assert (await cli.run(desk.other, "notices", "read", line["id"])).code == 6
    assert (await cli.run(desk.agent, "notices", "read", "--all", "--json")).json == {"changed": [line["id"]]}


async def test_waiting_chats_are_said_aside_and_wrong_usage_is_told(cli, desk):
    await desk.database.run(
        "insert into public.chat_sessions (customer_id, status) values (%s, 'waiting')", [desk.customer.id]
    )
    result = await cli.run(desk.agent, "notices", "list")
    assert result.out == ""
    assert result.err.startswith("A chat is waiting")
    assert "chat" not in (await cli.run(desk.customer, "notices", "list")).err
    for wrong in (["read"], ["read", "--all", "x"], ["read", "x"], ["list", "--limit", "0"]):
        assert (await cli.run(desk.agent, "notices", *wrong)).code == 2


async def test_quiet_hours_and_digest_are_set_on_every_device_and_leave_the_kinds_alone(cli, desk):
    await desk.database.run(
        """update public.profiles set preferences = '{"notices": {"note": {"on": false}}, "x": 1}' where id = %s""",
        [desk.agent.id],
    )
    wanted = ["--quiet", "22:00-07:00", "--days", "mon-fri", "--digest", "15"]
    done = await cli.run(desk.agent, "notices", "bell", *wanted, "--json")
    quiet = {"from": "22:00", "to": "07:00", "days": [0, 1, 2, 3, 4]}
    assert done.json == {"quiet": quiet, "digest": 15}
    kept = "select preferences from public.profiles where id = %s"
    assert await desk.database.run(kept, [desk.agent.id]) == [
        ({"notices": {"note": {"on": False}, "quiet": quiet, "digest": 15}, "x": 1},)
    ]
    told = (await cli.run(desk.agent, "notices", "bell")).out
    assert told == "quiet hours: 22:00 to 07:00, mon tue wed thu fri\nbells are held: 15 min\n"
    assert (await cli.run(desk.agent, "notices", "bell", "--quiet", "off", "--digest", "off", "--json")).json == {
        "quiet": None,
        "digest": 0,
    }
    for wrong in (["--quiet", "noon"], ["--days", "mon"], ["--digest", "soon"], ["--digest", "500"]):
        assert (await cli.run(desk.agent, "notices", "bell", *wrong)).code == 2, wrong
    # By SQL, too, only what can be understood is kept.
    connection = await People(desk.database).connect_as(desk.agent)
    for quiet_hours in (
        '{"from": "x", "to": "07:00", "days": [1]}',
        "[]",
        '{"from": "22:00", "to": "07:00", "days": 1}',
    ):
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute("select helpdesk.prefer_bell(%s::jsonb, 0)", [quiet_hours])
        assert refused.value.sqlstate == "HD002"
    await connection.close()
