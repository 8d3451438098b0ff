"""``helpdesk admin`` from end to end, on a real database."""

import json

import pytest

from helpdesk_tui.core.errors import PartlyDone, Stale


async def test_only_admins(cli, desk):
    for argv in (
        ["people", "list"],
        ["people", "deactivate", "bob@desk.test"],
        ["departments", "add", "Mine"],
        ["tags", "list"],
        ["reassign", "--from", "billing", "--to", "support"],
        ["move", "bob@desk.test", "--to", "support"],
        ["undo"],
        ["acts"],
    ):
        result = await cli.run(desk.agent, "admin", *argv)
        assert result.code == 5, argv
        assert "Only admins" in result.err


# -- many tickets -----------------------------------------------------------------------------------------------------


async def test_reassign_shows_moves_and_is_undone(cli, desk):
    first = await desk.ticket("Crashes", assignee_id=desk.agent.id)
    await desk.ticket("Waiting", status="pending")
    await desk.ticket("Elsewhere", department=desk.support)
    reassign = ["admin", "reassign", "--from", "billing", "--to", "SUPPORT", "--query", "status:open"]
    shown = await cli.run(desk.admin, *reassign, "--dry-run")
    assert shown.code == 0, shown.err
    assert "Crashes" in shown.out
    assert "Waiting" not in shown.out
    assert "1 ticket would go from Billing to Support; 1 of them would lose their assignee." in shown.err
    assert (await desk.row(first))[3] == desk.billing

    moved = await cli.run(desk.admin, *reassign, "--json")
    number = int(await desk.number(first))
    act = moved.json["act"]
    assert moved.json == {
        "act": act,
        "words": "1 ticket: Billing → Support (status:open)",
        "undo": f"helpdesk admin undo {act}",
        "dry_run": False,
        "total": 1,
        "dropped": 1,
        "numbers": [number],
    }
    assert f"To take it back: helpdesk admin undo {act}" in moved.err
    assert (await desk.row(first))[2:] == (None, desk.support)
    undone = await cli.run(desk.admin, "admin", "undo", str(act), "--json")
    assert (undone.code, undone.json["restored"], undone.json["left"]) == (0, [number], [])
    assert (await desk.row(first))[2:] == (desk.agent.id, desk.billing)
    again = await cli.run(desk.admin, "admin", "undo", str(act))
    assert again.code == 2
    assert "taken back already" in again.err
    listed = await cli.run(desk.admin, "admin", "acts", "--json")
    assert [(each["kind"], each["undone_by"]) for each in listed.json] == [("undo", None), ("reassign", act + 1)]


async def test_undo_names_what_was_changed_since_and_says_so_by_its_exit_code(cli, desk, database):
    tickets = [await desk.ticket(f"Ticket {number}") for number in range(2)]
    await cli.run(desk.admin, "admin", "reassign", "--from", "billing", "--to", "support")
    await database.run("update public.tickets set priority = 'urgent' where id = %s", [tickets[0]])
    partly = await cli.run(desk.admin, "admin", "undo")
    assert partly.code == PartlyDone.exit_code
    assert f"not put back: #{await desk.number(tickets[0])} Ticket 0: was changed since" in partly.out
    assert [(await desk.row(ticket))[3] for ticket in tickets] == [desk.support, desk.billing]
    await cli.run(desk.admin, "admin", "reassign", "--from", "billing", "--to", "support")
    await database.run("update public.tickets set priority = 'low' where id = %s", [tickets[1]])
    nothing = await cli.run(desk.admin, "admin", "undo")
    assert nothing.code == Stale.exit_code
    assert "Nothing was put back" in nothing.err


async def test_filter_that_cannot_be_understood_has_a_caret_under_the_word(cli, desk):
    result = await cli.run(
        desk.admin, "admin", "reassign", "--from", "billing", "--to", "support", "--query", "status:opne tag:x"
    )
    assert result.code == 2
    assert result.err.splitlines()[:3] == [
        "helpdesk: There is no status “opne”.",
        "  status:opne tag:x",
        "         ^^^^",
    ]
    unknown = await cli.run(desk.admin, "admin", "reassign", "--from", "biling", "--to", "support")
    assert unknown.code == 6
    assert "Did you mean “Billing”?" in unknown.err


# -- people -----------------------------------------------------------------------------------------------------------


