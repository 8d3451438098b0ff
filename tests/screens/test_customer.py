"""A customer's program: their requests in plain words, and nothing that is not theirs."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from textual import events

from helpdesk_tui.core.homes import remember, remembered
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.customer_new import NewRequest
from helpdesk_tui.widgets.path_field import PathField
from tests.screens.opened import Opened, Team, opened_customer, ticket_id

#: What no customer is ever shown: a trade's words, and what is the team's alone.
JARGON = re.compile(
    r"\b(tickets?|queue|assignee|assigned|unassigned|requester|status|pending|resolved|priority|urgent|high|medium|low"
    r"|department|internal|note|tags?|vip|SLA|overdue|due|staff|agent|admin|live|stale|offline|enum|null|none)\b",
    re.IGNORECASE,
)
TEAM_ALONE = re.compile(r"SECRET|@example\.com")


@pytest.fixture
async def secrets(team: Team) -> Team:
    """The desk, with everything on the customer's tickets that they must not see."""
    async with await team.database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        for statement in (
            """insert into ticket_messages (ticket_id, sender_id, content, is_internal)
               select id, %(agent)s, 'SECRET about ' || title, true from tickets""",
            """insert into ticket_attachments (ticket_id, message_id, name, sha256, data)
               select ticket_id, id, 'SECRET.txt', encode(sha256('SECRET'), 'hex'), 'SECRET'
                 from ticket_messages where is_internal""",
            "insert into ticket_tags (name) values ('SECRET-vip')",
            "insert into ticket_tag_relations select id, (select max(id::text)::uuid from ticket_tags) from tickets",
            "update profiles set full_name = null where id = %(colleague)s",
            """insert into ticket_messages (ticket_id, sender_id, content)
               select id, %(colleague)s, 'We are looking into it.' from tickets where number = 1001""",
        ):
            await owner.execute(statement.encode(), {"agent": team.agent.id, "colleague": team.colleague.id})
    return team


def check(seen: Opened) -> None:
    """Nothing on the screen is the team's alone, nor in a trade's words."""
    text = seen.text()
    assert not TEAM_ALONE.search(text), text
    # Titles are the customer's own words.
    words = re.sub(r"(Charged twice|Please help with: .*)", "", text)
    found = JARGON.search(words)
    assert not found, f"{found}\n{text}"


async def test_no_note_no_address_no_tag_and_no_jargon_is_ever_on_the_screen(secrets: Team, tmp_path: Path) -> None:
    async with opened_customer(secrets.database, secrets.customer, tmp_path, (80, 24)) as seen:
        for size in ((80, 24), (160, 48)):
            if seen.app.size != size:
                await seen.pilot.resize_terminal(*size)
                await seen.until(lambda: seen.mine.requests.display and seen.mine.pane.display, "side by side")
            assert seen.shows("Waiting for your answer")
            check(seen)
            for number in (1001, 1003, 1005):
                seen.mine.requests.choose(ticket_id(number))
                await seen.press("enter")
                await seen.until(lambda: seen.mine.pane.thread.state == "ready", "the thread")
                await seen.until(lambda: seen.shows("It began yesterday."), "its text")
                check(seen)
                await seen.press("r")
                await seen.until(lambda: seen.shows("MESSAGE TO THE TEAM"), "the composer")
                check(seen)
                await seen.press("escape", "escape")
            seen.mine.requests.choose(ticket_id(1001))
            await seen.press("enter")
            await seen.until(lambda: seen.shows("Support · support"), "a nameless one of the team")
            await seen.press("ctrl+n")
            await seen.until(lambda: seen.shows("A new request"), "the form")
            await seen.press(*"Lamp")
            check(seen)
            await seen.press("escape", "escape")
            await seen.until(lambda: not seen.shows("A new request"), "the requests again")


async def test_the_desk_is_never_shown_to_a_customer_who_is_known(team: Team, tmp_path: Path) -> None:
    assert remembered(tmp_path, team.customer.id) is None
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        assert [type(screen) for screen in seen.app.screen_stack[1:]] == [CustomerScreen]
        # A promotion is seen at once, and is where the next start begins.
        await team.database.run("update profiles set role = 'agent' where id = %s", [team.customer.id])
        await seen.until(lambda: not isinstance(seen.app.screen, CustomerScreen), "the desk")
        assert remembered(tmp_path, team.customer.id) == "agent"
    (tmp_path / "homes.json").write_text("nonsense")
    assert remembered(tmp_path, team.customer.id) is None
    remember(tmp_path, team.customer.id, "customer")
    assert remembered(tmp_path, team.customer.id) == "customer"


