"""Administration in the app: sections, acts shown before they matter, undone with u; for admins alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from textual import events

from helpdesk_tui.core.fields import CustomField
from helpdesk_tui.screens.admin import AdminScreen
from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import Opened, Team, opened, ticket_id

LARGE, SMALL = (160, 48), (80, 24)


@asynccontextmanager
async def at_admin(
    team: Team, tmp_path: Path, size: tuple[int, int] = LARGE
) -> AsyncIterator[tuple[Opened, AdminScreen]]:
    """The app on the administration's people, read."""
    async with opened(team.database, team.admin, tmp_path, size) as seen:
        await seen.press("A")
        await seen.until(lambda: isinstance(seen.app.screen, AdminScreen), "administration")
        screen = seen.app.screen
        assert isinstance(screen, AdminScreen)
        await seen.until(lambda: screen.people.rows.state == "ready", "the people")
        yield seen, screen


def names(screen: AdminScreen) -> list[str]:
    """What is listed, as far as it is here."""
    return [called(row) for row in screen.section.rows.all_rows]


def called(row: Any) -> str:
    """What a row is called."""
    return str(row.label if isinstance(row, CustomField) else row.name)


def on(screen: AdminScreen, name: str) -> Callable[[], object]:
    """Whether the cursor is on somebody or something of this name."""
    return lambda: called(screen.section.rows.selected) == name


async def section(seen: Opened, screen: AdminScreen, key: str) -> None:
    """Go to another section and wait for it."""
    await seen.press(key)
    await seen.until(lambda: screen.section is screen.sections[int(key) - 1], "the section")
    await seen.until(lambda: screen.section.rows.state in ("ready", "empty"), "its rows")


async def choose(seen: Opened, screen: AdminScreen, name: str) -> None:
    """Put the cursor there."""
    await seen.until(lambda: name in names(screen), name)
    row = next(row for row in screen.section.rows.all_rows if called(row) == name)
    screen.section.rows.select(screen.section.key(row))
    await seen.until(on(screen, name), name)


async def write(seen: Opened, screen: AdminScreen, words: str) -> None:
    """Give an answer in words, once it is asked for."""
    await seen.until(lambda: screen.prompt.asking, "the question")
    screen.prompt.field.value = words
    await seen.press("enter")


async def look_elsewhere(seen: Opened) -> None:
    """Another window of the terminal comes to the front, and goes again."""
    seen.app.post_message(events.AppBlur())
    await seen.until(lambda: not seen.app.app_focus and seen.app.screen.focused is None, "not in front")
    await seen.pilot.pause()
    seen.app.post_message(events.AppFocus())
    await seen.until(lambda: seen.app.screen.focused, "in front again")


async def department_of(team: Team) -> object:
    """Where the agent works."""
    return await team.value(
        "select d.name from profiles p join departments d on d.id = p.department_id where p.id = %s", team.agent.id
    )


# -- people -----------------------------------------------------------------------------------------------------------


async def test_people_are_listed_and_each_is_told_of(team: Team, tmp_path: Path) -> None:
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        assert names(screen) == ["Bo Berg", "Helena Marchetti", "Mira Okonkwo", "Tomás Vega"]
        await choose(seen, screen, "Mira Okonkwo")
        await seen.until(lambda: seen.shows("holds 2 open tickets"), "what she holds")
        assert all(len(line) <= 80 for line in seen.text().splitlines())
        await seen.press("escape")
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "home")


async def test_moving_a_person_shows_what_it_means_before_one_key_does_it_and_u_undoes(
    team: Team, tmp_path: Path
) -> None:
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await choose(seen, screen, "Mira Okonkwo")
        await seen.press("d", "slash", *"bill")
        # What is asked is asked still after a look at another window, and so is all below.
        await look_elsewhere(seen)
        assert screen.picker.asking
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Loses sight of 2 open tickets of Support."), "what she loses")
        await look_elsewhere(seen)
        assert seen.shows("Move Mira Okonkwo to Billing?")
        assert seen.shows("Holds 2 open tickets there.")
        assert seen.shows("Esc")
        await seen.press("escape")
        await seen.until(lambda: screen.section.rows.has_focus, "left as it is")
        assert await department_of(team) == "Support"
        await seen.press("d", "slash", *"bill", "enter")
        await seen.until(lambda: "Holds 2 open" in screen.pane.words, "again")
        await seen.press("enter")
        # On the screen at once, then confirmed.
        assert screen.people.rows.selected.department == "Billing"
        await seen.until(lambda: seen.shows("Mira Okonkwo: Support → Billing · u undoes"), "done")
        assert await department_of(team) == "Billing"
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: Mira Okonkwo: Support → Billing"), "undone")
        assert await department_of(team) == "Support"
        await seen.until(lambda: screen.people.rows.selected.department == "Support", "on the screen too")


