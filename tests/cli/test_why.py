"""``helpdesk why`` from end to end, on a real database. That it tells the truth is tests/model's."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from helpdesk_tui.core.why import CLAUSES, OBSTACLES, Why, sentences


async def test_admin_is_told_which_clause_lets_somebody_see_a_ticket_or_what_keeps_it_from_them(cli, desk):
    ticket = await desk.ticket(assignee_id=desk.colleague.id)
    number = await desk.number(ticket)
    for email, said in (
        ("ADA@desk.test", "Ada Agent (agent, Billing) sees ticket #N in full: it lies with their department."),
        (
            "otto@desk.test",
            "Otto Other (agent, Support) does not see ticket #N: it lies with Billing and is assigned to Bob Billing.",
        ),
        ("alma@desk.test", "Alma Admin (admin) sees ticket #N in full: admins see every ticket."),
        ("carol@example.com", "Carol Diaz (customer) sees what is public of ticket #N: they opened it."),
    ):
        result = await cli.run(desk.admin, "why", email, f"#{number}")
        assert (result.code, result.out) == (0, said.replace("#N", f"#{number}") + "\n"), result.err
    await desk.database.run("update public.profiles set deactivated_at = now() where id = %s", [desk.agent.id])
    result = await cli.run(desk.admin, "why", "ada@desk.test", str(ticket))
    assert result.out == (
        f"Ada Agent (agent, Billing) does not see ticket #{number}: they were deactivated.\n"
        "But for that they would: it lies with their department.\n"
    )
    result = await cli.run(desk.admin, "why", "ada@desk.test", number, "--json")
    assert result.json == {
        "sees": False,
        "notes": False,
        "reason": "deactivated",
        "clauses": ["own department"],
        "words": f"Ada Agent (agent, Billing) does not see ticket #{number}: they were deactivated. "
        "But for that they would: it lies with their department.",
        "person": {
            "id": str(desk.agent.id),
            "name": "Ada Agent",
            "email": "ada@desk.test",
            "role": "agent",
            "department": "Billing",
        },
        "ticket": {
            "id": str(ticket),
            "number": int(number),
            "department": "Billing",
            "requester": "Carol Diaz",
            "assignee": "Bob Billing",
        },
    }


async def test_nobody_but_an_admin_is_told_anything_and_what_is_not_there_is_said_to_be_so(cli, desk):
    number = await desk.number(await desk.ticket())
    for person in (desk.agent, desk.customer):
        for argv in (("ada@desk.test", number), ("nobody@desk.test", number), ("ada@desk.test", "999999")):
            result = await cli.run(person, "why", *argv)
            assert (result.code, result.out) == (5, "")
            assert "Only admins do this." in result.err
    for argv, code, said in (
        (("nobody@desk.test", number), 6, "Nobody has this address."),
        (("ada@desk.test", "999999"), 6, "There is no such ticket."),
        (("ada@desk.test", str(uuid4())), 6, "There is no such ticket."),
        (("ada@desk.test", "1042; drop"), 2, "is not a ticket"),
        (("ada@desk.test", ""), 2, "is not a ticket"),
    ):
        result = await cli.run(desk.admin, "why", *argv)
        assert (result.code, result.out) == (code, "")
        assert said in result.err


@pytest.mark.parametrize("reason", [*CLAUSES, *OBSTACLES])
def test_every_reason_has_its_words(reason):
    answer = Why(
        sees=reason in CLAUSES,
        notes=reason in CLAUSES and reason != "requester",
        reason=reason,
        clauses=(),
        person_id=uuid4(),
        name="Ada {0}",
        email="ada@desk.test",
        role="agent",
        department="{Billing}",
        ticket_id=uuid4(),
        number=7,
        ticket_department="Support",
        requester="Carol {x}",
        assignee=None,
    )
    first, *more = sentences(answer)
    assert first.startswith("Ada {0} (agent, {Billing}) ")
    assert first.endswith(".")
    assert more == (["Nobody reads the notes about their own request."] if reason == "requester" else [])
    kept_out = replace(answer, sees=False, notes=False, reason="banned", clauses=("assigned",))
    assert sentences(kept_out)[1] == "But for that they would: it is assigned to them."
