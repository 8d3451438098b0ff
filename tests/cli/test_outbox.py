"""``helpdesk outbox``: what the app has left in line is listed, sent once, explained where it is refused, dropped."""

from pathlib import Path
from uuid import UUID, uuid4

from helpdesk_tui.core import journal_outbox, outbox_kinds
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.thread import Outgoing


async def test_what_waits_is_listed_sent_once_explained_and_dropped(cli, desk):
    ticket, other = await desk.ticket("Printer"), await desk.ticket("Screen")
    await desk.message(other, desk.customer, "It works by now")
    owner = f"default/{desk.agent.id}"
    reply = Outgoing(other, uuid4(), "Restart it", internal=False, after_id=None)
    act = outbox_kinds.act(owner, uuid4(), [ticket], {"status": "pending"}, "#1 status → pending")
    stale = outbox_kinds.message(owner, reply, "#2 reply")
    path = Path(cli.use(desk.agent)["HELPDESK_STATE_DIR"]) / "drafts.sqlite3"
    journal = Journal.open(path)
    with journal.writing() as connection:
        theirs = outbox_kinds.act("default/another", uuid4(), [ticket], {"status": "closed"}, "not mine")
        for entry in (act, stale, theirs):
            journal_outbox.put(connection, entry)
    unreachable = ("--set", "db_host=127.0.0.1", "--set", "db_port=1")
    listed = await cli.run(desk.agent, *unreachable, "outbox", "list", "--json")
    assert listed.code == 0
    assert [(each["kind"], each["words"], each["refused"]) for each in listed.json] == [
        ("act", "#1 status → pending", None),
        ("reply", "#2 reply", None),
    ]
    assert (await cli.run(desk.agent, *unreachable, "outbox", "send")).code == 4
    assert (await desk.row(ticket))[0] == "open"
    sent = await cli.run(desk.agent, "outbox", "send", "--json")
    assert sent.code == 8
    assert [(UUID(each["id"]), each["done"]) for each in sent.json] == [(act.id, True), (stale.id, False)]
    assert "moved on" in sent.json[1]["why"]
    assert (await desk.row(ticket))[0] == "pending"
    assert [content for content, _, _ in await desk.messages(other)] == ["It works by now"]
    # Its words are a draft again, and it says why until it is dropped.
    assert [draft.content for draft in journal.list(owner)] == ["Restart it"]
    assert "moved on" in (await cli.run(desk.agent, "outbox", "list")).out
    assert (await cli.run(desk.agent, "outbox", "drop", "ffff")).code == 6
    assert (await cli.run(desk.agent, "outbox", "drop", str(stale.id)[:8])).err == "Dropped: #2 reply\n"
    assert (await cli.run(desk.agent, "outbox", "send")).err == "Nothing waits to be sent.\n"
    assert (await cli.run(None, "outbox", "list")).code == 3
    journal.close()