async def test_deactivating_hands_over_what_they_hold_and_undo_gives_it_back(team: Team, tmp_path: Path) -> None:
    holder = "select assignee_id from tickets where number = 1003"
    async with at_admin(team, tmp_path) as (seen, screen):
        await choose(seen, screen, "Mira Okonkwo")
        await seen.press("x")
        await seen.until(lambda: "Holds 2 open tickets." in screen.pane.words, "what she holds")
        assert "Ends their access at once." in screen.pane.words
        await seen.press("h", "slash", *"tom", "enter")
        await seen.until(lambda: seen.shows("· u undoes"), "done")
        assert await team.value("select deactivated_at is not null from profiles where id = %s", team.agent.id)
        assert await team.value(holder) == team.colleague.id
        # Gone from the staff; there among the deactivated.
        await seen.until(lambda: "Mira Okonkwo" not in names(screen), "gone")
        await seen.press("f", "d")
        await seen.until(lambda: names(screen) == ["Mira Okonkwo"], "the deactivated")
        await seen.until(lambda: seen.shows("x lets them in again"), "the way back")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: deactivated Mira Okonkwo"), "undone")
        assert await team.value(holder) == team.agent.id
        await seen.until(lambda: seen.shows("Nobody fits."), "nobody is deactivated")


async def test_what_is_refused_goes_back_and_is_said_aloud(team: Team, tmp_path: Path) -> None:
    async with at_admin(team, tmp_path) as (seen, screen):
        await choose(seen, screen, "Helena Marchetti")
        await seen.press("r", "a")
        await seen.until(lambda: screen.pane.proposal is not None, "what it means")
        await seen.press("y")
        await seen.until(lambda: seen.shows("NOT done: Make Helena Marchetti an agent"), "refused")
        await seen.until(lambda: screen.people.rows.selected.role == "admin", "as it was")


async def test_thousands_of_people_are_read_in_windows_and_searched_by_the_database(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        """with a as (insert into auth.users (id, email, raw_user_meta_data)
             select gen_random_uuid(), 'p' || n || '@example.com',
                    jsonb_build_object('full_name', 'Person ' || lpad(n::text, 4, '0'))
               from generate_series(1, 3000) n returning 1) select count(*) from a"""
    )
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await seen.press("f", "c")
        await seen.until(lambda: screen.people.rows.total == 3001, "all customers")
        assert len(screen.people.rows.rows) <= 200
        await seen.press("G")
        await seen.until(lambda: seen.shows("Person 3000"), "the last")
        trips = screen.link.database.round_trips
        await seen.press("slash", *"person 1234")
        await seen.until(lambda: names(screen) == ["Person 1234"], "the one")
        assert screen.link.database.round_trips - trips < 10, "not one for each letter"
        await seen.press("enter", "j")
        assert seen.shows("customers, with “person 1234”")
        await seen.press("slash", "escape")
        await seen.until(lambda: screen.people.rows.total == 3001, "all again")