async def test_an_answer_is_sent_and_one_that_came_meanwhile_is_seen(team: Team, tmp_path: Path) -> None:
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        seen.mine.requests.choose(ticket_id(1003))
        await seen.press("r")
        await seen.until(lambda: seen.shows("MESSAGE TO THE TEAM"), "the composer")
        await seen.until(lambda: seen.shows("Please help with: Loom"), "the thread")
        seen.mine.pane.composer.text.insert("It is the left one")
        await seen.press("ctrl+o", "ctrl+s")
        await seen.until(lambda: seen.shows("Sent. We will answer here"), "the confirmation")
        assert await team.value("select is_internal from ticket_messages where content = 'It is the left one'") is False
        # What waited for the customer waits for the team now.
        await seen.until(lambda: seen.shows("We are working on it"), "how it stands")
        connection = await team.people.connect_as(team.agent)
        await connection.execute(
            "insert into ticket_messages (ticket_id, content, after_id) select %s, 'So a new one is on its way.',"
            " id from ticket_messages where ticket_id = %s order by created_at desc limit 1",
            [ticket_id(1003), ticket_id(1003)],
        )
        await seen.until(lambda: seen.shows("a new one is on its way"), "the answer, at once")


async def test_solved_and_reopened_and_both_taken_back(team: Team, tmp_path: Path) -> None:
    async def status(number: int) -> str:
        return str(await team.value("select status::text from tickets where number = %s", number))

    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        seen.mine.requests.choose(ticket_id(1003))  # pending
        await seen.press("x")
        assert seen.shows("Closed. u takes it back")
        await seen.until(lambda: not seen.mine._flying, "the database")
        assert await status(1003) == "closed"
        await seen.press("u")
        await seen.until(lambda: seen.shows("Taken back"), "that it is")
        await seen.until(lambda: not seen.mine._flying, "the database")
        assert await status(1003) == "pending"

        seen.mine.requests.choose(ticket_id(1005))  # resolved
        await seen.press("o")
        await seen.until(lambda: seen.shows("Opened again"), "that it is")
        await seen.until(lambda: not seen.mine._flying, "the database")
        assert await status(1005) == "open"
        await seen.press("u")
        await seen.until(lambda: not seen.mine._flying and seen.shows("Taken back"), "the database")
        assert await status(1005) == "resolved"
        await seen.press("u")
        await seen.until(lambda: seen.shows("There is nothing to take back"), "the end")


async def test_a_merged_request_says_where_it_goes_on_and_leads_there_and_nowhere_else(
    secrets: Team, tmp_path: Path
) -> None:
    team = secrets
    agent = await team.people.connect_as(team.agent)
    other = await team.people.sign_up("otto@example.com", "Otto")
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("r")
        await seen.until(lambda: seen.mine.pane.composer_has_focus, "the answer")
        await seen.press(*"And more", "escape", "escape")
        await agent.execute(
            "select from helpdesk.merge(gen_random_uuid(), array[%s]::uuid[], %s, '')",
            [ticket_id(1001), ticket_id(1002)],
        )
        await seen.until(lambda: seen.shows("→ Merged into #1002"), "in the list")
        lines = seen.text().splitlines()
        place = next(n for n, line in enumerate(lines) if "→ Merged into #1002" in line)
        assert any("Solved and closed" in line for line in lines[:place])
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("enter")
        await seen.until(lambda: seen.shows("It goes on there: m opens it"), "above it")
        assert not seen.shows("How did we do?")
        assert "m go there" in seen.text().splitlines()[-1]
        check(seen)
        for key in ("o", "x", "1"):
            seen.mine.say("")
            await seen.press(key)
            await seen.until(lambda: seen.shows("It was merged into #1002: m opens that one"), f"nothing by {key}")
        await seen.press("m")
        await seen.until(lambda: seen.shows("Number 1002") and seen.shows("Please help with: Lamp flickers"), "there")
        await seen.until(
            lambda: seen.shows("Your reply to #1001, merged in here, is not sent · r, then ^G"), "its words"
        )
        check(seen)
        # An answer to the one is written in the other.
        await seen.press("escape")
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("r")
        await seen.until(lambda: seen.mine.pane.composer_has_focus and seen.shows("about #1002"), "the answer, there")
        await seen.press("ctrl+g")
        await seen.until(lambda: seen.shows("And more"), "what was begun")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Sent. We will answer here"), "sent")
        assert await team.value("select ticket_id from ticket_messages where content = 'And more'") == ticket_id(1002)
        # Were it another's, which no merge makes, it would neither be named nor come to.
        await team.database.run(
            "with made as (insert into tickets (title, customer_id) values ('SECRET', %s) returning id)"
            " update private.merges set into_id = made.id from made",
            [other.id],
        )
        await seen.press("escape", "ctrl+r")
        await seen.until(lambda: seen.shows("→ Merged into another one"), "not named")
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("m")
        await seen.until(lambda: seen.shows("There is no such request"), "nor come to")
        check(seen)