async def test_move_says_what_is_lost_offers_to_hand_over_and_is_undone(cli, desk):
    held = await desk.ticket("Held", assignee_id=desk.agent.id)
    await desk.ticket("Lost")
    move = ["admin", "move", "ada@desk.test", "--to", "support"]
    dry = await cli.run(desk.admin, *move, "--dry-run")
    assert dry.out.splitlines() == [
        "Ada Agent would lose sight of 1 open ticket of Billing.",
        "Ada Agent holds 1 open ticket there, which can be handed over or kept.",
    ]
    asked = await cli.run(desk.admin, *move, stdin="bob@desk.test\n", asking=True)
    assert asked.code == 0, asked.err
    assert "Hand over 1 open ticket to" in asked.err
    assert asked.out == "Ada Agent: Billing → Support, 1 open ticket of Ada Agent to Bob Billing\n"
    assert "Ada Agent lost sight of 1 open ticket of Billing." in asked.err
    assert (await desk.row(held))[2] == desk.colleague.id
    assert (await cli.run(desk.admin, "admin", "undo")).code == 0
    assert (await desk.row(held))[2] == desk.agent.id
    person = (await cli.run(desk.admin, "admin", "people", "show", "ada@desk.test", "--json")).json
    assert (person["department"]["name"], person["holds"]) == ("Billing", 1)

    # A script that says nothing of it changes no more than it says, and is told the way.
    unasked = await cli.run(desk.admin, *move, "--json")
    assert (unasked.json["loses"], unasked.json["held"], unasked.json["handed"]) == (1, 1, [])
    assert "--hand-over WHO" in unasked.err
    given = await cli.run(desk.admin, *move, "--hand-over", "none", "--json")
    assert given.json["handed"] == [int(await desk.number(held))]
    assert (await desk.row(held))[2] is None
    nowhere = await cli.run(desk.admin, "admin", "move", "ada@desk.test", "--to", "suport")
    assert nowhere.code == 6
    assert "Support" in nowhere.err


async def test_deactivate_ends_access_hands_over_and_activate_lets_in_again(cli, desk, people):
    held = await desk.ticket(assignee_id=desk.agent.id)
    assert (await cli.run(desk.agent, "tickets", "list")).code == 0
    result = await cli.run(
        desk.admin, "admin", "people", "deactivate", "ada@desk.test", "--hand-over", "bob@desk.test", "--json"
    )
    assert result.code == 0, result.err
    assert result.json["handed"] == [int(await desk.number(held))]
    refused = await cli.run(desk.agent, "tickets", "list")
    # No password of the database works any more, and there is no sign-in server here to ask for another.
    assert refused.code == 4
    listed = await cli.run(desk.admin, "admin", "people", "list", "ada", "--json")
    assert listed.json == []
    (gone,) = (await cli.run(desk.admin, "admin", "people", "list", "ada", "--deactivated", "--json")).json
    assert gone["active"] is False
    assert gone["deactivated_at"].endswith("Z")
    back = await cli.run(desk.admin, "admin", "people", "activate", "ada@desk.test")
    assert (back.code, back.out) == (0, "activated Ada Agent\n")
    assert (await cli.run(await people.sign_in(desk.agent), "whoami")).code == 0
    own = await cli.run(desk.admin, "admin", "people", "deactivate", "alma@desk.test")
    assert own.code == 5
    assert "own role or access" in own.err


async def test_people_set_list_and_search(cli, desk):
    made = await cli.run(
        desk.admin, "admin", "people", "set", "carol@example.com", "--role", "agent", "--department", "support"
    )
    assert made.out == "Carol Diaz: customer → agent, Carol Diaz: no department → Support\n"
    listed = await cli.run(
        desk.admin, "admin", "people", "list", "--role", "staff", "--department", "support", "--json"
    )
    assert [each["name"] for each in listed.json] == ["Carol Diaz", "Otto Other"]
    assert list(listed.json[0]) == [
        *("id", "email", "name", "role", "department", "active", "deactivated_at", "created_at", "holds"),
    ]
    shown = await cli.run(desk.admin, "admin", "people", "list", "diaz", terminal=True, COLUMNS="80", NO_COLOR="1")
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    short = await cli.run(desk.admin, "admin", "people", "list", "--limit", "2")
    assert "The first 2 of 5; more with --limit." in short.err
    unknown = await cli.run(desk.admin, "admin", "people", "show", "carl")
    assert unknown.code == 6


# -- departments, categories, tags ------------------------------------------------------------------------------------


async def test_every_change_says_how_to_take_it_back_and_that_does(cli, desk):
    async def names(kind):
        return sorted(each["name"] for each in (await cli.run(desk.admin, "admin", kind, "list", "--json")).json)

    for kind, extra in (("departments", []), ("categories", ["--department", "billing"]), ("tags", ["--color", "red"])):
        before = await names(kind)
        done = []
        for argv in (["add", "New one", *extra], ["rename", "new one", "Newer"], ["remove", "NEWER"]):
            result = await cli.run(desk.admin, "admin", kind, *argv, "--json")
            assert result.code == 0, result.err
            done.append((result.json["undo"], await names(kind)))
        assert [len(left) - len(before) for _, left in done] == [1, 1, 0]
        import shlex

        for command, _ in reversed(done):
            assert (await cli.run(desk.admin, *shlex.split(command)[1:])).code == 0
        assert await names(kind) == before
        twice = (
            await cli.run(desk.admin, "admin", kind, "add", "x"),
            await cli.run(desk.admin, "admin", kind, "add", "x"),
        )
        assert [each.code for each in twice] == [0, 2]