async def test_two_factors_are_demanded_shown_before_and_undone(team: Team, tmp_path: Path) -> None:
    demanded = "select staff_need_two_factors from private.settings"

    async def ask(seen: Opened, screen: AdminScreen, words: str) -> None:
        await seen.app.run_action("screen.two_factors", screen)
        await seen.until(lambda: seen.shows(words), "the question")

    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        # Whoever gave none would shut themselves out.
        await ask(seen, screen, "Demand a second factor of agents and admins?")
        assert "has no access as staff until then" in " ".join(screen.pane.words.split())
        await seen.press("y")
        await seen.until(lambda: seen.shows("NOT done: a second factor is demanded"), "refused")
        await team.database.run("update auth.sessions set aal = 'aal2' where user_id = %s", [team.admin.id])
        await ask(seen, screen, "Demand a second factor of agents and admins?")
        await seen.press("escape")
        assert not await team.value(demanded)
        await ask(seen, screen, "Demand a second factor of agents and admins?")
        await seen.press("y")
        await seen.until(lambda: seen.shows("a second factor is demanded · u undoes"), "demanded")
        assert await team.value(demanded)
        await ask(seen, screen, "Demand a second factor no more?")
        await seen.press("escape", "u")
        await seen.until(lambda: seen.shows("Undone: a second factor is demanded"), "undone")
        assert not await team.value(demanded)


async def test_what_others_change_is_seen(team: Team, tmp_path: Path) -> None:
    async with at_admin(team, tmp_path) as (seen, screen):
        await choose(seen, screen, "Bo Berg")
        await team.database.run("update profiles set role = 'admin' where id = %s", [team.stranger.id])
        await seen.until(lambda: screen.people.rows.selected.role == "admin", "Bo's new role")
        # Whoever is no admin any more is out of it at once.
        await team.database.run("update profiles set role = 'agent' where id = %s", [team.admin.id])
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "home")


