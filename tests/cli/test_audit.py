"""``helpdesk audit`` from end to end."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
import pytest


async def test_admin_reads_what_changed_about_a_ticket(cli, desk, database):
    ticket = await desk.ticket(title="Printer \x1b]0;owned\x07 on fire")
    number = await desk.number(ticket)
    assert (await cli.run(desk.agent, "tickets", "set", number, "--assignee", "bob@desk.test")).code == 0
    assert (await cli.run(desk.colleague, "tickets", "set", number, "--status", "resolved")).code == 0

    told = await cli.run(desk.admin, "audit", "ticket", number)
    assert told.code == 0, told.err
    assert "\x1b" not in told.out
    lines = told.out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d · a job of the owner's · added to tickets · login postgres", heads[0]
    )
    assert f" · Ada Agent · changed in tickets · session {desk.agent.session_id}" in heads[1]
    assert f" · Bob Billing · changed in tickets · session {desk.colleague.session_id}" in heads[2]
    assert lines[lines.index(heads[1]) + 1] == "    assignee_id: - → Bob Billing"
    assert "    status: open → resolved" in lines

    listed = (await cli.run(desk.admin, "audit", "ticket", str(ticket), "--json")).json
    assert [entry["op"] for entry in listed] == ["insert", "update", "update"]
    assert listed[1]["actor"] == {"id": str(desk.agent.id), "name": "Ada Agent"}
    assert listed[1]["session"] == str(desk.agent.session_id)
    assert (listed[1]["old"], listed[1]["new"]) == ({"assignee_id": None}, {"assignee_id": str(desk.colleague.id)})
    assert listed[0]["new"]["title"] == "Printer \x1b]0;owned\x07 on fire"

    # Of what was removed there is the id.
    await database.run("delete from public.tickets where id = %s", [ticket])
    gone = (await cli.run(desk.admin, "audit", "ticket", str(ticket), "--json")).json
    assert gone[-1]["op"] == "delete"
    for reference in (number, str(uuid4())):
        assert (await cli.run(desk.admin, "audit", "ticket", reference)).code == 6
    assert (await cli.run(desk.admin, "audit", "ticket", "nonsense")).code == 2
    for person in (desk.agent, desk.customer):
        refused = await cli.run(person, "audit", "ticket", str(ticket))
        assert (refused.code, refused.out) == (5, "")


async def test_owner_verifies_and_is_told_what_is_broken_where(plain_cli, desk, database):
    dsn = {"HELPDESK_OWNER_DSN": database.owner_dsn}
    ticket = await desk.ticket()
    whole = await plain_cli.run(None, "audit", "verify", **dsn)
    assert whole.code == 0, whole.out + whole.err
    first = re.fullmatch(r"seal 1 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([0-9a-f]{64})\n", whole.out)
    assert first is not None
    assert "The audit is whole" in whole.err
    # Nothing new, no new seal.
    assert (await plain_cli.run(None, "audit", "seal", **dsn)).out == whole.out

    await desk.message(ticket, desk.customer, "help")
    sealed = await plain_cli.run(None, "audit", "seal", "--json", **dsn)
    assert sealed.json["number"] == 2
    for kept, code in ((first[1], 0), (sealed.json["hash"], 0), ("0" * 64, 1)):
        found = await plain_cli.run(None, "audit", "verify", "--expect", kept, **dsn)
        assert found.code == code
        assert ("no seal has the hash that was expected" in found.out) == (code == 1)

    # An owner who knows how edits one row, and recomputes nothing.
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("alter table private.audit disable trigger audit_stays")
        await owner.execute(
            "update private.audit set new = new || '{\"title\": \"Nothing\"}' where op = 'insert' and row_key = %s",
            [str(ticket)],
        )
        await owner.execute("alter table private.audit enable always trigger audit_stays")
    broken = await plain_cli.run(None, "audit", "verify", **dsn)
    assert broken.code == 1
    assert re.fullmatch(
        rf"chain \d+, row \d+ of public.tickets {ticket}, [-\d]+ [:\d]+: this row is not what was written\n", broken.out
    )
    assert "The audit is not whole: 1 thing is wrong" in broken.err
    told = (await plain_cli.run(None, "audit", "verify", "--json", **dsn)).json
    assert told["whole"] is False
    assert told["seal"]["number"] == 2
    assert [each["what"] for each in told["wrong"]] == ["this row is not what was written"]


async def test_verifying_and_sealing_are_the_owners(plain_cli, desk, database, monkeypatch):
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT", "PGUSER"):
        monkeypatch.delenv(name, raising=False)
    theirs = psycopg.conninfo.make_conninfo(
        database.owner_dsn, user=desk.admin.db_user, password=desk.admin.db_password
    )
    for action in ("verify", "seal"):
        assert (await plain_cli.run(None, "audit", action)).code == 2
        refused = await plain_cli.run(None, "audit", action, HELPDESK_OWNER_DSN=theirs)
        assert refused.code == 5, refused.err


async def test_database_without_an_audit_is_told_to_be_brought_up_to_date(plain_cli, empty_database):
    for action in ("verify", "seal"):
        result = await plain_cli.run(None, "audit", action, HELPDESK_OWNER_DSN=empty_database.owner_dsn)
        assert result.code == 9
        assert "helpdesk db apply" in result.err


@pytest.mark.parametrize("action", ["ticket", "verify", "seal"])
async def test_help_of_each_action(plain_cli, action):
    assert (await plain_cli.run(None, "audit", action, "--help")).code == 0