async def test_what_the_database_refuses_is_rolled_back_aloud(team: Team, tmp_path: Path) -> None:
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        seen.mine.requests.choose(ticket_id(1001))
        await team.database.run("revoke execute on function helpdesk.act from helpdesk_member, authenticated, public")
        await seen.press("x")
        await seen.until(lambda: seen.shows("Not done:"), "the refusal")
        ticket = seen.mine.requests.find(ticket_id(1001))
        assert ticket is not None
        assert ticket.status == "open"


async def test_a_rating_with_a_comment_can_be_changed(team: Team, tmp_path: Path) -> None:
    rows = "select rating, comment from ticket_feedback"
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("4")
        await seen.until(lambda: seen.shows("once it is solved"), "not yet")
        seen.mine.requests.choose(ticket_id(1005))
        await seen.press("enter")
        await seen.until(lambda: seen.shows("How did we do?"), "the question")
        await seen.press("4")
        await seen.until(lambda: seen.shows("Anything to add?"), "the field")
        await seen.press(*"quick", "enter")
        await seen.until(lambda: seen.shows("You said ★★★★☆"), "what was said")
        await seen.pilot.pause(0.2)
        assert await team.database.run(rows) == [(4, "quick")]
        await seen.press("2")
        await seen.until(lambda: seen.shows("Anything to add?"), "the field")
        assert not seen.shows("n ask"), "keys that are letters of the comment now"
        await seen.press("escape")
        await seen.until(lambda: seen.shows("You said ★★☆☆☆"), "another word")
        await seen.pilot.pause(0.2)
        assert await team.database.run(rows) == [(2, "quick")], "no comment leaves what there was"
        for key in "5none":  # in one read, before the field is there
            seen.app.post_message(events.Key(key, key))
        await seen.until(lambda: seen.shows("none"), "the comment, not a new request")
        assert seen.app.screen is seen.mine


async def test_losing_touch_keeps_what_was_read_and_says_so_plainly(team: Team, tmp_path: Path) -> None:
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        assert seen.shows("● connected")
        seen.mine.link._become("down", "Nothing answers.")
        await seen.until(lambda: seen.shows("not connected"), "that it is")
        assert seen.shows("Lamp flickers")


# -- a new request ----------------------------------------------------------------------------------------------------


async def write_request(seen: Opened, title: str, text: str) -> NewRequest:
    await seen.press("n")
    await seen.until(lambda: isinstance(seen.app.screen, NewRequest), "the form")
    screen = seen.app.screen
    assert isinstance(screen, NewRequest)
    # As pasted: a pilot's key takes a while.
    screen.title_field.insert(title, 0)
    screen.text.insert(text)
    screen.text.focus()
    await seen.pilot.pause()
    return screen