async def test_desk_offers_nobody_who_has_left(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("a")
        await seen.until(lambda: seen.shows("Tomás Vega"), "a colleague")
        await seen.press("escape")
        await team.database.run("update profiles set deactivated_at = now() where id = %s", [team.colleague.id])
        desk = seen.desk.asked
        await seen.until(lambda: team.colleague.id not in {each.id for each in desk.staff}, "who has left")
        await seen.press("a")
        await seen.until(lambda: seen.shows("nobody"), "the question")
        assert not seen.shows("Tomás Vega")


async def test_failed_reading_does_not_look_like_loading_or_empty(team: Team, tmp_path: Path) -> None:
    await team.database.run("drop function helpdesk.structure(text)")
    async with at_admin(team, tmp_path) as (seen, screen):
        await seen.press("4")
        await seen.until(lambda: screen.tags.rows.state == "failed", "the failure")
        assert seen.shows("✗ ")
        assert seen.shows("^R tries again")


# -- departments, categories, tags ------------------------------------------------------------------------------------


async def test_items_are_added_renamed_and_removed_at_once_and_each_is_undone(team: Team, tmp_path: Path) -> None:
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        for key, table in (("1", "departments"), ("3", "categories"), ("4", "ticket_tags")):
            await section(seen, screen, key)
            first, second = f"New in {table}", f"New in {table}!"

            async def there(name: str, table: str = table) -> object:
                return await team.value(f"select count(*) from {table} where name = %s", name)

            def listed(name: str) -> bool:
                return name in names(screen)

            await seen.press("n", *first, "enter")
            await seen.until(lambda first=first: seen.shows(f"{first} · u undoes"), "added")  # type: ignore[misc]
            assert on(screen, first)()
            await seen.press("e", "end", "!", "enter")
            await seen.until(lambda second=second: seen.shows(f"{second} · u undoes"), "renamed")  # type: ignore[misc]
            await seen.press("x")
            await seen.until(lambda second=second: not listed(second), "removed on the screen")  # type: ignore[misc]
            await seen.until(lambda: seen.shows("removed the ") and seen.shows("· u undoes"), "removed")
            assert await there(second) == 0
            for name in (second, first):
                await seen.press("u")
                await seen.until(lambda name=name: listed(name), f"{name} is back")  # type: ignore[misc]
                assert await there(name) == 1
            await seen.press("u")
            await seen.until(lambda first=first: not listed(first), "not added")  # type: ignore[misc]
        # One of a name that there is: refused, and as it was.
        await seen.press("n", *"Taken", "enter", "n", *"Taken", "enter")
        await seen.until(lambda: seen.shows("exists already"), "refused")
        await seen.until(lambda: names(screen).count("Taken") == 1, "once")


async def test_what_cannot_be_taken_back_asks_and_enter_is_no_answer(team: Team, tmp_path: Path) -> None:
    await team.database.run("insert into ticket_tags (name) values ('vip'), ('gold')")
    await team.database.run(
        "insert into ticket_tag_relations select %s, id from ticket_tags where name = 'vip'", [ticket_id(1001)]
    )
    async with at_admin(team, tmp_path) as (seen, screen):
        await section(seen, screen, "4")
        await choose(seen, screen, "vip")
        await seen.press("x")
        await seen.until(lambda: "That cannot be taken back." in screen.pane.words, "the question")
        assert "1 ticket would lose it." in screen.pane.words
        await seen.press("enter", "j", "escape")
        await seen.until(lambda: screen.pane.proposal is None, "no")
        assert await team.value("select count(*) from ticket_tags where name = 'vip'") == 1
        await seen.press("m", "1")
        await seen.until(lambda: "would have “gold” instead" in screen.pane.words, "the question")
        await seen.press("y")
        await seen.until(lambda: seen.shows("merged vip into gold, on 1 ticket"), "merged")
        await seen.until(lambda: names(screen) == ["gold"], "one is left")


async def test_default_department_and_route_of_a_category(team: Team, tmp_path: Path) -> None:
    await team.database.run("insert into categories (name) values ('Parcels')")
    async with at_admin(team, tmp_path) as (seen, screen):
        await section(seen, screen, "1")
        await choose(seen, screen, "Billing")
        await seen.press("m")
        await seen.until(lambda: seen.shows("Billing is the default now · u undoes"), "the default")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: Support is the default again"), "undone")
        # A new one is among those to choose from.
        await seen.press("n", *"Archive", "enter")
        desk = screen.link.desk
        assert desk is not None
        await seen.until(lambda: "Archive" in {each.name for each in desk.departments}, "known")
        await section(seen, screen, "3")
        await choose(seen, screen, "Parcels")
        await seen.press("d", "2")
        await seen.until(lambda: seen.shows("Parcels goes to Billing · u undoes"), "routed")
        assert (
            await team.value("select d.name from categories c join departments d on d.id = department_id") == "Billing"
        )


# -- many tickets -----------------------------------------------------------------------------------------------------


async def test_bulk_move_shows_what_would_go_moves_and_is_undone(team: Team, tmp_path: Path) -> None:
    async def inside(name: str) -> object:
        return await team.value(
            "select count(*) from tickets t join departments d on d.id = t.department_id where d.name = %s", name
        )

    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await section(seen, screen, "5")
        await seen.press("f", "slash", *"supp", "enter")
        await seen.press("t", "slash", *"bill", "enter")
        await seen.until(lambda: seen.shows("4 tickets would go."), "the preview")
        assert seen.shows("2 of them would lose their assignee.")
        await seen.press("slash", *" tga:x")
        await seen.until(lambda: seen.shows("There is no field “tga”."), "what is wrong")
        shown = seen.text().splitlines()
        query = next(n for n, line in enumerate(shown) if line.strip() == "status:open|pending tga:x")
        assert shown[query + 1].index("^^^") == shown[query].index("tga")
        await seen.press(*["backspace"] * 6, *" lamp", "enter")
        await seen.until(lambda: seen.shows("2 tickets would go."), "the preview")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("· u undoes"), "moved")
        assert await inside("Billing") == 3
        await section(seen, screen, "6")
        await seen.until(lambda: seen.shows("2 tickets: Support → Billing"), "the act")
        await team.database.run("update tickets set priority = 'urgent' where number = 1001")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone, but not #1001 (changed since)"), "undone but for one")
        assert await inside("Billing") == 2
        await seen.until(lambda: seen.shows("taken back by"), "the act was taken back")
        # What was taken back is taken back from the list of acts.
        await seen.press("g", "enter")
        await seen.until(lambda: seen.shows("Undone: took back act"), "and back")
        assert await inside("Billing") == 3


async def test_hostile_names_break_no_row(team: Team, tmp_path: Path) -> None:
    hostile = "\x1b[31m電\u202e" + "x" * 300
    await team.database.run("insert into ticket_tags (id, name) values (%s, %s)", [uuid4(), hostile])
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await section(seen, screen, "4")
        await seen.until(lambda: seen.shows("電"), "the tag")
        assert "\x1b" not in seen.text()
        assert "\u202e" not in seen.text()