async def test_default_department_and_route_of_a_category(cli, desk, database):
    result = await cli.run(desk.admin, "admin", "departments", "default", "billing")
    assert result.code == 0, result.err
    assert "helpdesk admin departments default Support" in result.err
    listed = (await cli.run(desk.admin, "admin", "departments", "list", "--json")).json
    assert [each["name"] for each in listed if each["default"]] == ["Billing"]
    await cli.run(desk.admin, "admin", "categories", "add", "Parcels")
    routed = await cli.run(desk.admin, "admin", "categories", "route", "parcels", "--to", "support")
    assert "categories route Parcels --to none" in routed.err
    await database.run(
        "insert into public.tickets (title, customer_id, category_id) select 'x', %s, id from public.categories",
        [desk.customer.id],
    )
    assert await database.run("select department_id from public.tickets") == [(desk.support,)]


async def test_what_cannot_be_taken_back_asks(cli, desk, database):
    ticket = await desk.ticket()
    await cli.run(desk.admin, "admin", "tags", "add", "vip")
    await cli.run(desk.admin, "admin", "tags", "add", "VIPs")
    await database.run(
        "insert into public.ticket_tag_relations select %s, id from public.ticket_tags where name = 'vip'", [ticket]
    )
    for argv in (["remove", "vip"], ["merge", "vip", "vips"]):
        unasked = await cli.run(desk.admin, "admin", "tags", *argv)
        assert unasked.code == 2
        assert "1 ticket" in unasked.err
        assert "--yes" in unasked.err
    declined = await cli.run(desk.admin, "admin", "tags", "remove", "vip", stdin="n\n", asking=True)
    assert (declined.code, declined.out) == (0, "")
    assert "Go on?" in declined.err
    merged = await cli.run(desk.admin, "admin", "tags", "merge", "vip", "vips", "--yes")
    assert merged.out == "merged the tag vip into VIPs, on 1 ticket\n"
    in_use = await cli.run(desk.admin, "admin", "departments", "remove", "billing", "--yes")
    assert in_use.code == 2
    assert "in use" in in_use.err


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "x\u202ey"])
async def test_hostile_names_reach_a_terminal_tamed(cli, desk, text):
    assert (await cli.run(desk.admin, "admin", "tags", "add", text)).code == 0
    shown = await cli.run(desk.admin, "admin", "tags", "list")
    assert text not in shown.out
    assert len(shown.out.splitlines()) == 2
    assert text in [
        each["name"] for each in json.loads((await cli.run(desk.admin, "admin", "tags", "list", "--json")).out)
    ]


# -- routing ----------------------------------------------------------------------------------------------------------


async def test_routing_is_set_listed_and_each_change_says_how_to_take_it_back(cli, desk):
    assert (await cli.run(desk.agent, "admin", "routing", "list")).code == 5
    done = await cli.run(desk.admin, "admin", "routing", "set", "billing", "round-robin", "--capacity", "1", "--json")
    assert done.json == {
        "words": "Billing: round robin, 1 ticket each",
        "undo": "helpdesk admin routing set Billing manual --capacity none",
    }
    assert (await cli.run(desk.admin, "admin", "routing", "capacity", desk.colleague.email, "0")).code == 0
    first, second = await desk.ticket("One"), await desk.ticket("Two")
    assert [(await desk.row(each))[2] for each in (first, second)] == [desk.agent.id, None]
    rows = (await cli.run(desk.admin, "admin", "routing", "list", "--json")).json
    (row,) = [each for each in rows if each["department"]["name"] == "Billing"]
    assert row == {
        "department": {"id": str(desk.billing), "name": "Billing"},
        "mode": "round robin",
        "capacity": 1,
        "waiting": 1,
        "agents": 2,
        "away": 0,
    }
    more = await cli.run(desk.admin, "admin", "routing", "capacity", desk.agent.email, "2")
    assert (more.code, more.out) == (0, f"{desk.agent.name}: 2 tickets at most\n")
    assert (await desk.row(second))[2] == desk.agent.id  # there is room now
    agents = (await cli.run(desk.admin, "admin", "routing", "agents", "Billing", "--json")).json
    assert {(each["name"], each["holds"], each["capacity"], each["own_capacity"]) for each in agents} == {
        (desk.agent.name, 2, 2, 2),
        (desk.colleague.name, 0, 0, 0),
    }
    assert "2 (own)" in (await cli.run(desk.admin, "admin", "routing", "agents", "Billing")).out
    undone = await cli.run(desk.admin, *more.err.strip().splitlines()[-1].split("helpdesk ", 1)[1].split())
    assert undone.out == f"{desk.agent.name}: as their department\n"
    wrong = await cli.run(desk.admin, "admin", "routing", "set", "Billing", "by-luck")
    assert (wrong.code, "by luck" in wrong.err) == (2, True)