async def test_articles_are_suggested_while_a_request_is_written_and_it_is_sent_with_its_file(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.txt").write_text("dark")
    monkeypatch.setenv("HOME", str(tmp_path))
    await team.database.run(
        "insert into kb_articles (title, content, author_id, status) values"
        " ('When the lamp flickers', 'Hold the **button** for five seconds.', %s, 'published'),"
        " ('SECRET lamp draft', 'The lamp flickers for us too.', %s, 'draft')",
        [team.agent.id, team.agent.id],
    )
    topic = await team.value(
        "insert into categories (name, department_id) select 'Lights', id from departments where name = 'Billing'"
        " returning id"
    )
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        screen = await write_request(seen, "My lamp flickers", "Since noon")
        await seen.until(lambda: seen.shows("When the lamp flickers"), "the article")
        assert not seen.shows("SECRET")
        await seen.press("tab", "enter")
        await seen.until(lambda: seen.shows("Hold the button for five seconds"), "the article's text")
        await seen.press("escape")
        await seen.press("ctrl+f")
        screen.query_one(PathField).insert("~/photo.txt", 0)
        await seen.press("enter")
        await seen.until(lambda: seen.shows("▤ photo.txt"), "the file")
        await seen.press("ctrl+o")
        await seen.until(lambda: seen.shows("I do not know"), "the topics")
        await seen.press("2")
        await seen.until(lambda: seen.shows("Topic: Lights"), "the topic")
        await seen.press("ctrl+s")
        await seen.until(lambda: isinstance(seen.app.screen, CustomerScreen), "home")
        await seen.until(lambda: seen.shows("We have received it"), "the request")
        await seen.until(lambda: seen.shows("▤ photo.txt  4 bytes"), "its file")
        rows = await team.database.run(
            "select t.title, t.description, t.category_id, d.name, t.customer_id, a.data"
            "  from tickets t join departments d on d.id = t.department_id"
            "  join ticket_attachments a on a.ticket_id = t.id where a.message_id is null"
        )
        assert rows == [("My lamp flickers", "Since noon", topic, "Billing", team.customer.id, b"dark")]
        assert not seen.shows("Not sent yet")


async def test_a_request_begun_survives_the_program_and_is_sent_once(team: Team, tmp_path: Path) -> None:
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        screen = await write_request(seen, "Half", "a sentence")
        await seen.pilot.pause(0.6)
        kept = screen.request.id
        # No leaving: the next start finds what the journal had before.
        await seen.press("escape")
        await seen.until(lambda: seen.shows("Not sent yet") and seen.shows("✎ Half"), "that it is there")
    # The request had arrived, its answer had not: and words were changed since.
    connection = await team.people.connect_as(team.customer)
    await connection.execute(
        "insert into tickets (id, title, description, customer_id) values (%s, 'Half', 'a sentence', %s)",
        [kept, team.customer.id],
    )
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        await seen.until(lambda: seen.shows("✎ Half"), "that it is there")
        await seen.press("n")
        await seen.until(lambda: seen.shows("not sent yet"), "the draft")
        again = seen.app.screen
        assert isinstance(again, NewRequest)
        again.text.insert(" and more")
        await seen.press("ctrl+s")
        await seen.until(lambda: isinstance(seen.app.screen, CustomerScreen), "home")
        await seen.until(lambda: seen.mine.pane.ticket is not None and seen.mine.pane.ticket.id == kept, "the request")
        assert await team.value("select count(*) from tickets where title = 'Half'") == 1
        await seen.press("r")
        await seen.until(lambda: seen.shows("a sentence and more"), "what was changed since, as an answer")


async def test_a_request_that_cannot_be_sent_says_why_and_loses_nothing(team: Team, tmp_path: Path) -> None:
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        screen = await write_request(seen, "", "No title")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Say in a few words what it is about"), "why")
        await team.database.run("revoke insert on tickets from helpdesk_member")
        await team.database.run("revoke insert (id) on tickets from helpdesk_member")
        await seen.press(*"Lamp", "ctrl+s")
        await seen.until(lambda: seen.shows("✗ Not sent:"), "why")
        assert (screen.title_field.value, screen.text.text) == ("Lamp", "No title")
        assert not screen.text.read_only


async def test_another_customers_request_cannot_be_come_to(team: Team, tmp_path: Path) -> None:
    other = await team.people.sign_up("otto@example.com", "Otto")
    foreign = await team.value("insert into tickets (title, customer_id) values ('SECRET', %s) returning id", other.id)
    async with opened_customer(team.database, team.customer, tmp_path) as seen:
        for about in (foreign, uuid4()):
            assert isinstance(about, UUID)
            seen.mine.link.open("home", about)
            await seen.until(lambda: seen.shows("There is no such request"), "the refusal")
            assert not seen.shows("SECRET")