# -- routing ----------------------------------------------------------------------------------------------------------


async def test_a_department_is_told_how_to_give_tickets_out_and_an_agent_how_many(team: Team, tmp_path: Path) -> None:
    mode = "select mode || ' ' || coalesce(capacity::text, 'any') from private.routing"
    async with at_admin(team, tmp_path) as (seen, screen):
        await section(seen, screen, "1")
        await choose(seen, screen, "Support")
        assert "tickets are given out by hand" in screen.pane.words
        await seen.press("r", "r")
        # On the screen at once, then confirmed.
        assert "tickets are given out in turn" in screen.pane.words
        await seen.until(lambda: seen.shows("Support: in turn · u undoes"), "given out in turn")
        assert await team.value(mode) == "round robin any"
        await seen.press("c", *["backspace"] * 3, *"soon", "enter")
        await seen.until(lambda: seen.shows("“soon” is no number, and not any"), "no number")
        await seen.press("c", *["backspace"] * 3, "5", "enter")
        await seen.until(lambda: seen.shows("Support: in turn, up to 5 · u undoes"), "with a capacity")
        assert await team.value(mode) == "round robin 5"
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: Support gives tickets out in turn"), "undone")
        assert await team.value(mode) == "round robin any"
        await section(seen, screen, "2")
        await choose(seen, screen, "Mira Okonkwo")
        await seen.press("c")
        await seen.until(lambda: seen.shows("tickets they may hold"), "the question")
        await seen.press(*["backspace"] * 3, "2", "enter")
        await seen.until(lambda: seen.shows("Mira Okonkwo holds 2 tickets at most · u undoes"), "an own capacity")
        assert await team.value("select capacity from private.capacities") == 2
        await seen.press("u")
        await seen.until(lambda: seen.shows("holds as many as the department says"), "undone")
        assert await team.value("select count(*) from private.capacities") == 0


# -- custom fields ----------------------------------------------------------------------------------------------------


async def test_fields_are_set_up_changed_put_in_order_and_out_of_use_and_each_is_undone(
    team: Team, tmp_path: Path
) -> None:
    async def stored(key: str) -> object:
        return await team.value(
            "select concat_ws(' ', f.label, f.type, f.choices, array(select c.name from categories c"
            " where c.id = any(f.categories)), f.active) from private.fields f where f.key = %s",
            key,
        )

    async def order() -> object:
        return await team.value("select string_agg(key, ' ' order by position, key) from private.fields")

    await team.database.run("insert into categories (name) values ('Lamps'), ('Invoices')")
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await section(seen, screen, "7")
        await seen.until(lambda: seen.shows("There are no fields yet."), "what to do")
        assert seen.shows("n adds one: what the team fills in about tickets besides.")
        # What is asked at one key after the other, and again where it cannot be.
        await seen.press("n", "P")
        await look_elsewhere(seen)
        assert screen.prompt.field.value == "P"
        await write(seen, screen, "Plan")
        await seen.until(lambda: screen.prompt.field.value == "plan", "a key made of it")
        await seen.press("enter", "c")
        await seen.until(lambda: seen.shows("choices, with commas between"), "the choices")
        await write(seen, screen, "free,Free")
        await seen.until(lambda: seen.shows("“Free” is there twice."), "refused")
        await seen.until(lambda: screen.prompt.asking and screen.prompt.field.value == "free,Free", "asked again")
        await write(seen, screen, "free,pro")
        await seen.until(lambda: seen.shows("added the field Plan · u undoes"), "added")
        assert await stored("plan") == "Plan choice {free,pro} {} t"
        await seen.until(lambda: "field.plan: in filters" in screen.pane.words, "what it is")
        # The database's own refusal leads back to the word that it refuses.
        await seen.press("n")
        await write(seen, screen, "Status")
        await seen.press("enter", "t")
        await seen.until(lambda: screen.prompt.asking and screen.prompt.field.value == "status", "asked again")
        assert seen.shows("status")
        assert names(screen) == ["Plan"]
        await write(seen, screen, "state")
        await seen.press("n")
        await seen.until(lambda: seen.shows("added the field Status · u undoes"), "added")
        assert names(screen) == ["Plan", "Status"]
        await seen.press("c")
        await seen.until(lambda: seen.shows("has no choices"), "a number")
        await seen.press("t", "0")
        await seen.until(lambda: seen.shows("Status: first · u undoes"), "the first")
        assert names(screen) == ["Status", "Plan"]
        assert await order() == "state plan"
        await choose(seen, screen, "Plan")
        await seen.press("f", "1")
        await seen.until(lambda: seen.shows("Plan: for tickets of Invoices · u undoes"), "for one category")
        await seen.press("f", "2")
        await seen.until(lambda: seen.shows("Plan: for tickets of Invoices, Lamps"), "for two")
        await seen.press("f", "1")
        await seen.until(lambda: seen.shows("Plan: for tickets of Lamps · u undoes"), "and not for the first")
        await seen.press("c")
        await write(seen, screen, "free, pro, gold")
        await seen.until(lambda: seen.shows("Plan: free, pro, gold · u undoes"), "other choices")
        await seen.press("e")
        await write(seen, screen, "Plan!")
        await seen.until(lambda: seen.shows("Plan → Plan! · u undoes"), "renamed")
        await seen.press("x")
        await seen.until(lambda: seen.shows("Plan! is out of use · u undoes"), "out of use")
        assert "what tickets hold stays" in screen.pane.words
        assert await stored("plan") == "Plan! choice {free,pro,gold} {Lamps} f"
        for words in ("is out of use", "→ Plan!", "gold", "tickets of Lamps", "Invoices, Lamps", "tickets of Invoices"):
            await seen.press("u")
            await seen.until(lambda words=words: seen.shows("Undone: ") and seen.shows(words), words)  # type: ignore[misc]
        assert await stored("plan") == "Plan choice {free,pro} {} t"
        await seen.press("u")
        await seen.until(lambda: names(screen) == ["Plan", "Status"], "in the order they were")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: Status is out of use"), "not added")
        assert await stored("state") == "Status number {} {} f"
        assert all(len(line) <= 80 for line in seen.text().splitlines())


