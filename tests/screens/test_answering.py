"""Answering on the desk: nothing goes out over unread messages, nothing written is ever lost."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from tests.screens.opened import Opened, Team, opened, ticket_id


async def reply_to_first(seen: Opened, words: str) -> None:
    """Open the first ticket and write a reply, not sent yet."""
    await seen.press("r")
    await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
    await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
    await seen.press(*words)


async def colleague_answers(team: Team, words: str = "I am on it.", *, internal: bool = False) -> None:
    """Somebody else writes to ticket 1001."""
    connection = await team.people.connect_as(team.colleague)
    await connection.execute(
        "insert into ticket_messages (id, ticket_id, content, is_internal, after_id) values (%s, %s, %s, %s, "
        "(select id from ticket_messages where ticket_id = %s order by created_at desc limit 1))",
        [uuid4(), ticket_id(1001), words, internal, ticket_id(1001)],
    )


async def test_a_reply_is_sent_and_shown(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "Hold it for five seconds")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "the confirmation")
        await seen.until(lambda: not seen.desk.pane.writing, "the composer is gone")
        await seen.until(lambda: seen.shows("Hold it for five seconds"), "the reply in the thread")
        assert await team.value(
            "select sender_id from ticket_messages where content = 'Hold it for five seconds' and not is_internal"
        ) == team.agent.id  # fmt: skip


async def test_a_note_is_unmistakable_in_words_and_stays_internal(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("i")
        await seen.until(lambda: seen.shows("INTERNAL NOTE"), "the composer says what it is")
        await seen.press(*"ask Tomas", "ctrl+s")
        await seen.until(lambda: seen.shows("Note sent"), "the confirmation")
        await seen.until(lambda: seen.shows("the requester never sees this"), "the note in the thread")
        assert await team.value("select is_internal from ticket_messages where content = 'ask Tomas'") is True


async def test_send_and_set_the_status(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        status = "select status::text from tickets where number = 1001"
        await seen.press("p", "u", "home")
        await reply_to_first(seen, "Done")
        await seen.press("alt+r")
        await seen.until(lambda: seen.shows("Reply sent, status → resolved · u undoes that"), "the confirmation")
        assert await team.value(status) == "resolved"
        # It is the last thing that was done: taken back before what was done before it.
        await seen.until(lambda: not seen.desk.pane.writing, "the thread")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001 status → resolved"), "taken back")
        assert await team.value(status) == "open"
        priority = "select priority::text from tickets where number = 1001"
        assert await team.value(priority) == "urgent"
        # While another ticket is read, what is taken back leaves the queue where it is.
        seen.desk.queue.select(ticket_id(1002))
        seen.desk.queue.action_open()
        await seen.until(lambda: seen.desk.pane.has_focus_within and seen.shows("#1002 App forgets"), "another is read")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001 priority → urgent"), "taken back as well")
        assert await team.value(priority) == "high"
        selected = seen.desk.queue.selected
        assert selected is not None
        assert selected.number == 1002


async def test_a_stale_reply_is_refused_the_new_messages_shown_and_one_key_sends_it(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "My answer")
        # The colleague's answer comes in at the moment of sending: this desk has not heard of it.
        seen.desk.link.deafen()
        await colleague_answers(team)
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Not sent"), "the refusal")
        await seen.until(lambda: seen.shows("I am on it."), "the new message")
        assert seen.shows("My answer")
        assert await team.value("select count(*) from ticket_messages where content = 'My answer'") == 0
        await seen.press("ctrl+y")
        await seen.until(lambda: seen.shows("Reply sent"), "sent all the same")
        assert await team.value("select count(*) from ticket_messages where content = 'My answer'") == 1


async def test_a_colleagues_answer_is_shown_while_writing_and_the_text_stays(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "Half a sent")
        await colleague_answers(team, "Already answered")
        await seen.until(lambda: seen.shows("1 new message since you began"), "the warning")
        assert seen.shows("Half a sent")
        assert seen.desk.pane.composer.has_focus_within


async def test_never_again_a_note_wiped_when_the_assignee_changes(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("enter")
        await seen.until(lambda: seen.shows("It began yesterday"), "the ticket")
        await seen.press("i", *"Half a note")
        await team.database.run(
            "update public.tickets set assignee_id = %s, priority = 'low' where number = 1001 returning id",
            [team.colleague.id],
        )
        await seen.until(lambda: seen.shows("assigned to Tomás Vega"), "the change beside it")
        assert seen.desk.pane.composer.internal
        assert seen.desk.pane.composer.text.text == "Half a note"
        # Out of sight altogether, it is still there to be copied or sent once the ticket is back.
        await team.database.run(
            "update public.tickets set department_id = (select id from public.departments where name = 'Billing')"
            " where number = 1001 returning id"
        )
        await seen.until(lambda: seen.desk.queue.window.get(ticket_id(1001)) is None, "it has gone")
        assert seen.desk.pane.composer.text.text == "Half a note"


async def test_esc_keeps_the_draft_and_r_brings_it_back(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "Not yet")
        await seen.press("escape")
        await seen.until(lambda: not seen.desk.pane.writing, "left")
        await seen.press("escape", "j", "r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "another ticket's composer")
        assert not seen.shows("Not yet")
        await seen.press("escape", "escape", "k", "r")
        await seen.until(lambda: seen.shows("Not yet"), "the draft")


async def test_drafts_survive_the_program(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "Written before the crash")
        await seen.until(lambda: (tmp_path / "drafts.sqlite3").exists(), "the journal")
        await seen.pilot.pause(1.0)
    async with opened(team.database, team.agent, tmp_path) as again:
        await again.press("r")
        await again.until(lambda: again.shows("Written before the crash"), "the draft")


async def test_losing_the_connection_while_sending_loses_no_text_and_sends_once(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await reply_to_first(seen, "Through a storm")
        await team.database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [team.agent.db_user]
        )
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent") or seen.shows("Not sent"), "an answer")
        if seen.shows("Not sent"):
            assert seen.shows("Through a storm")
            await seen.press("ctrl+s")
            await seen.until(lambda: seen.shows("Reply sent"), "sent in the end")
        assert await team.value("select count(*) from ticket_messages where content = 'Through a storm'") == 1
