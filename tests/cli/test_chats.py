"""``helpdesk chats`` from end to end, on a real database."""

from uuid import uuid4


async def chat_of(desk, **columns):
    """A chat of the customer's."""
    chat = uuid4()
    values = {"id": chat, "customer_id": desk.customer.id, "status": "waiting", **columns}
    await desk.database.run(
        f"insert into public.chat_sessions ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )
    for person, content in ((desk.customer, "It \x1b]0;owned\x07jams"), (desk.agent, "Which\none?")):
        if person is desk.customer or columns.get("agent_id"):
            await desk.database.run(
                "insert into public.chat_messages (session_id, sender_id, content, created_at)"
                " values (%s, %s, %s, clock_timestamp())",
                [chat, person.id, content],
            )
    return chat


async def test_list_show_and_transcript(cli, desk):
    chat = await chat_of(desk, status="active", agent_id=desk.agent.id, topic="Printer")
    (line,) = (await cli.run(desk.agent, "chats", "list", "--json")).json
    assert list(line) == [
        *("id", "status", "topic", "customer", "agent", "department", "position", "unread", "last_words", "rating"),
        *("comment", "ticket", "created_at", "waiting_since", "accepted_at", "last_message_at", "ended_at"),
    ]
    assert (line["id"], line["status"], line["unread"], line["topic"]) == (str(chat), "active", 1, "Printer")
    assert line["customer"] == {"id": str(desk.customer.id), "name": "Carol Diaz"}
    text = (await cli.run(desk.agent, "chats", "list")).out
    assert "Carol Diaz" in text
    assert "Printer" in text

    shown = (await cli.run(desk.agent, "chats", "show", str(chat), "--json")).json
    assert [message["content"] for message in shown["messages"]] == ["It \x1b]0;owned\x07jams", "Which\none?"]
    assert [message["sender"]["staff"] for message in shown["messages"]] == [False, True]
    for given in (str(chat), str(chat)[:8]):
        text = (await cli.run(desk.customer, "chats", "show", given)).out
        assert "Ada Agent" in text
        assert "\x1b" not in text
    transcript = await cli.run(desk.agent, "chats", "transcript", str(chat))
    assert (transcript.code, transcript.err) == (0, "")
    lines = transcript.out.splitlines()
    assert [line.partition("] ")[2] for line in lines if line.startswith("[")] == ["Carol Diaz:", "Ada Agent:"]
    assert lines[-2:] == ["  Which", "  one?"]
    assert (await cli.run(desk.agent, "chats", "transcript", str(chat), "--json")).json == shown["messages"]


async def test_who_waits_is_shown_to_the_team_and_their_place_to_themselves(cli, desk):
    chat = await chat_of(desk)
    (waiting,) = (await cli.run(desk.other, "chats", "list", "--waiting", "--json")).json
    assert (waiting["id"], waiting["position"]) == (str(chat), None)
    (own,) = (await cli.run(desk.customer, "chats", "list", "--waiting", "--json")).json
    assert own["position"] == 1
    assert "nobody yet (1.)" in (await cli.run(desk.customer, "chats", "list")).out
    await desk.database.run("delete from public.chat_sessions where id = %s", [chat])
    nobody = await cli.run(desk.other, "chats", "list", "--waiting")
    assert (nobody.code, nobody.out, nobody.err) == (0, "", "Nobody waits.\n")


async def test_never_again_addresses_in_transcripts(cli, desk):
    chat = await chat_of(desk, status="active", agent_id=desk.agent.id)
    await desk.database.run("update public.profiles set full_name = null where true")
    transcript = (await cli.run(desk.agent, "chats", "transcript", str(chat))).out
    assert "Customer:" in transcript
    assert "Support:" in transcript
    assert "@" not in transcript


async def test_chat_of_others_is_not_there_and_wrong_usage_is_told(cli, desk):
    chat = await chat_of(desk, status="active", agent_id=desk.agent.id)
    for given in (str(chat), str(chat)[:8], str(uuid4())):
        result = await cli.run(desk.colleague, "chats", "show", given)
        assert (result.code, result.out) == (6, "")
        assert "There is no such chat." in result.err
    assert (await cli.run(desk.admin, "chats", "show", str(chat)[:8])).code == 0
    for wrong in (["show", "x"], ["show", "printer"], ["list", "--over", "501"], ["show"]):
        assert (await cli.run(desk.agent, "chats", *wrong)).code == 2
