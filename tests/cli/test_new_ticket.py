"""``helpdesk tickets new``: one's own request, and a ticket for somebody who rang."""

import re
from uuid import uuid4


async def test_ticket_is_written_for_a_caller_from_stdin_once(cli, desk, tmp_path):
    await desk.database.run("insert into public.categories (name) values ('Lamps')")
    (tmp_path / "log.txt").write_text("smoke")
    ticket = uuid4()
    told = ["tickets", "new", "--for", "Carol@example.com", "--subject", " Smoke ", "--id", str(ticket)]
    more = ["--priority", "high", "--category", "lamps", "--assign", "me", "--attach", str(tmp_path / "log.txt")]
    done = await cli.run(desk.agent, *told, *more, "--file", "-", "--json", stdin="She rang.\n")
    assert done.code == 0, done.err
    # An answer was lost.
    assert await cli.run(desk.agent, *told, *more, "--file", "-", "--json", stdin="She rang.\n") == done
    number = done.json["number"]
    assert done.json == {
        "id": str(ticket),
        "number": number,
        "for": "Carol@example.com",
        "same": True,
        "category": "Lamps",
        "priority": "high",
        "department": None,
        "assignee": "Ada Agent",
    }
    assert done.err == f"#{number} written for Carol@example.com.\n"
    rows = await desk.database.run(
        "select t.title, t.description, t.customer_id, t.assignee_id, d.name, a.name from tickets t"
        " join departments d on d.id = t.department_id join ticket_attachments a on a.ticket_id = t.id"
    )
    assert rows == [("Smoke", "She rang.", desk.customer.id, desk.agent.id, "Billing", "log.txt")]
    shown = await cli.run(desk.customer, "tickets", "show", str(number))
    assert re.search("written by +Ada Agent, for the requester", shown.out)
    assert (await cli.run(desk.agent, "tickets", "show", str(number), "--json")).json["written_by"] == "Ada Agent"
    # Other words under the same id: what was there is kept, and that is said.
    again = await cli.run(desk.agent, *told, "-m", "He rang.")
    assert (again.code, again.out) == (0, f"#{number}\n")
    assert "It was there already, with other words" in again.err


async def test_own_request_and_what_is_refused(cli, desk):
    new = ["tickets", "new", "--subject", "Lamp", "-m", "It is dark"]
    own = await cli.run(desk.customer, *new, "--json")
    assert own.code == 0, own.err
    ((requester, writer),) = await desk.database.run("select customer_id, private.writer_of(id) from tickets")
    assert requester == writer == desk.customer.id
    for person, more, code, words in (
        (desk.customer, ["--priority", "high"], 2, "the team's to set"),
        (desk.customer, ["--for", "ada@example.com"], 5, "only the team writes tickets down for others"),
        (desk.agent, ["--for", "nobody@example.com"], 6, "nobody here has the address nobody@example.com"),
        (desk.agent, ["--for", "carol@example.com", "--department", "Support"], 5, "a department of one's own"),
        (desk.agent, ["--for", "carol@example.com", "--category", "Nonsense"], 6, "there is no category"),
        (desk.agent, ["--for", " "], 2, "say whom it is for"),
    ):
        refused = await cli.run(person, *new, *more)
        assert (refused.code, words in refused.err.lower()) == (code, True), refused.err
    assert await desk.database.run("select count(*) from tickets") == [(1,)]
    elsewhere = await cli.run(desk.admin, *new, "--for", "carol@example.com", "--department", "Support")
    assert elsewhere.code == 0, elsewhere.err