# -- what requesters are promised -------------------------------------------------------------------------------------


async def test_policies_are_made_changed_a_part_at_a_time_and_removed_and_each_is_undone(
    team: Team, tmp_path: Path
) -> None:
    async def stored() -> object:
        return await team.value(
            "select concat_ws(' ', name, priority, first_response, next_response, resolution,"
            " (select c.name from private.sla_calendars c where c.id = calendar_id)) from private.sla_policies"
        )

    await team.database.run(
        "insert into private.sla_calendars (name, zone, hours)"
        """ values ('Office', 'Europe/Berlin', '{"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]}')"""
    )
    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await section(seen, screen, "8")
        await seen.until(lambda: seen.shows("There are no policies yet."), "what to do")
        assert seen.shows("n makes one: what requesters are promised, and within which time.")
        await seen.press("n")
        await write(seen, screen, "Urgent")
        await write(seen, screen, "soon")
        await seen.until(lambda: seen.shows("'soon' is no time to keep."), "refused")
        await write(seen, screen, "1h30m")
        await seen.until(lambda: seen.shows("made the policy Urgent · u undoes"), "made")
        assert await stored() == "Urgent 90"
        await seen.until(lambda: seen.shows("first reply 1h30m, around the clock"), "what it promises")
        await seen.press("enter", "p")
        await seen.until(lambda: seen.shows("Urgent: priority"), "which")
        await seen.press("4")
        await seen.until(lambda: seen.shows("Urgent: priority urgent · u undoes"), "for urgent ones")
        await seen.press("enter", "h", "1")
        await seen.until(lambda: seen.shows("Urgent: hours Office · u undoes"), "in the hours")
        await seen.until(
            lambda: "(Europe/Berlin): mon-tue=09:00-17:00" in " ".join(screen.pane.words.split()), "what they are"
        )
        await seen.press("enter", "r")
        await write(seen, screen, "8h")
        await seen.until(lambda: seen.shows("Urgent: resolution within 8h · u undoes"), "another promise")
        assert await stored() == "Urgent urgent 90 480 Office"
        await seen.press("x")
        await seen.until(lambda: seen.shows("removed the policy Urgent · u undoes"), "removed")
        assert await stored() is None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: policy Urgent is back"), "back")
        assert await stored() == "Urgent urgent 90 480 Office"
        for words in ("resolution within 8h", "hours Office", "priority urgent", "policy Urgent removed"):
            await seen.press("u")
            await seen.until(lambda words=words: seen.shows("Undone: ") and seen.shows(words), words)  # type: ignore[misc]
        assert await stored() is None
        assert all(len(line) <= 80 for line in seen.text().splitlines())


