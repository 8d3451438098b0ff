"""A customer rings up: the agent writes the ticket, for them, once, and can take it back."""

from __future__ import annotations

from pathlib import Path

from helpdesk_tui.screens.new_ticket import NewTicket
from tests.screens.opened import Opened, Team, opened
from tests.screens.test_unsent import cut_off


async def the_form(seen: Opened) -> NewTicket:
    """The form, opened from the desk."""
    await seen.press("T")
    await seen.until(lambda: isinstance(seen.app.screen, NewTicket), "the form")
    screen = seen.app.screen
    assert isinstance(screen, NewTicket)
    await seen.until(lambda: screen.caller.field.has_focus, "the field")
    return screen


async def test_ticket_is_written_for_a_caller_marked_and_taken_back(team: Team, tmp_path: Path) -> None:
    await team.database.run("insert into categories (name) values ('Lamps')")
    await team.people.sign_up("zoe@example.com", "Zoe Unknown")
    async with opened(team.database, team.agent, tmp_path, (80, 24)) as seen:
        form = await the_form(seen)
        # Whom the agent does not know is not offered; those they do are, by a part of the name.
        await seen.press(*"zoe")
        await seen.until(lambda: seen.shows("nobody you know"), "that there is nobody")
        await seen.press(*["backspace"] * 3, *"van d")
        await seen.until(lambda: seen.shows("▌noor@example.com"), "who it may be")
        await seen.press("tab")
        await seen.until(lambda: form.title_field.has_focus and seen.shows("Noor van Dijk"), "taken")
        form.title_field.insert("Smoke", 0)
        form.text.insert("Rang")
        await seen.press("ctrl+o", "p", "h")
        await seen.until(lambda: seen.shows("Priority: high"), "the priority")
        await seen.press("ctrl+o", "c")
        await seen.until(lambda: seen.shows("Lamps"), "the categories")
        await seen.press("2", "ctrl+o", "a", "2")
        await seen.until(lambda: seen.shows("Category: Lamps") and seen.shows("Assignee: Mira"), "what is set")
        # Left and come back to, it is as it was.
        await seen.press("escape")
        await seen.until(lambda: seen.shows("The ticket is kept: T goes on with it"), "the desk, and that it is kept")
        assert await the_form_again(seen) is form
        assert form.request.caller is not None
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("written for Noor van Dijk · u takes it back"), "that it is sent")
        await seen.until(lambda: seen.shows("Mira Okonkwo for Noor van Dijk · staff"), "it, with who wrote it")
        rows = await team.database.run(
            "select t.title, t.description, t.priority::text, c.name, t.customer_id, t.assignee_id"
            " from tickets t join categories c on c.id = t.category_id"
        )
        assert rows == [("Smoke", "Rang", "high", "Lamps", team.customer.id, team.agent.id)]
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #") and seen.shows("written for Noor"), "that it is taken back")
        assert await team.value("select count(*) from tickets where title = 'Smoke'") == 0
        await seen.until(lambda: seen.desk.queue.has_focus and not seen.shows("Rang"), "the queue, and nothing of it")
        assert not seen.shows("Not up to date")


async def the_form_again(seen: Opened) -> NewTicket:
    """The form that was left with somebody in it."""
    await seen.press("ctrl+n")
    await seen.until(lambda: isinstance(seen.app.screen, NewTicket) and seen.shows("Rang"), "the form")
    assert isinstance(seen.app.screen, NewTicket)
    return seen.app.screen


async def test_ticket_for_a_caller_is_kept_refused_in_words_and_sent_once_when_there_is_a_way(
    team: Team, tmp_path: Path
) -> None:
    zoe = await team.people.sign_up("zoe@example.com", "Zoe Unknown")
    async with cut_off(team, tmp_path) as (seen, proxy):
        form = await the_form(seen)
        form.caller.field.insert("zoe@example.con", 0)
        form.title_field.insert("Smoke", 0)
        form.text.insert("Rang")
        await seen.until(lambda: form.for_whom.address == "zoe@example.con" and form.request.content, "all of it")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("1 waiting"), "that it waits")
        assert seen.app.screen is seen.desk
        assert form.request.is_empty
        await proxy.start()
        await seen.press("ctrl+r")
        # Nobody has this address: its words are in the form again, and it says why.
        await seen.until(lambda: seen.shows("1 refused"), "that it is refused")
        assert await team.value("select count(*) from tickets where title = 'Smoke'") == 0
    # Another start, with what the journal kept.
    async with opened(team.database, team.agent, tmp_path) as again:
        form = await the_form_with(again, "zoe@example.con")
        await again.until(lambda: again.shows("✗ Not sent: Nobody here has the address"), "why")
        form.caller.field.focus()
        await again.press("end", "backspace", "m", "enter", "ctrl+s")
        await again.until(lambda: again.shows("written for zoe@example.com"), "that it is sent")
        assert await team.value("select customer_id from tickets where title = 'Smoke'") == zoe.id
        assert again.desk.link.unsent == (0, 0)


async def the_form_with(seen: Opened, address: str) -> NewTicket:
    """The form with somebody in it that an earlier session left."""
    await seen.press("T")
    await seen.until(lambda: isinstance(seen.app.screen, NewTicket) and seen.shows(address), "the form")
    assert isinstance(seen.app.screen, NewTicket)
    return seen.app.screen
