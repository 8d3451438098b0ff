"""``helpdesk admin sla``, ``helpdesk admin calendars`` and ``helpdesk sla report``, on a real database."""

import json


async def test_admins_set_calendars_and_policies_and_all_staff_report(cli, desk, tmp_path, database):
    async def run(*argv, who=desk.admin):
        return await cli.run(who, *argv)

    made = await run(
        *("admin", "calendars", "set", "Office", "--zone", "europe/berlin", "--json"),
        *("--hours", "mon-fri=09:00-12:30,13:00-17:00", "--hours", "fri=09:00-12:00", "--holiday", "2026-12-25"),
    )
    assert made.code == 0, made.err
    assert made.json["zone"] == "Europe/Berlin"
    assert made.json["hours"]["fri"] == ["09:00-12:00"]
    changed = await run("admin", "calendars", "set", "office", "--holiday", "2026-12-24=09:00-11:00", "--json")
    assert changed.json["holidays"] == {"2026-12-24": ["09:00-11:00"], "2026-12-25": []}
    assert changed.json["hours"] == made.json["hours"]
    wrong = await run("admin", "calendars", "set", "Office", "--zone", "Europe/Berln")
    assert (wrong.code, "'Europe/Berln'" in wrong.err) == (2, True)
    assert "'fry'" in (await run("admin", "calendars", "set", "Office", "--hours", "fry=9-17")).err

    file = tmp_path / "night.toml"
    file.write_text('zone = "UTC"\n[hours]\nsat = ["22:00-06:00"]\n')
    assert (await run("admin", "calendars", "set", "Night", "--file", str(file))).code == 0
    listed = await run("admin", "calendars", "list", "--json")
    assert [each["name"] for each in listed.json] == ["Night", "Office"]

    policy = await run(
        *("admin", "sla", "set", "Standard", "--calendar", "office", "--first", "1h30m", "--resolution", "8h", "--json")
    )
    assert policy.json == {
        "name": "Standard",
        "priority": None,
        "category": None,
        "department": None,
        "calendar": "Office",
        "first": 90,
        "next": None,
        "resolution": 480,
    }
    assert (await run("admin", "sla", "set", "standard", "--first", "none", "--json")).json["first"] is None
    for argv, words in (
        (["--calendar", "Nights"], "no calendar 'Nights'"),
        (["--category", "Nothing"], "no category 'Nothing'"),
        (["--first", "2d"], "'2d' is no time"),
        (["--resolution", "none"], "promises nothing"),
    ):
        refused = await run("admin", "sla", "set", "Standard", *argv)
        assert refused.code != 0, argv
        assert words in refused.err
    assert "counts by the calendar" in (await run("admin", "calendars", "remove", "Office")).err
    assert "Office" in (await run("admin", "sla", "list")).out
    assert "Only admins" in (await run("admin", "sla", "list", who=desk.agent)).err

    await run("admin", "sla", "set", "Now", "--priority", "urgent", "--first", "1m")
    ticket = await desk.ticket("Late", priority="urgent", assignee_id=desk.agent.id)
    await database.run("update public.tickets set created_at = now() - interval '2 hours' where id = %s", [ticket])
    await database.run("update public.ticket_status_history set created_at = now() - interval '2 hours'")
    await database.run("select private.sla_keep(array[%s::uuid])", [ticket])
    report = await run("sla", "report", "--json", who=desk.agent)
    assert report.code == 0, report.err
    (row,) = json.loads(report.out)["rows"]
    assert (row["department"], row["target"]) == ("Billing", "first")
    assert (row["in_time"], row["late"], row["broken"]) == (0, 0, 1)
    assert "first reply" in (await run("sla", "report", who=desk.agent)).out
    assert (await run("sla", "report", "--since", "soon", who=desk.agent)).code == 2
    gone = await run("admin", "sla", "remove", "now")
    assert gone.code == 0, gone.err
    assert "no policy 'now'" in (await run("admin", "sla", "remove", "now")).err