async def test_calendars_are_made_changed_a_part_at_a_time_and_removed_and_each_is_undone(
    team: Team, tmp_path: Path
) -> None:
    async def stored() -> object:
        sql = "select jsonb_build_array(name, zone, hours, holidays) from private.sla_calendars"
        return await team.value(sql)

    async with at_admin(team, tmp_path, SMALL) as (seen, screen):
        await section(seen, screen, "9")
        await seen.until(lambda: seen.shows("There are no calendars yet."), "what to do")
        await seen.press("n")
        await write(seen, screen, "Office")
        await write(seen, screen, "Europe/Nowhere")
        await write(seen, screen, "mon-fry=09:00-17:00")
        await seen.until(lambda: seen.shows("'fry' in 'mon-fry=09:00-17:00' is no day."), "refused here")
        await write(seen, screen, "mon-fri=09:00-17:00")
        await seen.until(lambda: seen.shows("There is no time zone 'Europe/Nowhere'"), "refused by the database")
        await write(seen, screen, "Europe/Berlin")
        await write(seen, screen, "mon-fri=09:00-17:00")
        await seen.until(lambda: seen.shows("made the calendar Office · u undoes"), "made")
        await seen.until(lambda: seen.shows("no policy counts by it"), "who counts by it")
        assert seen.shows("closed on sat, sun")
        week = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
        assert await stored() == ["Office", "Europe/Berlin", week, {}]
        await seen.press("enter", "d", "5")
        await write(seen, screen, "09:00-12:00")
        await seen.until(lambda: seen.shows("Office: fri 09:00-12:00 · u undoes"), "a shorter Friday")
        await seen.press("enter", "h")
        await write(seen, screen, "2099-12-25 2099-12-24=09:00-12:00")
        await seen.until(lambda: seen.shows("2099-12-24 09:00-12:00") and seen.shows("2099-12-25 closed"), "holidays")
        await seen.press("enter", "z")
        await write(seen, screen, "utc")
        await seen.until(lambda: seen.shows("Office: utc · u undoes"), "another zone")
        await seen.press("enter", "o", "2")
        await seen.until(lambda: seen.shows("Office: 2099-12-25 like any other · u undoes"), "no holiday any more")
        everything = ["Office", "UTC", {**week, "fri": ["09:00-12:00"]}, {"2099-12-24": ["09:00-12:00"]}]
        assert await stored() == everything
        # One in use stays, and it is said what to do first.
        await team.database.run(
            "insert into private.sla_policies (name, first_response, calendar_id)"
            " select 'Standard', 60, id from private.sla_calendars"
        )
        await seen.press("ctrl+r")
        await seen.until(lambda: seen.shows("Standard counts by it"), "who counts by it")
        await seen.press("x")
        await seen.until(lambda: seen.shows("Office stays, Standard counts by it: other hours first"), "why not")
        await team.database.run("delete from private.sla_policies")
        await seen.press("ctrl+r")
        await seen.until(lambda: seen.shows("no policy counts by it"), "nobody any more")
        await seen.press("x")
        await seen.until(lambda: seen.shows("removed the calendar Office · u undoes"), "removed")
        assert await stored() is None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: calendar Office is back"), "back")
        assert await stored() == everything
        for words in ("2099-12-25 like any other", "Office: utc", "2099-12-25 closed", "fri 09:00-12:00", "removed"):
            await seen.press("u")
            await seen.until(lambda words=words: seen.shows("Undone: ") and seen.shows(words), words)  # type: ignore[misc]
        assert await stored() is None
        assert all(len(line) <= 80 for line in seen.text().splitlines())
